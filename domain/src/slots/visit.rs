//! Several services in a row (API §8, rule 10), and whether one given start can be had.
//!
//! Each service begins where the one before ends; the first one's grid decides the starts. Between two services of the
//! same person or desk no buffer is kept, so who is chosen for one depends on who does the others: the search goes
//! deep first, least loaded first, and turns back where it fails.

use std::collections::HashMap;

use jiff::Timestamp;
use smallvec::SmallVec;

use super::{
    finder::{Assigned, Candidate, Finder, Leave, Slot, draw, from},
    line::{Sec, Stretch, ceil, floor, timestamp},
    question::Freedom,
    refusal::{Refusal, Unavailable},
};
use crate::{booking::Joints, time::Minutes};

/// After so many people were tried for one start, it counts as one that cannot be had. Only buffers can make a search
/// long (what else stands in the way is found once), so this ends what no salon has, not what some salon has.
const MOST_TRIES: u32 = 4_096;

/// Every slot of a visit within the window.
pub(super) fn slots(finder: &Finder, window: Stretch) -> Vec<Slot> {
    let mut search = Search::new(finder, Leave::default());
    let mut found = Vec::new();
    for (who, candidate) in finder.needs[0].candidates.iter().enumerate() {
        let takes = candidate.takes(candidate.timing.buffer_before_min, Minutes::ZERO);
        finder.each_start(candidate, &takes, window, |start| {
            if search.begin(start, &[who]) {
                let services = search
                    .path
                    .iter()
                    .map(|chosen| finder.served(chosen.candidate, chosen.place, chosen.start));
                found.push((
                    start,
                    Slot {
                        services: services.collect(),
                    },
                ));
            }
        });
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, slot)| slot).collect()
}

impl Finder {
    /// Whether a visit, or the one service, can begin at `start`, and who would do it where: of those who can, who has
    /// least to do on that date, then the lowest id.
    ///
    /// # Errors
    /// When it cannot be had, with the reason of who came nearest.
    pub fn check(&self, start: Timestamp, freedom: Freedom) -> Result<Vec<Assigned>, Unavailable> {
        let refused = |why| Unavailable {
            step: 0,
            staff_id: None,
            why,
        };
        let Some(need) = self.needs.first() else {
            return Err(refused(Refusal::Nobody));
        };
        // All that follows is whole seconds; parts of one are on no grid, and no clock on a wall shows them.
        if floor(start) != ceil(start) {
            let step = need
                .candidates
                .first()
                .map_or(Minutes::ZERO, |who| self.people[who.person].grid.step());
            return Err(refused(Refusal::OffGrid { step }));
        }
        let start = floor(start);
        if !self
            .dates
            .iter()
            .any(|dates| dates.start <= start && start < dates.end)
        {
            return Err(refused(Refusal::OtherDate));
        }
        if let Some(earliest) = self.earliest.filter(|earliest| start < *earliest) {
            return Err(refused(Refusal::TooSoon {
                earliest: timestamp(earliest),
            }));
        }
        let mut search = Search::new(
            self,
            Leave {
                hours: freedom.outside_hours,
                grid: freedom.off_grid,
            },
        );
        let order = search.fairest(0, start);
        if search.begin(start, &order) {
            Ok(search.assigned())
        } else {
            Err(search.nearest.unwrap_or(refused(Refusal::Nobody)))
        }
    }
}

/// A service of the row for which somebody was chosen.
#[derive(Clone, Copy)]
struct Chosen<'f> {
    candidate: &'f Candidate,
    place: Option<usize>,
    start: Sec,
}

impl Chosen<'_> {
    fn end(&self) -> Sec {
        self.start + self.candidate.duration()
    }
}

type Order = SmallVec<[usize; 8]>;

struct Search<'f> {
    finder: &'f Finder,
    free: Leave,
    path: SmallVec<[Chosen<'f>; 4]>,
    tries: u32,
    /// Who came nearest, if it fails.
    nearest: Option<Unavailable>,
    /// Whether the services from one on can be done from an instant on, buffers aside.
    possible: HashMap<(usize, Sec), bool>,
    /// The candidates of a service, the least loaded first, on the date that begins at a reading.
    fairest: HashMap<(usize, Sec), Order>,
}

impl<'f> Search<'f> {
    fn new(finder: &'f Finder, free: Leave) -> Self {
        Self {
            finder,
            free,
            path: SmallVec::new(),
            tries: 0,
            nearest: None,
            possible: HashMap::new(),
            fairest: HashMap::new(),
        }
    }

