//! A private PostgreSQL and NATS server, for tests and for a service on one machine.
//!
//! - [`private`]: servers that belong to one folder. Whoever comes first starts them, whoever comes later joins them,
//!   and they are stopped when the last one has left, whether it left politely or was killed.
//! - [`database()`]: for tests, a fresh migrated database of one's own on a throw-away server that all tests share.
//!
//! It does not install anything: `ops/setup` does. It knows nothing of what is kept in the databases.

pub mod private;

mod database;

pub use database::{Database, SERVICE_ROLE, database};
pub use private::{Durability, Nats, Postgres, Settings};
