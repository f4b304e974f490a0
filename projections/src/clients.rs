//! Everyone the business knows, as they stand now; listed by name, found by any part of name, phone, e-mail or fiscal
//! code, misspelt too. Its table: `client` (migration 0027).

mod apply;
mod contacts;
mod find;
mod misspelt;

#[cfg(test)]
mod specs;

pub use self::{
    contacts::{Contact, contacts},
    find::{Cursor, Entry, Found, Page, find, find_among, names, one, reached_by, stream},
};
use crate::ReadModel;

/// Clients, as they are fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "clients",
    version: 1,
    tables: &["client"],
    late_indexes: &["client_sort_name", "client_words"],
    apply: |db, batch| Box::pin(apply::apply(db, batch)),
};
