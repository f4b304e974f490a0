//! The router, called in process, on a real PostgreSQL.

mod bookings;
mod conventions;
mod support;
