//! To the ledger: open values become sealed ones, under their person's key.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{self, Secret};
use crate::marks::{self, Found, Malformed, Mark, Sealed};
use crate::opening::{Held, KeyRing, OpenError, Wanted, bound_to};
use crate::subkeys::Subkeys;

/// Plaintexts are filled up to a multiple of this many bytes, so that a box's length does not
/// tell Bo from Maximiliane.
const BLOCK: usize = 32;

/// The keys that sealed values lie under, for the append that stores them. No key is in both lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonKeys {
    /// New ones, wrapped: the append inserts them.
    pub made: Vec<(Uuid, Vec<u8>)>,
    /// Those that were there: the append checks that each still lives. In ascending order.
    pub used: Vec<Uuid>,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The person was erased: nothing may be written about them again.
    #[error("key {key} was destroyed")]
    KeyDestroyed {
        /// The key.
        key: Uuid,
    },
    /// An event holds a misshapen value.
    #[error("event {event}")]
    Malformed {
        /// The new event.
        event: Uuid,
        /// What is wrong with it.
        #[source]
        source: Malformed,
    },
    /// An event repeats a value still sealed for another place, where nobody could open it.
    #[error("event {event} repeats at {field:?} a value that was not opened first")]
    AlreadySealed {
        /// The new event.
        event: Uuid,
        /// Where it stands.
        field: String,
    },
    /// The keys could not be had.
    #[error(transparent)]
    Keys(OpenError),
}

/// The open values of some new events, on their way to be sealed.
pub(crate) struct Sealing<'a> {
    business: Uuid,
    places: Vec<Place<'a>>,
}

struct Place<'a> {
    index: usize,
    event: Uuid,
    field: String,
    key: Uuid,
    value: &'a Value,
}

/// A sealed value, and the index of the event and the field that it belongs in.
pub(crate) type Boxed = (usize, String, Value);

impl<'a> Sealing<'a> {
    /// Refuses what could not be sealed.
    pub(crate) fn of(business: Uuid, events: &'a [(Uuid, Value)]) -> Result<Self, SealError> {
        let mut places = Vec::new();
        for (index, (event, payload)) in events.iter().enumerate() {
            let event = *event;
            let malformed = |source| SealError::Malformed { event, source };
            for Found { field, mark } in marks::find(payload).map_err(malformed)? {
                match mark {
                    Mark::Open { key, value } => places.push(Place {
                        index,
                        event,
                        field,
                        key,
                        value,
                    }),
                    Mark::Sealed(_) => return Err(SealError::AlreadySealed { event, field }),
                    // What was erased stays erased when a new event tells of it.
                    Mark::Erased => {}
                }
            }
        }
        Ok(Self { business, places })
    }

    pub(crate) fn wanted(&self) -> Wanted {
        let keys = self.places.iter().map(|place| (self.business, place.key));
        Wanted(keys.collect())
    }

    /// Seals with a ring of the keys [`wanted`](Self::wanted), making those that are missing.
    pub(crate) fn finish(
        self,
        subkeys: &Subkeys,
        ring: KeyRing,
    ) -> Result<(PersonKeys, Vec<Boxed>), SealError> {
        let mut keys = PersonKeys::default();
        let mut secrets = BTreeMap::new();
        for ((business, key), held) in ring.0 {
            let secret = match held {
                Held::Alive(secret) => {
                    keys.used.push(key);
                    secret
                }
                Held::Missing => {
                    let secret = cipher::random_key();
                    keys.made.push((key, subkeys.wrap(business, key, &secret)));
                    secret
                }
                Held::Destroyed => return Err(SealError::KeyDestroyed { key }),
            };
            secrets.insert(key, secret);
        }
        let boxes = self.places.into_iter().map(|place| {
            let sealed = enclose(&secrets[&place.key], self.business, &place);
            (place.index, place.field, sealed)
        });
        Ok((keys, boxes.collect()))
    }
}

fn enclose(secret: &Secret, business: Uuid, place: &Place<'_>) -> Value {
    let Place {
        event, field, key, ..
    } = place;
    // JSON ends where it ends, and may be followed by spaces: they need no taking off.
    let mut plaintext = Zeroizing::new(place.value.to_string().into_bytes());
    let padded = plaintext.len().next_multiple_of(BLOCK);
    plaintext.resize(padded, b' ');
    let bound_to = bound_to(business, *key, *event, field);
    let bytes = cipher::encrypt(secret, &bound_to, &plaintext);
    marks::sealed(&Sealed {
        key: *key,
        event: *event,
        field,
        text: &STANDARD.encode(bytes),
    })
}
