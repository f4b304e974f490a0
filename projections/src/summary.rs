//! The first report: how many bookings and clients, what came in, what is still to come.
//! Its tables: `summary_booking`, `summary_payment` (migration 0029), `summary_merged` (0051).
//!
//! Deleted bookings do not count, nor does what was paid for them. [`Summary`] says what each number means.

mod apply;
mod count;

#[cfg(test)]
mod specs;

pub(crate) use self::count::rate;
pub use self::count::{ByStatus, Filter, Summary, of_periods};
use crate::ReadModel;

/// The summary, as it is fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "summary",
    version: 1,
    tables: &["summary_booking", "summary_payment", "summary_merged"],
    late_indexes: &[
        "summary_booking_starts",
        "summary_booking_client",
        "summary_payment_at",
    ],
    apply: |db, batch| Box::pin(apply::apply(db, batch)),
};
