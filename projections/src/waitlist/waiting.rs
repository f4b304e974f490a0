//! Who waits.

use sqlx::PgPool;
use uuid::Uuid;

use crate::Scope;

/// Which of these clients wait, or were offered something.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(
    db: &PgPool,
    scope: &Scope,
    clients: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "select distinct client_id from waitlist_request
          where business_id = $1 and client_id = any($2) and standing in ('waiting', 'offered')",
    )
    .bind(scope.business().0)
    .bind(clients)
    .fetch_all(db)
    .await
}
