//! What visitors of the public side may ask for, as it is set.

use std::{num::NonZeroU32, str::FromStr};

use gateway::{Allowance, Challenge, PublicSettings};
use secrecy::SecretString;

use crate::settings::{Reading, Setting};

const LOOKS: Setting = Setting {
    value: Some("BURST,HOURLY"),
    default: Some("300,36000"),
    ..Setting::new(
        "public_looks",
        "DAYBOOK_PUBLIC_LOOKS",
        "What an address may look at on the public side: so many at once, then so many an hour",
    )
};

const ACTS: Setting = Setting {
    value: Some("BURST,HOURLY"),
    default: Some("120,3600"),
    ..Setting::new(
        "public_acts",
        "DAYBOOK_PUBLIC_ACTS",
        "What an address may do on the public side (hold, book, move, cancel)",
    )
};

const CONTACT: Setting = Setting {
    value: Some("BURST,HOURLY"),
    default: Some("40,20"),
    ..Setting::new(
        "public_contact",
        "DAYBOOK_PUBLIC_CONTACT",
        "Bookings tried online with one phone or e-mail address",
    )
};

const HOLDS: Setting = Setting {
    value: Some("NUMBER"),
    default: Some("10"),
    ..Setting::new(
        "public_holds",
        "DAYBOOK_PUBLIC_HOLDS",
        "How many times an address may hold at once while its visitors type",
    )
};

const LETTERS: Setting = Setting {
    value: Some("BURST,HOURLY"),
    default: Some("10,10"),
    ..Setting::new(
        "public_letters",
        "DAYBOOK_PUBLIC_LETTERS",
        "Letters to one e-mail address that ask to confirm a booking",
    )
};

const FRAMES: Setting = Setting {
    value: Some("ORIGINS"),
    ..Setting::new(
        "public_frames",
        "DAYBOOK_PUBLIC_FRAMES",
        "Whose pages may show the booking page inside of them: https://salon.example, several with commas",
    )
};

const CHALLENGE: Setting = Setting {
    value: Some("CHALLENGE"),
    default: Some("none"),
    ..Setting::new(
        "public_challenge",
        "DAYBOOK_PUBLIC_CHALLENGE",
        "What is asked of visitors before they book: none, work:BITS (1 to 28; 16 is a second or so), or captcha (for a page of your own)",
    )
};

const CAPTCHA_URL: Setting = Setting {
    value: Some("URL"),
    ..Setting::new(
        "captcha_verify_url",
        "DAYBOOK_CAPTCHA_VERIFY_URL",
        "Where a captcha's response is verified (fields secret and response, answer {\"success\": bool})",
    )
};

const CAPTCHA_SITE_KEY: Setting = Setting {
    value: Some("KEY"),
    ..Setting::new(
        "captcha_site_key",
        "DAYBOOK_CAPTCHA_SITE_KEY",
        "Under which a page asks for the captcha",
    )
};

const CAPTCHA_SECRET: Setting = Setting {
    value: Some("SECRET"),
    secret: true,
    ..Setting::new(
        "captcha_secret",
        "DAYBOOK_CAPTCHA_SECRET",
        "What whoever verifies captchas knows us by",
    )
};

/// All of them.
pub(crate) const ALL: &[&Setting] = &[
    &LOOKS,
    &ACTS,
    &CONTACT,
    &LETTERS,
    &HOLDS,
    &FRAMES,
    &CHALLENGE,
    &CAPTCHA_URL,
    &CAPTCHA_SITE_KEY,
    &CAPTCHA_SECRET,
];

/// So many at once, then so many an hour.
struct Rate(Allowance);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let two = text.split_once(',');
        let number = |text: &str| text.trim().parse::<NonZeroU32>().ok();
        let two = two.and_then(|(burst, hourly)| Some((number(burst)?, number(hourly)?)));
        two.map(|(burst, hourly)| Self(Allowance::new(burst.get(), hourly.get())))
            .ok_or_else(|| "is not two numbers above zero, such as 300,36000".to_owned())
    }
}

