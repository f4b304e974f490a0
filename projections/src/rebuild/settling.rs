//! Telling the projector where rebuilt read models stand, in the transaction that brings them in.

use std::collections::HashMap;

use ledger::{BusinessId, Position};
use sqlx::PgConnection;
use uuid::Uuid;

use super::pouring::Builder;
use crate::projector::{Members, park};

/// Sets the positions of rebuilt read models: with the others where they meet, else apart.
///
/// To be called while nobody else moves read models of these businesses.
pub(super) async fn settle(
    db: &mut PgConnection,
    builders: &[Builder],
    reached: &HashMap<BusinessId, Position>,
    process: &str,
) -> Result<(), sqlx::Error> {
    let names: Vec<&str> = builders.iter().map(|builder| builder.model.name).collect();
    let (businesses, positions): (Vec<Uuid>, Vec<i64>) = reached
        .iter()
        .map(|(business, position)| (business.0, position.0))
        .unzip();
    let being_built: Vec<(Uuid, String)> = sqlx::query_as(
        "with gone as (
             delete from projection_apart where read_model = any ($1) and business_id = any ($2)
             returning business_id, read_model, being_built)
         select business_id, read_model from gone where being_built",
    )
    .bind(&names)
    .bind(&businesses)
    .fetch_all(&mut *db)
    .await?;
    // Where nobody else stands at the common position, that is where these are from now on.
    sqlx::query(
        "insert into projection_checkpoint (business_id, position, being_built)
         select r.business_id, case when $3 then r.position else 0 end, not $3
           from unnest($1::uuid[], $2::bigint[]) as r (business_id, position)
             on conflict (business_id) do update
            set position = case when $3 then greatest(excluded.position, projection_checkpoint.position)
                                else projection_checkpoint.position end,
                being_built = projection_checkpoint.being_built and not $3",
    )
    .bind(&businesses)
    .bind(&positions)
    .bind(are_all_there_are(db, &names).await?)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "insert into projection_apart (business_id, read_model, position)
         select r.business_id, n.name, r.position
           from unnest($1::uuid[], $2::bigint[]) as r (business_id, position)
           join projection_checkpoint c on c.business_id = r.business_id and c.position <> r.position
          cross join unnest($3::text[]) as n (name)",
    )
    .bind(businesses)
    .bind(positions)
    .bind(names)
    .execute(&mut *db)
    .await?;
    let models: Vec<_> = builders.iter().map(|builder| builder.model).collect();
    for (place, builder) in builders.iter().enumerate() {
        for (business, broken) in &builder.parked {
            let at = Position(broken.position.0 - 1);
            let stand = (*business, Members::NONE.with(place), at);
            park(db, &models, process, stand, broken).await?;
        }
    }
    stay_being_built(db, being_built).await
}

/// What was being built and could not be built to the end this time either is not whole yet.
async fn stay_being_built(
    db: &mut PgConnection,
    being_built: Vec<(Uuid, String)>,
) -> Result<(), sqlx::Error> {
    if being_built.is_empty() {
        return Ok(());
    }
    let (businesses, names): (Vec<Uuid>, Vec<String>) = being_built.into_iter().unzip();
    sqlx::query(
        "update projection_apart a set being_built = true
           from unnest($1::uuid[], $2::text[]) as b (business_id, read_model)
          where a.business_id = b.business_id and a.read_model = b.read_model and a.parked_at is not null",
    )
    .bind(businesses)
    .bind(names)
    .execute(db)
    .await?;
    Ok(())
}

async fn are_all_there_are(db: &mut PgConnection, names: &[&str]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select not exists (select from read_model where name <> all ($1))")
        .bind(names)
        .fetch_one(db)
        .await
}
