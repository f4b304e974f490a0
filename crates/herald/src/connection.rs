//! The connection to NATS: made when it can be, and again whenever it is lost.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_nats::{
    Client, ConnectOptions, Event, ServerAddr, jetstream, jetstream::context::ContextBuilder,
};
use tokio::sync::watch;

use crate::Fault;

/// How long an answer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// A peer that is silent for about twice this long is gone.
const PINGS_EVERY: Duration = Duration::from_secs(10);
/// Between attempts to connect.
const LEAST_PAUSE: Duration = Duration::from_millis(50);
const MOST_PAUSE: Duration = Duration::from_secs(2);
/// Acknowledgements that nobody waits for any more are let go after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);

/// An address that is none.
#[derive(Debug, thiserror::Error)]
#[error("no address of a NATS server: {0}")]
pub struct BadAddress(String);

/// A connection to a NATS server, which may be away at any time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connection {
    client: Client,
    up: watch::Receiver<bool>,
}

impl Connection {
    /// Begins to connect to the server at `url`, as whom it names, and goes on for as long as the value lives.
    ///
    /// # Errors
    /// When that is no address.
    pub async fn open(url: &str) -> Result<Self, BadAddress> {
        let (tell, up) = watch::channel(false);
        let last_told = Mutex::new(String::new());
        let options = options(url)?
            .name("daybook herald")
            .retry_on_initial_connect()
            .reconnect_delay_callback(pause)
            .event_callback(move |event| {
                note(&event, &tell, &last_told);
                std::future::ready(())
            });
        let client = options.connect(address(url)?).await;
        let client = client.map_err(|error| BadAddress(error.to_string()))?;
        Ok(Self { client, up })
    }

    /// Connects once, and says why that did not work.
    ///
    /// # Errors
    /// When the server does not answer or does not let us in.
    pub async fn try_open(url: &str) -> Result<Client, Fault> {
        let bad = |error: BadAddress| Fault::Away(error.to_string());
        let options = options(url).map_err(bad)?;
        let client = options.connect(address(url).map_err(bad)?).await;
        client.map_err(|error| Fault::Away(error.to_string()))
    }

    /// Goes on at another address: the server has moved.
    pub async fn move_to(&self, url: &str) {
        match address(url) {
            Ok(address) => {
                if let Err(error) = self.client.set_server_pool(address).await {
                    tracing::warn!(%error, "the herald could not be told where NATS is now");
                }
            }
            Err(error) => tracing::warn!(%error, "the herald was told of a NATS server nowhere"),
        }
    }

    /// Waits until the server answers. Safe to cancel.
    pub(crate) async fn is_up(&self) {
        // It ends with the client, which lives as long as we do.
        let _ = self.up.clone().wait_for(|up| *up).await;
    }

    /// Waits until the server is lost. Safe to cancel.
    pub(crate) async fn is_lost(&self) {
        let _ = self.up.clone().wait_for(|up| !*up).await;
    }

    /// JetStream, with its answers waited for no longer than they may take.
    pub(crate) fn jetstream(&self) -> jetstream::Context {
        ContextBuilder::new()
            .timeout(ANSWERS_WITHIN)
            .ack_timeout(FORGOTTEN_AFTER)
            .build(self.client.clone())
    }

    /// The largest message that the server takes.
    pub(crate) fn max_payload(&self) -> usize {
        self.client.max_payload()
    }
}

/// JetStream of a client, for whoever only looks.
pub(crate) fn jetstream_of(client: Client) -> jetstream::Context {
    ContextBuilder::new().timeout(ANSWERS_WITHIN).build(client)
}

fn address(url: &str) -> Result<ServerAddr, BadAddress> {
    url.parse()
        .map_err(|error: std::io::Error| BadAddress(error.to_string()))
}

/// async-nats leaves aside what an address says of user and password.
fn options(url: &str) -> Result<ConnectOptions, BadAddress> {
    let address = address(url)?;
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        (Some(token), None) => ConnectOptions::with_token(token.to_owned()),
        (None, _) => ConnectOptions::new(),
    };
    Ok(options
        .connection_timeout(ANSWERS_WITHIN)
        .request_timeout(Some(ANSWERS_WITHIN))
        .ping_interval(PINGS_EVERY))
}

fn pause(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).min(10)).unwrap_or(10);
    (LEAST_PAUSE * 2_u32.pow(doublings)).min(MOST_PAUSE)
}

/// Notes whether the server is there; tells the log once of each change, and once of each error.
fn note(event: &Event, up: &watch::Sender<bool>, last_told: &Mutex<String>) {
    match event {
        Event::Connected => {
            if !up.send_replace(true) {
                tracing::info!("the herald is connected to NATS");
            }
            last_told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
        Event::Disconnected | Event::Closed => {
            if up.send_replace(false) {
                tracing::warn!(
                    "the herald has lost NATS; what is recorded meanwhile is published afterwards"
                );
            }
        }
        Event::ServerError(_) | Event::ClientError(_) => {
            let told = event.to_string();
            let mut last = last_told.lock().unwrap_or_else(PoisonError::into_inner);
            if *last != told {
                tracing::warn!(
                    error = told,
                    "NATS and the herald do not understand each other"
                );
                *last = told;
            }
        }
        Event::LameDuckMode | Event::Draining | Event::SlowConsumer(_) => {
            tracing::debug!(%event, "NATS says");
        }
    }
}
