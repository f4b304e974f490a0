//! Classes with their sessions and seats. The clock stands at Monday, 23 November 2026, 10:00 in Warsaw.

mod timetables;

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Salon, id_of};

/// A studio with a class of two seats, Tuesdays and Thursdays at six in the evening, for three weeks.
struct Studio {
    salon: Salon,
    service: Uuid,
    ada: Uuid,
    room: Uuid,
    class: Uuid,
}

impl Studio {
    async fn empty() -> (Salon, Uuid, Uuid, Uuid) {
        let salon = Salon::open().await;
        let service = salon.service("Yoga").await;
        let hours = json!({"weekly": [
            {"weekday": "tue", "from": "09:00", "to": "21:00"},
            {"weekday": "thu", "from": "09:00", "to": "21:00"},
            {"weekday": "fri", "from": "09:00", "to": "21:00"},
        ], "overrides": []});
        let ada = salon.staff("Ada", &[service], &hours).await;
        let room = id_of(
            &salon
                .post("/desks", &json!({"name": "Hall", "capacity": 3}))
                .await,
        );
        (salon, service, ada, room)
    }

    async fn open() -> Self {
        let (salon, service, ada, room) = Self::empty().await;
        let class = id_of(
            &salon
                .post(
                    "/classes",
                    &json!({"service_id": service, "staff_id": ada, "desk_id": room, "capacity": 2,
                        "timetable": {"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6",
                            "start": "2026-11-24T18:00", "duration_min": 60}}),
                )
                .await,
        );
        Self {
            salon,
            service,
            ada,
            room,
            class,
        }
    }

    async fn sessions(&self) -> Vec<Value> {
        let listed = self
            .salon
            .get(&format!("/classes/{}/sessions", self.class))
            .await;
        assert_eq!(listed.status_code(), 200, "{}", listed.text());
        listed.json::<Value>()["items"].as_array().unwrap().clone()
    }

