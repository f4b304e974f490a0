//! Fields that are absent, or that nobody asked for: all of them, for serde stops at the first.
//!
//! What a body must have is told by its schema, the same that the API's description shows.

use serde_json::{Map, Value};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// What is wrong with a field's being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It must be there, and is not.
    Missing,
    /// It is there, and no such field is known.
    Unknown,
}

/// The fields of `body`, at whatever depth, that are there or not against the schema of `B`.
pub(super) fn look<B: ToSchema>(body: &Value) -> Vec<(String, Presence)> {
    let mut known = Vec::new();
    B::schemas(&mut known);
    let json = |schema: &RefOr<Schema>| serde_json::to_value(schema).unwrap_or_default();
    let look = Look {
        known: known
            .iter()
            .map(|(name, schema)| (name.clone(), json(schema)))
            .collect(),
    };
    let mut found = vec![];
    look.at("", &json(&B::schema()), body, &mut found);
    found
}

struct Look {
    known: Map<String, Value>,
}

impl Look {
    fn at(&self, path: &str, schema: &Value, body: &Value, found: &mut Vec<(String, Presence)>) {
        let schema = self.resolved(schema);
        match body {
            Value::Array(items) => {
                let Some(of_items) = schema.get("items") else {
                    return;
                };
                for (index, item) in items.iter().enumerate() {
                    self.at(&format!("{path}[{index}]"), of_items, item, found);
                }
            }
            Value::Object(members) => {
                self.members(path, schema, members, found);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn members(
        &self,
        path: &str,
        schema: &Value,
        members: &Map<String, Value>,
        found: &mut Vec<(String, Presence)>,
    ) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        let below = |name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let missing = required.filter(|name| !members.contains_key(*name));
        found.extend(missing.map(|name| (below(name), Presence::Missing)));
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (name, member) in members {
            match properties.get(name) {
                Some(schema) => self.at(&below(name), schema, member, found),
                None if closed => found.push((below(name), Presence::Unknown)),
                None => {}
            }
        }
    }

    /// Without the layers that say only where it stands, or that it may be null. Of several forms none is chosen.
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self
                .known
                .get(name)
                .map_or(&Value::Null, |known| self.resolved(known));
        }
        for forms in ["oneOf", "anyOf", "allOf"] {
            let forms = schema.get(forms).and_then(Value::as_array);
            let mut forms = forms
                .into_iter()
                .flatten()
                .filter(|form| form.get("type") != Some(&Value::from("null")));
            if let (Some(only), None) = (forms.next(), forms.next()) {
                return self.resolved(only);
            }
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "its schema is looked at")]
    struct Week {
        name: String,
        days: Vec<Day>,
        rest: Option<Day>,
        note: Option<String>,
        #[serde(default)]
        open: bool,
    }

    #[derive(Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "its schema is looked at")]
    struct Day {
        from: u8,
        to: u8,
    }

    fn found(body: Value) -> Vec<(String, Presence)> {
        let mut found = look::<Week>(&body);
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found
    }

    #[test]
    fn what_is_missing_is_found_at_any_depth() {
        let missing = |path: &str| (path.to_owned(), Presence::Missing);
        let unknown = |path: &str| (path.to_owned(), Presence::Unknown);
        assert_eq!(found(json!({})), [missing("days"), missing("name")]);
        let day = json!({"from": 9, "to": 17});
        assert_eq!(found(json!({"name": "a", "days": [day], "rest": null})), []);
        let body =
            json!({"name": 1, "days": [day, {"to": 1, "till": 2}], "rest": {}, "colour": "red"});
        assert_eq!(
            found(body),
            [
                unknown("colour"),
                missing("days[1].from"),
                unknown("days[1].till"),
                missing("rest.from"),
                missing("rest.to"),
            ]
        );
        // What is of another kind is told by serde.
        assert_eq!(found(json!({"name": "a", "days": 7})), []);
    }
}
