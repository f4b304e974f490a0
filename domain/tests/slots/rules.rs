//! The rules, as reception would say them.
