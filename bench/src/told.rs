//! Publishing to NATS: how long after it was recorded a subscriber has an event, and how fast the herald tells what it
//! has to catch up with, next to a bare publisher of the same messages.

use std::{
    collections::VecDeque,
    future::IntoFuture,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use async_nats::{
    ConnectOptions, HeaderMap, ServerAddr,
    jetstream::{
        self,
        consumer::{DeliverPolicy, pull::OrderedConfig},
        message::PublishMessage,
        stream::Config,
    },
};
use futures::StreamExt as _;
use herald::{HeraldSettings, STREAM, lag};
use jiff::Timestamp;
use serde::Deserialize;
use sqlx::PgPool;
use testbed::{Durability, Nats, Settings};
use tokio::{task::JoinHandle, time::sleep};
use uuid::Uuid;

use crate::line::{Took, count};

/// The stream of the bare publisher.
const BARE: &str = "BARE";

/// A private NATS, as in service.
pub(crate) struct Told {
    nats: Nats,
}

/// What of a message says how late it is.
#[derive(Deserialize)]
struct When {
    recorded_at: Timestamp,
}

impl Told {
    /// None where no nats-server is installed.
    pub(crate) async fn start(dir: &Path) -> anyhow::Result<Option<Self>> {
        if !Nats::is_installed() {
            eprintln!("there is no nats-server here: publishing is not measured");
            return Ok(None);
        }
        let settings = Settings {
            durability: Durability::Kept,
            linger: Duration::ZERO,
        };
        let nats = Nats::start(dir, settings).await?;
        Ok(Some(Self { nats }))
    }

    pub(crate) fn url(&self) -> &str {
        self.nats.url()
    }

    pub(crate) async fn stop(self) {
        self.nats.leave().await;
    }

    async fn jetstream(&self) -> anyhow::Result<jetstream::Context> {
        let address: ServerAddr = self.url().parse()?;
        let user = address.username().context("no user")?.to_owned();
        let password = address.password().context("no password")?.to_owned();
        let options = ConnectOptions::with_user_and_password(user, password);
        Ok(jetstream::new(options.connect(address).await?))
    }

    /// Subscribes to what comes from now on; ends with so many messages, or when nothing comes any more.
    pub(crate) async fn listen(&self) -> anyhow::Result<JoinHandle<anyhow::Result<Took>>> {
        let stream = self.jetstream().await?.get_stream(STREAM).await?;
        let consumer = stream
            .create_consumer(OrderedConfig {
                deliver_policy: DeliverPolicy::New,
                ..OrderedConfig::default()
            })
            .await?;
        let mut messages = consumer.messages().await?;
        Ok(tokio::spawn(async move {
            let mut took = Took::default();
            let begun = Instant::now();
            while let Ok(Some(message)) =
                tokio::time::timeout(Duration::from_secs(2), messages.next()).await
            {
                let when: When = serde_json::from_slice(&message?.payload)?;
                let late = Timestamp::now().duration_since(when.recorded_at);
                // One clock for both: the database is on this machine.
                took.each.push(Duration::try_from(late).unwrap_or_default());
                took.whole = begun.elapsed();
            }
            Ok(took)
        }))
    }

    /// Takes the stream away, so that everything is to be told again.
    pub(crate) async fn forget(&self) -> anyhow::Result<()> {
        self.jetstream().await?.delete_stream(STREAM).await?;
        Ok(())
    }

    /// As many messages like those in the stream, by a publisher that does nothing else, with as many on their way.
    pub(crate) async fn bare(&self, messages: usize) -> anyhow::Result<f64> {
        let jetstream = self.jetstream().await?;
        let stream = jetstream.get_stream(STREAM).await?;
        let last = stream.cached_info().state.last_sequence;
        let like = stream.get_raw_message(last).await?;
        // What speaks to the server (`Nats-…`: the stream it expects, the id) is the herald's own.
        let mut headers = HeaderMap::new();
        for (name, values) in like.headers.iter() {
            if !name.to_string().starts_with("Nats-") {
                for value in values {
                    headers.append(name.clone(), value.clone());
                }
            }
        }
        let config = Config {
            name: BARE.to_owned(),
            subjects: vec!["bare.>".to_owned()],
            ..Config::default()
        };
        jetstream.create_stream(config).await?;
        let window = HeraldSettings::default().window;
        let mut in_hand = VecDeque::with_capacity(window);
        let begun = Instant::now();
        for _ in 0..messages {
            if in_hand.len() == window
                && let Some(ack) = in_hand.pop_front()
            {
                IntoFuture::into_future(ack).await?;
            }
            let publish = PublishMessage::build()
                .payload(like.payload.clone())
                .headers(headers.clone())
                .message_id(Uuid::now_v7().to_string());
            in_hand.push_back(jetstream.send_publish("bare.like.these", publish).await?);
        }
        for ack in in_hand {
            IntoFuture::into_future(ack).await?;
        }
        let figure = count(messages) / begun.elapsed().as_secs_f64();
        jetstream.delete_stream(BARE).await?;
        Ok(figure)
    }
}

/// Waits until everything is told; how many events there are.
pub(crate) async fn all_told(db: &PgPool) -> anyhow::Result<usize> {
    while lag(db).await?.events > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    let all: i64 =
        sqlx::query_scalar("select coalesce(sum(position), 0)::bigint from herald_position")
            .fetch_one(db)
            .await?;
    Ok(usize::try_from(all)?)
}
