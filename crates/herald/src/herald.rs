//! The herald of a process: waits until it may publish, publishes, and goes on after whatever breaks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ledger::Ledger;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    Connection, Fault,
    behind::lag,
    books::{self, Books},
    compare::compare,
    round::Round,
    stream::Stream,
};

/// How a herald works.
#[derive(Debug, Clone)]
pub struct HeraldSettings {
    /// Copies of each message that a cluster keeps, of a stream that has to be made. Default 1.
    pub replicas: usize,
    /// Messages on their way without being acknowledged. Default 256.
    pub window: usize,
    /// The most businesses at a time. Default 200.
    pub batch_businesses: usize,
    /// About the most events at a time: this much memory, and no more, however long NATS was away. Default 2,000.
    pub batch_events: usize,
}

impl Default for HeraldSettings {
    fn default() -> Self {
        Self {
            replicas: 1,
            window: 256,
            batch_businesses: 200,
            batch_events: 2_000,
        }
    }
}

/// How often somebody who waits looks whether the right to publish is free.
const ASKS_EVERY: Duration = Duration::from_millis(250);
/// Between attempts after a fault.
const LEAST_PAUSE: Duration = Duration::from_millis(20);
const MOST_PAUSE: Duration = Duration::from_secs(5);
/// Figures are told this often.
const FIGURES: Duration = Duration::from_secs(5);

/// Publishes the ledger to NATS. Any number of processes may run one: one of them publishes, the others wait.
/// Cheap to clone.
#[derive(Clone)]
pub struct Herald {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pool: PgPool,
    pub(crate) ledger: Ledger,
    pub(crate) connection: Connection,
    pub(crate) settings: HeraldSettings,
    publishing: AtomicBool,
}

impl Herald {
    /// A herald of this ledger. `connection` may be down.
    #[must_use]
    pub fn new(
        pool: PgPool,
        ledger: Ledger,
        connection: Connection,
        settings: HeraldSettings,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                pool,
                ledger,
                connection,
                settings,
                publishing: AtomicBool::new(false),
            }),
        }
    }

    /// Publishes until it is told to stop. Whatever breaks meanwhile is lived through: what is recorded is published
    /// later.
    pub async fn run(&self, stop: CancellationToken) {
        let figures = stop.run_until_cancelled(self.tell_figures());
        tokio::join!(self.publish(&stop), figures);
        self.inner.publishing.store(false, Ordering::Relaxed);
    }

    /// Whether it is this process that publishes.
    #[must_use]
    pub fn is_publishing(&self) -> bool {
        self.inner.publishing.load(Ordering::Relaxed)
    }

    async fn publish(&self, stop: &CancellationToken) {
        let mut pause = LEAST_PAUSE;
        let mut told: Option<String> = None;
        loop {
            let began = Instant::now();
            let ended = self.hold(stop).await;
            self.inner.publishing.store(false, Ordering::Relaxed);
            let Err(fault) = ended else {
                return;
            };
            if began.elapsed() > MOST_PAUSE {
                pause = LEAST_PAUSE;
                told = None;
            }
            let text = fault.told();
            // Once of each: a server may be away for hours.
            if told.as_ref() == Some(&text) {
                tracing::debug!(error = text, "still nothing is published");
            } else {
                tracing::warn!(
                    error = text,
                    "nothing is published for now; it is tried again"
                );
                told = Some(text);
            }
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            pause = (pause * 2).min(MOST_PAUSE);
        }
    }

    /// Waits for NATS and for the right to publish, and publishes for as long as both last.
    async fn hold(&self, stop: &CancellationToken) -> Result<(), Fault> {
        let connection = &self.inner.connection;
        // Who cannot reach NATS leaves the right to others.
        if stop.run_until_cancelled(connection.is_up()).await.is_none() {
            return Ok(());
        }
        let mut books = Books::open(&books::options(&self.inner.pool)).await?;
        while !books.try_lock().await? {
            if stop.run_until_cancelled(sleep(ASKS_EVERY)).await.is_none() {
                return Ok(());
            }
        }
        let ended = self.publish_in_step(&mut books, stop).await;
        // Before anything else: somebody may be waiting.
        books.close().await;
        ended
    }

    /// Publishes; when the stream turns out to be elsewhere than was reckoned, compares anew and goes on.
    async fn publish_in_step(
        &self,
        books: &mut Books,
        stop: &CancellationToken,
    ) -> Result<(), Fault> {
        let HeraldSettings {
            replicas, window, ..
        } = self.inner.settings;
        let mut pause = LEAST_PAUSE;
        loop {
            // Before the comparison: what is recorded from now on is not missed.
            let wakeups = self.inner.ledger.subscribe();
            let stream = Stream::open(&self.inner.connection, replicas, window).await?;
            let known = compare(&stream, books).await?;
            self.inner.publishing.store(true, Ordering::Relaxed);
            let mut round = Round::new(&self.inner, &stream, known);
            let Err(fault) = round.run(books, wakeups, stop).await else {
                return Ok(());
            };
            let Fault::OutOfStep(_) = &fault else {
                return Err(fault);
            };
            metrics::counter!("herald_out_of_step_total").increment(1);
            tracing::info!(error = fault.told(), "comparing with the stream again");
            if round.has_published() {
                pause = LEAST_PAUSE;
            }
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return Ok(());
            }
            pause = (pause * 2).min(MOST_PAUSE);
        }
    }

    async fn tell_figures(&self) {
        loop {
            if let Ok(lag) = lag(&self.inner.pool).await {
                let events = f64::from(i32::try_from(lag.events).unwrap_or(i32::MAX));
                metrics::gauge!("herald_lag_seconds").set(lag.seconds());
                metrics::gauge!("herald_lag_events").set(events);
            }
            metrics::gauge!("herald_publishing").set(f64::from(u8::from(self.is_publishing())));
            sleep(FIGURES).await;
        }
    }
}
