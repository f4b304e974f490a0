//! From a request's fields to the domain's types, with every fault told at once.

use domain::{
    contact::{Country, Phone},
    hours::WorkingHours,
    money::{Currency, Money},
    time::{LocalSpan, Zone},
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::{
    problem::{Problem, Violation, violations_of_hours},
    texts::Message,
};

/// The faults found so far. Every method gives the value if there was nothing wrong with it.
#[derive(Debug, Default)]
pub struct Checks {
    found: Vec<Violation>,
}

impl Checks {
    /// Something is wrong with a field.
    pub fn fault(&mut self, field: impl Into<String>, message: Message) {
        self.found.push(Violation::new(field, message));
    }

    /// A value that was read, or why it was not.
    pub fn take<T>(&mut self, field: &str, read: Result<T, impl Into<Message>>) -> Option<T> {
        read.map_err(|error| self.fault(field, error.into())).ok()
    }

    /// A field that may be absent or null.
    pub fn maybe<T, S: ?Sized, E: Into<Message>>(
        &mut self,
        field: &str,
        value: Option<&S>,
        read: impl FnOnce(&S) -> Result<T, E>,
    ) -> Option<T> {
        value.and_then(|value| self.take(field, read(value)))
    }

    /// A field of a `PATCH`: absent leaves it, null takes it away.
    pub fn patch<T, V, E: Into<Message>>(
        &mut self,
        field: &str,
        value: &Patch<V>,
        read: impl FnOnce(&V) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match value {
            None => None,
            Some(None) => Some(None),
            Some(Some(value)) => self.take(field, read(value)).map(Some),
        }
    }

    /// An instant that somebody can have meant, by the years that imported history may speak of too.
    pub fn moment(&mut self, field: &str, at: Timestamp) {
        let year = Zone::utc().date_of(at).year();
        if !(1900..=2199).contains(&year) {
            self.fault(field, Message::new("violation-date"));
        }
    }

    /// An amount of zero or more.
    pub fn price(&mut self, field: &str, text: &str, currency: Currency) -> Option<Money> {
        let money = self.take(field, Money::parse(text, currency))?;
        if money.is_negative() {
            self.fault(field, Message::new("violation-negative"));
            return None;
        }
        Some(money)
    }

    /// An amount above zero.
    pub fn amount(&mut self, field: &str, text: &str, currency: Currency) -> Option<Money> {
        let money = self.take(field, Money::parse(text, currency))?;
        if money.is_negative() || money.is_zero() {
            self.fault(field, Message::new("violation-not-positive"));
            return None;
        }
        Some(money)
    }

    /// A phone number; national ones are of the business's country.
    pub fn phone(&mut self, field: &str, text: &str, country: Country) -> Option<Phone> {
        self.take(field, Phone::parse(text, Some(country)))
    }

    /// Hours that somebody can have meant.
    pub fn hours(&mut self, field: &str, hours: &WorkingHours) {
        if let Err(faults) = hours.check() {
            self.found.extend(violations_of_hours(field, faults));
        }
    }

    /// Wall-clock time from `from` to `to`.
    pub fn span(&mut self, from: &str, to: &str) -> Option<LocalSpan> {
        let span = serde_json::json!({ "from": from, "to": to });
        match serde_json::from_value::<LocalSpan>(span) {
            Ok(span) => Some(span),
            Err(_) => {
                let whole = |text: &str| {
                    let probe = serde_json::json!({ "from": text, "to": "9999-12-31T23:59:59" });
                    serde_json::from_value::<LocalSpan>(probe).is_ok()
                };
                let (from_reads, to_reads) = (whole(from), whole(to));
                let wanted = Message::new("violation-local-time");
                if !from_reads {
                    self.fault("from", wanted.clone());
                }
                if !to_reads {
                    self.fault("to", wanted);
                }
                if from_reads && to_reads {
                    let after = Message::new("violation-end-not-after-start").with("from", from);
                    self.fault("to", after);
                }
                None
            }
        }
    }

    /// A number from `least` to `most`; `least` stands in for one that is not.
    pub fn within(&mut self, field: &str, asked: i64, least: u32, most: u32) -> u32 {
        let number = u32::try_from(asked).ok();
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let range = Message::new("violation-out-of-range")
                .with_number("least", least)
                .with_number("most", most);
            self.fault(field, range);
        }
        number.unwrap_or(least)
    }

    /// At most so many.
    pub fn at_most<T>(&mut self, field: &str, items: &[T], max: usize) {
        if items.len() > max {
            let max = i64::try_from(max).unwrap_or(i64::MAX);
            self.fault(
                field,
                Message::new("violation-too-many").with_number("max", max),
            );
        }
    }

    /// Nothing was wrong so far.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Goes on only if nothing was wrong.
    ///
    /// # Errors
    /// 422 with all that was.
    pub fn done(self) -> Result<(), Problem> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.found))
        }
    }
}

impl From<Checks> for Problem {
    fn from(checks: Checks) -> Self {
        Self::invalid(checks.found)
    }
}

/// A field of a `PATCH` that can be taken away: absent, null, or a value. For `#[serde(default, deserialize_with =
/// "patch")]`.
pub type Patch<T> = Option<Option<T>>;

/// Tells null from absent.
///
/// # Errors
/// Those of the value.
pub fn patch<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Patch<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A field of a `PATCH` that cannot be taken away: null is refused. For `#[serde(default, deserialize_with =
/// "given")]`.
///
/// # Errors
/// Those of the value.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
