//! NATS: whether it answers, and keeps streams.

use std::time::Duration;

use anyhow::{Context, bail};
use herald::{Connection, Difference, Differences, STREAM};
use serde::Deserialize;

use super::checkup::Checkup;
use crate::{messaging::Messaging, settings::Settings};

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn look(settings: &Settings, checkup: &mut Checkup) -> Option<Messaging> {
    let messaging = match Messaging::open(&settings.messaging, &settings.data_dir).await {
        Ok(messaging) => messaging,
        Err(error) => {
            checkup.failed("nats", &error);
            return None;
        }
    };
    match &messaging {
        Messaging::Off => checkup.ok("nats", "switched off (DAYBOOK_NATS_URL=off)"),
        Messaging::Missing(why) => checkup.warn(
            "nats",
            why.clone(),
            "nothing is published without it; all else works. Run ops/setup, or set DAYBOOK_NATS_URL, to off if none is wanted",
        ),
        Messaging::Given(url) => ask(url, checkup).await,
        Messaging::Private(server) => ask(server.url(), checkup).await,
    }
    Some(messaging)
}

async fn ask(url: &str, checkup: &mut Checkup) {
    let asked = tokio::time::timeout(ANSWER_WITHIN, version(url)).await;
    let asked = asked
        .with_context(|| format!("no answer within {} s", ANSWER_WITHIN.as_secs()))
        .flatten();
    match asked {
        Ok((version, None)) => checkup.ok(
            "nats",
            format!("NATS {version} with JetStream; the stream {STREAM} is made when something is published"),
        ),
        Ok((version, Some(differences))) => tell(&version, &differences, checkup),
        Err(error) => checkup.fail(
            "nats",
            format!("it does not work: {error:#}"),
            "see that it runs with JetStream (-js) and that DAYBOOK_NATS_URL is right",
        ),
    }
}

/// A stream that somebody else has set up is left as it is; here it is told what that means.
fn tell(version: &str, differences: &Differences, checkup: &mut Checkup) {
    let all = |found: &[Difference]| {
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        format!(
            "NATS {version}; of the stream {STREAM}: {}",
            found.join("; ")
        )
    };
    if !differences.unfit.is_empty() {
        checkup.fail(
            "nats",
            format!("{}. Nothing can be published", all(&differences.unfit)),
            "change the stream, or delete it and have it made anew",
        );
    } else if !differences.weaker.is_empty() {
        checkup.warn(
            "nats",
            all(&differences.weaker),
            "change the stream's settings, unless that is what you want",
        );
    } else {
        checkup.ok(
            "nats",
            format!("NATS {version} with JetStream and the stream {STREAM}"),
        );
    }
}

/// What JetStream answers about itself, of which only this concerns us.
#[derive(Deserialize)]
struct Account {
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    description: String,
}

/// The server's version, and in what the stream is not as we would make it, if there is one.
async fn version(url: &str) -> anyhow::Result<(String, Option<Differences>)> {
    let client = Connection::try_open(url).await?;
    // Asked in the protocol's own words: the library's answer type does not know servers before 2.10.
    let answer = client
        .request("$JS.API.INFO", "".into())
        .await
        .context("it keeps no streams: JetStream is off")?;
    let account: Account = serde_json::from_slice(&answer.payload)?;
    if let Some(Refusal { description }) = account.error {
        bail!("it keeps no streams: {description}");
    }
    let version = client.server_info().version;
    Ok((version, herald::look(client).await?))
}
