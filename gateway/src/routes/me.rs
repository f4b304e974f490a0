//! Oneself: who one is, what one may, one's profile, password and second factor.

mod secrets;

use axum::extract::State;
use domain::{
    access::{Access, Right},
    id::Id,
};
use ledger::{BusinessId, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::users::{RoleField, UserChange};
use crate::{
    access::{Caller, Sender, actor_word, role_word},
    app::App,
    checks::{Patch, given, patch},
    command::{Answer, Ask, Call, Done},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show, change))
        .routes(routes!(secrets::change_password))
        .routes(routes!(secrets::enrol))
        .routes(routes!(secrets::confirm))
        .routes(routes!(secrets::remove))
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
struct MeView {
    /// The user's, or the key's.
    id: Uuid,
    /// `user` or `api_key`.
    kind: &'static str,
    business: BusinessOfMine,
    #[schema(value_type = RoleField)]
    role: &'static str,
    /// All that they may.
    rights: Vec<&'static str>,
    /// The staff member that they are.
    staff_id: Option<Uuid>,
    /// Null for an API key, and once it was erased.
    email: Option<String>,
    name: Option<String>,
    /// In which they are written to; null: the house's first one.
    language: Option<String>,
    /// A code is asked for when they sign in.
    totp: bool,
    /// How many codes for a lost authenticator are left.
    recovery_codes: i64,
    /// As in the user's `ETag`; null for an API key.
    version: Option<i64>,
}

/// The business in which somebody acts.
#[derive(Debug, Serialize, ToSchema)]
struct BusinessOfMine {
    id: Uuid,
    slug: String,
    name: String,
}

/// What is to change of one's own profile; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MyChange {
    /// Null takes it away.
    #[serde(default, deserialize_with = "patch")]
    name: Patch<String>,
    /// With which one signs in from now on; asks for `password`.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = "email", nullable = false)]
    email: Option<String>,
    /// In which one is written to; null: the house's first one.
    #[serde(default, deserialize_with = "patch")]
    language: Patch<String>,
    /// One's password, for what only oneself may change.
    #[schema(format = "password")]
    password: Option<String>,
}

/// Who asks, and what they may.
#[utoipa::path(get, path = "/me", tag = "access", responses((status = 200, body = MeView)))]
async fn show(State(app): State<App>, ask: Ask) -> Result<Answer<MeView>, Problem> {
    me(&app, &ask.caller, None).await
}

/// As one stands; `after`: as a change of one's own left it.
async fn me(app: &App, caller: &Caller, after: Option<&Done>) -> Result<Answer<MeView>, Problem> {
    let business = caller.business();
    let known = app.catalogue(business).await?;
    let settings = known.settings()?;
    let actor = caller.actor();
    let role = actor.role.ok_or_else(Problem::not_found)?;
    let mut view = MeView {
        id: actor.id.ok_or_else(Problem::not_found)?,
        kind: actor_word(actor.kind),
        business: BusinessOfMine {
            id: business.0,
            slug: settings.slug.as_str().to_owned(),
            name: settings.name.to_string(),
        },
        role: role_word(role),
        rights: caller.rights().iter().map(Right::word).collect(),
        staff_id: caller.staff().map(Id::uuid),
        email: None,
        name: None,
        language: None,
        totp: false,
        recovery_codes: 0,
        version: None,
    };
    if let Ok(id) = caller.user() {
        let left = after.and_then(|done| Some((done, done.stream::<Access>()?)));
        let loaded = match left {
            Some((done, (id, version))) => app.after(business, done, id, version).await?,
            None => app.load::<Access>(business, id).await?,
        };
        let user = loaded.state.user()?;
        let row = app.tables().sign_in((business, id)).await?;
        view.email = user.email.value().map(|email| email.as_str().to_owned());
        view.name = user
            .name
            .as_ref()
            .and_then(|name| name.value())
            .map(ToString::to_string);
        view.language = user.language.as_ref().map(|tag| tag.as_str().to_owned());
        view.totp = row.is_some_and(|row| row.totp.is_some());
        view.recovery_codes = app.tables().recovery_codes((business, id)).await?;
        view.version = Some(loaded.version.0);
    }
    let version = view.version;
    let answer = match after {
        Some(done) => Answer::to(done, view),
        None => Answer::ok(view),
    };
    Ok(match version {
        Some(version) => answer.version(Version(version)),
        None => answer,
    })
}

/// Changes one's own name, address or language.
#[utoipa::path(patch, path = "/me", tag = "access", request_body = MyChange,
    responses((status = 200, body = MeView)))]
async fn change(
    State(app): State<App>,
    sender: Sender,
    call: Call<MyChange>,
) -> Result<Answer<MeView>, Problem> {
    let business: BusinessId = call.caller.business();
    let id = call.caller.user()?;
    if call.body.email.is_some() {
        let told = call.body.password.as_deref();
        secrets::shown(&app, (business, id), sender, "password", told).await?;
    }
    let wanted = UserChange {
        name: call.body.name.clone(),
        email: call.body.email.clone(),
        staff_id: None,
        language: call.body.language.clone(),
    };
    let done = app.change_user(&call, id, &wanted, None).await?;
    me(&app, &call.caller, Some(&done)).await
}
