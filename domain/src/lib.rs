//! What a booking business is: aggregates, commands, events, the slot finder. Pure.

pub mod hours;
pub mod time;
