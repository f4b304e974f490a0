//! The herald between a real PostgreSQL and a real NATS, which are cut off, killed and set back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod breaking;
mod comparing;
mod publishing;
mod scene;
mod standing_by;
