//! What a client's card adds up: visits, money, habits; and what they may like next.
//! Its table: `client_card_booking` (migration 0050).
//!
//! A booking stands under the client it was made for; who was merged into whom is told by the clients' own streams,
//! so that whoever asks names all of them. [`Figures`] says what each number means; they are a function of [`Facts`],
//! whether those come from here or from streams folded up to some moment of the past.

mod apply;
mod facts;
mod figures;
mod find;

#[cfg(test)]
mod specs;

pub use self::{
    facts::Facts,
    figures::{Book, Figures, Habit, Learned, Moment},
    find::{Recommendation, bookings_ever, of_clients, recommended},
};
use crate::ReadModel;

/// Clients' cards, as they are fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "client_card",
    version: 1,
    tables: &["client_card_booking"],
    late_indexes: &[
        "client_card_booking_client",
        "client_card_booking_service",
        "client_card_booking_taken",
    ],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};
