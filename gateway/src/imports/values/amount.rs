//! Prices as price lists write them.

use domain::money::{Currency, Money};

use crate::texts::Message;

/// An amount; of a range the lowest where that was asked for, else it is told.
pub(in crate::imports) fn amount(
    text: &str,
    currency: Currency,
    lowest: bool,
) -> Result<Option<Money>, Message> {
    let wrong = || Message::new("violation-not-money");
    let text = text
        .trim()
        .to_lowercase()
        .replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ");
    if super::is_nothing(&text) {
        return Ok(None);
    }
    if is_free(&text) {
        return Ok(Some(Money::zero(currency)));
    }
    let text = match is_range(&text) {
        Some(_) if !lowest => return Err(Message::new("violation-range")),
        Some((first, _)) => first.to_owned(),
        None => text,
    };
    if let Some(other) = other_currency(&text, currency) {
        return Err(Message::new("violation-other-currency").with("currency", other));
    }
    if text.contains('%') {
        return Err(wrong());
    }
    let from = text.find(|c: char| c.is_ascii_digit()).ok_or_else(wrong)?;
    let negative = is_negative(text[..from].trim_start());
    let rest = &text[from..];
    let to = rest
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | ' ' | '\''))
        .unwrap_or(rest.len());
    // A second number behind words is no price: "120 za 3".
    if rest[to..].contains(|c: char| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let digits = plain(rest[..to].trim_end_matches([',', '.', ' '])).ok_or_else(wrong)?;
    let money = Money::parse(&digits, currency)?;
    if negative && !money.is_zero() {
        return Err(Message::new("violation-negative"));
    }
    Ok(Some(money))
}

/// What stands before the digits begins or ends with a minus, or is a bookkeeper's bracket.
fn is_negative(before: &str) -> bool {
    let dash = ['-', '\u{2212}', '–'];
    let sign = before.trim_end_matches(['$', '€', '£', '₴']);
    before.starts_with(dash) || sign.ends_with(dash) || sign.ends_with('(')
}

fn is_free(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "free",
        "gratis",
        "bezpłatnie",
        "bezplatnie",
        "za darmo",
        "gratuit",
        "gratuito",
        "безкоштовно",
        "бесплатно",
        "kostnadsfri",
        "kostnadsfritt",
        "offert",
    ];
    WORDS.contains(&text)
}

/// Names another currency than the house's.
fn other_currency(text: &str, currency: Currency) -> Option<&'static str> {
    const SIGNS: [(&str, Currency); 13] = [
        ("zł", Currency::PLN),
        ("zl", Currency::PLN),
        ("pln", Currency::PLN),
        ("€", Currency::EUR),
        ("eur", Currency::EUR),
        ("₴", Currency::UAH),
        ("грн", Currency::UAH),
        ("uah", Currency::UAH),
        ("£", Currency::GBP),
        ("gbp", Currency::GBP),
        ("usd", Currency::USD),
        ("sek", Currency::SEK),
        ("chf", Currency::CHF),
    ];
    let named: Vec<_> = SIGNS
        .iter()
        .filter(|(sign, _)| text.contains(sign))
        .collect();
    // `$` and `kr` are many countries'.
    let other = !named.is_empty() && named.iter().all(|(_, named)| *named != currency);
    other.then(|| currency.code())
}

/// Two amounts, or one from which it begins: what stands first, and what second.
pub(super) fn is_range(text: &str) -> Option<(&str, &str)> {
    const FROM: [&str; 11] = [
        "od",
        "from",
        "à partir de",
        "a partir de",
        "dès",
        "від",
        "от",
        "från",
        "fran",
        "da",
        "ab",
    ];
    for word in FROM {
        if let Some(rest) = text.strip_prefix(word)
            && rest.starts_with([' ', '.', ':', '\u{a0}'])
        {
            let rest = rest.trim_start_matches(['.', ':', ' ']);
            return Some(is_range(rest).unwrap_or((rest, "")));
        }
    }
    if let Some(rest) = text.strip_suffix('+') {
        return Some((rest.trim(), ""));
    }
    for between in [" - ", "–", "—", "-", "/", " to ", " do ", " до ", "~", ".."] {
        if let Some((first, second)) = text.split_once(between) {
            let has_digits = |text: &str| text.contains(|c: char| c.is_ascii_digit());
            if has_digits(first)
                && second
                    .trim_start()
                    .starts_with(|c: char| c.is_ascii_digit() || "$€£".contains(c))
            {
                return Some((first.trim(), second.trim()));
            }
        }
    }
    None
}

