//! All businesses, beside the live tables, and the swap.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ledger::{BusinessId, Position, Recorded, Start};
use sqlx::{Connection, PgConnection};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    OnProgress, Progress, Rebuild, RebuildError, Rebuilt,
    pouring::{Builder, Draught, Reader},
    settling::settle,
    twins::{self, SCHEMA},
};
use crate::{
    ReadModel,
    projector::{BY_KEY, register},
};

/// Events that one batch of a builder holds, about.
const DRAUGHT: usize = 8_000;
/// Draughts that the reader may be ahead of the slowest builder.
const AHEAD: usize = 2;
/// With fewer events than this to catch up with, the swap is made.
const FEW: i64 = 500;
/// Rounds of catching up, should the live ledger be as fast as the rebuild; the swap then takes the rest.
const ROUNDS: usize = 10;
/// How long the swap waits for those who read the live tables, and how often.
const SWAP_LOCK_TIMEOUT: &str = "3s";
const SWAP_ATTEMPTS: usize = 40;
const SWAP_PAUSE: Duration = Duration::from_millis(500);
/// Held by the session of the one rebuild of all that may be under way. Any number that is used for nothing else.
const LOCK: i64 = 0x6461_7962_7265_6275;

impl Rebuild {
    /// Builds these read models of all businesses anew beside the live ones, and puts them in their place.
    ///
    /// # Errors
    /// [`RebuildError`]; the live tables are then as they were.
    pub async fn all(
        &self,
        models: &[&'static ReadModel],
        progress: OnProgress<'_>,
    ) -> Result<Rebuilt, RebuildError> {
        let mut keeper = self.connect("public").await?;
        let ours: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut keeper)
            .await?;
        if !ours {
            return Err(RebuildError::UnderWay);
        }
        register(&self.pool, models).await?;
        let rebuilt = self.build(&mut keeper, models, progress).await;
        if rebuilt.is_err()
            && let Err(error) = twins::drop_all(&mut keeper, models).await
        {
            tracing::warn!(%error, "What a failed rebuild left was not taken away; the next one does");
        }
        // Closing alone would do, but the server takes its time over it, and the next rebuild may come at once.
        sqlx::query("select pg_advisory_unlock($1)")
            .bind(LOCK)
            .execute(&mut keeper)
            .await?;
        keeper.close().await?;
        rebuilt
    }

    async fn build(
        &self,
        ddl: &mut PgConnection,
        models: &[&'static ReadModel],
        progress: OnProgress<'_>,
    ) -> Result<Rebuilt, RebuildError> {
        twins::make(ddl, models).await?;
        let mut sites = vec![];
        for model in models {
            sites.push(Site {
                builder: Builder::of(model),
                db: self.connect(&format!("{SCHEMA}, public")).await?,
            });
        }
        let mut reader = Reader::default();
        let (_, total) = self.left(&reader).await?;
        let total = u64::try_from(total).unwrap_or_default();
        self.pour(&mut reader, None, &mut sites, total, progress)
            .await?;
        twins::finish(ddl, models).await?;
        for _ in 0..ROUNDS {
            let (starts, left) = self.left(&reader).await?;
            if left <= FEW {
                break;
            }
            self.pour(&mut reader, Some(&starts), &mut sites, total, progress)
                .await?;
        }
        self.swap(&mut reader, &mut sites, models).await?;
        let events = reader
            .reached
            .values()
            .map(|position| position.0)
            .sum::<i64>();
        let done = u64::try_from(events).unwrap_or_default();
        progress(Progress { done, total: done });
        let parked = sites
            .iter()
            .map(|site| site.builder.parked.len())
            .sum::<usize>();
        for site in sites {
            site.db.close().await?;
        }
        Ok(Rebuilt {
            read_models: models.iter().map(|model| model.name).collect(),
            businesses: u64::try_from(reader.reached.len()).unwrap_or_default(),
            events: done,
            parked: u64::try_from(parked).unwrap_or_default(),
        })
    }

    /// Where reading is to go on, and how many events that is.
    async fn left(&self, reader: &Reader) -> Result<(Vec<Start>, i64), RebuildError> {
        let heads = self.ledger.heads().await?;
        let starts = behind(reader, &heads);
        let ends: i64 = heads.iter().map(|(_, head)| head.0).sum();
        let known = i64::try_from(reader.count()).unwrap_or(i64::MAX);
        Ok((starts, (ends - known).max(0)))
    }

    /// Pours the ledger, or what of it lies after these starts, into the twins: one reads and decodes, each builder
    /// takes in at its own pace on a connection of its own.
    async fn pour(
        &self,
        reader: &mut Reader,
        starts: Option<&[Start]>,
        sites: &mut Vec<Site>,
        total: u64,
        progress: OnProgress<'_>,
    ) -> Result<(), RebuildError> {
        let mut bulk = self.ledger.read_all(starts).await?;
        let done: Arc<[AtomicU64]> = sites
            .iter()
            .map(|_| AtomicU64::new(reader.count()))
            .collect();
        let tell = || {
            let slowest = done.iter().map(|done| done.load(Ordering::Relaxed)).min();
            let done = slowest.unwrap_or_default();
            progress(Progress {
                done,
                total: total.max(done),
            });
        };
        let (mut taps, mut builds) = (vec![], vec![]);
        for (place, mut site) in std::mem::take(sites).into_iter().enumerate() {
            let (tap, mut flow) = mpsc::channel::<Arc<Draught>>(AHEAD);
            let done = done.clone();
            taps.push(tap);
            // A task of its own: folding and encoding keep a core busy.
            builds.push(AbortOnDrop(tokio::spawn(async move {
                while let Some(draught) = flow.recv().await {
                    site.builder.take_in(&mut site.db, &draught).await?;
                    let count = u64::try_from(draught.events.len()).unwrap_or_default();
                    done[place].fetch_add(count, Ordering::Relaxed);
                }
                Ok(site)
            })));
        }
        let mut rows: Vec<Recorded> = vec![];
        'reading: loop {
            let next = bulk.next().await?;
            let ended = next.is_none();
            rows.extend(next.unwrap_or_default());
            if rows.len() >= DRAUGHT || (ended && !rows.is_empty()) {
                let draught = reader.draw(&self.vault, std::mem::take(&mut rows)).await?;
                for tap in &taps {
                    if tap.send(draught.clone()).await.is_err() {
                        // A builder is gone; joined, it tells why.
                        break 'reading;
                    }
                }
                tell();
            }
            if ended {
                break;
            }
        }
        drop(taps);
        for mut build in builds {
            sites.push((&mut build.0).await.map_err(|_| RebuildError::Broke)??);
            tell();
        }
        Ok(())
    }

