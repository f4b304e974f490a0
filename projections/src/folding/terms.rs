//! What somebody types into a search box, taken apart: words, and phone numbers in any of their shapes.

use super::{digits, fold};

/// One thing that a row must hold to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A word, as typed and folded.
    Word {
        /// As typed: dictionaries of word forms want its accents.
        typed: String,
        /// As searched for.
        folded: String,
    },
    /// Something like a phone number, which may be written with blanks, brackets and hyphens.
    Number {
        /// As typed, folded: a date or a reference may look like this, too.
        folded: String,
        /// The digits that a number in E.164 may hold: all of them, and without the zeros or the `(0)` that only
        /// stand where the number is dialled from its own country.
        digits: Vec<String>,
        /// Where too few digits are left without these zeros to be told from others' in the middle of a number: the few
        /// with which a national number begins.
        begins: Option<String>,
    },
}

impl Term {
    /// The `like` patterns of which a row with this term has one.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        match self {
            Self::Word { folded, .. } => vec![contains(folded)],
            Self::Number {
                folded,
                digits,
                begins,
            } => {
                let shapes = digits.iter().chain(Some(folded));
                let anywhere = shapes.map(|shape| contains(shape));
                let national = begins.iter().flat_map(|begins| {
                    let codes = COUNTRY_CODES.map(|length| "_".repeat(length));
                    codes.map(|code| format!("%\n{code}{begins}%"))
                });
                anywhere.chain(national).collect()
            }
        }
    }

    /// The same for texts of which there are very many: of one or two letters, which an index of trigrams does not find
    /// inside of words, the words that begin with them.
    #[must_use]
    pub fn patterns_in_many(&self) -> Vec<String> {
        let shapes = |shape: &str| match shape.chars().count() {
            0..SHORTEST_PART => {
                let begins = beginning(shape);
                vec![format!("% {begins}"), format!("%\n{begins}"), begins]
            }
            _ => vec![contains(shape)],
        };
        match self {
            Self::Word { folded, .. } => shapes(folded),
            Self::Number { folded, digits, .. } => {
                let all = digits.iter().chain(Some(folded));
                all.flat_map(|shape| shapes(shape)).collect()
            }
        }
    }
}

/// How many digits the code of a country has where numbers are dialled with a zero before them. Each phone stands in a
/// line of its own.
pub(super) const COUNTRY_CODES: [usize; 2] = [2, 3];

/// From this many letters on, an index of trigrams finds them anywhere.
const SHORTEST_PART: usize = 3;

/// From this many digits on, blanks between groups of digits belong to one number.
const SHORTEST_NUMBER: usize = 5;

/// Takes a question apart. Empty when nothing is asked for.
#[must_use]
pub fn terms(question: &str) -> Vec<Term> {
    let words: Vec<&str> = question
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let mut terms = vec![];
    let mut rest = words.as_slice();
    while let Some(&word) = rest.first() {
        let run = rest.iter().take_while(|w| is_numeric(w)).count();
        let together = rest[..run].join(" ");
        let taken = if run > 1 && digits(&together).len() >= SHORTEST_NUMBER {
            terms.push(number(&together));
            run
        } else if run > 0 {
            terms.push(number(word));
            1
        } else {
            terms.extend(self::word(word));
            1
        };
        rest = &rest[taken..];
    }
    terms
}

/// A word is none if nothing is left of it once folded (a lone accent).
fn word(typed: &str) -> Option<Term> {
    let folded = fold(typed);
    (!folded.is_empty()).then(|| Term::Word {
        typed: typed.to_owned(),
        folded,
    })
}

fn number(typed: &str) -> Term {
    let all = digits(typed);
    let dialled_abroad = digits(&typed.replace("(0)", ""));
    let (mut shapes, mut begins) = (vec![all.clone()], None);
    for shape in [
        dialled_abroad.trim_start_matches('0'),
        all.trim_start_matches('0'),
    ] {
        if shape.is_empty() || shapes.iter().any(|s| s == shape) {
            continue;
        }
        if shape.len() >= SHORTEST_NUMBER {
            shapes.push(shape.to_owned());
        } else if shape.len() >= SHORTEST_PART && all.len() == shape.len() + 1 {
            begins = Some(shape.to_owned());
        }
    }
    Term::Number {
        folded: fold(typed),
        digits: shapes,
        begins,
    }
}

fn is_numeric(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit())
        && word.chars().all(|c| {
            c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | '\u{2011}')
        })
}

/// The `like` pattern for rows that hold `folded` anywhere.
#[must_use]
pub fn contains(folded: &str) -> String {
    format!("%{}", beginning(folded))
}

/// The `like` pattern for rows that begin with `folded`.
pub(super) fn beginning(folded: &str) -> String {
    let mut pattern = String::with_capacity(folded.len() + 1);
    for letter in folded.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word_of(text: &str) -> Term {
        word(text).unwrap()
    }

    fn digits_of(question: &str) -> Vec<Vec<String>> {
        terms(question)
            .into_iter()
            .filter_map(|term| match term {
                Term::Number { digits, .. } => Some(digits),
                Term::Word { .. } => None,
            })
            .collect()
    }

    #[test]
    fn each_word_is_asked_for_by_itself() {
        assert_eq!(
            terms("Łęcka  ANNA"),
            vec![word_of("Łęcka"), word_of("ANNA")]
        );
        assert_eq!(terms(" \u{301} \0"), vec![]);
    }

    #[test]
    fn a_phone_is_found_however_it_is_written() {
        assert_eq!(digits_of("600 100 200"), [["600100200"]]);
        assert_eq!(digits_of("+48 600-100-200"), [["48600100200"]]);
        assert_eq!(
            digits_of("0048 600 100 200"),
            [["0048600100200", "48600100200"]]
        );
        assert_eq!(digits_of("06.12.34.56.78"), [["0612345678", "612345678"]]);
        assert_eq!(
            digits_of("+44 (0)20 7946 0958"),
            [["4402079460958", "442079460958"]]
        );
    }

    #[test]
    fn a_few_digits_are_words_of_their_own() {
        assert_eq!(digits_of("10 12"), [["10"], ["12"]]);
        assert_eq!(digits_of("anna 600 100 200").len(), 1);
        assert_eq!(digits_of("0"), [["0"]]);
    }

    #[test]
    fn few_digits_after_a_zero_begin_a_national_number() {
        assert_eq!(digits_of("0612"), [["0612"]]);
        let patterns = terms("0612")[0].patterns();
        let national = ["%\n__612%", "%\n___612%"];
        assert_eq!(
            patterns,
            [["%0612%", "%0612%"].as_slice(), &national].concat()
        );
        assert_eq!(terms("0612")[0].patterns_in_many(), ["%0612%", "%0612%"]);
        assert_eq!(terms("0012")[0].patterns(), ["%0012%", "%0012%"]);
        assert_eq!(terms("012")[0].patterns(), ["%012%", "%012%"]);
    }

    #[test]
    fn among_very_many_a_letter_or_two_begin_a_word() {
        let patterns = |word| word_of(word).patterns_in_many();
        assert_eq!(patterns("an"), ["% an%", "%\nan%", "an%"]);
        assert_eq!(patterns("ann"), ["%ann%"]);
        assert_eq!(terms("7")[0].patterns_in_many()[2], "7%");
    }

    #[test]
    fn signs_of_like_are_taken_literally() {
        assert_eq!(contains(r"100%_\"), r"%100\%\_\\%");
    }
}
