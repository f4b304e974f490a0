//! `daybook serve`: the API and the projector in one process.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroU32,
    str::FromStr,
};

use serde_json::json;

use crate::{
    interrupt::Interrupts,
    output::Output,
    service::Service,
    settings::{self, Reading, Setting},
};

const LISTEN: Setting = Setting {
    value: Some("ADDRESS"),
    default: Some("127.0.0.1:8080"),
    ..Setting::new(
        "listen",
        "DAYBOOK_LISTEN",
        "Address and port to listen on; port 0: any that is free",
    )
};

const ROLES: Setting = Setting {
    value: Some("ROLES"),
    default: Some("api,projector"),
    ..Setting::new(
        "roles",
        "DAYBOOK_ROLES",
        "Which parts to run, separated by commas: api, projector",
    )
};

const NO_MIGRATE: Setting = Setting::new(
    "no_migrate",
    "DAYBOOK_NO_MIGRATE",
    "Do not bring the database up to date first, and do not start unless it is",
);

const GRACE: Setting = Setting {
    value: Some("SECONDS"),
    default: Some("30"),
    ..Setting::new(
        "grace_s",
        "DAYBOOK_GRACE_S",
        "How many seconds the requests in hand may take after SIGTERM",
    )
};

const BEHIND_PROXY: Setting = Setting::new(
    "behind_proxy",
    "DAYBOOK_BEHIND_PROXY",
    "A proxy of yours stands in front: senders are told apart by the last address of X-Forwarded-For",
);

/// What to serve, and where.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Default 127.0.0.1:8080.
    pub(crate) listen: Listen,
    /// Default: all.
    pub(crate) roles: Roles,
    /// Default: no, the database is brought up to date.
    pub(crate) no_migrate: bool,
    /// Seconds, default 30.
    pub(crate) grace_s: NonZeroU32,
    /// Default: not behind a proxy.
    pub(crate) gateway: gateway::Settings,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[&LISTEN, &ROLES, &NO_MIGRATE, &GRACE, &BEHIND_PROXY];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        let (listen, roles) = (said.value(&LISTEN), said.value(&ROLES));
        let (no_migrate, grace_s) = (said.switch(&NO_MIGRATE), said.value(&GRACE));
        let behind_proxy = said.switch(&BEHIND_PROXY);
        Some(Self {
            listen: listen?,
            roles: roles?,
            no_migrate: no_migrate?,
            grace_s: grace_s?,
            gateway: gateway::Settings {
                behind_proxy: behind_proxy?,
                ..gateway::Settings::default()
            },
        })
    }
}

/// Where to listen: the first address that a name stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let addresses = text.to_socket_addrs();
        let mut addresses = addresses.map_err(|error| {
            format!("is no address with a port, such as 127.0.0.1:8080 or [::]:8080 ({error})")
        })?;
        addresses
            .next()
            .map(Self)
            .ok_or_else(|| "stands for no address".to_owned())
    }
}

/// The parts of the service that a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) api: bool,
    pub(crate) projector: bool,
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut roles = Self {
            api: false,
            projector: false,
        };
        for role in text.split(',').map(str::trim) {
            match role {
                "api" => roles.api = true,
                "projector" => roles.projector = true,
                _ => return Err(format!("{role:?} is none of api, projector")),
            }
        }
        Ok(roles)
    }
}

/// Serves the API and feeds the read models, in one process.
///
/// SIGTERM or Ctrl-C: no new requests are taken, those in hand are finished, the private servers are stopped if nobody
/// else uses them. A second one ends the process at once; nothing is lost by that.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(settings: &settings::Settings, output: &mut Output) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let service = tokio::select! {
        opened = Service::open(settings) => opened?,
        _ = interrupts.next() => return Ok(()),
    };
    match service.address() {
        Some(address) if output.json_only() => output.json(&json!({ "address": address }))?,
        Some(address) => output.say(format!(
            "Daybook listens on {address}; the API is described at {address}/api/docs"
        ))?,
        None => output.say("Daybook feeds the read models.")?,
    }
    service.run(settings, interrupts).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_a_list() {
        let both = Roles {
            api: true,
            projector: true,
        };
        assert_eq!("api,projector".parse(), Ok(both));
        assert_eq!("projector".parse(), Ok(Roles { api: false, ..both }));
        assert!("".parse::<Roles>().is_err());
        assert!("api,herald".parse::<Roles>().is_err());
    }
}
