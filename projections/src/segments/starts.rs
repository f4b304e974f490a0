//! What a client's row tells of any period: it holds the starts of their bookings in order, and what they had paid by
//! when. How many lie in a period is found by halving, so that a hundred thousand clients are asked in a moment,
//! however long the period is.

use domain::{
    booking::Status,
    segment::{Bookings, Instants, Kind, Period},
};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::{Postgres, QueryBuilder};

use super::members::Asked;
use crate::projected::as_kept;

type Query<'a> = QueryBuilder<'a, Postgres>;

/// Columns of `segment_client`, each the starts of some of their bookings in order.
pub(super) const ONLINE: &str = "online";
/// Once for each time that one was given another start.
pub(super) const MOVED: &str = "moved";
/// But for cancelled ones.
pub(super) const STANDING: &str = "standing";
/// But for those whose hour is not known.
pub(super) const LED: &str = "lead_at";
/// Payments: of whom each receipt was paid at once, what was paid at some instant is a receipt.
pub(super) const RECEIPTS: &str = "receipt_at";

/// Those that stand so.
pub(super) const fn that_are(status: Status) -> &'static str {
    match status {
        Status::Requested => "requested",
        Status::Confirmed => "confirmed",
        Status::Completed => "completed",
        Status::NoShow => "no_show",
        Status::Cancelled => "cancelled",
    }
}

/// The columns that hold the bookings of a kind together; none where more must be known of a booking than how it
/// stands.
pub(super) fn of(bookings: &Bookings) -> Option<Vec<&'static str>> {
    let Kind {
        service_ids,
        staff_ids,
        statuses,
        sources,
        online,
        weekdays,
        hours,
    } = &bookings.kind;
    let of_any_kind = service_ids.is_empty()
        && staff_ids.is_empty()
        && sources.is_empty()
        && online.is_none()
        && weekdays.is_empty()
        && hours.is_none();
    of_any_kind.then(|| match statuses.as_slice() {
        [] => vec![STANDING],
        some => {
            let mut columns: Vec<_> = some.iter().copied().map(that_are).collect();
            // Who asks for one twice counts it once.
            columns.sort_unstable();
            columns.dedup();
            columns
        }
    })
}

/// A period, as whoever asks now means it.
pub(super) fn instants(period: Option<Period>, asked: &Asked) -> Instants {
    period.map_or_else(Instants::default, |period| {
        period.instants(&asked.zone, asked.now)
    })
}

/// Writes how many starts of these columns lie in a period.
pub(super) fn count(query: &mut Query<'_>, columns: &[&str], period: Instants) {
    query.push("(0");
    for column in columns {
        match period.before {
            Some(before) => up_to(query.push(" + "), column, before),
            None => {
                query.push(format_args!(" + cardinality(c.{column})"));
            }
        }
        if let Some(from) = period.from {
            up_to(query.push(" - "), column, from);
        }
    }
    query.push(")");
}

/// Writes what a client of the row `alias` paid in a period, less what was given back.
pub(super) fn paid(query: &mut Query<'_>, alias: &str, period: Instants) {
    sum(query, (alias, "paid_at", "paid_sum"), period);
}

/// Writes how many seconds before they began a client's bookings of a period were made, together.
pub(super) fn lead(query: &mut Query<'_>, period: Instants) {
    sum(query, ("c", LED, "lead_sum"), period);
}

/// Writes what came together in a period: what had by its end, less what had by its beginning.
fn sum(query: &mut Query<'_>, (row, at, by_then): (&str, &str, &str), period: Instants) {
    let mut by = |before: Option<Timestamp>, sign: &str| {
        query.push(format_args!("{sign}coalesce({row}.{by_then}["));
        match before {
            Some(before) => {
                query
                    .push("width_bucket(")
                    .push_bind(just_before(before).to_sqlx())
                    .push(format_args!(", {row}.{at})"));
            }
            None => {
                query.push(format_args!("cardinality({row}.{at})"));
            }
        }
        query.push("], 0)");
    };
    by(period.before, "(");
    if let Some(from) = period.from {
        by(Some(from), " - ");
    }
    query.push(")");
}

/// How many of a column lie before an instant. It counts those up to it: so, up to the one before.
fn up_to(query: &mut Query<'_>, column: &str, instant: Timestamp) {
    query
        .push("width_bucket(")
        .push_bind(just_before(instant).to_sqlx())
        .push(format_args!(", c.{column})"));
}

/// The last instant before another that PostgreSQL tells from it.
fn just_before(instant: Timestamp) -> Timestamp {
    let kept = as_kept(instant);
    kept.checked_sub(SignedDuration::from_micros(1))
        .unwrap_or(kept)
}
