//! The slot finder against a brute-force oracle that looks at every minute, and the rules as reception would say them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod house;
mod oracle;
mod rules;
mod salon;
mod scenarios;
mod world;
mod zones;
