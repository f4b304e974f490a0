//! Signing in and out.

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, SET_COOKIE, USER_AGENT},
    },
    response::{IntoResponse, Response},
};
use domain::{access::Access, contact::Email};
use jiff::Timestamp;
use ledger::BusinessId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    access::{
        Caller, Sender, SignInRow, Token, Try, Wait, Who, cookie_header, cookie_taken_away,
        same_site,
    },
    app::App,
    command::read_body,
    problem::{Code, Problem},
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    #[schema(format = "email")]
    email: String,
    #[schema(format = "password")]
    password: String,
    /// The slug of the business: only for who has the same address and password in several.
    business: Option<String>,
    /// Of the authenticator, for who has one; or one of the codes for who has lost it.
    code: Option<String>,
}

/// A session that has begun. Browsers get its token as a cookie, too.
#[derive(Serialize, ToSchema)]
#[schema(as = NewSession)]
pub(crate) struct Session {
    /// For `Authorization: Bearer`.
    token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    user_id: Uuid,
    business_id: Uuid,
    /// The business's slug.
    business: String,
}

/// Begins a session. Five wrong tries in a row for one address and e-mail, then one a minute; strangers' tries from
/// elsewhere do not count for who has signed in from here before. Where a second factor is on: 401 `code_required` until
/// its code is told too.
#[utoipa::path(post, path = "/sign-in", tag = "access", request_body = SignIn,
    responses((status = 200, body = Session, headers(("Set-Cookie" = String, description = "The session, for browsers")))))]
async fn sign_in(
    State(app): State<App>,
    sender: Sender,
    request: Request,
) -> Result<Response, Problem> {
    refuse_other_sites(request.headers())?;
    let agent = agent(request.headers());
    let asked: SignIn = read_body(request, &app).await?;
    let email =
        Email::parse(&asked.email).map_err(|error| Problem::field("email", error.into()))?;
    let email_hash = app.email_hash(&email);
    let (who, now) = (
        Who {
            sender,
            email: email_hash,
        },
        app.now(),
    );
    let tried = app.throttle().take(&who, now).await?;
    let tried = tried.map_err(too_many)?;
    let users = app
        .tables()
        .sign_ins(&email_hash, asked.business.as_deref());
    let users = those_who_may(&app, users.await?, &who, tried).await?;
    let mut matching = matching(&app, users, asked.password.into()).await?;
    let user = match matching.len() {
        0 => return Err(Problem::new(Code::BadCredentials)),
        1 => matching.remove(0),
        _ => return Err(which_business(&matching)),
    };
    if user.totp.is_some() {
        let Some(code) = &asked.code else {
            return Err(Problem::new(Code::CodeRequired));
        };
        if !app.use_code(&user, code).await? {
            let wrong = Message::new("detail-wrong-code");
            return Err(Problem::new(Code::CodeRequired).detail(wrong));
        }
    }
    app.throttle().signed_in(&who, user.user_id, now).await?;
    begin(&app, &user, agent.as_deref()).await
}

/// 429.
pub(crate) fn too_many(Wait(seconds): Wait) -> Problem {
    Problem::new(Code::TooManyRequests).retry_after(seconds)
}

/// What a browser calls itself: by it people know their sessions.
pub(crate) fn agent(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(said.chars().take(200).collect())
}

/// Begins a session of somebody who has shown who they are.
pub(crate) async fn begin(
    app: &App,
    user: &SignInRow,
    agent: Option<&str>,
) -> Result<Response, Problem> {
    let token = Token::session();
    let (now, length) = (app.now(), app.settings().session);
    let expires_at = now.saturating_add(length).map_err(Problem::internal)?;
    app.tables()
        .begin_session(user, &token.hash(), agent, (now, expires_at))
        .await?;
    let headers = [
        (SET_COOKIE, cookie_header(&token, length.as_secs())),
        (
            CACHE_CONTROL,
            axum::http::HeaderValue::from_static("no-store"),
        ),
    ];
    let session = Session {
        token: token.reveal().to_owned(),
        expires_at,
        user_id: user.user_id,
        business_id: user.business_id,
        business: user.slug.clone(),
    };
    Ok((headers, Json(session)).into_response())
}

/// Those of the users as whom one may try.
async fn those_who_may(
    app: &App,
    users: Vec<SignInRow>,
    who: &Who,
    tried: Try,
) -> Result<Vec<SignInRow>, Problem> {
    let wait = match tried {
        Try::Anybody => return Ok(users),
        Try::Known(wait) => wait,
    };
    let mut known = vec![];
    for user in users {
        if app.throttle().knows(who, user.user_id, app.now()).await? {
            known.push(user);
        }
    }
    if known.is_empty() {
        return Err(too_many(wait));
    }
    Ok(known)
}

/// Those of the users whose password it is, and who may sign in. Where there are none it takes as long as for one.
async fn matching(
    app: &App,
    users: Vec<SignInRow>,
    password: SecretString,
) -> Result<Vec<SignInRow>, Problem> {
    if users.iter().all(|user| user.password_hash.is_none()) {
        app.passwords().matches(password, None).await?;
        return Ok(vec![]);
    }
    let mut matching = vec![];
    for user in users {
        let Some(hash) = user.password_hash.clone() else {
            continue;
        };
        if !app
            .passwords()
            .matches(password.clone(), Some(hash))
            .await?
        {
            continue;
        }
        let business = BusinessId(user.business_id);
        let loaded = app.ledger().load::<Access>(business, user.user_id).await?;
        if loaded.state.user().is_ok_and(|user| !user.disabled) {
            matching.push(user);
        }
    }
    Ok(matching)
}

fn which_business(users: &[SignInRow]) -> Problem {
    let slugs: Vec<&str> = users.iter().map(|user| user.slug.as_str()).collect();
    let message = Message::new("violation-which-business").with("slugs", slugs.join(", "));
    Problem::field("business", message).with("businesses", json!(slugs))
}

/// A page of another site must not sign its visitor in as somebody else.
pub(crate) fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Problem> {
    let from_a_page = headers.contains_key("sec-fetch-site") || headers.contains_key("origin");
    if from_a_page && !same_site(headers) {
        return Err(Problem::new(Code::CrossSite));
    }
    Ok(())
}

/// Ends the session that the request comes with. For an API key there is nothing to end.
#[utoipa::path(post, path = "/sign-out", tag = "access", responses((status = 204)))]
async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    app.tables()
        .end_session(caller.business(), caller.token())
        .await?;
    app.known().forget(caller.token());
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie_taken_away())]).into_response())
}
