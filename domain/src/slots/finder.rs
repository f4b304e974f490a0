//! The rules for one service (API §8, rules 1 and 6 to 9), and the question made ready for them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::{Timestamp, civil::Date};
use smallvec::SmallVec;

use super::{
    line::{Sec, Stretch, Taken, ceil, end_of_time, timestamp},
    openings::{Grid, Openings, Run},
    question::{DeskTime, Offer, Question, StaffTime, Step},
    refusal::Refusal,
    visit,
    wall::{self, Instants, Wall},
};
use crate::{
    booking::Joints,
    desk::Desk,
    id::Id,
    service::Timing,
    staff::Staff,
    time::{LocalSpan, Minutes},
};

/// A visit's later services are looked for on so many dates after the last one asked for; one that takes longer to
/// come to its last service is not offered.
const VISIT_DAYS: i64 = 62;
/// Hours of desks and house are looked up for so many dates ahead, which is longer than any service takes.
const BOUND_DAYS: i64 = 400;

/// A start that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The services in a row; one, unless it is a visit.
    pub services: SmallVec<[Served; 1]>,
}

/// Who does a service of a slot, when and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends, buffers not counted.
    pub end: Timestamp,
    /// Who.
    pub staff_id: Id<Staff>,
    /// Where; `None` if it needs no desk.
    pub desk_id: Option<Id<Desk>>,
}

/// A service of a start that was checked, with all that its claims follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Who, when and where.
    pub served: Served,
    /// How long it takes them.
    pub timing: Timing,
    /// Which buffers fall away inside the visit.
    pub joints: Joints,
}

impl Slot {
    /// When the first service begins.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.services[0].start
    }

    /// When the last service ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.services[self.services.len() - 1].end
    }

    /// Who does the first service.
    #[must_use]
    pub fn staff_id(&self) -> Id<Staff> {
        self.services[0].staff_id
    }

    /// Where the first service is done.
    #[must_use]
    pub fn desk_id(&self) -> Option<Id<Desk>> {
        self.services[0].desk_id
    }
}

/// A question made ready: all that it says of wall clocks is in seconds now.
///
/// Good for [`Finder::slots`], [`Finder::check`] and [`Finder::next_free`] of the same question.
#[derive(Debug)]
pub struct Finder {
    /// Rule 1: when a start may lie.
    pub(super) dates: Instants,
    /// Rule 8.
    pub(super) earliest: Option<Sec>,
    pub(super) wall: Wall,
    /// When the house is closed.
    pub(super) closed: Taken,
    /// In order of their ids.
    pub(super) people: Vec<Person>,
    pub(super) places: Vec<Place>,
    pub(super) needs: Vec<Need>,
    /// See [`Finder::drawn`].
    pub(super) lot: Option<u64>,
}

/// A staff member's time.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: Id<Staff>,
    pub(super) grid: Grid,
    pub(super) runs: Vec<Run>,
    pub(super) away: Taken,
    pub(super) busy: Taken,
}

/// A desk's time.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) id: Id<Desk>,
    operator: Option<Id<Staff>>,
    closed: Taken,
    pub(super) full: Taken,
}

/// One service of the row, and who may do it where.
#[derive(Debug)]
pub(super) struct Need {
    /// In order of their ids.
    pub(super) candidates: Vec<Candidate>,
}

/// Somebody who may do a service.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Their place in [`Finder::people`].
    pub(super) person: usize,
    pub(super) timing: Timing,
    /// The desks at which they may, as places in [`Finder::places`], the most welcome first; `None`: none is needed.
    pub(super) places: Option<SmallVec<[usize; 4]>>,
}

/// The time that a service takes of somebody, from its start, with the buffers that are kept.
pub(super) type Takes = SmallVec<[Stretch; 2]>;

impl Candidate {
    pub(super) fn duration(&self) -> Sec {
        self.timing.duration_min.as_secs()
    }

