//! One line's JSON object, each value still as it was written. A field is read strictly, and what is wrong
//! with it is said in people's words.

use std::{borrow::Cow, fmt};

use domain::{
    text::{FreeText, Label, TextError},
    time::Minutes,
};
use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{amount, moment::Moment};

/// Why a line, or something in it, cannot be read.
pub(super) type Reason = String;

/// The fields of an object that have not been taken yet.
pub(super) struct Fields<'a> {
    within: &'static str,
    left: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// The object that a whole line is.
    pub(super) fn of_line(json: &'a str) -> Result<Self, Reason> {
        let Object(left) = serde_json::from_str(json).map_err(|error| {
            if error.is_data() {
                "not a JSON object".to_owned()
            } else if error.is_eof() {
                "not JSON: it breaks off".to_owned()
            } else {
                format!("not JSON from column {} on", error.column())
            }
        })?;
        Ok(Self { within: "", left })
    }

    /// An object within it.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Option<Self>, Reason> {
        let Some(raw) = self.take(name)? else {
            return Ok(None);
        };
        let Object(left) =
            serde_json::from_str(raw.get()).map_err(|_| format!("`{name}` must be an object"))?;
        Ok(Some(Self { within: name, left }))
    }

    /// A text, trimmed; an empty one is none.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Reason> {
        match self.take(name)? {
            Some(raw) => serde_json::from_str::<String>(raw.get())
                .map(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
                .map_err(|_| format!("{} must be a text", self.called(name))),
            None => Ok(None),
        }
    }

    /// What another system calls something by: a text, or a whole number.
    pub(super) fn reference(&mut self, name: &'static str) -> Result<Option<String>, Reason> {
        let number = self
            .peek(name)
            .filter(|raw| raw.get().bytes().all(|b| b.is_ascii_digit()));
        match number {
            Some(raw) => {
                self.take(name)?;
                Ok(Some(raw.get().to_owned()))
            }
            None => self.text(name),
        }
    }

    pub(super) fn free_text(&mut self, name: &'static str) -> Result<Option<FreeText>, Reason> {
        // Characters that no screen shows are no part of what was said.
        let text = self.text(name)?.map(|text| text.replace(unseen, ""));
        match text.as_deref().map(FreeText::parse) {
            None | Some(Err(TextError::Empty)) => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(error)) => Err(format!("{} {error}", self.called(name))),
        }
    }

    pub(super) fn label(&mut self, name: &'static str) -> Result<Option<Label>, Reason> {
        let text = self.text(name)?;
        text.map(|text| Label::parse(&text))
            .transpose()
            .map_err(|error| format!("{} {error}", self.called(name)))
    }

    pub(super) fn moment(&mut self, name: &'static str) -> Result<Option<Moment>, Reason> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        Moment::parse(&text)
            .map(Some)
            .map_err(|fault| format!("{} {fault}", self.called(name)))
    }

    /// A whole number of minutes. `30.0` is one.
    pub(super) fn minutes(&mut self, name: &'static str) -> Result<Option<Minutes>, Reason> {
        let Some(raw) = self.take(name)? else {
            return Ok(None);
        };
        let wanted = || format!("{} must be a whole number of minutes", self.called(name));
        let number: Decimal = amount::number(raw.get()).ok_or_else(wanted)?;
        let whole = number.normalize();
        if whole.scale() != 0 {
            return Err(wanted());
        }
        i64::try_from(whole)
            .ok()
            .and_then(|minutes| Minutes::try_from(minutes).ok())
            .map(Some)
            .ok_or_else(wanted)
    }

    /// An amount, exactly as it is written: a number, or a text that is one.
    pub(super) fn amount(&mut self, name: &'static str) -> Result<Option<Decimal>, Reason> {
        let Some(raw) = self.take(name)? else {
            return Ok(None);
        };
        let text: Option<String> = serde_json::from_str(raw.get()).ok();
        let number = amount::number(text.as_deref().unwrap_or(raw.get()).trim());
        number
            .map(Some)
            .ok_or_else(|| format!("{} must be a number such as 56.00", self.called(name)))
    }

    /// The names of the fields that nobody asked for.
    pub(super) fn left_over(self) -> impl Iterator<Item = String> {
        let within = self.within;
        self.left.into_iter().map(move |(name, _)| match within {
            "" => name.into_owned(),
            within => format!("{within}.{name}"),
        })
    }

    fn peek(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.left.iter().find(|(known, _)| known == name)?;
        Some(*raw)
    }

    /// Null is the same as absent. What stands twice could mean either.
    fn take(&mut self, name: &'static str) -> Result<Option<&'a RawValue>, Reason> {
        let Some(at) = self.left.iter().position(|(known, _)| known == name) else {
            return Ok(None);
        };
        let (_, raw) = self.left.swap_remove(at);
        if self.peek(name).is_some() {
            return Err(format!("{} stands twice", self.called(name)));
        }
        Ok(Some(raw).filter(|raw| raw.get() != "null"))
    }

    fn called(&self, name: &str) -> String {
        match self.within {
            "" => format!("`{name}`"),
            within => format!("`{within}.{name}`"),
        }
    }
}

fn unseen(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
