//! The slot for somebody who waits: found, held, let go.

use domain::{
    booking::{Plan, Resource},
    id::Id,
    planning::Wish,
    slots::{Freedom, Notice},
    time::{Minutes, Span},
    waitlist::{Freed, Made, Offer, Request, WaitlistCommand, Wishes},
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use ledger::BusinessId;

use super::{came_second, earliest};
use crate::{
    app::App,
    catalogue::Known,
    command::{Decision, Envelope, Outcome},
    problem::{Code, Problem},
    routes::waitlist::pinned,
    timekeeping::Terms,
    timetabling::not_served,
};

/// What there is to offer.
pub(super) struct Offering<'a> {
    known: &'a Known,
    freed: &'a [Freed],
    /// The local dates that it lies on, so far as slots are looked for.
    pub(super) dates: (Date, Date),
    /// Now.
    now: Timestamp,
    /// Until when an offer made now is held.
    until: Timestamp,
    notice: Notice,
    /// No buffer of any service is longer.
    around: Minutes,
}

impl Offering<'_> {
    /// Whether a slot lies near enough to what came free to need some of it.
    fn is_near(&self, slot: Span) -> bool {
        let around = self.around.to_duration();
        // A seat is nobody's time.
        let of_time = |freed: &&Freed| {
            !matches!(
                freed.resource,
                Some(Resource::Session(_) | Resource::Guest(..))
            )
        };
        let start = slot.start().saturating_sub(around).unwrap_or(slot.start());
        let end = slot.end().saturating_add(around).unwrap_or(slot.end());
        self.freed
            .iter()
            .filter(of_time)
            .any(|freed| freed.during.start() < end && start < freed.during.end())
    }
}

impl App {
    /// None: nothing of it can be offered any more.
    pub(super) fn offering<'a>(
        &self,
        known: &'a Known,
        freed: &'a [Freed],
    ) -> Result<Option<Offering<'a>>, Problem> {
        let now = self.now();
        let zone = &known.settings()?.time_zone;
        let today = zone.date_of(now);
        let from = earliest(known, now);
        let (Some(start), Some(end)) = (
            freed.iter().map(|freed| freed.during.start()).min(),
            freed.iter().map(|freed| freed.during.end()).max(),
        ) else {
            return Ok(None);
        };
        // A slot that needs it may begin on the date before.
        let first = zone
            .date_of(start.max(from))
            .saturating_sub(1.day())
            .max(today);
        let last = Wishes::last_looked_at(today).min(zone.date_of(end));
        if last < first {
            return Ok(None);
        }
        let rules = &known.catalogue.business.waitlist;
        let offers = known.catalogue.services.values();
        let timings = offers.filter_map(|service| Some(service.offer.as_ref()?.timing));
        let around = timings.map(|t| t.buffer_before_min.max(t.buffer_after_min));
        Ok(Some(Offering {
            known,
            freed,
            dates: (first, last),
            now,
            until: now
                .saturating_add(rules.offer_min.to_duration())
                .unwrap_or(now),
            notice: Notice {
                now,
                min: rules.lead_min,
            },
            around: around.max().unwrap_or(Minutes::ZERO),
        }))
    }

    /// What somebody wishes for of what came free: a seat in a session, or the first slot that needs some of it.
    pub(super) async fn offer_for(
        &self,
        business: BusinessId,
        offering: &Offering<'_>,
        made: &Made,
    ) -> Result<Option<Offer>, Problem> {
        let plans = match seat_for(offering, made)? {
            Some(seat) => Some(vec![seat]),
            None => self.slot_for(business, offering, made).await?,
        };
        Ok(plans.map(|plans| Offer {
            plans,
            until: offering.until,
            at: offering.now,
        }))
    }

    async fn slot_for(
        &self,
        business: BusinessId,
        offering: &Offering<'_>,
        made: &Made,
    ) -> Result<Option<Vec<Plan>>, Problem> {
        let wishes = &made.wishes;
        let known = offering.known;
        let (first, last) = offering.dates;
        let Some((first, last)) = wishes.dates_within(first, last) else {
            return Ok(None);
        };
        let services = wishes.service_ids.iter().map(|service| Wish {
            service_id: *service,
            staff_id: None,
            desk_id: None,
            duration_min: None,
            price: None,
        });
        let services: Vec<_> = services.collect();
        // What cannot be booked any more cannot be offered either.
        let Ok(inquiry) = self.inquire(business, known, &services, false) else {
            return Ok(None);
        };
        let inquiry = inquiry.by(&wishes.staff_ids);
        let taken = inquiry.taken(first, last).await?;
        let zone = &known.settings()?.time_zone;
        let slots = inquiry.enquiry.slots(first, last, offering.notice, &taken);
        for slot in slots {
            let Ok(span) = Span::new(slot.start(), slot.end()) else {
                continue;
            };
            if !wishes.take(span, zone) || made.let_pass(span) || !offering.is_near(span) {
                continue;
            }
            // By whom and where it is, the slot says; the rest follows from its start.
            let pinned: Vec<_> = services
                .iter()
                .zip(&slot.services)
                .map(|(wish, served)| Wish {
                    staff_id: Some(served.staff_id),
                    desk_id: served.desk_id,
                    ..*wish
                })
                .collect();
            let Ok(pinned) = self.inquire(business, known, &pinned, false) else {
                continue;
            };
            let (start, notice) = (slot.start(), Some(offering.notice));
            let freedom = Freedom::default();
            let Ok(plans) = pinned.enquiry.plan(start, freedom, notice, &taken) else {
                continue;
            };
            if offering
                .freed
                .iter()
                .any(|freed| freed.is_needed_by(&plans))
            {
                return Ok(Some(plans));
            }
        }
        Ok(None)
    }

    /// Holds a slot for somebody. That they or the time were gone by then is no error.
    pub(super) async fn hold(
        &self,
        business: BusinessId,
        id: Id<Request>,
        known: &Known,
        offer: Offer,
    ) -> Result<(), Problem> {
        let call = &Envelope::of_system(self, business);
        let offer = &offer;
        let held = self.execute(call, move |attempt| async move {
            if attempt.number > 1 {
                // Planned on what is no more: to be looked at anew.
                return Err(Problem::new(Code::Conflict));
            }
            let loaded = self.load::<Request>(business, id.uuid()).await?;
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            let command = WaitlistCommand::Offer(Box::new(offer.clone()));
            self.decide_request(&mut decision, known, id, &loaded, command)?;
            Ok(decision)
        });
        match held.await {
            Ok(_) => Ok(()),
            Err(problem) if came_second(&problem) => Ok(()),
            Err(problem) => Err(problem),
        }
    }

    /// Ends an offer that ran out, or can no longer be had.
    pub(super) async fn lapse(
        &self,
        business: BusinessId,
        id: Id<Request>,
        gone: bool,
    ) -> Result<(), Problem> {
        let at = self.now();
        self.ask_request(business, id, WaitlistCommand::Lapse { at, gone })
            .await
    }

    /// Has a request do what nobody asked for but time.
    pub(super) async fn ask_request(
        &self,
        business: BusinessId,
        id: Id<Request>,
        command: WaitlistCommand,
    ) -> Result<(), Problem> {
        let call = &Envelope::of_system(self, business);
        let command = &command;
        let done = self.execute(call, move |attempt| async move {
            let loaded = self.load::<Request>(business, id.uuid()).await?;
            let known = self.catalogue_for(call, &attempt).await?;
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            self.decide_request(&mut decision, &known, id, &loaded, command.clone())?;
            Ok(decision)
        });
        done.await.map(drop)
    }

    /// Whether an offer can still be had as it was made.
    pub(super) async fn still_stands(
        &self,
        business: BusinessId,
        known: &Known,
        id: Id<Request>,
        offer: &Offer,
    ) -> Result<bool, Problem> {
        if let Some(stands) = seat_stands(known, &offer.plans) {
            return Ok(stands);
        }
        let (Some(span), Some(wishes)) = (offer.span(), pinned(&offer.plans)) else {
            return Ok(false);
        };
        let Ok(inquiry) = self.inquire(business, known, &wishes, false) else {
            return Ok(false);
        };
        let inquiry = inquiry.held_for(id.uuid());
        let terms = Terms::of_the_house(Freedom::default(), self.now());
        match inquiry.plan(span.start(), terms).await {
            Ok(plans) => Ok(same(&plans, &offer.plans)),
            Err(problem) if [Code::SlotTaken, Code::Invalid].contains(&problem.code()) => Ok(false),
            Err(problem) => Err(problem),
        }
    }
}

