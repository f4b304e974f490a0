//! The users of a business, as their streams tell them.

use std::collections::{BTreeMap, HashSet};

use cqrs_es::Aggregate as _;
use domain::{
    access::{Access, AccessCommand, AccessEvent, By, User},
    actor::Role,
    contact::Email,
    event::AnyEvent,
    id::Id,
    sealed::Sealed,
    staff::Staff,
    text::PersonName,
};
use jiff::SignedDuration;
use ledger::{BusinessId, Position, Version};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{AccountError, LinkKind, PASSWORD_MIN, Token, UserKey};
use crate::{
    app::App,
    catalogue::Known,
    command::{Asked, Deciding, Decision, Done, Envelope, Loaded, Outcome, Target},
    mail::Letter,
    problem::Problem,
    texts::{Message, Speech},
};

/// How long an invitation is good.
const INVITED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a link to a new password is good.
const RESET_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Events read at a time.
const BATCH: usize = 1_000;

/// An invitation, as the inviter is told.
pub(crate) struct Invitation {
    pub(crate) token: String,
    pub(crate) link: String,
    pub(crate) expires_at: jiff::Timestamp,
}

/// Somebody who is let in without a letter.
pub struct NewUser {
    /// With which they sign in.
    pub email: Email,
    /// What they are called.
    pub name: Option<PersonName>,
    /// As what.
    pub role: Role,
    /// The staff member that they are.
    pub staff_id: Option<Id<Staff>>,
    /// With which they sign in, too. At least 8 characters.
    pub password: SecretString,
}

/// Lets somebody in who signs in at once: no letter is sent, and nobody asked.
///
/// # Errors
/// See [`AccountError`]; an address that is another user's already is a problem.
pub async fn add_user(app: &App, business: BusinessId, new: NewUser) -> Result<Uuid, AccountError> {
    if new.password.expose_secret().chars().count() < PASSWORD_MIN {
        return Err(AccountError::PasswordTooShort);
    }
    let id = app.new_id();
    let key = Id::<Access>::new(id);
    let email_hash = app.email_hash(&new.email);
    let password_hash = app.passwords().hash(new.password).await?;
    let events = Access::default().decide(AccessCommand::InviteUser {
        email: Sealed::open(key, new.email),
        name: new.name.map(|name| Sealed::open(key, name)),
        role: new.role,
        staff_id: new.staff_id,
        language: None,
        by: By::House,
    });
    let mut events = events.map_err(Problem::from)?;
    events.push(AccessEvent::UserJoined {});
    let call = Envelope::of_system(app, business);
    let events = &events;
    app.execute(&call, move |_| async move {
        let mut decision = Decision::new(Outcome::made(id));
        decision.write::<Access>(app, id, Version::NEW, events)?;
        decision.names.push(app.email_name(email_hash, id));
        Ok(decision)
    })
    .await?;
    let (tables, user) = (app.tables(), (business, id));
    let let_in = tables.let_sign_in(user, app.now()).await;
    let_in.map_err(Problem::from)?;
    let set = tables.set_password(user, &password_hash).await;
    set.map_err(Problem::from)?;
    Ok(id)
}

/// Lets somebody sign in without a code who has lost the authenticator and the codes that stand in for it. False: none
/// was asked for.
///
/// # Errors
/// See [`AccountError`]; [`AccountError::NotFound`] when nobody of the business has the address.
pub async fn remove_second_factor(
    app: &App,
    business: BusinessId,
    email: &Email,
) -> Result<bool, AccountError> {
    let rows = app.tables().sign_ins(&app.email_hash(email), None).await;
    let rows = rows.map_err(Problem::from)?.into_iter();
    let mut rows = rows.filter(|row| row.business_id == business.0);
    let row = rows.next().ok_or(AccountError::NotFound)?;
    let call = Envelope::of_system(app, business);
    app.remove_second_factor(&call, row.user_id, By::House)
        .await?;
    Ok(row.totp.is_some())
}

impl App {
    /// All users of a business, opened, by their ids.
    pub(crate) async fn users(
        &self,
        business: BusinessId,
    ) -> Result<BTreeMap<Uuid, Loaded<Access>>, Problem> {
        let mut found = BTreeMap::<Uuid, Loaded<Access>>::new();
        let mut after = Position::START;
        loop {
            let batch = self
                .ledger()
                .read_kinds(business, &[Access::TYPE], after, BATCH)
                .await?;
            let mut payloads: Vec<_> = batch
                .iter()
                .map(|event| (business.0, event.event_id.0, event.payload.clone()))
                .collect();
            self.vault().open_raw(&mut payloads).await?;
            for (event, (_, _, payload)) in batch.iter().zip(&payloads) {
                let id = event.stream.id;
                let decoded = AnyEvent::decode(&event.stream.kind, id, payload.get());
                if let AnyEvent::Access(_, told) = decoded.map_err(Problem::internal)? {
                    let loaded = found.entry(id).or_insert_with(|| Loaded {
                        state: Access::default(),
                        version: Version::NEW,
                    });
                    loaded.state.apply(told);
                    loaded.version = event.version;
                }
                after = event.position;
            }
            if batch.len() < BATCH {
                break;
            }
        }
        found.retain(|_, loaded| loaded.state.user().is_ok());
        Ok(found)
    }

