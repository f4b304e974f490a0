//! Every event of a booking business, whichever stream it stands in.

use cqrs_es::Aggregate;
use serde::Deserialize;
use serde_json::Value;
use strum::VariantNames;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    access::{Access, AccessEvent},
    booking::{Booking, BookingEvent},
    business::{Business, BusinessEvent},
    campaign::{Campaign, CampaignEvent},
    class::{Class, ClassEvent},
    client::{Client, ClientEvent},
    desk::{Desk, DeskEvent},
    id::Id,
    notification::{Notification, NotificationEvent},
    segment::{Segment, SegmentEvent},
    service::{Service, ServiceEvent},
    session::{Session, SessionEvent},
    staff::{Staff, StaffEvent},
    waitlist::{Request, WaitlistEvent},
    webhook::{Webhook, WebhookEvent},
};

/// The version that events are written in today (semver). A new one brings an upcaster and golden files.
pub const VERSION: &str = "1.0.0";

/// An event and the stream that it stands in.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "snake_case")
)]
#[expect(missing_docs, reason = "each names its aggregate")]
pub enum AnyEvent {
    Business(Id<Business>, BusinessEvent),
    Service(Id<Service>, ServiceEvent),
    Staff(Id<Staff>, StaffEvent),
    Desk(Id<Desk>, DeskEvent),
    Class(Id<Class>, ClassEvent),
    Session(Id<Session>, SessionEvent),
    Client(Id<Client>, ClientEvent),
    Booking(Id<Booking>, BookingEvent),
    Access(Id<Access>, AccessEvent),
    Waitlist(Id<Request>, WaitlistEvent),
    Webhook(Id<Webhook>, WebhookEvent),
    Segment(Id<Segment>, SegmentEvent),
    Campaign(Id<Campaign>, CampaignEvent),
    Notification(Id<Notification>, NotificationEvent),
}

