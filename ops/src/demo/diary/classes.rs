//! Classes: sessions as far ahead as Daybook sets them down, and who takes a seat in them.

use domain::{
    class::{Class, ClassEvent, Offered, Timetable},
    recurrence::Rule,
    session::{Schedule, SessionEvent, Setting},
};
use jiff::civil::DateTime;

use super::*;
use crate::demo::houses::Held;

/// How far ahead sessions are set down.
const AHEAD_DAYS: i32 = 182;
/// How often further ones are.
const EVERY_DAYS: i32 = 28;
/// How long before a session its seats are taken, at the earliest.
const SEATS_DAYS: i32 = 14;

impl Life<'_> {
    pub(super) fn hold_classes(&mut self, first: Date, today: Date) {
        for held in self.house.classes {
            let class: Id<Class> = self.id(self.began);
            let timetable = Timetable {
                rrule: Rule::parse(held.rrule).expect("a rule of our own"),
                start: time(held.from).on(first).expect("a date of our own"),
                duration_min: Minutes::new(self.house.services[held.service].minutes),
                exceptions: BTreeSet::new(),
            };
            let offered = Offered {
                name: None,
                service_id: self.services[held.service],
                staff_id: self.staff[held.staff],
                desk_id: Some(self.desks[held.desk]),
                capacity: held.capacity,
                timetable: timetable.clone(),
            };
            self.note(
                self.began,
                AnyEvent::Class(class, ClassEvent::Timetabled(Box::new(offered))),
            );
            let (mut day, mut from) = (first, first.at(0, 0, 0, 0));
            while day <= today {
                let through = (day + AHEAD_DAYS.days()).at(23, 59, 59, 0);
                let dates = timetable.dates(&self.zone, from, through, usize::MAX);
                self.schedule(held, class, day, through, &dates);
                from = through + 1.second();
                day += EVERY_DAYS.days();
            }
        }
    }

    /// Sets the sessions of these dates down, on this day.
    fn schedule(
        &mut self,
        held: &Held,
        class: Id<Class>,
        on: Date,
        through: DateTime,
        dates: &[DateTime],
    ) {
        let at = self.moment_of(on, 6..7).max(self.began);
        let (mut sessions, mut skipped) = (0, vec![]);
        for date in dates {
            let Some(start) = self.zone.instant(*date) else {
                continue;
            };
            let local = LocalSpan::dates(date.date(), date.date()).expect("one day");
            let mut closures = self.catalogue.business.closures.values();
            if closures.any(|closure| closure.span == local) {
                skipped.push(*date);
                continue;
            }
            let session: Id<Session> = self.id(at);
            let schedule = Schedule {
                class_id: class,
                timetabled: Some(*date),
                setting: Setting {
                    service_id: self.services[held.service],
                    staff_id: self.staff[held.staff],
                    desk_id: Some(self.desks[held.desk]),
                    start,
                    timing: Timing::plain(Minutes::new(self.house.services[held.service].minutes)),
                },
                capacity: held.capacity,
            };
            sessions += 1;
            self.note(
                at,
                AnyEvent::Session(session, SessionEvent::Scheduled(Box::new(schedule))),
            );
            self.let_people_wish_for(session, held, date.date(), at);
        }
        self.note(
            at,
            AnyEvent::Class(
                class,
                ClassEvent::SessionsScheduled {
                    through,
                    sessions,
                    skipped,
                },
            ),
        );
    }

    fn let_people_wish_for(
        &mut self,
        session: Id<Session>,
        held: &Held,
        date: Date,
        scheduled: Timestamp,
    ) {
        for _ in 0..self.about(held.wishes) {
            let day = date - self.rng.random_range(1..SEATS_DAYS).days();
            let at = self.moment_of(day, 7..23);
            if at > scheduled {
                self.plan_step(at, Step::TakeSeat(session));
            }
        }
    }

    /// Somebody takes a seat, while there is one.
    pub(super) fn take_seat(&mut self, at: Timestamp, session: Id<Session>) {
        let standing = self.catalogue.sessions.get(&session);
        let Some(Ok(schedule)) = standing.map(|session| session.standing()) else {
            return;
        };
        let (setting, capacity) = (schedule.setting.clone(), usize::from(schedule.capacity));
        let known = self.client(at);
        let client = self.clients[known].id;
        let seated = self.seated.entry(session).or_default();
        if seated.len() >= capacity || !seated.insert(client) {
            return;
        }
        let service = self.catalogue.services.get(&setting.service_id);
        let Some(price) = service.and_then(|service| Some(service.offer.as_ref()?.price)) else {
            return;
        };
        self.place(at, client, vec![setting.seat(session, price)], false);
    }

    /// A seat stays where it is, or is given up.
    pub(super) fn is_seat(&self, id: Id<Booking>) -> bool {
        self.held_plan(id)
            .is_some_and(|plan| plan.session_id.is_some())
    }
}
