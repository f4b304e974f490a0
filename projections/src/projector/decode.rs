//! From the ledger's rows to what read models take in: opened and decoded once for all of them.

use std::collections::BTreeMap;

use domain::event::{AnyEvent, DecodeError};
use ledger::{BusinessId, EventId, Position, Recorded};
use serde_json::Value;
use vault::{KeyRing, OpenError, Vault, Wanted};

use super::fault;
use crate::Projected;

/// What could be decoded, and the first event of each business that could not.
#[derive(Default)]
pub(crate) struct Decoded {
    /// In the order of the rows; of each business, up to its broken event.
    pub(crate) good: Vec<Projected>,
    /// Each business's first broken event.
    pub(crate) broken: BTreeMap<BusinessId, Broken>,
}

/// An event that nothing can take in.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) position: Position,
    /// None where there is no event at all.
    pub(crate) event: Option<EventId>,
    /// Never a personal value.
    pub(crate) error: String,
}

impl Broken {
    /// Where a position has no event.
    pub(crate) fn missing(position: Position) -> Self {
        Self {
            position,
            event: None,
            error: format!(
                "there is no event at position {position}: the ledger was tampered with"
            ),
        }
    }
}

/// A row on its way.
struct Row {
    recorded: Recorded,
    /// Its payload, if anything in it is to be opened.
    sealed: Option<Value>,
}

/// Opens and decodes rows, in position order per business: one query for the keys of all of them.
///
/// # Errors
/// When the keys cannot be read. What is wrong with an event is no error here.
pub(crate) async fn decode(vault: &Vault, recorded: Vec<Recorded>) -> Result<Decoded, sqlx::Error> {
    let mut decoded = Decoded::default();
    let mut wanted = Wanted::default();
    let mut rows = Vec::with_capacity(recorded.len());
    for recorded in recorded {
        match row(&recorded, &mut wanted) {
            Ok(sealed) => rows.push(Row { recorded, sealed }),
            Err(error) => decoded.breaks(&recorded, error),
        }
    }
    match vault.keys(&wanted).await {
        Ok(ring) => rows.into_iter().for_each(|row| decoded.take(row, &ring)),
        Err(OpenError::Store(error)) => return Err(error),
        // Somebody's key is unreadable: find out whose, event by event.
        Err(_) => {
            for row in rows {
                match keys_of(vault, &row).await {
                    Ok(ring) => decoded.take(row, &ring),
                    Err(OpenError::Store(error)) => return Err(error),
                    Err(error) => decoded.breaks(&row.recorded, fault::told_of_open(&error)),
                }
            }
        }
    }
    Ok(decoded)
}

impl Decoded {
    fn breaks(&mut self, recorded: &Recorded, error: String) {
        if self.goes_on_to(recorded) {
            let broken = Broken {
                position: recorded.position,
                event: Some(recorded.event_id),
                error,
            };
            self.broken.insert(recorded.business, broken);
        }
    }

    /// Nothing before it in its business is broken.
    fn goes_on_to(&self, recorded: &Recorded) -> bool {
        self.broken
            .get(&recorded.business)
            .is_none_or(|broken| recorded.position < broken.position)
    }

    fn take(&mut self, row: Row, ring: &KeyRing) {
        let Row { recorded, sealed } = row;
        if !self.goes_on_to(&recorded) {
            return;
        }
        match open_and_decode(&recorded, sealed, ring) {
            Ok(event) => self.good.push(Projected {
                business: recorded.business,
                position: recorded.position,
                version: recorded.version,
                recorded_at: recorded.recorded_at,
                occurred_at: recorded.occurred_at.unwrap_or(recorded.recorded_at),
                metadata: recorded.metadata,
                event,
            }),
            Err(error) => self.breaks(&recorded, error),
        }
    }
}

/// The payload, if anything in it is to be opened.
fn row(recorded: &Recorded, wanted: &mut Wanted) -> Result<Option<Value>, String> {
    if !vault::holds_sealed(&recorded.payload) {
        return Ok(None);
    }
    let payload: Value = serde_json::from_str(recorded.payload.get())
        .map_err(|error| fault::told_of_json(&error))?;
    wanted
        .add(recorded.business.0, &payload)
        .map_err(|error| fault::told_of_open(&error))?;
    Ok(Some(payload))
}

async fn keys_of(vault: &Vault, row: &Row) -> Result<KeyRing, OpenError> {
    let mut wanted = Wanted::default();
    if let Some(payload) = &row.sealed {
        wanted.add(row.recorded.business.0, payload)?;
    }
    vault.keys(&wanted).await
}

fn open_and_decode(
    recorded: &Recorded,
    sealed: Option<Value>,
    ring: &KeyRing,
) -> Result<AnyEvent, String> {
    let (kind, stream) = (recorded.stream.kind.as_ref(), recorded.stream.id);
    let decoded = match sealed {
        None => AnyEvent::decode(kind, stream, recorded.payload.get()),
        Some(mut payload) => {
            open(recorded, &mut payload, ring).map_err(|error| fault::told_of_open(&error))?;
            AnyEvent::decode(kind, stream, &payload.to_string())
        }
    };
    decoded.map_err(|error| match error {
        DecodeError::UnknownStream(kind) => format!("no aggregate is called {kind:?}"),
        DecodeError::Payload { kind, source } => format!(
            "the payload is no event of a {kind}: {}",
            fault::told_of_json(&source)
        ),
    })
}

/// Each box must stand in the event that it was made for, and in its field unless an upcaster moved it.
fn open(recorded: &Recorded, payload: &mut Value, ring: &KeyRing) -> Result<(), OpenError> {
    let business = recorded.business.0;
    match ring.open_event(business, recorded.event_id.0, payload) {
        Err(OpenError::Misplaced {
            event, found_event, ..
        }) if event == found_event => ring.open(business, payload),
        opened => opened,
    }
}
