//! Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body, under a secret that both sides know.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

/// A webhook's secret: 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes these bits.
    #[must_use]
    pub const fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// As its owner is told it, once: `whsec_…`.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // HMAC takes keys of any length.
            return String::new();
        };
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The header `webhook-signature`: one signature for each secret that is good, the newest first.
#[must_use]
pub fn signature(secrets: &[Secret], id: &str, at: Timestamp, body: &[u8]) -> String {
    let signed = secrets
        .iter()
        .map(|secret| secret.sign(id, at.as_second(), body));
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_standards_own_libraries_do() {
        // The example of the specification's reference libraries.
        let bits = STANDARD
            .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&bits).expect("any length");
        mac.update(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
        assert_eq!(
            STANDARD.encode(mac.finalize().into_bytes()),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let secret = Secret::new([7; 32]);
        let at: Timestamp = "2021-02-25T15:02:10.9Z".parse().expect("an instant");
        let mut same = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("any length");
        same.update(b"msg_1.1614265330.body");
        let expected = format!("v1,{}", STANDARD.encode(same.finalize().into_bytes()));
        assert_eq!(signature(&[secret], "msg_1", at, b"body"), expected);
    }

    #[test]
    fn each_good_secret_signs() {
        let (new, old) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let at = Timestamp::UNIX_EPOCH;
        let both = signature(&[new.clone(), old.clone()], "id", at, b"");
        let (first, second) = both.split_once(' ').expect("two");
        assert_eq!(first, signature(&[new], "id", at, b""));
        assert_eq!(second, signature(&[old], "id", at, b""));
        assert_ne!(first, second);
    }

    #[test]
    fn a_secret_is_told_as_libraries_take_it() {
        let told = Secret::new([0; 32]).reveal();
        let bits = told.strip_prefix("whsec_").expect("its prefix");
        assert_eq!(STANDARD.decode(bits).expect("base64"), [0; 32]);
    }
}
