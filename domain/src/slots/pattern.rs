//! Working hours as the wall shows them: merged within a date, joined over midnight (API §8, rules 2 and 4).

use jiff::civil::Date;
use smallvec::SmallVec;

use super::{
    line::{Sec, Stretch},
    wall::midnight,
};
use crate::{
    hours::WorkingHours,
    time::{LocalTime, Weekday},
};

const DAY: Sec = 24 * 3_600;

/// The intervals of one date, in seconds since its midnight: in order, none empty, none overlapping the next.
type Parts = SmallVec<[Stretch; 2]>;

/// Working hours made ready to be asked for any date.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    week: [Parts; 7],
    /// In order of dates, each once.
    overrides: Vec<(Date, Parts)>,
    /// Open all day on all seven weekdays.
    round_the_clock: bool,
}

/// One interval of working hours, in readings of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    /// `None`: it has been open for ever.
    pub(super) from: Option<Sec>,
    /// `None`: it will never close.
    pub(super) to: Option<Sec>,
}

impl Interval {
    /// Whether it lacks a beginning or an end, so that starts count from each midnight (rule 5).
    pub(super) fn is_endless(self) -> bool {
        self.from.is_none() || self.to.is_none()
    }
}

impl Pattern {
    pub(super) fn of(hours: &WorkingHours) -> Self {
        let week = Weekday::ALL.map(|day| {
            let of_the_day = hours
                .weekly
                .iter()
                .filter(|interval| interval.weekday == day);
            merged(
                of_the_day
                    .map(|interval| (interval.from, interval.to))
                    .collect(),
            )
        });
        let mut days: Vec<_> = hours.overrides.iter().collect();
        days.sort_by_key(|day| day.date);
        let overrides = days
            .chunk_by(|a, b| a.date == b.date)
            .map(|same_date| {
                let intervals = same_date.iter().flat_map(|day| &day.intervals);
                (
                    same_date[0].date,
                    merged(
                        intervals
                            .map(|interval| (interval.from, interval.to))
                            .collect(),
                    ),
                )
            })
            .collect();
        let round_the_clock = week.iter().all(is_whole_day);
        Self {
            week,
            overrides,
            round_the_clock,
        }
    }

    /// The intervals that hold some reading of `first..=last`, whole, in order; some before them may come along.
    pub(super) fn intervals(&self, first: Date, last: Date) -> Vec<Interval> {
        let mut intervals: Vec<Interval> = Vec::new();
        let mut date = match self.beginning(first) {
            Some(date) => date,
            None => {
                let to = Some(midnight(first));
                intervals.push(Interval { from: None, to });
                first
            }
        };
        loop {
            let today = midnight(date);
            let parts = match self.on(date).first() {
                _ if date <= last => &self.on(date)[..],
                // After the last date only what runs on from it is still wanted.
                Some(part)
                    if part.start == 0
                        && intervals.last().is_some_and(|open| open.to == Some(today)) =>
                {
                    &self.on(date)[..1]
                }
                _ => break,
            };
            for part in parts {
                let (from, to) = (Some(today + part.start), Some(today + part.end));
                match intervals.last_mut() {
                    Some(open) if part.start == 0 && open.to == from => open.to = to,
                    _ => intervals.push(Interval { from, to }),
                }
            }
            let mut next = date.tomorrow().ok();
            if date >= last
                && self.round_the_clock
                && intervals
                    .last()
                    .is_some_and(|open| open.to == Some(today + DAY))
            {
                next = self.next_other_day(date);
                if let Some(open) = intervals.last_mut() {
                    open.to = next.map(midnight);
                }
            }
            match next {
                Some(next) => date = next,
                None => break,
            }
        }
        intervals
    }

    /// The date on which the interval begins that is open at the first midnight of `date`, `date` itself if none is,
    /// `None` if it has been open for ever.
    fn beginning(&self, date: Date) -> Option<Date> {
        let mut date = date;
        while self.on(date).first().is_some_and(|part| part.start == 0) {
            let Ok(before) = date.yesterday() else { break };
            match self.on(before).last() {
                Some(part) if part.end == DAY => date = before,
                _ => break,
            }
            if self.round_the_clock && is_whole_day(self.on(date)) {
                // Years may lie between two overrides: leap to the one before.
                date = self.last_other_day(date)?.tomorrow().ok()?;
            } else if !is_whole_day(self.on(date)) {
                break;
            }
        }
        Some(date)
    }

    fn on(&self, date: Date) -> &Parts {
        match self
            .overrides
            .binary_search_by_key(&date, |(date, _)| *date)
        {
            Ok(found) => &self.overrides[found].1,
            Err(_) => &self.week[usize::from(Weekday::of(date).number() - 1)],
        }
    }

    /// The first date after `date` with an override that does not open all of it.
    fn next_other_day(&self, date: Date) -> Option<Date> {
        let later = self.overrides.partition_point(|(other, _)| *other <= date);
        self.overrides[later..]
            .iter()
            .find(|(_, parts)| !is_whole_day(parts))
            .map(|(date, _)| *date)
    }

