//! Which period comes before another, and which is the same a year before.

use jiff::{ToSpan as _, civil::Date};

use crate::GroupBy;

/// The one before: of a day the day before, of a week the week before, of a month the month before, cut as it is itself.
/// Of other periods: where they consist of whole months as many months, else as many days.
pub(super) fn before(first: Date, last: Date, by: Option<GroupBy>) -> (Date, Date) {
    match by {
        Some(GroupBy::Day) => (back(first, 1), back(last, 1)),
        Some(GroupBy::Week) => (back(first, 7), back(last, 7)),
        Some(GroupBy::Month) => months_back(first, last, 1),
        None if are_whole_months(first, last) => {
            let years = i64::from(last.year()) - i64::from(first.year());
            let months = years * 12 + i64::from(last.month()) - i64::from(first.month()) + 1;
            months_back(first, last, months)
        }
        None => {
            let days = first
                .until(last)
                .map_or(0, |span| i64::from(span.get_days()))
                + 1;
            (back(first, days), back(last, days))
        }
    }
}

/// The same a year before: of days and weeks the same days of the week, 52 weeks before; else the same dates.
pub(super) fn year_before(first: Date, last: Date, by: Option<GroupBy>) -> (Date, Date) {
    match by {
        Some(GroupBy::Day | GroupBy::Week) => (back(first, 52 * 7), back(last, 52 * 7)),
        Some(GroupBy::Month) | None => months_back(first, last, 12),
    }
}

fn back(date: Date, days: i64) -> Date {
    date.checked_sub(days.days()).unwrap_or(Date::MIN)
}

/// The same dates so many months before, or the last of a shorter month. Whole months stay whole.
fn months_back(first: Date, last: Date, months: i64) -> (Date, Date) {
    let back = |date: Date| date.checked_sub(months.months()).unwrap_or(Date::MIN);
    let end = if are_whole_months(first, last) {
        back(last).last_of_month()
    } else {
        back(last)
    };
    (back(first), end)
}

fn are_whole_months(first: Date, last: Date) -> bool {
    first == first.first_of_month() && last == last.last_of_month()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dates: (&str, &str)) -> (Date, Date) {
        (dates.0.parse().unwrap(), dates.1.parse().unwrap())
    }

    #[test]
    fn what_comes_before_is_of_the_same_kind() {
        use GroupBy as By;
        for (of, by, expected) in [
            (
                ("2026-03-01", "2026-03-01"),
                Some(By::Day),
                ("2026-02-28", "2026-02-28"),
            ),
            (
                ("2026-03-02", "2026-03-08"),
                Some(By::Week),
                ("2026-02-23", "2026-03-01"),
            ),
            (
                ("2026-03-06", "2026-03-08"),
                Some(By::Week),
                ("2026-02-27", "2026-03-01"),
            ),
            (
                ("2026-03-01", "2026-03-31"),
                Some(By::Month),
                ("2026-02-01", "2026-02-28"),
            ),
            (
                ("2026-02-01", "2026-02-28"),
                Some(By::Month),
                ("2026-01-01", "2026-01-31"),
            ),
            (
                ("2026-03-01", "2026-03-15"),
                Some(By::Month),
                ("2026-02-01", "2026-02-15"),
            ),
            (
                ("2026-03-16", "2026-03-31"),
                Some(By::Month),
                ("2026-02-16", "2026-02-28"),
            ),
            (
                ("2026-09-30", "2026-09-30"),
                Some(By::Month),
                ("2026-08-30", "2026-08-30"),
            ),
            (
                ("2026-01-01", "2026-12-31"),
                None,
                ("2025-01-01", "2025-12-31"),
            ),
            (
                ("2026-04-01", "2026-06-30"),
                None,
                ("2026-01-01", "2026-03-31"),
            ),
            (
                ("2026-04-11", "2026-04-20"),
                None,
                ("2026-04-01", "2026-04-10"),
            ),
        ] {
            let (first, last) = read(of);
            assert_eq!(before(first, last, by), read(expected), "{of:?} by {by:?}");
        }
    }

    #[test]
    fn a_year_before_is_the_same_time_of_the_year() {
        use GroupBy as By;
        for (of, by, expected) in [
            (
                ("2026-03-02", "2026-03-02"),
                Some(By::Day),
                ("2025-03-03", "2025-03-03"),
            ),
            (
                ("2026-03-02", "2026-03-08"),
                Some(By::Week),
                ("2025-03-03", "2025-03-09"),
            ),
            (
                ("2025-02-01", "2025-02-28"),
                Some(By::Month),
                ("2024-02-01", "2024-02-29"),
            ),
            (
                ("2024-02-01", "2024-02-29"),
                Some(By::Month),
                ("2023-02-01", "2023-02-28"),
            ),
            (
                ("2025-02-28", "2025-02-28"),
                None,
                ("2024-02-28", "2024-02-28"),
            ),
            (
                ("2024-02-29", "2024-03-10"),
                None,
                ("2023-02-28", "2023-03-10"),
            ),
        ] {
            let (first, last) = read(of);
            assert_eq!(
                year_before(first, last, by),
                read(expected),
                "{of:?} by {by:?}"
            );
        }
    }
}
