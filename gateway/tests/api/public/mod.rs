//! The public side: what a visitor can do without signing in, and what they cannot find out.

mod booking;
mod confirming;
mod limits;
mod offered;
mod page;
mod seats;
mod secrets;

use axum::http::Method;
use axum_test::TestResponse;
use gateway::Settings;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::refused,
    support::{Salon, id_of},
};

/// A salon with a page: so many people cut there, on Mondays and Tuesdays from ten to six. It is Monday, ten o'clock.
pub(crate) struct Street {
    pub(crate) salon: Salon,
    pub(crate) cut: Uuid,
    pub(crate) staff: Vec<Uuid>,
}

impl Street {
    pub(crate) async fn of(people: usize) -> Self {
        Self::with(people, Settings::default()).await
    }

    pub(crate) async fn with(people: usize, settings: Settings) -> Self {
        let salon = Salon::open_with(settings).await;
        let cut = salon.service("Cut").await;
        let weekly: Vec<_> = ["mon", "tue"]
            .iter()
            .map(|day| json!({"weekday": day, "from": "10:00", "to": "18:00"}))
            .collect();
        let hours = json!({"weekly": weekly, "overrides": []});
        let mut staff = vec![];
        for name in ["Bea", "Cleo", "Dora"].iter().take(people) {
            staff.push(salon.staff(name, &[cut], &hours).await);
        }
        Self { salon, cut, staff }
    }

    pub(crate) async fn look(&self, path: &str) -> TestResponse {
        self.salon
            .bare(Method::GET, &format!("/public/ada{path}"))
            .await
    }

    pub(crate) async fn act(&self, path: &str, body: &Value) -> TestResponse {
        self.salon
            .bare(Method::POST, &format!("/public/ada{path}"))
            .json(body)
            .await
    }

    /// Something done by a link.
    pub(crate) async fn by_link(&self, step: &str, token: &Value, body: &Value) -> TestResponse {
        let token = token.as_str().unwrap();
        self.act(&format!("/bookings/manage{step}?token={token}"), body)
            .await
    }

    pub(crate) async fn seen_by(&self, token: &Value) -> TestResponse {
        let token = token.as_str().unwrap();
        self.look(&format!("/bookings/manage?token={token}")).await
    }

    /// A cut at this time, by whoever is free, for a visitor with this phone.
    pub(crate) fn wish(&self, start: &str, phone: &str) -> Value {
        json!({
            "service_id": self.cut,
            "start": start,
            "client": {"name": "Vera Visitor", "phone": phone},
        })
    }

    pub(crate) async fn book(&self, start: &str, phone: &str) -> Value {
        let booked = self.act("/bookings", &self.wish(start, phone)).await;
        id_of(&booked);
        booked.json()
    }

    pub(crate) async fn policy(&self, policy: Value) {
        let set = self.salon.put("/settings/booking-policy", &policy).await;
        set.assert_status_ok();
    }

    pub(crate) async fn starts(&self, query: &str) -> Vec<String> {
        let asked = format!("/availability?service_id={}&{query}", self.cut);
        let told = self.look(&asked).await;
        told.assert_status_ok();
        let told: Value = told.json();
        let slots = told["slots"].as_array().unwrap().iter();
        slots
            .map(|slot| slot["start"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[track_caller]
pub(crate) fn faulty(response: &TestResponse, field: &str, code: &str) {
    let body = match field.ends_with("_id") && code == "not_found" {
        true => refused(response, 404, "not_found"),
        false => refused(response, 422, "invalid"),
    };
    let violation = &body["violations"][0];
    assert_eq!(
        (violation["field"].as_str(), violation["code"].as_str()),
        (Some(field), Some(code)),
        "{body}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_sees_the_house_and_nothing_of_its_people() {
    let street = Street::of(1).await;
    let salon = &street.salon;
    let hidden =
        json!({"name": "Secret", "duration_min": 30, "price": "1.00", "state": "internal"});
    id_of(&salon.post("/services", &hidden).await);
    let contact = json!({"phone": "600 100 300", "email": "bea@example.org"});
    salon
        .patch(&format!("/staff/{}", street.staff[0]), &contact)
        .await
        .assert_status_ok();
    let house: Value = street.look("").await.json();
    assert_eq!(house["name"], "Salon Ada");
    assert_eq!(house["time_zone"], "Europe/Warsaw");
    assert_eq!(house["policy"]["confirmation"], "none");
    let services: Value = street.look("/services").await.json();
    let names: Vec<_> = services["items"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0]["name"], "Cut");
    assert_eq!(names[0]["staff"][0]["staff_id"], json!(street.staff[0]));
    let staff = street.look("/staff").await;
    assert_eq!(
        staff.json::<Value>()["items"],
        json!([{"id": street.staff[0], "name": "Bea", "service_ids": [street.cut]}])
    );
    refused(
        &salon.bare(Method::GET, "/public/nobody").await,
        404,
        "not_found",
    );
    refused(
        &salon.bare(Method::GET, "/public/nobody/services").await,
        404,
        "not_found",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_told_once_by_both_clocks() {
    let street = Street::of(2).await;
    let asked = format!(
        "/availability?service_id={}&from=2026-11-24&to=2026-11-24&time_zone=Asia/Tokyo",
        street.cut
    );
    let told: Value = street.look(&asked).await.json();
    let first = &told["slots"][0];
    assert_eq!(first["start"], "2026-11-24T09:00:00Z");
    assert_eq!(first["local_start"], "2026-11-24T10:00");
    assert_eq!(first["visitor_start"], "2026-11-24T18:00");
    let mut who: Vec<_> = first["staff_ids"].as_array().unwrap().clone();
    let mut all: Vec<_> = street.staff.iter().map(|id| json!(id)).collect();
    who.sort_by_key(ToString::to_string);
    all.sort_by_key(ToString::to_string);
    assert_eq!(who, all);
    assert_eq!(told["slots"][1]["start"], "2026-11-24T09:15:00Z");
    // The zone asked for changes what is read out, not what is offered.
    let without = asked.replace("&time_zone=Asia/Tokyo", "");
    let bare: Value = street.look(&without).await.json();
    let starts = |told: &Value| -> Vec<Value> {
        let slots = told["slots"].as_array().unwrap().iter();
        slots.map(|slot| slot["start"].clone()).collect()
    };
    assert_eq!(starts(&bare), starts(&told));
    let nowhere = asked.replace("Asia/Tokyo", "Mars/Olympus");
    faulty(&street.look(&nowhere).await, "time_zone", "time_zone");
    let next = format!("/availability/next?service_id={}&limit=2", street.cut);
    let next: Value = street.look(&next).await.json();
    assert_eq!(starts(&next).len(), 2);
}
