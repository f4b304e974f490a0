//! Clocks on the wall of one zone over a window of time.
//!
//! A zone's history is cut where its clocks jump. Between two jumps the wall is a fixed distance from UTC, so the set of
//! instants whose reading lies in `[from, to)` (API §8, rule 3) is one stretch for each part, cut at its edges: nothing
//! where the reading was jumped over, two stretches where it was read twice.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, date},
    tz::TimeZone,
};
use smallvec::SmallVec;

use super::line::{Sec, Stretch, timestamp};
use crate::time::Minutes;

/// Some instants; nearly always one stretch.
pub(super) type Instants = SmallVec<[Stretch; 1]>;

const HOUR: Sec = 3_600;

/// No zone is further from UTC than this.
const FURTHEST: Sec = 26 * HOUR;

/// The wall's reading, as seconds since its own 1970.
pub(super) fn reading(local: DateTime) -> Sec {
    let since = local.duration_since(const { date(1970, 1, 1).at(0, 0, 0, 0) });
    since.as_secs() - Sec::from(since.subsec_nanos() < 0)
}

/// The first whole second not before the reading.
pub(super) fn reading_end(local: DateTime) -> Sec {
    reading(local) + Sec::from(local.subsec_nanosecond() > 0)
}

/// The reading at which a date begins.
pub(super) fn midnight(date: Date) -> Sec {
    reading(date.into())
}

/// The readings of the dates `first..=last`.
pub(super) fn dates(first: Date, last: Date) -> Stretch {
    Stretch::new(midnight(first), midnight(last) + 24 * HOUR)
}

/// A time in which the clocks do not jump.
#[derive(Clone, Copy, Debug)]
struct Steady {
    time: Stretch,
    /// What the wall is ahead of UTC.
    ahead: Sec,
}

/// The wall over a window of time.
#[derive(Clone, Debug)]
pub(super) struct Wall(SmallVec<[Steady; 4]>);

impl Wall {
    /// The wall while it reads `readings`, and a little around.
    pub(super) fn showing(tz: &TimeZone, readings: Stretch) -> Self {
        let end = timestamp(readings.end + FURTHEST);
        let mut since = timestamp(readings.start - FURTHEST);
        let mut parts = SmallVec::new();
        let mut part = |from: Timestamp, to: Timestamp| {
            let ahead = Sec::from(tz.to_offset(from).seconds());
            parts.push(Steady {
                time: Stretch::new(from.as_second(), to.as_second()),
                ahead,
            });
        };
        for jump in tz.following(since) {
            if jump.timestamp() >= end {
                break;
            }
            part(since, jump.timestamp());
            since = jump.timestamp();
        }
        part(since, end);
        Self(parts)
    }

    /// The instants at which the wall reads one of `readings`, in order; those that touch are one stretch.
    pub(super) fn instants(&self, readings: Stretch) -> Instants {
        let mut instants = Instants::new();
        let first = self
            .0
            .partition_point(|part| part.time.end + FURTHEST <= readings.start);
        for part in &self.0[first..] {
            if part.time.start - FURTHEST >= readings.end {
                break;
            }
            let read = Stretch::new(readings.start - part.ahead, readings.end - part.ahead);
            let Some(read) = read.intersect(part.time) else {
                continue;
            };
            match instants.last_mut() {
                Some(last) if last.end == read.start => last.end = read.end,
                _ => instants.push(read),
            }
        }
        instants
    }

    /// The instants of the date on which `instant` lies, and the reading at which that date begins.
    pub(super) fn day_of(&self, instant: Sec) -> (Sec, Instants) {
        let part = self
            .0
            .partition_point(|part| part.time.end <= instant)
            .min(self.0.len() - 1);
        let reading = instant + self.0[part].ahead;
        let midnight = reading - reading.rem_euclid(24 * HOUR);
        (
            midnight,
            self.instants(Stretch::new(midnight, midnight + 24 * HOUR)),
        )
    }

    /// The first instant from `from` on at which the minute of the hour is a multiple of `step`. A full hour always
    /// is one: of steps that do not divide it, or are longer, its own minutes alone are counted.
    pub(super) fn next_round(&self, from: Sec, step: Minutes) -> Sec {
        let step = if step.get().is_multiple_of(60) {
            HOUR
        } else {
            step.as_secs().min(HOUR)
        };
        let first = self.0.partition_point(|part| part.time.end <= from);
        for part in &self.0[first..] {
            let from = from.max(part.time.start);
            let past_the_hour = (from + part.ahead).rem_euclid(HOUR);
            let below = past_the_hour - past_the_hour % step;
            let round = if below == past_the_hour {
                below
            } else {
                (below + step).min(HOUR)
            };
            let at = from - past_the_hour + round;
            if at < part.time.end {
                return at;
            }
        }
        from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    fn local(text: &str) -> Sec {
        reading(text.parse().unwrap())
    }

    fn instants(zone: &str, from: &str, to: &str) -> Vec<String> {
        let readings = Stretch::new(local(from), local(to));
        let wall = Wall::showing(Zone::named(zone).unwrap().tz(), readings);
        wall.instants(readings)
            .iter()
            .map(|stretch| format!("{} {}", timestamp(stretch.start), timestamp(stretch.end)))
            .collect()
    }

    #[test]
    fn an_hour_jumped_over_has_no_instants() {
        assert!(instants("Europe/Warsaw", "2026-03-29T02:00", "2026-03-29T03:00").is_empty());
        let shorter = instants("Europe/Warsaw", "2026-03-29T01:00", "2026-03-29T04:00");
        assert_eq!(shorter, ["2026-03-29T00:00:00Z 2026-03-29T02:00:00Z"]);
    }

    #[test]
    fn an_hour_read_twice_is_one_long_stretch_and_half_of_it_two() {
        let both = instants("Europe/Warsaw", "2026-10-25T02:00", "2026-10-25T03:00");
        assert_eq!(both, ["2026-10-25T00:00:00Z 2026-10-25T02:00:00Z"]);
        let halves = instants("Europe/Warsaw", "2026-10-25T02:00", "2026-10-25T02:30");
        assert_eq!(
            halves,
            [
                "2026-10-25T00:00:00Z 2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z 2026-10-25T01:30:00Z"
            ]
        );
    }

    #[test]
    fn a_date_left_out_has_no_instants() {
        assert!(instants("Pacific/Apia", "2011-12-30T00:00", "2011-12-31T00:00").is_empty());
    }

    #[test]
    fn the_round_time_after_a_jump_is_read_off_the_wall() {
        // Lord Howe jumps from 02:00 to 02:30: the next full hour after 01:40 is 03:00, half an hour and twenty minutes on.
        let zone = Zone::named("Australia/Lord_Howe").unwrap();
        let wall = Wall::showing(
            zone.tz(),
            Stretch::new(local("2026-10-04T00:00"), local("2026-10-05T00:00")),
        );
        let before = wall.instants(Stretch::new(
            local("2026-10-04T01:40"),
            local("2026-10-04T01:41"),
        ))[0]
            .start;
        let minutes_until = |step| (wall.next_round(before, Minutes::new(step)) - before) / 60;
        assert_eq!(minutes_until(60), 50);
        assert_eq!(minutes_until(120), 50);
        assert_eq!(minutes_until(90), 50, "longer than the hour: the full hour");
        assert_eq!(minutes_until(30), 20);
        assert_eq!(minutes_until(25), 10);
        assert_eq!(minutes_until(20), 0);
        assert_eq!(minutes_until(0), 50);
    }
}
