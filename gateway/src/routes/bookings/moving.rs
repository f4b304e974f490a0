//! A booking is given another time, staff member, desk, length or service; or comes back.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, BookingError, Plan},
    id::Id,
    planning::{Move, Wish},
    slots::Freedom,
    time::Minutes,
};
use jiff::Timestamp;
use ledger::BusinessId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    place::{Booker, Making},
    view::BookingView,
};
use crate::{
    app::App,
    catalogue::Known,
    command::{Answer, At, Call, Decision, Done, Envelope, Outcome},
    problem::{Code, Problem},
    texts::Message,
    timekeeping::{Inquiry, Terms, claim_set},
};

/// How a booking is to stand.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RescheduleFields {
    /// When it begins; a seat has its session's time.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    /// Of a seat in a session: another session, and nothing else.
    session_id: Option<Uuid>,
    /// By whom; absent: as it was.
    staff_id: Option<Uuid>,
    /// Where; absent: as it was, or at another desk that serves it.
    desk_id: Option<Uuid>,
    /// How long; absent: as it was.
    #[schema(minimum = 1, maximum = 44_640)]
    duration_min: Option<u32>,
    /// Outside of working hours, for staff with the right.
    #[serde(default)]
    pub(crate) outside_hours: bool,
    /// Off the grid of starts, for staff with the right.
    #[serde(default)]
    pub(crate) off_grid: bool,
}

/// What is to be done instead.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceFields {
    service_id: Uuid,
}

/// Where a booking comes back to.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreFields {
    /// Another start; absent: its own.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
}

/// When the same is wanted again.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepeatFields {
    /// A start; absent: the next one that is free.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
}

type Shown = Result<Answer<BookingView>, Problem>;

/// Where a booking is to go, and how it is told.
struct Moving<'a> {
    id: Id<Booking>,
    to: Move,
    start: Option<Timestamp>,
    service: Option<Uuid>,
    freedom: Freedom,
    command: &'a (dyn Fn(Box<Plan>) -> BookingCommand + Send + Sync),
}

/// Gives a booking another time, staff member, desk or length. What is not named stays.
#[utoipa::path(post, path = "/bookings/{id}/reschedule", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = RescheduleFields, responses((status = 200, body = BookingView)))]
pub(super) async fn reschedule(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<RescheduleFields>,
) -> Shown {
    let asked = &call.body;
    if asked.staff_id.is_some() {
        call.caller.by_whom("staff_id", asked.staff_id)?;
    }
    call.caller.is_free(asked.outside_hours, asked.off_grid)?;
    let start = match (asked.session_id, asked.start) {
        (Some(session), None) => return app.change_seat(&call, Id::new(id), session).await,
        (None, Some(start)) => start,
        (Some(_), Some(_)) => {
            let told = Message::new("violation-not-of-session");
            return Err(Problem::field("start", told));
        }
        (None, None) => {
            let told = Message::new("violation-missing");
            return Err(Problem::field("start", told));
        }
    };
    let moving = Moving {
        id: Id::new(id),
        to: Move {
            staff_id: asked.staff_id.map(Id::new),
            desk_id: asked.desk_id.map(Id::new),
            duration_min: asked.duration_min.map(Minutes::new),
        },
        start: Some(start),
        service: None,
        freedom: Freedom {
            outside_hours: asked.outside_hours,
            off_grid: asked.off_grid,
        },
        command: &|to| BookingCommand::Reschedule { to, imported: None },
    };
    app.relocate(&call, &moving).await
}

/// Does something else instead, at the same start, by the price list of today.
#[utoipa::path(post, path = "/bookings/{id}/service", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = ServiceFields, responses((status = 200, body = BookingView)))]
pub(super) async fn service(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ServiceFields>,
) -> Shown {
    let moving = Moving {
        id: Id::new(id),
        to: Move::default(),
        start: None,
        service: Some(call.body.service_id),
        freedom: Freedom::default(),
        command: &|to| BookingCommand::ChangeService(to),
    };
    app.relocate(&call, &moving).await
}

/// Brings a deleted booking back as it stood, or a cancelled one confirmed. It takes its time again.
#[utoipa::path(post, path = "/bookings/{id}/restore", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = Option<RestoreFields>, responses((status = 200, body = BookingView)))]
pub(super) async fn restore(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<RestoreFields>,
) -> Shown {
    let Some(start) = call.body.start else {
        // At its own time, whatever the hours are by now; whether it is still free, the ledger says.
        let restored = app
            .step(&call, id, |_| Ok(BookingCommand::Restore { to: None }))
            .await;
        return match restored {
            Err(refused) => Err(app.told_where_else(&call, id, None, refused).await),
            Ok(shown) => Ok(shown),
        };
    };
    let moving = Moving {
        id: Id::new(id),
        to: Move::default(),
        start: Some(start),
        service: None,
        freedom: Freedom::default(),
        command: &|to| BookingCommand::Restore { to: Some(to) },
    };
    app.relocate(&call, &moving).await
}

/// Books the same again: service, staff member and length, at a new start or the next one that is free.
#[utoipa::path(post, path = "/bookings/{id}/repeat", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = Option<RepeatFields>, responses((status = 201, body = BookingView)))]
pub(super) async fn repeat(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<RepeatFields>,
) -> Shown {
    let done = match app.again(&call, Id::new(id)).await {
        Ok(done) => done,
        // That nothing is free by now does not matter to what was booked already.
        Err(refused) => app.recalled(&call, refused).await?,
    };
    app.show_booking(call.caller.business(), &done).await
}

