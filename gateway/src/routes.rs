//! The routes, one module for each kind of thing: its requests, its views, its handlers side by side.

pub(crate) mod absences;
pub(crate) mod api_keys;
pub(crate) mod availability;
pub(crate) mod bookings;
pub(crate) mod business;
pub(crate) mod calendar;
pub(crate) mod changes;
pub(crate) mod classes;
pub(crate) mod clients;
pub(crate) mod closures;
pub(crate) mod desks;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod hours;
pub(crate) mod payments;
pub(crate) mod policy;
pub(crate) mod public;
pub(crate) mod reports;
pub(crate) mod series;
pub(crate) mod services;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod staff;
pub(crate) mod visits;
pub(crate) mod waitlist;
