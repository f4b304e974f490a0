//! Service and NATS die again and again under load; in the end the stream holds every event once, in order.
//!
//! Twenty-five seconds among the other tests; `just soak` runs it for five minutes (`DAYBOOK_SOAK_S`).

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{ToSpan, Zoned};
use reqwest::Method;
use rustix::process::{Signal, kill_process};
use tests::{
    Api, DataDir, Service, Shop,
    published::{nats_url, whole},
};
use tokio::{sync::RwLock, task::JoinSet};

/// Clients that book one after another.
const CLIENTS: usize = 4;

/// Chance enough to kill by: the same for the same seed, which is told.
struct Chance(u64);

impl Chance {
    /// Some number below `most` (xorshift).
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_every_event_is_told_once_and_in_order() {
    let Some(dir) = DataDir::with_nats() else {
        return;
    };
    let seconds = env::var("DAYBOOK_SOAK_S")
        .ok()
        .and_then(|text| text.parse().ok());
    let lasts = Duration::from_secs(seconds.unwrap_or(25));
    let seed = env::var("DAYBOOK_SOAK_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1);
    eprintln!("soak: {} s, DAYBOOK_SOAK_SEED={seed}", lasts.as_secs());
    let mut chance = Chance(seed);

    let mut service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let now = Arc::new(RwLock::new(shop.clone()));
    let booked = Arc::new(AtomicUsize::new(0));
    let over = Instant::now() + lasts;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(book_until(over, client, now.clone(), booked.clone()));
    }
    let (mut services, mut servers) = (0, 0);
    while Instant::now() < over {
        tokio::time::sleep(Duration::from_millis(200 + chance.below(2_500))).await;
        if chance.below(2) == 0 {
            service.kill_nine();
            services += 1;
            service = Service::start(&dir);
            *now.write().await = shop.at(&service);
        } else if let Some(nats) = dir.nats() {
            // It may be dead already.
            servers += usize::from(kill_process(nats, Signal::KILL).is_ok());
        }
    }
    clients.join_all().await;
    // Asked for now: somebody else may have taken the port while NATS was dead.
    let url = nats_url(&dir);
    let told = whole(&dir, Shop::SLUG, &url).await;
    let booked = booked.load(Ordering::Relaxed);
    eprintln!(
        "soak: {booked} bookings, {} events told; the service was killed {services} times, NATS {servers} times",
        told.len()
    );
    assert!(
        booked > 20 && services > 1 && servers > 1,
        "nothing was soaked"
    );
    assert!(service.stop().success());
}

/// Books, moves and cancels for as long as it lasts, whoever dies meanwhile.
async fn book_until(
    over: Instant,
    client: usize,
    now: Arc<RwLock<Shop>>,
    booked: Arc<AtomicUsize>,
) {
    let today = Zoned::now()
        .in_tz(Shop::ZONE)
        .expect("a zone of this world")
        .date();
    for number in 0.. {
        // Days of one's own, so that nobody is in another's way.
        let day = today
            + i64::try_from(7 + client + CLIENTS * (number / 8))
                .expect("few")
                .days();
        let hour = 9 + number % 8;
        let start = format!("{day}T{hour:02}:00:00[{}]", Shop::ZONE);
        let start = start
            .parse::<Zoned>()
            .expect("a time")
            .timestamp()
            .to_string();
        let key = format!("{client}-{number}");
        let id = loop {
            if Instant::now() > over {
                return;
            }
            let shop = now.read().await.clone();
            let request = shop.api.request(Method::POST, "/bookings");
            let request = request
                .header("Idempotency-Key", &key)
                .json(&shop.wish(&start, &key));
            match Api::send(request).await {
                Ok(answer) if answer.status == 201 => break answer.body["id"].clone(),
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => panic!("{}: {:#}", answer.status, answer.body),
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        booked.fetch_add(1, Ordering::Relaxed);
        if number % 3 == 0 {
            let shop = now.read().await.clone();
            let cancel = format!("/bookings/{}/cancel", id.as_str().expect("an id"));
            let request = shop.api.request(Method::POST, &cancel);
            // Whether it was heard does not matter here.
            let _ = Api::send(request.json(&serde_json::json!({}))).await;
        }
    }
}
