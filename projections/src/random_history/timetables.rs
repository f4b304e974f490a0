//! Classes, their sessions, and what becomes of the seats in them.

use domain::{
    booking::{Booking, BookingCommand, Plan},
    class::{ClassCommand, Offered, Timetable, Wanted},
    id::Id,
    recurrence::Rule,
    session::{Cause, Schedule, SessionCommand, Setting},
    time::Minutes,
};
use jiff::civil::DateTime;
use uuid::Uuid;

use super::RandomHistory;

impl RandomHistory {
    pub(super) fn class_begins(&mut self) {
        let (Some(service), Some(staff)) = (
            self.chance.key(self.services.keys()),
            self.chance.key(self.staff.keys()),
        ) else {
            return;
        };
        let class = self.chance.uuid();
        let timetable = self.timetable();
        let start = timetable.start;
        let offered = Offered {
            name: self.chance.one_in(2).then(|| self.label()),
            service_id: Id::new(service),
            staff_id: Id::new(staff),
            desk_id: self.chance.key(self.desks.keys()).map(Id::new),
            capacity: 3,
            timetable,
        };
        self.ask_class(class, ClassCommand::Timetable(Box::new(offered)));
        for number in 0..3 {
            self.session_scheduled(class, (number > 0).then_some(start));
        }
        let done = ClassCommand::ScheduleSessions {
            through: start,
            sessions: 3,
            skipped: vec![start],
        };
        self.ask_class(class, done);
    }

    pub(super) fn class_goes_on(&mut self) {
        let (Some(class), Some(session)) = (
            self.chance.key(self.classes.keys()),
            self.chance.key(self.sessions.keys()),
        ) else {
            return;
        };
        match self.chance.below(9) {
            0 => self.ask_class(class, ClassCommand::Retire),
            1 | 2 => {
                let to = Wanted {
                    name: Some(self.chance.one_in(2).then(|| self.label())),
                    capacity: Some(4),
                    timetable: self.chance.one_in(2).then(|| self.timetable()),
                    ..Wanted::default()
                };
                self.ask_class(class, ClassCommand::Change(Box::new(to)));
            }
            3 => self.session_scheduled(class, None),
            4 | 5 => self.session_moves(session),
            6 => {
                let seats = u16::try_from(self.chance.below(5)).unwrap_or(1);
                self.ask_session(session, SessionCommand::ChangeCapacity(seats));
            }
            _ => self.session_is_off(session),
        }
    }

    /// A seat in some session, for one in five.
    pub(super) fn seat(&mut self) -> Option<Plan> {
        if self.chance.one_in(5) {
            self.any_seat()
        } else {
            None
        }
    }

    pub(super) fn any_seat(&mut self) -> Option<Plan> {
        let id = self.chance.key(self.sessions.keys())?;
        let setting = self.setting_of(id)?;
        let price = self.money();
        Some(setting.seat(Id::new(id), price))
    }

    fn session_scheduled(&mut self, class: Uuid, timetabled: Option<DateTime>) {
        let offered = self.classes.get(&class);
        let Some(offered) = offered.and_then(|(class, _)| class.offered.clone()) else {
            return;
        };
        let minutes = i64::from(self.chance.below(60 * 24 * 12)) * 5;
        let schedule = Schedule {
            class_id: Id::new(class),
            timetabled,
            setting: Setting {
                service_id: offered.service_id,
                staff_id: offered.staff_id,
                desk_id: offered.desk_id,
                start: self.in_minutes(minutes),
                timing: self.timing(),
            },
            capacity: offered.capacity,
        };
        let id = self.chance.uuid();
        self.ask_session(id, SessionCommand::Schedule(Box::new(schedule)));
    }

    fn session_moves(&mut self, id: Uuid) {
        let Some(setting) = self.setting_of(id) else {
            return;
        };
        let minutes = i64::from(self.chance.below(60 * 24)) * 5;
        let to = Setting {
            start: self.in_minutes(minutes),
            ..setting
        };
        for (booking, price) in self.seats_of(id) {
            let seat = Box::new(to.seat(Id::new(id), price));
            self.ask_booking(booking, BookingCommand::MoveWithSession(seat));
        }
        self.ask_session(id, SessionCommand::Move(Box::new(to)));
    }

    fn session_is_off(&mut self, id: Uuid) {
        let at = self.now;
        let reason = self.chance.one_in(2).then(|| self.text(id));
        for (booking, _) in self.seats_of(id) {
            let reason = self.chance.one_in(2).then(|| self.text(booking));
            self.ask_booking(booking, BookingCommand::CancelWithSession { at, reason });
        }
        let cause = self
            .chance
            .of_these(&[Cause::ByHand, Cause::Timetable, Cause::ClassEnded]);
        self.ask_session(id, SessionCommand::Cancel { at, cause, reason });
    }

    fn setting_of(&self, id: Uuid) -> Option<Setting> {
        let (session, _) = self.sessions.get(&id)?;
        Some(session.schedule.as_ref()?.setting.clone())
    }

    fn seats_of(&self, id: Uuid) -> Vec<(Uuid, domain::money::Money)> {
        let seat = |(booking, (state, _)): (&Uuid, &(Booking, ledger::Version))| {
            let plan = &state.held().ok()?.plan;
            (plan.session_id == Some(Id::new(id))).then_some((*booking, plan.price))
        };
        self.bookings.iter().filter_map(seat).collect()
    }

    fn timetable(&mut self) -> Timetable {
        let rules = ["FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=DAILY;COUNT=9"];
        let rule = self.chance.of_these(&rules);
        let day = i8::try_from(self.chance.below(28)).unwrap_or(0) + 1;
        Timetable {
            rrule: Rule::parse(rule).expect("a rule"),
            start: jiff::civil::date(2026, 2, day).at(18, 0, 0, 0),
            duration_min: Minutes::new(60),
            exceptions: Default::default(),
        }
    }
}
