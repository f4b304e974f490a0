//! Where a booking stands in its life.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// Where a booking stands. `deleted` is a flag beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Asked for; holds its time until somebody decides.
    Requested,
    /// Agreed.
    Confirmed,
    /// Done.
    Completed,
    /// The client did not come.
    NoShow,
    /// Called off.
    Cancelled,
}

impl Status {
    /// All of them, in the order of a booking's life.
    pub const ALL: [Self; 5] = [
        Self::Requested,
        Self::Confirmed,
        Self::Completed,
        Self::NoShow,
        Self::Cancelled,
    ];

    /// The word for it in JSON and SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The time is taken: of a completed booking too, so that the past stays free of overlaps.
    #[must_use]
    pub const fn holds_time(self) -> bool {
        matches!(self, Self::Requested | Self::Confirmed | Self::Completed)
    }

    /// It still lies ahead: it can be moved, cancelled, served.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Confirmed)
    }
}
