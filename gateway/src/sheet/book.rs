//! A table as a spreadsheet: typed cells under a header that stays in sight, with the totals of its amounts and counts at the
//! end.
//!
//! Rows go to a temporary file as they come; it has no name, so that nothing is left of it whatever happens. The finished
//! sheets are then packed straight into the answer.

use std::io::Write as _;

use futures::StreamExt as _;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use rust_xlsxwriter::{Format, FormatBorder, Workbook, Worksheet, XlsxError};
use tokio::{
    sync::mpsc::{self, Receiver},
    task::spawn_blocking,
};

use super::{
    Column, Rows, Table,
    cells::{Typed, defused, typed},
    outflow::Outflow,
};
use crate::problem::Problem;

/// A sheet has 1,048,576 rows. One is the header's, one is left for the totals.
const ROWS_OF_A_SHEET: u32 = 1_048_576 - 2;
/// A zip of more than 4 GB must say so from the beginning; one of fewer rows than this never is.
const MAY_BE_HUGE: u32 = 200_000;
/// Rows that are handed over at a time, at most.
const AT_ONCE: usize = 500;
/// Columns are as wide as what they hold, within these.
const NARROWEST: usize = 8;
const WIDEST: usize = 48;

/// What the writer is told.
enum Told {
    Rows(Vec<Vec<String>>),
    /// These were all.
    End,
}

/// Writes all rows, then hands the spreadsheet on.
pub(super) async fn write(table: &'static Table, rows: Rows, out: Outflow) -> Result<(), Problem> {
    let (tell, told) = mpsc::channel(2);
    // Packing a year of bookings takes longer than a worker of the runtime may be held.
    let writing = spawn_blocking(move || written(table, told, out));
    let mut rows = rows.ready_chunks(AT_ONCE);
    while let Some(ready) = rows.next().await {
        let ready: Result<Vec<_>, Problem> = ready.into_iter().collect();
        if tell.send(Told::Rows(ready?)).await.is_err() {
            // It has failed, and says why.
            return writing.await.map_err(Problem::internal)?;
        }
    }
    // What was read from is free again before the file is packed.
    drop(rows);
    let _ = tell.send(Told::End).await;
    writing.await.map_err(Problem::internal)?
}

fn written(table: &'static Table, mut told: Receiver<Told>, out: Outflow) -> Result<(), Problem> {
    let mut book = Book::begin(table).map_err(Problem::internal)?;
    loop {
        match told.blocking_recv() {
            Some(Told::Rows(rows)) => {
                for row in rows {
                    book.add(row).map_err(Problem::internal)?;
                }
            }
            Some(Told::End) => break,
            // Nobody waits for it.
            None => return Ok(()),
        }
    }
    let mut out = out.on_a_thread();
    book.save(&mut out).map_err(Problem::internal)?;
    out.flush().map_err(Problem::internal)
}

struct Book {
    table: &'static Table,
    book: Workbook,
    /// The one that is being written, and its next line.
    sheet: Worksheet,
    line: u32,
    /// How many were finished.
    sheets: u32,
    widths: Vec<usize>,
    /// None where there was no amount: nothing to add up, or nothing that may be seen.
    totals: Vec<Option<Decimal>>,
    /// So many rows stand on a sheet.
    most: u32,
    looks: Looks,
}

/// How cells look.
struct Looks {
    header: Format,
    total: Format,
    share: Format,
    date: Format,
    date_time: Format,
    /// By the number of decimals, which is the currency's.
    amounts: [Format; 5],
    total_amounts: [Format; 5],
}

impl Looks {
    fn new() -> Self {
        const AMOUNTS: [&str; 5] = ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.0000"];
        let total = Format::new().set_bold().set_border_top(FormatBorder::Thin);
        Self {
            header: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin),
            share: Format::new().set_num_format("0.0%"),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            date_time: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
            amounts: AMOUNTS.map(|look| Format::new().set_num_format(look)),
            total_amounts: AMOUNTS.map(|look| total.clone().set_num_format(look)),
            total,
        }
    }
}

/// By its number of decimals.
fn of_scale(looks: &[Format; 5], amount: Decimal) -> &Format {
    let scale = usize::try_from(amount.scale()).unwrap_or(usize::MAX);
    &looks[scale.min(looks.len() - 1)]
}

