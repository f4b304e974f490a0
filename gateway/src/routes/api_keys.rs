//! API keys: what programs call with.

use axum::extract::State;
use domain::{
    access::{Access, AccessCommand, Right, Rights},
    id::Id,
    text::Label,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    access::{ApiKeyRow, Issued, KeySecret, MOST_ISSUERS, NewKey, role_word},
    app::App,
    catalogue::Known,
    checks::{Checks, given},
    command::{Answer, Ask, Asked, At, Call, Deciding, Target},
    page::{Page, PageQuery, page_of},
    problem::{Code, Problem},
    routes::users::RoleField,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, issue))
        .routes(routes!(show, change, revoke))
}

/// A key to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyWanted {
    /// What it is for.
    name: String,
    role: RoleField,
    /// On whose behalf, if a staff member's.
    staff_id: Option<Uuid>,
    /// Until when; null: until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The rights that it has, of those of its role; null: all of them. Never more than who issues it has.
    #[schema(example = json!(["see_bookings", "see_catalogue"]))]
    scopes: Option<Vec<String>>,
}

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct KeyView {
    id: Uuid,
    name: String,
    #[schema(value_type = RoleField)]
    role: &'static str,
    staff_id: Option<Uuid>,
    /// The rights that it has, of those of its role; null: all of them.
    scopes: Option<Vec<&'static str>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<ApiKeyRow> for KeyView {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: role_word(row.role),
            staff_id: row.staff_id.map(Id::uuid),
            scopes: row
                .scopes
                .map(|scopes| scopes.iter().map(Right::word).collect()),
            created_at: row.made_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// A key that was issued, with its secret: shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct IssuedKey {
    /// The key itself.
    api_key: String,
    #[serde(flatten)]
    key: KeyView,
}

impl KeyWanted {
    fn key(&self, known: &Known, now: Timestamp) -> Result<NewKey, Problem> {
        let mut checks = Checks::default();
        let name = checks.take("name", Label::parse(&self.name));
        let staff_id = self.staff_id.map(Id::new);
        if staff_id.is_some_and(|id| !known.catalogue.staff.contains_key(&id)) {
            checks.fault("staff_id", Message::new("violation-not-found"));
        }
        let scopes = self.scopes.as_ref().map(|words| scopes(words, &mut checks));
        if self.expires_at.is_some_and(|at| at <= now) {
            checks.fault("expires_at", Message::new("violation-past"));
        }
        let (Some(name), true) = (name, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(NewKey {
            name,
            role: self.role.into(),
            staff_id,
            expires_at: self.expires_at,
            scopes,
        })
    }
}

/// Reads the words for rights.
fn scopes(words: &[String], checks: &mut Checks) -> Rights {
    let mut found = Rights::NONE;
    for (number, word) in words.iter().enumerate() {
        match Right::ALL
            .iter()
            .copied()
            .find(|right| right.word() == word)
        {
            Some(right) => found = found.with(right),
            None => checks.fault(format!("scopes[{number}]"), Message::new("violation-right")),
        }
    }
    found
}

/// Issues an API key. It can do no more than who issues it, now and later: if they lose a right, so does the key; and a
/// key that was issued with another one is good for as long as that one is.
#[utoipa::path(post, path = "/api-keys", tag = "access", request_body = KeyWanted,
    responses((status = 201, body = IssuedKey)))]