    async fn seat(&self, session: &str, name: &str) -> axum_test::TestResponse {
        let body = json!({"session_id": session, "client": {"name": name}});
        self.salon.post("/bookings", &body).await
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_timetable_becomes_sessions_by_the_clock_on_the_wall() {
    let studio = Studio::open().await;
    let sessions = studio.sessions().await;
    let starts: Vec<_> = sessions.iter().map(|s| text(&s["start"])).collect();
    assert_eq!(starts.len(), 6);
    assert_eq!(
        (starts[0], starts[5]),
        ("2026-11-24T17:00:00Z", "2026-12-10T17:00:00Z")
    );
    assert_eq!(sessions[0]["name"], "Yoga");
    assert_eq!(
        (&sessions[0]["seats_taken"], &sessions[0]["seats_left"]),
        (&json!(0), &json!(2))
    );
    // Across the change of the clocks it stays six in the evening.
    let (salon, service, ada, _) = Studio::empty().await;
    let body = json!({"service_id": service, "staff_id": ada, "capacity": 8, "timetable": {
        "rrule": "FREQ=WEEKLY", "start": "2027-03-25T18:00", "duration_min": 45}});
    let class = id_of(&salon.post("/classes", &body).await);
    let listed: Value = salon
        .get(&format!("/classes/{class}/sessions"))
        .await
        .json();
    assert_eq!(listed["items"][0]["start"], "2027-03-25T17:00:00Z");
    assert_eq!(listed["items"][1]["start"], "2027-04-01T16:00:00Z");
    let shown: Value = salon.get(&format!("/classes/{class}")).await.json();
    assert_eq!(shown["timetable"]["start"], "2027-03-25T18:00");
    assert_eq!(shown["scheduled_through"], "2027-05-24T23:59:59");
}

#[tokio::test]
async fn a_bad_rule_is_told_at_its_field() {
    let (salon, service, ada, _) = Studio::empty().await;
    for (rule, start) in [
        ("FREQ=SOMETIMES", "2026-11-24T18:00"),
        ("FREQ=WEEKLY;BYDAY=XX", "2026-11-24T18:00"),
        ("", "2026-11-24T18:00"),
        ("FREQ=DAILY;UNTIL=20261101T000000Z", "2026-10-01T18:00"),
    ] {
        let body = json!({"service_id": service, "staff_id": ada, "capacity": 8, "timetable": {
            "rrule": rule, "start": start, "duration_min": 45}});
        let refused = salon.post("/classes", &body).await;
        assert_eq!(refused.status_code(), 422, "{rule}");
        let problem: Value = refused.json();
        assert_eq!(
            problem["violations"][0]["field"], "timetable.rrule",
            "{rule}"
        );
    }
    let body = json!({"service_id": service, "staff_id": ada, "capacity": 0, "timetable": {
        "rrule": "FREQ=DAILY", "start": "soon", "duration_min": 0}});
    let problem: Value = salon.post("/classes", &body).await.json();
    let fields: Vec<_> = problem["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| text(&v["field"]))
        .collect();
    assert_eq!(
        fields,
        ["capacity", "timetable.start", "timetable.duration_min"]
    );
}

#[tokio::test]
async fn without_the_module_there_are_no_classes() {
    let salon = Salon::open().await;
    salon.get("/classes").await.assert_status_ok();
    let off = json!({"modules": {"classes": false}});
    salon.patch("/business", &off).await.assert_status_ok();
    let refused = salon.get("/classes").await;
    assert_eq!(refused.status_code(), 403);
    assert_eq!(refused.json::<Value>()["code"], "module_off");
    let body = json!({"session_id": Uuid::now_v7(), "client": {"name": "Zed"}});
    let refused = salon.post("/bookings", &body).await;
    assert_eq!(refused.json::<Value>()["code"], "module_off");
}

#[tokio::test]
async fn a_session_takes_its_people_and_its_whole_place_before_anybody_comes() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let body = json!({"service_id": studio.service, "staff_id": studio.ada,
        "start": "2026-11-24T17:30:00Z", "client": {"name": "Zed"}});
    let refused = salon.post("/bookings", &body).await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    // The hall has three places; a class needs them all.
    let bea = salon
        .staff("Bea", &[studio.service], &json!({"weekly": [{"weekday": "tue", "from": "09:00", "to": "21:00"}], "overrides": []}))
        .await;
    let body = json!({"service_id": studio.service, "staff_id": bea, "desk_id": studio.room,
        "start": "2026-11-24T17:30:00Z", "client": {"name": "Zed"}});
    assert_eq!(salon.post("/bookings", &body).await.status_code(), 409);
    // A second class over the same time is told which dates stand in its way, or leaves them out.
    let mut body = json!({"service_id": studio.service, "staff_id": studio.ada, "capacity": 2,
        "timetable": {"rrule": "FREQ=DAILY;COUNT=3", "start": "2026-11-23T18:30", "duration_min": 60}});
    let refused = salon.post("/classes", &body).await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "slot_taken");
    assert_eq!(
        problem["taken"],
        json!([{"start": "2026-11-24T17:30:00Z", "end": "2026-11-24T18:30:00Z", "why": "staff_busy"}])
    );
    // Once that session is over Ada is free again.
    assert_eq!(
        (
            &problem["next_free"][0]["start"],
            &problem["next_free"][0]["staff_id"]
        ),
        (&json!("2026-11-24T18:00:00Z"), &json!(studio.ada))
    );
    body["skip_taken"] = json!(true);
    let made = salon.post("/classes", &body).await;
    assert_eq!(made.status_code(), 201);
    assert_eq!(made.json::<Value>()["skipped"], json!(["2026-11-24T18:30"]));
}

#[tokio::test]
async fn who_comes_for_the_last_seat_gets_it_once() {
    let studio = Studio::open().await;
    let sessions = studio.sessions().await;
    let session = text(&sessions[0]["id"]);
    let first = studio.seat(session, "First").await;
    assert_eq!(first.status_code(), 201, "{}", first.text());
    let booking: Value = first.json();
    assert_eq!(booking["session_id"], session);
    assert_eq!(booking["start"], sessions[0]["start"]);
    assert_eq!(booking["staff"]["id"], json!(studio.ada));
    assert_eq!(booking["price"], "120.00");

    let names: Vec<_> = (0..64).map(|n| format!("Client {n}")).collect();
    let racing = names.iter().map(|name| studio.seat(session, name));
    let answers = join_all(racing).await;
    let won = answers.iter().filter(|a| a.status_code() == 201).count();
    assert_eq!(won, 1);
    for refused in answers.iter().filter(|a| a.status_code() != 201) {
        assert_eq!(refused.status_code(), 409, "{}", refused.text());
    }
    let refused = answers.iter().find(|a| a.status_code() == 409).unwrap();
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "slot_taken");
    assert_eq!(problem["next_free"][0]["session_id"], sessions[1]["id"]);
    assert_eq!(problem["next_free"][0]["seats_left"], 2);
    assert_eq!(studio.sessions().await[0]["seats_left"], 0);
}

