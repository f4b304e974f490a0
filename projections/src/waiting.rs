//! Reading one's own writes: waiting until read models have come to a position.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ledger::{BusinessId, Position};
use sqlx::PgPool;
use tokio::{sync::Notify, time::Instant};

use crate::ReadModel;

/// How often those who wait look by themselves: what another process projected is not told here.
const POLL: Duration = Duration::from_millis(50);

/// Why a position was not waited for to the end.
#[derive(Debug, thiserror::Error)]
pub enum NotYet {
    /// Time was up.
    #[error("{read_model} has come to position {at} of {wanted} only")]
    Behind {
        /// The read model that is furthest behind.
        read_model: &'static str,
        /// Where it stands.
        at: Position,
        /// Where it should.
        wanted: Position,
    },
    /// It stands still before that position, and waiting does not help.
    #[error("{read_model} is parked at position {at}, before {wanted}")]
    Parked {
        /// The read model.
        read_model: &'static str,
        /// Where it stands.
        at: Position,
        /// Where it should.
        wanted: Position,
    },
    /// It has never been whole for this business: it is new, or the business is.
    #[error("{read_model} is being built for the first time")]
    BeingBuilt {
        /// The read model.
        read_model: &'static str,
    },
    /// The database did not answer.
    #[error("the read models' positions could not be read")]
    Store(#[from] sqlx::Error),
}

/// Those in this process who wait, by business.
#[derive(Default)]
pub(crate) struct Waiting {
    waiters: Mutex<HashMap<BusinessId, Waiter>>,
}

struct Waiter {
    told: Arc<Notify>,
    count: usize,
}

/// Takes its waiter away when it goes, however it goes.
struct Place<'a> {
    waiting: &'a Waiting,
    business: BusinessId,
    told: Arc<Notify>,
}

impl Waiting {
    /// After a commit: these businesses' read models have moved.
    pub(crate) fn tell(&self, businesses: impl IntoIterator<Item = BusinessId>) {
        let waiters = self.waiters();
        if waiters.is_empty() {
            return;
        }
        for business in businesses {
            if let Some(waiter) = waiters.get(&business) {
                waiter.told.notify_waiters();
            }
        }
    }

    /// Waits until all of `read_models` have taken in what the business's ledger holds up to `position`.
    pub(crate) async fn until(
        &self,
        db: &PgPool,
        business: BusinessId,
        read_models: &[&'static ReadModel],
        position: Position,
        deadline: Instant,
    ) -> Result<(), NotYet> {
        let place = self.place(business);
        loop {
            let told = place.told.notified();
            tokio::pin!(told);
            // From here on nothing told is missed; then look, then wait.
            told.as_mut().enable();
            let behind = match furthest_behind(db, business, read_models, position).await? {
                None => return Ok(()),
                Some(parked @ NotYet::Parked { .. }) => return Err(parked),
                Some(behind) => behind,
            };
            if Instant::now() >= deadline {
                return Err(behind);
            }
            tokio::select! {
                () = told => {}
                () = tokio::time::sleep_until(deadline.min(Instant::now() + POLL)) => {}
            }
        }
    }

    fn place(&self, business: BusinessId) -> Place<'_> {
        let mut waiters = self.waiters();
        let waiter = waiters.entry(business).or_insert_with(|| Waiter {
            told: Arc::default(),
            count: 0,
        });
        waiter.count += 1;
        Place {
            waiting: self,
            business,
            told: waiter.told.clone(),
        }
    }

    fn waiters(&self) -> MutexGuard<'_, HashMap<BusinessId, Waiter>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiters = self.waiting.waiters();
        if let Some(waiter) = waiters.get_mut(&self.business) {
            waiter.count -= 1;
            if waiter.count == 0 {
                waiters.remove(&self.business);
            }
        }
    }
}

async fn furthest_behind(
    db: &PgPool,
    business: BusinessId,
    read_models: &[&'static ReadModel],
    wanted: Position,
) -> Result<Option<NotYet>, sqlx::Error> {
    let names: Vec<&str> = read_models.iter().map(|model| model.name).collect();
    let rows: Vec<(i64, Option<String>, Option<i64>, bool)> = sqlx::query_as(
        "select coalesce(c.position, 0), a.read_model, a.position, a.parked_at is not null
           from (values ($1::uuid)) as b (business_id)
           left join projection_checkpoint c on c.business_id = b.business_id
           left join projection_apart a on a.business_id = b.business_id and a.read_model = any ($2)",
    )
    .bind(business.0)
    .bind(names)
    .fetch_all(db)
    .await?;
    let stands = |model: &'static ReadModel| {
        let apart = rows
            .iter()
            .find(|(_, name, ..)| name.as_deref() == Some(model.name));
        match apart {
            Some((common, _, at, parked)) => (at.unwrap_or(*common), *parked),
            None => (rows.first().map_or(0, |(common, ..)| *common), false),
        }
    };
    let furthest = read_models
        .iter()
        .map(|model| (stands(model), model.name))
        .min_by_key(|((at, parked), _)| (!parked || *at >= wanted.0, *at));
    Ok(furthest.and_then(|((at, parked), read_model)| {
        let at = Position(at);
        if at >= wanted {
            None
        } else if parked {
            Some(NotYet::Parked {
                read_model,
                at,
                wanted,
            })
        } else {
            Some(NotYet::Behind {
                read_model,
                at,
                wanted,
            })
        }
    }))
}
