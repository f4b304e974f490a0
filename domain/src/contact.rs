//! How a person is reached. All of it is personal: in events only inside `Sealed`.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
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
    /// Not a day.
    #[error("is not a date such as 1990-05-17, or --05-17 without the year")]
    Birthday,
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
        if !phonenumber::is_valid(&number) && !is_possible(&number) {
            return Err(ContactError::Phone);
        }
        Ok(Self(
            number.format().mode(phonenumber::Mode::E164).to_string(),
        ))
    }
}

/// Of the length that phones of its country have. Blocks of numbers come into use long before a table of them here
/// knows; what is too short or too long for anybody's phone is none.
fn is_possible(number: &phonenumber::PhoneNumber) -> bool {
    let national = number.national().to_string();
    let length = u16::try_from(national.len()).unwrap_or(u16::MAX);
    let same = national
        .bytes()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
        < 2;
    let database = &phonenumber::metadata::DATABASE;
    let regions = database
        .by_code(&number.country().code())
        .unwrap_or_default();
    let regular = |region: &&phonenumber::Metadata| {
        let kinds = region.descriptors();
        let lengths = |of: Option<&phonenumber::metadata::Descriptor>| {
            of.map_or(vec![], |of| of.possible_length().to_vec())
        };
        // Of fixed lines the shorter ones are a few old exchanges', which the table knows.
        lengths(kinds.mobile()).contains(&length)
            || lengths(kinds.fixed_line()).last() == Some(&length)
    };
    !same && regions.iter().any(regular)
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

/// The day somebody was born, or only the day of the year: many tell no more. Written `1990-05-17`, or `--05-17`
/// without the year (ISO 8601:2000, as vCard has it).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Birthday {
    year: Option<i16>,
    month: i8,
    day: i8,
}

impl Birthday {
    /// Reads `YYYY-MM-DD` or `--MM-DD`.
    ///
    /// # Errors
    /// When there is no such day.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        // A day of the year may be the 29th of February: any leap year has it.
        let (full, has_year) = match text.strip_prefix("--") {
            Some(rest) => (format!("2000-{rest}"), false),
            None => (text.to_owned(), true),
        };
        let date = crate::time::local_date::parse(&full).ok_or(ContactError::Birthday)?;
        Ok(Self {
            year: has_year.then_some(date.year()),
            month: date.month(),
            day: date.day(),
        })
    }

    /// A day of the year, without the year.
    ///
    /// # Errors
    /// When no year has it.
    pub fn of_any_year(month: i8, day: i8) -> Result<Self, ContactError> {
        let date = Date::new(2000, month, day).map_err(|_| ContactError::Birthday)?;
        Ok(Self {
            year: None,
            ..Self::from(date)
        })
    }

    /// The whole date, if the year is known.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        Date::new(self.year?, self.month, self.day).ok()
    }

    /// Month and day, from 1.
    #[must_use]
    pub const fn month_and_day(&self) -> (i8, i8) {
        (self.month, self.day)
    }
}

impl From<Date> for Birthday {
    fn from(date: Date) -> Self {
        Self {
            year: Some(date.year()),
            month: date.month(),
            day: date.day(),
        }
    }
}

impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        match year {
            Some(year) => write!(f, "{year:04}-{month:02}-{day:02}"),
            None => write!(f, "--{month:02}-{day:02}"),
        }
    }
}

impl fmt::Debug for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Birthday(…)")
    }
}

impl From<Birthday> for String {
    fn from(birthday: Birthday) -> Self {
        birthday.to_string()
    }
}

impl TryFrom<String> for Birthday {
    type Error = ContactError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

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

    /// What is dialled before its numbers from abroad.
    #[must_use]
    pub fn calling_code(&self) -> Option<u16> {
        let known = phonenumber::metadata::DATABASE.by_id(self.as_str());
        known.map(phonenumber::Metadata::country_code)
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    fn a_number_of_a_block_that_no_table_knows_yet_is_a_number() {
        let read = |country, text| {
            let country = Country::parse(country).unwrap();
            Phone::parse(text, Some(country)).map(|phone| phone.as_str().to_owned())
        };
        assert_eq!(read("UA", "088-000-01-01"), Ok("+380880000101".to_owned()));
        assert_eq!(read("FR", "06 39 98 00 00"), Ok("+33639980000".to_owned()));
        for bad in [
            "000 000 000",
            "11 22 33 44",
            "0",
            "123",
            "600 100 200 300 400",
        ] {
            assert_eq!(read("PL", bad), Err(ContactError::Phone), "{bad}");
        }
    }

    #[test]
    fn a_birthday_needs_no_year() {
        for day in ["1990-02-28", "--05-17", "--02-29", "2000-02-29"] {
            assert_eq!(Birthday::parse(day).unwrap().to_string(), day);
        }
        for bad in [
            "",
            "--",
            "--02-30",
            "1990-02-29",
            "--5-17",
            "-05-17",
            "0000-01-01",
        ] {
            assert_eq!(Birthday::parse(bad), Err(ContactError::Birthday), "{bad}");
        }
        assert_eq!(Birthday::parse("--05-17").unwrap().date(), None);
        assert_eq!(Birthday::parse("--05-17").unwrap().month_and_day(), (5, 17));
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
