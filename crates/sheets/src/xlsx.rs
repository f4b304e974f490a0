//! Workbooks. Read cell by cell: a sheet that claims a corner far away must not take memory for all between.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read as _},
};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use zip::{ZipArchive, result::ZipError};

use crate::{Cell, Fault, Form, Kind, Limits, Row, Table, Wanted, room::Room, table};

/// The largest number of which a spreadsheet keeps every digit.
const EXACT: f64 = 1e15;

pub(crate) fn read(bytes: &[u8], wanted: &Wanted, limits: &Limits) -> Result<Table, Fault> {
    weigh(bytes, limits)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(fault)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    if let Some(name) = &wanted.sheet {
        if !sheets.contains(name) {
            return Err(Fault::NoSuchSheet);
        }
        let rows = rows(&mut book, name, limits)?;
        let (sheet, sheets) = (name.clone(), sheets);
        return Ok(table(Form::Xlsx { sheet, sheets }, rows, vec![]));
    }
    let mut first = None;
    for sheet in &sheets {
        let rows = rows(&mut book, sheet, limits)?;
        let form = || Form::Xlsx {
            sheet: sheet.clone(),
            sheets: sheets.clone(),
        };
        let table = table(form(), rows, vec![]);
        // A cover with one line on it is not what was meant.
        if table.rows.len() > 1 {
            return Ok(table);
        }
        if !table.rows.is_empty() && first.is_none() {
            first = Some(table);
        }
    }
    first.ok_or(Fault::Empty)
}

/// What the workbook comes to once inflated: by what it declares, and by inflating it into nothing.
fn weigh(bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    let most = limits.inflated;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Fault::Broken)?;
    if archive.len() > limits.parts {
        return Err(Fault::Inflates { most });
    }
    let mut left = most;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(of_part)?;
        // A dictionary of shared words becomes a string each: memory several times its size.
        let name = part.name().map_err(|_| Fault::Broken)?;
        let words = name.to_ascii_lowercase().ends_with("sharedstrings.xml");
        let part_most = if words { left.min(most / 2) } else { left };
        if part.size() > part_most {
            return Err(Fault::Inflates { most });
        }
        let inflated =
            io::copy(&mut part.take(part_most + 1), &mut io::sink()).map_err(|_| Fault::Broken)?;
        if inflated > part_most {
            return Err(Fault::Inflates { most });
        }
        left -= inflated;
    }
    Ok(())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other errors say that the file is damaged"
)]
fn of_part(error: ZipError) -> Fault {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Fault::Encrypted
        }
        _ => Fault::Broken,
    }
}

fn rows(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str, limits: &Limits) -> Result<Vec<Row>, Fault> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(fault)?;
    let mut rows: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    let mut room = Room::of(limits);
    while let Some(record) = reader.next_cell_with_formula_metadata().map_err(fault)? {
        let (row, column) = record.pos;
        let cell = cell(&record.value, record.formula.is_some());
        if cell.is_blank() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= limits.columns {
            return Err(Fault::TooManyColumns {
                most: limits.columns,
            });
        }
        let cells = rows.entry(row).or_default();
        let more = (column + 1).saturating_sub(cells.len());
        room.holds(&cell.text)?;
        room.take(more, cell.text.len())?;
        if more > 0 {
            cells.resize(column + 1, Cell::default());
        }
        cells[column] = cell;
        if rows.len() > limits.rows {
            return Err(Fault::TooManyRows { most: limits.rows });
        }
    }
    let rows = rows.into_iter().map(|(row, cells)| Row {
        number: row.saturating_add(1),
        cells,
    });
    Ok(rows.collect())
}

fn cell(value: &DataRef<'_>, formula: bool) -> Cell {
    let (text, kind) = match value {
        DataRef::Empty => (String::new(), Kind::Text),
        DataRef::String(text) => (text.clone(), Kind::Text),
        DataRef::SharedString(text) => ((*text).to_owned(), Kind::Text),
        DataRef::Int(number) => (number.to_string(), Kind::Number),
        DataRef::Float(number) => written(*number),
        DataRef::Bool(yes) => (yes.to_string(), Kind::Bool),
        DataRef::DateTime(at) => moment(at),
        DataRef::DateTimeIso(text) => (text.clone(), Kind::Date),
        DataRef::DurationIso(text) => (text.clone(), Kind::Time),
        DataRef::Error(error) => (error.to_string(), Kind::Error),
    };
    // Text that looks like a formula was typed as text: a workbook says which cells are computed.
    Cell {
        text,
        kind,
        formula,
    }
}

/// A number without the noise of its binary form, and never with an exponent.
fn written(number: f64) -> (String, Kind) {
    if number.abs() >= EXACT {
        return (format!("{number:.0}"), Kind::LostDigits);
    }
    let text = format!("{number:.9}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (text.to_owned(), Kind::Number)
}

fn moment(at: &calamine::ExcelDateTime) -> (String, Kind) {
    let days = at.as_f64();
    if at.is_duration() || (0.0..1.0).contains(&days) {
        let minutes = (days * 24.0 * 60.0).round();
        return (
            format!("{:.0}:{:02.0}", (minutes / 60.0).floor(), minutes % 60.0),
            Kind::Time,
        );
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let text = if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date}T{hour:02}:{minute:02}:{second:02}")
    };
    (text, Kind::Date)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other errors say that the file is damaged"
)]
fn fault(error: XlsxError) -> Fault {
    match error {
        XlsxError::Password => Fault::Encrypted,
        _ => Fault::Broken,
    }
}