impl App {
    /// Books the same as `id` again.
    async fn again(&self, call: &Call<RepeatFields>, id: Id<Booking>) -> Result<Done, Problem> {
        let business = call.caller.business();
        let loaded = self.booking(call, id).await?;
        let held = loaded.state.held()?;
        let (Some(service_id), Some(client_id)) = (held.plan.service_id, held.client_id) else {
            // Another system told neither what was done nor for whom.
            return Err(Problem::new(Code::WrongState));
        };
        if held.plan.session_id.is_some() {
            return Err(BookingError::IsSeat.into());
        }
        let wish = Wish {
            service_id,
            staff_id: held.plan.staff_id,
            desk_id: None,
            duration_min: (!held.plan.timing.duration_min.is_zero())
                .then_some(held.plan.timing.duration_min),
            price: None,
        };
        let start = match call.body.start {
            Some(start) => start,
            None => {
                let known = self.catalogue(business).await?;
                let inquiry = self.inquire(business, &known, &[wish], false)?;
                let free = inquiry
                    .next_free(held.plan.start.max(self.now()), 1)
                    .await?;
                free.first()
                    .ok_or_else(|| Problem::new(Code::SlotTaken))?
                    .start
            }
        };
        let making = Making {
            booker: Booker::known(client_id),
            visit_id: None,
            series_id: None,
            source: held.source.clone(),
            comment: None,
        };
        let (freedom, ids) = (Freedom::default(), [self.new_id()]);
        self.make(call, &making, &[wish], start, freedom, &ids)
            .await
    }

    async fn relocate(&self, call: &Envelope, moving: &Moving<'_>) -> Shown {
        let business = call.caller.business();
        let done = self
            .execute(call, move |attempt| async move {
                let loaded = self.booking(call, moving.id).await?;
                let held = loaded.state.held()?;
                // Whether the step fits its life comes first: a time that is looked for in vain is no reason then.
                loaded
                    .state
                    .decide((moving.command)(Box::new(held.plan.clone())))?;
                if held.plan.session_id.is_some() {
                    return Err(BookingError::IsSeat.into());
                }
                let known = self.catalogue_for(call, &attempt).await?;
                let inquiry = moving.inquiry(self, business, &known, &held.plan)?;
                let start = moving.start.unwrap_or(held.plan.start);
                let mut plans = inquiry
                    .plan(start, moving.terms(&held.plan, self.now()))
                    .await?;
                let plan = plans
                    .pop()
                    .ok_or_else(|| Problem::internal("one service, no plan"))?;
                let events = loaded.state.decide((moving.command)(Box::new(plan)))?;
                let mut after = loaded.state.clone();
                events.iter().cloned().for_each(|event| after.apply(event));
                let mut decision = Decision::new(Outcome::changed(moving.id.uuid()));
                decision.write::<Booking>(self, moving.id.uuid(), loaded.version, &events)?;
                if !events.is_empty() {
                    decision.claims.push(claim_set(&known, moving.id, &after));
                }
                decision.saw_catalogue = Some(known.position);
                decision.leaves_booking(moving.id, &loaded, events.len(), after);
                Ok(decision)
            })
            .await;
        match done {
            Ok(done) => self.show_booking(business, &done).await,
            Err(refused) => Err(self.told_where_else_for(call, moving, refused).await),
        }
    }

    /// A refusal for a taken time, with the next ones that are free for this booking: from `start` on, or from where it
    /// stands.
    pub(crate) async fn told_where_else(
        &self,
        call: &Envelope,
        id: Uuid,
        start: Option<Timestamp>,
        refused: Problem,
    ) -> Problem {
        let moving = Moving {
            id: Id::new(id),
            to: Move::default(),
            start,
            service: None,
            freedom: Freedom::default(),
            command: &|to| BookingCommand::Restore { to: Some(to) },
        };
        self.told_where_else_for(call, &moving, refused).await
    }

    async fn told_where_else_for(
        &self,
        call: &Envelope,
        moving: &Moving<'_>,
        refused: Problem,
    ) -> Problem {
        if refused.code() != Code::SlotTaken {
            return refused;
        }
        let business = call.caller.business();
        let (Ok(loaded), Ok(known)) = (
            self.load::<Booking>(business, moving.id.uuid()).await,
            self.catalogue(business).await,
        ) else {
            return refused;
        };
        let Ok(held) = loaded.state.held() else {
            return refused;
        };
        if let (Some(session), Some(client)) = (held.plan.session_id, held.client_id) {
            return self
                .told_which_else(business, session, client, refused)
                .await;
        }
        let Ok(inquiry) = moving.inquiry(self, business, &known, &held.plan) else {
            return refused;
        };
        inquiry
            .with_next_free(refused, moving.start.unwrap_or(held.plan.start))
            .await
    }
}

impl Moving<'_> {
    fn inquiry<'a>(
        &self,
        app: &'a App,
        business: BusinessId,
        known: &'a Known,
        plan: &Plan,
    ) -> Result<Inquiry<'a>, Problem> {
        let inquiry = match self.service {
            None => app.inquire_again(business, known, &[(plan, self.to)], false),
            Some(service_id) => {
                let wish = Wish {
                    service_id: Id::new(service_id),
                    staff_id: plan.staff_id,
                    desk_id: None,
                    duration_min: None,
                    price: None,
                };
                app.inquire(business, known, &[wish], false)
            }
        };
        Ok(inquiry?.instead_of([self.id]))
    }

    /// Who stays at their start need not stand on today's grid, nor ahead of now: only what is new is looked at.
    fn terms(&self, plan: &Plan, now: Timestamp) -> Terms {
        let stays = self.start.is_none_or(|start| start == plan.start) && !plan.hour_unknown;
        let freedom = Freedom {
            off_grid: self.freedom.off_grid || stays,
            ..self.freedom
        };
        Terms::of_the_house(freedom, now)
    }
}
