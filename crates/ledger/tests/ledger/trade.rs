//! A small trade to test with: things that are counted, owners that take time, and short words for both.

use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use jiff::{SignedDuration, Timestamp};
use ledger::{
    ActorRef, Append, Appended, BusinessId, Claim, ClaimSet, Command, EventId, Expected, Ledger,
    NewEvent, Span, StreamId, StreamWrite, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Counts, so that an event applied twice or not at all shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) sum: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum CounterEvent {
    Counted { by: i64 },
}

impl DomainEvent for CounterEvent {
    fn event_type(&self) -> String {
        "Counted".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Command = i64;
    type Event = CounterEvent;
    type Error = std::convert::Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        by: i64,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        sink.write(CounterEvent::Counted { by }, self).await;
        Ok(())
    }

    fn apply(&mut self, event: CounterEvent) {
        let CounterEvent::Counted { by } = event;
        self.sum += by;
    }
}

pub(crate) fn a_business() -> BusinessId {
    BusinessId(Uuid::now_v7())
}

pub(crate) fn id() -> Uuid {
    Uuid::now_v7()
}

/// A command with a key of its own.
pub(crate) fn command() -> Command {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    keyed(&format!(
        "key {} {}",
        NEXT.fetch_add(1, Ordering::Relaxed),
        id()
    ))
}

pub(crate) fn keyed(key: &str) -> Command {
    Command {
        id: id(),
        caller: "tests".to_owned(),
        key: key.to_owned(),
        fingerprint: [7; 32],
        actor: ActorRef {
            kind: "user".to_owned(),
            id: Some(Uuid::nil()),
            role: Some("owner".to_owned()),
        },
        source: "panel".to_owned(),
        correlation_id: id(),
        causation_id: None,
        reverts: None,
        answer: serde_json::json!({ "status": 201 }),
    }
}

pub(crate) fn counter(id: Uuid) -> StreamId {
    StreamId::new(Counter::TYPE, id)
}

pub(crate) fn counted(by: i64) -> NewEvent {
    NewEvent::of(EventId(id()), &CounterEvent::Counted { by }).unwrap()
}

/// Writes one event of a stream that is at `version`.
pub(crate) fn write(stream: Uuid, version: i64) -> StreamWrite {
    StreamWrite {
        stream: counter(stream),
        expected: Expected::Version(Version(version)),
        events: vec![counted(1)],
    }
}

/// An append of one event to a stream that is at `version`.
pub(crate) fn count(business: BusinessId, stream: Uuid, version: i64) -> Append {
    let mut append = Append::new(business, command());
    append.streams.push(write(stream, version));
    append
}

/// An append of one event to a new stream that takes this time, in the stream's name.
pub(crate) fn take(business: BusinessId, owner: Uuid, claims: Vec<Claim>) -> Append {
    let mut append = count(business, owner, 0);
    append.claims.push(set(owner, claims));
    append
}

pub(crate) fn set(owner: Uuid, claims: Vec<Claim>) -> ClaimSet {
    ClaimSet {
        owner,
        claims,
        hold_until: None,
    }
}

/// Minutes of a certain morning, a year ahead.
pub(crate) fn minute(minute: i64) -> Timestamp {
    let morning: Timestamp = "2027-11-23T08:00:00Z".parse().unwrap();
    morning + SignedDuration::from_mins(minute)
}

pub(crate) fn minutes(from: i64, to: i64) -> Span {
    Span::new(minute(from), minute(to))
}

/// A claim on a resource that bears one at a time.
pub(crate) fn claim(resource: Uuid, from: i64, to: i64) -> Claim {
    seat(resource, 1, from, to)
}

pub(crate) fn seat(resource: Uuid, capacity: u16, from: i64, to: i64) -> Claim {
    Claim {
        resource,
        capacity,
        during: minutes(from, to),
        body: minutes(from, to),
        overlaps: false,
    }
}

pub(crate) async fn append(ledger: &Ledger, append: Append) -> Appended {
    ledger.append(append).await.unwrap()
}

pub(crate) async fn refused(ledger: &Ledger, append: Append) -> ledger::Refused {
    let error = ledger.append(append).await.unwrap_err();
    error
        .refused()
        .unwrap_or_else(|| panic!("should have been refused: {error:?}"))
        .clone()
}
