//! A table as a file: CSV, line by line as its rows come, or a spreadsheet with totals.

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{access::Hidden, problem::Problem};

/// What CSV calls itself.
const CSV: &str = "text/csv; charset=utf-8";
/// What a spreadsheet calls itself.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Which kind of file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileField {
    #[default]
    Csv,
    Xlsx,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Words; defused where a spreadsheet would run them.
    Text,
    /// A number that is not added up.
    Number,
    /// Money, added up at the end of a spreadsheet.
    Amount,
}

/// A table that can be had as a file.
pub(crate) struct Table {
    /// What the file and its sheet are called.
    pub(crate) name: &'static str,
    /// The header row.
    pub(crate) columns: &'static [(&'static str, Column)],
}

impl Table {
    /// These rows, a cell for each column, as a file. CSV has no totals and goes out as the rows come.
    pub(crate) async fn file(
        &'static self,
        kind: FileField,
        rows: impl Stream<Item = Result<Vec<String>, Problem>> + Send + 'static,
    ) -> Result<Response, Problem> {
        let hidden = Hidden::now();
        let rows = rows.map_ok(move |row| self.without(hidden, row));
        match kind {
            FileField::Csv => {
                let names = self.columns.iter().map(|(name, _)| *name);
                let header = futures::stream::iter([csv_line(names)]);
                let lines =
                    rows.map(|row| csv_line(self.defused(&row?).iter().map(String::as_str)));
                Ok(self.attached(Body::from_stream(header.chain(lines)), CSV, "csv"))
            }
            FileField::Xlsx => {
                let rows: Vec<_> = rows.try_collect().await?;
                // Deflating a year of bookings takes longer than a request may hold a worker.
                let book = tokio::task::spawn_blocking(move || self.spreadsheet(&rows)).await;
                let book = book
                    .map_err(Problem::internal)?
                    .map_err(Problem::internal)?;
                Ok(self.attached(Body::from(book), XLSX, "xlsx"))
            }
        }
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

    /// What somebody typed must not run in a spreadsheet (OWASP, "CSV injection"). Amounts may begin with a minus.
    fn defused(&self, row: &[String]) -> Vec<String> {
        let cells = row.iter().zip(self.columns);
        cells
            .map(|(cell, (_, column))| {
                let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                if *column == Column::Text && runs {
                    format!("'{cell}")
                } else {
                    cell.clone()
                }
            })
            .collect()
    }

    /// Cells of text are no formulas in a spreadsheet of our own making, whatever they begin with; defused all the same,
    /// for who saves it as CSV.
    fn spreadsheet(&self, rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let amounts = Format::new().set_num_format("0.00");
        let sheet = book.add_worksheet();
        sheet.set_name(self.name)?;
        for (at, (name, _)) in (0..).zip(self.columns) {
            sheet.write_with_format(0, at, *name, &bold)?;
        }
        let mut totals = vec![Decimal::ZERO; self.columns.len()];
        for (line, row) in (1..).zip(rows) {
            for ((at, (_, column)), cell) in (0_u16..).zip(self.columns).zip(self.defused(row)) {
                let number = cell
                    .parse::<Decimal>()
                    .ok()
                    .filter(|_| *column != Column::Text);
                match number {
                    Some(number) if *column == Column::Amount => {
                        totals[usize::from(at)] += number;
                        let number = number.to_f64().unwrap_or_default();
                        sheet.write_with_format(line, at, number, &amounts)?;
                    }
                    Some(number) => {
                        sheet.write(line, at, number.to_f64().unwrap_or_default())?;
                    }
                    None => {
                        sheet.write(line, at, cell)?;
                    }
                }
            }
        }
        let last = u32::try_from(rows.len())
            .unwrap_or(u32::MAX - 1)
            .saturating_add(1);
        sheet.write_with_format(last, 0, "total", &bold)?;
        for ((at, (_, column)), total) in (0..).zip(self.columns).zip(totals) {
            if *column == Column::Amount {
                sheet.write_with_format(last, at, total.to_f64().unwrap_or_default(), &amounts)?;
            }
        }
        book.save_to_buffer()
    }
}

fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Bytes, Problem> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(cells).map_err(Problem::internal)?;
    let line = writer
        .into_inner()
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        name: "bookings",
        columns: &[("client", Column::Text), ("price", Column::Amount)],
    };

    #[test]
    fn what_would_run_as_a_formula_is_defused_and_amounts_stay_amounts() {
        for bad in ["=1+1", "+1", "-1", "@sum", "\tx"] {
            let row = TABLE.defused(&[bad.to_owned(), "-20.00".to_owned()]);
            assert_eq!(row, [format!("'{bad}"), "-20.00".to_owned()]);
        }
    }

    #[test]
    fn a_line_quotes_what_needs_it() {
        let line = csv_line(["a,b", "c\"d", "e\nf"].into_iter()).unwrap();
        assert_eq!(&line[..], b"\"a,b\",\"c\"\"d\",\"e\nf\"\n");
    }
}
