//! What changes, as it changes.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request},
    response::Response,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{bookings::Day, support::Salon};

const LONG: Duration = Duration::from_secs(30);

/// An event, as a browser would have it.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    event: String,
    id: i64,
    data: Value,
}

fn events(text: &str) -> Vec<Told> {
    let blocks = text.split("\n\n").filter(|block| block.contains("event: "));
    let told = blocks.map(|block| {
        let line = |name: &str| {
            let lines = block.lines();
            let mut found = lines.filter_map(|line| line.strip_prefix(&format!("{name}: ")));
            found
                .next()
                .unwrap_or_else(|| panic!("no {name}: {block}"))
                .to_owned()
        };
        Told {
            event: line("event"),
            id: line("id").parse().unwrap(),
            data: serde_json::from_str(&line("data")).unwrap(),
        }
    });
    told.collect()
}

/// What was missed since a position, by the holder of a key.
async fn missed(salon: &Salon, key: &str, since: i64) -> Vec<Told> {
    salon.shown().await;
    let answer = salon
        .bare(Method::GET, "/live?wait=false")
        .authorization_bearer(key)
        .add_header("last-event-id", since.to_string())
        .await;
    answer.assert_status_ok();
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-store");
    events(&answer.text())
}

/// A key, and its id.
async fn key(salon: &Salon, wanted: Value) -> (String, Uuid) {
    let issued: Value = salon.post("/api-keys", &wanted).await.json();
    let text = |field: &str| issued[field].as_str().unwrap().to_owned();
    (text("api_key"), text("id").parse().unwrap())
}

impl Salon {
    /// Waits until the read models have come to the ledger's end.
    async fn shown(&self) {
        let head = self.head().await;
        let answer = self
            .get("/changes?limit=1")
            .add_header("daybook-min-position", head.to_string())
            .await;
        answer.assert_status_ok();
    }

    /// A stream that goes on.
    async fn follow(&self, key: &str) -> Response {
        let request = Request::get("/api/v1/live")
            .header("authorization", format!("Bearer {key}"))
            .body(Body::empty())
            .unwrap();
        let router = gateway::router(self.app.clone());
        router.oneshot(request).await.unwrap()
    }
}

/// The next of its events.
async fn next(stream: &mut Response) -> Option<Told> {
    loop {
        let frame = timeout(LONG, stream.body_mut().frame()).await.unwrap()?;
        let bytes = frame.unwrap().into_data().unwrap();
        if let Some(told) = events(str::from_utf8(&bytes).unwrap()).pop() {
            return Some(told);
        }
    }
}

#[tokio::test]
async fn whoever_comes_back_is_told_what_they_missed() {
    let day = Day::begin().await;
    let owner = &day.salon.opened.api_key;
    let before = day.salon.head().await;
    let booking = day.book("2026-11-23T09:00:00Z").await;
    day.step(booking, "cancel", json!({"reason": "ill"})).await;
    let told = missed(&day.salon, owner, before).await;
    assert_eq!(told[0].event, "open");
    assert_eq!(told[0].data, json!({"position": before}));
    let changes: Vec<_> = told[1..]
        .iter()
        .map(|told| (told.event.as_str(), told.data["action"].as_str().unwrap()))
        .collect();
    assert_eq!(
        changes,
        [
            ("change", "booking.placed"),
            ("change", "booking.cancelled")
        ]
    );
    // Ids alone: what is personal is read with the rights for it.
    assert_eq!(
        told[2].data,
        json!({
            "position": before + 2, "subject_type": "booking", "subject_id": booking, "booking_id": booking,
            "client_id": day.ada, "action": "booking.cancelled",
        })
    );
    // From the first one's position on there is the second, and after that one nothing.
    assert_eq!(missed(&day.salon, owner, told[1].id).await[1..], told[2..]);
    assert_eq!(missed(&day.salon, owner, told[2].id).await.len(), 1);
    // A position that is not reached is of another ledger.
    let told = missed(&day.salon, owner, 9_999).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].event.as_str(), told[0].id), ("reset", before + 2));
}

