use std::{env, fs, path::Path, slice};

use herald::Message;
use jiff::{Timestamp, civil};
use ledger::{ActorRef, BusinessId, EventId, Metadata, Position, Recorded, StreamId, Version};
use serde_json::value::to_raw_value;
use uuid::Uuid;

use super::*;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/asyncapi.yaml");

#[test]
fn the_description_that_is_kept_is_that_of_the_events() {
    let now = yaml().unwrap();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(KEPT, &now).unwrap();
    }
    let kept = fs::read_to_string(KEPT).unwrap();
    assert!(
        kept == now,
        "docs/asyncapi.yaml is not what the event types say. If the change is meant: \
         UPDATE_GOLDEN=1 cargo test -p daybook asyncapi, and say so in CHANGELOG.md"
    );
    let read: Value = serde_saphyr::from_str(&kept).unwrap();
    assert_eq!(read, document(), "it reads as it was written");
}

fn uuid(last: u8) -> Uuid {
    Uuid::from_u128(0x0192_f0c1_2b3c_7d4e_8f50_1122_3344_5500 | u128::from(last))
}

fn message_of(kind: &str, event_type: &str, payload: &Value) -> Message {
    let (business, event_id) = (BusinessId(uuid(1)), EventId(uuid(2)));
    let message = Message::of(&Recorded {
        business,
        position: Position(7),
        event_id,
        stream: StreamId::new(kind.to_owned(), uuid(3)),
        version: Version(1),
        event_type: event_type.to_owned(),
        event_version: domain::event::VERSION.to_owned(),
        payload: to_raw_value(payload).unwrap(),
        metadata: Metadata {
            business_id: business,
            event_id,
            actor: ActorRef {
                kind: "system".to_owned(),
                id: None,
                role: None,
            },
            source: "system".to_owned(),
            command_id: uuid(4),
            correlation_id: uuid(5),
            causation_id: None,
            reverts: None,
        },
        recorded_at: "2026-11-23T10:00:00Z".parse().unwrap(),
        occurred_at: None,
    });
    message.unwrap()
}

/// Every golden event, by its stream's kind, its name and its file.
fn golden() -> Vec<(String, String, String, Value)> {
    let mut all = vec![];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
    for version in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let mut words = name.split('.').map(str::to_owned);
            let (kind, event) = (words.next().unwrap(), words.next().unwrap());
            let payload = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            all.push((kind, event, name, payload));
        }
    }
    all
}

#[test]
fn the_message_of_every_event_ever_written_is_as_described() {
    let document = document();
    for (kind, event, file, payload) in golden() {
        let described = &document["components"]["messages"][format!("{kind}.{event}")];
        assert!(described.is_object(), "{kind}.{event} is not described");
        let message = message_of(&kind, &event, &payload);
        let mut faults = vec![];
        validate(
            &document,
            &described["payload"],
            message.data(),
            "",
            &mut faults,
        );
        assert!(
            faults.is_empty(),
            "{file}: {faults:#?}\n{:#}",
            message.data()
        );
        // And the check is one that can fail.
        let mut other = message.data().clone();
        other["payload"] = json!({ "something": "else" });
        validate(&document, &described["payload"], &other, "", &mut faults);
        assert!(!faults.is_empty(), "{file}: anything would pass");
    }
}

#[test]
fn every_described_message_is_one_that_is_written() {
    let document = document();
    let written: Vec<String> = golden()
        .into_iter()
        .map(|(kind, event, ..)| format!("{kind}.{event}"))
        .collect();
    for name in document["components"]["messages"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(written.contains(name), "{name}");
    }
}

