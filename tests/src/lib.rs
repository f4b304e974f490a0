//! End-to-end: the real binary on a real PostgreSQL, used as people use it: by its commands and over HTTP. A file for
//! each story in `tests/`; here is what the stories are told with.
//!
//! Nothing here reaches past the public surface. What fails, fails with the binary's own words.

mod api;
mod binary;
mod browser;
mod checks;
mod command;
mod folder;
mod follow;
pub mod published;
mod service;
mod shop;

pub use api::{Answer, Api};
pub use binary::binary;
pub use browser::Browser;
pub use checks::{Checks, root};
pub use command::{Done, Running, daybook};
pub use folder::DataDir;
pub use follow::Follow;
pub use service::Service;
pub use shop::Shop;
