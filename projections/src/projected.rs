//! An event as read models take it in.

use domain::{booking::BookingEvent, client::ClientEvent, event::AnyEvent};
use jiff::Timestamp;

use crate::{BusinessId, Metadata, Position, Version, rows::Key};

/// An event on its way into the read models: upcast, opened and decoded once for all of them.
#[derive(Debug, Clone)]
pub struct Projected {
    /// Whose.
    pub business: BusinessId,
    /// Where in the business's ledger.
    pub position: Position,
    /// Where in its stream.
    pub version: Version,
    /// When it was recorded; never running backwards within a business.
    pub recorded_at: Timestamp,
    /// When it happened: earlier for imported history, else when it was recorded.
    pub occurred_at: Timestamp,
    /// Who, from where, by which command.
    pub metadata: Metadata,
    /// What. Sealed values are open, or erased where their key is gone.
    pub event: AnyEvent,
}

impl Projected {
    /// Which booking it tells of, and what.
    pub(crate) fn of_booking(&self) -> Option<(Key, &BookingEvent)> {
        match &self.event {
            AnyEvent::Booking(id, event) => Some(((self.business.0, id.uuid()), event)),
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Client(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => None,
        }
    }

    /// Which client it tells of, and what.
    pub(crate) fn of_client(&self) -> Option<(Key, &ClientEvent)> {
        match &self.event {
            AnyEvent::Client(id, event) => Some(((self.business.0, id.uuid()), event)),
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Booking(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => None,
        }
    }
}

/// An instant as PostgreSQL keeps it, in whole microseconds: what a row is compared with must not depend on whether
/// the row came back from the database or was made in the same batch.
pub(crate) fn as_kept(instant: Timestamp) -> Timestamp {
    let below = i64::from(instant.subsec_nanosecond().rem_euclid(1_000));
    instant
        .checked_sub(jiff::SignedDuration::from_nanos(below))
        .unwrap_or(instant)
}
