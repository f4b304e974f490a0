//! One append in the making: events by stream, names, time.

use std::collections::HashMap;

use cqrs_es::{Aggregate, DomainEvent};
use jiff::Timestamp;
use ledger::{
    ActorRef, Append, BusinessId, ClaimSet, Command, EventId, Expected, MAX_EVENTS, NameClaim,
    NewEvent, PersonKeys, StreamId, StreamWrite, Version,
};
use serde_json::Value;
use serde_json::value::to_raw_value;
use uuid::Uuid;
use vault::{SealError, Vault};

/// What goes into one append.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// In the order in which they are written: what others point at comes first.
    streams: [Vec<Stream>; 4],
    places: HashMap<Uuid, (usize, usize)>,
    events: usize,
    pub(super) names: Vec<NameClaim>,
    pub(super) claims: Vec<ClaimSet>,
}

#[derive(Debug)]
struct Stream {
    id: StreamId,
    before: Version,
    events: Vec<Event>,
}

#[derive(Debug)]
struct Event {
    kind: String,
    version: String,
    payload: Value,
    at: Timestamp,
}

/// Kinds of streams in the order in which they are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rank {
    Service,
    Staff,
    Client,
    Booking,
}

impl Draft {
    /// Whether there is room for so many more events.
    pub(super) fn has_room_for(&self, events: usize) -> bool {
        self.events + events <= MAX_EVENTS
    }

    /// Nothing is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.events == 0 && self.names.is_empty()
    }

    /// Adds events to a stream that stood at `before` when the draft began.
    pub(super) fn put<A: Aggregate>(
        &mut self,
        rank: Rank,
        id: Uuid,
        before: Version,
        at: Timestamp,
        events: &[A::Event],
    ) -> Result<(), serde_json::Error> {
        let streams = &mut self.streams[rank as usize];
        let (_, place) = *self.places.entry(id).or_insert_with(|| {
            streams.push(Stream {
                id: StreamId::new(A::TYPE, id),
                before,
                events: vec![],
            });
            (rank as usize, streams.len() - 1)
        });
        for event in events {
            streams[place].events.push(Event {
                kind: event.event_type(),
                version: event.event_version(),
                payload: serde_json::to_value(event)?,
                at,
            });
            self.events += 1;
        }
        Ok(())
    }

    /// Claims a name for `owner`.
    pub(super) fn name(&mut self, kind: &'static str, name: &str, owner: Uuid) {
        self.names.push(NameClaim {
            kind,
            name: name.to_owned(),
            owner,
        });
    }

    /// Seals what is personal. What comes of it is to be appended, keys included, or thrown away.
    pub(super) async fn sealed(
        self,
        vault: &Vault,
        business: BusinessId,
        run: Uuid,
    ) -> Result<Append, SealError> {
        let [services, staff, clients, bookings] = self.streams;
        let moves_catalogue = !services.is_empty() || !staff.is_empty();
        let mut payloads = Vec::with_capacity(self.events);
        let mut streams = vec![];
        let all = services
            .into_iter()
            .chain(staff)
            .chain(clients)
            .chain(bookings);
        for stream in all {
            let mut shells = vec![];
            for event in stream.events {
                payloads.push((Uuid::now_v7(), event.payload));
                shells.push((event.kind, event.version, event.at));
            }
            streams.push((stream.id, stream.before, shells));
        }
        let keys = vault.seal(business.0, &mut payloads).await?;

        let mut payloads = payloads.into_iter();
        let id = Uuid::now_v7();
        let mut append = Append::new(business, command(id, run, vault, business));
        for (stream, before, shells) in streams {
            let events = shells
                .into_iter()
                .zip(&mut payloads)
                .map(
                    |((event_type, event_version, at), (id, payload))| NewEvent {
                        event_id: EventId(id),
                        event_type,
                        event_version,
                        payload: to_raw_value(&payload).expect("any JSON value can be written"),
                        occurred_at: Some(at),
                    },
                )
                .collect();
            append.streams.push(StreamWrite {
                stream,
                expected: Expected::Version(before),
                events,
            });
        }
        append.names = self.names;
        append.claims = self.claims;
        append.moves_catalogue = moves_catalogue;
        append.person_keys = PersonKeys {
            made: keys.made,
            used: keys.used,
        };
        Ok(append)
    }
}

/// Each append is a command of its own; all of one run belong together.
fn command(id: Uuid, run: Uuid, vault: &Vault, business: BusinessId) -> Command {
    Command {
        id,
        caller: "import".to_owned(),
        key: id.to_string(),
        fingerprint: vault.keyed_hash(business.0, "import.append", id.as_bytes()),
        actor: ActorRef {
            kind: "import".to_owned(),
            id: None,
            role: None,
        },
        source: "import".to_owned(),
        correlation_id: run,
        causation_id: None,
        reverts: None,
        answer: Value::Null,
    }
}
