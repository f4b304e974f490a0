//! A business to call, and answers made ready to compare.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::http::{HeaderName, HeaderValue, Method};
use axum_test::{TestRequest, TestResponse, TestServer};
use domain::{
    contact::Email,
    money::Currency,
    text::{Label, Slug},
    time::Zone,
};
use gateway::{
    App, Parts, Settings,
    access::{NewBusiness, OpenedBusiness, create_business},
};
use jiff::{SignedDuration, Timestamp};
use ledger::{BusinessId, Ledger};
use projections::{Projector, ProjectorSettings};
use serde_json::{Value, json};
use testbed::Database;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{MasterKey, Vault};

/// What the clock says at first: a Monday, 10:00 in Warsaw.
pub(crate) const MORNING: &str = "2026-11-23T09:00:00Z";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct Hands {
    at: Arc<Mutex<Timestamp>>,
    step: Arc<Mutex<SignedDuration>>,
}

impl Hands {
    /// To what it is in truth: holds are judged by the database's clock.
    pub(crate) fn set_to_now(&self) {
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        *self.at.lock().unwrap() = now;
    }

    pub(crate) fn forward(&self, by: SignedDuration) {
        *self.at.lock().unwrap() += by;
    }

    /// From here on it goes on by so much with each look.
    pub(crate) fn tick(&self, by: SignedDuration) {
        *self.step.lock().unwrap() = by;
    }

    fn look(&self) -> Timestamp {
        let mut at = self.at.lock().unwrap();
        *at += *self.step.lock().unwrap();
        *at
    }
}

/// A service with one business in it, and a caller with its owner's key.
pub(crate) struct Salon {
    pub(crate) app: App,
    pub(crate) server: TestServer,
    pub(crate) opened: OpenedBusiness,
    pub(crate) hands: Hands,
    // Dropped last: its database goes with it.
    pub(crate) database: Database,
}

/// A service without a business.
pub(crate) async fn empty_app(settings: Settings) -> (App, Hands, Database) {
    let (mut apps, hands, database) = apps(settings, 1).await;
    (apps.remove(0), hands, database)
}

/// So many processes of the same service, without a business.
async fn apps(settings: Settings, number: usize) -> (Vec<App>, Hands, Database) {
    let database = testbed::database().await;
    let pool = database.service_pool().await;
    let hands = Hands {
        at: Arc::new(Mutex::new(MORNING.parse().unwrap())),
        step: Arc::default(),
    };
    let shown = hands.clone();
    let ledger = Ledger::new(pool.clone(), domain::event::upcasters());
    let vault = Vault::new(&MasterKey::generate(), pool.clone());
    let projector = Projector::new(
        pool.clone(),
        ledger.clone(),
        vault.clone(),
        ProjectorSettings::new("test"),
    );
    let running = projector.clone();
    tokio::spawn(async move { running.run(CancellationToken::new()).await });
    let mut apps = vec![];
    for _ in 0..number {
        let shown = shown.clone();
        apps.push(App::new(Parts {
            ledger: ledger.clone(),
            vault: vault.clone(),
            projector: projector.clone(),
            pool: database.service_pool().await,
            settings: settings.clone(),
            clock: Arc::new(move || shown.look()),
            probes: vec![],
        }));
    }
    (apps, hands, database)
}

/// Opens a business in Warsaw.
pub(crate) async fn open(app: &App, slug: &str) -> OpenedBusiness {
    let new = NewBusiness {
        name: Label::parse("Salon Ada").unwrap(),
        slug: Slug::parse(slug).unwrap(),
        time_zone: Zone::named("Europe/Warsaw").unwrap(),
        currency: Currency::PLN,
        country: None,
        owner_email: Email::parse(&format!("owner@{slug}.example")).unwrap(),
        owner_password: PASSWORD.into(),
    };
    create_business(app, new).await.unwrap()
}

impl Salon {
    pub(crate) async fn open() -> Self {
        Self::open_with(Settings::default()).await
    }

    pub(crate) async fn open_with(settings: Settings) -> Self {
        let (app, hands, database) = empty_app(settings).await;
        Self::of(app, hands, database).await
    }

    /// A salon, and another process of its service.
    pub(crate) async fn twice() -> (Self, App) {
        let (mut apps, hands, database) = apps(Settings::default(), 2).await;
        let (app, other) = (apps.remove(0), apps.remove(0));
        (Self::of(app, hands, database).await, other)
    }

