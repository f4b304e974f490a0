//! Read models are built anew beside a service at work, and nobody who asks is told anything else than before: while
//! bookings pour in, and after a `kill -9` of the rebuild. (How far that was, the tables tell their owner.)

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{ToSpan as _, Zoned, civil::Date};
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{Api, DataDir, Running, Service, daybook};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

/// The demo salon, and where its clocks stand.
const SLUG: &str = "salon-laka";
const ZONE: &str = "Europe/Warsaw";
/// Who book, one booking after another.
const CLIENTS: usize = 4;
/// How long anything here may take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(240);
/// How often it is looked.
const LOOKS: Duration = Duration::from_millis(20);

/// What people and programs look at, of a salon with two years behind it.
struct Looked {
    first: Date,
    today: Date,
    booking: String,
    client: String,
    service: String,
}

impl Looked {
    async fn of(api: &Api) -> Self {
        let newest = api.get("/history?limit=1&status=completed").await;
        let newest = newest.body_of(200)["items"][0].clone();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let now = Zoned::now().in_tz(ZONE);
        let today = now.expect("a zone of this world").date();
        Self {
            first: today - 6.months(),
            today,
            booking: text(&newest["id"]),
            client: text(&newest["client"]["id"]),
            service: text(&newest["service"]["id"]),
        }
    }

    /// Every question whose answer does not move with the clock: of what is over, and of what lies ahead from tomorrow on.
    fn questions(&self) -> Vec<String> {
        let Self {
            first,
            today,
            booking,
            client,
            service,
        } = self;
        let (day, week, ahead) = (*today + 1.day(), *today + 8.days(), *today + 40.days());
        let past = *today - 1.day();
        let mut questions = vec![
            format!("/calendar?from={day}&to={week}"),
            format!("/calendar?from={past}&to={past}&view=day"),
            format!("/calendar?from={day}&to={ahead}&q=an"),
            format!("/calendar/monitor?date={day}&names=true"),
            "/history?limit=100&count=true".to_owned(),
            format!("/history?limit=100&count=true&from={day}&to={ahead}"),
            "/history?limit=50&count=true&status=cancelled&deleted=true".to_owned(),
            "/history?limit=50&count=true&client=an".to_owned(),
            "/history?limit=50&count=true&q=please".to_owned(),
            format!("/history/export?format=csv&from={day}&to={ahead}"),
            "/changes?limit=200".to_owned(),
            format!("/bookings/{booking}"),
            format!("/bookings/{booking}/changes"),
            "/clients?limit=100&count=true".to_owned(),
            "/clients?limit=100&q=anna".to_owned(),
            "/clients/duplicates".to_owned(),
            "/clients/export?format=csv".to_owned(),
            format!("/clients/{client}"),
            format!("/clients/{client}/card"),
            "/search?q=kowalska".to_owned(),
            format!("/payments?from={first}&to={today}&limit=100"),
            "/waitlist".to_owned(),
            "/segments".to_owned(),
            format!("/availability?service_id={service}&from={day}&to={ahead}"),
            "/services".to_owned(),
            "/staff".to_owned(),
        ];
        for report in [
            "summary",
            "revenue",
            "pending",
            "staff-load",
            "peak-hours",
            "services",
            "clients",
            "staff",
            "retention",
            "returning",
            "trends",
            "time-saved",
            "till",
        ] {
            questions.push(format!("/reports/{report}?from={first}&to={past}"));
        }
        questions.push(format!(
            "/reports/summary?from={first}&to={past}&group_by=month"
        ));
        questions.push(format!(
            "/reports/revenue?from={first}&to={past}&format=csv"
        ));
        questions
    }

    /// All answers, of read models that have come to where the ledger ends.
    async fn answers(&self, dir: &DataDir, api: &Api) -> (i64, Vec<(String, Value)>) {
        let head = head(dir);
        let mut answers = vec![];
        for question in self.questions() {
            let answer = api.get_after(head, &question).await;
            assert_eq!(answer.status, 200, "{question}: {:#}", answer.body);
            answers.push((question, answer.body));
        }
        for filter in [
            json!({ "field": "bookings", "at_least": 3 }),
            json!({ "not": { "field": "bookings", "at_least": 2 } }),
        ] {
            let preview = api
                .post("/segments/preview", json!({ "filter": filter }))
                .await;
            answers.push((format!("segment {filter}"), preview.body_of(200)));
        }
        (head, answers)
    }
}

#[track_caller]
fn are_equal(before: &[(String, Value)], after: &[(String, Value)]) {
    for ((question, before), (_, after)) in before.iter().zip(after) {
        assert_eq!(before, after, "{question}");
    }
    assert_eq!(before.len(), after.len());
}

/// Where the ledger ends.
fn head(dir: &DataDir) -> i64 {
    let log = daybook(dir, &["log", "tail", "--business", SLUG]).well();
    let last = log.stdout.lines().last().unwrap_or_default();
    let last: Value = serde_json::from_str(last).expect("each line is JSON");
    last["position"].as_i64().expect("a number")
}

