//! Bad input: a clear problem, nothing written.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, header, id_of, seen};

/// Sends it, and sees that nothing was written and the problem is whole.
async fn refused(salon: &Salon, request: axum_test::TestRequest, status: u16, code: &str) -> Value {
    let head = salon.head().await;
    let answer = request.await;
    let text = answer.text();
    assert_eq!(answer.status_code(), status, "{text}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem: Value = answer.json();
    assert_eq!(problem["code"], code, "{text}");
    assert_eq!(problem["status"], status);
    assert!(
        problem["title"]
            .as_str()
            .is_some_and(|title| !title.is_empty())
    );
    assert_eq!(salon.head().await, head, "something was written: {text}");
    problem
}

#[tokio::test]
async fn what_is_no_json() {
    let salon = Salon::open().await;
    let send = |bytes: &'static [u8]| {
        salon
            .call(Method::POST, "/services")
            .bytes(bytes.into())
            .content_type("application/json")
    };
    for bytes in [
        &b"{"[..],
        b"{} {}",
        b"{\"name\": \"\xff\xfe\"}",
        b"\xf0\x28\x8c\x28",
        b"nul",
    ] {
        let code = refused(&salon, send(bytes), 400, "malformed").await;
        assert!(code["detail"].as_str().is_some(), "{code}");
    }
    refused(&salon, send(b"[]"), 422, "invalid").await;
    refused(&salon, send(b"null"), 422, "invalid").await;
}

#[tokio::test]
async fn what_is_an_array_where_an_object_belongs() {
    let salon = Salon::open().await;
    let staff = json!({
        "name": "Ada", "slot_interval_min": 15, "service_ids": [],
        "working_hours": {"weekly": [["mon", "09:00", "17:00"]], "overrides": []}
    });
    let problem = refused(&salon, salon.post("/staff", &staff), 422, "invalid").await;
    assert_eq!(problem["violations"][0]["field"], "working_hours.weekly[0]");
    assert_eq!(problem["violations"][0]["code"], "wrong_type");
}

