//! A client: how they are reached, what they like, what they agreed to; and who turned out to be the same person.

mod merging;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    actor::Actor,
    bridge::bridge,
    business::Accepted,
    change::Change,
    contact::{Birthday, Email, FiscalCode, KindedPhone, Language, Phone, Telegram},
    hours::DayInterval,
    id::{self, Id},
    money::Money,
    sealed::Sealed,
    service::Service,
    staff::Staff,
    text::{FreeText, Label, Origin, PersonName, Tag},
};

/// What can have happened to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClientEvent {
    /// They became known.
    Registered(Box<Card>),
    /// Their name, contacts or warning changed.
    ContactChanged(Box<ContactChanged>),
    /// What they like changed.
    PreferencesChanged {
        /// Before.
        from: Preferences,
        /// After.
        to: Preferences,
    },
    /// They were marked.
    Tagged {
        /// With what.
        tag: Tag,
    },
    /// A mark was taken off.
    Untagged {
        /// Which.
        tag: Tag,
    },
    /// Somebody wrote something about them.
    Noted(Note),
    /// They agreed to something.
    ConsentGiven {
        /// To what.
        consent: Consent,
        /// When.
        at: Timestamp,
        /// Which wording, where they were shown one of the house's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u32>,
    },
    /// They no longer agree.
    ConsentWithdrawn {
        /// To what.
        consent: Consent,
        /// When.
        at: Timestamp,
    },
    /// They can't book online any more.
    Blocked {
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// They can again.
    Unblocked {},
    /// They paid for something without a booking.
    SoldWithoutBooking(Sale),
    /// They were made known by mistake: an import that was undone. Lists show them no more.
    Retracted {},
    /// Somebody who had been taken for another turned out to be them.
    TookIn(Box<TookIn>),
    /// They turned out to be somebody else, under whom all that is theirs is found from now on. Told again if that one
    /// is merged in turn.
    Merged {
        /// Who they are.
        into: Id<Client>,
    },
}

/// Who was taken in, and how they stood: nothing of their card is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TookIn {
    /// Who.
    pub client_id: Id<Client>,
    /// Those who had been merged into them before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Id<Client>>,
    /// Their card, under the key of who took them in.
    pub card: Card,
}

/// All that is told of a client when they become known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Card {
    /// What they are called.
    pub name: Sealed<PersonName>,
    /// The phone to ring first.
    pub phone: Option<Sealed<Phone>>,
    /// All their phones, the main one among them if it has a kind.
    pub phones: Option<Sealed<Vec<KindedPhone>>>,
    /// Their e-mail.
    pub email: Option<Sealed<Email>>,
    /// Their Telegram name.
    pub telegram: Option<Sealed<Telegram>>,
    /// The day they were born.
    pub birthday: Option<Sealed<Birthday>>,
    /// The language they are written to in.
    pub language: Option<Language>,
    /// Where they came from.
    pub source: Option<Origin>,
    /// The number under which the state knows them.
    pub fiscal_code: Option<Sealed<FiscalCode>>,
    /// What staff must see before they serve them.
    pub warning: Option<Sealed<FreeText>>,
}

/// Which contacts changed, from what to what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[expect(missing_docs, reason = "each field is told in `Card`")]
pub struct ContactChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<Sealed<PersonName>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Change<Option<Sealed<Phone>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<Change<Option<Sealed<Vec<KindedPhone>>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Change<Option<Sealed<Email>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telegram: Option<Change<Option<Sealed<Telegram>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Change<Option<Sealed<Birthday>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Change<Option<Language>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Change<Option<Origin>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_code: Option<Change<Option<Sealed<FiscalCode>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<Change<Option<Sealed<FreeText>>>>,
}

/// What a client likes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// By whom they like to be served.
    pub staff_ids: Vec<Id<Staff>>,
    /// What they like to have done.
    pub service_ids: Vec<Id<Service>>,
    /// When of day they like to come.
    pub hours: Vec<DayInterval>,
}

