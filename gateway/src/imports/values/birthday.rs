//! Days as they are written in six countries, with or without their year.

use domain::contact::Birthday;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::texts::Message;

/// In which order day, month and year stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportDateOrder)]
pub(crate) enum DateOrder {
    /// 31.12.1990
    Dmy,
    /// 12/31/1990
    Mdy,
}

/// The months by the first letters of their names, folded, in our languages (and Russian, of whose exports there are
/// many).
const MONTHS: [&[&str]; 12] = [
    &["jan", "sty", "gen", "січ", "янв"],
    &["feb", "lut", "fev", "лют", "фев"],
    &["mar", "бер", "мар"],
    &["apr", "kwi", "avr", "кві", "апр"],
    &["may", "maj", "mai", "mag", "тра", "май", "мая"],
    &["jun", "cze", "juin", "giu", "чер", "июн"],
    &["jul", "lip", "juil", "lug", "лип", "июл"],
    &["aug", "sie", "aou", "ago", "сер", "авг"],
    &["sep", "wrz", "set", "вер", "сен"],
    &["oct", "okt", "paz", "ott", "жов", "окт"],
    &["nov", "lis", "лис", "ноя"],
    &["dec", "gru", "dic", "гру", "дек"],
];

/// The order that a column's cells are in, as far as they tell; `usual` where they do not.
pub(in crate::imports) fn order_of<'t>(
    cells: impl Iterator<Item = &'t str>,
    usual: DateOrder,
) -> DateOrder {
    let (mut days_first, mut months_first) = (0, 0);
    for cell in cells {
        let numbers = numbers(cell);
        if let [first, second, _] = numbers[..]
            && first.1 <= 2
        {
            days_first += usize::from(first.0 > 12);
            months_first += usize::from(second.0 > 12);
        }
    }
    match (days_first, months_first) {
        (0, 0) => usual,
        (days, months) if months > days => DateOrder::Mdy,
        _ => DateOrder::Dmy,
    }
}

/// Somebody's birthday, which lies before `today`.
pub(in crate::imports) fn birthday(
    text: &str,
    order: DateOrder,
    today: Date,
) -> Result<Option<Birthday>, Message> {
    let text = text.trim();
    if text.is_empty() || stands_for_none(text) {
        return Ok(None);
    }
    let wrong = || Message::new("violation-date");
    let day = read(text, order, today).ok_or_else(wrong)?;
    match day {
        Read::Day(date) if date > today => Err(Message::new("violation-future")),
        Read::Day(date) if date.year() < 1880 => Err(wrong()),
        Read::Day(date) => Ok(Some(date.into())),
        Read::OfAnyYear(month, day) => Birthday::of_any_year(month, day)
            .map(Some)
            .map_err(|_| wrong()),
    }
}

/// A whole day, not after `today`: when somebody first came.
pub(in crate::imports) fn day(
    text: &str,
    order: DateOrder,
    today: Date,
) -> Result<Option<Date>, Message> {
    let text = text.trim();
    if text.is_empty() || stands_for_none(text) {
        return Ok(None);
    }
    match read(text, order, today) {
        Some(Read::Day(date)) if date > today => Err(Message::new("violation-future")),
        Some(Read::Day(date)) if date.year() >= 1900 => Ok(Some(date)),
        Some(Read::Day(_) | Read::OfAnyYear(..)) | None => Err(Message::new("violation-date")),
    }
}

/// Whether a cell of a column without a known header is likely a day.
pub(in crate::imports) fn looks_like_day(text: &str) -> bool {
    let today = jiff::civil::date(2100, 1, 1);
    let numbers = numbers(text);
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || "./- T:Z".contains(c));
    plain
        && (numbers.len() >= 3 || text.starts_with("--"))
        && [DateOrder::Dmy, DateOrder::Mdy]
            .into_iter()
            .any(|order| read(text.trim(), order, today).is_some())
}

enum Read {
    Day(Date),
    OfAnyYear(i8, i8),
}

/// What databases and spreadsheets write for a day that nobody gave.
fn stands_for_none(text: &str) -> bool {
    const NONE: [&str; 6] = [
        "0000-00-00",
        "00.00.0000",
        "0000-00-00 00:00:00",
        "1899-12-30",
        "1899-12-31",
        "0",
    ];
    super::is_nothing(text) || NONE.contains(&text)
}

/// The numbers in a text, and of how many digits each is.
fn numbers(text: &str) -> Vec<(u32, usize)> {
    let parts = text.split(|c: char| !c.is_ascii_digit());
    let parts = parts.filter(|part| !part.is_empty() && part.len() <= 9);
    parts
        .filter_map(|part| Some((part.parse().ok()?, part.len())))
        .collect()
}

