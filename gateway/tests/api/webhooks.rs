//! Webhooks: set up, told, retried, switched off; with a receiver that really listens.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, Method, StatusCode};
use gateway::{Settings, WebhookSettings};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;
use webhooks::Allowed;

use crate::support::{Salon, header, id_of};

/// A message, as it came.
#[derive(Debug, Clone)]
struct Got {
    headers: HeaderMap,
    bytes: Vec<u8>,
    body: Value,
}

impl Got {
    fn position(&self) -> i64 {
        self.body["daybookposition"].as_i64().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Checked as a receiver does it, with its own means.
    fn is_signed_with(&self, secret: &str) -> bool {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let bits = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let secret = webhooks::Secret::new(bits.try_into().unwrap());
        let at = self.header("webhook-timestamp").parse().unwrap();
        let at = Timestamp::from_second(at).unwrap();
        let expected = webhooks::signature(&[secret], self.header("webhook-id"), at, &self.bytes);
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|one| one == expected)
    }
}

/// Listens, answers as it is told to, keeps what it got.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<AtomicU16>,
}

impl Receiver {
    async fn listen() -> Self {
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let answer = Arc::new(AtomicU16::new(204));
        let (kept, says) = (got.clone(), answer.clone());
        let take = async move |headers: HeaderMap, bytes: axum::body::Bytes| {
            let body = serde_json::from_slice(&bytes).unwrap();
            let bytes = bytes.to_vec();
            kept.lock().unwrap().push(Got {
                headers,
                bytes,
                body,
            });
            StatusCode::from_u16(says.load(Ordering::Relaxed)).unwrap()
        };
        let router = axum::Router::new().route("/hook", axum::routing::post(take));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, got, answer }
    }

    fn answers(&self, status: u16) {
        self.answer.store(status, Ordering::Relaxed);
    }

    fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    async fn until(&self, enough: impl Fn(&[Got]) -> bool) -> Vec<Got> {
        let began = Instant::now();
        loop {
            let got = self.all();
            if enough(&got) {
                return got;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{got:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn settings() -> Settings {
    drop(rustls::crypto::ring::default_provider().install_default());
    Settings {
        webhooks: WebhookSettings {
            allowed: Allowed {
                http: true,
                private: true,
            },
            first_pause: Duration::from_millis(20),
            ..WebhookSettings::default()
        },
        ..Settings::default()
    }
}

async fn salon() -> (Salon, DropGuard) {
    salon_with(settings()).await
}

async fn salon_with(settings: Settings) -> (Salon, DropGuard) {
    let salon = Salon::open_with(settings).await;
    let stop = CancellationToken::new();
    tokio::spawn(salon.app.clone().tell_webhooks(stop.clone()));
    (salon, stop.drop_guard())
}

async fn set_up(salon: &Salon, receiver: &Receiver, event_types: &[&str]) -> (Uuid, String) {
    let body = json!({"name": "Our till", "url": receiver.url, "event_types": event_types});
    let made = salon.post("/webhooks", &body).await;
    let id = id_of(&made);
    (
        id,
        made.json::<Value>()["secret"].as_str().unwrap().to_owned(),
    )
}

async fn shown(salon: &Salon, id: Uuid) -> Value {
    let shown = salon.get(&format!("/webhooks/{id}")).await;
    assert_eq!(shown.status_code(), 200, "{}", shown.text());
    shown.json()
}

async fn until_shown(salon: &Salon, id: Uuid, enough: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let shown = shown(salon, id).await;
        if enough(&shown) {
            return shown;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{shown:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn it_is_told_in_order_signed_and_without_anything_personal() {
    let (salon, _stop) = salon().await;
    let receiver = Receiver::listen().await;
    let (_, secret) = set_up(&salon, &receiver, &[]).await;
    let client = json!({"name": "Zuzanna Sekretna", "phone": "+48600100200", "note": "allergic"});
    for _ in 0..5 {
        let _ = id_of(&salon.post("/clients", &client).await);
    }
    let head = salon.head().await;
    let got = receiver
        .until(|got| got.last().is_some_and(|last| last.position() == head))
        .await;
    let positions: Vec<_> = got.iter().map(Got::position).collect();
    let first = positions[0];
    assert_eq!(
        positions,
        (first..=head).collect::<Vec<_>>(),
        "each once, in order, from its own on"
    );
    for message in &got {
        assert!(message.is_signed_with(&secret));
        assert_eq!(
            message.header("content-type"),
            "application/cloudevents+json"
        );
        assert_eq!(message.body["id"], message.header("webhook-id"));
        assert_eq!(message.body["specversion"], "1.0");
        let text = String::from_utf8_lossy(&message.bytes);
        for personal in ["Zuzanna", "600100200", "allergic", "$sealed", &receiver.url] {
            assert!(!text.contains(personal), "{text}");
        }
    }
}

#[tokio::test]
async fn it_hears_what_it_asked_for() {
    let (salon, _stop) = salon().await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    let _ = id_of(&salon.post("/clients", &json!({"name": "Ada"})).await);
    let _ = salon.service("Cut").await;
    let _ = id_of(&salon.post("/clients", &json!({"name": "Bea"})).await);
    let told = until_shown(&salon, id, |shown| shown["behind"] == 0).await;
    assert_eq!(told["position"], salon.head().await);
    let got = receiver.all();
    let types: Vec<_> = got.iter().map(|got| &got.body["type"]).collect();
    assert_eq!(types, ["daybook.service.offered"]);
}

#[tokio::test]
async fn what_fails_is_sent_again_until_it_gets_through_and_nothing_overtakes_it() {
    let (salon, _stop) = salon().await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    receiver.answers(500);
    let _ = salon.service("Cut").await;
    let _ = salon.service("Colour").await;
    let got = receiver.until(|got| got.len() >= 3).await;
    assert!(got.iter().all(|one| one.position() == got[0].position()));
    let failing = shown(&salon, id).await;
    assert!(
        failing["failed_attempts"].as_i64().unwrap() >= 1,
        "{failing:#}"
    );
    assert!(failing["failing_since"].is_string() && failing["active"] == true);

    receiver.answers(200);
    let well = until_shown(&salon, id, |shown| shown["behind"] == 0).await;
    assert_eq!(
        (&well["failed_attempts"], &well["failing_since"]),
        (&json!(0), &Value::Null)
    );
    let mut positions: Vec<_> = receiver.all().iter().map(Got::position).collect();
    positions.dedup();
    assert_eq!(positions.len(), 2);
    assert!(positions.is_sorted());

    let path = format!("/webhooks/{id}/deliveries?delivered=false&limit=1&count=true");
    let failed = salon.get(&path).await.json::<Value>();
    assert_eq!(failed["items"][0]["status"], 500);
    assert_eq!(failed["items"][0]["error"], "status");
    assert!(
        failed["total"].as_i64().unwrap() >= 3 && failed["next"].is_string(),
        "{failed:#}"
    );
    let path = format!("/webhooks/{id}/deliveries?delivered=true");
    let through = salon.get(&path).await.json::<Value>();
    assert_eq!(through["items"].as_array().unwrap().len(), 2);
    assert_eq!(through["items"][0]["event_type"], "daybook.service.offered");
    let of = format!(
        "/webhooks/{id}/deliveries/{}",
        through["items"][0]["id"].as_str().unwrap()
    );
    assert_eq!(salon.get(&of).await.json::<Value>(), through["items"][0]);
}

#[tokio::test]
async fn who_is_gone_is_switched_off_at_once_and_the_owner_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..settings()
    };
    let (salon, _stop) = salon_with(settings).await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    receiver.answers(410);
    let _ = salon.service("Cut").await;
    let off = until_shown(&salon, id, |shown| shown["active"] == false).await;
    assert_eq!(off["off_because"], "gone");
    let began = Instant::now();
    let letter = loop {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let letters = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        if let Some(letter) = letters
            .into_iter()
            .find(|letter| letter.contains("Our till"))
        {
            break letter;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "no letter came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(letter.contains("owner@ada.example"), "{letter}");
    assert!(!letter.contains(&receiver.url));
    // Nothing is lost: switched on again, it goes on where it was left.
    let _ = salon.service("Colour").await;
    receiver.answers(200);
    let on = salon
        .patch(&format!("/webhooks/{id}"), &json!({"active": true}))
        .await;
    assert_eq!(on.status_code(), 200, "{}", on.text());
    until_shown(&salon, id, |shown| shown["behind"] == 0).await;
    let mut positions: Vec<_> = receiver.all().iter().map(Got::position).collect();
    positions.dedup();
    assert_eq!(positions.len(), 2);
}

#[tokio::test]
async fn who_fails_for_too_long_is_switched_off() {
    let mut settings = settings();
    settings.webhooks.give_up_after = Duration::from_millis(300);
    let (salon, _stop) = salon_with(settings).await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    receiver.answers(503);
    let _ = salon.service("Cut").await;
    let off = until_shown(&salon, id, |shown| shown["active"] == false).await;
    assert_eq!(off["off_because"], "failing");
    assert!(receiver.all().len() > 1, "not at the first failure");
}

#[tokio::test]
async fn a_test_and_a_redelivery_are_sent_at_once_and_once() {
    let (salon, _stop) = salon().await;
    let receiver = Receiver::listen().await;
    let (id, secret) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    let test = format!("/webhooks/{id}/test");
    let key = header("idempotency-key", "once");
    let sent = salon
        .post(&test, &json!({}))
        .add_header(key.0.clone(), key.1.clone())
        .await;
    let delivery = sent.json::<Value>();
    assert_eq!(sent.status_code(), 201, "{delivery:#}");
    assert_eq!(
        (&delivery["kind"], &delivery["delivered"]),
        (&json!("test"), &json!(true))
    );
    let again = salon.post(&test, &json!({})).add_header(key.0, key.1).await;
    assert_eq!(again.json::<Value>(), delivery);
    let got = receiver.all();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].body["type"], "daybook.webhook.tested");
    assert!(got[0].is_signed_with(&secret));
    let home = sent.headers()["location"].to_str().unwrap().to_owned();
    let home = home.strip_prefix("/api/v1").unwrap();
    assert_eq!(salon.get(home).await.json::<Value>(), delivery);

    let again = salon.post(&format!("{home}/redeliver"), &json!({})).await;
    assert_eq!(again.status_code(), 201, "{}", again.text());
    let got = receiver.all();
    assert_eq!((got.len(), &got[0].body), (2, &got[1].body));
    // What does not get through is told, and is no failure of the request.
    receiver.answers(404);
    let failed = salon.post(&test, &json!({})).await.json::<Value>();
    assert_eq!(
        (&failed["delivered"], &failed["status"]),
        (&json!(false), &json!(404))
    );
    assert_eq!(shown(&salon, id).await["failed_attempts"], 0);
}

#[tokio::test]
async fn a_new_secret_goes_beside_the_old_one_for_a_while() {
    let (salon, _stop) = salon().await;
    let receiver = Receiver::listen().await;
    let (id, old) = set_up(&salon, &receiver, &[]).await;
    let rotate = format!("/webhooks/{id}/rotate-secret");
    let rotated = salon.post(&rotate, &json!({"overlap_hours": 2})).await;
    assert_eq!(rotated.status_code(), 200, "{}", rotated.text());
    let new = rotated.json::<Value>()["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(old, new);
    assert!(shown(&salon, id).await.get("secret").is_none());
    let send = async || {
        let sent = salon
            .post(&format!("/webhooks/{id}/test"), &json!({}))
            .await;
        assert_eq!(sent.status_code(), 201);
        receiver
            .all()
            .into_iter()
            .rfind(|got| got.body["type"] == "daybook.webhook.tested")
            .unwrap()
    };
    let both = send().await;
    assert!(both.is_signed_with(&old) && both.is_signed_with(&new));
    salon.hands.forward(jiff::SignedDuration::from_hours(3));
    let one = send().await;
    assert!(!one.is_signed_with(&old) && one.is_signed_with(&new));
}

#[tokio::test]
async fn a_secret_comes_out_the_same_on_a_replay() {
    let salon = Salon::open_with(settings()).await;
    let (name, value) = header("idempotency-key", "mine");
    let body = json!({"url": "https://hooks.example/a"});
    let one = salon
        .post("/webhooks", &body)
        .add_header(name.clone(), value.clone())
        .await;
    let two = salon.post("/webhooks", &body).add_header(name, value).await;
    assert_eq!(one.status_code(), 201, "{}", one.text());
    assert_eq!(one.json::<Value>(), two.json::<Value>());
    let all = salon.get("/webhooks").await.json::<Value>();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all:#}");
}

#[tokio::test]
async fn a_webhook_points_at_the_public_web_unless_the_operator_says_otherwise() {
    let salon = Salon::open().await;
    for (url, code) in [
        ("http://hooks.example/", "not_https"),
        ("https://127.0.0.1/", "url_private"),
        ("https://[::ffff:10.0.0.1]/", "url_private"),
        ("https://localhost/", "url_private"),
        ("https://0x7f.1/", "url_private"),
        ("https://me:pw@hooks.example/", "url_credentials"),
        ("hooks.example", "url"),
        ("", "empty"),
    ] {
        let refused = salon.post("/webhooks", &json!({"url": url})).await;
        let told = refused.json::<Value>();
        assert_eq!(refused.status_code(), 422, "{url}: {told:#}");
        assert_eq!(told["violations"][0]["field"], "url");
        assert_eq!(told["violations"][0]["code"], code, "{url}");
    }
    let body =
        json!({"url": "https://hooks.example/", "event_types": ["daybook.*", "daybook.plans.*"]});
    let told = salon.post("/webhooks", &body).await.json::<Value>();
    assert_eq!(told["violations"][0]["field"], "event_types[1]");
    assert_eq!(told["violations"][0]["code"], "event_type");
    assert_eq!(
        salon.get("/webhooks").await.json::<Value>()["items"],
        json!([])
    );
}

#[tokio::test]
async fn it_is_changed_and_taken_away() {
    let salon = Salon::open().await;
    let body = json!({"name": "One", "url": "https://hooks.example/a", "event_types": ["daybook.booking.*"]});
    let id = id_of(&salon.post("/webhooks", &body).await);
    let path = format!("/webhooks/{id}");
    let change = json!({"name": null, "url": "https://hooks.example/b", "active": false});
    let changed = salon.patch(&path, &change).await;
    assert_eq!(changed.status_code(), 200, "{}", changed.text());
    let changed = changed.json::<Value>();
    assert_eq!(
        (
            &changed["name"],
            &changed["url"],
            &changed["active"],
            &changed["off_because"]
        ),
        (
            &Value::Null,
            &json!("https://hooks.example/b"),
            &json!(false),
            &json!("by_hand")
        )
    );
    let empty = salon.patch(&path, &json!({"url": null})).await;
    assert_eq!(empty.status_code(), 422);
    let stale = salon
        .patch(&path, &json!({"active": true}))
        .add_header("if-match", "\"1\"")
        .await;
    assert_eq!(stale.status_code(), 412);
    assert_eq!(salon.delete(&path).await.status_code(), 204);
    assert_eq!(salon.get(&path).await.status_code(), 404);
    assert_eq!(
        salon.get(&format!("{path}/deliveries")).await.status_code(),
        404
    );
    assert_eq!(
        salon
            .post(&format!("{path}/test"), &json!({}))
            .await
            .status_code(),
        404
    );
    assert_eq!(
        salon.get("/webhooks").await.json::<Value>()["items"],
        json!([])
    );
    // Whoever asks later finds who did what.
    let head = salon.head().await.to_string();
    let told = salon
        .get("/changes?action=webhook.changed")
        .add_header("daybook-min-position", head)
        .await
        .json::<Value>();
    let changes = told["items"][0]["changes"].as_array().unwrap();
    let url = changes
        .iter()
        .find(|change| change["field"] == "url")
        .unwrap();
    assert_eq!(url["from"], "https://hooks.example/a", "{told:#}");
}

#[tokio::test]
async fn a_business_has_so_many_and_no_more() {
    let salon = Salon::open().await;
    for number in 0..20 {
        let body = json!({"url": format!("https://hooks.example/{number}")});
        let _ = id_of(&salon.post("/webhooks", &body).await);
    }
    let refused = salon
        .post("/webhooks", &json!({"url": "https://hooks.example/"}))
        .await;
    assert_eq!(refused.status_code(), 409, "{}", refused.text());
}

#[tokio::test]
async fn what_a_process_left_half_done_is_found_again() {
    let salon = Salon::open_with(settings()).await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    let _ = salon.service("Cut").await;
    // As it would be had it died between the append and its note, with a lease that it no longer needs.
    let db = salon.app.pool();
    let half = "update webhook set version = 0, standing = 'new', position = null, made_at = made_at - interval '1 hour'";
    sqlx::query(half).execute(db).await.unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(salon.app.clone().tell_webhooks(stop.clone()));
    tokio::spawn(salon.app.clone().tell_webhooks(stop.clone()));
    let _stop = stop.drop_guard();
    until_shown(&salon, id, |shown| {
        shown["position"].is_i64() && shown["behind"] == 0
    })
    .await;
    assert_eq!(receiver.all().len(), 1, "two at once, told once");
}

#[tokio::test]
async fn who_cannot_read_the_ledger_has_it_sent_nowhere() {
    let salon = Salon::open_with(settings()).await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &[]).await;
    let ada = salon.somebody("admin", None).await;
    let act = async |method, path: String, body: Value| {
        let answer = salon.by(&ada.token, method, &path).json(&body).await;
        answer.status_code().as_u16()
    };
    let one = || format!("/webhooks/{id}");
    let wanted = json!({"url": receiver.url});
    let set_up = || act(Method::POST, "/webhooks".to_owned(), wanted.clone());
    assert_eq!(set_up().await, 201);
    salon
        .delete(&format!("/users/{}/rights/see_revenue", ada.id))
        .await
        .assert_status_ok();
    assert_eq!(set_up().await, 403);
    assert_eq!(act(Method::PATCH, one(), wanted.clone()).await, 403);
    let types = json!({"event_types": ["daybook.booking.*"]});
    assert_eq!(act(Method::PATCH, one(), types).await, 403);
    let tested = salon.post(&format!("{}/test", one()), &json!({})).await;
    let delivery = tested.json::<Value>()["id"].as_str().unwrap().to_owned();
    let again = format!("{}/deliveries/{delivery}/redeliver", one());
    assert_eq!(act(Method::POST, again, json!({})).await, 403);
    // What hands nothing on is still theirs to do.
    let off = json!({"active": false, "name": "Till"});
    assert_eq!(act(Method::PATCH, one(), off).await, 200);
}

#[tokio::test]
async fn a_test_gives_a_webhook_that_fails_no_more_time() {
    let (salon, _stop) = salon().await;
    let receiver = Receiver::listen().await;
    let (id, _) = set_up(&salon, &receiver, &["daybook.service.*"]).await;
    receiver.answers(500);
    let _ = salon.service("Cut").await;
    let failing = until_shown(&salon, id, |shown| shown["failing_since"].is_string()).await;
    let test = salon
        .post(&format!("/webhooks/{id}/test"), &json!({}))
        .await;
    assert_eq!(test.status_code(), 201);
    let tested = shown(&salon, id).await;
    assert_eq!(tested["failing_since"], failing["failing_since"]);
    // Who changes it has done something about it.
    let other = json!({"url": format!("{}?other", receiver.url)});
    salon
        .patch(&format!("/webhooks/{id}"), &other)
        .await
        .assert_status_ok();
    until_shown(&salon, id, |shown| {
        shown["failing_since"] != failing["failing_since"]
    })
    .await;
}

#[tokio::test]
async fn a_business_has_only_so_many_told_at_a_time_and_each_its_turn() {
    // Nobody tells them but us.
    let salon = Salon::open_with(settings()).await;
    let receiver = Receiver::listen().await;
    let mut all = vec![];
    for _ in 0..6 {
        all.push(set_up(&salon, &receiver, &[]).await.0);
    }
    let _ = salon.service("Cut").await;
    let table = webhooks::Table::new(salon.app.pool().clone());
    let first = table.take(16).await.unwrap();
    assert_eq!(first.len(), 4);
    assert!(table.take(16).await.unwrap().is_empty());
    for lease in &first {
        table.release(lease).await.unwrap();
    }
    // Those who had no turn yet come before those who had.
    let second = table.take(2).await.unwrap();
    let mut told: Vec<_> = first.iter().chain(&second).map(|l| l.webhook).collect();
    told.sort_unstable();
    assert_eq!(told, all);
}
