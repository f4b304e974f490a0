//! How far what was typed is from what somebody is called: a letter too many, too few, another, or two changed about.

use sqlx::{Postgres, QueryBuilder};

use super::{
    Term,
    terms::{COUNTRY_CODES, beginning},
};

/// From so many letters on, two mistakes are forgiven; below, one.
const LONG: usize = 8;
/// A word with fewer letters must be right.
const SHORT: usize = 3;
/// From so many letters on, the beginning of a name may be what is misspelt.
const BEGINNING: usize = 6;
/// So many letters an index of trigrams finds anywhere.
const PIECE: usize = 3;

/// How far all of these terms are from a client's words: two for each mistake, one more where only the beginning of a
/// name was typed. None if one of them is nowhere near.
#[must_use]
pub fn distance(asked: &[Term], words: &str) -> Option<usize> {
    asked.iter().map(|term| distance_of(term, words)).sum()
}

/// How far one term is from a client's words, in the same measure.
pub(crate) fn distance_of(term: &Term, words: &str) -> Option<usize> {
    match term {
        Term::Word { folded, .. } if words.contains(folded.as_str()) => Some(0),
        Term::Word { folded, .. } => parts(words).filter_map(|part| between(folded, part)).min(),
        // A number with another digit is somebody else's.
        Term::Number {
            folded,
            digits,
            begins,
        } => {
            let mut shapes = digits.iter().chain(Some(folded));
            let anywhere = shapes.any(|shape| words.contains(shape.as_str()));
            let national = begins.as_deref().is_some_and(|begins| {
                let mut phones = words.lines().skip(1);
                phones.any(|line| begins_national(line, begins))
            });
            (anywhere || national).then_some(0)
        }
    }
}

/// Whether a phone begins so behind the code of its country.
fn begins_national(phone: &str, begins: &str) -> bool {
    let mut numbers = COUNTRY_CODES.iter().filter_map(|code| phone.get(*code..));
    numbers.any(|number| number.starts_with(begins))
}

/// What may be misspelt: each name, a double one also whole; the whole e-mail address and what stands before its `@`.
fn parts(words: &str) -> impl Iterator<Item = &str> {
    words.lines().flat_map(|line| match line.split_once('@') {
        Some((before, _)) => vec![line, before],
        None => {
            let double = line.split(' ').filter(|name| name.contains(['-', '.']));
            line.split([' ', '-', '.']).chain(double).collect()
        }
    })
}

/// What is left of a misspelt word.
#[derive(Debug, PartialEq)]
pub(crate) struct Left {
    text: String,
    /// It is what the word begins with.
    begins: bool,
}

impl Left {
    /// The `like` patterns of which a client's words with it have one.
    fn patterns(&self) -> Vec<String> {
        let begins = beginning(&self.text);
        match self.begins {
            false => vec![format!("%{begins}")],
            // Wherever one of the `parts` begins.
            true => ["", "%\n", "% ", "%-", "%."]
                .map(|before| format!("{before}{begins}"))
                .to_vec(),
        }
    }
}

/// What so many mistakes as are forgiven leave of a word: whatever it may be a misspelling of holds one of these. None
/// where they would be too short for an index of trigrams to find.
pub(crate) fn left_whole(folded: &str) -> Option<Vec<Left>> {
    let letters: Vec<char> = folded.chars().collect();
    if !letters.iter().all(|letter| letter.is_alphanumeric()) {
        return None;
    }
    let count = letters.len();
    // One piece more than there may be mistakes. Two letters are found at the beginning of words.
    let cuts = match count {
        0..6 => return None,
        6..LONG => vec![0, count / 2, count],
        8 => vec![0, 2, 5, 8],
        _ => vec![0, count / 3, count * 2 / 3, count],
    };
    // Two letters changed about on either side of a cut spoil two pieces: so they are put right.
    let swapped = |at: &[usize]| {
        let mut letters = letters.clone();
        at.iter().for_each(|cut| letters.swap(cut - 1, *cut));
        letters
    };
    let left = |letters: &[char]| Left {
        text: letters.iter().collect(),
        begins: letters.len() < PIECE,
    };
    let mut all: Vec<Left> = cuts
        .windows(2)
        .map(|piece| left(&letters[piece[0]..piece[1]]))
        .collect();
    match cuts[..] {
        [_, one, two, _] => {
            all.push(left(&swapped(&[one])[..two]));
            all.push(left(&swapped(&[two])[one..]));
            all.push(left(&swapped(&[one, two])));
        }
        _ => all.push(left(&swapped(&[cuts[1]]))),
    }
    Some(all)
}

/// Pushes that the words of a client `c` hold something of a misspelt one; a closer look is for [`distance_of`].
pub(crate) fn hold_any(query: &mut QueryBuilder<'_, Postgres>, left: &[Left]) {
    query.push("(false");
    for pattern in left.iter().flat_map(Left::patterns) {
        query.push(" or c.words like ").push_bind(pattern);
    }
    query.push(")");
}

