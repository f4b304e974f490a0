//! The router, called in process, on a real PostgreSQL.

mod conventions;
mod support;
