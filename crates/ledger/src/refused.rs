//! Why an append was not accepted.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{Position, Span, StreamId, Version};

/// What stands in an append's way. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The stream is not at the expected version: decide again on what it is now.
    #[error("{stream} has moved on")]
    MovedOn {
        /// Which stream.
        stream: StreamId,
        /// The version that was expected.
        expected: Version,
        /// The version it has; none where only the constraint saw it.
        actual: Option<Version>,
    },
    /// The stream does not exist in this business.
    #[error("{stream} does not exist")]
    NoSuchStream {
        /// Which stream.
        stream: StreamId,
    },
    /// At some instant of the claim there is no seat left.
    #[error("the time is taken")]
    TimeTaken {
        /// Whose claim found no room.
        owner: Uuid,
        /// On what.
        resource: Uuid,
        /// The time that was wanted.
        during: Span,
        /// Who has claims there; empty where only the constraint saw it.
        by: Vec<Uuid>,
    },
    /// The name belongs to somebody else.
    #[error("the name is taken")]
    NameTaken {
        /// The kind of name.
        kind: &'static str,
        /// The name.
        name: String,
        /// Who has it; none where only the constraint saw it.
        by: Option<Uuid>,
    },
    /// The command's key was used for another command.
    #[error("the key was used for another command")]
    KeyReused,
    /// There are claims where there must be none.
    #[error("{} claims stand where there must be none", by.len())]
    Guarded {
        /// Each of them.
        by: Vec<GuardHit>,
    },
    /// The catalogue has moved since the position that the decision rests on.
    #[error("the catalogue has moved to position {now}")]
    CatalogueMoved {
        /// Where it moved last.
        now: Position,
    },
    /// A person's key was destroyed, or never made.
    #[error("a person's key is gone")]
    PersonKeyGone {
        /// Which.
        key: Uuid,
    },
    /// Somebody else has made this person's key meanwhile: seal again with that one.
    #[error("a person's key was made meanwhile")]
    PersonKeyMade {
        /// Which.
        key: Uuid,
    },
}

/// A claim that a guard ran into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardHit {
    /// Whose.
    pub owner: Uuid,
    /// On what.
    pub resource: Uuid,
    /// When: from the owner's first instant there to the last.
    pub body: Span,
}

/// An append that no ledger could make sense of: a mistake in the calling code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than [`MAX_EVENTS`](crate::MAX_EVENTS).
    #[error("more events than one append may carry")]
    TooManyEvents,
    /// One stream is written twice.
    #[error("one stream is written twice")]
    StreamTwice,
    /// Events for a stream of which only existence is asked.
    #[error("events for a stream whose version is not given")]
    EventsWithoutVersion,
    /// One owner's claims are replaced twice.
    #[error("the claims of one owner are replaced twice")]
    OwnerTwice,
    /// A capacity outside 1..=10_000, or more claims in a set than can be numbered.
    #[error("a claim's capacity or a set's size is out of range")]
    Capacity,
    /// One name for two owners.
    #[error("one name is claimed for two owners")]
    NameTwice,
    /// A guard without a time.
    #[error("a guard without a time")]
    GuardOfNothing,
}

/// Why an append did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Something stands in its way; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It makes no sense; nothing was written.
    #[error("the append makes no sense")]
    Malformed(#[from] Malformed),
    /// Too many commands of this business are waiting; nothing was written.
    #[error("too many commands are waiting")]
    Crowded,
    /// The database could not be reached; nothing was written.
    #[error("the database is away")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The connection was lost and did not come back in time: it may have been written. The same key again
    /// settles it.
    #[error("the connection was lost before the answer came")]
    Unknown(#[source] sqlx::Error),
    /// The database refused it for a reason that should not occur; nothing was written.
    #[error("the database refused the append")]
    Store(#[source] sqlx::Error),
}

impl AppendError {
    /// The refusal, if it is one.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Malformed(_)
            | Self::Crowded
            | Self::Unavailable(_)
            | Self::Unknown(_)
            | Self::Store(_) => None,
        }
    }
}

/// A guard hit as the database tells it.
#[derive(serde::Deserialize)]
pub(crate) struct GuardHitRow {
    owner: Uuid,
    resource: Uuid,
    starts: Timestamp,
    ends: Option<Timestamp>,
}

impl From<GuardHitRow> for GuardHit {
    fn from(row: GuardHitRow) -> Self {
        Self {
            owner: row.owner,
            resource: row.resource,
            body: Span {
                start: row.starts,
                end: row.ends,
            },
        }
    }
}
