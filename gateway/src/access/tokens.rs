//! Opaque tokens: 256 bits, of which the database has only the SHA-256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A secret that was handed out, or is about to be.
pub(crate) struct Token(String);

impl Token {
    const KEY: &'static str = "dbk_";
    const SESSION: &'static str = "dbs_";
    const LINK: &'static str = "dbl_";

    /// An API key with this secret.
    pub(crate) fn key(secret: [u8; 32]) -> Self {
        Self(Self::KEY.to_owned() + &URL_SAFE_NO_PAD.encode(secret))
    }

    /// A new session's token.
    pub(crate) fn session() -> Self {
        Self(Self::SESSION.to_owned() + &URL_SAFE_NO_PAD.encode(random()))
    }

    /// The secret of a link that is good once.
    pub(crate) fn link(secret: [u8; 32]) -> Self {
        Self(Self::LINK.to_owned() + &URL_SAFE_NO_PAD.encode(secret))
    }

    /// What somebody sent as the secret of a link; whether it is one, its hash tells.
    pub(crate) fn sent_link(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// What somebody sent, if it has the form of a token of ours.
    pub(crate) fn sent(text: &str) -> Option<Self> {
        let secret = text
            .strip_prefix(Self::KEY)
            .or_else(|| text.strip_prefix(Self::SESSION))?;
        (secret.len() == 43).then(|| Self(text.to_owned()))
    }

    /// Whether it is an API key; else it is a session's.
    pub(crate) fn is_key(&self) -> bool {
        self.0.starts_with(Self::KEY)
    }

    /// As it is handed out.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// As it is kept. Of 256 random bits no slow hash is needed.
    pub(crate) fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The SHA-256 of a token.
pub(crate) type TokenHash = [u8; 32];

/// 256 bits from the operating system.
pub(crate) fn random() -> [u8; 32] {
    rand::random()
}
