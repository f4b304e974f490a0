//! A walk through every route of the description, as every role, to what is one's own, another's, another business's
//! and not there: who is let in is what the table of rights says, and nobody learns what is not theirs.

mod requests;
mod things;

use std::collections::BTreeSet;

use axum::http::Method;
use axum_test::TestResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use self::{
    requests::Operation,
    things::{Things, furnish},
};
use crate::{
    people::{Somebody, token_of},
    support::{Salon, open, seen},
};

const ROLES: [&str; 4] = ["owner", "admin", "manager", "staff"];

/// What nobody but its own business may ever see, and what a staff member sees of nobody else's clients.
const FOREIGN: &str = "Foreignclient";
const OTHERS: &str = "Othersclient";
/// Part of the phone of the staff member's own client.
const PHONE: &str = "600100200";

struct House {
    salon: Salon,
    operations: Vec<Operation>,
    /// One signed in for each of the roles; the last is the staff member whose things are `own`.
    people: Vec<Somebody>,
    own: Things,
    others: Things,
    foreign: Things,
    absent: Things,
}

impl House {
    async fn open() -> Self {
        let salon = Salon::open().await;
        let document: Value = salon.bare(Method::GET, "/openapi.json").await.json();
        let foreign = open(&salon.app, "foreign").await.api_key;
        let own_key = salon.opened.api_key.clone();
        let own = furnish(&salon, &own_key, "Ownclient", "600 100 200").await;
        let others = furnish(&salon, &own_key, OTHERS, "600 100 201").await;
        let foreign = furnish(&salon, &foreign, FOREIGN, "600 100 202").await;
        let mut people = vec![];
        for role in ROLES {
            let staff = (role == "staff").then(|| own.id("staff"));
            people.push(salon.somebody(role, staff).await);
        }
        // The read models know all of it before the walk begins.
        let caught_up = salon
            .get("/history")
            .add_header("daybook-min-position", salon.head().await.to_string());
        caught_up.await.assert_status_ok();
        let changes = salon
            .get("/changes")
            .add_header("daybook-min-position", salon.head().await.to_string());
        changes.await.assert_status_ok();
        Self {
            operations: requests::all(&document),
            absent: own.absent(),
            salon,
            people,
            own,
            others,
            foreign,
        }
    }

    async fn ask(&self, operation: &Operation, token: Option<&str>, of: &Things) -> TestResponse {
        let request = operation.request(&self.salon, of, &self.own);
        match token {
            Some(token) => request.authorization_bearer(token).await,
            None => request.await,
        }
    }
}

