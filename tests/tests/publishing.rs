//! What leaves the house: every event once, in order, and nothing personal.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use jiff::{ToSpan, Zoned};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tests::{
    DataDir, Service, Shop,
    published::{self, Told, nats_url, whole},
};

/// What clients and staff are called and have written, here.
const SECRETS: &[&str] = &[
    "Zuzanna",
    "Sekretna",
    "600100200",
    "600 100 200",
    "zuzanna@",
    "zuza_tele",
    "1990-05-04",
    "PESEL90050412345",
    "allergic",
    "was rude",
    "flu",
    "Aleksandra",
    "ola@",
    "wonderful",
    "owner@shop.example",
    "$sealed",
    "$open",
    "\"box\"",
];

async fn starts(shop: &Shop, weeks_ahead: i64) -> Vec<String> {
    let from = Zoned::now()
        .in_tz(Shop::ZONE)
        .expect("a zone of this world")
        .date();
    let from = from + weeks_ahead.weeks();
    let slots = shop
        .slots(&from.to_string(), &(from + 60.days()).to_string())
        .await;
    slots.into_iter().step_by(2).collect()
}

/// A day with everything personal in it that there is.
async fn a_personal_day(shop: &Shop) {
    let api = &shop.api;
    let staff = format!("/staff/{}", shop.staff);
    let request = api.request(reqwest::Method::PATCH, &staff);
    let named = json!({ "name": "Aleksandra", "email": "ola@shop.example" });
    let _ = tests::Api::send(request.json(&named))
        .await
        .expect("it answers")
        .body_of(200);
    let client = api
        .post(
            "/clients",
            json!({
                "name": "Zuzanna Sekretna", "phone": "+48 600 100 200", "email": "zuzanna@example.org",
                "telegram": "zuza_tele", "birthday": "1990-05-04", "fiscal_code": "PESEL90050412345",
                "note": "allergic to something", "warning": "was rude once", "language": "pl",
            }),
        )
        .await
        .body_of(201);
    let start = &starts(shop, 1).await[0];
    let wish = json!({
        "service_id": shop.service, "staff_id": shop.staff, "start": start, "client_id": client["id"],
        "comment": "is allergic",
    });
    let booked = api.post("/bookings", wish).await.body_of(201);
    let booking = format!("/bookings/{}", booked["id"].as_str().expect("an id"));
    let paid = json!({ "amount": "20.00", "method": "cash" });
    let _ = api
        .post(&format!("{booking}/payments"), paid)
        .await
        .body_of(200);
    let comment = json!({ "text": "was rude again" });
    let _ = api
        .post(&format!("{booking}/comments"), comment)
        .await
        .body_of(200);
    let reason = json!({ "reason": "has the flu" });
    let _ = api
        .post(&format!("{booking}/cancel"), reason)
        .await
        .body_of(200);
}