#[tokio::test]
async fn nobody_sits_on_two_seats_and_a_seat_given_up_is_free() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let sessions = studio.sessions().await;
    let session = text(&sessions[0]["id"]);
    let client = id_of(&salon.post("/clients", &json!({"name": "Ola"})).await);
    let body = json!({"session_id": session, "client_id": client});
    let seat = id_of(&salon.post("/bookings", &body).await);
    let refused = salon.post("/bookings", &body).await;
    assert_eq!(refused.status_code(), 422, "{}", refused.text());
    assert_eq!(
        refused.json::<Value>()["violations"][0]["field"],
        "client_id"
    );

    let cancelled = salon
        .post(&format!("/bookings/{seat}/cancel"), &json!({}))
        .await;
    assert_eq!(cancelled.status_code(), 200);
    let now = studio.sessions().await;
    assert_eq!(
        (&now[0]["status"], &now[0]["seats_left"]),
        (&json!("scheduled"), &json!(2))
    );
    id_of(&studio.seat(session, "A").await);
    id_of(&studio.seat(session, "B").await);
    // The seat is gone: the cancelled one cannot come back to it.
    let refused = salon
        .post(&format!("/bookings/{seat}/restore"), &json!({}))
        .await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    assert_eq!(
        refused.json::<Value>()["next_free"][0]["session_id"],
        sessions[1]["id"]
    );
}

#[tokio::test]
async fn a_seat_goes_to_another_session_and_to_no_time_of_its_own() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let sessions = studio.sessions().await;
    let seat = id_of(&studio.seat(text(&sessions[0]["id"]), "Ola").await);
    let to = |body: Value| salon.post(&format!("/bookings/{seat}/reschedule"), &body);
    let moved = to(json!({"session_id": sessions[1]["id"]})).await;
    assert_eq!(moved.status_code(), 200, "{}", moved.text());
    assert_eq!(moved.json::<Value>()["start"], sessions[1]["start"]);
    let refused = to(json!({"start": "2026-11-27T10:00:00Z"})).await;
    assert_eq!(refused.status_code(), 409);
    assert_eq!(refused.json::<Value>()["code"], "wrong_state");
    let now = studio.sessions().await;
    assert_eq!(
        (&now[0]["seats_left"], &now[1]["seats_left"]),
        (&json!(2), &json!(1))
    );
    let off = json!({"modules": {"classes": false}});
    salon.patch("/business", &off).await.assert_status_ok();
    let refused = to(json!({"session_id": sessions[0]["id"]})).await;
    assert_eq!(refused.json::<Value>()["code"], "module_off");
}