/// Pages of others, by where they come from.
#[derive(Debug)]
struct Origins(Vec<String>);

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let origin = |text: &str| {
            let text = text.trim();
            let host = text
                .strip_prefix("https://")
                .or_else(|| text.strip_prefix("http://"))?;
            let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-:".contains(letter);
            (!host.is_empty() && host.chars().all(plain)).then(|| text.to_owned())
        };
        let origins: Option<Vec<_>> = text.split(',').map(origin).collect();
        origins
            .map(Self)
            .ok_or_else(|| "is no list of origins such as https://salon.example".to_owned())
    }
}

/// What is asked of visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    Work(u32),
    Captcha,
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bits = text
            .strip_prefix("work:")
            .and_then(|bits| bits.parse().ok());
        match (text, bits) {
            ("none", _) => Ok(Self::Nothing),
            ("captcha", _) => Ok(Self::Captcha),
            (_, Some(bits @ 1..=28)) => Ok(Self::Work(bits)),
            (_, _) => Err("is none of none, work:BITS (1 to 28) and captcha".to_owned()),
        }
    }
}

pub(super) fn read(said: &mut Reading<'_>) -> Option<PublicSettings> {
    let (looks, acts, contact, letters) = (
        said.value::<Rate>(&LOOKS),
        said.value::<Rate>(&ACTS),
        said.value::<Rate>(&CONTACT),
        said.value::<Rate>(&LETTERS),
    );
    let holds = said.value::<NonZeroU32>(&HOLDS);
    let frames = said.optional::<Origins>(&FRAMES);
    let asked = said.value::<Asked>(&CHALLENGE);
    let (verify_url, site_key, secret) = (
        said.optional::<String>(&CAPTCHA_URL),
        said.optional::<String>(&CAPTCHA_SITE_KEY),
        said.optional::<String>(&CAPTCHA_SECRET),
    );
    let challenge = match (asked?, verify_url?, site_key?, secret?) {
        (Asked::Nothing, ..) => Challenge::None,
        (Asked::Work(bits), ..) => Challenge::ProofOfWork { bits },
        (Asked::Captcha, Some(verify_url), Some(site_key), Some(secret)) => Challenge::Captcha {
            verify_url,
            site_key,
            secret: SecretString::from(secret),
        },
        (Asked::Captcha, ..) => {
            said.mistake(
                "public_challenge is captcha: captcha_verify_url, captcha_site_key and captcha_secret \
                 are needed",
            );
            return None;
        }
    };
    Some(PublicSettings {
        looks: looks?.0,
        acts: acts?.0,
        contact: contact?.0,
        letters: letters?.0,
        holds: usize::try_from(holds?.get()).unwrap_or(usize::MAX),
        challenge,
        frames: frames?.map_or_else(Vec::new, |origins| origins.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_visitors_has_three_forms() {
        assert_eq!("none".parse(), Ok(Asked::Nothing));
        assert_eq!("work:16".parse(), Ok(Asked::Work(16)));
        assert_eq!("captcha".parse(), Ok(Asked::Captcha));
        for wrong in ["", "work", "work:0", "work:29", "work:x", "maths"] {
            assert!(wrong.parse::<Asked>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        let two: Origins = "https://a.example, http://127.0.0.1:8000".parse().unwrap();
        assert_eq!(two.0, ["https://a.example", "http://127.0.0.1:8000"]);
        for wrong in [
            "",
            "*",
            "a.example",
            "https://",
            "https://a.example/b",
            "https://a;b",
        ] {
            assert!(wrong.parse::<Origins>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_two_numbers() {
        let rate: Rate = "2, 60".parse().unwrap();
        assert_eq!((rate.0.burst.get(), rate.0.an_hour.get()), (2, 60));
        for wrong in ["", "2", "0,1", "1,0", "a,b"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