/// A number in a cell, whichever sign divides its thousands.
pub(super) fn number(text: &str) -> Option<f64> {
    plain(text.trim())?.parse().ok()
}

/// Digits with at most one point. Of two kinds of signs the last divides the decimals; of one, it does unless exactly
/// three digits follow each.
fn plain(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '\'')).collect();
    let last = text.rfind(['.', ',']);
    let decimal = match last {
        None => None,
        Some(at) => {
            let sign = text.as_bytes()[at];
            let other = if sign == b'.' { ',' } else { '.' };
            let several = text.bytes().filter(|b| *b == sign).count() > 1;
            let thousands = !text.contains(other)
                && text.len() - at - 1 == 3
                && at <= 3
                && !text.starts_with('0');
            if several && text.contains(other) {
                return None;
            }
            (!several && !thousands).then_some(at)
        }
    };
    let whole = &text[..decimal.unwrap_or(text.len())];
    if whole
        .split(['.', ','])
        .skip(1)
        .any(|group| group.len() != 3)
    {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => plain.push(c),
            '.' | ',' if Some(at) == decimal => plain.push('.'),
            '.' | ',' => {}
            _ => return None,
        }
    }
    (!plain.is_empty() && plain.starts_with(|c: char| c.is_ascii_digit())).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, currency: Currency) -> Result<Option<String>, &'static str> {
        let read = amount(text, currency, false);
        read.map(|money| money.map(|money| money.to_string()))
            .map_err(|fault| fault.id())
    }

    #[test]
    fn prices_are_read_however_they_are_written() {
        for (text, wanted) in [
            ("120", "120.00"),
            ("120.5", "120.50"),
            ("120,50 zł", "120.50"),
            ("1 000,50", "1000.50"),
            ("1\u{a0}000,50 zł", "1000.50"),
            ("1.000,50", "1000.50"),
            ("1,000.50", "1000.50"),
            ("1.000", "1000.00"),
            ("12.500", "12500.00"),
            ("0.500", "0.50"),
            ("120,- zł", "120.00"),
            ("PLN 99,9", "99.90"),
            ("$150", "150.00"),
            ("150 zł/h", "150.00"),
            ("0", "0.00"),
            ("gratis", "0.00"),
            ("Bezpłatnie", "0.00"),
        ] {
            assert_eq!(
                read(text, Currency::PLN),
                Ok(Some(wanted.to_owned())),
                "{text}"
            );
        }
        assert_eq!(
            read("1 200 ₴", Currency::UAH),
            Ok(Some("1200.00".to_owned()))
        );
        assert_eq!(read("450 kr", Currency::SEK), Ok(Some("450.00".to_owned())));
        assert_eq!(read("35 €", Currency::EUR), Ok(Some("35.00".to_owned())));
    }

    #[test]
    fn ranges_and_riddles_are_told() {
        for text in [
            "od 120 zł",
            "from $120",
            "à partir de 50",
            "від 300",
            "120-150",
            "120 – 150 zł",
            "100+",
            "dès 30",
            "$50/$60",
        ] {
            assert_eq!(read(text, Currency::PLN), Err("violation-range"), "{text}");
        }
        let lowest = |text| {
            amount(text, Currency::PLN, true)
                .unwrap()
                .unwrap()
                .to_string()
        };
        assert_eq!(lowest("od 120 zł"), "120.00");
        assert_eq!(lowest("120-150"), "120.00");
        for text in ["wycena", "120 za 3", "1,2,3.4"] {
            assert_eq!(
                read(text, Currency::PLN),
                Err("violation-not-money"),
                "{text}"
            );
        }
        for text in [
            "-5",
            "\u{2212}5",
            "PLN -5",
            "(5)",
            "(5,00 zł)",
            "-5 zł",
            "- 5",
            "-€5",
        ] {
            let currency = if text.contains('€') {
                Currency::EUR
            } else {
                Currency::PLN
            };
            assert_eq!(read(text, currency), Err("violation-negative"), "{text}");
        }
        assert_eq!(read("50%", Currency::PLN), Err("violation-not-money"));
        assert_eq!(read("35 €", Currency::PLN), Err("violation-other-currency"));
        assert_eq!(read("1.999", Currency::PLN), Ok(Some("1999.00".to_owned())));
        assert_eq!(read("", Currency::PLN), Ok(None));
    }
}