async fn issue(
    State(app): State<App>,
    call: Call<KeyWanted>,
) -> Result<Answer<IssuedKey>, Problem> {
    let business = call.caller.business();
    let target = Target::new(app.new_id());
    let done = app
        .send::<Access>(&call, target, |on| {
            if call.caller.issuers() >= MOST_ISSUERS {
                let most = i64::try_from(MOST_ISSUERS).unwrap_or(i64::MAX);
                let most = Message::new("detail-keys-in-a-row").with_number("max", most);
                return Err(Problem::new(Code::Forbidden).detail(most));
            }
            Ok(Asked::of(
                call.body.key(&on.known, on.now)?.command(call.caller.by()),
            ))
        })
        .await?;
    // On a replay the key is there already, and its secret comes out the same. Should the process have died between
    // the append and this, the replay makes up for it.
    let secret = match &call.key {
        Some(key) => KeySecret::Of(format!("{} {key}", call.caller.name())),
        None => KeySecret::Random,
    };
    let issued = app.load::<Access>(business, done.id()).await?;
    let (new, is_revoked) = NewKey::of(&issued.state).ok_or_else(Problem::not_found)?;
    let key = Issued {
        id: done.id(),
        new,
        issued_by: call.caller.issuer(),
        is_revoked,
    };
    let api_key = app.keep_key(business, key, secret).await?;
    let row = app.tables().key(business, done.id()).await?;
    let key = KeyView::from(row.ok_or_else(Problem::not_found)?);
    let location = format!("/api/v1/api-keys/{}", done.id());
    let answer = Answer::to(&done, IssuedKey { api_key, key }).location(location);
    Ok(match done.stream::<Access>() {
        Some((_, version)) => answer.version(version),
        None => answer,
    })
}

/// All API keys, the oldest first; those that were revoked too.
#[utoipa::path(get, path = "/api-keys", tag = "access", params(PageQuery),
    responses((status = 200, body = Page<KeyView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<KeyView>>, Problem> {
    let keys = app.tables().keys(ask.caller.business()).await?;
    let keys = keys.into_iter().map(|row| (row.id, row.into()));
    Ok(Answer::ok(page_of(keys, &ask.query, &ask.list())?))
}

/// One API key, without its secret.
#[utoipa::path(get, path = "/api-keys/{id}", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = KeyView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<KeyView>, Problem> {
    let business = ask.caller.business();
    let row = app.tables().key(business, id).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let version = app.load::<Access>(business, id).await?.version;
    Ok(Answer::ok(row.into()).version(version))
}

/// What is to change of a key; what it may do is settled when it is issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyChange {
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
}

/// Renames an API key.
#[utoipa::path(patch, path = "/api-keys/{id}", tag = "access", params(("id" = Uuid, Path)),
    request_body = KeyChange, responses((status = 200, body = KeyView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<KeyChange>,
) -> Result<Answer<KeyView>, Problem> {
    let business = call.caller.business();
    let rename = |on: &Deciding<Access>| {
        let (standing, _) = NewKey::of(&on.state).ok_or_else(Problem::not_found)?;
        let mut checks = Checks::default();
        let name = checks.maybe("name", call.body.name.as_deref(), Label::parse);
        checks.done()?;
        Ok(Asked::of(AccessCommand::RenameApiKey {
            name: name.unwrap_or(standing.name),
        }))
    };
    let done = app.send(&call, Target::at(id), rename).await?;
    // The list shows what the key is called now; the answer, what this command called it.
    let now = app.load::<Access>(business, id).await?;
    let (now, _) = NewKey::of(&now.state).ok_or_else(Problem::not_found)?;
    app.tables().rename_key(business, id, &now.name).await?;
    let row = app.tables().key(business, id).await?;
    let (_, version) = done.stream::<Access>().ok_or_else(Problem::not_found)?;
    let left = app.after::<Access>(business, &done, id, version).await?;
    let (left, _) = NewKey::of(&left.state).ok_or_else(Problem::not_found)?;
    let view = KeyView {
        name: left.name.to_string(),
        ..row.ok_or_else(Problem::not_found)?.into()
    };
    Ok(Answer::to(&done, view).version(version))
}

/// Revokes an API key: from now on it answers 401.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn revoke(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer, Problem> {
    let business = call.caller.business();
    // What will be refused must not shut anybody out.
    if !app.was_done(&call).await? {
        call.expects(app.load::<Access>(business, id).await?.version)?;
    }
    // The key first, the fact after it: nothing that fails in between leaves the key good.
    app.shut_out(business, id).await?;
    let revoke = |_: &Deciding<Access>| Ok(Asked::of(AccessCommand::RevokeApiKey));
    let done = app.send(&call, Target::at(id), revoke).await?;
    Ok(Answer::nothing(&done))
}
