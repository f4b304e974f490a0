//! One's password and second factor. No events: secrets stand in no ledger.

use axum::{extract::State, http::StatusCode};
use domain::access::Access;
use ledger::BusinessId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::{Sender, SignInRow, Try, UserKey, Who},
    app::App,
    command::{Answer, Call},
    problem::Problem,
    routes::{links::chosen, sign_in::too_many},
    texts::Message,
};

/// A new password, and the one until now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    #[schema(format = "password")]
    current_password: String,
    #[schema(format = "password", min_length = 8, max_length = 256)]
    new_password: String,
}

/// One's password, to show that it is oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    #[schema(format = "password")]
    password: String,
}

/// A code of the authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeTold {
    #[schema(example = "123456")]
    code: String,
}

/// What an authenticator is set up with. Shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = Authenticator)]
pub(super) struct EnrolmentView {
    /// To be typed (base32).
    secret: String,
    /// To be shown as a QR code (`otpauth://`).
    uri: String,
}

/// Codes for who has lost the authenticator, each good once. Shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Whoever asks has told their password. Wrong ones are counted as those of signing in are.
pub(super) async fn shown(
    app: &App,
    user: UserKey,
    sender: Sender,
    field: &str,
    password: Option<&str>,
) -> Result<SignInRow, Problem> {
    let Some(password) = password else {
        return Err(Problem::field(field, Message::new("violation-missing")));
    };
    let row = app.tables().sign_in(user).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let loaded = app.load::<Access>(user.0, user.1).await?;
    let email = loaded.state.user()?.email.value();
    let email = email.map(|email| app.email_hash(email)).unwrap_or_default();
    let now = app.now();
    let who = Who { sender, email };
    let tried = app.throttle().take(&who, now).await?;
    if let Try::Known(wait) = tried.map_err(too_many)?
        && !app.throttle().knows(&who, user.1, now).await?
    {
        return Err(too_many(wait));
    }
    let password: SecretString = password.to_owned().into();
    let matches = app.passwords().matches(password, row.password_hash.clone());
    if !matches.await? {
        let wrong = Message::new("violation-wrong-password");
        return Err(Problem::field(field, wrong));
    }
    app.throttle().signed_in(&who, user.1, now).await?;
    Ok(row)
}

/// Changes one's password, in every business where one has this address and this password. All other sessions end.
#[utoipa::path(post, path = "/me/password", tag = "access", request_body = PasswordChange,
    responses((status = 204)))]
pub(super) async fn change_password(
    State(app): State<App>,
    sender: Sender,
    call: Call<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let user = (call.caller.business(), call.caller.user()?);
    let new = chosen("new_password", &call.body.new_password)?;
    let current = &call.body.current_password;
    shown(&app, user, sender, "current_password", Some(current)).await?;
    let hash = app.passwords().hash(new).await?;
    let loaded = app.load::<Access>(user.0, user.1).await?;
    let mut theirs = vec![];
    if let Some(email) = loaded.state.user()?.email.value() {
        theirs = app.tables().sign_ins(&app.email_hash(email), None).await?;
    }
    let own = call.caller.token();
    for row in theirs {
        let key = (BusinessId(row.business_id), row.user_id);
        let Some(old) = row.password_hash else {
            continue;
        };
        let current: SecretString = current.clone().into();
        if key == user || app.passwords().matches(current, Some(old)).await? {
            app.tables().set_password(key, &hash).await?;
            for ended in app.tables().end_sessions(key, Some(own)).await? {
                app.known().forget(&ended);
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to set up an authenticator. It counts once a code of it was told to `POST /me/totp/confirm`.
#[utoipa::path(post, path = "/me/totp", tag = "access", request_body = Proof,
    responses((status = 200, body = EnrolmentView)))]
pub(super) async fn enrol(
    State(app): State<App>,
    sender: Sender,
    call: Call<Proof>,
) -> Result<Answer<EnrolmentView>, Problem> {
    let user = (call.caller.business(), call.caller.user()?);
    let password = Some(call.body.password.as_str());
    shown(&app, user, sender, "password", password).await?;
    let known = app.catalogue(user.0).await?;
    let loaded = app.load::<Access>(user.0, user.1).await?;
    let email = loaded.state.user()?.email.value();
    let account = email.map_or("user", |email| email.as_str());
    let begun = app
        .enrol(user, account, known.settings()?.name.as_str())
        .await?;
    Ok(Answer::ok(EnrolmentView {
        secret: begun.secret,
        uri: begun.uri,
    }))
}

/// Tells a code of the authenticator: from now on one is asked for. Answers with codes for who loses it.
#[utoipa::path(post, path = "/me/totp/confirm", tag = "access", request_body = CodeTold,
    responses((status = 200, body = RecoveryCodes)))]
pub(super) async fn confirm(
    State(app): State<App>,
    call: Call<CodeTold>,
) -> Result<Answer<RecoveryCodes>, Problem> {
    let user = (call.caller.business(), call.caller.user()?);
    let codes = app.confirm_factor(user, &call.body.code).await?;
    let wrong = || Problem::field("code", Message::new("violation-totp-code"));
    Ok(Answer::ok(RecoveryCodes {
        recovery_codes: codes.ok_or_else(wrong)?,
    }))
}

/// Takes the second factor away: no code is asked for any more.
#[utoipa::path(post, path = "/me/totp/remove", tag = "access", request_body = Proof,
    responses((status = 204)))]
pub(super) async fn remove(
    State(app): State<App>,
    sender: Sender,
    call: Call<Proof>,
) -> Result<StatusCode, Problem> {
    let user = (call.caller.business(), call.caller.user()?);
    let password = Some(call.body.password.as_str());
    shown(&app, user, sender, "password", password).await?;
    app.tables().remove_totp(user).await?;
    Ok(StatusCode::NO_CONTENT)
}
