//! The schema: which migrations the database has, and which are missing.

use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::{Migrate, MigrateError, Migrator},
};

use crate::{
    database::Database,
    failure::{Remedy, failure},
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How the database's schema stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// There is none: nothing was ever migrated.
    Absent,
    /// So many migrations of ours are missing.
    Behind(usize),
    /// As this program wants it.
    Current,
    /// It has migrations that this program does not know.
    Ahead,
}

/// The number of the newest migration that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

impl Schema {
    /// Looks.
    pub(crate) async fn of(db: &mut PgConnection) -> anyhow::Result<Self> {
        let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
            .fetch_one(&mut *db)
            .await
            .remedy(READING.0, READING.1)?;
        if !there {
            return Ok(Self::Absent);
        }
        let applied = db
            .list_applied_migrations()
            .await
            .remedy(READING.0, READING.1)?;
        if applied.is_empty() {
            return Ok(Self::Absent);
        }
        let known = |version| MIGRATIONS.iter().any(|ours| ours.version == version);
        if applied.iter().any(|migration| !known(migration.version)) {
            return Ok(Self::Ahead);
        }
        match MIGRATIONS.iter().count() - applied.len() {
            0 => Ok(Self::Current),
            missing => Ok(Self::Behind(missing)),
        }
    }
}

const READING: (&str, &str) = (
    "the database's list of migrations could not be read",
    "see that DAYBOOK_DATABASE_URL names the owner of the schema",
);

/// Whether the database has all migrations of ours, asked with the service's rights.
pub(crate) async fn is_current(db: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(version), 0) >= $1 from _sqlx_migrations where success")
        .bind(newest())
        .fetch_one(db)
        .await
}

/// Brings the database up to date, one process at a time (an advisory lock), and tells which migrations were applied.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<Vec<i64>> {
    let mut db = database.connect().await?;
    // To the end of this connection: of two who grant the same right at once, PostgreSQL fails one.
    db.lock().await.remedy(
        "the database could not be locked for its migrations",
        "see that PostgreSQL is well and run `daybook migrate` again",
    )?;
    let before = applied(&mut db).await?;
    let migrated = MIGRATIONS.run(&mut db).await;
    if let Err(error) = migrated {
        let remedy = if let MigrateError::VersionMissing(_) = error {
            "the database belongs to a newer daybook: install that one"
        } else if let MigrateError::VersionMismatch(_) = error {
            "the database was migrated by a daybook that is no release; start with an empty one"
        } else {
            "mend that and run `daybook migrate` again; what was applied so far stays"
        };
        return Err(error).remedy("the database could not be brought up to date", remedy);
    }
    // So that the service can tell whether it fits.
    sqlx::query("grant select on _sqlx_migrations to daybook_service")
        .execute(&mut db)
        .await
        .remedy(READING.0, READING.1)?;
    let after = applied(&mut db).await?;
    db.close().await.ok();
    let new: Vec<i64> = after
        .into_iter()
        .filter(|version| !before.contains(version))
        .collect();
    if !new.is_empty() {
        tracing::info!(
            migrations = new.len(),
            newest = newest(),
            "the database was brought up to date"
        );
    }
    Ok(new)
}

async fn applied(db: &mut PgConnection) -> anyhow::Result<Vec<i64>> {
    let applied = match Schema::of(db).await? {
        Schema::Absent => Vec::new(),
        Schema::Behind(_) | Schema::Current | Schema::Ahead => db
            .list_applied_migrations()
            .await
            .remedy(READING.0, READING.1)?,
    };
    Ok(applied
        .into_iter()
        .map(|migration| migration.version)
        .collect())
}

/// Sees to it that a command finds the schema that it needs. A new database is made ready, so that any command may be
/// the first; a private one is brought up to date; a shared one is left to `daybook migrate`, for older services may
/// be at work in it.
pub(crate) async fn ensure(database: &Database) -> anyhow::Result<()> {
    let mut db = database.connect().await?;
    let schema = Schema::of(&mut db).await?;
    db.close().await.ok();
    match schema {
        Schema::Current => Ok(()),
        Schema::Absent => migrate(database).await.map(drop),
        Schema::Behind(_) if database.is_private() => migrate(database).await.map(drop),
        Schema::Behind(_) | Schema::Ahead => refuse(schema),
    }
}

/// That the schema is as wanted, without touching it.
pub(crate) async fn demand(database: &Database) -> anyhow::Result<()> {
    let mut db = database.connect().await?;
    let schema = Schema::of(&mut db).await?;
    db.close().await.ok();
    if schema == Schema::Current {
        Ok(())
    } else {
        refuse(schema)
    }
}

fn refuse(schema: Schema) -> anyhow::Result<()> {
    let (what, remedy) = match schema {
        Schema::Current => return Ok(()),
        Schema::Absent => ("the database is empty".to_owned(), "run `daybook migrate`"),
        Schema::Behind(missing) => (
            format!("the database lacks {missing} migrations"),
            "run `daybook migrate`",
        ),
        Schema::Ahead => (
            "the database was migrated by a newer daybook".to_owned(),
            "install that one: this one does not know what has changed",
        ),
    };
    Err(failure(what, remedy))
}
