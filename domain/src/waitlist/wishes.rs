//! What somebody waits for: services, by whom, on which days, at which hours.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    hours::DayInterval,
    id::Id,
    service::Service,
    staff::Staff,
    time::{LocalTime, Span, Weekday, Zone, local_date},
};

/// What somebody waits for. Empty lists are no narrowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wishes {
    /// What, one after another.
    pub service_ids: Vec<Id<Service>>,
    /// By one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub staff_ids: Vec<Id<Staff>>,
    /// The first local date.
    #[serde(with = "local_date")]
    #[cfg_attr(feature = "schema", schemars(with = "Date"))]
    pub from: Date,
    /// The last one; none: whenever.
    #[serde(default, with = "maybe_date", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Date>"))]
    pub to: Option<Date>,
    /// On these days of the week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// Wholly within one of these hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<DayInterval>,
}

/// A wish that nobody can have meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {fault}")]
pub struct BadWish {
    /// The field at fault: `hours[1].to`.
    pub field: String,
    /// What is wrong with it.
    pub fault: WishFault,
}

/// What can be wrong with a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WishFault {
    /// For nothing at all.
    #[error("at least one is needed")]
    Empty,
    /// For more than can be looked after.
    #[error("at most {max} are taken")]
    TooMany {
        /// The most.
        max: usize,
    },
    /// An end that is not after its start.
    #[error("must not be before {from}")]
    EndBeforeStart {
        /// The first date.
        from: Date,
    },
    /// Hours that end when or before they begin.
    #[error("must be after {from}")]
    HoursEndNotAfterStart {
        /// Their start.
        from: LocalTime,
    },
    /// Hours that begin at `24:00`.
    #[error("24:00 may end a day, not begin hours")]
    BeginsAtTheEndOfTheDay,
}

impl Wishes {
    /// The most services one after another, as of a visit.
    pub const MOST_SERVICES: usize = 20;
    /// The most staff members, days and hours to choose from.
    pub const MOST: usize = 100;

    /// All that nobody can have meant.
    ///
    /// # Errors
    /// With at least one fault.
    pub fn check(&self) -> Result<(), Vec<BadWish>> {
        let mut faults = vec![];
        let mut fault = |field: String, fault| faults.push(BadWish { field, fault });
        if self.service_ids.is_empty() {
            fault("service_ids".to_owned(), WishFault::Empty);
        }
        for (field, len, max) in [
            ("service_ids", self.service_ids.len(), Self::MOST_SERVICES),
            ("staff_ids", self.staff_ids.len(), Self::MOST),
            ("weekdays", self.weekdays.len(), Self::MOST),
            ("hours", self.hours.len(), Self::MOST),
        ] {
            if len > max {
                fault(field.to_owned(), WishFault::TooMany { max });
            }
        }
        let from = self.from;
        if self.to.is_some_and(|to| to < from) {
            fault("to".to_owned(), WishFault::EndBeforeStart { from });
        }
        for (n, hours) in self.hours.iter().enumerate() {
            let from = hours.from;
            if from.ends_the_day() {
                fault(
                    format!("hours[{n}].from"),
                    WishFault::BeginsAtTheEndOfTheDay,
                );
            } else if hours.to <= from {
                let wrong = WishFault::HoursEndNotAfterStart { from };
                fault(format!("hours[{n}].to"), wrong);
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// Whether the last of its days lies before this one.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        self.to.is_some_and(|to| to < today)
    }

    /// The dates on which it can be served, of those from `first` to `last`: the outermost ones, which may hold
    /// others on which it cannot.
    #[must_use]
    pub fn dates_within(&self, first: Date, last: Date) -> Option<(Date, Date)> {
        let first = first.max(self.from);
        let last = self.to.map_or(last, |to| to.min(last));
        (first <= last).then_some((first, last))
    }

    /// Whether a slot lies on its days and within its hours, by the wall clock.
    #[must_use]
    pub fn take(&self, slot: Span, zone: &Zone) -> bool {
        let (start, end) = (zone.local(slot.start()), zone.local(slot.end()));
        let date = start.date();
        let on_day = self.dates_within(date, date).is_some()
            && (self.weekdays.is_empty() || self.weekdays.contains(&Weekday::of(date)));
        let within = |hours: &DayInterval| {
            let (from, to) = (hours.from.on(date), hours.to.on(date));
            from.is_some_and(|from| from <= start) && to.is_some_and(|to| end <= to)
        };
        on_day && (self.hours.is_empty() || self.hours.iter().any(within))
    }

    /// The last date on which a slot is looked for, from a day on: so far ahead bookings are looked for elsewhere too.
    #[must_use]
    pub fn last_looked_at(today: Date) -> Date {
        today.saturating_add(62.days())
    }
}

mod maybe_date {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::time::local_date;

    #[derive(Serialize, Deserialize)]
    struct Local(#[serde(with = "local_date")] Date);

    pub(super) fn serialize<S: Serializer>(date: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
        date.map(Local).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(of: D) -> Result<Option<Date>, D::Error> {
        Ok(Option::<Local>::deserialize(of)?.map(|date| date.0))
    }
}
