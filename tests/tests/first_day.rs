//! The first day: a business is opened, somebody books, moves, and cancels; everything is told afterwards, and still is
//! after a restart.

use jiff::{ToSpan as _, Zoned, civil::Date};
use serde_json::{Value, json};
use tests::{DataDir, Service, Shop};

/// A date well ahead, by the shop's clocks.
fn someday() -> Date {
    Zoned::now()
        .in_tz(Shop::ZONE)
        .expect("a zone of this world")
        .date()
        + 10.days()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_is_made_moved_cancelled_and_remembered() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let day = someday().to_string();

    // 09:00 to 17:00 in steps of half an hour, for an hour.
    let free = shop.slots(&day, &day).await;
    assert_eq!(free.len(), 15, "{free:?}");

    let booked = shop
        .api
        .post("/bookings", shop.wish(&free[0], "Anna Nowak"))
        .await;
    let path = booked.headers["Location"]
        .to_str()
        .expect("a path")
        .to_owned();
    let booking = booked.body_of(201);
    let one = format!("/bookings/{}", booking["id"].as_str().expect("an id"));
    assert!(path.ends_with(&one), "{path}");
    assert_eq!(booking["start"], free[0].as_str());
    assert_eq!(booking["client"]["name"], "Anna Nowak");
    assert_eq!(booking["price"], "120.00");
    // An hour takes the start that it is on and the one in its middle.
    assert_eq!(shop.slots(&day, &day).await, free[2..]);

    let moved = shop
        .api
        .post(&format!("{one}/reschedule"), json!({ "start": free[4] }))
        .await;
    let position = moved.position();
    assert_eq!(moved.body_of(200)["start"], free[4].as_str());
    let calendar = format!("/calendar?from={day}&to={day}");
    let shown = shop.api.get_after(position, &calendar).await.body_of(200);
    assert_eq!(starts(&shown["bookings"]), [free[4].as_str()]);

    let cancelled = shop
        .api
        .post(&format!("{one}/cancel"), json!({ "reason": "has a cold" }))
        .await;
    let position = cancelled.position();
    let cancelled = cancelled.body_of(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(shop.slots(&day, &day).await, free, "its time is given back");

    let history = shop
        .api
        .get_after(position, "/history?status=cancelled")
        .await
        .body_of(200);
    assert_eq!(starts(&history["items"]), [free[4].as_str()]);
    let changes = shop
        .api
        .get_after(position, &format!("{one}/changes"))
        .await
        .body_of(200);
    let actions: Vec<_> = changes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|change| change["action"].as_str()?.rsplit('.').next())
        .collect();
    for action in ["placed", "rescheduled", "cancelled"] {
        assert!(actions.contains(&action), "{actions:?}");
    }

    let asked = [one.as_str(), "/history", &format!("{one}/changes")];
    let before = told(&shop, &asked).await;
    assert!(service.stop().success());
    dir.wait_until_stopped();
    let service = Service::start(&dir);
    assert_eq!(
        told(&shop.at(&service), &asked).await,
        before,
        "a restart forgets nothing"
    );
    assert!(service.stop().success());
}

async fn told(shop: &Shop, paths: &[&str]) -> Vec<Value> {
    let mut told = Vec::new();
    for path in paths {
        told.push(shop.api.get(path).await.body_of(200));
    }
    told
}

fn starts(bookings: &Value) -> Vec<&str> {
    let bookings = bookings.as_array().into_iter().flatten();
    bookings
        .filter_map(|booking| booking["start"].as_str())
        .collect()
}