    async fn of(app: App, hands: Hands, database: Database) -> Self {
        let opened = open(&app, "ada").await;
        let server = TestServer::new(gateway::router(app.clone()));
        Self {
            app,
            server,
            opened,
            hands,
            database,
        }
    }

    pub(crate) fn business(&self) -> BusinessId {
        BusinessId(self.opened.business_id.uuid())
    }

    /// A request with the owner's key.
    pub(crate) fn call(&self, method: Method, path: &str) -> TestRequest {
        self.bare(method, path)
            .authorization_bearer(&self.opened.api_key)
    }

    /// A request of nobody's.
    pub(crate) fn bare(&self, method: Method, path: &str) -> TestRequest {
        self.server.method(method, &format!("/api/v1{path}"))
    }

    pub(crate) fn get(&self, path: &str) -> TestRequest {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> TestRequest {
        self.call(Method::POST, path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> TestRequest {
        self.call(Method::PUT, path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> TestRequest {
        self.call(Method::PATCH, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> TestRequest {
        self.call(Method::DELETE, path)
    }

    /// The last position of the business's ledger.
    pub(crate) async fn head(&self) -> i64 {
        self.app.ledger().head(self.business()).await.unwrap().0
    }

    /// Makes a service, and gives its id.
    pub(crate) async fn service(&self, name: &str) -> Uuid {
        let body = json!({"name": name, "duration_min": 45, "price": "120.00"});
        id_of(&self.post("/services", &body).await)
    }
}

impl Salon {
    /// Lets somebody take bookings, and gives their id.
    pub(crate) async fn staff(&self, name: &str, services: &[Uuid], hours: &Value) -> Uuid {
        let body = json!({
            "name": name, "slot_interval_min": 15, "service_ids": services, "working_hours": hours,
        });
        id_of(&self.post("/staff", &body).await)
    }
}

pub(crate) fn header(name: &'static str, value: &str) -> (HeaderName, HeaderValue) {
    (
        HeaderName::from_static(name),
        HeaderValue::from_str(value).unwrap(),
    )
}

/// The `id` in the body of a 201.
#[track_caller]
pub(crate) fn id_of(response: &TestResponse) -> Uuid {
    assert_eq!(response.status_code(), 201, "{}", response.text());
    response.json::<Value>()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// The answer as it is compared: status, the headers that the contract speaks of, body; ids told apart by number.
pub(crate) fn seen(response: &TestResponse) -> Value {
    let mut seen = serde_json::Map::new();
    seen.insert("status".to_owned(), json!(response.status_code().as_u16()));
    for name in [
        "content-type",
        "content-language",
        "location",
        "etag",
        "daybook-position",
        "retry-after",
        "www-authenticate",
        "allow",
    ] {
        if let Some(value) = response.headers().get(name) {
            seen.insert(name.to_owned(), json!(value.to_str().unwrap()));
        }
    }
    let text = response.text();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    seen.insert("body".to_owned(), body);
    let mut seen = Value::Object(seen);
    number(&mut seen, &mut HashMap::new());
    seen
}

fn number(json: &mut Value, known: &mut HashMap<Uuid, usize>) {
    match json {
        Value::String(text) => {
            let mut from = 0;
            while let Some(window) = text.get(from..from + 36) {
                if let Ok(id) = window.parse::<Uuid>() {
                    let next = known.len() + 1;
                    let number = format!("«{}»", known.entry(id).or_insert(next));
                    text.replace_range(from..from + 36, &number);
                }
                from += text[from..].chars().next().map_or(1, char::len_utf8);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| number(item, known)),
        Value::Object(members) => members.values_mut().for_each(|m| number(m, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text of the last letter, once there are so many.
pub(crate) async fn letter(folder: &Path, number: usize) -> String {
    for _ in 0..200 {
        let mut letters: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap())
            .filter(|file| file.path().extension().is_some_and(|e| e == "eml"))
            .collect();
        if letters.len() == number {
            letters.sort_by_key(|file| file.metadata().unwrap().modified().unwrap());
            let text = fs::read_to_string(letters[number - 1].path()).unwrap();
            if text.contains("\r\n\r\n") || text.contains("\n\n") {
                // Long lines are folded as quoted-printable does it.
                return text.replace("=\r\n", "").replace("=3D", "=");
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("there are not {number} letters");
}

/// What stands between the two in a text.
pub(crate) fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split(after).next().unwrap().trim()
}
