//! Who waits, what they are offered, and what comes of it.

use domain::{
    hours::DayInterval,
    id::Id,
    text::Origin,
    time::{LocalTime, Weekday},
    waitlist::{Asking, Offer, WaitlistCommand, Wishes},
};
use uuid::Uuid;

use super::RandomHistory;

impl RandomHistory {
    pub(super) fn waitlist_goes_on(&mut self) {
        let known = self.chance.key(self.requests.keys());
        match known {
            Some(id) if !self.chance.one_in(3) => self.request_goes_on(id),
            Some(_) | None => self.client_asks(),
        }
    }

    fn client_asks(&mut self) {
        let Some(client) = self.chance.key(self.clients.keys()) else {
            return;
        };
        let asking = Asking {
            client_id: Id::new(client),
            wishes: self.wishes(),
            comment: self.chance.one_in(2).then(|| self.text(client)),
            source: Origin::parse("phone").expect("an origin"),
            at: self.now,
        };
        let id = self.chance.uuid();
        self.ask_request(id, WaitlistCommand::Request(Box::new(asking)));
    }

    fn request_goes_on(&mut self, id: Uuid) {
        let made = self.requests.get(&id).map(|(request, _)| request.made());
        let Some(Ok(made)) = made else { return };
        let key = made.client_id.uuid();
        let reason = self.chance.one_in(2).then(|| self.text(key));
        let at = self.now;
        let command = match self.chance.below(9) {
            0 | 1 => WaitlistCommand::Change {
                wishes: self.chance.one_in(2).then(|| Box::new(self.wishes())),
                comment: self.chance.one_in(2).then_some(reason),
            },
            2..=4 => {
                let until = at + jiff::SignedDuration::from_mins(30);
                let plans = vec![self.plan()];
                WaitlistCommand::Offer(Box::new(Offer { plans, until, at }))
            }
            5 => WaitlistCommand::Lapse { at, gone: true },
            6 => WaitlistCommand::Decline { at, reason },
            7 => {
                let Some(booking) = self.chance.key(self.bookings.keys()) else {
                    return;
                };
                let booking_ids = vec![Id::new(booking)];
                WaitlistCommand::Convert { booking_ids, at }
            }
            _ if self.chance.one_in(2) => {
                let today = jiff::civil::date(2027, 1, 1);
                WaitlistCommand::Expire { at, today }
            }
            _ => WaitlistCommand::Withdraw { at, reason },
        };
        self.ask_request(id, command);
    }

    fn wishes(&mut self) -> Wishes {
        let days = self.days();
        let service = self.chance.key(self.services.keys());
        let staff = self.chance.key(self.staff.keys());
        let hours = DayInterval {
            from: LocalTime::new(9, 30).expect("a time"),
            to: LocalTime::END_OF_DAY,
        };
        Wishes {
            service_ids: service.map(Id::new).into_iter().collect(),
            staff_ids: staff.map(Id::new).into_iter().collect(),
            from: days.from().date(),
            to: self.chance.one_in(2).then(|| days.to().date()),
            weekdays: vec![self.chance.of_these(&Weekday::ALL)],
            hours: self.chance.one_in(2).then_some(hours).into_iter().collect(),
        }
    }
}
