//! The ledger's envelope of an event, under the names by which read models know it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BusinessId(pub Uuid);

/// A place in a business's ledger, from 1; 0 is before all.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub i64);

/// A place in one stream, from 1; 0 is none.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub i64);

/// The identity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorRef {
    /// What kind of actor.
    pub kind: String,
    /// Their id.
    pub id: Option<Uuid>,
    /// The role in which they acted.
    pub role: Option<String>,
}

/// Who changed what, from where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Whose ledger.
    pub business_id: BusinessId,
    /// Which event.
    pub event_id: EventId,
    /// Who did it.
    pub actor: ActorRef,
    /// Through which door.
    pub source: String,
    /// By which command.
    pub command_id: Uuid,
    /// What belongs together.
    pub correlation_id: Uuid,
    /// What it follows from.
    pub causation_id: Option<Uuid>,
}