fn read(text: &str, order: DateOrder, today: Date) -> Option<Read> {
    // A time after the day says nothing about the day.
    let text = match text.find(['T', ' ']).filter(|at| text[*at..].contains(':')) {
        Some(at) => text[..at].trim(),
        None => text,
    };
    if text.starts_with("--") {
        return match numbers(text)[..] {
            [(month, _), (day, _)] => of_any_year(month, day),
            _ => None,
        };
    }
    let numbers = numbers(text);
    if let Some(month) = named_month(text) {
        return match numbers[..] {
            [(day, 1 | 2), (year, length)] => date(year, length, month, day, today),
            [(year, 4), (day, 1 | 2)] => date(year, 4, month, day, today),
            [(day, 1 | 2)] => of_any_year(month, day),
            _ => None,
        };
    }
    if text.chars().any(char::is_alphabetic) {
        return None;
    }
    match numbers[..] {
        [(all, 8)] => {
            let (year, month, day) = (all / 10_000, all / 100 % 100, all % 100);
            date(year, 4, month, day, today)
        }
        [(year, 4), (month, 1 | 2), (day, 1 | 2)] => date(year, 4, month, day, today),
        [(first, 1 | 2), (second, 1 | 2), (year, length)] => {
            let (day, month) = match order {
                DateOrder::Dmy => (first, second),
                DateOrder::Mdy => (second, first),
            };
            date(year, length, month, day, today)
        }
        [(first, 1 | 2), (second, 1 | 2)] => match order {
            DateOrder::Dmy => of_any_year(second, first),
            DateOrder::Mdy => of_any_year(first, second),
        },
        _ => None,
    }
}

fn named_month(text: &str) -> Option<u32> {
    let folded = projections::folding::fold(text);
    let words = folded.split(|c: char| !c.is_alphabetic());
    words
        .filter(|word| word.chars().count() >= 3)
        .find_map(|word| {
            let at = MONTHS
                .iter()
                .position(|names| names.iter().any(|name| word.starts_with(name)))?;
            // "June" and "July" in French, and "mai" beside "mars", begin alike.
            u32::try_from(at + 1).ok()
        })
}

fn date(year: u32, length: usize, month: u32, day: u32, today: Date) -> Option<Read> {
    let year = i16::try_from(year).ok()?;
    let year = match length {
        4 => year,
        // Of two digits: the latest such year that is not still to come.
        2 => {
            let century = today.year() / 100 * 100;
            if century + year <= today.year() {
                century + year
            } else {
                century - 100 + year
            }
        }
        _ => return None,
    };
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (date.year() >= 1).then_some(Read::Day(date))
}

fn of_any_year(month: u32, day: u32) -> Option<Read> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Date::new(2000, month, day).ok()?;
    Some(Read::OfAnyYear(month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 23);

    fn read(text: &str, order: DateOrder) -> Result<Option<String>, &'static str> {
        let read = birthday(text, order, TODAY);
        read.map(|day| day.map(|day| day.to_string()))
            .map_err(|fault| fault.id())
    }

    #[test]
    fn days_are_read_however_they_are_written() {
        for (text, wanted) in [
            ("12.06.1957", "1957-06-12"),
            ("12/06/1957", "1957-06-12"),
            ("1.6.1957", "1957-06-01"),
            ("1957-06-12", "1957-06-12"),
            ("1957-06-12T00:00:00", "1957-06-12"),
            ("12.06.1957 00:00", "1957-06-12"),
            ("1957/6/12", "1957-06-12"),
            ("19570612", "1957-06-12"),
            ("12.06.57", "1957-06-12"),
            ("26.04.00", "2000-04-26"),
            ("23.11.26", "2026-11-23"),
            ("24.11.27", "1927-11-24"),
            ("12 czerwca 1957", "1957-06-12"),
            ("12 juin 1957", "1957-06-12"),
            ("14 juillet 1957", "1957-07-14"),
            ("12 червня 1957 р.", "1957-06-12"),
            ("June 12, 1957", "1957-06-12"),
            ("3 marzo 1960", "1960-03-03"),
            ("4 maj 1960", "1960-05-04"),
            ("--05-17", "--05-17"),
            ("17.05", "--05-17"),
            ("17.05.", "--05-17"),
            ("29.02.", "--02-29"),
            ("17 maja", "--05-17"),
        ] {
            assert_eq!(
                read(text, DateOrder::Dmy),
                Ok(Some(wanted.to_owned())),
                "{text}"
            );
        }
        assert_eq!(
            read("06/12/1957", DateOrder::Mdy),
            Ok(Some("1957-06-12".to_owned()))
        );
        assert_eq!(
            read("12/25", DateOrder::Mdy),
            Ok(Some("--12-25".to_owned()))
        );
    }

    #[test]
    fn what_is_no_birthday_is_told() {
        for text in [
            "31.02.1990",
            "soon",
            "1957",
            "45",
            "12.06.1",
            "99.99.1999",
            "32 maja",
        ] {
            assert_eq!(read(text, DateOrder::Dmy), Err("violation-date"), "{text}");
        }
        assert_eq!(read("24.11.2026", DateOrder::Dmy), Err("violation-future"));
        for none in ["", "-", "0000-00-00", "brak"] {
            assert_eq!(read(none, DateOrder::Dmy), Ok(None), "{none}");
        }
    }

    #[test]
    fn a_column_tells_its_order() {
        let order = |cells: &[&str]| order_of(cells.iter().copied(), DateOrder::Dmy);
        assert_eq!(order(&["01/02/1990", "12/25/1990"]), DateOrder::Mdy);
        assert_eq!(order(&["01/02/1990", "25/12/1990"]), DateOrder::Dmy);
        assert_eq!(order(&["01/02/1990"]), DateOrder::Dmy);
        assert_eq!(order(&["1990-12-25"]), DateOrder::Dmy);
    }
}
