//! How read models load the rows that a batch touches, and store them: a statement each, however many there are.

use std::collections::BTreeSet;

use domain::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::error::BoxDynError;
use uuid::Uuid;

use crate::{ApplyError, Projected};

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

/// Rows as the one argument of `json_to_recordset`.
pub(crate) fn as_json<R: Serialize>(rows: &[R]) -> Result<String, ApplyError> {
    serde_json::to_string(rows).map_err(|e| ApplyError::Misfit(e.to_string()))
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
