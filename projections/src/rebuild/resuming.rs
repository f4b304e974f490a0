//! Where rebuilds under way have come to, in the tables of `ops/migrations/0066_rebuild_resumes.sql`: what was killed is
//! gone on with.

use std::collections::{BTreeMap, HashMap};

use ledger::{BusinessId, EventId, Position};
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::{
    pouring::Builder,
    twins::{self, SCHEMA},
};
use crate::{ReadModel, projector::Broken};

/// Makes a site ready for each of these read models: the one that an earlier rebuild left, or an empty one. Tells how far
/// each is.
pub(super) async fn begin(
    db: &mut PgConnection,
    models: &[&'static ReadModel],
) -> Result<Vec<Builder>, sqlx::Error> {
    let mut builders = vec![];
    for model in models {
        let shape = twins::shape(db, model).await?;
        let mut builder = Builder::of(model);
        if stands(db, model, &shape).await? {
            let mut transaction = db.begin().await?;
            // A commit of who was killed may still be on its way: it holds the row until it is there.
            sqlx::query("select from public.rebuild_twin where read_model = $1 for update")
                .bind(model.name)
                .execute(&mut *transaction)
                .await?;
            (builder.resumed, builder.parked) = reached(&mut transaction, model).await?;
            transaction.commit().await?;
            tracing::info!(
                read_model = model.name,
                businesses = builder.resumed.len(),
                "An earlier rebuild was not finished; it is gone on with"
            );
        } else {
            let mut transaction = db.begin().await?;
            forget(&mut transaction, &[model]).await?;
            twins::make(&mut transaction, model).await?;
            sqlx::query(
                "insert into public.rebuild_twin (read_model, version, shape) values ($1, $2, $3)",
            )
            .bind(model.name)
            .bind(model.version)
            .bind(shape)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
        }
        builders.push(builder);
    }
    Ok(builders)
}

/// Whether what an earlier rebuild left is what this one would make: by the same code, in the same shape, and with no
/// key destroyed since, whose values it may hold.
async fn stands(
    db: &mut PgConnection,
    model: &ReadModel,
    shape: &str,
) -> Result<bool, sqlx::Error> {
    let same: bool = sqlx::query_scalar(
        "select exists (
             select from public.rebuild_twin t
              where t.read_model = $1 and t.version = $2 and t.shape = $3
                and not exists (select from public.person_key k where k.destroyed_at >= t.begun_at))",
    )
    .bind(model.name)
    .bind(model.version)
    .bind(shape)
    .fetch_one(&mut *db)
    .await?;
    if !same {
        return Ok(false);
    }
    let tables: Vec<String> = model
        .tables
        .iter()
        .map(|table| format!("{SCHEMA}.{table}"))
        .collect();
    sqlx::query_scalar(
        "select coalesce(bool_and(to_regclass(t) is not null), true) from unnest($1::text[]) as t",
    )
    .bind(tables)
    .fetch_one(db)
    .await
}

type Reached = (HashMap<BusinessId, Position>, BTreeMap<BusinessId, Broken>);
type ReachedRow = (Uuid, i64, Option<i64>, Option<Uuid>, Option<String>);

async fn reached(db: &mut PgConnection, model: &ReadModel) -> Result<Reached, sqlx::Error> {
    let rows: Vec<ReachedRow> = sqlx::query_as(
        "select business_id, position, failed_position, failed_event, error
           from public.rebuild_reached where read_model = $1",
    )
    .bind(model.name)
    .fetch_all(db)
    .await?;
    let mut reached = Reached::default();
    for (business, position, failed, event, error) in rows {
        let business = BusinessId(business);
        reached.0.insert(business, Position(position));
        if let Some((failed, error)) = failed.zip(error) {
            let broken = Broken {
                position: Position(failed),
                event: event.map(EventId),
                error,
            };
            reached.1.insert(business, broken);
        }
    }
    Ok(reached)
}

/// To be the first statement of each transaction that writes to the twins: who goes on after us waits for its end.
pub(super) async fn hold(db: &mut PgConnection, model: &ReadModel) -> Result<(), sqlx::Error> {
    sqlx::query("select from public.rebuild_twin where read_model = $1 for share")
        .bind(model.name)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes how far a builder has come with these businesses, in the transaction that writes its rows.
pub(super) async fn note(
    db: &mut PgConnection,
    builder: &Builder,
    reached: &HashMap<BusinessId, Position>,
) -> Result<(), sqlx::Error> {
    if reached.is_empty() {
        return Ok(());
    }
    let broken = |business| builder.parked.get(business);
    let keys = || reached.keys();
    sqlx::query(
        "insert into public.rebuild_reached (read_model, business_id, position, failed_position, failed_event, error)
         select $1, * from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[])
             on conflict (read_model, business_id) do update
            set position = greatest(excluded.position, rebuild_reached.position),
                failed_position = excluded.failed_position, failed_event = excluded.failed_event,
                error = excluded.error",
    )
    .bind(builder.model.name)
    .bind(keys().map(|business| business.0).collect::<Vec<_>>())
    .bind(reached.values().map(|at| at.0).collect::<Vec<_>>())
    .bind(
        keys()
            .map(|b| broken(b).map(|broken| broken.position.0))
            .collect::<Vec<_>>(),
    )
    .bind(
        keys()
            .map(|b| broken(b).and_then(|broken| Some(broken.event?.0)))
            .collect::<Vec<_>>(),
    )
    .bind(
        keys()
            .map(|b| broken(b).map(|broken| broken.error.as_str()))
            .collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets these rebuilds: they are through, or begun anew.
pub(super) async fn forget(
    db: &mut PgConnection,
    models: &[&'static ReadModel],
) -> Result<(), sqlx::Error> {
    let names: Vec<&str> = models.iter().map(|model| model.name).collect();
    sqlx::query("delete from public.rebuild_twin where read_model = any ($1)")
        .bind(names)
        .execute(db)
        .await?;
    Ok(())
}

/// Read models whose rebuild was begun and not finished. Their tables take up room until it is gone on with.
///
/// # Errors
/// When the database does not answer.
pub async fn unfinished(owner: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select read_model from rebuild_twin order by read_model")
        .fetch_all(owner)
        .await
}
