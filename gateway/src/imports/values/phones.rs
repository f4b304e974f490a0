//! Phones as they stand in lists: several in a cell, with words around them, with a guard in front, or destroyed.

use domain::contact::{Country, Phone};

use crate::texts::Message;

/// Between several phones in one cell. (`::: ` is Google's.)
const BETWEEN: [&str; 9] = [" ::: ", ";", ",", "\n", "|", " / ", "/", " or ", " lub "];

/// Digits of a number with another country's code, at least, where the plus is missing.
const ABROAD: usize = 12;

/// More than the phones of anybody, with their labels: somebody's notes, or worse.
const LONGEST: usize = 500;

/// All phones of a cell, in their order, and what is wrong with the rest of it.
pub(in crate::imports) fn phones(text: &str, country: Country) -> (Vec<Phone>, Option<Message>) {
    let text = text.trim();
    if text.is_empty() {
        return (vec![], None);
    }
    if text.len() > LONGEST {
        return (vec![], Some(Message::new("violation-phone")));
    }
    if is_destroyed(text) {
        return (vec![], Some(Message::new("violation-destroyed-number")));
    }
    if let Some(phone) = one(text, country) {
        return (vec![phone], None);
    }
    for between in BETWEEN {
        let parts: Vec<_> = text
            .split(between)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.len() < 2 {
            continue;
        }
        let read: Vec<_> = parts.iter().map(|part| phones(part, country).0).collect();
        let unread = read.iter().filter(|phones| phones.is_empty()).count();
        let mut found: Vec<Phone> = vec![];
        for phone in read.into_iter().flatten() {
            if !found.contains(&phone) {
                found.push(phone);
            }
        }
        if !found.is_empty() {
            // Words beside a number ("mama", "do 18") are no second number that was lost.
            let lost =
                unread > 0 && parts.iter().filter(|part| digits(part) >= 6).count() > found.len();
            return (found, lost.then(|| Message::new("violation-phone")));
        }
    }
    (vec![], Some(Message::new("violation-phone")))
}

/// Whether a cell of a column without a known header is likely a phone.
pub(in crate::imports) fn looks_like_phone(text: &str, country: Country) -> bool {
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || c.is_whitespace() || "+()-./'".contains(c));
    plain
        && (8..=16).contains(&digits(text))
        && !super::looks_like_day(text)
        && one(text, country).is_some()
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// `4.86E+10`: a spreadsheet has rounded it, and nobody knows to which digits.
fn is_destroyed(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '+'))
    };
    plain(mantissa) && plain(exponent)
}

