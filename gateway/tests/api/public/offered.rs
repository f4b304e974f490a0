//! What is offered to visitors is had by them, and nothing else is.

use serde_json::{Value, json};

use super::{Street, faulty};
use crate::{bookings::refused, support::id_of};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_does_not_show_is_not_booked() {
    let street = Street::of(1).await;
    street
        .policy(json!({"min_notice_min": 120, "horizon_days": 7}))
        .await;
    for (start, code) in [
        // Monday, half past ten: in half an hour.
        ("2026-11-23T09:30:00Z", "too_soon"),
        ("2026-11-23T08:00:00Z", "too_soon"),
        ("2026-11-24T09:07:00Z", "off_grid"),
        ("2026-11-24T08:45:00Z", "outside_hours"),
        ("2026-11-24T16:30:00Z", "past_hours"),
        ("2026-11-25T09:00:00Z", "outside_hours"),
        ("2026-12-01T09:00:00Z", "too_far"),
    ] {
        let answer = street
            .act("/bookings", &street.wish(start, "600 200 300"))
            .await;
        faulty(&answer, "start", code);
        let hold = json!({"service_id": street.cut, "start": start});
        faulty(&street.act("/holds", &hold).await, "start", code);
    }
    // On the edge: the last day of the horizon is Monday next.
    street.book("2026-11-30T09:00:00Z", "600 200 300").await;
    assert!(
        street
            .starts("from=2026-12-01&to=2026-12-31")
            .await
            .is_empty()
    );
    let today = street.starts("from=2026-11-23&to=2026-11-23").await;
    assert_eq!(today[0], "2026-11-23T11:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_why_somebody_is_not_there() {
    let street = Street::of(1).await;
    let away = json!({"kind": "sick", "from": "2026-11-24T10:00", "to": "2026-11-24T14:00"});
    let absences = format!("/staff/{}/absences", street.staff[0]);
    id_of(&street.salon.post(&absences, &away).await);
    // At the same time on Wednesday they just do not work.
    let told = async |start: &str| {
        let wish = street.wish(start, "600 200 300");
        let told = street.act("/bookings", &wish).await;
        faulty(&told, "start", "outside_hours");
        let hold = json!({"service_id": street.cut, "start": start});
        let held = street.act("/holds", &hold).await;
        assert_eq!(held.text(), told.text());
        told.text()
    };
    let (away, free) = (
        told("2026-11-24T09:00:00Z").await,
        told("2026-11-25T09:00:00Z").await,
    );
    assert_eq!(away, free);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_active_is_not_to_be_had() {
    let street = Street::of(1).await;
    for state in ["internal", "disabled"] {
        let service = format!("/services/{}", street.cut);
        let set = street.salon.patch(&service, &json!({"state": state}));
        set.await.assert_status_ok();
        let answer = street
            .act(
                "/bookings",
                &street.wish("2026-11-24T09:00:00Z", "600 200 300"),
            )
            .await;
        faulty(&answer, "service_id", "not_bookable");
        let asked = format!(
            "/availability?service_id={}&from=2026-11-24&to=2026-11-24",
            street.cut
        );
        faulty(&street.look(&asked).await, "service_id", "not_bookable");
    }
    // A member of the house may still write it down where it is internal.
    let set = street.salon.patch(
        &format!("/services/{}", street.cut),
        &json!({"state": "internal"}),
    );
    set.await.assert_status_ok();
    let mut wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    wish["staff_id"] = json!(street.staff[0]);
    id_of(&street.salon.post("/bookings", &wish).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn near_its_start_a_booking_is_the_houses_to_change() {
    let street = Street::of(1).await;
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 300").await;
    // A day and a minute: it is 23 hours and 59 minutes too late.
    street
        .policy(json!({"cancellation_window_min": 1441}))
        .await;
    let token = &booked["manage_token"];
    let seen: Value = street.seen_by(token).await.json();
    assert_eq!(seen["can_cancel"], false);
    refused(
        &street.by_link("/cancel", token, &json!({})).await,
        409,
        "wrong_state",
    );
    let later = json!({"start": "2026-11-24T12:00:00Z"});
    refused(
        &street.by_link("/reschedule", token, &later).await,
        409,
        "wrong_state",
    );
    street
        .policy(json!({"cancellation_window_min": 1440}))
        .await;
    street
        .by_link("/reschedule", token, &later)
        .await
        .assert_status_ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_goes_only_where_a_booking_would() {
    let street = Street::of(1).await;
    street
        .policy(json!({"min_notice_min": 120, "horizon_days": 7}))
        .await;
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 300").await;
    street.book("2026-11-24T12:00:00Z", "600 200 301").await;
    let token = &booked["manage_token"];
    for (start, code) in [
        ("2026-11-23T09:30:00Z", "too_soon"),
        ("2026-11-24T09:07:00Z", "off_grid"),
        ("2026-12-01T09:00:00Z", "too_far"),
    ] {
        let to = json!({"start": start});
        let moved = street.by_link("/reschedule", token, &to).await;
        faulty(&moved, "start", code);
    }
    let onto = json!({"start": "2026-11-24T12:15:00Z"});
    let told = refused(
        &street.by_link("/reschedule", token, &onto).await,
        409,
        "slot_taken",
    );
    assert!(told["next_free"][0]["start"].is_string());
    // Its own time does not stand in its way.
    let beside = json!({"start": "2026-11-24T09:15:00Z"});
    street
        .by_link("/reschedule", token, &beside)
        .await
        .assert_status_ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_are_given_to_the_words_that_stand() {
    let street = Street::of(1).await;
    let consents = |words: &str| {
        json!({"consents": [
            {"consent": "data_processing", "required": true, "texts": {"en": words, "pl": "Zgadzam się"}},
            {"consent": "marketing", "texts": {"en": "Write to me"}},
        ]})
    };
    street.policy(consents("I agree")).await;
    let house: Value = street.look("").await.json();
    assert_eq!(house["consents"][0]["text"], "I agree");
    assert_eq!(house["consents"][0]["version"], 1);
    let mut wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    faulty(
        &street.act("/bookings", &wish).await,
        "consents",
        "consent_required",
    );
    wish["consents"] = json!([{"consent": "marketing", "version": 1}]);
    faulty(
        &street.act("/bookings", &wish).await,
        "consents",
        "consent_required",
    );
    street.policy(consents("I do agree")).await;
    wish["consents"] = json!([{"consent": "data_processing", "version": 1}]);
    faulty(
        &street.act("/bookings", &wish).await,
        "consents[0].version",
        "consent_version",
    );
    wish["consents"] = json!([{"consent": "data_processing", "version": 2}]);
    let booked = street.act("/bookings", &wish).await;
    id_of(&booked);
    let id = booked.json::<Value>()["id"].as_str().unwrap().to_owned();
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    let client = shown["client"]["id"].as_str().unwrap();
    let card: Value = street.salon.get(&format!("/clients/{client}")).await.json();
    assert_eq!(card["consents"], json!(["data_processing"]));
}

/// Random starts around the times of opening: each is booked if and only if it is offered at that moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_had_exactly_if_it_is_offered() {
    let street = Street::of(2).await;
    street
        .policy(json!({"min_notice_min": 30, "horizon_days": 8}))
        .await;
    let (mut had, mut not) = (0, 0);
    for number in 0..60_u32 {
        // Of two weeks; most on the grid of a quarter, some beside it.
        let minutes = rand::random_range(0..14 * 24 * 4) * 15;
        let off = if number % 5 == 0 { 7 } else { 0 };
        let begin: jiff::Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let at = begin + jiff::SignedDuration::from_mins(minutes + off);
        // Within opening hours more often than not.
        let at = if number % 3 == 0 {
            at
        } else {
            let day = i64::from(number % 2);
            let quarter = rand::random_range(0..34) * 15;
            let ten: jiff::Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
            ten + jiff::SignedDuration::from_mins(day * 24 * 60 + quarter + off)
        };
        let start = at.to_string();
        let date = &start[..10];
        let offered = street.starts(&format!("from={date}&to={date}")).await;
        let wish = street.wish(&start, &format!("600 300 {:03}", 100 + number));
        let answer = street.act("/bookings", &wish).await;
        let status = answer.status_code().as_u16();
        if offered.contains(&start) {
            assert_eq!(status, 201, "{start} was offered: {}", answer.text());
            had += 1;
        } else {
            assert!(
                [409, 422].contains(&status),
                "{start} was not offered: {}",
                answer.text()
            );
            not += 1;
        }
    }
    assert!(had > 0 && not > 0, "{had} had, {not} not");
}
