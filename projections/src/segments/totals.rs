//! What of a client is counted over all time.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{ApplyError, rows::Key};

/// Counts these clients anew, from their bookings and sales as they stand.
pub(super) async fn count(db: &mut PgConnection, clients: BTreeSet<Key>) -> Result<(), ApplyError> {
    if clients.is_empty() {
        return Ok(());
    }
    let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = clients.into_iter().unzip();
    sqlx::query(include_str!("totals.sql"))
        .bind(businesses)
        .bind(ids)
        .execute(db)
        .await?;
    Ok(())
}
