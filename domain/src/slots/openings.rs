//! Working hours as stretches of time, with the grid that starts are counted on (API §8, rules 2 to 5).

use jiff::civil::Date;

use super::{
    line::{EVER, Sec, Stretch, Taken, end_of_time},
    pattern::{Interval, Pattern},
    wall::{self, Instants, Wall},
};
use crate::{
    hours::{SlotGrid, WorkingHours},
    time::{Minutes, Span, Zone},
};

/// Consecutive instants of one interval of working hours in which a service may start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// When it may start.
    pub(super) starts: Stretch,
    /// When it must have ended: the interval's end, or the jump of the clocks that interrupts it.
    pub(super) until: Sec,
    /// The first start of the grid; it may lie outside `starts`.
    pub(super) anchor: Sec,
}

/// Starts at equal steps in elapsed time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    kind: SlotGrid,
    step: Minutes,
}

impl Grid {
    pub(super) const fn new(kind: SlotGrid, step: Minutes) -> Self {
        Self { kind, step }
    }

    pub(super) const fn step(self) -> Minutes {
        self.step
    }

    /// The first start of an interval that begins at `start`.
    fn anchor(self, wall: &Wall, start: Sec) -> Sec {
        match self.kind {
            SlotGrid::Interval => start,
            SlotGrid::Clock => wall.next_round(start, self.step),
        }
    }

    /// The first start of the run not before `earliest`, if there is one.
    pub(super) fn first(self, run: &Run, earliest: Sec) -> Option<Sec> {
        let earliest = earliest.max(run.starts.start);
        let behind = (earliest - run.anchor).max(0);
        let step = self.step.as_secs();
        if step == 0 {
            return (behind == 0 && run.anchor >= earliest && run.anchor < run.starts.end)
                .then_some(run.anchor);
        }
        let start = run.anchor + behind.div_euclid(step) * step;
        let start = if start < earliest {
            start + step
        } else {
            start
        };
        (start < run.starts.end).then_some(start)
    }

    /// Tells `start` and those after it up to `last`, and gives the one after.
    pub(super) fn tell_up_to(
        self,
        start: Sec,
        last: Sec,
        tell: &mut impl FnMut(Sec),
    ) -> Option<Sec> {
        let step = self.step.as_secs();
        let mut next = start;
        while next <= last {
            tell(next);
            if step == 0 {
                return None;
            }
            next += step;
        }
        Some(next)
    }

    /// Whether `start`, which lies in the run, is one of its starts.
    pub(super) fn has(self, run: &Run, start: Sec) -> bool {
        self.first(run, start) == Some(start)
    }

    /// How many starts the run has, at most.
    pub(super) fn count(self, run: &Run) -> Sec {
        (run.starts.end - run.starts.start) / self.step.as_secs().max(1) + 1
    }
}

/// Intervals of working hours, and the readings of the wall that they span.
#[derive(Debug)]
pub(super) struct Openings {
    intervals: Vec<Interval>,
}

impl Openings {
    /// The intervals that hold a reading of the dates `first..=last`.
    pub(super) fn of(hours: &WorkingHours, first: Date, last: Date) -> Self {
        Self {
            intervals: Pattern::of(hours).intervals(first, last),
        }
    }

    /// The readings from the beginning of the first to the end of the last, those apart that have none.
    pub(super) fn readings(&self) -> impl Iterator<Item = Sec> {
        self.intervals
            .iter()
            .flat_map(|interval| [interval.from, interval.to])
            .flatten()
    }

    /// Where services may start on the dates `first..=last`, and a while around them, in order.
    pub(super) fn runs(&self, wall: &Wall, first: Date, last: Date, grid: Grid) -> Vec<Run> {
        let mut runs = Vec::with_capacity(self.intervals.len());
        for interval in &self.intervals {
            let pieces = instants(wall, *interval);
            let Some(start) = pieces.first().map(|piece| piece.start) else {
                continue;
            };
            if interval.is_endless() {
                each_midnight(wall, &pieces, first, last, grid, &mut runs);
            } else {
                let anchor = grid.anchor(wall, start);
                runs.extend(pieces.iter().map(|&piece| Run {
                    starts: piece,
                    until: piece.end,
                    anchor,
                }));
            }
        }
        // Where clocks go back over the seam of two intervals, their pieces come in turns.
        if !runs.is_sorted_by_key(|run| run.starts) {
            runs.sort_unstable_by_key(|run| run.starts);
        }
        runs
    }

    /// All time outside these hours. Where they serve as a bound, intervals that touch are one.
    pub(super) fn closed(&self, wall: &Wall) -> Taken {
        Taken::of(
            self.intervals
                .iter()
                .flat_map(|interval| instants(wall, *interval)),
        )
        .rest()
    }
}

/// Rule 5: hours without an end count the grid from the first instant of each date.
fn each_midnight(
    wall: &Wall,
    pieces: &Instants,
    first: Date,
    last: Date,
    grid: Grid,
    runs: &mut Vec<Run>,
) {
    for date in first
        .series(jiff::Span::new().days(1))
        .take_while(|date| *date <= last)
    {
        let day = wall.instants(wall::dates(date, date));
        let Some(anchor) = day.first().map(|day| grid.anchor(wall, day.start)) else {
            continue;
        };
        let starts = day.iter().flat_map(|day| {
            pieces.iter().filter_map(move |piece| {
                Some(Run {
                    starts: day.intersect(*piece)?,
                    until: piece.end,
                    anchor,
                })
            })
        });
        runs.extend(starts);
    }
}

/// The instants of an interval (rule 3).
fn instants(wall: &Wall, interval: Interval) -> Instants {
    let readings = Stretch::new(interval.from.unwrap_or(EVER), interval.to.unwrap_or(-EVER));
    let mut instants = wall.instants(readings);
    if let (None, Some(first)) = (interval.from, instants.first_mut()) {
        first.start = EVER;
    }
    if let (None, Some(last)) = (interval.to, instants.last_mut()) {
        last.end = end_of_time();
    }
    instants
}

/// When `hours` are open on the dates `first..=last`, for a calendar to show: in order, an interval that runs over
/// midnight once, cut at the two dates. Hours that touch are shown as one.
#[must_use]
pub fn open_spans(hours: &WorkingHours, zone: &Zone, first: Date, last: Date) -> Vec<Span> {
    if last < first {
        return Vec::new();
    }
    let asked = wall::dates(first, last);
    let wall = Wall::showing(zone.tz(), asked);
    let openings = Openings::of(hours, first, last);
    let within = |interval: &Interval| Interval {
        from: Some(
            interval
                .from
                .map_or(asked.start, |from| from.max(asked.start)),
        ),
        to: Some(interval.to.map_or(asked.end, |to| to.min(asked.end))),
    };
    let open = openings
        .intervals
        .iter()
        .map(within)
        .filter(|interval| interval.from < interval.to);
    Taken::of(open.flat_map(|interval| instants(&wall, interval)))
        .iter()
        .map(Stretch::to_span)
        .collect()
}
