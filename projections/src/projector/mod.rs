//! Feeds the read models: reads each business in position order, and writes rows and checkpoint in one transaction.
//!
//! Any number of workers on any number of machines share the businesses: who moves one holds its lease, a row lock on
//! its checkpoint. Many businesses' few events go into one transaction. Read models that stand at the common position
//! share one read and one decode; those that stand apart (new ones, parked ones) catch up by themselves.
//!
//! It does not rebuild (`crate::rebuild` does), and knows no read model by name.

mod batch;
mod behind;
mod building;
mod decode;
mod fault;
mod isolation;
mod queue;
mod register;
#[cfg(test)]
mod specs;
mod standing;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ledger::{BusinessId, Ledger, Position, Wakeup};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use vault::Vault;

pub(crate) use self::{
    batch::BY_KEY,
    decode::{Broken, Decoded, decode},
    fault::{is_outage, told_of_apply},
    register::register,
    standing::{Members, Roster, park},
};
use self::{batch::Feed, building::Building, fault::told, queue::Queue};
pub use self::{
    behind::Lag,
    standing::{Parked, parked},
};
use crate::{NotYet, READ_MODELS, ReadModel, waiting::Waiting};

/// How the projector works.
#[derive(Debug, Clone)]
pub struct ProjectorSettings {
    /// Workers in this process, each with a connection of its own while it works. Default 2.
    pub workers: usize,
    /// The most businesses in one transaction. Default 500.
    pub batch_businesses: usize,
    /// About how many events are read for one transaction. Default 4,000.
    pub batch_events: usize,
    /// The version of this process: what another version parked is tried again.
    pub process_version: String,
}

impl ProjectorSettings {
    /// The defaults, for a process of this version.
    pub fn new(process_version: impl Into<String>) -> Self {
        Self {
            workers: 2,
            batch_businesses: 500,
            batch_events: 4_000,
            process_version: process_version.into(),
        }
    }
}

/// Who is behind is told anew at least this often in figures.
const FIGURES: Duration = Duration::from_secs(5);
/// What another process has in its hands is looked at again after this long.
const ELSEWHERE: Duration = Duration::from_millis(25);
/// The most businesses that one poll brings.
const POLLED: i64 = 100_000;
/// Between attempts while the database is away.
const LEAST_PAUSE: Duration = Duration::from_millis(100);
const MOST_PAUSE: Duration = Duration::from_secs(5);

/// The projector of one process. Cheap to clone; the clones share everything.
///
/// It opens a connection for each worker, and one more, with the options of the pool that it is given; of that pool
/// it takes one now and then.
#[derive(Clone)]
pub struct Projector {
    inner: Arc<Inner>,
}

struct Inner {
    feed: Feed,
    settings: ProjectorSettings,
    queue: Queue,
    waiting: Waiting,
    building: Building,
    well: AtomicBool,
}

impl Projector {
    /// The projector of all read models there are.
    #[must_use]
    pub fn new(pool: PgPool, ledger: Ledger, vault: Vault, settings: ProjectorSettings) -> Self {
        Self::of(READ_MODELS, pool, ledger, vault, settings)
    }

