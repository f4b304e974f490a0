//! What people write into cells, read: phones, days, lengths, prices, yes and no, colours, languages.
//!
//! Each reader gives the value, nothing where nothing is meant, or what stands in its way. None guesses a digit.

mod amount;
mod birthday;
mod length;
mod phones;
mod words;

pub(crate) use self::birthday::DateOrder;
pub(super) use self::{
    amount::amount,
    birthday::{birthday, day, looks_like_day, order_of},
    length::{LengthUnit, length},
    phones::{looks_like_phone, phones},
    words::{color, language, tags, yes_or_no},
};

/// What stands for nothing where a name would: of the words that do elsewhere, some are somebody's name.
pub(super) fn is_no_name(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    !text.contains(char::is_alphabetic)
        || ["n/a", "n.a.", "n.d.", "b/d", "null"].contains(&text.as_str())
}

/// What stands for nothing in lists that must not have empty cells.
pub(super) fn is_nothing(text: &str) -> bool {
    const WORDS: [&str; 24] = [
        "-",
        "--",
        "---",
        "–",
        "—",
        ".",
        "?",
        "brak",
        "none",
        "null",
        "nil",
        "n/a",
        "na",
        "n.a.",
        "nd",
        "n.d.",
        "b/d",
        "нет",
        "немає",
        "нема",
        "saknas",
        "aucun",
        "nessuno",
        "nan",
    ];
    let text = text.trim();
    text.is_empty() || WORDS.contains(&text.to_lowercase().as_str())
}
