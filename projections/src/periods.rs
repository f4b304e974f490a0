//! Days, weeks and months of a business, as the spans of instants that they are where it is.

use domain::time::{Span, Zone};
use jiff::{ToSpan, civil::Date};

/// By what a report is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// By date.
    Day,
    /// By week, Monday to Sunday.
    Week,
    /// By month.
    Month,
}

/// Some dates in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
    /// From the first instant of the first to the last one of the last.
    pub span: Span,
}

impl Period {
    /// From `first` to `last`, where clocks are as in `zone`; none if `last` is before `first`, or where time ends.
    #[must_use]
    pub fn new(zone: &Zone, first: Date, last: Date) -> Option<Self> {
        let span = zone.days(first, last)?;
        Some(Self { first, last, span })
    }

    /// The days, weeks or months in it, of which the first and last may be cut short. A date that the zone left out
    /// has no instants, and is left out.
    ///
    /// As many as there are: the caller sees to it that a period is not too long for that.
    #[must_use]
    pub fn by(self, zone: &Zone, by: GroupBy) -> Vec<Self> {
        let mut parts = vec![];
        let mut first = Some(self.first);
        while let Some(begin) = first.filter(|date| *date <= self.last) {
            let end = by.last_from(begin).min(self.last);
            let part = Self::new(zone, begin, end);
            parts.extend(part.filter(|part| !part.span.is_empty()));
            first = end.tomorrow().ok();
        }
        parts
    }
}

impl GroupBy {
    /// The last date of the day, week or month that `date` lies in.
    fn last_from(self, date: Date) -> Date {
        match self {
            Self::Day => date,
            Self::Week => {
                let left = 6 - i64::from(date.weekday().to_monday_zero_offset());
                date.checked_add(left.days()).unwrap_or(Date::MAX)
            }
            Self::Month => date.last_of_month(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn of(zone: &str, first: Date, last: Date, by: GroupBy) -> Vec<(Date, Date, i64)> {
        let zone = Zone::named(zone).unwrap();
        let parts = Period::new(&zone, first, last).unwrap().by(&zone, by);
        let hours = |p: &Period| i64::from(p.span.minutes().get()) / 60;
        parts.iter().map(|p| (p.first, p.last, hours(p))).collect()
    }

    #[test]
    fn weeks_are_cut_at_both_ends_and_know_when_clocks_change() {
        let weeks = of(
            "Europe/Warsaw",
            date(2026, 3, 25),
            date(2026, 4, 7),
            GroupBy::Week,
        );
        let expected = [
            (date(2026, 3, 25), date(2026, 3, 29), 5 * 24 - 1),
            (date(2026, 3, 30), date(2026, 4, 5), 7 * 24),
            (date(2026, 4, 6), date(2026, 4, 7), 2 * 24),
        ];
        assert_eq!(weeks, expected);
    }

    #[test]
    fn months_and_days_follow_each_other() {
        let months = of("UTC", date(2024, 1, 31), date(2024, 3, 1), GroupBy::Month);
        let expected = [
            (date(2024, 1, 31), date(2024, 1, 31), 24),
            (date(2024, 2, 1), date(2024, 2, 29), 29 * 24),
            (date(2024, 3, 1), date(2024, 3, 1), 24),
        ];
        assert_eq!(months, expected);
        assert_eq!(
            of("UTC", date(2024, 1, 31), date(2024, 3, 1), GroupBy::Day).len(),
            31
        );
    }

    #[test]
    fn a_date_that_the_zone_left_out_is_no_day() {
        let days = of(
            "Pacific/Apia",
            date(2011, 12, 29),
            date(2011, 12, 31),
            GroupBy::Day,
        );
        let expected = [
            (date(2011, 12, 29), date(2011, 12, 29), 24),
            (date(2011, 12, 31), date(2011, 12, 31), 24),
        ];
        assert_eq!(days, expected);
    }

    #[test]
    fn nothing_lies_between_a_later_and_an_earlier_date() {
        assert_eq!(
            Period::new(&Zone::utc(), date(2026, 1, 2), date(2026, 1, 1)),
            None
        );
    }
}
