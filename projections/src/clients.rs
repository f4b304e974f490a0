//! Everyone the business knows, as they stand now; listed by name, found by any part of name, phone, e-mail or fiscal
//! code, misspelt too. Its tables: `client` (migration 0027), `client_merged` (0051).

mod apply;
mod contacts;
mod duplicates;
mod find;

#[cfg(test)]
mod specs;

pub use self::{
    contacts::{Contact, contacts},
    duplicates::{Alike, Place, count_duplicates, duplicates},
    find::{
        Called, Cursor, Entry, Found, Page, called, find, find_among, now, one, reached_by, some,
        stream,
    },
};
use crate::ReadModel;

/// Clients, as they are fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "clients",
    version: 1,
    tables: &["client", "client_merged"],
    late_indexes: &["client_sort_name", "client_words"],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};
