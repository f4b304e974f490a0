//! Working hours, of a staff member, a desk or the whole house: a weekly pattern and single dates that differ.
//!
//! These are the values as they stand in requests, events and scenarios; what they mean in instants (API §8, rules 2
//! to 5) is worked out in [`crate::slots`].

use std::{collections::BTreeSet, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::time::{LocalTime, Minutes, Weekday, local_date};

/// When somebody works, or something may be used, by the clock on the wall.
///
/// Any value means something to the slot finder; what nobody can have meant is found by [`WorkingHours::check`]
/// before it is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// The hours of every week. Several intervals a day are a break between them; none is a day off.
    #[serde(default)]
    pub weekly: Vec<WeeklyInterval>,
    /// Dates on which the weekly hours do not count.
    #[serde(default)]
    pub overrides: Vec<DayOverride>,
}

/// One interval of each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WeeklyInterval {
    /// The day on which it begins, and ends (at `24:00` at the latest).
    pub weekday: Weekday,
    /// The first minute.
    pub from: LocalTime,
    /// The first minute that no longer belongs to it.
    pub to: LocalTime,
}

/// The hours of one date, in place of all weekly ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DayOverride {
    /// The date, where the business is.
    #[serde(with = "local_date")]
    #[cfg_attr(feature = "schema", schemars(with = "Date"))]
    pub date: Date,
    /// Its intervals; none closes the day.
    pub intervals: Vec<DayInterval>,
}

/// One interval of one date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DayInterval {
    /// The first minute.
    pub from: LocalTime,
    /// The first minute that no longer belongs to it.
    pub to: LocalTime,
}

/// Hours that nobody can have meant, and where in the JSON they stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct BadHours {
    /// The field at fault, from the hours' own root: `weekly[2].to`.
    pub field: String,
    /// What is wrong with it.
    pub fault: HoursFault,
}

/// What can be wrong with hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursFault {
    /// An interval begins at `24:00`.
    #[error("24:00 may end a day, not begin an interval")]
    BeginsAtTheEndOfTheDay,
    /// An interval ends when or before it begins. One past midnight is two: up to `24:00`, and from `00:00`.
    #[error(
        "{to} is not after {from}; hours past midnight are one interval to 24:00 and one from 00:00 of the next day"
    )]
    EndNotAfterStart {
        /// Its start.
        from: LocalTime,
        /// Its end.
        to: LocalTime,
    },
    /// A date has two overrides.
    #[error("{0} has an override already")]
    DateTwice(Date),
}

impl WorkingHours {
    /// Everything in these hours that nobody can have meant, in the order in which it stands there.
    ///
    /// # Errors
    /// With at least one fault. Hours that overlap are none: the finder merges them.
    pub fn check(&self) -> Result<(), Vec<BadHours>> {
        let weekly = self.weekly.iter().enumerate().filter_map(|(n, interval)| {
            fault(interval.from, interval.to).map(|(end, fault)| BadHours {
                field: format!("weekly[{n}].{end}"),
                fault,
            })
        });
        let mut dates = BTreeSet::new();
        let twice = self.overrides.iter().enumerate().filter_map(|(n, day)| {
            let fault = HoursFault::DateTwice(day.date);
            (!dates.insert(day.date)).then(|| BadHours {
                field: format!("overrides[{n}].date"),
                fault,
            })
        });
        let overrides = self.overrides.iter().enumerate().flat_map(|(n, day)| {
            day.intervals
                .iter()
                .enumerate()
                .filter_map(move |(m, interval)| {
                    let (end, fault) = fault(interval.from, interval.to)?;
                    Some(BadHours {
                        field: format!("overrides[{n}].intervals[{m}].{end}"),
                        fault,
                    })
                })
        });
        let faults: Vec<_> = weekly.chain(twice).chain(overrides).collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

/// The end of the interval that is at fault, and its fault.
fn fault(from: LocalTime, to: LocalTime) -> Option<(&'static str, HoursFault)> {
    if from.ends_the_day() {
        Some(("from", HoursFault::BeginsAtTheEndOfTheDay))
    } else if to <= from {
        Some(("to", HoursFault::EndNotAfterStart { from, to }))
    } else {
        None
    }
}

/// Where the starts of a staff member's slots are counted from (API §8, rule 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SlotGrid {
    /// From the beginning of each interval of working hours, whatever it is: 09:10, 09:40, …
    #[default]
    Interval,
    /// From the first round time in each interval: 09:30, 10:00, …
    Clock,
}

/// The time in the middle of a service in which the client waits and the staff member is free for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Processing {
    /// Minutes from the start of the service to the beginning of the wait.
    pub after_min: Minutes,
    /// Minutes of waiting.
    pub for_min: Minutes,
}

impl Processing {
    /// Whether the wait lies within a service of `duration`.
    pub fn fits(self, duration: Minutes) -> bool {
        self.after_min
            .checked_add(self.for_min)
            .is_some_and(|end| end <= duration)
    }
}

impl fmt::Display for Processing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {}", self.for_min, self.after_min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> WorkingHours {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn read_and_written_as_the_api_has_them() {
        let json = r#"{"weekly":[{"weekday":"mon","from":"09:00","to":"17:00"}],"overrides":[{"date":"2026-12-24","intervals":[{"from":"09:00","to":"24:00"}]},{"date":"2026-12-25","intervals":[]}]}"#;
        assert_eq!(serde_json::to_string(&hours(json)).unwrap(), json);
        assert_eq!(hours(json).check(), Ok(()));
    }

    #[test]
    fn a_fault_names_its_field() {
        let faults = hours(
            r#"{"weekly":[
                {"weekday":"mon","from":"09:00","to":"09:01"},
                {"weekday":"tue","from":"09:00","to":"09:00"},
                {"weekday":"wed","from":"24:00","to":"24:00"}],
              "overrides":[
                {"date":"2026-12-24","intervals":[]},
                {"date":"2026-12-24","intervals":[{"from":"00:00","to":"24:00"},{"from":"22:00","to":"02:00"}]}]}"#,
        )
        .check()
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "weekly[1].to",
                "weekly[2].from",
                "overrides[1].date",
                "overrides[1].intervals[1].to"
            ]
        );
    }

    #[test]
    fn an_override_says_its_intervals_even_if_there_are_none() {
        assert!(serde_json::from_str::<DayOverride>(r#"{"date":"2026-12-24"}"#).is_err());
        assert!(
            serde_json::from_str::<DayOverride>(r#"{"date":"20261224","intervals":[]}"#).is_err()
        );
        assert!(serde_json::from_str::<WorkingHours>(r#"{"weekly":[],"override":[]}"#).is_err());
    }

    #[test]
    fn the_wait_lies_within_the_service() {
        let wait = Processing {
            after_min: Minutes::new(30),
            for_min: Minutes::new(30),
        };
        assert!(wait.fits(Minutes::new(60)));
        assert!(!wait.fits(Minutes::new(59)));
        let endless = Processing {
            after_min: Minutes::new(u32::MAX),
            for_min: Minutes::new(1),
        };
        assert!(!endless.fits(Minutes::new(u32::MAX)));
    }
}
