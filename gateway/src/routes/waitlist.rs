//! The waitlist: who waits for time to come free, what they are offered, and what comes of it.

mod convert;
mod fields;
mod list;
mod rules;
mod view;

use std::sync::Arc;

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    id::Id,
    sealed::Sealed,
    text::FreeText,
    waitlist::{Asking, Made, Request, WaitlistCommand},
};
use ledger::Version;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(crate) use self::{convert::pinned, rules::RulesView};
use self::{
    fields::{RequestChange, RequestFields},
    view::RequestView,
};
use super::bookings::{Booker, source};
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, At, Call, Decision, Done, Envelope, Loaded, Outcome},
    problem::Problem,
    timekeeping::held_set,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::find, ask_for))
        .routes(routes!(show, change))
        .routes(routes!(convert::convert))
        .routes(routes!(decline))
        .routes(routes!(withdraw))
        .routes(routes!(rules::show, rules::set))
}

type Shown = Result<Answer<RequestView>, Problem>;

/// Why somebody does not want what is offered, or no longer waits.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitlistReason)]
struct ReasonFields {
    reason: Option<String>,
}

/// Puts somebody on the waitlist.
#[utoipa::path(post, path = "/waitlist", tag = "waitlist", request_body = RequestFields,
    responses((status = 201, body = RequestView)))]
async fn ask_for(State(app): State<App>, call: Call<RequestFields>) -> Shown {
    let id: Id<Request> = Id::new(app.new_id());
    let (app, call) = (&app, &call);
    let business = call.caller.business();
    let known = app.catalogue(business).await?;
    let asked = &call.body;
    let (client_id, client) = asked.client();
    let booker = &Booker::read(client_id, client, app, call, &known)?;
    let source = &source(call, asked.source())?;
    let done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            let (wishes, comment) = asked.read(&known, &call.caller, app.now())?;
            let command = WaitlistCommand::Request(Box::new(Asking {
                client_id: booker.id,
                wishes,
                comment: comment.map(|text| Sealed::open(booker.id, text)),
                source: source.clone(),
                at: app.now(),
            }));
            let events = Request::default().decide(command)?;
            let mut decision = Decision::new(Outcome::made(id.uuid()));
            booker.make_known(app, &mut decision)?;
            decision.write::<Request>(app, id.uuid(), Version::NEW, &events)?;
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.show_request_after(call, &done).await
}

/// One request.
#[utoipa::path(get, path = "/waitlist/{id}", tag = "waitlist", params(("id" = Uuid, Path)),
    responses((status = 200, body = RequestView)))]
async fn show(State(app): State<App>, At(id): At<Uuid>, ask: Ask) -> Shown {
    let loaded = app.load::<Request>(ask.caller.business(), id).await?;
    own(&ask.caller, loaded.state.made()?)?;
    let view = app
        .request_view(ask.caller.business(), Id::new(id), &loaded, None)
        .await?;
    Ok(Answer::ok(view).version(loaded.version))
}

/// Changes what somebody wishes for.
#[utoipa::path(patch, path = "/waitlist/{id}", tag = "waitlist", params(("id" = Uuid, Path)),
    request_body = RequestChange, responses((status = 200, body = RequestView)))]
async fn change(State(app): State<App>, At(id): At<Uuid>, call: Call<RequestChange>) -> Shown {
    let known = app.catalogue_now(call.caller.business()).await?;
    let (known, call) = (&known, &call);
    app.request_step(call, id, move |made| {
        let (wishes, comment) = call.body.read(known, &call.caller, made)?;
        Ok(WaitlistCommand::Change {
            wishes: wishes.map(Box::new),
            comment: comment.map(|text| text.map(|text| Sealed::open(made.client_id, text))),
        })
    })
    .await
}

/// Gives back what is offered: the next one gets it. The request goes on waiting.
#[utoipa::path(post, path = "/waitlist/{id}/decline", tag = "waitlist", params(("id" = Uuid, Path)),
    request_body = Option<ReasonFields>, responses((status = 200, body = RequestView)))]
