//! From bytes to letters.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{Fault, Wanted};

/// Letters, what they were written in, and whether some could not be read.
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) encoding: &'static Encoding,
    pub(crate) strange: bool,
}

/// Reads letters, by the encoding wanted, else by the one detected.
pub(crate) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Decoded, Fault> {
    let encoding = match &wanted.encoding {
        Some(label) => Encoding::for_label_no_replacement(label.trim().as_bytes())
            .ok_or(Fault::NoSuchEncoding)?,
        None => detect(bytes, wanted.country.as_deref()),
    };
    // A byte order mark of this very encoding goes; it has the last word only where nobody said otherwise.
    let (text, strange) = encoding.decode_with_bom_removal(bytes);
    let controls = text
        .chars()
        .filter(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{85}'))
        .count();
    if controls * 20 > text.chars().count() {
        return Err(Fault::OtherKind("binary"));
    }
    Ok(Decoded {
        text: text.into_owned(),
        encoding,
        strange,
    })
}

fn detect(bytes: &[u8], country: Option<&str>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding;
    }
    if is_utf8(bytes) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let tld = country
        .filter(|country| country.bytes().all(|b| b.is_ascii_alphabetic()))
        .map(str::to_ascii_lowercase)
        .map(|country| {
            if country == "gb" {
                "uk".to_owned()
            } else {
                country
            }
        });
    let guess = detector.guess(tld.as_deref().map(str::as_bytes), Utf8Detection::Deny);
    // What is neither of our part of the world nor readable is likelier Western with a slip.
    if guess.decode_without_bom_handling(bytes).1 {
        WINDOWS_1252
    } else {
        guess
    }
}

/// UTF-8, perhaps with a slip here and there: letters of other encodings hardly ever make its sequences by chance.
fn is_utf8(bytes: &[u8]) -> bool {
    let (mut read, mut slips) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        read += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        slips += usize::from(!chunk.invalid().is_empty());
    }
    slips == 0 || read >= slips * 10
}

/// UTF-16 without its mark: of ASCII letters every other byte is nothing, always on the same side.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(64 << 10)];
    let (mut even, mut odd) = (0_usize, 0_usize);
    for (at, byte) in sample.iter().enumerate() {
        if *byte == 0 {
            if at % 2 == 0 { even += 1 } else { odd += 1 }
        }
    }
    let enough = |nothings: usize| nothings * 20 >= sample.len();
    match (even, odd) {
        (0, odd) if enough(odd) => Some(UTF_16LE),
        (even, 0) if enough(even) => Some(UTF_16BE),
        _ => None,
    }
}
