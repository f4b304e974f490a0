//! What people look at: one module per read model, and the projector that feeds them.
//!
//! A read model is one module: its tables (named in the module's first line), `apply` (what each
//! event changes in them), and its queries with their row types. It stands in [`READ_MODELS`] and
//! from then on is fed, waited for and rebuilt like all the others.

pub mod calendar;
pub mod changes;
pub mod client_card;
pub mod clients;
pub mod folding;
pub mod history;
pub mod long_lists;
mod merged;
#[cfg(test)]
mod merged_specs;
mod periods;
#[cfg(test)]
mod premises;
mod projected;
pub mod projector;
#[cfg(any(test, feature = "testing"))]
pub mod random_history;
mod read_model;
pub mod rebuild;
pub mod reports;
mod rows;
mod scope;
pub mod segments;
#[cfg(test)]
mod story;
pub mod till;
pub mod timetable;
mod waiting;
pub mod waitlist;

pub use ledger::{ActorRef, BusinessId, EventId, Metadata, Position, Version};
pub use periods::{GroupBy, Period};
pub use projected::Projected;
pub use projector::{Projector, ProjectorSettings};
pub use read_model::{ApplyError, ApplyFn, READ_MODELS, ReadModel, SumUpFn, Sums};
pub use scope::Scope;
pub use waiting::NotYet;
