//! Every zone.
