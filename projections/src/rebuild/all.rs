//! All businesses, beside the live tables, and the swap.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::try_join_all;
use ledger::{BusinessId, Position, Recorded, Start};
use sqlx::{Connection, PgConnection};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    OnProgress, Progress, Rebuild, RebuildError, Rebuilt,
    pouring::{Builder, Draught, Reader},
    resuming,
    settling::settle,
    twins::{self, SCHEMA},
};
use crate::{
    ReadModel, Sums,
    projector::{BY_KEY, register},
};

/// Draughts that the reader may be ahead of the slowest builder.
const AHEAD: usize = 1;
/// With fewer events than this to catch up with, the swap is made.
const FEW: i64 = 500;
/// Events read at a time while nobody else writes.
const LAST_ONES: usize = 8_000;
/// Rounds of catching up, should the live ledger be as fast as the rebuild; the swap then takes the rest.
const ROUNDS: usize = 10;
/// How long the swap waits for those who read the live tables, and how often.
const SWAP_LOCK_TIMEOUT: &str = "3s";
const SWAP_ATTEMPTS: usize = 40;
const SWAP_PAUSE: Duration = Duration::from_millis(500);
/// The most shares that businesses are dealt into.
const MOST_LANES: usize = 8;
/// Held by the session of the one rebuild of all that may be under way. Any number that is used for nothing else.
const LOCK: i64 = 0x6461_7962_7265_6275;

