//! Who, and what, was ever booked.

use sqlx::PgPool;
use uuid::Uuid;

use crate::Scope;

/// Which of these clients or services stand in any booking.
///
/// # Errors
/// When the database does not answer.
pub async fn booked(db: &PgPool, scope: &Scope, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "select t.id from unnest($2::uuid[]) as t (id)
          where exists (select from history_booking b where b.business_id = $1 and b.client_id = t.id)
             or exists (select from history_booking b where b.business_id = $1 and b.service_id = t.id)",
    )
    .bind(scope.business().0)
    .bind(ids)
    .fetch_all(db)
    .await
}
