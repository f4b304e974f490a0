//! What conditions that count from today mean on a given day.

use std::collections::BTreeSet;

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, date},
};

use super::{
    filter::{Absent, Birthday, Month},
    period::{beginning, days_before},
};
use crate::time::Zone;

impl Absent {
    /// The last visit must have begun before this instant.
    #[must_use]
    pub fn before(&self, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        let today = zone.date_of(now);
        beginning(zone, days_before(today, self.days.saturating_sub(1)))
    }
}

impl Birthday {
    /// The days of the year that it names, as (month, day). Who was born on the 29th of February keeps the 28th in
    /// years that have no such day.
    #[must_use]
    pub fn days(self, today: Date) -> BTreeSet<(i8, i8)> {
        match self {
            Self::Soon { within_days } => {
                let mut days = BTreeSet::new();
                for ahead in 0..=i64::from(within_days) {
                    let day = today.saturating_add(ahead.days());
                    days.insert((day.month(), day.day()));
                    if (day.month(), day.day()) == (2, 28) && !day.in_leap_year() {
                        days.insert((2, 29));
                    }
                }
                days
            }
            Self::In { month } => {
                let month = month.number(today);
                // Of a leap year, so that nobody is left out.
                let days = date(2000, month, 1).days_in_month();
                (1..=days).map(|day| (month, day)).collect()
            }
        }
    }
}

impl Month {
    fn number(self, today: Date) -> i8 {
        match self {
            Self::This => today.month(),
            Self::Next => today.month() % 12 + 1,
            Self::Number(number) => i8::try_from(number.clamp(1, 12)).unwrap_or(1),
        }
    }
}
