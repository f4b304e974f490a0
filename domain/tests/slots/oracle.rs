//! The rules of API §8 said a second time, as slowly and plainly as possible: every minute of the time in question is
//! asked what the wall shows, every start is tried, every way to fill a visit is walked. It shares no code with the
//! finder but the types of the question.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    desk::Desk,
    hours::{SlotGrid, WorkingHours},
    id::Id,
    service::Timing,
    slots::Offer,
    staff::Staff,
    time::{LocalSpan, Span, Weekday},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime},
};

use crate::world::World;

/// Dates around those asked for on which hours are looked at. Overrides must lie within, or chains of days are cut.
const AROUND: i32 = 30;

pub(crate) struct Oracle<'w> {
    world: &'w World,
    /// The first minute that is looked at.
    base: Timestamp,
    /// What the wall shows, minute by minute.
    shows: Vec<DateTime>,
    /// The first minute of each date.
    dawn: BTreeMap<Date, i64>,
    house: Option<Vec<bool>>,
    closed: Vec<bool>,
    people: BTreeMap<Id<Staff>, PersonMinutes>,
    desks: BTreeMap<Id<Desk>, DeskMinutes>,
}

struct PersonMinutes {
    intervals: Vec<Interval>,
    away: Vec<bool>,
    busy: Vec<bool>,
}

struct DeskMinutes {
    open: Option<Vec<bool>>,
    closed: Vec<bool>,
    seats_taken: Vec<u16>,
}

/// The minutes of one interval of hours.
struct Interval {
    has: Vec<bool>,
    /// The first minute of its grid; `None`: each date's own.
    anchor: Option<i64>,
}

