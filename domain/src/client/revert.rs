//! What undoes each event of a client.

use jiff::Timestamp;

use super::{CardWanted, Client, ClientCommand as C, ClientEvent};
use crate::revert::{Back, Irreversible, Revert, readable, still};

impl Revert for Client {
    fn revert(
        &self,
        before: &Self,
        event: &ClientEvent,
        now: Timestamp,
    ) -> Result<Vec<C>, Irreversible> {
        use ClientEvent as E;
        let card = self.known().map_err(|_| Irreversible::Lasting)?;
        Ok(vec![match event {
            E::Registered(_) => return Err(Irreversible::Beginning),
            E::ContactChanged(changed) => {
                readable(changed)?;
                let mut back = Back::default();
                let to = CardWanted {
                    name: back.change("name", &card.name, changed.name.as_ref())?,
                    phone: back.change("phone", &card.phone, changed.phone.as_ref())?,
                    phones: back.change("phones", &card.phones, changed.phones.as_ref())?,
                    email: back.change("email", &card.email, changed.email.as_ref())?,
                    telegram: back.change("telegram", &card.telegram, changed.telegram.as_ref())?,
                    birthday: back.change("birthday", &card.birthday, changed.birthday.as_ref())?,
                    language: back.change("language", &card.language, changed.language.as_ref())?,
                    source: back.change("source", &card.source, changed.source.as_ref())?,
                    fiscal_code: back.change(
                        "fiscal_code",
                        &card.fiscal_code,
                        changed.fiscal_code.as_ref(),
                    )?,
                    warning: back.change("warning", &card.warning, changed.warning.as_ref())?,
                };
                back.done()?;
                C::ChangeContact(Box::new(to))
            }
            E::PreferencesChanged { from, to } => {
                let mut back = Back::default();
                let preferences = back.fields(&self.preferences, from, to)?;
                back.done()?;
                C::SetPreferences(preferences)
            }
            E::Tagged { tag } => {
                let mut tags = self.tags.clone();
                still(tags.remove(tag))?;
                C::SetTags(tags)
            }
            E::Untagged { tag } => {
                let mut tags = self.tags.clone();
                still(tags.insert(tag.clone()))?;
                C::SetTags(tags)
            }
            E::ConsentGiven { consent, .. } => {
                let mut to = self.consents.clone();
                // Given anew, to another wording, it was given before.
                still(!before.consents.contains(consent) && to.remove(consent))?;
                C::SetConsents { to, at: now }
            }
            E::ConsentWithdrawn { consent, .. } => {
                let mut to = self.consents.clone();
                still(to.insert(*consent))?;
                C::SetConsents { to, at: now }
            }
            E::Blocked { .. } => {
                still(self.blocked)?;
                C::Unblock
            }
            E::Unblocked {} => {
                still(!self.blocked)?;
                C::Block { reason: None }
            }
            // What was written stands; money is given back in its own way; who is one person is not taken apart again.
            E::Noted(_)
            | E::SoldWithoutBooking(_)
            | E::Retracted {}
            | E::TookIn(_)
            | E::Merged { .. } => {
                return Err(Irreversible::Lasting);
            }
        }])
    }
}
