//! A visitor moves or cancels what they booked, by a link whose holder knows how it stands, and while the booking
//! policy lets them.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, Plan},
    id::Id,
    planning::Move,
    sealed::{KeyId, Sealed},
    text::FreeText,
};
use jiff::Timestamp;
use ledger::BusinessId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    holds::nothing_of,
    limits::Taking,
    manage::TokenQuery,
    token::Link,
    view::{Booked, Part, VisitorBooking},
    visitor::Visitor,
};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, Call, Decision, Envelope, Outcome},
    problem::{Code, Problem},
    routes::bookings::claims_changed,
    texts::Message,
    timekeeping::{Inquiry, claim_set},
};

/// Where to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveFields {
    /// When the first service is to begin; the others follow. Needed, but of a seat in a class.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    /// Of a seat in a class: the session of the same class's service to come to instead.
    session_id: Option<Uuid>,
    /// By whom; absent: as it was. Of a visit the people stay.
    staff_id: Option<Uuid>,
    /// The hold that kept the time.
    hold: Option<String>,
}

/// Where a booking goes.
enum To {
    /// To another seat, at the price that was agreed.
    Seat(Box<Plan>),
    /// To another time.
    Start(Timestamp),
}

impl MoveFields {
    fn to(&self, app: &App, known: &Known, open: &[&Part]) -> Result<To, Problem> {
        let fault = |field, message| Err(Problem::field(field, Message::new(message)));
        let held = open
            .first()
            .and_then(|(_, loaded)| loaded.state.held().ok());
        let plan = held.map(|held| &held.plan).ok_or_else(Problem::not_found)?;
        let Some(session) = self.session_id else {
            return match (self.start, plan.session_id) {
                (Some(start), None) => Ok(To::Start(start)),
                (_, Some(_)) => fault("session_id", "violation-missing"),
                (None, None) => fault("start", "violation-missing"),
            };
        };
        let mut seat = app.seat_for_visitor(known, Id::new(session))?;
        // What was agreed stays agreed: so it must be the same.
        if plan.session_id.is_none() || seat.service_id != plan.service_id {
            return fault("session_id", "violation-not-of-session");
        }
        if self.start.is_some_and(|start| start != seat.start) {
            return fault("start", "violation-not-of-session");
        }
        seat.price = plan.price;
        Ok(To::Seat(Box::new(seat)))
    }
}

/// Why it is called off.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OffFields {
    reason: Option<String>,
}

/// Somebody with a link does something by it.
pub(super) struct Acting {
    pub(super) link: Link,
    pub(super) call: Envelope,
    business: BusinessId,
}

impl Acting {
    /// 404 for what is no link of ours.
    pub(super) async fn of(
        app: &App,
        visitor: &Visitor,
        token: &str,
        mut call: Envelope,
    ) -> Result<Self, Problem> {
        let (link, booked) = app.by_link(visitor.business, token).await?;
        let client = booked
            .parts
            .iter()
            .find_map(|(_, loaded)| loaded.state.held().ok()?.client_id);
        let named = link.subject.id().to_string();
        call.caller = call.caller.acting_for(client.map(Id::uuid), &named);
        Ok(Self {
            link,
            call,
            business: visitor.business,
        })
    }

    /// What the link is of, as it stands now and as its holder knows it.
    ///
    /// # Errors
    /// 410 when the house changed it since the link was given out.
    pub(super) async fn booked(&self, app: &App) -> Result<Booked, Problem> {
        let booked = app.booked(self.business, self.link.subject).await?;
        self.knows(app, &booked).await?;
        Ok(booked)
    }

    async fn knows(&self, app: &App, booked: &Booked) -> Result<(), Problem> {
        if app.is_news(self.business, self.link, booked).await? {
            let look = Message::new("detail-link-superseded");
            return Err(Problem::new(Code::LinkSuperseded).detail(look));
        }
        Ok(())
    }

