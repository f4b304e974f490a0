//! What people type to find a booking, taken apart: words, numbers, and words for a status.

use domain::booking::Status;

use super::status_words::{LONGEST, meant};
use crate::folding::{Term, fold, terms};

/// One thing that a booking must hold, or be, to be found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    /// What it must hold …
    pub term: Term,
    /// … or else what its status may be.
    pub statuses: Vec<Status>,
}

/// Takes a question apart; several words that mean a status together (`nie przyszła`) are one.
pub(super) fn asked(question: &str) -> Vec<Asked> {
    let words: Vec<&str> = question.split_whitespace().collect();
    let mut asked = vec![];
    // Words that mean no status, up to the next that do: a phone may be written as several.
    let mut plain = vec![];
    let mut rest = words.as_slice();
    while let Some(&word) = rest.first() {
        if let Some((length, several)) = status_of_several(rest) {
            asked.extend(without_status(&mut plain));
            asked.push(several);
            rest = &rest[length..];
        } else {
            let statuses = meant(&fold(word));
            if statuses.is_empty() {
                plain.push(word);
            } else {
                asked.extend(without_status(&mut plain));
                asked.extend(terms(word).into_iter().map(|term| Asked {
                    term,
                    statuses: statuses.clone(),
                }));
            }
            rest = &rest[1..];
        }
    }
    asked.extend(without_status(&mut plain));
    asked
}

fn status_of_several(words: &[&str]) -> Option<(usize, Asked)> {
    let mut lengths = (2..=LONGEST.min(words.len())).rev();
    lengths.find_map(|length| {
        let typed = words[..length].join(" ");
        let folded = fold(&typed);
        let statuses = meant(&folded);
        (!statuses.is_empty()).then(|| {
            let term = Term::Word { typed, folded };
            (length, Asked { term, statuses })
        })
    })
}

fn without_status(words: &mut Vec<&str>) -> Vec<Asked> {
    let terms = terms(&std::mem::take(words).join(" "));
    let asked = terms.into_iter().map(|term| Asked {
        term,
        statuses: vec![],
    });
    asked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(question: &str) -> Vec<(String, Vec<Status>)> {
        let asked = asked(question).into_iter();
        let told = asked.map(|a| match a.term {
            Term::Word { folded, .. } | Term::Number { folded, .. } => (folded, a.statuses),
        });
        told.collect()
    }

    #[test]
    fn several_words_may_mean_one_status() {
        let expected = [
            ("anna".to_owned(), vec![]),
            ("nie przyszla".to_owned(), vec![Status::NoShow]),
            ("600 100 200".to_owned(), vec![]),
        ];
        assert_eq!(told("Anna nie przyszła 600 100 200"), expected);
        assert_eq!(told("did not").len(), 2);
    }

    #[test]
    fn a_word_for_a_status_may_stand_in_a_comment_as_well() {
        assert_eq!(
            told("annulée"),
            [("annulee".to_owned(), vec![Status::Cancelled])]
        );
    }
}
