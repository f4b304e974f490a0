//! The database: the one whose address is given, or a private PostgreSQL in the data dir.

use std::{future::Future, num::NonZeroU32, path::Path, str::FromStr, time::Duration};

use anyhow::Context;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use testbed::Postgres;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    failure::Remedy,
    settings::{Reading, Setting},
};

/// The name of the database in a private server.
const NAME: &str = "daybook";
/// How long a caller waits for a free connection before the answer is that the database is away.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);
/// How long a new connection to a given address may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How often a private server is looked at, and how long after it could not be started it is tried again.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(10);

const URL: Setting = Setting {
    value: Some("URL"),
    default: Some("a private PostgreSQL in the data dir"),
    secret: true,
    ..Setting::new(
        "database_url",
        "DAYBOOK_DATABASE_URL",
        "Address of the PostgreSQL database (15 or newer), as the owner of its schema: postgres://USER:PASSWORD@HOST/NAME; the service works in it as role daybook_service",
    )
};

const CONNECTIONS: Setting = Setting {
    value: Some("NUMBER"),
    default: Some("40"),
    ..Setting::new(
        "database_connections",
        "DAYBOOK_DATABASE_CONNECTIONS",
        "The most connections that one process keeps to the database",
    )
};

/// Where the database is.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The owner's address. Default: none, a private server.
    url: Option<Address>,
    /// The most connections of one process. Default 40; the ledger alone appends on up to 16.
    pub(crate) connections: NonZeroU32,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[&URL, &CONNECTIONS];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        let (url, connections) = (said.optional(&URL), said.value(&CONNECTIONS));
        Some(Self {
            url: url?,
            connections: connections?,
        })
    }
}

#[derive(Debug, Clone)]
struct Address {
    text: String,
    options: PgConnectOptions,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Whatever stands before it, sqlx takes for a name of PostgreSQL.
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err(
                "is no address of a PostgreSQL database: it begins with postgres://".to_owned(),
            );
        }
        let options = text
            .parse()
            .map_err(|error| format!("is no address of a PostgreSQL database: {error}"))?;
        Ok(Self {
            text: text.to_owned(),
            options,
        })
    }
}

/// A database that answers. A private one is kept up as long as this value lives.
#[derive(Debug)]
pub(crate) struct Database {
    address: Address,
    private: Option<Postgres>,
}

impl Database {
    /// Finds it, or starts a private one.
    pub(crate) async fn open(settings: &Settings, data_dir: &Path) -> anyhow::Result<Self> {
        match &settings.url {
            Some(address) => Self::given(address).await,
            None => Self::private(data_dir).await,
        }
    }

    async fn given(address: &Address) -> anyhow::Result<Self> {
        let database = Self {
            address: address.clone(),
            private: None,
        };
        // A pool would try again in silence and tell only that time ran out.
        database.connect().await?.close().await.ok();
        Ok(database)
    }

    async fn private(data_dir: &Path) -> anyhow::Result<Self> {
        let what = "the private PostgreSQL could not be started";
        let remedy = "mend that, or set DAYBOOK_DATABASE_URL to a PostgreSQL of your own";
        let server = Postgres::join_or_start(data_dir)
            .await
            .remedy(what, remedy)?;
        server.ensure_database(NAME).await.remedy(what, remedy)?;
        Ok(Self {
            address: Address {
                text: server.url(NAME),
                options: server.options(NAME),
            },
            private: Some(server),
        })
    }

    /// Its address for the owner of the schema. Holds the password.
    pub(crate) fn url(&self) -> &str {
        &self.address.text
    }

    /// Whether it is ours alone.
    pub(crate) fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// One connection, as the owner.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        let connecting = PgConnection::connect_with(&self.address.options);
        let connected = tokio::time::timeout(CONNECT_WITHIN, connecting).await;
        connected
            .with_context(|| format!("no answer within {} s", CONNECT_WITHIN.as_secs()))
            .and_then(|connected| connected.map_err(Into::into))
            .remedy(
                "the database could not be reached",
                "see that PostgreSQL runs and that DAYBOOK_DATABASE_URL is right, or unset it for a private server",
            )
    }

    /// The service's connections: made when needed, in its role, with its rights only.
    pub(crate) fn service_pool(&self, connections: NonZeroU32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections.get())
            .acquire_timeout(ACQUIRE_WITHIN)
            // A round trip on each use; a connection that died shows itself when it is used.
            .test_before_acquire(false)
            .connect_lazy_with(ledger::connect_options(self.address.options.clone()))
    }

    /// Connections of the owner's, for what changes tables.
    pub(crate) fn owner_pool(&self, connections: NonZeroU32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections.get())
            .acquire_timeout(ACQUIRE_WITHIN)
            .connect_lazy_with(self.address.options.clone())
    }

    /// Starts a private server again whenever it has died, until told to stop: nobody else would. None for a given one.
    /// Not to outlive this value.
    pub(crate) fn kept_up(
        &self,
        stop: CancellationToken,
    ) -> Option<impl Future<Output = anyhow::Result<()>> + Send + 'static> {
        let server = self.private.clone()?;
        let mut looks = interval(LOOKS_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(async move {
            while stop.run_until_cancelled(looks.tick()).await.is_some() {
                match stop.run_until_cancelled(server.revive()).await {
                    Some(Ok(false)) => {}
                    Some(Ok(true)) => {
                        tracing::warn!("the private PostgreSQL had died, and was started again");
                    }
                    Some(Err(error)) => {
                        tracing::error!(%error, "the private PostgreSQL has died and cannot be started; tried again");
                        looks.reset_after(TRIES_AGAIN_AFTER);
                    }
                    None => break,
                }
            }
            Ok(())
        })
    }

    /// Lets a private server go; it is stopped if we were the last, which is waited for.
    pub(crate) async fn close(self) {
        if let Some(server) = self.private {
            server.leave().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_kind_of_database_is_no_address() {
        for good in [
            "postgres://owner:secret@db/daybook",
            "postgresql:///daybook?host=/run",
        ] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for bad in ["mysql://owner@db/daybook", "db/daybook", "postgres:owner"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
