//! What nobody can find out, or do, who is not meant to.

use axum::http::Method;
use axum_test::TestResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Street;
use crate::{
    bookings::refused,
    support::{header, id_of},
};

/// The answer's status and what kinds of things it holds where; not the things.
fn shape(answer: &TestResponse) -> Value {
    fn kinds(value: &Value) -> Value {
        match value {
            Value::Null => json!("null"),
            Value::Bool(_) => json!("bool"),
            Value::Number(_) => json!("number"),
            Value::String(_) => json!("string"),
            Value::Array(items) => items.iter().map(kinds).collect(),
            Value::Object(members) => {
                let members = members.iter();
                members.map(|(name, v)| (name.clone(), kinds(v))).collect()
            }
        }
    }
    let mut headers: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
    headers.sort();
    json!({
        "status": answer.status_code().as_u16(),
        "headers": headers,
        "body": kinds(&answer.json()),
    })
}

impl Street {
    pub(super) async fn client(&self, phone: &str, blocked: bool) -> Uuid {
        let body = json!({
            "name": "Ada Lovelace", "phone": phone, "email": format!("{}@example.org", Uuid::now_v7()),
        });
        let made = self.salon.post("/clients", &body).await;
        let id = id_of(&made);
        let mut position = made.headers()["daybook-position"]
            .to_str()
            .unwrap()
            .to_owned();
        if blocked {
            let blocked = self
                .salon
                .post(&format!("/clients/{id}/block"), &json!({}))
                .await;
            blocked.assert_status_ok();
            blocked.headers()["daybook-position"]
                .to_str()
                .unwrap()
                .clone_into(&mut position);
        }
        let (name, value) = header("daybook-min-position", &position);
        self.salon
            .get("/clients")
            .add_header(name, value)
            .await
            .assert_status_ok();
        id
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_is_a_client() {
    let street = Street::of(3).await;
    street.client("600 100 200", false).await;
    street.client("600 100 201", true).await;
    // Where visitors confirm, all three are answered alike: who is blocked learns it from the letter on.
    street.policy(json!({"confirmation": "link"})).await;
    let mut shapes = vec![];
    for phone in ["600 100 200", "600 100 201", "600 999 999"] {
        let mut wish = street.wish("2026-11-24T09:00:00Z", phone);
        wish["client"]["email"] = json!("eve@example.org");
        let answer = street.act("/bookings", &wish).await;
        assert_eq!(answer.status_code(), 201, "{}", answer.text());
        let told = answer.text();
        assert!(
            !told.contains("Lovelace") && !told.contains("client"),
            "{told}"
        );
        shapes.push(shape(&answer));
    }
    assert_eq!(shapes[0], shapes[1]);
    assert_eq!(shapes[0], shapes[2]);

    // Where they do not, the known and the unknown are alike.
    street.policy(json!({"confirmation": "none"})).await;
    let known = street
        .act(
            "/bookings",
            &street.wish("2026-11-24T12:00:00Z", "600 100 200"),
        )
        .await;
    let unknown = street
        .act(
            "/bookings",
            &street.wish("2026-11-24T12:00:00Z", "600 999 998"),
        )
        .await;
    assert_eq!(known.status_code(), 201, "{}", known.text());
    assert_eq!(shape(&known), shape(&unknown));
    // And whoever is refused, hears the same whatever the reason.
    let blocked = street
        .act(
            "/bookings",
            &street.wish("2026-11-24T12:00:00Z", "600 100 201"),
        )
        .await;
    street.policy(json!({"most_ahead_per_client": 1})).await;
    street.book("2026-11-24T15:00:00Z", "600 999 997").await;
    let full = street
        .act(
            "/bookings",
            &street.wish("2026-11-24T14:00:00Z", "600 999 997"),
        )
        .await;
    refused(&blocked, 409, "not_online");
    assert_eq!(blocked.text(), full.text());
    assert_eq!(shape(&blocked), shape(&full));
    // What was refused has written nothing: not a hair of it is to be had elsewhere either.
    let wrong = street
        .act(
            "/bookings",
            &street.wish("2026-11-24T12:07:00Z", "600 100 201"),
        )
        .await;
    let wrong_too = street
        .act(
            "/bookings",
            &street.wish("2026-11-24T12:07:00Z", "600 999 990"),
        )
        .await;
    assert_eq!(wrong.text(), wrong_too.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_found_by_their_phone_and_nothing_of_them_is_changed() {
    let street = Street::of(1).await;
    let ada = street.client("600 100 200", false).await;
    let before: Value = street.salon.get(&format!("/clients/{ada}")).await.json();
    let mut wish = street.wish("2026-11-24T09:00:00Z", "+48 600-100-200");
    wish["client"]["email"] = json!("vera@example.org");
    wish["comment"] = json!("I am in a hurry");
    let booked = street.act("/bookings", &wish).await;
    let id = id_of(&booked);
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    assert_eq!(shown["client"]["id"], json!(ada));
    let comments: Vec<_> = shown["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|comment| comment["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        comments,
        [
            "Booked online as: Vera Visitor\nBooked online with the e-mail: vera@example.org",
            "I am in a hurry"
        ]
    );
    let after: Value = street.salon.get(&format!("/clients/{ada}")).await.json();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_comes_again_is_the_same_client() {
    let street = Street::of(1).await;
    let mut clients = vec![];
    for start in ["2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"] {
        let booked = street.book(start, "600 200 300").await;
        let id = booked["id"].as_str().unwrap();
        let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
        assert_eq!(shown["comments"], json!([]));
        clients.push(shown["client"]["id"].clone());
    }
    assert_eq!(clients[0], clients[1]);
    // A number that was given to somebody else is that one's, once the house knows.
    let vera = clients[0].as_str().unwrap();
    street
        .salon
        .patch(
            &format!("/clients/{vera}"),
            &json!({"phone": "600 200 301"}),
        )
        .await
        .assert_status_ok();
    let booked = street.book("2026-11-24T11:00:00Z", "600 200 300").await;
    let id = booked["id"].as_str().unwrap();
    let shown: Value = street.salon.get(&format!("/bookings/{id}")).await.json();
    assert_ne!(shown["client"]["id"], clients[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_guessed_or_made_of_another() {
    let street = Street::of(1).await;
    let booked = street.book("2026-11-24T09:00:00Z", "600 200 300").await;
    let token = booked["manage_token"].as_str().unwrap();
    let wish = json!({"service_id": street.cut, "start": "2026-11-24T12:00:00Z"});
    let held: Value = street.act("/holds", &wish).await.json();
    let mut other = token.to_owned();
    let last = if other.ends_with('A') { 'E' } else { 'A' };
    other.pop();
    other.push(last);
    let mut answers = vec![];
    for token in [
        "",
        "x",
        &other,
        &token[1..],
        booked["id"].as_str().unwrap(),
        held["id"].as_str().unwrap(),
    ] {
        let told = street.seen_by(&json!(token)).await;
        refused(&told, 404, "not_found");
        answers.push(told.text());
        let off = street.by_link("/cancel", &json!(token), &json!({})).await;
        refused(&off, 404, "not_found");
        answers.push(off.text());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    // Nor is it good in another house.
    crate::support::open(&street.salon.app, "eve").await;
    let elsewhere = format!("/public/eve/bookings/manage?token={token}");
    let told = street.salon.bare(Method::GET, &elsewhere).await;
    refused(&told, 404, "not_found");
    assert_eq!(told.text(), answers[0]);
    // What is deleted is not there.
    let id = booked["id"].as_str().unwrap();
    street
        .salon
        .delete(&format!("/bookings/{id}"))
        .await
        .assert_status_ok();
    refused(&street.seen_by(&json!(token)).await, 404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitors_request_is_read_as_strictly_as_any() {
    let street = Street::of(1).await;
    let wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    for (field, value, at, code) in [
        ("price", json!("0.00"), "price", "unknown_field"),
        ("off_grid", json!(true), "off_grid", "unknown_field"),
        ("duration_min", json!(5), "duration_min", "unknown_field"),
        (
            "service_id",
            json!(Uuid::now_v7()),
            "service_id",
            "not_found",
        ),
        ("staff_id", json!(Uuid::now_v7()), "staff_id", "not_found"),
        (
            "client",
            json!({"name": " ", "phone": "600200300"}),
            "client.name",
            "empty",
        ),
        (
            "client",
            json!({"name": "Vera"}),
            "client.phone",
            "phone_or_email",
        ),
        (
            "client",
            json!({"name": "Vera", "phone": "12"}),
            "client.phone",
            "phone",
        ),
        (
            "client",
            json!({"name": "Vera", "email": "at"}),
            "client.email",
            "email",
        ),
        ("language", json!("?"), "language", "language"),
        ("comment", json!(""), "comment", "empty"),
        ("services", json!([]), "services", "service_or_services"),
        ("hold", json!("x"), "hold", "not_found"),
    ] {
        let mut wish = wish.clone();
        wish[field] = value;
        let answer = street.act("/bookings", &wish).await;
        super::faulty(&answer, at, code);
    }
    let before = street.salon.head().await;
    let bytes = street
        .salon
        .bare(Method::POST, "/public/ada/bookings")
        .text("{")
        .await;
    refused(&bytes, 415, "unsupported_media_type");
    assert_eq!(street.salon.head().await, before);
}
