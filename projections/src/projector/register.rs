//! Making read models known to the database when a process starts.

use sqlx::{Connection, PgPool};
use uuid::Uuid;

use crate::ReadModel;

/// Adds the read models that the database does not know yet. For businesses that have events already, each stands
/// apart at the beginning and is built from there, beside the live work; until it has met the others it is not shown.
pub(crate) async fn register(
    pool: &PgPool,
    models: &[&'static ReadModel],
) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let names: Vec<&str> = models.iter().map(|model| model.name).collect();
    let versions: Vec<i32> = models.iter().map(|model| model.version).collect();
    let known: Vec<(String, i32)> =
        sqlx::query_as("select name, version from read_model where name = any ($1)")
            .bind(&names)
            .fetch_all(&mut *connection)
            .await?;
    for model in models {
        let built = known.iter().find(|(name, _)| name == model.name);
        if let Some((_, version)) = built
            && *version < model.version
        {
            tracing::warn!(
                read_model = model.name,
                built = version,
                wanted = model.version,
                "The read model was built by an older version: rebuild it",
            );
        }
    }
    if known.len() == models.len() {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    // Waits for the batches under way; those that come after know the new read models.
    sqlx::query("lock table read_model in exclusive mode")
        .execute(&mut *transaction)
        .await?;
    let new: Vec<String> = sqlx::query_scalar(
        "insert into read_model (name, version) select * from unnest($1::text[], $2::integer[])
                 on conflict do nothing returning name",
    )
    .bind(&names)
    .bind(&versions)
    .fetch_all(&mut *transaction)
    .await?;
    let apart: Vec<(Uuid, String)> = sqlx::query_as(
            "insert into projection_apart (business_id, read_model, position, being_built)
             select c.business_id, n.name, 0, true from projection_checkpoint c cross join unnest($1::text[]) as n (name)
              where c.position > 0
                 on conflict do nothing
             returning business_id, read_model",
        )
        .bind(&new)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    tracing::info!(
        read_models = new.join(", "),
        businesses = apart.len(),
        "Read models are new here"
    );
    Ok(())
}
