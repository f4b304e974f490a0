//! Where a webhook may point at all.

use std::net::IpAddr;

use reqwest::Url;

use crate::address::{is_metadata, is_public};

/// What an operator lets webhooks do besides. Both off: HTTPS to the public internet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Plain HTTP too: for development.
    pub http: bool,
    /// Private networks too: for who runs receivers in the same house. Not where clouds keep their metadata.
    pub private: bool,
}

impl Allowed {
    /// Whether a webhook may be told there.
    #[must_use]
    pub fn reaches(self, address: IpAddr) -> bool {
        is_public(address) || self.private && !is_metadata(address)
    }
}

/// An address that a webhook may point at, so far as can be said without asking DNS.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

/// Why a webhook may not point there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It is no address of the web.
    #[error("is no address of the web")]
    Malformed,
    /// It is not HTTPS.
    #[error("must begin with https://")]
    NotHttps,
    /// It names a user or a password, which would be told to whoever reads the settings.
    #[error("must hold no user and no password")]
    Credentials,
    /// It leads into a private network.
    #[error("leads into a private network")]
    Private,
}

impl Target {
    /// Reads an address, as browsers read it: `http://0x7f.1` is 127.0.0.1.
    ///
    /// # Errors
    /// When a webhook may not point there.
    pub fn parse(text: &str, allowed: Allowed) -> Result<Self, BadTarget> {
        let url: Url = text.parse().map_err(|_| BadTarget::Malformed)?;
        match url.scheme() {
            "https" => {}
            "http" if allowed.http => {}
            "http" => return Err(BadTarget::NotHttps),
            _ => return Err(BadTarget::Malformed),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadTarget::Credentials);
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(BadTarget::Malformed);
        };
        if url.fragment().is_some() {
            return Err(BadTarget::Malformed);
        }
        // A number is never looked up, and so is looked at here.
        let number = host.trim_start_matches('[').trim_end_matches(']');
        let is_shut = match number.parse::<IpAddr>() {
            Ok(address) => !allowed.reaches(address),
            Err(_) => is_local_name(host) && !allowed.private,
        };
        if is_shut {
            return Err(BadTarget::Private);
        }
        Ok(Self(url))
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.0
    }
}

/// Names that stand for the house itself, wherever one asks.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = [".localhost", ".local", ".internal", ".home.arpa"];
    host == "localhost" || ends.iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Allowed = Allowed {
        http: false,
        private: false,
    };
    const ALL: Allowed = Allowed {
        http: true,
        private: true,
    };

    fn read(text: &str, allowed: Allowed) -> Result<String, BadTarget> {
        Target::parse(text, allowed).map(|target| target.0.to_string())
    }

    #[test]
    fn a_webhook_points_at_the_public_web_over_tls() {
        assert_eq!(
            read("https://hooks.example:8443/a?b=c", NOTHING).as_deref(),
            Ok("https://hooks.example:8443/a?b=c")
        );
        assert_eq!(
            read("http://hooks.example/", NOTHING),
            Err(BadTarget::NotHttps)
        );
        for wrong in [
            "",
            "hooks.example",
            "ftp://hooks.example",
            "https://",
            "file:///etc/passwd",
            "https://a/#b",
        ] {
            assert_eq!(read(wrong, ALL), Err(BadTarget::Malformed), "{wrong}");
        }
        for wrong in ["https://a:b@hooks.example", "https://a@hooks.example"] {
            assert_eq!(read(wrong, ALL), Err(BadTarget::Credentials), "{wrong}");
        }
    }

    #[test]
    fn however_it_is_written_the_house_is_the_house() {
        for inside in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://①27.0.0.1/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://0/",
        ] {
            assert_eq!(read(inside, NOTHING), Err(BadTarget::Private), "{inside}");
            let is_metadata = inside.contains("169.254");
            assert_eq!(read(inside, ALL).is_ok(), !is_metadata, "{inside}");
        }
    }
}
