//! A private PostgreSQL and NATS server, for tests and for a service on one machine.
