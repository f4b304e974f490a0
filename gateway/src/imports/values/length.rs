//! How long a service takes, as price lists write it.

use super::amount::{is_range, number};
use crate::texts::Message;

/// What a bare number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::imports) enum LengthUnit {
    Minutes,
    Hours,
}

/// Minutes; of a range the shortest where that was asked for, else it is told.
pub(in crate::imports) fn length(
    text: &str,
    bare: LengthUnit,
    lowest: bool,
) -> Result<Option<i64>, Message> {
    let wrong = || Message::new("violation-duration");
    let text = text.trim().to_lowercase().replace('\u{a0}', " ");
    if super::is_nothing(&text) {
        return Ok(None);
    }
    let text = match is_range(&text) {
        Some(_) if !lowest => return Err(Message::new("violation-range")),
        // Of "1-2 h" the unit stands behind the second.
        Some((first, second)) => match units(second) {
            Some(unit) if units(first).is_none() => format!("{first} {unit}"),
            Some(_) | None => first.to_owned(),
        },
        None => text,
    };
    let minutes = read(&text, bare).ok_or_else(wrong)?;
    if minutes.is_finite() && (0.0..1e6).contains(&minutes) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number of at most six digits"
        )]
        Ok(Some(minutes.round() as i64))
    } else {
        Err(wrong())
    }
}

/// The unit that a text ends with.
fn units(text: &str) -> Option<&str> {
    let at = text.find(char::is_alphabetic)?;
    Some(text[at..].trim())
}

fn read(text: &str, bare: LengthUnit) -> Option<f64> {
    let clock: Vec<_> = text.trim().split(':').collect();
    if let [hours, minutes] | [hours, minutes, _] = clock[..] {
        let (hours, minutes): (u32, u32) =
            (hours.trim().parse().ok()?, minutes.trim().parse().ok()?);
        return (minutes < 60).then(|| f64::from(hours) * 60.0 + f64::from(minutes));
    }
    let mut total = 0.0;
    let mut rest = text.trim();
    let mut last = None;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))
            .unwrap_or(rest.len());
        let amount = number(&rest[..end])?;
        rest = rest[end..].trim_start();
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = rest[..end].trim_matches(|c: char| !c.is_alphabetic());
        // "1 ora e 30 minuti", "1 h et 30": the word between says nothing.
        let unit = unit.split_whitespace().next().unwrap_or_default();
        let each = match (unit, last) {
            ("", None) => match bare {
                LengthUnit::Minutes => 1.0,
                LengthUnit::Hours => 60.0,
            },
            // "1h30"
            ("", Some(_)) => 1.0,
            (unit, _) => of_unit(unit)?,
        };
        total += amount * each;
        last = Some(each);
        rest = rest[end..].trim_start();
    }
    last.map(|_| total)
}

/// Minutes of a unit, by the beginnings of its names in our languages.
fn of_unit(unit: &str) -> Option<f64> {
    const HOURS: [&str; 13] = [
        "h", "hr", "hrs", "hour", "hours", "godz", "g", "heure", "ora", "ore", "tim", "ч", "год",
    ];
    let unit = unit.trim_end_matches('.');
    if unit == "m"
        || unit == "мин"
        || unit == "хв"
        || unit.starts_with("min")
        || unit.starts_with("хвил")
        || unit.starts_with("мин")
        || unit == "'"
    {
        return Some(1.0);
    }
    let hours = HOURS.contains(&unit)
        || ["godzin", "heure", "timm", "годин", "час"]
            .iter()
            .any(|begin| unit.starts_with(begin));
    hours.then_some(60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<i64>, &'static str> {
        length(text, LengthUnit::Minutes, false).map_err(|fault| fault.id())
    }

    #[test]
    fn lengths_are_read_however_they_are_written() {
        for (text, wanted) in [
            ("45", 45),
            ("45.0", 45),
            ("45 min", 45),
            ("45min.", 45),
            ("1h30", 90),
            ("1 h 30 min", 90),
            ("1h", 60),
            ("1:30", 90),
            ("01:30:00", 90),
            ("0:45", 45),
            ("1,5 h", 90),
            ("1.5 godz.", 90),
            ("2 godziny", 120),
            ("1 година 15 хв", 75),
            ("30 хвилин", 30),
            ("2 tim", 120),
            ("1 timme 30 minuter", 90),
            ("1 ora e 30 minuti", 90),
            ("1 heure", 60),
            ("1 hr 5 mins", 65),
        ] {
            assert_eq!(read(text), Ok(Some(wanted)), "{text}");
        }
        assert_eq!(length("1,5", LengthUnit::Hours, false).unwrap(), Some(90));
    }

    #[test]
    fn ranges_and_riddles_are_told() {
        for text in [
            "60-90",
            "60 – 90 min",
            "od 60 min",
            "from 1h",
            "1-2 h",
            "60/90",
        ] {
            assert_eq!(read(text), Err("violation-range"), "{text}");
        }
        assert_eq!(
            length("1-2 h", LengthUnit::Minutes, true).unwrap(),
            Some(60)
        );
        assert_eq!(
            length("od 60 min", LengthUnit::Minutes, true).unwrap(),
            Some(60)
        );
        for text in ["long", "1:75", "45 apples", "1e9", "71582789:00"] {
            assert_eq!(read(text), Err("violation-duration"), "{text}");
        }
        assert_eq!(read("-"), Ok(None));
    }
}
