//! What an event changed, field by field, as people read it.

use domain::{change::Change, sealed::Sealed, text::FreeText};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// One field, and what it was and is. Names and values are the API's: money and instants are texts, what was never
/// told or can no longer be read is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which field.
    pub field: String,
    /// What it was.
    pub from: Value,
    /// What it is.
    pub to: Value,
    /// Whose key it lies under, if it is personal: what goes when they are erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<Uuid>,
}

/// The fields that an event changed, in the order in which it tells them.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<FieldChange>);

impl Fields {
    /// It came to be. What is nothing (none, no, zero, empty) is not worth a line.
    pub(super) fn made(self, field: &'static str, to: impl Serialize) -> Self {
        let to = json(to);
        if is_nothing(&to) {
            return self;
        }
        self.line(field, Value::Null, to)
    }

    /// It is no more.
    pub(super) fn gone(self, field: &'static str, from: impl Serialize) -> Self {
        let from = json(from);
        self.line(field, from, Value::Null)
    }

    /// It may have changed: a line if it did.
    pub(super) fn between(
        self,
        field: &'static str,
        from: impl Serialize,
        to: impl Serialize,
    ) -> Self {
        let (from, to) = (json(from), json(to));
        if from == to {
            return self;
        }
        self.line(field, from, to)
    }

    /// The event says whether it changed. Of what is erased the change remains, not the values.
    pub(super) fn told<T: Serialize>(
        self,
        field: &'static str,
        change: Option<&Change<T>>,
    ) -> Self {
        match change {
            Some(Change { from, to }) => self.line(field, json(from), json(to)),
            None => self,
        }
    }

    /// Several that may have changed, each under the same name before and after.
    pub(super) fn between_all(
        self,
        from: impl IntoIterator<Item = (&'static str, Value)>,
        to: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Self {
        let pairs = from.into_iter().zip(to);
        pairs.fold(self, |fields, ((field, from), (_, to))| {
            fields.between(field, from, to)
        })
    }

    /// Several that came to be.
    pub(super) fn made_all(self, to: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        to.into_iter()
            .fold(self, |fields, (field, to)| fields.made(field, to))
    }

    pub(super) fn into_lines(self) -> Vec<FieldChange> {
        self.0
    }

    fn line(mut self, field: &'static str, from: Value, to: Value) -> Self {
        let mut under = None;
        self.0.push(FieldChange {
            field: field.to_owned(),
            from: shown(from, &mut under),
            to: shown(to, &mut under),
            under,
        });
        self
    }
}

/// A value as events hold it.
pub(super) fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("what stands in events is JSON")
}

/// What somebody wrote as the reason, and whose key it lies under.
pub(super) fn reason(reason: Option<&Sealed<FreeText>>) -> (Option<String>, Option<Uuid>) {
    let text = reason.and_then(Sealed::value).map(ToString::to_string);
    (text, reason.map(|r| r.key().uuid()))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::String(_) => false,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// A value of an event as people read it: what is sealed is open, or nothing where its key is gone; money is its
/// amount alone.
fn shown(value: Value, under: &mut Option<Uuid>) -> Value {
    match value {
        Value::Object(mut fields) => {
            if let Some(open) = sealed(&mut fields, "$open", under) {
                return shown(open.get("value").cloned().unwrap_or_default(), under);
            }
            let unreadable = sealed(&mut fields, "$erased", under)
                .or_else(|| sealed(&mut fields, "$sealed", under));
            if unreadable.is_some() {
                return Value::Null;
            }
            if fields.len() == 2 && fields.contains_key("currency") && fields.contains_key("amount")
            {
                return fields.remove("amount").unwrap_or_default();
            }
            let fields = fields.into_iter().map(|(k, v)| (k, shown(v, under)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| shown(item, under)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// What lies behind a mark of `Sealed`, if that is what the fields are.
fn sealed(fields: &mut Map<String, Value>, mark: &str, under: &mut Option<Uuid>) -> Option<Value> {
    let inside = fields.remove(mark)?;
    let key = inside.get("key").and_then(Value::as_str);
    *under = key.and_then(|key| Uuid::parse_str(key).ok());
    Some(inside)
}

#[cfg(test)]
mod tests {
    use domain::{client::Client, text::PersonName};
    use serde_json::json;

    use super::*;
    use crate::story::{at, eur, id};

    #[test]
    fn what_is_nothing_is_not_told_as_made() {
        let fields = Fields::default()
            .made("staff_id", None::<Uuid>)
            .made("buffer_before_min", 0)
            .made("service_ids", Vec::<Uuid>::new())
            .made("price", eur("0.00"));
        let lines = fields.into_lines();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0].field.as_str(), &lines[0].to),
            ("price", &json!("0.00"))
        );
    }

    #[test]
    fn only_what_differs_is_told_as_changed() {
        let lines = Fields::default()
            .between(
                "start",
                at("2026-05-05T10:00:00Z"),
                at("2026-05-05T11:00:00Z"),
            )
            .between("price", eur("50.00"), eur("50.00"))
            .into_lines();
        let expected = json!([{
            "field": "start", "from": "2026-05-05T10:00:00Z", "to": "2026-05-05T11:00:00Z",
        }]);
        assert_eq!(json(lines), expected);
    }

    #[test]
    fn of_what_was_erased_the_change_remains() {
        let key = id::<Client>(7);
        let change = Change {
            from: Sealed::Erased { key: key.into() },
            to: Sealed::open(key, PersonName::parse("Ada").unwrap()),
        };
        let lines = Fields::default().told("name", Some(&change)).into_lines();
        let expected = json!([{"field": "name", "from": null, "to": "Ada", "under": key}]);
        assert_eq!(json(lines), expected);
    }
}
