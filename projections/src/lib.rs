//! What people look at: one module per read model, and the projector that feeds them.
//!
//! A read model is one module: its tables (named in the module's first line), `apply` (what each
//! event changes in them), and its queries with their row types. It stands in [`READ_MODELS`] and
//! from then on is fed, waited for and rebuilt like all the others.

pub mod calendar;
pub mod changes;
pub mod folding;
pub mod history;
mod projected;
mod read_model;
mod rows;
mod scope;
#[cfg(test)]
mod story;
pub mod timetable;

pub use ledger::{ActorRef, BusinessId, EventId, Metadata, Position, Version};
pub use projected::Projected;
pub use read_model::{ApplyError, ApplyFn, READ_MODELS, ReadModel};
pub use scope::Scope;
