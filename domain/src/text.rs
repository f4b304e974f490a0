//! Words that people type: names, labels, free text. Trimmed, of bounded length, without control characters.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed, in Unicode characters.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters that are taken.
        max: usize,
    },
    /// A control character (a line break is allowed in free text only).
    #[error("must not hold control characters")]
    Control,
    /// A letter that the form does not have.
    #[error("{0}")]
    Form(&'static str),
}

fn checked(text: &str, max: usize, lines: bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    let allowed = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\r' | '\t'));
    if !text.chars().all(allowed) {
        return Err(TextError::Control);
    }
    Ok(text.to_owned())
}

/// A text type: parsed once at the door; what the ledger holds is read back as it stands.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, max $max:literal, lines $lines:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters that are taken.
            pub const MAX: usize = $max;

            /// Trims and checks.
            ///
            /// # Errors
            /// When the text is empty, too long or holds control characters.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                checked(text, $max, $lines).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// What a service, desk or business is called; a closure's name; a payment method. Not personal.
    Label, max 200, lines false
);
text_type!(
    /// A public description, as it stands on the booking page. Not personal.
    Description, max 5_000, lines true
);
text_type!(
    /// An address on the web. May hold a secret of whoever is behind it: stands in events only as `Sealed<WebAddress>`.
    WebAddress, max 2_000, lines false
);
text_type!(
    /// A person's name. Personal: stands in events only as `Sealed<PersonName>`.
    PersonName, max 200, lines false
);
text_type!(
    /// What somebody wrote: a comment, note, reason, warning. Personal: only as `Sealed<FreeText>`.
    FreeText, max 10_000, lines true
);

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebAddress(…)")
    }
}
impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}
impl fmt::Debug for FreeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreeText(…)")
    }
}

/// A short name for use in addresses: lower-case letters, digits and single hyphens, 1 to 63 of them (as a DNS label).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    /// Checks the form.
    ///
    /// # Errors
    /// When it has other characters, begins or ends with a hyphen, or is longer than 63.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        const FORM: &str = "takes a-z, 0-9 and hyphens between them, at most 63";
        let letters = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let ends = !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if !letters || !ends || text.len() > 63 {
            return Err(TextError::Form(FORM));
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A colour as `#rrggbb`, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Color(String);

impl Color {
    /// Checks the form.
    ///
    /// # Errors
    /// When it is not `#` and six hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6);
        match digits {
            Some(d) if d.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            Some(_) | None => Err(TextError::Form("must be a colour such as #3366cc")),
        }
    }

    /// The colour.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a booking or client came from in the business's own words: `phone`, `walk-in`, `instagram`. Not personal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// Checks the form: letters, digits, `_`, `-`, `.` and spaces, at most 40; kept in lower case.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = checked(text, 40, false)?;
        if !text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
        {
            return Err(TextError::Form("takes letters, digits, spaces and _ - ."));
        }
        Ok(Self(text.to_lowercase()))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client is marked with: `vip`, `allergy`. One line, at most 60 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Tag(String);

impl Tag {
    /// Trims and checks.
    ///
    /// # Errors
    /// When it is empty, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        checked(text, 60, false).map(Self)
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_trimmed_and_bounded() {
        assert_eq!(Label::parse("  Cut \n").unwrap().as_str(), "Cut");
        assert_eq!(Label::parse(" "), Err(TextError::Empty));
        assert_eq!(
            Label::parse(&"é".repeat(201)),
            Err(TextError::TooLong { max: 200 })
        );
        assert!(Label::parse(&"é".repeat(200)).is_ok());
        assert_eq!(Label::parse("a\u{0}b"), Err(TextError::Control));
        assert_eq!(Label::parse("a\nb"), Err(TextError::Control));
        assert!(FreeText::parse("a\nb").is_ok());
    }

    #[test]
    fn slugs_are_dns_labels() {
        for bad in ["-a", "a-", "a--b", "A", "ą", "a_b", &"a".repeat(64)] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
        assert!(Slug::parse("my-salon-2").is_ok());
    }
}
