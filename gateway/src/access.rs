//! Who calls, and whether they may: API keys, sessions, sign-in, and what `daybook business create` and
//! `daybook api-key create` do without HTTP.
//!
//! The only SQL of the gateway is in [`tables`]: secrets of its own, which are no events.

mod accounts;
mod address;
mod caller;
mod country;
mod gate;
mod known;
mod masking;
mod narrowing;
mod passwords;
mod people;
pub(crate) mod rights;
mod second_factor;
mod tables;
mod throttle;
mod tokens;

pub use self::{
    accounts::{
        AccountError, NewBusiness, NewKey, OpenedBusiness, create_business, issue_api_key,
        revoke_api_key,
    },
    caller::Caller,
    country::country_of,
    people::{NewUser, add_user, remove_second_factor},
};
pub(crate) use self::{
    accounts::{EMAIL_NAME, Issued, KeySecret, PASSWORD_MIN},
    address::Sender,
    caller::{COOKIE_NAME, actor_word, cookie_header, cookie_taken_away, same_site, source_word},
    gate::check,
    known::{Known, KnownCallers},
    masking::{AMOUNTS, Hidden},
    passwords::Passwords,
    people::speech_of,
    rights::Module,
    tables::{
        ApiKeyRow, LinkKind, MOST_ISSUERS, SessionRow, SignInRow, Tables, UserKey, role_word,
    },
    throttle::{Try, Wait, Who},
    tokens::{Token, TokenHash, random},
};