fn names(told: &[Told]) -> Vec<&str> {
    told.iter()
        .map(|told| told.headers["ce-type"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_told_once_in_order_and_nothing_personal_is() {
    let Some(dir) = DataDir::with_nats() else {
        return;
    };
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    a_personal_day(&shop).await;
    let url = nats_url(&dir);
    let told = whole(&dir, Shop::SLUG, &url).await;

    for message in &told {
        for secret in SECRETS {
            assert!(
                !message.text.contains(secret),
                "{secret} in {}",
                message.text
            );
        }
        let (business, position, id) = message.key();
        let body = &message.body;
        assert_eq!(body["business_id"], business.as_str());
        assert_eq!(
            (&body["position"], &body["event_id"]),
            (&json!(position), &json!(id))
        );
        assert_eq!(message.headers["Nats-Msg-Id"], id);
        assert_eq!(message.headers["ce-specversion"], "1.0");
        let (kind, name) = (&body["stream"]["kind"], &body["type"]);
        let (kind, name) = (
            kind.as_str().expect("a kind"),
            name.as_str().expect("a name"),
        );
        assert_eq!(message.subject, format!("daybook.{business}.{kind}.{name}"));
        assert_eq!(message.headers["ce-type"], format!("daybook.{kind}.{name}"));
        assert!(body["payload"][name].is_object(), "{body:#}");
    }
    let names = names(&told);
    for name in [
        "daybook.business.opened",
        "daybook.client.registered",
        "daybook.booking.placed",
        "daybook.booking.cancelled",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_go_on_while_nats_is_dead_and_are_told_afterwards() {
    let Some(dir) = DataDir::with_nats() else {
        return;
    };
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let starts = starts(&shop, 1).await;
    for (number, start) in starts.iter().take(30).enumerate() {
        if number % 10 == 5 {
            // It is started again in its own time: ten bookings may take less.
            kill_process(dir.nats_when_up().await, Signal::KILL).expect("it runs");
        }
        let wish = shop.wish(start, &format!("Client {number}"));
        let _ = shop.api.post("/bookings", wish).await.body_of(201);
        let ready = service.get("/readyz").await;
        assert_eq!(ready.status, 200, "{:#}", ready.body);
    }
    // Asked for now: somebody else may have taken the port while NATS was dead.
    let url = nats_url(&dir);
    let told = whole(&dir, Shop::SLUG, &url).await;
    assert_eq!(
        names(&told)
            .iter()
            .filter(|name| **name == "daybook.booking.placed")
            .count(),
        30
    );
    assert!(
        service
            .log()
            .contains("NATS server had died, and was started again")
    );
    assert!(
        service
            .get("/metrics")
            .await
            .body
            .to_string()
            .contains("herald_published_total")
    );
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_heralds_at_once_do_no_harm() {
    let Some(dir) = DataDir::with_nats() else {
        return;
    };
    let api = Service::start_with(&dir, &["--roles", "api,projector,herald"]);
    let shop = Shop::open(&dir, &api).await;
    let other = Service::start_with(&dir, &["--roles", "api,herald"]);
    let url = nats_url(&dir);
    let starts = starts(&shop, 1).await;
    for (number, start) in starts.iter().take(40).enumerate() {
        let shop = if number % 2 == 0 {
            shop.clone()
        } else {
            shop.at(&other)
        };
        let wish = shop.wish(start, &format!("Client {number}"));
        let _ = shop.api.post("/bookings", wish).await.body_of(201);
    }
    // Whichever of them published: the other one takes over.
    api.kill_nine();
    let shop = shop.at(&other);
    for (number, start) in starts.iter().skip(40).take(10).enumerate() {
        let wish = shop.wish(start, &format!("Later {number}"));
        let _ = shop.api.post("/bookings", wish).await.body_of(201);
    }
    let _ = whole(&dir, Shop::SLUG, &url).await;
    assert!(other.stop().success());
}

/// The sample subscribers of docs/examples, as commands.
fn subscribers() -> Vec<(&'static str, Vec<PathBuf>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = vec![("rust", vec![example()])];
    let tools = env::var_os("DAYBOOK_TOOLS").map(PathBuf::from);
    let places = [
        tools,
        Some(PathBuf::from("/usr/local/lib/daybook/tools")),
        Some(root.join(".tools")),
    ];
    let python = places
        .into_iter()
        .flatten()
        .map(|tools| tools.join("python/bin/python3"))
        .find(|python| python.exists());
    match python {
        Some(python) => all.push((
            "python",
            vec![python, root.join("docs/examples/subscriber.py")],
        )),
        None => eprintln!("skipped: the subscriber in Python: ops/setup makes a place for nats-py"),
    }
    all
}

/// The example of this package, built with the features that the tests are built with.
fn example() -> PathBuf {
    let here = env::current_exe().expect("this test's program has a path");
    let target = here
        .ancestors()
        .nth(2)
        .expect("it lies in target/PROFILE/deps");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--example", "subscriber", "--quiet"])
        .args(if cfg!(debug_assertions) {
            [].as_slice()
        } else {
            &["--release"]
        })
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(built.expect("cargo runs").success());
    target.join("examples/subscriber")
}

fn subscribe(command: &[PathBuf], words: &[&str]) -> Child {
    Command::new(&command[0])
        .args(&command[1..])
        .args(words)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it is there")
}

fn positions(child: Child) -> Vec<i64> {
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("it prints text");
    text.lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("each line is JSON");
            line["position"].as_i64().expect("a position")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_client_follows_a_business_from_its_first_event() {
    let Some(dir) = DataDir::with_nats() else {
        return;
    };
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    a_personal_day(&shop).await;
    let url = nats_url(&dir);
    let told = whole(&dir, Shop::SLUG, &url).await;
    let (business, last, _) = told.last().expect("something happened").key();
    let starts = starts(&shop, 2).await;

    for (round, (language, command)) in subscribers().iter().enumerate() {
        let place = dir.path().join(format!("{language}.json"));
        let place = place.to_str().expect("a name");
        let half = last / 2;
        let first = subscribe(command, &[&url, &business, place, &half.to_string()]);
        assert_eq!(
            positions(first),
            (1..=half).collect::<Vec<_>>(),
            "{language}"
        );
        // Durable: it goes on where it was, and gets what happens while it listens.
        let now = published::published(&url).await.len();
        let end = i64::try_from(now).expect("fewer") + 1;
        let second = subscribe(command, &[&url, &business, place, &end.to_string()]);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let wish = shop.wish(&starts[round], "Later");
        let booked = shop.api.post("/bookings", wish).await;
        assert!(booked.position() >= end);
        assert_eq!(
            positions(second),
            (half + 1..=end).collect::<Vec<_>>(),
            "{language}"
        );
        // Another one begins with the first event.
        let place = dir.path().join(format!("{language}-new.json"));
        let place = place.to_str().expect("a name");
        let fresh = subscribe(command, &[&url, &business, place, &end.to_string()]);
        assert_eq!(
            positions(fresh),
            (1..=end).collect::<Vec<_>>(),
            "{language}"
        );
    }
    assert!(service.stop().success());
}
