//! Personal values: open while they are worked with, sealed in the ledger, erased once their key is gone.
//!
//! A plain type: `vault` does the sealing and opening around the ledger. The domain only says
//! under whose key a value lies. In JSON it is one of `{"$open": {key, value}}`,
//! `{"$sealed": {key, event, field, box}}` and `{"$erased": {key}}`.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::Id;

/// Whose key a value lies under: a person's (their id), or a booking's own where no client is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Uuid);

impl KeyId {
    /// The bare UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<T> From<Id<T>> for KeyId {
    fn from(id: Id<T>) -> Self {
        Self(id.uuid())
    }
}

/// A personal value under its owner's key.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Sealed<T> {
    /// Readable.
    #[serde(rename = "$open")]
    Open {
        /// Whose key it is, or is to be, sealed under.
        key: KeyId,
        /// The value.
        value: T,
    },
    /// As it lies in the ledger.
    #[serde(rename = "$sealed")]
    Closed(Envelope),
    /// Its key was destroyed: nobody can read it any more.
    #[serde(rename = "$erased")]
    Erased {
        /// The key that is gone.
        key: KeyId,
    },
}

/// A ciphertext and what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Whose key opens it.
    pub key: KeyId,
    /// The event that it was written in.
    pub event: Uuid,
    /// Where in the event's payload it stood (RFC 6901).
    pub field: String,
    /// Nonce and ciphertext, base64.
    #[serde(rename = "box")]
    pub sealed: String,
}

impl<T> Sealed<T> {
    /// A readable value that is to lie under `key`.
    pub fn open(key: impl Into<KeyId>, value: T) -> Self {
        Self::Open {
            key: key.into(),
            value,
        }
    }

    /// The value, if it can be read.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Open { value, .. } => Some(value),
            Self::Closed(_) | Self::Erased { .. } => None,
        }
    }

    /// Whose key it lies under.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        match self {
            Self::Open { key, .. } | Self::Erased { key } => *key,
            Self::Closed(envelope) => envelope.key,
        }
    }

    /// The same value, to lie under another key. What cannot be read stays under its own.
    #[must_use]
    pub fn under(&self, key: impl Into<KeyId>) -> Self
    where
        T: Clone,
    {
        match self {
            Self::Open { value, .. } => Self::open(key, value.clone()),
            Self::Closed(_) | Self::Erased { .. } => self.clone(),
        }
    }

    /// Its key is gone.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        matches!(self, Self::Erased { .. })
    }
}

/// Never shows the value: what is personal does not belong in logs.
impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self {
            Self::Open { .. } => "open",
            Self::Closed(_) => "sealed",
            Self::Erased { .. } => "erased",
        };
        write!(f, "Sealed({state}, {:?})", self.key().0)
    }
}

/// Marks the place. What it would be is nobody's business outside: messages leave the value out, and
/// `schema::of_messages` the property.
#[cfg(feature = "schema")]
impl<T> schemars::JsonSchema for Sealed<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sealed".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", (crate::schema::SEALED): true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_all_three_forms() {
        let key = "0192f0c1-2b3c-7d4e-8f50-112233445566";
        for json in [
            format!(r#"{{"$open":{{"key":"{key}","value":"Ada"}}}}"#),
            format!(
                r#"{{"$sealed":{{"key":"{key}","event":"{key}","field":"/placed/note","box":"AAAA"}}}}"#
            ),
            format!(r#"{{"$erased":{{"key":"{key}"}}}}"#),
        ] {
            let sealed: Sealed<String> = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&sealed).unwrap(), json);
        }
    }

    #[test]
    fn never_shows_its_value_in_logs() {
        let sealed = Sealed::open(KeyId(Uuid::nil()), "Ada Lovelace".to_owned());
        assert!(!format!("{sealed:?}").contains("Ada"));
    }
}
