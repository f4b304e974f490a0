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
mod passwords;
pub(crate) mod rights;
mod tables;
mod throttle;
mod tokens;

pub(crate) use self::{
    accounts::KeySecret,
    address::Sender,
    caller::{actor_word, cookie_header, cookie_taken_away, same_site},
    gate::check,
    known::{Known, KnownCallers},
    passwords::Passwords,
    rights::Module,
    tables::{ApiKeyRow, SignInRow, Tables, role_word},
    throttle::Throttle,
    tokens::Token,
};
pub use self::{
    accounts::{
        AccountError, NewBusiness, NewKey, OpenedBusiness, create_business, issue_api_key,
        revoke_api_key,
    },
    caller::Caller,
    country::country_of,
};
