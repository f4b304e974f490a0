//! A staff member's calendar feed, as other calendars read it.

use calcard::icalendar::{ICalendar, ICalendarComponentType, ICalendarProperty, ICalendarValue};
use serde_json::{Value, json};

use crate::{
    bookings::{Day, refused},
    support::{Salon, header, id_of},
};

/// The feed's address below `/api/v1`.
fn path(feed: &Value) -> String {
    feed["url"]
        .as_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap()
        .to_owned()
}

/// The feed's events: of each its UID, summary, status and start.
async fn events(day: &Day, path: &str) -> Vec<[String; 4]> {
    let answer = day.salon.bare(axum::http::Method::GET, path).await;
    assert_eq!(answer.status_code(), 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "text/calendar; charset=utf-8"
    );
    let text = answer.text();
    assert!(text.lines().all(|line| line.len() <= 75), "folded:\n{text}");
    let calendar = ICalendar::parse(&text).unwrap();
    let events = calendar.components.iter();
    let events = events.filter(|c| c.component_type == ICalendarComponentType::VEvent);
    let told = |c: &calcard::icalendar::ICalendarComponent, name: ICalendarProperty| match c
        .property(&name)
        .map(|entry| &entry.values[0])
    {
        Some(ICalendarValue::Text(text)) => text.clone(),
        Some(ICalendarValue::Status(status)) => format!("{status:?}"),
        Some(ICalendarValue::PartialDateTime(at)) => {
            let n = |part: Option<u8>| part.unwrap_or_default();
            format!(
                "{}-{}T{}:{}Z",
                n(at.month),
                n(at.day),
                n(at.hour),
                n(at.minute)
            )
        }
        other => format!("{other:?}"),
    };
    events
        .map(|c| {
            assert!(c.property(&ICalendarProperty::Dtstamp).is_some());
            [
                ICalendarProperty::Uid,
                ICalendarProperty::Summary,
                ICalendarProperty::Status,
                ICalendarProperty::Dtstart,
            ]
            .map(|name| told(c, name))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_shows_a_staff_members_bookings_to_who_has_its_address() {
    let day = Day::begin().await;
    let odd = json!({"name": "Cut, wash; and \\ a very long name that has to be folded over more than one line of it"});
    let path_of_service = format!("/services/{}", day.cut);
    day.salon
        .patch(&path_of_service, &odd)
        .await
        .assert_status_ok();
    let first = day.book("2026-11-23T10:00:00Z").await;
    let second = day.book("2026-11-23T12:00:00Z").await;
    day.step(second, "cancel", json!({}))
        .await
        .assert_status_ok();
    let feed = format!("/staff/{}/calendar-feed", day.bea);
    let closed: Value = day.salon.get(&feed).await.json();
    assert_eq!(closed, json!({"staff_id": day.bea, "url": null}));
    let opened = day.salon.post(&feed, &json!({})).await;
    opened.assert_status_ok();
    let opened: Value = opened.json();
    assert_eq!(day.salon.get(&feed).await.json::<Value>(), opened);
    let (name, value) = header("daybook-min-position", &day.salon.head().await.to_string());
    day.salon
        .get("/calendar?from=2026-11-23&to=2026-11-23")
        .add_header(name, value)
        .await
        .assert_status_ok();

    let summary = format!("{} · Ada Lovelace", odd["name"].as_str().unwrap());
    let told = |id: uuid::Uuid, status: &str, start: &str| {
        [
            format!("{id}@daybook"),
            summary.clone(),
            status.to_owned(),
            start.to_owned(),
        ]
    };
    let expected = [
        told(first, "Confirmed", "11-23T10:0Z"),
        told(second, "Cancelled", "11-23T12:0Z"),
    ];
    assert_eq!(events(&day, &path(&opened)).await, expected);
    let text = day
        .salon
        .bare(axum::http::Method::GET, &path(&opened))
        .await
        .text();
    assert!(!text.contains("600100200"), "a name, and no more");
    assert_eq!(text.matches("PRODID").count(), 1, "one product made it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_shows_dates_of_classes_and_which_were_called_off() {
    let salon = Salon::open().await;
    let yoga = salon.service("Yoga").await;
    let hours =
        json!({"weekly": [{"weekday": "mon", "from": "08:00", "to": "20:00"}], "overrides": []});
    let bea = salon.staff("Bea", &[yoga], &hours).await;
    let class = json!({"service_id": yoga, "staff_id": bea, "capacity": 4,
        "timetable": {"rrule": "FREQ=WEEKLY;COUNT=2", "start": "2026-11-30T12:00", "duration_min": 60}});
    id_of(&salon.post("/classes", &class).await);
    let sessions: Value = salon.get("/sessions").await.json();
    let ids = [0, 1].map(|n| sessions["items"][n]["id"].as_str().unwrap().to_owned());
    let path_of_first = format!("/sessions/{}/cancel", ids[0]);
    salon
        .post(&path_of_first, &json!({}))
        .await
        .assert_status_ok();

    let feed = format!("/staff/{bea}/calendar-feed");
    let opened: Value = salon.post(&feed, &json!({})).await.json();
    let answer = salon.bare(axum::http::Method::GET, &path(&opened)).await;
    let text = answer.text();
    let calendar = ICalendar::parse(&text).unwrap();
    let events = calendar.components.iter();
    let events = events.filter(|c| c.component_type == ICalendarComponentType::VEvent);
    let told: Vec<_> = events
        .map(|event| {
            let value = |name| event.property(&name).map(|entry| &entry.values[0]);
            let Some(ICalendarValue::Text(uid)) = value(ICalendarProperty::Uid) else {
                panic!("no UID in {text}");
            };
            let Some(ICalendarValue::Status(status)) = value(ICalendarProperty::Status) else {
                panic!("no STATUS in {text}");
            };
            (uid.clone(), format!("{status:?}"))
        })
        .collect();
    let uid = |id: &str| format!("{id}@daybook");
    let expected = [
        (uid(&ids[0]), "Cancelled".to_owned()),
        (uid(&ids[1]), "Confirmed".to_owned()),
    ];
    assert_eq!(told, expected);
    let stamps: Vec<_> = text.lines().filter(|l| l.starts_with("DTSTAMP")).collect();
    assert_eq!(stamps.len(), 2);
    for start in ["20261130T110000Z", "20261207T110000Z"] {
        let stamp = format!("DTSTAMP:{start}");
        assert!(!stamps.contains(&stamp.as_str()), "told before it is held");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_taken_back_leads_nowhere() {
    let day = Day::begin().await;
    let feed = format!("/staff/{}/calendar-feed", day.bea);
    let (name, key) = header("idempotency-key", "once");
    let opened: Value = day
        .salon
        .post(&feed, &json!({}))
        .add_header(name.clone(), key.clone())
        .await
        .json();
    let again: Value = day
        .salon
        .post(&feed, &json!({}))
        .add_header(name, key)
        .await
        .json();
    assert_eq!(again, opened);
    let bare = async |path: &str| day.salon.bare(axum::http::Method::GET, path).await;
    assert_eq!(bare(&path(&opened)).await.status_code(), 200);
    let renewed: Value = day.salon.post(&feed, &json!({})).await.json();
    refused(&bare(&path(&opened)).await, 404, "not_found");
    assert_eq!(bare(&path(&renewed)).await.status_code(), 200);
    let token = path(&renewed).split_once("token=").unwrap().1.to_owned();
    for wrong in [
        format!("/calendar/{}.ics", day.bea),
        format!("/calendar/{}.ics?token=x", day.bea),
        format!("/calendar/{}?token={token}", day.bea),
        format!("/calendar/{}.ics?token={token}", day.ada),
        format!("/calendar/nobody.ics?token={token}"),
    ] {
        refused(&bare(&wrong).await, 404, "not_found");
    }
    let closed: Value = day.salon.delete(&feed).await.json();
    assert_eq!(closed["url"], Value::Null);
    refused(&bare(&path(&renewed)).await, 404, "not_found");
    refused(
        &day.salon
            .get(&format!("/staff/{}/calendar-feed", day.ada))
            .await,
        404,
        "not_found",
    );
}
