//! Text files: one row a line, quoted cells over several.

use csv::ReaderBuilder;

use crate::{
    Cell, Fault, Form, Limits, Remark, Row, Table, Wanted, delimiter, encoding, room::Room, table,
};

/// A quoted cell of more lines than anybody writes: its quotation mark was never closed.
const LINES_OF_A_CELL: u32 = 200;
/// A line with so many times more delimiters than a row may have cells is refused before it is cut into them. (Fewer may
/// be empty cells behind the last, or stand within cells.)
const TIMES_THE_COLUMNS: usize = 100;

pub(crate) fn read(bytes: &[u8], wanted: &Wanted, limits: &Limits) -> Result<Table, Fault> {
    let decoded = encoding::decode(bytes, wanted)?;
    let mut remarks = vec![];
    if decoded.strange {
        remarks.push(Remark::StrangeLetters);
    }
    let mut text = decoded.text;
    if text.contains('\r') {
        // Lines as Windows ends them, and as old Macintoshes do.
        text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    let (said, rest, skipped) = match delimiter::said(&text) {
        Some((said, rest)) => (Some(said), rest, 1),
        None => (None, text.as_str(), 0),
    };
    let delimiter = match wanted.delimiter {
        Some(wanted) if !delimiter::is_delimiter(wanted) => return Err(Fault::NoSuchDelimiter),
        Some(wanted) => u8::try_from(wanted).map_err(|_| Fault::NoSuchDelimiter)?,
        None => said
            .and_then(|said| u8::try_from(said).ok())
            .unwrap_or_else(|| delimiter::guess(rest)),
    };
    let most = limits.columns.saturating_mul(TIMES_THE_COLUMNS);
    let cuts = |line: &str| line.bytes().filter(|byte| *byte == delimiter).count();
    if rest.split('\n').any(|line| cuts(line) > most) {
        return Err(Fault::TooManyColumns {
            most: limits.columns,
        });
    }
    let mut read = rows(rest, delimiter, true, skipped, limits)?;
    if read.open_quote {
        read = rows(rest, delimiter, false, skipped, limits)?;
        remarks.push(Remark::OpenQuote);
    }
    if read.rows.is_empty() {
        return Err(Fault::Empty);
    }
    let form = Form::Csv {
        encoding: decoded.encoding.name().to_ascii_lowercase(),
        delimiter: char::from(delimiter),
    };
    Ok(table(form, read.rows, remarks))
}

struct Read {
    rows: Vec<Row>,
    open_quote: bool,
}

fn rows(
    text: &str,
    delimiter: u8,
    quoting: bool,
    skipped: u32,
    limits: &Limits,
) -> Result<Read, Fault> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoting)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = vec![];
    let mut room = Room::of(limits);
    let mut record = csv::StringRecord::new();
    // Lines within cells so far: a spreadsheet counts rows, a text file lines.
    let mut within = 0_u32;
    let mut open_quote = false;
    // What was decoded is UTF-8, and rows may have any length: nothing is left that could go wrong.
    while let Ok(true) = reader.read_record(&mut record) {
        let (line, byte) = record
            .position()
            .map_or((0, 0), |at| (at.line(), at.byte()));
        // Where the reader began to look: blank lines may come first.
        let from = text.get(usize::try_from(byte).unwrap_or(usize::MAX)..);
        let blank = from.map_or(0, |from| from.bytes().take_while(|b| *b == b'\n').count());
        let number = u32::try_from(line + blank as u64)
            .unwrap_or(u32::MAX)
            .saturating_add(skipped)
            .saturating_sub(within);
        let mut lines = 0;
        for cell in &record {
            let breaks = cell.bytes().filter(|b| *b == b'\n').count();
            let breaks = u32::try_from(breaks).unwrap_or(u32::MAX);
            let whole = room.holds(cell);
            open_quote |= quoting && (breaks > LINES_OF_A_CELL || whole.is_err());
            if !quoting {
                whole?;
            }
            lines += breaks;
        }
        if open_quote {
            // It is read once more.
            break;
        }
        within = within.saturating_add(lines);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let filled = (0..)
            .zip(&record)
            .filter(|(_, cell)| !cell.trim().is_empty())
            .last()
            .map_or(0, |(last, _)| last + 1);
        if filled > limits.columns {
            return Err(Fault::TooManyColumns {
                most: limits.columns,
            });
        }
        if rows.len() == limits.rows {
            return Err(Fault::TooManyRows { most: limits.rows });
        }
        room.take(filled, record.as_slice().len())?;
        let cells = record.iter().take(filled);
        rows.push(Row {
            number,
            cells: cells.map(|cell| Cell::of_text(cell.to_owned())).collect(),
        });
    }
    Ok(Read { rows, open_quote })
}