/// Something written about a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Note {
    /// Which note.
    pub note_id: Id<id::Note>,
    /// What.
    pub text: Sealed<FreeText>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// What a client can agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Their data being kept.
    DataProcessing,
    /// Being reminded of bookings.
    Reminders,
    /// Being sent campaigns.
    Marketing,
    /// Pictures of them being shown.
    Photos,
}

/// A payment without a booking: a walk-in, something sold. History may hold negative and zero ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sale {
    /// Which payment.
    pub payment_id: Id<id::Payment>,
    /// How much.
    pub amount: Money,
    /// How: `cash`, `card`.
    pub method: Label,
    /// For what.
    pub text: Option<Sealed<FreeText>>,
    /// When.
    pub at: Timestamp,
    /// Who took it.
    pub by: Actor,
    /// By whom it was earned, where another system told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<Id<Staff>>,
    /// With what, where another system told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<Id<Service>>,
    /// The other system's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed<FreeText>>,
}

/// What may be asked of a client.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientCommand {
    /// Make them known.
    Register(Box<Card>),
    /// Change what is told of them.
    ChangeContact(Box<CardWanted>),
    /// Set what they like.
    SetPreferences(Preferences),
    /// Mark them with exactly these.
    SetTags(BTreeSet<Tag>),
    /// Write something about them.
    Note(Note),
    /// Agree to exactly these.
    SetConsents {
        /// To what.
        to: BTreeSet<Consent>,
        /// When.
        at: Timestamp,
    },
    /// Agree to these wordings.
    Accept {
        /// To what.
        consents: Vec<Accepted>,
        /// When.
        at: Timestamp,
    },
    /// Refuse them online booking.
    Block {
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Let them book online again.
    Unblock,
    /// Take a payment without a booking.
    Sell {
        /// What was paid.
        sale: Sale,
        /// Brought in from another system: any amount is a payment.
        imported: bool,
    },
    /// Take it back that they were made known.
    Retract,
    /// Somebody else turned out to be them.
    TakeIn(Box<Duplicate>),
    /// They turned out to be somebody else.
    Merge {
        /// Who.
        into: Id<Client>,
    },
}

/// Somebody who is known twice, as the one of the two who goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// Who stays.
    pub into: Id<Client>,
    /// Who goes.
    pub client_id: Id<Client>,
    /// How the one who goes stands, opened.
    pub client: Client,
    /// When.
    pub at: Timestamp,
}

/// What is to be; none: as it is. To find out what differs, the client's own values must be open.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `Card`")]
pub struct CardWanted {
    pub name: Option<Sealed<PersonName>>,
    pub phone: Option<Option<Sealed<Phone>>>,
    pub phones: Option<Option<Sealed<Vec<KindedPhone>>>>,
    pub email: Option<Option<Sealed<Email>>>,
    pub telegram: Option<Option<Sealed<Telegram>>>,
    pub birthday: Option<Option<Sealed<Birthday>>>,
    pub language: Option<Option<Language>>,
    pub source: Option<Option<Origin>>,
    pub fiscal_code: Option<Option<Sealed<FiscalCode>>>,
    pub warning: Option<Option<Sealed<FreeText>>>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// There is no such client.
    #[error("there is no such client")]
    NotRegistered,
    /// They were registered before.
    #[error("the client is registered already")]
    AlreadyRegistered,
    /// A payment is more than nothing.
    #[error("a payment must be above zero")]
    NotPositive,
    /// They turned out to be somebody else: what is asked is to be asked of that one.
    #[error("the client was merged into another one")]
    Merged {
        /// Who they are.
        into: Id<Client>,
    },
    /// Nobody is a duplicate of themselves.
    #[error("a client cannot be merged with themselves")]
    WithThemselves,
    /// Of whom nothing can be read any more, nothing can be brought over.
    #[error("the client was erased")]
    Erased,
    /// Others were merged into them: what is theirs must stay in sight.
    #[error("others were merged into the client")]
    HasTakenIn,
}

