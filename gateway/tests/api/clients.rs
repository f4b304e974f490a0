//! Clients over HTTP: their cards, and lists taken away as files.

use axum::http::Method;
use axum_test::TestResponse;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::Day,
    support::{Salon, header, id_of},
};

/// The last position, which a query waits for.
async fn now(salon: &Salon) -> (axum::http::HeaderName, axum::http::HeaderValue) {
    header("daybook-min-position", &salon.head().await.to_string())
}

async fn get(salon: &Salon, path: &str) -> TestResponse {
    let (name, value) = now(salon).await;
    salon.get(path).add_header(name, value).await
}

async fn card(salon: &Salon, client: Uuid) -> Value {
    let answer = get(salon, &format!("/clients/{client}/card")).await;
    assert_eq!(answer.status_code(), 200, "{}", answer.text());
    answer.json()
}

/// A request with a key of a role; of a staff member's, tied to them.
async fn key(salon: &Salon, role: &str, staff: Option<Uuid>) -> String {
    let body = json!({"name": role, "role": role, "staff_id": staff});
    let made: Value = salon.post("/api-keys", &body).await.json();
    made["api_key"].as_str().unwrap().to_owned()
}

async fn get_with(salon: &Salon, key: &str, path: &str) -> TestResponse {
    let (name, value) = now(salon).await;
    let request = salon.bare(Method::GET, path).authorization_bearer(key);
    request.add_header(name, value).await
}

/// A day on which Ada came once, missed once, cancelled once and comes again tomorrow.
async fn a_life() -> (Day, [Uuid; 4]) {
    let day = Day::begin().await;
    let [came, missed, off, ahead] = [
        day.book("2026-11-23T10:00:00Z").await,
        day.book("2026-11-23T11:00:00Z").await,
        day.book("2026-11-23T12:00:00Z").await,
        day.book("2026-11-24T10:00:00Z").await,
    ];
    day.salon.hands.forward(SignedDuration::from_hours(3));
    for (id, step, body) in [
        (came, "complete", json!({})),
        (
            came,
            "payments",
            json!({"amount": "120.00", "method": "cash"}),
        ),
        (
            came,
            "refunds",
            json!({"amount": "20.00", "reason": "late"}),
        ),
        (came, "review", json!({"rating": 4, "text": "fine"})),
        (missed, "no-show", json!({})),
        (off, "cancel", json!({})),
        (
            ahead,
            "payments",
            json!({"amount": "30.00", "method": "card"}),
        ),
    ] {
        let done = day.step(id, step, body).await;
        assert!(done.status_code().is_success(), "{step}: {}", done.text());
    }
    let sold = json!({"amount": "9.99", "method": "cash", "text": "shampoo"});
    let path = format!("/clients/{}/payments", day.ada);
    id_of(&day.salon.post(&path, &sold).await);
    (day, [came, missed, off, ahead])
}

