//! Events to addresses on the web, for those who have no NATS: signed, retried with patience, and told of.
