//! What a booking business is: aggregates, commands, events, the slot finder. Pure: time, ids and
//! money come in as arguments; nothing here knows SQL, HTTP, a clock or randomness.

pub mod access;
pub mod actor;
pub mod booking;
mod bridge;
pub mod business;
pub mod campaign;
pub mod catalogue;
pub mod change;
pub mod class;
pub mod client;
pub mod contact;
pub mod desk;
pub mod event;
pub mod hours;
pub mod id;
pub mod money;
pub mod notification;
pub mod planning;
pub mod policy;
pub mod recurrence;
pub mod reporting;
pub mod revert;
#[cfg(feature = "schema")]
pub mod schema;
pub mod sealed;
pub mod segment;
pub mod service;
pub mod session;
pub mod slots;
pub mod staff;
pub mod text;
pub mod time;
pub mod waitlist;
pub mod webhook;
