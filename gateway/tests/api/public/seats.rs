//! A visitor takes a seat in a class.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Street, faulty};
use crate::{bookings::refused, support::id_of};

/// A street where somebody gives a class of two seats, on three Tuesdays at eight in the evening.
async fn studio() -> (Street, Uuid) {
    let street = Street::of(1).await;
    let salon = &street.salon;
    let on = salon.patch("/business", &json!({"modules": {"classes": true}}));
    on.await.assert_status_ok();
    let yoga = salon.service("Yoga").await;
    let hours =
        json!({"weekly": [{"weekday": "tue", "from": "09:00", "to": "22:00"}], "overrides": []});
    let gita = salon.staff("Gita", &[yoga], &hours).await;
    let class = json!({
        "service_id": yoga, "staff_id": gita, "capacity": 2,
        "timetable": {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "start": "2026-11-24T20:00", "duration_min": 60},
    });
    id_of(&salon.post("/classes", &class).await);
    (street, yoga)
}

async fn sessions(street: &Street, yoga: Uuid) -> Vec<Value> {
    let asked = format!("/availability?service_id={yoga}&from=2026-11-23&to=2026-12-31");
    let told = street.look(&asked).await;
    told.assert_status_ok();
    let told: Value = told.json();
    let slots = told["slots"].as_array().unwrap().iter();
    slots
        .filter(|slot| slot["session_id"].is_string())
        .cloned()
        .collect()
}

fn seat(session: &Value, phone: &str) -> Value {
    json!({"session_id": session["session_id"], "client": {"name": "Vera Visitor", "phone": phone}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_takes_a_seat_changes_and_gives_it_back() {
    let (street, yoga) = studio().await;
    let open = sessions(&street, yoga).await;
    assert_eq!(open.len(), 3);
    assert_eq!(open[0]["local_start"], "2026-11-24T20:00");
    assert_eq!(open[0]["seats_left"], 2);
    let booked = street
        .act("/bookings", &seat(&open[0], "600 200 300"))
        .await;
    id_of(&booked);
    let booked: Value = booked.json();
    assert_eq!(booked["start"], open[0]["start"]);
    assert_eq!(booked["services"][0]["session_id"], open[0]["session_id"]);
    assert_eq!(sessions(&street, yoga).await[0]["seats_left"], 1);
    // Of those who race for the last seat one has it; the others hear which else.
    let race = (0..6).map(|number| {
        let wish = seat(&open[0], &format!("600 200 40{number}"));
        let street = &street;
        async move { street.act("/bookings", &wish).await }
    });
    let answers = futures::future::join_all(race).await;
    let had = answers.iter().filter(|a| a.status_code() == 201).count();
    assert_eq!(had, 1);
    let late = answers.iter().find(|a| a.status_code() != 201).unwrap();
    let late = refused(late, 409, "slot_taken");
    assert_eq!(late["next_free"][0]["session_id"], open[1]["session_id"]);
    // Into another session, by its id alone.
    let token = &booked["manage_token"];
    let start = json!({"start": open[1]["start"]});
    faulty(
        &street.by_link("/reschedule", token, &start).await,
        "session_id",
        "missing",
    );
    let to = json!({"session_id": open[1]["session_id"]});
    let moved = street.by_link("/reschedule", token, &to).await;
    moved.assert_status_ok();
    let moved: Value = moved.json();
    assert_eq!(moved["start"], open[1]["start"]);
    let off = street
        .by_link("/cancel", &moved["manage_token"], &json!({}))
        .await;
    off.assert_status_ok();
    let left: Vec<_> = sessions(&street, yoga)
        .await
        .iter()
        .map(|s| s["seats_left"].clone())
        .collect();
    assert_eq!(left, [json!(1), json!(2), json!(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_sits_in_a_class() {
    let (street, yoga) = studio().await;
    let ada = street.client("600 100 200", false).await;
    let open = sessions(&street, yoga).await;
    let in_house = async |session: &Value| {
        let seat = json!({"session_id": session["session_id"], "client_id": ada});
        street.salon.post("/bookings", &seat).await
    };
    id_of(&in_house(&open[0]).await);
    // Whether she sits there or not: who types her phone is answered alike.
    for session in &open[..2] {
        let booked = street.act("/bookings", &seat(session, "600 100 200")).await;
        id_of(&booked);
    }
    // Full is full.
    let third = street
        .act("/bookings", &seat(&open[0], "600 100 200"))
        .await;
    refused(&third, 409, "slot_taken");
    // The house seats nobody twice.
    faulty(&in_house(&open[1]).await, "client_id", "has_seat");
    // And both of her seats go with their session.
    let path = format!("/sessions/{}/reschedule", text(&open[0]["session_id"]));
    let to = json!({"start": "2026-11-24T18:00:00Z"});
    let moved = street.salon.post(&path, &to).await;
    moved.assert_status_ok();
    assert_eq!(moved.json::<Value>()["seats_taken"], 2);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_is_had_as_the_policy_says_and_as_the_session_is() {
    let (street, yoga) = studio().await;
    let open = sessions(&street, yoga).await;
    let mut cheap = seat(&open[0], "600 200 300");
    cheap["service_id"] = json!(street.cut);
    faulty(
        &street.act("/bookings", &cheap).await,
        "service_id",
        "not_of_session",
    );
    let mut none = seat(&open[0], "600 200 300");
    none["session_id"] = json!(Uuid::now_v7());
    faulty(
        &street.act("/bookings", &none).await,
        "session_id",
        "not_found",
    );
    // What was booked for a cut is no seat, nor is a seat had for the price of something else.
    let cut = street.book("2026-11-24T09:00:00Z", "600 200 301").await;
    let to = json!({"session_id": open[0]["session_id"]});
    let swapped = street.by_link("/reschedule", &cut["manage_token"], &to);
    faulty(&swapped.await, "session_id", "not_of_session");
    street.policy(json!({"horizon_days": 7})).await;
    assert_eq!(sessions(&street, yoga).await.len(), 1);
    let far = street
        .act("/bookings", &seat(&open[1], "600 200 300"))
        .await;
    faulty(&far, "session_id", "too_far");
    street.policy(json!({"min_notice_min": 2_880})).await;
    assert!(sessions(&street, yoga).await.is_empty());
    let soon = street
        .act("/bookings", &seat(&open[0], "600 200 300"))
        .await;
    faulty(&soon, "session_id", "too_soon");
    // Internal services are for the house.
    street.policy(json!({"min_notice_min": 0})).await;
    let internal = json!({"state": "internal"});
    let set = street.salon.patch(&format!("/services/{yoga}"), &internal);
    set.await.assert_status_ok();
    let inside = street
        .act("/bookings", &seat(&open[0], "600 200 300"))
        .await;
    faulty(&inside, "session_id", "not_bookable");
    // Without the module there is none.
    let off = json!({"modules": {"classes": false}});
    street
        .salon
        .patch("/business", &off)
        .await
        .assert_status_ok();
    let none = street
        .act("/bookings", &seat(&open[0], "600 200 300"))
        .await;
    refused(&none, 403, "module_off");
}
