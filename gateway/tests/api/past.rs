//! The past: the calendar as it was, what changed and for whom to see, what is brought back, and what is searched for.

use std::collections::BTreeSet;

use axum::http::Method;
use axum_test::TestResponse;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::{Day, refused},
    support::{Salon, header, id_of},
};

const MONDAY: &str = "2026-11-23";

impl Day {
    /// A query that sees all that was done before it, asked with the owner's key or another's.
    async fn asked_by(&self, key: &str, path: &str) -> TestResponse {
        let (name, value) = header("daybook-min-position", &self.salon.head().await.to_string());
        let request = self.salon.bare(Method::GET, path).authorization_bearer(key);
        request.add_header(name, value).await
    }

    async fn asked(&self, path: &str) -> Value {
        let answer = self.asked_by(&self.salon.opened.api_key, path).await;
        assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
        answer.json()
    }

    async fn key(&self, wanted: Value) -> String {
        let made = self.salon.post("/api-keys", &wanted).await;
        id_of(&made);
        made.json::<Value>()["api_key"].as_str().unwrap().to_owned()
    }

    /// Another who cuts, at the same hours.
    async fn another(&self, name: &str) -> Uuid {
        let weekly = json!([{"weekday": "mon", "from": "10:00", "to": "18:00"}]);
        let hours = json!({"weekly": weekly, "overrides": []});
        self.salon.staff(name, &[self.cut], &hours).await
    }

    async fn book_with(&self, staff: Uuid, start: &str) -> Uuid {
        let wish = json!({"service_id": self.cut, "staff_id": staff, "start": start,
            "client": {"name": "Tom O'Brien", "phone": "600 200 300"}});
        id_of(&self.salon.post("/bookings", &wish).await)
    }

    async fn restore(&self, body: &Value) -> Value {
        let answer = self.salon.post("/bookings/restore", body).await;
        assert_eq!(answer.status_code(), 200, "{}", answer.text());
        answer.json()
    }
}