/// As much of JSON Schema as the description uses; a word that is not known here fails. Members that the schema does
/// not name are faults too: what leaves the house is described, all of it.
fn validate(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let Some(words) = schema.as_object() else {
        assert_eq!(*schema, json!(true), "{at}");
        return;
    };
    let mut fault = |what: String| faults.push(format!("{at}: {what}"));
    for (word, wanted) in words {
        match word.as_str() {
            "description" | "properties" | "default" | "x-sealed" => {}
            "type" => {
                let several = wanted.as_array();
                let types = several.map_or(slice::from_ref(wanted), Vec::as_slice);
                if !types.iter().any(|one| is_of(one.as_str().unwrap(), value)) {
                    fault(format!("{value} is no {wanted}"));
                }
            }
            "format" if value.is_string() => {
                let text = value.as_str().unwrap();
                let well = match wanted.as_str().unwrap() {
                    "uuid" => text.parse::<Uuid>().is_ok(),
                    "date-time" => text.parse::<Timestamp>().is_ok(),
                    "date" => text.parse::<civil::Date>().is_ok(),
                    "partial-date-time" => text.parse::<civil::DateTime>().is_ok(),
                    other => panic!("{at}: format {other}"),
                };
                if !well {
                    fault(format!("{text} is no {wanted}"));
                }
            }
            "format" => {}
            "minimum" | "maximum" if value.is_number() => {
                let (is, bound) = (value.as_f64().unwrap(), wanted.as_f64().unwrap());
                if (word == "minimum" && is < bound) || (word == "maximum" && is > bound) {
                    fault(format!("{is} is past {word} {bound}"));
                }
            }
            "minimum" | "maximum" => {}
            "const" if value != wanted => fault(format!("{value} is not {wanted}")),
            "const" => {}
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                fault(format!("{value} is none of {wanted}"));
            }
            "enum" => {}
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        fault(format!("{name} is missing"));
                    }
                }
            }
            "uniqueItems" => {
                let items = value.as_array().into_iter().flatten();
                let texts: Vec<_> = items.map(ToString::to_string).collect();
                let apart: std::collections::BTreeSet<_> = texts.iter().collect();
                if wanted == true && apart.len() < texts.len() {
                    fault(format!("{value} holds something twice"));
                }
            }
            "additionalProperties" | "$ref" | "allOf" | "anyOf" | "oneOf" | "items" => {}
            other => panic!("{at}: the word {other} is not known to this check"),
        }
    }
    if let Some(path) = words.get("$ref").and_then(Value::as_str) {
        let target = document.pointer(path.trim_start_matches('#'));
        let target = target.unwrap_or_else(|| panic!("{at}: {path} leads nowhere"));
        validate(document, target, value, at, faults);
    }
    for all in words
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        validate(document, all, value, at, faults);
    }
    for word in ["anyOf", "oneOf"] {
        let Some(choices) = words.get(word).and_then(Value::as_array) else {
            continue;
        };
        let fitting = choices.iter().filter(|choice| {
            let mut of_choice = vec![];
            validate(document, choice, value, at, &mut of_choice);
            of_choice.is_empty()
        });
        let fitting = fitting.count();
        if fitting == 0 || (word == "oneOf" && fitting > 1) {
            faults.push(format!("{at}: {value} fits {fitting} of {word}"));
        }
    }
    if let (Some(items), Some(values)) = (words.get("items"), value.as_array()) {
        for (place, item) in values.iter().enumerate() {
            validate(document, items, item, &format!("{at}[{place}]"), faults);
        }
    }
    if let Some(members) = value.as_object() {
        let properties = words.get("properties").and_then(Value::as_object);
        for (name, member) in members {
            let at = format!("{at}.{name}");
            match (
                properties.and_then(|all| all.get(name)),
                words.get("additionalProperties"),
            ) {
                (Some(described), _) => validate(document, described, member, &at, faults),
                (None, Some(Value::Bool(false))) => faults.push(format!("{at} is not allowed")),
                (None, Some(described)) => validate(document, described, member, &at, faults),
                // Beside `allOf` or `$ref` it may be described there.
                (None, None) if words.contains_key("allOf") || words.contains_key("$ref") => {}
                (None, None) if properties.is_some() => {
                    faults.push(format!("{at} is not described"));
                }
                (None, None) => {}
            }
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}
