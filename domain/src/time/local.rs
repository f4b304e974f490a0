//! Wall-clock values: what a sign on the door or a note on the wall says, before a zone gives it instants.

use std::{fmt, str::FromStr};

use jiff::civil::{self, Date, DateTime, Time};
use serde::{Deserialize, Serialize};

const MINUTES_PER_DAY: u16 = 24 * 60;

/// A time of day to the minute, `00:00` to `24:00`. `24:00` is the midnight that ends a date: good as an end only,
/// which is for the owner of the field to check ([`LocalTime::ends_the_day`]). In JSON `"HH:MM"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

/// A text that is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time of day; \"HH:MM\" from \"00:00\" to \"24:00\" is wanted")]
pub struct BadLocalTime(String);

impl LocalTime {
    /// `00:00`, the midnight that begins a date.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`, the midnight that ends a date.
    pub const END_OF_DAY: Self = Self(MINUTES_PER_DAY);

    /// The time `hour:minute`; `None` if there is no such time. `24:00` is one.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let since_midnight = u16::from(hour) * 60 + u16::from(minute);
        (minute < 60 && since_midnight <= MINUTES_PER_DAY).then_some(Self(since_midnight))
    }

    /// Minutes since the midnight that begins the date, `0..=1440`.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Whether this is `24:00`.
    pub const fn ends_the_day(self) -> bool {
        self.0 == MINUTES_PER_DAY
    }

    /// The wall-clock reading on `date`; `24:00` reads `00:00` of the next date. `None` after the last date there is.
    pub fn on(self, date: Date) -> Option<DateTime> {
        if self.ends_the_day() {
            return Some(date.tomorrow().ok()?.to_datetime(Time::midnight()));
        }
        let (hour, minute) = (
            i8::try_from(self.0 / 60).ok()?,
            i8::try_from(self.0 % 60).ok()?,
        );
        Some(date.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for LocalTime {
    type Err = BadLocalTime;

    fn from_str(text: &str) -> Result<Self, BadLocalTime> {
        let two_digits = |part: &str| {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(two_digits(hour)??, two_digits(minute)??))
            .ok_or_else(|| BadLocalTime(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for LocalTime {
    type Error = BadLocalTime;

    fn try_from(text: String) -> Result<Self, BadLocalTime> {
        text.parse()
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

/// A day of the week, Monday first as in ISO 8601. In JSON its first three letters in English: `"mon"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// All seven, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// The weekday of a date.
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            civil::Weekday::Monday => Self::Mon,
            civil::Weekday::Tuesday => Self::Tue,
            civil::Weekday::Wednesday => Self::Wed,
            civil::Weekday::Thursday => Self::Thu,
            civil::Weekday::Friday => Self::Fri,
            civil::Weekday::Saturday => Self::Sat,
            civil::Weekday::Sunday => Self::Sun,
        }
    }

    /// 1 for Monday to 7 for Sunday, as ISO 8601 counts.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }
}

/// A stretch of wall-clock time `[from, to)`, longer than nothing: an absence, a closure.
///
/// In JSON `{"from": "2026-07-01T00:00", "to": "2026-07-15T00:00"}`; seconds may be given, and `T24:00` ends a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct LocalSpan {
    from: DateTime,
    to: DateTime,
}

/// A text or a pair of texts that is no stretch of wall-clock time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLocalSpan {
    /// The end is not after the start.
    #[error("`to` {to} must be after `from` {from}")]
    EndNotAfterStart {
        /// The start given.
        from: DateTime,
        /// The end given.
        to: DateTime,
    },
}

impl LocalSpan {
    /// The wall-clock readings `[from, to)`.
    ///
    /// # Errors
    /// When `to` is not after `from`.
    pub fn new(from: DateTime, to: DateTime) -> Result<Self, BadLocalSpan> {
        if to <= from {
            return Err(BadLocalSpan::EndNotAfterStart { from, to });
        }
        Ok(Self { from, to })
    }

    /// The whole of the dates `first` to `last`, inclusive.
    ///
    /// # Errors
    /// When `last` is before `first`.
    pub fn dates(first: Date, last: Date) -> Result<Self, BadLocalSpan> {
        let to = LocalTime::END_OF_DAY.on(last).unwrap_or(DateTime::MAX);
        Self::new(first.to_datetime(Time::midnight()), to)
    }

    /// The first reading.
    pub const fn from(self) -> DateTime {
        self.from
    }

    /// The first reading that no longer belongs to it.
    pub const fn to(self) -> DateTime {
        self.to
    }
}

/// As it stands in JSON.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(with = "local_date_time")]
    #[cfg_attr(feature = "schema", schemars(with = "DateTime"))]
    from: DateTime,
    #[serde(with = "local_date_time")]
    #[cfg_attr(feature = "schema", schemars(with = "DateTime"))]
    to: DateTime,
}

impl TryFrom<Unchecked> for LocalSpan {
    type Error = BadLocalSpan;

    fn try_from(span: Unchecked) -> Result<Self, BadLocalSpan> {
        Self::new(span.from, span.to)
    }
}

impl From<LocalSpan> for Unchecked {
    fn from(span: LocalSpan) -> Self {
        Self {
            from: span.from,
            to: span.to,
        }
    }
}

/// `"YYYY-MM-DD"` and nothing else, for `#[serde(with)]`. (jiff's own also takes `20260504` and whole date-times.)
pub mod local_date {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// The date of a text `YYYY-MM-DD`, if it is one. There was no year 0, and databases refuse it.
    pub fn parse(text: &str) -> Option<Date> {
        let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = if plain { text.parse().ok() } else { None };
        date.filter(|date: &Date| date.year() >= 1)
    }

    /// Writes `YYYY-MM-DD`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        date.serialize(serializer)
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// When the text is no such date.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format_args!(
                "{text:?} is no date; \"YYYY-MM-DD\" is wanted"
            ))
        })
    }
}