    /// Rule 9: the busy parts of a staff member's time, counted from the start.
    pub(super) fn takes(&self, before: Minutes, after: Minutes) -> Takes {
        let (start, end) = (-before.as_secs(), self.duration() + after.as_secs());
        let (pause, resume) = self.timing.processing.map_or((0, 0), |processing| {
            let pause = processing.after_min.as_secs();
            (
                pause.min(self.duration()),
                (pause + processing.for_min.as_secs()).min(self.duration()),
            )
        });
        let parts: Takes = if pause < resume {
            [Stretch::new(start, pause), Stretch::new(resume, end)]
                .into_iter()
                .collect()
        } else {
            [Stretch::new(start, end)].into_iter().collect()
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// The same of a desk: the whole.
    pub(super) fn takes_of_desk(&self, before: Minutes, after: Minutes) -> Stretch {
        Stretch::new(-before.as_secs(), self.duration() + after.as_secs())
    }
}

/// `part`, counted from `start`.
pub(super) const fn from(start: Sec, part: Stretch) -> Stretch {
    Stretch::new(start + part.start, start + part.end)
}

impl Finder {
    /// Makes a question ready.
    #[must_use]
    pub fn new(question: &Question<'_>) -> Self {
        let Question { first, last, .. } = *question;
        let length = question
            .steps
            .iter()
            .map(longest)
            .fold(0, Sec::saturating_add);
        let later = |days: i64| last.saturating_add(jiff::Span::new().days(days));
        let until = if question.steps.len() > 1 {
            later(VISIT_DAYS.min(length / 86_400 + 1))
        } else {
            last
        };
        let bound = later(BOUND_DAYS.min(length / 86_400 + 1));

        let house = question
            .house
            .hours
            .map(|hours| Openings::of(hours, first, bound));
        let hours = |hours: Option<_>, until| hours.map(|hours| Openings::of(hours, first, until));
        let own: Vec<_> = question
            .staff
            .iter()
            .map(|staff| hours(staff.hours, until))
            .collect();
        let of_desks: Vec<_> = question
            .desks
            .iter()
            .map(|desk| hours(desk.hours, bound))
            .collect();

        let asked = wall::dates(first, last.max(first));
        let readings = house
            .iter()
            .chain(own.iter().flatten())
            .chain(of_desks.iter().flatten());
        let readings = readings
            .flat_map(Openings::readings)
            .chain([asked.start, asked.end + length]);
        let around = readings.fold(asked, |all, at| {
            Stretch::new(all.start.min(at), all.end.max(at))
        });
        let wall = Wall::showing(question.zone.tz(), around);

        let closed = house
            .as_ref()
            .map(|house| house.closed(&wall))
            .unwrap_or_default();
        let closed = closed.and(absent(&wall, question.house.closures));
        let mut people: Vec<_> = question
            .staff
            .iter()
            .zip(own)
            .map(|(staff, own)| {
                let follows = || {
                    question
                        .house
                        .hours
                        .map(|hours| Openings::of(hours, first, until))
                };
                Person::new(staff, own.or_else(follows), &wall, first, until)
            })
            .collect();
        people.sort_by_key(|person| person.id);
        let places: Vec<_> = question
            .desks
            .iter()
            .zip(of_desks)
            .map(|(desk, hours)| Place::new(desk, hours, &wall))
            .collect();
        let needs = question
            .steps
            .iter()
            .map(|step| Need::new(step, &people, &places))
            .collect();
        Self {
            dates: if first <= last {
                wall.instants(asked)
            } else {
                Instants::new()
            },
            earliest: question
                .notice
                .map(|notice| ceil(notice.now).saturating_add(notice.min.as_secs())),
            wall,
            closed,
            people,
            places,
            needs,
            lot: None,
        }
    }

    /// The same, but of those who can, and of the desks where they may, lots decide: with the same number the same
    /// way. Desks with an operator still come first.
    #[must_use]
    pub fn drawn(mut self, lot: u64) -> Self {
        self.lot = Some(lot);
        // Another lot than that of people: which chair it is has nothing to do with who it is.
        let lot = !lot;
        let places = &self.places;
        for candidate in self.needs.iter_mut().flat_map(|need| &mut need.candidates) {
            if let Some(theirs) = &mut candidate.places {
                theirs.sort_by_cached_key(|place| {
                    (places[*place].operator.is_none(), draw(lot, *place))
                });
            }
        }
        self
    }

    /// Every start that can be had, by start, then by staff member. "Anyone" is everyone who can, each with their own.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        let all = Stretch::new(Sec::MIN / 2, Sec::MAX / 2);
        self.slots_within(all)
    }

    /// The first `limit` slots that start at `after` or later. Busy time must be known as far as they are wanted.
    #[must_use]
    pub fn next_free(&self, after: Timestamp, limit: usize) -> Vec<Slot> {
        let mut found = Vec::new();
        let (mut from, mut length) = (ceil(after), 86_400);
        let end = self.dates.last().map_or(from, |dates| dates.end);
        from = from.max(self.dates.first().map_or(from, |dates| dates.start));
        // Most calls are answered by the first day or two.
        while found.len() < limit && from < end {
            found.extend(self.slots_within(Stretch::new(from, from + length)));
            from += length;
            length *= 2;
        }
        found.truncate(limit);
        found
    }

    fn slots_within(&self, window: Stretch) -> Vec<Slot> {
        let Some(need) = self.needs.first() else {
            return Vec::new();
        };
        if self.needs.len() > 1 {
            return visit::slots(self, window);
        }
        let mut found: Vec<(Sec, u32, u32)> = Vec::new();
        for (who, candidate) in (0..).zip(&need.candidates) {
            let timing = &candidate.timing;
            let takes = candidate.takes(timing.buffer_before_min, timing.buffer_after_min);
            self.each_start(candidate, &takes, window, |start| match &candidate.places {
                None => found.push((start, who, 0)),
                Some(places) => {
                    let free = (0..)
                        .zip(places)
                        .find(|(_, place)| self.has_room(candidate, **place, start));
                    found.extend(free.map(|(place, _)| (start, who, place)));
                }
            });
        }
        // Each candidate's starts are in order already, which this sort makes use of; it is stable.
        found.sort_by_key(|(start, ..)| *start);
        let slot = |(start, who, place): (Sec, u32, u32)| {
            let candidate = &need.candidates[who as usize];
            let place = candidate
                .places
                .as_ref()
                .map(|places| places[place as usize]);
            Slot {
                services: [self.served(candidate, place, start)].into_iter().collect(),
            }
        };
        found.into_iter().map(slot).collect()
    }

    /// The run in which a service of the candidate lies that begins at `start`: `Err` if there is none or it is too
    /// short.
    fn run(&self, candidate: &Candidate, start: Sec) -> Result<&Run, Refusal> {
        let runs = &self.people[candidate.person].runs;
        let behind = runs.partition_point(|run| run.starts.end <= start);
        let run = runs
            .get(behind)
            .filter(|run| run.starts.start <= start)
            .ok_or(Refusal::OutsideHours)?;
        if start + candidate.duration() > run.until {
            return Err(Refusal::PastHours {
                until: timestamp(run.until),
            });
        }
        Ok(run)
    }

    /// All that stands in the way of the candidate's beginning at `start`, desks and dates aside, nearest last.
    pub(super) fn refusals(
        &self,
        candidate: &Candidate,
        takes: &Takes,
        start: Sec,
        free: Leave,
    ) -> impl Iterator<Item = Refusal> {
        let person = &self.people[candidate.person];
        let body = from(start, Stretch::new(0, candidate.duration()));
        let run = self.run(candidate, start);
        let off_grid = run
            .as_ref()
            .is_ok_and(|run| !free.grid && !person.grid.has(run, start));
        let step = person.grid.step();
        // Beyond the last second that can be written lies nobody's working time.
        let hours = run
            .err()
            .filter(|_| !free.hours || body.end > end_of_time());
        let closed = self.closed.clash(body).filter(|_| !free.hours);
        let away = person.away.clash(body);
        let busy = takes
            .iter()
            .find_map(|part| person.busy.clash(from(start, *part)));
        hours
            .into_iter()
            .chain(closed.map(|closed| Refusal::HouseClosed {
                during: closed.to_span(),
            }))
            .chain(away.map(|away| Refusal::Away {
                during: away.to_span(),
            }))
            .chain(off_grid.then_some(Refusal::OffGrid { step }))
            .chain(busy.map(|busy| Refusal::Busy {
                during: busy.to_span(),
            }))
    }

    /// What stands in the way at a desk.
    pub(super) fn refusal_at(
        &self,
        candidate: &Candidate,
        place: usize,
        takes: Stretch,
        start: Sec,
        free: Leave,
    ) -> Option<Refusal> {
        let place = &self.places[place];
        let body = from(start, Stretch::new(0, candidate.duration()));
        let closed = place.closed.clash(body).filter(|_| !free.hours);
        let closed = closed.map(|closed| Refusal::DeskClosed {
            desk_id: place.id,
            during: closed.to_span(),
        });
        closed.or_else(|| {
            let full = place.full.clash(from(start, takes))?;
            Some(Refusal::DeskBusy {
                desk_id: place.id,
                during: full.to_span(),
            })
        })
    }

    fn has_room(&self, candidate: &Candidate, place: usize, start: Sec) -> bool {
        let timing = &candidate.timing;
        let takes = candidate.takes_of_desk(timing.buffer_before_min, timing.buffer_after_min);
        self.refusal_at(candidate, place, takes, start, Leave::default())
            .is_none()
    }

    pub(super) fn served(&self, candidate: &Candidate, place: Option<usize>, start: Sec) -> Served {
        Served {
            start: timestamp(start),
            end: timestamp(start + candidate.duration()),
            staff_id: self.people[candidate.person].id,
            desk_id: place.map(|place| self.places[place].id),
        }
    }
}

/// What is left aside when a start is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leave {
    pub(super) hours: bool,
    pub(super) grid: bool,
}

