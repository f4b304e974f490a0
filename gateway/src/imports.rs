//! Lists of clients and services out of files: from an upload to rows in the ledger, and back again.
//!
//! A file is kept, sealed, from its upload on ([`store`]). Whatever is asked of an import is worked out from the file
//! and the mapping anew ([`prepared`]): which column holds what ([`mapping`], [`headers`]), what stands in each row
//! ([`clients`], [`services`], [`values`]), and what is to become of it beside the other rows and whom the house knows
//! ([`judge`]). Nothing is written to the ledger before a run, which is work in the background ([`work`]) that
//! survives a crash: rows are written in their order, as many at a time as one append takes, under keys and ids that
//! follow from the import and the row ([`writing`], [`undo`]).
//!
//! What this deliberately does not do: guess what a file does not say.

pub(crate) mod clients;
pub(crate) mod fields;
mod headers;
mod index;
pub(crate) mod judge;
pub(crate) mod mapping;
pub(crate) mod prepared;
pub(crate) mod services;
pub(crate) mod store;
pub(crate) mod undo;
mod values;
pub(crate) mod work;
mod writing;

use jiff::SignedDuration;

/// The largest file that is taken.
pub(crate) const LARGEST_FILE: usize = 20 << 20;
/// How long an import is kept, its file too.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
