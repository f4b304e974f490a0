//! The router, called in process, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped has failed the test"
)]

mod access;
mod affected;
mod bad_input;
mod being_built;
mod bookings;
mod calendar_feed;
mod classes;
mod clients;
mod closing;
mod conventions;
mod description;
mod door;
mod exports;
mod imports;
mod live;
mod log;
mod merging;
mod messages;
mod password_page;
mod past;
mod people;
mod public;
mod refusals;
mod reports;
mod reports_time;
mod reverts;
mod segments;
mod series;
mod support;
mod things;
mod visits;
mod waitlist;
mod walk;
mod webhooks;
