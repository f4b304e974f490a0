//! What somebody may do changes, and what is told of them.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    access::{Access, AccessCommand, Right},
    contact::Email,
    id::Id,
    sealed::Sealed,
    staff::{Staff, StaffCommand},
    text::PersonName,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    inviting::language,
    view::{RoleField, UserView},
};
use crate::{
    app::App,
    checks::{Checks, Patch, given, patch},
    command::{Answer, Asked, At, Call, Decision, Done, Envelope, Outcome, Target},
    problem::Problem,
    texts::Message,
};

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    /// Null takes it away.
    #[serde(default, deserialize_with = "patch")]
    pub(crate) name: Patch<String>,
    /// With which they will sign in from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = "email", nullable = false)]
    pub(crate) email: Option<String>,
    /// The staff member that they are; null: none.
    #[serde(default, deserialize_with = "patch")]
    pub(crate) staff_id: Patch<Uuid>,
    /// In which they are written to; null: the house's first one.
    #[serde(default, deserialize_with = "patch")]
    pub(crate) language: Patch<String>,
}

/// As what somebody is to act.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleWanted {
    role: RoleField,
    /// The staff member that they are; absent: as it is.
    #[serde(default, deserialize_with = "patch")]
    staff_id: Patch<Uuid>,
}

/// Changes a user's name, address, language, or the staff member that they are.
#[utoipa::path(patch, path = "/users/{id}", tag = "access", params(("id" = Uuid, Path)), request_body = UserChange,
    responses((status = 200, body = UserView)))]
pub(super) async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<UserChange>,
) -> Result<Answer<UserView>, Problem> {
    let by = Some(call.caller.by());
    let done = app.change_user(&call, id, &call.body, by).await?;
    app.user_answer(call.caller.business(), &done).await
}

impl App {
    /// Changes what is told of a user. `by`: who does; none: they themselves. With another address, the links that were
    /// sent to the one until now are worth nothing.
    pub(crate) async fn change_user(
        &self,
        call: &Envelope,
        id: Uuid,
        wanted: &UserChange,
        by: Option<domain::access::By>,
    ) -> Result<Done, Problem> {
        let business = call.caller.business();
        self.execute(call, move |_| async move {
            let known = self.catalogue_now(business).await?;
            let loaded = self.load::<Access>(business, id).await?;
            call.expects(loaded.version)?;
            let user = loaded.state.user()?;
            let key = Id::<Access>::new(id);
            let mut checks = Checks::default();
            let email = checks.maybe("email", wanted.email.as_deref(), Email::parse);
            let name = checks.patch("name", &wanted.name, |name| PersonName::parse(name));
            let tag = checks.patch("language", &wanted.language, |tag| language(tag));
            let staff_id = wanted.staff_id.map(|id| id.map(Id::new));
            if let Some(Some(id)) = staff_id
                && !known.catalogue.staff.contains_key(&id)
            {
                checks.fault("staff_id", Message::new("violation-not-found"));
            }
            checks.done()?;

            // What is the same is compared open: sealed anew it would differ.
            let same_email = |email: &Email| user.email.value() == Some(email);
            let email = email.filter(|email| !same_email(email));
            let told_name = user.name.as_ref().and_then(|name| name.value());
            let name = name.filter(|name| name.as_ref() != told_name);
            let hashes = email.as_ref().map(|new| {
                (
                    user.email.value().map(|old| self.email_hash(old)),
                    self.email_hash(new),
                )
            });
            let mut commands = vec![AccessCommand::ChangeProfile {
                name: name.map(|name| name.map(|name| Sealed::open(key, name))),
                email: email.map(|email| Sealed::open(key, email)),
                language: tag,
                by,
            }];
            if let (Some(staff_id), Some(by)) = (staff_id, by) {
                commands.push(AccessCommand::TieStaff { staff_id, by });
            }
            let mut after = loaded.state.clone();
            let mut events = vec![];
            for command in commands {
                for event in after.decide(command)? {
                    after.apply(event.clone());
                    events.push(event);
                }
            }
            let mut decision = Decision::new(Outcome::changed(id));
            decision.leaves::<Access>(id, loaded.version, events.len(), after);
            decision.write::<Access>(self, id, loaded.version, &events)?;
            if let Some((old, new)) = hashes {
                if let Some(old) = old.filter(|old| *old != new) {
                    decision.released_names.push(self.email_name(old, id));
                }
                decision.names.push(self.email_name(new, id));
            }
            Ok(decision)
        })
        .await
    }

