//! Webhooks, from outside: whatever dies, every event is told, in order, signed.

#[expect(unreachable_pub, reason = "it is to be copied")]
#[path = "../../docs/examples/verify_webhook.rs"]
mod verify_webhook;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::{ToSpan, Zoned};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, DataDir, Service, Shop, daybook};

const FLAGS: &[&str] = &["--webhook-http", "--webhook-private"];

/// A message, as it came.
#[derive(Debug, Clone)]
struct Got {
    headers: HashMap<String, String>,
    body: Vec<u8>,
    /// What it was answered with.
    answered: u16,
}

impl Got {
    fn position(&self) -> i64 {
        let body: Value = serde_json::from_slice(&self.body).expect("JSON");
        body["daybookposition"].as_i64().expect("a number")
    }

    fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }

    fn is_genuine(&self, secret: &str) -> bool {
        let [id, at, signed] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let (id, at, signed) = (self.header(id), self.header(at), self.header(signed));
        verify_webhook::is_genuine(secret, id, at, signed, &self.body)
    }
}

/// A receiver of a few lines, which answers as it is told to.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<AtomicU16>,
}

impl Receiver {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/hook", listener.local_addr().expect("it listens"));
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let answer = Arc::new(AtomicU16::new(204));
        let (kept, says) = (got.clone(), answer.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, says) = (kept.clone(), says.clone());
                thread::spawn(move || serve(&stream, &kept, &says));
            }
        });
        Self { url, got, answer }
    }

    fn all(&self) -> Vec<Got> {
        self.got.lock().expect("nobody panicked").clone()
    }

    /// The positions that got through, each where it first did.
    fn told(&self) -> Vec<i64> {
        let mut told = vec![];
        for got in self.all().iter().filter(|got| got.answered == 204) {
            let position = got.position();
            if !told.contains(&position) {
                told.push(position);
            }
        }
        told
    }
}

/// One connection, until its other end is done.
fn serve(stream: &TcpStream, got: &Mutex<Vec<Got>>, answer: &AtomicU16) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut headers = HashMap::new();
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or_default() > 0 && line.trim() != "" {
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            line.clear();
        }
        let Some(length) = headers.get("content-length") else {
            return;
        };
        let mut body = vec![0; length.parse().expect("a number")];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let answered = answer.load(Ordering::Relaxed);
        got.lock().expect("nobody panicked").push(Got {
            headers,
            body,
            answered,
        });
        let told = format!("HTTP/1.1 {answered} Told\r\ncontent-length: 0\r\n\r\n");
        if (&mut &*stream).write_all(told.as_bytes()).is_err() {
            return;
        }
    }
}

async fn starts(shop: &Shop) -> Vec<String> {
    let from = Zoned::now().in_tz(Shop::ZONE).expect("a zone").date() + 1.week();
    let to = from + 60.days();
    let slots = shop.slots(&from.to_string(), &to.to_string()).await;
    slots.into_iter().step_by(2).collect()
}

async fn set_up(shop: &Shop, receiver: &Receiver) -> (String, String) {
    let made = shop
        .api
        .post("/webhooks", json!({ "url": receiver.url }))
        .await;
    let made = made.body_of(201);
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

async fn until_all_is_told(shop: &Shop, id: &str) -> Value {
    let began = Instant::now();
    loop {
        let request = shop.api.request(Method::GET, &format!("/webhooks/{id}"));
        let shown = Api::send(request).await.expect("it answers").body_of(200);
        if shown["behind"] == 0 {
            return shown;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{shown:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_a_webhook_is_told_everything_in_order() {
    let dir = DataDir::new();
    let receiver = Receiver::listen();
    let mut service = Service::start_with(&dir, FLAGS);
    let mut shop = Shop::open(&dir, &service).await;
    let starts = starts(&shop).await;
    let (id, secret) = set_up(&shop, &receiver).await;
    for (number, start) in starts.iter().take(30).enumerate() {
        match number % 15 {
            5 => receiver.answer.store(503, Ordering::Relaxed),
            10 => {
                service.kill_nine();
                service = Service::start_with(&dir, FLAGS);
                shop = shop.at(&service);
            }
            12 => receiver.answer.store(204, Ordering::Relaxed),
            _ => {}
        }
        let wish = shop.wish(start, &format!("Client {number}"));
        let _ = shop.api.post("/bookings", wish).await.body_of(201);
    }
    let shown = until_all_is_told(&shop, &id).await;
    let last = shown["position"].as_i64().expect("a number");
    let told = receiver.told();
    assert_eq!(
        told,
        (told[0]..=last).collect::<Vec<_>>(),
        "in order, none left out"
    );
    assert!(told.len() >= 30);
    assert!(receiver.all().iter().all(|got| got.is_genuine(&secret)));
    assert!(!receiver.all()[0].is_genuine(&secret.replace("whsec_", "whsec_AA")));

    let doctor = daybook(&dir, &["doctor", "--json"]).json();
    let checks = doctor["checks"].as_array().expect("a list");
    let check = checks.iter().find(|check| check["name"] == "webhooks");
    assert_eq!(
        check.expect("it was looked at")["state"],
        "ok",
        "{doctor:#}"
    );
    let metrics = service.get("/metrics").await.body.to_string();
    assert!(metrics.contains("webhook_messages_total"), "{metrics}");
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sees_with_its_standard_library_that_a_message_is_genuine() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3 here");
        return;
    }
    let dir = DataDir::new();
    let receiver = Receiver::listen();
    let service = Service::start_with(&dir, FLAGS);
    let shop = Shop::open(&dir, &service).await;
    let (id, secret) = set_up(&shop, &receiver).await;
    let sent = shop
        .api
        .post(&format!("/webhooks/{id}/test"), json!({}))
        .await;
    assert_eq!(sent.body_of(201)["delivered"], true);
    let got = receiver.all().pop().expect("it was sent");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/verify_webhook.py");
    let ends = |body: &[u8]| {
        let mut child = Command::new("python3")
            .arg(&program)
            .args([
                &secret,
                got.header("webhook-id"),
                got.header("webhook-timestamp"),
            ])
            .arg(got.header("webhook-signature"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("it is there");
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(body).expect("it reads");
        drop(stdin);
        child.wait().expect("it ends").code()
    };
    assert_eq!(ends(&got.body), Some(0));
    assert_eq!(ends(b"{}"), Some(1));
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_is_out_of_reach_unless_the_operator_says_otherwise() {
    let dir = DataDir::new();
    let receiver = Receiver::listen();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let refused = shop
        .api
        .post("/webhooks", json!({ "url": receiver.url }))
        .await;
    assert_eq!(refused.status, 422, "{:#}", refused.body);
    let inside = receiver.url.replace("http://", "https://");
    let refused = shop.api.post("/webhooks", json!({ "url": inside })).await;
    assert_eq!(refused.body_of(422)["violations"][0]["code"], "url_private");
    assert!(receiver.all().is_empty());
    assert!(service.stop().success());
}
