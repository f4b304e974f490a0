//! A table as CSV (RFC 4180), in UTF-8 with the mark by which spreadsheets know it.

use csv::{Terminator, Writer, WriterBuilder};
use futures::StreamExt as _;

use super::{Rows, Table, cells::defused, outflow::Outflow};
use crate::problem::Problem;

/// Without it, Excel reads UTF-8 as if it were the machine's own alphabet.
const MARK: &str = "\u{feff}";

/// So many rows are written at a time at most; fewer, where more are not there yet.
const AT_ONCE: usize = 500;

/// Writes the header and all rows.
pub(super) async fn write(table: &'static Table, rows: Rows, out: Outflow) -> Result<(), Problem> {
    let mut lines = onto(MARK.into());
    lines
        .write_record(table.columns.iter().map(|(name, _)| *name))
        .map_err(Problem::internal)?;
    let mut rows = rows.ready_chunks(AT_ONCE);
    while let Some(ready) = rows.next().await {
        for row in ready {
            let cells = row?.into_iter().zip(table.columns);
            lines
                .write_record(cells.map(|(cell, (_, column))| defused(cell, *column)))
                .map_err(Problem::internal)?;
        }
        out.send(written(lines)?).await?;
        lines = onto(vec![]);
    }
    out.send(written(lines)?).await
}

fn onto(bytes: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(bytes)
}

fn written(lines: Writer<Vec<u8>>) -> Result<Vec<u8>, Problem> {
    lines
        .into_inner()
        .map_err(|error| Problem::internal(error.into_error()))
}
