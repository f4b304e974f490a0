//! The till: money taken and given back, for bookings and for what is sold without one; and what that makes a day.
//! Its tables: `till_payment`, `till_booking` (migration 0028).
//!
//! What was paid for a booking that is deleted now stays in the till, marked: the money was there.

mod apply;
mod find;

#[cfg(test)]
mod specs;

pub(crate) use self::apply::sale;
pub use self::find::{Cursor, Entry, Filter, Found, Kind, Page, Total, find, totals};
use crate::ReadModel;

/// The till, as it is fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "till",
    version: 1,
    tables: &["till_payment", "till_booking"],
    late_indexes: &["till_payment_at"],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};
