//! What becomes of a class's sessions when its timetable, its people or its place change.

use std::collections::BTreeSet;

use jiff::{
    SignedDuration, ToSpan as _,
    civil::{Date, DateTime, Weekday},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Studio, text};
use crate::{
    bookings::refused,
    support::{Salon, header, id_of},
};

/// The standing sessions ahead of a class, by the date of the timetable that each stands for.
async fn standing(salon: &Salon, class: Uuid, from: Date) -> Vec<(DateTime, Uuid)> {
    let mut found = vec![];
    let mut after = String::new();
    loop {
        let path = format!("/classes/{class}/sessions?from={from}&limit=500{after}");
        let page: Value = salon.get(&path).await.json();
        for session in page["items"].as_array().unwrap() {
            if let Some(date) = session["timetabled"].as_str() {
                let id = text(&session["id"]).parse().unwrap();
                found.push((date.parse().unwrap(), id));
            }
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

/// A rule of whole weeks, simple enough to be counted on one's fingers.
#[derive(Debug, Clone)]
struct Weeks {
    days: Vec<Weekday>,
    until: Option<Date>,
    exceptions: BTreeSet<Date>,
}

impl Weeks {
    fn any() -> Self {
        let days = [
            vec![Weekday::Tuesday],
            vec![Weekday::Thursday],
            vec![Weekday::Tuesday, Weekday::Thursday],
        ];
        let until = [None, Some("2027-03-01"), Some("2027-12-30")];
        let dates = ["2026-12-01", "2026-12-24", "2027-05-27", "2027-06-01"];
        let exceptions = dates.iter().filter(|_| rand::random());
        Self {
            days: days[rand::random_range(0..days.len())].clone(),
            until: until[rand::random_range(0..until.len())].map(|day| day.parse().unwrap()),
            exceptions: exceptions.map(|day| day.parse().unwrap()).collect(),
        }
    }

    fn timetable(&self) -> Value {
        let name = |day: &Weekday| {
            if *day == Weekday::Tuesday { "TU" } else { "TH" }
        };
        let days = self.days.iter().map(name);
        let days: Vec<_> = days.collect();
        let until = self
            .until
            .map(|day| format!(";UNTIL={}T235959", day.strftime("%Y%m%d")));
        let rrule = format!(
            "FREQ=WEEKLY;BYDAY={}{}",
            days.join(","),
            until.unwrap_or_default()
        );
        json!({"rrule": rrule, "start": "2026-11-24T18:00", "duration_min": 60, "exceptions": self.exceptions})
    }

    fn names(&self, at: DateTime) -> bool {
        let date = at.date();
        let ended = self.until.is_some_and(|until| until < date);
        self.days.contains(&date.weekday()) && !ended && !self.exceptions.contains(&date)
    }

    fn dates(&self, from: DateTime, through: DateTime) -> BTreeSet<DateTime> {
        let days = from.date().series(1.day());
        let days = days.take_while(|day| *day <= through.date());
        let at = days.map(|day| day.at(18, 0, 0, 0));
        at.filter(|at| from <= *at && self.names(*at)).collect()
    }
}

/// After any chain of changes the sessions ahead are what the rule names, less what was called off by hand.
#[tokio::test]
async fn sessions_follow_their_timetable_however_often_it_changes() {
    for _ in 0..4 {
        let (salon, service, ada, _) = Studio::empty().await;
        let mut weeks = Weeks::any();
        let body = json!({"service_id": service, "staff_id": ada, "capacity": 8,
            "timetable": weeks.timetable()});
        let class = id_of(&salon.post("/classes", &body).await);
        let path = format!("/classes/{class}");
        let mut now: DateTime = "2026-11-23T10:00".parse().unwrap();
        let mut by_hand = BTreeSet::new();
        let mut story = vec![format!("{weeks:?}")];
        for _ in 0..7 {
            match rand::random_range(0..5) {
                0 => {
                    let there = standing(&salon, class, now.date()).await;
                    if let Some((date, id)) = there.get(rand::random_range(0..20)) {
                        let off = salon.post(&format!("/sessions/{id}/cancel"), &json!({}));
                        off.await.assert_status_ok();
                        by_hand.insert(*date);
                        story.push(format!("off {date}"));
                    }
                }
                1 => {
                    // Earlier than they would come by themselves.
                    let from = now.date() + 170.days();
                    let to = from + 60.days();
                    let period = json!({"from": from, "to": to});
                    let made = salon.post(&format!("{path}/sessions"), &period).await;
                    assert_eq!(made.status_code(), 201, "{}", made.text());
                    story.push(format!("early {from} {to}"));
                }
                2 => {
                    let days = rand::random_range(1..30);
                    salon.hands.forward(SignedDuration::from_hours(24 * days));
                    now += days.days();
                    salon.app.top_up(salon.business()).await.unwrap();
                    story.push(format!("{days} days later"));
                }
                _ => {
                    weeks = Weeks::any();
                    let change = json!({"timetable": weeks.timetable()});
                    let changed = salon.patch(&path, &change).await;
                    assert_eq!(changed.status_code(), 200, "{}", changed.text());
                    story.push(format!("{weeks:?}"));
                }
            }
            let shown: Value = salon.get(&path).await.json();
            let through: DateTime = text(&shown["scheduled_through"]).parse().unwrap();
            let there = standing(&salon, class, now.date()).await;
            let there: BTreeSet<_> = there.into_iter().map(|(date, _)| date).collect();
            let there: BTreeSet<_> = there.into_iter().filter(|date| now <= *date).collect();
            let due = weeks.dates(now, through);
            let due: BTreeSet<_> = due.difference(&by_hand).copied().collect();
            let early: Vec<_> = there.iter().filter(|date| through < **date).collect();
            let till: BTreeSet<_> = there.range(..=through).copied().collect();
            assert_eq!(till, due, "{story:#?}");
            for date in early {
                assert!(
                    weeks.names(*date) && !by_hand.contains(date),
                    "{date}: {story:#?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn dates_that_are_named_still_stay_however_far_ahead() {
    let (salon, service, ada, _) = Studio::empty().await;
    let timetable = |until: &str, exceptions: Value| {
        json!({"timetable": {"rrule": format!("FREQ=WEEKLY;BYDAY=TU{until}"), "start": "2026-11-24T18:00",
            "duration_min": 60, "exceptions": exceptions}})
    };
    let mut body = timetable(";UNTIL=20281101T000000", json!([]));
    body["service_id"] = json!(service);
    body["staff_id"] = json!(ada);
    body["capacity"] = json!(2);
    let class = id_of(&salon.post("/classes", &body).await);
    let from = "2026-11-23".parse().unwrap();
    let before = standing(&salon, class, from).await;
    assert_eq!(before.len(), 102);
    // Without an end it is set down half a year ahead; what is there already stays.
    let path = format!("/classes/{class}");
    let endless = salon.patch(&path, &timetable("", json!([])));
    endless.await.assert_status_ok();
    assert_eq!(standing(&salon, class, from).await, before);
    // An exception takes its date, and gives it back.
    let excepted = json!(["2028-02-01"]);
    let fewer = salon.patch(&path, &timetable("", excepted));
    fewer.await.assert_status_ok();
    assert_eq!(standing(&salon, class, from).await.len(), 101);
    let again = salon.patch(&path, &timetable("", json!([])));
    again.await.assert_status_ok();
    let early = json!({"from": "2028-01-01", "to": "2028-03-01"});
    id_of(&salon.post(&format!("{path}/sessions"), &early).await);
    assert_eq!(standing(&salon, class, from).await.len(), 102);
}

#[tokio::test]
async fn what_the_clock_never_shows_is_no_date() {
    let (salon, service, ada, _) = Studio::empty().await;
    let body = json!({"service_id": service, "staff_id": ada, "capacity": 2, "timetable": {
        "rrule": "FREQ=DAILY;COUNT=3", "start": "2027-03-27T02:30", "duration_min": 30}});
    let class = id_of(&salon.post("/classes", &body).await);
    let there = standing(&salon, class, "2027-03-01".parse().unwrap()).await;
    let dates: Vec<_> = there.iter().map(|(date, _)| date.to_string()).collect();
    // On the 28th clocks go from two to three.
    assert_eq!(dates, ["2027-03-27T02:30:00", "2027-03-29T02:30:00"]);
}

#[tokio::test]
async fn a_date_over_one_that_is_kept_is_left_out() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let kept = text(&studio.sessions().await[0]["id"]).to_owned();
    id_of(&studio.seat(&kept, "Ola").await);
    let mut body = json!({"keep_bookings": true, "timetable": {
        "rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "start": "2026-11-24T18:30", "duration_min": 60}});
    let path = format!("/classes/{}", studio.class);
    let told = refused(&salon.patch(&path, &body).await, 409, "slot_taken");
    assert_eq!(told["taken"][0]["start"], "2026-11-24T17:30:00Z", "{told}");
    body["skip_taken"] = json!(true);
    let changed = salon.patch(&path, &body).await;
    assert_eq!(changed.status_code(), 200, "{}", changed.text());
    let sessions = studio.sessions().await;
    let starts: Vec<_> = sessions.iter().map(|s| text(&s["start"])).collect();
    let wanted = [
        "2026-11-24T17:00:00Z",
        "2026-12-01T17:30:00Z",
        "2026-12-08T17:30:00Z",
    ];
    assert_eq!(starts, wanted);
}

#[tokio::test]
async fn a_class_of_very_many_sessions_ends_all_the_same() {
    let (salon, service, ada, _) = Studio::empty().await;
    let body = json!({"service_id": service, "staff_id": ada, "capacity": 2, "timetable": {
        "rrule": "FREQ=DAILY;BYHOUR=7,9,18", "start": "2026-11-24T07:00", "duration_min": 60}});
    let class = id_of(&salon.post("/classes", &body).await);
    salon.app.top_up(salon.business()).await.unwrap();
    let from = "2026-11-23".parse().unwrap();
    let there = standing(&salon, class, from).await;
    assert!(there.len() > 500, "{}", there.len());
    let (_, kept) = there[3];
    let seat = json!({"session_id": kept, "client": {"name": "Ola"}});
    id_of(&salon.post("/bookings", &seat).await);
    let path = format!("/classes/{class}");
    let bea = salon.staff("Bea", &[service], &Value::Null).await;
    let told = refused(
        &salon.patch(&path, &json!({"staff_id": bea})).await,
        422,
        "invalid",
    );
    assert_eq!(told["violations"][0]["field"], "staff_id", "{told}");
    let retire = format!("{path}/retire");
    refused(
        &salon.post(&retire, &json!({})).await,
        409,
        "bookings_affected",
    );
    let keep = json!({"keep_bookings": true});
    let ended = salon.post(&retire, &keep).await;
    assert_eq!(ended.status_code(), 200, "{}", ended.text());
    let there = standing(&salon, class, from).await;
    assert_eq!(there.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [kept]);
}

#[tokio::test]
async fn nobody_is_timetabled_who_left_nor_where_there_is_no_desk() {
    let (salon, service, ada, room) = Studio::empty().await;
    let public = |session: Value| {
        let wish =
            json!({"session_id": session, "client": {"name": "Vera", "phone": "600 200 300"}});
        salon
            .bare(axum::http::Method::POST, "/public/ada/bookings")
            .json(&wish)
    };
    let body = json!({"service_id": service, "staff_id": ada, "desk_id": room, "capacity": 2, "timetable": {
        "rrule": "FREQ=WEEKLY;BYDAY=TU", "start": "2026-11-24T18:00", "duration_min": 60}});
    let class = id_of(&salon.post("/classes", &body).await);
    let path = format!("/classes/{class}/sessions");
    let keep = json!({"keep_bookings": true});
    let far = json!({"from": "2027-06-01", "to": "2027-06-30"});
    let first = salon.get(&path).await.json::<Value>()["items"][0]["id"].clone();
    let month = SignedDuration::from_hours(24 * 30);
    let why = async || -> Value {
        salon.hands.forward(month);
        assert_eq!(salon.app.top_up(salon.business()).await.unwrap(), 0);
        let told = refused(&salon.post(&path, &far).await, 409, "slot_taken");
        told["taken"][0]["why"].clone()
    };
    let close = salon.post(&format!("/desks/{room}/close"), &keep);
    close.await.assert_status_ok();
    let told = public(first).await;
    assert_eq!(
        told.json::<Value>()["violations"][0]["code"],
        "not_bookable"
    );
    assert_eq!(why().await, "desk_closed");
    // Open again, it catches up with what was due meanwhile.
    let open = salon.post(&format!("/desks/{room}/open"), &json!({}));
    open.await.assert_status_ok();
    assert_eq!(salon.app.top_up(salon.business()).await.unwrap(), 5);
    let leave = salon.post(&format!("/staff/{ada}/retire"), &keep);
    leave.await.assert_status_ok();
    assert_eq!(why().await, "staff_away");
}

#[tokio::test]
async fn a_place_that_grows_is_its_sessions_whole_still() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let hours =
        json!({"weekly": [{"weekday": "tue", "from": "09:00", "to": "21:00"}], "overrides": []});
    let bea = salon.staff("Bea", &[studio.service], &hours).await;
    let beside = async || {
        let body = json!({"service_id": studio.service, "staff_id": bea, "desk_id": studio.room,
            "start": "2026-11-24T17:30:00Z", "client": {"name": "Zed"}});
        refused(&salon.post("/bookings", &body).await, 409, "slot_taken");
    };
    let path = format!("/desks/{}", studio.room);
    let places = async |capacity: u16| {
        let set = salon.patch(&path, &json!({"capacity": capacity})).await;
        assert_eq!(set.status_code(), 200, "{}", set.text());
        set.headers()["daybook-position"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    places(5).await;
    beside().await;
    // However it comes to have more again.
    let fewer = places(1).await;
    beside().await;
    let back = salon.post(&format!("/changes/{fewer}/revert"), &json!({}));
    back.await.assert_status_ok();
    beside().await;
}

#[tokio::test]
async fn who_sat_in_a_session_is_told_long_after() {
    let studio = Studio::open().await;
    let salon = &studio.salon;
    let session = text(&studio.sessions().await[0]["id"]).to_owned();
    let came = id_of(&studio.seat(&session, "Ola").await);
    let absent = id_of(&studio.seat(&session, "Zed").await);
    let noted = salon.post(&format!("/bookings/{absent}/no-show"), &json!({}));
    noted.await.assert_status_ok();
    // As when they are swept.
    let owner = salon.database.owner_pool().await;
    sqlx::query("delete from claim")
        .execute(&owner)
        .await
        .unwrap();
    let (name, value) = header("daybook-min-position", &salon.head().await.to_string());
    let told = salon
        .get(&format!("/sessions/{session}/bookings"))
        .add_header(name, value);
    let told: Value = told.await.json();
    let ids: Vec<_> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["id"].clone())
        .collect();
    assert_eq!(ids, [json!(came), json!(absent)]);
}
