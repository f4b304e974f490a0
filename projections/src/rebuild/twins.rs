//! The tables that grow beside the live ones, alike in everything but the schema.

use sqlx::{PgConnection, Row as _};

use crate::ReadModel;

/// The schema in which twins grow; a migration makes it.
pub(super) const SCHEMA: &str = "rebuild";

/// Makes empty twins, without the indexes that only queries need. What an earlier rebuild left goes.
pub(super) async fn make(db: &mut PgConnection, models: &[&ReadModel]) -> Result<(), sqlx::Error> {
    // So that PostgreSQL names everything in full in what it tells of indexes and constraints.
    execute(db, "set search_path = ''").await?;
    for (model, table) in tables(models) {
        execute(db, &format!("drop table if exists {SCHEMA}.{table}")).await?;
        execute(
            db,
            &format!(
                "create table {SCHEMA}.{table} (like public.{table} including defaults including constraints
                 including generated including storage including compression including comments)"
            ),
        )
        .await?;
        copy_options(db, table).await?;
        copy_constraints(db, table).await?;
        for index in indexes(db, table).await? {
            if !model.late_indexes.contains(&index.name.as_str()) {
                execute(db, &index.definition).await?;
            }
        }
        copy_grants(db, table).await?;
    }
    Ok(())
}

/// Makes the indexes that were left for the end, and tells the planner what is in the tables.
pub(super) async fn finish(
    db: &mut PgConnection,
    models: &[&ReadModel],
) -> Result<(), sqlx::Error> {
    for (model, table) in tables(models) {
        for index in indexes(db, table).await? {
            if model.late_indexes.contains(&index.name.as_str()) {
                execute(db, &index.definition).await?;
            }
        }
        execute(db, &format!("analyze {SCHEMA}.{table}")).await?;
    }
    Ok(())
}

/// Puts the twins in the live tables' place.
pub(super) async fn swap(db: &mut PgConnection, models: &[&ReadModel]) -> Result<(), sqlx::Error> {
    for (_, table) in tables(models) {
        execute(db, &format!("drop table public.{table}")).await?;
        execute(
            db,
            &format!("alter table {SCHEMA}.{table} set schema public"),
        )
        .await?;
    }
    Ok(())
}

/// Takes away what a rebuild that came to nothing leaves.
pub(super) async fn drop_all(
    db: &mut PgConnection,
    models: &[&ReadModel],
) -> Result<(), sqlx::Error> {
    for (_, table) in tables(models) {
        execute(db, &format!("drop table if exists {SCHEMA}.{table}")).await?;
    }
    Ok(())
}

fn tables<'a>(
    models: &'a [&'a ReadModel],
) -> impl Iterator<Item = (&'a ReadModel, &'static str)> + 'a {
    models
        .iter()
        .flat_map(|model| model.tables.iter().map(move |table| (*model, *table)))
}

struct Index {
    name: String,
    /// For the twin.
    definition: String,
}

/// The live table's indexes, but for those that come with a constraint.
async fn indexes(db: &mut PgConnection, table: &str) -> Result<Vec<Index>, sqlx::Error> {
    let rows = sqlx::query(
        "select c.relname::text as name, pg_catalog.pg_get_indexdef(i.indexrelid) as definition
           from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
          where i.indrelid = ('public.' || $1)::pg_catalog.regclass
            and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid)
          order by c.relname",
    )
    .bind(table)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let definition: String = row.try_get("definition")?;
            let (live, twin) = (
                format!(" ON public.{table} "),
                format!(" ON {SCHEMA}.{table} "),
            );
            Ok(Index {
                name: row.try_get("name")?,
                definition: definition.replacen(&live, &twin, 1),
            })
        })
        .collect()
}

async fn copy_constraints(db: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let constraints: Vec<(String, String)> = sqlx::query_as(
        "select conname::text, pg_catalog.pg_get_constraintdef(oid)
           from pg_catalog.pg_constraint
          where conrelid = ('public.' || $1)::pg_catalog.regclass and contype in ('p', 'u', 'x')
          order by contype, conname",
    )
    .bind(table)
    .fetch_all(&mut *db)
    .await?;
    for (name, definition) in constraints {
        let add = format!("alter table {SCHEMA}.{table} add constraint {name} {definition}");
        execute(db, &add).await?;
    }
    Ok(())
}

/// `like` copies no storage parameters.
async fn copy_options(db: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let options: Vec<String> = sqlx::query_scalar(
        "select unnest(reloptions) from pg_catalog.pg_class where oid = ('public.' || $1)::pg_catalog.regclass",
    )
    .bind(table)
    .fetch_all(&mut *db)
    .await?;
    if options.is_empty() {
        return Ok(());
    }
    let set = format!("alter table {SCHEMA}.{table} set ({})", options.join(", "));
    execute(db, &set).await
}

/// `like` copies no grants.
async fn copy_grants(db: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let grants: Vec<(String, String)> = sqlx::query_as(
        "select a.grantee::pg_catalog.regrole::text, string_agg(a.privilege_type, ', ' order by a.privilege_type)
           from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) a
          where c.oid = ('public.' || $1)::pg_catalog.regclass and a.grantee not in (0, c.relowner)
          group by a.grantee",
    )
    .bind(table)
    .fetch_all(&mut *db)
    .await?;
    for (role, privileges) in grants {
        let grant = format!("grant {privileges} on {SCHEMA}.{table} to {role}");
        execute(db, &grant).await?;
    }
    Ok(())
}

/// Table names are the read models' own; all else is quoted by PostgreSQL where it needs it.
async fn execute(db: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statement).execute(db).await?;
    Ok(())
}
