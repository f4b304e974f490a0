//! What each kind of thing is made of, shown as, and changed to (API §3).

use axum::http::Method;
use axum_test::multipart::{MultipartForm, Part};
use serde_json::{Value, json};

use crate::{
    bookings::refused,
    support::{Salon, header, id_of, seen},
};

/// The thing behind a 201, by its `Location`.
async fn shown(salon: &Salon, made: &axum_test::TestResponse) -> Value {
    let location = made.header("location");
    let path = location
        .to_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap()
        .to_owned();
    let shown = salon.get(&path).await;
    shown.assert_status_ok();
    shown.json()
}

/// It can be made, is shown as it was made, stands in its list, and no other.
async fn made_and_listed(salon: &Salon, home: &str, body: &Value) -> Value {
    let made = salon.post(home, body).await;
    assert_eq!(made.status_code(), 201, "{}", made.text());
    assert_eq!(shown(salon, &made).await, made.json::<Value>());
    let list: Value = salon.get(&format!("{home}?count=true")).await.json();
    assert_eq!(list["total"], 1, "{list}");
    assert_eq!(list["items"][0]["id"], made.json::<Value>()["id"]);
    seen(&made)
}

#[tokio::test]
async fn a_staff_member() {
    let salon = Salon::open().await;
    let service = salon.service("Haircut").await;
    let hours =
        json!({"weekly": [{"weekday": "mon", "from": "09:00", "to": "17:00"}], "overrides": []});
    let body = json!({
        "name": "Ola Nowak", "slot_interval_min": 15, "slot_grid": "clock", "service_ids": [service],
        "email": "ola@example.org", "phone": "600 100 200", "working_hours": hours,
    });
    insta::assert_json_snapshot!(made_and_listed(&salon, "/staff", &body).await);
}

#[tokio::test]
async fn a_staff_member_changes_and_null_takes_away() {
    let salon = Salon::open().await;
    let body = json!({"name": "Ola", "slot_interval_min": 15, "service_ids": [], "email": "ola@example.org"});
    let id = id_of(&salon.post("/staff", &body).await);
    let change = json!({"name": "Ola Nowak", "email": null, "slot_interval_min": 30});
    let changed = salon.patch(&format!("/staff/{id}"), &change).await;
    insta::assert_json_snapshot!(seen(&changed));
    let null = salon
        .patch(&format!("/staff/{id}"), &json!({"name": null}))
        .await;
    insta::assert_json_snapshot!("a_name_cannot_be_taken_away", seen(&null));

    let hours = json!({"weekly": [{"weekday": "tue", "from": "10:00", "to": "24:00"}]});
    let path = format!("/staff/{id}/working-hours");
    let set = salon.put(&path, &hours).await;
    set.assert_status_ok();
    assert_eq!(set.json::<Value>(), salon.get(&path).await.json::<Value>());
    assert_eq!(
        set.json::<Value>()["working_hours"]["weekly"][0]["to"],
        "24:00"
    );
    let gone = salon.delete(&path).await;
    assert_eq!(gone.json::<Value>()["working_hours"], Value::Null);

    let left = salon.post(&format!("/staff/{id}/retire"), &json!({})).await;
    assert_eq!(left.json::<Value>()["retired"], true);
    let after = salon.patch(&format!("/staff/{id}"), &change).await;
    assert_eq!(after.json::<Value>()["code"], "wrong_state");
}

#[tokio::test]
async fn a_desk() {
    let salon = Salon::open().await;
    let service = salon.service("Haircut").await;
    let body = json!({"name": "Chair", "number": "3", "capacity": 2, "service_ids": [service]});
    let made = made_and_listed(&salon, "/desks", &body).await;
    insta::assert_json_snapshot!(made);
}

#[tokio::test]
async fn a_desk_is_closed_opened_and_taken_away() {
    let salon = Salon::open().await;
    let id = id_of(&salon.post("/desks", &json!({"name": "Chair"})).await);
    let step = async |name: &str| -> Value {
        let path = format!("/desks/{id}/{name}");
        salon.call(Method::POST, &path).await.json()
    };
    assert_eq!(step("close").await["closed"], true);
    assert_eq!(
        step("close").await["version"],
        2,
        "closed twice is closed once"
    );
    assert_eq!(step("open").await["closed"], false);
    assert_eq!(step("retire").await["retired"], true);
    assert_eq!(step("close").await["code"], "wrong_state");
}

