//! The rules for booking that a business sets: how early, how often, how sure, and what a visitor agrees to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{client::Consent, contact::Language, text::Description, time::Minutes};

/// The rules for booking. Staff are warned where the public side refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Minutes that a start must lie ahead of now. 0..=10,080 (a week).
    pub min_notice_min: Minutes,
    /// How many days ahead a start may lie. 1..=730.
    pub horizon_days: u16,
    /// Minutes before the start after which a client can no longer cancel or move. 0..=43,200 (30 days).
    pub cancellation_window_min: Minutes,
    /// A booking is confirmed at once; else it is requested first.
    pub auto_confirm: bool,
    /// How many bookings made online a client may have ahead of them. 1..=50; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_ahead_per_client: Option<u16>,
    /// How many bookings made online a client may have on one local date. 1..=20; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_a_day_per_client: Option<u16>,
    /// Minutes for which a visitor's hold keeps the time. 1..=60.
    #[serde(default = "hold", skip_serializing_if = "is_hold")]
    pub hold_min: Minutes,
    /// How a visitor shows that the booking is theirs.
    #[serde(default, skip_serializing_if = "Confirmation::is_none")]
    pub confirmation: Confirmation,
    /// Minutes after which a booking that its visitor has not confirmed is cancelled. 5..=1,440.
    #[serde(default = "timeout", skip_serializing_if = "is_timeout")]
    pub confirmation_timeout_min: Minutes,
    /// What visitors are asked to agree to, each consent at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<ConsentText>,
}

/// How a visitor shows that the booking is theirs. Until then it is requested, and holds its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// Not at all.
    #[default]
    None,
    /// By a link in an e-mail.
    Link,
    /// By a code in an e-mail.
    Code,
}

impl Confirmation {
    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// What a visitor is asked to agree to, as it is worded now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentText {
    /// What for.
    pub consent: Consent,
    /// Counted up whenever the wording changes, and never back: it says which one somebody agreed to.
    pub version: u32,
    /// Nobody books without it.
    pub required: bool,
    /// The words, by language.
    pub texts: BTreeMap<Language, Description>,
}

/// A consent given to one wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Accepted {
    /// What for.
    pub consent: Consent,
    /// Which wording.
    pub version: u32,
}

const HOLD: Minutes = Minutes::new(10);
const TIMEOUT: Minutes = Minutes::new(30);

const fn hold() -> Minutes {
    HOLD
}

fn is_hold(minutes: &Minutes) -> bool {
    *minutes == HOLD
}

const fn timeout() -> Minutes {
    TIMEOUT
}

fn is_timeout(minutes: &Minutes) -> bool {
    *minutes == TIMEOUT
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_notice_min: Minutes::ZERO,
            horizon_days: 365,
            cancellation_window_min: Minutes::ZERO,
            auto_confirm: true,
            most_ahead_per_client: None,
            most_a_day_per_client: None,
            hold_min: HOLD,
            confirmation: Confirmation::None,
            confirmation_timeout_min: TIMEOUT,
            consents: vec![],
        }
    }
}

/// A number outside its range: field, least, most.
pub(crate) type OutOfRange = (&'static str, u32, u32);

impl Policy {
    /// Whether each number lies in its range.
    pub(crate) fn check(&self) -> Result<(), OutOfRange> {
        let within = |field, value: u32, least, most| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                Err((field, least, most))
            }
        };
        let ahead = self.most_ahead_per_client.unwrap_or(1);
        let a_day = self.most_a_day_per_client.unwrap_or(1);
        let window = self.cancellation_window_min.get();
        let timeout = self.confirmation_timeout_min.get();
        within("min_notice_min", self.min_notice_min.get(), 0, 10_080)?;
        within("horizon_days", self.horizon_days.into(), 1, 730)?;
        within("cancellation_window_min", window, 0, 43_200)?;
        within("most_ahead_per_client", ahead.into(), 1, 50)?;
        within("most_a_day_per_client", a_day.into(), 1, 20)?;
        within("hold_min", self.hold_min.get(), 1, 60)?;
        within("confirmation_timeout_min", timeout, 5, 1_440)
    }

    /// The same with each consent's version counted on from the last one given out.
    pub(crate) fn counted(mut self, before: &Self, given_out: &BTreeMap<Consent, u32>) -> Self {
        for text in &mut self.consents {
            let same = before
                .consents
                .iter()
                .find(|old| old.consent == text.consent && old.texts == text.texts);
            let last = given_out.get(&text.consent).copied().unwrap_or(0);
            text.version = same.map_or(last.saturating_add(1), |old| old.version);
        }
        self
    }

    /// The wording of a consent, if it is asked for.
    #[must_use]
    pub fn consent(&self, consent: Consent) -> Option<&ConsentText> {
        self.consents.iter().find(|text| text.consent == consent)
    }
}
