//! Seats in sessions of classes: taken, given up for one in another session, claimed again.

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, BookingEvent, Resource},
    id::Id,
    money::Money,
    service::ServiceState,
    session::{Schedule, Session},
};
use jiff::Timestamp;
use ledger::BusinessId;
use serde_json::json;
use uuid::Uuid;

use super::{
    place::{Making, PlaceFields},
    view::BookingView,
};
use crate::{
    access::{Caller, Module},
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Call, Decision, Envelope, Outcome},
    problem::{Code, Problem},
    texts::Message,
    timekeeping::{SlotView, claim_set},
    timetabling::not_served,
};

/// How many sessions with a free seat a refusal names.
const NEXT_FREE: usize = 5;

/// Books a seat: when, by whom, where and what, the session says.
pub(super) async fn take_seat(
    app: &App,
    call: &Call<PlaceFields>,
    session_id: Uuid,
    making: &Making,
    price: Option<Money>,
) -> Result<Answer<BookingView>, Problem> {
    let (business, session_id) = (call.caller.business(), Id::new(session_id));
    let booking_id = app.new_id();
    let done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            let schedule = call.body.seat().within(app, call, &known, session_id)?;
            let list = price_of(&known, schedule)?;
            let plan = schedule.setting.seat(session_id, price.unwrap_or(list));
            let mut decision = Decision::new(Outcome::made(booking_id));
            making.booker.make_known(app, &mut decision)?;
            app.book(
                call,
                making,
                &known,
                vec![plan],
                &[booking_id],
                &mut decision,
            )?;
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await;
    match done {
        Ok(done) => app.show_booking(business, &done).await,
        Err(refused) => {
            let client = making.booker.id;
            Err(app
                .told_which_else(business, session_id, client, refused)
                .await)
        }
    }
}

impl PlaceFields {
    fn seat(&self) -> Seat {
        Seat {
            service_id: self.service_id,
            staff_id: self.staff_id,
            desk_id: self.desk_id,
            start: self.start,
            duration_min: self.duration_min,
            late: self.outside_hours || self.off_grid,
        }
    }
}

/// What is said of a seat besides its session: it can only be what the session says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seat {
    pub(crate) service_id: Option<Uuid>,
    pub(crate) staff_id: Option<Uuid>,
    pub(crate) desk_id: Option<Uuid>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) duration_min: Option<u32>,
    /// Though the session has begun, for staff with the right.
    pub(crate) late: bool,
}

impl Seat {
    /// The session, if a seat in it can be had, and what else was said is the session's too.
    pub(crate) fn within<'a>(
        &self,
        app: &App,
        call: &Envelope,
        known: &'a Known,
        id: Id<Session>,
    ) -> Result<&'a Schedule, Problem> {
        Module::Classes.must_be_on(known.settings()?)?;
        let schedule = bookable(known, &call.caller, id)?;
        let setting = &schedule.setting;
        let mut checks = Checks::default();
        if setting.start <= app.now() && !self.late {
            checks.fault("session_id", Message::new("violation-past"));
        }
        for (field, differs) in [
            (
                "service_id",
                self.service_id
                    .is_some_and(|id| id != setting.service_id.uuid()),
            ),
            (
                "staff_id",
                self.staff_id
                    .is_some_and(|id| id != setting.staff_id.uuid()),
            ),
            (
                "desk_id",
                self.desk_id
                    .is_some_and(|id| setting.desk_id != Some(Id::new(id))),
            ),
            (
                "start",
                self.start.is_some_and(|start| start != setting.start),
            ),
            (
                "duration_min",
                self.duration_min
                    .is_some_and(|length| length != setting.timing.duration_min.get()),
            ),
        ] {
            if differs {
                checks.fault(field, Message::new("violation-not-of-session"));
            }
        }
        checks.done()?;
        Ok(schedule)
    }
}

