//! Waking readers when a ledger has moved.
//!
//! Within the process at once after the commit; between processes by a notification outside the append's
//! transaction (inside, its commit takes one lock for the whole server), at most one per business in
//! [`QUIET`]. Either may be lost: behind both is a poll, and a wake-up is a hint, never the news itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, broadcast};
use tokio::task::AbortHandle;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::{BusinessId, Ledger, Position};

/// The least time between two notifications about one business.
const QUIET: Duration = Duration::from_millis(30);
/// How long a moved ledger may go unnoticed when every hint was lost.
const POLL: Duration = Duration::from_secs(1);
/// Between attempts to listen again.
const RETRY: Duration = Duration::from_millis(500);
const CHANNEL: &str = "daybook_ledger";
/// Hints a slow subscriber may be behind before it is told to look everywhere.
const BACKLOG: usize = 1_024;
/// Businesses in one notification: PostgreSQL takes 8,000 bytes, each line is at most 57.
const PER_NOTIFICATION: usize = 120;

/// A hint that there is something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// This ledger has come to (at least) this position.
    Moved(BusinessId, Position),
    /// Any ledger may have moved: time has passed, or hints were lost.
    Look,
}

/// Wake-ups as they come. A new one starts with [`Wakeup::Look`].
pub struct Wakeups {
    hints: broadcast::Receiver<Wakeup>,
    poll: Interval,
}

impl Wakeups {
    /// The next hint; at least one comes in every second. Safe to cancel.
    pub async fn next(&mut self) -> Wakeup {
        tokio::select! {
            hint = self.hints.recv() => match hint {
                Ok(hint) => hint,
                Err(broadcast::error::RecvError::Lagged(_)) => Wakeup::Look,
                Err(broadcast::error::RecvError::Closed) => {
                    self.poll.tick().await;
                    Wakeup::Look
                }
            },
            _ = self.poll.tick() => Wakeup::Look,
        }
    }
}

impl Ledger {
    /// Wakes the caller when a ledger moves, in this process or another. Listening to the others takes one
    /// connection of the pool.
    pub fn subscribe(&self) -> Wakeups {
        self.live().subscribe()
    }
}

pub(crate) struct Live {
    shared: Arc<Shared>,
    notifier: OnceLock<AbortHandle>,
    listener: OnceLock<AbortHandle>,
}

struct Shared {
    pool: PgPool,
    /// Tells our own notifications from those of others.
    origin: Uuid,
    hints: broadcast::Sender<Wakeup>,
    /// Where each ledger has come to since the last notification.
    untold: Mutex<HashMap<BusinessId, Position>>,
    moved: Notify,
}

impl Live {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            shared: Arc::new(Shared {
                pool,
                origin: Uuid::now_v7(),
                hints: broadcast::channel(BACKLOG).0,
                untold: Mutex::default(),
                moved: Notify::new(),
            }),
            notifier: OnceLock::new(),
            listener: OnceLock::new(),
        }
    }

    /// After a commit.
    pub(crate) fn moved(&self, business: BusinessId, to: Position) {
        // Nobody listening in this process is no error.
        let _ = self.shared.hints.send(Wakeup::Moved(business, to));
        match self.shared.untold().entry(business) {
            Entry::Occupied(mut known) => {
                let furthest = to.max(*known.get());
                known.insert(furthest);
            }
            Entry::Vacant(unknown) => {
                unknown.insert(to);
            }
        }
        self.shared.moved.notify_one();
        self.notifier.get_or_init(|| {
            let shared = self.shared.clone();
            tokio::spawn(async move { shared.tell_others().await }).abort_handle()
        });
    }

    fn subscribe(&self) -> Wakeups {
        let hints = self.shared.hints.subscribe();
        self.listener.get_or_init(|| {
            let shared = self.shared.clone();
            tokio::spawn(async move { shared.hear_others().await }).abort_handle()
        });
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Wakeups { hints, poll }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        for task in [&self.notifier, &self.listener] {
            if let Some(task) = task.get() {
                task.abort();
            }
        }
    }
}

impl Shared {
    fn untold(&self) -> std::sync::MutexGuard<'_, HashMap<BusinessId, Position>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell_others(&self) {
        loop {
            self.moved.notified().await;
            let news: Vec<_> = std::mem::take(&mut *self.untold()).into_iter().collect();
            let messages: Vec<String> = news
                .chunks(PER_NOTIFICATION)
                .map(|news| write_message(self.origin, news))
                .collect();
            let told = sqlx::query("select pg_notify($1, message) from unnest($2::text[]) message")
                .bind(CHANNEL)
                .bind(messages)
                .execute(&self.pool)
                .await;
            if let Err(error) = told {
                tracing::debug!(error = %error, "other processes were not notified; their poll will tell them");
            }
            sleep(QUIET).await;
        }
    }

    async fn hear_others(&self) {
        loop {
            if let Err(error) = self.listen().await {
                tracing::debug!(error = %error, "not listening to other processes; the poll goes on");
            }
            sleep(RETRY).await;
        }
    }

    async fn listen(&self) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // What came before listening began, or while the connection was lost, nobody told.
            let _ = self.hints.send(Wakeup::Look);
            while let Some(notification) = listener.try_recv().await? {
                for (business, position) in read_message(self.origin, notification.payload()) {
                    let _ = self.hints.send(Wakeup::Moved(business, position));
                }
            }
        }
    }
}

/// The sender on the first line, then a business and its position on each.
fn write_message(origin: Uuid, news: &[(BusinessId, Position)]) -> String {
    let mut message = origin.simple().to_string();
    for (business, position) in news {
        // Writing to a string does not fail.
        let _ = write!(message, "\n{} {position}", business.0.simple());
    }
    message
}

/// Empty for our own messages, and for what is no message of ours at all.
fn read_message(origin: Uuid, message: &str) -> Vec<(BusinessId, Position)> {
    let mut lines = message.lines();
    if lines.next().and_then(|line| Uuid::try_parse(line).ok()) == Some(origin) {
        return Vec::new();
    }
    lines
        .filter_map(|line| {
            let (business, position) = line.split_once(' ')?;
            Some((
                BusinessId(Uuid::try_parse(business).ok()?),
                Position(position.parse().ok()?),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_message_fits_a_notification() {
        let news = vec![(BusinessId(Uuid::max()), Position(i64::MAX)); PER_NOTIFICATION];
        assert!(write_message(Uuid::max(), &news).len() < 8_000);
    }

    #[test]
    fn a_message_reads_as_written_save_by_its_writer() {
        let (ours, theirs) = (Uuid::now_v7(), Uuid::now_v7());
        let news = vec![
            (BusinessId(Uuid::now_v7()), Position(7)),
            (BusinessId(Uuid::now_v7()), Position(1)),
        ];
        assert_eq!(read_message(ours, &write_message(theirs, &news)), news);
        assert_eq!(read_message(ours, &write_message(ours, &news)), vec![]);
        assert_eq!(read_message(ours, "what\nis this\n"), vec![]);
    }
}
