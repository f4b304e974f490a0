//! The service while it runs: the API, the projector and the herald in one process, until it is told to stop.

use std::{future::Future, net::SocketAddr, pin::Pin, process, sync::Arc, time::Duration};

use gateway::{App, Parts, Probe};
use herald::{Connection, Herald, HeraldSettings};
use ledger::Ledger;
use projections::Projector;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    task::{JoinError, JoinHandle, spawn_blocking},
    time::{Instant, interval_at, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    books::{self, Books},
    failure::{Remedy, because, failure},
    interrupt::Interrupts,
    messaging::Messaging,
    rebuild, schema,
    settings::Settings,
};

/// What is past keeping is swept once a day; the first time when the rush of starting is over.
const FIRST_SWEEP: Duration = Duration::from_secs(300);
const SWEEPS: Duration = Duration::from_secs(24 * 60 * 60);
/// The batch in hand takes no longer than this, unless the database is away.
const PROJECTOR_STOPS_WITHIN: Duration = Duration::from_secs(10);
/// The messages in hand take no longer than this, unless NATS or the database is away.
const HERALD_STOPS_WITHIN: Duration = Duration::from_secs(5);

/// Everything that is opened before the first request is taken.
pub(crate) struct Service {
    pub(crate) books: Books,
    messaging: Messaging,
    listener: Option<TcpListener>,
}

