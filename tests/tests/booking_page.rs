//! A visitor books, moves and cancels: through the public API alone, and at the booking page in a real browser.

use std::env;

use jiff::{ToSpan as _, Zoned};
use serde_json::{Value, json};
use tests::{Api, Browser, DataDir, Service, Shop};

/// A shop with two stylists, and what visitors must agree to. On Sundays the first one works in the small hours, too.
async fn open(dir: &DataDir, service: &Service) -> Shop {
    let shop = Shop::open(dir, service).await;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly: Vec<Value> = days
        .iter()
        .map(|day| json!({"weekday": day, "from": "09:00", "to": "17:00"}))
        .collect();
    let second = json!({
        "name": "Ewa", "slot_interval_min": 30, "service_ids": [shop.service],
        "working_hours": {"weekly": weekly, "overrides": []},
    });
    let _ = shop.api.post("/staff", second).await.body_of(201);
    let mut nightly = weekly;
    nightly.push(json!({"weekday": "sun", "from": "00:00", "to": "06:00"}));
    let hours = json!({"weekly": nightly, "overrides": []});
    let path = format!("/staff/{}/working-hours", shop.staff);
    let _ = shop.api.put(&path, hours).await.body_of(200);
    let policy = json!({"consents": [{
        "consent": "data_processing", "required": true,
        "texts": {"en": "I agree that my data are kept.", "pl": "Zgadzam się na przetwarzanie moich danych."},
    }]});
    policy_of(&shop.api, policy).await;
    shop
}

async fn policy_of(api: &Api, policy: Value) -> i64 {
    let set = api.put("/settings/booking-policy", policy).await;
    let position = set.position();
    let _ = set.body_of(200);
    position
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_books_moves_and_cancels_through_the_public_api_alone() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = open(&dir, &service).await;
    // No key: whoever walks by.
    let anybody = service.api("");
    let path = |rest: &str| format!("/public/{}{rest}", Shop::SLUG);
    let house = anybody.get(&path("")).await.body_of(200);
    let version = &house["consents"][0]["version"];
    let services = anybody.get(&path("/services")).await.body_of(200);
    let wanted = text(&services["items"][0]["id"]);
    let today = Zoned::now().in_tz(text(&house["time_zone"]));
    let day = today.expect("a zone of this world").date() + 10.days();
    let free = path(&format!(
        "/availability?service_id={wanted}&from={day}&to={day}"
    ));
    let slots = anybody.get(&free).await.body_of(200);
    let starts: Vec<_> = slots["slots"].as_array().expect("slots").clone();
    let at = |number: usize| text(&starts[number]["start"]);

    let hold = json!({"service_id": wanted, "start": at(2)});
    let held = anybody.post(&path("/holds"), hold).await.body_of(201);
    let booking = json!({
        "service_id": wanted, "start": at(2), "hold": held["id"], "comment": "by the window",
        "client": {"name": "Vera Visitor", "phone": "600 200 300"},
        "consents": [{"consent": "data_processing", "version": version}],
    });
    let booked = anybody
        .post(&path("/bookings"), booking.clone())
        .await
        .body_of(201);
    assert_eq!(booked["price"], held["price"]);
    // The other one serves who comes next; the third finds nobody.
    for (phone, status) in [("600 200 301", 201), ("600 200 302", 409)] {
        let mut next = booking.clone();
        next.as_object_mut().expect("an object").remove("hold");
        next["client"]["phone"] = json!(phone);
        let _ = anybody.post(&path("/bookings"), next).await.body_of(status);
    }
    let by =
        |step: &str, token: &Value| path(&format!("/bookings/manage{step}?token={}", text(token)));
    let first = &booked["manage_token"];
    let _ = anybody.get(&by("", first)).await.body_of(200);
    let to = json!({"start": at(4)});
    let moved = anybody.post(&by("/reschedule", first), to.clone()).await;
    let moved = moved.body_of(200);
    assert_eq!(text(&moved["start"]), at(4));
    // One link does it all, and again.
    let cancel = by("/cancel", first);
    let off = anybody.post(&cancel, json!({"reason": "ill"})).await;
    assert_eq!(off.body_of(200)["status"], "cancelled");
    let again = by("/cancel", &moved["manage_token"]);
    let twice = anybody.post(&again, json!({})).await;
    assert_eq!(twice.body_of(200)["status"], "cancelled");

    // The house knows what was done, by whom, and that it was done online.
    let one = format!("/bookings/{}", text(&booked["id"]));
    let shown = shop.api.get(&one).await.body_of(200);
    assert_eq!(
        (&shown["status"], &shown["source"], &shown["cancel_reason"]),
        (&json!("cancelled"), &json!("public_page"), &json!("ill"))
    );
    // And the rest of the house is shut to whoever walks by.
    let _ = anybody.get(&one).await.body_of(401);
    assert!(service.stop().success());
}

/// Runs stories of the booking page. `DAYBOOK_SCREENSHOTS` names a folder for pictures of each step.
fn told(browser: &Browser, service: &Service, dir: &DataDir, shop: &Shop, story: &str) {
    let mut command = browser.story("booking-page.mjs", story);
    command
        .env("ADDRESS", service.address())
        .env("SLUG", Shop::SLUG)
        .env("ZONE", Shop::ZONE)
        .env("SERVICE", &shop.service)
        .env("STAFF", &shop.staff)
        .env("MAIL", dir.path().join("mail"))
        .env(
            "SCREENSHOTS",
            env::var_os("DAYBOOK_SCREENSHOTS").unwrap_or_default(),
        );
    let output = command.output().expect("there is a node");
    assert!(
        output.status.success(),
        "{story}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_books_moves_and_cancels_in_a_browser() {
    let Some(browser) = Browser::found("the booking page in a browser") else {
        return;
    };
    let dir = DataDir::new();
    // Their machine works a little, too.
    let service = Service::start_with(&dir, &["--public-challenge", "work:8"]);
    let shop = open(&dir, &service).await;
    for story in ["keyboard", "race", "clocks"] {
        told(&browser, &service, &dir, &shop, story);
    }
    let position = policy_of(&shop.api, json!({"confirmation": "code"})).await;
    let history = shop.api.get_after(position, "/history?status=cancelled");
    let history = history.await.body_of(200);
    assert_eq!(history["items"][0]["cancel_reason"], "Jestem chora");
    told(&browser, &service, &dir, &shop, "code");
    assert!(service.stop().success());
}
