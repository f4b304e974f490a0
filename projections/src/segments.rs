//! Saved filters, and the clients that a filter holds now: counted, listed, streamed.
//! Its tables: `segment`, `segment_client`, `segment_booking`, `segment_payment`, `segment_words`, `segment_merged`
//! (migrations 0052 and 0065).
//!
//! A filter becomes one statement: what it counts over bookings, payments or words is a measure of its own, grouped by
//! client and joined; the rest are predicates over `segment_client`. Every value is a parameter.

mod apply;
mod find;
mod measures;
mod members;
mod predicates;
mod starts;
mod totals;

#[cfg(test)]
mod specs;

pub use self::{
    find::{Cursor, Entry, Found, Page, find},
    members::{Asked, Member, MembersPage, count, ids, members, stream},
};
use crate::ReadModel;

/// Segments, as they are fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "segments",
    version: 3,
    tables: &[
        "segment",
        "segment_client",
        "segment_booking",
        "segment_payment",
        "segment_words",
        "segment_merged",
    ],
    late_indexes: &[
        "segment_sort_name",
        "segment_client_sort_name",
        "segment_client_warned",
        "segment_booking_starts",
        "segment_booking_deleted",
        "segment_booking_service",
        "segment_booking_staff",
        "segment_booking_cancelled",
        "segment_payment_at",
        "segment_words_words",
    ],
    apply: |db, batch, sums| Box::pin(apply::apply(db, batch, sums)),
    sum_up: Some(|db| Box::pin(totals::count_all(db))),
};