#[tokio::test]
async fn all_seats_move_with_their_session_and_say_so() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let session = text(&studio.sessions().await[0]["id"]).to_owned();
    let mut seats = vec![];
    for name in ["A", "B"] {
        seats.push(id_of(&studio.seat(&session, name).await));
    }
    let given_up = seats[1];
    salon
        .post(&format!("/bookings/{given_up}/cancel"), &json!({}))
        .await;
    let moved = salon
        .post(
            &format!("/sessions/{session}/reschedule"),
            &json!({"start": "2026-11-27T16:00:00Z"}),
        )
        .await;
    assert_eq!(moved.status_code(), 200, "{}", moved.text());
    assert_eq!(moved.json::<Value>()["seats_taken"], 1);
    let booking: Value = salon.get(&format!("/bookings/{}", seats[0])).await.json();
    assert_eq!(booking["start"], "2026-11-27T16:00:00Z");
    // Its old time is free, the new one is not.
    let walk_in = |start: &str| {
        let body = json!({"service_id": studio.service, "staff_id": studio.ada, "start": start,
            "client": {"name": "Zed"}});
        salon.post("/bookings", &body)
    };
    assert_eq!(walk_in("2026-11-24T17:00:00Z").await.status_code(), 201);
    assert_eq!(walk_in("2026-11-27T16:30:00Z").await.status_code(), 409);
    // What was given up before stands where it stood; it comes back to where the session is now.
    let back = salon
        .post(&format!("/bookings/{given_up}/restore"), &json!({}))
        .await;
    assert_eq!(back.status_code(), 200, "{}", back.text());
    assert_eq!(back.json::<Value>()["start"], "2026-11-27T16:00:00Z");
    let position = salon.head().await.to_string();
    let (name, value) = super::support::header("daybook-min-position", &position);
    let changes = salon
        .get(&format!("/bookings/{}/changes", seats[0]))
        .add_header(name, value)
        .await;
    let changes: Value = changes.json();
    let last = changes.as_array().unwrap().last().unwrap();
    assert_eq!(last["action"], "booking.rescheduled");
    let with = last["changes"].as_array().unwrap().iter();
    assert!(
        with.clone()
            .any(|c| c["field"] == "moved_with" && c["to"] == session)
    );
}

#[tokio::test]
async fn a_session_that_is_called_off_takes_its_seats_along() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let session = text(&studio.sessions().await[0]["id"]).to_owned();
    let seat = id_of(&studio.seat(&session, "Ola").await);
    let path = format!("/sessions/{session}/cancel");
    let off = salon.post(&path, &json!({"reason": "flu"})).await;
    assert_eq!(off.status_code(), 200, "{}", off.text());
    assert_eq!(off.json::<Value>()["cancel_reason"], "flu");
    let booking: Value = salon.get(&format!("/bookings/{seat}")).await.json();
    assert_eq!(
        (&booking["status"], &booking["cancel_reason"]),
        (&json!("cancelled"), &json!("flu"))
    );
    // Twice is nothing new; and nobody comes back to what is not.
    assert_eq!(salon.post(&path, &json!({})).await.status_code(), 200);
    let back = salon
        .post(&format!("/bookings/{seat}/reopen"), &json!({}))
        .await;
    assert_eq!(back.status_code(), 409, "{}", back.text());
    assert_eq!(studio.sessions().await.len(), 5);
    assert_eq!(studio.seat(&session, "Late").await.status_code(), 422);
}

#[tokio::test]
async fn capacity_does_not_fall_below_the_seats_that_are_taken() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let session = text(&studio.sessions().await[0]["id"]).to_owned();
    id_of(&studio.seat(&session, "A").await);
    id_of(&studio.seat(&session, "B").await);
    let path = format!("/sessions/{session}");
    let refused = salon.patch(&path, &json!({"capacity": 1})).await;
    assert_eq!(refused.status_code(), 422, "{}", refused.text());
    assert_eq!(
        refused.json::<Value>()["violations"][0]["field"],
        "capacity"
    );
    let grown = salon.patch(&path, &json!({"capacity": 3})).await;
    assert_eq!(grown.json::<Value>()["seats_left"], 1);
    id_of(&studio.seat(&session, "C").await);
    assert_eq!(studio.seat(&session, "D").await.status_code(), 409);
}