impl Service {
    /// Opens the books, the private servers, and the door (which nobody is let in by yet).
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        // First: a port that is taken should be told before a database is made.
        let listener = match settings.serve.roles.api {
            true => Some(listen(settings.serve.listen.0).await?),
            false => None,
        };
        // Before anything counts: figures that come earlier are lost.
        gateway::figures();
        let schema = match settings.serve.no_migrate {
            true => books::Schema::Demand,
            false => books::Schema::Migrate,
        };
        let connections = settings.database.connections;
        let books = Books::open_with(settings, schema, connections).await?;
        let messaging = match settings.serve.roles.herald {
            true => Messaging::open(&settings.messaging, &settings.data_dir).await?,
            false => Messaging::Off,
        };
        if let Messaging::Missing(why) = &messaging {
            tracing::warn!("there is no NATS server, and nothing will be published: {why}");
        }
        Ok(Self {
            books,
            messaging,
            listener,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Option<String> {
        let mut address = self.listener.as_ref()?.local_addr().ok()?;
        if address.ip().is_unspecified() {
            // "All of mine" is no address that anybody could call.
            let here = if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            };
            address.set_ip(here);
        }
        Some(format!("http://{address}"))
    }

    /// Serves until it is told to stop, then finishes what is in hand.
    pub(crate) async fn run(
        mut self,
        settings: &Settings,
        mut interrupts: Interrupts,
    ) -> anyhow::Result<()> {
        let (taking, projecting) = (CancellationToken::new(), CancellationToken::new());
        let app = self.app(settings);
        let counting = tokio::spawn(gateway::count_figures());
        let mut api = Part::maybe(self.listener.take().map(|listener| {
            let (app, stop) = (app.clone(), taking.clone());
            async move {
                let served = gateway::serve(listener, app, stop).await;
                served.remedy(
                    "requests could not be taken any more",
                    "see the log; start it again",
                )
            }
        }));
        let mut projector = Part::maybe(settings.serve.roles.projector.then(|| {
            let (projector, stop) = (self.books.projector.clone(), projecting.clone());
            let swept = sweep(self.books.ledger.clone(), projecting.clone());
            let offered = app.clone().offer_freed_time(projecting.clone());
            let timetables = app.clone().keep_timetables(projecting.clone());
            let (rebuild, stop_rebuilding) = (self.books.rebuild(), projecting.clone());
            let here = Handle::current();
            async move {
                // On a thread of its own: that its future is `Send` cannot be shown (rust-lang/rust#110338).
                let rebuilt = spawn_blocking(move || {
                    here.block_on(rebuild::bring_up_to_date(rebuild, stop_rebuilding));
                });
                let (.., rebuilt) =
                    tokio::join!(projector.run(stop), swept, offered, timetables, rebuilt);
                rebuilt?;
                Ok(())
            }
        }));

        let keeping = CancellationToken::new();
        let mut database = Part::maybe(self.books.database.kept_up(keeping.clone()));
        let telling = CancellationToken::new();
        let mut webhooks = Part::maybe(settings.serve.roles.herald.then(|| {
            let telling = app.clone().tell_webhooks(telling.clone());
            async move {
                telling.await;
                Ok(())
            }
        }));
        let (mut herald, mut nats) = (Part(None), Part(None));
        if let Some(url) = self.messaging.url() {
            let connection = Connection::open(url).await.remedy(
                "there is no connection to NATS to be had",
                "see that DAYBOOK_NATS_URL is right",
            )?;
            nats = Part::maybe(self.messaging.kept_up(connection.clone(), keeping.clone()));
            herald = Part::maybe(Some(tell(
                self.herald(settings, connection),
                telling.clone(),
            )));
        }

        let ended = tokio::select! {
            signal = interrupts.next() => {
                tracing::info!(signal, "stopping: no new requests are taken, those in hand are finished");
                Ok(())
            }
            ended = api.ended() => Err(broken(ended, "the API")),
            ended = projector.ended() => Err(broken(ended, "the projector")),
            ended = herald.ended() => Err(broken(ended, "the herald")),
            ended = webhooks.ended() => Err(broken(ended, "what tells webhooks")),
        };
        let stopped = async {
            taking.cancel();
            let grace = Duration::from_secs(settings.serve.grace_s.get().into());
            if timeout(grace, api.finished()).await.is_err() {
                tracing::warn!(
                    grace_s = settings.serve.grace_s,
                    "requests in hand took too long and are broken off"
                );
                api.abort();
            }
            projecting.cancel();
            if timeout(PROJECTOR_STOPS_WITHIN, projector.finished())
                .await
                .is_err()
            {
                tracing::warn!(
                    "the projector did not stop in time; it goes on from its checkpoint at the next start"
                );
                projector.abort();
            }
            // After the requests: what they recorded is told as well.
            telling.cancel();
            if timeout(HERALD_STOPS_WITHIN, herald.finished())
                .await
                .is_err()
            {
                tracing::warn!(
                    "the herald did not stop in time; it goes on where it was at the next start"
                );
                herald.abort();
            }
            if timeout(HERALD_STOPS_WITHIN, webhooks.finished())
                .await
                .is_err()
            {
                tracing::warn!(
                    "webhooks were not left in time; they are told on from where they were at the next start"
                );
                webhooks.abort();
            }
            counting.abort();
            keeping.cancel();
            nats.finished().await;
            database.finished().await;
            drop(app);
            self.close().await;
        };
        tokio::select! {
            () = stopped => tracing::info!("stopped"),
            signal = interrupts.next() => {
                tracing::warn!(signal, "told a second time: stopping at once");
                // Nothing that was acknowledged is lost, and the private servers' keepers see us go.
                process::exit(1);
            }
        }
        ended
    }

    /// Leaves everything, in the order in which it leans on each other.
    pub(crate) async fn close(self) {
        let Self {
            books,
            messaging,
            listener,
        } = self;
        drop(listener);
        messaging.close().await;
        books.close().await;
    }

    fn gateway(&self, settings: &Settings) -> gateway::Settings {
        let serve = &settings.serve;
        let mail = serve.mail_folder.clone();
        let said = serve
            .public_address
            .as_ref()
            .map(|address| address.0.clone());
        let mut gateway = serve.gateway.clone();
        gateway.mail_folder = Some(mail.unwrap_or_else(|| settings.data_dir.join("mail")));
        if let Some(address) = said.or_else(|| self.address()) {
            gateway.public_address = address;
        }
        gateway
    }

    fn herald(&self, settings: &Settings, connection: Connection) -> Herald {
        let (pool, ledger) = (self.books.pool.clone(), self.books.ledger.clone());
        let herald = HeraldSettings {
            replicas: settings.messaging.replicas.0,
            ..HeraldSettings::default()
        };
        Herald::new(pool, ledger, connection, herald)
    }

    fn app(&self, settings: &Settings) -> App {
        let mut probes = vec![migrations(&self.books)];
        if settings.serve.roles.projector {
            probes.push(well(&self.books.projector));
        }
        App::new(Parts {
            settings: self.gateway(settings),
            probes,
            ..self.books.parts()
        })
    }
}

/// Publishes until it is told to stop.
async fn tell(herald: Herald, stop: CancellationToken) -> anyhow::Result<()> {
    herald.run(stop).await;
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.remedy(
        format!("{address} could not be listened on"),
        "end what listens there, or choose another address with --listen",
    )
}

/// Whether the schema is still the one that this process wants: a restored backup may be older.
fn migrations(books: &Books) -> Probe {
    let pool = books.pool.clone();
    probe("migrations", move || {
        let pool = pool.clone();
        async move {
            match schema::is_current(&pool).await {
                Ok(true) => Ok(()),
                Ok(false) => Err("some are missing: run daybook migrate".to_owned()),
                Err(error) => {
                    tracing::warn!(%error, "could not see whether migrations are missing");
                    Err("could not be looked at".to_owned())
                }
            }
        }
    })
}

fn well(projector: &Projector) -> Probe {
    let projector = projector.clone();
    probe("projector", move || {
        let well = projector.is_well();
        async move {
            if well {
                Ok(())
            } else {
                Err("does not run, or the database does not answer it".to_owned())
            }
        }
    })
}

fn probe<F>(name: &'static str, look: impl Fn() -> F + Send + Sync + 'static) -> Probe
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    Probe {
        name,
        look: Arc::new(move || -> Pin<Box<dyn Future<Output = _> + Send>> { Box::pin(look()) }),
    }
}

