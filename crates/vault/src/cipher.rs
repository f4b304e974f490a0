//! The one cipher of the vault: XChaCha20-Poly1305, whose nonce is long enough to be drawn at random.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{Key, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

/// Key material: wiped when dropped, never shown.
pub(crate) type Secret = SecretBox<[u8; 32]>;

/// First byte of every box, so that another cipher can follow this one without guessing.
const VERSION: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;

/// A fresh random key.
pub(crate) fn random_key() -> Secret {
    Secret::init_with_mut(|key| rand::fill(key))
}

/// `version ‖ nonce ‖ ciphertext ‖ tag`. It opens again only with the same `bound_to`.
pub(crate) fn encrypt(key: &Secret, bound_to: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = rand::random();
    let mut sealed = Vec::with_capacity(1 + NONCE + plaintext.len() + TAG);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let tag = cipher(key)
        .encrypt_inout_detached(
            &XNonce::from(nonce),
            bound_to,
            (&mut sealed[1 + NONCE..]).into(),
        )
        .expect("a plaintext in memory is below the cipher's limit of 256 GiB");
    sealed.extend_from_slice(&tag);
    sealed
}

/// The plaintext; `None` when the bytes, the key or `bound_to` are not those of [`encrypt`].
pub(crate) fn decrypt(key: &Secret, bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (version, rest) = sealed.split_first()?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
    if *version != VERSION {
        return None;
    }
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    cipher(key)
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            bound_to,
            plaintext.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .ok()?;
    Some(plaintext)
}

fn cipher(key: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(<&Key>::from(key.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let (key, other) = (random_key(), random_key());
        let sealed = encrypt(&key, b"here", b"a plaintext");
        assert_eq!(
            decrypt(&key, b"here", &sealed).unwrap().as_slice(),
            b"a plaintext"
        );
        assert!(decrypt(&other, b"here", &sealed).is_none());
        assert!(decrypt(&key, b"there", &sealed).is_none());
        assert!(decrypt(&key, b"here", &[]).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(decrypt(&key, b"here", &altered).is_none(), "byte {at}");
            assert!(
                decrypt(&key, b"here", &sealed[..at]).is_none(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn never_shows_a_key() {
        let key = Secret::init_with(|| *b"a key of just thirty-two letters");
        assert!(!format!("{key:?}").contains("thirty"));
        assert!(!format!("{key:?}").contains("97, 32"));
    }
}
