//! Bookings over HTTP: made, moved, served, put right; and what is refused.

use axum::http::Method;
use axum_test::TestResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, header, id_of};

/// The Monday on which the tests play, in Warsaw: 10:00 there is 09:00 in UTC.
const TODAY: &str = "2026-11-23";

/// A salon in which Bea cuts from ten to six, and Ada is a client.
pub(crate) struct Day {
    pub(crate) salon: Salon,
    pub(crate) cut: Uuid,
    pub(crate) bea: Uuid,
    pub(crate) ada: Uuid,
}

impl Day {
    pub(crate) async fn begin() -> Self {
        let salon = Salon::open().await;
        let cut = salon.service("Cut").await;
        let weekly: Vec<_> = ["mon", "tue"]
            .iter()
            .map(|day| json!({"weekday": day, "from": "10:00", "to": "18:00"}))
            .collect();
        let bea = salon
            .staff("Bea", &[cut], &json!({"weekly": weekly, "overrides": []}))
            .await;
        let ada = id_of(
            &salon
                .post(
                    "/clients",
                    &json!({"name": "Ada Lovelace", "phone": "600 100 200"}),
                )
                .await,
        );
        Self {
            salon,
            cut,
            bea,
            ada,
        }
    }

    fn wish(&self, start: &str) -> Value {
        json!({"service_id": self.cut, "staff_id": self.bea, "client_id": self.ada, "start": start})
    }

    pub(crate) async fn book(&self, start: &str) -> Uuid {
        id_of(&self.salon.post("/bookings", &self.wish(start)).await)
    }

    pub(crate) async fn step(&self, id: Uuid, step: &str, body: Value) -> TestResponse {
        self.salon
            .post(&format!("/bookings/{id}/{step}"), &body)
            .await
    }

    pub(crate) async fn booking(&self, id: Uuid) -> Value {
        self.salon.get(&format!("/bookings/{id}")).await.json()
    }
}

#[track_caller]
pub(crate) fn refused(response: &TestResponse, status: u16, code: &str) -> Value {
    assert_eq!(
        response.status_code().as_u16(),
        status,
        "{}",
        response.text()
    );
    let body: Value = response.json();
    assert_eq!(body["code"], code, "{body}");
    body
}

