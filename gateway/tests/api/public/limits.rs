//! How much visitors may ask for.

use std::{collections::HashMap, net::SocketAddr};

use axum_test::TestServer;
use gateway::{Allowance, Challenge, PublicSettings, Settings};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Street;
use crate::{bookings::refused, support::id_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_so_many_bookings_ahead_and_a_day() {
    let street = Street::of(3).await;
    street
        .policy(json!({"most_ahead_per_client": 3, "most_a_day_per_client": 2}))
        .await;
    let tuesday = ["2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"];
    let first = street.book(tuesday[0], "600 200 300").await;
    street.book(tuesday[1], "600 200 300").await;
    let third = street.wish("2026-11-24T11:00:00Z", "600 200 300");
    refused(&street.act("/bookings", &third).await, 409, "not_online");
    // On another day there is room for one more, and one only.
    let monday = street.book("2026-11-30T09:00:00Z", "600 200 300").await;
    let fourth = street.wish("2026-12-01T09:00:00Z", "600 200 300");
    refused(&street.act("/bookings", &fourth).await, 409, "not_online");
    // A move onto a full day is one booking too many there.
    let onto = json!({"start": "2026-11-24T12:00:00Z"});
    let moved = street.by_link("/reschedule", &monday["manage_token"], &onto);
    refused(&moved.await, 409, "not_online");
    // What is called off makes room.
    let (none, token) = (json!({}), &first["manage_token"]);
    let off = street.by_link("/cancel", token, &none).await;
    off.assert_status_ok();
    street
        .by_link("/reschedule", &monday["manage_token"], &onto)
        .await
        .assert_status_ok();
    // Others are not meant.
    street.book("2026-11-24T11:00:00Z", "600 200 301").await;
    // What is over makes room, too.
    street.salon.hands.forward(SignedDuration::from_hours(48));
    id_of(&street.act("/bookings", &fourth).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_is_passed_by_asking_at_once() {
    let street = Street::of(3).await;
    street.policy(json!({"most_ahead_per_client": 2})).await;
    let tries = (0..9).map(|number| {
        let start = format!("2026-11-24T{:02}:00:00Z", 9 + number % 7);
        let wish = street.wish(&start, "600 200 300");
        let street = &street;
        async move { street.act("/bookings", &wish).await }
    });
    let answers = futures::future::join_all(tries).await;
    let had = answers.iter().filter(|a| a.status_code() == 201).count();
    assert_eq!(had, 2);
    // And whoever they are, they are one client.
    let head = street.salon.head().await.to_string();
    let clients = street.salon.get("/clients?count=true");
    let clients = clients.add_header("daybook-min-position", head);
    let clients: Value = clients.await.json();
    assert_eq!(clients["total"], 1, "{clients}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_too_often_waits() {
    let settings = Settings {
        public: PublicSettings {
            looks: Allowance::new(5, 1),
            acts: Allowance::new(3, 1),
            ..PublicSettings::default()
        },
        ..Settings::default()
    };
    let street = Street::with(1, settings).await;
    let router = gateway::router(street.salon.app.clone());
    let server = TestServer::builder()
        .http_transport()
        .build(router.into_make_service_with_connect_info::<SocketAddr>());
    for _ in 0..5 {
        server.get("/api/v1/public/ada").await.assert_status_ok();
    }
    let told = server.get("/api/v1/public/ada").await;
    refused(&told, 429, "too_many_requests");
    let seconds: u32 = told.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=3600).contains(&seconds));
    // What it says of itself in a header changes nothing: there is no proxy of ours.
    let told = server
        .get("/api/v1/public/ada")
        .add_header("x-forwarded-for", "198.51.100.7")
        .await;
    refused(&told, 429, "too_many_requests");
    let wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    for _ in 0..3 {
        server.post("/api/v1/public/ada/holds").json(&wish).await;
    }
    let told = server.post("/api/v1/public/ada/bookings").json(&wish).await;
    refused(&told, 429, "too_many_requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_holds_so_many_times_and_others_hold_theirs() {
    let settings = Settings {
        behind_proxy: true,
        public: PublicSettings {
            holds: 2,
            ..PublicSettings::default()
        },
        ..Settings::default()
    };
    let street = Street::with(3, settings).await;
    let hold = async |address: &str, start: &str, key: &str| {
        let wish = json!({"service_id": street.cut, "start": start});
        let asked = street
            .salon
            .bare(axum::http::Method::POST, "/public/ada/holds");
        let asked = asked.add_header("x-forwarded-for", address);
        asked.add_header("idempotency-key", key).json(&wish).await
    };
    let (one, other) = ("192.0.2.7", "192.0.2.8");
    let at = |hour: u32| format!("2026-11-24T{hour:02}:00:00Z");
    let first = hold(one, &at(9), "1").await;
    id_held(&first);
    // The same key of somebody elsewhere is another: theirs is another hold.
    let theirs = hold(other, &at(9), "1").await;
    assert_ne!(id_held(&first), id_held(&theirs));
    id_held(&hold(one, &at(11), "2").await);
    let third = hold(one, &at(13), "3").await;
    refused(&third, 429, "too_many_requests");
    assert!(third.headers().contains_key("retry-after"));
    // What was had is told again, and what was refused holds nothing.
    assert_eq!(id_held(&hold(one, &at(9), "1").await), id_held(&first));
    for number in 0..3 {
        let wish = street.wish(&at(13), &format!("600 200 30{number}"));
        id_of(&street.act("/bookings", &wish).await);
    }
}

#[track_caller]
fn id_held(answer: &axum_test::TestResponse) -> String {
    assert_eq!(answer.status_code(), 201, "{}", answer.text());
    answer.json::<Value>()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_booked_with_only_so_often() {
    let settings = Settings {
        public: PublicSettings {
            contact: Allowance::new(3, 1),
            ..PublicSettings::default()
        },
        ..Settings::default()
    };
    let street = Street::with(1, settings).await;
    let wish = |hour: u32, phone: &str| street.wish(&format!("2026-11-24T{hour:02}:00:00Z"), phone);
    // What is not to be had is tried as often as anybody likes: nobody is shut out by it.
    let mut off_grid = wish(9, "600 200 300");
    off_grid["start"] = json!("2026-11-24T09:07:00Z");
    for _ in 0..5 {
        let answer = street.act("/bookings", &off_grid).await;
        assert_eq!(answer.status_code(), 422);
    }
    for hour in 9..12 {
        id_of(&street.act("/bookings", &wish(hour, "600 200 300")).await);
    }
    let told = street.act("/bookings", &wish(12, "+48 600200300")).await;
    refused(&told, 429, "too_many_requests");
    assert!(told.headers().contains_key("retry-after"));
    id_of(&street.act("/bookings", &wish(12, "600 200 301")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_works_before_it_books() {
    let settings = Settings {
        public: PublicSettings {
            challenge: Challenge::ProofOfWork { bits: 8 },
            contact: Allowance::new(1, 1),
            ..PublicSettings::default()
        },
        ..Settings::default()
    };
    let street = Street::with(1, settings).await;
    let solved = async || {
        let told: Value = street.look("/challenge").await.json();
        let challenge = told["challenge"].as_str().unwrap().to_owned();
        assert_eq!(told["bits"], 8);
        let solves = |number: &u32| {
            let text = format!("{challenge}:{number}");
            Sha256::digest(text.as_bytes())[0] == 0
        };
        let number = (0..).find(solves).unwrap();
        let idle = (0..).find(|number| !solves(number)).unwrap();
        (
            format!("{challenge}:{number}"),
            format!("{challenge}:{idle}"),
        )
    };
    let mut wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    let bare = street.act("/bookings", &wish).await;
    refused(&bare, 403, "challenge_failed");
    let (solution, idle) = solved().await;
    for bad in [idle.as_str(), "x:1", "", &solution[1..]] {
        wish["challenge"] = json!(bad);
        refused(
            &street.act("/bookings", &wish).await,
            403,
            "challenge_failed",
        );
    }
    wish["challenge"] = json!(solution);
    id_of(&street.act("/bookings", &wish).await);
    // Once and no more, and not for ever.
    wish["start"] = json!("2026-11-24T12:00:00Z");
    refused(
        &street.act("/bookings", &wish).await,
        403,
        "challenge_failed",
    );
    wish["challenge"] = json!(solved().await.0);
    street.salon.hands.forward(SignedDuration::from_mins(30));
    refused(
        &street.act("/bookings", &wish).await,
        403,
        "challenge_failed",
    );
}

/// Somebody's service that verifies captchas: who answers `right` is a person.
async fn verifier() -> String {
    use axum::{Form, Json, Router, routing::post};
    let verify = async |Form(asked): Form<HashMap<String, String>>| {
        let said = |name: &str| asked.get(name).map(String::as_str);
        Json(json!({"success": said("secret") == Some("s") && said("response") == Some("right")}))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/verify", post(verify));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/verify")
}

fn captcha(verify_url: String) -> Settings {
    // Another test may have done so.
    drop(rustls::crypto::ring::default_provider().install_default());
    Settings {
        public: PublicSettings {
            challenge: Challenge::Captcha {
                verify_url,
                secret: "s".to_owned().into(),
                site_key: "k".to_owned(),
            },
            ..PublicSettings::default()
        },
        ..Settings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captcha_is_solved_before_a_booking_is_taken() {
    let street = Street::with(1, captcha(verifier().await)).await;
    let told: Value = street.look("/challenge").await.json();
    assert_eq!(
        (&told["kind"], &told["site_key"]),
        (&json!("captcha"), &json!("k"))
    );
    let mut wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    refused(
        &street.act("/bookings", &wish).await,
        403,
        "challenge_failed",
    );
    wish["challenge"] = json!("wrong");
    refused(
        &street.act("/bookings", &wish).await,
        403,
        "challenge_failed",
    );
    wish["challenge"] = json!("right");
    id_of(&street.act("/bookings", &wish).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captcha_that_cannot_be_verified_lets_nobody_in() {
    // Nobody listens there.
    let street = Street::with(1, captcha("http://127.0.0.1:9/verify".to_owned())).await;
    let mut wish = street.wish("2026-11-24T09:00:00Z", "600 200 300");
    wish["challenge"] = json!("right");
    refused(&street.act("/bookings", &wish).await, 503, "unavailable");
}
