//! What a business's reports reckon with.

use serde::{Deserialize, Serialize};

use crate::{money::Money, time::Minutes};

/// The numbers that reports take from the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportRules {
    /// How long it takes to book somebody in by phone or at the desk. 0..=240.
    pub minutes_per_phone_booking: Minutes,
    /// What an hour of whoever does that costs; none: not told, and nothing that rests on it is.
    pub cost_per_hour: Option<Money>,
    /// Within how many days somebody must come, or be booked, again to count as one who does. 1..=730.
    pub return_within_days: u16,
    /// For how many days after a campaign what clients book is put down to it. 1..=365.
    #[serde(default = "effect", skip_serializing_if = "is_effect")]
    pub campaign_effect_days: u16,
}

/// Events from before there was such a number have none, and those in which it is this one look the same: it must
/// never be another.
const EFFECT: u16 = 30;

const fn effect() -> u16 {
    EFFECT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_effect(days: &u16) -> bool {
    *days == EFFECT
}

impl ReportRules {
    /// Each number with its field and range.
    pub(crate) fn numbers(&self) -> [(&'static str, u32, u32, u32); 3] {
        let minutes = self.minutes_per_phone_booking.get();
        let days = self.return_within_days.into();
        [
            ("minutes_per_phone_booking", minutes, 0, 240),
            ("return_within_days", days, 1, 730),
            (
                "campaign_effect_days",
                self.campaign_effect_days.into(),
                1,
                365,
            ),
        ]
    }
}

impl Default for ReportRules {
    fn default() -> Self {
        Self {
            minutes_per_phone_booking: Minutes::new(5),
            cost_per_hour: None,
            return_within_days: 90,
            campaign_effect_days: EFFECT,
        }
    }
}
