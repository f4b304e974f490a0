//! The slot finder: which starts can be offered, and whether one that is asked for can be had (API §8).
//!
//! Pure: hours, absences, busy time and now come in as values ([`Question`]), slots and refusals go out. What is
//! offered ([`Finder::slots`]) and what a booking command accepts ([`Finder::check`]) come from the same rules, and so
//! does `daybook slots` ([`scenario`]).
//!
//! How it goes: hours and absences, which are readings of a clock on the wall, become stretches of seconds (`pattern`,
//! `wall`, `openings`); then each staff member's grid is walked once, past what is taken, with a cursor on each list of
//! stretches (`line`, `walk`). No minute is looked at that is not on the grid, and no zone is asked per slot.

mod finder;
mod line;
mod openings;
mod pattern;
mod question;
mod refusal;
pub mod scenario;
mod visit;
mod walk;
mod wall;
mod working;

pub use finder::{Assigned, Finder, Served, Slot};
pub use openings::open_spans;
pub use question::{DeskTime, Freedom, House, Notice, Offer, Question, StaffTime, Step};
pub use refusal::{Refusal, Unavailable};
pub use working::{Rota, working_spans};
