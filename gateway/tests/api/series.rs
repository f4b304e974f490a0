//! Series of bookings, and desks that shrink. The clock stands at Monday, 23 November 2026, 10:00 in Warsaw.

use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Salon, header, id_of};

struct House {
    salon: Salon,
    service: Uuid,
    ada: Uuid,
}

impl House {
    async fn open() -> Self {
        let salon = Salon::open().await;
        let service = salon.service("Physio").await;
        let hours = json!({"weekly": [{"weekday": "tue", "from": "09:00", "to": "17:00"}], "overrides": []});
        let ada = salon.staff("Ada", &[service], &hours).await;
        Self {
            salon,
            service,
            ada,
        }
    }

    fn weekly(&self, count: u32) -> Value {
        json!({"service_id": self.service, "staff_id": self.ada, "client": {"name": "Ola"},
            "start": "2026-11-24T09:00:00Z", "rrule": format!("FREQ=WEEKLY;COUNT={count}")})
    }

    async fn busy(&self, start: &str) {
        let body = json!({"service_id": self.service, "staff_id": self.ada, "start": start,
            "client": {"name": "Zed"}});
        id_of(&self.salon.post("/bookings", &body).await);
    }
}

fn verdicts(dates: &Value) -> Vec<&str> {
    let dates = dates.as_array().unwrap().iter();
    dates
        .map(|date| date["verdict"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn all_dates_are_booked_or_none_and_each_is_told() {
    let house = House::open().await;
    let salon = &house.salon;
    house.busy("2026-12-08T09:00:00Z").await;
    let before = salon.head().await;
    let refused = salon.post("/series", &house.weekly(4)).await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "slot_taken");
    assert_eq!(
        verdicts(&problem["dates"]),
        ["free", "free", "taken", "free"]
    );
    assert_eq!(salon.head().await, before);

    let mut wanted = house.weekly(4);
    wanted["only_free"] = json!(true);
    let (name, value) = header("idempotency-key", "again");
    let booked = salon.post("/series", &wanted).add_header(name, value).await;
    assert_eq!(booked.status_code(), 201, "{}", booked.text());
    let (name, value) = header("idempotency-key", "again");
    let again = salon.post("/series", &wanted).add_header(name, value).await;
    assert_eq!(again.text(), booked.text());
    let series: Value = booked.json();
    assert_eq!(
        verdicts(&series["dates"]),
        ["booked", "booked", "not_free", "booked"]
    );
    let first = &series["dates"][0]["booking"];
    assert_eq!(
        (&first["series_id"], &first["start"]),
        (&series["id"], &json!("2026-11-24T09:00:00Z"))
    );
    let shown = salon
        .get(&format!("/series/{}", series["id"].as_str().unwrap()))
        .await;
    assert_eq!(verdicts(&shown.json::<Value>()["dates"]), ["booked"; 3]);
}

#[tokio::test]
async fn each_date_lives_on_alone_and_the_rest_is_called_off_together() {
    let house = House::open().await;
    let salon = &house.salon;
    let series: Value = salon.post("/series", &house.weekly(4)).await.json();
    let of = |n: usize| {
        series["dates"][n]["booking"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let moved = salon
        .post(
            &format!("/bookings/{}/reschedule", of(1)),
            &json!({"start": "2026-12-01T10:00:00Z"}),
        )
        .await;
    assert_eq!(moved.status_code(), 200, "{}", moved.text());
    let path = format!("/series/{}", series["id"].as_str().unwrap());
    let rest = salon
        .post(
            &format!("{path}/cancel"),
            &json!({"from": "2026-12-08T00:00:00Z", "reason": "better"}),
        )
        .await;
    assert_eq!(rest.status_code(), 200, "{}", rest.text());
    let shown: Value = salon.get(&path).await.json();
    let statuses: Vec<_> = shown["dates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["booking"]["status"].clone())
        .collect();
    assert_eq!(
        statuses,
        ["confirmed", "confirmed", "cancelled", "cancelled"]
    );
    assert_eq!(shown["dates"][1]["start"], "2026-12-01T10:00:00Z");
    // The time is free again.
    house.busy("2026-12-08T09:00:00Z").await;
    assert_eq!(
        salon
            .get(&format!("/series/{}", Uuid::now_v7()))
            .await
            .status_code(),
        404
    );
}

#[tokio::test]
async fn dates_may_be_told_one_by_one_and_bad_wishes_are_told_by_field() {
    let house = House::open().await;
    let salon = &house.salon;
    let wish = |more: Value| {
        let mut body =
            json!({"service_id": house.service, "staff_id": house.ada, "client": {"name": "Ola"}});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        salon.post("/series", &body)
    };
    let two = wish(json!({"starts": ["2026-12-15T10:00:00Z", "2026-12-01T10:00:00Z"]})).await;
    assert_eq!(two.status_code(), 201, "{}", two.text());
    assert_eq!(
        two.json::<Value>()["dates"][0]["start"],
        "2026-12-01T10:00:00Z"
    );
    // Two of its own dates that meet: the second one finds the first one's time taken.
    let meet = wish(json!({"starts": ["2026-12-22T10:00:00Z", "2026-12-22T10:15:00Z"]})).await;
    assert_eq!(verdicts(&meet.json::<Value>()["dates"]), ["free", "taken"]);
    for (more, field) in [
        (json!({}), "start"),
        (
            json!({"start": "2026-12-01T10:00:00Z", "rrule": "FREQ=WEEKLY"}),
            "rrule",
        ),
        (
            json!({"start": "2026-12-01T10:00:00Z", "rrule": "FREQ=DAILY;COUNT=105"}),
            "rrule",
        ),
        (
            json!({"start": "2026-12-01T10:00:00Z", "rrule": "weekly"}),
            "rrule",
        ),
        (json!({"starts": []}), "starts"),
        (
            json!({"starts": ["2026-12-01T11:00:00Z"], "rrule": "FREQ=DAILY;COUNT=2"}),
            "starts",
        ),
    ] {
        let refused = wish(more.clone()).await;
        assert_eq!(refused.status_code(), 422, "{more}: {}", refused.text());
        assert_eq!(
            refused.json::<Value>()["violations"][0]["field"],
            field,
            "{more}"
        );
    }
    // Nobody works on Wednesdays: no date can be had, for a reason that is not a race.
    let refused =
        wish(json!({"start": "2026-12-02T10:00:00Z", "rrule": "FREQ=WEEKLY;COUNT=2"})).await;
    assert_eq!(refused.status_code(), 422, "{}", refused.text());
    assert_eq!(
        verdicts(&refused.json::<Value>()["dates"]),
        ["outside_hours"; 2]
    );
}

#[tokio::test]
async fn a_desk_does_not_shrink_below_those_who_meet_at_it() {
    let house = House::open().await;
    let salon = &house.salon;
    let desk = json!({"name": "Pool", "capacity": 2, "service_ids": [house.service]});
    let desk = id_of(&salon.post("/desks", &desk).await);
    let hours =
        json!({"weekly": [{"weekday": "tue", "from": "09:00", "to": "17:00"}], "overrides": []});
    let bea = salon.staff("Bea", &[house.service], &hours).await;
    house.busy("2026-11-24T09:00:00Z").await;
    let body = json!({"service_id": house.service, "staff_id": bea, "start": "2026-11-24T09:15:00Z",
        "client": {"name": "Ola"}});
    id_of(&salon.post("/bookings", &body).await);
    let path = format!("/desks/{desk}");
    let refused = salon.patch(&path, &json!({"capacity": 1})).await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "bookings_affected");
    assert_eq!(problem["bookings"].as_array().unwrap().len(), 2);
    let kept = salon
        .patch(&path, &json!({"capacity": 1, "keep_bookings": true}))
        .await;
    assert_eq!(kept.json::<Value>()["capacity"], 1, "{}", kept.text());
}
