//! What happens to a client: marks, notes, likes, consents, being blocked.

use std::collections::{BTreeSet, HashSet};

use axum::extract::State;
use domain::{
    client::{Client, ClientCommand, Note, Preferences},
    id::Id,
    sealed::Sealed,
    text::FreeText,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ClientView, ConsentField, PreferencesFields, card::tags};
use crate::{
    app::App,
    checks::Checks,
    command::{Answer, Asked, At, Call, Deciding, Target},
    problem::Problem,
    texts::Message,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_tags, add_tags))
        .routes(routes!(note))
        .routes(routes!(set_preferences))
        .routes(routes!(set_consents))
        .routes(routes!(block))
        .routes(routes!(unblock))
}

/// What a client is marked with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Tags {
    tags: Vec<String>,
}

/// Marks a client with exactly these.
#[utoipa::path(method(put, patch), path = "/clients/{id}/tags", tag = "clients", params(("id" = Uuid, Path)),
    request_body = Tags, responses((status = 200, body = ClientView)))]
async fn set_tags(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Tags>,
) -> Result<Answer<ClientView>, Problem> {
    let tag = |on: &Deciding<Client>| call.body.asked(on, false);
    let done = app.send(&call, Target::at(id), tag).await?;
    app.answer(call.caller.business(), &done).await
}

/// Marks a client with these, too.
#[utoipa::path(post, path = "/clients/{id}/tags", tag = "clients", params(("id" = Uuid, Path)),
    request_body = Tags, responses((status = 200, body = ClientView)))]
async fn add_tags(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Tags>,
) -> Result<Answer<ClientView>, Problem> {
    let tag = |on: &Deciding<Client>| call.body.asked(on, true);
    let done = app.send(&call, Target::at(id), tag).await?;
    app.answer(call.caller.business(), &done).await
}

impl Tags {
    fn asked(&self, on: &Deciding<Client>, keep_others: bool) -> Result<Asked<Client>, Problem> {
        let mut checks = Checks::default();
        let mut to: BTreeSet<_> = tags(&mut checks, "tags", &self.tags).into_iter().collect();
        checks.done()?;
        if keep_others {
            to.extend(on.state.tags.iter().cloned());
        }
        Ok(Asked::of(ClientCommand::SetTags(to)))
    }
}

/// Something to be written about a client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    text: String,
}

/// Writes something about a client.
#[utoipa::path(method(post, patch), path = "/clients/{id}/notes", tag = "clients", params(("id" = Uuid, Path)),
    request_body = NewNote, responses((status = 200, body = ClientView)))]
async fn note(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<NewNote>,
) -> Result<Answer<ClientView>, Problem> {
    let note_id = Id::new(app.new_id());
    let note = |on: &Deciding<Client>| {
        on.state.known()?;
        let text = free_text("text", &call.body.text)?;
        Ok(Asked::of(ClientCommand::Note(Note {
            note_id,
            text: Sealed::open(Id::<Client>::new(id), text),
            at: on.now,
            by: call.caller.actor().clone(),
        })))
    };
    let done = app.send(&call, Target::at(id), note).await?;
    app.answer(call.caller.business(), &done).await
}

fn free_text(field: &str, text: &str) -> Result<FreeText, Problem> {
    FreeText::parse(text).map_err(|error| Problem::field(field, error.into()))
}

/// Sets what a client likes.
#[utoipa::path(method(put, patch), path = "/clients/{id}/preferences", tag = "clients", params(("id" = Uuid, Path)),
    request_body = PreferencesFields, responses((status = 200, body = ClientView)))]
async fn set_preferences(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<PreferencesFields>,
) -> Result<Answer<ClientView>, Problem> {
    let set = |on: &Deciding<Client>| call.body.asked(on);
    let done = app.send(&call, Target::at(id), set).await?;
    app.answer(call.caller.business(), &done).await
}

impl PreferencesFields {
    fn asked(&self, on: &Deciding<Client>) -> Result<Asked<Client>, Problem> {
        on.state.known()?;
        let catalogue = &on.known.catalogue;
        let mut checks = Checks::default();
        let staff_ids = each_once(&mut checks, "staff_ids", &self.staff_ids, |id| {
            catalogue.staff.contains_key(&Id::new(id))
        });
        let service_ids = each_once(&mut checks, "service_ids", &self.service_ids, |id| {
            catalogue.services.contains_key(&Id::new(id))
        });
        checks.at_most("hours", &self.hours, 50);
        for (n, interval) in self.hours.iter().enumerate() {
            if interval.to <= interval.from {
                let message = Message::new("violation-end-not-after-start");
                checks.fault(
                    format!("hours[{n}].to"),
                    message.with("from", interval.from),
                );
            }
        }
        checks.done()?;
        Ok(Asked::of(ClientCommand::SetPreferences(Preferences {
            staff_ids: staff_ids.into_iter().map(Id::new).collect(),
            service_ids: service_ids.into_iter().map(Id::new).collect(),
            hours: self.hours.clone(),
        })))
    }
}

fn each_once(
    checks: &mut Checks,
    field: &str,
    ids: &[Uuid],
    is_known: impl Fn(Uuid) -> bool,
) -> Vec<Uuid> {
    checks.at_most(field, ids, 500);
    let mut seen = HashSet::new();
    for (n, id) in ids.iter().enumerate() {
        let at = format!("{field}[{n}]");
        if !is_known(*id) {
            checks.fault(at, Message::new("violation-not-found"));
        } else if !seen.insert(*id) {
            checks.fault(at, Message::new("violation-twice"));
        }
    }
    ids.to_vec()
}

/// What a client agrees to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Consents {
    consents: Vec<ConsentField>,
}

/// Notes that a client agrees to exactly these; to the others they no longer do.
#[utoipa::path(method(put, patch), path = "/clients/{id}/consents", tag = "clients", params(("id" = Uuid, Path)),
    request_body = Consents, responses((status = 200, body = ClientView)))]
async fn set_consents(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Consents>,
) -> Result<Answer<ClientView>, Problem> {
    let set = |on: &Deciding<Client>| {
        let to = call.body.consents.iter().map(|consent| (*consent).into());
        Ok(Asked::of(ClientCommand::SetConsents {
            to: to.collect(),
            at: on.now,
        }))
    };
    let done = app.send(&call, Target::at(id), set).await?;
    app.answer(call.caller.business(), &done).await
}

/// Why a client is blocked.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Block {
    reason: Option<String>,
}

/// Refuses a client online booking.
#[utoipa::path(post, path = "/clients/{id}/block", tag = "clients", params(("id" = Uuid, Path)),
    request_body = Option<Block>, responses((status = 200, body = ClientView)))]
async fn block(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Block>,
) -> Result<Answer<ClientView>, Problem> {
    let block = |on: &Deciding<Client>| {
        on.state.known()?;
        let reason = call.body.reason.as_deref();
        let reason = reason.map(|text| free_text("reason", text)).transpose()?;
        Ok(Asked::of(ClientCommand::Block {
            reason: reason.map(|reason| Sealed::open(Id::<Client>::new(id), reason)),
        }))
    };
    let done = app.send(&call, Target::at(id), block).await?;
    app.answer(call.caller.business(), &done).await
}

/// Lets a client book online again.
#[utoipa::path(post, path = "/clients/{id}/unblock", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClientView)))]
async fn unblock(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<ClientView>, Problem> {
    let unblock = |_: &Deciding<Client>| Ok(Asked::of(ClientCommand::Unblock));
    let done = app.send(&call, Target::at(id), unblock).await?;
    app.answer(call.caller.business(), &done).await
}
