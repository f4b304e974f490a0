//! When, in a filter: by local dates, or counted from the day on which it is asked.

use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde::Serialize;

use crate::time::{Zone, local_date};

/// A period with or without a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Period {
    /// It begins somewhere.
    Begun(Begun),
    /// Ever, up to this local date, inclusive.
    Until {
        /// The last date.
        #[serde(with = "local_date")]
        to: Date,
    },
}

/// A period that begins somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Begun {
    /// From this local date on.
    Since {
        /// The first date.
        #[serde(with = "local_date")]
        from: Date,
    },
    /// From the first of two local dates to the last, inclusive.
    Between {
        /// The first date.
        #[serde(with = "local_date")]
        from: Date,
        /// The last date, not before the first.
        #[serde(with = "local_date")]
        to: Date,
    },
    /// From the beginning of the day so many days ago up to now.
    Last {
        /// 1..=36,500.
        within_days: u16,
    },
    /// From now to the end of the day so many days ahead.
    Next {
        /// 1..=36,500.
        next_days: u16,
    },
}

/// A period's first instant and the first one after it; none: without a bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Instants {
    /// The first that belongs to it.
    pub from: Option<Timestamp>,
    /// The first that no longer does.
    pub before: Option<Timestamp>,
}

impl Instants {
    /// Whether an instant lies in it.
    #[must_use]
    pub fn contain(&self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= instant)
            && self.before.is_none_or(|before| instant < before)
    }
}

impl Period {
    /// What it is in instants, for who asks now, where clocks are as in `zone`.
    #[must_use]
    pub fn instants(self, zone: &Zone, now: Timestamp) -> Instants {
        match self {
            Self::Begun(begun) => begun.instants(zone, now),
            Self::Until { to } => Instants {
                from: None,
                before: after(zone, to),
            },
        }
    }
}

impl Begun {
    /// As [`Period::instants`]; it always has a first one, but where time began.
    #[must_use]
    pub fn instants(self, zone: &Zone, now: Timestamp) -> Instants {
        let today = zone.date_of(now);
        match self {
            Self::Since { from } => Instants {
                from: beginning(zone, from),
                before: None,
            },
            Self::Between { from, to } => Instants {
                from: beginning(zone, from),
                before: after(zone, to),
            },
            Self::Last { within_days } => Instants {
                from: beginning(zone, days_before(today, within_days)),
                before: Some(now),
            },
            Self::Next { next_days } => Instants {
                from: Some(now),
                before: after(zone, today.saturating_add(i64::from(next_days).days())),
            },
        }
    }
}

/// The date so many days before another.
pub(super) fn days_before(date: Date, days: u16) -> Date {
    date.saturating_sub(i64::from(days).days())
}

/// The first instant of a local date.
pub(super) fn beginning(zone: &Zone, date: Date) -> Option<Timestamp> {
    zone.days(date, date).map(|span| span.start())
}

/// The first instant after a local date.
fn after(zone: &Zone, date: Date) -> Option<Timestamp> {
    zone.days(date, date).map(|span| span.end())
}
