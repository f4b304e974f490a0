//! What the master key is used for, each use under a key of its own (HKDF-SHA-256).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use uuid::Uuid;

use crate::cipher::{self, Secret};

/// The keys that come of the master key.
#[derive(Debug)]
pub(crate) struct Subkeys {
    wrapping: Secret,
    hashing: Secret,
    fingerprint: [u8; 32],
}

impl Subkeys {
    pub(crate) fn of(master: &Secret) -> Self {
        let source = Hkdf::<Sha256>::new(Some(b"vault 1"), master.expose_secret());
        let derive = |label: &str, into: &mut [u8; 32]| {
            source
                .expand(label.as_bytes(), into)
                .expect("32 bytes is a length that HKDF-SHA-256 gives");
        };
        let mut fingerprint = [0; 32];
        derive("fingerprint", &mut fingerprint);
        Self {
            wrapping: Secret::init_with_mut(|key| derive("wrapping", key)),
            hashing: Secret::init_with_mut(|key| derive("keyed hash", key)),
            fingerprint,
        }
    }

    /// Tells one master key from another and nothing else about it.
    pub(crate) fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// A person's key as it may be stored, bound to its business and id.
    pub(crate) fn wrap(&self, business: Uuid, id: Uuid, key: &Secret) -> Vec<u8> {
        cipher::encrypt(&self.wrapping, &bound_to(business, id), key.expose_secret())
    }

    /// `None` when the bytes were altered, moved, or wrapped under another master key.
    pub(crate) fn unwrap(&self, business: Uuid, id: Uuid, wrapped: &[u8]) -> Option<Secret> {
        let plain = cipher::decrypt(&self.wrapping, &bound_to(business, id), wrapped)?;
        let bytes: &[u8; 32] = plain.as_slice().try_into().ok()?;
        Some(Secret::init_with_mut(|key| key.copy_from_slice(bytes)))
    }

    /// HMAC-SHA-256 over `business ‖ length of label ‖ label ‖ bytes`.
    pub(crate) fn keyed_hash(&self, business: Uuid, label: &str, bytes: &[u8]) -> [u8; 32] {
        Hmac::<Sha256>::new_from_slice(self.hashing.expose_secret())
            .expect("HMAC takes a key of any length")
            .chain_update(business.as_bytes())
            .chain_update((label.len() as u64).to_be_bytes())
            .chain_update(label)
            .chain_update(bytes)
            .finalize()
            .into_bytes()
            .into()
    }
}

fn bound_to(business: Uuid, key: Uuid) -> Vec<u8> {
    [b"person key", &business.as_bytes()[..], key.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSINESS: Uuid = Uuid::from_u128(1);
    const PERSON: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_wrapped_key_unwraps_in_its_place_only() {
        let subkeys = Subkeys::of(&cipher::random_key());
        let key = cipher::random_key();
        let wrapped = subkeys.wrap(BUSINESS, PERSON, &key);
        let unwrapped = subkeys.unwrap(BUSINESS, PERSON, &wrapped).unwrap();
        assert_eq!(unwrapped.expose_secret(), key.expose_secret());
        assert!(subkeys.unwrap(PERSON, BUSINESS, &wrapped).is_none());
        assert!(subkeys.unwrap(BUSINESS, BUSINESS, &wrapped).is_none());
        let other = Subkeys::of(&cipher::random_key());
        assert!(other.unwrap(BUSINESS, PERSON, &wrapped).is_none());
    }

    #[test]
    fn a_hash_depends_on_business_label_bytes_and_master_key() {
        let master = Secret::init_with_mut(|key| key.fill(7));
        let hash =
            |business, label, bytes: &[u8]| Subkeys::of(&master).keyed_hash(business, label, bytes);
        let first = hash(BUSINESS, "phone", b"+48123");
        assert_eq!(first, hash(BUSINESS, "phone", b"+48123"));
        assert_ne!(first, hash(PERSON, "phone", b"+48123"));
        assert_ne!(first, hash(BUSINESS, "phon", b"e+48123"));
        assert_ne!(first, hash(BUSINESS, "phone", b"+48124"));
        assert_ne!(
            first,
            Subkeys::of(&cipher::random_key()).keyed_hash(BUSINESS, "phone", b"+48123")
        );
    }

    /// Stored fingerprints, hashes and wrapped keys must be read by every later version: a change
    /// of label, salt or construction shows here. The figures were computed apart from this code.
    #[test]
    fn derivation_never_changes() {
        let subkeys = Subkeys::of(&Secret::init_with_mut(|key| key.fill(7)));
        assert_eq!(
            hex::encode(subkeys.fingerprint()),
            "41f3a7f765bc67513e67a17079e20416088716e9069157b4ab7ad8bf7f6745ae"
        );
        assert_eq!(
            hex::encode(subkeys.keyed_hash(BUSINESS, "phone", b"+48123")),
            "ff0c17708583a33cf53e7c7b8016f202219a581520405955a17879deb99f31b5"
        );
    }
}
