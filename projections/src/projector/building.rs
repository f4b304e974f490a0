//! Which read models are being built for the first time: what they hold of a business is not the whole of it yet, and
//! is not told.
//!
//! Each process has it in memory, looked up when it is first asked and every few seconds from then on, beside the
//! queries: an answer costs no question of its own. Only who asks for what is being built waits, and looks more often.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ledger::BusinessId;
use sqlx::PgPool;
use tokio::{
    sync::Mutex as Turn,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use crate::{NotYet, ReadModel};

#[cfg(test)]
mod specs;

/// How old what is known may be where nothing is being built.
const CALM: Duration = Duration::from_secs(5);
/// How often those who wait look.
const LOOKS: Duration = Duration::from_millis(100);
/// Of its time a process spends at most one part in so many on looking, however many are being built.
const AT_MOST: u32 = 10;

/// What a process knows of it. Cheap to clone; the clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Building(Arc<Inner>);

#[derive(Default)]
struct Inner {
    seen: Mutex<Option<Arc<Seen>>>,
    /// Whose turn it is to look: all others see what they saw.
    turn: Arc<Turn<()>>,
}

/// What one look has seen.
struct Seen {
    at: Instant,
    took: Duration,
    /// Those that the database knows. Of the others nothing has been built.
    registered: HashSet<String>,
    /// Businesses whose common position has never been the end of their ledger.
    businesses: HashSet<Uuid>,
    /// Those of them that nobody has begun to feed.
    unfed: Vec<Uuid>,
    /// Read models that stand apart, where any is being built.
    apart: HashMap<Uuid, Vec<Apart>>,
}

struct Apart {
    read_model: String,
    being_built: bool,
    parked: bool,
}

/// A read model that is being built, for a business.
struct BeingBuilt {
    read_model: &'static str,
    /// It stands still: waiting does not help.
    parked: bool,
}

impl Building {
    /// Waits until all of `read_models` have been built to the end of this business's ledger once.
    pub(crate) async fn until_built(
        &self,
        db: &PgPool,
        business: BusinessId,
        read_models: &[&'static ReadModel],
        deadline: Instant,
    ) -> Result<(), NotYet> {
        if let Some(seen) = self.seen()
            && seen.being_built(business, read_models).is_none()
        {
            if seen.at.elapsed() > CALM {
                self.look_beside(db);
            }
            return Ok(());
        }
        loop {
            let seen = self.look(db).await?;
            let Some(BeingBuilt { read_model, parked }) = seen.being_built(business, read_models)
            else {
                return Ok(());
            };
            if parked || Instant::now() >= deadline {
                return Err(NotYet::BeingBuilt { read_model });
            }
            sleep_until(deadline.min(seen.due())).await;
        }
    }

    /// Those of `read_models` that are being built, for whichever business.
    pub(crate) async fn of(
        &self,
        db: &PgPool,
        read_models: &[&'static ReadModel],
    ) -> Result<Vec<&'static str>, sqlx::Error> {
        let seen = self.look(db).await?;
        let names = read_models.iter().map(|model| model.name);
        Ok(names.filter(|name| seen.is_being_built(name)).collect())
    }

    fn seen(&self) -> Option<Arc<Seen>> {
        let seen = self.0.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is seen now, or was a moment ago.
    async fn look(&self, db: &PgPool) -> Result<Arc<Seen>, sqlx::Error> {
        let _turn = self.0.turn.lock().await;
        self.look_if_due(db).await
    }

    /// Looks, and keeps nobody waiting for it.
    fn look_beside(&self, db: &PgPool) {
        let Ok(turn) = self.0.turn.clone().try_lock_owned() else {
            return;
        };
        let (building, db) = (self.clone(), db.clone());
        tokio::spawn(async move {
            let _turn = turn;
            if let Err(error) = building.look_if_due(&db).await {
                tracing::debug!(%error, "could not see which read models are being built");
            }
        });
    }

    /// To be called by whose turn it is.
    async fn look_if_due(&self, db: &PgPool) -> Result<Arc<Seen>, sqlx::Error> {
        let before = self.seen();
        if let Some(seen) = &before
            && Instant::now() < seen.due()
        {
            return Ok(seen.clone());
        }
        let seen = Arc::new(Seen::look(db, before.as_deref()).await?);
        let mut kept = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(seen.clone());
        Ok(seen)
    }
}

impl Seen {
    /// Whom nobody feeds is looked for once: who is opened later is fed at once.
    async fn look(db: &PgPool, before: Option<&Self>) -> Result<Self, sqlx::Error> {
        let begun = Instant::now();
        let rows: Vec<Row> = sqlx::query_as(
            "select 'registered' as what, null::uuid as business_id, m.name as read_model,
                    false as being_built, false as parked
               from read_model m
             union all
             select 'unfed', h.business_id, null, true, false
               from ledger_head h left join projection_checkpoint c using (business_id)
              where h.position > 0 and c.business_id is null and ($1::uuid[] is null or h.business_id = any ($1))
             union all
             select 'common', c.business_id, null, true, false from projection_checkpoint c where c.being_built
             union all
             select 'apart', a.business_id, a.read_model, a.being_built, a.parked_at is not null
               from projection_apart a
              where a.being_built
                 or a.business_id in (select c.business_id from projection_checkpoint c where c.being_built)",
        )
        .bind(before.map(|before| before.unfed.as_slice()))
        .fetch_all(db)
        .await?;
        let mut seen = Self {
            at: begun,
            took: begun.elapsed(),
            registered: HashSet::new(),
            businesses: HashSet::new(),
            unfed: vec![],
            apart: HashMap::new(),
        };
        for row in rows {
            match (row.business_id, row.read_model) {
                (None, Some(name)) => {
                    seen.registered.insert(name);
                }
                (Some(business), None) => {
                    seen.businesses.insert(business);
                    if row.what == "unfed" {
                        seen.unfed.push(business);
                    }
                }
                (Some(business), Some(read_model)) => {
                    seen.apart.entry(business).or_default().push(Apart {
                        read_model,
                        being_built: row.being_built,
                        parked: row.parked,
                    });
                }
                (None, None) => {}
            }
        }
        Ok(seen)
    }

    /// When it is worth looking again.
    fn due(&self) -> Instant {
        self.at + LOOKS.max(self.took * AT_MOST)
    }

    /// The first of `read_models` that is being built for a business.
    fn being_built(
        &self,
        business: BusinessId,
        read_models: &[&'static ReadModel],
    ) -> Option<BeingBuilt> {
        let apart = self.apart.get(&business.0);
        read_models.iter().find_map(|model| {
            let read_model = model.name;
            let stands = apart.and_then(|apart| apart.iter().find(|a| a.read_model == read_model));
            let (being_built, parked) = match stands {
                Some(apart) => (apart.being_built, apart.parked),
                None => (self.businesses.contains(&business.0), false),
            };
            (being_built || !self.registered.contains(read_model))
                .then_some(BeingBuilt { read_model, parked })
        })
    }

    /// Whether it is being built for any business.
    fn is_being_built(&self, read_model: &str) -> bool {
        let is_it = |apart: &&Apart| apart.read_model == read_model;
        !self.registered.contains(read_model)
            || (self.apart.values().flatten().filter(is_it)).any(|apart| apart.being_built)
            || self.businesses.iter().any(|business| {
                let apart = self.apart.get(business);
                !apart.is_some_and(|apart| apart.iter().any(|apart| is_it(&apart)))
            })
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    what: String,
    business_id: Option<Uuid>,
    read_model: Option<String>,
    being_built: bool,
    parked: bool,
}