impl Book {
    fn begin(table: &'static Table) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        let mut this = Self {
            sheet: book.new_worksheet_with_constant_memory()?,
            book,
            table,
            line: 0,
            sheets: 0,
            widths: vec![NARROWEST; table.columns.len()],
            totals: vec![None; table.columns.len()],
            most: ROWS_OF_A_SHEET,
            looks: Looks::new(),
        };
        this.head()?;
        Ok(this)
    }

    /// The header of the sheet that begins.
    fn head(&mut self) -> Result<(), XlsxError> {
        match self.sheets {
            0 => self.sheet.set_name(self.table.name)?,
            more => self
                .sheet
                .set_name(format!("{} {}", self.table.name, more + 1))?,
        };
        self.sheet.set_freeze_panes(1, 0)?;
        for ((at, (name, _)), width) in (0..).zip(self.table.columns).zip(&mut self.widths) {
            *width = (*width).max(name.len());
            self.sheet
                .write_with_format(0, at, *name, &self.looks.header)?;
        }
        self.line = 1;
        Ok(())
    }

    /// One more row; on another sheet where this one is full.
    fn add(&mut self, row: Vec<String>) -> Result<(), XlsxError> {
        if self.line > self.most {
            let next = self.book.new_worksheet_with_constant_memory()?;
            let full = std::mem::replace(&mut self.sheet, next);
            self.finish(full)?;
            self.head()?;
        }
        for ((at, (_, column)), cell) in (0_u16..).zip(self.table.columns).zip(row) {
            self.write(at, *column, cell)?;
        }
        self.line += 1;
        Ok(())
    }

    fn write(&mut self, at: u16, column: Column, cell: String) -> Result<(), XlsxError> {
        let (sheet, line, looks) = (&mut self.sheet, self.line, &self.looks);
        let width = &mut self.widths[usize::from(at)];
        if *width < WIDEST {
            let longest = cell.lines().map(|line| line.chars().count()).max();
            *width = longest.unwrap_or_default().clamp(*width, WIDEST);
        }
        match typed(defused(cell, column), column) {
            Typed::Nothing => {}
            Typed::Text(text) => {
                sheet.write_string(line, at, text)?;
            }
            Typed::Number(number) => {
                sheet.write_number(line, at, number)?;
            }
            Typed::Amount(amount) => {
                if is_added_up(column) {
                    *self.totals[usize::from(at)].get_or_insert_default() += amount;
                }
                let look = of_scale(&looks.amounts, amount);
                sheet.write_number_with_format(line, at, as_float(amount), look)?;
            }
            Typed::Share(share) => {
                sheet.write_number_with_format(line, at, share, &looks.share)?;
            }
            Typed::Date(date) => {
                sheet.write_datetime_with_format(line, at, &date, &looks.date)?;
            }
            Typed::DateTime(instant) => {
                sheet.write_datetime_with_format(line, at, &instant, &looks.date_time)?;
            }
            Typed::Flag(flag) => {
                sheet.write_boolean(line, at, flag)?;
            }
        }
        Ok(())
    }

    fn total(&mut self) -> Result<(), XlsxError> {
        let mut columns = self.table.columns.iter();
        if !columns.any(|(_, column)| is_added_up(*column)) {
            return Ok(());
        }
        for ((at, (_, column)), total) in (0_u16..).zip(self.table.columns).zip(&self.totals) {
            if let Some(total) = total {
                let look = of_scale(&self.looks.total_amounts, *total);
                self.sheet
                    .write_number_with_format(self.line, at, as_float(*total), look)?;
            } else {
                let said = if at == 0 && !is_added_up(*column) {
                    "total"
                } else {
                    ""
                };
                self.sheet
                    .write_with_format(self.line, at, said, &self.looks.total)?;
            }
        }
        Ok(())
    }

    /// A sheet that has all its rows.
    fn finish(&mut self, mut sheet: Worksheet) -> Result<(), XlsxError> {
        for (at, width) in (0..).zip(&self.widths) {
            // A little more than the letters, for numbers that are grouped and for bold headers.
            let width = u32::try_from(width + 2).unwrap_or(u32::MAX);
            sheet.set_column_width(at, f64::from(width))?;
        }
        self.book.push_worksheet(sheet);
        self.sheets += 1;
        Ok(())
    }

    fn save(mut self, to: &mut (impl std::io::Write + Send)) -> Result<(), XlsxError> {
        self.total()?;
        let huge = self.sheets > 0 || self.line > MAY_BE_HUGE;
        self.book.use_zip_large_file(huge);
        // Nothing more is written to it: any other does in its place.
        let last = std::mem::replace(&mut self.sheet, Worksheet::new());
        self.finish(last)?;
        self.book.save_to_writer(to)
    }
}

/// Whether a column has a total.
const fn is_added_up(column: Column) -> bool {
    matches!(column, Column::Amount | Column::Count)
}

fn as_float(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx, open_workbook_from_rs};

    use super::*;

    static TABLE: Table = Table {
        name: "till",
        columns: &[("at", Column::Date), ("amount", Column::Amount)],
    };

    #[test]
    fn more_rows_than_a_sheet_holds_go_on_upon_the_next() {
        let mut book = Book::begin(&TABLE).unwrap();
        book.most = 2;
        for amount in ["1.00", "2.00", "3.00"] {
            let row = vec!["2026-05-31".to_owned(), amount.to_owned()];
            book.add(row).unwrap();
        }
        let mut file = vec![];
        book.save(&mut file).unwrap();
        let mut book: Xlsx<_> = open_workbook_from_rs(std::io::Cursor::new(file)).unwrap();
        assert_eq!(book.sheet_names(), ["till", "till 2"]);
        let mut amounts = |sheet| {
            let rows = book.worksheet_range(sheet).unwrap();
            let amounts = rows.rows().map(|row| row[1].clone());
            amounts.collect::<Vec<_>>()
        };
        let head = || Data::String("amount".to_owned());
        assert_eq!(
            amounts("till"),
            [head(), Data::Float(1.0), Data::Float(2.0)]
        );
        assert_eq!(
            amounts("till 2"),
            [head(), Data::Float(3.0), Data::Float(6.0)],
            "the totals are of both"
        );
    }
}
