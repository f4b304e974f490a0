//! What a cell is.

use jiff::civil::{Date, DateTime};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use rust_xlsxwriter::ExcelDateTime;

use super::Column;

/// A cell of a spreadsheet.
pub(super) enum Typed {
    Nothing,
    Text(String),
    Number(f64),
    Amount(Decimal),
    Share(f64),
    Date(ExcelDateTime),
    DateTime(ExcelDateTime),
    Flag(bool),
}

/// A cell as it may stand in a file. What somebody typed must not run in a spreadsheet (OWASP, "CSV injection"); what a
/// column of numbers holds may begin with a minus.
pub(super) fn defused(cell: String, column: Column) -> String {
    const RUNS: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    if !cell.starts_with(RUNS) {
        return cell;
    }
    let is_number = match column {
        Column::Number | Column::Count | Column::Amount | Column::Rate | Column::Share => {
            cell.parse::<Decimal>().is_ok()
        }
        Column::Text | Column::Date | Column::DateTime | Column::Flag => false,
    };
    if is_number { cell } else { format!("'{cell}") }
}

/// A defused cell as a spreadsheet takes it. Its cells of text are no formulas, whatever they begin with; they come
/// defused all the same, for who saves the spreadsheet as CSV.
pub(super) fn typed(cell: String, column: Column) -> Typed {
    if cell.is_empty() {
        return Typed::Nothing;
    }
    let typed = match column {
        Column::Text => None,
        Column::Number => number(&cell).map(Typed::Number),
        Column::Count | Column::Amount | Column::Rate => cell.parse().ok().map(Typed::Amount),
        Column::Share => number(&cell).map(Typed::Share),
        Column::Date => cell.parse().ok().and_then(date).map(Typed::Date),
        Column::DateTime => date_time(&cell).map(Typed::DateTime),
        Column::Flag => cell.parse().ok().map(Typed::Flag),
    };
    typed.unwrap_or_else(|| Typed::Text(fitting(cell)))
}

fn number(cell: &str) -> Option<f64> {
    cell.parse::<Decimal>().ok()?.to_f64()
}

fn date(date: Date) -> Option<ExcelDateTime> {
    let (year, month, day) = (
        u16::try_from(date.year()).ok()?,
        u8::try_from(date.month()).ok()?,
        u8::try_from(date.day()).ok()?,
    );
    ExcelDateTime::from_ymd(year, month, day).ok()
}

/// The clock's reading, without its offset.
fn date_time(cell: &str) -> Option<ExcelDateTime> {
    let at: DateTime = cell.strip_suffix('Z').unwrap_or(cell).parse().ok()?;
    let (hour, minute, second) = (
        u16::try_from(at.hour()).ok()?,
        u8::try_from(at.minute()).ok()?,
        u8::try_from(at.second()).ok()?,
    );
    date(at.date())?.and_hms(hour, minute, second).ok()
}

/// As much as a cell of a spreadsheet holds: 32,767 units of UTF-16. CSV has the whole.
fn fitting(cell: String) -> String {
    const MOST: usize = 32_767;
    // No letter is more units than bytes.
    if cell.len() <= MOST || cell.encode_utf16().count() <= MOST {
        return cell;
    }
    let mut units = 0;
    let mut cut: String = cell
        .chars()
        .take_while(|letter| {
            units += letter.len_utf16();
            units < MOST
        })
        .collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_run_as_a_formula_is_defused_and_numbers_stay_numbers() {
        for bad in ["=1+1", "+1", "-1", "@sum", "\tx", "\r=1", "\n=1", "＝1"] {
            assert_eq!(defused(bad.to_owned(), Column::Text), format!("'{bad}"));
        }
        for good in ["", "a=1", "1-1", "'=1"] {
            assert_eq!(defused(good.to_owned(), Column::Text), good);
        }
        for kind in [
            Column::Number,
            Column::Count,
            Column::Amount,
            Column::Rate,
            Column::Share,
        ] {
            assert_eq!(defused("-20.00".to_owned(), kind), "-20.00");
            assert_eq!(defused("-2+cmd()".to_owned(), kind), "'-2+cmd()");
        }
        assert_eq!(defused("=1".to_owned(), Column::Date), "'=1");
    }

    #[test]
    fn a_time_is_the_reading_of_the_clock_and_what_is_none_is_text() {
        let serial = |cell: &str, column| match typed(cell.to_owned(), column) {
            Typed::Date(at) | Typed::DateTime(at) => Some(at.to_excel()),
            Typed::Nothing
            | Typed::Text(_)
            | Typed::Number(_)
            | Typed::Amount(_)
            | Typed::Share(_)
            | Typed::Flag(_) => None,
        };
        assert_eq!(serial("2026-05-31", Column::Date), Some(46_173.0));
        let noon = [
            "2026-05-31T12:00:00+02:00",
            "2026-05-31T12:00:00-07:30",
            "2026-05-31T12:00:00Z",
        ];
        for noon in noon {
            assert_eq!(serial(noon, Column::DateTime), Some(46_173.5), "{noon}");
        }
        for no_date in ["1899-12-30", "tomorrow", "2026-02-30"] {
            assert_eq!(serial(no_date, Column::Date), None, "{no_date}");
        }
    }

    #[test]
    fn a_cell_holds_as_much_as_it_can() {
        let whole = "ż".repeat(32_767);
        assert_eq!(fitting(whole.clone()), whole);
        let cut = fitting("ż".repeat(32_768));
        assert_eq!(cut.encode_utf16().count(), 32_767);
        assert!(cut.ends_with("ż…"));
        // A letter of two units is not cut in half.
        let cut = fitting("😀".repeat(20_000));
        assert!(cut.encode_utf16().count() <= 32_767 && cut.ends_with("😀…"));
    }
}