/// A session that stands, in the caller's reach, of a service that can be booked.
fn bookable<'a>(
    known: &'a Known,
    caller: &Caller,
    id: Id<Session>,
) -> Result<&'a Schedule, Problem> {
    let fault = |message| Err(Problem::field("session_id", Message::new(message)));
    let Some(session) = known.catalogue.sessions.get(&id) else {
        return fault("violation-not-found");
    };
    let Ok(schedule) = session.standing() else {
        return fault("violation-session-cancelled");
    };
    let own = caller.own();
    if own.is_some_and(|staff| staff != schedule.setting.staff_id) {
        return fault("violation-not-found");
    }
    let service = known.catalogue.services.get(&schedule.setting.service_id);
    let state = service.and_then(|service| service.standing().ok());
    if state.is_none_or(|offer| offer.state == ServiceState::Disabled)
        || not_served(known, &schedule.setting).is_some()
    {
        return fault("violation-not-bookable");
    }
    Ok(schedule)
}

/// What a seat costs by the price list of today.
pub(crate) fn price_of(known: &Known, schedule: &Schedule) -> Result<Money, Problem> {
    let setting = &schedule.setting;
    let service = known.catalogue.services.get(&setting.service_id);
    let offer = service.and_then(|service| service.offer.as_ref());
    offer
        .map(|offer| offer.price_of(setting.staff_id))
        .ok_or_else(Problem::not_found)
}

impl App {
    /// Gives a seat up for one in another session.
    pub(super) async fn change_seat(
        &self,
        call: &Envelope,
        id: Id<Booking>,
        session: Uuid,
    ) -> Result<Answer<BookingView>, Problem> {
        let (business, session) = (call.caller.business(), Id::new(session));
        let done = self
            .execute(call, move |attempt| async move {
                let loaded = self.booking(call, id).await?;
                let held = loaded.state.held()?;
                let known = self.catalogue_for(call, &attempt).await?;
                Module::Classes.must_be_on(known.settings()?)?;
                let schedule = bookable(&known, &call.caller, session)?;
                if schedule.setting.start <= self.now() {
                    let told = Message::new("violation-past");
                    return Err(Problem::field("session_id", told));
                }
                // What was agreed stays agreed: the price too.
                let to = Box::new(schedule.setting.seat(session, held.plan.price));
                let command = BookingCommand::Reschedule { to, imported: None };
                let events = loaded.state.decide(command)?;
                let mut after = loaded.state.clone();
                events.iter().cloned().for_each(|event| after.apply(event));
                let mut decision = Decision::new(Outcome::changed(id.uuid()));
                decision.write::<Booking>(self, id.uuid(), loaded.version, &events)?;
                if !events.is_empty() {
                    decision.claims.push(claim_set(&known, id, &after));
                }
                decision.saw_catalogue = Some(known.position);
                decision.leaves_booking(id, &loaded, events.len(), after);
                Ok(decision)
            })
            .await;
        match done {
            Ok(done) => self.show_booking(business, &done).await,
            Err(refused) => {
                let loaded = self.ledger().load::<Booking>(business, id.uuid()).await?;
                let client = loaded.state.held()?.client_id;
                let client = client.unwrap_or(Id::new(Uuid::nil()));
                Err(self
                    .told_which_else(business, session, client, refused)
                    .await)
            }
        }
    }

    /// What more must happen to a booking that takes its time again. Nobody is booked with somebody who left, or at a
    /// desk that was taken away; what is over stands as it was.
    pub(crate) fn takes_its_time_again(
        &self,
        known: &Known,
        after: &Booking,
    ) -> Result<Vec<BookingEvent>, Problem> {
        let plan = &after.held()?.plan;
        if plan.end() > self.now() {
            let (staff, desks) = (&known.catalogue.staff, &known.catalogue.desks);
            if let Some(member) = plan.staff_id.and_then(|id| staff.get(&id)) {
                member.working()?;
            }
            if let Some(desk) = plan.desk_id.and_then(|id| desks.get(&id)) {
                desk.standing()?;
            }
        }
        self.follows_session(known, after)
    }

