//! The three forms of a personal value in JSON, and where they stand in it.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const OPEN: &str = "$open";
const SEALED: &str = "$sealed";
const ERASED: &str = "$erased";

/// Something that calls itself open, sealed or erased, and is not shaped so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what stands at {field:?} is neither an open, a sealed nor an erased value")]
pub struct Malformed {
    /// Where it stands: a JSON pointer (RFC 6901), empty for the whole.
    pub field: String,
}

/// Whether stored JSON holds anything to open. Looks at the text alone, so that what holds nothing
/// need not be parsed for it; a false `true` (the word in somebody's text) only costs that parse.
#[must_use]
pub fn holds_sealed(json: &RawValue) -> bool {
    json.get().contains(r#""$sealed""#)
}

/// No `Debug` here or below: what is open would be shown.
#[derive(Clone, Copy)]
pub(crate) enum Mark<'a> {
    Open { key: Uuid, value: &'a Value },
    Sealed(Sealed<'a>),
    Erased,
}

/// A ciphertext and what it is bound to.
#[derive(Clone, Copy)]
pub(crate) struct Sealed<'a> {
    pub(crate) key: Uuid,
    pub(crate) event: Uuid,
    pub(crate) field: &'a str,
    pub(crate) text: &'a str,
}

pub(crate) struct Found<'a> {
    /// A JSON pointer from the value searched.
    pub(crate) field: String,
    pub(crate) mark: Mark<'a>,
}

/// All personal values within `json`, in its order. What an open one holds is not searched: it is
/// somebody's data, whatever it looks like.
pub(crate) fn find(json: &Value) -> Result<Vec<Found<'_>>, Malformed> {
    let mut found = Vec::new();
    walk(json, &mut String::new(), &mut found)?;
    Ok(found)
}

/// Puts a value in the place of one that was found at `field`.
pub(crate) fn put(json: &mut Value, field: &str, value: Value) {
    let place = json.pointer_mut(field);
    *place.expect("found there, and no mark stands within another") = value;
}

pub(crate) fn open(key: Uuid, value: Value) -> Value {
    json!({ OPEN: { "key": key, "value": value } })
}

pub(crate) fn sealed(sealed: &Sealed<'_>) -> Value {
    let Sealed {
        key,
        event,
        field,
        text,
    } = sealed;
    json!({ SEALED: { "key": key, "event": event, "field": field, "box": text } })
}

pub(crate) fn erased(key: Uuid) -> Value {
    json!({ ERASED: { "key": key } })
}

fn walk<'a>(json: &'a Value, at: &mut String, found: &mut Vec<Found<'a>>) -> Result<(), Malformed> {
    let here = at.len();
    match json {
        Value::Object(members) if is_marked(members) => {
            let mark = read(members).ok_or_else(|| Malformed { field: at.clone() })?;
            found.push(Found {
                field: at.clone(),
                mark,
            });
        }
        Value::Object(members) => {
            for (name, member) in members {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                walk(member, at, found)?;
                at.truncate(here);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                walk(item, at, found)?;
                at.truncate(here);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// One such name is enough: what is misshapen must be refused, never passed on as plain JSON.
fn is_marked(members: &Map<String, Value>) -> bool {
    [OPEN, SEALED, ERASED]
        .iter()
        .any(|name| members.contains_key(*name))
}

fn read(members: &Map<String, Value>) -> Option<Mark<'_>> {
    let (name, inner) = members.iter().next().filter(|_| members.len() == 1)?;
    let inner = inner.as_object()?;
    let text = |name| inner.get(name).and_then(Value::as_str);
    let key = text("key")?.parse().ok()?;
    match (name.as_str(), inner.len()) {
        (OPEN, 2) => inner.get("value").map(|value| Mark::Open { key, value }),
        (SEALED, 4) => Some(Mark::Sealed(Sealed {
            key,
            event: text("event")?.parse().ok()?,
            field: text("field")?,
            text: text("box")?,
        })),
        (ERASED, 1) => Some(Mark::Erased),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Uuid = Uuid::from_u128(1);

    fn fields(json: &Value) -> Vec<String> {
        find(json)
            .unwrap()
            .into_iter()
            .map(|found| found.field)
            .collect()
    }

    #[test]
    fn finds_every_mark_by_a_pointer_that_leads_to_it() {
        let json = json!({
            "a": [1, {"b/c~d": open(KEY, json!("x"))}, erased(KEY)],
            "z": {"": open(KEY, json!({"$open": "data that looks like a mark"}))},
        });
        let fields = fields(&json);
        assert_eq!(fields, ["/a/1/b~1c~0d", "/a/2", "/z/"]);
        for field in fields {
            assert!(is_marked(
                json.pointer(&field).unwrap().as_object().unwrap()
            ));
        }
        assert_eq!(self::fields(&open(KEY, json!(null))), [""]);
    }

    #[test]
    fn refuses_what_only_looks_like_a_mark() {
        for broken in [
            json!({"$open": {"key": KEY}}),
            json!({"$open": {"key": "nobody", "value": 1}}),
            json!({"$open": {"key": KEY, "value": 1}, "and": 2}),
            json!({"$open": {"key": KEY, "value": 1, "and": 2}}),
            json!({"$sealed": {"key": KEY, "event": KEY, "field": 7, "box": ""}}),
            json!({"$sealed": "text"}),
            json!({"$erased": null}),
        ] {
            let error = find(&json!({"in": [broken]})).err();
            assert_eq!(
                error,
                Some(Malformed {
                    field: "/in/0".to_owned()
                })
            );
        }
    }

    #[test]
    fn text_alone_tells_what_holds_nothing() {
        let raw = |json: &Value| serde_json::value::to_raw_value(json).unwrap();
        let mark = Sealed {
            key: KEY,
            event: KEY,
            field: "",
            text: "",
        };
        assert!(holds_sealed(&raw(&json!([sealed(&mark)]))));
        assert!(!holds_sealed(&raw(&json!({"sealed": erased(KEY)}))));
    }
}
