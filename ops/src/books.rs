//! The books, opened: the database with the schema it needs, the ledger, and the vault under the right master key.

use std::{num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};

use gateway::{App, Parts};
use jiff::Timestamp;
use ledger::{BusinessId, Ledger};
use projections::{Projector, ProjectorSettings};
use sqlx::PgPool;
use tokio::time::timeout;
use vault::{MasterKey, Vault};

use crate::{
    database::Database,
    failure::{Remedy, failure},
    schema,
    settings::{self, Reading, Setting},
};

/// A connection is given back within this, unless the database is away.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

const MASTER_KEY: Setting = Setting {
    value: Some("KEY"),
    default: Some("the file master.key in the data dir, made on first use"),
    secret: true,
    in_file: false,
    ..Setting::new(
        "master_key",
        "DAYBOOK_MASTER_KEY",
        "Key under which all personal data lies: 32 bytes in hexadecimal or base64",
    )
};

/// What opens the sealed.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Default: none, the file in the data dir.
    master_key: Option<Given>,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[&MASTER_KEY];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        Some(Self {
            master_key: said.optional(&MASTER_KEY)?,
        })
    }

    /// The key itself, if it was given.
    pub(crate) fn master_key(&self) -> Option<&MasterKey> {
        self.master_key.as_ref().map(|given| &given.0)
    }
}

#[derive(Debug)]
struct Given(MasterKey);

impl FromStr for Given {
    type Err = vault::MasterKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Everything that a command needs to read and write the books.
pub(crate) struct Books {
    pub(crate) database: Database,
    pub(crate) pool: PgPool,
    pub(crate) ledger: Ledger,
    pub(crate) vault: Vault,
    /// Feeds the read models, once it is told to.
    pub(crate) projector: Projector,
}

/// What to do about a schema that is not as this program wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Bring it up to date.
    Migrate,
    /// Make a new or a private database ready; be stopped by a shared one that is behind.
    Ensure,
    /// Touch nothing; be stopped unless it is current.
    Demand,
}

impl Books {
    /// Opens them for a command that lives for a while.
    pub(crate) async fn open(settings: &settings::Settings) -> anyhow::Result<Self> {
        let few = NonZeroU32::new(8).unwrap_or(NonZeroU32::MIN);
        let connections = settings.database.connections.min(few);
        Self::open_with(settings, Schema::Ensure, connections).await
    }

    /// Opens them.
    pub(crate) async fn open_with(
        settings: &settings::Settings,
        schema: Schema,
        connections: NonZeroU32,
    ) -> anyhow::Result<Self> {
        let dir = &settings.data_dir;
        std::fs::create_dir_all(dir).remedy(
            format!("the data dir {} could not be made", dir.display()),
            "name another with --data-dir, or make it yours",
        )?;
        let database = Database::open(&settings.database, dir).await?;
        match schema {
            Schema::Migrate => drop(schema::migrate(&database).await?),
            Schema::Ensure => schema::ensure(&database).await?,
            Schema::Demand => schema::demand(&database).await?,
        }
        let master = match settings.books.master_key() {
            Some(given) => given.clone(),
            None => MasterKey::load_or_create(dir).remedy(
                "there is no master key to work with",
                "put back the file master.key that was there, or set DAYBOOK_MASTER_KEY",
            )?,
        };
        let pool = database.service_pool(connections);
        let vault = Vault::new(&master, pool.clone());
        vault.check_master().await.remedy(
            "the personal data of this database could not be opened",
            "see that the data dir and the database belong together",
        )?;
        let ledger = Ledger::new(pool.clone(), domain::event::upcasters());
        Ok(Self {
            projector: Projector::new(
                pool.clone(),
                ledger.clone(),
                vault.clone(),
                ProjectorSettings::new(env!("CARGO_PKG_VERSION")),
            ),
            ledger,
            vault,
            pool,
            database,
        })
    }

    /// What the gateway is put together from, with its usual settings.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            ledger: self.ledger.clone(),
            vault: self.vault.clone(),
            pool: self.pool.clone(),
            settings: gateway::Settings::default(),
            clock: Arc::new(Timestamp::now),
            projector: self.projector.clone(),
            probes: Vec::new(),
        }
    }

    /// The gateway's way to the books, for commands that do what a request does.
    pub(crate) fn app(&self) -> App {
        App::new(self.parts())
    }

    /// The business of this slug.
    pub(crate) async fn business(&self, slug: &str) -> anyhow::Result<BusinessId> {
        let found = self.app().business_of(slug).await.remedy(
            "the business could not be looked up",
            "see the causes told here, and run it again",
        )?;
        found.ok_or_else(|| {
            failure(
                format!("there is no business {slug:?}"),
                "give the slug that it was created with, and the data dir or database that it is in",
            )
        })
    }

    /// Closes the connections and lets a private server go, which is waited for.
    pub(crate) async fn close(self) {
        let Self {
            database,
            pool,
            ledger,
            vault,
            projector,
        } = self;
        // They hold connections of the pool.
        drop((projector, ledger, vault));
        if timeout(CLOSE_WITHIN, pool.close()).await.is_err() {
            tracing::warn!("connections that are still in use are dropped");
        }
        database.close().await;
    }
}
