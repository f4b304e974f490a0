//! What a command comes to, before it is sealed and appended.

use std::{any::Any, fmt, sync::Arc};

use ledger::{
    ClaimSet, EventId, Expected, Guard, NameClaim, Position, Recorded, StreamId, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::kind::Kind;
use crate::{app::App, problem::Problem};
use cqrs_es::DomainEvent as _;

/// All that one command writes, done whole or not at all.
#[derive(Debug)]
pub struct Decision {
    pub(super) streams: Vec<Stream>,
    /// Time to be taken or given back.
    pub claims: Vec<ClaimSet>,
    /// Names to be taken.
    pub names: Vec<NameClaim>,
    /// Names to be given back.
    pub released_names: Vec<NameClaim>,
    /// Times that must be free.
    pub guards: Vec<Guard>,
    /// What the guards find is new since it was decided, and belongs into it: it is decided again.
    pub again_if_guarded: bool,
    /// It rests on the catalogue as of this position. [`Decision::write`] sets it for nothing; say it where
    /// something of the catalogue was looked at that may change.
    pub saw_catalogue: Option<Position>,
    /// Things that the answer will speak of, read in the append's own trip.
    pub shows: Vec<Uuid>,
    pub(super) moves_catalogue: bool,
    pub(super) reverts: Option<Reverted>,
    /// What else the answer tells that no stream holds; no personal values.
    pub told: Value,
    pub(super) outcome: Outcome,
    pub(super) left: Vec<Left>,
}

/// A stream as the command leaves it: its answer need not read it again.
#[derive(Clone)]
pub(super) struct Left {
    pub(super) id: Uuid,
    pub(super) version: Version,
    /// The folded state, of whatever aggregate.
    pub(super) state: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.id, self.version)
    }
}

/// The event that a command puts back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reverted {
    pub(super) position: Position,
    pub(super) event_id: EventId,
}

impl From<&Recorded> for Reverted {
    fn from(event: &Recorded) -> Self {
        Self {
            position: event.position,
            event_id: event.event_id,
        }
    }
}

/// What is remembered of an accepted command beside positions and versions: enough to render its answer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The status that it was answered with.
    pub status: u16,
    /// The things that were made or changed, the one that the answer shows first.
    pub ids: Vec<Uuid>,
}

impl Outcome {
    /// 201: `id` was made.
    #[must_use]
    pub fn made(id: Uuid) -> Self {
        Self {
            status: 201,
            ids: vec![id],
        }
    }

    /// 200: `id` was changed, or stands as it was asked to.
    #[must_use]
    pub fn changed(id: Uuid) -> Self {
        Self {
            status: 200,
            ids: vec![id],
        }
    }
}

/// An outcome as it is remembered: with what else the answer told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remembered {
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) told: Value,
}

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) stream: StreamId,
    pub(super) expected: Expected,
    pub(super) types: Vec<(EventId, String, String)>,
    pub(super) payloads: Vec<(Uuid, Value)>,
}

impl Decision {
    /// Nothing yet, answered so.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self {
            streams: vec![],
            claims: vec![],
            names: vec![],
            released_names: vec![],
            guards: vec![],
            again_if_guarded: false,
            saw_catalogue: None,
            shows: vec![],
            moves_catalogue: false,
            reverts: None,
            told: Value::Null,
            outcome,
            left: vec![],
        }
    }

    /// Writes these events to a stream that must stand at `version` ([`Version::NEW`]: must not be there). No events:
    /// it only has to stand there.
    ///
    /// # Errors
    /// When an event cannot be written as JSON, which none of ours does.
    pub fn write<A: Kind>(
        &mut self,
        app: &App,
        id: Uuid,
        version: Version,
        events: &[A::Event],
    ) -> Result<(), Problem> {
        let mut types = Vec::with_capacity(events.len());
        let mut payloads = Vec::with_capacity(events.len());
        for event in events {
            let event_id = app.new_id();
            types.push((EventId(event_id), event.event_type(), event.event_version()));
            let payload = serde_json::to_value(event).map_err(Problem::internal)?;
            payloads.push((event_id, payload));
        }
        self.moves_catalogue |= A::IN_CATALOGUE && !events.is_empty();
        if version == Version::NEW {
            let mut state = A::default();
            events.iter().cloned().for_each(|event| state.apply(event));
            self.leaves::<A>(id, version, events.len(), state);
        }
        self.streams.push(Stream {
            stream: StreamId::new(A::TYPE, id),
            expected: Expected::Version(version),
            types,
            payloads,
        });
        Ok(())
    }

    /// What the events written leave of a stream that was there before: with it, the answer is rendered without reading
    /// the stream again. What is still sealed in it is opened then. (Of new streams this is known.)
    pub fn leaves<A: Kind>(&mut self, id: Uuid, before: Version, events: usize, state: A) {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        self.left.push(Left {
            id,
            version: Version(before.0.saturating_add(events)),
            state: Arc::new(state),
        });
    }

    /// It puts this event back, and its own say so.
    pub fn puts_back(&mut self, event: &Recorded) {
        self.reverts = Some(event.into());
    }

    /// How many events it writes so far.
    pub fn events(&self) -> usize {
        self.streams
            .iter()
            .map(|stream| stream.payloads.len())
            .sum()
    }

    /// A stream must be there, at whatever version.
    pub fn needs<A: Kind>(&mut self, id: Uuid) {
        self.streams.push(Stream {
            stream: StreamId::new(A::TYPE, id),
            expected: Expected::Exists,
            types: vec![],
            payloads: vec![],
        });
    }

    /// Nothing is to be written: it stands as it was asked to.
    pub(super) fn is_idle(&self) -> bool {
        self.streams.iter().all(|stream| stream.payloads.is_empty())
            && self.claims.is_empty()
            && self.names.is_empty()
            && self.released_names.is_empty()
    }
}