    /// Does one of those commands that could leave the house without an owner.
    async fn change_owner(
        &self,
        call: &Envelope,
        id: Uuid,
        commands: impl Fn(bool) -> Vec<AccessCommand> + Send + Sync,
    ) -> Result<Done, Problem> {
        let business = call.caller.business();
        let commands = &commands;
        self.execute(call, move |_| async move {
            let loaded = self.load::<Access>(business, id).await?;
            call.expects(loaded.version)?;
            let is_owner = loaded.state.user()?.role == domain::actor::Role::Owner;
            let mut decision = Decision::new(Outcome::changed(id));
            let other = is_owner && self.other_owner((business, id), &mut decision).await?;
            let mut after = loaded.state.clone();
            let mut events = vec![];
            for command in commands(other) {
                for event in after.decide(command)? {
                    after.apply(event.clone());
                    events.push(event);
                }
            }
            let is_shut_out = after.user()?.disabled && !events.is_empty();
            decision.leaves::<Access>(id, loaded.version, events.len(), after);
            decision.write::<Access>(self, id, loaded.version, &events)?;
            if let Some(staff_id) = loaded.state.user()?.staff_id.filter(|_| is_shut_out) {
                // Whoever has its address sees their calendar, and they have it.
                let staff = self.load::<Staff>(business, staff_id.uuid()).await?;
                let events = staff.state.decide(StaffCommand::CloseFeed)?;
                decision.write::<Staff>(self, staff_id.uuid(), staff.version, &events)?;
            }
            Ok(decision)
        })
        .await
    }
}

/// Has somebody act as something else. It holds at once, in the sessions that they have too.
#[utoipa::path(put, path = "/users/{id}/role", tag = "access", params(("id" = Uuid, Path)), request_body = RoleWanted,
    responses((status = 200, body = UserView)))]
pub(super) async fn set_role(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<RoleWanted>,
) -> Result<Answer<UserView>, Problem> {
    let business = call.caller.business();
    let (role, by) = (call.body.role.into(), call.caller.by());
    let staff_id = call.body.staff_id.map(|id| id.map(Id::new));
    if let Some(Some(staff)) = staff_id {
        let known = app.catalogue_now(business).await?;
        if !known.catalogue.staff.contains_key(&staff) {
            let absent = Message::new("violation-not-found");
            return Err(Problem::field("staff_id", absent));
        }
    }
    let done = app
        .change_owner(&call, id, |other_owner| {
            let change = AccessCommand::ChangeRole {
                role,
                by,
                other_owner,
            };
            let tie = staff_id.map(|staff_id| AccessCommand::TieStaff { staff_id, by });
            std::iter::once(change).chain(tie).collect()
        })
        .await?;
    app.user_answer(business, &done).await
}

/// Lets somebody have a single right over their role.
#[utoipa::path(put, path = "/users/{id}/rights/{right}", tag = "access",
    params(("id" = Uuid, Path), ("right" = String, Path, description = "Such as `see_phones`")),
    responses((status = 200, body = UserView)))]
pub(super) async fn give(
    State(app): State<App>,
    At((id, right)): At<(Uuid, Right)>,
    call: Call,
) -> Result<Answer<UserView>, Problem> {
    let by = call.caller.by();
    let ask = |_: &_| Ok(Asked::of(AccessCommand::GiveRight { right, by }));
    let done = app.send::<Access>(&call, Target::at(id), ask).await?;
    app.user_answer(call.caller.business(), &done).await
}

/// Takes a single right from somebody, though their role has it, or the one that was given.
#[utoipa::path(delete, path = "/users/{id}/rights/{right}", tag = "access",
    params(("id" = Uuid, Path), ("right" = String, Path, description = "Such as `see_phones`")),
    responses((status = 200, body = UserView)))]
pub(super) async fn take(
    State(app): State<App>,
    At((id, right)): At<(Uuid, Right)>,
    call: Call,
) -> Result<Answer<UserView>, Problem> {
    let by = call.caller.by();
    let ask = |_: &_| Ok(Asked::of(AccessCommand::TakeRight { right, by }));
    let done = app.send::<Access>(&call, Target::at(id), ask).await?;
    app.user_answer(call.caller.business(), &done).await
}

/// Keeps somebody from signing in. Their sessions end, the keys that they issued are worth nothing, and the calendar feed
/// of the staff member that they are is closed.
#[utoipa::path(post, path = "/users/{id}/disable", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = UserView)))]
pub(super) async fn disable(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<UserView>, Problem> {
    let business = call.caller.business();
    let by = call.caller.by();
    let done = app
        .change_owner(&call, id, |other_owner| {
            vec![AccessCommand::Disable {
                user: Some(id),
                by,
                other_owner,
            }]
        })
        .await?;
    app.tables().end_sessions((business, id), None).await?;
    app.user_answer(business, &done).await
}

/// Lets somebody sign in again.
#[utoipa::path(post, path = "/users/{id}/enable", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = UserView)))]
pub(super) async fn enable(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<UserView>, Problem> {
    let by = call.caller.by();
    let ask = |_: &_| Ok(Asked::of(AccessCommand::Enable { by }));
    let done = app.send::<Access>(&call, Target::at(id), ask).await?;
    app.user_answer(call.caller.business(), &done).await
}

/// Takes somebody's second factor away, for who has lost the authenticator and the codes: they sign in with their
/// password alone, and may set another one up.
#[utoipa::path(delete, path = "/users/{id}/totp", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = UserView)))]
pub(super) async fn remove_totp(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<UserView>, Problem> {
    let business = call.caller.business();
    let done = app
        .remove_second_factor(&call, id, call.caller.by())
        .await?;
    app.user_answer(business, &done).await
}
