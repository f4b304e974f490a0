//! Visits: several services for one client one after another, booked, moved and called off as one.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, Status},
    id::{Id, Visit},
    planning::{Move, Wish},
    sealed::Sealed,
    slots::Freedom,
    text::FreeText,
};
use jiff::Timestamp;
use ledger::{BusinessId, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    bookings::{Booker, BookingView, Making, claims_changed, comment, show_all, source},
    clients::card::NewClient,
};
use crate::{
    app::App,
    checks::Checks,
    command::{Answer, Ask, At, Call, Decision, Done, Envelope, Loaded, Outcome},
    problem::{Code, Problem},
    texts::Message,
    timekeeping::{Terms, claim_set},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(book))
        .routes(routes!(show))
        .routes(routes!(reschedule))
        .routes(routes!(cancel))
}

/// The most services of a visit.
const MOST: usize = 20;

/// Under which kind of name the ledger keeps which bookings make a visit.
pub(crate) const NAME: &str = "visit";

/// A visit to be booked.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitFields {
    /// For whom: a client who is known.
    client_id: Option<Uuid>,
    /// For whom: a client who becomes known with the visit.
    client: Option<NewClient>,
    /// When the first service begins.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// In their order, 1 to 20.
    services: Vec<VisitServiceFields>,
    /// A first comment, on each of its bookings.
    comment: Option<String>,
    /// Where it came from, in the business's words.
    source: Option<String>,
    /// Outside of working hours, for staff with the right.
    #[serde(default)]
    outside_hours: bool,
    /// Off the grid of starts, for staff with the right.
    #[serde(default)]
    off_grid: bool,
}

/// One service of a visit.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitServiceFields {
    service_id: Uuid,
    /// By whom; absent: by anyone who does it, the least loaded first.
    staff_id: Option<Uuid>,
    /// Where; absent: at any desk that serves it, if it needs one.
    desk_id: Option<Uuid>,
}

/// When a visit is to begin.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitRescheduleFields {
    /// When the first service begins; the others follow.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// Outside of working hours, for staff with the right.
    #[serde(default)]
    outside_hours: bool,
    /// Off the grid of starts, for staff with the right.
    #[serde(default)]
    off_grid: bool,
}

/// Why a visit is called off.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitCancelFields {
    reason: Option<String>,
}

/// A visit.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct VisitView {
    id: Uuid,
    /// Its bookings, in the order in which they were booked.
    bookings: Vec<BookingView>,
}

type Shown = Result<Answer<VisitView>, Problem>;

/// Books several services in a row, all or none.
#[utoipa::path(post, path = "/visits", tag = "visits", request_body = VisitFields,
    responses((status = 201, body = VisitView)))]
async fn book(State(app): State<App>, call: Call<VisitFields>) -> Shown {
    let business = call.caller.business();
    let asked = &call.body;
    let mut checks = Checks::default();
    checks.at_most("services", &asked.services, MOST);
    if asked.services.is_empty() {
        checks.fault("services", Message::new("violation-empty"));
    }
    checks.done()?;
    call.caller.is_free(asked.outside_hours, asked.off_grid)?;
    let mut by = vec![];
    for (number, service) in asked.services.iter().enumerate() {
        let field = format!("services[{number}].staff_id");
        by.push(call.caller.by_whom(&field, service.staff_id)?);
    }
    let wishes: Vec<_> = asked
        .services
        .iter()
        .zip(by)
        .map(|(service, staff_id)| Wish {
            service_id: Id::new(service.service_id),
            staff_id,
            desk_id: service.desk_id.map(Id::new),
            duration_min: None,
            price: None,
        })
        .collect();
    let known = app.catalogue(business).await?;
    let visit_id: Id<Visit> = Id::new(app.new_id());
    let making = Making {
        booker: Booker::read(asked.client_id, asked.client.as_ref(), &app, &call, &known)?,
        visit_id: Some(visit_id),
        series_id: None,
        source: source(&call, asked.source.as_deref())?,
        comment: comment(asked.comment.as_deref())?,
    };
    let freedom = Freedom {
        outside_hours: asked.outside_hours,
        off_grid: asked.off_grid,
    };
    let ids: Vec<_> = wishes.iter().map(|_| app.new_id()).collect();
    let done = app
        .make(&call, &making, &wishes, asked.start, freedom, &ids)
        .await?;
    app.show_visit_after(business, &done).await
}

/// A visit with its bookings.
#[utoipa::path(get, path = "/visits/{id}", tag = "visits", params(("id" = Uuid, Path)),
    responses((status = 200, body = VisitView)))]
