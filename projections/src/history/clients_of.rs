//! Whom a staff member serves.

use domain::{client::Client, id::Id};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Scope;

/// The clients of all bookings in this scope.
///
/// # Errors
/// When the database does not answer.
pub async fn clients_of(db: &PgPool, scope: &Scope) -> Result<Vec<Id<Client>>, sqlx::Error> {
    let clients: Vec<Uuid> = sqlx::query_scalar(
        "select distinct client_id from history_booking
         where business_id = $1 and ($2::uuid is null or staff_id = $2) and client_id is not null",
    )
    .bind(scope.business().0)
    .bind(scope.staff().map(Id::uuid))
    .fetch_all(db)
    .await?;
    Ok(clients.into_iter().map(Id::new).collect())
}

/// Whether a client has a booking in this scope, whatever became of it.
///
/// # Errors
/// When the database does not answer.
pub async fn has_client(
    db: &PgPool,
    scope: &Scope,
    client: Id<Client>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (
            select from history_booking
            where business_id = $1 and client_id = $2 and ($3::uuid is null or staff_id = $3)
         )",
    )
    .bind(scope.business().0)
    .bind(client.uuid())
    .bind(scope.staff().map(Id::uuid))
    .fetch_one(db)
    .await
}
