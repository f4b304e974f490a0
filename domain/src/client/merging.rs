//! Two clients who turn out to be one person.
//!
//! Nothing is moved: bookings, sales and waitlist requests stay as they were written, under the client for whom they
//! were made, and are found under the one who stays. What the card of the one who goes says is brought over by rules:
//! - contacts, birthday, language, source, fiscal code: of who stays; where they have none, of who goes. Phones: all.
//! - the warning: both; tags and preferences: of both together; notes: all, with their time and author.
//! - consents: only what both agreed to. Blocked, if one of them was.
//!
//! What gives way stays readable in [`TookIn`].

use super::{
    Card, CardWanted, Client, ClientError, ClientEvent, Consent, Duplicate, Preferences, TookIn,
};
use crate::{
    contact::{KindedPhone, Phone, PhoneKind},
    id::Id,
    sealed::Sealed,
    text::FreeText,
};

impl Client {
    /// They, and all who turned out to be them.
    #[must_use]
    pub fn ids(&self, own: Id<Self>) -> Vec<Id<Self>> {
        let taken = self.taken_in.iter();
        let taken = taken
            .flat_map(|took| std::iter::once(took.client_id).chain(took.others.iter().copied()));
        std::iter::once(own).chain(taken).collect()
    }

    pub(super) fn take_in(&self, duplicate: &Duplicate) -> Result<Vec<ClientEvent>, ClientError> {
        let (own, other) = (duplicate.into, &duplicate.client);
        if duplicate.client_id == own {
            return Err(ClientError::WithThemselves);
        }
        let card = self.known()?;
        // Asked again: it is done.
        if other.merged_into == Some(own) {
            return Ok(vec![]);
        }
        let theirs = other.known()?;
        if card.name.is_erased() || theirs.name.is_erased() {
            return Err(ClientError::Erased);
        }
        let brought = theirs.under(own);
        let mut others = other.ids(duplicate.client_id);
        others.remove(0);
        let mut events = vec![ClientEvent::TookIn(Box::new(TookIn {
            client_id: duplicate.client_id,
            others,
            card: brought.clone(),
        }))];
        events.extend(self.change_contact(&card.filled_up_by(&brought, own))?);
        let tags = other.tags.difference(&self.tags);
        events.extend(tags.map(|tag| ClientEvent::Tagged { tag: tag.clone() }));
        let to = self.preferences.and(&other.preferences);
        if to != self.preferences {
            let from = self.preferences.clone();
            events.push(ClientEvent::PreferencesChanged { from, to });
        }
        let stricter = self.consents.difference(&other.consents);
        events.extend(
            stricter.map(|&consent: &Consent| ClientEvent::ConsentWithdrawn {
                consent,
                at: duplicate.at,
            }),
        );
        if other.blocked && !self.blocked {
            events.push(ClientEvent::Blocked { reason: None });
        }
        let notes = other
            .notes
            .iter()
            .filter(|note| !note.text.is_erased())
            .map(|note| {
                let mut note = note.clone();
                note.text = note.text.under(own);
                ClientEvent::Noted(note)
            });
        events.extend(notes);
        Ok(events)
    }

    /// Who was merged goes along when the one they were merged into is merged in turn.
    pub(super) fn merge(&self, into: Id<Self>) -> Result<Vec<ClientEvent>, ClientError> {
        if self.merged_into == Some(into) {
            return Ok(vec![]);
        }
        if self.merged_into.is_none() {
            self.known()?;
        }
        Ok(vec![ClientEvent::Merged { into }])
    }
}

impl Card {
    /// The same card, under another key.
    fn under(&self, key: Id<Client>) -> Self {
        Self {
            name: self.name.under(key),
            phone: self.phone.as_ref().map(|v| v.under(key)),
            phones: self.phones.as_ref().map(|v| v.under(key)),
            email: self.email.as_ref().map(|v| v.under(key)),
            telegram: self.telegram.as_ref().map(|v| v.under(key)),
            birthday: self.birthday.as_ref().map(|v| v.under(key)),
            language: self.language.clone(),
            source: self.source.clone(),
            fiscal_code: self.fiscal_code.as_ref().map(|v| v.under(key)),
            warning: self.warning.as_ref().map(|v| v.under(key)),
        }
    }

    /// What of another card is missing in this one.
    fn filled_up_by(&self, other: &Self, key: Id<Client>) -> CardWanted {
        fn missing<T: Clone>(own: &Option<T>, others: &Option<T>) -> Option<Option<T>> {
            own.is_none().then(|| others.clone())
        }
        CardWanted {
            name: None,
            phone: missing(&self.phone, &other.phone),
            phones: self
                .more_phones(other)
                .map(|all| Some(Sealed::open(key, all))),
            email: missing(&self.email, &other.email),
            telegram: missing(&self.telegram, &other.telegram),
            birthday: missing(&self.birthday, &other.birthday),
            language: missing(&self.language, &other.language),
            source: missing(&self.source, &other.source),
            fiscal_code: missing(&self.fiscal_code, &other.fiscal_code),
            warning: self
                .both_warnings(other)
                .map(|both| Some(Sealed::open(key, both))),
        }
    }

    /// All phones of both, if the other card has any that this one has not.
    fn more_phones(&self, other: &Self) -> Option<Vec<KindedPhone>> {
        let mut all: Vec<KindedPhone> = numbers(self).cloned().collect();
        let had = all.len();
        let main = self.phone.as_ref().and_then(Sealed::value);
        // Who has no phone to ring first gets the other's; only the rest is listed.
        let main = main.or(other.phone.as_ref().and_then(Sealed::value));
        let theirs = other.phone.as_ref().and_then(Sealed::value);
        let listed = theirs.map(|number: &Phone| KindedPhone {
            kind: PhoneKind::Other,
            number: number.clone(),
        });
        for phone in numbers(other).cloned().chain(listed) {
            let known = Some(&phone.number) == main || all.iter().any(|p| p.number == phone.number);
            if !known {
                all.push(phone);
            }
        }
        (all.len() > had).then_some(all)
    }

    /// Both warnings; none where this one says it all. Too long together: the other's stays with who was taken in.
    fn both_warnings(&self, other: &Self) -> Option<FreeText> {
        let theirs = other.warning.as_ref().and_then(Sealed::value)?;
        match self.warning.as_ref().and_then(Sealed::value) {
            None => Some(theirs.clone()),
            Some(own) if own.as_str().contains(theirs.as_str()) => None,
            Some(own) => FreeText::parse(&format!("{own}\n{theirs}")).ok(),
        }
    }
}

fn numbers(card: &Card) -> impl Iterator<Item = &KindedPhone> {
    card.phones
        .as_ref()
        .and_then(Sealed::value)
        .into_iter()
        .flatten()
}

impl Preferences {
    /// What both like, these first.
    fn and(&self, other: &Self) -> Self {
        fn both<T: Clone + PartialEq>(own: &[T], others: &[T]) -> Vec<T> {
            let more = others.iter().filter(|one| !own.contains(one));
            own.iter().chain(more).cloned().collect()
        }
        Self {
            staff_ids: both(&self.staff_ids, &other.staff_ids),
            service_ids: both(&self.service_ids, &other.service_ids),
            hours: both(&self.hours, &other.hours),
        }
    }
}
