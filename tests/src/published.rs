//! What has been published to NATS.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use async_nats::{Client, ConnectOptions, ServerAddr, jetstream};
use futures::StreamExt;
use serde_json::Value;

use crate::{DataDir, daybook};

/// How long it may take until everything is told.
const TOLD_WITHIN: Duration = Duration::from_secs(120);

/// A message of the stream.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where it was published.
    pub subject: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Value,
    /// All of it, as text: what must not be in it is nowhere in here.
    pub text: String,
}

impl Told {
    /// Whose it is, where it stands, which event it is.
    ///
    /// # Panics
    /// When it does not tell.
    #[must_use]
    pub fn key(&self) -> (String, i64, String) {
        let business = self.subject.split('.').nth(1).expect("a business");
        let position = self.headers["ce-daybookposition"].parse();
        (
            business.to_owned(),
            position.expect("a number"),
            self.headers["ce-id"].clone(),
        )
    }
}

/// The address of the data dir's NATS, credentials and all.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn nats_url(dir: &DataDir) -> String {
    let doctor = daybook(dir, &["doctor", "--json"]).json();
    let url = doctor["nats_url"].as_str();
    url.unwrap_or_else(|| panic!("{doctor:#}")).to_owned()
}

/// A stock client of the server at `url`.
///
/// # Panics
/// When it does not let us in.
pub async fn connect(url: &str) -> Client {
    let address: ServerAddr = url.parse().expect("an address");
    let (user, password) = (address.username(), address.password());
    let options = ConnectOptions::with_user_and_password(
        user.expect("a user").to_owned(),
        password.expect("a password").to_owned(),
    );
    options.connect(address).await.expect("it lets us in")
}

/// Every message of the stream, from its first, in its order.
///
/// # Panics
/// When it cannot be read.
pub async fn published(url: &str) -> Vec<Told> {
    let stream = jetstream::new(connect(url).await)
        .get_stream("DAYBOOK")
        .await;
    let mut stream = stream.expect("there is a stream");
    let count = stream.info().await.expect("it tells").state.messages;
    let count = usize::try_from(count).expect("fewer than that");
    let consumer = stream
        .create_consumer(jetstream::consumer::pull::OrderedConfig::default())
        .await;
    let messages = consumer.expect("it can be read").messages().await;
    messages
        .expect("it can be read")
        .take(count)
        .map(|message| {
            let message = message.expect("it can be read");
            let headers: BTreeMap<String, String> = message
                .headers
                .iter()
                .flat_map(async_nats::HeaderMap::iter)
                .flat_map(|(name, values)| {
                    values
                        .iter()
                        .map(move |value| (name.to_string(), value.to_string()))
                })
                .collect();
            let text = String::from_utf8_lossy(&message.payload).into_owned();
            Told {
                body: serde_json::from_str(&text).expect("the body is JSON"),
                text: format!("{} {headers:?} {text}", message.subject),
                subject: message.subject.to_string(),
                headers,
            }
        })
        .collect()
        .await
}

/// Waits until nothing is left to publish, as `daybook doctor` tells.
///
/// # Panics
/// When that does not come.
pub async fn until_all_is_told(dir: &DataDir) {
    let began = Instant::now();
    loop {
        let doctor = daybook(dir, &["doctor", "--json"]).json();
        if doctor["published"]["behind_events"] == 0 {
            return;
        }
        assert!(began.elapsed() < TOLD_WITHIN, "{doctor:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Asserts that the stream holds every event of the business once, in order, and gives its messages.
///
/// # Panics
/// When it does not.
pub async fn whole(dir: &DataDir, slug: &str, url: &str) -> Vec<Told> {
    until_all_is_told(dir).await;
    let told = published(url).await;
    let keys: Vec<(i64, String)> = told
        .iter()
        .map(|told| {
            let (_, position, id) = told.key();
            (position, id)
        })
        .collect();
    let log = daybook(dir, &["log", "tail", "--business", slug]).well();
    let recorded: Vec<(i64, String)> = log
        .stdout
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).expect("each line is JSON");
            let id = event["event_id"].as_str().expect("an id").to_owned();
            (event["position"].as_i64().expect("a position"), id)
        })
        .collect();
    assert_eq!(keys.len(), recorded.len(), "{} told", keys.len());
    assert_eq!(keys, recorded);
    told
}
