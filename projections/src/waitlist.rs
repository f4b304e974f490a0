//! Who waits for time to come free, the oldest request first. Its table: `waitlist_request` (migration 0032).

mod apply;
mod find;
mod waiting;

#[cfg(test)]
mod specs;

pub use self::find::{
    Cursor, Entry, Filter, Found, Page, Wish, businesses_waiting, due, find, over, waiting_since,
};
pub use self::waiting::waiting;
use crate::ReadModel;

/// The waitlist, as it is fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "waitlist",
    version: 1,
    tables: &["waitlist_request"],
    late_indexes: &[
        "waitlist_request_oldest",
        "waitlist_request_open",
        "waitlist_request_client",
    ],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};
