//! The ledger against a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod appends;
mod contention;
mod cuts;
mod grants;
mod kills;
mod past;
mod reading;
mod seats;
mod shown;
mod sweeping;
mod trade;
mod waking;