/// Bookings that pour in, each with what comes after it.
struct Pouring {
    over: Arc<AtomicBool>,
    booked: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Pouring {
    /// Each of the clients books its share of these starts.
    fn begin(api: &Api, slots: &[Value], service: &str) -> Self {
        let (over, booked) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let mine: Vec<_> = slots
                .iter()
                .skip(number)
                .step_by(CLIENTS)
                .cloned()
                .collect();
            let (api, service, over) = (api.clone(), service.to_owned(), over.clone());
            let booked: Arc<AtomicUsize> = Arc::clone(&booked);
            clients.spawn(async move {
                for (nth, slot) in mine.iter().enumerate() {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let wish = json!({
                        "service_id": service, "staff_id": slot["staff_id"], "start": slot["start"],
                        "client": { "name": format!("Anna Pouring {number}-{nth}") }, "comment": "please",
                    });
                    let answer = api.post("/bookings", wish).await;
                    // Longer than the grid, it stands in its neighbour's way.
                    if answer.status == 409 {
                        continue;
                    }
                    let id = answer.body_of(201)["id"].as_str().expect("an id").to_owned();
                    lives_on(&api, &id, nth).await;
                    booked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self {
            over,
            booked,
            clients,
        }
    }

    fn booked(&self) -> usize {
        self.booked.load(Ordering::Relaxed)
    }

    /// Lets them finish what is in hand.
    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
    }
}

/// What becomes of a booking: not the same of each.
async fn lives_on(api: &Api, id: &str, nth: usize) {
    let (step, body) = match nth % 4 {
        0 => ("payments", json!({ "amount": "20.00", "method": "card" })),
        1 => ("cancel", json!({ "reason": "ill" })),
        2 => ("comments", json!({ "text": "by the window" })),
        _ => return,
    };
    let done = api.post(&format!("/bookings/{id}/{step}"), body).await;
    assert!(done.status < 300, "{step}: {:#}", done.body);
}

/// Looks at what only ever grows, all the time: it is told whole or not at all, whichever tables are being swapped.
fn look_on(api: &Api, over: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let (api, over) = (api.clone(), over.clone());
    tokio::spawn(async move {
        let (mut looks, mut seen) = (0, 0);
        while !over.load(Ordering::Relaxed) {
            let told = api.get("/history?limit=1&count=true").await;
            let total = told.body_of(200)["total"].as_i64().expect("a number");
            assert!(total >= seen, "{total} bookings after {seen}");
            (looks, seen) = (looks + 1, total);
        }
        looks
    })
}

async fn rebuild(dir: &Arc<DataDir>, flags: &'static [&'static str]) -> Value {
    let dir = Arc::clone(dir);
    let rebuilt = spawn_blocking(move || {
        let words = [&["rebuild", "--json"], flags].concat();
        daybook(&dir, &words).json()
    });
    rebuilt.await.expect("it ends")
}

/// The database, as its owner.
async fn owner(dir: &DataDir) -> PgPool {
    let doctor = daybook(dir, &["doctor", "--json"]).json();
    let url = doctor["database_url"].as_str().expect("an address");
    PgPool::connect(url).await.expect("it is up")
}

/// How many read models have noted how far they are.
async fn noted(owner: &PgPool) -> i64 {
    sqlx::query_scalar("select count(distinct read_model) from rebuild_reached")
        .fetch_one(owner)
        .await
        .expect("it answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_the_same_after_it_was_built_anew() {
    let dir = Arc::new(DataDir::new());
    let service = Service::demo(&dir, &[]);
    let api = service.api(service.told()["api_key"].as_str().expect("a key"));
    let looked = Looked::of(&api).await;

    // Everything anew, while bookings pour in.
    let (from, to) = (looked.today + 1.day(), looked.today + 60.days());
    let free = format!(
        "/availability?service_id={}&from={from}&to={to}",
        looked.service
    );
    let slots = api.get(&free).await.body_of(200)["slots"].clone();
    let slots = slots.as_array().expect("a list");
    let pouring = Pouring::begin(&api, slots, &looked.service);
    let onlooker = look_on(&api, &pouring.over);
    let before = pouring.booked();
    let rebuilt = rebuild(&dir, &["--afresh"]).await;
    let meanwhile = pouring.booked() - before;
    pouring.end().await;
    assert!(meanwhile > 0, "nothing was booked while it was rebuilt");
    assert!(onlooker.await.expect("nothing was lost from sight") > 10);
    assert_eq!(rebuilt["parked"], 0, "{rebuilt:#}");

    // Once more, with nobody about: had a booking been lost or taken in twice, it would be told otherwise now.
    let (position, live) = looked.answers(&dir, &api).await;
    let rebuilt = rebuild(&dir, &["--afresh"]).await;
    assert_eq!(rebuilt["events"], position, "{rebuilt:#}");
    let (after, answers) = looked.answers(&dir, &api).await;
    assert_eq!(after, position, "a rebuild appends nothing");
    are_equal(&live, &answers);

    // Killed in the middle, and gone on with.
    let owner = owner(&dir).await;
    let victim = Running::start(&dir, &["rebuild"]);
    let began = Instant::now();
    while noted(&owner).await == 0 {
        assert!(began.elapsed() < PATIENCE, "it notes nothing");
        tokio::time::sleep(LOOKS).await;
    }
    victim.kill_nine();
    let left = noted(&owner).await;
    assert!(left > 0, "it was through before it was killed");
    are_equal(&live, &looked.answers(&dir, &api).await.1);
    let done = daybook(&dir, &["rebuild", "--json", "--log-level", "info"]).well();
    let gone_on_with = done.stderr.matches("it is gone on with").count();
    assert!(gone_on_with > 0, "it was begun anew:\n{}", done.stderr);
    assert_eq!(noted(&owner).await, 0);
    let (after, answers) = looked.answers(&dir, &api).await;
    assert_eq!(after, position);
    are_equal(&live, &answers);

    owner.close().await;
    assert!(service.stop().success());
}
