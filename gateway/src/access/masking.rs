//! What a caller may not see is taken out of the answer, here and nowhere else.
//!
//! Which rights decide about an answer stands in the table of [`rights`](super::rights) ([`Entry::also`]); which members
//! of JSON, columns of files and fields of changes belong to a right, in the two lists below. A test goes through the
//! description of the API and fails for a member that looks like one of them and is on no list, or is answered by an
//! operation whose entry does not say so.
//!
//! It is done to the answer as it goes out, so that a handler cannot forget it. Callers who may see everything pay
//! nothing for it.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
    middleware::Next,
    response::Response,
};
use domain::access::Right;
use serde_json::Value;

use super::{Caller, rights::Entry};
use crate::problem::Problem;

/// How clients are reached. What a channel said of a message may name the address.
pub(crate) const CONTACTS: &[&str] = &["phone", "phones", "email", "telegram", "channel_said"];

/// What was agreed, paid and earned.
pub(crate) const AMOUNTS: &[&str] = &[
    "price",
    "paid",
    "due",
    "amount",
    "revenue",
    "pending_amount",
    "average_receipt",
    "spent",
    "taken",
    "refunded",
    "net",
    "overdue_amount",
    "upcoming_amount",
    "revenue_before",
    "revenue_change_rate",
    "revenue_year_before",
    "revenue_year_change_rate",
    "cost_per_hour",
    "revenue_per_hour",
    "saved_cost",
    "staff_cost",
];

tokio::task_local! {
    static HIDDEN: Hidden;
}

/// What of an answer its caller may not see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    contacts: bool,
    amounts: bool,
}

impl Hidden {
    /// From this caller, in this operation's answer.
    pub(super) fn from(caller: &Caller, entry: &Entry) -> Self {
        let hides = |right| entry.also.contains(&right) && !caller.may(right);
        Self {
            contacts: hides(Right::SeePhones),
            amounts: hides(Right::SeeRevenue),
        }
    }

    /// In the answer that is being made now: for what goes out as a file.
    pub(crate) fn now() -> Self {
        HIDDEN.try_with(|hidden| *hidden).unwrap_or_default()
    }

    /// Whether a member or column of this name is hidden.
    pub(crate) fn hides(self, name: &str) -> bool {
        self.contacts && CONTACTS.contains(&name) || self.amounts && AMOUNTS.contains(&name)
    }