fn one(text: &str, country: Country) -> Option<Phone> {
    let text = bare(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 6 {
        return None;
    }
    let read = |text: &str| Phone::parse(text, Some(country)).ok();
    if text.starts_with('+') {
        return read(&format!("+{digits}"));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return read(&format!("+{rest}"));
    }
    // An old way to dial out of town, which some still write: 8 0XX XXX XX XX.
    if country.as_str() == "UA" && digits.len() == 11 && digits.starts_with("80") {
        return read(&digits[1..]);
    }
    // The country's own code without its plus: as a national number it would be too long. Another's only of a length that
    // no slip at home gives: one digit too many makes a number in Peru of one in Poland.
    let abroad = |phone: &Phone| {
        let own = country.calling_code().map(|code| format!("+{code}"));
        own.is_some_and(|own| phone.as_str().starts_with(&own)) || digits.len() >= ABROAD
    };
    read(&digits)
        .filter(|phone| is_likely(phone, &digits))
        .or_else(|| read(&format!("+{digits}")).filter(abroad))
}

/// A national number keeps its digits, but for a zero in front or the country's own code.
fn is_likely(phone: &Phone, digits: &str) -> bool {
    phone.as_str().ends_with(digits.trim_start_matches('0')) || phone.as_str()[1..] == *digits
}

/// Without what stands around the digits: `tel.`, quotation marks, `.0` of a number that was read as one, the zero in
/// brackets that is dialled at home only.
fn bare(text: &str) -> String {
    let text = text.trim().trim_start_matches(['\'', '"', '`']).trim();
    let text = match text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")) {
        Some(number) if number.len() > 6 && number.bytes().all(|b| b.is_ascii_digit()) => number,
        Some(_) | None => text,
    };
    let from = text
        .find(|c: char| c.is_ascii_digit() || c == '+' || c == '(')
        .unwrap_or(text.len());
    let text = &text[from..];
    let to = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let text = text[..to]
        .trim_end_matches(['(', '[', ' ', '-', ','])
        .replace('\u{a0}', " ");
    if text.starts_with('+') || text.starts_with("00") {
        text.replacen("(0)", "", 1)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(country: &str, text: &str) -> (Vec<String>, Option<&'static str>) {
        let (phones, fault) = phones(text, Country::parse(country).unwrap());
        let phones = phones.into_iter().map(|phone| phone.as_str().to_owned());
        (phones.collect(), fault.map(|fault| fault.id()))
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for (country, text, wanted) in [
            ("PL", "590 000 100", "+48590000100"),
            ("PL", "0048590000103", "+48590000103"),
            ("PL", "tel. 590 000 104", "+48590000104"),
            ("PL", "tel.: +48 590-000-104", "+48590000104"),
            ("PL", "48590000105", "+48590000105"),
            ("PL", "'590000106", "+48590000106"),
            ("PL", "48600100200.0", "+48600100200"),
            ("PL", "600100200 (mama)", "+48600100200"),
            ("PL", "22/123 45 67", "+48221234567"),
            ("PL", "600\u{a0}100\u{a0}200", "+48600100200"),
            ("PL", "+33199000000", "+33199000000"),
            ("PL", "380880000104", "+380880000104"),
            ("FR", "+33 (0)6 39 98 00 02", "+33639980002"),
            ("FR", "0033 (0)6 39 98 00 02", "+33639980002"),
            ("FR", "06.39.98.00.03", "+33639980003"),
            ("FR", "639980005", "+33639980005"),
            ("FR", "33639980005", "+33639980005"),
            ("UA", "+380 88 000 01 00", "+380880000100"),
            ("UA", "088-000-01-01", "+380880000101"),
            ("UA", "80880000102", "+380880000102"),
            ("UA", "(088) 0000103", "+380880000103"),
            ("UA", "380880000104", "+380880000104"),
            ("SE", "070-174 06 05", "+46701740605"),
            ("SE", "+46 (0)70 174 06 05", "+46701740605"),
            ("IT", "333 1234567", "+393331234567"),
            ("IT", "06 1234 5678", "+390612345678"),
            ("IT", "+39 06 1234 5678", "+390612345678"),
            ("GB", "07400 123456", "+447400123456"),
            ("US", "(650) 253-0000", "+16502530000"),
        ] {
            assert_eq!(
                read(country, text),
                (vec![wanted.to_owned()], None),
                "{country} {text}"
            );
        }
    }

    #[test]
    fn several_in_one_cell_are_told_apart() {
        for text in [
            "600100200, 600100201",
            "600100200 / 600100201",
            "600 100 200;600 100 201",
            "600100200 ::: +48600100201",
            "600100200\n600100201",
        ] {
            assert_eq!(
                read("PL", text).0,
                ["+48600100200", "+48600100201"],
                "{text}"
            );
        }
        assert_eq!(read("PL", "600100200, 60010020").1, Some("violation-phone"));
        assert_eq!(
            read("PL", "600100200, mama"),
            (vec!["+48600100200".to_owned()], None)
        );
    }

    #[test]
    fn what_a_spreadsheet_destroyed_is_told_and_not_guessed() {
        for text in ["4.86E+10", "4,86E+10", "4.86001E+10", "5E+08"] {
            assert_eq!(
                read("PL", text),
                (vec![], Some("violation-destroyed-number")),
                "{text}"
            );
        }
        for text in [
            "-",
            "brak",
            "12",
            "abc",
            "600 100",
            "5112345678",
            "51123456789",
            "600 100 200 300 400 500",
            "x@y.pl",
        ] {
            assert_eq!(
                read("PL", text),
                (vec![], Some("violation-phone")),
                "{text}"
            );
        }
        assert_eq!(read("PL", "  "), (vec![], None));
    }
}