#[tokio::test]
async fn a_class_changes_its_people_for_all_sessions_ahead() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let session = text(&studio.sessions().await[2]["id"]).to_owned();
    let seat = id_of(&studio.seat(&session, "Ola").await);
    let bea = salon.staff("Bea", &[studio.service], &Value::Null).await;
    let path = format!("/classes/{}", studio.class);
    let changed = salon
        .patch(&path, &json!({"staff_id": bea, "name": "Evening yoga"}))
        .await;
    assert_eq!(changed.status_code(), 200, "{}", changed.text());
    for session in studio.sessions().await {
        assert_eq!(session["staff"]["id"], json!(bea));
        assert_eq!(session["name"], "Evening yoga");
    }
    let booking: Value = salon.get(&format!("/bookings/{seat}")).await.json();
    assert_eq!(booking["staff"]["id"], json!(bea));
}

#[tokio::test]
async fn another_timetable_leaves_alone_what_somebody_booked_or_moved() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let sessions = studio.sessions().await;
    let booked = text(&sessions[0]["id"]).to_owned();
    let seat = id_of(&studio.seat(&booked, "Ola").await);
    let moved = text(&sessions[1]["id"]).to_owned();
    let path = format!("/sessions/{moved}/reschedule");
    let done = salon
        .post(&path, &json!({"start": "2026-11-27T08:00:00Z"}))
        .await;
    assert_eq!(done.status_code(), 200, "{}", done.text());
    let off = text(&sessions[2]["id"]).to_owned();
    salon
        .post(&format!("/sessions/{off}/cancel"), &json!({}))
        .await;
    let path = format!("/classes/{}", studio.class);
    // Tuesdays alone, and the first one at another hour: a seat stands in the way.
    let mut body = json!({"timetable": {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3",
        "start": "2026-11-24T19:30", "duration_min": 60}});
    let refused = salon.patch(&path, &body).await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "bookings_affected");
    assert_eq!(problem["bookings"][0]["id"], booked);
    assert_eq!(problem["bookings"][0]["kind"], "session");
    body["keep_bookings"] = json!(true);
    let changed = salon.patch(&path, &body).await;
    assert_eq!(changed.status_code(), 200, "{}", changed.text());
    let starts: Vec<_> = studio
        .sessions()
        .await
        .iter()
        .map(|s| text(&s["start"]).to_owned())
        .collect();
    assert_eq!(
        starts,
        [
            "2026-11-24T17:00:00Z", // booked
            "2026-11-24T18:30:00Z",
            "2026-11-27T08:00:00Z", // moved by hand
            "2026-12-01T18:30:00Z",
            "2026-12-08T18:30:00Z",
        ]
    );
    let booking: Value = salon.get(&format!("/bookings/{seat}")).await.json();
    assert_eq!(booking["status"], "confirmed");
}