    /// Has a request answered, and takes out of the answer what is hidden.
    pub(super) async fn answered(self, next: Next, request: Request) -> Result<Response, Problem> {
        if self == Self::default() {
            return Ok(next.run(request).await);
        }
        let response = HIDDEN.scope(self, next.run(request)).await;
        let kind = response.headers().get(CONTENT_TYPE);
        let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !is_json {
            // Files see to it as they are written; problems tell neither.
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX)
            .await
            .map_err(Problem::internal)?;
        let mut told: Value = serde_json::from_slice(&body).map_err(Problem::internal)?;
        self.take_out(&mut told);
        let body = serde_json::to_vec(&told).map_err(Problem::internal)?;
        parts.headers.remove(CONTENT_LENGTH);
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    fn take_out(self, told: &mut Value) {
        match told {
            Value::Object(members) => {
                // A change tells the field that it is about by name.
                let field = members.get("field").and_then(Value::as_str);
                let is_hidden = field.is_some_and(|field| self.hides(field));
                for (name, value) in members {
                    if self.hides(name) || is_hidden && (name == "from" || name == "to") {
                        blank(value);
                    } else {
                        self.take_out(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_out(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn blank(value: &mut Value) {
    match value {
        Value::Array(items) => items.clear(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            *value = Value::Null
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::{
        access::rights::{Needs, TABLE},
        openapi::gather,
    };

    /// Operations that speak of the house: its prices are a list that everybody sees, its phones no client's.
    fn speaks_of_the_house(entry: &Entry) -> bool {
        match entry.needs {
            Needs::Nothing | Needs::Anyone => true,
            Needs::Right(right) => [
                Right::SeeCatalogue,
                Right::ManageCatalogue,
                Right::ManageSchedule,
                Right::ManageSettings,
                Right::ManageUsers,
                Right::ManageApiKeys,
                Right::ChangeRoles,
                // Whoever brings a file in has it.
                Right::Import,
            ]
            .contains(&right),
        }
    }

    /// The names of all members of a schema itself.
    fn members(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(parts) => {
                for (key, part) in parts {
                    if key == "properties" {
                        found.extend(
                            part.as_object()
                                .into_iter()
                                .flatten()
                                .map(|(n, _)| n.clone()),
                        );
                    }
                    members(part, found);
                }
            }
            Value::Array(parts) => parts.iter().for_each(|part| members(part, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn whatever_answers_with_what_may_be_hidden_says_so() {
        const LIKE_CONTACTS: [&str; 4] = ["phone", "mail", "telegram", "address"];
        // How long it takes to answer it is nobody's number.
        const NO_CONTACT: &str = "minutes_per_phone_booking";
        const LIKE_AMOUNTS: [&str; 9] = [
            "price", "paid", "amount", "revenue", "receipt", "turnover", "spent", "worth", "owed",
        ];
        let (_, description) = crate::router::routes().split_for_parts();
        let document = serde_json::to_value(&description).unwrap();
        let mut looked_at = 0;
        for entry in TABLE.iter().filter(|entry| !speaks_of_the_house(entry)) {
            let path = entry.path();
            let operation = &document["paths"][&path][entry.method.key()];
            let mut schemas = BTreeSet::new();
            let mut names = BTreeSet::new();
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with('2') {
                    gather(&document, response, &mut schemas);
                    members(response, &mut names);
                }
            }
            for schema in schemas {
                members(&document["components"]["schemas"][schema], &mut names);
            }
            let says = |right| entry.also.contains(&right) || entry.needs == Needs::Right(right);
            let at = format!("{} {path}", entry.method.key());
            for name in names {
                let is_like = |words: &[&str]| words.iter().any(|word| name.contains(word));
                let is_contact = CONTACTS.contains(&&*name);
                let is_amount = AMOUNTS.contains(&&*name);
                if is_like(&LIKE_CONTACTS) && name != NO_CONTACT || is_contact {
                    assert!(is_contact, "{at}: is {name} a contact?");
                    assert!(says(Right::SeePhones), "{at} tells {name}: also see_phones");
                }
                if is_like(&LIKE_AMOUNTS) || is_amount {
                    assert!(is_amount, "{at}: is {name} an amount?");
                    assert!(
                        says(Right::SeeRevenue),
                        "{at} tells {name}: also see_revenue"
                    );
                }
                looked_at += 1;
            }
        }
        assert!(looked_at > 500, "the description was not understood");
    }

    #[test]
    fn what_is_hidden_is_taken_out_wherever_it_stands() {
        let hidden = Hidden {
            contacts: true,
            amounts: true,
        };
        let mut told = json!({"items": [
            {"name": "Zofia", "phone": "+48600100200", "phones": [{"number": "1"}], "price": "120.00"},
            {"changes": [
                {"field": "email", "from": null, "to": "z@example.org"},
                {"field": "start", "from": "a", "to": "b"},
            ]},
        ]});
        hidden.take_out(&mut told);
        assert_eq!(
            told,
            json!({"items": [
                {"name": "Zofia", "phone": null, "phones": [], "price": null},
                {"changes": [
                    {"field": "email", "from": null, "to": null},
                    {"field": "start", "from": "a", "to": "b"},
                ]},
            ]})
        );
        let mut price = json!({"price": "120.00", "phone": "1"});
        let contacts_alone = Hidden {
            amounts: false,
            ..hidden
        };
        contacts_alone.take_out(&mut price);
        assert_eq!(price, json!({"price": "120.00", "phone": null}));
    }
}
