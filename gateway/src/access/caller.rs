//! Who sent a request.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue, Uri,
        header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, WWW_AUTHENTICATE},
        request::Parts,
    },
};
use domain::{
    access::{By, Right, Rights, User},
    actor::{Actor, ActorKind, Role, Source},
    id::Id,
    staff::Staff,
};
use ledger::{ActorRef, BusinessId};
use uuid::Uuid;

use super::{
    known::Known,
    rights::Entry,
    tables::role_word,
    tokens::{Token, TokenHash},
};
use crate::{
    app::App,
    problem::{Code, Problem},
    texts::Message,
};

/// Browsers send it back over TLS only, to this host only, and to no script.
pub(crate) const COOKIE_NAME: &str = "__Host-daybook";

/// Who sent a request, and in which business. All that a request may see or do is within that business; an id of
/// another one is as if it did not exist.
#[derive(Debug, Clone)]
pub struct Caller {
    business: BusinessId,
    actor: Actor,
    source: Source,
    rights: Rights,
    /// Whose bookings are theirs.
    staff: Option<Id<Staff>>,
    token: TokenHash,
    /// How many stand behind their key: who issued it, who issued that key, and so on.
    issuers: usize,
    /// What they are let in to do.
    pub(super) route: Option<&'static Entry>,
    /// Whose idempotency keys theirs are, where their id does not say.
    named: Option<String>,
}

impl Caller {
    /// Daybook itself, in a business: what the `daybook` command does.
    #[must_use]
    pub fn system(business: BusinessId) -> Self {
        Self {
            business,
            actor: Actor::system(),
            source: Source::System,
            rights: Right::ALL.iter().copied().collect(),
            staff: None,
            token: [0; 32],
            issuers: 0,
            route: None,
            named: None,
        }
    }

    /// A visitor of a business's public side, who has no rights but what those routes give.
    #[must_use]
    pub(crate) fn visitor(business: BusinessId) -> Self {
        Self {
            actor: Actor {
                kind: ActorKind::Client,
                id: None,
                role: None,
            },
            source: Source::PublicPage,
            rights: std::iter::empty().collect(),
            named: Some("visitor".to_owned()),
            ..Self::system(business)
        }
    }

    /// The same visitor, once it is known for whom they act, and by what their idempotency keys are told from others'.
    #[must_use]
    pub(crate) fn acting_for(mut self, client: Option<Uuid>, named: &str) -> Self {
        self.actor.id = client;
        self.named = Some(format!("visitor:{named}"));
        self
    }

    /// The business that they belong to.
    #[must_use]
    pub const fn business(&self) -> BusinessId {
        self.business
    }

    /// As events name them.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// As the ledger's envelopes name them.
    #[must_use]
    pub fn actor_ref(&self) -> ActorRef {
        ActorRef {
            kind: actor_word(self.actor.kind).to_owned(),
            id: self.actor.id,
            role: self.actor.role.map(|role| role_word(role).to_owned()),
        }
    }

    /// Through which door they came.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        source_word(self.source)
    }

    /// Whose idempotency keys theirs are.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(name) = &self.named {
            return name.clone();
        }
        let id = self.actor.id.unwrap_or_default();
        format!("{}:{id}", actor_word(self.actor.kind))
    }

    /// What they may do, over whatever they may see.
    #[must_use]
    pub const fn rights(&self) -> Rights {
        self.rights
    }

    /// As whoever decides about others' access sees them.
    #[must_use]
    pub fn by(&self) -> By {
        match (self.actor.id, self.actor.role) {
            (Some(id), Some(role)) => By::Somebody {
                id,
                role,
                rights: self.rights,
            },
            (None, _) | (_, None) => By::House,
        }
    }

    /// On whom a key hangs that this caller issues: a user, by their rights and for as long as they may sign in; a key,
    /// for as long as it is good.
    #[must_use]
    pub(crate) fn issuer(&self) -> Option<Uuid> {
        match self.actor.kind {
            ActorKind::User | ActorKind::ApiKey => self.actor.id,
            ActorKind::Client | ActorKind::Import | ActorKind::System => None,
        }
    }

    /// How many stand behind their key: who issued it, who issued that key, and so on.
    #[must_use]
    pub(crate) const fn issuers(&self) -> usize {
        self.issuers
    }

    /// The user who is signed in.
    ///
    /// # Errors
    /// 403 for an API key: it is nobody with a profile, sessions or a password.
    pub(crate) fn user(&self) -> Result<Uuid, Problem> {
        match (self.actor.kind, self.actor.id) {
            (ActorKind::User, Some(id)) => Ok(id),
            (_, Some(_) | None) => {
                Err(Problem::new(Code::Forbidden).detail(Message::new("detail-no-user")))
            }
        }
    }

    /// The staff member that they are, or on whose behalf they act.
    #[must_use]
    pub const fn staff(&self) -> Option<Id<Staff>> {
        self.staff
    }

    /// The staff member whose bookings alone are theirs. None: everyone's are.
    #[must_use]
    pub fn own(&self) -> Option<Id<Staff>> {
        match self.actor.role {
            // Who is tied to nobody has no bookings.
            Some(Role::Staff) => Some(self.staff.unwrap_or(Id::new(Uuid::nil()))),
            Some(Role::Owner | Role::Admin | Role::Manager) | None => None,
        }
    }

    /// What their queries may see.
    #[must_use]
    pub fn scope(&self) -> projections::Scope {
        let scope = match self.own() {
            Some(staff) => projections::Scope::bookings_of(self.business, staff),
            None => projections::Scope::whole(self.business),
        };
        if self.rights.has(Right::SeePhones) {
            scope
        } else {
            scope.without_contacts()
        }
    }

    pub(crate) const fn token(&self) -> &TokenHash {
        &self.token
    }

    /// Who sent it, asked anew.
    pub(crate) async fn find(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let (token, by_cookie) = token_of(&parts.headers)?;
        if by_cookie && !parts.method.is_safe() && !same_site(&parts.headers) {
            return Err(Problem::new(Code::CrossSite));
        }
        let known = app.known_caller(&token).await?.ok_or_else(unknown)?;
        Ok(Self::of(known, token.hash()))
    }

    fn of(known: Known, token: TokenHash) -> Self {
        let (kind, source) = if known.is_key {
            (ActorKind::ApiKey, Source::Api)
        } else {
            (ActorKind::User, Source::Panel)
        };
        Self {
            business: known.business,
            actor: Actor {
                kind,
                id: Some(known.id),
                role: Some(known.role),
            },
            source,
            rights: known.rights,
            staff: known.staff_id,
            token,
            issuers: known.issuers.len(),
            route: None,
            named: None,
        }
    }
}