impl Rebuild {
    /// Builds these read models of all businesses anew beside the live ones, and puts them in their place. What an
    /// earlier rebuild left, killed or failed, is gone on with.
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
        let builders = resuming::begin(ddl, models).await?;
        let heads = self.ledger.heads().await?;
        let mut lanes = self.lanes(&builders, &heads).await?;
        let told = Told {
            total: heads
                .iter()
                .map(|(_, head)| u64::try_from(head.0).unwrap_or_default())
                .sum(),
            lanes: lanes.iter().map(Lane::tally).collect(),
            progress,
        };
        self.pour_all(&mut lanes, &heads, &told, Sums::Later)
            .await?;
        // Each on a connection of its own: indexes of several read models are made at a time.
        let sites = lanes.iter_mut().take(1).flat_map(|lane| &mut lane.sites);
        try_join_all(sites.map(Site::finish)).await?;
        for _ in 0..ROUNDS {
            let heads = self.ledger.heads().await?;
            let left: i64 = lanes.iter().map(|lane| lane.left(&heads)).sum();
            if left <= FEW {
                break;
            }
            self.pour_all(&mut lanes, &heads, &told, Sums::Now).await?;
        }
        let (mut reader, mut builders) = together(lanes).await?;
        self.swap(&mut reader, &mut builders, models).await?;
        let done = reader.count();
        progress(Progress { done, total: done });
        let parked = builders
            .iter()
            .map(|builder| builder.parked.len())
            .sum::<usize>();
        Ok(Rebuilt {
            read_models: models.iter().map(|model| model.name).collect(),
            businesses: u64::try_from(reader.reached.len()).unwrap_or_default(),
            events: done,
            parked: u64::try_from(parked).unwrap_or_default(),
        })
    }

    /// Deals the businesses into shares that are built side by side: as many as keep the processors busy, where the read
    /// models alone do not.
    async fn lanes(
        &self,
        builders: &[Builder],
        heads: &[(BusinessId, Position)],
    ) -> Result<Vec<Lane>, RebuildError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = processors.div_ceil(builders.len().max(1));
        let many = wanted.min(heads.len()).clamp(1, MOST_LANES);
        let mut shares: Vec<(i64, HashSet<BusinessId>)> = vec![(0, HashSet::new()); many];
        let mut largest_first = heads.to_vec();
        largest_first
            .sort_unstable_by_key(|(business, head)| (std::cmp::Reverse(*head), *business));
        for (business, head) in largest_first {
            if let Some((events, share)) = shares.iter_mut().min_by_key(|(events, _)| *events) {
                *events += head.0;
                share.insert(business);
            }
        }
        let mut lanes = vec![];
        for (_, businesses) in shares {
            let mut sites = vec![];
            for builder in builders {
                let builder = builder.lane(&businesses);
                sites.push(Site {
                    reached: builder.resumed.clone(),
                    builder,
                    db: self.connect(&format!("{SCHEMA}, public")).await?,
                });
            }
            let ours: Vec<Builder> = sites.iter().map(|site| site.builder.clone()).collect();
            lanes.push(Lane {
                businesses,
                reader: Reader::of(&ours),
                sites,
                // Whoever is opened meanwhile is the first one's.
                takes_new_ones: lanes.is_empty(),
            });
        }
        Ok(lanes)
    }

    async fn pour_all(
        &self,
        lanes: &mut [Lane],
        heads: &[(BusinessId, Position)],
        told: &Told<'_>,
        sums: Sums,
    ) -> Result<(), RebuildError> {
        let others: HashSet<BusinessId> = lanes
            .iter()
            .filter(|lane| !lane.takes_new_ones)
            .flat_map(|lane| lane.businesses.iter().copied())
            .collect();
        for lane in lanes.iter_mut().filter(|lane| lane.takes_new_ones) {
            let all = heads.iter().map(|(business, _)| *business);
            lane.businesses
                .extend(all.filter(|business| !others.contains(business)));
        }
        let pouring = lanes.iter_mut().enumerate().map(|(number, lane)| {
            let starts = lane.starts(heads);
            self.pour(lane, starts, (told, number), sums)
        });
        try_join_all(pouring).await?;
        Ok(())
    }

    /// Pours what of the ledger lies after these starts into the twins: one reads, several decode, each builder takes in
    /// at its own pace on a connection of its own.
    async fn pour(
        &self,
        lane: &mut Lane,
        starts: Vec<Start>,
        (told, number): (&Told<'_>, usize),
        sums: Sums,
    ) -> Result<(), RebuildError> {
        if starts.is_empty() {
            return Ok(());
        }
        let mut read = self.read(starts);
        let (mut taps, mut builds) = (vec![], vec![]);
        for (place, mut site) in std::mem::take(&mut lane.sites).into_iter().enumerate() {
            let (tap, mut flow) = mpsc::channel::<Arc<Draught>>(AHEAD);
            let done = told.lanes.get(number).cloned().unwrap_or_default();
            taps.push(tap);
            // A task of its own: folding and encoding keep a core busy.
            builds.push(AbortOnDrop::<Result<Site, sqlx::Error>>(tokio::spawn(
                async move {
                    while let Some(draught) = flow.recv().await {
                        site.take_in(&draught, sums).await?;
                        if let Some(done) = done.get(place) {
                            done.store(site.count(), Ordering::Relaxed);
                        }
                    }
                    Ok(site)
                },
            )));
        }
        'reading: while let Some(rows) = read.rows.recv().await {
            let draught = lane.reader.draw(&self.vault, rows).await?;
            for tap in &taps {
                if tap.send(draught.clone()).await.is_err() {
                    // A builder is gone; joined, it tells why.
                    break 'reading;
                }
            }
            told.tell();
        }
        drop(taps);
        for mut build in builds {
            lane.sites
                .push((&mut build.0).await.map_err(|_| RebuildError::Broke)??);
            told.tell();
        }
        drop(read.rows);
        (&mut read.task.0).await.map_err(|_| RebuildError::Broke)?
    }

    /// Reads ahead, in a task of its own.
    fn read(&self, starts: Vec<Start>) -> Read {
        let (tap, rows) = mpsc::channel(AHEAD);
        let (ledger, most) = (self.ledger.clone(), self.events_at_a_time.max(1));
        let task = tokio::spawn(async move {
            let mut bulk = ledger.read_all(Some(&starts)).await?;
            let mut rows: Vec<Recorded> = vec![];
            while let Some(next) = bulk.next().await? {
                rows.extend(next);
                while rows.len() >= most {
                    let rest = rows.split_off(most);
                    if tap.send(std::mem::replace(&mut rows, rest)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if !rows.is_empty() {
                // Whoever listened is gone; they tell why.
                let _ = tap.send(rows).await;
            }
            Ok(())
        });
        Read {
            rows,
            task: AbortOnDrop(task),
        }
    }

    /// The last events and the swap, in one transaction that no live batch crosses.
    async fn swap(
        &self,
        reader: &mut Reader,
        builders: &mut Vec<Builder>,
        models: &[&'static ReadModel],
    ) -> Result<(), RebuildError> {
        let mut db = self.connect(&format!("{SCHEMA}, public")).await?;
        for _ in 0..SWAP_ATTEMPTS {
            let mut built = builders.clone();
            let mut at = reader.clone();
            match self.try_swap(&mut db, &mut at, &mut built, models).await {
                Ok(()) => {
                    (*reader, *builders) = (at, built);
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
            let rows = self.ledger.read_many(&starts, LAST_ONES).await?;
            let draught = if rows.is_empty() {
                reader.end_early(starts.iter().map(|start| start.business))
            } else {
                reader.draw(&self.vault, rows).await?
            };
            for builder in &mut *builders {
                builder.take_in(db, &draught, Sums::Now).await?;
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
        resuming::forget(db, models).await?;
        twins::swap(db, models).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn connect(&self, search_path: &str) -> Result<PgConnection, sqlx::Error> {
        let options = self.pool.connect_options().as_ref().clone().options(BY_KEY);
        let mut db = PgConnection::connect_with(&options).await?;
        // What a crash of the server takes away is built again: nobody need wait for the disk.
        sqlx::raw_sql(&format!(
            "set search_path = {search_path}; set idle_in_transaction_session_timeout = 0;
             set synchronous_commit = off"
        ))
        .execute(&mut db)
        .await?;
        Ok(db)
    }
}

/// Some of the businesses: who reads them, and where each read model of theirs is built.
struct Lane {
    businesses: HashSet<BusinessId>,
    takes_new_ones: bool,
    reader: Reader,
    sites: Vec<Site>,
}

impl Lane {
    /// From where its businesses are to be read on.
    fn starts(&self, heads: &[(BusinessId, Position)]) -> Vec<Start> {
        let mut starts = behind(&self.reader, heads);
        starts.retain(|start| self.businesses.contains(&start.business));
        starts
    }

    /// How many events are still to be read.
    fn left(&self, heads: &[(BusinessId, Position)]) -> i64 {
        let ours = heads
            .iter()
            .filter(|(business, _)| self.businesses.contains(business));
        let left =
            ours.filter_map(|(business, head)| Some(head.0 - self.reader.after(*business)?.0));
        left.map(|left| left.max(0)).sum()
    }

    /// How many events each of its builders has taken in.
    fn tally(&self) -> Arc<[AtomicU64]> {
        let sites = self.sites.iter();
        sites.map(|site| AtomicU64::new(site.count())).collect()
    }
}

/// Makes one of all lanes, whose businesses are different ones.
async fn together(lanes: Vec<Lane>) -> Result<(Reader, Vec<Builder>), sqlx::Error> {
    let (mut reader, mut builders) = (Reader::default(), Vec::<Builder>::new());
    for lane in lanes {
        reader.join(lane.reader);
        for (place, site) in lane.sites.into_iter().enumerate() {
            match builders.get_mut(place) {
                Some(builder) => builder.join(site.builder),
                None => builders.push(site.builder),
            }
            site.db.close().await?;
        }
    }
    Ok((reader, builders))
}

/// Where one read model is built, of one lane.
struct Site {
    builder: Builder,
    db: PgConnection,
    /// Up to where it has taken each business in.
    reached: HashMap<BusinessId, Position>,
}

impl Site {
    /// Takes a draught in, and notes that it did, in one transaction.
    async fn take_in(&mut self, draught: &Draught, sums: Sums) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.begin().await?;
        resuming::hold(&mut transaction, self.builder.model).await?;
        self.builder
            .take_in(&mut transaction, draught, sums)
            .await?;
        let reached = draught.reached();
        resuming::note(&mut transaction, &self.builder, &reached).await?;
        transaction.commit().await?;
        for (business, at) in reached {
            let before = self.reached.entry(business).or_default();
            *before = at.max(*before);
        }
        Ok(())
    }

    /// What is left for when everything is there.
    async fn finish(&mut self) -> Result<(), sqlx::Error> {
        let model = self.builder.model;
        if let Some(sum_up) = model.sum_up {
            twins::tell_planner(&mut self.db, model).await?;
            sum_up(&mut self.db).await?;
        }
        twins::finish(&mut self.db, model).await
    }

    fn count(&self) -> u64 {
        let count: i64 = self.reached.values().map(|at| at.0).sum();
        u64::try_from(count).unwrap_or_default()
    }
}

/// Who is told how far it is.
struct Told<'a> {
    total: u64,
    /// Of each lane, how many events each builder has taken in.
    lanes: Vec<Arc<[AtomicU64]>>,
    progress: OnProgress<'a>,
}

impl Told<'_> {
    fn tell(&self) {
        let slowest = |lane: &Arc<[AtomicU64]>| {
            let each = lane.iter().map(|done| done.load(Ordering::Relaxed));
            each.min().unwrap_or_default()
        };
        let done = self.lanes.iter().map(slowest).sum();
        (self.progress)(Progress {
            done,
            total: self.total.max(done),
        });
    }
}

/// The ledger, being read.
struct Read {
    rows: mpsc::Receiver<Vec<Recorded>>,
    task: AbortOnDrop<Result<(), RebuildError>>,
}

/// A task that ends with a rebuild that failed elsewhere.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
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
