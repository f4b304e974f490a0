//! From a history into a ledger, sealed as the service seals.

use ledger::{
    ActorRef, Append, AppendError, Command, Expected, Ledger, NewEvent, PersonKeys, Position,
    StreamId, StreamWrite,
};
use serde_json::{Value, value::to_raw_value};
use uuid::Uuid;
use vault::{SealError, Vault};

use super::Happened;

/// Why a history was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// The vault would not seal it.
    #[error("it could not be sealed")]
    Seal(#[from] SealError),
    /// The ledger would not take it.
    #[error("it could not be appended")]
    Append(#[from] AppendError),
    /// An event is no JSON.
    #[error("it is no JSON")]
    Json(#[from] serde_json::Error),
}

/// Records what happened, each command by itself, in order. The last position.
///
/// # Errors
/// [`NotRecorded`].
pub async fn record(
    ledger: &Ledger,
    vault: &Vault,
    happened: Vec<Happened>,
) -> Result<Position, NotRecorded> {
    let mut last = Position::START;
    for happened in happened {
        last = record_together(ledger, vault, vec![happened]).await?;
    }
    Ok(last)
}

/// Records what happened to different streams of one business in one append.
///
/// # Errors
/// [`NotRecorded`].
pub async fn record_together(
    ledger: &Ledger,
    vault: &Vault,
    happened: Vec<Happened>,
) -> Result<Position, NotRecorded> {
    let Some(business) = happened.first().map(|happened| happened.business) else {
        return Ok(Position::START);
    };
    let mut payloads: Vec<(Uuid, Value)> = happened
        .iter()
        .flat_map(|happened| &happened.events)
        .map(|event| (event.id.0, event.payload.clone()))
        .collect();
    let keys = vault.seal(business.0, &mut payloads).await?;
    let mut sealed = payloads.into_iter();
    let id = happened
        .iter()
        .find_map(|happened| happened.events.first())
        .map_or(Uuid::nil(), |event| event.id.0);
    let mut append = Append::new(business, command(id));
    append.person_keys = PersonKeys {
        made: keys.made,
        used: keys.used,
    };
    for happened in happened {
        let mut events = vec![];
        for (event, (_, payload)) in happened.events.into_iter().zip(sealed.by_ref()) {
            events.push(NewEvent {
                event_id: event.id,
                event_type: event.event_type,
                event_version: event.event_version,
                payload: to_raw_value(&payload)?,
                occurred_at: happened.occurred_at,
            });
        }
        append.streams.push(StreamWrite {
            stream: StreamId::new(happened.kind, happened.stream),
            expected: Expected::Version(happened.expected),
            events,
        });
    }
    Ok(ledger.append(append).await?.last)
}

fn command(id: Uuid) -> Command {
    Command {
        id,
        caller: "random".to_owned(),
        key: id.to_string(),
        fingerprint: [0; 32],
        actor: ActorRef {
            kind: "user".to_owned(),
            id: Some(Uuid::from_u128(7)),
            role: Some("owner".to_owned()),
        },
        source: "panel".to_owned(),
        correlation_id: id,
        causation_id: None,
        // Now and then something puts the first event back, as far as it says.
        reverts: id.as_u128().is_multiple_of(5).then_some(Position(1)),
        answer: Value::Null,
    }
}
