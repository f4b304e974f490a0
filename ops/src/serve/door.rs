//! What the door takes: from which pages, how often, how much, for how long.

use std::{num::NonZeroU32, str::FromStr, time::Duration};

use gateway::{Allowance, Limits};

use crate::settings::{Reading, Setting};

const ORIGINS: Setting = Setting {
    value: Some("ORIGINS"),
    default: Some("none"),
    ..Setting::new(
        "origins",
        "DAYBOOK_ORIGINS",
        "Other sites whose pages may call the API with a token, separated by commas, such as https://salon.example",
    )
};

const KEYS_A_MINUTE: Setting = Setting {
    value: Some("NUMBER"),
    default: Some("0"),
    ..Setting::new(
        "keys_a_minute",
        "DAYBOOK_KEYS_A_MINUTE",
        "How many requests a minute one API key may send; 0: any number",
    )
};

const USERS_A_MINUTE: Setting = Setting {
    value: Some("NUMBER"),
    default: Some("1200"),
    ..Setting::new(
        "users_a_minute",
        "DAYBOOK_USERS_A_MINUTE",
        "How many requests a minute one signed-in user may send; 0: any number",
    )
};

const STRANGERS_A_MINUTE: Setting = Setting {
    value: Some("NUMBER"),
    default: Some("600"),
    ..Setting::new(
        "strangers_a_minute",
        "DAYBOOK_STRANGERS_A_MINUTE",
        "How many requests a minute one address may send with a token that is none; 0: any number",
    )
};

const BODY_LIMIT: Setting = Setting {
    value: Some("KIB"),
    default: Some("1024"),
    ..Setting::new(
        "body_limit_kib",
        "DAYBOOK_BODY_LIMIT_KIB",
        "Largest JSON body that is taken, in KiB",
    )
};

const ANSWER_WITHIN: Setting = Setting {
    value: Some("SECONDS"),
    default: Some("120"),
    ..Setting::new(
        "answer_within_s",
        "DAYBOOK_ANSWER_WITHIN_S",
        "After how many seconds an answer that has not begun is given up",
    )
};

pub(crate) const ALL: &[&Setting] = &[
    &ORIGINS,
    &KEYS_A_MINUTE,
    &USERS_A_MINUTE,
    &STRANGERS_A_MINUTE,
    &BODY_LIMIT,
    &ANSWER_WITHIN,
];

/// The gateway's settings, as far as they are these.
pub(super) fn read(said: &mut Reading<'_>) -> Option<gateway::Settings> {
    let origins = said.optional::<Origins>(&ORIGINS);
    let (keys, users) = (said.value(&KEYS_A_MINUTE), said.value(&USERS_A_MINUTE));
    let strangers = said.value(&STRANGERS_A_MINUTE);
    let (body, within) = (
        said.value::<NonZeroU32>(&BODY_LIMIT),
        said.value::<NonZeroU32>(&ANSWER_WITHIN),
    );
    Some(gateway::Settings {
        origins: origins?.unwrap_or_default().0,
        limits: Limits {
            keys: Allowance::a_minute(keys?),
            users: Allowance::a_minute(users?),
            strangers: Allowance::a_minute(strangers?),
        },
        body_limit: usize::try_from(body?.get()).ok()?.saturating_mul(1 << 10),
        patience: Duration::from_secs(within?.get().into()),
        ..gateway::Settings::default()
    })
}

/// Sites, as a browser names them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Origins(Vec<String>);

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::default());
        }
        let origins = text.split(',').map(str::trim).map(|origin| {
            let host = ["https://", "http://"]
                .iter()
                .find_map(|scheme| origin.strip_prefix(scheme));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
            match host {
                Some(host) if !host.is_empty() && host.chars().all(plain) => Ok(origin.to_owned()),
                Some(_) | None => Err(format!(
                    "{origin:?} is no origin such as https://salon.example: scheme, host in small letters, port, no more"
                )),
            }
        });
        origins.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        let read = |text: &str| text.parse::<Origins>().map(|origins| origins.0);
        assert_eq!(
            read("https://salon.example, http://localhost:3000").unwrap(),
            ["https://salon.example", "http://localhost:3000"]
        );
        assert_eq!(read("none").unwrap(), Vec::<String>::new());
        for wrong in [
            "*",
            "salon.example",
            "https://salon.example/",
            "https://salon.example/book",
            "https://Salon.example",
            "",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
