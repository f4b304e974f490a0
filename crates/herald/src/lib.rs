//! The ledger's events to NATS JetStream: in the order of their positions, each at least once, under an id of its own.

pub mod message;

pub use message::{Message, MessageError};

/// The stream that events are published to (API §7).
pub const STREAM: &str = "DAYBOOK";
/// The subjects that it keeps.
pub const SUBJECTS: &str = "daybook.>";
