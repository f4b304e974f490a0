//! Somebody is let in: an invitation, by letter and told to the inviter.

use axum::extract::State;
use domain::{
    access::{Access, AccessCommand},
    contact::{Email, Language},
    id::Id,
    sealed::Sealed,
    text::PersonName,
};
use jiff::Timestamp;
use ledger::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{RoleField, UserView};
use crate::{
    access::{Token, random},
    app::App,
    checks::Checks,
    command::{Answer, At, Call, Decision, Envelope, Outcome},
    problem::Problem,
    texts::{Message, Speech},
};

/// Somebody to be let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserWanted {
    /// With which they will sign in; nobody else's of this business.
    #[schema(format = "email")]
    email: String,
    name: Option<String>,
    role: RoleField,
    /// The staff member that they are. Who has the role `staff` sees the bookings of this one, and without it none.
    staff_id: Option<Uuid>,
    /// In which they are written to; null: the house's first one.
    language: Option<String>,
}

/// A user who was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitedUser {
    #[serde(flatten)]
    user: UserView,
    /// Null once they have come.
    invitation: Option<InvitationView>,
}

/// An invitation: whoever follows it first chooses the password. It was sent by letter, too.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationView {
    /// To be opened in a browser.
    link: String,
    /// For `POST /invitations/accept`.
    token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Reads the language of a user: one of the six.
pub(crate) fn language(tag: &str) -> Result<Language, Message> {
    match Speech::named(tag) {
        Some(_) => Language::parse(tag).map_err(Message::from),
        None => Err(Message::new("violation-language")),
    }
}

/// Invites somebody: they get a letter with a link, by which they choose a password, and the inviter gets the link too.
#[utoipa::path(post, path = "/users", tag = "access", request_body = UserWanted,
    responses((status = 201, body = InvitedUser)))]
pub(super) async fn add(
    State(app): State<App>,
    call: Call<UserWanted>,
) -> Result<Answer<InvitedUser>, Problem> {
    let business = call.caller.business();
    let (body, app, call) = (&call.body, &app, &call);
    let id = app.new_id();
    let done = app
        .execute(call, move |_| async move {
            let known = app.catalogue_now(business).await?;
            let mut checks = Checks::default();
            let email = checks.take("email", Email::parse(&body.email));
            let name = checks.maybe("name", body.name.as_deref(), PersonName::parse);
            let language = checks.maybe("language", body.language.as_deref(), language);
            let staff_id = body.staff_id.map(Id::new);
            if staff_id.is_some_and(|id| !known.catalogue.staff.contains_key(&id)) {
                checks.fault("staff_id", Message::new("violation-not-found"));
            }
            let Some(email) = email.filter(|_| checks.is_clean()) else {
                return Err(checks.into());
            };
            let key = Id::<Access>::new(id);
            let hash = app.email_hash(&email);
            let events = Access::default().decide(AccessCommand::InviteUser {
                email: Sealed::open(key, email),
                name: name.map(|name| Sealed::open(key, name)),
                role: body.role.into(),
                staff_id,
                language,
                by: call.caller.by(),
            })?;
            let mut decision = Decision::new(Outcome::made(id));
            decision.write::<Access>(app, id, Version::NEW, &events)?;
            decision.names.push(app.email_name(hash, id));
            Ok(decision)
        })
        .await?;
    // On a replay all of this is there already, and comes out the same. Should the process have died between the
    // append and this, the replay makes up for it.
    let (answer, user) = app.user_answer(business, &done).await?.part();
    let invitation = app.invited(call, done.id(), done.replayed).await?;
    Ok(answer.with(InvitedUser { user, invitation }))
}

/// Invites somebody again who has not come yet. The older link is worth nothing from now on.
#[utoipa::path(post, path = "/users/{id}/invite", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvitedUser)))]
pub(super) async fn again(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<InvitedUser>, Problem> {
    let business = call.caller.business();
    let loaded = app.load::<Access>(business, id).await?;
    call.expects(loaded.version)?;
    let user = loaded.state.user()?;
    // Whoever has the link becomes them.
    let by = call.caller.by();
    by.stands_over(user.role)?;
    by.has_all(user.rights())?;
    let invitation = app.invited(&call, id, false).await?;
    if user.disabled || invitation.is_none() {
        return Err(domain::access::AccessError::NotInvited.into());
    }
    let (user, version) = app.user_view(business, id).await?;
    // Links are no events: nothing was written.
    let position = app.ledger().head(business).await?;
    Ok(Answer::ok(InvitedUser { user, invitation })
        .position(position)
        .version(version))
}

impl App {
    /// Makes a link for somebody who has not come yet. None: they have. On a replay, one that was made since stays.
    async fn invited(
        &self,
        call: &Envelope,
        id: Uuid,
        is_replay: bool,
    ) -> Result<Option<InvitationView>, Problem> {
        let business = call.caller.business();
        let loaded = self.load::<Access>(business, id).await?;
        let user = loaded.state.user()?;
        self.tables()
            .let_sign_in((business, id), self.now())
            .await?;
        if user.joined
            || user.disabled
            || self.tables().with_password(business).await?.contains(&id)
        {
            return Ok(None);
        }
        let secret = match &call.key {
            Some(key) => {
                let seed = format!("{id} {} {key}", call.caller.name());
                self.vault()
                    .keyed_hash(business.0, "invitation", seed.as_bytes())
            }
            None => random(),
        };
        let known = self.catalogue(business).await?;
        let made = self
            .invite((business, id), user, &known, Token::link(secret), is_replay)
            .await?;
        Ok(Some(InvitationView {
            link: made.link,
            token: made.token,
            expires_at: made.expires_at,
        }))
    }
}
