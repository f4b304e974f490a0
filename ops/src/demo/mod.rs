//! A demo business: two years of a made-up house's life, some weeks ahead, the same for the same seed and day.
//!
//! Everything goes through the rules that real commands go through: starts come from the slot finder,
//! steps from the aggregates. So the demo never shows what Daybook would refuse.

mod diary;
mod houses;
mod people;
mod writing;

pub(crate) use self::{
    diary::{TWO_YEARS, keep, opening},
    houses::Kind,
    writing::write,
};