/// Clears away claims and command keys that are past keeping.
async fn sweep(ledger: Ledger, stop: CancellationToken) {
    let mut sweeps = interval_at(Instant::now() + FIRST_SWEEP, SWEEPS);
    while stop.run_until_cancelled(sweeps.tick()).await.is_some() {
        match ledger.sweep().await {
            Ok(swept) => tracing::info!(
                claims = swept.claims,
                keys = swept.keys,
                "swept what was past keeping"
            ),
            Err(error) => tracing::warn!(%error, "could not sweep; tried again in a day"),
        }
    }
}

fn broken(ended: Result<anyhow::Result<()>, JoinError>, part: &str) -> anyhow::Error {
    let (what, remedy) = (
        format!("{part} stopped by itself"),
        "see the log; start it again",
    );
    match ended {
        Ok(Ok(())) => failure(what, remedy),
        Ok(Err(error)) => because(error, what, remedy),
        Err(error) => because(error, what, remedy),
    }
}

/// A part of the service in a task of its own, if it was asked for.
struct Part(Option<JoinHandle<anyhow::Result<()>>>);

impl Part {
    fn maybe(work: Option<impl Future<Output = anyhow::Result<()>> + Send + 'static>) -> Self {
        Self(work.map(tokio::spawn))
    }

    /// Waits for its end; for ever, if there is none. Safe to cancel.
    async fn ended(&mut self) -> Result<anyhow::Result<()>, JoinError> {
        let Some(task) = &mut self.0 else {
            return std::future::pending().await;
        };
        let ended = task.await;
        self.0 = None;
        ended
    }

    /// Waits until it is not at work any more; not at all, if it never was.
    async fn finished(&mut self) {
        if self.0.is_some()
            && let Err(error) | Ok(Err(error)) = self.ended().await.map_err(Into::into)
        {
            tracing::error!(error = %crate::failure::in_one_line(&error), "a part of the service broke while it was stopped");
        }
    }

    fn abort(&self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
