//! The commands while the service runs on the same data dir, and when it does not.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;
use tests::{DataDir, Follow, Service, Shop, daybook};

/// How long a rebuild of a few events may take, on a machine that does other things too.
const REBUILT_WITHIN: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn commands_share_the_servers_of_the_service() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let ready = service.ready().await;
    assert_eq!(ready["ready"], true, "{ready:#}");
    let shop = Shop::open(&dir, &service).await;

    let words = [
        "api-key",
        "create",
        "--business",
        Shop::SLUG,
        "--role",
        "owner",
        "--staff",
        &shop.staff,
    ];
    let issued = daybook(&dir, &words).json();
    let key = issued["api_key"].as_str().expect("a key");
    let services = service.api(key).get("/services").await.body_of(200);
    assert_eq!(services["items"][0]["name"], "Cut");

    let words = [
        "business",
        "create",
        "--name",
        "Other",
        "--slug",
        Shop::SLUG,
        "--time-zone",
        "Europe/Rome",
        "--currency",
        "EUR",
        "--owner-email",
        "other@shop.example",
        "--owner-password",
        "correct horse",
    ];
    let refused = daybook(&dir, &words);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("is taken") && refused.stderr.contains("  do:  "),
        "{}",
        refused.stderr
    );

    let rebuilt = daybook(&dir, &["rebuild", "--json"]).json();
    assert_eq!(rebuilt["businesses"], 1);
    assert_eq!(rebuilt["parked"], 0);
    let rebuilt = daybook(
        &dir,
        &[
            "rebuild",
            "--business",
            Shop::SLUG,
            "--read-model",
            "calendar",
            "--json",
        ],
    )
    .json();
    assert_eq!(rebuilt["read_models"], json!(["calendar"]));
    let unknown = daybook(&dir, &["rebuild", "--read-model", "calender"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("calendar"), "{}", unknown.stderr);

    let doctor = daybook(&dir, &["doctor", "--json"]).json();
    assert_ne!(doctor["state"], "fail", "{doctor:#}");
    assert!(
        doctor["database_url"]
            .as_str()
            .is_some_and(|url| url.starts_with("postgres://")),
        "{doctor:#}"
    );
    let checked: Vec<_> = doctor["checks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|check| check["name"].as_str())
        .collect();
    for name in [
        "database",
        "migrations",
        "grants",
        "nats",
        "clock",
        "disk",
        "master key",
        "ledger",
        "claims",
        "read models",
    ] {
        assert!(checked.contains(&name), "{name} is not in {checked:?}");
    }
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_start_what_they_need_and_stop_it_again() {
    let dir = DataDir::new();
    // Any command may be the first.
    let key = Shop::create(&dir);
    dir.wait_until_stopped();
    let log = daybook(
        &dir,
        &["log", "tail", "--business", Shop::SLUG, "--from", "2"],
    )
    .well()
    .stdout;
    assert!(log.starts_with("{\"position\":2,"), "{log}");
    assert!(
        !log.contains("owner@shop.example"),
        "what is sealed stays sealed"
    );
    dir.wait_until_stopped();

    let service = Service::start(&dir);
    let _ = service.api(&key).get("/services").await.body_of(200);
    assert!(service.stop().success());
    dir.wait_until_stopped();

    let nobody = daybook(&dir, &["log", "tail", "--business", "nobody"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("no business"), "{}", nobody.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_followed_live_and_left_in_peace() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let key = Shop::create(&dir);
    let follow = Follow::start(&dir);
    follow.read_from_to(1, 3);
    let offered = json!({ "name": "Cut", "duration_min": 60, "price": "120.00" });
    let position = service
        .api(&key)
        .post("/services", offered.clone())
        .await
        .position();
    let event = follow.next();
    assert_eq!(
        (&event["position"], &event["type"]),
        (&json!(position), &json!("offered"))
    );
    assert_eq!(event["stream"]["kind"], "service");
    assert_eq!(event["payload"]["offered"]["name"], "Cut");
    assert_eq!(follow.interrupt(), Some(0));

    // Whoever reads goes away after one line; the next event finds nobody, which is no failure.
    let script = format!(
        "set -o pipefail; '{}' log tail --business {} --follow --data-dir '{}' | head -n 1",
        tests::binary().display(),
        Shop::SLUG,
        dir.path().display(),
    );
    let mut piped = Command::new("bash")
        .args(["-c", &script])
        .env("DAYBOOK_NATS_URL", "off")
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a bash");
    while piped.try_wait().expect("it is our child").is_none() {
        let _ = service
            .api(&key)
            .post("/services", offered.clone())
            .await
            .body_of(201);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let done = piped.wait_with_output().expect("it is our child");
    assert!(done.status.success(), "{done:?}");
    assert_eq!(String::from_utf8_lossy(&done.stdout).lines().count(), 1);
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_before_anything_is_made() {
    let dir = DataDir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has one").to_string();
    let refused = daybook(&dir, &["serve", "--listen", &address]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains(&address) && refused.stderr.contains("--listen"),
        "{}",
        refused.stderr
    );
    assert!(!dir.path().join("postgres").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_may_not_migrate_does_not_start_on_an_empty_database() {
    let dir = DataDir::new();
    let refused = daybook(&dir, &["serve", "--listen", "127.0.0.1:0", "--no-migrate"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("daybook migrate"),
        "{}",
        refused.stderr
    );
    let migrated = daybook(&dir, &["migrate"]).json();
    assert!(
        migrated["applied"]
            .as_array()
            .is_some_and(|applied| !applied.is_empty()),
        "{migrated}"
    );
    let again = daybook(&dir, &["migrate", "--json"]).json();
    assert_eq!(again["applied"], json!([]));
    let service = Service::start_with(&dir, &["--no-migrate"]);
    assert!(service.stop().success());
}

#[test]
fn of_many_who_migrate_at_once_one_does_it_and_none_fails() {
    let dir = DataDir::new();
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| daybook(&dir, &["migrate", "--json"]).json()))
            .collect();
        let done = running.into_iter().map(|one| one.join().expect("it ends"));
        done.map(|told| told["applied"].as_array().map_or(0, Vec::len))
            .collect()
    });
    let busy = applied.iter().filter(|applied| **applied > 0).count();
    assert_eq!(busy, 1, "{applied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_rebuilds_what_the_old_one_built_beside_it() {
    let dir = DataDir::new();
    let old = Service::start(&dir);
    let shop = Shop::open(&dir, &old).await;
    let doctor = daybook(&dir, &["doctor", "--json"]).json();
    let url = doctor["database_url"].as_str().expect("an address");
    let pool = sqlx::PgPool::connect(url).await.expect("it is up");
    let named = || async {
        let name: Option<String> =
            sqlx::query_scalar("select name from timetable_staff where staff_id::text = $1")
                .bind(&shop.staff)
                .fetch_optional(&pool)
                .await
                .expect("it answers");
        name
    };
    shown(named).await;
    // As if an older version had built it, with a mistake.
    sqlx::raw_sql(
        "update timetable_staff set name = 'Alo'; update read_model set version = version - 1 where name = 'timetable'",
    )
    .execute(&pool)
    .await
    .expect("the owner may");

    let new = Service::start(&dir);
    shown(named).await;
    let left: i64 = sqlx::query_scalar("select count(*) from rebuild_twin")
        .fetch_one(&pool)
        .await
        .expect("it answers");
    assert_eq!(left, 0);
    let said = daybook(&dir, &["rebuild", "--outdated", "--json"]).json();
    assert_eq!(said["read_models"], json!([]));
    pool.close().await;
    assert!(new.stop().success());
    assert!(old.stop().success());
}

/// Waits until the staff member is called what they were always called.
async fn shown<F: Future<Output = Option<String>>>(named: impl Fn() -> F) {
    let is_shown = async {
        while named().await.as_deref() != Some("Ola") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(REBUILT_WITHIN, is_shown).await;
    waited.expect("it is shown in that time");
}
