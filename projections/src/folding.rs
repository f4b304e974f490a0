//! Text folded for search, so that neither case nor accents matter: `Élodie Łęcka` is found by `elodie lecka`.
//!
//! What is kept and what is asked go through the same [`fold`]; [`terms`] takes a question apart.

mod contacts;
pub(crate) mod misspelt;
mod seen;
mod terms;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub use self::{
    contacts::Contacts,
    misspelt::distance,
    seen::{holds, seen},
    terms::{Term, contains, terms},
};

/// Folds a text for search: lower case, marks taken off Latin and Greek letters, letters that carry their mark
/// inside them spelled plainly (`ł` l, `ß` ss, `œ` oe, …), one kind of hyphen and apostrophe, white space as single
/// blanks.
///
/// Cyrillic letters keep their marks: to a Ukrainian `й` is no `и` and `ї` no `і`; only stress marks go.
/// Folding twice changes nothing more.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let lower = text.nfkc().flat_map(char::to_lowercase);
    for letter in lower.nfkc() {
        if letter.is_whitespace() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else if is_cyrillic(letter) {
            folded.push(letter);
        } else {
            let bare = letter.nfd().filter(|c| !is_combining_mark(*c));
            bare.for_each(|c| spell(c, &mut folded));
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Letters with a stroke, dot or bond inside, which no normalisation takes apart, and signs that people type in
/// many shapes.
fn spell(letter: char, into: &mut String) {
    let plain = match letter {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ı' => "i",
        'ħ' => "h",
        'ŧ' => "t",
        'þ' => "th",
        'ŋ' => "n",
        'ς' => "σ",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{60}' | '\u{b4}' => "'",
        // Shows nothing, and stands in names that were pasted from elsewhere.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => "",
        // Among them NUL, of which PostgreSQL will not hear.
        control if control.is_control() => "",
        other => return into.push(other),
    };
    into.push_str(plain);
}

fn is_cyrillic(letter: char) -> bool {
    matches!(letter, '\u{400}'..='\u{52f}')
}

/// The digits of a text, as phones are kept for search.
#[must_use]
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neither_case_nor_accents_matter() {
        for (text, folded) in [
            ("Élodie Łęcka", "elodie lecka"),
            ("ŻÓŁĆ", "zolc"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("Œuvre Æsir Ångström", "oeuvre aesir angstrom"),
            ("Søren Đorđe", "soren dorde"),
            ("İIıi", "iiii"),
            ("Μάιος Ὀδυσσεύς", "μαιοσ οδυσσευσ"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn ukrainian_letters_stay_themselves() {
        assert_eq!(fold("Їжак Ґанок Йосип Єва"), "їжак ґанок йосип єва");
        assert_eq!(fold("И\u{306}осип"), "йосип", "however it was typed");
        assert_eq!(fold("за\u{301}мок"), "замок", "stress is no letter");
    }

    #[test]
    fn signs_have_one_shape() {
        assert_eq!(
            fold("В’ячеслав Вʼячеслав В'ячеслав"),
            "в'ячеслав в'ячеслав в'ячеслав"
        );
        assert_eq!(fold("Nowak–Zając"), "nowak-zajac");
        assert_eq!(fold("  two\u{a0}\t\n words \u{200b}"), "two words");
        assert_eq!(fold("４８ ﬁn"), "48 fin");
        assert_eq!(fold("nu\0ll"), "null");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_part_typed_in_capitals_is_part_of_the_whole(name in "[a-zżółćęśąźńéèüöåßœ ]{1,30}") {
            prop_assert!(fold(&name).contains(&fold(&name.to_uppercase())));
        }
    }
}
