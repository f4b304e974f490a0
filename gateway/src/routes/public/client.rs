//! Who a visitor is: a client whom the house knows by their phone or e-mail address, or one who becomes known.
//!
//! Nothing that is kept of a client is changed by somebody who knows their phone, and nothing of it is told. What the
//! visitor typed and the card does not say is kept with the booking, for staff. Where visitors confirm by a letter, who
//! they are hangs on the address that it goes to, and on nothing else that they typed: only that do they prove.

use domain::{
    booking::Online,
    business::{Accepted, Confirmation, Settings},
    client::{Card, Client, ClientCommand},
    contact::{Email, Phone},
    id::Id,
    sealed::Sealed,
    text::{FreeText, Origin, PersonName},
};
use ledger::{BusinessId, NameClaim, Version};
use projections::{Scope, clients};
use uuid::Uuid;

use crate::{
    app::App,
    command::{Decision, Loaded},
    problem::Problem,
    texts::{Message, Speech},
};
use cqrs_es::Aggregate as _;

/// Under which kinds of names the ledger keeps who is reached by what.
const BY_PHONE: &str = "client phone";
const BY_EMAIL: &str = "client e-mail";

/// What a visitor says of themselves.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    pub(super) name: PersonName,
    pub(super) phone: Option<Phone>,
    pub(super) email: Option<Email>,
}

/// By what it is found who a visitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By whatever of their phone and e-mail address the house knows.
    Anything,
    /// By the e-mail address alone.
    Email,
}

impl By {
    /// As the house wants its visitors to confirm.
    pub(super) const fn of(confirmation: Confirmation) -> Self {
        match confirmation {
            Confirmation::None => Self::Anything,
            Confirmation::Link | Confirmation::Code => Self::Email,
        }
    }
}

/// A phone or e-mail address, and the name under which the ledger keeps whose it is.
struct Mark {
    kind: &'static str,
    name: String,
    text: String,
}

/// For whom a visitor books.
pub(super) struct Booker {
    pub(super) id: Id<Client>,
    /// The client, opened, if the house knows one.
    pub(super) known: Option<Loaded<Client>>,
    claimed: Vec<NameClaim>,
    released: Vec<NameClaim>,
}

impl Contact {
    fn marks(&self, app: &App, business: BusinessId) -> Vec<Mark> {
        let mark = |kind, text: &str| {
            // An address is one person's, however its letters are written.
            let text = text.to_lowercase();
            let hash = app.vault().keyed_hash(business.0, kind, text.as_bytes());
            Mark {
                kind,
                name: hex::encode(hash),
                text,
            }
        };
        let phone = self.phone.as_ref();
        let email = self.email.as_ref();
        let phone = phone.map(|phone| mark(BY_PHONE, phone.as_str()));
        let email = email.map(|email| mark(BY_EMAIL, email.as_str()));
        phone.into_iter().chain(email).collect()
    }

    /// By which requests of the same visitor are told: keyed hashes, for limits and idempotency keys.
    pub(super) fn hashes(&self, app: &App, business: BusinessId) -> Vec<[u8; 32]> {
        let marks = self.marks(app, business);
        let hash = |mark: &Mark| {
            app.vault()
                .keyed_hash(business.0, "visitor", mark.name.as_bytes())
        };
        marks.iter().map(hash).collect()
    }
}

impl App {
    /// Who it is that books. The same questions are asked of the database for whoever is known and whoever is not.
    pub(super) async fn booker(
        &self,
        business: BusinessId,
        contact: &Contact,
        by: By,
        new: Id<Client>,
    ) -> Result<Booker, Problem> {
        let mut marks = contact.marks(self, business);
        marks.retain(|mark| by == By::Anything || mark.kind == BY_EMAIL);
        let scope = Scope::whole(business);
        // Who is known is not to be met as somebody new.
        self.built(business, &[&clients::READ_MODEL]).await?;
        let mut owners = vec![];
        let mut known: Option<(Id<Client>, Loaded<Client>)> = None;
        for mark in &marks {
            let owner = self.ledger().name_owner(business, mark.kind, &mark.name);
            let owner = owner.await?;
            let candidates = clients::reached_by(self.pool(), &scope, &mark.text).await?;
            let mut ids: Vec<Uuid> = owner.into_iter().collect();
            ids.extend(candidates.iter().map(|entry| entry.client_id.uuid()));
            // Of whom nothing is known, as much is read.
            if ids.is_empty() {
                ids.push(new.uuid());
            }
            let mut bearer = None;
            for id in ids {
                let (id, client) = self.client_now(business, Id::new(id)).await?;
                if is_reached_by(&client.state, mark) {
                    bearer = Some((id, client));
                    break;
                }
            }
            // Whose name it is by the ledger, and whether it still is.
            let stands = owner.is_some() && owner == bearer.as_ref().map(|(id, _)| id.uuid());
            owners.push((owner, stands));
            if known.is_none() {
                known = bearer;
            }
        }
        let id = known.as_ref().map_or(new, |(id, _)| *id);
        let (mut claimed, mut released) = (vec![], vec![]);
        for (mark, (owner, stands)) in marks.into_iter().zip(owners) {
            let is_theirs = known
                .as_ref()
                .is_none_or(|(_, client)| is_reached_by(&client.state, &mark));
            if stands || !is_theirs {
                continue;
            }
            let name = |owner| NameClaim {
                kind: mark.kind,
                name: mark.name.clone(),
                owner,
            };
            released.extend(owner.map(name));
            claimed.push(name(id.uuid()));
        }
        Ok(Booker {
            id,
            known: known.map(|(_, client)| client),
            claimed,
            released,
        })
    }
}