async fn show(State(app): State<App>, At(id): At<Uuid>, ask: Ask) -> Shown {
    let business = ask.caller.business();
    app.wait_for_bookings(&ask, &[]).await?;
    let bookings = app.bookings_of_visit(business, id).await?;
    let known = app.catalogue(business).await?;
    let view = VisitView {
        id,
        bookings: show_all(&app, business, &known, &bookings, None).await?,
    };
    Ok(Answer::ok(view).version(version_of(&bookings)))
}

/// Moves all of a visit that is still to come, in its order, by the same people at the same desks where they are free.
#[utoipa::path(post, path = "/visits/{id}/reschedule", tag = "visits", params(("id" = Uuid, Path)),
    request_body = VisitRescheduleFields, responses((status = 200, body = VisitView)))]
async fn reschedule(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<VisitRescheduleFields>,
) -> Shown {
    let business = call.caller.business();
    let (app, call) = (&app, &call);
    let asked = &call.body;
    call.caller.is_free(asked.outside_hours, asked.off_grid)?;
    let freedom = Freedom {
        outside_hours: asked.outside_hours,
        off_grid: asked.off_grid,
    };
    let moved = app
        .execute(call, move |attempt| async move {
            let (open, rest) = app.standing(call, id).await?;
            let known = app.catalogue_for(call, &attempt).await?;
            let plans: Vec<_> = open
                .iter()
                .map(|(_, loaded)| Ok(&loaded.state.held()?.plan))
                .collect::<Result<_, Problem>>()?;
            let agreed: Vec<_> = plans.iter().map(|plan| (*plan, Move::default())).collect();
            let moving: Vec<_> = open.iter().map(|(id, _)| *id).collect();
            let inquiry = app.inquire_again(business, &known, &agreed, true)?;
            let inquiry = inquiry.instead_of(moving.iter().copied());
            let to = inquiry
                .plan(asked.start, Terms::of_the_house(freedom, app.now()))
                .await?;
            let mut decision = Decision::new(visit_changed(id, &moving));
            for ((booking_id, loaded), to) in open.iter().zip(to) {
                let command = BookingCommand::Reschedule {
                    to: Box::new(to),
                    imported: None,
                };
                decide(app, &mut decision, &known, *booking_id, loaded, command)?;
            }
            for (booking_id, loaded) in &rest {
                decision.write::<Booking>(app, booking_id.uuid(), loaded.version, &[])?;
            }
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await;
    match moved {
        Ok(done) => app.show_visit_after(business, &done).await,
        Err(refused) if refused.code() == Code::SlotTaken => {
            let (open, _) = app.standing(call, id).await?;
            let known = app.catalogue(business).await?;
            let agreed: Vec<_> = open
                .iter()
                .filter_map(|(_, loaded)| Some((&loaded.state.held().ok()?.plan, Move::default())))
                .collect();
            let moving: Vec<_> = open.iter().map(|(id, _)| *id).collect();
            let inquiry = app.inquire_again(business, &known, &agreed, true)?;
            let inquiry = inquiry.instead_of(moving.iter().copied());
            Err(inquiry.with_next_free(refused, asked.start).await)
        }
        Err(refused) => Err(refused),
    }
}

/// Calls all of a visit off that is still to come, and gives its time back. What was done already stays done.
#[utoipa::path(post, path = "/visits/{id}/cancel", tag = "visits", params(("id" = Uuid, Path)),
    request_body = Option<VisitCancelFields>, responses((status = 200, body = VisitView)))]
