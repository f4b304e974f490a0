//! A fuzzer reads the description and tries the service for two minutes, as every role: no 5xx, no status, header,
//! content type or body that the description does not tell. (`just fuzz --minutes 10` for longer.)

use std::{
    env, fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, Checks, DataDir, Service, Shop};

/// Fuzzers at a time: each takes a processor for itself.
const AT_ONCE: usize = 2;
/// Beyond its time a fuzzer may need this long for its report.
const REPORTS_WITHIN: Duration = Duration::from_secs(60);
/// What is not held against the description: what is well formed may be refused (time is taken, phones do not exist), and
/// an unknown header or an empty parameter is no fault. No header is required but for `Authorization`, of which a check
/// of its own is sure (`ignored_auth`); the general one does not see that it was sent along after all.
const NOT_CHECKED: &str =
    "positive_data_acceptance,negative_data_rejection,missing_required_header";
/// What is not held against single routes.
const EXCEPTIONS: &str = "tests/description/fuzz.toml";

/// As whom somebody calls.
struct Caller {
    role: &'static str,
    key: String,
}

fn setting(name: &str, usual: u64) -> u64 {
    let given = env::var(name).ok().and_then(|given| given.parse().ok());
    given.unwrap_or(usual)
}

/// A key for each role that there is.
async fn callers(api: &Api, staff: &str) -> Vec<Caller> {
    let mut callers = Vec::new();
    for role in ["owner", "admin", "manager", "staff"] {
        let mut wanted = json!({ "name": role, "role": role });
        if role == "staff" {
            wanted["staff_id"] = staff.into();
        }
        let issued = api.post("/api-keys", wanted).await.body_of(201);
        let key = issued["api_key"].as_str().expect("a text").to_owned();
        callers.push(Caller { role, key });
    }
    callers
}

/// What suits each other, so that something can be booked: two services, three people who do both at any hour, and so on.
async fn anchors(api: &Api) -> Value {
    let id = |answer: tests::Answer| answer.body_of(201)["id"].clone();
    let mut services = vec![];
    for (name, duration) in [("Cut", 30), ("Colour", 60)] {
        let wanted = json!({ "name": name, "duration_min": duration, "price": "120.00" });
        services.push(id(api.post("/services", wanted).await));
    }
    let weekly: Vec<_> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .map(|weekday| json!({ "weekday": weekday, "from": "00:00", "to": "24:00" }))
        .collect();
    let mut staff = vec![];
    for name in ["Ola", "Jan", "Ewa"] {
        let wanted = json!({
            "name": name, "slot_interval_min": 30, "service_ids": services,
            "working_hours": { "weekly": weekly, "overrides": [] },
        });
        staff.push(id(api.post("/staff", wanted).await));
    }
    let mut clients = vec![];
    for name in ["Anna", "Piotr"] {
        clients.push(id(api.post("/clients", json!({ "name": name })).await));
    }
    json!({ "services": services, "staff": staff, "clients": clients })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_finds_nothing() {
    let Some(checks) = Checks::found("fuzzing the API") else {
        return;
    };
    let (seconds, seed) = (
        setting("DAYBOOK_FUZZ_SECONDS", 120),
        setting("DAYBOOK_FUZZ_SEED", 1),
    );
    let dir = DataDir::new();
    // Nobody is to be told to come back later.
    let many = "1000000,1000000";
    let service = Service::start_with(
        &dir,
        &[
            ["--strangers-a-minute", "0"],
            ["--public-looks", many],
            ["--public-acts", many],
            ["--public-contact", many],
            ["--public-holds", "1000"],
        ]
        .concat(),
    );
    let api = service.api(&Shop::create(&dir));
    let anchors = anchors(&api).await;
    let staff = anchors["staff"][0].as_str().expect("an id");
    let callers = callers(&api, staff).await;
    let rounds = callers.len().div_ceil(AT_ONCE) as u64;
    let each = (seconds / rounds).max(10);
    // No key shuts another one out.
    let keys = api.get("/api-keys?limit=500").await.body_of(200);
    let keys = keys["items"].as_array().expect("a list").iter();
    let kept: Vec<_> = keys.filter_map(|key| key["id"].as_str()).collect();

    let start = |caller: &Caller| -> Child {
        let log = dir.path().join(format!("fuzz-{}.log", caller.role));
        let log = fs::File::create(log).expect("the data dir is ours");
        checks
            .python("schemathesis")
            .args(["--config-file", EXCEPTIONS])
            .args(["run", &format!("{}/api/v1/openapi.json", service.address())])
            .args(["--header", &format!("Authorization: Bearer {}", caller.key)])
            .args(["--max-time", &each.to_string(), "--seed", &seed.to_string()])
            .args(["--workers", "1", "--continue-on-failure", "--no-color"])
            .args(["--generation-database", "none", "--warnings", "off"])
            .args(["--exclude-checks", NOT_CHECKED])
            .env("SCHEMATHESIS_HOOKS", "tests/description/fuzz_hooks.py")
            .env("DAYBOOK_FUZZ_KEPT", kept.join(","))
            .env("DAYBOOK_FUZZ_ANCHORS", anchors.to_string())
            .env("DAYBOOK_FUZZ_SLUG", Shop::SLUG)
            .env("DAYBOOK_FUZZ_SEED", seed.to_string())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(Stdio::from(log))
            .spawn()
            .expect("ops/setup has installed it")
    };
    let mut failed = vec![];
    for callers in callers.chunks(AT_ONCE) {
        let mut fuzzers: Vec<_> = callers
            .iter()
            .map(|caller| (caller, start(caller)))
            .collect();
        let until = Instant::now() + Duration::from_secs(each) + REPORTS_WITHIN;
        for (caller, fuzzer) in &mut fuzzers {
            let well = loop {
                match fuzzer.try_wait().expect("it is our child") {
                    Some(status) => break status.success(),
                    None if Instant::now() > until => {
                        fuzzer.kill().ok();
                        fuzzer.wait().ok();
                        break false;
                    }
                    None => thread::sleep(Duration::from_millis(200)),
                }
            };
            let log = dir.path().join(format!("fuzz-{}.log", caller.role));
            let told = fs::read_to_string(log).unwrap_or_default();
            let cases = told.lines().find(|line| line.contains(" generated"));
            println!(
                "as {}: {}",
                caller.role,
                cases.unwrap_or("no report").trim()
            );
            if !well {
                failed.push(format!("as {}:\n{}", caller.role, shortened(&told)));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    // Whatever was tried, it is still well, and so are its read models.
    let asked = api.request(Method::GET, "/history?limit=1");
    assert_eq!(Api::send(asked).await.expect("it answers").status, 200);
    assert_eq!(service.get("/readyz").await.status, 200);
    assert!(service.stop().success());
}

/// Its report, without lines that nobody reads to their end.
fn shortened(told: &str) -> String {
    let lines = told.lines().map(|line| line.chars().take(400).collect());
    let lines: Vec<String> = lines.collect();
    lines[..lines.len().min(400)].join("\n")
}
