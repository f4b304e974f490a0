//! Links that are good once: an invitation taken up, a new password.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use domain::{
    access::{Access, AccessCommand},
    contact::Email,
};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::sign_in::{Session, agent, begin, refuse_other_sites, too_many};
use crate::{
    access::{LinkKind, PASSWORD_MIN, Sender, Token},
    app::App,
    command::{Asked, Envelope, Target, read_body},
    problem::Problem,
    texts::Message,
};

/// The longest password that is taken, in characters.
const PASSWORD_MAX: usize = 256;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(accept))
        .routes(routes!(ask))
        .routes(routes!(reset))
}

/// A password chosen by link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Chosen {
    /// What stands behind `#` in the link.
    token: String,
    #[schema(format = "password", min_length = 8, max_length = 256)]
    password: String,
}

/// Who wants a new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    #[schema(format = "email")]
    email: String,
}

/// A password that may be chosen.
///
/// # Errors
/// 422 when it is too short, or longer than anybody types.
pub(crate) fn chosen(field: &str, password: &str) -> Result<SecretString, Problem> {
    let length = password.chars().count();
    if (PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        return Ok(password.to_owned().into());
    }
    let range = Message::new("violation-password-length")
        .with_number("least", i64::try_from(PASSWORD_MIN).unwrap_or(i64::MAX))
        .with_number("most", i64::try_from(PASSWORD_MAX).unwrap_or(i64::MAX));
    Err(Problem::field(field, range))
}

fn not_good() -> Problem {
    Problem::not_found().detail(Message::new("detail-link-used"))
}

/// Takes an invitation up: sets the password, and signs in.
#[utoipa::path(post, path = "/invitations/accept", tag = "access", request_body = Chosen,
    responses((status = 200, body = Session, headers(("Set-Cookie" = String, description = "The session, for browsers")))))]
async fn accept(
    State(app): State<App>,
    sender: Sender,
    request: Request,
) -> Result<Response, Problem> {
    refuse_other_sites(request.headers())?;
    let agent = agent(request.headers());
    let asked: Chosen = read_body(request, &app).await?;
    let now = app.now();
    let tried = app.throttle().take_sender(sender, now).await?;
    tried.map_err(too_many)?;
    let password = chosen("password", &asked.password)?;
    let token = Token::sent_link(&asked.token).hash();
    let found = app.tables().link(LinkKind::Invitation, &token, now).await?;
    let Some((business, user)) = found.first().copied() else {
        return Err(not_good());
    };
    let hash = app.passwords().hash(password).await?;
    // The fact first: should this process die before the rest, the link is still good.
    let call = Envelope::of_user(&app, business, user).await?;
    let join = |_: &_| Ok(Asked::of(AccessCommand::Join));
    app.send::<Access>(&call, Target::at(user), join).await?;
    let used = app
        .tables()
        .use_link(LinkKind::Invitation, &token, &hash, now)
        .await?;
    if used.is_none() {
        return Err(not_good());
    }
    let row = app.tables().sign_in((business, user)).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    begin(&app, &row, agent.as_deref()).await
}

/// Asks for a link to a new password. Whether anybody has the address, the answer does not tell, nor the time it takes.
#[utoipa::path(post, path = "/password-reset", tag = "access", request_body = Forgotten,
    responses((status = 202, description = "If somebody signs in with this address, a letter is on its way")))]
async fn ask(
    State(app): State<App>,
    sender: Sender,
    request: Request,
) -> Result<StatusCode, Problem> {
    refuse_other_sites(request.headers())?;
    let asked: Forgotten = read_body(request, &app).await?;
    let email =
        Email::parse(&asked.email).map_err(|error| Problem::field("email", error.into()))?;
    let now = app.now();
    let tried = app.throttle().take_sender(sender, now).await?;
    tried.map_err(too_many)?;
    let hash = app.email_hash(&email);
    tokio::spawn(async move {
        let sent = async {
            match app.throttle().take_letter(&hash, now).await? {
                Ok(()) => app.send_reset(&hash).await,
                Err(_) => Ok(()),
            }
        };
        if let Err(problem) = sent.await {
            tracing::error!(error = %problem, "a link to a new password could not be made");
        }
    });
    Ok(StatusCode::ACCEPTED)
}

/// Sets a new password by link, in every business of the address that it was sent to. All sessions end.
#[utoipa::path(post, path = "/password-reset/confirm", tag = "access", request_body = Chosen,
    responses((status = 204)))]
async fn reset(
    State(app): State<App>,
    sender: Sender,
    request: Request,
) -> Result<StatusCode, Problem> {
    refuse_other_sites(request.headers())?;
    let asked: Chosen = read_body(request, &app).await?;
    let now = app.now();
    let tried = app.throttle().take_sender(sender, now).await?;
    tried.map_err(too_many)?;
    let password = chosen("password", &asked.password)?;
    let token = Token::sent_link(&asked.token).hash();
    let tables = app.tables();
    let users = tables.link(LinkKind::Reset, &token, now).await?;
    if users.is_empty() {
        return Err(not_good());
    }
    let hash = app.passwords().hash(password).await?;
    // Who was invited and asked for a new password instead of following that link has come by this one.
    for (business, user) in users {
        let loaded = app.ledger().load::<Access>(business, user).await?;
        let invited = loaded.state.user();
        if invited.is_ok_and(|user| !user.joined && !user.disabled) {
            let call = Envelope::of_user(&app, business, user).await?;
            let join = |_: &_| Ok(Asked::of(AccessCommand::Join));
            app.send::<Access>(&call, Target::at(user), join).await?;
        }
    }
    let ended = tables.use_link(LinkKind::Reset, &token, &hash, now).await?;
    for session in ended.ok_or_else(not_good)? {
        app.known().forget(&session);
    }
    Ok(StatusCode::NO_CONTENT)
}
