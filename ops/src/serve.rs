//! `daybook serve`: the API, the projector and the herald in one process.

pub(crate) mod door;
pub(crate) mod visitors;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroU32,
    path::PathBuf,
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
    default: Some("api,projector,herald"),
    ..Setting::new(
        "roles",
        "DAYBOOK_ROLES",
        "Which parts to run, separated by commas: api, projector, herald",
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

const PUBLIC_ADDRESS: Setting = Setting {
    value: Some("URL"),
    default: Some("http:// and what it listens on"),
    ..Setting::new(
        "public_address",
        "DAYBOOK_PUBLIC_ADDRESS",
        "Address at which people reach the service, such as https://book.example.org: links in letters begin with it",
    )
};

const MAIL_FOLDER: Setting = Setting {
    value: Some("FOLDER"),
    default: Some("mail in the data dir"),
    ..Setting::new(
        "mail_folder",
        "DAYBOOK_MAIL_FOLDER",
        "Folder that letters are laid into, one .eml file each",
    )
};

const WEBHOOK_HTTP: Setting = Setting::new(
    "webhook_http",
    "DAYBOOK_WEBHOOK_HTTP",
    "Webhooks may point at http://, too: for development, for anybody on the way can read along",
);

const WEBHOOK_PRIVATE: Setting = Setting::new(
    "webhook_private",
    "DAYBOOK_WEBHOOK_PRIVATE",
    "Webhooks may point into private networks: only where all who may set one up may also reach what stands there",
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
    /// Default: http:// and what it listens on.
    pub(crate) public_address: Option<PublicAddress>,
    /// Default: `mail` in the data dir.
    pub(crate) mail_folder: Option<PathBuf>,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[
        &LISTEN,
        &ROLES,
        &NO_MIGRATE,
        &GRACE,
        &BEHIND_PROXY,
        &PUBLIC_ADDRESS,
        &MAIL_FOLDER,
        &WEBHOOK_HTTP,
        &WEBHOOK_PRIVATE,
    ];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        let (listen, roles) = (said.value(&LISTEN), said.value(&ROLES));
        let (no_migrate, grace_s) = (said.switch(&NO_MIGRATE), said.value(&GRACE));
        let behind_proxy = said.switch(&BEHIND_PROXY);
        let public = visitors::read(said);
        let (public_address, mail_folder) =
            (said.optional(&PUBLIC_ADDRESS), said.optional(&MAIL_FOLDER));
        let door = door::read(said);
        let (http, private) = (said.switch(&WEBHOOK_HTTP), said.switch(&WEBHOOK_PRIVATE));
        let webhooks = gateway::WebhookSettings {
            allowed: webhooks::Allowed {
                http: http?,
                private: private?,
            },
            ..gateway::WebhookSettings::default()
        };
        Some(Self {
            listen: listen?,
            roles: roles?,
            no_migrate: no_migrate?,
            grace_s: grace_s?,
            gateway: gateway::Settings {
                behind_proxy: behind_proxy?,
                public: public?,
                webhooks,
                ..door?
            },
            public_address: public_address?,
            mail_folder: mail_folder?,
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

/// Where people reach the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicAddress(pub(crate) String);

impl FromStr for PublicAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.trim_end_matches('/');
        let host = ["https://", "http://"]
            .iter()
            .find_map(|scheme| address.strip_prefix(scheme));
        let plain = |c: char| c.is_ascii_graphic() && c != '#' && c != '?';
        match host {
            Some(host) if !host.is_empty() && host.chars().all(plain) => {
                Ok(Self(address.to_owned()))
            }
            Some(_) | None => Err("is no address such as https://book.example.org".to_owned()),
        }
    }
}

/// The parts of the service that a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) api: bool,
    pub(crate) projector: bool,
    pub(crate) herald: bool,
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut roles = Self {
            api: false,
            projector: false,
            herald: false,
        };
        for role in text.split(',').map(str::trim) {
            match role {
                "api" => roles.api = true,
                "projector" => roles.projector = true,
                "herald" => roles.herald = true,
                _ => return Err(format!("{role:?} is none of api, projector, herald")),
            }
        }
        Ok(roles)
    }
}

/// Serves the API, feeds the read models and publishes events, in one process.
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
        None => output.say("Daybook works behind the door.")?,
    }
    service.run(settings, interrupts).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_where_a_browser_could_go() {
        let read = |text: &str| text.parse::<PublicAddress>().map(|address| address.0);
        assert_eq!(
            read("https://book.example/").unwrap(),
            "https://book.example"
        );
        assert_eq!(
            read("http://127.0.0.1:8080").unwrap(),
            "http://127.0.0.1:8080"
        );
        for wrong in [
            "book.example",
            "https://",
            "ftp://book.example",
            "https://a b",
            "https://a#b",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn roles_are_a_list() {
        let both = Roles {
            api: true,
            projector: true,
            herald: false,
        };
        assert_eq!("api,projector".parse(), Ok(both));
        assert_eq!("projector".parse(), Ok(Roles { api: false, ..both }));
        let all = Roles {
            herald: true,
            ..both
        };
        assert_eq!("api, projector, herald".parse(), Ok(all));
        assert!("".parse::<Roles>().is_err());
        assert!("api,cook".parse::<Roles>().is_err());
    }
}
