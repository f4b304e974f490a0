//! What an answer speaks of besides what its command wrote: read in the append's own trip.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistenceError, SerializedEvent};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::stream::fold;
use crate::{Ledger, LoadError, Loaded};

/// A stream, and the key of the person with its id, as they stood when the append was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which thing.
    pub id: Uuid,
    /// Its person's key, wrapped; none: destroyed, or never made.
    pub key: Option<Vec<u8>>,
    events: Vec<Event>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    kind: String,
    version: usize,
    event_type: String,
    event_version: String,
    payload: String,
}

impl Shown {
    /// From the row that carries the arrays: events by stream and version, and keys. Null: there are none.
    pub(crate) fn read(row: &PgRow) -> Result<Vec<Self>, sqlx::Error> {
        let ids: Option<Vec<String>> = row.try_get("ids")?;
        let Some(ids) = ids else {
            return Ok(Vec::new());
        };
        let mut kinds = row.try_get::<Vec<String>, _>("kinds")?.into_iter();
        let mut sequences = row.try_get::<Vec<i64>, _>("sequences")?.into_iter();
        let mut types = row.try_get::<Vec<String>, _>("types")?.into_iter();
        let mut versions = row.try_get::<Vec<String>, _>("versions")?.into_iter();
        let mut payloads = row.try_get::<Vec<String>, _>("payloads")?.into_iter();
        let keys: Option<Vec<Uuid>> = row.try_get("keys")?;
        let wrapped: Option<Vec<Option<Vec<u8>>>> = row.try_get("wrapped")?;
        let keys: Vec<_> = keys
            .into_iter()
            .flatten()
            .zip(wrapped.into_iter().flatten())
            .collect();

        let mut shown: Vec<Self> = Vec::new();
        for id in ids {
            let id: Uuid = id
                .parse()
                .map_err(|error: uuid::Error| sqlx::Error::Decode(error.into()))?;
            if shown.last().is_none_or(|last| last.id != id) {
                let key = keys.iter().find(|(key, _)| *key == id);
                shown.push(Self {
                    id,
                    key: key.and_then(|(_, wrapped)| wrapped.clone()),
                    events: Vec::new(),
                });
            }
            let event = kinds
                .next()
                .zip(sequences.next())
                .zip(types.next())
                .zip(versions.next())
                .zip(payloads.next());
            if let (Some(last), Some(((((kind, sequence), event_type), event_version), payload))) =
                (shown.last_mut(), event)
            {
                last.events.push(Event {
                    kind,
                    // The table's check keeps it positive.
                    version: usize::try_from(sequence).unwrap_or_default(),
                    event_type,
                    event_version,
                    payload,
                });
            }
        }
        Ok(shown)
    }
}

impl Ledger {
    /// Folds what an append has shown, as [`Ledger::load`] folds a stream. One of another kind is as if it did not
    /// exist.
    ///
    /// # Errors
    /// When an event cannot be understood.
    pub fn fold<A: Aggregate>(&self, shown: &Shown) -> Result<Loaded<A>, LoadError> {
        let events = shown.events.iter().filter(|event| event.kind == A::TYPE);
        let events = events.map(|event| {
            let payload = serde_json::from_str(&event.payload);
            Ok(SerializedEvent::new(
                shown.id.to_string(),
                event.version,
                event.kind.clone(),
                event.event_type.clone(),
                event.event_version.clone(),
                payload.map_err(PersistenceError::from)?,
                Value::Null,
            ))
        });
        let events: Result<Vec<_>, PersistenceError> = events.collect();
        fold(shown.id, self.current(events?))
    }
}
