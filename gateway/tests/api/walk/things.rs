//! One of each thing that stands in an address.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, id_of};

/// Ids, by what they are of.
pub(super) struct Things(BTreeMap<&'static str, Uuid>);

/// What stands where `{…}` stands, by how the route begins.
const PLACES: [(&str, &str); 19] = [
    ("/users/{id}/sessions/{session_id}", "sign-in"),
    ("/users/{id}", "user"),
    ("/me/sessions/{id}", "sign-in"),
    ("/api-keys/{id}", "key"),
    ("/business/closures/{id}", "closure"),
    ("/services/{id}", "service"),
    ("/staff/{id}", "staff"),
    ("/absences/{id}", "absence"),
    ("/desks/{id}/holidays/{holiday_id}", "holiday"),
    ("/desks/{id}", "desk"),
    ("/classes/{id}", "class"),
    ("/sessions/{id}", "session"),
    ("/clients/{id}/payments/{payment_id}", "payment"),
    ("/clients/{id}", "client"),
    ("/bookings/{id}", "booking"),
    ("/series/{id}", "series"),
    ("/visits/{id}", "visit"),
    ("/waitlist/{id}", "request"),
    ("/public/{slug}", "slug"),
];

impl Things {
    pub(super) const fn nothing() -> Self {
        Self(BTreeMap::new())
    }

    /// As many that are not there.
    pub(super) fn absent(&self) -> Self {
        Self(self.0.keys().map(|of| (*of, Uuid::now_v7())).collect())
    }

    pub(super) fn id(&self, of: &str) -> Uuid {
        self.0.get(of).copied().unwrap_or_else(Uuid::now_v7)
    }

    /// All that stands in an address is among the things.
    pub(super) fn knows(path: &str) -> bool {
        let with = |(begin, _): &(&str, &str)| path.starts_with(begin);
        !path.contains('{') || PLACES.iter().any(with) && !path.starts_with("/public")
    }

    /// An address with their ids in it.
    pub(super) fn put_into(&self, path: &str) -> String {
        let mut told = path.replace("{slug}", "ada").replace("{right}", "export");
        for (begin, of) in PLACES {
            if !path.starts_with(begin) {
                continue;
            }
            // The last one in braces is what this place is of; what stands before it has a place of its own.
            let (_, name) = begin.rsplit_once('{').unwrap();
            told = told.replace(&format!("{{{name}"), &self.id(of).to_string());
        }
        while let Some((before, rest)) = told.split_once('{') {
            let (_, after) = rest.split_once('}').unwrap();
            told = format!("{before}{}{after}", Uuid::now_v7());
        }
        told
    }
}

/// Makes one of each, with a staff member and a client of their own.
pub(super) async fn furnish(salon: &Salon, key: &str, client: &str, phone: &str) -> Things {
    let call = |method: Method, path: String, body: Value| {
        let request = salon.bare(method, &path).authorization_bearer(key);
        async move { request.json(&body).await }
    };
    let post = |path: String, body: Value| call(Method::POST, path, body);
    let modules =
        json!({"modules": {"classes": true, "waitlist": true, "marketing": true, "loyalty": true}});
    call(Method::PATCH, "/business".to_owned(), modules)
        .await
        .assert_status_ok();
    let made = async |path: &str, body: Value| id_of(&post(path.to_owned(), body).await);

    let service = made(
        "/services",
        json!({"name": "Cut", "duration_min": 45, "price": "120.00"}),
    )
    .await;
    let days = ["mon", "tue", "wed", "thu", "fri"];
    let weekly = days.map(|day| json!({"weekday": day, "from": "08:00", "to": "18:00"}));
    let staff = made(
        "/staff",
        json!({"name": "Bea", "slot_interval_min": 15, "service_ids": [service],
            "working_hours": {"weekly": weekly, "overrides": []}}),
    )
    .await;
    let absence = made(
        &format!("/staff/{staff}/absences"),
        json!({"kind": "vacation", "from": "2027-03-01T00:00", "to": "2027-03-02T00:00"}),
    )
    .await;
    let desk = made("/desks", json!({"name": "Chair", "capacity": 4})).await;
    let holiday = made(
        &format!("/desks/{desk}/holidays"),
        json!({"from": "2027-03-01T00:00", "to": "2027-03-02T00:00"}),
    )
    .await;
    let closure = made(
        "/business/closures",
        json!({"from": "2027-04-01T00:00", "to": "2027-04-02T00:00"}),
    )
    .await;
    let class = made(
        "/classes",
        json!({"service_id": service, "staff_id": staff, "capacity": 4,
            "timetable": {"rrule": "FREQ=WEEKLY;COUNT=3", "start": "2026-12-01T16:00", "duration_min": 60}}),
    )
    .await;
    let sessions = salon
        .bare(Method::GET, &format!("/classes/{class}/sessions"))
        .authorization_bearer(key)
        .await;
    let session = of(&sessions.json::<Value>()["items"][0]["id"]);
    let email = format!("{}@example.org", client.to_lowercase());
    let client = made(
        "/clients",
        json!({"name": format!("{client} Zofia"), "phone": phone, "email": email}),
    )
    .await;
    let booking = made(
        "/bookings",
        json!({"service_id": service, "staff_id": staff, "client_id": client, "start": "2026-12-02T08:00:00Z",
            "comment": "about it"}),
    )
    .await;
    let paid = post(
        format!("/bookings/{booking}/payments"),
        json!({"amount": "120.00", "method": "cash"}),
    );
    assert!(paid.await.status_code().is_success());
    let payment = made(
        &format!("/clients/{client}/payments"),
        json!({"amount": "120.00", "method": "cash", "text": "Shampoo"}),
    )
    .await;
    let part = json!({"service_id": service, "staff_id": staff});
    let visit = made(
        "/visits",
        json!({"client_id": client, "start": "2026-12-02T10:00:00Z", "services": [part, part]}),
    )
    .await;
    let series = post(
        "/series".to_owned(),
        json!({"service_id": service, "staff_id": staff, "client_id": client,
            "start": "2026-12-03T13:00:00Z", "rrule": "FREQ=WEEKLY;COUNT=2"}),
    );
    let series = id_of(&series.await);
    let request = made(
        "/waitlist",
        json!({"service_ids": [service], "staff_ids": [staff], "client_id": client}),
    )
    .await;
    let user = made(
        "/users",
        json!({"email": format!("invited-{email}"), "role": "staff"}),
    )
    .await;
    let key = made("/api-keys", json!({"name": "spare", "role": "staff"})).await;
    Things(BTreeMap::from([
        ("service", service),
        ("staff", staff),
        ("absence", absence),
        ("desk", desk),
        ("holiday", holiday),
        ("closure", closure),
        ("class", class),
        ("session", session),
        ("client", client),
        ("booking", booking),
        ("payment", payment),
        ("visit", visit),
        ("series", series),
        ("request", request),
        ("user", user),
        ("key", key),
    ]))
}

fn of(id: &Value) -> Uuid {
    id.as_str().unwrap().parse().unwrap()
}
