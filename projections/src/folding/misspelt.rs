//! How far what was typed is from what somebody is called: a letter too many, too few, another, or two changed about.

use super::{Term, terms::COUNTRY_CODES};

/// From so many letters on, two mistakes are forgiven; below, one.
const LONG: usize = 8;
/// A word with fewer letters must be right.
const SHORT: usize = 3;
/// From so many letters on, the beginning of a name may be what is misspelt.
const BEGINNING: usize = 6;

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

fn between(asked: &str, part: &str) -> Option<usize> {
    let letters = asked.chars().count();
    if letters < SHORT || part.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let forgiven = if letters < LONG { 1 } else { 2 };
    let whole = strsim::osa_distance(asked, part);
    let beginnings = (letters - 1..=letters + 1).filter(|_| letters >= BEGINNING);
    let beginning = beginnings
        .filter_map(|length| part.char_indices().nth(length).map(|(end, _)| &part[..end]))
        .map(|beginning| strsim::osa_distance(asked, beginning))
        .min();
    let same_initial = asked.chars().next() == part.chars().next();
    if letters == SHORT && !same_initial {
        return None;
    }
    let whole = (whole <= forgiven).then_some(2 * whole);
    let beginning = beginning
        .filter(|mistakes| *mistakes <= forgiven)
        .map(|m| 2 * m + 1);
    whole.into_iter().chain(beginning).min()
}

#[cfg(test)]
mod tests {
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
}
