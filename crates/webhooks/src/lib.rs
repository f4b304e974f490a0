//! Events to addresses on the web, for those who have no NATS: signed, retried with patience, and told of.
//!
//! - [`address`]: which addresses are the public internet's. [`Target`]: where a webhook may point at all.
//! - [`Sender`]: sends one [`Parcel`], to a checked address and no other, and says what came of it.
//! - [`Secret`]: signs as Standard Webhooks has it (<https://www.standardwebhooks.com>).
//! - [`patience`]: when to try again, and when to give up.
//! - [`Table`]: how far each webhook was told, who is at it, and the log of what was sent.
//!
//! What it does not know: what events mean, who set a webhook up, whom to write to when one is switched off. The
//! gateway puts these together (docs/adr/0019).

pub mod address;
pub mod patience;
mod resolve;
mod sender;
mod sign;
mod table;
mod target;

pub use resolve::{Lookup, SystemLookup};
pub use sender::{Fault, Limits, Parcel, Sender, Sent};
pub use sign::{Secret, signature};
pub use table::{Attempt, Delivery, Health, Kind, Lag, Lease, Page, Standing, Table};
pub use target::{Allowed, BadTarget, Target};