impl<'w> Oracle<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self::looking(world, 3)
    }

    /// For questions whose services and buffers are short: looks at less time around the dates.
    pub(crate) fn near(world: &'w World) -> Self {
        Self::looking(world, 1)
    }

    fn looking(world: &'w World, around: i64) -> Self {
        let length: i64 = (0..world.steps.len())
            .map(|step| {
                world
                    .offers(step)
                    .iter()
                    .map(|offer| i64::from(offer.timing.duration_min.get()))
                    .max()
                    .unwrap_or(0)
            })
            .sum();
        let begin = world.first.checked_sub(around.days()).unwrap();
        let base = world.zone.tz().to_timestamp(begin.into()).unwrap();
        let base = Timestamp::from_second(base.as_second().div_euclid(60) * 60).unwrap();
        let days = i64::from((world.last - world.first).get_days()) + 2 * around + 1;
        let minutes = days * 1_440 + length + 2_000;
        let at = |minute: i64| base + SignedDuration::from_mins(minute);
        let shows: Vec<_> = (0..minutes)
            .map(|minute| world.zone.tz().to_datetime(at(minute)))
            .collect();
        let mut dawn = BTreeMap::new();
        for (minute, shown) in (0..).zip(&shows) {
            dawn.entry(shown.date()).or_insert(minute);
        }
        let mut oracle = Self {
            world,
            base,
            shows,
            dawn,
            house: None,
            closed: Vec::new(),
            people: BTreeMap::new(),
            desks: BTreeMap::new(),
        };
        oracle.house = world.hours.as_ref().map(|hours| oracle.open(hours));
        oracle.closed = oracle.within(&world.closures);
        for person in &world.staff {
            let hours = person.hours.as_ref().or(world.hours.as_ref());
            let minutes = PersonMinutes {
                intervals: hours
                    .map(|hours| oracle.intervals(hours, person.grid, person.step))
                    .unwrap_or_default(),
                away: oracle.within(&person.absences),
                busy: oracle
                    .taken(&person.busy)
                    .into_iter()
                    .map(|times| times > 0)
                    .collect(),
            };
            oracle.people.insert(person.id, minutes);
        }
        for desk in &world.desks {
            let minutes = DeskMinutes {
                open: desk.hours.as_ref().map(|hours| oracle.open(hours)),
                closed: oracle.within(&desk.holidays),
                seats_taken: oracle.taken(&desk.busy),
            };
            oracle.desks.insert(desk.id, minutes);
        }
        oracle
    }

    pub(crate) fn at(&self, minute: i64) -> Timestamp {
        self.base + SignedDuration::from_mins(minute)
    }

    pub(crate) fn minute(&self, at: Timestamp) -> i64 {
        (at.as_second() - self.base.as_second()) / 60
    }

    /// Every start, with whoever may do the first service then.
    pub(crate) fn starts(&self) -> BTreeSet<(Timestamp, Id<Staff>)> {
        let mut starts = BTreeSet::new();
        for minute in 0..i64::try_from(self.shows.len()).unwrap() {
            for offer in self.world.offers(0) {
                if self.is_asked_for(minute)
                    && self.on_grid(offer.staff_id, minute)
                    && self.fills(minute, Some(offer))
                {
                    starts.insert((self.at(minute), offer.staff_id));
                }
            }
        }
        starts
    }

    /// Rules 1 and 8.
    pub(crate) fn is_asked_for(&self, minute: i64) -> bool {
        let date = self.shows[usize::try_from(minute).unwrap()].date();
        self.world.first <= date
            && date <= self.world.last
            && self.world.notice.is_none_or(|(now, min)| {
                self.at(minute) >= now + SignedDuration::from_mins(min.into())
            })
    }

    /// Whether somebody can be booked at a minute of the dates asked for, whatever is booked.
    pub(crate) fn works(&self, who: Id<Staff>, minute: i64) -> bool {
        let index = usize::try_from(minute).unwrap();
        let (person, date) = (&self.people[&who], self.shows[index].date());
        (self.world.first..=self.world.last).contains(&date)
            && person.intervals.iter().any(|interval| interval.has[index])
            && self.house.as_ref().is_none_or(|house| house[index])
            && !self.closed[index]
            && !person.away[index]
    }

    /// How many minutes are looked at.
    pub(crate) fn minutes(&self) -> i64 {
        i64::try_from(self.shows.len()).unwrap()
    }

    /// Rule 5.
    pub(crate) fn on_grid(&self, who: Id<Staff>, minute: i64) -> bool {
        let person = self.world.person(who);
        let index = usize::try_from(minute).unwrap();
        self.people[&who]
            .intervals
            .iter()
            .filter(|interval| interval.has[index])
            .any(|interval| {
                let anchor = interval.anchor.unwrap_or_else(|| {
                    let dawn = self.dawn[&self.shows[index].date()];
                    self.rounded(dawn, person.grid, person.step)
                });
                minute >= anchor && (minute - anchor) % i64::from(person.step) == 0
            })
    }

    /// Whether all services can be done from `minute` on, the first one by `first` if it is given.
    pub(crate) fn fills(&self, minute: i64, first: Option<&Offer>) -> bool {
        let mut row = Vec::new();
        self.fill(minute, first, &mut row)
    }

    fn fill(
        &self,
        minute: i64,
        first: Option<&Offer>,
        row: &mut Vec<(Offer, Option<Id<Desk>>, i64)>,
    ) -> bool {
        let step = row.len();
        if step == self.world.steps.len() {
            return self.keeps_the_rules(row);
        }
        for offer in self.world.offers(step) {
            if step == 0 && first.is_some_and(|first| first != offer) {
                continue;
            }
            let desks: Vec<_> = match &self.world.steps[step].desks {
                None => vec![None],
                Some(desks) => desks.iter().copied().map(Some).collect(),
            };
            for desk in desks {
                row.push((*offer, desk, minute));
                if self.fill(
                    minute + i64::from(offer.timing.duration_min.get()),
                    first,
                    row,
                ) {
                    return true;
                }
                row.pop();
            }
        }
        false
    }

    /// Rules 6, 7, 9 and 10 for a whole row.
    pub(crate) fn keeps_the_rules(&self, row: &[(Offer, Option<Id<Desk>>, i64)]) -> bool {
        row.iter().enumerate().all(|(step, (offer, desk, start))| {
            let Timing {
                duration_min,
                buffer_before_min,
                buffer_after_min,
                processing,
            } = offer.timing;
            let end = start + i64::from(duration_min.get());
            let person = &self.people[&offer.staff_id];
            let body: Vec<_> = (*start..end)
                .map(|minute| usize::try_from(minute).unwrap())
                .collect();
            let at_work = person
                .intervals
                .iter()
                .any(|interval| body.iter().all(|minute| interval.has[*minute]));
            let there = body.iter().all(|minute| !person.away[*minute]);
            let house_open = body.iter().all(|minute| {
                self.house.as_ref().is_none_or(|house| house[*minute]) && !self.closed[*minute]
            });
            let before = |again: bool| {
                if again {
                    0
                } else {
                    i64::from(buffer_before_min.get())
                }
            };
            let after = |again: bool| {
                if again {
                    0
                } else {
                    i64::from(buffer_after_min.get())
                }
            };
            let same_person =
                |other: &(Offer, Option<Id<Desk>>, i64)| other.0.staff_id == offer.staff_id;
            let takes = start - before(row[..step].iter().any(same_person))
                ..end + after(row[step + 1..].iter().any(same_person));
            let waits = processing.map_or(0..0, |processing| {
                let pause = start + i64::from(processing.after_min.get());
                pause..pause + i64::from(processing.for_min.get())
            });
            let free = takes
                .filter(|minute| !waits.contains(minute))
                .all(|minute| !person.busy[usize::try_from(minute).unwrap()]);
            let desk_free = desk.is_none_or(|id| {
                let (desk, place) = (&self.desks[&id], self.world.place(id));
                let same_desk = |other: &(Offer, Option<Id<Desk>>, i64)| other.1 == Some(id);
                let mut takes = start - before(row[..step].iter().any(same_desk))
                    ..end + after(row[step + 1..].iter().any(same_desk));
                place
                    .operator
                    .is_none_or(|operator| operator == offer.staff_id)
                    && body.iter().all(|minute| {
                        desk.open.as_ref().is_none_or(|open| open[*minute]) && !desk.closed[*minute]
                    })
                    && takes.all(|minute| {
                        desk.seats_taken[usize::try_from(minute).unwrap()] < place.capacity
                    })
            });
            at_work && there && house_open && free && desk_free
        })
    }

    /// Of each minute, whether the wall shows a moment of one of the spans.
    fn within(&self, spans: &[LocalSpan]) -> Vec<bool> {
        self.shows
            .iter()
            .map(|shown| {
                spans
                    .iter()
                    .any(|span| span.from() <= *shown && *shown < span.to())
            })
            .collect()
    }

    /// Of each minute, how many of the spans take some of it.
    fn taken(&self, spans: &[Span]) -> Vec<u16> {
        let mut taken = vec![0; self.shows.len()];
        let most = i64::try_from(taken.len()).unwrap();
        for span in spans.iter().filter(|span| span.start() < span.end()) {
            let near = self.minute(span.start()) - 2..self.minute(span.end()) + 2;
            for minute in near.filter(|minute| (0..most).contains(minute)) {
                if span.start() < self.at(minute + 1) && self.at(minute) < span.end() {
                    taken[usize::try_from(minute).unwrap()] += 1;
                }
            }
        }
        taken
    }

    /// Hours as a bound: any interval will do.
    fn open(&self, hours: &WorkingHours) -> Vec<bool> {
        let intervals = self.intervals(hours, SlotGrid::Interval, 1);
        (0..self.shows.len())
            .map(|minute| intervals.iter().any(|interval| interval.has[minute]))
            .collect()
    }

    /// Rules 2 to 5.
    fn intervals(&self, hours: &WorkingHours, grid: SlotGrid, step: u32) -> Vec<Interval> {
        let midnight = |date: Date| DateTime::from(date);
        let mut ranges: Vec<(DateTime, DateTime)> = Vec::new();
        let (begin, end) = (
            self.world.first - AROUND.days(),
            self.world.last + AROUND.days(),
        );
        for date in begin.series(1.day()).take_while(|date| *date <= end) {
            let overridden: Vec<_> = hours
                .overrides
                .iter()
                .filter(|day| day.date == date)
                .collect();
            let times: Vec<_> = if overridden.is_empty() {
                let of_the_day = hours
                    .weekly
                    .iter()
                    .filter(|interval| interval.weekday == Weekday::of(date));
                of_the_day
                    .map(|interval| (interval.from, interval.to))
                    .collect()
            } else {
                overridden
                    .iter()
                    .flat_map(|day| &day.intervals)
                    .map(|interval| (interval.from, interval.to))
                    .collect()
            };
            let mut of_the_date: Vec<(DateTime, DateTime)> = Vec::new();
            for (from, to) in times.into_iter().filter(|(from, to)| from < to) {
                let mut range = (from.on(date).unwrap(), to.on(date).unwrap());
                // As long as it overlaps one that is there, take that one in.
                while let Some(n) = of_the_date
                    .iter()
                    .position(|other| other.0 < range.1 && range.0 < other.1)
                {
                    let other = of_the_date.remove(n);
                    range = (range.0.min(other.0), range.1.max(other.1));
                }
                of_the_date.push(range);
            }
            for range in of_the_date {
                let joined = ranges
                    .iter_mut()
                    .find(|last| last.1 == range.0 && range.0 == midnight(date));
                match joined {
                    Some(last) => last.1 = range.1,
                    None => ranges.push(range),
                }
            }
        }
        let looked_at = (midnight(begin), midnight(end + 1.day()));
        let (low, high) = (self.shows.iter().min(), self.shows.iter().max());
        let interval = |(from, to): (DateTime, DateTime)| {
            if Some(&to) <= low || high < Some(&from) {
                return None;
            }
            let has: Vec<_> = self
                .shows
                .iter()
                .map(|shown| from <= *shown && *shown < to)
                .collect();
            if !has.contains(&true) {
                return None;
            }
            let endless = from == looked_at.0 || to == looked_at.1;
            let anchor = (!endless).then(|| self.rounded(self.first_shown(from, to), grid, step));
            Some(Interval { has, anchor })
        };
        ranges.into_iter().filter_map(interval).collect()
    }

    /// The first minute at which the wall shows a moment of `[from, to)`; it may lie before the minutes looked at.
    fn first_shown(&self, from: DateTime, to: DateTime) -> i64 {
        let near = jiff::tz::TimeZone::UTC.to_timestamp(from).unwrap();
        let mut minute = self.minute(near) - 27 * 60;
        loop {
            let shown = self.world.zone.tz().to_datetime(self.at(minute));
            if from <= shown && shown < to {
                return minute;
            }
            minute += 1;
        }
    }

    /// The first minute from `minute` on that begins the grid.
    fn rounded(&self, minute: i64, grid: SlotGrid, step: u32) -> i64 {
        let round = |minute: i64| {
            let past_the_hour =
                u32::try_from(self.world.zone.tz().to_datetime(self.at(minute)).minute()).unwrap();
            if step.is_multiple_of(60) {
                past_the_hour == 0
            } else {
                past_the_hour % step == 0
            }
        };
        match grid {
            SlotGrid::Interval => minute,
            SlotGrid::Clock => (minute..).find(|minute| round(*minute)).unwrap(),
        }
    }
}
