//! Time as it is added up: stretches of it, poured into the cells that a report has.

use domain::time::{Span, Zone};

/// `[start, end)`, in seconds since 1970.
pub(super) type Stretch = (i64, i64);

/// A stretch of time whose seconds are counted in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) during: Stretch,
    /// Where its seconds are counted.
    pub(super) into: usize,
}

pub(super) fn stretch(span: Span) -> Stretch {
    (span.start().as_second(), span.end().as_second())
}

/// The time that is in any of them, once: in order, nothing empty, nothing that overlaps or touches another.
pub(super) fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|(start, end)| start < end);
    stretches.sort_unstable();
    stretches.dedup_by(|next, last| {
        let joins = next.0 <= last.1;
        if joins {
            last.1 = last.1.max(next.1);
        }
        joins
    });
    stretches
}

/// The time that is in both; each of them [`merged`].
pub(super) fn both(some: &[Stretch], others: &[Stretch]) -> Vec<Stretch> {
    let (mut found, mut rest) = (vec![], others);
    for &(start, end) in some {
        let behind = rest.partition_point(|other| other.1 <= start);
        rest = &rest[behind..];
        let overlapping = rest.iter().take_while(|other| other.0 < end);
        found.extend(overlapping.map(|other| (start.max(other.0), end.min(other.1))));
    }
    found
}

/// Counts the seconds of stretches in the cells that they lie in; both in order, neither with overlaps.
pub(super) fn pour(stretches: &[Stretch], cells: &[Cell], into: &mut [i64]) {
    let mut rest = cells;
    for &(start, end) in stretches {
        let behind = rest.partition_point(|cell| cell.during.1 <= start);
        rest = &rest[behind..];
        for cell in rest.iter().take_while(|cell| cell.during.0 < end) {
            into[cell.into] += end.min(cell.during.1) - start.max(cell.during.0);
        }
    }
}

/// The hours of the clock on the wall in a span, in order. Each counts in its place of the week: 0 is Monday from 00:00
/// to 01:00, 167 Sunday from 23:00. An hour that clocks jump over has no cell, one that comes twice has two.
pub(super) fn hours_of_the_week(zone: &Zone, span: Span) -> Vec<Cell> {
    let mut cells = vec![];
    let mut steady = |(start, end): Stretch, ahead: i64| {
        let mut at = start;
        while at < end {
            let reading = at + ahead;
            let next = end.min(at + HOUR - reading.rem_euclid(HOUR));
            cells.push(Cell {
                during: (at, next),
                into: place(reading),
            });
            at = next;
        }
    };
    let tz = zone.tz();
    let (mut since, end) = stretch(span);
    let mut ahead = i64::from(tz.to_offset(span.start()).seconds());
    for jump in tz.following(span.start()) {
        let at = jump.timestamp().as_second();
        if at >= end {
            break;
        }
        steady((since, at), ahead);
        (since, ahead) = (at, i64::from(jump.offset().seconds()));
    }
    steady((since, end), ahead);
    cells
}

/// In which place of the week the wall reads so many seconds since its own 1970, which began on a Thursday.
fn place(reading: i64) -> usize {
    const THURSDAY: i64 = 3;
    let (day, hour) = (reading.div_euclid(DAY), reading.rem_euclid(DAY) / HOUR);
    let place = (day + THURSDAY).rem_euclid(7) * 24 + hour;
    usize::try_from(place).unwrap_or_default()
}

/// How many places a week has.
pub(super) const PLACES: usize = 7 * 24;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use proptest::prelude::*;

    use super::*;

    fn seconds(stretches: &[Stretch]) -> Vec<i64> {
        let mut all: Vec<i64> = stretches.iter().flat_map(|(from, to)| *from..*to).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn some() -> impl Strategy<Value = Vec<Stretch>> {
        prop::collection::vec((0_i64..100, -3_i64..20), 0..12).prop_map(|pairs| {
            let pairs = pairs.into_iter();
            pairs.map(|(from, length)| (from, from + length)).collect()
        })
    }

    proptest! {
        #[test]
        fn each_second_counts_once(some in some(), others in some()) {
            let (a, b) = (merged(some.clone()), merged(others.clone()));
            prop_assert_eq!(seconds(&a), seconds(&some));
            prop_assert!(a.windows(2).all(|pair| pair[0].1 < pair[1].0));
            let shared: Vec<_> = seconds(&some).into_iter().filter(|s| seconds(&others).contains(s)).collect();
            prop_assert_eq!(seconds(&both(&a, &b)), shared);
        }

        #[test]
        fn what_is_poured_lies_where_it_falls(some in some(), widths in prop::collection::vec(1_i64..30, 1..8)) {
            let mut from = 5;
            let cells: Vec<_> = widths.iter().enumerate().map(|(n, width)| {
                let during = (from, from + width);
                from += width;
                Cell { during, into: n % 3 }
            }).collect();
            let mut counted = [0; 3];
            pour(&merged(some.clone()), &cells, &mut counted);
            let mut seen = [0; 3];
            for second in seconds(&some) {
                let cell = cells.iter().find(|cell| cell.during.0 <= second && second < cell.during.1);
                if let Some(cell) = cell {
                    seen[cell.into] += 1;
                }
            }
            prop_assert_eq!(counted, seen);
        }

        #[test]
        fn every_hour_is_the_one_that_the_wall_shows(
            zone in prop::sample::select(vec!["Europe/Warsaw", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]),
            days in 0_i64..6_000,
        ) {
            let zone = Zone::named(zone).unwrap();
            let first = date(2010, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let last = first.checked_add(jiff::Span::new().days(40)).unwrap();
            let span = zone.days(first, last).unwrap();
            let cells = hours_of_the_week(&zone, span);
            prop_assert_eq!(cells.first().unwrap().during.0, span.start().as_second());
            prop_assert_eq!(cells.last().unwrap().during.1, span.end().as_second());
            prop_assert!(cells.windows(2).all(|pair| pair[0].during.1 == pair[1].during.0));
            for cell in cells {
                for second in [cell.during.0, cell.during.1 - 1] {
                    let shown = zone.local(Timestamp::from_second(second).unwrap());
                    let weekday = i64::from(shown.weekday().to_monday_zero_offset());
                    prop_assert_eq!(i64::try_from(cell.into).unwrap(), weekday * 24 + i64::from(shown.hour()));
                }
            }
        }
    }

    #[test]
    fn on_the_night_that_clocks_go_back_an_hour_counts_twice_and_in_spring_not_at_all() {
        let zone = Zone::named("Europe/Warsaw").unwrap();
        let on_sunday = |day| {
            let cells = hours_of_the_week(&zone, zone.days(day, day).unwrap());
            let two = cells.iter().filter(|cell| cell.into == 6 * 24 + 2);
            (cells.len(), two.map(|c| c.during.1 - c.during.0).sum())
        };
        assert_eq!(on_sunday(date(2026, 3, 29)), (23, 0));
        assert_eq!(on_sunday(date(2026, 10, 25)), (25, 7_200));
        assert_eq!(on_sunday(date(2026, 11, 1)), (24, 3_600));
    }
}