    /// Looks for people and desks for all services from `start` on, the first done by one of `order`.
    fn begin(&mut self, start: Sec, order: &[usize]) -> bool {
        self.path.clear();
        self.tries = 0;
        self.nearest = None;
        self.serve(0, start, order)
    }

    fn serve(&mut self, step: usize, start: Sec, order: &[usize]) -> bool {
        let finder = self.finder;
        for candidate in order.iter().map(|who| &finder.needs[step].candidates[*who]) {
            self.tries += 1;
            if self.tries > MOST_TRIES {
                return false;
            }
            let seen = self
                .path
                .iter()
                .any(|chosen| chosen.candidate.person == candidate.person);
            let before = if seen {
                Minutes::ZERO
            } else {
                candidate.timing.buffer_before_min
            };
            if let Some(why) = self.refusal(step, candidate, before, start) {
                self.note(step, candidate, why);
                continue;
            }
            let Some(places) = &candidate.places else {
                if self.go_on(
                    step,
                    Chosen {
                        candidate,
                        place: None,
                        start,
                    },
                ) {
                    return true;
                }
                continue;
            };
            if places.is_empty() {
                self.note(step, candidate, Refusal::NoDesk);
            }
            // Nobody is sent to another desk without need.
            let here = self
                .path
                .last()
                .and_then(|last| last.place)
                .filter(|here| places.contains(here));
            let elsewhere = places.iter().copied().filter(|place| here != Some(*place));
            for place in here.into_iter().chain(elsewhere) {
                let seen = self.path.iter().any(|chosen| chosen.place == Some(place));
                let before = if seen {
                    Minutes::ZERO
                } else {
                    candidate.timing.buffer_before_min
                };
                let takes = candidate.takes_of_desk(before, Minutes::ZERO);
                if let Some(why) = finder.refusal_at(candidate, place, takes, start, self.free) {
                    self.note(step, candidate, why);
                } else if self.go_on(
                    step,
                    Chosen {
                        candidate,
                        place: Some(place),
                        start,
                    },
                ) {
                    return true;
                }
            }
        }
        false
    }

    /// Takes the choice and looks further; takes it back if that fails.
    fn go_on(&mut self, step: usize, chosen: Chosen<'f>) -> bool {
        // Who is not free for the buffer afterwards must have a later service of the visit, or it ends here.
        if let Some(why) = self.refusal_after(&chosen)
            && !self.finder.needs[step + 1..]
                .iter()
                .any(|need| serves_again(need.candidates.iter(), &chosen))
        {
            self.note(step, chosen.candidate, why);
            return false;
        }
        self.path.push(chosen);
        let next = step + 1;
        let done = if next == self.finder.needs.len() {
            self.keeps_buffers_after()
        } else {
            self.can_go_on(next, chosen.end()) && {
                let order = self.fairest(next, chosen.end());
                self.serve(next, chosen.end(), &order)
            }
        };
        if !done {
            self.path.pop();
        }
        done
    }

    fn refusal(
        &self,
        step: usize,
        candidate: &Candidate,
        before: Minutes,
        start: Sec,
    ) -> Option<Refusal> {
        // The grid is that of the first service alone.
        let free = Leave {
            grid: self.free.grid || step > 0,
            ..self.free
        };
        self.finder
            .refusals(
                candidate,
                &candidate.takes(before, Minutes::ZERO),
                start,
                free,
            )
            .next()
    }

    /// What stands in the way at the last of the candidate's desks, if something does at each of them.
    fn refusal_everywhere(&self, candidate: &Candidate, start: Sec) -> Option<Refusal> {
        let takes = candidate.takes_of_desk(Minutes::ZERO, Minutes::ZERO);
        let mut why = Refusal::NoDesk;
        for place in candidate.places.as_ref()? {
            why = self
                .finder
                .refusal_at(candidate, *place, takes, start, self.free)?;
        }
        Some(why)
    }

    /// What stands in the way of the buffers after a service.
    fn refusal_after(&self, chosen: &Chosen<'_>) -> Option<Refusal> {
        self.person_after(chosen)
            .or_else(|| self.desk_after(chosen))
    }

    fn person_after(&self, chosen: &Chosen<'_>) -> Option<Refusal> {
        let busy = self.finder.people[chosen.candidate.person]
            .busy
            .clash(after(chosen))?;
        Some(Refusal::Busy {
            during: busy.to_span(),
        })
    }

    fn desk_after(&self, chosen: &Chosen<'_>) -> Option<Refusal> {
        let place = &self.finder.places[chosen.place?];
        let full = place.full.clash(after(chosen))?;
        Some(Refusal::DeskBusy {
            desk_id: place.id,
            during: full.to_span(),
        })
    }

