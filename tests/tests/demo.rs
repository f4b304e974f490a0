//! `daybook demo`: one command, and there is a business with years behind it.

use std::{process::Command, thread::ScopedJoinHandle};

use serde_json::{Value, json};
use tests::{Api, DataDir, Service, daybook};

/// The smallest of the three.
fn start(dir: &DataDir) -> Service {
    Service::demo(dir, &["--kind", "studio"])
}

fn api(service: &Service) -> Api {
    service.api(service.told()["api_key"].as_str().expect("a key"))
}

/// What anybody would know the business by.
async fn known_by(service: &Service) -> Value {
    let api = api(service);
    let services = api.get("/services?limit=500").await.body_of(200);
    let newest = api.get("/history?limit=100&count=true").await.body_of(200);
    let items = |list: &Value, fields: &[&str]| -> Vec<Value> {
        let items = list["items"].as_array().expect("a list").iter();
        let picked = |item: &Value| fields.iter().map(|field| item[*field].clone()).collect();
        items.map(picked).collect()
    };
    json!({
        "services": items(&services, &["name", "duration_min", "price"]),
        "bookings": newest["total"],
        "newest": items(&newest, &["status", "start", "end", "price", "paid", "service", "staff"]),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_is_made_once_and_told_again_at_each_start() {
    let dir = DataDir::new();
    // Two at once: one makes it, the other waits for it.
    let (first, second) = std::thread::scope(|scope| {
        let [first, second] = [(); 2].map(|()| scope.spawn(|| start(&dir)));
        let ready = |demo: ScopedJoinHandle<'_, Service>| demo.join().expect("it is ready");
        (ready(first), ready(second))
    });
    let told = first.told().clone();
    for field in ["slug", "owner_email", "owner_password", "api_key"] {
        assert_eq!(told[field], second.told()[field], "one business: {field}");
    }
    assert!(second.stop().success());
    let known = known_by(&first).await;
    assert!(known["bookings"].as_i64() > Some(1_000), "{known:#}");

    let who = json!({ "email": told["owner_email"], "password": told["owner_password"] });
    let signed_in = first.api("nobody").post("/sign-in", who).await.body_of(200);
    let owner = first.api(signed_in["token"].as_str().expect("a token"));
    let business = owner.get("/business").await.body_of(200);
    assert_eq!(business["slug"], told["slug"]);
    let people = told["people"].as_array().expect("who else signs in");
    assert_eq!(people.len(), 2);
    for person in people {
        let who = json!({ "email": person["email"], "password": person["password"] });
        let signed_in = first.api("nobody").post("/sign-in", who).await.body_of(200);
        let them = first.api(signed_in["token"].as_str().expect("a token"));
        let me = them.get("/me").await.body_of(200);
        assert_eq!(me["role"], person["role"]);
    }
    let ready = first.ready().await;
    assert_eq!(ready["being_built"], json!([]), "{ready:#}");

    assert!(first.stop().success());
    dir.wait_until_stopped();
    let again = start(&dir);
    assert_eq!(again.told()["api_key"], told["api_key"]);
    assert_eq!(again.told()["owner_password"], told["owner_password"]);
    assert_eq!(known, known_by(&again).await, "as it was");
    assert!(again.stop().success());
}

#[test]
fn a_demo_that_is_stopped_while_it_is_made_says_what_to_do() {
    let dir = DataDir::new();
    let script = format!(
        "'{}' demo --kind studio --listen 127.0.0.1:0 --data-dir '{dir}' & \
         until [ -s '{dir}/demo.json' ] || ! kill -0 $!; do sleep 0.02; done; kill -TERM $!; wait $!",
        tests::binary().display(),
        dir = dir.path().display(),
    );
    let stopped = Command::new("bash")
        .args(["-c", &script])
        .env("DAYBOOK_NATS_URL", "off")
        .output()
        .expect("there is a bash");
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert_eq!(stopped.status.code(), Some(1), "{said}");
    assert!(said.contains("half-made"), "{said}");
    dir.wait_until_stopped();

    let again = daybook(&dir, &["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("half-made") && again.stderr.contains("remove"),
        "{}",
        again.stderr
    );
}
