//! Durations, in whole minutes.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A duration in whole minutes, zero or more. In JSON a plain integer; fields that hold one end in `_min`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "i64", into = "u32")]
pub struct Minutes(u32);

impl Minutes {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many minutes.
    pub const fn new(minutes: u32) -> Self {
        Self(minutes)
    }

    /// The number of minutes.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The same length in seconds; every `u32` of minutes fits.
    pub const fn as_secs(self) -> i64 {
        self.0 as i64 * 60
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Both lengths together, `None` past `u32::MAX` minutes (eight thousand years).
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// What is left of this length after `other`, zero if nothing is.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The length as jiff adds it to an instant.
    pub const fn to_duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.as_secs())
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} min", self.0)
    }
}

impl From<Minutes> for u32 {
    fn from(minutes: Minutes) -> Self {
        minutes.0
    }
}

/// A number that is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of minutes from 0 to {max}, not {0}", max = u32::MAX)]
pub struct BadMinutes(i64);

impl TryFrom<i64> for Minutes {
    type Error = BadMinutes;

    fn try_from(minutes: i64) -> Result<Self, BadMinutes> {
        u32::try_from(minutes)
            .map(Self)
            .map_err(|_| BadMinutes(minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::Minutes;

    #[test]
    fn is_a_plain_integer_in_json() {
        assert_eq!(serde_json::to_string(&Minutes::new(45)).unwrap(), "45");
        assert_eq!(
            serde_json::from_str::<Minutes>("45").unwrap(),
            Minutes::new(45)
        );
    }

    #[test]
    fn refuses_less_than_nothing_and_parts_of_a_minute() {
        let refusal = serde_json::from_str::<Minutes>("-5")
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("not -5"), "{refusal}");
        assert!(serde_json::from_str::<Minutes>("1.5").is_err());
        assert!(serde_json::from_str::<Minutes>("\"30\"").is_err());
        assert!(serde_json::from_str::<Minutes>("4294967296").is_err());
    }
}
