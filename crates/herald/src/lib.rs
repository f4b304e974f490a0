//! The ledger's events to NATS JetStream: in the order of their positions, each at least once, under an id of its own.
//!
//! - [`Message`]: what leaves the house of an event. Pure; webhooks and live updates are made of it too.
//! - [`Herald`]: publishes, one process at a time, and goes on after whatever breaks.
//! - [`lag`]: how far it is behind, for whoever asks.
//!
//! What makes the order hold (docs/adr/0011): the stream has one writer at a time, who holds a lock in the database,
//! and each message says which sequence it expects to follow. A message that was refused, or whose fate nobody knows,
//! therefore stops all that come after it; then the stream itself is asked what it holds.
//!
//! What it does not do: it keeps no copy of what it publishes, forgets nothing when NATS is away, and never changes a
//! stream that somebody else has set up.

mod behind;
mod books;
mod compare;
mod connection;
mod fault;
mod herald;
pub mod message;
mod queue;
mod round;
mod stream;

pub use behind::{Lag, Worst, lag};
pub use connection::{BadAddress, Connection};
pub use fault::Fault;
pub use herald::{Herald, HeraldSettings};
pub use message::{Message, MessageError};
pub use stream::{Difference, Differences, differences, look};

/// The stream that events are published to (API §7).
pub const STREAM: &str = "DAYBOOK";
/// The subjects that it keeps.
pub const SUBJECTS: &str = "daybook.>";