/// The first session with a seat that came free and that somebody wishes for. Whether it is free still, the ledger says.
fn seat_for(offering: &Offering<'_>, made: &Made) -> Result<Option<Plan>, Problem> {
    let wishes = &made.wishes;
    let [service_id] = wishes.service_ids[..] else {
        return Ok(None);
    };
    let zone = &offering.known.settings()?.time_zone;
    let catalogue = &offering.known.catalogue;
    let offer = catalogue.services.get(&service_id);
    let Some(offer) = offer.and_then(|service| service.standing().ok()) else {
        return Ok(None);
    };
    let from = earliest(offering.known, offering.now);
    let seats = offering.freed.iter().filter_map(|freed| {
        let Some(Resource::Session(id)) = freed.resource else {
            return None;
        };
        let setting = &catalogue.sessions.get(&id)?.standing().ok()?.setting;
        if not_served(offering.known, setting).is_some() {
            return None;
        }
        let by = wishes.staff_ids.is_empty() || wishes.staff_ids.contains(&setting.staff_id);
        let span = setting.span();
        let wished = setting.service_id == service_id
            && by
            && from <= setting.start
            && wishes.take(span, zone)
            && !made.let_pass(span);
        wished.then(|| setting.seat(id, offer.price_of(setting.staff_id)))
    });
    Ok(seats.min_by_key(|seat| seat.start))
}

/// Whether the session of an offered seat is still as it was. None: what is offered is no seat.
pub(crate) fn seat_stands(known: &Known, plans: &[Plan]) -> Option<bool> {
    let [plan] = plans else { return None };
    let id = plan.session_id?;
    let session = known.catalogue.sessions.get(&id);
    let schedule = session.and_then(|session| session.standing().ok());
    Some(schedule.is_some_and(|schedule| {
        let setting = &schedule.setting;
        setting.seat(id, plan.price) == *plan && not_served(known, setting).is_none()
    }))
}

/// By the same people, at the same places and times.
fn same(plans: &[Plan], others: &[Plan]) -> bool {
    let told = |plan: &Plan| (plan.start, plan.staff_id, plan.desk_id);
    plans.iter().map(told).eq(others.iter().map(told))
}
