//! Read models that have never been whole: nothing of them is told, and everything else goes on.

use std::time::Duration;

use axum_test::TestResponse;
use serde_json::{Value, json};

use crate::{
    bookings::Day,
    support::{header, seen},
};

const DAYS: &str = "from=2026-11-01&to=2026-11-30";

/// As if this version had brought them with it and not got far.
async fn never_whole(day: &Day, read_models: &[&str]) {
    let owner = day.salon.database.owner_pool().await;
    // Parked, so that the projector leaves them so.
    sqlx::query(
        "insert into projection_apart (business_id, read_model, position, being_built, parked_at, parked_by,
                                       failed_position, error)
         select $1, name, 1, true, clock_timestamp(), 'test', 2, 'for a test' from unnest($2::text[]) as name",
    )
    .bind(day.salon.business().0)
    .bind(read_models)
    .execute(&owner)
    .await
    .unwrap();
}

fn is_not_yet(path: &str, answer: &TestResponse) {
    assert_eq!(answer.status_code(), 503, "{path}: {}", answer.text());
    let problem: Value = answer.json();
    assert_eq!(problem["code"], "not_yet", "{path}: {problem:#}");
    assert_eq!(answer.header("retry-after"), "5", "{path}");
}

#[tokio::test]
async fn what_has_never_been_whole_is_not_told() {
    let day = Day::begin().await;
    let booking = day.book("2026-11-24T10:00:00+01:00").await;
    let client = day.ada;
    let mut looked_at = vec![
        format!("/calendar?{DAYS}"),
        "/calendar/monitor?date=2026-11-24".to_owned(),
        format!("/history?{DAYS}"),
        format!("/history/export?{DAYS}&format=csv"),
        "/changes".to_owned(),
        format!("/bookings/{booking}/changes"),
        "/clients".to_owned(),
        "/clients/export".to_owned(),
        "/clients/duplicates".to_owned(),
        format!("/clients/{client}/card"),
        format!("/payments?{DAYS}"),
        "/search?q=ada".to_owned(),
        "/live".to_owned(),
    ];
    for report in [
        "summary",
        "revenue",
        "pending",
        "staff-load",
        "peak-hours",
        "services",
        "clients",
        "staff",
        "retention",
        "returning",
        "trends",
        "time-saved",
        "till",
    ] {
        looked_at.push(format!("/reports/{report}?{DAYS}"));
    }
    let filter = json!({"filter": {"field": "bookings", "at_least": 1}});

    never_whole(
        &day,
        &[
            "calendar",
            "changes",
            "client_card",
            "clients",
            "history",
            "reports",
            "segments",
            "till",
            "waitlist",
        ],
    )
    .await;
    for path in &looked_at {
        is_not_yet(path, &day.salon.get(path).await);
    }
    is_not_yet(
        "preview",
        &day.salon.post("/segments/preview", &filter).await,
    );
    insta::assert_json_snapshot!(seen(&day.salon.get("/clients").await));

    // What is decided and what is free come from the ledger, and go on.
    day.book("2026-11-24T12:00:00+01:00").await;
    let service = day.cut;
    let free = format!("/availability?service_id={service}&from=2026-11-24&to=2026-11-24");
    for path in [free, format!("/bookings/{booking}")] {
        let (name, value) = header("daybook-min-position", &day.salon.head().await.to_string());
        let answer = day.salon.get(&path).add_header(name, value).await;
        answer.assert_status_ok();
    }
    let ready: Value = day.salon.server.get("/readyz").await.json();
    assert_eq!(ready["ready"], true, "{ready:#}");
    let names = ready["being_built"].as_array().map(Vec::len);
    assert_eq!(names, Some(9), "{ready:#}");

    let owner = day.salon.database.owner_pool().await;
    sqlx::query("delete from projection_apart")
        .execute(&owner)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for path in looked_at.iter().filter(|path| *path != "/live") {
        day.salon.get(path).await.assert_status_ok();
    }
}
