//! A visitor holds a time, books, moves and cancels.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Street, faulty};
use crate::{
    bookings::refused,
    support::{header, id_of},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_books_moves_and_cancels_by_what_the_page_tells_alone() {
    let street = Street::of(1).await;
    let start = street.starts("from=2026-11-24&to=2026-11-24").await[0].clone();
    let booked = street.book(&start, "600 200 300").await;
    assert_eq!(booked["status"], "confirmed");
    assert_eq!(booked["local_start"], "2026-11-24T10:00");
    assert_eq!(booked["services"][0]["staff"]["name"], "Bea");
    assert_eq!(booked["price"], "120.00");
    let first = &booked["manage_token"];
    assert_eq!(street.seen_by(first).await.json::<Value>(), booked);

    let later = "2026-11-24T11:00:00Z";
    let moved = street
        .by_link("/reschedule", first, &json!({"start": later}))
        .await;
    moved.assert_status_ok();
    let moved: Value = moved.json();
    assert_eq!(moved["start"], later);
    let second = &moved["manage_token"];
    assert_ne!(first, second);

    // The first link shows what became of it, and stays good: who has it knows what was done by it.
    assert_eq!(street.seen_by(first).await.json::<Value>(), moved);
    let off = street
        .by_link("/cancel", first, &json!({"reason": "ill"}))
        .await;
    off.assert_status_ok();
    let off: Value = off.json();
    assert_eq!(off["status"], "cancelled");
    assert_eq!(off["can_reschedule"], false);
    // Off is off, asked once or twice; and what is off is not moved.
    let third = &off["manage_token"];
    for token in [first, second, third] {
        let twice = street.by_link("/cancel", token, &json!({})).await;
        twice.assert_status_ok();
        assert_eq!(twice.json::<Value>(), off);
    }
    let back = street
        .by_link("/reschedule", third, &json!({"start": later}))
        .await;
    refused(&back, 409, "wrong_state");
    // Its time is free again.
    street.book(later, "600 200 301").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_house_changed_is_looked_at_before_it_is_acted_on() {
    let street = Street::of(1).await;
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 300").await;
    let id = booked["id"].as_str().unwrap();
    let by_house = async |step: &str, body: Value| {
        let path = format!("/bookings/{id}/{step}");
        street.salon.post(&path, &body).await.assert_status_ok();
    };
    let first = &booked["manage_token"];
    let at = |hour: u32| json!({"start": format!("2026-11-24T{hour:02}:00:00Z")});
    let moved = street.by_link("/reschedule", first, &at(10)).await;
    let second = moved.json::<Value>()["manage_token"].clone();
    by_house("reschedule", at(11)).await;
    // Neither link knows of that: nobody moves or calls off what they have not seen.
    for token in [first, &second] {
        for (step, body) in [("/reschedule", at(12)), ("/cancel", json!({}))] {
            let told = refused(
                &street.by_link(step, token, &body).await,
                410,
                "link_superseded",
            );
            assert!(told["detail"].is_string(), "{told}");
        }
        let seen: Value = street.seen_by(token).await.json();
        assert_eq!(
            (&seen["superseded"], &seen["start"], &seen["can_cancel"]),
            (&json!(true), &at(11)["start"], &json!(true))
        );
    }
    // Having looked, they do.
    let seen: Value = street.seen_by(first).await.json();
    let third = &seen["manage_token"];
    assert_eq!(
        street.seen_by(third).await.json::<Value>()["superseded"],
        false
    );
    let moved = street.by_link("/reschedule", third, &at(12)).await;
    moved.assert_status_ok();
    let late = street.by_link("/reschedule", first, &at(13)).await;
    refused(&late, 410, "link_superseded");
    // What the house called off is off: to cancel it is nothing.
    by_house("cancel", json!({})).await;
    let off = street.by_link("/cancel", first, &json!({})).await;
    off.assert_status_ok();
    assert_eq!(off.json::<Value>()["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_it_is_told_in_the_house() {
    let street = Street::of(1).await;
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 300").await;
    let id = booked["id"].as_str().unwrap();
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    assert_eq!(shown["source"], "public_page");
    let client = shown["client"]["id"].as_str().unwrap();
    assert_eq!(shown["client"]["name"], "Vera Visitor");
    let token = &booked["manage_token"];
    let later = json!({"start": "2026-11-24T10:00:00Z"});
    let moved = street.by_link("/reschedule", token, &later).await;
    let position = moved.headers()["daybook-position"].to_str().unwrap();
    let (name, value) = header("daybook-min-position", position);
    let changes: Value = street
        .salon
        .get(&format!("/bookings/{id}/changes"))
        .add_header(name, value)
        .await
        .json();
    for change in changes.as_array().unwrap() {
        assert_eq!(change["source"], "public_page", "{change}");
        assert_eq!(change["actor"]["kind"], "client", "{change}");
        assert_eq!(change["actor"]["id"], client, "{change}");
    }
    // A word of the house's changes nothing that was agreed: the link stays good.
    let word = json!({"text": "prefers tea"});
    street
        .salon
        .post(&format!("/bookings/{id}/comments"), &word)
        .await
        .assert_status_ok();
    let token = &moved.json::<Value>()["manage_token"];
    assert_eq!(
        street.seen_by(token).await.json::<Value>()["can_cancel"],
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_books_once() {
    let street = Street::of(2).await;
    let wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    let (name, key) = header("idempotency-key", "one");
    let book = || {
        street
            .salon
            .bare(Method::POST, "/public/ada/bookings")
            .add_header(name.clone(), key.clone())
            .json(&wish)
    };
    let (first, second) = (book().await, book().await);
    id_of(&first);
    assert_eq!(first.status_code(), second.status_code());
    assert_eq!(first.json::<Value>(), second.json::<Value>());
    // Another visitor's key is another key.
    let other = street.wish("2026-11-24T12:00:00Z", "600 200 999");
    let other = street
        .salon
        .bare(Method::POST, "/public/ada/bookings")
        .add_header(name.clone(), key.clone())
        .json(&other)
        .await;
    id_of(&other);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_services_are_one_visit() {
    let street = Street::of(2).await;
    let service = json!({"service_id": street.cut});
    let visit = json!({
        "services": [service, service],
        "start": "2026-11-24T09:00:00Z",
        "client": {"name": "Vera Visitor", "email": "vera@example.org"},
    });
    let booked = street.act("/bookings", &visit).await;
    id_of(&booked);
    let booked: Value = booked.json();
    assert_eq!(booked["services"].as_array().unwrap().len(), 2);
    assert_eq!(booked["end"], "2026-11-24T10:30:00Z");
    assert_eq!(booked["price"], "240.00");
    let moved = json!({"start": "2026-11-24T13:00:00Z"});
    let moved = street
        .by_link("/reschedule", &booked["manage_token"], &moved)
        .await;
    moved.assert_status_ok();
    let moved: Value = moved.json();
    assert_eq!(moved["end"], "2026-11-24T14:30:00Z");
    let off = street
        .by_link("/cancel", &booked["manage_token"], &json!({}))
        .await;
    off.assert_status_ok();
    let off: Value = off.json();
    for service in off["services"].as_array().unwrap() {
        assert_eq!(service["status"], "cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_visitors_at_one_time_the_three_who_can_be_served_are() {
    let street = Street::of(3).await;
    let visitors = (0..32).map(|number| {
        let wish = street.wish(
            "2026-11-24T09:00:00Z",
            &format!("600 200 {:03}", 100 + number),
        );
        let street = &street;
        async move { street.act("/bookings", &wish).await }
    });
    let answers = futures::future::join_all(visitors).await;
    let (served, others): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.status_code() == 201);
    assert_eq!(served.len(), 3);
    let mut by: Vec<_> = served
        .iter()
        .map(|answer| answer.json::<Value>()["services"][0]["staff"]["id"].to_string())
        .collect();
    by.sort();
    by.dedup();
    assert_eq!(by.len(), 3);
    for other in others {
        let told = refused(other, 409, "slot_taken");
        assert!(told["next_free"][0]["start"].is_string(), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_least_to_do_serves() {
    let street = Street::of(2).await;
    let busy = json!({
        "service_id": street.cut, "staff_id": street.staff[0], "start": "2026-11-24T15:00:00Z",
        "client": {"name": "Vera Visitor", "phone": "600 200 300"},
    });
    id_of(&street.act("/bookings", &busy).await);
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 301").await;
    assert_eq!(booked["services"][0]["staff"]["id"], json!(street.staff[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_the_time_for_whoever_has_it() {
    let street = Street::of(1).await;
    let start = "2026-11-24T09:00:00Z";
    let wish = json!({"service_id": street.cut, "start": start});
    let hold = async || {
        let holding = street.salon.bare(Method::POST, "/public/ada/holds");
        let holding = holding.json(&wish).add_header("idempotency-key", "this");
        holding.await
    };
    let held = hold().await;
    assert_eq!(held.status_code(), 201, "{}", held.text());
    let held: Value = held.json();
    assert_eq!(held["local_start"], "2026-11-24T10:00");
    // Neither offered to others nor theirs.
    let offered = street.starts("from=2026-11-24&to=2026-11-24").await;
    assert!(!offered.contains(&start.to_owned()));
    let other = street
        .act("/bookings", &street.wish(start, "600 200 301"))
        .await;
    refused(&other, 409, "slot_taken");
    refused(&street.act("/holds", &wish).await, 409, "slot_taken");
    // The holder books it.
    let mut mine = street.wish(start, "600 200 300");
    mine["hold"] = held["id"].clone();
    id_of(&street.act("/bookings", &mine).await);
    // The same request again is answered as it was, though the hold is over.
    assert_eq!(hold().await.json::<Value>(), held);
    // And what was used keeps nothing: off again, it is anybody's.
    mine["hold"] = json!("bm9uc2Vuc2U");
    faulty(&street.act("/bookings", &mine).await, "hold", "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_let_go_or_changed_for_another() {
    let street = Street::of(1).await;
    let hold = |start: &str, before: Option<&Value>| {
        let mut wish = json!({"service_id": street.cut, "start": start});
        if let Some(before) = before {
            wish["instead_of"] = before.clone();
        }
        wish
    };
    let first: Value = street
        .act("/holds", &hold("2026-11-24T09:00:00Z", None))
        .await
        .json();
    // Overlaps the first, which is given back for it.
    let second = hold("2026-11-24T09:15:00Z", Some(&first["id"]));
    let second: Value = street.act("/holds", &second).await.json();
    let let_go = async |id: &Value| {
        let path = format!("/public/ada/holds/{}", id.as_str().unwrap());
        street.salon.bare(Method::DELETE, &path).await
    };
    let_go(&second["id"])
        .await
        .assert_status(axum::http::StatusCode::NO_CONTENT);
    let_go(&second["id"])
        .await
        .assert_status(axum::http::StatusCode::NO_CONTENT);
    refused(&let_go(&json!("bm9uc2Vuc2U")).await, 404, "not_found");
    street.book("2026-11-24T09:00:00Z", "600 200 300").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_whose_time_is_up_is_used_if_nobody_else_did() {
    let street = Street::of(1).await;
    let end_holds = async || {
        let owner = street.salon.database.owner_pool().await;
        let ended = "update claim set hold_until = now() - interval '1 minute' where hold_until is not null";
        sqlx::query(ended).execute(&owner).await.unwrap();
    };
    let hold = async |start: &str| -> Value {
        let wish = json!({"service_id": street.cut, "start": start});
        street.act("/holds", &wish).await.json()
    };
    let late = hold("2026-11-24T09:00:00Z").await;
    end_holds().await;
    let mut mine = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    mine["hold"] = late["id"].clone();
    id_of(&street.act("/bookings", &mine).await);

    let too_late = hold("2026-11-24T12:00:00Z").await;
    end_holds().await;
    street.book("2026-11-24T12:00:00Z", "600 200 301").await;
    let mut mine = street.wish("2026-11-24T12:00:00Z", "600 200 300");
    mine["hold"] = too_late["id"].clone();
    refused(&street.act("/bookings", &mine).await, 409, "slot_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_hold_the_visitor_gets_whom_they_were_shown() {
    let street = Street::of(3).await;
    for _ in 0..2 {
        let wish = json!({"service_id": street.cut, "start": "2026-11-24T09:00:00Z"});
        let held: Value = street.act("/holds", &wish).await.json();
        let mut mine = street.wish(
            "2026-11-24T09:00:00Z",
            &format!("600 200 {}", Uuid::now_v7().as_u128() % 900 + 100),
        );
        mine["hold"] = held["id"].clone();
        id_of(&street.act("/bookings", &mine).await);
    }
    let offered = street.starts("from=2026-11-24&to=2026-11-24").await;
    assert!(offered.contains(&"2026-11-24T09:00:00Z".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_tells_who_comes_at_what_price_and_so_it_is_booked() {
    let street = Street::of(3).await;
    let offers = street.staff.iter().zip(["100.00", "130.00", "150.00"]);
    let offers: Vec<_> = offers
        .map(|(id, price)| json!({"staff_id": id, "price": price}))
        .collect();
    let service = format!("/services/{}", street.cut);
    let set = street.salon.patch(&service, &json!({"per_staff": offers}));
    set.await.assert_status_ok();
    let one = json!({"service_id": street.cut});
    let start = "2026-11-24T09:00:00Z";
    // One service, then several, each by anyone.
    for (services, phone) in [(1, "600 200 300"), (2, "600 200 301")] {
        let wish = json!({"services": vec![one.clone(); services], "start": start});
        let held = street.act("/holds", &wish).await;
        assert_eq!(held.status_code(), 201, "{}", held.text());
        let held: Value = held.json();
        let mut mine = wish;
        mine["hold"] = held["id"].clone();
        mine["client"] = json!({"name": "Vera Visitor", "phone": phone});
        let booked = street.act("/bookings", &mine).await;
        id_of(&booked);
        let booked: Value = booked.json();
        assert_eq!(held["price"], booked["price"]);
        assert_eq!(held["currency"], booked["currency"]);
        for number in 0..services {
            for what in ["service", "staff", "start", "end", "price"] {
                let (held, booked) = (&held["services"][number], &booked["services"][number]);
                assert_eq!(held[what], booked[what], "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_reviewed_once_it_is_over() {
    let street = Street::of(1).await;
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 300").await;
    let token = booked["manage_token"].as_str().unwrap();
    let review = json!({"rating": 5, "text": "lovely"});
    let reviews = format!("/reviews?token={token}");
    refused(&street.act(&reviews, &review).await, 409, "wrong_state");
    let id = booked["id"].as_str().unwrap();
    street
        .salon
        .post(&format!("/bookings/{id}/complete"), &json!({}))
        .await
        .assert_status_ok();
    faulty(
        &street.act(&reviews, &json!({"rating": 6})).await,
        "rating",
        "out_of_range",
    );
    let say = async || {
        let path = format!("/public/ada{reviews}");
        let saying = street.salon.bare(Method::POST, &path).json(&review);
        saying.add_header("idempotency-key", "lovely").await
    };
    let once = say().await;
    assert_eq!(id_of(&once).to_string(), id);
    street.salon.hands.forward(SignedDuration::from_mins(1));
    let again = say().await;
    assert_eq!(again.json::<Value>(), once.json::<Value>());
    let said: Value = street.look(&reviews).await.json();
    assert_eq!(said["rating"], 5);
    assert_eq!(said["id"], id);
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    assert_eq!(shown["review"]["text"], "lovely");
}
