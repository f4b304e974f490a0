//! Changes put back over HTTP: of bookings, clients, the catalogue and settings; and what cannot be.

use axum::http::Method;
use axum_test::TestResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::{Day, refused},
    support::{Salon, header, id_of},
};

const TEN: &str = "2026-11-23T10:00:00Z";
const NOON: &str = "2026-11-23T12:00:00Z";

/// Where the change lies that a command made.
#[track_caller]
fn position(answer: &TestResponse) -> i64 {
    assert!(answer.status_code().is_success(), "{}", answer.text());
    let position = answer.header("daybook-position");
    position.to_str().unwrap().parse().unwrap()
}

async fn revert(salon: &Salon, position: i64) -> TestResponse {
    let path = format!("/changes/{position}/revert");
    salon.post(&path, &json!({})).await
}

#[track_caller]
fn why(answer: &TestResponse) -> Value {
    refused(answer, 409, "cannot_revert")["why"].clone()
}

async fn changes(salon: &Salon, query: &str) -> Vec<Value> {
    let (name, value) = header("daybook-min-position", &salon.head().await.to_string());
    let path = format!("/changes?{query}");
    let found: Value = salon.get(&path).add_header(name, value).await.json();
    found["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_put_back_and_told_as_such() {
    let day = Day::begin().await;
    let id = day.book(TEN).await;
    let moved = position(&day.step(id, "reschedule", json!({"start": NOON})).await);
    let answer = revert(&day.salon, moved).await;
    let back = position(&answer);
    assert_eq!(
        answer.json::<Value>(),
        json!({
            "position": back, "reverts": moved, "subject_type": "booking", "subject_id": id, "version": 3,
        })
    );
    assert_eq!(answer.header("etag"), "\"3\"");
    assert_eq!(day.booking(id).await["start"], TEN);
    let told = changes(&day.salon, &format!("subject_id={id}")).await;
    let links: Vec<_> = told
        .iter()
        .map(|c| {
            (
                c["position"].clone(),
                c["reverts"].clone(),
                c["reverted_by"].clone(),
            )
        })
        .collect();
    let none = Value::Null;
    assert_eq!(
        links[..2],
        [
            (json!(back), json!(moved), none.clone()),
            (json!(moved), none.clone(), json!(back)),
        ]
    );
    assert_eq!(told[0]["action"], "booking.rescheduled");
    assert_eq!(why(&revert(&day.salon, moved).await), "as_before");
    // The time that it left is free again, the one that it took is not.
    day.book(NOON).await;
    let again = revert(&day.salon, back).await;
    let problem = refused(&again, 409, "slot_taken");
    assert_eq!(problem["next_free"][0]["start"], "2026-11-23T12:45:00Z");
    assert_eq!(day.booking(id).await["version"], 3, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_is_taken_since_is_refused_with_the_next_free() {
    let day = Day::begin().await;
    let id = day.book(TEN).await;
    let moved = position(&day.step(id, "reschedule", json!({"start": NOON})).await);
    let gone = day.book("2026-11-23T14:00:00Z").await;
    let cancelled = position(&day.step(gone, "cancel", json!({})).await);
    day.book(TEN).await;
    day.book("2026-11-23T14:00:00Z").await;
    let head = day.salon.head().await;
    for (change, next) in [
        (moved, "2026-11-23T10:45:00Z"),
        (cancelled, "2026-11-23T14:45:00Z"),
    ] {
        let problem = refused(&revert(&day.salon, change).await, 409, "slot_taken");
        assert_eq!(problem["next_free"][0]["start"], next);
    }
    assert_eq!(day.salon.head().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_a_life_is_put_back() {
    let day = Day::begin().await;
    let id = day.book(TEN).await;
    for (step, body) in [
        ("cancel", json!({"reason": "by mistake"})),
        ("arrive", json!({})),
        ("price", json!({"price": "90.00"})),
        ("no-show", json!({})),
        ("complete", json!({})),
    ] {
        let before = day.booking(id).await;
        let done = position(&day.step(id, step, body).await);
        let then = day.booking(id).await;
        let back = position(&revert(&day.salon, done).await);
        let mut after = day.booking(id).await;
        after["version"] = before["version"].clone();
        assert_eq!(after, before, "{step}");
        // That was a mistake as well, and then not.
        let again = position(&revert(&day.salon, back).await);
        let mut after = day.booking(id).await;
        after["version"] = then["version"].clone();
        assert_eq!(after, then, "{step}");
        position(&revert(&day.salon, again).await);
    }
    let before = day.booking(id).await;
    let deleted = position(&day.salon.delete(&format!("/bookings/{id}")).await);
    position(&revert(&day.salon, deleted).await);
    assert_eq!(day.booking(id).await["deleted"], false);
    assert_eq!(day.booking(id).await["status"], before["status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_cannot_be_put_back_the_reason_is_told() {
    let day = Day::begin().await;
    let id = day.book(TEN).await;
    let placed = day.salon.head().await;
    assert_eq!(why(&revert(&day.salon, placed).await), "beginning");
    let paid = json!({"amount": "20.00", "method": "cash"});
    let paid = position(&day.step(id, "payments", paid).await);
    assert_eq!(why(&revert(&day.salon, paid).await), "lasting");
    let moved = position(&day.step(id, "reschedule", json!({"start": NOON})).await);
    let elsewhere = json!({"start": "2026-11-23T14:00:00Z"});
    position(&day.step(id, "reschedule", elsewhere).await);
    let problem = refused(&revert(&day.salon, moved).await, 409, "cannot_revert");
    assert_eq!(
        (&problem["why"], &problem["field"]),
        (&json!("changed_since"), &json!("start"))
    );
    position(&day.step(id, "complete", json!({})).await);
    let head = day.salon.head().await;
    refused(&revert(&day.salon, moved).await, 409, "cannot_revert");
    for nowhere in ["0", "-3", "999999", "x"] {
        let path = format!("/changes/{nowhere}/revert");
        refused(&day.salon.post(&path, &json!({})).await, 404, "not_found");
    }
    assert_eq!(day.salon.head().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_is_done_once_under_one_key() {
    let day = Day::begin().await;
    let id = day.book(TEN).await;
    let moved = position(&day.step(id, "reschedule", json!({"start": NOON})).await);
    let (name, key) = header("idempotency-key", "once");
    let path = format!("/changes/{moved}/revert");
    let once = || {
        let call = day.salon.post(&path, &json!({}));
        call.add_header(name.clone(), key.clone())
    };
    let (first, second) = (once().await, once().await);
    assert_eq!(first.json::<Value>(), second.json::<Value>());
    assert_eq!(position(&first), day.salon.head().await);
    // Another version than the one that was seen.
    let (name, version) = header("if-match", "\"1\"");
    let stale = day.salon.post(&path, &json!({})).add_header(name, version);
    refused(&stale.await, 412, "stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_clients_and_settings_are_put_back() {
    let day = Day::begin().await;
    let (cut, bea, ada) = (day.cut, day.bea, day.ada);
    let desk = json!({"name": "Chair", "capacity": 1, "service_ids": []});
    let desk = id_of(&day.salon.post("/desks", &desk).await);
    for (path, change) in [
        (format!("/services/{cut}"), json!({"price": "130.00"})),
        (format!("/services/{cut}"), json!({"duration_min": 60})),
        (
            format!("/staff/{bea}"),
            json!({"name": "Beata", "email": "b@example.org"}),
        ),
        (format!("/staff/{bea}"), json!({"slot_interval_min": 20})),
        (
            format!("/clients/{ada}"),
            json!({"phone": "600 300 400", "warning": "dog"}),
        ),
        (
            format!("/desks/{desk}"),
            json!({"capacity": 3, "number": "7"}),
        ),
        (
            "/business".to_owned(),
            json!({"name": "Salon Bea", "modules": {"waitlist": true}}),
        ),
    ] {
        let seen = async || {
            let mut seen: Value = day.salon.get(&path).await.json();
            seen["version"] = Value::Null;
            seen
        };
        let before = seen().await;
        let changed = position(&day.salon.patch(&path, &change).await);
        assert_ne!(seen().await, before);
        let answer = revert(&day.salon, changed).await;
        assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
        assert_eq!(seen().await, before, "{path}");
    }
    let policy: Value = day.salon.get("/settings/booking-policy").await.json();
    let mut other = policy.clone();
    other["horizon_days"] = json!(30);
    other.as_object_mut().unwrap().remove("version");
    let path = "/settings/booking-policy";
    let changed = position(&day.salon.put(path, &other).await);
    position(&revert(&day.salon, changed).await);
    let again: Value = day.salon.get(path).await.json();
    assert_eq!(again["horizon_days"], policy["horizon_days"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_comes_back_only_over_free_time() {
    let day = Day::begin().await;
    let absence = json!({"kind": "sick", "from": "2026-11-24T00:00", "to": "2026-11-25T00:00"});
    let path = format!("/staff/{}/absences", day.bea);
    let planned = day.salon.post(&path, &absence).await;
    let (id, planned) = (id_of(&planned), position(&planned));
    position(&revert(&day.salon, planned).await);
    let gone = day.salon.get(&format!("/absences/{id}")).await;
    refused(&gone, 404, "not_found");
    let cancelled = day.salon.head().await;
    let booking = day.book("2026-11-24T10:00:00Z").await;
    let affected = refused(
        &revert(&day.salon, cancelled).await,
        409,
        "bookings_affected",
    );
    assert_eq!(affected["bookings"][0]["id"], json!(booking));
    position(&day.step(booking, "cancel", json!({})).await);
    position(&revert(&day.salon, cancelled).await);
    let back: Value = day.salon.get(&format!("/absences/{id}")).await.json();
    assert_eq!(back["from"], "2026-11-24T00:00");
}

/// A key of a role's, in that business.
async fn key(day: &Day, role: &str, staff: Option<Uuid>) -> String {
    let body = json!({"name": role, "role": role, "staff_id": staff});
    let made = day.salon.post("/api-keys", &body).await;
    id_of(&made);
    made.json::<Value>()["api_key"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_change_it_may_put_it_back() {
    let day = Day::begin().await;
    let id = day.book(TEN).await;
    let moved = position(&day.step(id, "reschedule", json!({"start": NOON})).await);
    let path = format!("/services/{}", day.cut);
    let repriced = position(&day.salon.patch(&path, &json!({"price": "130.00"})).await);
    let manager = key(&day, "manager", None).await;
    let staff = key(&day, "staff", Some(day.bea)).await;
    let as_one = async |key: &str, position: i64| {
        let path = format!("/changes/{position}/revert");
        let call = day.salon.bare(Method::POST, &path).json(&json!({}));
        call.authorization_bearer(key).await
    };
    refused(&as_one(&staff, moved).await, 403, "forbidden");
    refused(&as_one(&manager, repriced).await, 403, "forbidden");
    assert_eq!(as_one(&manager, moved).await.status_code(), 200);
    assert_eq!(day.booking(id).await["start"], TEN);
}
