//! Sees whether a message is Daybook's: docs/guides/webhooks.md. Needs `base64`, `hmac` and `sha2`.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Seconds: an older message may be somebody's copy.
const PATIENCE: u64 = 5 * 60;

/// `id`, `timestamp` and `signatures` are the headers `webhook-…`, `body` the bytes as they came, before anything reads
/// them as JSON.
pub fn is_genuine(secret: &str, id: &str, timestamp: &str, signatures: &str, body: &[u8]) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let (Ok(now), Ok(at)) = (now, timestamp.parse::<u64>()) else {
        return false;
    };
    let key = secret.strip_prefix("whsec_").unwrap_or(secret);
    let Ok(key) = STANDARD.decode(key) else {
        return false;
    };
    let is_signed = |one: &str| {
        let Some(tag) = one.strip_prefix("v1,") else {
            return false;
        };
        let (Ok(tag), Ok(mut mac)) = (STANDARD.decode(tag), Hmac::<Sha256>::new_from_slice(&key))
        else {
            return false;
        };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        mac.verify_slice(&tag).is_ok()
    };
    // Several while a new secret takes the old one's place.
    now.as_secs().abs_diff(at) <= PATIENCE && signatures.split(' ').any(is_signed)
}