/// Why a stored event cannot be read.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// No aggregate of that kind.
    #[error("no aggregate is called {0:?}")]
    UnknownStream(String),
    /// The payload is not one of that aggregate's events.
    #[error("the payload is no event of a {kind}")]
    Payload {
        /// Of which aggregate.
        kind: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

impl AnyEvent {
    /// Reads an event from the ledger.
    ///
    /// # Errors
    /// When the stream's kind is unknown or the payload is none of its events.
    pub fn decode(kind: &str, stream: Uuid, payload: &str) -> Result<Self, DecodeError> {
        fn read<'a, E: Deserialize<'a>>(kind: &str, payload: &'a str) -> Result<E, DecodeError> {
            serde_json::from_str(payload).map_err(|source| DecodeError::Payload {
                kind: kind.to_owned(),
                source,
            })
        }
        Ok(match kind {
            "business" => Self::Business(Id::new(stream), read(kind, payload)?),
            "service" => Self::Service(Id::new(stream), read(kind, payload)?),
            "staff" => Self::Staff(Id::new(stream), read(kind, payload)?),
            "desk" => Self::Desk(Id::new(stream), read(kind, payload)?),
            "class" => Self::Class(Id::new(stream), read(kind, payload)?),
            "session" => Self::Session(Id::new(stream), read(kind, payload)?),
            "client" => Self::Client(Id::new(stream), read(kind, payload)?),
            "booking" => Self::Booking(Id::new(stream), read(kind, payload)?),
            "access" => Self::Access(Id::new(stream), read(kind, payload)?),
            "waitlist" => Self::Waitlist(Id::new(stream), read(kind, payload)?),
            "webhook" => Self::Webhook(Id::new(stream), read(kind, payload)?),
            "segment" => Self::Segment(Id::new(stream), read(kind, payload)?),
            "campaign" => Self::Campaign(Id::new(stream), read(kind, payload)?),
            "notification" => Self::Notification(Id::new(stream), read(kind, payload)?),
            other => return Err(DecodeError::UnknownStream(other.to_owned())),
        })
    }

    /// What its stream is called.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Business(..) => Business::TYPE,
            Self::Service(..) => Service::TYPE,
            Self::Staff(..) => Staff::TYPE,
            Self::Desk(..) => Desk::TYPE,
            Self::Class(..) => Class::TYPE,
            Self::Session(..) => Session::TYPE,
            Self::Client(..) => Client::TYPE,
            Self::Booking(..) => Booking::TYPE,
            Self::Access(..) => Access::TYPE,
            Self::Waitlist(..) => Request::TYPE,
            Self::Webhook(..) => Webhook::TYPE,
            Self::Segment(..) => Segment::TYPE,
            Self::Campaign(..) => Campaign::TYPE,
            Self::Notification(..) => Notification::TYPE,
        }
    }

    /// Which stream it stands in.
    #[must_use]
    pub const fn stream(&self) -> Uuid {
        match self {
            Self::Business(id, _) => id.uuid(),
            Self::Service(id, _) => id.uuid(),
            Self::Staff(id, _) => id.uuid(),
            Self::Desk(id, _) => id.uuid(),
            Self::Class(id, _) => id.uuid(),
            Self::Session(id, _) => id.uuid(),
            Self::Client(id, _) => id.uuid(),
            Self::Booking(id, _) => id.uuid(),
            Self::Access(id, _) => id.uuid(),
            Self::Waitlist(id, _) => id.uuid(),
            Self::Webhook(id, _) => id.uuid(),
            Self::Segment(id, _) => id.uuid(),
            Self::Campaign(id, _) => id.uuid(),
            Self::Notification(id, _) => id.uuid(),
        }
    }

    /// What it is called in its stream.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Business(_, event) => event.into(),
            Self::Service(_, event) => event.into(),
            Self::Staff(_, event) => event.into(),
            Self::Desk(_, event) => event.into(),
            Self::Class(_, event) => event.into(),
            Self::Session(_, event) => event.into(),
            Self::Client(_, event) => event.into(),
            Self::Booking(_, event) => event.into(),
            Self::Access(_, event) => event.into(),
            Self::Waitlist(_, event) => event.into(),
            Self::Webhook(_, event) => event.into(),
            Self::Segment(_, event) => event.into(),
            Self::Campaign(_, event) => event.into(),
            Self::Notification(_, event) => event.into(),
        }
    }

    /// Its payload, as [`AnyEvent::decode`] reads it. Sealed values stand in it as they are: open ones open.
    ///
    /// # Errors
    /// When serde cannot write it.
    pub fn payload(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Business(_, event) => serde_json::to_value(event),
            Self::Service(_, event) => serde_json::to_value(event),
            Self::Staff(_, event) => serde_json::to_value(event),
            Self::Desk(_, event) => serde_json::to_value(event),
            Self::Class(_, event) => serde_json::to_value(event),
            Self::Session(_, event) => serde_json::to_value(event),
            Self::Client(_, event) => serde_json::to_value(event),
            Self::Booking(_, event) => serde_json::to_value(event),
            Self::Access(_, event) => serde_json::to_value(event),
            Self::Waitlist(_, event) => serde_json::to_value(event),
            Self::Webhook(_, event) => serde_json::to_value(event),
            Self::Segment(_, event) => serde_json::to_value(event),
            Self::Campaign(_, event) => serde_json::to_value(event),
            Self::Notification(_, event) => serde_json::to_value(event),
        }
    }

    /// Whether bookings are validated against what it says (DESIGN §2, "the catalogue").
    #[must_use]
    pub const fn moves_catalogue(&self) -> bool {
        match self {
            Self::Business(..)
            | Self::Service(..)
            | Self::Staff(..)
            | Self::Desk(..)
            | Self::Class(..)
            | Self::Session(..) => true,
            Self::Client(..)
            | Self::Booking(..)
            | Self::Access(..)
            | Self::Waitlist(..)
            | Self::Webhook(..)
            | Self::Segment(..)
            | Self::Campaign(..)
            | Self::Notification(..) => false,
        }
    }
}

/// What each stream's events are called.
pub fn names() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    [
        (Business::TYPE, BusinessEvent::VARIANTS),
        (Service::TYPE, ServiceEvent::VARIANTS),
        (Staff::TYPE, StaffEvent::VARIANTS),
        (Desk::TYPE, DeskEvent::VARIANTS),
        (Class::TYPE, ClassEvent::VARIANTS),
        (Session::TYPE, SessionEvent::VARIANTS),
        (Client::TYPE, ClientEvent::VARIANTS),
        (Booking::TYPE, BookingEvent::VARIANTS),
        (Access::TYPE, AccessEvent::VARIANTS),
        (Request::TYPE, WaitlistEvent::VARIANTS),
        (Webhook::TYPE, WebhookEvent::VARIANTS),
        (Segment::TYPE, SegmentEvent::VARIANTS),
        (Campaign::TYPE, CampaignEvent::VARIANTS),
        (Notification::TYPE, NotificationEvent::VARIANTS),
    ]
    .into_iter()
}

/// Lifts events of older versions to today's, in the order in which they are to run.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn cqrs_es::persist::EventUpcaster>> {
    vec![]
}
