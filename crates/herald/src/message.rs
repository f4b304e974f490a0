//! What leaves the house of an event: a CloudEvent (1.0) of ids and public facts, for whoever carries it.
//!
//! Pure: from an event as it is recorded to its message; NATS gets it in binary mode, a webhook in structured mode.
//! The rule is one and knows no trade: a value that says of itself that it is sealed, opened or erased (an object with
//! a member whose name begins with `$`) is left out, with its name. All else in a payload is public by the domain's own
//! declaration (`domain/tests/golden.rs`).

use jiff::Timestamp;
use ledger::{ActorRef, BusinessId, EventId, Position, Recorded, StreamId, Version};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// The version of CloudEvents that messages are written in.
const SPECVERSION: &str = "1.0";
/// What a message's data are.
const DATA: &str = "application/json";

/// One event as it leaves the house.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Whose it is.
    pub business: BusinessId,
    /// Its place in the ledger of that business.
    pub position: Position,
    /// Its id, everywhere and for ever: who gets it twice knows it by this.
    pub event_id: EventId,
    /// What it happened to.
    pub stream: StreamId,
    /// What happened: `rescheduled`.
    pub event_type: String,
    /// When it happened.
    pub time: Timestamp,
    /// Ids and public facts.
    data: Value,
}

/// Why an event cannot leave the house.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Its payload cannot be read.
    #[error("the payload at position {position} cannot be read")]
    Payload {
        /// Where it stands.
        position: Position,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
    /// A name in it would not be one token of a subject.
    #[error("the event at position {position} is called {name:?}, which is no token of a subject")]
    Name {
        /// Where it stands.
        position: Position,
        /// The name.
        name: String,
    },
}

/// What a message tells: the event as the log tells it, without what is sealed.
#[derive(Serialize)]
struct Data<'e> {
    business_id: BusinessId,
    position: Position,
    event_id: EventId,
    stream: Stream<'e>,
    r#type: &'e str,
    /// Its place in its stream.
    version: Version,
    /// The version of the payload's format.
    event_version: &'e str,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    payload: Value,
    actor: Actor<'e>,
    source: &'e str,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
}

#[derive(Serialize)]
struct Stream<'e> {
    kind: &'e str,
    id: Uuid,
}

/// As in the ledger, with each member always there.
#[derive(Serialize)]
struct Actor<'e> {
    kind: &'e str,
    id: Option<Uuid>,
    role: Option<&'e str>,
}

impl Message {
    /// The message of a recorded event.
    ///
    /// # Errors
    /// When the event is nothing that could be told: no ledger holds such a one unless somebody wrote past it.
    pub fn of(event: &Recorded) -> Result<Self, MessageError> {
        let position = event.position;
        let broken = |source| MessageError::Payload { position, source };
        for name in [&*event.stream.kind, &event.event_type] {
            if !is_token(name) {
                return Err(MessageError::Name {
                    position,
                    name: name.to_owned(),
                });
            }
        }
        let payload = serde_json::from_str(event.payload.get()).map_err(broken)?;
        let ActorRef { kind, id, role } = &event.metadata.actor;
        let data = serde_json::to_value(Data {
            business_id: event.business,
            position,
            event_id: event.event_id,
            stream: Stream {
                kind: &event.stream.kind,
                id: event.stream.id,
            },
            r#type: &event.event_type,
            version: event.version,
            event_version: &event.event_version,
            recorded_at: event.recorded_at,
            occurred_at: event.occurred_at.unwrap_or(event.recorded_at),
            payload: public(payload).unwrap_or(Value::Null),
            actor: Actor {
                kind,
                id: *id,
                role: role.as_deref(),
            },
            source: &event.metadata.source,
            command_id: event.metadata.command_id,
            correlation_id: event.metadata.correlation_id,
            causation_id: event.metadata.causation_id,
        });
        Ok(Self {
            business: event.business,
            position,
            event_id: event.event_id,
            stream: event.stream.clone(),
            event_type: event.event_type.clone(),
            time: event.occurred_at.unwrap_or(event.recorded_at),
            data: data.map_err(broken)?,
        })
    }

    /// Where it is published: `daybook.{business_id}.{stream}.{event}`.
    #[must_use]
    pub fn subject(&self) -> String {
        format!(
            "daybook.{}.{}.{}",
            self.business, self.stream.kind, self.event_type
        )
    }

    /// What it is called beyond the house: `daybook.booking.rescheduled`.
    #[must_use]
    pub fn ce_type(&self) -> String {
        format!("daybook.{}.{}", self.stream.kind, self.event_type)
    }

    /// The CloudEvent's attributes, by name, in their canonical text.
    #[must_use]
    pub fn attributes(&self) -> [(&'static str, String); 8] {
        [
            ("specversion", SPECVERSION.to_owned()),
            ("id", self.event_id.to_string()),
            ("source", format!("urn:uuid:{}", self.business)),
            ("type", self.ce_type()),
            (
                "subject",
                format!("{}/{}", self.stream.kind, self.stream.id),
            ),
            ("time", self.time.to_string()),
            ("datacontenttype", DATA.to_owned()),
            (POSITION, self.position.to_string()),
        ]
    }

    /// What it tells: ids and public facts.
    #[must_use]
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// The whole as one JSON document (`application/cloudevents+json`).
    #[must_use]
    pub fn structured(&self) -> Value {
        let attributes = self.attributes().into_iter().map(|(name, text)| {
            let value = match name {
                // The one number among them.
                POSITION => json!(self.position),
                _ => Value::String(text),
            };
            (name.to_owned(), value)
        });
        let data = ("data".to_owned(), self.data.clone());
        Value::Object(attributes.chain([data]).collect())
    }
}

/// Our extension of CloudEvents: the event's place in the ledger of its business.
const POSITION: &str = "daybookposition";

/// Whether it is one token of a subject, and nothing that a header would have to escape.
fn is_token(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !name.is_empty() && name.bytes().all(plain)
}

/// The value without what is personal in it; none if all of it is.
fn public(value: Value) -> Option<Value> {
    Some(match value {
        Value::Object(members) if members.keys().any(|name| name.starts_with('$')) => return None,
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter_map(|(name, value)| Some((name, public(value)?)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().filter_map(public).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    })
}

#[cfg(test)]
mod specs;
