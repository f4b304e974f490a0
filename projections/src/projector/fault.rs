//! Telling an event that cannot be taken in from a database that is away, and saying so without personal values.

use ledger::ReadError;
use sqlx::Error;
use vault::OpenError;

use crate::ApplyError;

/// SQLSTATE classes and states: connection, resources, operator's intervention, system, deadlock and serialisation,
/// lock timed out, idle transaction ended, read-only (a primary that became a replica).
const OUTAGES: &[&str] = &["08", "53", "57", "58", "40", "55P03", "25P03", "25006"];

/// Whether the same would succeed once the database is well again. What is no outage is the event's, the read
/// model's or the program's fault, and would fail for ever.
pub(crate) fn is_outage(error: &Error) -> bool {
    if let Error::Database(refusal) = error {
        let code = refusal.code();
        return code.is_some_and(|code| OUTAGES.iter().any(|class| code.starts_with(class)));
    }
    matches!(
        error,
        Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::BeginFailed
    )
}

/// Whether a row that was read holds what it cannot hold.
pub(crate) fn is_of_a_row(error: &Error) -> bool {
    matches!(error, Error::Decode(_) | Error::ColumnDecode { .. })
}

/// What an operator is told of a database's refusal. Its own message may quote the row.
pub(crate) fn told(error: &Error) -> String {
    if let Error::Database(refusal) = error {
        let code = refusal.code().unwrap_or_default();
        let place: Vec<&str> = [refusal.table(), refusal.constraint()]
            .into_iter()
            .flatten()
            .collect();
        return if place.is_empty() {
            format!("the database refused with SQLSTATE {code}")
        } else {
            format!(
                "the database refused with SQLSTATE {code} ({})",
                place.join(", ")
            )
        };
    }
    if let Error::ColumnDecode { index, .. } = error {
        return format!("column {index} holds what it cannot hold");
    }
    let told = if matches!(error, Error::Decode(_)) {
        "a row holds what it cannot hold"
    } else if matches!(error, Error::RowNotFound) {
        "a row is missing"
    } else {
        "the database could not be asked"
    };
    told.to_owned()
}

pub(crate) fn told_of_apply(error: &ApplyError) -> String {
    match error {
        ApplyError::Store(error) => told(error),
        ApplyError::Misfit(what) => format!("its rows do not fit the event: {what}"),
    }
}

pub(crate) fn told_of_read(error: &ReadError) -> String {
    match error {
        ReadError::Database(error) => format!("the event could not be read: {}", told(error)),
        ReadError::Upcast { error, .. } => format!(
            "the event could not be brought up to date: {}",
            told_of_json(error)
        ),
        ReadError::Garbled(what) => format!("the event could not be read: {what}"),
    }
}

/// Of keys and boxes themselves only ids are told.
pub(crate) fn told_of_open(error: &OpenError) -> String {
    match error {
        OpenError::Store(error) => told(error),
        OpenError::Malformed(_)
        | OpenError::BoxUnreadable { .. }
        | OpenError::Misplaced { .. }
        | OpenError::KeyUnreadable { .. }
        | OpenError::NotAsked { .. }
        | OpenError::NotJson { .. } => error.to_string(),
    }
}

/// Serde quotes the value that it could not take.
pub(crate) fn told_of_json(error: &serde_json::Error) -> String {
    format!(
        "{:?} error at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    )
}
