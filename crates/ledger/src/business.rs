//! Whose ledger, which stream, and where in them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The tenant. Every row, key and constraint of the ledger is within one business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BusinessId(pub Uuid);

/// A place in the ledger of one business: 1, 2, 3 … without a gap, in commit order. 0 is before them all.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub i64);

/// A place in one stream: 1, 2, 3 … without a gap. 0 is a stream that does not exist.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub i64);

/// One event, everywhere and for ever. A UUIDv7, made by whoever writes the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

/// The history of one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// The kind of thing: the `Aggregate::TYPE` of what the stream folds to.
    pub kind: Cow<'static, str>,
    /// The thing. No two streams of a business share an id, whatever their kind.
    pub id: Uuid,
}

impl StreamId {
    /// The stream of the thing `id` of kind `kind`.
    pub fn new(kind: impl Into<Cow<'static, str>>, id: Uuid) -> Self {
        Self {
            kind: kind.into(),
            id,
        }
    }
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
}

impl Version {
    /// The version of a stream that does not exist yet.
    pub const NEW: Self = Self(0);
}

impl fmt::Display for BusinessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}