#[tokio::test]
async fn all_fields_that_are_missing_or_unknown_are_told_together() {
    let salon = Salon::open().await;
    let staff = json!({
        "nmae": "Ada", "slot_interval_min": 15, "service_ids": [],
        "working_hours": {"weekly": [{"weekday": "mon", "to": "17:00"}], "overrides": []}
    });
    let problem = refused(&salon, salon.post("/staff", &staff), 422, "invalid").await;
    let violations = problem["violations"].as_array().unwrap();
    let mut told: Vec<_> = violations
        .iter()
        .map(|told| {
            (
                told["field"].as_str().unwrap(),
                told["code"].as_str().unwrap(),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("name", "missing"),
            ("nmae", "unknown_field"),
            ("working_hours.weekly[0].from", "missing"),
        ]
    );
    let problem = refused(&salon, salon.post("/services", &json!({})), 422, "invalid").await;
    assert_eq!(problem["violations"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_of_another_kind() {
    let salon = Salon::open().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let request = salon
            .call(Method::POST, "/services")
            .text("name=a")
            .content_type(kind);
        refused(&salon, request, 415, "unsupported_media_type").await;
    }
}

#[tokio::test]
async fn what_is_too_large() {
    let salon = Salon::open().await;
    let name = "a".repeat(10 << 20);
    let request = salon.post("/services", &json!({"name": name}));
    let problem = refused(&salon, request, 413, "too_large").await;
    assert!(
        problem["detail"].as_str().unwrap().contains("1048576"),
        "{problem}"
    );
}

#[tokio::test]
async fn wrong_types_and_unknown_fields_name_their_place() {
    let salon = Salon::open().await;
    let ok = json!({"name": "Haircut", "duration_min": 45, "price": "120.00"});
    let any = json!({"weekly": [], "overrides": []});
    let bea = salon.staff("Bea", &[], &any).await;
    let ola = salon.staff("Ola", &[], &any).await;
    let with = |field: &str, value: Value| {
        let mut body = ok.clone();
        body[field] = value;
        body
    };
    for (body, field, code) in [
        (with("name", json!(7)), "name", "wrong_type"),
        (with("name", Value::Null), "name", "wrong_type"),
        (
            with("duration_min", json!("45")),
            "duration_min",
            "wrong_type",
        ),
        (
            with("duration_min", json!(4.5)),
            "duration_min",
            "wrong_type",
        ),
        (
            with("duration_min", json!(-45)),
            "duration_min",
            "out_of_range",
        ),
        (
            with("duration_min", json!(i64::MAX)),
            "duration_min",
            "out_of_range",
        ),
        (with("price", json!(120.0)), "price", "wrong_type"),
        (with("price", json!("-1.00")), "price", "negative"),
        (with("price", json!("1e3")), "price", "not_money"),
        (with("price", json!("1.001")), "price", "too_precise"),
        (with("colour", json!("#fff")), "colour", "unknown_field"),
        (with("color", json!("red")), "color", "color"),
        (with("state", json!("open")), "state", "form"),
        (
            with("processing", json!({"after_min": 10})),
            "processing.for_min",
            "missing",
        ),
        (
            with("processing", json!({"after_min": 40, "for_min": 10})),
            "processing",
            "processing_outside",
        ),
        (
            with("per_staff", json!([{"staff_id": "x"}])),
            "per_staff[0].staff_id",
            "form",
        ),
        (
            with("per_staff", json!([{"staff_id": Uuid::nil()}])),
            "per_staff[0].staff_id",
            "not_found",
        ),
        (
            json!({
                "name": "Colour", "duration_min": 90, "price": "1", "processing": {"after_min": 30, "for_min": 30},
                "per_staff": [{"staff_id": bea}, {"staff_id": ola, "duration_min": 45}],
            }),
            "per_staff[1].duration_min",
            "processing_outside",
        ),
        (with("name", json!("   ")), "name", "empty"),
        (with("name", json!("a\u{0}b")), "name", "control_characters"),
        (with("name", json!("a".repeat(201))), "name", "too_long"),
        (
            json!({"name": "Haircut", "price": "1"}),
            "duration_min",
            "missing",
        ),
    ] {
        let (status, word) = match code {
            "not_found" => (404, "not_found"),
            _ => (422, "invalid"),
        };
        let problem = refused(&salon, salon.post("/services", &body), status, word).await;
        let violation = &problem["violations"][0];
        assert_eq!(violation["field"], field, "{problem}");
        assert_eq!(violation["code"], code, "{problem}");
    }
}

#[tokio::test]
async fn all_faults_are_told_together() {
    let salon = Salon::open().await;
    let body = json!({"name": "", "duration_min": 0, "price": "-1", "color": "blue", "buffer_after_min": 9_999});
    let answer = salon.post("/services", &body).await;
    insta::assert_json_snapshot!(seen(&answer));
}

#[tokio::test]
async fn dates_that_cannot_be() {
    let salon = Salon::open().await;
    let closure = |from: &str, to: &str| json!({"from": from, "to": to});
    for (body, field) in [
        (closure("2026-02-30T00:00", "2026-03-01T00:00"), "from"),
        (closure("2026-02-01T00:00", "2026-02-01T25:00"), "to"),
        (closure("2026-02-02T00:00", "2026-02-01T00:00"), "to"),
        (closure("2026-02-02T00:00", "2026-02-02T00:00"), "to"),
        (closure("2026-02-02T00:00Z", "2026-02-03T00:00Z"), "from"),
        (closure("yesterday", "2026-02-03T00:00"), "from"),
        (closure("0000-12-31T00:00", "2026-02-03T00:00"), "from"),
    ] {
        let request = salon.post("/business/closures", &body);
        let problem = refused(&salon, request, 422, "invalid").await;
        assert_eq!(problem["violations"][0]["field"], field, "{body} {problem}");
    }
    let client = json!({"name": "Z", "birthday": "1990-02-29"});
    let problem = refused(&salon, salon.post("/clients", &client), 422, "invalid").await;
    assert_eq!(problem["violations"][0]["field"], "birthday");
    let hours = json!({
        "weekly": [{"weekday": "mon", "from": "24:00", "to": "24:00"}, {"weekday": "tue", "from": "17:00", "to": "09:00"}],
        "overrides": [{"date": "2026-12-24", "intervals": []}, {"date": "2026-12-24", "intervals": []}],
    });
    insta::assert_json_snapshot!(seen(&salon.put("/business/hours", &hours).await));
    let odd = json!({"weekly": [{"weekday": "Monday", "from": "9:00", "to": "17:00"}]});
    refused(&salon, salon.put("/business/hours", &odd), 422, "invalid").await;
}

#[tokio::test]
async fn contacts_that_cannot_be() {
    let salon = Salon::open().await;
    let body = json!({
        "name": "Z", "phone": "12", "phones": [{"kind": "work", "number": "x"}], "email": "z@", "telegram": "z",
        "language": "polish!", "source": "a/b", "fiscal_code": "1",
    });
    insta::assert_json_snapshot!(seen(&salon.post("/clients", &body).await));
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let salon = Salon::open().await;
    let id = Uuid::now_v7();
    for path in [
        "/services/x",
        "/services/7",
        "/nowhere",
        &format!("/services/{id}"),
        &format!("/absences/{id}"),
        &format!("/clients/{id}"),
        &format!("/business/closures/{id}"),
    ] {
        refused(&salon, salon.get(path), 404, "not_found").await;
    }
    refused(
        &salon,
        salon.patch(&format!("/staff/{id}"), &json!({})),
        404,
        "not_found",
    )
    .await;
    refused(
        &salon,
        salon.delete(&format!("/absences/{id}")),
        404,
        "not_found",
    )
    .await;
    refused(
        &salon,
        salon.delete(&format!("/api-keys/{id}")),
        404,
        "not_found",
    )
    .await;
    let wrong_method = salon.delete("/services");
    refused(&salon, wrong_method, 405, "method_not_allowed").await;
    let answer = salon.delete("/services").await;
    assert!(answer.header("allow").to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn headers_and_queries_that_cannot_be_read() {
    let salon = Salon::open().await;
    let body = json!({"name": "Haircut", "duration_min": 45, "price": "120.00"});
    let long = "k".repeat(256);
    for (name, value) in [
        ("idempotency-key", &*long),
        ("idempotency-key", ""),
        ("if-match", "7"),
    ] {
        let (name, value) = header(name, value);
        let request = salon.post("/services", &body).add_header(name, value);
        refused(&salon, request, 400, "malformed").await;
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("after=x", "after"),
        ("order=name", "order"),
        ("count=maybe", "count"),
    ] {
        let request = salon.get(&format!("/services?{query}"));
        let problem = refused(&salon, request, 422, "invalid").await;
        assert_eq!(problem["violations"][0]["field"], field, "{problem}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_question_or_of_another_business() {
    let salon = Salon::open().await;
    let other = crate::support::open(&salon.app, "other").await;
    for name in ["Ada", "Bea", "Cleo"] {
        salon.service(name).await;
        let client = json!({"name": name});
        let id = id_of(&salon.post("/clients", &client).await);
        let sold = json!({"amount": "10.00", "method": "cash", "at": "2026-11-23T09:00:00Z"});
        let sold = salon.post(&format!("/clients/{id}/payments"), &sold).await;
        assert_eq!(sold.status_code(), 201, "{}", sold.text());
        let saved = json!({"name": name, "filter": {"all": []}});
        let saved = salon.post("/segments", &saved).await;
        assert_eq!(saved.status_code(), 201, "{}", saved.text());
    }
    let (head, position) = header("daybook-min-position", &salon.head().await.to_string());
    let get = |path: &str| {
        let request = salon.get(path);
        request.add_header(head.clone(), position.clone())
    };
    let page: Value = get("/segments").await.json();
    let [first, second] = [0, 1].map(|n| page["items"][n]["id"].as_str().unwrap());
    let [first, second] = [first, second].map(|id| format!("/segments/{id}/clients?"));
    let report = "/reports/clients?from=2026-11-23&to=2026-11-23";
    let till = "/payments?from=2026-11-23&to=2026-11-23";
    for (list, others) in [
        ("/clients?", ["/clients?q=a", "/services?"]),
        ("/services?", ["/clients?", "/desks?"]),
        ("/segments?", ["/segments/ready-made?", "/clients?"]),
        (&first, [&second, "/clients?"]),
        (
            report,
            [
                &format!("{report}&sort=visits"),
                &format!("{report}&status=completed"),
            ],
        ),
        (till, [&format!("{till}&method=card"), "/clients?"]),
    ] {
        let page: Value = get(&format!("{list}&limit=1")).await.json();
        let next = page["next"].as_str().unwrap();
        let more = get(&format!("{list}&after={next}&limit=2&count=true")).await;
        assert_eq!(
            more.json::<Value>()["items"].as_array().unwrap().len(),
            2,
            "{list}"
        );
        let mut asked = others
            .map(|other| salon.get(&format!("{other}&after={next}")))
            .into_iter()
            .collect::<Vec<_>>();
        let theirs = format!("{list}&after={next}");
        if !list.starts_with(&first) {
            asked.push(
                salon
                    .bare(Method::GET, &theirs)
                    .authorization_bearer(&other.api_key),
            );
        }
        for request in asked {
            let problem = refused(&salon, request, 422, "invalid").await;
            assert_eq!(
                problem["violations"][0]["field"], "after",
                "{list}: {problem}"
            );
            assert_eq!(
                problem["violations"][0]["code"], "cursor",
                "{list}: {problem}"
            );
        }
    }
}

#[tokio::test]
async fn ids_of_another_business() {
    let salon = Salon::open().await;
    let other = crate::support::open(&salon.app, "other").await;
    let service = salon.service("Haircut").await;
    let staff = json!({"name": "Ola", "slot_interval_min": 15, "service_ids": []});
    let staff = id_of(&salon.post("/staff", &staff).await);
    let client = id_of(&salon.post("/clients", &json!({"name": "Z"})).await);
    let theirs = |method: Method, path: &str, body: Value| {
        salon
            .bare(method, path)
            .authorization_bearer(&other.api_key)
            .json(&body)
    };
    for (method, path, body) in [
        (
            Method::PATCH,
            format!("/services/{service}"),
            json!({"price": "1"}),
        ),
        (
            Method::PATCH,
            format!("/staff/{staff}"),
            json!({"name": "X"}),
        ),
        (Method::POST, format!("/staff/{staff}/retire"), json!({})),
        (
            Method::POST,
            format!("/staff/{staff}/absences"),
            json!({"kind": "sick", "from": "2026-12-01T00:00", "to": "2026-12-02T00:00"}),
        ),
        (
            Method::PATCH,
            format!("/clients/{client}"),
            json!({"name": "X"}),
        ),
        (
            Method::POST,
            format!("/clients/{client}/payments"),
            json!({"amount": "1", "method": "cash", "text": "x"}),
        ),
    ] {
        refused(&salon, theirs(method, &path, body), 404, "not_found").await;
    }
    let desk = json!({"name": "Chair", "service_ids": [service], "operator_id": staff});
    let problem = refused(
        &salon,
        theirs(Method::POST, "/desks", desk),
        404,
        "not_found",
    )
    .await;
    assert_eq!(problem["violations"][0]["field"], "service_ids[0]");
    assert_eq!(problem["violations"][1]["field"], "operator_id");
}
