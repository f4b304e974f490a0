//! Segments that most businesses want, to be looked at and copied.

use serde_json::{Value, json};
use strum::{IntoStaticStr, VariantArray};

use super::filter::Filter;

/// A segment that is there from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum ReadyMade {
    /// Came five times and more in half a year.
    Loyal,
    /// Have not come for three months, and nothing is booked.
    Sleeping,
    /// Came for the first time in the last thirty days.
    New,
    /// Should have been back a week ago by their own habit, and came within a year.
    AtRisk,
    /// Have their birthday this month.
    BirthdaysThisMonth,
    /// The tenth of all clients who paid most in a year.
    BigSpenders,
}

impl ReadyMade {
    /// All of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The word for it in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Whom it holds.
    #[must_use]
    pub fn filter(self) -> Filter {
        Filter::read(&self.json()).expect("a spec reads each of them")
    }

    /// As anybody would write it.
    pub(super) fn json(self) -> Value {
        match self {
            Self::Loyal => {
                json!({"field": "bookings", "statuses": ["completed"], "within_days": 180, "at_least": 5})
            }
            Self::Sleeping => json!({"all": [
                {"field": "absent", "days": 90},
                {"not": {"field": "bookings", "statuses": ["requested", "confirmed"], "next_days": 3650}},
            ]}),
            Self::New => json!({"field": "first_visit", "within_days": 30}),
            Self::AtRisk => json!({"all": [
                {"field": "interval_overdue", "by_days": 7},
                {"field": "last_visit", "within_days": 365},
            ]}),
            Self::BirthdaysThisMonth => json!({"field": "birthday", "month": "this"}),
            Self::BigSpenders => json!({"field": "spent", "top_percent": 10, "within_days": 365}),
        }
    }
}