impl Caller {
    /// A user, in what they do before they are signed in: taking an invitation up.
    pub(crate) fn joining(business: BusinessId, id: Uuid, user: &User) -> Self {
        let known = Known {
            business,
            id,
            is_key: false,
            role: user.role,
            rights: user.rights(),
            staff_id: user.staff_id,
            issuers: vec![],
            expires_at: None,
        };
        Self::of(known, [0; 32])
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let caller = Self::find(app, parts).await?;
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// The word for a kind of actor in JSON and SQL.
pub(crate) const fn actor_word(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::User => "user",
        ActorKind::ApiKey => "api_key",
        ActorKind::Client => "client",
        ActorKind::Import => "import",
        ActorKind::System => "system",
    }
}

pub(crate) const fn source_word(source: Source) -> &'static str {
    match source {
        Source::Panel => "panel",
        Source::PublicPage => "public_page",
        Source::Api => "api",
        Source::Import => "import",
        Source::System => "system",
    }
}

/// The token of a request, and whether a cookie brought it.
fn token_of(headers: &HeaderMap) -> Result<(Token, bool), Problem> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, token) = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .ok_or_else(unknown)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unknown());
        }
        let token = Token::sent(token.trim()).ok_or_else(unknown)?;
        return Ok((token, false));
    }
    let cookies = headers.get_all(COOKIE).iter();
    let mut cookies = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    let token = cookies
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value);
    match token {
        Some(token) => Ok((Token::sent(token).ok_or_else(unknown)?, true)),
        None => Err(unauthenticated("detail-no-token")),
    }
}

fn unknown() -> Problem {
    unauthenticated("detail-unknown-token")
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(Code::Unauthenticated)
        .detail(Message::new(detail))
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// Whether a browser says that a page of our own sent this. Browsers that do not say so at all
/// (`Sec-Fetch-Site` is in all of them since 2023) at least name the page's origin.
pub(crate) fn same_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else {
        return false;
    };
    let origin = origin.parse::<Uri>().ok();
    origin.is_some_and(|origin| {
        origin
            .authority()
            .is_some_and(|authority| authority == host)
    })
}

/// The header that gives a browser its session.
pub(crate) fn cookie_header(token: &Token, seconds: i64) -> HeaderValue {
    let token = token.reveal();
    let cookie =
        format!("{COOKIE_NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure");
    HeaderValue::try_from(cookie).expect("base64url and plain ASCII are a header's value")
}

/// The header that takes it away again.
pub(crate) fn cookie_taken_away() -> HeaderValue {
    HeaderValue::from_static("__Host-daybook=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    axum::http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_our_own_pages_are_of_the_same_site() {
        let ours = |pairs| same_site(&headers(pairs));
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(!ours(&[("sec-fetch-site", "same-site")]));
        assert!(!ours(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://a.test"),
            ("host", "a.test")
        ]));
        assert!(ours(&[("origin", "https://a.test"), ("host", "a.test")]));
        assert!(ours(&[
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(!ours(&[("origin", "https://b.test"), ("host", "a.test")]));
        assert!(!ours(&[("origin", "null"), ("host", "a.test")]));
        assert!(!ours(&[("host", "a.test")]));
    }
}