/// What was found wrong, all of it told together.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn unless(&mut self, right: bool, told: impl FnOnce() -> String) {
        if !right {
            self.0.push(told());
        }
    }

    fn nothing(self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_refused_and_what_is_not_theirs_is_not_there() {
    let house = House::open().await;
    let mut wrong = Wrong::default();
    let before = house.salon.head().await;
    for operation in house.operations.iter().filter(|o| o.needs != "nothing") {
        let name = &operation.name;
        let nobody = house.ask(operation, None, &house.own).await.status_code();
        wrong.unless(nobody == 401, || format!("{name} as nobody: {nobody}"));
        for (role, person) in ROLES.iter().zip(&house.people) {
            let ask = async |of| seen(&house.ask(operation, Some(&person.token), of).await);
            if !operation.roles.contains(*role) {
                for of in [&house.own, &house.foreign] {
                    let answer = ask(of).await;
                    let refused = answer["status"] == 403 && answer["body"]["code"] == "forbidden";
                    wrong.unless(refused, || format!("{name} as {role}: {answer}"));
                }
                continue;
            }
            if !operation.names_something() {
                continue;
            }
            let absent = ask(&house.absent).await;
            // 422: the body is no good, whatever it is for. 429: too many wrong passwords told.
            let is_away = [404, 422, 429]
                .iter()
                .any(|status| absent["status"] == *status);
            wrong.unless(is_away, || format!("{name} as {role}, not there: {absent}"));
            let foreign = ask(&house.foreign).await;
            wrong.unless(foreign == absent, || {
                format!("{name} as {role}: another business's is {foreign}, not {absent}")
            });
            if *role == "staff" && operation.is_narrowed() {
                let others = ask(&house.others).await;
                wrong.unless(others == absent, || {
                    format!("{name}: another staff member's is {others}, not {absent}")
                });
            }
        }
    }
    let after = house.salon.head().await;
    wrong.unless(before == after, || "a refusal wrote something".to_owned());
    wrong.nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_is_let_in_and_learns_of_nothing_else() {
    let house = House::open().await;
    let mut wrong = Wrong::default();
    // Reading first, while everything still stands.
    for reading in [true, false] {
        let operations = house.operations.iter().filter(|operation| {
            (operation.method == Method::GET) == reading
                && !operation.has_no_end
                && operation.path != "/sign-out"
        });
        for operation in operations {
            let name = &operation.name;
            for (role, person) in ROLES.iter().zip(&house.people) {
                if !operation.roles.contains(*role) {
                    continue;
                }
                let answer = house.ask(operation, Some(&person.token), &house.own).await;
                let (status, text) = (answer.status_code().as_u16(), answer.text());
                let is_in = status < 500 && ![401, 403].contains(&status);
                wrong.unless(is_in || operation.above(&text), || {
                    format!("{name} as {role}: {status} {text}")
                });
                if reading && operation.is_known() {
                    wrong.unless(status == 200, || {
                        format!("{name} as {role}: {status} {text}")
                    });
                }
                let mut tells = |what: &str| {
                    wrong.unless(!text.contains(what), || {
                        format!("{name} as {role} tells {what}")
                    });
                };
                tells(FOREIGN);
                if *role == "staff" {
                    tells(OTHERS);
                    tells(PHONE);
                }
            }
        }
    }
    wrong.nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_nobodys() {
    let salon = Salon::open().await;
    let document: Value = salon.bare(Method::GET, "/openapi.json").await.json();
    let own = Things::nothing();
    let operations = requests::all(&document);
    let modules: BTreeSet<_> = operations.iter().filter_map(|o| o.module.clone()).collect();
    let off: serde_json::Map<_, _> = modules
        .iter()
        .map(|module| (module.clone(), json!(false)))
        .collect();
    salon
        .patch("/business", &json!({"modules": off}))
        .await
        .assert_status_ok();
    for operation in operations.iter().filter(|o| o.module.is_some()) {
        let answer = operation
            .request(&salon, &own, &own)
            .authorization_bearer(&salon.opened.api_key)
            .await;
        assert_eq!(answer.status_code(), 403, "{}", operation.name);
        assert_eq!(
            answer.json::<Value>()["code"],
            "module_off",
            "{}",
            operation.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_amounts_sees_none_and_does_not_find_by_them() {
    let house = House::open().await;
    let salon = &house.salon;
    let staff = &house.people[3];
    let booking = format!("/bookings/{}", house.own.id("booking"));
    let price = async || {
        let answer = salon.by(&staff.token, Method::GET, &booking).await;
        answer.json::<Value>()["price"].clone()
    };
    assert_eq!(price().await, json!("120.00"));
    let right = format!("/users/{}/rights/see_revenue", staff.id);
    salon.delete(&right).await.assert_status_ok();
    assert_eq!(price().await, json!(null));
    for operation in &house.operations {
        if operation.method != Method::GET || !operation.also("see_revenue") {
            continue;
        }
        let answer = house
            .ask(operation, Some(&staff.token), &house.own)
            .await
            .text();
        assert!(!answer.contains("120.00"), "{}: {answer}", operation.name);
    }
    for asked in ["min_price=1", "max_price=1", "sort=price"] {
        let path = format!("/history?{asked}");
        let answer = salon.by(&staff.token, Method::GET, &path).await;
        assert_eq!(answer.status_code(), 403, "{asked}");
    }
    // The list of prices is everybody's.
    let services = salon.by(&staff.token, Method::GET, "/services").await;
    assert!(services.text().contains("120.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_phones_does_not_find_by_them() {
    let house = House::open().await;
    let salon = &house.salon;
    let staff = &house.people[3];
    let found = async |path: &str| {
        let answer = salon.by(&staff.token, Method::GET, path).await;
        assert_eq!(answer.status_code(), 200, "{}", answer.text());
        answer.json::<Value>()["items"].as_array().unwrap().len()
    };
    for path in ["/clients?q=", "/history?q=", "/history?client="] {
        assert!(found(&format!("{path}Ownclient")).await > 0, "{path}");
        assert_eq!(found(&format!("{path}{PHONE}")).await, 0, "{path}");
        assert_eq!(
            found(&format!("{path}ownclient@example")).await,
            0,
            "{path}"
        );
        assert_eq!(found(&format!("{path}{OTHERS}")).await, 0, "{path}");
    }
    let right = format!("/users/{}/rights/see_phones", staff.id);
    salon.put(&right, &json!({})).await.assert_status_ok();
    for path in ["/clients?q=", "/history?q=", "/history?client="] {
        assert!(found(&format!("{path}{PHONE}")).await > 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_member_books_for_themselves() {
    let house = House::open().await;
    let (salon, staff) = (&house.salon, &house.people[3]);
    let book = async |by: Option<Uuid>, start: &str, more: Value| {
        let mut wish = json!({
            "service_id": house.own.id("service"), "staff_id": by, "start": start, "client": {"name": "Ula"},
        });
        for (name, value) in more.as_object().unwrap() {
            wish[name] = value.clone();
        }
        salon
            .by(&staff.token, Method::POST, "/bookings")
            .json(&wish)
            .await
    };
    let theirs = book(
        Some(house.others.id("staff")),
        "2026-12-03T08:00:00Z",
        json!({}),
    )
    .await;
    let absent = book(Some(Uuid::now_v7()), "2026-12-03T08:00:00Z", json!({})).await;
    assert_eq!(seen(&theirs), seen(&absent));
    assert_eq!(theirs.status_code(), 404);
    let whoever = book(None, "2026-12-03T08:00:00Z", json!({})).await;
    assert_eq!(whoever.status_code(), 201, "{}", whoever.text());
    let booked: Value = whoever.json();
    assert_eq!(booked["staff"]["id"], json!(house.own.id("staff")));
    // Their new client is theirs to see, at once.
    let client = format!("/clients/{}", booked["client"]["id"].as_str().unwrap());
    let shown = salon.by(&staff.token, Method::GET, &client).await;
    shown.assert_status_ok();
    // Outside of hours is a right of its own.
    let late = book(None, "2026-12-03T20:00:00Z", json!({"outside_hours": true})).await;
    assert_eq!(late.status_code(), 403, "{}", late.text());
    let right = format!("/users/{}/rights/outside_hours", staff.id);
    salon.put(&right, &json!({})).await.assert_status_ok();
    let late = book(None, "2026-12-03T20:00:00Z", json!({"outside_hours": true})).await;
    assert_eq!(late.status_code(), 201, "{}", late.text());
    // Nor is one's own booking given away unseen.
    let away = json!({"start": "2026-12-04T08:00:00Z", "staff_id": house.others.id("staff")});
    let path = format!("/bookings/{}/reschedule", booked["id"].as_str().unwrap());
    let moved = salon
        .by(&staff.token, Method::POST, &path)
        .json(&away)
        .await;
    assert_eq!(moved.status_code(), 404, "{}", moved.text());
}

#[tokio::test]
async fn the_token_of_a_session_is_not_told_again() {
    let salon = Salon::open().await;
    let mia = salon.somebody("manager", None).await;
    let credentials = json!({"email": mia.email, "password": crate::people::CHOSEN});
    let (first, second) = (
        token_of(&salon.sign_in(&credentials).await),
        token_of(&salon.sign_in(&credentials).await),
    );
    assert_ne!(first, second);
}
