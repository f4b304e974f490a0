//! The ledger against a real PostgreSQL.

mod appends;
mod trade;
