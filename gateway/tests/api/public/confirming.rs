//! Where the house wants it, a visitor confirms by what a letter says.

use gateway::{Allowance, PublicSettings, Settings};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Street, faulty};
use crate::{
    bookings::refused,
    support::{between, id_of, letter},
};

const START: &str = "2026-11-24T09:00:00Z";

/// A salon whose letters are laid into a folder.
async fn street(confirmation: &str) -> (Street, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..Settings::default()
    };
    let street = Street::with(1, settings).await;
    street.policy(json!({"confirmation": confirmation})).await;
    (street, folder)
}

fn wish(street: &Street) -> Value {
    let mut wish = street.wish(START, "600 200 300");
    wish["client"]["email"] = json!("vera@example.org");
    wish
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_in_the_letter_confirms() {
    let (street, folder) = street("link").await;
    let nameless = street.wish(START, "600 200 300");
    faulty(
        &street.act("/bookings", &nameless).await,
        "client.email",
        "missing",
    );
    let booked = street.act("/bookings", &wish(&street)).await;
    id_of(&booked);
    let booked: Value = booked.json();
    assert_eq!(booked["status"], "requested");
    assert_eq!(booked["confirm_by"], "2026-11-23T09:30:00Z");
    // It holds its time.
    let second = street.act("/bookings", &wish(&street)).await;
    refused(&second, 409, "slot_taken");
    let text = letter(folder.path(), 1).await;
    assert!(text.contains("To: vera@example.org"), "{text}");
    let (token, proof) = (
        between(&text, "token=", "&"),
        between(&text, "proof=", "\r\n"),
    );
    assert_eq!(json!(token), booked["manage_token"]);
    let wrong = street
        .by_link("/confirm", &json!(token), &json!({"proof": token}))
        .await;
    faulty(&wrong, "proof", "not_found");
    let sure = street
        .by_link("/confirm", &json!(token), &json!({"proof": proof}))
        .await;
    sure.assert_status_ok();
    assert_eq!(sure.json::<Value>()["status"], "confirmed");
    // And so it stays.
    street.salon.hands.forward(SignedDuration::from_hours(1));
    street.salon.app.cancel_unconfirmed().await.unwrap();
    let seen: Value = street.seen_by(&json!(token)).await.json();
    assert_eq!(seen["status"], "confirmed");
    assert_eq!(seen["confirm_by"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_has_five_tries_and_three_letters() {
    let (street, folder) = street("code").await;
    let booked: Value = street.act("/bookings", &wish(&street)).await.json();
    let token = &booked["manage_token"];
    let code = |text: &str| between(text, "Your code is ", ".").to_owned();
    let first = code(&letter(folder.path(), 1).await);
    let wrong = if first == "000000" {
        "000001"
    } else {
        "000000"
    };
    let try_code = async |code: &str| {
        street
            .by_link("/confirm", token, &json!({"code": code}))
            .await
    };
    for _ in 0..5 {
        faulty(&try_code(wrong).await, "code", "code");
    }
    faulty(&try_code(&first).await, "code", "code_spent");
    let again = async |email: &str| {
        let sent = street
            .by_link("/resend", token, &json!({"email": email}))
            .await;
        assert_eq!(sent.status_code(), 204);
    };
    // To a stranger nothing is sent, and nothing told.
    again("eve@example.org").await;
    again("vera@example.org").await;
    let second = code(&letter(folder.path(), 2).await);
    assert_ne!(first, second);
    faulty(&try_code(&first).await, "code", "code");
    let sure = try_code(&second).await;
    sure.assert_status_ok();
    assert_eq!(sure.json::<Value>()["status"], "confirmed");
    again("vera@example.org").await;
    again("vera@example.org").await;
    letter(folder.path(), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_confirms_is_cancelled_and_its_time_is_free() {
    let (street, _folder) = street("link").await;
    let booked: Value = street.act("/bookings", &wish(&street)).await.json();
    let app = &street.salon.app;
    street.salon.hands.forward(SignedDuration::from_mins(29));
    app.cancel_unconfirmed().await.unwrap();
    let token = &booked["manage_token"];
    let seen: Value = street.seen_by(token).await.json();
    assert_eq!(seen["status"], "requested");
    street.salon.hands.forward(SignedDuration::from_mins(1));
    // Two processes at once do it once.
    let (one, two) = tokio::join!(app.cancel_unconfirmed(), app.cancel_unconfirmed());
    one.unwrap();
    two.unwrap();
    let seen: Value = street.seen_by(token).await.json();
    assert_eq!(seen["status"], "cancelled");
    let id = booked["id"].as_str().unwrap();
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    assert_eq!(shown["cancel_reason"], "Not confirmed in time");
    assert_eq!(shown["version"], 2);
    id_of(&street.act("/bookings", &wish(&street)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_for_when_its_time_is_up_is_over_then() {
    let (street, _folder) = street("link").await;
    // A clock that stands at no two looks where it stood.
    street.salon.hands.tick(SignedDuration::from_millis(700));
    let booked: Value = street.act("/bookings", &wish(&street)).await.json();
    let owner = street.salon.database.owner_pool().await;
    let asked = "select due_at from unconfirmed_booking";
    let due: jiff_sqlx::Timestamp = sqlx::query_scalar(asked).fetch_one(&owner).await.unwrap();
    assert_eq!(json!(due.to_jiff()), booked["confirm_by"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_phone_but_not_the_mailbox_is_somebody_else() {
    let (street, folder) = street("link").await;
    let ada = street.client("600 200 300", true).await;
    // Ada is blocked: whoever types her phone and their own address does not learn it by confirming.
    let booked = street.act("/bookings", &wish(&street)).await;
    let id = id_of(&booked);
    let text = letter(folder.path(), 1).await;
    let proof = between(&text, "proof=", "\r\n");
    let token = &booked.json::<Value>()["manage_token"];
    let sure = street
        .by_link("/confirm", token, &json!({"proof": proof}))
        .await;
    sure.assert_status_ok();
    assert_eq!(sure.json::<Value>()["status"], "confirmed");
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    let client = &shown["client"]["id"];
    assert_ne!(client, &json!(ada));
    // The phone is told to staff, on the card of whoever has the mailbox.
    let path = format!("/clients/{}", client.as_str().unwrap());
    let card: Value = street.salon.get(&path).await.json();
    assert_eq!(card["phone"], "+48600200300");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_may_be_sure_before_the_visitor_is() {
    let (street, _folder) = street("link").await;
    let booked: Value = street.act("/bookings", &wish(&street)).await.json();
    let id = booked["id"].as_str().unwrap();
    let confirm = street
        .salon
        .post(&format!("/bookings/{id}/confirm"), &json!({}));
    confirm.await.assert_status_ok();
    street.salon.hands.forward(SignedDuration::from_hours(1));
    street.salon.app.cancel_unconfirmed().await.unwrap();
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    assert_eq!(shown["status"], "confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_link_gives_no_new_one_for_what_is_confirmed_already() {
    let (street, _folder) = street("link").await;
    let booked: Value = street.act("/bookings", &wish(&street)).await.json();
    let (id, old) = (booked["id"].as_str().unwrap(), &booked["manage_token"]);
    let confirm = street
        .salon
        .post(&format!("/bookings/{id}/confirm"), &json!({}));
    confirm.await.assert_status_ok();
    // As it stands, confirming it again is nothing.
    let again = street.by_link("/confirm", old, &json!({})).await;
    again.assert_status_ok();
    let later = json!({"start": "2026-11-24T12:00:00Z"});
    let by_house = street
        .salon
        .post(&format!("/bookings/{id}/reschedule"), &later);
    by_house.await.assert_status_ok();
    let again = street.by_link("/confirm", old, &json!({})).await;
    refused(&again, 410, "link_superseded");
    let again = street
        .by_link("/confirm", old, &json!({"code": "000000"}))
        .await;
    refused(&again, 410, "link_superseded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_gets_only_so_many_letters() {
    let settings = Settings {
        public: PublicSettings {
            letters: Allowance::new(2, 1),
            ..PublicSettings::default()
        },
        ..Settings::default()
    };
    let street = Street::with(3, settings).await;
    street.policy(json!({"confirmation": "link"})).await;
    let book = async |phone: &str, email: &str| {
        let mut wish = street.wish(START, phone);
        wish["client"]["email"] = json!(email);
        street.act("/bookings", &wish).await
    };
    let booked = book("600 200 300", "vera@example.org").await;
    id_of(&booked);
    let token = booked.json::<Value>()["manage_token"].clone();
    let resend = json!({"email": "Vera@Example.org"});
    let sent = street.by_link("/resend", &token, &resend).await;
    assert_eq!(sent.status_code(), 204);
    let more = street.by_link("/resend", &token, &resend).await;
    refused(&more, 429, "too_many_requests");
    // Whichever phone it is booked with.
    let more = book("600 200 301", "vera@example.org").await;
    refused(&more, 429, "too_many_requests");
    // What is not to be had and what goes elsewhere writes no letter, and spends none.
    let other = json!({"email": "eve@example.org"});
    for _ in 0..3 {
        let sent = street.by_link("/resend", &token, &other).await;
        assert_eq!(sent.status_code(), 204);
        let mut wish = street.wish("2026-11-24T09:07:00Z", "600 200 302");
        wish["client"]["email"] = json!("eve@example.org");
        let off_grid = street.act("/bookings", &wish).await;
        assert_eq!(off_grid.status_code(), 422);
    }
    id_of(&book("600 200 302", "eve@example.org").await);
}