    /// The projector of these read models.
    #[must_use]
    pub fn of(
        models: &'static [&'static ReadModel],
        pool: PgPool,
        ledger: Ledger,
        vault: Vault,
        settings: ProjectorSettings,
    ) -> Self {
        assert!(
            models.len() <= 64,
            "read models are told apart by one bit each"
        );
        let by_key = pool.connect_options().as_ref().clone().options(BY_KEY);
        let workers = u32::try_from(settings.workers.max(1)).unwrap_or(u32::MAX);
        let work = PgPoolOptions::new()
            .max_connections(workers.saturating_add(1))
            .connect_lazy_with(by_key);
        let feed = Feed {
            pool,
            work,
            ledger,
            vault,
            models,
            process: settings.process_version.clone(),
        };
        Self {
            inner: Arc::new(Inner {
                feed,
                settings,
                queue: Queue::default(),
                waiting: Waiting::default(),
                building: Building::default(),
                well: AtomicBool::new(false),
            }),
        }
    }

    /// Feeds the read models until it is told to stop; the batches in hand are finished. Outages of the database are
    /// lived through. Returns before it is told to only when a worker broke, which is a mistake in the program: the
    /// process had better be started anew.
    pub async fn run(&self, stop: CancellationToken) {
        let stop = stop.child_token();
        self.begin(&stop).await;
        let mut tasks = JoinSet::new();
        for _ in 0..self.inner.settings.workers.max(1) {
            let (projector, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move { projector.work(&stop).await });
        }
        let (projector, stop_listening) = (self.clone(), stop.clone());
        tasks.spawn(async move { projector.listen(&stop_listening).await });
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                // Not to be lived through: with a worker gone, its businesses stay in hand for ever.
                self.inner.well.store(false, Ordering::Relaxed);
                stop.cancel();
                tracing::error!(%error, "A worker of the projector broke; the projector stops");
            }
        }
        self.inner.well.store(false, Ordering::Relaxed);
    }

    /// Takes in all that is there, and returns. Parked read models stay parked.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn catch_up(&self) -> Result<(), sqlx::Error> {
        let Inner { feed, settings, .. } = &*self.inner;
        register(&feed.pool, feed.models).await?;
        loop {
            let behind = feed.behind(POLLED).await?;
            if behind.is_empty() {
                return Ok(());
            }
            for businesses in behind.chunks(settings.batch_businesses.max(1)) {
                let outcome = feed.take_in(businesses, settings.batch_events).await?;
                self.inner.waiting.tell(outcome.moved);
                if outcome.elsewhere.len() == businesses.len() {
                    tokio::time::sleep(ELSEWHERE).await;
                }
            }
        }
    }

    /// Waits until these read models have taken in what the business's ledger holds up to `position`, and, wherever they
    /// stand, have been whole for it once: [`Position::START`] waits for that alone, and asks the database nothing as long
    /// as nothing is being built.
    ///
    /// # Errors
    /// [`NotYet`], when that does not come in time or cannot come.
    pub async fn wait_for(
        &self,
        business: BusinessId,
        read_models: &[&'static ReadModel],
        position: Position,
        timeout: Duration,
    ) -> Result<(), NotYet> {
        let deadline = Instant::now() + timeout;
        let Inner {
            feed,
            waiting,
            building,
            ..
        } = &*self.inner;
        let db = &feed.pool;
        building
            .until_built(db, business, read_models, deadline)
            .await?;
        if position == Position::START {
            return Ok(());
        }
        waiting
            .until(db, business, read_models, position, deadline)
            .await
    }

    /// Those read models that are being built for the first time, for some business at least: of those they answer
    /// nothing yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn being_built(&self) -> Result<Vec<&'static str>, sqlx::Error> {
        let Inner { feed, building, .. } = &*self.inner;
        building.of(&feed.pool, feed.models).await
    }

    /// Whether it runs and the database answered it when it last asked.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.inner.well.load(Ordering::Relaxed)
    }

    /// How far each read model is behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lag(&self) -> Result<Vec<Lag>, sqlx::Error> {
        behind::lag(&self.inner.feed.pool, self.inner.feed.models).await
    }

    /// Registers the read models, however long the database is away.
    async fn begin(&self, stop: &CancellationToken) {
        let mut pause = Pause::default();
        while let Err(error) = register(&self.inner.feed.pool, self.inner.feed.models).await {
            self.is_away(&error);
            if pause.or_stop(stop).await {
                return;
            }
        }
        self.inner.well.store(true, Ordering::Relaxed);
    }

    async fn work(&self, stop: &CancellationToken) {
        let Inner {
            feed,
            settings,
            queue,
            waiting,
            well,
            ..
        } = &*self.inner;
        let mut pause = Pause::default();
        loop {
            let businesses = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                taken = queue.take(settings.batch_businesses.max(1)) => taken,
            };
            let outcome = feed.take_in(&businesses, settings.batch_events).await;
            queue.lay_down(&businesses);
            match outcome {
                Ok(outcome) => {
                    well.store(true, Ordering::Relaxed);
                    pause = Pause::default();
                    waiting.tell(outcome.moved);
                    queue.call(outcome.more);
                    self.look_again_at(outcome.elsewhere);
                }
                Err(error) => {
                    self.is_away(&error);
                    queue.call(businesses);
                    if pause.or_stop(stop).await {
                        return;
                    }
                }
            }
        }
    }

    fn look_again_at(&self, businesses: Vec<BusinessId>) {
        if businesses.is_empty() {
            return;
        }
        let projector = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(ELSEWHERE).await;
            projector.inner.queue.call(businesses);
        });
    }

    /// Calls whom the ledger's hints name, and whom the poll behind them finds.
    async fn listen(&self, stop: &CancellationToken) {
        let feed = &self.inner.feed;
        let mut wakeups = feed.ledger.subscribe();
        let mut figures_due = Instant::now();
        loop {
            let wakeup = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                wakeup = wakeups.next() => wakeup,
            };
            match wakeup {
                Wakeup::Moved(business, _) => self.inner.queue.call([business]),
                Wakeup::Look => {
                    let mut looked = feed.behind(POLLED).await.map(|businesses| {
                        self.inner.queue.call(businesses);
                    });
                    if looked.is_ok() && Instant::now() >= figures_due {
                        looked = self.tell_figures().await;
                        figures_due = Instant::now() + FIGURES;
                    }
                    match looked {
                        Ok(()) => self.inner.well.store(true, Ordering::Relaxed),
                        Err(error) => self.is_away(&error),
                    }
                }
            }
        }
    }

    async fn tell_figures(&self) -> Result<(), sqlx::Error> {
        for lag in self.lag().await? {
            let Lag {
                read_model,
                positions,
                seconds,
                parked,
            } = lag;
            let exact = |count: i64| f64::from(i32::try_from(count).unwrap_or(i32::MAX));
            metrics::gauge!("projection_lag_positions", "read_model" => read_model)
                .set(exact(positions));
            metrics::gauge!("projection_lag_seconds", "read_model" => read_model).set(seconds);
            metrics::gauge!("projection_parked", "read_model" => read_model).set(exact(parked));
        }
        Ok(())
    }

    fn is_away(&self, error: &sqlx::Error) {
        if self.inner.well.swap(false, Ordering::Relaxed) {
            tracing::error!(
                error = told(error),
                "The projector cannot work with the database; it tries on"
            );
        } else {
            tracing::debug!(
                error = told(error),
                "The projector still cannot work with the database"
            );
        }
    }
}

/// Longer and longer pauses.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(LEAST_PAUSE)
    }
}

impl Pause {
    /// Whether it was told to stop meanwhile.
    async fn or_stop(&mut self, stop: &CancellationToken) -> bool {
        let pause = self.0;
        self.0 = (pause * 2).min(MOST_PAUSE);
        tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }
}
