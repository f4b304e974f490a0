//! The waitlist over HTTP: who waits, what comes free for them, what comes of it.

use std::collections::BTreeSet;

use axum::http::Method;
use axum_test::TestResponse;
use domain::{
    id::Id,
    service::Timing,
    session::{Schedule, Session, SessionCommand, Setting},
    time::Minutes,
};
use gateway::command::{Asked, Deciding, Envelope, Target};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    bookings::refused,
    support::{Salon, header, id_of},
};

/// A salon with a waitlist, in which Bea cuts for 45 minutes at ten, four days from now, and at no other time.
struct Day {
    salon: Salon,
    cut: Uuid,
    bea: Uuid,
    date: Date,
}

impl Day {
    async fn begin() -> Self {
        let salon = Salon::open().await;
        salon.hands.set_to_now();
        let cut = salon.service("Cut").await;
        let today = Timestamp::now().to_zoned(warsaw()).date();
        let date = today.saturating_add(4.days());
        let bea = salon
            .staff("Bea", &[cut], &hours(&[(date, "10:00", "10:45")]))
            .await;
        Self {
            salon,
            cut,
            bea,
            date,
        }
    }

    /// An instant of the day, by its wall clock.
    fn at(&self, hour: i8, minute: i8) -> String {
        let local = self.date.at(hour, minute, 0, 0);
        warsaw().to_timestamp(local).unwrap().to_string()
    }

    async fn book(&self, hour: i8) -> Uuid {
        let body =
            json!({"service_id": self.cut, "client": {"name": "Zofia"}, "start": self.at(hour, 0)});
        id_of(&self.salon.post("/bookings", &body).await)
    }

    async fn cancel(&self, booking: Uuid) {
        let path = format!("/bookings/{booking}/cancel");
        self.salon.post(&path, &json!({})).await.assert_status_ok();
    }

    /// Somebody new who waits for a cut whenever.
    async fn waits(&self, name: &str) -> Uuid {
        self.waits_for(name, json!({})).await
    }

    async fn waits_for(&self, name: &str, wishes: Value) -> Uuid {
        let mut body =
            json!({"service_id": self.cut, "client": {"name": name}, "comment": "please"});
        body.as_object_mut()
            .unwrap()
            .extend(wishes.as_object().unwrap().clone());
        // One after the other, also by the clock.
        self.salon.hands.forward(SignedDuration::from_millis(1));
        id_of(&self.salon.post("/waitlist", &body).await)
    }

    async fn request(&self, id: Uuid) -> Value {
        self.salon.get(&format!("/waitlist/{id}")).await.json()
    }

    async fn states<const N: usize>(&self, ids: [Uuid; N]) -> [String; N] {
        let mut states = [const { String::new() }; N];
        for (state, id) in states.iter_mut().zip(ids) {
            *state = self.request(id).await["state"].as_str().unwrap().to_owned();
        }
        states
    }

    async fn step(&self, id: Uuid, step: &str, body: Value) -> TestResponse {
        self.salon
            .post(&format!("/waitlist/{id}/{step}"), &body)
            .await
    }

    /// The service looks after the waitlist until there is nothing more to do.
    async fn service_looks(&self) {
        let stop = CancellationToken::new();
        let mut head = -1;
        // What a look appends, the next one sees.
        while self.salon.head().await != head {
            head = self.salon.head().await;
            // The read model tells whom there is something to do for.
            self.listed("?state=waiting&state=offered&limit=1").await;
            self.salon.app.look_after_waitlists(&stop).await.unwrap();
        }
    }

