//! Visitors in sessions of classes: in which a seat is left for them, and a seat taken.

use domain::{
    booking::Plan,
    id::Id,
    money::Money,
    planning::Wish,
    service::ServiceState,
    session::{Schedule, Session},
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use ledger::BusinessId;
use serde_json::json;

use crate::{
    access::Module, app::App, catalogue::Known, problem::Problem, texts::Message,
    timekeeping::SlotView, timetabling::not_served,
};

/// How many sessions with a seat left a refusal names.
const NEXT_FREE: usize = 5;

/// From when on and until when a visitor may come, as the booking policy says.
#[derive(Debug, Clone, Copy)]
struct Reach {
    earliest: Timestamp,
    last: Date,
}

impl Reach {
    fn of(app: &App, known: &Known) -> Result<Self, Problem> {
        let policy = &known.catalogue.business.policy;
        let now = app.now();
        let notice = policy.min_notice_min.to_duration();
        let today = known.settings()?.time_zone.date_of(now);
        Ok(Self {
            earliest: now.saturating_add(notice).map_err(Problem::internal)?,
            last: today.saturating_add(i64::from(policy.horizon_days).days()),
        })
    }
}

impl App {
    /// The sessions with a seat left that a visitor may come to, between two dates.
    pub(super) async fn sessions_for_visitor(
        &self,
        business: BusinessId,
        known: &Known,
        wish: &Wish,
        dates: (Date, Date),
        after: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<SlotView>, Problem> {
        let reach = Reach::of(self, known)?;
        let zone = &known.settings()?.time_zone;
        let Some(days) = zone.days(dates.0, dates.1.min(reach.last)) else {
            return Ok(vec![]);
        };
        let from = days.start().max(reach.earliest);
        let from = after.map_or(from, |after| from.max(after));
        self.open_sessions(business, known, wish, from, days.end(), most)
            .await
    }

    /// A seat in a session that a visitor may come to.
    ///
    /// # Errors
    /// When there is none such, whoever asks. Whether a seat is left, the ledger says when it takes it.
    pub(super) fn seat_for_visitor(&self, known: &Known, id: Id<Session>) -> Result<Plan, Problem> {
        let schedule = open_to_visitors(known, id)?;
        let (start, reach) = (schedule.setting.start, Reach::of(self, known)?);
        if start < reach.earliest {
            let soon = Message::new("violation-too-soon").with("earliest", reach.earliest);
            return Err(Problem::field("session_id", soon));
        }
        if reach.last < known.settings()?.time_zone.date_of(start) {
            let far = Message::new("violation-too-far").with("last", reach.last);
            return Err(Problem::field("session_id", far));
        }
        Ok(schedule.setting.seat(id, price_of(known, schedule)?))
    }

    /// A refusal for a seat that is gone, with the sessions in which one is left.
    pub(super) async fn with_next_sessions(
        &self,
        business: BusinessId,
        known: &Known,
        seat: &Plan,
        refused: Problem,
    ) -> Problem {
        let Some(service_id) = seat.service_id else {
            return refused;
        };
        let wish = super::times::wish(service_id.uuid(), None);
        let first = known.settings().map(|s| s.time_zone.date_of(seat.start));
        let Ok(first) = first else { return refused };
        let dates = (first, Date::MAX);
        let next = self.sessions_for_visitor(business, known, &wish, dates, None, NEXT_FREE);
        refused.with("next_free", json!(next.await.unwrap_or_default()))
    }
}

/// A session that stands, of a service that visitors may book.
fn open_to_visitors(known: &Known, id: Id<Session>) -> Result<&Schedule, Problem> {
    let fault = |message| Err(Problem::field("session_id", Message::new(message)));
    Module::Classes.must_be_on(known.settings()?)?;
    let Some(session) = known.catalogue.sessions.get(&id) else {
        return fault("violation-not-found");
    };
    let Ok(schedule) = session.standing() else {
        return fault("violation-session-cancelled");
    };
    let service = known.catalogue.services.get(&schedule.setting.service_id);
    let offer = service.and_then(|service| service.standing().ok());
    if offer.is_none_or(|offer| offer.state != ServiceState::Active)
        || not_served(known, &schedule.setting).is_some()
    {
        return fault("violation-not-bookable");
    }
    Ok(schedule)
}

/// What a seat costs by the price list of today.
fn price_of(known: &Known, schedule: &Schedule) -> Result<Money, Problem> {
    let setting = &schedule.setting;
    let service = known.catalogue.services.get(&setting.service_id);
    let offer = service.and_then(|service| service.offer.as_ref());
    offer
        .map(|offer| offer.price_of(setting.staff_id))
        .ok_or_else(Problem::not_found)
}
