//! Who asked for what, through which door.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{BusinessId, EventId, Position};

/// Who did it. Ids only: names are looked up when shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorRef {
    /// What the actor is, in the words of the service above (`user`, `api_key`, `system` …).
    pub kind: String,
    /// Which one; none for the system itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The role in which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What is kept beside each event, as the column `metadata`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The business again, so that a stream read without it can be checked.
    pub business_id: BusinessId,
    /// The event's own id again, for readers of the bare table.
    pub event_id: EventId,
    /// Who did it.
    pub actor: ActorRef,
    /// Through which door it came (`panel`, `import` …).
    pub source: String,
    /// The command that it is an event of.
    pub command_id: Uuid,
    /// What all commands of one undertaking share.
    pub correlation_id: Uuid,
    /// The event or command that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The event that this one puts back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<Position>,
}

/// The command behind an append. Every append has one, and each has a key: the caller's, else one of ours,
/// so that after a lost connection the ledger can say what became of it.
#[derive(Clone, Debug)]
pub struct Command {
    /// A UUIDv7.
    pub id: Uuid,
    /// Whose keys these are; a key is looked up within business and caller.
    pub caller: String,
    /// The same key again is the same command again, for thirty days.
    pub key: String,
    /// A keyed hash of what was asked. The same key with another fingerprint is refused.
    pub fingerprint: [u8; 32],
    /// Who asks.
    pub actor: ActorRef,
    /// Through which door.
    pub source: String,
    /// What all commands of one undertaking share.
    pub correlation_id: Uuid,
    /// The event or command that led to this one.
    pub causation_id: Option<Uuid>,
    /// The event that this command puts back.
    pub reverts: Option<Position>,
    /// What to answer when the key comes again: status and ids, small; never a body.
    pub answer: Value,
}

impl Command {
    /// What is kept beside an event of this command.
    pub fn metadata(&self, business: BusinessId, event: EventId) -> Metadata {
        Metadata {
            business_id: business,
            event_id: event,
            actor: self.actor.clone(),
            source: self.source.clone(),
            command_id: self.id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            reverts: self.reverts,
        }
    }
}
