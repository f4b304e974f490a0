//! For tests: a migrated database of one's own, made from a template in a few milliseconds on a server that all tests
//! of this user share, and dropped afterwards.

use std::{env, path::PathBuf, thread, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::private::{Binaries, Durability, Postgres, PostgresError, Settings, own_dir, quoted};

/// The role as which the service works: it may do what the migrations grant to it.
pub const SERVICE_ROLE: &str = "daybook_service";

static MIGRATIONS: Migrator = sqlx::migrate!("../../ops/migrations");

/// Long enough that `cargo test` finds the server still there when it goes from one test binary to the next.
const LINGER: Duration = Duration::from_secs(20);

/// The locks under which one process makes the template, or drops leftovers, while the others wait. Any number will
/// do that is used for nothing else in the database `postgres`.
const TEMPLATE_LOCK: i64 = 0x0064_6179_626f_6f6b;

/// A fresh database with all migrations applied and nothing else in it. Dropped with this value.
#[derive(Debug)]
pub struct Database {
    /// Address for the owner of the tables, who may do anything.
    pub owner_url: String,
    /// Address for the service, which may do what was granted to [`SERVICE_ROLE`].
    pub service_url: String,
    name: String,
    server: Postgres,
    has_service_role: bool,
}

/// Why there is no database to test with.
#[derive(Debug, thiserror::Error)]
enum DatabaseError {
    #[error(transparent)]
    Server(#[from] PostgresError),
    #[error("could not make a database to test with: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("could not migrate the template of the test databases: {0}")]
    Migrations(#[from] MigrateError),
}

/// A fresh, migrated database for a test.
///
/// # Panics
/// With a message that says what to do, when there is no server and none can be started: a test without its database
/// has failed.
pub async fn database() -> Database {
    match make_database().await {
        Ok(database) => database,
        Err(error) => panic!("{error}"),
    }
}

async fn make_database() -> Result<Database, DatabaseError> {
    static SERVER: OnceCell<(Postgres, Template)> = OnceCell::const_new();
    // Kept to the end of the process; the kernel then tells the keeper.
    let (server, template) = SERVER
        .get_or_try_init(async || {
            let server = shared_server().await?;
            let template = make_template(&server).await?;
            Ok::<_, DatabaseError>((server, template))
        })
        .await?;
    let name = format!("test_{}", Uuid::now_v7().simple());
    let mut db = server.connect("postgres").await?;
    // Copying files takes a fifth of the time of writing pages to the log, and nothing here has to outlive a crash.
    sqlx::raw_sql(&format!(
        "create database {} template {} strategy file_copy",
        quoted(&name),
        quoted(&template.name)
    ))
    .execute(&mut db)
    .await?;
    db.close().await?;
    let owner_url = server.url(&name);
    let service_url = if template.has_service_role {
        server.url_as(&name, SERVICE_ROLE)
    } else {
        owner_url.clone()
    };
    Ok(Database {
        owner_url,
        service_url,
        name,
        server: server.clone(),
        has_service_role: template.has_service_role,
    })
}

impl Database {
    /// A pool of connections as the owner of the tables.
    ///
    /// # Panics
    /// When the server does not answer: the test has failed.
    pub async fn owner_pool(&self) -> PgPool {
        pool(self.owner_options()).await
    }

    /// A pool of connections as the service.
    ///
    /// # Panics
    /// When the server does not answer: the test has failed.
    pub async fn service_pool(&self) -> PgPool {
        pool(self.service_options()).await
    }

    /// How to connect as the owner, for a pool with settings of one's own.
    #[must_use]
    pub fn owner_options(&self) -> PgConnectOptions {
        self.server.options(&self.name)
    }

    /// How to connect as the service, for a pool with settings of one's own.
    #[must_use]
    pub fn service_options(&self) -> PgConnectOptions {
        if self.has_service_role {
            self.owner_options().options([("role", SERVICE_ROLE)])
        } else {
            self.owner_options()
        }
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // In a thread of its own, for the test's runtime may be busy, or about to end; and waited for, or the process
        // would end first. The server is thrown away soon, so that a failure here costs only some disk space.
        let (server, name) = (self.server.clone(), std::mem::take(&mut self.name));
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut db = server
                    .connect("postgres")
                    .await
                    .map_err(std::io::Error::other)?;
                sqlx::raw_sql(&format!(
                    "drop database if exists {} with (force)",
                    quoted(&name)
                ))
                .execute(&mut db)
                .await
                .map_err(std::io::Error::other)
            })
        });
        match dropping.join() {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "could not drop a test's database"),
            Err(_) => tracing::warn!("could not drop a test's database: the thread stopped"),
        }
    }
}

async fn pool(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await;
    match pool {
        Ok(pool) => pool,
        Err(error) => panic!("could not connect to a test's database: {error}"),
    }
}

#[derive(Debug)]
struct Template {
    name: String,
    has_service_role: bool,
}

/// The throw-away server that all tests of this user share, across processes.
async fn shared_server() -> Result<Postgres, DatabaseError> {
    let settings = Settings {
        durability: Durability::ThrownAway,
        linger: LINGER,
    };
    Ok(Postgres::start(shared_dir()?, settings).await?)
}

/// A folder for each user and each way to run the server, so that who shares it agrees on how.
fn shared_dir() -> Result<PathBuf, DatabaseError> {
    let binaries = Binaries::find(None).map_err(PostgresError::from)?;
    let way = format!(
        "{}\n{}",
        binaries.dir().display(),
        crate::private::WAY_OF_THROWN_AWAY
    );
    let way = Uuid::new_v5(&Uuid::NAMESPACE_OID, way.as_bytes())
        .simple()
        .to_string();
    let uid = rustix::process::geteuid().as_raw();
    let dir = env::temp_dir().join(format!("daybook-tests-{uid}-{}", &way[..8]));
    own_dir(&dir).map_err(PostgresError::from)?;
    Ok(dir)
}

/// Makes the template for this set of migrations, unless it is there.
async fn make_template(server: &Postgres) -> Result<Template, DatabaseError> {
    let checksums: Vec<u8> = MIGRATIONS
        .iter()
        .flat_map(|migration| migration.checksum.iter().copied())
        .collect();
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &checksums).simple();
    let (name, making) = (format!("template_{id}"), format!("making_{id}"));

    let mut db = server.connect("postgres").await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut db)
        .await?;
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut db)
            .await?;
    if !there {
        migrate(server, &mut db, &making).await?;
        // Under its name only when whole; closed to connections, which would stand in the way of its copies.
        sqlx::raw_sql(&format!(
            "alter database {making} with is_template true allow_connections false; alter database {making} rename to {name}"
        ))
        .execute(&mut db)
        .await?;
    }
    let has_service_role =
        sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
            .bind(SERVICE_ROLE)
            .fetch_one(&mut db)
            .await?;
    // Gives the lock back as well.
    db.close().await?;
    Ok(Template {
        name,
        has_service_role,
    })
}

async fn migrate(
    server: &Postgres,
    db: &mut PgConnection,
    name: &str,
) -> Result<(), DatabaseError> {
    for statement in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}"),
    ] {
        sqlx::raw_sql(&statement).execute(&mut *db).await?;
    }
    let mut inside = server.connect(name).await?;
    let migrated = MIGRATIONS.run_direct(&mut inside).await;
    inside.close().await?;
    Ok(migrated?)
}
