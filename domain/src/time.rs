//! Time as a booking business speaks of it: instants in a row, wall clocks, zones.
//!
//! Instants are [`jiff::Timestamp`]; what is said of a wall clock (hours, absences) stays a wall-clock value until a
//! [`Zone`] turns it into instants. Nothing here knows what time it is.

mod local;
mod minutes;
mod span;
mod zone;

pub(crate) use local::local_date_time;
pub use local::{BadLocalSpan, BadLocalTime, LocalSpan, LocalTime, Weekday, local_date};
pub use minutes::{BadMinutes, Minutes};
pub use span::{BadSpan, Span};
pub use zone::{UnknownZone, Zone};
