//! The operations of the description, and how each is asked for.

use std::collections::BTreeSet;

use axum::http::Method;
use axum_test::TestRequest;
use serde_json::{Map, Value, json};

use super::things::Things;
use crate::support::Salon;

/// One operation.
pub(super) struct Operation {
    /// `GET /bookings/{id}`.
    pub(super) name: String,
    pub(super) method: Method,
    /// Below `/api/v1`, as the router matches it.
    pub(super) path: String,
    /// The right that it needs, or `nothing`, or `anyone`.
    pub(super) needs: String,
    /// Who has it.
    pub(super) roles: BTreeSet<String>,
    pub(super) module: Option<String>,
    /// It is answered as long as somebody listens.
    pub(super) has_no_end: bool,
    reach: String,
    also: Vec<String>,
    /// The query parameters that must be there.
    query: Vec<String>,
    body: Option<Value>,
}

/// All of them.
pub(super) fn all(document: &Value) -> Vec<Operation> {
    let mut operations = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else {
            continue;
        };
        // The description itself is everybody's.
        if path == "/openapi.json" {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            let rights = &operation["x-daybook-rights"];
            let word = |value: &Value| value.as_str().map(str::to_owned);
            let words = |value: &Value| {
                let words = value.as_array().into_iter().flatten();
                words.filter_map(word).collect::<Vec<_>>()
            };
            let name = format!("{method} {path}");
            operations.push(Operation {
                needs: word(&rights["needs"]).unwrap_or_else(|| panic!("{name} has no entry")),
                roles: words(&rights["roles"]).into_iter().collect(),
                reach: word(&rights["staff"]).unwrap(),
                also: words(&rights["also"]),
                module: word(&rights["module"]),
                has_no_end: operation.to_string().contains("text/event-stream"),
                query: required_of(operation),
                body: body_of(document, operation),
                path: path.to_owned(),
                name,
                method,
            });
        }
    }
    operations
}

fn required_of(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query: Vec<_> = parameters.filter(|p| p["in"] == "query").collect();
    let ranges = query
        .iter()
        .any(|p| p["name"] == "from" && p["required"] == true);
    query
        .iter()
        .filter(|p| p["required"] == true || ranges && p["name"] == "to")
        .map(|p| p["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A body with all that must be there and nothing else.
fn body_of(document: &Value, operation: &Value) -> Option<Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    (!schema.is_null()).then(|| sample(document, schema))
}

fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(place) = schema["$ref"].as_str() {
        let name = place.rsplit('/').next().unwrap();
        return sample(document, &document["components"]["schemas"][name]);
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(one) = schema["enum"].as_array() {
        return one[0].clone();
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let some = choices.iter().find(|choice| choice["type"] != "null");
            return sample(document, some.unwrap());
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(members) = sample(document, part) {
                whole.extend(members);
            }
        }
        return Value::Object(whole);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
        kind @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)) => Some(kind),
    };
    match kind.and_then(Value::as_str) {
        Some("string") => json!(match schema["format"].as_str() {
            Some("uuid") => "0193561a-8980-795c-81d3-ccc996fd47e1",
            Some("date-time") => "2026-12-02T09:00:00Z",
            Some("date") => "2026-12-02",
            Some("email") => "somebody@example.org",
            Some(_) | None => "word",
        }),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some(_) | None => {
            let required = schema["required"].as_array().into_iter().flatten();
            let members = required.map(|name| {
                let name = name.as_str().unwrap();
                (
                    name.to_owned(),
                    sample(document, &schema["properties"][name]),
                )
            });
            Value::Object(members.collect())
        }
    }
}

impl Operation {
    /// To these things; what stands in the query is of the house.
    pub(super) fn request(&self, salon: &Salon, of: &Things, house: &Things) -> TestRequest {
        let query: Vec<_> = self
            .query
            .iter()
            .map(|name| format!("{name}={}", asked(name, house)))
            .collect();
        let path = of.put_into(&self.path);
        let request = salon.bare(self.method.clone(), &format!("{path}?{}", query.join("&")));
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    pub(super) fn names_something(&self) -> bool {
        self.path.contains('{')
    }

    /// A staff member's rights reach over their own alone, and one of these is named.
    pub(super) fn is_narrowed(&self) -> bool {
        // These are the house's own; what is told of them is narrowed.
        const OF_THE_HOUSE: [&str; 3] = ["/classes/", "/business/", "/desks/"];
        let of_the_house = |begin: &&str| self.path.starts_with(*begin);
        self.reach != "whole" && self.names_something() && !OF_THE_HOUSE.iter().any(of_the_house)
    }

    pub(super) fn also(&self, right: &str) -> bool {
        self.also.iter().any(|also| also == right)
    }

    /// One of the things that were made for the walk stands in it, or nothing.
    pub(super) fn is_known(&self) -> bool {
        // Nobody has opened a feed.
        Things::knows(&self.path) && !self.path.ends_with("/calendar-feed")
    }

    /// Let in, and refused for what was asked there: a user who stands as high as oneself, a right of its own.
    pub(super) fn above(&self, told: &str) -> bool {
        let told: Value = serde_json::from_str(told).unwrap_or_default();
        let grants = ["/users", "/api-keys"];
        let grants = grants.iter().any(|begin| self.path.starts_with(begin));
        told["code"] == "forbidden" && (grants || !self.also.is_empty())
    }
}

fn asked(name: &str, house: &Things) -> String {
    match name {
        "from" | "date" => "2026-12-01".to_owned(),
        "to" => "2026-12-04".to_owned(),
        "service_id" => house.id("service").to_string(),
        "staff_id" => house.id("staff").to_string(),
        "format" => "csv".to_owned(),
        "token" => "x".to_owned(),
        _ => "1".to_owned(),
    }
}
