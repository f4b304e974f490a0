//! The answers that refuse, described once for all routes: one for each status, with every code that it may carry.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::{
    Components, Content, Header, Ref, RefOr, Response, ResponseBuilder,
    example::ExampleBuilder,
    extensions::{Extensions, ExtensionsBuilder},
};

use crate::{
    problem::{Code, Problem, Violation},
    texts::{Message, Speech},
};

/// The codes of each status.
fn by_status() -> BTreeMap<StatusCode, Vec<Code>> {
    let mut codes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for code in Code::ALL {
        codes.entry(code.status()).or_default().push(code);
    }
    codes
}

/// Adds an answer for each status, and the headers that they carry.
pub(super) fn describe(components: &mut Components) {
    for (status, codes) in by_status() {
        // No operation has it: it is the answer to a method that is none.
        if status == StatusCode::METHOD_NOT_ALLOWED {
            continue;
        }
        let response = RefOr::T(response(status, &codes));
        components.responses.insert(name(status), response);
    }
}

/// Where the answer with this status is described.
pub(super) fn refer(status: StatusCode) -> RefOr<Response> {
    RefOr::Ref(Ref::from_response_name(name(status)))
}

fn name(status: StatusCode) -> String {
    format!("Problem{}", status.as_u16())
}

fn response(status: StatusCode, codes: &[Code]) -> Response {
    let told: Vec<_> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.as_str(), title(*code)))
        .collect();
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new()
            .summary(title(*code))
            .value(Some(example(*code)));
        (code.as_str(), example.build())
    });
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.examples = examples
        .map(|(name, example)| (name.to_owned(), RefOr::T(example)))
        .collect();
    let mut response = ResponseBuilder::new()
        .description(told.join(" "))
        .content("application/problem+json", content)
        .build();
    let mut add = |name: &str| response.headers.insert(name.to_owned(), header(name));
    add("X-Request-Id");
    add("Content-Language");
    match status {
        StatusCode::UNAUTHORIZED => add("WWW-Authenticate"),
        // Of a client who was merged: who they are now.
        StatusCode::GONE => add("Location"),
        _ => None,
    };
    if matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
    ) {
        add("Retry-After");
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        add("RateLimit-Policy");
        add("RateLimit");
    }
    response
}

/// A header described among the components.
pub(super) fn header(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}

fn title(code: Code) -> String {
    code.title().say(Speech::En)
}

fn example(code: Code) -> Value {
    let slot = json!({
        "start": "2026-12-01T10:00:00Z", "end": "2026-12-01T10:45:00Z",
        "staff_id": "0193561a-0000-7000-8000-000000000002", "desk_id": null,
    });
    let problem = Problem::new(code);
    let problem = if code == Code::Invalid {
        let missing = Message::new("violation-missing");
        problem.violations(vec![Violation::new("client.phone", missing)])
    } else if code == Code::SlotTaken {
        problem.with("next_free", json!([slot]))
    } else {
        problem
    };
    problem.say(Speech::En)
}

/// `x-problems`: every code, with when it is answered and what to do.
pub(super) fn list() -> Extensions {
    let told: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            let advice = code.advice();
            json!({
                "code": code.as_str(),
                "status": code.status().as_u16(),
                "title": title(*code),
                "when": advice.when,
                "what_to_do": advice.remedy,
            })
        })
        .collect();
    ExtensionsBuilder::new().add("x-problems", told).build()
}
