//! NATS: the server whose address is given, a private one in the data dir, or none.

use std::{future::Future, path::Path, str::FromStr, time::Duration};

use herald::Connection;
use testbed::{
    Nats,
    private::{BinariesError, NatsError},
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    failure::Remedy,
    settings::{Reading, Setting},
};

const URL: Setting = Setting {
    value: Some("URL"),
    default: Some("a private nats-server in the data dir"),
    secret: true,
    ..Setting::new(
        "nats_url",
        "DAYBOOK_NATS_URL",
        "Address of the NATS server: nats://USER:PASSWORD@HOST:PORT; off: none",
    )
};

const REPLICAS: Setting = Setting {
    value: Some("NUMBER"),
    default: Some("1"),
    ..Setting::new(
        "nats_replicas",
        "DAYBOOK_NATS_REPLICAS",
        "How many servers of a NATS cluster keep each message (1 to 5), where the stream has to be made",
    )
};

/// How often a private server is looked at, and how long after it could not be started it is tried again.
const LOOKS_EVERY: Duration = Duration::from_millis(500);
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Where NATS is.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Default: none, a private server.
    url: Option<Wanted>,
    /// Default 1.
    pub(crate) replicas: Replicas,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[&URL, &REPLICAS];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        let (url, replicas) = (said.optional(&URL), said.value(&REPLICAS));
        Some(Self {
            url: url?,
            replicas: replicas?,
        })
    }

    /// Whether nothing is to be published.
    pub(crate) fn is_off(&self) -> bool {
        matches!(self.url, Some(Wanted::Off))
    }
}

/// How many servers keep each message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replicas(pub(crate) usize);

impl FromStr for Replicas {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().ok().filter(|number| (1..=5).contains(number));
        number.map(Self).ok_or("is no number from 1 to 5")
    }
}

#[derive(Debug, Clone)]
enum Wanted {
    Off,
    At(String),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse::<async_nats::ServerAddr>()
            .map_err(|error| format!("is neither off nor an address of a NATS server: {error}"))?;
        Ok(Self::At(text.to_owned()))
    }
}

/// The NATS server in use. A private one is kept up as long as this value lives.
#[derive(Debug)]
pub(crate) enum Messaging {
    /// Switched off.
    Off,
    /// Not to be had: there is no program to start.
    Missing(String),
    /// Somebody else's.
    Given(String),
    /// Ours.
    Private(Nats),
}

impl Messaging {
    /// Finds it, or starts a private one. Where nats-server is not installed everything else works without it.
    pub(crate) async fn open(settings: &Settings, data_dir: &Path) -> anyhow::Result<Self> {
        match &settings.url {
            Some(Wanted::Off) => Ok(Self::Off),
            Some(Wanted::At(url)) => Ok(Self::Given(url.clone())),
            None => match Nats::join_or_start(data_dir).await {
                Ok(server) => Ok(Self::Private(server)),
                Err(error @ NatsError::Binaries(BinariesError::NoNats)) => {
                    Ok(Self::Missing(error.to_string()))
                }
                Err(error) => Err(error).remedy(
                    "the private NATS server could not be started",
                    "mend that, or set DAYBOOK_NATS_URL to a server of your own, or to off",
                ),
            },
        }
    }

    /// Its address, if there is one. Holds the password.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Off | Self::Missing(_) => None,
            Self::Given(url) => Some(url),
            Self::Private(server) => Some(server.url()),
        }
    }

    /// Starts a private server again whenever it has died, until told to stop: nobody else would. None for any other.
    /// Not to outlive this value.
    pub(crate) fn kept_up(
        &self,
        connection: Connection,
        stop: CancellationToken,
    ) -> Option<impl Future<Output = anyhow::Result<()>> + Send + 'static> {
        let Self::Private(server) = self else {
            return None;
        };
        let server = server.clone();
        let mut looks = interval(LOOKS_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(async move {
            while stop.run_until_cancelled(looks.tick()).await.is_some() {
                match stop.run_until_cancelled(server.revive()).await {
                    Some(Ok(None)) => {}
                    Some(Ok(Some(url))) => {
                        tracing::warn!("the private NATS server had died, and was started again");
                        if url != server.url() {
                            connection.move_to(&url).await;
                        }
                    }
                    Some(Err(error)) => {
                        tracing::error!(%error, "the private NATS server has died and cannot be started; tried again");
                        looks.reset_after(TRIES_AGAIN_AFTER);
                    }
                    None => break,
                }
            }
            Ok(())
        })
    }

    /// Lets a private server go; it is stopped if we were the last, which is waited for.
    pub(crate) async fn close(self) {
        match self {
            Self::Private(server) => server.leave().await,
            Self::Off | Self::Missing(_) | Self::Given(_) => {}
        }
    }
}