async fn decline(State(app): State<App>, At(id): At<Uuid>, call: Call<ReasonFields>) -> Shown {
    let at = app.now();
    let reason = reason(&call.body)?;
    app.request_step(&call, id, move |made| {
        let reason = reason
            .clone()
            .map(|text| Sealed::open(made.client_id, text));
        Ok(WaitlistCommand::Decline { at, reason })
    })
    .await
}

/// Takes a request back. What is offered to it is free again.
#[utoipa::path(post, path = "/waitlist/{id}/withdraw", tag = "waitlist", params(("id" = Uuid, Path)),
    request_body = Option<ReasonFields>, responses((status = 200, body = RequestView)))]
async fn withdraw(State(app): State<App>, At(id): At<Uuid>, call: Call<ReasonFields>) -> Shown {
    let at = app.now();
    let reason = reason(&call.body)?;
    app.request_step(&call, id, move |made| {
        let reason = reason
            .clone()
            .map(|text| Sealed::open(made.client_id, text));
        Ok(WaitlistCommand::Withdraw { at, reason })
    })
    .await
}

fn reason(asked: &ReasonFields) -> Result<Option<FreeText>, Problem> {
    let mut checks = Checks::default();
    let reason = checks.maybe("reason", asked.reason.as_deref(), FreeText::parse);
    checks.done()?;
    Ok(reason)
}

/// A staff member has to do with those who wait for them by name; others are as if they were not there.
fn own(caller: &Caller, made: &Made) -> Result<(), Problem> {
    match caller.own() {
        Some(own) if !made.wishes.staff_ids.contains(&own) => Err(Problem::not_found()),
        Some(_) | None => Ok(()),
    }
}

impl App {
    /// Does one step of a request that needs nothing but the request, and shows it as the step left it.
    async fn request_step(
        &self,
        call: &Envelope,
        id: Uuid,
        command: impl Fn(&Made) -> Result<WaitlistCommand, Problem> + Send + Sync,
    ) -> Shown {
        let command = Arc::new(command);
        let done = self
            .execute(call, move |attempt| {
                let command = command.clone();
                async move {
                    let business = call.caller.business();
                    let loaded = self.load::<Request>(business, id).await?;
                    let made = loaded.state.made()?;
                    own(&call.caller, made)?;
                    call.expects(loaded.version)?;
                    let command = command(made)?;
                    let mut decision = Decision::new(Outcome::changed(id));
                    let known = self.catalogue_for(call, &attempt).await?;
                    self.decide_request(&mut decision, &known, Id::new(id), &loaded, command)?;
                    Ok(decision)
                }
            })
            .await?;
        self.show_request_after(call, &done).await
    }

    /// What a command on a request comes to, its claims with it.
    pub(crate) fn decide_request(
        &self,
        decision: &mut Decision,
        known: &crate::catalogue::Known,
        id: Id<Request>,
        loaded: &Loaded<Request>,
        command: WaitlistCommand,
    ) -> Result<(), Problem> {
        let events = loaded.state.decide(command)?;
        let mut after = loaded.state.clone();
        events.iter().cloned().for_each(|event| after.apply(event));
        decision.write::<Request>(self, id.uuid(), loaded.version, &events)?;
        if loaded.state.claims() != after.claims() {
            decision.claims.push(held_set(known, id, &after));
            decision.saw_catalogue = Some(known.position);
        }
        let client = after.made().map(|made| made.client_id.uuid());
        decision.shows.extend(client.ok());
        decision.leaves::<Request>(id.uuid(), loaded.version, events.len(), after);
        Ok(())
    }

    /// The answer to a command on a request.
    async fn show_request_after(&self, call: &Envelope, done: &Done) -> Shown {
        let business = call.caller.business();
        let (id, version) = done.stream::<Request>().ok_or_else(Problem::not_found)?;
        let loaded = self.after::<Request>(business, done, id, version).await?;
        let view = self
            .request_view(business, Id::new(id), &loaded, Some(done))
            .await?;
        let answer = Answer::to(done, view).version(version);
        Ok(if done.outcome.status == 201 {
            answer.location(format!("/api/v1/waitlist/{id}"))
        } else {
            answer
        })
    }
}