async fn cancel(State(app): State<App>, At(id): At<Uuid>, call: Call<VisitCancelFields>) -> Shown {
    let business = call.caller.business();
    let mut checks = Checks::default();
    let reason = checks.maybe("reason", call.body.reason.as_deref(), FreeText::parse);
    checks.done()?;
    let (app, call, reason) = (&app, &call, &reason);
    let done = app
        .execute(call, move |attempt| async move {
            let all = app.bookings_of_visit(business, id).await?;
            call.expects(version_of(&all))?;
            if !all
                .iter()
                .any(|(_, loaded)| is_open(loaded) || is_off(loaded))
            {
                return Err(Problem::new(Code::WrongState));
            }
            let known = app.catalogue_for(call, &attempt).await?;
            let mut decision = Decision::new(visit_changed(
                id,
                &all.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            ));
            for (booking_id, loaded) in &all {
                if !is_open(loaded) {
                    decision.write::<Booking>(app, booking_id.uuid(), loaded.version, &[])?;
                    continue;
                }
                let held = loaded.state.held()?;
                let key = held
                    .client_id
                    .map_or_else(|| (*booking_id).into(), Into::into);
                let reason = reason.clone().map(|value| Sealed::Open { key, value });
                let command = BookingCommand::Cancel {
                    at: app.now(),
                    reason,
                    note: None,
                };
                decide(app, &mut decision, &known, *booking_id, loaded, command)?;
            }
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.show_visit_after(business, &done).await
}

type Part = (Id<Booking>, Loaded<Booking>);

/// A visit has no stream of its own: it moves on with each of its bookings, of which it has the same ones for ever.
fn version_of(bookings: &[Part]) -> Version {
    Version(bookings.iter().map(|(_, loaded)| loaded.version.0).sum())
}

/// Still to come: neither called off, deleted, nor over.
fn is_open(loaded: &Loaded<Booking>) -> bool {
    let held = loaded.state.held();
    held.is_ok_and(|held| {
        !held.deleted && matches!(held.status, Status::Requested | Status::Confirmed)
    })
}

fn is_off(loaded: &Loaded<Booking>) -> bool {
    let held = loaded.state.held();
    held.is_ok_and(|held| !held.deleted && held.status == Status::Cancelled)
}

/// The visit first, then those of its bookings that were touched.
fn visit_changed(visit: Uuid, bookings: &[Id<Booking>]) -> Outcome {
    let ids = std::iter::once(visit).chain(bookings.iter().map(|id| id.uuid()));
    Outcome {
        status: 200,
        ids: ids.collect(),
    }
}

/// What a command on one of its bookings comes to.
fn decide(
    app: &App,
    decision: &mut Decision,
    known: &crate::catalogue::Known,
    id: Id<Booking>,
    loaded: &Loaded<Booking>,
    command: BookingCommand,
) -> Result<(), Problem> {
    let events = loaded.state.decide(command)?;
    let mut after = loaded.state.clone();
    events.iter().cloned().for_each(|event| after.apply(event));
    decision.write::<Booking>(app, id.uuid(), loaded.version, &events)?;
    if claims_changed(&loaded.state, &after) {
        decision.claims.push(claim_set(known, id, &after));
    }
    decision.leaves_booking(id, loaded, events.len(), after);
    Ok(())
}

impl App {
    /// A visit's bookings as they stand, in the order in which they were booked. Which they are, the ledger's names
    /// tell: no read model needs to have caught up.
    async fn bookings_of_visit(
        &self,
        business: BusinessId,
        visit: Uuid,
    ) -> Result<Vec<Part>, Problem> {
        let ids = self.ids_of_visit(business, visit).await?;
        let loaded = ids.into_iter().map(|id| async move {
            Ok::<_, Problem>((id, self.load::<Booking>(business, id.uuid()).await?))
        });
        futures::future::try_join_all(loaded).await
    }

    /// A visit's bookings, in the order in which they were booked.
    pub(crate) async fn ids_of_visit(
        &self,
        business: BusinessId,
        visit: Uuid,
    ) -> Result<Vec<Id<Booking>>, Problem> {
        let names: Vec<_> = (0..MOST).map(|number| name_of(visit, number)).collect();
        let mut owners = self.ledger().name_owners(business, NAME, &names).await?;
        if owners.is_empty() {
            return Err(Problem::not_found());
        }
        owners.sort_by_key(|(name, _)| names.iter().position(|other| other == name));
        Ok(owners.into_iter().map(|(_, id)| Id::new(id)).collect())
    }

    /// What of a visit is still to come, and the rest. Nothing: the visit is over, 409.
    async fn standing(
        &self,
        call: &Envelope,
        visit: Uuid,
    ) -> Result<(Vec<Part>, Vec<Part>), Problem> {
        let all = self
            .bookings_of_visit(call.caller.business(), visit)
            .await?;
        call.expects(version_of(&all))?;
        let (open, rest): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, loaded)| is_open(loaded));
        if open.is_empty() {
            Err(Problem::new(Code::WrongState))
        } else {
            Ok((open, rest))
        }
    }

    async fn show_visit_after(&self, business: BusinessId, done: &Done) -> Shown {
        let mut bookings = vec![];
        // As the command left them: a replay shows the same.
        for (stream, version) in done
            .versions
            .iter()
            .filter(|(stream, _)| stream.kind == Booking::TYPE)
        {
            bookings.push((
                Id::new(stream.id),
                self.after::<Booking>(business, done, stream.id, *version)
                    .await?,
            ));
        }
        let visit = bookings
            .iter()
            .find_map(|(_, loaded)| loaded.state.held().ok()?.visit_id);
        let id = visit.map_or_else(|| done.id(), Id::uuid);
        bookings.sort_by_key(|(id, loaded)| (loaded.state.held().map(|h| h.plan.start).ok(), *id));
        let known = self.catalogue(business).await?;
        let view = VisitView {
            id,
            bookings: show_all(self, business, &known, &bookings, Some(done)).await?,
        };
        let answer = Answer::to(done, view).version(version_of(&bookings));
        Ok(if done.outcome.status == 201 {
            answer.location(format!("/api/v1/visits/{id}"))
        } else {
            answer
        })
    }
}

/// What the `number`th booking of a visit is called among names.
pub(crate) fn name_of(visit: Uuid, number: usize) -> String {
    format!("{visit}/{number}")
}
