//! Time with bookings in it is not closed unseen (409 `bookings_affected`), unless the bookings are to be kept.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, id_of, seen};

/// A salon with one staff member who has one booking, next Monday at ten.
async fn booked() -> (Salon, Uuid, Uuid) {
    let salon = Salon::open().await;
    let service = salon.service("Haircut").await;
    let hours = json!({"weekly": [{"weekday": "mon", "from": "09:00", "to": "17:00"}]});
    let staff = json!({"name": "Ola", "slot_interval_min": 15, "service_ids": [service], "working_hours": hours});
    let staff = id_of(&salon.post("/staff", &staff).await);
    let desk = json!({"name": "Chair", "service_ids": [service]});
    let desk = id_of(&salon.post("/desks", &desk).await);
    let booking = json!({
        "service_id": service, "staff_id": staff, "desk_id": desk, "client": {"name": "Zofia"},
        "start": "2026-11-30T10:00:00+01:00",
    });
    id_of(&salon.post("/bookings", &booking).await);
    (salon, staff, desk)
}

/// Refused with the one booking told; done when it is kept.
async fn closes_only_when_kept(salon: &Salon, path: &str, mut body: Value, put: bool) -> Value {
    let head = salon.head().await;
    let send = |body: &Value| {
        if put {
            salon.put(path, body)
        } else {
            salon.post(path, body)
        }
    };
    let refused = send(&body).await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "bookings_affected");
    assert_eq!(
        problem["bookings"].as_array().unwrap().len(),
        1,
        "{problem}"
    );
    assert_eq!(problem["bookings"][0]["start"], "2026-11-30T09:00:00Z");
    assert_eq!(salon.head().await, head);
    body["keep_bookings"] = json!(true);
    let kept = send(&body).await;
    assert!(kept.status_code().is_success(), "{}", kept.text());
    kept.json()
}

#[tokio::test]
async fn an_absence_tells_the_bookings_and_goes_on_telling_them() {
    let (salon, staff, _) = booked().await;
    let path = format!("/staff/{staff}/absences");
    let body = json!({"kind": "sick", "from": "2026-11-30T00:00", "to": "2026-12-01T00:00"});
    insta::assert_json_snapshot!(seen(&salon.post(&path, &body).await));
    let kept = closes_only_when_kept(&salon, &path, body, false).await;
    assert_eq!(kept["bookings_affected"].as_array().unwrap().len(), 1);
    let shown: Value = salon
        .get(&format!("/absences/{}", kept["id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(shown, kept);
    let listed: Value = salon.get(&path).await.json();
    assert_eq!(listed["items"], json!([kept]));
}

#[tokio::test]
async fn an_absence_beside_the_bookings_needs_no_leave() {
    let (salon, staff, _) = booked().await;
    let path = format!("/staff/{staff}/absences");
    // The booking lasts from 10:00 to 10:45.
    for (from, to) in [
        ("2026-11-30T08:00", "2026-11-30T10:00"),
        ("2026-11-30T10:45", "2026-11-30T12:00"),
    ] {
        let body = json!({"kind": "other", "from": from, "to": to});
        let made = salon.post(&path, &body).await;
        id_of(&made);
        assert_eq!(made.json::<Value>()["bookings_affected"], json!([]));
    }
}

#[tokio::test]
async fn closures_hours_and_retirements_ask_first() {
    let monday =
        |from: &str, to: &str| json!({"weekly": [{"weekday": "mon", "from": from, "to": to}]});
    let (salon, staff, desk) = booked().await;
    let closure = json!({"from": "2026-11-30T00:00", "to": "2026-12-01T00:00"});
    closes_only_when_kept(&salon, "/business/closures", closure, false).await;
    closes_only_when_kept(&salon, "/business/hours", monday("12:00", "17:00"), true).await;
    let hours = format!("/staff/{staff}/working-hours");
    closes_only_when_kept(&salon, &hours, monday("10:30", "17:00"), true).await;
    closes_only_when_kept(&salon, &format!("/staff/{staff}/retire"), json!({}), false).await;
    let holiday = json!({"from": "2026-11-30T10:00", "to": "2026-11-30T10:30"});
    closes_only_when_kept(&salon, &format!("/desks/{desk}/holidays"), holiday, false).await;
    closes_only_when_kept(&salon, &format!("/desks/{desk}/close"), json!({}), false).await;
    closes_only_when_kept(&salon, &format!("/desks/{desk}/retire"), json!({}), false).await;
}

#[tokio::test]
async fn longer_hours_need_no_leave() {
    let (salon, staff, _) = booked().await;
    let hours = json!({"weekly": [{"weekday": "mon", "from": "08:00", "to": "18:00"}, {"weekday": "sun", "from": "10:00", "to": "11:00"}]});
    salon
        .put(&format!("/staff/{staff}/working-hours"), &hours)
        .await
        .assert_status_ok();
}
