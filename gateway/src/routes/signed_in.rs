//! From where people are signed in: their sessions, to be seen and ended.

use axum::{extract::State, http::StatusCode};
use domain::access::Access;
use jiff::Timestamp;
use ledger::BusinessId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    access::{Caller, SessionRow, UserKey},
    app::App,
    command::{Answer, Ask, At, Call},
    page::{Page, PageQuery, page_of},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(own))
        .routes(routes!(end_own))
        .routes(routes!(of_user))
        .routes(routes!(end_of_user))
}

/// From where somebody is signed in, without the token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
struct SignedInView {
    id: Uuid,
    user_id: Uuid,
    /// What the browser calls itself.
    agent: Option<String>,
    /// It is the one that asks.
    current: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

fn view(row: SessionRow, caller: &Caller) -> SignedInView {
    SignedInView {
        id: row.id,
        user_id: row.user_id,
        agent: row.agent,
        current: row.hash == *caller.token(),
        created_at: row.made_at,
        expires_at: row.expires_at,
        last_used_at: row.used_at,
    }
}

/// From where one is signed in, the oldest first.
#[utoipa::path(get, path = "/me/sessions", tag = "access", params(PageQuery),
    responses((status = 200, body = Page<SignedInView>)))]
async fn own(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<SignedInView>>, Problem> {
    let user = (ask.caller.business(), ask.caller.user()?);
    list(&app, &ask, user).await
}

/// Ends a session of one's own. Its token answers 401 at once.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn end_own(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<StatusCode, Problem> {
    let user = (call.caller.business(), call.caller.user()?);
    end(&app, user, id).await
}

/// From where a user is signed in, the oldest first.
#[utoipa::path(get, path = "/users/{id}/sessions", tag = "access", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<SignedInView>)))]
async fn of_user(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<SignedInView>>, Problem> {
    let business = ask.caller.business();
    app.ledger()
        .load::<Access>(business, id)
        .await?
        .state
        .user()?;
    list(&app, &ask, (business, id)).await
}

/// Ends a session of a user below oneself. Its token answers 401 at once.
#[utoipa::path(delete, path = "/users/{id}/sessions/{session_id}", tag = "access",
    params(("id" = Uuid, Path), ("session_id" = Uuid, Path)), responses((status = 204)))]
async fn end_of_user(
    State(app): State<App>,
    At((id, session)): At<(Uuid, Uuid)>,
    call: Call,
) -> Result<StatusCode, Problem> {
    let business: BusinessId = call.caller.business();
    let loaded = app.ledger().load::<Access>(business, id).await?;
    call.caller.by().stands_over(loaded.state.user()?.role)?;
    end(&app, (business, id), session).await
}

async fn list(
    app: &App,
    ask: &Ask<PageQuery>,
    (business, user): UserKey,
) -> Result<Answer<Page<SignedInView>>, Problem> {
    let rows = app.tables().sessions(business, user, app.now()).await?;
    let views = rows.into_iter().map(|row| (row.id, view(row, &ask.caller)));
    Ok(Answer::ok(page_of(views, &ask.query, &ask.list())?))
}

async fn end(app: &App, (business, user): UserKey, id: Uuid) -> Result<StatusCode, Problem> {
    let sessions = app.tables().sessions(business, user, app.now()).await?;
    let session = sessions.into_iter().find(|session| session.id == id);
    let hash = session.ok_or_else(Problem::not_found)?.hash;
    app.tables().end_session(business, &hash).await?;
    app.known().forget(&hash);
    Ok(StatusCode::NO_CONTENT)
}
