//! `kill -9` under load: no acknowledged booking is lost, what was in hand is settled by its key, and the ledger has
//! neither gap nor repeat. Once with the private PostgreSQL stopped and started again behind it, once adopted alive;
//! and once it is the PostgreSQL that is killed, under the service.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{ToSpan as _, Zoned};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tests::{Api, DataDir, Follow, Service, Shop, daybook};
use tokio::{sync::Mutex, task::JoinSet};

/// Clients that book one after another.
const CLIENTS: usize = 8;
/// How long it may take until half of all starts are booked, which is when something is killed.
const HALF_WITHIN: Duration = Duration::from_secs(60);

/// A booking that was asked for: its start, its key, and its id if that was acknowledged.
#[derive(Debug)]
struct Asked {
    start: String,
    key: String,
    id: Option<String>,
}

/// Waits until half of all starts are booked: whatever the machine, enough is done by then, and enough is left to do.
async fn half_booked(booked: &AtomicUsize, starts: &[String]) {
    let half = async {
        while booked.load(Ordering::Relaxed) < starts.len() / 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(HALF_WITHIN, half).await;
    waited.expect("so many can be booked in that time");
}

/// Asks for every start until the service is gone.
async fn load(shop: &Shop, starts: &[String], booked: &Arc<AtomicUsize>) -> JoinSet<Vec<Asked>> {
    let starts: Vec<_> = starts.iter().rev().cloned().collect();
    let left = Arc::new(Mutex::new(starts));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (shop, left, booked) = (shop.clone(), left.clone(), booked.clone());
        clients.spawn(async move {
            let mut asked = Vec::new();
            loop {
                let Some(start) = left.lock().await.pop() else {
                    return asked;
                };
                let key = format!("{client}-{}", asked.len());
                let id = match book(&shop, &start, &key).await {
                    Ok(answer) => Some(
                        answer.body_of(201)["id"]
                            .as_str()
                            .expect("an id")
                            .to_owned(),
                    ),
                    Err(_) => None,
                };
                let gone = id.is_none();
                booked.fetch_add(usize::from(!gone), Ordering::Relaxed);
                asked.push(Asked { start, key, id });
                if gone {
                    return asked;
                }
            }
        });
    }
    clients
}

async fn book(shop: &Shop, start: &str, key: &str) -> reqwest::Result<tests::Answer> {
    let request = shop.api.request(Method::POST, "/bookings");
    let request = request
        .header("Idempotency-Key", key)
        .json(&shop.wish(start, key));
    Api::send(request).await
}

/// Kills the service under load and starts it again; every booking is there once. Gives the service and the last
/// position.
async fn kill_and_look(
    dir: &DataDir,
    service: Service,
    shop: &Shop,
    starts: &[String],
) -> (Service, i64) {
    let booked = Arc::default();
    let clients = load(shop, starts, &booked).await;
    half_booked(&booked, starts).await;
    service.kill_nine();
    let asked: Vec<_> = clients.join_all().await.into_iter().flatten().collect();

    let service = Service::start(dir);
    let shop = shop.at(&service);
    let acknowledged = asked.iter().filter(|asked| asked.id.is_some()).count();
    assert!(acknowledged > 0, "nothing was booked before the kill");
    assert!(
        acknowledged < asked.len(),
        "nothing was in hand at the kill"
    );
    for asked in &asked {
        match &asked.id {
            Some(id) => {
                let booking = shop.api.get(&format!("/bookings/{id}")).await.body_of(200);
                assert_eq!(booking["start"], asked.start.as_str());
            }
            // Nobody knows what became of it. The same key again: booked once, now or before.
            None => {
                let again = book(&shop, &asked.start, &asked.key)
                    .await
                    .expect("it answers");
                let _ = again.body_of(201);
            }
        }
    }
    let events = events(dir);
    let positions: Vec<_> = events
        .iter()
        .filter_map(|event| event["position"].as_i64())
        .collect();
    let last = i64::try_from(events.len()).expect("fewer than that");
    assert_eq!(positions, (1..=last).collect::<Vec<_>>());
    (service, last)
}