/// A client as their events leave them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// None until they are registered.
    pub card: Option<Card>,
    /// What they like.
    pub preferences: Preferences,
    /// What they are marked with.
    pub tags: BTreeSet<Tag>,
    /// What was written about them, oldest first.
    pub notes: Vec<Note>,
    /// What they agree to.
    pub consents: BTreeSet<Consent>,
    /// They can't book online.
    pub blocked: bool,
    /// What they paid without a booking, oldest first.
    pub sales: Vec<Sale>,
    /// They were made known by mistake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retracted: bool,
    /// Who turned out to be them, in the order in which that was found out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_in: Vec<TookIn>,
    /// Who they turned out to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Id<Client>>,
}

impl Client {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: ClientCommand) -> Result<Vec<ClientEvent>, ClientError> {
        use ClientCommand as C;
        match command {
            C::Register(card) => match self.card {
                Some(_) => Err(ClientError::AlreadyRegistered),
                None => Ok(vec![ClientEvent::Registered(card)]),
            },
            C::ChangeContact(to) => self.change_contact(&to),
            C::SetPreferences(to) => {
                self.known()?;
                let from = self.preferences.clone();
                Ok(if from == to {
                    vec![]
                } else {
                    vec![ClientEvent::PreferencesChanged { from, to }]
                })
            }
            C::SetTags(to) => self.set_tags(&to),
            C::Note(note) => {
                self.known()?;
                Ok(vec![ClientEvent::Noted(note)])
            }
            C::SetConsents { to, at } => self.set_consents(&to, at),
            C::Accept { consents, at } => self.accept(&consents, at),
            C::Block { reason } => {
                self.known()?;
                Ok(if self.blocked {
                    vec![]
                } else {
                    vec![ClientEvent::Blocked { reason }]
                })
            }
            C::Unblock => {
                self.known()?;
                Ok(if self.blocked {
                    vec![ClientEvent::Unblocked {}]
                } else {
                    vec![]
                })
            }
            C::Sell { sale, imported } => {
                // What another system goes on to tell of who was merged happened all the same.
                if !(imported && self.merged_into.is_some()) {
                    self.known()?;
                }
                if !imported && (sale.amount.is_negative() || sale.amount.is_zero()) {
                    return Err(ClientError::NotPositive);
                }
                Ok(vec![ClientEvent::SoldWithoutBooking(sale)])
            }
            C::Retract if self.retracted => Ok(vec![]),
            C::Retract => {
                self.known()?;
                if !self.taken_in.is_empty() {
                    return Err(ClientError::HasTakenIn);
                }
                Ok(vec![ClientEvent::Retracted {}])
            }
            C::TakeIn(duplicate) => self.take_in(&duplicate),
            C::Merge { into } => self.merge(into),
        }
    }

    /// The card, once they are registered.
    ///
    /// # Errors
    /// When they are not, that was taken back, or they turned out to be somebody else.
    pub fn known(&self) -> Result<&Card, ClientError> {
        if let Some(into) = self.merged_into {
            return Err(ClientError::Merged { into });
        }
        let card = self.card.as_ref().filter(|_| !self.retracted);
        card.ok_or(ClientError::NotRegistered)
    }

    fn change_contact(&self, to: &CardWanted) -> Result<Vec<ClientEvent>, ClientError> {
        let now = self.known()?;
        let changed = ContactChanged {
            name: Change::asked(&now.name, to.name.as_ref()),
            phone: Change::asked(&now.phone, to.phone.as_ref()),
            phones: Change::asked(&now.phones, to.phones.as_ref()),
            email: Change::asked(&now.email, to.email.as_ref()),
            telegram: Change::asked(&now.telegram, to.telegram.as_ref()),
            birthday: Change::asked(&now.birthday, to.birthday.as_ref()),
            language: Change::asked(&now.language, to.language.as_ref()),
            source: Change::asked(&now.source, to.source.as_ref()),
            fiscal_code: Change::asked(&now.fiscal_code, to.fiscal_code.as_ref()),
            warning: Change::asked(&now.warning, to.warning.as_ref()),
        };
        Ok(if changed == ContactChanged::default() {
            vec![]
        } else {
            vec![ClientEvent::ContactChanged(Box::new(changed))]
        })
    }

    fn set_tags(&self, to: &BTreeSet<Tag>) -> Result<Vec<ClientEvent>, ClientError> {
        self.known()?;
        let gone = self
            .tags
            .difference(to)
            .map(|tag| ClientEvent::Untagged { tag: tag.clone() });
        let new = to
            .difference(&self.tags)
            .map(|tag| ClientEvent::Tagged { tag: tag.clone() });
        Ok(gone.chain(new).collect())
    }

    fn set_consents(
        &self,
        to: &BTreeSet<Consent>,
        at: Timestamp,
    ) -> Result<Vec<ClientEvent>, ClientError> {
        self.known()?;
        let withdrawn = self.consents.difference(to);
        let withdrawn = withdrawn.map(|&consent| ClientEvent::ConsentWithdrawn { consent, at });
        let given = to.difference(&self.consents);
        let given = given.map(|&consent| ClientEvent::ConsentGiven {
            consent,
            at,
            version: None,
        });
        Ok(withdrawn.chain(given).collect())
    }

    fn accept(
        &self,
        consents: &[Accepted],
        at: Timestamp,
    ) -> Result<Vec<ClientEvent>, ClientError> {
        self.known()?;
        let given = consents.iter().map(|accepted| ClientEvent::ConsentGiven {
            consent: accepted.consent,
            at,
            version: Some(accepted.version),
        });
        Ok(given.collect())
    }

    fn remember(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Registered(card) => self.card = Some(*card),
            ClientEvent::ContactChanged(changed) => {
                if let Some(card) = &mut self.card {
                    card.remember(&changed);
                }
            }
            ClientEvent::PreferencesChanged { to, .. } => self.preferences = to,
            ClientEvent::Tagged { tag } => {
                self.tags.insert(tag);
            }
            ClientEvent::Untagged { tag } => {
                self.tags.remove(&tag);
            }
            ClientEvent::Noted(note) => self.notes.push(note),
            ClientEvent::ConsentGiven { consent, .. } => {
                self.consents.insert(consent);
            }
            ClientEvent::ConsentWithdrawn { consent, .. } => {
                self.consents.remove(&consent);
            }
            ClientEvent::Blocked { .. } => self.blocked = true,
            ClientEvent::Unblocked {} => self.blocked = false,
            ClientEvent::SoldWithoutBooking(sale) => self.sales.push(sale),
            ClientEvent::Retracted {} => self.retracted = true,
            ClientEvent::TookIn(took) => self.taken_in.push(*took),
            ClientEvent::Merged { into } => self.merged_into = Some(into),
        }
    }
}

impl Card {
    fn remember(&mut self, changed: &ContactChanged) {
        Change::put(changed.name.as_ref(), &mut self.name);
        Change::put(changed.phone.as_ref(), &mut self.phone);
        Change::put(changed.phones.as_ref(), &mut self.phones);
        Change::put(changed.email.as_ref(), &mut self.email);
        Change::put(changed.telegram.as_ref(), &mut self.telegram);
        Change::put(changed.birthday.as_ref(), &mut self.birthday);
        Change::put(changed.language.as_ref(), &mut self.language);
        Change::put(changed.source.as_ref(), &mut self.source);
        Change::put(changed.fiscal_code.as_ref(), &mut self.fiscal_code);
        Change::put(changed.warning.as_ref(), &mut self.warning);
    }
}

bridge!(Client, "client", ClientCommand, ClientEvent, ClientError);

#[cfg(test)]
mod merging_specs;
mod revert;
#[cfg(test)]
mod specs;