    fn outcome(&self) -> Outcome {
        Outcome::changed(self.link.subject.id())
    }
}

/// Moves it.
#[utoipa::path(post, path = "/public/{slug}/bookings/manage/reschedule", tag = "public",
    params(("slug" = String, Path), TokenQuery), request_body = MoveFields,
    responses((status = 200, body = VisitorBooking)))]
pub(super) async fn reschedule(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
    call: Call<MoveFields>,
) -> Result<Answer<VisitorBooking>, Problem> {
    let (business, asked) = (visitor.business, call.body.clone());
    let hold = app.held_before(&visitor, "hold", asked.hold.as_deref())?;
    let hold = hold.map(|hold| hold.id);
    let acting = Acting::of(&app, &visitor, &ask.query.token, call.envelope).await?;
    let (app, acting, asked) = (&app, &acting, &asked);
    let moved = app
        .execute(&acting.call, move |attempt| async move {
            let booked = acting.booked(app).await?;
            let known = app.catalogue_for(&acting.call, &attempt).await?;
            if booked.open().next().is_none() {
                return Err(over(&booked));
            }
            in_time(app, &booked, &known)?;
            let open: Vec<_> = booked.open().collect();
            let plans = match asked.to(app, &known, &open)? {
                To::Seat(seat) => vec![*seat],
                To::Start(start) => {
                    let inquiry = inquiry(app, business, &known, &open, asked.staff_id, hold)?;
                    inquiry.plan(start, inquiry.terms()).await?
                }
            };
            let start = plans
                .iter()
                .map(|plan| plan.start)
                .min()
                .unwrap_or_default();
            let mut decision = Decision::new(acting.outcome());
            for ((id, loaded), to) in open.iter().zip(plans) {
                let command = BookingCommand::Reschedule {
                    to: Box::new(to),
                    imported: None,
                };
                write_step(app, &mut decision, Some(&known), *id, loaded, command)?;
            }
            let first = booked.parts.first().and_then(|(id, loaded)| {
                let held = loaded.state.held().ok()?;
                // Who has not confirmed yet has taken no place.
                let waits = held.online.as_ref().is_some_and(|o| o.confirm_by.is_some());
                let client = held.client_id.filter(|_| !waits)?;
                Some((id.uuid(), client))
            });
            if let Some((booking, client)) = first {
                let taking = Taking {
                    client,
                    booking,
                    start,
                };
                let policy = &known.catalogue.business.policy;
                let zone = &known.settings()?.time_zone;
                app.take_places(business, &mut decision, &taking, policy, zone)
                    .await?;
            }
            decision.claims.extend(hold.map(nothing_of));
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await;
    let done = match moved {
        Ok(done) => done,
        Err(refused) if refused.code() == Code::SlotTaken => {
            let booked = acting.booked(app).await?;
            let known = app.catalogue(business).await?;
            let open: Vec<_> = booked.open().collect();
            return Err(match asked.to(app, &known, &open)? {
                To::Seat(seat) => {
                    app.with_next_sessions(business, &known, &seat, refused)
                        .await
                }
                To::Start(start) => {
                    let inquiry = inquiry(app, business, &known, &open, asked.staff_id, hold)?;
                    inquiry.with_next_free(refused, start).await
                }
            });
        }
        Err(refused) => return Err(refused),
    };
    if let Some(hold) = hold {
        app.visitors().let_go(visitor.sender, hold);
    }
    app.show_booked(&visitor, &done, acting.link.subject).await
}

/// Cancels it, and gives its time back.
#[utoipa::path(post, path = "/public/{slug}/bookings/manage/cancel", tag = "public",
    params(("slug" = String, Path), TokenQuery), request_body = Option<OffFields>,
    responses((status = 200, body = VisitorBooking)))]
