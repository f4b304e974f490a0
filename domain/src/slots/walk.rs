//! The walk along a staff member's grid: every start that keeps the rules, in order, past what is taken.
//!
//! A look at one start tells of those after it: up to the next obstacle all are clear, and before the end of the one
//! in the way none is. So a walk costs by the booking, not by the start.

use smallvec::SmallVec;

use super::{
    finder::{Candidate, Finder, Takes},
    line::{Sec, Stretch, Taken},
    openings::Run,
};

impl Finder {
    /// Tells each start on the candidate's grid that keeps rules 1 and 6 to 8, desks aside, in order.
    pub(super) fn each_start(
        &self,
        candidate: &Candidate,
        takes: &Takes,
        window: Stretch,
        mut tell: impl FnMut(Sec),
    ) {
        let person = &self.people[candidate.person];
        let body = Stretch::new(0, candidate.duration());
        let mut obstacles: SmallVec<[Obstacle<'_>; 4]> = takes
            .iter()
            .map(|part| Obstacle {
                taken: &person.busy,
                part: *part,
                cursor: 0,
            })
            .chain([&person.away, &self.closed].map(|taken| Obstacle {
                taken,
                part: body,
                cursor: 0,
            }))
            .filter(|obstacle| !obstacle.part.is_empty())
            .collect();
        for dates in &self.dates {
            let Some(dates) = dates.intersect(window) else {
                continue;
            };
            let earliest = self
                .earliest
                .map_or(dates.start, |earliest| earliest.max(dates.start));
            let behind = person
                .runs
                .partition_point(|run| run.starts.end <= earliest);
            for run in &person.runs[behind..] {
                if run.starts.start >= dates.end {
                    break;
                }
                let end = run.starts.end.min(dates.end).min(run.until - body.end + 1);
                let mut next = person.grid.first(run, earliest);
                while let Some(start) = next.filter(|start| *start < end) {
                    next = match look_ahead(&mut obstacles, start) {
                        Ahead::Blocked { until } => person.grid.first(run, until),
                        Ahead::Clear { last } => {
                            person.grid.tell_up_to(start, last.min(end - 1), &mut tell)
                        }
                    };
                }
            }
        }
    }

    /// Tells every start of the candidate's grid on the dates asked for, whatever stands in its way, in order; and when
    /// the working hours that it lies in end.
    pub(super) fn each_grid_start(&self, candidate: &Candidate, mut tell: impl FnMut(Sec, Sec)) {
        let person = &self.people[candidate.person];
        for dates in &self.dates {
            for run in &person.runs {
                let mut next = person.grid.first(run, dates.start);
                while let Some(start) = next.filter(|start| *start < dates.end) {
                    tell(start, run.until);
                    next = person.grid.first(run, start + 1);
                }
            }
        }
    }

    /// How many starts the candidate's grid has on the dates asked for; rather too many than too few.
    pub(super) fn most_starts(&self, candidate: &Candidate) -> Sec {
        let person = &self.people[candidate.person];
        let runs = self.dates.iter().flat_map(|dates| {
            let within = move |run: &Run| {
                Some(Run {
                    starts: run.starts.intersect(*dates)?,
                    ..*run
                })
            };
            person.runs.iter().filter_map(within)
        });
        runs.map(|run| person.grid.count(&run))
            .fold(0, Sec::saturating_add)
    }
}

/// What must not share an instant with a part of the service.
struct Obstacle<'f> {
    taken: &'f Taken,
    /// The part, counted from the start.
    part: Stretch,
    cursor: usize,
}

/// What a look at one start tells of those after it.
enum Ahead {
    /// No start before this one is clear.
    Blocked { until: Sec },
    /// Every start up to this one is clear.
    Clear { last: Sec },
}

/// Looks at a start; the starts looked at may only grow.
fn look_ahead(obstacles: &mut [Obstacle<'_>], start: Sec) -> Ahead {
    let mut last = Sec::MAX;
    let mut until = None;
    for Obstacle {
        taken,
        part,
        cursor,
    } in obstacles
    {
        let Some(next) = taken.ahead(start + part.start, cursor) else {
            continue;
        };
        if next.start < start + part.end {
            until = until.max(Some(next.end - part.start));
        } else {
            last = last.min(next.start - part.end);
        }
    }
    until.map_or(Ahead::Clear { last }, |until| Ahead::Blocked { until })
}