fn is_reached_by(client: &Client, mark: &Mark) -> bool {
    let former = client.taken_in.iter().map(|took| &took.card);
    let mut cards = client.card.iter().chain(former);
    cards.any(|card| is_on(card, mark))
}

fn is_on(card: &Card, mark: &Mark) -> bool {
    match mark.kind {
        BY_PHONE => {
            let main = card.phone.as_ref().and_then(Sealed::value);
            let others = card.phones.as_ref().and_then(Sealed::value);
            let others = others.into_iter().flatten().map(|phone| &phone.number);
            main.into_iter()
                .chain(others)
                .any(|phone| phone.as_str() == mark.text)
        }
        _ => {
            let email = card.email.as_ref().and_then(Sealed::value);
            email.is_some_and(|email| email.as_str().to_lowercase() == mark.text)
        }
    }
}

impl Booker {
    /// The house does not let them book online.
    pub(super) fn is_blocked(&self) -> bool {
        self.known
            .as_ref()
            .is_some_and(|client| client.state.blocked)
    }

    /// Sees to it that the client is known, and found again by what they are reached by.
    pub(super) fn make_known(
        &self,
        app: &App,
        decision: &mut Decision,
        contact: &Contact,
        online: &Online,
    ) -> Result<(), Problem> {
        decision.names.extend(self.claimed.iter().cloned());
        decision
            .released_names
            .extend(self.released.iter().cloned());
        if self.known.is_some() {
            decision.needs::<Client>(self.id.uuid());
            return Ok(());
        }
        let id = self.id;
        let card = Card {
            name: Sealed::open(id, contact.name.clone()),
            phone: contact.phone.clone().map(|phone| Sealed::open(id, phone)),
            phones: None,
            email: contact.email.clone().map(|email| Sealed::open(id, email)),
            telegram: None,
            birthday: None,
            language: Some(online.language.clone()),
            source: Origin::parse("public_page").ok(),
            fiscal_code: None,
            warning: None,
        };
        let accepted: Vec<Accepted> = online.consents.clone();
        let (mut client, mut events) = (Client::default(), vec![]);
        let accept = ClientCommand::Accept {
            consents: accepted,
            at: app.now(),
        };
        for command in [ClientCommand::Register(Box::new(card)), accept] {
            for event in client.decide(command)? {
                client.apply(event.clone());
                events.push(event);
            }
        }
        decision.write::<Client>(app, id.uuid(), Version::NEW, &events)
    }

    /// What the visitor typed and the client's card does not say, in the house's language.
    pub(super) fn differs(&self, contact: &Contact, settings: &Settings) -> Option<FreeText> {
        let card = self.known.as_ref()?.state.card.as_ref()?;
        let speech = house_speech(settings);
        let mut lines = vec![];
        let name = card.name.value();
        let is_called = |name: &PersonName| {
            name.as_str().to_lowercase() == contact.name.as_str().to_lowercase()
        };
        if !name.is_some_and(is_called) {
            let told = Message::new("word-booked-as-name").with("name", &contact.name);
            lines.push(told.say(speech));
        }
        let mark = |kind, text: &str| Mark {
            kind,
            name: String::new(),
            text: text.to_lowercase(),
        };
        let client = &self.known.as_ref()?.state;
        if let Some(phone) = &contact.phone
            && !is_reached_by(client, &mark(BY_PHONE, phone.as_str()))
        {
            let told = Message::new("word-booked-with-phone").with("phone", phone.as_str());
            lines.push(told.say(speech));
        }
        if let Some(email) = &contact.email
            && !is_reached_by(client, &mark(BY_EMAIL, email.as_str()))
        {
            let told = Message::new("word-booked-with-email").with("email", email.as_str());
            lines.push(told.say(speech));
        }
        FreeText::parse(&lines.join("\n")).ok()
    }
}

/// The language that the house speaks first, of those that we do.
pub(super) fn house_speech(settings: &Settings) -> Speech {
    let mut languages = settings.languages.iter();
    languages
        .find_map(|language| Speech::named(language.as_str()))
        .unwrap_or_default()
}