#[tokio::test]
async fn a_desks_holiday() {
    let salon = Salon::open().await;
    let id = id_of(&salon.post("/desks", &json!({"name": "Chair"})).await);
    let path = format!("/desks/{id}/holidays");
    let body = json!({"from": "2026-12-01T00:00", "to": "2026-12-08T00:00"});
    let made = made_and_listed(&salon, &path, &body).await;
    insta::assert_json_snapshot!(made);
    let list: Value = salon.get(&path).await.json();
    let holiday = list["items"][0]["id"].as_str().unwrap();
    salon
        .delete(&format!("{path}/{holiday}"))
        .await
        .assert_status(axum::http::StatusCode::NO_CONTENT);
    assert_eq!(salon.get(&path).await.json::<Value>()["items"], json!([]));
}

#[tokio::test]
async fn an_absence() {
    let salon = Salon::open().await;
    let body = json!({"name": "Ola", "slot_interval_min": 15, "service_ids": []});
    let staff = id_of(&salon.post("/staff", &body).await);
    let path = format!("/staff/{staff}/absences");
    let body = json!({"kind": "vacation", "from": "2026-12-21T00:00", "to": "2027-01-02T00:00", "note": "Tatry"});
    let made = made_and_listed(&salon, &path, &body).await;
    insta::assert_json_snapshot!(made);
    let list: Value = salon.get(&path).await.json();
    let absence = format!("/absences/{}", list["items"][0]["id"].as_str().unwrap());
    salon
        .delete(&absence)
        .await
        .assert_status(axum::http::StatusCode::NO_CONTENT);
    assert_eq!(salon.get(&absence).await.status_code(), 404);
}