    /// The last events and the swap, in one transaction that no live batch crosses.
    async fn swap(
        &self,
        reader: &mut Reader,
        sites: &mut [Site],
        models: &[&'static ReadModel],
    ) -> Result<(), RebuildError> {
        let mut db = self.connect(&format!("{SCHEMA}, public")).await?;
        for _ in 0..SWAP_ATTEMPTS {
            let mut builders: Vec<Builder> =
                sites.iter().map(|site| site.builder.clone()).collect();
            let mut at = reader.clone();
            match self.try_swap(&mut db, &mut at, &mut builders, models).await {
                Ok(()) => {
                    *reader = at;
                    for (site, builder) in sites.iter_mut().zip(builders) {
                        site.builder = builder;
                    }
                    db.close().await?;
                    return Ok(());
                }
                Err(RebuildError::Store(error)) if is_lock_timeout(&error) => {
                    tracing::info!("The swap waits for those who read the live tables");
                    tokio::time::sleep(SWAP_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(RebuildError::Busy)
    }

    async fn try_swap(
        &self,
        db: &mut PgConnection,
        reader: &mut Reader,
        builders: &mut [Builder],
        models: &[&'static ReadModel],
    ) -> Result<(), RebuildError> {
        let mut transaction = db.begin().await?;
        let db = &mut *transaction;
        sqlx::raw_sql(&format!("set local lock_timeout = '{SWAP_LOCK_TIMEOUT}'"))
            .execute(&mut *db)
            .await?;
        // Every live batch holds a row of it from its first statement to its end.
        sqlx::raw_sql("lock table public.read_model in exclusive mode")
            .execute(&mut *db)
            .await?;
        // Up to where ledgers end now, and not after those who write on: live batches stand no further than this.
        let heads = self.ledger.heads().await?;
        loop {
            let starts = behind(reader, &heads);
            if starts.is_empty() {
                break;
            }
            let rows = self.ledger.read_many(&starts, DRAUGHT).await?;
            let draught = if rows.is_empty() {
                reader.end_early(starts.iter().map(|start| start.business))
            } else {
                reader.draw(&self.vault, rows).await?
            };
            for builder in &mut *builders {
                builder.take_in(db, &draught).await?;
            }
        }
        let mut reached = reader.reached.clone();
        for (business, head) in heads {
            // Where it broke all are parked; the common position need not stop there.
            if reader.after(business).is_none() {
                reached.insert(business, head);
            }
        }
        settle(db, builders, &reached, &self.process_version).await?;
        for model in models {
            sqlx::query(
                "update public.read_model set version = $2, generation = generation + 1 where name = $1",
            )
            .bind(model.name)
            .bind(model.version)
            .execute(&mut *db)
            .await?;
        }
        twins::swap(db, models).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn connect(&self, search_path: &str) -> Result<PgConnection, sqlx::Error> {
        let options = self.pool.connect_options().as_ref().clone().options(BY_KEY);
        let mut db = PgConnection::connect_with(&options).await?;
        sqlx::raw_sql(&format!(
            "set search_path = {search_path}; set idle_in_transaction_session_timeout = 0"
        ))
        .execute(&mut db)
        .await?;
        Ok(db)
    }
}

/// Where one read model is built.
struct Site {
    builder: Builder,
    db: PgConnection,
}

/// A builder's task, which ends with a rebuild that failed elsewhere.
struct AbortOnDrop(JoinHandle<Result<Site, sqlx::Error>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// From where businesses are to be read on.
fn behind(reader: &Reader, heads: &[(BusinessId, Position)]) -> Vec<Start> {
    heads
        .iter()
        .filter_map(|(business, head)| {
            let after = reader.after(*business).filter(|after| after < head)?;
            Some(Start {
                business: *business,
                after,
            })
        })
        .collect()
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|refusal| refusal.code());
    code.as_deref() == Some("55P03")
}