    /// What more must happen to a booking that takes its seat again: the session may have moved meanwhile, or be off.
    pub(crate) fn follows_session(
        &self,
        known: &Known,
        after: &Booking,
    ) -> Result<Vec<BookingEvent>, Problem> {
        let held = after.held()?;
        let Some(id) = held.plan.session_id else {
            return Ok(vec![]);
        };
        let session = known.catalogue.sessions.get(&id);
        let schedule = session.ok_or_else(Problem::not_found)?.standing()?;
        let seat = Box::new(schedule.setting.seat(id, held.plan.price));
        Ok(after.decide(BookingCommand::MoveWithSession(seat))?)
    }

    /// A refusal for a seat that is gone, with the sessions in which one is left; or, if it is the client who sits there
    /// already, that.
    pub(crate) async fn told_which_else(
        &self,
        business: BusinessId,
        session: Id<Session>,
        client: Id<domain::client::Client>,
        refused: Problem,
    ) -> Problem {
        if refused.code() != Code::SlotTaken {
            return refused;
        }
        let guest = Resource::Guest(session, client).uuid();
        let always = ledger::Span::from(Timestamp::constant(-2_208_988_800, 0));
        let taken = self.ledger().taken(business, &[guest], always, &[]).await;
        if taken.is_ok_and(|taken| !taken.is_empty()) {
            return Problem::field("client_id", Message::new("violation-has-seat"));
        }
        let Ok(known) = self.catalogue_now(business).await else {
            return refused;
        };
        let of = known.catalogue.sessions.get(&session);
        let Some(schedule) = of.and_then(|session| session.schedule.as_ref()) else {
            return refused;
        };
        let wish = domain::planning::Wish {
            service_id: schedule.setting.service_id,
            staff_id: None,
            desk_id: None,
            duration_min: None,
            price: None,
        };
        let after = schedule.setting.start.max(self.now());
        let next = self
            .open_sessions(business, &known, &wish, after, Timestamp::MAX, NEXT_FREE)
            .await;
        refused.with("next_free", json!(next.unwrap_or_default()))
    }

    /// The sessions of a service that begin after `from` and up to `to` and have a seat left, by start, then staff.
    pub(crate) async fn open_sessions(
        &self,
        business: BusinessId,
        known: &Known,
        wish: &domain::planning::Wish,
        from: Timestamp,
        to: Timestamp,
        most: usize,
    ) -> Result<Vec<SlotView>, Problem> {
        if !known.settings()?.modules.classes {
            return Ok(vec![]);
        }
        let mut sessions: Vec<_> = known
            .catalogue
            .sessions
            .iter()
            .filter_map(|(id, session)| Some((*id, session.standing().ok()?)))
            .filter(|(_, schedule)| {
                let setting = &schedule.setting;
                setting.service_id == wish.service_id
                    && from <= setting.start
                    && setting.start < to
                    && wish.staff_id.is_none_or(|id| setting.staff_id == id)
                    && wish.desk_id.is_none_or(|id| setting.desk_id == Some(id))
                    && not_served(known, setting).is_none()
            })
            .collect();
        sessions.sort_by_key(|(id, s)| (s.setting.start, s.setting.staff_id, *id));
        let whole = projections::Scope::whole(business);
        let mut open = vec![];
        // A page at a time: of a class that is never full, the first few are enough.
        for page in sessions.chunks(100) {
            let seats = self.seats_taken(&whole, page).await?;
            open.extend(page.iter().filter_map(|(id, schedule)| {
                let taken = seats.get(id).copied().unwrap_or(0);
                let left = schedule.capacity.saturating_sub(taken);
                (left > 0).then(|| SlotView::of_session(*id, schedule, left))
            }));
            if open.len() >= most {
                break;
            }
        }
        open.truncate(most);
        Ok(open)
    }
}
