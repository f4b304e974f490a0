//! Follows one business from its first event, for ever: docs/guides/subscribing.md tells why it is as it is.
//!
//! ```text
//! cargo run -p tests --example subscriber -- NATS_URL BUSINESS_ID PLACE [UNTIL]
//! ```
//!
//! PLACE is a file in which the subscriber keeps how far it has come: another file is another subscriber, which begins
//! with the first event. It prints a line of JSON for each event. With UNTIL it ends after the event at that position.

#![expect(clippy::print_stdout, reason = "it is what it is for")]

use std::{env, fs, path::Path, time::Duration};

use anyhow::{Context, bail, ensure};
use async_nats::jetstream::{
    self, AckKind,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures::StreamExt;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [url, business, place, until @ ..] = words.as_slice() else {
        bail!("give NATS_URL BUSINESS_ID PLACE [UNTIL]");
    };
    let until: Option<i64> = until.first().map(|until| until.parse()).transpose()?;
    let place = Path::new(place);

    let address: async_nats::ServerAddr = url.parse()?;
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            async_nats::ConnectOptions::with_user_and_password(user.into(), password.into())
        }
        _ => async_nats::ConnectOptions::new(),
    };
    let client = options.connect(address).await?;
    let stream = jetstream::new(client).get_stream("DAYBOOK").await?;
    // Durable: NATS remembers what was acknowledged, for as long as it keeps the consumer.
    let name = format!(
        "example_{}",
        place.file_stem().context("no file")?.to_string_lossy()
    );
    let consumer = stream
        .get_or_create_consumer(
            &name,
            pull::Config {
                durable_name: Some(name.clone()),
                filter_subject: format!("daybook.{business}.>"),
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::Explicit,
                // What is not acknowledged within this comes again.
                ack_wait: Duration::from_secs(5),
                ..pull::Config::default()
            },
        )
        .await?;

    let mut known = Known::read(place)?;
    if known.reached(until) {
        return Ok(());
    }
    let mut messages = consumer.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let header = |name: &str| {
            let headers = message.headers.as_ref();
            let value = headers.and_then(|headers| headers.get(name));
            value.map(|value| value.as_str().to_owned())
        };
        let position: i64 = header("ce-daybookposition")
            .context("no position")?
            .parse()?;
        let id = header("ce-id").context("no id")?;

        if position <= known.position {
            // Told before: at least once means that it may come again. The same place is the same event.
            ensure!(
                position < known.position || Some(&id) == known.id.as_ref(),
                "the ledger was set back: position {position} is another event than before"
            );
        } else if position > known.position + 1 {
            // One before it is on its way again (its acknowledgement was lost): this one can wait.
            let wait = AckKind::Nak(Some(Duration::from_millis(200)));
            message
                .ack_with(wait)
                .await
                .map_err(anyhow::Error::from_boxed)?;
            continue;
        } else {
            let event: Value = serde_json::from_slice(&message.payload)?;
            act_on(&header("ce-type").context("no type")?, position, &event);
            // First our own note, then the acknowledgement: what comes in between is told twice, never lost.
            known = Known {
                position,
                id: Some(id),
            };
            known.write(place)?;
        }
        message.ack().await.map_err(anyhow::Error::from_boxed)?;
        if known.reached(until) {
            break;
        }
    }
    Ok(())
}

/// What this program is for.
fn act_on(name: &str, position: i64, event: &Value) {
    let line = json!({ "position": position, "type": name, "about": event["stream"]["id"], "at": event["recorded_at"] });
    println!("{line}");
}

/// How far we have come.
struct Known {
    position: i64,
    id: Option<String>,
}

impl Known {
    fn read(place: &Path) -> anyhow::Result<Self> {
        if !place.exists() {
            return Ok(Self {
                position: 0,
                id: None,
            });
        }
        let known: Value = serde_json::from_str(&fs::read_to_string(place)?)?;
        Ok(Self {
            position: known["position"].as_i64().context("no position")?,
            id: known["id"].as_str().map(str::to_owned),
        })
    }

    /// Beside, then over: a note that is half written is none.
    fn write(&self, place: &Path) -> anyhow::Result<()> {
        let beside = place.with_extension("new");
        let known = json!({ "position": self.position, "id": self.id });
        fs::write(&beside, known.to_string())?;
        Ok(fs::rename(beside, place)?)
    }

    fn reached(&self, until: Option<i64>) -> bool {
        until.is_some_and(|until| self.position >= until)
    }
}
