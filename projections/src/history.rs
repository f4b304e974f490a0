//! Every booking there ever was, any status, deleted ones too, as it stands now; found by any filter and any word.
//! Its tables: `history_booking`, `history_client` (migration 0025), `history_merged` (0051).
//!
//! What a booking was before is not here: `changes` tells that, and the calendar's spans.

mod apply;
mod asked;
mod booked;
mod clients_of;
mod filter;
mod find;
mod front;
mod misspelt;
mod order;
mod status_words;
mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod specs;

pub use self::{
    booked::booked,
    clients_of::{clients_of, has_client},
    filter::Filter,
    find::{Entry, FindError, Found, Page, find, holding, stream},
    order::{By, Cursor, Sort},
};
use crate::ReadModel;

/// History, as it is fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "history",
    version: 1,
    tables: &["history_booking", "history_client", "history_merged"],
    late_indexes: &[
        "history_booking_starts",
        "history_booking_created",
        "history_booking_client",
        "history_booking_price",
        "history_booking_visit",
        "history_booking_staff",
        "history_booking_words",
        "history_client_words",
    ],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};