    /// The last date before `date` with an override that does not open all of it.
    fn last_other_day(&self, date: Date) -> Option<Date> {
        let earlier = self.overrides.partition_point(|(other, _)| *other < date);
        self.overrides[..earlier]
            .iter()
            .rfind(|(_, parts)| !is_whole_day(parts))
            .map(|(date, _)| *date)
    }
}

fn is_whole_day(parts: &Parts) -> bool {
    parts[..] == [Stretch::new(0, DAY)]
}

/// In order, overlapping ones merged, touching ones kept apart, empty ones dropped.
fn merged(intervals: SmallVec<[(LocalTime, LocalTime); 4]>) -> Parts {
    let secs = |time: LocalTime| Sec::from(time.minutes()) * 60;
    let mut parts: Parts = intervals
        .into_iter()
        .map(|(from, to)| Stretch::new(secs(from), secs(to)))
        .filter(|part| !part.is_empty())
        .collect();
    parts.sort_unstable();
    parts.dedup_by(|next, last| {
        let overlap = next.start < last.end;
        if overlap {
            last.end = last.end.max(next.end);
        }
        overlap
    });
    parts
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::hours::{DayInterval, DayOverride, WeeklyInterval};

    fn pattern(weekly: &[(&str, &str, &str)], overrides: &[(Date, &[(&str, &str)])]) -> Pattern {
        let weekly = weekly.iter().map(|&(weekday, from, to)| WeeklyInterval {
            weekday: serde_json::from_value(weekday.into()).unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        });
        let interval = |&(from, to): &(&str, &str)| DayInterval {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        };
        let overrides = overrides.iter().map(|&(date, intervals)| DayOverride {
            date,
            intervals: intervals.iter().map(interval).collect(),
        });
        Pattern::of(&WorkingHours {
            weekly: weekly.collect(),
            overrides: overrides.collect(),
        })
    }

    fn always() -> Vec<(&'static str, &'static str, &'static str)> {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .map(|day| (day, "00:00", "24:00"))
            .to_vec()
    }

    fn hours(date: Date, from: Sec, to: Sec) -> Interval {
        Interval {
            from: Some(midnight(date) + from * 3_600),
            to: Some(midnight(date) + to * 3_600),
        }
    }

    #[test]
    fn overlapping_intervals_are_one_and_touching_ones_two() {
        let monday = date(2026, 5, 4);
        let pattern = pattern(
            &[
                ("mon", "11:00", "13:00"),
                ("mon", "09:00", "12:00"),
                ("mon", "13:00", "15:00"),
                ("mon", "18:00", "17:00"),
            ],
            &[],
        );
        assert_eq!(
            pattern.intervals(monday, monday),
            [hours(monday, 9, 13), hours(monday, 13, 15)]
        );
    }

    #[test]
    fn a_night_is_one_interval_from_whichever_of_its_dates_it_is_seen() {
        let (friday, saturday) = (date(2026, 5, 8), date(2026, 5, 9));
        let pattern = pattern(
            &[
                ("fri", "20:00", "24:00"),
                ("sat", "00:00", "04:00"),
                ("sat", "04:00", "05:00"),
            ],
            &[],
        );
        let night = hours(friday, 20, 28);
        assert_eq!(pattern.intervals(friday, friday), [night]);
        assert_eq!(
            pattern.intervals(saturday, saturday),
            [night, hours(saturday, 4, 5)]
        );
    }

    #[test]
    fn round_the_clock_has_neither_beginning_nor_end() {
        let day = date(2026, 5, 8);
        assert_eq!(
            pattern(&always(), &[]).intervals(day, day),
            [Interval {
                from: None,
                to: None
            }]
        );
    }

    #[test]
    fn a_closed_day_years_away_gives_round_the_clock_a_beginning_or_an_end() {
        let (past, day, future) = (date(2001, 5, 8), date(2026, 5, 8), date(2051, 5, 8));
        let before = pattern(&always(), &[(past, &[])]);
        let from = Some(midnight(date(2001, 5, 9)));
        assert_eq!(before.intervals(day, day), [Interval { from, to: None }]);
        let after = pattern(&always(), &[(future, &[("00:00", "06:00")])]);
        let to = Some(midnight(future) + 6 * 3_600);
        assert_eq!(after.intervals(day, day), [Interval { from: None, to }]);
        let both = pattern(
            &always(),
            &[
                (past, &[]),
                (future, &[]),
                (date(2030, 1, 1), &[("00:00", "24:00")]),
            ],
        );
        assert_eq!(
            both.intervals(day, day),
            [Interval {
                from,
                to: Some(midnight(future))
            }]
        );
    }

    #[test]
    fn the_first_and_the_last_date_there_are_hold_no_surprise() {
        for weekly in [
            always(),
            vec![("fri", "00:00", "24:00"), ("sat", "09:00", "24:00")],
        ] {
            let pattern = pattern(
                &weekly,
                &[
                    (Date::MIN, &[("00:00", "24:00")]),
                    (Date::MAX, &[("00:00", "24:00")]),
                ],
            );
            assert!(!pattern.intervals(Date::MIN, Date::MIN).is_empty());
            assert!(!pattern.intervals(Date::MAX, Date::MAX).is_empty());
        }
    }
}
