//! How a person is reached. All of it is personal: in events only inside `Sealed`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a contact is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ContactError {
    /// No phone number of any country, or none of the business's.
    #[error("is not a phone number: give it with its country, such as +48 600 100 200")]
    Phone,
    /// Not an e-mail address (RFC 5321).
    #[error("is not an e-mail address")]
    Email,
    /// Not a Telegram user name.
    #[error("is not a Telegram name: 5 to 32 letters, digits and underscores, such as @ada_l")]
    Telegram,
    /// Not a fiscal code.
    #[error("takes 4 to 32 letters, digits and hyphens")]
    FiscalCode,
    /// Not a country of ISO 3166-1.
    #[error("is not a two-letter country code (ISO 3166-1)")]
    Country,
    /// Not a language tag.
    #[error("is not a language tag (BCP 47) such as pl or en-GB")]
    Language,
}

macro_rules! redacted {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
        impl $name {
            /// As text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

/// A phone number in E.164: `+48600100200`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people write it; `country` settles national numbers.
    ///
    /// # Errors
    /// When it is no valid number.
    pub fn parse(text: &str, country: Option<Country>) -> Result<Self, ContactError> {
        let region = country.and_then(|c| phonenumber::country::Id::from_str(c.as_str()).ok());
        let number = phonenumber::parse(region, text).map_err(|_| ContactError::Phone)?;
        if !phonenumber::is_valid(&number) {
            return Err(ContactError::Phone);
        }
        Ok(Self(
            number.format().mode(phonenumber::Mode::E164).to_string(),
        ))
    }
}

/// An e-mail address, kept as written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Checks the form of an address (RFC 5321), with a domain that has a dot or is `localhost`.
    ///
    /// # Errors
    /// When it is no address.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal();
        email_address::EmailAddress::parse_with_options(text, options)
            .map_err(|_| ContactError::Email)?;
        Ok(Self(text.to_owned()))
    }
}

/// A Telegram user name without the `@`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Telegram(String);

impl Telegram {
    /// Reads a name with or without its `@`.
    ///
    /// # Errors
    /// When it is no user name.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let name = text.trim();
        let name = name.strip_prefix('@').unwrap_or(name);
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if letters && (5..=32).contains(&name.len()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(ContactError::Telegram)
        }
    }
}

/// A number under which the state knows a person or company (codice fiscale, NIP, …).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FiscalCode(String);

impl FiscalCode {
    /// Takes letters and digits; spaces, dots and hyphens go; kept in upper case.
    ///
    /// # Errors
    /// When it has other characters or is not 4 to 32 long.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let code: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.'))
            .collect::<String>()
            .to_uppercase();
        let form =
            code.bytes().all(|b| b.is_ascii_alphanumeric()) && (4..=32).contains(&code.len());
        if form {
            Ok(Self(code))
        } else {
            Err(ContactError::FiscalCode)
        }
    }
}

redacted!(Phone, Email, Telegram, FiscalCode);

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a two-letter code, in either case.
    ///
    /// # Errors
    /// When no such country has phone numbers or it is not two letters.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let upper = text.to_ascii_uppercase();
        let letters: [u8; 2] = upper
            .as_bytes()
            .try_into()
            .map_err(|_| ContactError::Country)?;
        phonenumber::country::Id::from_str(&upper).map_err(|_| ContactError::Country)?;
        Ok(Self(letters))
    }

    /// The two letters, upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl TryFrom<String> for Country {
    type Error = ContactError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

/// A language by its tag (BCP 47): `pl`, `en-GB`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Checks the form of the tag: a language, perhaps a script and a region.
    ///
    /// # Errors
    /// When it is no such tag.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let form = (2..=3).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_alphabetic())
            && text.len() <= 35
            && parts.all(|p| {
                (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric())
            });
        if form {
            Ok(Self(text.to_owned()))
        } else {
            Err(ContactError::Language)
        }
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A client's phone and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindedPhone {
    /// Where it rings.
    pub kind: PhoneKind,
    /// The number.
    pub number: Phone,
}

/// Where a phone rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// In the pocket.
    Mobile,
    /// At home.
    Home,
    /// At work.
    Work,
    /// Elsewhere.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_numbers_are_settled_by_the_country() {
        let poland = Country::parse("pl").unwrap();
        assert_eq!(
            Phone::parse("600 100 200", Some(poland)).unwrap().as_str(),
            "+48600100200"
        );
        assert_eq!(
            Phone::parse("0048 600 100 200", Some(poland))
                .unwrap()
                .as_str(),
            "+48600100200"
        );
        assert_eq!(
            Phone::parse("+44 20 7946 0958", Some(poland))
                .unwrap()
                .as_str(),
            "+442079460958"
        );
        assert_eq!(Phone::parse("600 100 200", None), Err(ContactError::Phone));
        assert_eq!(Phone::parse("12", Some(poland)), Err(ContactError::Phone));
    }

    #[test]
    fn contacts_never_show_in_logs() {
        let email = Email::parse("ada@example.org").unwrap();
        assert!(!format!("{email:?}").contains("ada"));
    }

    #[test]
    fn odd_addresses_are_refused() {
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a b@example.org",
            "Ada <ada@example.org>",
        ] {
            assert_eq!(Email::parse(bad), Err(ContactError::Email), "{bad}");
        }
    }

    #[test]
    fn countries_are_those_of_iso_3166() {
        assert_eq!(Country::parse("se").unwrap().as_str(), "SE");
        for bad in ["XX", "SWE", "", "é"] {
            assert_eq!(Country::parse(bad), Err(ContactError::Country), "{bad}");
        }
    }
}
