//! How a private server is to be run.

use std::time::Duration;

/// What is to become of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It outlives power cuts: everything is synced, every page has a checksum.
    Kept,
    /// It is gone with the last user, and after a power cut: nothing is synced. For tests.
    ThrownAway,
}

/// How a private server is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// What is to become of what is written.
    pub durability: Durability,
    /// How long the server stays up when the last one has left, in case another comes; whole seconds.
    pub linger: Duration,
}