impl Person {
    fn new(
        staff: &StaffTime<'_>,
        hours: Option<Openings>,
        wall: &Wall,
        first: Date,
        last: Date,
    ) -> Self {
        let grid = Grid::new(staff.slot_grid, staff.slot_interval);
        Self {
            id: staff.id,
            grid,
            runs: hours
                .map(|hours| hours.runs(wall, first, last, grid))
                .unwrap_or_default(),
            away: Taken::of(absent(wall, staff.absences)),
            busy: Taken::of(staff.busy.iter().copied().filter_map(Stretch::around)),
        }
    }
}

impl Place {
    fn new(desk: &DeskTime<'_>, hours: Option<Openings>, wall: &Wall) -> Self {
        let closed = hours.map(|hours| hours.closed(wall)).unwrap_or_default();
        let seats = desk.busy.iter().copied().filter_map(Stretch::around);
        Self {
            id: desk.id,
            operator: desk.operator,
            closed: closed.and(absent(wall, desk.holidays)),
            full: Taken::where_as_deep_as(desk.capacity, seats),
        }
    }
}

impl Need {
    fn new(step: &Step, people: &[Person], places: &[Place]) -> Self {
        let candidate = |offer: &Offer| {
            let person = people
                .binary_search_by_key(&offer.staff_id, |person| person.id)
                .ok()?;
            let places = step.desks.as_ref().map(|desks| {
                let theirs = desks
                    .iter()
                    .filter_map(|id| places.iter().position(|place| place.id == *id));
                let mut theirs: SmallVec<[usize; 4]> = theirs
                    .filter(|place| {
                        places[*place]
                            .operator
                            .is_none_or(|operator| operator == offer.staff_id)
                    })
                    .collect();
                theirs.sort_by_key(|place| places[*place].operator.is_none());
                theirs
            });
            Some(Candidate {
                person,
                timing: offer.timing,
                places,
            })
        };
        let mut candidates: Vec<_> = step.offers.iter().filter_map(candidate).collect();
        candidates.sort_by_key(|candidate| candidate.person);
        candidates.dedup_by_key(|candidate| candidate.person);
        Self { candidates }
    }
}

/// What one of several draws.
pub(super) fn draw(lot: u64, who: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (lot, who).hash(&mut hasher);
    hasher.finish()
}

/// The longest that a service takes anybody.
fn longest(step: &Step) -> Sec {
    step.offers
        .iter()
        .map(|offer| offer.timing.duration_min.as_secs())
        .max()
        .unwrap_or(0)
}

/// The instants of spans on the wall.
pub(super) fn absent(wall: &Wall, spans: &[LocalSpan]) -> impl Iterator<Item = Stretch> {
    spans.iter().flat_map(|span| {
        wall.instants(Stretch::new(
            wall::reading(span.from()),
            wall::reading_end(span.to()),
        ))
    })
}
