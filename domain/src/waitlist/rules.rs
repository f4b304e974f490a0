//! How the waitlist is to work in a house.

use serde::{Deserialize, Serialize};

use crate::time::Minutes;

/// The rules of a business's waitlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WaitlistRules {
    /// Time that comes free is offered to those who wait, without anybody's doing.
    pub automatic: bool,
    /// How long an offered slot is held. 1..=2,880 (two days).
    pub offer_min: Minutes,
    /// How far ahead a slot must lie at the least to be offered. 0..=43,200 (30 days).
    pub lead_min: Minutes,
}

impl WaitlistRules {
    /// Each number with its field and range, so that whoever is refused learns of both.
    pub(crate) const fn numbers(&self) -> [(&'static str, Minutes, u32, u32); 2] {
        [
            ("offer_min", self.offer_min, 1, 2_880),
            ("lead_min", self.lead_min, 0, 43_200),
        ]
    }
}

impl Default for WaitlistRules {
    fn default() -> Self {
        Self {
            automatic: true,
            offer_min: Minutes::new(30),
            lead_min: Minutes::new(120),
        }
    }
}