#[tokio::test]
async fn a_date_beside_the_timetable_and_an_exception_in_it() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let path = format!("/classes/{}/sessions", studio.class);
    let extra = salon
        .post(&path, &json!({"start": "2026-11-28T10:00", "capacity": 5}))
        .await;
    assert_eq!(extra.status_code(), 201, "{}", extra.text());
    let extra: Value = extra.json();
    assert_eq!(
        (&extra["start"], &extra["timetabled"]),
        (&json!("2026-11-28T09:00:00Z"), &Value::Null)
    );
    assert_eq!(
        salon
            .post(&path, &json!({"start": "2026-11-28T10:30"}))
            .await
            .status_code(),
        409
    );
    assert_eq!(salon.post(&path, &json!({})).await.status_code(), 422);
    // What is there already is not set down twice.
    let period = salon
        .post(&path, &json!({"from": "2026-11-23", "to": "2026-12-31"}))
        .await;
    assert_eq!(period.status_code(), 201, "{}", period.text());
    assert_eq!(period.json::<Value>()["sessions"], json!([]));
    let changed = salon
        .patch(
            &format!("/classes/{}", studio.class),
            &json!({"timetable": {"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6", "start": "2026-11-24T18:00",
                "duration_min": 60, "exceptions": ["2026-11-26"]}}),
        )
        .await;
    assert_eq!(changed.status_code(), 200, "{}", changed.text());
    assert_eq!(
        changed.json::<Value>()["timetable"]["exceptions"],
        json!(["2026-11-26"])
    );
    let starts: Vec<_> = studio
        .sessions()
        .await
        .iter()
        .map(|s| text(&s["start"]).to_owned())
        .collect();
    assert_eq!(starts.len(), 6);
    assert!(!starts.contains(&"2026-11-26T17:00:00Z".to_owned()));
    assert!(starts.contains(&"2026-11-28T09:00:00Z".to_owned()));
}

#[tokio::test]
async fn an_endless_timetable_is_topped_up_and_remembers_what_was_called_off() {
    let (salon, service, ada, _) = Studio::empty().await;
    let body = json!({"service_id": service, "staff_id": ada, "capacity": 8, "timetable": {
        "rrule": "FREQ=WEEKLY;BYDAY=TU", "start": "2026-11-24T18:00", "duration_min": 60}});
    let class = id_of(&salon.post("/classes", &body).await);
    let all = format!("/classes/{class}/sessions?limit=500&count=true");
    let before: Value = salon.get(&all).await.json();
    assert_eq!(before["total"], 26);
    let first = text(&before["items"][0]["id"]).to_owned();
    salon
        .post(&format!("/sessions/{first}/cancel"), &json!({}))
        .await;
    assert_eq!(salon.app.top_up(salon.business()).await.unwrap(), 0);
    salon
        .hands
        .forward(jiff::SignedDuration::from_hours(24 * 15));
    // Two at once: each date once.
    let (one, two) = tokio::join!(
        salon.app.top_up(salon.business()),
        salon.app.top_up(salon.business())
    );
    assert_eq!(one.unwrap() + two.unwrap(), 3);
    let after: Value = salon.get(&all).await.json();
    assert_eq!(after["total"], 28);
    let ended = salon
        .post(&format!("/classes/{class}/retire"), &json!({}))
        .await;
    assert_eq!(ended.status_code(), 200, "{}", ended.text());
    salon
        .hands
        .forward(jiff::SignedDuration::from_hours(24 * 60));
    assert_eq!(salon.app.top_up(salon.business()).await.unwrap(), 0);
    let ahead: Value = salon
        .get(&format!("/sessions?class_id={class}&from=2026-12-09"))
        .await
        .json();
    assert_eq!(ahead["items"], json!([]));
}

