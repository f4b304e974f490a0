//! End-to-end: the real binary on a real PostgreSQL.
