//! What of a client's card they are found by.

use domain::{
    change::Change,
    client::{Card, ClientEvent, ContactChanged, TookIn},
    contact::{Email, FiscalCode, KindedPhone, Phone},
    sealed::Sealed,
    text::PersonName,
};
use serde::{Deserialize, Serialize};

use super::{digits, fold};

/// Name, phones, e-mail and fiscal code, as far as they can be read: none where never told or erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// What they are called.
    pub name: Option<String>,
    /// The phone to ring first.
    pub phone: Option<String>,
    /// All their phones.
    pub phones: Vec<String>,
    /// Their e-mail.
    pub email: Option<String>,
    /// The number under which the state knows them.
    pub fiscal_code: Option<String>,
    /// Of those who turned out to be them: whoever asks by what was known of these finds them, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Self>,
}

impl Contacts {
    /// Of a client who is known.
    #[must_use]
    pub fn of_client(card: &Card, taken_in: &[TookIn]) -> Self {
        let former = taken_in.iter().map(|took| Self::of(&took.card));
        Self {
            former: former.collect(),
            ..Self::of(card)
        }
    }

    /// Of a card.
    #[must_use]
    pub fn of(card: &Card) -> Self {
        Self {
            name: name(&card.name),
            phone: phone(card.phone.as_ref()),
            phones: phones(card.phones.as_ref()),
            email: email(card.email.as_ref()),
            fiscal_code: fiscal_code(card.fiscal_code.as_ref()),
            former: vec![],
        }
    }

    /// Whether an event says anything of it.
    #[must_use]
    pub fn concern(event: &ClientEvent) -> bool {
        match event {
            ClientEvent::Registered(_)
            | ClientEvent::ContactChanged(_)
            | ClientEvent::TookIn(_) => true,
            ClientEvent::PreferencesChanged { .. }
            | ClientEvent::Tagged { .. }
            | ClientEvent::Untagged { .. }
            | ClientEvent::Noted(_)
            | ClientEvent::ConsentGiven { .. }
            | ClientEvent::ConsentWithdrawn { .. }
            | ClientEvent::Blocked { .. }
            | ClientEvent::Unblocked {}
            | ClientEvent::SoldWithoutBooking(_)
            | ClientEvent::Retracted {}
            | ClientEvent::Merged { .. } => false,
        }
    }

    /// Takes an event in.
    pub fn remember(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Registered(card) => *self = Self::of(card),
            ClientEvent::ContactChanged(changed) => self.change(changed),
            ClientEvent::TookIn(took) => self.former.push(Self::of(&took.card)),
            ClientEvent::PreferencesChanged { .. }
            | ClientEvent::Tagged { .. }
            | ClientEvent::Untagged { .. }
            | ClientEvent::Noted(_)
            | ClientEvent::ConsentGiven { .. }
            | ClientEvent::ConsentWithdrawn { .. }
            | ClientEvent::Blocked { .. }
            | ClientEvent::Unblocked {}
            | ClientEvent::SoldWithoutBooking(_)
            | ClientEvent::Retracted {}
            | ClientEvent::Merged { .. } => {}
        }
    }

    fn change(&mut self, changed: &ContactChanged) {
        if let Some(Change { to, .. }) = &changed.name {
            self.name = name(to);
        }
        if let Some(Change { to, .. }) = &changed.phone {
            self.phone = phone(to.as_ref());
        }
        if let Some(Change { to, .. }) = &changed.phones {
            self.phones = phones(to.as_ref());
        }
        if let Some(Change { to, .. }) = &changed.email {
            self.email = email(to.as_ref());
        }
        if let Some(Change { to, .. }) = &changed.fiscal_code {
            self.fiscal_code = fiscal_code(to.as_ref());
        }
    }

    /// All of it folded, a line each, so that no word is found across two of them. Phones are their digits.
    #[must_use]
    pub fn words(&self) -> String {
        let mut lines = vec![];
        let former = self.former.iter().flat_map(Self::lines);
        for line in self.lines().into_iter().chain(former) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.join("\n")
    }

    fn lines(&self) -> Vec<String> {
        let numbers = self.phone.iter().chain(&self.phones);
        (self.name.iter().map(|n| fold(n)))
            .chain(numbers.map(|n| digits(n)))
            .chain(self.email.iter().map(|e| fold(e)))
            .chain(self.fiscal_code.iter().map(|f| fold(f)))
            .collect()
    }
}

fn name(name: &Sealed<PersonName>) -> Option<String> {
    name.value().map(|n| n.as_str().to_owned())
}

fn phone(phone: Option<&Sealed<Phone>>) -> Option<String> {
    let phone = phone?.value()?;
    Some(phone.as_str().to_owned())
}

fn phones(phones: Option<&Sealed<Vec<KindedPhone>>>) -> Vec<String> {
    let phones = phones.and_then(Sealed::value).into_iter().flatten();
    phones.map(|p| p.number.as_str().to_owned()).collect()
}

fn email(email: Option<&Sealed<Email>>) -> Option<String> {
    let email = email?.value()?;
    Some(email.as_str().to_owned())
}

fn fiscal_code(code: Option<&Sealed<FiscalCode>>) -> Option<String> {
    let code = code?.value()?;
    Some(code.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_stands_twice_is_one_line() {
        let contacts = Contacts {
            name: Some("Łucja Ś.".to_owned()),
            phone: Some("+48600100200".to_owned()),
            phones: vec!["+48600100200".to_owned(), "+48600100201".to_owned()],
            email: Some("Lucja@Example.org".to_owned()),
            fiscal_code: None,
            former: vec![],
        };
        assert_eq!(
            contacts.words(),
            "lucja s.\n48600100200\n48600100201\nlucja@example.org"
        );
    }
}
