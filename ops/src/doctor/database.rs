//! The database: its version, its schema, what the service may do in it, its clock, and the master key that belongs to
//! it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;
use vault::MasterKey;

use super::{checkup::Checkup, herald, ledger, read_models, webhooks};
use crate::{
    database::Database,
    schema::{self, Schema},
    settings::Settings,
};

/// The oldest PostgreSQL that the migrations are written for.
const OLDEST: i32 = 15;
/// How long the service's first connection may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Clocks this far apart confuse people who compare times.
const APART: SignedDuration = SignedDuration::from_secs(1);
/// Clocks this far apart offer slots that are gone, or let keys live on.
const FAR_APART: SignedDuration = SignedDuration::from_secs(30);

pub(super) async fn look(settings: &Settings, database: &Database, checkup: &mut Checkup) {
    match look_as_owner(settings, database, checkup).await {
        Ok(Schema::Current) => {
            let pool = database.service_pool(settings.database.connections);
            if service(&pool, checkup).await {
                read_models::look(settings, &pool, checkup).await;
                herald::look(settings, &pool, checkup).await;
                webhooks::look(&pool, checkup).await;
            }
            pool.close().await;
        }
        Ok(Schema::Absent | Schema::Behind(_) | Schema::Ahead) => {}
        Err(error) => checkup.failed("database", &error),
    }
}

async fn look_as_owner(
    settings: &Settings,
    database: &Database,
    checkup: &mut Checkup,
) -> anyhow::Result<Schema> {
    let mut db = database.connect().await?;
    version(&mut db, database.is_private(), checkup).await?;
    clock(&mut db, checkup).await?;
    let schema = Schema::of(&mut db).await?;
    match schema {
        Schema::Current => {
            checkup.ok(
                "migrations",
                format!("up to date ({:04})", schema::newest()),
            );
            grants(&mut db, checkup).await?;
            master_key(settings, &mut db, checkup).await?;
            ledger::look(&mut db, checkup).await?;
        }
        Schema::Absent => checkup.warn(
            "migrations",
            "the database is empty",
            "start `daybook serve`, or run `daybook migrate`",
        ),
        Schema::Behind(missing) => checkup.fail(
            "migrations",
            format!("{missing} are missing"),
            "run `daybook migrate`, or start `daybook serve` without --no-migrate",
        ),
        Schema::Ahead => checkup.fail(
            "migrations",
            "the database was migrated by a newer daybook",
            "install that one: this one does not know what has changed",
        ),
    }
    db.close().await.ok();
    Ok(schema)
}

async fn version(
    db: &mut PgConnection,
    private: bool,
    checkup: &mut Checkup,
) -> anyhow::Result<()> {
    let (number, version): (i32, String) = sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(db)
    .await?;
    let whose = if private {
        ", private, in the data dir"
    } else {
        ""
    };
    let found = format!("PostgreSQL {version}{whose}");
    if number / 10_000 < OLDEST {
        checkup.fail(
            "database",
            found,
            format!("move to PostgreSQL {OLDEST} or newer"),
        );
    } else {
        checkup.ok("database", found);
    }
    Ok(())
}

async fn clock(db: &mut PgConnection, checkup: &mut Checkup) -> anyhow::Result<()> {
    let before = Timestamp::now();
    let theirs: SqlTimestamp = sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(db)
        .await?;
    let took = Timestamp::now().duration_since(before);
    // It was read somewhere on the way there and back.
    let skew = theirs.to_jiff().duration_since(before + took / 2).abs();
    let unsure = took / 2;
    let found = format!("{} ms from the database's", skew.as_millis());
    let remedy = "let both machines take their time from the network (chrony, systemd-timesyncd)";
    if skew > FAR_APART + unsure {
        checkup.fail("clock", found, remedy);
    } else if skew > APART + unsure {
        checkup.warn("clock", found, remedy);
    } else {
        checkup.ok("clock", found);
    }
    Ok(())
}

/// Append-only is a grant, so that it can be lost.
async fn grants(db: &mut PgConnection, checkup: &mut Checkup) -> anyhow::Result<()> {
    let (may_add, may_change, is_super, is_ours): (bool, bool, bool, bool) = sqlx::query_as(
        "select has_table_privilege(r.oid, 'events', 'select') and has_table_privilege(r.oid, 'events', 'insert'),
                has_table_privilege(r.oid, 'events', 'update') or has_table_privilege(r.oid, 'events', 'delete')
                    or has_table_privilege(r.oid, 'events', 'truncate'),
                r.rolsuper,
                pg_has_role(current_user, r.oid, 'member')
         from pg_roles r where r.rolname = 'daybook_service'",
    )
    .fetch_optional(db)
    .await?
    .unwrap_or_default();
    if may_change || is_super {
        checkup.fail(
            "grants",
            "role daybook_service may change or delete events",
            "as the owner: revoke update, delete, truncate on events from daybook_service; alter role daybook_service nosuperuser",
        );
    } else if !may_add || !is_ours {
        checkup.fail(
            "grants",
            "role daybook_service may not do its work",
            "as a superuser: grant daybook_service to the role in DAYBOOK_DATABASE_URL; grant select, insert on events to daybook_service",
        );
    } else {
        checkup.ok(
            "grants",
            "daybook_service may add events, and neither change nor delete them",
        );
    }
    Ok(())
}

async fn master_key(
    settings: &Settings,
    db: &mut PgConnection,
    checkup: &mut Checkup,
) -> anyhow::Result<()> {
    let file = settings.data_dir.join("master.key");
    let first: Option<Vec<u8>> = sqlx::query_scalar("select fingerprint from vault_master")
        .fetch_optional(db)
        .await?;
    let (key, place) = match settings.books.master_key() {
        Some(key) => (key.clone(), "DAYBOOK_MASTER_KEY".to_owned()),
        None if !file.exists() => {
            match first {
                None => checkup.ok("master key", "none yet; made on first use"),
                Some(_) => checkup.fail(
                    "master key",
                    format!(
                        "{} is not there: names, phones and notes cannot be read",
                        file.display()
                    ),
                    "put it back from the backup, or set DAYBOOK_MASTER_KEY",
                ),
            }
            return Ok(());
        }
        None => match MasterKey::load_or_create(&settings.data_dir) {
            Ok(key) => (key, file.display().to_string()),
            Err(error) => {
                let error = anyhow::Error::new(error);
                checkup.failed("master key", &error);
                return Ok(());
            }
        },
    };
    match first {
        Some(first) if first != key.fingerprint() => checkup.fail(
            "master key",
            format!("{place} is not the one that this database was first used with"),
            "put the first one back; see that data dir and database belong together",
        ),
        Some(_) => checkup.ok(
            "master key",
            format!("{place}; keep a copy apart from the database's"),
        ),
        None => checkup.ok("master key", format!("{place}, not used yet")),
    }
    Ok(())
}

/// That the service comes in, in its role.
async fn service(pool: &PgPool, checkup: &mut Checkup) -> bool {
    let asked = sqlx::query_scalar::<_, String>("select current_user::text").fetch_one(pool);
    match timeout(ANSWER_WITHIN, asked).await {
        Ok(Ok(role)) => {
            checkup.ok("service", format!("connects as {role}"));
            return true;
        }
        Ok(Err(error)) => checkup.fail(
            "service",
            format!("cannot work in its role: {error}"),
            "let the role in DAYBOOK_DATABASE_URL `set role daybook_service`, without a proxy in between that forbids it",
        ),
        Err(_) => checkup.fail(
            "service",
            format!("no connection within {} s", ANSWER_WITHIN.as_secs()),
            "see max_connections of the server",
        ),
    }
    false
}
