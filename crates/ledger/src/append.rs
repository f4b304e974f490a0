//! One append: what is to be written, and on which conditions.

use cqrs_es::DomainEvent;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::refused::Malformed;
use crate::{BusinessId, Claim, Command, EventId, Position, Shown, Span, StreamId, Version};

/// The most events that one append may carry, so that waiting commands get their turn.
pub const MAX_EVENTS: usize = 500;

/// The most seats that one resource may have.
const MAX_CAPACITY: u16 = 10_000;

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// A fresh UUIDv7.
    pub event_id: EventId,
    /// The event's name, as [`DomainEvent::event_type`] tells it.
    pub event_type: String,
    /// The version of its payload's format.
    pub event_version: String,
    /// The event itself. These very bytes are kept.
    pub payload: Box<RawValue>,
    /// When it happened, where that is not now: imported history.
    pub occurred_at: Option<Timestamp>,
}

impl NewEvent {
    /// An event that happens now.
    ///
    /// # Errors
    /// When the event does not serialize.
    pub fn of<E: DomainEvent>(event_id: EventId, event: &E) -> Result<Self, serde_json::Error> {
        Ok(Self {
            event_id,
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: serde_json::value::to_raw_value(event)?,
            occurred_at: None,
        })
    }
}

/// What an append expects of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is at this version; [`Version::NEW`]: it does not exist.
    Version(Version),
    /// It exists, of this kind and in this business; nothing is written to it.
    Exists,
}

/// What is written to one stream.
#[derive(Clone, Debug)]
pub struct StreamWrite {
    /// Which stream.
    pub stream: StreamId,
    /// At which version it must stand.
    pub expected: Expected,
    /// The events, in order.
    pub events: Vec<NewEvent>,
}

/// All claims of one owner: whatever it held before is replaced. No claims: it gives everything back.
#[derive(Clone, Debug)]
pub struct ClaimSet {
    /// Whose claims.
    pub owner: Uuid,
    /// The time to be taken.
    pub claims: Vec<Claim>,
    /// Not none: only a hold. Past that instant whoever wants the time may take it, and its owner may still
    /// use it if nobody did.
    pub hold_until: Option<Timestamp>,
}

/// A name that no two owners in a business have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameClaim {
    /// Names are unique within their kind.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// Whose it is to be; claiming one's own name again is no conflict.
    pub owner: Uuid,
}

/// Keys of sealed values in the events.
#[derive(Clone, Debug, Default)]
pub struct PersonKeys {
    /// Keys that this append brings into being, wrapped.
    pub made: Vec<(Uuid, Vec<u8>)>,
    /// Keys that must still live.
    pub used: Vec<Uuid>,
}

/// "Nobody's claim on these resources at these times", holds apart. Owners whose claims the same append
/// replaces are not looked at.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Which resources; empty: all of the business.
    pub resources: Vec<Uuid>,
    /// When.
    pub ranges: Vec<Span>,
}

/// One command's writing: done whole or refused whole.
#[derive(Clone, Debug)]
pub struct Append {
    /// Whose ledger.
    pub business: BusinessId,
    /// The command behind it, with its key.
    pub command: Command,
    /// Streams to be written, each at most once.
    pub streams: Vec<StreamWrite>,
    /// Time to be taken or given back, by owner, each at most once.
    pub claims: Vec<ClaimSet>,
    /// Names to be taken.
    pub names: Vec<NameClaim>,
    /// Names to be given back first. What its owner does not hold is passed over.
    pub released_names: Vec<NameClaim>,
    /// Keys of persons made and used.
    pub person_keys: PersonKeys,
    /// Times that must be free of claims.
    pub guards: Vec<Guard>,
    /// The decision rests on the catalogue as of this position; a later one is a refusal.
    pub saw_catalogue: Option<Position>,
    /// The events change the catalogue.
    pub moves_catalogue: bool,
    /// Streams that the answer will speak of: they come back in [`Appended::shown`], so that rendering it costs no
    /// trip of its own.
    pub shows: Vec<Uuid>,
}

impl Append {
    /// An append of this command that does nothing yet but remember its key.
    pub fn new(business: BusinessId, command: Command) -> Self {
        Self {
            business,
            command,
            streams: Vec::new(),
            claims: Vec::new(),
            names: Vec::new(),
            released_names: Vec::new(),
            person_keys: PersonKeys::default(),
            guards: Vec::new(),
            saw_catalogue: None,
            moves_catalogue: false,
            shows: Vec::new(),
        }
    }

    /// How many events it carries.
    pub fn events(&self) -> usize {
        self.streams.iter().map(|stream| stream.events.len()).sum()
    }

    /// What no ledger could make sense of is the caller's mistake and never reaches the database.
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        if self.events() > MAX_EVENTS {
            return Err(Malformed::TooManyEvents);
        }
        for (at, write) in self.streams.iter().enumerate() {
            if self.streams[..at]
                .iter()
                .any(|other| other.stream.id == write.stream.id)
            {
                return Err(Malformed::StreamTwice);
            }
            if write.expected == Expected::Exists && !write.events.is_empty() {
                return Err(Malformed::EventsWithoutVersion);
            }
        }
        for (at, set) in self.claims.iter().enumerate() {
            if self.claims[..at]
                .iter()
                .any(|other| other.owner == set.owner)
            {
                return Err(Malformed::OwnerTwice);
            }
            if i16::try_from(set.claims.len()).is_err()
                || set
                    .claims
                    .iter()
                    .any(|claim| !(1..=MAX_CAPACITY).contains(&claim.capacity))
            {
                return Err(Malformed::Capacity);
            }
        }
        for (at, name) in self.names.iter().enumerate() {
            if self.names[..at].iter().any(|other| {
                other.kind == name.kind && other.name == name.name && other.owner != name.owner
            }) {
                return Err(Malformed::NameTwice);
            }
        }
        if self.guards.iter().any(|guard| guard.ranges.is_empty()) {
            return Err(Malformed::GuardOfNothing);
        }
        Ok(())
    }
}

/// What became of an append that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The first event's position. Without events: one more than `last`.
    pub first: Position,
    /// The last event's position; what `Daybook-Position` tells.
    pub last: Position,
    /// Each stream written, with its version now.
    pub versions: Vec<(StreamId, Version)>,
    /// What the command said it would answer.
    pub answer: Value,
    /// The key was known: all of this is what became of it the first time.
    pub replayed: bool,
    /// The streams of [`Append::shows`] that are there, as they stood when the append was sent: what it wrote
    /// itself is not in them.
    pub shown: Vec<Shown>,
}
