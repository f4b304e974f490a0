//! JSON Schemas of the events, as they leave the house (docs/asyncapi.yaml).
//!
//! They come from the types themselves: [`AnyEvent`] derives its schema, so that an event without one does not compile.
//! What is sealed is left out of messages; here its properties are left out too.

use std::collections::BTreeMap;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::event::AnyEvent;

/// Marks, in a raw schema, where a sealed value stands.
pub(crate) const SEALED: &str = "x-sealed";

/// The schemas of all events' payloads in messages.
#[derive(Debug)]
pub struct Schemas {
    /// Of each stream's kind and each event's name, what its payload looks like: `{"placed": {…}}`.
    pub events: BTreeMap<(String, String), Value>,
    /// What they refer to, by name.
    pub definitions: Map<String, Value>,
}

/// The schemas of all events' payloads in messages, which refer to each other under `definitions_path`
/// (`/components/schemas`).
///
/// # Panics
/// When an event is not an enum of named variants: a mistake in this crate, which a test of `ops` meets.
#[must_use]
pub fn of_messages(definitions_path: &str) -> Schemas {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| {
            settings.definitions_path = definitions_path.to_owned().into();
            settings.meta_schema = None;
        });
    let mut generator = SchemaGenerator::new(settings);
    let any = generator.root_schema_for::<AnyEvent>().to_value();
    let mut definitions = generator.take_definitions(true);
    let mut events = BTreeMap::new();
    for stream in variants(&any) {
        let (kind, members) = only_property(stream);
        let name = members["prefixItems"][1]["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
            .expect("an event's own schema is referred to");
        let of_stream = definitions
            .remove(name)
            .expect("what is referred to is defined");
        for event in variants(&of_stream) {
            let mut event = event.clone();
            leave_out(&mut event);
            let name = only_property(&event).0.to_owned();
            events.insert((kind.to_owned(), name), event);
        }
    }
    definitions.values_mut().for_each(leave_out);
    Schemas {
        events,
        definitions,
    }
}

fn variants(schema: &Value) -> &[Value] {
    let one_of = schema["oneOf"].as_array();
    one_of.expect("an enum's variants are told one by one")
}

fn only_property(schema: &Value) -> (&str, &Value) {
    let property = schema["properties"]
        .as_object()
        .and_then(|all| all.iter().next());
    let (name, value) = property.expect("a variant is an object with one member");
    (name, value)
}

/// Takes the places of sealed values out of a schema, wherever they are in it.
fn leave_out(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let mut absent = vec![];
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    if is_sealed(property) {
                        absent.push((name.clone(), true));
                    } else if may_be_sealed(property) {
                        *property = json!({
                            "type": "null",
                            "description": "Told only where there is nothing: what there is, is personal and left out.",
                        });
                        absent.push((name.clone(), false));
                    }
                }
                for (name, wholly) in &absent {
                    if *wholly {
                        properties.remove(name);
                    }
                }
            }
            if let Some(Value::Array(required)) = members.get_mut("required") {
                required.retain(|one| absent.iter().all(|(name, _)| one != name));
                if required.is_empty() {
                    members.remove("required");
                }
            }
            members.values_mut().for_each(leave_out);
        }
        Value::Array(items) => {
            // Nothing stands where one of several is sealed.
            items.retain(|item| !is_sealed(item));
            items.iter_mut().for_each(leave_out);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_sealed(schema: &Value) -> bool {
    schema.get(SEALED).is_some() && schema["type"] == "object"
}

/// A sealed value or nothing.
fn may_be_sealed(schema: &Value) -> bool {
    schema.get(SEALED).is_some() && schema["type"] == json!(["object", "null"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_schema_and_none_tells_of_what_is_sealed() {
        let schemas = of_messages("/components/schemas");
        let text = format!("{:?} {:?}", schemas.events, schemas.definitions);
        assert!(!text.contains(SEALED), "{text}");
        let registered = &schemas.events[&("client".to_owned(), "registered".to_owned())];
        assert_eq!(
            registered["properties"]["registered"]["$ref"],
            "#/components/schemas/Card"
        );
        let card = &schemas.definitions["Card"];
        assert!(card["properties"].get("name").is_none(), "{card}");
        assert_eq!(card["properties"]["phone"]["type"], "null");
        assert!(card["properties"].get("language").is_some(), "{card}");
        let required = card["required"].as_array().unwrap();
        assert!(required.contains(&json!("language")), "{card}");
        assert!(!required.contains(&json!("phone")), "{card}");
    }
}