fn events(dir: &DataDir) -> Vec<Value> {
    let log = daybook(dir, &["log", "tail", "--business", Shop::SLUG])
        .well()
        .stdout;
    log.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

fn placed(dir: &DataDir) -> usize {
    events(dir)
        .iter()
        .filter(|event| event["type"] == "placed")
        .count()
}

/// Starts for the load: an hour each, so that none is in another's way.
async fn hours(shop: &Shop, weeks_ahead: i64) -> Vec<String> {
    let from = Zoned::now()
        .in_tz(Shop::ZONE)
        .expect("a zone of this world")
        .date()
        + weeks_ahead.weeks();
    let slots = shop
        .slots(&from.to_string(), &(from + 60.days()).to_string())
        .await;
    slots.into_iter().step_by(2).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_booking_is_lost() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let starts = hours(&shop, 1).await;
    let (service, _) = kill_and_look(&dir, service, &shop, &starts).await;
    assert!(
        service.log().contains("started the private PostgreSQL"),
        "{}",
        service.log()
    );
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_outlived_the_service_is_adopted() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    // Keeps the server up over the kill, and reads on through it.
    let follow = Follow::start(&dir);
    assert_eq!(follow.next()["position"], 1);
    let postmaster =
        fs::read_to_string(dir.path().join("postgres/postmaster.pid")).expect("it runs");

    let starts = hours(&shop, 1).await;
    let (service, last) = kill_and_look(&dir, service, &shop, &starts).await;
    let now = fs::read_to_string(dir.path().join("postgres/postmaster.pid")).expect("it runs");
    assert_eq!(
        now.lines().next(),
        postmaster.lines().next(),
        "another PostgreSQL was started"
    );
    follow.read_from_to(2, last);

    // The wake-up reaches who follows, from the new process too.
    let before = placed(&dir);
    let shop = shop.at(&service);
    let start = &hours(&shop, 1).await[0];
    let booked = shop.api.post("/bookings", shop.wish(start, "Later")).await;
    follow.read_from_to(last + 1, booked.position());
    assert_eq!(placed(&dir), before + 1);
    assert_eq!(follow.interrupt(), Some(0));
    assert!(service.stop().success());
}

/// How long the database may be away.
const BACK_WITHIN: Duration = Duration::from_secs(90);

/// Books, and asks again with the same key as long as the answer is that the database is away.
async fn book_at_last(shop: &Shop, start: &str, key: &str) {
    let began = Instant::now();
    loop {
        let answer = book(shop, start, key).await.expect("it answers");
        if answer.status != 503 {
            let _ = answer.body_of(201);
            return;
        }
        assert!(
            answer.headers.contains_key("Retry-After"),
            "{:#}",
            answer.body
        );
        assert!(
            began.elapsed() < BACK_WITHIN,
            "the database stays away: {:#}",
            answer.body
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_killed_under_the_service_is_started_again() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let starts = hours(&shop, 1).await;
    let booked = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (shop, starts, booked) = (shop.clone(), starts.clone(), booked.clone());
        clients.spawn(async move {
            let mine = starts.into_iter().skip(client).step_by(CLIENTS);
            for (number, start) in mine.enumerate() {
                book_at_last(&shop, &start, &format!("{client}-{number}")).await;
                booked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    half_booked(&booked, &starts).await;
    let lines = fs::read_to_string(dir.path().join("postgres/postmaster.pid")).expect("it runs");
    let postmaster = lines.lines().next().and_then(|pid| pid.parse().ok());
    let postmaster = postmaster.and_then(Pid::from_raw).expect("a number");
    let before = booked.load(Ordering::Relaxed);
    assert!(before < starts.len(), "all was booked before the kill");
    kill_process(postmaster, Signal::KILL).expect("it runs");
    clients.join_all().await;

    assert_eq!(placed(&dir), starts.len());
    let events = events(&dir);
    let positions = events.iter().filter_map(|event| event["position"].as_i64());
    let last = i64::try_from(events.len()).expect("fewer than that");
    assert!(positions.eq(1..=last));
    assert!(
        service.log().contains("was started again"),
        "{}",
        service.log()
    );
    let ready = service.ready().await;
    assert_eq!(ready["ready"], true, "{ready:#}");
    assert!(service.stop().success());
}