#[track_caller]
fn faulty(response: &TestResponse, field: &str, code: &str) {
    let body = match field.ends_with("_id") && code == "not_found" {
        true => refused(response, 404, "not_found"),
        false => refused(response, 422, "invalid"),
    };
    let told =
        json!({"field": body["violations"][0]["field"], "code": body["violations"][0]["code"]});
    assert_eq!(told, json!({"field": field, "code": code}), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_made_is_the_booking_shown() {
    let day = Day::begin().await;
    let made = day
        .salon
        .post("/bookings", &day.wish("2026-11-23T11:00:00+01:00"))
        .await;
    let id = id_of(&made);
    let made: Value = made.json();
    assert_eq!(made["start"], "2026-11-23T10:00:00Z");
    assert_eq!(made["end"], "2026-11-23T10:45:00Z");
    assert_eq!(made["status"], "confirmed");
    assert_eq!(
        made["client"],
        json!({"id": day.ada, "name": "Ada Lovelace"})
    );
    assert_eq!(made["staff"]["name"], "Bea");
    assert_eq!(
        (&made["price"], &made["due"]),
        (&json!("120.00"), &json!("120.00"))
    );
    assert_eq!(day.booking(id).await, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_time_is_refused_with_the_next_ones_that_are_free() {
    let day = Day::begin().await;
    day.book("2026-11-23T10:00:00Z").await;
    let before = day.salon.head().await;
    let answer = day
        .salon
        .post("/bookings", &day.wish("2026-11-23T10:30:00Z"))
        .await;
    let body = refused(&answer, 409, "slot_taken");
    assert_eq!(body["next_free"][0]["start"], "2026-11-23T10:45:00Z");
    assert_eq!(body["next_free"][0]["staff_id"], json!(day.bea));
    assert_eq!(day.salon.head().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_slots_would_not_show_is_not_booked() {
    let day = Day::begin().await;
    for (start, code) in [
        ("2026-11-23T08:00:00Z", "too_soon"),
        ("2026-11-23T10:07:00Z", "off_grid"),
        ("2026-11-23T17:00:00Z", "outside_hours"),
        ("2026-11-23T16:30:00Z", "past_hours"),
        ("2026-11-25T10:00:00Z", "outside_hours"),
    ] {
        faulty(
            &day.salon.post("/bookings", &day.wish(start)).await,
            "start",
            code,
        );
    }
    let mut walk_in = day.wish("2026-11-23T10:07:00Z");
    walk_in["off_grid"] = json!(true);
    id_of(&day.salon.post("/bookings", &walk_in).await);
    walk_in["start"] = json!("2026-11-23T10:17:00Z");
    refused(
        &day.salon.post("/bookings", &walk_in).await,
        409,
        "slot_taken",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_wishes_are_told_by_their_fields_and_write_nothing() {
    let day = Day::begin().await;
    let before = day.salon.head().await;
    let with = |field: &str, value: Value| {
        let mut wish = day.wish("2026-11-23T11:00:00Z");
        wish[field] = value;
        wish
    };
    for (body, field, code) in [
        (
            with("service_id", json!(Uuid::nil())),
            "service_id",
            "not_found",
        ),
        (
            with("staff_id", json!(Uuid::nil())),
            "staff_id",
            "not_found",
        ),
        (with("desk_id", json!(Uuid::nil())), "desk_id", "not_found"),
        (with("price", json!("-1.00")), "price", "negative"),
        (with("price", json!("1.001")), "price", "too_precise"),
        (
            with("duration_min", json!(0)),
            "duration_min",
            "out_of_range",
        ),
        (with("client_id", Value::Null), "client_id", "missing"),
        (
            with("client", json!({"name": "Bob"})),
            "client",
            "one_of_two",
        ),
        (with("comment", json!("")), "comment", "empty"),
        (with("colour", json!("red")), "colour", "unknown_field"),
    ] {
        faulty(&day.salon.post("/bookings", &body).await, field, code);
    }
    let start = with("start", json!("2026-02-30T10:00:00Z"));
    assert_eq!(day.salon.post("/bookings", &start).await.status_code(), 422);
    let stranger = with("client_id", json!(Uuid::now_v7()));
    refused(
        &day.salon.post("/bookings", &stranger).await,
        404,
        "not_found",
    );
    assert_eq!(day.salon.head().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_from_request_to_refund() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    let moved: Value = day
        .step(id, "reschedule", json!({"start": "2026-11-23T12:00:00Z"}))
        .await
        .json();
    assert_eq!(moved["start"], "2026-11-23T12:00:00Z");
    // Its old time is free again, its own time is no obstacle.
    day.book("2026-11-23T10:00:00Z").await;
    let longer: Value = day
        .step(
            id,
            "reschedule",
            json!({"start": "2026-11-23T12:00:00Z", "duration_min": 60}),
        )
        .await
        .json();
    assert_eq!(longer["end"], "2026-11-23T13:00:00Z");
    for step in ["arrive", "complete", "leave"] {
        assert_eq!(
            day.step(id, step, json!({})).await.status_code(),
            200,
            "{step}"
        );
    }
    refused(&day.step(id, "cancel", json!({})).await, 409, "wrong_state");
    let paid: Value = day
        .step(
            id,
            "payments",
            json!({"amount": "120.00", "method": "card"}),
        )
        .await
        .json();
    assert_eq!(
        (&paid["paid"], &paid["due"]),
        (&json!("120.00"), &json!("0.00"))
    );
    let payment = paid["payments"][0]["id"].clone();
    faulty(
        &day.step(id, "refunds", json!({"amount": "120.01"})).await,
        "amount",
        "more_than_paid",
    );
    let back: Value = day
        .step(
            id,
            "refunds",
            json!({"payment_id": payment, "amount": "20", "reason": "late"}),
        )
        .await
        .json();
    assert_eq!(
        (&back["paid"], &back["refunds"][0]["reason"]),
        (&json!("100.00"), &json!("late"))
    );
    let said: Value = day
        .step(id, "comments", json!({"text": "Likes tea"}))
        .await
        .json();
    assert_eq!(said["comments"][0]["text"], "Likes tea");
    let reviewed: Value = day
        .step(id, "review", json!({"rating": 5, "text": "Lovely"}))
        .await
        .json();
    assert_eq!(reviewed["review"]["text"], "Lovely");
}

#[tokio::test]
async fn each_change_is_answered_with_the_whole_booking_words_of_before_and_all() {
    let day = Day::begin().await;
    let mut wish = day.wish("2026-11-24T09:00:00Z");
    wish["comment"] = json!("allergic to henna");
    let id = id_of(&day.salon.post("/bookings", &wish).await);
    for (step, body) in [
        ("comments", json!({"text": "likes it short"})),
        ("price", json!({"price": "90.00", "reason": "a regular"})),
        ("reschedule", json!({"start": "2026-11-24T10:00:00Z"})),
        ("arrive", json!({})),
        ("payments", json!({"amount": "90.00", "method": "card"})),
        (
            "refunds",
            json!({"amount": "10.00", "reason": "waited long"}),
        ),
        ("complete", json!({})),
        (
            "review",
            json!({"rating": 4, "text": "in the end a good cut"}),
        ),
        ("reopen", json!({"reason": "the wrong one"})),
        ("cancel", json!({"reason": "ill"})),
        ("restore", json!({})),
    ] {
        let (name, key) = header("idempotency-key", step);
        let path = format!("/bookings/{id}/{step}");
        let ask = || {
            day.salon
                .post(&path, &body)
                .add_header(name.clone(), key.clone())
        };
        let answer = ask().await;
        assert!(
            answer.status_code().is_success(),
            "{step}: {}",
            answer.text()
        );
        let shown = day.salon.get(&format!("/bookings/{id}")).await;
        assert_eq!(answer.json::<Value>(), shown.json::<Value>(), "{step}");
        assert_eq!(answer.header("etag"), shown.header("etag"), "{step}");
        let again = ask().await.json::<Value>();
        assert_eq!(again, shown.json::<Value>(), "{step} again");
    }
    let last = day
        .salon
        .get(&format!("/bookings/{id}"))
        .await
        .json::<Value>();
    assert_eq!(last["comments"][0]["text"], "allergic to henna");
    assert_eq!(last["refunds"][0]["reason"], "waited long");
    assert_eq!(last["review"]["text"], "in the end a good cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_names_who_wrote_though_the_read_models_lag_behind() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    let mut held_up = day.salon.database.owner_pool().await.begin().await.unwrap();
    sqlx::query("lock table change_actor in exclusive mode")
        .execute(&mut *held_up)
        .await
        .unwrap();
    let key: Value = day
        .salon
        .post("/api-keys", &json!({"name": "Front desk", "role": "admin"}))
        .await
        .json();
    let said: Value = day
        .salon
        .bare(Method::POST, &format!("/bookings/{id}/comments"))
        .authorization_bearer(key["api_key"].as_str().unwrap())
        .json(&json!({"text": "rang"}))
        .await
        .json();
    assert_eq!(said["comments"][0]["actor"]["name"], "Front desk", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back_unless_its_time_is_gone() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    let path = format!("/bookings/{id}");
    let deleted: Value = day
        .salon
        .delete(&path)
        .json(&json!({"reason": "double entry"}))
        .await
        .json();
    assert_eq!(deleted["deleted"], true);
    refused(&day.step(id, "cancel", json!({})).await, 409, "wrong_state");
    day.book("2026-11-23T10:00:00Z").await;
    let body = refused(&day.step(id, "restore", json!({})).await, 409, "slot_taken");
    let next = body["next_free"][0]["start"].clone();
    let back: Value = day.step(id, "restore", json!({"start": next})).await.json();
    assert_eq!((&back["deleted"], &back["start"]), (&json!(false), &next));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_time_is_free_and_reopening_must_find_it_so() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    let cancelled: Value = day
        .step(id, "cancel", json!({"reason": "ill"}))
        .await
        .json();
    assert_eq!(
        (&cancelled["status"], &cancelled["cancel_reason"]),
        (&json!("cancelled"), &json!("ill"))
    );
    let again = day.step(id, "cancel", json!({"reason": "ill"})).await;
    assert_eq!(again.status_code(), 200);
    day.book("2026-11-23T10:00:00Z").await;
    refused(&day.step(id, "reopen", json!({})).await, 409, "slot_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_can_be_booked_and_is_offered_no_more() {
    let day = Day::begin().await;
    let path = format!(
        "/availability?service_id={}&from={TODAY}&to={TODAY}",
        day.cut
    );
    let slots: Value = day.salon.get(&path).await.json();
    let first = slots["slots"][0].clone();
    assert_eq!(first["start"], "2026-11-23T09:00:00Z");
    let anyone = json!({"service_id": day.cut, "client": {"name": "Bob"}, "start": first["start"]});
    let made: Value = day.salon.post("/bookings", &anyone).await.json();
    assert_eq!(made["staff"]["id"], first["staff_id"]);
    let slots: Value = day.salon.get(&path).await.json();
    assert_eq!(slots["slots"][0]["start"], "2026-11-23T09:45:00Z");
    let next: Value = day
        .salon
        .get(&format!(
            "/availability/next?service_id={}&limit=1",
            day.cut
        ))
        .await
        .json();
    assert_eq!(next["slots"][0]["start"], "2026-11-23T09:45:00Z");
    // 62 days after the first date is the last that may be asked for.
    let until = |to| {
        format!(
            "/availability?service_id={}&from=2026-01-01&to={to}",
            day.cut
        )
    };
    let far = day.salon.get(&until("2026-03-04")).await;
    far.assert_status_ok();
    let farther = day.salon.get(&until("2026-03-05")).await;
    faulty(&farther, "to", "too_many");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_at_one_slot_are_one_booking_and_sixty_three_refusals() {
    let day = Day::begin().await;
    let wish = day.wish("2026-11-23T10:00:00Z");
    let answers = futures::future::join_all(
        (0..64).map(|_| async { day.salon.post("/bookings", &wish).await }),
    )
    .await;
    let made = answers
        .iter()
        .filter(|answer| answer.status_code() == 201)
        .count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status_code() != 201) {
        let body = refused(answer, 409, "slot_taken");
        assert!(!body["next_free"].as_array().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_shown_as_it_was() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    let then = day.salon.head().await;
    day.step(id, "reschedule", json!({"start": "2026-11-23T12:00:00Z"}))
        .await;
    let was: Value = day
        .salon
        .get(&format!("/bookings/{id}?as_of={then}"))
        .await
        .json();
    assert_eq!(was["start"], "2026-11-23T10:00:00Z");
    let now = day.salon.head().await;
    let calendar = |query: String| {
        let (name, value) = header("daybook-min-position", &now.to_string());
        day.salon
            .get(&format!("/calendar?from={TODAY}&to={TODAY}{query}"))
            .add_header(name, value)
    };
    let was: Value = calendar(format!("&as_of={then}")).await.json();
    assert_eq!(was["bookings"][0]["start"], "2026-11-23T10:00:00Z");
    let is: Value = calendar(String::new()).await.json();
    assert_eq!(is["bookings"][0]["start"], "2026-11-23T12:00:00Z");
    assert_eq!(is["bookings"][0]["client"]["name"], "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_finds_and_changes_tell() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    day.step(id, "comments", json!({"text": "Alergia na amoniak"}))
        .await;
    day.step(id, "reschedule", json!({"start": "2026-11-23T12:00:00Z"}))
        .await;
    let caught_up = header("daybook-min-position", &day.salon.head().await.to_string());
    let get = |path: String| {
        day.salon
            .get(&path)
            .add_header(caught_up.0.clone(), caught_up.1.clone())
    };
    for query in [
        "q=amoniak",
        "q=LOVELACE",
        "client=600100",
        "status=confirmed&status=cancelled",
        "min_price=120",
    ] {
        let found: Value = get(format!("/history?{query}")).await.json();
        assert_eq!(found["items"][0]["id"], json!(id), "{query}");
    }
    let none: Value = get("/history?q=amoniak%20blond&count=true".to_owned())
        .await
        .json();
    assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)));
    let changes: Value = get(format!("/bookings/{id}/changes")).await.json();
    let actions: Vec<_> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["action"].clone())
        .collect();
    assert_eq!(
        actions,
        ["booking.placed", "booking.commented", "booking.rescheduled"]
    );
    let start = changes[2]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["field"] == "start")
        .unwrap();
    assert_eq!(
        (&start["from"], &start["to"]),
        (
            &json!("2026-11-23T10:00:00Z"),
            &json!("2026-11-23T12:00:00Z")
        )
    );
    assert_eq!(changes[2]["actor"]["kind"], "api_key");
    let nowhere = day
        .salon
        .call(
            Method::GET,
            &format!("/bookings/{}/changes", Uuid::now_v7()),
        )
        .await;
    assert_eq!(nowhere.status_code(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_is_answered_again_when_it_can_be_had_no_more() {
    let day = Day::begin().await;
    let first = day.book("2026-11-23T10:00:00Z").await;
    let (name, once) = header("idempotency-key", "k1");
    let again = || {
        day.salon
            .post(&format!("/bookings/{first}/repeat"), &json!({}))
            .add_header(name.clone(), once.clone())
    };
    let made = again().await;
    id_of(&made);
    let retired = format!("/services/{}/retire", day.cut);
    day.salon
        .post(&retired, &json!({}))
        .await
        .assert_status_ok();
    let told = again().await;
    assert_eq!(told.status_code(), 201, "{}", told.text());
    assert_eq!(told.json::<Value>(), made.json::<Value>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_must_stand_where_it_was_seen() {
    let day = Day::begin().await;
    let first = day.book("2026-11-23T10:00:00Z").await;
    let before = day.salon.head().await;
    let (name, stale) = header("if-match", "\"7\"");
    let again = day
        .salon
        .post(&format!("/bookings/{first}/repeat"), &json!({}))
        .add_header(name, stale)
        .await;
    refused(&again, 412, "stale");
    assert_eq!(day.salon.head().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_nobody_can_have_meant_do_not_stop_what_is_read() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    let before = day.salon.head().await;
    for year in ["0000", "-004800", "1899", "9999"] {
        let long_ago = format!("{year}-06-01T10:00:00Z");
        let pay = json!({"amount": "5.00", "method": "cash", "at": long_ago});
        faulty(&day.step(id, "payments", pay.clone()).await, "at", "date");
        let sale = format!("/clients/{}/payments", day.ada);
        faulty(&day.salon.post(&sale, &pay).await, "at", "date");
        let free = json!({"start": long_ago, "off_grid": true, "outside_hours": true});
        faulty(&day.step(id, "reschedule", free).await, "start", "date");
    }
    assert_eq!(day.salon.head().await, before);
    let last = format!(
        "/availability?service_id={}&from=9999-12-31&to=9999-12-31",
        day.cut
    );
    let slots = day.salon.get(&last).await;
    assert_eq!(slots.status_code(), 200, "{}", slots.text());
}
