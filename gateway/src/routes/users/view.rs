//! A user as the API shows them.

use domain::{
    access::{Access, Right, User},
    actor::Role,
    id::Id,
};
use ledger::{BusinessId, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::role_word,
    app::App,
    command::{Answer, Done},
    problem::Problem,
};

/// As what somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(crate) enum RoleField {
    Owner,
    Admin,
    Manager,
    Staff,
}

impl From<RoleField> for Role {
    fn from(role: RoleField) -> Self {
        match role {
            RoleField::Owner => Self::Owner,
            RoleField::Admin => Self::Admin,
            RoleField::Manager => Self::Manager,
            RoleField::Staff => Self::Staff,
        }
    }
}

/// A user.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    id: Uuid,
    /// With which they sign in; null once it was erased.
    email: Option<String>,
    name: Option<String>,
    #[schema(value_type = RoleField)]
    role: &'static str,
    /// The staff member that they are.
    staff_id: Option<Uuid>,
    /// In which they are written to; null: the house's first one.
    language: Option<String>,
    /// `invited`, `active` or `disabled`.
    state: &'static str,
    rights: RightsView,
    /// As in its `ETag`.
    version: i64,
}

/// What somebody may do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Rights)]
pub(crate) struct RightsView {
    /// All that they may.
    all: Vec<&'static str>,
    /// Of these, what they have over their role.
    given: Vec<&'static str>,
    /// What they have not, though their role has.
    taken: Vec<&'static str>,
}

impl UserView {
    pub(crate) fn of(id: Uuid, user: &User, version: Version, has_password: bool) -> Self {
        let state = match (user.disabled, has_password) {
            (true, _) => "disabled",
            (false, true) => "active",
            (false, false) => "invited",
        };
        let words = |rights: domain::access::Rights| rights.iter().map(Right::word).collect();
        Self {
            id,
            email: user.email.value().map(|email| email.as_str().to_owned()),
            name: user
                .name
                .as_ref()
                .and_then(|name| name.value())
                .map(ToString::to_string),
            role: role_word(user.role),
            staff_id: user.staff_id.map(Id::uuid),
            language: user.language.as_ref().map(|tag| tag.as_str().to_owned()),
            state,
            rights: RightsView {
                all: words(user.rights()),
                given: words(user.given),
                taken: words(user.taken),
            },
            version: version.0,
        }
    }
}

impl App {
    /// A user as they stand now.
    pub(crate) async fn user_view(
        &self,
        business: BusinessId,
        id: Uuid,
    ) -> Result<(UserView, Version), Problem> {
        let loaded = self.load::<Access>(business, id).await?;
        let having = self.tables().with_password(business).await?;
        let view = UserView::of(
            id,
            loaded.state.user()?,
            loaded.version,
            having.contains(&id),
        );
        Ok((view, loaded.version))
    }

    /// The answer to a command on a user.
    pub(crate) async fn user_answer(
        &self,
        business: BusinessId,
        done: &Done,
    ) -> Result<Answer<UserView>, Problem> {
        let id = done.id();
        let version = done
            .versions
            .iter()
            .find(|(stream, _)| stream.id == id)
            .map(|(_, version)| *version)
            .ok_or_else(Problem::not_found)?;
        let loaded = self.after::<Access>(business, done, id, version).await?;
        let having = self.tables().with_password(business).await?;
        let view = UserView::of(id, loaded.state.user()?, version, having.contains(&id));
        let answer = Answer::to(done, view).version(version);
        Ok(if done.outcome.status == 201 {
            answer.location(format!("/api/v1/users/{id}"))
        } else {
            answer
        })
    }
}
