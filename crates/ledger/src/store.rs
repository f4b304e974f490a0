//! The ledger's handle, and the way of an append through it.

use std::sync::Arc;

use cqrs_es::persist::EventUpcaster;
use futures::future::join_all;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::call::Outcome;
use crate::lanes::Lanes;
use crate::live::Live;
use crate::queue::{Queues, Turn, Waiting};
use crate::settle::{Fallback, call, settle};
use crate::taken::Remembered;
use crate::{Append, AppendError, Appended};

/// How many appends one process has under way at a time, each on a connection of its own: enough that processors and
/// disk are never idle. More of them only take turns (the bare database does a third more with 8 at a time than with 32).
fn lanes() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (4 * processors).clamp(8, 32)
}

/// The ledger of all businesses in one database. Cheap to clone; the clones share everything.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    lanes: Lanes,
    queues: Queues,
    live: Live,
    remembered: Remembered,
    upcasters: Vec<Box<dyn EventUpcaster>>,
}

impl Ledger {
    /// The ledger in the database of `pool`, whose connections should come of
    /// [`connect_options`](crate::connect_options). Every event that is read passes `upcasters`, in order.
    pub fn new(pool: PgPool, upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        Self {
            inner: Arc::new(Inner {
                lanes: Lanes::new(pool.clone(), lanes()),
                queues: Queues::default(),
                live: Live::new(pool.clone()),
                remembered: Remembered::default(),
                pool,
                upcasters,
            }),
        }
    }

    /// The connections that the ledger reads with.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    pub(crate) fn upcasters(&self) -> &[Box<dyn EventUpcaster>] {
        &self.inner.upcasters
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.inner.remembered
    }

    pub(crate) fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Appends, or says what stands in the way. Dropping the future does not call the append back.
    ///
    /// Commands that come while another one of their business is under way are appended together after it, in
    /// the order of their coming.
    ///
    /// # Errors
    /// [`AppendError::Refused`] with what stands in the way; the others tell whether it may have been written.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let (answer, answered) = oneshot::channel();
        if let Some((turn, first)) = self.inner.queues.enter(Waiting { append, answer }) {
            // A task of its own: a caller who goes away must not take the others' turn along.
            tokio::spawn(self.clone().take_turn(turn, first));
        }
        answered
            .await
            .unwrap_or_else(|_| Err(AppendError::Unknown(sqlx::Error::WorkerCrashed)))
    }

    async fn take_turn(self, mut turn: Turn, first: Waiting) {
        let mut group = vec![first];
        loop {
            self.append_group(group).await;
            match turn.next_group() {
                Some(next) => group = next,
                None => return,
            }
        }
    }

    async fn append_group(&self, group: Vec<Waiting>) {
        metrics::histogram!("ledger_append_group_size")
            .record(u32::try_from(group.len()).unwrap_or(u32::MAX));
        let fallback = if group.len() == 1 {
            Fallback::InOrder
        } else {
            let appends: Vec<&Append> = group.iter().map(|waiting| &waiting.append).collect();
            match call(&self.inner.lanes, &appends, false).await {
                Ok(outcomes) => {
                    for (waiting, outcome) in group.into_iter().zip(outcomes) {
                        self.answer(waiting, Ok(outcome));
                    }
                    return;
                }
                Err(failure) => failure.into(),
            }
        };
        match fallback {
            Fallback::InOrder => {
                for waiting in group {
                    self.append_alone(waiting, None).await;
                }
            }
            Fallback::AllAtOnce(lost_at) => {
                join_all(
                    group
                        .into_iter()
                        .map(|waiting| self.append_alone(waiting, Some(lost_at))),
                )
                .await;
            }
            Fallback::GiveUp(error) => {
                for waiting in group {
                    self.answer(waiting, Err(AppendError::Unavailable(error.clone())));
                }
            }
        }
    }

    async fn append_alone(&self, waiting: Waiting, lost_at: Option<Instant>) {
        let outcome = settle(&self.inner.lanes, &waiting.append, lost_at).await;
        self.answer(waiting, outcome);
    }

    fn answer(&self, waiting: Waiting, outcome: Result<Outcome, AppendError>) {
        let result = outcome.and_then(|outcome| outcome.map_err(AppendError::Refused));
        if let Ok(appended) = &result
            && appended.last >= appended.first
        {
            self.inner
                .live
                .moved(waiting.append.business, appended.last);
        }
        // A caller who has gone away does not listen; what was written stays written.
        let _ = waiting.answer.send(result);
    }
}