#[tokio::test]
async fn a_closure() {
    let salon = Salon::open().await;
    let body = json!({"name": "Christmas", "from": "2026-12-25T00:00", "to": "2026-12-26T24:00"});
    let made = made_and_listed(&salon, "/business/closures", &body).await;
    insta::assert_json_snapshot!(made);
    let list: Value = salon.get("/business/closures").await.json();
    let path = format!(
        "/business/closures/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    let changed = salon
        .patch(&path, &json!({"name": null, "to": "2026-12-26T00:00"}))
        .await;
    changed.assert_status_ok();
    let changed: Value = changed.json();
    assert_eq!(
        (&changed["name"], &changed["to"]),
        (&Value::Null, &json!("2026-12-26T00:00"))
    );
    salon
        .delete(&path)
        .await
        .assert_status(axum::http::StatusCode::NO_CONTENT);
    assert_eq!(salon.get(&path).await.status_code(), 404);
}

#[tokio::test]
async fn a_calendar_of_holidays_closes_each_of_them_once() {
    let salon = Salon::open().await;
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Boże Narodzenie\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Nowy Rok\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n\
        END:VCALENDAR\r\n";
    let send = || {
        salon
            .call(Method::POST, "/business/closures")
            .text(calendar)
            .content_type("text/calendar; charset=utf-8")
    };
    let made = send().await;
    insta::assert_json_snapshot!(seen(&made));
    let head = salon.head().await;
    let again = send().await;
    assert_eq!(again.status_code(), 200, "nothing was made");
    assert_eq!(again.json::<Value>()["items"], json!([]));
    assert_eq!(salon.head().await, head);

    let upload = |calendar: &str| {
        let part = Part::bytes(calendar.to_owned()).file_name("holidays.ics");
        salon
            .call(Method::POST, "/business/closures")
            .multipart(MultipartForm::new().add_part("file", part))
            .add_header("idempotency-key", "a form")
    };
    let moved = calendar
        .replace("20261225", "20261226")
        .replace("DTEND;VALUE=DATE:20261226", "DTEND;VALUE=DATE:20261227");
    let one = upload(&moved).await;
    let id = id_of(&one);
    let place = one.header("location").to_str().unwrap().to_owned();
    assert_eq!(place, format!("/api/v1/business/closures/{id}"));
    // In another form, with another boundary, the file is the same.
    assert_eq!(upload(&moved).await.json::<Value>(), one.json::<Value>());
    refused(&upload(calendar).await, 422, "idempotency_key_reused");
}

#[tokio::test]
async fn what_only_a_calendar_takes_a_closure_does_not() {
    let salon = Salon::open().await;
    let christmas = json!({"from": "2026-12-24T00:00", "to": "2026-12-27T00:00"});
    let path = "/business/closures?keep_bookings=true";
    let problem = refused(&salon.post(path, &christmas).await, 422, "invalid");
    assert_eq!(problem["violations"][0]["field"], "keep_bookings");
}

#[tokio::test]
async fn the_business() {
    let salon = Salon::open().await;
    insta::assert_json_snapshot!(
        "the_business_as_opened",
        seen(&salon.get("/business").await)
    );
    let change = json!({
        "name": "Salon Ady", "languages": ["pl", "uk"], "phone": "22 123 45 67", "email": "hej@ada.example",
        "colors": {"primary": "#3366CC"}, "texts": {"welcome": "Dzień dobry"}, "modules": {"loyalty": false},
    });
    let changed = salon.patch("/business", &change).await;
    insta::assert_json_snapshot!("the_business_as_changed", seen(&changed));

    let hours = json!({"weekly": [{"weekday": "sat", "from": "10:00", "to": "14:00"}]});
    let open: Value = salon.put("/business/hours", &hours).await.json();
    assert_eq!(open["hours"]["weekly"][0]["weekday"], "sat");
    let unbounded: Value = salon.delete("/business/hours").await.json();
    assert_eq!(unbounded["hours"], Value::Null);

    let policy = json!({"min_notice_min": 120, "horizon_days": 90, "cancellation_window_min": 1440, "auto_confirm": false});
    let path = "/settings/booking-policy";
    let set = salon.put(path, &policy).await;
    let mut whole = policy.clone();
    let usual = json!({
        "most_ahead_per_client": null, "most_a_day_per_client": null, "hold_min": 10,
        "confirmation": "none", "confirmation_timeout_min": 30, "consents": [],
    });
    whole
        .as_object_mut()
        .unwrap()
        .extend(usual.as_object().unwrap().clone());
    assert_eq!(set.json::<Value>(), whole);
    // What is not named stays as it is.
    let longer = salon.put(path, &json!({"hold_min": 20})).await;
    whole["hold_min"] = json!(20);
    assert_eq!(longer.json::<Value>(), whole);
    assert_eq!(salon.get(path).await.json::<Value>(), whole);
    let twice = json!({"consents": [
        {"consent": "photos", "texts": {"en": "Yes"}}, {"consent": "photos", "texts": {"e": ""}},
    ]});
    insta::assert_json_snapshot!(
        "the_policy_makes_no_sense",
        seen(&salon.put(path, &twice).await)
    );
    let both = salon.put(path, &json!({"confirmation": "link"})).await;
    assert_eq!(
        both.json::<Value>()["violations"][0]["code"],
        "confirmed_twice"
    );
}

#[tokio::test]
async fn the_currency_stays_once_something_has_a_price() {
    let salon = Salon::open().await;
    let euro = json!({"currency": "EUR"});
    salon.patch("/business", &euro).await.assert_status_ok();
    let body = json!({"name": "Haircut", "duration_min": 45, "price": "30.00"});
    id_of(&salon.post("/services", &body).await);
    let refused = salon.patch("/business", &json!({"currency": "PLN"})).await;
    insta::assert_json_snapshot!(seen(&refused));
}

#[tokio::test]
async fn a_client() {
    let salon = Salon::open().await;
    let body = json!({
        "name": "Zofia Kowalska", "phones": [{"kind": "mobile", "number": "600 100 200"}, {"kind": "home", "number": "+33 6 12 34 56 78"}],
        "email": "zofia@example.org", "telegram": "@zofia_k", "birthday": "1990-02-28", "language": "pl",
        "tags": ["vip"], "note": "likes it short", "source": "Instagram", "fiscal_code": "pl-123 45",
        "consents": ["reminders"], "warning": "allergic to ammonia",
    });
    let made = salon.post("/clients", &body).await;
    insta::assert_json_snapshot!(seen(&made));
    assert_eq!(shown(&salon, &made).await, made.json::<Value>());
}

#[tokio::test]
async fn what_happens_to_a_client() {
    let salon = Salon::open().await;
    let id = id_of(
        &salon
            .post(
                "/clients",
                &json!({"name": "Zofia", "email": "z@example.org"}),
            )
            .await,
    );
    let at = |step: &str| format!("/clients/{id}{step}");
    let change = json!({"name": "Zofia Kowalska", "email": null, "phone": "600100200", "birthday": "2000-01-31"});
    salon.patch(&at(""), &change).await.assert_status_ok();
    salon
        .post(&at("/tags"), &json!({"tags": ["a", "b"]}))
        .await
        .assert_status_ok();
    salon
        .put(&at("/tags"), &json!({"tags": ["b", "c"]}))
        .await
        .assert_status_ok();
    salon
        .post(&at("/notes"), &json!({"text": "was late"}))
        .await
        .assert_status_ok();
    let likes = json!({"hours": [{"from": "09:00", "to": "12:00"}]});
    salon
        .put(&at("/preferences"), &likes)
        .await
        .assert_status_ok();
    salon
        .put(&at("/consents"), &json!({"consents": ["photos"]}))
        .await
        .assert_status_ok();
    salon
        .post(&at("/block"), &json!({"reason": "rude"}))
        .await
        .assert_status_ok();
    insta::assert_json_snapshot!(seen(&salon.get(&at("")).await));
    let free: Value = salon.post(&at("/unblock"), &json!({})).await.json();
    assert_eq!(free["blocked"], false);
}

#[tokio::test]
async fn something_sold_without_a_booking() {
    let salon = Salon::open().await;
    let id = id_of(&salon.post("/clients", &json!({"name": "Zofia"})).await);
    let path = format!("/clients/{id}/payments");
    let body = json!({"amount": "35", "method": "cash", "text": "shampoo", "at": "2026-11-23T10:00:00+02:00"});
    let made = made_and_listed(&salon, &path, &body).await;
    insta::assert_json_snapshot!(made);
}

#[tokio::test]
async fn what_is_personal_lies_sealed_in_the_ledger() {
    let salon = Salon::open().await;
    let body = json!({"name": "Zofia Kowalska", "phone": "600100200", "note": "likes it short"});
    id_of(&salon.post("/clients", &body).await);
    let payloads: Vec<String> = sqlx::query_scalar("select payload::text from events")
        .fetch_all(&salon.database.owner_pool().await)
        .await
        .unwrap();
    let all = payloads.join("\n");
    assert!(all.contains("$sealed"));
    for personal in ["Zofia", "600100200", "short", "owner@", "$open"] {
        assert!(!all.contains(personal), "{personal} lies open: {all}");
    }
}

#[tokio::test]
async fn clients_are_found_by_any_part() {
    let salon = Salon::open().await;
    let mut position = String::new();
    for (name, phone) in [
        ("Zofia Kowalska", "600100200"),
        ("Ada Lovelace", "600100201"),
        ("Jan Kowal", "700100300"),
    ] {
        let made = salon
            .post("/clients", &json!({"name": name, "phone": phone}))
            .await;
        id_of(&made);
        position = made.header("daybook-position").to_str().unwrap().to_owned();
    }
    let names = async |query: &str| -> Vec<String> {
        let (header, value) = header("daybook-min-position", &position);
        let answer = salon
            .get(&format!("/clients?{query}"))
            .add_header(header, value)
            .await;
        let page: Value = answer.json();
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("q=kowal").await.len(), 2);
    assert_eq!(names("q=100201").await, ["Ada Lovelace"]);
    assert_eq!(names("limit=1").await, ["Ada Lovelace"]);
    let first: Value = salon.get("/clients?limit=2&count=true").await.json();
    assert_eq!(first["total"], 3);
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        names(&format!("limit=2&after={next}")).await,
        ["Zofia Kowalska"]
    );
}
