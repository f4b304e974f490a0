//! Moments as other systems write them: an instant, a wall-clock reading of the business, or only a day.

use domain::time::{Zone, local_date};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
};

use super::fields::Reason;

/// The first and last year that anybody's booking history can speak of. Default dates of other systems
/// (year 1, year 9999) lie outside.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// A moment as written: what it means in another zone is settled later, so that a line stays the same line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Instant(Timestamp),
    Local(DateTime),
    Day(Date),
}

/// A moment on the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// The instant; the day's first one while the hour is unknown.
    pub(super) at: Timestamp,
    pub(super) hour_unknown: bool,
}

impl Moment {
    /// Reads RFC 3339 with an offset, the same without one, or a bare date.
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        let moment = if let Some(day) = local_date::parse(text) {
            Some(Self::Day(day))
        } else if let Ok(instant) = text.parse() {
            Some(Self::Instant(instant))
        } else if text.len() > 10 && !text.contains(['[', 'Z', 'z']) {
            text.parse().ok().map(Self::Local)
        } else {
            None
        };
        let moment = moment.ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            format!("{text:?} is no date and time such as 2026-05-04T09:30:00")
        })?;
        let year = match moment {
            Self::Instant(instant) => Zone::utc().date_of(instant).year(),
            Self::Local(local) => local.year(),
            Self::Day(day) => day.year(),
        };
        if YEARS.contains(&year) {
            Ok(moment)
        } else {
            let (first, last) = YEARS.into_inner();
            Err(format!(
                "lies in the year {year}, outside {first} to {last}"
            ))
        }
    }

    /// When something happened. A reading that came twice is the earlier one; one that clocks jumped over is
    /// as much after the jump; of a bare day, its first instant.
    pub(super) fn happened(self, zone: &Zone) -> Result<Timestamp, Reason> {
        let local = match self {
            Self::Instant(instant) => return Ok(instant),
            Self::Local(local) => local,
            Self::Day(day) => day.to_datetime(Time::midnight()),
        };
        zone.instant(local)
            .ok_or_else(|| format!("{local} cannot be told in {zone}"))
    }

    /// When something is to begin. A reading that clocks jumped over is a mistake that nobody should guess at.
    pub(super) fn start(self, zone: &Zone) -> Result<Start, Reason> {
        let never = |what: &dyn std::fmt::Display| {
            format!("{what} never came in {zone}: the clocks went forward over it")
        };
        match self {
            Self::Local(local) if !zone.shows(local) => return Err(never(&local)),
            Self::Day(day) if zone.days(day, day).is_none_or(|span| span.is_empty()) => {
                return Err(never(&day));
            }
            Self::Instant(_) | Self::Local(_) | Self::Day(_) => {}
        }
        Ok(Start {
            at: self.happened(zone)?,
            hour_unknown: matches!(self, Self::Day(_)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vancouver() -> Zone {
        Zone::named("America/Vancouver").unwrap()
    }

    fn start(text: &str, zone: &str) -> Result<String, Reason> {
        let zone = Zone::named(zone).unwrap();
        let start = Moment::parse(text)?.start(&zone)?;
        Ok(format!(
            "{}{}",
            start.at,
            if start.hour_unknown { " ?" } else { "" }
        ))
    }

    #[test]
    fn is_an_instant_a_wall_clock_reading_or_a_day() {
        for (written, meant) in [
            ("2018-03-14T15:50:00", "2018-03-14T22:50:00Z"),
            ("2018-03-14T15:50", "2018-03-14T22:50:00Z"),
            ("2018-03-14 15:50:00", "2018-03-14T22:50:00Z"),
            ("2018-03-14T15:50:00Z", "2018-03-14T15:50:00Z"),
            ("2018-03-14T15:50:00+01:00", "2018-03-14T14:50:00Z"),
            ("2018-03-14", "2018-03-14T07:00:00Z ?"),
        ] {
            assert_eq!(
                start(written, "America/Vancouver").as_deref(),
                Ok(meant),
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_no_moment_is_refused_with_its_words() {
        for bad in [
            "",
            "soon",
            "2018-02-30",
            "2018-02-30T10:00:00",
            "2018-03-14T25:00:00",
            "14.03.2018",
            "20180314",
            "2018-03-14T15:50:00[Europe/Berlin]",
            "0000-00-00 00:00:00",
            "2018-03-14T15:50:00+99:00",
        ] {
            let reason = Moment::parse(bad).unwrap_err();
            assert!(reason.contains("is no date and time"), "{bad}: {reason}");
        }
        for far in ["0001-01-01T00:00:00", "9999-12-31", "1899-12-30T00:00:00Z"] {
            assert!(
                Moment::parse(far)
                    .unwrap_err()
                    .contains("outside 1900 to 2199"),
                "{far}"
            );
        }
    }

    #[test]
    fn a_start_in_the_gap_of_spring_is_refused_and_a_happening_is_moved_past_it() {
        let gap = Moment::parse("2018-03-11T02:30:00").unwrap();
        assert!(
            gap.start(&vancouver())
                .unwrap_err()
                .contains("the clocks went forward")
        );
        assert_eq!(
            gap.happened(&vancouver()).unwrap().to_string(),
            "2018-03-11T10:30:00Z"
        );
        assert!(
            start("2011-12-30", "Pacific/Apia")
                .unwrap_err()
                .contains("the clocks went forward")
        );
    }

    #[test]
    fn a_reading_that_came_twice_in_autumn_is_the_earlier_one() {
        let twice = start("2018-11-04T01:30:00", "America/Vancouver");
        assert_eq!(twice.as_deref(), Ok("2018-11-04T08:30:00Z"));
    }

    #[test]
    fn a_day_begins_when_its_clocks_begin() {
        // Brazil's clocks went from 00:00 to 01:00.
        assert_eq!(
            start("2016-10-16", "America/Sao_Paulo").as_deref(),
            Ok("2016-10-16T03:00:00Z ?")
        );
    }
}