#[tokio::test]
async fn each_is_told_what_they_may_see() {
    let day = Day::begin().await;
    let weekly =
        json!({"weekly": [{"weekday": "mon", "from": "10:00", "to": "18:00"}], "overrides": []});
    let jan = day.salon.staff("Jan", &[day.cut], &weekly).await;
    let wanted = |staff| json!({"name": "mine", "role": "staff", "staff_id": staff});
    let (beas, _) = key(&day.salon, wanted(day.bea)).await;
    let (jans, _) = key(&day.salon, wanted(jan)).await;
    let (managers, _) = key(&day.salon, json!({"name": "desk", "role": "manager"})).await;
    let booking = day.book("2026-11-23T09:00:00Z").await;
    let subjects = |told: Vec<Told>| -> Vec<String> {
        let changes = told.iter().filter(|told| told.event == "change");
        let subjects = changes.map(|told| told.data["subject_type"].as_str().unwrap().to_owned());
        subjects.collect()
    };
    let told = missed(&day.salon, &beas, 0).await;
    assert_eq!(told[1].data["booking_id"], json!(booking));
    assert_eq!(subjects(told), ["booking"]);
    assert_eq!(
        subjects(missed(&day.salon, &jans, 0).await),
        Vec::<String>::new()
    );
    // Bookings, clients, and when people are there; how the house is run is for those to know who see the log.
    let away = json!({"kind": "other", "from": "2026-11-30T10:00", "to": "2026-11-30T12:00"});
    let path = format!("/staff/{jan}/absences");
    day.salon.post(&path, &away).await.assert_status_success();
    let told = missed(&day.salon, &managers, 0).await;
    let changes = told.iter().filter(|told| told.event == "change");
    let actions: BTreeSet<_> = changes
        .map(|told| told.data["action"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "booking.placed",
        "client.registered",
        "staff.absence_planned",
    ];
    assert_eq!(actions, expected.map(ToOwned::to_owned).into());
    let owners = missed(&day.salon, &day.salon.opened.api_key, 0).await;
    assert!(subjects(owners).contains(&"access".to_owned()));
}

#[tokio::test]
async fn a_stream_goes_on_until_its_key_is_revoked() {
    let day = Day::begin().await;
    let (managers, id) = key(&day.salon, json!({"name": "desk", "role": "manager"})).await;
    day.salon.shown().await;
    let mut stream = day.salon.follow(&managers).await;
    assert_eq!(next(&mut stream).await.unwrap().event, "open");
    let booking = day.book("2026-11-23T09:00:00Z").await;
    let told = next(&mut stream).await.unwrap();
    assert_eq!(told.data["booking_id"], json!(booking));
    assert_eq!(told.id, day.salon.head().await);
    // It is shown by now: whoever refetches sees it.
    let shown: Value = day
        .salon
        .get(&format!("/bookings/{booking}/changes"))
        .await
        .json();
    assert_eq!(shown[0]["position"], told.id);
    day.salon
        .delete(&format!("/api-keys/{id}"))
        .await
        .assert_status_success();
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn so_many_streams_for_each() {
    let salon = Salon::open().await;
    let owner = &salon.opened.api_key;
    let mut open = vec![];
    for _ in 0..10 {
        let stream = salon.follow(owner).await;
        assert_eq!(stream.status(), 200);
        open.push(stream);
    }
    let refused = salon.follow(owner).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    // Another one's are counted apart, and one that is closed is given back.
    let (other, _) = key(&salon, json!({"name": "other", "role": "owner"})).await;
    assert_eq!(salon.follow(&other).await.status(), 200);
    open.pop();
    assert_eq!(salon.follow(owner).await.status(), 200);
}

#[tokio::test]
async fn what_is_no_position_is_told() {
    let salon = Salon::open().await;
    for wrong in ["-1", "one", "99999999999999999999"] {
        let answer = salon
            .get("/live?wait=false")
            .add_header("last-event-id", wrong)
            .await;
        assert_eq!(answer.status_code(), 400, "{wrong}");
        let problem: Value = answer.json();
        assert_eq!(problem["violations"][0]["field"], "Last-Event-ID");
    }
}