/// `"YYYY-MM-DDTHH:MM"`, seconds where there are some, and never an offset: that would be an instant.
pub(crate) mod local_date_time {
    use jiff::civil::{DateTime, Time};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{LocalTime, local_date};

    pub(crate) fn parse(text: &str) -> Option<DateTime> {
        let (date, time) = text.split_once('T')?;
        let date = local_date::parse(date)?;
        let time = time
            .strip_suffix(":00")
            .filter(|time| time.len() == "HH:MM".len())
            .unwrap_or(time);
        if time.len() == "HH:MM".len() {
            return time.parse::<LocalTime>().ok()?.on(date);
        }
        let plain = time.len() >= "HH:MM:SS".len()
            && time
                .bytes()
                .all(|b| b.is_ascii_digit() || b":.".contains(&b));
        // A leap second is folded into the second before by jiff; nobody's absence hangs on it.
        if plain {
            time.parse::<Time>().ok().map(|time| date.to_datetime(time))
        } else {
            None
        }
    }

    pub(crate) fn serialize<S: Serializer>(
        local: &DateTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if local.second() == 0 && local.subsec_nanosecond() == 0 {
            let text = format!("{}T{:02}:{:02}", local.date(), local.hour(), local.minute());
            return serializer.serialize_str(&text);
        }
        local.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format_args!(
                "{text:?} is no local date-time; \"YYYY-MM-DDTHH:MM\" is wanted"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn a_time_of_day_has_two_digits_each_side() {
        for good in ["00:00", "09:05", "23:59", "24:00"] {
            assert_eq!(good.parse::<LocalTime>().unwrap().to_string(), good);
        }
        for bad in [
            "9:00",
            "24:01",
            "25:00",
            "12:60",
            "12:5",
            "12",
            "",
            "12:00:00",
            "+1:00",
            "１２:00",
            "-1:00",
        ] {
            assert_eq!(
                bad.parse::<LocalTime>(),
                Err(BadLocalTime(bad.to_owned())),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_end_of_a_day_is_the_midnight_of_the_next() {
        assert_eq!(
            LocalTime::END_OF_DAY.on(date(2026, 2, 28)),
            Some(datetime(2026, 3, 1, 0, 0, 0, 0))
        );
        assert_eq!(LocalTime::END_OF_DAY.on(Date::MAX), None);
    }

    #[test]
    fn weekdays_are_three_letters_and_begin_on_monday() {
        assert_eq!(
            serde_json::to_string(&Weekday::of(date(2026, 11, 23))).unwrap(),
            "\"mon\""
        );
        assert_eq!(Weekday::ALL.map(Weekday::number), [1, 2, 3, 4, 5, 6, 7]);
        assert!(serde_json::from_str::<Weekday>("\"Monday\"").is_err());
    }

    #[test]
    fn an_absence_is_local_date_times_with_or_without_seconds() {
        let span: LocalSpan =
            serde_json::from_str(r#"{"from":"2026-07-01T09:00:00","to":"2026-07-02T24:00"}"#)
                .unwrap();
        assert_eq!(
            serde_json::to_string(&span).unwrap(),
            r#"{"from":"2026-07-01T09:00","to":"2026-07-03T00:00"}"#
        );
        let odd: LocalSpan =
            serde_json::from_str(r#"{"from":"2026-07-01T09:00:30","to":"2026-07-01T09:00:31.5"}"#)
                .unwrap();
        let again: LocalSpan = serde_json::from_str(&serde_json::to_string(&odd).unwrap()).unwrap();
        assert_eq!(again, odd);
    }

    #[test]
    fn an_absence_names_no_offset_and_ends_after_it_starts() {
        for bad in [
            r#"{"from":"2026-07-01T09:00Z","to":"2026-07-02T09:00Z"}"#,
            r#"{"from":"2026-07-01T09:00+02:00","to":"2026-07-02T09:00+02:00"}"#,
            r#"{"from":"2026-07-01","to":"2026-07-02"}"#,
            r#"{"from":"2026-07-01 09:00","to":"2026-07-02 09:00"}"#,
            r#"{"from":"2026-02-29T09:00","to":"2026-03-02T09:00"}"#,
            r#"{"from":"2026-07-01T24:30","to":"2026-07-02T09:00"}"#,
        ] {
            assert!(serde_json::from_str::<LocalSpan>(bad).is_err(), "{bad}");
        }
        let none = serde_json::from_str::<LocalSpan>(
            r#"{"from":"2026-07-01T09:00","to":"2026-07-01T09:00"}"#,
        );
        assert!(none.unwrap_err().to_string().contains("`to`"));
    }
}
