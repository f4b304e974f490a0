//! A table as a file: CSV, or a spreadsheet. Both are written as the rows come, in the same little memory however many
//! there are; the first bytes of a CSV leave while the last rows are still being read.
//!
//! - `cells`: what a cell is, by its column's [`Column`]; how it is defused.
//! - `lines` writes CSV, `book` a spreadsheet, each into an `Outflow`.
//! - `outflow`: the way from the writer to the client. A file that could not be finished is seen to be broken.

mod book;
mod cells;
mod lines;
mod outflow;

use axum::{
    body::Body,
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use domain::time::Zone;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{access::Hidden, problem::Problem};

/// What CSV calls itself.
const CSV: &str = "text/csv; charset=utf-8";
/// What a spreadsheet calls itself.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The rows of a file, a cell for each column.
type Rows = BoxStream<'static, Result<Vec<String>, Problem>>;

/// Which kind of file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileField {
    #[default]
    Csv,
    Xlsx,
}

/// What a column holds. CSV has the cell as it was given; a spreadsheet has it typed. A cell that is not what its column
/// holds is text there, an empty one is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Words; defused where a spreadsheet would run them.
    Text,
    /// A number that is not added up.
    Number,
    /// So many, or so many minutes, added up at the end of a spreadsheet.
    Count,
    /// Money, added up at the end of a spreadsheet.
    Amount,
    /// Money that makes no sense added up: an average, a price per hour.
    Rate,
    /// A part of a whole, 0 to 1, or of what it was before: shown in percent.
    Share,
    /// A local date, `2026-05-31`.
    Date,
    /// A local date and time, `2026-05-31T10:00:00+02:00`; spreadsheets know no offset, and show the local time.
    DateTime,
    /// `true` or `false`.
    Flag,
}

/// A table that can be had as a file.
pub(crate) struct Table {
    /// What the file and its sheet are called.
    pub(crate) name: &'static str,
    /// The header row.
    pub(crate) columns: &'static [(&'static str, Column)],
}

impl Table {
    /// These rows, a cell for each column, as a file.
    ///
    /// Waits for the file to begin, a while: what goes wrong until then is told as the problem that it is. What goes
    /// wrong later breaks the download off.
    pub(crate) async fn file(
        &'static self,
        kind: FileField,
        rows: impl Stream<Item = Result<Vec<String>, Problem>> + Send + 'static,
    ) -> Result<Response, Problem> {
        let hidden = Hidden::now();
        let rows = rows.map_ok(move |row| self.without(hidden, row)).boxed();
        let (body, kind, ending) = match kind {
            FileField::Csv => {
                let body = outflow::body(self.name, |out| lines::write(self, rows, out)).await?;
                (body, CSV, "csv")
            }
            FileField::Xlsx => {
                let body = outflow::body(self.name, |out| book::write(self, rows, out)).await?;
                (body, XLSX, "xlsx")
            }
        };
        Ok(self.attached(body, kind, ending))
    }

    /// A row without what its reader may not see.
    fn without(&self, hidden: Hidden, mut row: Vec<String>) -> Vec<String> {
        for (cell, (column, _)) in row.iter_mut().zip(self.columns) {
            if hidden.hides(column) {
                cell.clear();
            }
        }
        row
    }

    fn attached(&self, body: Body, kind: &'static str, ending: &str) -> Response {
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let name = format!("attachment; filename=\"{}.{ending}\"", self.name);
        if let Ok(name) = HeaderValue::try_from(name) {
            headers.insert(CONTENT_DISPOSITION, name);
        }
        response
    }
}

/// An instant as a column of [`Column::DateTime`] holds it.
pub(crate) fn local(at: Timestamp, zone: &Zone) -> String {
    at.display_with_offset(zone.tz().to_offset(at)).to_string()
}

#[cfg(test)]
mod tests;
