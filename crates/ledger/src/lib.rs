//! The append-only event ledger on postgres-es's table.
//!
//! A *business* is the tenant, and each has one ledger: its events in commit order, numbered without a gap.
//! A *stream* is the history of one thing in it. One [`Append`] writes to several streams, takes time
//! ([`ClaimSet`]) and names ([`NameClaim`]) beside them, and happens whole or not at all; what stands in its
//! way is a value ([`Refused`]).
//!
//! What this crate deliberately does not do: it knows no trade, opens no sealed payload, folds no read model,
//! and keeps no snapshots.

mod append;
mod bulk;
mod business;
mod call;
mod claim;
mod command;
mod connect;
mod event;
mod execute;
mod lanes;
mod live;
mod past;
mod queue;
mod read;
mod recall;
mod refused;
mod settle;
mod shown;
mod store;
mod stream;
mod sweep;
mod taken;

pub use append::{
    Append, Appended, ClaimSet, Expected, Guard, MAX_EVENTS, NameClaim, NewEvent, PersonKeys,
    StreamWrite,
};
pub use bulk::BulkRead;
pub use business::{BusinessId, EventId, Position, StreamId, Version};
pub use claim::{Busy, Claim, Span};
pub use command::{ActorRef, Command, Metadata};
pub use connect::connect_options;
pub use event::Recorded;
pub use execute::{Attempt, ExecuteError};
pub use live::{Wakeup, Wakeups};
pub use read::{ReadError, Start};
pub use recall::Recalled;
pub use refused::{AppendError, GuardHit, Malformed, Refused};
pub use shown::Shown;
pub use store::Ledger;
pub use stream::{LoadError, Loaded};
pub use sweep::Swept;
pub use taken::Taken;
