//! Two clients who turn out to be one person.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    client::{Client, ClientCommand, Duplicate},
    id::Id,
};
use ledger::Version;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::ClientView;
use crate::{
    app::App,
    command::{Answer, At, Call, Decision, Envelope, Loaded, Outcome, View as _},
    problem::{Code, Problem},
    texts::Message,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(merge))
}

/// Who is known twice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Merge {
    /// The client who goes: another one, who turned out to be the client at this address.
    duplicate_id: Uuid,
}

/// Takes another client in who turned out to be the same person. Nothing of either is lost: the other's bookings,
/// payments and waitlist requests are found under this one from now on, in the calendar, history, changes, reports and
/// card. Contacts of this one come first, and what is missing comes from the other; phones, tags, notes and preferences
/// are those of both; consents only those that both gave; blocked if one was. The other's address answers 410 `merged`
/// from then on and names this one. It cannot be taken back.
#[utoipa::path(post, path = "/clients/{id}/merge", tag = "clients", params(("id" = Uuid, Path)),
    request_body = Merge, responses((status = 200, body = ClientView)))]
async fn merge(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Merge>,
) -> Result<Answer<ClientView>, Problem> {
    let business = call.caller.business();
    let (into, duplicate) = (Id::new(id), Id::new(call.body.duplicate_id));
    let (app, envelope): (&App, &Envelope) = (&app, &call);
    let done = app
        .execute(envelope, move |_| async move {
            let stays = app.load::<Client>(business, id).await?;
            envelope.expects(stays.version)?;
            stays.state.known()?;
            let goes = app.load::<Client>(business, duplicate.uuid()).await?;
            app.merged(envelope, into, stays, duplicate, goes).await
        })
        .await?;
    let stands = done.versions.iter().find(|(stream, _)| stream.id == id);
    let version = stands.map_or(Version::NEW, |(_, version)| *version);
    let loaded = app.after::<Client>(business, &done, id, version).await?;
    let view = ClientView::of(&loaded, id).ok_or_else(Problem::not_found)?;
    Ok(Answer::to(&done, view.seen_by(&call.caller)).version(version))
}

impl App {
    /// What merging writes: to who stays, to who goes, and to those who had gone there before.
    async fn merged(
        &self,
        call: &Envelope,
        into: Id<Client>,
        stays: Loaded<Client>,
        duplicate: Id<Client>,
        goes: Loaded<Client>,
    ) -> Result<Decision, Problem> {
        if goes.state.card.is_none() || goes.state.retracted {
            return Err(Problem::field(
                "duplicate_id",
                Message::new("violation-not-found"),
            ));
        }
        if let Some(other) = goes.state.merged_into.filter(|other| *other != into) {
            return Err(Problem::new(Code::WrongState)
                .detail(Message::new("detail-duplicate-merged"))
                .with("merged_into", json!(other)));
        }
        let taken = ClientCommand::TakeIn(Box::new(Duplicate {
            into,
            client_id: duplicate,
            client: goes.state.clone(),
            at: self.now(),
        }));
        let events = stays.state.decide(taken)?;
        let mut decision = Decision::new(Outcome::changed(into.uuid()));
        let mut after = stays.state.clone();
        events.iter().cloned().for_each(|event| after.apply(event));
        decision.leaves::<Client>(into.uuid(), stays.version, events.len(), after);
        decision.write::<Client>(self, into.uuid(), stays.version, &events)?;
        if events.is_empty() {
            return Ok(decision);
        }
        let mut going = vec![];
        for id in goes.state.ids(duplicate).into_iter().skip(1) {
            let business = call.caller.business();
            going.push((id, self.load::<Client>(business, id.uuid()).await?));
        }
        going.push((duplicate, goes));
        for (id, client) in going {
            let told = client.state.decide(ClientCommand::Merge { into })?;
            decision.write::<Client>(self, id.uuid(), client.version, &told)?;
        }
        Ok(decision)
    }
}
