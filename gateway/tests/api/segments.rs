//! Segments: saved, previewed, listed, exported; filters that make no sense; who may.

use std::{fs, path::Path};

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, header, id_of};

const ALWAYS: &str = "00:00";

impl Salon {
    async fn preview(&self, filter: &Value) -> i64 {
        let position = self.head().await.to_string();
        let (name, value) = header("daybook-min-position", &position);
        let answer = self
            .post("/segments/preview", &json!({"filter": filter}))
            .add_header(name, value)
            .await;
        assert_eq!(answer.status_code(), 200, "{filter}: {}", answer.text());
        answer.json::<Value>()["count"].as_i64().unwrap()
    }

    async fn fresh(&self, path: &str) -> axum_test::TestResponse {
        let position = self.head().await.to_string();
        let (name, value) = header("daybook-min-position", &position);
        self.get(path).add_header(name, value).await
    }

    async fn known(&self, client: &Value) -> Uuid {
        id_of(&self.post("/clients", client).await)
    }

    /// A key of this role, without these rights.
    async fn key(&self, role: &str, scopes: Option<&[&str]>) -> String {
        let mut body = json!({"name": "other", "role": role});
        if let Some(scopes) = scopes {
            body["scopes"] = json!(scopes);
        }
        let answer = self.post("/api-keys", &body).await;
        assert_eq!(answer.status_code(), 201, "{}", answer.text());
        answer.json::<Value>()["api_key"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// A service, who does it at any hour, and three clients of whom Ada has come.
async fn salon() -> (Salon, Uuid, Uuid) {
    let salon = Salon::open().await;
    let on = json!({"modules": {"marketing": true}});
    let on = salon.patch("/business", &on).await;
    assert_eq!(on.status_code(), 200, "{}", on.text());
    let service = salon.service("Cut").await;
    let days: Vec<Value> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .map(|day| json!({"weekday": day, "from": ALWAYS, "to": "24:00"}))
        .collect();
    let hours = json!({"weekly": days, "overrides": []});
    let staff = salon.staff("Ola", &[service], &hours).await;
    let ada = salon
        .known(&json!({"name": "Ada", "phone": "+48 600 100 200", "email": "ada@example.com", "tags": ["vip"],
            "language": "pl", "note": "=1+1 loves chess"}))
        .await;
    salon
        .known(&json!({"name": "bea", "source": "Instagram"}))
        .await;
    salon
        .known(&json!({"name": "=Cleo", "birthday": "--11-30"}))
        .await;
    let booked = salon
        .post(
            "/bookings",
            &json!({"service_id": service, "staff_id": staff, "client_id": ada, "start": "2026-11-23T10:00:00Z"}),
        )
        .await;
    let booking = id_of(&booked);
    let done = salon
        .post(&format!("/bookings/{booking}/complete"), &json!({}))
        .await;
    assert_eq!(done.status_code(), 200, "{}", done.text());
    let paid = json!({"amount": "120.00", "method": "cash"});
    let paid = salon
        .post(&format!("/bookings/{booking}/payments"), &paid)
        .await;
    assert!(paid.status_code().is_success(), "{}", paid.text());
    // It is over by now.
    salon.hands.forward(SignedDuration::from_hours(2));
    (salon, service, staff)
}

#[tokio::test]
async fn a_segment_is_saved_changed_listed_and_dropped() {
    let (salon, _, _) = salon().await;
    let made = salon
        .post(
            "/segments",
            &json!({"name": "Regulars", "filter": {"field": "bookings", "statuses": ["completed"]}}),
        )
        .await;
    let id = id_of(&made);
    let address = format!("/segments/{id}");
    assert_eq!(made.headers()["location"], format!("/api/v1{address}"));
    let saved: Value = made.json();
    assert_eq!(
        saved["filter"],
        json!({"field": "bookings", "at_least": 1, "statuses": ["completed"]})
    );
    assert_eq!(salon.get(&address).await.json::<Value>(), saved);

    let renamed = salon.patch(&address, &json!({"name": "Faithful"})).await;
    assert_eq!(renamed.status_code(), 200, "{}", renamed.text());
    assert_eq!(renamed.headers()["etag"], "\"2\"");
    let again = salon.patch(&address, &json!({"name": "Faithful"})).await;
    assert_eq!(again.json::<Value>()["version"], 2, "nothing to do");
    let filter = json!({"any": [{"field": "tags", "any_of": ["vip"]}, {"field": "birthday", "month": "this"}]});
    let (name, value) = header("if-match", "\"1\"");
    let stale = salon
        .patch(&address, &json!({"filter": filter}))
        .add_header(name, value)
        .await;
    assert_eq!(stale.status_code(), 412);
    let changed = salon.patch(&address, &json!({"filter": filter})).await;
    assert_eq!(changed.json::<Value>()["filter"], filter);

    salon
        .post(
            "/segments",
            &json!({"name": "Everyone", "filter": {"all": []}}),
        )
        .await;
    let list: Value = salon.fresh("/segments?limit=1&count=true").await.json();
    assert_eq!(list["total"], 2);
    assert_eq!(list["items"][0]["name"], "Everyone");
    let next = list["next"].as_str().unwrap();
    let list: Value = salon.fresh(&format!("/segments?after={next}")).await.json();
    assert_eq!(list["items"][0]["name"], "Faithful");
    assert_eq!(list["next"], Value::Null);

    let changes: Value = salon
        .fresh(&format!("/changes?subject_id={id}"))
        .await
        .json();
    let filters: Vec<&Value> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|change| change["changes"].as_array().unwrap())
        .filter(|change| change["field"] == "filter" && change["from"] != Value::Null)
        .collect();
    assert_eq!(filters.len(), 1, "{changes}");
    assert_eq!(filters[0]["to"], filter);

    assert_eq!(salon.delete(&address).await.status_code(), 204);
    assert_eq!(
        salon.delete(&address).await.status_code(),
        204,
        "nothing to do"
    );
    for gone in [
        salon.get(&address).await,
        salon.get(&format!("{address}/clients")).await,
        salon.get(&format!("{address}/export")).await,
        salon.patch(&address, &json!({"name": "x"})).await,
        salon.delete(&format!("/segments/{}", Uuid::now_v7())).await,
    ] {
        assert_eq!(gone.status_code(), 404, "{}", gone.text());
    }
    let list: Value = salon.fresh("/segments").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn clients_of_a_segment_are_paged_by_name_with_what_is_counted_of_them() {
    let (salon, _, _) = salon().await;
    let made = salon
        .post(
            "/segments",
            &json!({"name": "Everyone", "filter": {"all": []}}),
        )
        .await;
    let id = id_of(&made);
    let first: Value = salon
        .fresh(&format!("/segments/{id}/clients?limit=2&count=true"))
        .await
        .json();
    assert_eq!(first["total"], 3);
    let names = |page: &Value| {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["=Cleo", "Ada"]);
    let ada = &first["items"][1];
    assert_eq!(ada["phone"], "+48600100200");
    assert_eq!(ada["email"], "ada@example.com");
    assert_eq!(ada["visits"], 1);
    assert_eq!(ada["last_visit"], "2026-11-23T10:00:00Z");
    assert_eq!(ada["spent"], "120.00");
    assert_eq!(ada["tags"], json!(["vip"]));
    let next = first["next"].as_str().unwrap();
    let second: Value = salon
        .fresh(&format!("/segments/{id}/clients?after={next}"))
        .await
        .json();
    assert_eq!(names(&second), ["bea"]);
    assert_eq!(second["items"][0]["spent"], "0.00");
    let bad = salon.get(&format!("/segments/{id}/clients?after=x")).await;
    assert_eq!(bad.status_code(), 422);

    let csv = salon.fresh(&format!("/segments/{id}/export")).await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("name,phone,email"), "{text}");
    assert!(lines[1].starts_with("'=Cleo,"), "defused: {text}");
    assert!(
        lines[2].contains("2026-11-23T11:00:00+01:00"),
        "local: {text}"
    );
    assert_eq!(lines.len(), 4);
    let xlsx = salon
        .fresh(&format!("/segments/{id}/export?format=xlsx"))
        .await;
    assert_eq!(&xlsx.as_bytes()[..2], b"PK");
}

#[tokio::test]
async fn faults_are_told_at_their_places_with_what_there_is() {
    let (salon, _, _) = salon().await;
    let stranger = Uuid::now_v7();
    let filter = json!({"all": [
        {"field": "tags", "any_of": ["vip"]},
        {"field": "bookings", "service_ids": [stranger]},
        {"field": "bookings", "within_days": 0},
        {"field": "mood"},
        {"not": {"field": "absent", "for": 3, "days": 3}},
    ]});
    let refused = salon
        .post("/segments/preview", &json!({"filter": filter}))
        .await;
    assert_eq!(refused.status_code(), 422);
    let problem: Value = refused.json();
    let told: Vec<(&str, &str)> = problem["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["field"].as_str().unwrap(), v["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("filter.all[2].within_days", "out_of_range"),
            ("filter.all[3].field", "not_among"),
            ("filter.all[4].not.for", "not_among"),
        ]
    );
    let message = problem["violations"][1]["message"].as_str().unwrap();
    assert!(message.contains("bookings, cancellations"), "{message}");

    let unknown = json!({"all": [{"field": "bookings", "staff_ids": [stranger]}]});
    let refused = salon
        .post("/segments", &json!({"name": "x", "filter": unknown}))
        .await;
    let problem: Value = refused.json();
    assert_eq!(
        problem["violations"][0]["field"],
        "filter.all[0].staff_ids[0]"
    );
    assert_eq!(problem["violations"][0]["code"], "not_found");

    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": "x"}), "filter"),
        (json!({"name": "", "filter": {"all": []}}), "name"),
        (json!({"name": "x", "filter": null}), "filter"),
        (json!({"name": "x", "filter": "all"}), "filter"),
        (
            json!({"name": "x", "filter": {"all": []}, "kind": 1}),
            "kind",
        ),
    ] {
        let refused = salon.post("/segments", &body).await;
        assert_eq!(refused.status_code(), 422, "{body}");
        let problem: Value = refused.json();
        assert_eq!(problem["violations"][0]["field"], field, "{problem}");
    }
    let mut deep = json!({"all": []});
    for _ in 0..500 {
        deep = json!({"not": deep});
    }
    let refused = salon
        .post("/segments/preview", &json!({"filter": deep}))
        .await;
    assert!(
        [400, 422].contains(&refused.status_code().as_u16()),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn words_meant_for_the_database_are_words() {
    let (salon, service, _) = salon().await;
    let evil = "'; drop table segment_client; --";
    for filter in [
        json!({"field": "text", "words": evil}),
        json!({"field": "text", "words": "%"}),
        json!({"field": "text", "words": "_ \\"}),
        json!({"field": "tags", "any_of": [evil, "{vip}"]}),
    ] {
        assert_eq!(salon.preview(&filter).await, 0, "{filter}");
    }
    assert_eq!(
        salon
            .preview(&json!({"field": "text", "words": "LOVES =1+1"}))
            .await,
        1
    );
    assert_eq!(
        salon
            .preview(&json!({"field": "bookings", "service_ids": [service]}))
            .await,
        1
    );
    let sources = salon
        .post(
            "/segments/preview",
            &json!({"filter": {"field": "source", "sources": [evil]}}),
        )
        .await;
    assert_eq!(sources.status_code(), 422);
}

#[tokio::test]
async fn those_that_are_ready_made_are_told_in_the_readers_language_and_can_be_copied() {
    let (salon, _, _) = salon().await;
    let (name, value) = header("accept-language", "pl");
    let list: Value = salon
        .get("/segments/ready-made")
        .add_header(name, value)
        .await
        .json();
    let items = list["items"].as_array().unwrap();
    let keys: Vec<&str> = items
        .iter()
        .map(|item| item["key"].as_str().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "loyal",
            "sleeping",
            "new",
            "at_risk",
            "birthdays_this_month",
            "big_spenders"
        ]
    );
    assert_eq!(items[0]["name"], "Stali klienci");
    let expected = [0, 0, 1, 0, 1, 1];
    for (item, expected) in items.iter().zip(expected) {
        let body = json!({"name": item["name"], "filter": item["filter"]});
        let copied: Value = salon.post("/segments", &body).await.json();
        assert_eq!(copied["filter"], item["filter"]);
        assert_eq!(salon.preview(&item["filter"]).await, expected, "{item}");
    }
}

#[tokio::test]
async fn the_module_and_rights_are_asked_for() {
    let (salon, _, _) = salon().await;
    let rich = json!({"field": "spent", "at_least": "1.00"});
    let id = id_of(
        &salon
            .post("/segments", &json!({"name": "Rich", "filter": rich}))
            .await,
    );
    let as_whom =
        |key: &str, method: Method, path: &str| salon.bare(method, path).authorization_bearer(key);
    let staff = salon.key("staff", None).await;
    for path in ["/segments", "/segments/ready-made"] {
        let refused = as_whom(&staff, Method::GET, path).await;
        assert_eq!(refused.status_code(), 403, "{path}");
    }
    // Who sees neither phones nor money sees names, and cannot ask who spent more.
    let seeing = ["manage_marketing", "see_clients"];
    let blind = salon.key("manager", Some(&seeing)).await;
    let all = id_of(
        &salon
            .post("/segments", &json!({"name": "All", "filter": {"all": []}}))
            .await,
    );
    salon.fresh("/segments").await;
    let seen: Value = as_whom(&blind, Method::GET, &format!("/segments/{all}/clients"))
        .await
        .json();
    let ada = &seen["items"][1];
    assert_eq!(ada["name"], "Ada");
    for hidden in ["phone", "email", "spent"] {
        assert_eq!(ada[hidden], Value::Null, "{hidden}");
    }
    for (method, path) in [
        (Method::GET, format!("/segments/{id}/clients")),
        (Method::GET, format!("/segments/{all}/export")),
    ] {
        let refused = as_whom(&blind, method, &path).await;
        assert_eq!(refused.status_code(), 403, "{path}");
    }
    // Who does not see clients learns how many they are, not who.
    let counting = salon
        .key("manager", Some(&["manage_marketing", "export"]))
        .await;
    for path in [
        format!("/segments/{all}/clients"),
        format!("/segments/{all}/export"),
    ] {
        let refused = as_whom(&counting, Method::GET, &path).await;
        assert_eq!(refused.status_code(), 403, "{path}");
    }
    let asked = as_whom(&blind, Method::POST, "/segments/preview");
    let asked = asked.json(&json!({"filter": {"not": rich}})).await;
    assert_eq!(asked.status_code(), 403);

    let off = salon
        .patch("/business", &json!({"modules": {"marketing": false}}))
        .await;
    assert_eq!(off.status_code(), 200, "{}", off.text());
    for path in [
        "/segments".to_owned(),
        "/segments/ready-made".to_owned(),
        format!("/segments/{id}"),
        format!("/segments/{id}/clients"),
        format!("/segments/{id}/export"),
    ] {
        let refused = salon.get(&path).await;
        assert_eq!(refused.status_code(), 403, "{path}");
        assert_eq!(refused.json::<Value>()["code"], "module_off", "{path}");
    }
    let refused = salon
        .post("/segments/preview", &json!({"filter": rich}))
        .await;
    assert_eq!(refused.json::<Value>()["code"], "module_off");
}

/// Each example of the page about segments, with a service and a staff member that there are.
#[tokio::test]
async fn every_example_in_the_documentation_is_taken() {
    let (salon, service, staff) = salon().await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/segments.md");
    let page = fs::read_to_string(page).unwrap();
    let examples: Vec<&str> = page
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() > 20);
    let mut told = String::new();
    for example in examples {
        told.push_str(example);
        let example = example
            .replace("019ab000-0000-7000-8000-000000000001", &service.to_string())
            .replace("019ab000-0000-7000-8000-000000000002", &staff.to_string());
        let filter: Value = serde_json::from_str(&example).unwrap();
        let body = json!({"name": "From the page", "filter": filter});
        id_of(&salon.post("/segments", &body).await);
        assert!((0..=3).contains(&salon.preview(&filter).await));
    }
    let first: Value = salon
        .post("/segments/preview", &json!({"filter": {"field": "?"}}))
        .await
        .json();
    let there_are = first["violations"][0]["message"].as_str().unwrap();
    let there_are = there_are.split(": ").nth(1).unwrap();
    for field in there_are.split(", ") {
        assert!(
            told.contains(&format!("\"{field}\"")),
            "{field} has no example"
        );
    }
}
