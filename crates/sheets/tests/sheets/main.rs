//! Files as people have them, and files that nobody should send.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod hostile;
mod round_trip;
mod seen;

use sheets::{Fault, Limits, Table, Wanted, read};

fn table(bytes: &[u8]) -> Table {
    read(bytes, &Wanted::default(), &Limits::default()).unwrap()
}

fn fault(bytes: &[u8]) -> Fault {
    read(bytes, &Wanted::default(), &Limits::default()).unwrap_err()
}

/// The texts of a table's rows.
fn texts(table: &Table) -> Vec<Vec<&str>> {
    let rows = table.rows.iter();
    rows.map(|row| row.cells.iter().map(|cell| cell.text.as_str()).collect())
        .collect()
}
