//! Examples of requests: one table, `examples.json`, from which the description has them and which the tests of the
//! whole send to a running service (`tests/description/examples.py`).
//!
//! `{booking}` stands for the id of something: a made-up one in the description, a real one in the tests, which make
//! it by the operation that `made_by` names. What must have been done before is named by `after`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::{
    RefOr,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
};

/// `examples.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What the description shows for each placeholder.
    stand_for: BTreeMap<String, String>,
    /// Which operation makes the thing; for the tests.
    #[expect(dead_code, reason = "read by the tests that send the examples")]
    made_by: BTreeMap<String, String>,
    /// The placeholder for an id in a path, by the segment before it.
    paths: BTreeMap<String, String>,
    operations: BTreeMap<String, Sample>,
    /// What the tests cannot send in this way, and why.
    #[expect(dead_code, reason = "read by the tests that send the examples")]
    left_out: BTreeMap<String, String>,
}

/// One request.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    body: Option<Value>,
    /// What is in the file, where one is sent (`multipart/form-data`, field `file`); for the tests.
    #[serde(default)]
    #[expect(dead_code, reason = "read by the tests that send the examples")]
    file: Option<String>,
    #[serde(default)]
    query: Map<String, Value>,
    #[serde(default)]
    path: Map<String, Value>,
    /// What must have been done before, with the same things.
    #[serde(default)]
    after: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("examples.json")).expect("a file of ours, read by the tests")
});

/// Puts the operation's examples where a reader of the description looks for them.
pub(super) fn add(path: &str, id: &str, operation: &mut Operation) {
    let none = Sample::default();
    let sample = TABLE.operations.get(id).unwrap_or(&none);
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(example) = of_parameter(path, sample, parameter)
        {
            let with_example = ParameterBuilder::from(parameter.clone()).example(Some(example));
            *parameter = with_example.build();
        }
    }
    if let (Some(body), Some(RefOr::T(request))) = (&sample.body, &mut operation.request_body)
        && let Some(RefOr::T(content)) = request.content.get_mut("application/json")
    {
        content.example = Some(filled(body));
    }
    if !sample.after.is_empty() {
        let done: Vec<_> = sample.after.iter().map(|id| format!("`{id}`")).collect();
        let told = format!("The example follows on {}.", done.join(", "));
        let description = operation.description.take();
        operation.description = Some(match description {
            Some(description) => format!("{description}\n\n{told}"),
            None => told,
        });
    }
}

fn of_parameter(path: &str, sample: &Sample, parameter: &Parameter) -> Option<Value> {
    match parameter.parameter_in {
        ParameterIn::Path => {
            let told = sample.path.get(&parameter.name);
            told.map_or_else(|| in_path(path, &parameter.name), |told| Some(filled(told)))
        }
        ParameterIn::Query => sample.query.get(&parameter.name).map(filled),
        ParameterIn::Header | ParameterIn::Cookie | ParameterIn::QueryString => None,
    }
}

/// The id in `/bookings/{id}` is a booking's.
fn in_path(path: &str, name: &str) -> Option<Value> {
    let before = path.split(&format!("/{{{name}}}")).next()?;
    let thing = TABLE.paths.get(before.rsplit('/').next()?)?;
    TABLE.stand_for.get(thing).map(|id| Value::from(&**id))
}

/// With what the placeholders stand for.
fn filled(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.clone();
            for (word, told) in &TABLE.stand_for {
                text = text.replace(&format!("{{{word}}}"), told);
            }
            Value::String(text)
        }
        Value::Array(items) => items.iter().map(filled).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), filled(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_known() {
        for (id, sample) in &TABLE.operations {
            let parts = sample.body.iter().chain(sample.query.values());
            for part in parts.chain(sample.path.values()) {
                let told = filled(part).to_string();
                assert!(!told.contains("\"{"), "{id}: {told}");
            }
        }
        for thing in TABLE.paths.values() {
            assert!(TABLE.stand_for.contains_key(thing), "{thing}");
        }
    }
}
