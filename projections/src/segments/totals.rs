//! What of a client is counted over all time.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::rows::Key;

/// Clients counted by one statement, where all are.
const AT_A_TIME: usize = 5_000;

/// Counts these clients anew, from their bookings and sales as they stand.
pub(super) async fn count(
    db: &mut PgConnection,
    clients: impl IntoIterator<Item = Key>,
) -> Result<(), sqlx::Error> {
    let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = clients.into_iter().unzip();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("totals.sql"))
        .bind(businesses)
        .bind(ids)
        .execute(db)
        .await?;
    Ok(())
}

/// Counts every client of every business.
pub(super) async fn count_all(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let all: Vec<Key> = sqlx::query_as("select business_id, client_id from segment_client")
        .fetch_all(&mut *db)
        .await?;
    for some in all.chunks(AT_A_TIME) {
        count(db, some.iter().copied()).await?;
    }
    Ok(())
}