#[tokio::test]
async fn sessions_stand_among_the_free_times_and_in_the_calendar() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let sessions = studio.sessions().await;
    let session = text(&sessions[0]["id"]);
    let seat = id_of(&studio.seat(session, "Ola").await);
    let free = |query: String| async move {
        let path = format!("/availability?service_id={}&{query}", studio.service);
        let answer: Value = salon.get(&path).await.json();
        let slots = answer["slots"].as_array().unwrap().clone();
        assert!(slots.is_sorted_by_key(|slot| text(&slot["start"]).to_owned()));
        slots
            .into_iter()
            .filter(|slot| slot["session_id"].is_string())
            .collect::<Vec<_>>()
    };
    let open = free("from=2026-11-24&to=2026-11-26".into()).await;
    assert_eq!(open.len(), 2);
    assert_eq!(
        (&open[0]["session_id"], &open[0]["seats_left"]),
        (&json!(session), &json!(1))
    );
    id_of(&studio.seat(session, "Zed").await);
    assert_eq!(free("from=2026-11-24&to=2026-11-26".into()).await.len(), 1);
    let nobody = Uuid::now_v7();
    let other = free(format!(
        "from=2026-11-24&to=2026-11-26&desk_id={}",
        studio.room
    ))
    .await;
    assert_eq!(other.len(), 1);
    assert_ne!(nobody, studio.room);
    let next = format!(
        "/availability/next?service_id={}&after=2026-11-26T16:50:00Z&limit=2",
        studio.service
    );
    let next: Value = salon.get(&next).await.json();
    assert_eq!(next["slots"][0]["session_id"], sessions[1]["id"]);

    let position = salon.head().await.to_string();
    let min = || super::support::header("daybook-min-position", &position);
    let (name, value) = min();
    let day = salon
        .get("/calendar?from=2026-11-24&view=day")
        .add_header(name, value)
        .await;
    let day: Value = day.json();
    assert_eq!(day["sessions"][0]["id"], session);
    assert_eq!(
        (
            &day["sessions"][0]["seats_taken"],
            &day["sessions"][0]["name"]
        ),
        (&json!(2), &json!("Yoga"))
    );
    let bookings = day["bookings"].as_array().unwrap();
    assert!(
        bookings
            .iter()
            .any(|b| b["id"] == json!(seat) && b["session_id"] == session)
    );
    let hours: Value = salon.get("/calendar/monitor?date=2026-11-24").await.json();
    let six = hours["hours"]
        .as_array()
        .unwrap()
        .iter()
        .find(|h| h["from"] == "18:00")
        .unwrap();
    assert_eq!(six["sessions"][0]["id"], session);
    let (name, value) = min();
    let history = salon
        .get("/history?limit=1&sort=created")
        .add_header(name, value)
        .await;
    assert_eq!(history.json::<Value>()["items"][0]["session_id"], session);
    let (name, value) = min();
    let changes = salon
        .get(&format!(
            "/changes?subject_type=session&subject_id={session}"
        ))
        .add_header(name, value)
        .await;
    assert_eq!(
        changes.json::<Value>()["items"][0]["action"],
        "session.scheduled"
    );
}

#[tokio::test]
async fn absences_and_closures_name_the_sessions_in_their_way() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let session = &studio.sessions().await[0];
    let away = json!({"kind": "vacation", "from": "2026-11-24T00:00", "to": "2026-11-25T00:00"});
    let refused = salon
        .post(&format!("/staff/{}/absences", studio.ada), &away)
        .await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(problem["code"], "bookings_affected");
    assert_eq!(
        (
            &problem["bookings"][0]["id"],
            &problem["bookings"][0]["kind"]
        ),
        (&session["id"], &json!("session"))
    );
    // And nobody is timetabled while they are away.
    let away = json!({"kind": "vacation", "from": "2026-12-15T00:00", "to": "2026-12-16T00:00"});
    id_of(
        &salon
            .post(&format!("/staff/{}/absences", studio.ada), &away)
            .await,
    );
    let path = format!("/classes/{}/sessions", studio.class);
    let refused = salon
        .post(&path, &json!({"start": "2026-12-15T18:00"}))
        .await;
    assert_eq!(refused.json::<Value>()["taken"][0]["why"], "staff_away");
}

#[tokio::test]
async fn a_repeated_command_is_answered_as_the_first_time() {
    let (salon, service, ada, _) = Studio::empty().await;
    let body = json!({"service_id": service, "staff_id": ada, "capacity": 2, "timetable": {
        "rrule": "FREQ=DAILY;COUNT=3", "start": "2026-11-24T18:00", "duration_min": 60}});
    let make = || {
        let (name, value) = super::support::header("idempotency-key", "yoga");
        salon.post("/classes", &body).add_header(name, value)
    };
    let (first, second) = (make().await, make().await);
    assert_eq!(first.status_code(), 201, "{}", first.text());
    assert_eq!(first.text(), second.text());
    let listed: Value = salon.get("/sessions?count=true").await.json();
    assert_eq!(listed["total"], 3);
}
