//! What stands between two cells.

use std::collections::BTreeMap;

use csv::ReaderBuilder;

/// What is taken as a delimiter, the likelier first.
const CANDIDATES: [u8; 4] = [b';', b',', b'\t', b'|'];
/// Rows that are looked at.
const ROWS: usize = 200;
/// Bytes that are looked at: a row may have no end.
const HEAD: usize = 1 << 20;

/// Whether cells can be told apart by it.
pub(crate) fn is_delimiter(delimiter: char) -> bool {
    delimiter.is_ascii()
        && !delimiter.is_ascii_alphanumeric()
        && !matches!(delimiter, '"' | '\n' | '\r' | '\0')
}

/// `sep=;` on the first line, and what comes after it.
pub(crate) fn said(text: &str) -> Option<(char, &str)> {
    let (line, rest) = text.split_once('\n')?;
    let line = line.trim_matches('"');
    let said = line
        .get(..4)
        .filter(|said| said.eq_ignore_ascii_case("sep="))?;
    let mut letters = line[said.len()..].chars();
    let delimiter = letters.next()?;
    (letters.next().is_none() && is_delimiter(delimiter)).then_some((delimiter, rest))
}

/// The delimiter by which most rows have the same number of cells, and the more of them the better.
pub(crate) fn guess(text: &str) -> u8 {
    let text = &text[..text.floor_char_boundary(HEAD)];
    let mut best = (0.0, CANDIDATES[0]);
    for delimiter in CANDIDATES {
        let score = score(text, delimiter);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

fn score(text: &str, delimiter: u8) -> f64 {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut widths: BTreeMap<usize, u32> = BTreeMap::new();
    for record in reader.byte_records().take(ROWS).flatten() {
        // Titles and blank rows say nothing about what stands between cells.
        if record.iter().any(|cell| !cell.is_empty()) {
            *widths.entry(record.len()).or_default() += 1;
        }
    }
    let all: u32 = widths.values().sum();
    let usual = widths
        .iter()
        .filter(|(width, _)| **width > 1)
        .max_by_key(|(width, count)| (**count, **width));
    match usual {
        Some((width, count)) => {
            let width = u32::try_from(*width).unwrap_or(u32::MAX).min(20);
            f64::from(*count) / f64::from(all) + f64::from(width) / 20.0
        }
        None => 0.0,
    }
}
