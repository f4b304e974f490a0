//! The tables that grow beside the live ones, alike in everything but the schema.

use sqlx::{Connection as _, PgConnection, Row as _};

use crate::ReadModel;

/// The schema in which twins grow; a migration makes it.
pub(super) const SCHEMA: &str = "rebuild";
/// What making an index may hold in memory, for each read model.
const INDEXING_MEMORY: &str = "128MB";

/// Makes a read model's empty twins, without the indexes that only queries need. What an earlier rebuild left goes.
/// Within a transaction, whose search path it empties.
pub(super) async fn make(db: &mut PgConnection, model: &ReadModel) -> Result<(), sqlx::Error> {
    // So that PostgreSQL names everything in full in what it tells of indexes and constraints.
    execute(db, "set local search_path = ''").await?;
    for table in model.tables {
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
        // Whatever grows so fast is not to be looked through again and again on the way.
        execute(
            db,
            &format!("alter table {SCHEMA}.{table} set (autovacuum_enabled = off)"),
        )
        .await?;
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

/// Makes those indexes that were left for the end and are not there yet, and tells the planner what is in the tables.
pub(super) async fn finish(db: &mut PgConnection, model: &ReadModel) -> Result<(), sqlx::Error> {
    for table in model.tables {
        let mut transaction = db.begin().await?;
        let db = &mut *transaction;
        execute(db, "set local search_path = ''").await?;
        execute(
            db,
            &format!("set local maintenance_work_mem = '{INDEXING_MEMORY}'"),
        )
        .await?;
        for index in indexes(db, table).await? {
            if model.late_indexes.contains(&index.name.as_str()) && !index.is_made {
                execute(db, &index.definition).await?;
            }
        }
        execute(
            db,
            &format!("alter table {SCHEMA}.{table} reset (autovacuum_enabled)"),
        )
        .await?;
        copy_options(db, table).await?;
        transaction.commit().await?;
    }
    tell_planner(db, model).await
}

/// Tells the planner what is in the tables.
pub(super) async fn tell_planner(
    db: &mut PgConnection,
    model: &ReadModel,
) -> Result<(), sqlx::Error> {
    for table in model.tables {
        execute(db, &format!("analyze {SCHEMA}.{table}")).await?;
    }
    Ok(())
}

/// What makes a read model's tables what they are, but for their rows: twins of another shape are of no use.
pub(super) async fn shape(db: &mut PgConnection, model: &ReadModel) -> Result<String, sqlx::Error> {
    let mut transaction = db.begin().await?;
    execute(&mut transaction, "set local search_path = ''").await?;
    let told: String = sqlx::query_scalar(
        "select coalesce(pg_catalog.md5(string_agg(told, E'\\n' order by told)), '') from (
             select pg_catalog.format('%s %s %s %s %s %s', a.attrelid::pg_catalog.regclass, a.attnum, a.attname,
                           pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                           pg_catalog.pg_get_expr(d.adbin, d.adrelid)) as told
               from pg_catalog.pg_attribute a
               left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
              where a.attrelid = any ($1::pg_catalog.regclass[]) and a.attnum > 0 and not a.attisdropped
             union all
             select pg_catalog.pg_get_indexdef(i.indexrelid) from pg_catalog.pg_index i
              where i.indrelid = any ($1::pg_catalog.regclass[])
             union all
             select pg_catalog.format('%s %s', k.conrelid::pg_catalog.regclass, pg_catalog.pg_get_constraintdef(k.oid))
               from pg_catalog.pg_constraint k where k.conrelid = any ($1::pg_catalog.regclass[])) t",
    )
    .bind(
        model
            .tables
            .iter()
            .map(|table| format!("public.{table}"))
            .collect::<Vec<_>>(),
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.rollback().await?;
    Ok(told)
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
    /// The twin has it.
    is_made: bool,
}

/// The live table's indexes, but for those that come with a constraint.
async fn indexes(db: &mut PgConnection, table: &str) -> Result<Vec<Index>, sqlx::Error> {
    let rows = sqlx::query(
        "select c.relname::text as name, pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
                pg_catalog.to_regclass($2 || '.' || pg_catalog.quote_ident(c.relname)) is not null as is_made
           from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
          where i.indrelid = ('public.' || $1)::pg_catalog.regclass
            and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid)
          order by c.relname",
    )
    .bind(table)
    .bind(SCHEMA)
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
                is_made: row.try_get("is_made")?,
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
