//! NATS: the server whose address is given, a private one in the data dir, or none.

use std::{path::Path, str::FromStr};

use testbed::{
    Nats,
    private::{BinariesError, NatsError},
};

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

/// Where NATS is.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Default: none, a private server.
    url: Option<Wanted>,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[&URL];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        Some(Self {
            url: said.optional(&URL)?,
        })
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

    /// Lets a private server go; it is stopped if we were the last, which is waited for.
    pub(crate) async fn close(self) {
        match self {
            Self::Private(server) => server.leave().await,
            Self::Off | Self::Missing(_) | Self::Given(_) => {}
        }
    }
}

/// Connects to the server at `url`, as whom it names: async-nats leaves what an address says of that aside.
pub(crate) async fn connect(url: &str) -> anyhow::Result<async_nats::Client> {
    let address: async_nats::ServerAddr = url.parse()?;
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        (Some(token), None) => async_nats::ConnectOptions::with_token(token.to_owned()),
        (None, _) => async_nats::ConnectOptions::new(),
    };
    Ok(options.connect(address).await?)
}