    /// Whether somebody else is an owner who can sign in. The decision then rests on their staying one: two owners who
    /// depose each other at the same moment do not both succeed.
    pub(crate) async fn other_owner(
        &self,
        (business, user): UserKey,
        decision: &mut Decision,
    ) -> Result<bool, Problem> {
        let having: HashSet<Uuid> = self.tables().with_password(business).await?;
        let users = self.users(business).await?;
        let other = users.iter().find(|(id, loaded)| {
            let owns = |user: &User| user.role == Role::Owner && !user.disabled;
            **id != user && having.contains(id) && loaded.state.user().is_ok_and(owns)
        });
        if let Some((id, loaded)) = other {
            decision.write::<Access>(self, *id, loaded.version, &[])?;
        }
        Ok(other.is_some())
    }

    /// Makes an invitation, and sends it. On a replay it was sent before, and none that was made since is undone.
    pub(crate) async fn invite(
        &self,
        key: UserKey,
        user: &User,
        known: &Known,
        token: Token,
        is_replay: bool,
    ) -> Result<Invitation, Problem> {
        // Erased: there is nobody to invite.
        let email = user.email.value().ok_or_else(Problem::not_found)?;
        let now = self.now();
        let expires_at = now.saturating_add(INVITED_FOR).map_err(Problem::internal)?;
        let (hash, sent_to) = (token.hash(), self.email_hash(email));
        let link = self.link("invitation", token.reveal());
        let (kind, times) = (LinkKind::Invitation, (now, expires_at));
        if is_replay && let Some(expires_at) = self.tables().link_until(kind, key).await? {
            return Ok(Invitation {
                token: token.reveal().to_owned(),
                link,
                expires_at,
            });
        }
        self.tables()
            .make_link(kind, &hash, &[key], &sent_to, times)
            .await?;
        let settings = known.settings()?;
        self.post(Letter {
            to: email.clone(),
            from: settings.name.to_string(),
            speech: speech_of(user, known),
            subject: Message::new("mail-invitation-subject").with("business", &settings.name),
            paragraphs: vec![
                Message::new("mail-invitation-body")
                    .with("business", &settings.name)
                    .with("link", &link)
                    .with_number("days", 7),
            ],
        });
        Ok(Invitation {
            token: token.reveal().to_owned(),
            link,
            expires_at,
        })
    }

    /// Takes somebody's second factor away. Where there is none, nothing is written.
    pub(crate) async fn remove_second_factor(
        &self,
        call: &Envelope,
        id: Uuid,
        by: By,
    ) -> Result<Done, Problem> {
        let user = (call.caller.business(), id);
        let row = self.tables().sign_in(user).await?;
        let has_one = row.is_some_and(|row| row.totp.is_some());
        let remove = |deciding: &Deciding<Access>| {
            by.stands_over(deciding.state.user()?.role)?;
            let remove = has_one.then_some(AccessCommand::RemoveSecondFactor { by });
            Ok(Asked::all(remove.into_iter().collect()))
        };
        // The fact first: nobody finds it gone without a word of who did it.
        let done = self.send::<Access>(call, Target::at(id), remove).await?;
        self.tables().remove_totp(user).await?;
        Ok(done)
    }

    /// Sends a link to a new password to whoever signs in with an address, if there is somebody. Addresses that differ
    /// in capitals only are found together, and may be two people's: each as it is written gets a link of its own.
    pub(crate) async fn send_reset(&self, email_hash: &[u8; 32]) -> Result<(), Problem> {
        let now = self.now();
        let mut resets = BTreeMap::<String, Reset>::new();
        for row in self.tables().sign_ins(email_hash, None).await? {
            let business = BusinessId(row.business_id);
            let loaded = self.load::<Access>(business, row.user_id).await?;
            let Ok(user) = loaded.state.user() else {
                continue;
            };
            // A letter goes only to the address that was asked about, and opens only what is its.
            let email = user.email.value();
            let Some(email) = email.filter(|email| self.email_hash(email) == *email_hash) else {
                continue;
            };
            if user.disabled {
                continue;
            }
            let known = self.catalogue(business).await?;
            let reset = resets.entry(email.as_str().to_owned());
            let reset = reset.or_insert_with(|| Reset {
                to: email.clone(),
                speech: speech_of(user, &known),
                users: vec![],
                names: vec![],
            });
            reset.users.push((business, row.user_id));
            reset.names.push(known.settings()?.name.to_string());
        }
        let expires_at = now.saturating_add(RESET_FOR).map_err(Problem::internal)?;
        for reset in resets.into_values() {
            let token = Token::link(super::random());
            let (hash, times) = (token.hash(), (now, expires_at));
            self.tables()
                .make_link(LinkKind::Reset, &hash, &reset.users, email_hash, times)
                .await?;
            self.post(Letter {
                to: reset.to,
                from: "Daybook".to_owned(),
                speech: reset.speech,
                subject: Message::new("mail-reset-subject"),
                paragraphs: vec![
                    Message::new("mail-reset-body")
                        .with("businesses", reset.names.join(", "))
                        .with("link", self.link("password", token.reveal())),
                    Message::new("mail-reset-ignore"),
                ],
            });
        }
        Ok(())
    }
}

/// A new password for one address, in all of its businesses.
struct Reset {
    to: Email,
    speech: Speech,
    users: Vec<UserKey>,
    /// Of the businesses.
    names: Vec<String>,
}

/// In which language somebody is written to: theirs, else the house's first one.
pub(crate) fn speech_of(user: &User, known: &Known) -> Speech {
    let own = user.language.as_ref().map(|language| language.as_str());
    let house = known.settings().ok();
    let house = house.and_then(|settings| settings.languages.first());
    own.and_then(Speech::named)
        .or_else(|| house.and_then(|language| Speech::named(language.as_str())))
        .unwrap_or_default()
}
