//! Tables: `ops/migrations/0022_calendar.sql`. Who is booked when, with whom and where; who is inside; and on which
//! span each booking ever stood, so that a day can be seen as it was.
//!
//! Staff, services and desks are ids here: whoever shows them names them. Clients are named, for they are searched for.

mod booking;
mod client;
mod entry;
mod past;
mod questions;
mod span;
#[cfg(test)]
mod specs;

use sqlx::PgConnection;

pub use self::{
    entry::Entry,
    past::{When, candidates},
    questions::{Filter, Hour, bookings, inside, monitor, of_session, of_visit, seats_taken},
};
use crate::{ApplyError, Projected, ReadModel, merged::Merged};

/// The calendar, as it is fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "calendar",
    version: 1,
    tables: &[
        "calendar_booking",
        "calendar_client",
        "calendar_span",
        "calendar_merged",
    ],
    late_indexes: &[
        "calendar_booking_during",
        "calendar_booking_visit",
        "calendar_booking_inside",
        "calendar_booking_session",
        "calendar_booking_client",
        "calendar_span_during",
    ],
    apply: |db, batch, _| Box::pin(apply(db, batch)),
    sum_up: None,
};

/// Takes a batch in.
pub(crate) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    client::apply(db, batch).await?;
    let before = booking::load(db, batch).await?;
    let folded = booking::fold(before, batch);
    let clients = folded.rows.values().filter_map(booking::Row::client);
    let tables = ["calendar_booking"];
    let merged = Merged::take_in(db, "calendar_merged", &tables, batch, clients).await?;
    booking::store(db, folded.rows, &merged).await?;
    span::store(db, folded.spans).await?;
    Ok(())
}