#[tokio::test]
async fn what_is_kept_of_a_client_is_patched_too() {
    let salon = Salon::open().await;
    let zofia = id_of(&salon.post("/clients", &json!({"name": "Zofia"})).await);
    let patch = async |what: &str, body: Value| -> Value {
        let path = format!("/clients/{zofia}/{what}");
        let patched = salon.patch(&path, &body).await;
        patched.assert_status_ok();
        patched.json()
    };
    let tagged = patch("tags", json!({"tags": ["regular"]})).await;
    assert_eq!(tagged["tags"], json!(["regular"]));
    let noted = patch("notes", json!({"text": "by the window"})).await;
    assert_eq!(noted["notes"][0]["text"], "by the window");
    let hours = json!([{"from": "09:00", "to": "12:00"}]);
    let liked = patch("preferences", json!({"hours": hours})).await;
    assert_eq!(liked["preferences"]["hours"], hours);
    let agreed = patch("consents", json!({"consents": ["reminders"]})).await;
    assert_eq!(agreed["consents"], json!(["reminders"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_tells_all_that_the_house_knows_of_a_client() {
    let (day, [came, _, _, ahead]) = a_life().await;
    let salon = &day.salon;
    let liked = json!({"staff_ids": [day.bea], "service_ids": [], "hours": []});
    let path = format!("/clients/{}/preferences", day.ada);
    salon.put(&path, &liked).await.assert_status_ok();

    let card = card(salon, day.ada).await;
    assert_eq!(card["name"], "Ada Lovelace");
    assert_eq!(card["phone"], "+48600100200");
    assert_eq!(card["bookings"], 4);
    assert_eq!(
        card["by_status"],
        json!({"requested": 0, "confirmed": 1, "completed": 1, "no_show": 1, "cancelled": 1})
    );
    assert_eq!(card["visits"], 1);
    assert_eq!(
        (&card["cancellations"], &card["no_shows"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(card["first_visit"], "2026-11-23T10:00:00Z");
    assert_eq!(card["last_visit"], "2026-11-23T10:00:00Z");
    assert_eq!(card["next_visit"], "2026-11-24T10:00:00Z");
    assert_eq!(card["next_booking"]["booking_id"], json!(ahead));
    assert_eq!(card["usual_interval_days"], Value::Null);
    // 120 - 20 + 30 + 9.99 on three receipts.
    assert_eq!(card["revenue"], "139.99");
    assert_eq!(card["average_receipt"], "46.66");
    assert_eq!(card["pending_amount"], "90.00");
    assert_eq!(card["payments"].as_array().unwrap().len(), 4);
    assert_eq!(card["reviews"][0]["rating"], 4);
    assert_eq!(card["preferred"]["said"]["staff"][0]["name"], "Bea");
    assert_eq!(card["preferred"]["learned"]["staff"][0]["name"], "Bea");
    assert_eq!(card["preferred"]["learned"]["hours"][0]["from"], "11:00");
    assert_eq!(card["rebook"]["booking_id"], json!(came));

    let path = format!(
        "/reports/summary?from=2026-11-23&to=2026-11-30&client_id={}",
        day.ada
    );
    let summary: Value = get(salon, &path).await.json();
    for figure in [
        "bookings",
        "by_status",
        "revenue",
        "pending_amount",
        "average_receipt",
    ] {
        assert_eq!(
            card[figure], summary[figure],
            "{figure} as the report has it"
        );
    }
    let nobody = get(salon, &format!("/clients/{}/card", Uuid::nil())).await;
    assert_eq!(nobody.status_code(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_as_it_was_is_the_card_that_was_shown_then() {
    let day = Day::begin().await;
    let salon = &day.salon;
    let first = day.book("2026-11-23T10:00:00Z").await;
    let then = card(salon, day.ada).await;
    let position = salon.head().await;
    salon.hands.forward(SignedDuration::from_hours(3));
    day.step(first, "complete", json!({})).await;
    day.step(
        first,
        "payments",
        json!({"amount": "50.00", "method": "cash"}),
    )
    .await;
    let renamed = json!({"name": "Ada King"});
    salon
        .patch(&format!("/clients/{}", day.ada), &renamed)
        .await
        .assert_status_ok();
    day.book("2026-11-24T10:00:00Z").await;

    let path = format!("/clients/{}/card", day.ada);
    let mut was: Value = get(salon, &format!("{path}?as_of={position}")).await.json();
    // The clock of the test and that of the ledger differ, and with them what lies ahead.
    for (of, when) in [("next_visit", &then), ("next_booking", &then)] {
        was[of] = when[of].clone();
    }
    assert_eq!(was, then);
    let head = salon.head().await;
    let now = card(salon, day.ada).await;
    let mut as_of_now: Value = get(salon, &format!("{path}?as_of={head}")).await.json();
    for of in ["next_visit", "next_booking"] {
        as_of_now[of] = now[of].clone();
    }
    assert_eq!(as_of_now, now, "the past up to now is now");
    let before = get(salon, &format!("{path}?as_of=1")).await;
    assert_eq!(before.status_code(), 404);
    let unread = get(salon, &format!("{path}?as_of=yesterday")).await;
    assert_eq!(unread.status_code(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_shows_staff_their_own_and_nobody_what_they_may_not_see() {
    let (day, _) = a_life().await;
    let salon = &day.salon;
    let path = format!("/clients/{}/card", day.ada);
    let bea = key(salon, "staff", Some(day.bea)).await;
    let seen: Value = get_with(salon, &bea, &path).await.json();
    assert_eq!(seen["bookings"], 4);
    assert_eq!(seen["revenue"], "130.00", "the sale was nobody's");
    assert_eq!(
        (&seen["phone"], &seen["phones"]),
        (&Value::Null, &json!([]))
    );

    let hours = json!({"weekly": [], "overrides": []});
    let eve = salon.staff("Eve", &[day.cut], &hours).await;
    let eve = key(salon, "staff", Some(eve)).await;
    assert_eq!(get_with(salon, &eve, &path).await.status_code(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_took_is_recommended() {
    let day = Day::begin().await;
    let salon = &day.salon;
    let color = salon.service("Colour").await;
    let hours =
        json!({"weekly": [{"weekday": "mon", "from": "10:00", "to": "20:00"}], "overrides": []});
    let eve = salon.staff("Eve", &[day.cut, color], &hours).await;
    let mut hour = 10;
    let mut served = async |client: Uuid, service: Uuid| {
        let start = format!("2026-11-23T{hour}:00:00+01:00");
        hour += 1;
        let wish =
            json!({"service_id": service, "staff_id": eve, "client_id": client, "start": start});
        let id = id_of(&salon.post("/bookings", &wish).await);
        day.step(id, "complete", json!({})).await.assert_status_ok();
    };
    for name in ["Bob", "Cid"] {
        let id = id_of(&salon.post("/clients", &json!({"name": name})).await);
        served(id, day.cut).await;
        served(id, color).await;
    }
    served(day.ada, day.cut).await;
    let card = card(salon, day.ada).await;
    let told = &card["recommendations"][0];
    assert_eq!(
        told["service"],
        json!({"id": color, "name": "Colour"}),
        "{card}"
    );
    assert_eq!(told["because"]["name"], "Cut");
    assert_eq!((&told["takers"], &told["others"]), (&json!(2), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_exported_with_the_rows_of_the_screen() {
    let day = Day::begin().await;
    let salon = &day.salon;
    let evil = json!({"name": "=cmd()", "email": "evil@example.org", "tags": ["vip"]});
    id_of(&salon.post("/clients", &evil).await);
    let file = get(salon, "/clients/export?format=csv").await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let text = file.text();
    let rows: Vec<_> = text.lines().collect();
    let screen: Value = get(salon, "/clients").await.json();
    assert_eq!(rows.len(), 1 + screen["items"].as_array().unwrap().len());
    assert!(rows[0].starts_with("\u{feff}id,name,phone,"), "{text}");
    for (row, item) in rows[1..].iter().zip(screen["items"].as_array().unwrap()) {
        assert!(row.starts_with(item["id"].as_str().unwrap()), "{row}");
    }
    assert!(text.contains(",'=cmd(),"), "defused: {text}");
    assert!(text.contains("'+48600100200"), "so are phones: {text}");
    let one = get(salon, "/clients/export?q=lovelace").await.text();
    assert_eq!(one.lines().count(), 2, "{one}");
    let misspelt = get(salon, "/clients/export?q=lovelaec").await.text();
    assert_eq!(misspelt.lines().count(), 2, "{misspelt}");
    let book = get(salon, "/clients/export?format=xlsx").await;
    assert!(book.as_bytes().starts_with(b"PK"), "a spreadsheet is a zip");
    let bad = get(salon, "/clients/export?limit=5").await;
    assert_eq!(bad.status_code(), 422, "{}", bad.text());

    let staff = key(salon, "staff", Some(day.bea)).await;
    let refused = get_with(salon, &staff, "/clients/export").await;
    assert_eq!(refused.status_code(), 403);
}