    /// Whether everybody, and every desk, has the buffer free after the last service they have in the visit.
    fn keeps_buffers_after(&mut self) -> bool {
        for (step, chosen) in self.path.iter().enumerate() {
            let later = &self.path[step + 1..];
            let person_again = later
                .iter()
                .any(|other| other.candidate.person == chosen.candidate.person);
            let desk_again = later.iter().any(|other| other.place == chosen.place);
            let person = (!person_again).then(|| self.person_after(chosen)).flatten();
            let why = person.or_else(|| (!desk_again).then(|| self.desk_after(chosen)).flatten());
            if let Some(why) = why {
                let candidate = chosen.candidate;
                self.note(step, candidate, why);
                return false;
            }
        }
        true
    }

    /// Whether the services from `step` on can be done from `start` on, if no buffer were kept. Looked at once for all
    /// ways that lead there.
    fn can_go_on(&mut self, step: usize, start: Sec) -> bool {
        if let Some(known) = self.possible.get(&(step, start)) {
            return *known;
        }
        let finder = self.finder;
        let mut possible = false;
        for candidate in &finder.needs[step].candidates {
            let person = self.refusal(step, candidate, Minutes::ZERO, start);
            let why = person.or_else(|| self.refusal_everywhere(candidate, start));
            match why {
                Some(why) => self.note(step, candidate, why),
                None => {
                    let end = start + candidate.duration();
                    possible |= step + 1 == finder.needs.len() || self.can_go_on(step + 1, end);
                }
            }
        }
        self.possible.insert((step, start), possible);
        possible
    }

    /// The candidates of a service that begins at `start`, the least busy on its date first, or as lots say.
    fn fairest(&mut self, step: usize, start: Sec) -> Order {
        let (midnight, day) = self.finder.wall.day_of(start);
        let finder = self.finder;
        self.fairest
            .entry((step, midnight))
            .or_insert_with(|| {
                let candidates = &finder.needs[step].candidates;
                let mut order: Order = (0..candidates.len()).collect();
                if let Some(lot) = finder.lot {
                    order.sort_by_cached_key(|who| draw(lot, *who));
                } else if candidates.len() > 1 {
                    let load = |who: &usize| -> Sec {
                        let busy = &finder.people[candidates[*who].person].busy;
                        day.iter().map(|day| busy.seconds_within(*day)).sum()
                    };
                    order.sort_by_cached_key(load);
                }
                order
            })
            .clone()
    }

    fn note(&mut self, step: usize, candidate: &Candidate, why: Refusal) {
        let near =
            |known: &Unavailable| (known.step, known.why.nearness()) >= (step, why.nearness());
        if !self.nearest.as_ref().is_some_and(near) {
            let staff_id = Some(self.finder.people[candidate.person].id);
            self.nearest = Some(Unavailable {
                step,
                staff_id,
                why,
            });
        }
    }

    fn assigned(&self) -> Vec<Assigned> {
        let path = &self.path;
        let assigned = |(step, chosen): (usize, &Chosen<'_>)| {
            let person = |other: &Chosen<'_>| other.candidate.person == chosen.candidate.person;
            let desk = |other: &Chosen<'_>| chosen.place.is_some() && other.place == chosen.place;
            let (earlier, later) = (&path[..step], &path[step + 1..]);
            Assigned {
                served: self
                    .finder
                    .served(chosen.candidate, chosen.place, chosen.start),
                timing: chosen.candidate.timing,
                joints: Joints {
                    staff_before: earlier.iter().any(person),
                    staff_after: later.iter().any(person),
                    desk_before: earlier.iter().any(desk),
                    desk_after: later.iter().any(desk),
                },
            }
        };
        path.iter().enumerate().map(assigned).collect()
    }
}

/// The buffer after a service.
fn after(chosen: &Chosen<'_>) -> Stretch {
    let end = chosen.candidate.duration();
    from(
        chosen.start,
        Stretch::new(
            end,
            end + chosen.candidate.timing.buffer_after_min.as_secs(),
        ),
    )
}

/// Whether one of the candidates is the same person, or may be at the same desk.
fn serves_again<'c>(
    mut candidates: impl Iterator<Item = &'c Candidate>,
    chosen: &Chosen<'_>,
) -> bool {
    let desk = |candidate: &Candidate| {
        chosen.place.is_some_and(|here| {
            candidate
                .places
                .as_ref()
                .is_some_and(|places| places.contains(&here))
        })
    };
    candidates.any(|candidate| candidate.person == chosen.candidate.person || desk(candidate))
}
