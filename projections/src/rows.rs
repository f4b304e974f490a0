//! How read models load the rows that a batch touches, and store them: a statement each, however many there are.

mod staged;

use std::collections::BTreeSet;

use domain::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, error::BoxDynError, postgres::PgRow};
use uuid::Uuid;

use self::staged::Staged;
use crate::{ApplyError, Projected};

/// More rows than a live batch has, which is no place for tables that come and go.
const WORTH_STAGING: usize = 5_000;

/// A business, and one of its bookings, clients, …
pub(crate) type Key = (Uuid, Uuid);

/// The keys of what a batch touches, each once, as the two arrays of an `unnest`.
pub(crate) fn touched<'a, E>(
    batch: &'a [Projected],
    of: impl Fn(&'a Projected) -> Option<(Key, E)>,
) -> (Vec<Uuid>, Vec<Uuid>) {
    let keys: BTreeSet<Key> = batch.iter().filter_map(|t| Some(of(t)?.0)).collect();
    keys.into_iter().unzip()
}

/// Loads rows by their keys, which the statement takes as `unnest($1::uuid[], $2::uuid[])`. Without keys the database
/// is not asked.
pub(crate) async fn load<R>(
    db: &mut PgConnection,
    statement: &'static str,
    (businesses, ids): (Vec<Uuid>, Vec<Uuid>),
) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows = sqlx::query_as(statement).bind(businesses).bind(ids);
    rows.fetch_all(db).await
}

/// Stores rows, which the statement takes as `json_to_recordset($1::json)`. Without rows the database is not asked.
pub(crate) async fn store<R: Serialize>(
    db: &mut PgConnection,
    statement: &'static str,
    rows: &[R],
) -> Result<(), ApplyError> {
    if rows.is_empty() {
        return Ok(());
    }
    if rows.len() >= WORTH_STAGING
        && let Some(staged) = Staged::of(statement)
    {
        let text = staged.text(rows)?;
        return Ok(staged.store(db, text).await?);
    }
    let rows = serde_json::to_string(rows).map_err(|e| ApplyError::Misfit(e.to_string()))?;
    sqlx::query(statement).bind(rows).execute(db).await?;
    Ok(())
}

/// A text that somebody asks for, to compare with what is kept. PostgreSQL takes no NUL, and nothing kept holds one.
pub(crate) fn asked(text: &str) -> String {
    text.trim().replace('\0', "\u{fffd}")
}

/// Money from its columns.
pub(crate) fn money(amount: Decimal, currency: &str) -> Result<Money, sqlx::Error> {
    let currency =
        Currency::from_code(currency).ok_or_else(|| decoded(format!("no currency: {currency}")))?;
    Money::new(amount, currency).map_err(decoded)
}

/// What a column holds is not what was put there.
pub(crate) fn decoded(error: impl Into<BoxDynError>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