fn ids(items: &Value) -> Vec<Uuid> {
    let items = items.as_array().unwrap().iter();
    items
        .map(|one| one["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// Of each: which, what became of it, why not.
fn verdicts(told: &Value) -> Vec<(Uuid, &str, Option<&str>)> {
    let told = told["bookings"].as_array().unwrap().iter();
    told.map(|one| {
        let id = one["booking"]["id"].as_str().unwrap().parse().unwrap();
        (id, one["verdict"].as_str().unwrap(), one["why"].as_str())
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_now_is_now() {
    let day = Day::begin().await;
    let first = day.book("2026-11-23T10:00:00Z").await;
    let second = day.book("2026-11-23T12:00:00Z").await;
    day.book("2026-11-24T12:00:00Z").await;
    day.step(first, "arrive", json!({}))
        .await
        .assert_status_ok();
    day.step(second, "cancel", json!({}))
        .await
        .assert_status_ok();
    let away = json!({"kind": "vacation", "from": "2026-11-23T11:00", "to": "2026-11-23T12:30",
        "note": "Tired", "keep_bookings": true});
    let absences = format!("/staff/{}/absences", day.bea);
    id_of(&day.salon.post(&absences, &away).await);
    for dates in ["from=2026-11-23&to=2026-11-23", "from=2026-11-25&view=week"] {
        let now = day.asked(&format!("/calendar?{dates}")).await;
        let head = day.salon.head().await;
        let then = day.asked(&format!("/calendar?{dates}&as_of={head}")).await;
        assert_eq!(then, now, "{dates}");
        let recorded = format!("/calendar?{dates}&as_of=2999-01-01T00:00:00Z");
        assert_eq!(day.asked(&recorded).await, now);
        let occurred = format!("/calendar?{dates}&as_of_occurred=2999-01-01T00:00:00Z");
        assert_eq!(day.asked(&occurred).await, now);
    }
    let week = day.asked("/calendar?from=2026-11-25&view=week").await;
    assert_eq!(
        (&week["from"], &week["to"]),
        (&json!("2026-11-23"), &json!("2026-11-29"))
    );
    assert_eq!(week["bookings"].as_array().unwrap().len(), 3);
    assert_eq!(week["to_be_moved"], json!([first]));
    let month = day.asked("/calendar?from=2026-11-25&view=month").await;
    assert_eq!(
        (&month["from"], &month["to"]),
        (&json!("2026-11-01"), &json!("2026-11-30"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_seen_as_it_was_planned_then() {
    let day = Day::begin().await;
    day.book("2026-11-23T10:00:00Z").await;
    let empty = day
        .asked(&format!("/calendar?from={MONDAY}&to={MONDAY}&as_of=1"))
        .await;
    assert_eq!(empty["bookings"], json!([]));
    assert_eq!(empty["working_hours"], json!([]), "nobody worked there yet");
    let then = day.salon.head().await;
    let path = format!("/staff/{}/working-hours", day.bea);
    let later = json!({"weekly": [{"weekday": "mon", "from": "12:00", "to": "20:00"}], "overrides": [],
        "keep_bookings": true});
    day.salon.put(&path, &later).await.assert_status_ok();
    let closed = json!({"name": "Flood", "from": "2026-11-23T00:00", "to": "2026-11-24T00:00", "keep_bookings": true});
    id_of(&day.salon.post("/business/closures", &closed).await);

    let path = format!("/calendar?from={MONDAY}&to={MONDAY}");
    let now = day.asked(&path).await;
    assert_eq!(
        now["working_hours"][0]["days"][0]["intervals"][0]["from"],
        "12:00"
    );
    assert_eq!(now["absences"][0]["name"], "Flood");
    assert_eq!(now["to_be_moved"].as_array().unwrap().len(), 1);
    let was = day.asked(&format!("{path}&as_of={then}")).await;
    assert_eq!(
        was["working_hours"][0]["days"][0]["intervals"][0]["from"],
        "10:00"
    );
    assert_eq!(was["working_hours"][0]["staff"]["name"], "Bea");
    assert_eq!(
        (&was["absences"], &was["to_be_moved"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(was["bookings"], now["bookings"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_member_sees_their_own_past_alone() {
    let day = Day::begin().await;
    let ola = day.another("Ola").await;
    let own = day.book("2026-11-23T10:00:00Z").await;
    let others = day.book_with(ola, "2026-11-23T10:00:00Z").await;
    let staff = json!({"name": "Bea", "role": "staff", "staff_id": day.bea});
    let staff = day.key(staff).await;
    let head = day.salon.head().await;
    for as_of in [
        String::new(),
        format!("&as_of={head}"),
        "&as_of_occurred=2999-01-01T00:00:00Z".to_owned(),
    ] {
        let path = format!("/calendar?from={MONDAY}&to={MONDAY}{as_of}");
        let seen: Value = day.asked_by(&staff, &path).await.json();
        assert_eq!(ids(&seen["bookings"]), [own], "{as_of}");
        let all = day.asked(&path).await;
        assert_eq!(
            ids(&all["bookings"]).into_iter().collect::<BTreeSet<_>>(),
            [own, others].into()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_is_searched_as_history_is() {
    let day = Day::begin().await;
    let ola = day.another("Ola").await;
    let ada = day.book("2026-11-23T10:00:00Z").await;
    let tom = day.book_with(ola, "2026-11-23T10:00:00Z").await;
    day.step(tom, "comments", json!({"text": "Uczulony na orzechy"}))
        .await;
    let then = day.salon.head().await;
    for (q, found) in [
        ("lovelace", vec![ada]),
        ("ADA%20love", vec![ada]),
        ("600200", vec![tom]),
        ("o%27brein", vec![tom]),
        ("orzech", vec![tom]),
        ("confirmed%20lovelace", vec![ada]),
        ("nobody", vec![]),
    ] {
        let path = format!("/calendar?from={MONDAY}&to={MONDAY}&q={q}");
        assert_eq!(ids(&day.asked(&path).await["bookings"]), found, "{q}");
        let then = day.asked(&format!("{path}&as_of={then}")).await;
        assert_eq!(ids(&then["bookings"]), found, "{q} then");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_on_the_monitor_are_for_who_may_see_clients() {
    let day = Day::begin().await;
    let id = day.book("2026-11-23T10:00:00Z").await;
    day.step(id, "arrive", json!({})).await.assert_status_ok();
    let screen = json!({"name": "screen", "role": "manager", "scopes": ["see_bookings"]});
    let screen = day.key(screen).await;
    let path = format!("/calendar/monitor?date={MONDAY}&names=true");
    let seen = day.asked(&path).await;
    assert_eq!(seen["inside"][0]["client"]["name"], "Ada Lovelace");
    assert_eq!(
        day.asked(&format!("/calendar/monitor?date={MONDAY}")).await["inside"][0]["client"],
        Value::Null
    );
    let seen: Value = day.asked_by(&screen, &path).await.json();
    assert_eq!(seen["inside"][0]["client"], Value::Null);
    assert!(seen["inside"][0]["reference"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_are_told_of_bookings_and_clients_alone() {
    let day = Day::begin().await;
    day.book("2026-11-23T10:00:00Z").await;
    let manager = day.key(json!({"name": "desk", "role": "manager"})).await;
    let kinds = async |key: &str, query: &str| -> BTreeSet<String> {
        let told: Value = day
            .asked_by(key, &format!("/changes?limit=500{query}"))
            .await
            .json();
        let told = told["items"].as_array().unwrap().iter();
        told.map(|change| change["subject_type"].as_str().unwrap().to_owned())
            .collect()
    };
    let of = |kinds: &[&str]| -> BTreeSet<String> {
        kinds.iter().map(|kind| (*kind).to_owned()).collect()
    };
    assert_eq!(kinds(&manager, "").await, of(&["booking", "client"]));
    assert_eq!(kinds(&manager, "&subject_type=access").await, of(&[]));
    assert_eq!(kinds(&manager, "&action=staff.joined").await, of(&[]));
    assert_eq!(
        kinds(&manager, "&subject_type=client").await,
        of(&["client"])
    );
    let owner = day.salon.opened.api_key.clone();
    assert!(kinds(&owner, "").await.contains("access"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_asked_for_by_whom_they_concern() {
    let day = Day::begin().await;
    let ola = day.another("Ola").await;
    let own = day.book("2026-11-23T10:00:00Z").await;
    let others = day.book_with(ola, "2026-11-23T10:00:00Z").await;
    day.step(own, "cancel", json!({"reason": "ill"}))
        .await
        .assert_status_ok();
    let told = async |query: String| -> Vec<String> {
        let told = day.asked(&format!("/changes?{query}")).await;
        let told = told["items"].as_array().unwrap().iter();
        told.map(|change| change["action"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        told(format!("client_id={}", day.ada)).await,
        ["booking.cancelled", "booking.placed", "client.registered"]
    );
    let of_ola = told(format!("staff_id={ola}")).await;
    assert_eq!(of_ola, ["booking.placed", "staff.joined"]);
    assert_eq!(
        told(format!("subject_id={others}")).await,
        ["booking.placed"]
    );
    assert_eq!(
        told("action=booking.cancelled&actor_kind=api_key".to_owned()).await,
        ["booking.cancelled"]
    );
    assert_eq!(told("source=public_page".to_owned()).await, [""; 0]);
    assert_eq!(told("from=2999-01-01".to_owned()).await, [""; 0]);
    assert_eq!(told("to=1999-01-01".to_owned()).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_its_question() {
    let day = Day::begin().await;
    for hour in 10..13 {
        day.book(&format!("2026-11-23T{hour}:00:00Z")).await;
    }
    for (list, others) in [
        (
            "/history?status=confirmed",
            [
                "/history?status=cancelled",
                "/history?status=confirmed&sort=price",
                "/history",
                "/changes?status=x",
            ],
        ),
        (
            "/changes?action=booking.placed",
            [
                "/changes",
                "/changes?action=booking.cancelled",
                "/changes?action=booking.placed&from=2026-01-01",
                "/history",
            ],
        ),
    ] {
        let page = day.asked(&format!("{list}&limit=2&count=true")).await;
        assert_eq!(page["total"], 3);
        let next = page["next"].as_str().unwrap();
        let rest = day.asked(&format!("{list}&limit=500&after={next}")).await;
        assert_eq!(
            (rest["items"].as_array().unwrap().len(), &rest["next"]),
            (1, &Value::Null)
        );
        for other in &others[..3] {
            let sign = if other.contains('?') { '&' } else { '?' };
            let answer = day.salon.get(&format!("{other}{sign}after={next}")).await;
            let problem = refused(&answer, 422, "invalid");
            assert_eq!(problem["violations"][0]["field"], "after", "{other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_does_in_all_lists_that_take_questions() {
    let day = Day::begin().await;
    let first = day.book("2026-11-23T10:00:00Z").await;
    day.book_with(day.bea, "2026-11-23T12:00:00Z").await;
    for amount in ["1.00", "2.00"] {
        let paid = json!({"amount": amount, "method": "cash"});
        day.step(first, "payments", paid).await.assert_status_ok();
    }
    let november = |path: &str| format!("{path}?from=2026-11-01&to=2026-11-30");
    for (list, other) in [
        ("/clients?q=o", "/clients"),
        ("/clients", "/clients?q=o"),
        (
            &november("/payments"),
            "/payments?from=2026-11-02&to=2026-11-30",
        ),
        (
            &november("/reports/clients"),
            "/reports/clients?from=2026-11-02&to=2026-11-30",
        ),
    ] {
        let sign = |list: &str| if list.contains('?') { '&' } else { '?' };
        let page = day.asked(&format!("{list}{}limit=1", sign(list))).await;
        let next = page["next"].as_str().unwrap();
        let rest = day
            .asked(&format!("{list}{}after={next}", sign(list)))
            .await;
        assert_ne!(rest["items"], json!([]), "{list}");
        assert_ne!(rest["items"][0], page["items"][0], "{list}");
        let answer = format!("{other}{}after={next}", sign(other));
        let problem = refused(&day.salon.get(&answer).await, 422, "invalid");
        assert_eq!(problem["violations"][0]["field"], "after", "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_sorted_by_whatever_it_shows() {
    let day = Day::begin().await;
    let first = day.book("2026-11-23T12:00:00Z").await;
    let second = day.book("2026-11-23T10:00:00Z").await;
    day.step(second, "price", json!({"price": "10.00"}))
        .await
        .assert_status_ok();
    day.step(
        first,
        "payments",
        json!({"amount": "5.00", "method": "cash"}),
    )
    .await;
    for (sort, found) in [
        ("start", [second, first]),
        ("-start", [first, second]),
        ("created", [first, second]),
        ("-changed", [first, second]),
        ("price", [second, first]),
        ("-paid", [first, second]),
        ("client", [first, second]),
        ("status", [first, second]),
        ("source", [first, second]),
    ] {
        let page = day.asked(&format!("/history?sort={sort}")).await;
        assert_eq!(ids(&page["items"]), found, "{sort}");
    }
    for wrong in ["-", "name", "--start", "start%20desc", "%27"] {
        let answer = day.salon.get(&format!("/history?sort={wrong}")).await;
        assert_eq!(
            refused(&answer, 422, "invalid")["violations"][0]["field"],
            "sort",
            "{wrong}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_come_back_at_once_those_that_can() {
    let day = Day::begin().await;
    let [ten, eleven, noon] = [
        day.book("2026-11-23T10:00:00Z").await,
        day.book("2026-11-23T11:00:00Z").await,
        day.book("2026-11-23T12:00:00Z").await,
    ];
    day.step(ten, "cancel", json!({})).await.assert_status_ok();
    day.salon
        .delete(&format!("/bookings/{eleven}"))
        .await
        .assert_status_ok();
    day.step(noon, "cancel", json!({})).await.assert_status_ok();
    // Somebody has eleven by now; and noon was booked and called off again.
    let taker = day.book("2026-11-23T11:15:00Z").await;
    let again = day.book("2026-11-23T12:00:00Z").await;
    day.step(again, "cancel", json!({}))
        .await
        .assert_status_ok();

    let filter = json!({"from": MONDAY, "to": MONDAY, "staff_id": day.bea});
    let before = day.salon.head().await;
    let preview = day
        .restore(&json!({"filter": filter, "preview": true}))
        .await;
    assert_eq!(day.salon.head().await, before, "nothing was written");
    let would = [
        (ten, "restorable", None),
        (eleven, "stuck", Some("slot_taken")),
        (noon, "restorable", None),
        (again, "stuck", Some("slot_taken")),
    ];
    assert_eq!(verdicts(&preview), would);
    assert_eq!(preview["bookings"][1]["taken_by"][0]["id"], json!(taker));
    assert_eq!(
        preview["bookings"][3]["taken_by"][0]["id"],
        json!(noon),
        "by another that would come back"
    );

    let (name, once) = header("idempotency-key", "bring them back");
    let bring = || {
        let body = json!({"filter": filter});
        let call = day.salon.post("/bookings/restore", &body);
        call.add_header(name.clone(), once.clone())
    };
    let answer = bring().await;
    answer.assert_status_ok();
    let told: Value = answer.json();
    assert_eq!(
        verdicts(&told),
        [
            (ten, "restored", None),
            (noon, "restored", None),
            (eleven, "stuck", Some("slot_taken")),
            (again, "stuck", Some("slot_taken")),
        ]
    );
    let done = day.salon.head().await;
    assert_eq!(answer.header("daybook-position"), done.to_string().as_str());
    assert_eq!(day.booking(ten).await["status"], "confirmed");
    assert_eq!(day.booking(eleven).await["deleted"], true);
    assert_eq!(
        bring().await.json::<Value>(),
        told,
        "asked again, answered again"
    );
    assert_eq!(day.salon.head().await, done);

    // The time is theirs again: nobody else can have it.
    let wish = json!({"service_id": day.cut, "staff_id": day.bea, "client_id": day.ada, "start": "2026-11-23T10:00:00Z"});
    refused(&day.salon.post("/bookings", &wish).await, 409, "slot_taken");
    let named = day.restore(&json!({"booking_ids": [eleven, ten]})).await;
    assert_eq!(
        verdicts(&named),
        [
            (ten, "unchanged", None),
            (eleven, "stuck", Some("slot_taken"))
        ]
    );
    day.step(taker, "cancel", json!({}))
        .await
        .assert_status_ok();
    let named = day.restore(&json!({"booking_ids": [eleven]})).await;
    assert_eq!(verdicts(&named), [(eleven, "restored", None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_back_to_somebody_who_left_but_what_is_over_does() {
    let day = Day::begin().await;
    let ola = day.another("Ola").await;
    let (over, ahead, deleted) = (
        day.book_with(ola, "2026-11-23T10:00:00Z").await,
        day.book_with(ola, "2026-11-30T10:00:00Z").await,
        day.book_with(ola, "2026-11-30T12:00:00Z").await,
    );
    let mut cancelled = 0;
    for id in [over, ahead] {
        let gone = day.step(id, "cancel", json!({})).await;
        gone.assert_status_ok();
        cancelled = day.salon.head().await;
    }
    let gone = day.salon.delete(&format!("/bookings/{deleted}"));
    gone.await.assert_status_ok();
    let left = day
        .salon
        .post(&format!("/staff/{ola}/retire"), &json!({}))
        .await;
    left.assert_status_ok();
    day.salon.hands.forward(SignedDuration::from_hours(24));

    refused(
        &day.step(ahead, "restore", json!({})).await,
        409,
        "wrong_state",
    );
    let told = day.restore(&json!({"booking_ids": [deleted]})).await;
    assert_eq!(verdicts(&told), [(deleted, "stuck", Some("wrong_state"))]);
    let path = format!("/changes/{cancelled}/revert");
    let back = day.salon.post(&path, &json!({})).await;
    let problem = refused(&back, 409, "cannot_revert");
    assert_eq!(
        (&problem["why"], &problem["field"]),
        (&json!("gone"), &json!("staff_id"))
    );
    day.step(over, "restore", json!({}))
        .await
        .assert_status_ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_come_back_is_said_clearly() {
    let day = Day::begin().await;
    let ola = day.another("Ola").await;
    let own = day.book("2026-11-23T10:00:00Z").await;
    let others = day.book_with(ola, "2026-11-23T10:00:00Z").await;
    for id in [own, others] {
        day.step(id, "cancel", json!({})).await.assert_status_ok();
    }
    for (body, field) in [
        (json!({}), "filter"),
        (json!({"filter": {}, "booking_ids": [own]}), "filter"),
        (json!({"booking_ids": []}), "booking_ids"),
        (json!({"booking_ids": [own, own]}), "booking_ids[1]"),
        (json!({"filter": {"state": "gone"}}), "filter.state"),
        (
            json!({"filter": {"from": "2026-11-24", "to": "2026-11-23"}}),
            "filter.to",
        ),
        (json!({"filter": {"status": ["gone"]}}), "filter.status[0]"),
    ] {
        let problem = refused(
            &day.salon.post("/bookings/restore", &body).await,
            422,
            "invalid",
        );
        assert_eq!(problem["violations"][0]["field"], field, "{body}");
    }
    let absent = json!({"booking_ids": [own, day.ada]});
    let absent = day.salon.post("/bookings/restore", &absent).await;
    let problem = refused(&absent, 404, "not_found");
    assert_eq!(problem["violations"][0]["field"], "booking_ids[1]");
    let staff = json!({"name": "Bea", "role": "staff", "staff_id": day.bea});
    let staff = day.key(staff).await;
    let as_staff = day
        .salon
        .bare(Method::POST, "/bookings/restore")
        .authorization_bearer(&staff);
    refused(
        &as_staff.json(&json!({"filter": {}})).await,
        403,
        "forbidden",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_box_finds_everything_that_one_may_see() {
    let day = Day::begin().await;
    let ola = day.another("Ola Nowak").await;
    let own = day.book("2026-11-23T10:00:00Z").await;
    let others = day.book_with(ola, "2026-11-23T10:00:00Z").await;
    let reference = day.booking(own).await["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    day.step(
        others,
        "comments",
        json!({"text": format!("after {reference}")}),
    )
    .await;
    let on = json!({"modules": {"marketing": true}});
    day.salon.patch("/business", &on).await.assert_status_ok();
    let segment = json!({"name": "Nowak's regulars", "filter": {"field": "absent", "days": 60}});
    let segment = id_of(&day.salon.post("/segments", &segment).await);

    let found = day.asked(&format!("/search?q={reference}")).await;
    assert_eq!(
        ids(&found["bookings"]),
        [own, others],
        "whose reference it is comes first"
    );
    let found = day
        .asked(&format!("/search?q={}", reference.replace('-', "")))
        .await;
    assert_eq!(ids(&found["bookings"])[0], own);
    let found = day.asked("/search?q=nowak").await;
    assert_eq!(ids(&found["staff"]), [ola]);
    assert_eq!(ids(&found["segments"]), [segment]);
    assert_eq!(found["clients"], json!([]));
    let found = day.asked("/search?q=O%27Brein").await;
    assert_eq!(ids(&found["bookings"]), [others], "misspelt too");
    assert_eq!(found["clients"][0]["phone"], "+48600200300");
    let found = day.asked("/search?q=cut").await;
    assert_eq!(
        found["services"],
        json!([{"id": day.cut, "name": "Cut", "active": true}])
    );
    assert_eq!(day.asked("/search?q=%20").await["bookings"], json!([]));
    assert_eq!(
        ids(&day.asked("/search?q=confirmed&limit=1").await["bookings"]).len(),
        1
    );

    let staff = json!({"name": "Bea", "role": "staff", "staff_id": day.bea});
    let staff = day.key(staff).await;
    let theirs =
        async |q: &str| -> Value { day.asked_by(&staff, &format!("/search?q={q}")).await.json() };
    let tom = theirs("tom").await;
    assert_eq!(
        (&tom["bookings"], &tom["clients"]),
        (&json!([]), &json!([]))
    );
    let ada = theirs("lovelace").await;
    assert_eq!(ids(&ada["bookings"]), [own]);
    assert_eq!(ada["clients"][0]["phone"], Value::Null);
    assert_eq!(
        theirs("600100").await["clients"],
        json!([]),
        "nor found by what they may not see"
    );
    assert_eq!(theirs("nowak").await["segments"], json!([]));
    for wrong in [
        "/search",
        "/search?q=a&limit=0",
        "/search?q=a&limit=51",
        "/search?q=a&x=1",
    ] {
        refused(&day.salon.get(wrong).await, 422, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_typed_is_answered_or_refused_clearly() {
    let day = Day::begin().await;
    day.book("2026-11-23T10:00:00Z").await;
    let long = "a".repeat(10_000);
    let many = "a%20".repeat(60);
    let typed = [
        "%25",
        "%25%25%25",
        "_",
        "%5C",
        "%5C%5C%27",
        "%00",
        "a%00b",
        "%27%20or%201%3D1--",
        "%26%20%7C%20%21%20%28%3A%2A",
        "%F0%9F%98%80",
        "%D8%A7%D9%84%D8%B3%D9%84%D8%A7%D9%85",
        "%E2%80%AE%D7%A9%D7%9C%D7%95%D7%9D",
        "%CC%81",
        "%EF%BF%BF",
        "-",
        "--",
        "%3C-%3E",
        "%24%7Bx%7D",
        "\u{31}",
        "1%202%203%204",
        &many,
        &long,
    ];
    for text in typed {
        for path in [
            format!("/history?q={text}"),
            format!("/history?client={text}&count=true"),
            format!("/history?source={text}"),
            format!("/search?q={text}"),
            format!("/calendar?from={MONDAY}&to={MONDAY}&q={text}"),
            format!("/clients?q={text}"),
            format!("/changes?action={text}"),
            format!("/history?after={text}"),
            format!("/history/export?q={text}"),
        ] {
            let status = day.salon.get(&path).await.status_code().as_u16();
            assert!([200, 422].contains(&status), "{status} for {path}");
        }
    }
    for path in [
        "/history?from=2026-11-24&to=2026-11-23",
        "/history?from=2026-02-30",
        "/history?from=tomorrow",
        "/history?q=a&operator=or",
        "/history?status=gone",
        "/history?min_price=ten",
        "/history?min_price=20&max_price=10",
        "/changes?action=booking.eaten",
        "/changes?action=placed",
        "/history?limit=501",
        "/changes?from=2026-11-24&to=2026-11-23",
        "/changes?subject_type=everything",
        "/changes?source=window",
        "/changes?who=me",
        "/calendar?from=2026-11-24&to=2026-11-23",
        "/calendar?from=2016-11-24&to=2026-11-23",
        "/calendar?from=2026-11-23",
        "/calendar?from=2026-11-23&view=year",
        "/calendar?from=2026-11-23&to=2026-11-23&as_of=yesterday",
        "/calendar?from=2026-11-23&to=2026-11-23&as_of=1&as_of_occurred=2026-01-01T00:00:00Z",
        "/calendar/monitor?date=today",
    ] {
        refused(&day.salon.get(path).await, 422, "invalid");
    }
    for (path, field) in [
        ("/history?q=%00", "q"),
        ("/history?client=a%00b", "client"),
        ("/clients?q=%07", "q"),
        ("/search?q=%00", "q"),
        ("/waitlist?q=%00", "q"),
        ("/calendar/monitor?date=9999-12-31", "date"),
    ] {
        let problem = refused(&day.salon.get(path).await, 422, "invalid");
        assert_eq!(problem["violations"][0]["field"], field, "{path}");
    }
    for path in [
        "/history?from=2016-01-01&to=2026-12-31",
        "/changes?from=2016-01-01&to=2026-12-31",
        "/history?from=-009999-01-01&to=9999-12-30",
    ] {
        let status = day.salon.get(path).await.status_code().as_u16();
        assert!([200, 422].contains(&status), "{status} for {path}");
    }
}

/// A class, whose session is moved and called off: its seats and its place are those of then.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_seen_where_it_was_to_be_held() {
    let salon = Salon::open().await;
    let on = json!({"modules": {"classes": true}});
    salon.patch("/business", &on).await.assert_status_ok();
    let yoga = salon.service("Yoga").await;
    let all_day =
        json!({"weekly": [{"weekday": "mon", "from": "08:00", "to": "20:00"}], "overrides": []});
    let bea = salon.staff("Bea", &[yoga], &all_day).await;
    let class = json!({"name": "Slow", "service_id": yoga, "staff_id": bea, "capacity": 4,
        "timetable": {"rrule": "FREQ=WEEKLY;COUNT=2", "start": "2026-11-30T12:00", "duration_min": 60}});
    id_of(&salon.post("/classes", &class).await);
    let sessions: Value = salon.get("/sessions").await.json();
    let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
    let seat = json!({"session_id": session, "client": {"name": "Ada"}});
    id_of(&salon.post("/bookings", &seat).await);
    let then = salon.head().await;
    let moved = json!({"start": "2026-11-30T14:00:00Z"});
    salon
        .post(&format!("/sessions/{session}/reschedule"), &moved)
        .await
        .assert_status_ok();
    let moved_at = salon.head().await;
    salon
        .post(&format!("/sessions/{session}/cancel"), &json!({}))
        .await
        .assert_status_ok();
    let seen = async |as_of: i64| -> Value {
        let (name, value) = header("daybook-min-position", &salon.head().await.to_string());
        let path = format!("/calendar?from=2026-11-30&to=2026-11-30&as_of={as_of}");
        let told: Value = salon.get(&path).add_header(name, value).await.json();
        told["sessions"].clone()
    };
    let was = seen(then).await;
    assert_eq!(
        (&was[0]["start"], &was[0]["seats_taken"]),
        (&json!("2026-11-30T11:00:00Z"), &json!(1))
    );
    let was = seen(moved_at).await;
    assert_eq!(
        (&was[0]["start"], &was[0]["seats_left"]),
        (&json!("2026-11-30T14:00:00Z"), &json!(3))
    );
    assert_eq!(seen(salon.head().await).await, json!([]), "called off");
    assert_eq!(seen(1).await, json!([]), "not yet planned");
}
