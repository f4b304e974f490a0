//! Since when clients are.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{ApplyError, rows::Key};

/// Looks up anew when these clients first booked and first came, in their bookings as they stand.
pub(super) async fn count(db: &mut PgConnection, clients: BTreeSet<Key>) -> Result<(), ApplyError> {
    if clients.is_empty() {
        return Ok(());
    }
    let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = clients.into_iter().unzip();
    sqlx::query(include_str!("firsts.sql"))
        .bind(businesses)
        .bind(ids)
        .execute(db)
        .await?;
    Ok(())
}