pub(super) async fn cancel(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
    call: Call<OffFields>,
) -> Result<Answer<VisitorBooking>, Problem> {
    let mut checks = Checks::default();
    let reason = checks.maybe("reason", call.body.reason.as_deref(), FreeText::parse);
    checks.done()?;
    let acting = Acting::of(&app, &visitor, &ask.query.token, call.envelope).await?;
    let (app, acting, reason) = (&app, &acting, &reason);
    let done = app
        .execute(&acting.call, move |attempt| async move {
            let booked = app.booked(acting.business, acting.link.subject).await?;
            let known = app.catalogue_for(&acting.call, &attempt).await?;
            // What is off is off, whoever called it off: there is nothing to do.
            if !booked.is_off() {
                acting.knows(app, &booked).await?;
                if booked.open().next().is_none() {
                    return Err(over(&booked));
                }
                in_time(app, &booked, &known)?;
            }
            let mut decision = Decision::new(acting.outcome());
            for (id, loaded) in booked.open() {
                let client = loaded.state.held()?.client_id;
                let key = client.map_or_else(|| (*id).into(), KeyId::from);
                let command = BookingCommand::Cancel {
                    at: app.now(),
                    reason: reason.clone().map(|reason| Sealed::open(key, reason)),
                    note: None,
                };
                write_step(app, &mut decision, Some(&known), *id, loaded, command)?;
            }
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.show_booked(&visitor, &done, acting.link.subject).await
}

/// Nothing of it is still to come; says what became of it.
fn over(booked: &Booked) -> Problem {
    let refusal = |(_, loaded): &Part| {
        let plan = Box::new(loaded.state.held().ok()?.plan.clone());
        let again = BookingCommand::Reschedule {
            to: plan,
            imported: None,
        };
        loaded.state.decide(again).err()
    };
    let refused = booked.parts.iter().find_map(refusal);
    refused.map_or_else(|| Problem::new(Code::WrongState), Into::into)
}

/// The booking policy lets its client change it still.
fn in_time(app: &App, booked: &Booked, known: &Known) -> Result<(), Problem> {
    let until = booked.change_until(known);
    if app.now() <= until {
        return Ok(());
    }
    let told = Message::new("detail-too-late-to-change").with("until", until);
    Err(Problem::new(Code::WrongState).detail(told))
}

/// Asks for other time for what is still to come, within the booking policy.
fn inquiry<'a>(
    app: &'a App,
    business: BusinessId,
    known: &'a Known,
    open: &[&Part],
    staff: Option<Uuid>,
    hold: Option<Uuid>,
) -> Result<Inquiry<'a>, Problem> {
    let to = Move {
        staff_id: staff.filter(|_| open.len() == 1).map(Id::new),
        ..Move::default()
    };
    let plans: Vec<&Plan> = open
        .iter()
        .filter_map(|(_, loaded)| Some(&loaded.state.held().ok()?.plan))
        .collect();
    let agreed: Vec<_> = plans.into_iter().map(|plan| (plan, to)).collect();
    let inquiry = app.inquire_again(business, known, &agreed, open.len() > 1)?;
    let own = open.iter().map(|(id, _)| *id);
    inquiry
        .instead_of(own.chain(hold.map(Id::new)))
        .within_policy()
}

/// One step of one booking, with the time that it takes from then on.
pub(super) fn write_step(
    app: &App,
    decision: &mut Decision,
    known: Option<&Known>,
    id: Id<Booking>,
    loaded: &crate::command::Loaded<Booking>,
    command: BookingCommand,
) -> Result<(), Problem> {
    let events = loaded.state.decide(command)?;
    let mut after = loaded.state.clone();
    events.iter().cloned().for_each(|event| after.apply(event));
    decision.write::<Booking>(app, id.uuid(), loaded.version, &events)?;
    if let Some(known) = known
        && claims_changed(&loaded.state, &after)
    {
        decision.claims.push(claim_set(known, id, &after));
    }
    decision.leaves_booking(id, loaded, events.len(), after);
    Ok(())
}
