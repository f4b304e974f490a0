//! Visits over HTTP: several services in a row, as one.

use axum_test::TestResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::{Day, refused},
    support::{header, id_of},
};

impl Day {
    /// Bea's two cuts in a row, and the ids of the visit and its bookings.
    async fn visit(&self, start: &str) -> (Uuid, [Uuid; 2]) {
        let service = json!({"service_id": self.cut, "staff_id": self.bea});
        let visit = json!({"client_id": self.ada, "start": start, "services": [service, service]});
        let made = self.salon.post("/visits", &visit).await;
        let told: Value = made.json();
        let of = |number: usize| -> Uuid {
            told["bookings"][number]["id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        };
        (id_of(&made), [of(0), of(1)])
    }

    async fn all(&self, visit: Uuid, step: &str, body: Value) -> TestResponse {
        self.salon
            .post(&format!("/visits/{visit}/{step}"), &body)
            .await
    }
}

fn each(visit: &Value, field: &str) -> Vec<Value> {
    let bookings = visit["bookings"].as_array().unwrap();
    bookings.iter().map(|b| b[field].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_booked_moved_and_called_off_as_one() {
    let day = Day::begin().await;
    let service = json!({"service_id": day.cut, "staff_id": day.bea});
    let visit = json!({"client_id": day.ada, "start": "2026-11-23T10:00:00Z", "services": [service, service]});
    let made = day.salon.post("/visits", &visit).await;
    let id = id_of(&made);
    let made: Value = made.json();
    let starts = |visit: &Value| -> Vec<Value> {
        visit["bookings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|booking| booking["start"].clone())
            .collect()
    };
    assert_eq!(
        starts(&made),
        [json!("2026-11-23T10:00:00Z"), json!("2026-11-23T10:45:00Z")]
    );
    let shown: Value = day.salon.get(&format!("/visits/{id}")).await.json();
    assert_eq!(shown, made);
    let moved = day
        .salon
        .post(
            &format!("/visits/{id}/reschedule"),
            &json!({"start": "2026-11-23T10:45:00Z"}),
        )
        .await;
    assert_eq!(
        starts(&moved.json()),
        [json!("2026-11-23T10:45:00Z"), json!("2026-11-23T11:30:00Z")]
    );
    day.book("2026-11-23T10:00:00Z").await;
    let back = day
        .salon
        .post(
            &format!("/visits/{id}/reschedule"),
            &json!({"start": "2026-11-23T10:00:00Z"}),
        )
        .await;
    refused(&back, 409, "slot_taken");
    let off: Value = day
        .salon
        .post(&format!("/visits/{id}/cancel"), &json!({"reason": "ill"}))
        .await
        .json();
    for booking in off["bookings"].as_array().unwrap() {
        assert_eq!(booking["status"], "cancelled");
    }
    day.book("2026-11-23T11:30:00Z").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_whose_second_service_finds_no_time_takes_none() {
    let day = Day::begin().await;
    day.book("2026-11-23T10:45:00Z").await;
    let before = day.salon.head().await;
    let service = json!({"service_id": day.cut, "staff_id": day.bea});
    let visit = json!({"client": {"name": "Bob"}, "start": "2026-11-23T10:00:00Z", "services": [service, service]});
    refused(&day.salon.post("/visits", &visit).await, 409, "slot_taken");
    assert_eq!(day.salon.head().await, before);
    day.book("2026-11-23T10:00:00Z").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_moves_on_with_each_of_its_bookings() {
    let day = Day::begin().await;
    let (visit, [first, _]) = day.visit("2026-11-23T10:00:00Z").await;
    let shown = || async {
        let shown = day.salon.get(&format!("/visits/{visit}")).await;
        let tag = shown.headers()["etag"].to_str().unwrap().to_owned();
        (shown.json::<Value>(), tag)
    };
    let (_, seen) = shown().await;
    day.step(first, "comments", json!({"text": "allergic"}))
        .await
        .assert_status_ok();
    let (_, now) = shown().await;
    assert_ne!(seen, now);
    let before = day.salon.head().await;
    let move_at = |tag: &str| {
        let (name, tag) = header("if-match", tag);
        day.salon
            .post(
                &format!("/visits/{visit}/reschedule"),
                &json!({"start": "2026-11-23T13:00:00Z"}),
            )
            .add_header(name, tag)
    };
    let (name, stale) = header("if-match", &seen);
    let off = day
        .salon
        .post(&format!("/visits/{visit}/cancel"), &json!({}))
        .add_header(name, stale);
    refused(&off.await, 412, "stale");
    refused(&move_at(&seen).await, 412, "stale");
    assert_eq!(day.salon.head().await, before);
    let moved = move_at(&now).await;
    moved.assert_status_ok();
    let (whole, tag) = shown().await;
    assert_eq!(moved.headers()["etag"].to_str().unwrap(), tag);
    assert_eq!(moved.json::<Value>(), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_of_a_visit_stays_done() {
    let day = Day::begin().await;
    let (visit, [first, second]) = day.visit("2026-11-23T10:00:00Z").await;
    day.step(first, "complete", json!({}))
        .await
        .assert_status_ok();
    let later = json!({"start": "2026-11-23T13:00:00Z"});
    let moved = day.all(visit, "reschedule", later.clone()).await;
    moved.assert_status_ok();
    assert_eq!(
        each(&moved.json(), "start"),
        [json!("2026-11-23T10:00:00Z"), json!("2026-11-23T13:00:00Z")]
    );
    let off = day.all(visit, "cancel", json!({})).await;
    off.assert_status_ok();
    assert_eq!(each(&off.json(), "status"), ["completed", "cancelled"]);
    let again = day.all(visit, "cancel", json!({})).await;
    again.assert_status_ok();
    assert_eq!(again.json::<Value>(), off.json::<Value>());
    refused(
        &day.all(visit, "reschedule", later).await,
        409,
        "wrong_state",
    );

    let (visit, bookings) = day.visit("2026-11-23T15:00:00Z").await;
    for booking in bookings {
        day.step(booking, "complete", json!({}))
            .await
            .assert_status_ok();
    }
    refused(
        &day.all(visit, "cancel", json!({})).await,
        409,
        "wrong_state",
    );
    assert_eq!(day.booking(second).await["status"], "cancelled");
}
