//! Amounts are null for who may not see them: the description says so where an answer depends on that right.

use std::collections::BTreeSet;

use domain::access::Right;
use serde_json::Value;
use utoipa::openapi::{
    OpenApi as Description, RefOr,
    schema::{Object, Schema, SchemaType, Type},
};

use crate::access::{AMOUNTS, rights::TABLE};

/// Lets amounts be null in the answers that may hide them.
pub(super) fn tell(description: &mut Description) {
    let Ok(document) = serde_json::to_value(&*description) else {
        return;
    };
    let mut names = BTreeSet::new();
    for entry in TABLE {
        if entry.also.contains(&Right::SeeRevenue) {
            let operation = &document["paths"][entry.path()][entry.method.key()];
            let responses = operation["responses"].as_object().into_iter().flatten();
            for (status, response) in responses {
                if status.starts_with('2') {
                    gather(&document, response, &mut names);
                }
            }
        }
    }
    let Some(components) = &mut description.components else {
        return;
    };
    for name in names {
        if let Some(RefOr::T(schema)) = components.schemas.get_mut(&name) {
            let_be_null(schema);
        }
    }
}

/// The names of all schemas that something refers to, however deep.
pub(crate) fn gather(document: &Value, told: &Value, names: &mut BTreeSet<String>) {
    match told {
        Value::Object(members) => {
            for (key, value) in members {
                let name = value.as_str().filter(|_| key == "$ref");
                let name = name.and_then(|place| place.strip_prefix("#/components/schemas/"));
                match name {
                    Some(name) if names.insert(name.to_owned()) => {
                        gather(document, &document["components"]["schemas"][name], names);
                    }
                    Some(_) => {}
                    None => gather(document, value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(document, item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn let_be_null(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => amounts_of(object),
        Schema::AllOf(all) => {
            for item in &mut all.items {
                if let RefOr::T(schema) = item {
                    let_be_null(schema);
                }
            }
        }
        Schema::Array(_) | Schema::OneOf(_) | Schema::AnyOf(_) => {}
        _ => {}
    }
}

fn amounts_of(object: &mut Object) {
    for (name, property) in &mut object.properties {
        if let (true, RefOr::T(Schema::Object(amount))) =
            (AMOUNTS.contains(&name.as_str()), property)
            && amount.schema_type == SchemaType::Type(Type::String)
        {
            amount.schema_type = SchemaType::Array(vec![Type::String, Type::Null]);
        }
    }
}
