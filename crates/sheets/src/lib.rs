//! Tables out of the files that people have: CSV of any encoding and delimiter, XLSX.
//!
//! [`read`] takes a file as its bytes and gives the cells of one table as text, each row with the number under which its
//! owner finds it. It tells what it took the file for ([`Form`]), so that a wrong guess can be corrected ([`Wanted`]),
//! and what it met on the way ([`Remark`]). What it cannot read it refuses ([`Fault`]) before it takes much memory:
//! sizes are held to [`Limits`] as declared *and* as they turn out to be.
//!
//! What this crate deliberately does not do: it runs no formula, guesses no lost digit, and knows no clients or services.

mod delimiter;
mod encoding;
mod header;
mod kind;
mod room;
mod text;
mod xlsx;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::header::header;

/// How the reader is helped, where its guess was wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of a text file: by its label (`cp1250`, `utf-8`, `windows-1251`); none: detected.
    pub encoding: Option<String>,
    /// Of a text file: what stands between two cells; none: detected.
    pub delimiter: Option<char>,
    /// Of a workbook: which sheet; none: the first with rows.
    pub sheet: Option<String>,
    /// The country that the file comes from (ISO 3166-1), which settles encodings that look alike.
    pub country: Option<String>,
}

/// What is taken at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows with anything in them.
    pub rows: usize,
    /// Cells of a row.
    pub columns: usize,
    /// Cells in all, each row counted up to its last.
    pub cells: usize,
    /// Letters of a cell.
    pub cell: usize,
    /// Bytes of what stands in the cells: a workbook may use one long text any number of times.
    pub text: usize,
    /// Bytes that a workbook's parts may come to in all, once inflated.
    pub inflated: u64,
    /// Parts of a workbook.
    pub parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 200_000,
            columns: 500,
            cells: 3_000_000,
            // As many as a spreadsheet takes.
            cell: 32_767,
            text: 64 << 20,
            inflated: 128 << 20,
            parts: 2_000,
        }
    }
}

/// A table as it stands in the file, blank rows left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What the file was taken for.
    pub form: Form,
    /// All rows that hold anything, titles and header among them.
    pub rows: Vec<Row>,
    /// The cells of the widest row.
    pub width: usize,
    /// What the reader met on the way.
    pub remarks: Vec<Remark>,
}

/// What a file was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Form {
    /// Text with a character between two cells.
    Csv {
        /// Its encoding's name, in lower case.
        encoding: String,
        /// What stands between two cells.
        delimiter: char,
    },
    /// A workbook of Excel's since 2007.
    Xlsx {
        /// The sheet that was read.
        sheet: String,
        /// All sheets that show.
        sheets: Vec<String>,
    },
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// As a spreadsheet numbers it, from 1.
    pub number: u32,
    /// Its cells, without the empty ones at its end.
    pub cells: Vec<Cell>,
}

/// A cell as text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// What stands there. Dates are `YYYY-MM-DD`, perhaps with a time; times and lengths `H:MM`.
    pub text: String,
    /// What the file says that it is.
    pub kind: Kind,
    /// It is computed, or would be by a spreadsheet: `text` is the value that the file remembers, or the formula itself.
    pub formula: bool,
}

/// What a file says that a cell is. Text files say nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Words, or nothing known.
    #[default]
    Text,
    /// A number.
    Number,
    /// A number too long for a spreadsheet: its last digits are not those that were typed.
    LostDigits,
    /// A date.
    Date,
    /// A time of day, or a length.
    Time,
    /// Yes or no.
    Bool,
    /// `#N/A` and its like.
    Error,
}

/// What the reader met on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Some letters cannot be of the encoding.
    StrangeLetters,
    /// A quotation mark is never closed: quotation marks were read as letters.
    OpenQuote,
}

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("the file is no table but {0}")]
    OtherKind(&'static str),
    /// It asks for a password.
    #[error("the workbook is protected by a password")]
    Encrypted,
    /// It says that it is a workbook, and cannot be read as one.
    #[error("the workbook is damaged")]
    Broken,
    /// Inflated it is larger than is taken.
    #[error("the workbook inflates to more than {most} bytes, or has too many parts")]
    Inflates {
        /// The most.
        most: u64,
    },
    /// It has more rows than are taken.
    #[error("more than {most} rows")]
    TooManyRows {
        /// The most.
        most: usize,
    },
    /// It has more columns than are taken.
    #[error("more than {most} columns")]
    TooManyColumns {
        /// The most.
        most: usize,
    },
    /// It has more cells than are taken.
    #[error("more than {most} cells")]
    TooManyCells {
        /// The most.
        most: usize,
    },
    /// A cell has more letters than are taken.
    #[error("a cell has more than {most} letters")]
    CellTooLong {
        /// The most.
        most: usize,
    },
    /// There is no encoding of that label.
    #[error("no such encoding")]
    NoSuchEncoding,
    /// Cells cannot be told apart by this.
    #[error("no such delimiter")]
    NoSuchDelimiter,
    /// There is no sheet of that name.
    #[error("no such sheet")]
    NoSuchSheet,
}

impl Row {
    /// A cell; an empty one where the row is shorter.
    #[must_use]
    pub fn cell(&self, column: usize) -> &Cell {
        const NOTHING: &Cell = &Cell {
            text: String::new(),
            kind: Kind::Text,
            formula: false,
        };
        self.cells.get(column).unwrap_or(NOTHING)
    }
}

impl Cell {
    /// A cell of a text file.
    #[must_use]
    pub fn of_text(text: String) -> Self {
        // `="0600"` is how exporters make spreadsheets keep a zero; it computes nothing.
        let formula = text.starts_with('=') && text.len() > 1 && guarded(&text).is_none();
        Self {
            text,
            kind: Kind::Text,
            formula,
        }
    }

    /// The text as its writer meant it: without space around it, marks that nobody sees, and the guards that keep a
    /// spreadsheet from reckoning (`'0600`, `="0600"`).
    #[must_use]
    pub fn meant(&self) -> String {
        let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
        let text: String = self.text.chars().filter(|c| !unseen(*c)).collect();
        let text = text.trim();
        if let Some(inner) = guarded(text) {
            return inner.trim().to_owned();
        }
        match text.strip_prefix('\'') {
            Some(rest)
                if rest.starts_with(['=', '+', '-', '@', '(']) || starts_with_digit(rest) =>
            {
                rest.trim().to_owned()
            }
            Some(_) | None => text.to_owned(),
        }
    }

    /// Nothing to be seen is in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && !self.formula
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn guarded(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("=\"")?.strip_suffix('"')?;
    (!inner.contains('"')).then_some(inner)
}

/// Reads a file.
///
/// # Errors
/// Why it is refused.
pub fn read(bytes: &[u8], wanted: &Wanted, limits: &Limits) -> Result<Table, Fault> {
    if bytes.iter().all(|b| b.is_ascii_whitespace()) {
        return Err(Fault::Empty);
    }
    match kind::of(bytes)? {
        kind::FileKind::Xlsx => xlsx::read(bytes, wanted, limits),
        kind::FileKind::Text => text::read(bytes, wanted, limits),
    }
}

/// The rows without the empty cells at their ends, and how wide the widest is.
fn table(form: Form, mut rows: Vec<Row>, remarks: Vec<Remark>) -> Table {
    for row in &mut rows {
        while row.cells.last().is_some_and(Cell::is_blank) {
            row.cells.pop();
        }
    }
    rows.retain(|row| !row.cells.is_empty());
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    Table {
        form,
        rows,
        width,
        remarks,
    }
}
