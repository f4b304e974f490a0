//! From the ledger: sealed values become open ones, or erased ones where the key is gone.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use uuid::Uuid;

use crate::cipher::{self, Secret};
use crate::marks::{self, Malformed, Mark, Sealed};

/// Which keys a batch needs, so that one query can fetch them.
#[derive(Debug, Default)]
pub struct Wanted(pub(crate) BTreeSet<(Uuid, Uuid)>);

impl Wanted {
    /// Adds the keys of what is sealed in `json`.
    ///
    /// # Errors
    /// When a value in it is misshapen.
    pub fn add(&mut self, business: Uuid, json: &Value) -> Result<(), OpenError> {
        for found in marks::find(json)? {
            if let Mark::Sealed(sealed) = found.mark {
                self.0.insert((business, sealed.key));
            }
        }
        Ok(())
    }

    /// Nothing is sealed in what was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The keys that a batch wanted, as they were when asked for. Opens without a database; to be
/// dropped with the batch, since a key may be destroyed at any moment.
#[derive(Debug, Default)]
pub struct KeyRing(pub(crate) BTreeMap<(Uuid, Uuid), Held>);

#[derive(Debug)]
pub(crate) enum Held {
    Alive(Secret),
    Destroyed,
    /// Never made here: of a ledger brought in without its keys, or of a person not yet known.
    Missing,
}

/// Why JSON could not be opened. A key that is gone is no error; these are signs of tampering, of
/// a wrong master key, or of a mistake in the program, and name the place.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A value is misshapen.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A box was altered, or made for another business, event or field than it says.
    #[error(
        "the box of business {business}, event {event}, field {field:?} does not open with key \
         {key}: it was altered or moved"
    )]
    BoxUnreadable {
        /// Whose ledger.
        business: Uuid,
        /// The key that it names.
        key: Uuid,
        /// The event that it names.
        event: Uuid,
        /// The field that it names.
        field: String,
    },
    /// A box stands in another event or field than it was made for.
    #[error(
        "a box under key {key} made for event {event}, field {field:?} stands in event \
         {found_event}, field {found_field:?}, of business {business}"
    )]
    Misplaced {
        /// Whose ledger.
        business: Uuid,
        /// The key that it names.
        key: Uuid,
        /// The event that it names.
        event: Uuid,
        /// The field that it names.
        field: String,
        /// The event that it was found in.
        found_event: Uuid,
        /// The field that it was found in.
        found_field: String,
    },
    /// A stored key was altered, moved, or wrapped under another master key.
    #[error(
        "key {key} of business {business} does not unwrap: it was altered or moved, or lies \
         under another master key"
    )]
    KeyUnreadable {
        /// Whose key ring.
        business: Uuid,
        /// The key.
        key: Uuid,
    },
    /// A payload's text is beyond the JSON reader: nested too deep, say.
    #[error("the payload of event {event} of business {business} could not be read")]
    NotJson {
        /// Whose ledger.
        business: Uuid,
        /// The event.
        event: Uuid,
        /// What the reader said.
        #[source]
        source: serde_json::Error,
    },
    /// The ring was made for another batch. Reading it as erased would be a lie.
    #[error("key {key} of business {business} was not asked for before opening")]
    NotAsked {
        /// Whose key ring.
        business: Uuid,
        /// The key.
        key: Uuid,
    },
    /// The keys could not be read.
    #[error("the keys could not be read")]
    Store(#[from] sqlx::Error),
}

impl KeyRing {
    /// Opens all that is sealed in `json`, of whatever event: a folded state, say, or a payload
    /// that upcasters have reshaped. The event and field that each box names are taken at its
    /// word. On an error `json` is as it was.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, business: Uuid, json: &mut Value) -> Result<(), OpenError> {
        self.open_where(business, json, |_, _| Ok(()))
    }

    /// Opens the payload of one event *as it was stored*, and sees to it that each box stands
    /// where it was made for.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_event(
        &self,
        business: Uuid,
        event: Uuid,
        payload: &mut Value,
    ) -> Result<(), OpenError> {
        self.open_where(business, payload, |found_field, sealed| {
            if sealed.event == event && sealed.field == found_field {
                return Ok(());
            }
            Err(OpenError::Misplaced {
                business,
                key: sealed.key,
                event: sealed.event,
                field: sealed.field.to_owned(),
                found_event: event,
                found_field: found_field.to_owned(),
            })
        })
    }

    fn open_where(
        &self,
        business: Uuid,
        json: &mut Value,
        in_place: impl Fn(&str, &Sealed<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let mut opened = Vec::new();
        for found in marks::find(json)? {
            if let Mark::Sealed(sealed) = found.mark {
                in_place(&found.field, &sealed)?;
                opened.push((found.field, self.open_one(business, &sealed)?));
            }
        }
        for (field, value) in opened {
            marks::put(json, &field, value);
        }
        Ok(())
    }

    fn open_one(&self, business: Uuid, sealed: &Sealed<'_>) -> Result<Value, OpenError> {
        let key = sealed.key;
        match self.0.get(&(business, key)) {
            Some(Held::Alive(secret)) => unbox(secret, business, sealed)
                .map(|value| marks::open(key, value))
                .ok_or_else(|| OpenError::BoxUnreadable {
                    business,
                    key,
                    event: sealed.event,
                    field: sealed.field.to_owned(),
                }),
            Some(Held::Destroyed | Held::Missing) => Ok(marks::erased(key)),
            None => Err(OpenError::NotAsked { business, key }),
        }
    }
}

fn unbox(secret: &Secret, business: Uuid, sealed: &Sealed<'_>) -> Option<Value> {
    let bytes = STANDARD.decode(sealed.text).ok()?;
    let bound_to = bound_to(business, sealed.key, sealed.event, sealed.field);
    let plaintext = cipher::decrypt(secret, &bound_to, &bytes)?;
    serde_json::from_slice(&plaintext).ok()
}

/// What a box is bound to. Only the last part varies in length, so that no two places share bytes.
pub(crate) fn bound_to(business: Uuid, key: Uuid, event: Uuid, field: &str) -> Vec<u8> {
    [
        business.as_bytes(),
        key.as_bytes(),
        &event.as_bytes()[..],
        field.as_bytes(),
    ]
    .concat()
}
