//! Signing in and out.

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use domain::contact::Email;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    access::{Caller, Sender, SignInRow, Token, cookie_header, cookie_taken_away, same_site},
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
}

/// A session that has begun. Browsers get its token as a cookie, too.
#[derive(Serialize, ToSchema)]
struct Session {
    /// For `Authorization: Bearer`.
    token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    user_id: Uuid,
    business_id: Uuid,
    /// The business's slug.
    business: String,
}

/// Begins a session. Five wrong tries in a row for one address and e-mail, then one a minute.
#[utoipa::path(post, path = "/sign-in", tag = "access", request_body = SignIn,
    responses((status = 200, body = Session, headers(("Set-Cookie" = String, description = "The session, for browsers")))))]
async fn sign_in(
    State(app): State<App>,
    Sender(sender): Sender,
    request: Request,
) -> Result<Response, Problem> {
    refuse_other_sites(request.headers())?;
    let asked: SignIn = read_body(request, &app).await?;
    let wrong = || Problem::new(Code::BadCredentials);
    let email =
        Email::parse(&asked.email).map_err(|error| Problem::field("email", error.into()))?;
    let email_hash = app.email_hash(&email);
    let (who, now) = ((sender, email_hash), app.now());
    if let Err(seconds) = app.throttle().take(who, now) {
        return Err(Problem::new(Code::TooManyRequests).retry_after(seconds));
    }
    let users = app
        .tables()
        .sign_ins(&email_hash, asked.business.as_deref());
    let mut matching = matching(&app, users.await?, asked.password.into()).await?;
    let user = match matching.len() {
        0 => return Err(wrong()),
        1 => matching.remove(0),
        _ => return Err(which_business(&matching)),
    };
    app.throttle().forget(&who);

    let token = Token::session();
    let length = app.settings().session;
    let expires_at = now.saturating_add(length).map_err(Problem::internal)?;
    app.tables()
        .begin_session(&user, &token.hash(), now, expires_at)
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
        business: user.slug,
    };
    Ok((headers, Json(session)).into_response())
}

/// Those of the users whose password it is. Where there are none it takes as long as for one.
async fn matching(
    app: &App,
    users: Vec<SignInRow>,
    password: SecretString,
) -> Result<Vec<SignInRow>, Problem> {
    if users.is_empty() {
        app.passwords().matches(password, None).await?;
        return Ok(vec![]);
    }
    let mut matching = vec![];
    for user in users {
        let hash = Some(user.password_hash.clone());
        if app.passwords().matches(password.clone(), hash).await? {
            matching.push(user);
        }
    }
    Ok(matching)
}

fn which_business(users: &[SignInRow]) -> Problem {
    let slugs: Vec<_> = users.iter().map(|user| user.slug.as_str()).collect();
    let message = Message::new("violation-which-business").with("slugs", slugs.join(", "));
    Problem::field("business", message)
}

/// A page of another site must not sign its visitor in as somebody else.
fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Problem> {
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
