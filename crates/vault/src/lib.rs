//! Personal data under one key per person: seals values on their way into the ledger and opens
//! them on their way out.
//!
//! Each person has a random key, kept in the table `person_key` wrapped under the master key. In
//! event JSON a value under such a key is one of
//!
//! - `{"$open": {"key", "value"}}`: readable; never stored,
//! - `{"$sealed": {"key", "event", "field", "box"}}`: as it lies in the ledger, its box bound to
//!   business, key, event and field,
//! - `{"$erased": {"key"}}`: its key is gone, and with it the value, everywhere at once.
//!
//! So that the last holds, nothing here remembers a person's key from one call to the next. The
//! vault writes no row of `person_key`: a new key is stored by the append that first uses it.

mod cipher;
mod marks;
mod master;
mod opening;
mod parcel;
#[cfg(test)]
mod round_trip;
mod sealing;
mod subkeys;
mod vault;

pub use marks::{Malformed, holds_sealed};
pub use master::{MasterKey, MasterKeyError};
pub use opening::{KeyRing, OpenError, Wanted};
pub use parcel::ParcelKey;
pub use sealing::{PersonKeys, SealError};
pub use vault::{CheckMasterError, Vault};
