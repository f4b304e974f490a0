//! Recurrence rules (RFC 5545, `RRULE`), in local wall-clock time.
//!
//! What a rule means, calcard says; here it is checked strictly, for calcard passes over what it does not know, and
//! bounded: a rule may go on for ever, what is made of it may not.

use std::{fmt, str::FromStr};

use calcard::{common::timezone::Tz, icalendar::ICalendar};
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::Zone;

/// The longest rule that is read, in characters.
const LONGEST: usize = 500;
/// The largest `COUNT`.
pub const MOST_TIMES: u32 = 1_000;
/// Dates looked at before a question is given up: a daily rule's for fifty years.
const LOOKED_AT: usize = 20_000;

/// A recurrence rule, as it was written: `FREQ=WEEKLY;BYDAY=TU,TH`. Upper case, without `RRULE:`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Rule(String);

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadRule {
    /// Longer than is read.
    #[error("must have at most {LONGEST} characters")]
    TooLong,
    /// A part that is no `NAME=VALUE`, is unknown, stands twice, or has a value that it cannot have.
    #[error("{0:?} is no part of a rule")]
    Part(String),
    /// No `FREQ`, or one that no timetable has.
    #[error("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")]
    Frequency,
    /// It says twice when it ends.
    #[error("COUNT and UNTIL exclude each other")]
    CountAndUntil,
    /// It names no date at all.
    #[error("no date follows this rule")]
    NoDate,
}

impl Rule {
    /// Reads a rule strictly.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadRule> {
        let text = text.trim().to_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        if text.len() > LONGEST {
            return Err(BadRule::TooLong);
        }
        let mut seen: Vec<&str> = vec![];
        for part in text.trim_end_matches(';').split(';') {
            let bad = || BadRule::Part(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(bad)?;
            if seen.contains(&name) || !(name == "FREQ" || may_be(name, value)) {
                return Err(bad());
            }
            if name == "FREQ" && !matches!(value, "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") {
                return Err(BadRule::Frequency);
            }
            seen.push(name);
        }
        if !seen.contains(&"FREQ") {
            return Err(BadRule::Frequency);
        }
        if seen.contains(&"COUNT") && seen.contains(&"UNTIL") {
            return Err(BadRule::CountAndUntil);
        }
        Ok(Self(text.trim_end_matches(';').to_owned()))
    }

    /// The rule as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It goes on for ever.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.part("COUNT").is_none() && self.part("UNTIL").is_none()
    }

    /// The dates that follow the rule from `start` on, by the wall clock, in order: those from `from` to `to`, both
    /// inclusive, `most` at most. `start` is the first of them if it follows the rule itself.
    ///
    /// Readings, not instants: what a reading that never came, or came twice, means is for [`Zone::instant`] to say.
    #[must_use]
    pub fn dates(
        &self,
        start: DateTime,
        zone: &Zone,
        from: DateTime,
        to: DateTime,
        most: usize,
    ) -> Vec<DateTime> {
        let until = self
            .part("UNTIL")
            .and_then(|until| until_of(until, zone))
            .map_or(to, |until| until.min(to));
        if until < start {
            return vec![];
        }
        let ends = match self.part("COUNT") {
            Some(count) => format!("COUNT={count}"),
            None => format!("UNTIL={}", basic(until)),
        };
        let parts = self.parts();
        let parts = parts.filter(|(name, _)| !matches!(*name, "COUNT" | "UNTIL"));
        let parts: String = parts
            .map(|(name, value)| format!("{name}={value};"))
            .collect();
        let calendar = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:{}\r\nRRULE:{parts}{ends}\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n",
            basic(start)
        );
        let Ok(calendar) = ICalendar::parse(&calendar) else {
            return vec![];
        };
        let expanded = calendar.expand_dates(Tz::Floating, LOOKED_AT);
        let utc = Zone::utc();
        let mut dates: Vec<DateTime> = expanded
            .events
            .into_iter()
            .filter_map(|event| {
                let seconds = event.start.naive_local().and_utc().timestamp();
                let reading = jiff::Timestamp::from_second(seconds).ok()?;
                Some(utc.local(reading))
            })
            .filter(|date| from.max(start) <= *date && *date <= until)
            .collect();
        dates.sort_unstable();
        dates.dedup();
        dates.truncate(most);
        dates
    }

    fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(';').filter_map(|part| part.split_once('='))
    }

    fn part(&self, wanted: &str) -> Option<&str> {
        let mut parts = self.parts();
        parts.find_map(|(name, value)| (name == wanted).then_some(value))
    }
}

/// Whether a part of a rule can have this value.
fn may_be(name: &str, value: &str) -> bool {
    let numbers = |least: i32, most: i32, signed: bool| {
        !value.is_empty()
            && value.split(',').all(|number| {
                let digits = number.trim_start_matches(['+', '-']);
                let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                let fits = |n: i32| {
                    let size = if signed { n.abs() } else { n };
                    (least..=most).contains(&size)
                };
                is_number && number.parse().is_ok_and(fits)
            })
    };
    let weekday = |day: &str| matches!(day, "MO" | "TU" | "WE" | "TH" | "FR" | "SA" | "SU");
    match name {
        "INTERVAL" => !value.contains(',') && numbers(1, 1_000, false),
        "COUNT" => {
            let most = i32::try_from(MOST_TIMES).unwrap_or(i32::MAX);
            !value.contains(',') && numbers(1, most, false)
        }
        "UNTIL" => until_of(value, &Zone::utc()).is_some(),
        "WKST" => weekday(value),
        "BYDAY" => value.split(',').all(|day| {
            let at = day.len().saturating_sub(2);
            let Some((number, day)) = day.split_at_checked(at) else {
                return false;
            };
            let nth = |n: i32| (1..=53).contains(&n.abs());
            weekday(day) && (number.is_empty() || number.parse().is_ok_and(nth))
        }),
        "BYMONTH" => numbers(1, 12, false),
        "BYMONTHDAY" => numbers(1, 31, true),
        "BYYEARDAY" | "BYSETPOS" => numbers(1, 366, true),
        "BYWEEKNO" => numbers(1, 53, true),
        "BYHOUR" => numbers(0, 23, false),
        "BYMINUTE" => numbers(0, 59, false),
        _ => false,
    }
}

/// The last reading of a clock on the wall that `UNTIL` lets in: of a date its end, of an instant in UTC what the
/// clock reads then.
fn until_of(value: &str, zone: &Zone) -> Option<DateTime> {
    if !value.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = value.get(from..to)?;
        let all = digits.bytes().all(|b| b.is_ascii_digit());
        all.then(|| digits.parse().ok()).flatten()
    };
    let small = |from, to| i8::try_from(number(from, to)?).ok();
    let date = Date::new(number(0, 4)?, small(4, 6)?, small(6, 8)?).ok()?;
    match value.len() {
        8 => Some(date.at(23, 59, 59, 0)),
        15 | 16 if value.as_bytes()[8] == b'T' => {
            let time = Time::new(small(9, 11)?, small(11, 13)?, small(13, 15)?, 0).ok()?;
            let at = date.to_datetime(time);
            match value.get(15..) {
                Some("") => Some(at),
                Some("Z") => Some(zone.local(Zone::utc().instant(at)?)),
                Some(_) | None => None,
            }
        }
        _ => None,
    }
}

/// As iCalendar writes a reading.
fn basic(at: DateTime) -> String {
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod specs;
