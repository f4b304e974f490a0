//! Which row names the columns: files begin with titles, logos and dates as often as with their header.

use std::collections::BTreeMap;

use crate::{Kind, Row};

/// Rows among which a header is looked for.
const AMONG: usize = 30;

/// Where the header stands among these rows, if there is one. `known` tells a word that names a column.
#[must_use]
pub fn header(rows: &[Row], known: impl Fn(&str) -> bool) -> Option<usize> {
    let filled = |row: &Row| row.cells.iter().filter(|cell| !cell.is_blank()).count();
    let among = &rows[..rows.len().min(AMONG)];
    let usual = usual(rows.iter().take(200).map(|row| row.cells.len()));
    let words = |row: &Row| row.cells.iter().filter(|cell| known(&cell.meant())).count();
    let words: Vec<_> = among.iter().map(words).collect();
    match first(&words).or_else(|| single(&words)) {
        // One word alone may be somebody's name, or a title.
        Some((at, words)) if words > 1 || filled(&rows[at]) <= 2 || usual <= 2 => Some(at),
        // A single known word among many unknown ones, in words only.
        Some((at, _)) if all_words(&rows[at]) => Some(at),
        Some(_) | None => by_looks(among, usual),
    }
}

/// The first row that names two columns or more, or of several such rows one below the other the fullest: what stands
/// above it is titles. A row further down that names more is somebody's, for whatever stands between would be lost.
fn first(words: &[usize]) -> Option<(usize, usize)> {
    let mut at = words.iter().position(|words| *words > 1)?;
    while words.get(at + 1).is_some_and(|next| *next > words[at]) {
        at += 1;
    }
    Some((at, words[at]))
}

fn single(words: &[usize]) -> Option<(usize, usize)> {
    let at = words.iter().position(|words| *words == 1)?;
    Some((at, 1))
}

/// The first row of words only that is as wide as the others, above one that holds figures.
fn by_looks(rows: &[Row], usual: usize) -> Option<usize> {
    let at = rows.iter().position(|row| {
        row.cells.len() * 10 >= usual * 6 && row.cells.iter().filter(|c| !c.is_blank()).count() > 1
    })?;
    let below = rows.get(at + 1..)?;
    let header = all_words(&rows[at]) && below.iter().any(|row| !all_words(row));
    header.then_some(at)
}

fn all_words(row: &Row) -> bool {
    row.cells.iter().all(|cell| {
        let text = cell.text.as_str();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        cell.kind == Kind::Text && !text.contains('@') && digits * 3 <= text.chars().count()
    })
}

fn usual(widths: impl Iterator<Item = usize>) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for width in widths {
        *counts.entry(width).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or(0, |(width, _)| width)
}