fn between(asked: &str, part: &str) -> Option<usize> {
    let letters = asked.chars().count();
    if letters < SHORT || part.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let forgiven = if letters < LONG { 1 } else { 2 };
    // Each letter that the part has not at all is a mistake of its own: most parts need no closer look.
    let strange = asked.chars().filter(|c| !part.contains(*c)).count();
    if strange > forgiven {
        return None;
    }
    let length = part.chars().count();
    let whole = (length.abs_diff(letters) <= forgiven).then(|| strsim::osa_distance(asked, part));
    let beginnings = (letters - 1..=letters + 1).filter(|_| letters >= BEGINNING);
    let beginning = beginnings
        .filter_map(|length| part.char_indices().nth(length).map(|(end, _)| &part[..end]))
        .map(|beginning| strsim::osa_distance(asked, beginning))
        .min();
    let same_initial = asked.chars().next() == part.chars().next();
    if letters == SHORT && !same_initial {
        return None;
    }
    let whole = whole
        .filter(|mistakes| *mistakes <= forgiven)
        .map(|m| 2 * m);
    let beginning = beginning
        .filter(|mistakes| *mistakes <= forgiven)
        .map(|m| 2 * m + 1);
    whole.into_iter().chain(beginning).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::folding::terms;

    const LUCJA: &str = "lucja kowalska-wilk\n48600100200\nlu.kowal@example.org";

    fn distance_of(question: &str) -> Option<usize> {
        distance(&terms(question), LUCJA)
    }

    #[test]
    fn a_slip_of_the_finger_is_forgiven() {
        for (question, far) in [
            ("Kowalska", 0),
            ("Kowalsak", 2),
            ("Kovalzka", 4),
            ("Lucia kowalska", 2),
            ("kowlas", 3),
            ("Wlk", 2),
            ("Kowalsak-Wilk", 2),
            ("lu.kowla@example.org", 2),
        ] {
            assert_eq!(distance_of(question), Some(far), "{question}");
        }
    }

    #[test]
    fn a_number_may_be_dialled_from_its_own_country() {
        for question in [
            "Kovalska 0048600100200",
            "Kovalska 0600",
            "Kovalska 0600100",
        ] {
            assert_eq!(distance_of(question), Some(2), "{question}");
        }
        for question in ["Kovalska 0486", "Kovalska 0610", "Kovalska 0048601"] {
            assert_eq!(distance_of(question), None, "{question}");
        }
    }

    #[test]
    fn another_word_or_number_is_not() {
        for question in ["Nowak", "Lucja Nowak", "600100201", "kw", "Kovalzko", "xxx"] {
            assert_eq!(distance_of(question), None, "{question}");
        }
    }

    /// Somebody's name, and what somebody typed for it, with up to three slips.
    fn slips() -> impl Strategy<Value = (String, String)> {
        let slip = (any::<prop::sample::Index>(), 0..4_u8, "[a-d]");
        ("[a-d]{3,14}", prop::collection::vec(slip, 0..3)).prop_map(|(name, slips)| {
            let mut typed: Vec<char> = name.chars().collect();
            for (at, kind, other) in slips {
                let (at, other) = (at.index(typed.len()), other.chars().next().unwrap_or('a'));
                match kind {
                    0 => typed[at] = other,
                    1 => typed.insert(at, other),
                    2 if typed.len() > 1 => drop(typed.remove(at)),
                    _ if at + 1 < typed.len() => typed.swap(at, at + 1),
                    _ => {}
                }
            }
            (name, typed.into_iter().collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn whoever_may_be_meant_holds_a_part_that_was_left_whole((name, typed) in slips(), longer in "[a-d]{0,3}") {
            let name = name + &longer;
            if let Some(left) = left_whole(&typed)
                && between(&typed, &name).is_some()
            {
                let held = left.iter().any(|left| match left.begins {
                    true => name.starts_with(&left.text),
                    false => name.contains(&left.text),
                });
                prop_assert!(held, "{left:?}");
            }
        }

        #[test]
        fn no_closer_look_is_needed_where_none_is_taken((name, typed) in slips(), longer in "[a-d]{0,3}") {
            let name = name + &longer;
            let letters = typed.chars().count();
            let forgiven = if letters < LONG { 1 } else { 2 };
            if letters > SHORT && strsim::osa_distance(&typed, &name) <= forgiven {
                prop_assert!(between(&typed, &name).is_some());
            }
        }
    }

    #[test]
    fn what_is_left_of_a_word_is_long_enough_to_be_found() {
        let texts = |word| {
            let left = left_whole(word)?;
            Some(left.iter().flat_map(Left::patterns).collect::<Vec<_>>())
        };
        let owned = |patterns: &[&str]| Some(patterns.iter().map(|p| (*p).to_owned()).collect());
        assert_eq!(texts("maria"), None);
        assert_eq!(texts("o'briens"), None);
        assert_eq!(texts("shcmidt"), owned(&["%shc%", "%midt%", "%shmcidt%"]));
        let kowalska = [
            "ko%",
            "%\nko%",
            "% ko%",
            "%-ko%",
            "%.ko%",
            "%wal%",
            "%ska%",
            "%kwoal%",
            "%waslka%",
            "%kwoaslka%",
        ];
        assert_eq!(texts("kowalska"), owned(&kowalska));
        assert_eq!(left_whole("kowalczyk").map(|left| left.len()), Some(6));
    }
}