    /// The ids that the list shows, once it has come to what was last written.
    async fn listed(&self, query: &str) -> Vec<Uuid> {
        let (name, value) = header("daybook-min-position", &self.salon.head().await.to_string());
        let listed = self
            .salon
            .get(&format!("/waitlist{query}"))
            .add_header(name, value)
            .await;
        assert_eq!(listed.status_code(), 200, "{}", listed.text());
        let listed: Value = listed.json();
        let ids = listed["items"].as_array().unwrap().iter();
        ids.map(|item| item["id"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    async fn free(&self) -> Vec<String> {
        let path = format!(
            "/availability?service_id={}&from={}&to={}",
            self.cut, self.date, self.date
        );
        let free: Value = self.salon.get(&path).await.json();
        let starts = free["slots"].as_array().unwrap().iter();
        starts
            .map(|slot| slot["start"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn asks_session(&self, target: Target, command: SessionCommand) {
        let (app, business) = (&self.salon.app, self.salon.business());
        let call = Envelope::of_system(app, business);
        let asked = |_: &Deciding<Session>| Ok(Asked::of(command.clone()));
        app.send(&call, target, asked).await.unwrap();
    }

    async fn rules(&self, automatic: bool, lead_min: u32) {
        let rules = json!({"automatic": automatic, "offer_min": 30, "lead_min": lead_min});
        self.salon
            .put("/settings/waitlist", &rules)
            .await
            .assert_status_ok();
    }
}

fn warsaw() -> TimeZone {
    TimeZone::get("Europe/Warsaw").unwrap()
}

fn hours(days: &[(Date, &str, &str)]) -> Value {
    let overrides: Vec<_> = days
        .iter()
        .map(|(date, from, to)| json!({"date": date, "intervals": [{"from": from, "to": to}]}))
        .collect();
    json!({"weekly": [], "overrides": overrides})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_made_is_the_request_shown() {
    let day = Day::begin().await;
    let body = json!({
        "client": {"name": "Ada Lovelace", "phone": "600 100 200"}, "service_ids": [day.cut], "staff_id": day.bea,
        "from": "2030-12-01", "to": "2030-12-31", "weekdays": ["fri", "mon", "fri"],
        "hours": [{"from": "09:00", "to": "12:00"}], "comment": "as early as possible", "source": "phone",
    });
    let made = day.salon.post("/waitlist", &body).await;
    let id = id_of(&made);
    assert_eq!(
        made.header("location"),
        format!("/api/v1/waitlist/{id}").as_str()
    );
    let made: Value = made.json();
    assert_eq!(made["state"], "waiting");
    assert_eq!(made["client"]["name"], "Ada Lovelace");
    assert_eq!(made["services"], json!([{"id": day.cut, "name": "Cut"}]));
    assert_eq!(made["staff"], json!([{"id": day.bea, "name": "Bea"}]));
    assert_eq!(made["weekdays"], json!(["mon", "fri"]));
    assert_eq!(
        (&made["from"], &made["to"]),
        (&json!("2030-12-01"), &json!("2030-12-31"))
    );
    assert_eq!(
        (&made["comment"], &made["source"]),
        (&json!("as early as possible"), &json!("phone"))
    );
    assert_eq!(
        (&made["offer"], &made["booking_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(day.request(id).await, made);

    let path = format!("/waitlist/{id}");
    let change = json!({"to": null, "weekdays": [], "comment": null});
    let changed: Value = day.salon.patch(&path, &change).await.json();
    assert_eq!(changed["to"], Value::Null);
    assert_eq!(
        (&changed["weekdays"], &changed["hours"]),
        (&json!([]), &made["hours"])
    );
    assert_eq!(
        (&changed["comment"], &changed["version"]),
        (&Value::Null, &json!(2))
    );

    let gone: Value = day
        .step(id, "withdraw", json!({"reason": "moved away"}))
        .await
        .json();
    assert_eq!(
        (&gone["state"], &gone["withdraw_reason"]),
        (&json!("withdrawn"), &json!("moved away"))
    );
    // Once more is nothing more.
    let again: Value = day.step(id, "withdraw", json!({})).await.json();
    assert_eq!(again, gone);
    refused(
        &day.salon.patch(&path, &json!({"comment": "x"})).await,
        409,
        "wrong_state",
    );
    assert_eq!(day.listed("").await, [] as [Uuid; 0]);
    assert_eq!(day.listed("?state=withdrawn").await, [id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_that_make_no_sense_are_told_field_by_field() {
    let day = Day::begin().await;
    let ewa = day.salon.staff("Ewa", &[], &hours(&[])).await;
    let nobody = Uuid::now_v7();
    let faults = async |body: Value| {
        let answer = day.salon.post("/waitlist", &body).await;
        let told: Value = refused(&answer, 422, "invalid");
        let faults = told["violations"].as_array().unwrap().iter();
        let fault = |f: &Value| {
            (
                f["field"].as_str().unwrap().to_owned(),
                f["code"].as_str().unwrap().to_owned(),
            )
        };
        faults.map(fault).collect::<Vec<_>>()
    };
    let told = |faults: &[(&str, &str)]| -> Vec<(String, String)> {
        faults
            .iter()
            .map(|(f, c)| ((*f).to_owned(), (*c).to_owned()))
            .collect()
    };
    let ada = json!({"name": "Ada"});
    let wrong = json!({"client": ada, "from": "2030-12-31", "to": "2030-12-01", "hours": [{"from": "12:00", "to": "09:00"}]});
    let expected = [
        ("service_ids", "empty"),
        ("to", "not_before"),
        ("hours[0].to", "end_not_after_start"),
    ];
    assert_eq!(faults(wrong).await, told(&expected));
    let wrong =
        json!({"client": ada, "service_ids": [day.cut, nobody], "staff_ids": [ewa, nobody]});
    let expected = [
        ("service_ids[1]", "not_found"),
        ("staff_ids[0]", "does_not_do_it"),
        ("staff_ids[1]", "not_found"),
        ("staff_ids", "does_not_do_it"),
    ];
    assert_eq!(faults(wrong).await, told(&expected));
    let wrong = json!({"client": ada, "service_id": day.cut, "from": "soon"});
    assert_eq!(faults(wrong).await, told(&[("from", "date")]));
    assert_eq!(
        faults(json!({"service_id": day.cut})).await,
        told(&[("client_id", "missing")])
    );
    let unknown = json!({"service_id": day.cut, "client_id": nobody});
    refused(
        &day.salon.post("/waitlist", &unknown).await,
        404,
        "not_found",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_the_oldest_first_and_each_filter_narrows_it() {
    let day = Day::begin().await;
    let ewa = day.salon.staff("Ewa", &[day.cut], &hours(&[])).await;
    let first = day.waits("Ada Lovelace").await;
    day.salon.hands.forward(SignedDuration::from_hours(24 * 3));
    let mornings = json!({"staff_id": ewa, "hours": [{"from": "09:00", "to": "12:00"}], "from": "2031-01-06", "to": "2031-01-06"});
    let second = day.waits_for("Grace Hopper", mornings).await;
    let third = day
        .waits_for("Ada Byron", json!({"comment": "Zawsze w ciszy"}))
        .await;
    let cases: Vec<(String, Vec<Uuid>)> = vec![
        (String::new(), vec![first, second, third]),
        ("?older_than_days=2".to_owned(), vec![first]),
        ("?older_than_days=4".to_owned(), vec![]),
        (format!("?staff_id={}", day.bea), vec![first, third]),
        (format!("?service_id={}", Uuid::now_v7()), vec![]),
        ("?wish=2031-01-06".to_owned(), vec![first, second, third]),
        ("?wish=2031-01-07".to_owned(), vec![first, third]),
        (
            "?wish=2031-01-06T11:59".to_owned(),
            vec![first, second, third],
        ),
        ("?wish=2031-01-06T11:00:00Z".to_owned(), vec![first, third]),
        ("?q=ada".to_owned(), vec![first, third]),
        ("?q=CISZY".to_owned(), vec![third]),
        ("?state=offered".to_owned(), vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(day.listed(&query).await, expected, "{query}");
    }
    let page: Value = day.salon.get("/waitlist?limit=2&count=true").await.json();
    assert_eq!(page["total"], 3);
    let next = page["next"].as_str().unwrap();
    assert_eq!(day.listed(&format!("?limit=2&after={next}")).await, [third]);
    for bad in [
        "wish=tomorrow",
        "older_than_days=-1",
        "state=gone",
        "after=x",
        "limit=0",
    ] {
        refused(
            &day.salon.get(&format!("/waitlist?{bad}")).await,
            422,
            "invalid",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_a_booking_in_one_append() {
    let day = Day::begin().await;
    let id = day.waits("Ada").await;
    let before = day.salon.head().await;
    let convert = json!({"start": day.at(10, 0), "source": "reception"});
    let path = format!("/waitlist/{id}/convert");
    let (name, key) = header("idempotency-key", "once");
    let done = day
        .salon
        .post(&path, &convert)
        .add_header(name.clone(), key.clone())
        .await;
    assert_eq!(done.status_code(), 200, "{}", done.text());
    let done: Value = done.json();
    // The booking, its first comment, and the request's end.
    assert_eq!(day.salon.head().await, before + 3);
    let booking = &done["bookings"][0];
    assert_eq!(
        (&done["state"], &done["booking_id"]),
        (&json!("converted"), &booking["id"])
    );
    assert_eq!(
        (&booking["client"], &booking["start"]),
        (&done["client"], &json!(day.at(10, 0)))
    );
    assert_eq!(
        (&booking["comments"][0]["text"], &booking["source"]),
        (&json!("please"), &json!("reception"))
    );
    let shown: Value = day
        .salon
        .get(&format!("/bookings/{}", booking["id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(&shown, booking);
    assert_eq!(day.request(id).await["booking_ids"], json!([booking["id"]]));

    let again: Value = day
        .salon
        .post(&path, &convert)
        .add_header(name, key)
        .await
        .json();
    assert_eq!(again, done);
    let told = refused(&day.salon.post(&path, &convert).await, 409, "wrong_state");
    assert_eq!(told["state"], "converted");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_that_is_taken_is_refused_with_what_is_free_and_the_request_goes_on_waiting() {
    let day = Day::begin().await;
    let other = hours(&[
        (day.date, "10:00", "10:45"),
        (day.date.tomorrow().unwrap(), "12:00", "13:00"),
    ]);
    let path = format!("/staff/{}/working-hours", day.bea);
    day.salon.put(&path, &other).await.assert_status_ok();
    day.book(10).await;
    let id = day.waits("Ada").await;
    let told = refused(
        &day.step(id, "convert", json!({"start": day.at(10, 0)}))
            .await,
        409,
        "slot_taken",
    );
    assert_eq!(told["next_free"].as_array().unwrap().len(), 2, "{told}");
    let nothing = refused(&day.step(id, "convert", json!({})).await, 422, "invalid");
    assert_eq!(nothing["violations"][0]["code"], "nothing_offered");
    assert_eq!(day.states([id]).await, ["waiting"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_services_become_a_visit() {
    let day = Day::begin().await;
    let colour = day.salon.service("Colour").await;
    let path = format!("/staff/{}", day.bea);
    let does = json!({"service_ids": [day.cut, colour]});
    day.salon.patch(&path, &does).await.assert_status_ok();
    let wide = hours(&[(day.date, "10:00", "14:00")]);
    day.salon
        .put(&format!("{path}/working-hours"), &wide)
        .await
        .assert_status_ok();
    let wishes = json!({"service_id": null, "service_ids": [day.cut, colour]});
    let id = day.waits_for("Ada", wishes).await;
    let done: Value = day
        .step(id, "convert", json!({"start": day.at(11, 0)}))
        .await
        .json();
    let bookings = done["bookings"].as_array().unwrap();
    assert_eq!(bookings.len(), 2, "{done}");
    assert_eq!(bookings[0]["end"], bookings[1]["start"]);
    let visit = bookings[0]["visit_id"].as_str().unwrap();
    let visit: Value = day.salon.get(&format!("/visits/{visit}")).await.json();
    assert_eq!(visit["bookings"], done["bookings"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn freed_time_is_held_for_the_oldest_who_wish_for_it_and_then_for_the_next() {
    let day = Day::begin().await;
    let booking = day.book(10).await;
    let evenings = json!({"hours": [{"from": "17:00", "to": "20:00"}]});
    let other = day.waits_for("Evening", evenings).await;
    let (ada, grace) = (day.waits("Ada").await, day.waits("Grace").await);
    day.service_looks().await;
    assert_eq!(
        day.states([other, ada, grace]).await,
        ["waiting", "waiting", "waiting"]
    );

    day.cancel(booking).await;
    assert_eq!(day.free().await, [day.at(10, 0)]);
    day.service_looks().await;
    assert_eq!(
        day.states([other, ada, grace]).await,
        ["waiting", "offered", "waiting"]
    );
    let offer = day.request(ada).await["offer"].clone();
    assert_eq!(
        (&offer["start"], &offer["end"]),
        (&json!(day.at(10, 0)), &json!(day.at(10, 45)))
    );
    assert_eq!(offer["services"][0]["staff"]["name"], "Bea");
    // Held: nobody else can have it.
    assert_eq!(day.free().await, [] as [String; 0]);
    let theirs =
        json!({"service_id": day.cut, "client": {"name": "Quick"}, "start": day.at(10, 0)});
    refused(
        &day.salon.post("/bookings", &theirs).await,
        409,
        "slot_taken",
    );
    refused(
        &day.step(grace, "convert", json!({"start": day.at(10, 0)}))
            .await,
        409,
        "slot_taken",
    );

    // It runs out, and the next one has it.
    day.salon.hands.forward(SignedDuration::from_mins(30));
    day.service_looks().await;
    assert_eq!(
        day.states([other, ada, grace]).await,
        ["waiting", "waiting", "offered"]
    );

    // Who accepts gets just that.
    let done: Value = day.step(grace, "convert", json!({})).await.json();
    assert_eq!(done["bookings"][0]["start"], json!(day.at(10, 0)), "{done}");
    assert_eq!(
        (&done["state"], &done["offer"]),
        (&json!("converted"), &Value::Null)
    );
    day.service_looks().await;
    assert_eq!(day.states([other, ada]).await, ["waiting", "waiting"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_is_not_asked_again_about_that_time() {
    let day = Day::begin().await;
    let booking = day.book(10).await;
    let (ada, grace) = (day.waits("Ada").await, day.waits("Grace").await);
    day.cancel(booking).await;
    day.service_looks().await;
    let declined: Value = day
        .step(ada, "decline", json!({"reason": "too early"}))
        .await
        .json();
    assert_eq!(
        (&declined["state"], &declined["offer"]),
        (&json!("waiting"), &Value::Null)
    );
    day.service_looks().await;
    assert_eq!(day.states([ada, grace]).await, ["waiting", "offered"]);
    refused(
        &day.step(ada, "decline", json!({})).await,
        409,
        "wrong_state",
    );
    // Nor does it come back once nobody is left.
    day.step(grace, "withdraw", json!({}))
        .await
        .assert_status_ok();
    day.service_looks().await;
    assert_eq!(day.states([ada, grace]).await, ["waiting", "withdrawn"]);
    assert_eq!(day.free().await, [day.at(10, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_offered_where_the_rules_say_so() {
    let day = Day::begin().await;
    let rules: Value = day.salon.get("/settings/waitlist").await.json();
    assert_eq!(
        rules,
        json!({"automatic": true, "offer_min": 30, "lead_min": 120})
    );
    let bad = json!({"automatic": true, "offer_min": 0, "lead_min": 120});
    refused(
        &day.salon.put("/settings/waitlist", &bad).await,
        422,
        "invalid",
    );

    day.rules(false, 120).await;
    let booking = day.book(10).await;
    let ada = day.waits("Ada").await;
    day.cancel(booking).await;
    day.service_looks().await;
    assert_eq!(day.states([ada]).await, ["waiting"]);
    // What came free while nobody wanted it offered stays as it is; and so does what comes free too late.
    day.rules(true, 8 * 24 * 60).await;
    day.service_looks().await;
    let booking = day.book(10).await;
    day.cancel(booking).await;
    day.service_looks().await;
    assert_eq!(day.states([ada]).await, ["waiting"]);
    day.rules(true, 0).await;
    let booking = day.book(10).await;
    day.cancel(booking).await;
    day.service_looks().await;
    assert_eq!(day.states([ada]).await, ["offered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_comes_free_in_many_ways() {
    let day = Day::begin().await;
    let next = day.date.tomorrow().unwrap();
    let week = [(day.date, "10:00", "10:45"), (next, "10:00", "10:45")];
    let path = format!("/staff/{}/working-hours", day.bea);
    let offered = async |what: &str, id: Uuid, date: Date| {
        day.service_looks().await;
        let request = day.request(id).await;
        assert_eq!(request["state"], "offered", "{what}");
        let start = warsaw()
            .to_timestamp(date.at(10, 0, 0, 0))
            .unwrap()
            .to_string();
        assert_eq!(request["offer"]["start"], json!(start), "{what}");
        day.step(id, "withdraw", json!({})).await.assert_status_ok();
        day.service_looks().await;
    };
    let ada = day.waits("Ada").await;
    day.salon.put(&path, &hours(&week)).await.assert_status_ok();
    offered("hours widened", ada, next).await;

    let until = format!("{next}T24:00");
    let away = json!({"kind": "sick", "from": format!("{}T00:00", day.date), "to": until});
    let away = id_of(
        &day.salon
            .post(&format!("/staff/{}/absences", day.bea), &away)
            .await,
    );
    let ada = day.waits("Ada").await;
    day.salon.delete(&format!("/absences/{away}")).await;
    offered("an absence cancelled", ada, day.date).await;

    let closure = json!({"from": format!("{next}T00:00"), "to": until});
    let closure = id_of(&day.salon.post("/business/closures", &closure).await);
    let ada = day.waits("Ada").await;
    day.salon
        .delete(&format!("/business/closures/{closure}"))
        .await;
    offered("a closure cancelled", ada, next).await;

    let booking = day.book(10).await;
    let to = warsaw().to_timestamp(next.at(10, 0, 0, 0)).unwrap();
    let ada = day.waits("Ada").await;
    let moved = json!({"start": to});
    day.salon
        .post(&format!("/bookings/{booking}/reschedule"), &moved)
        .await
        .assert_status_ok();
    offered("a booking moved away", ada, day.date).await;

    let ada = day.waits("Ada").await;
    day.salon
        .delete(&format!("/bookings/{booking}"))
        .await
        .assert_status_ok();
    offered("a booking deleted", ada, next).await;

    let ewa = day.salon.staff("Ewa", &[day.cut], &hours(&[])).await;
    let ada = day.waits_for("Ada", json!({"staff_ids": [ewa]})).await;
    day.salon
        .delete(&format!("/staff/{ewa}/working-hours"))
        .await;
    day.service_looks().await;
    assert_eq!(
        day.states([ada]).await,
        ["waiting"],
        "nobody works the hours of a house that has none"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_can_no_longer_be_had_ends_at_once() {
    let day = Day::begin().await;
    let booking = day.book(10).await;
    let ada = day.waits("Ada").await;
    day.cancel(booking).await;
    day.service_looks().await;
    assert_eq!(day.states([ada]).await, ["offered"]);
    // A hold is nobody's booking: it does not stand in the way.
    let away = json!({"kind": "sick", "from": format!("{}T00:00", day.date), "to": format!("{}T24:00", day.date)});
    id_of(
        &day.salon
            .post(&format!("/staff/{}/absences", day.bea), &away)
            .await,
    );
    refused(&day.step(ada, "convert", json!({})).await, 422, "invalid");
    day.service_looks().await;
    assert_eq!(day.states([ada]).await, ["waiting"]);
    let (name, value) = header("daybook-min-position", &day.salon.head().await.to_string());
    let path = format!("/changes?subject_id={ada}&action=waitlist.offer_lapsed");
    let changes: Value = day.salon.get(&path).add_header(name, value).await.json();
    assert_eq!(
        changes["items"][0]["changes"][1]["to"], "no_longer_free",
        "{changes}"
    );
    assert_eq!(changes["items"][0]["actor"]["kind"], "system");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_vain_waits_no_more() {
    let day = Day::begin().await;
    let today = Timestamp::now().to_zoned(warsaw()).date();
    let ada = day.waits_for("Ada", json!({"to": today})).await;
    let grace = day.waits("Grace").await;
    day.listed("").await;
    day.salon.app.expire_requests().await.unwrap();
    assert_eq!(day.states([ada]).await, ["waiting"]);
    day.salon.hands.forward(SignedDuration::from_hours(25));
    day.salon.app.expire_requests().await.unwrap();
    assert_eq!(day.states([ada, grace]).await, ["expired", "waiting"]);
    refused(
        &day.step(ada, "convert", json!({"start": day.at(10, 0)}))
            .await,
        409,
        "wrong_state",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_there_while_the_module_is_off() {
    let day = Day::begin().await;
    let id = day.waits("Ada").await;
    let off = json!({"modules": {"waitlist": false}});
    day.salon.patch("/business", &off).await.assert_status_ok();
    refused(&day.salon.get("/waitlist").await, 403, "module_off");
    refused(
        &day.salon.get(&format!("/waitlist/{id}")).await,
        403,
        "module_off",
    );
    refused(
        &day.step(id, "withdraw", json!({})).await,
        403,
        "module_off",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_comes_free_is_offered_too() {
    let day = Day::begin().await;
    let session: Id<Session> = Id::new(Uuid::now_v7());
    let setting = Setting {
        service_id: Id::new(day.cut),
        staff_id: Id::new(day.bea),
        desk_id: None,
        start: day.at(18, 0).parse().unwrap(),
        timing: Timing::plain(Minutes::new(60)),
    };
    let schedule = SessionCommand::Schedule(Box::new(Schedule {
        class_id: Id::new(Uuid::now_v7()),
        timetabled: None,
        setting: setting.clone(),
        capacity: 1,
    }));
    let target = Target::new(session.uuid());
    day.asks_session(target, schedule).await;
    let (ada, grace) = (day.waits("Ada").await, day.waits("Grace").await);
    let late = day.waits("Late").await;
    day.service_looks().await;
    assert_eq!(day.states([ada, grace]).await, ["waiting", "waiting"]);

    let more = SessionCommand::ChangeCapacity(2);
    day.asks_session(Target::at(session.uuid()), more).await;
    day.service_looks().await;
    // Two seats, and nobody sits yet.
    let states = day.states([ada, grace, late]).await;
    assert_eq!(states, ["offered", "offered", "waiting"]);
    let offer = day.request(ada).await["offer"].clone();
    assert_eq!(
        (&offer["session_id"], &offer["start"]),
        (&json!(session), &json!(day.at(18, 0)))
    );
    let done: Value = day.step(ada, "convert", json!({})).await.json();
    assert_eq!(done["bookings"][0]["session_id"], json!(session), "{done}");
    assert_eq!(done["bookings"][0]["end"], json!(day.at(19, 0)));
    // Who accepts gets what was offered, or hears that it is no more.
    let longer = SessionCommand::Move(Box::new(Setting {
        timing: Timing::plain(Minutes::new(90)),
        ..setting
    }));
    day.asks_session(Target::at(session.uuid()), longer).await;
    refused(
        &day.step(grace, "convert", json!({})).await,
        409,
        "slot_taken",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_given_a_seat_in_a_session_that_is_named() {
    let day = Day::begin().await;
    let dye = day.salon.service("Dye").await;
    let schedule = |service| {
        SessionCommand::Schedule(Box::new(Schedule {
            class_id: Id::new(Uuid::now_v7()),
            timetabled: None,
            setting: Setting {
                service_id: Id::new(service),
                staff_id: Id::new(day.bea),
                desk_id: None,
                start: day
                    .at(if service == day.cut { 18 } else { 20 }, 0)
                    .parse()
                    .unwrap(),
                timing: Timing::plain(Minutes::new(60)),
            },
            capacity: 1,
        }))
    };
    let (session, of_dyes) = (Uuid::now_v7(), Uuid::now_v7());
    day.asks_session(Target::new(session), schedule(day.cut))
        .await;
    day.asks_session(Target::new(of_dyes), schedule(dye)).await;
    let (ada, grace) = (day.waits("Ada").await, day.waits("Grace").await);

    let other = day
        .step(ada, "convert", json!({"session_id": of_dyes}))
        .await;
    let other = refused(&other, 422, "invalid");
    assert_eq!(other["violations"][0]["code"], "not_waited_for", "{other}");
    let wrong = json!({"session_id": session, "start": day.at(10, 0)});
    let wrong = refused(&day.step(ada, "convert", wrong).await, 422, "invalid");
    assert_eq!(wrong["violations"][0]["field"], "start");

    let seat = json!({"session_id": session});
    let done: Value = day.step(ada, "convert", seat.clone()).await.json();
    assert_eq!(done["bookings"][0]["session_id"], json!(session), "{done}");
    assert_eq!(done["bookings"][0]["start"], json!(day.at(18, 0)));
    let full = refused(&day.step(grace, "convert", seat).await, 409, "slot_taken");
    assert_eq!(full["next_free"], json!([]));
    assert_eq!(day.states([ada, grace]).await, ["converted", "waiting"]);
}

/// Two services at work at once, and a crowd: each slot is held for one, and each has one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_promised_what_another_has() {
    let day = Day::begin().await;
    let wide = hours(&[(day.date, "10:00", "13:00")]);
    day.salon
        .put(&format!("/staff/{}/working-hours", day.bea), &wide)
        .await
        .assert_status_ok();
    let mut booked = vec![];
    for (hour, minute) in [(10, 0), (10, 45), (11, 30), (12, 15)] {
        let body = json!({"service_id": day.cut, "client": {"name": "Zofia"}, "start": day.at(hour, minute)});
        booked.push(id_of(&day.salon.post("/bookings", &body).await));
    }
    for n in 0..8 {
        day.waits(&format!("Client {n}")).await;
    }
    let stop = CancellationToken::new();
    let services: Vec<_> = (0..2)
        .map(|_| tokio::spawn(day.salon.app.clone().offer_freed_time(stop.clone())))
        .collect();
    for booking in booked {
        day.cancel(booking).await;
    }
    let mut offered = vec![];
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        offered = day.listed("?state=offered").await;
        if offered.len() == 4 {
            break;
        }
    }
    assert_eq!(offered.len(), 4);
    let mut starts = BTreeSet::new();
    for id in &offered {
        starts.insert(
            day.request(*id).await["offer"]["start"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(starts.len(), 4, "{starts:?}");
    assert_eq!(day.free().await, [] as [String; 0]);
    stop.cancel();
    for service in services {
        service.await.unwrap();
    }
    // Never more than one offer for each time that it came free.
    let path = "/changes?action=waitlist.offered&count=true";
    let (name, value) = header("daybook-min-position", &day.salon.head().await.to_string());
    let changes: Value = day
        .salon
        .call(Method::GET, path)
        .add_header(name, value)
        .await
        .json();
    assert_eq!(changes["total"], 4);
}
