use std::{fs, path::Path};

use ledger::Metadata;
use serde_json::value::to_raw_value;

use super::*;

const BUSINESS: &str = "0192f0c1-2b3c-7d4e-8f50-112233445566";
const SECRET: &str = "Zuzanna Nobodyssecret";

fn uuid(last: u8) -> Uuid {
    format!("0192f0c1-2b3c-7d4e-8f50-1122334455{last:02x}")
        .parse()
        .unwrap()
}

fn recorded(kind: &str, event_type: &str, payload: &Value) -> Recorded {
    let (business, event_id) = (BusinessId(BUSINESS.parse().unwrap()), EventId(uuid(1)));
    Recorded {
        business,
        position: Position(42),
        event_id,
        stream: StreamId::new(kind.to_owned(), uuid(2)),
        version: Version(3),
        event_type: event_type.to_owned(),
        event_version: "1.0.0".to_owned(),
        payload: to_raw_value(payload).unwrap(),
        metadata: Metadata {
            business_id: business,
            event_id,
            actor: ActorRef {
                kind: "user".to_owned(),
                id: Some(uuid(4)),
                role: Some("owner".to_owned()),
            },
            source: "panel".to_owned(),
            command_id: uuid(5),
            correlation_id: uuid(6),
            causation_id: None,
            reverts: None,
        },
        recorded_at: "2026-11-23T10:00:00.123456Z".parse().unwrap(),
        occurred_at: None,
    }
}

fn sealed() -> Value {
    json!({"$sealed": {"key": uuid(7), "event": uuid(1), "field": "/registered/name", "box": "AAEC"}})
}

#[test]
fn a_message_is_a_cloud_event_of_ids_and_public_facts() {
    let payload = json!({"commented": {"comment_id": uuid(9), "text": sealed(), "at": "2026-03-02T12:00:00Z"}});
    let message = Message::of(&recorded("booking", "commented", &payload)).unwrap();

    assert_eq!(
        message.subject(),
        format!("daybook.{BUSINESS}.booking.commented")
    );
    let whole = json!({
        "specversion": "1.0",
        "id": uuid(1),
        "source": format!("urn:uuid:{BUSINESS}"),
        "type": "daybook.booking.commented",
        "subject": format!("booking/{}", uuid(2)),
        "time": "2026-11-23T10:00:00.123456Z",
        "datacontenttype": "application/json",
        "daybookposition": 42,
        "data": {
            "business_id": BUSINESS,
            "position": 42,
            "event_id": uuid(1),
            "stream": {"kind": "booking", "id": uuid(2)},
            "type": "commented",
            "version": 3,
            "event_version": "1.0.0",
            "recorded_at": "2026-11-23T10:00:00.123456Z",
            "occurred_at": "2026-11-23T10:00:00.123456Z",
            "payload": {"commented": {"comment_id": uuid(9), "at": "2026-03-02T12:00:00Z"}},
            "actor": {"kind": "user", "id": uuid(4), "role": "owner"},
            "source": "panel",
            "command_id": uuid(5),
            "correlation_id": uuid(6),
            "causation_id": null,
        },
    });
    assert_eq!(message.structured(), whole);
    assert_eq!(*message.data(), whole["data"]);
}

#[test]
fn imported_history_is_told_at_the_time_when_it_happened() {
    let mut event = recorded("booking", "arrived", &json!({"arrived": {}}));
    event.occurred_at = Some("2019-05-01T08:00:00Z".parse().unwrap());
    let message = Message::of(&event).unwrap();
    assert_eq!(message.structured()["time"], "2019-05-01T08:00:00Z");
    assert_eq!(message.data()["occurred_at"], "2019-05-01T08:00:00Z");
    assert_eq!(message.data()["recorded_at"], "2026-11-23T10:00:00.123456Z");
}

#[test]
fn what_is_sealed_opened_or_erased_is_left_out_wherever_it_stands() {
    let open = json!({"$open": {"key": uuid(7), "value": SECRET}});
    let erased = json!({"$erased": {"key": uuid(7)}});
    let payload = json!({"contact_changed": {
        "name": {"from": sealed(), "to": open},
        "phone": {"from": null, "to": sealed()},
        "notes": [sealed(), {"at": 1, "text": erased}],
        "language": {"from": "pl", "to": null},
    }});
    let message = Message::of(&recorded("client", "contact_changed", &payload)).unwrap();
    assert_eq!(
        message.data()["payload"],
        json!({"contact_changed": {
            "name": {},
            "phone": {"from": null},
            "notes": [{"at": 1}],
            "language": {"from": "pl", "to": null},
        }})
    );
}

#[test]
fn a_name_that_would_reach_into_other_subjects_is_refused() {
    for name in ["a.b", "*", ">", "", "a b", "ä"] {
        let event = recorded("booking", name, &json!({}));
        assert!(
            matches!(Message::of(&event), Err(MessageError::Name { .. })),
            "{name}"
        );
    }
}

/// The payload as it would be with its sealed values opened: what must never leave the house stands in clear.
fn opened(value: &Value, found: &mut usize) -> Value {
    match value {
        Value::Object(members) => match members.get("$sealed") {
            Some(envelope) => {
                *found += 1;
                json!({"$open": {"key": envelope["key"], "value": SECRET}})
            }
            None => members
                .iter()
                .map(|(name, value)| (name.clone(), opened(value, found)))
                .collect(),
        },
        Value::Array(items) => items.iter().map(|item| opened(item, found)).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            plain.clone()
        }
    }
}

/// Everything in `payload` that is no sealed value, as `path = value`.
fn facts(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| {
                value
                    .as_object()
                    .is_none_or(|inner| !inner.contains_key("$sealed"))
            }) {
                facts(&format!("{path}/{name}"), value, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                facts(&format!("{path}[]"), item, found);
            }
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            found.push(format!("{path} = {plain}"))
        }
    }
}

#[test]
fn of_every_event_ever_written_all_that_is_public_passes_and_nothing_that_is_sealed() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../domain/tests/golden");
    let (mut events, mut secrets) = (0, 0);
    for version in fs::read_dir(golden).unwrap() {
        for file in fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let mut words = name.split('.');
            let (kind, event_type) = (words.next().unwrap(), words.next().unwrap());
            let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            events += 1;

            let mut here = 0;
            let in_clear = opened(&written, &mut here);
            secrets += here;
            for payload in [&written, &in_clear] {
                let message = Message::of(&recorded(kind, event_type, payload)).unwrap();
                let told = message.structured().to_string();
                for forbidden in [SECRET, "$sealed", "$open", "$erased", "\"box\""] {
                    assert!(
                        !told.contains(forbidden),
                        "{name} tells {forbidden}: {told}"
                    );
                }
                let (mut public, mut passed) = (vec![], vec![]);
                facts("", &written, &mut public);
                facts("", &message.data()["payload"], &mut passed);
                assert_eq!(passed, public, "{name}");
            }
        }
    }
    assert!(
        events > 60 && secrets > 20,
        "{events} events, {secrets} sealed"
    );
}
