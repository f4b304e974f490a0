//! Who is the same as whom, found in one step however many share a number or an address.
//!
//! Two are the same by their main phone; by any other phone only under one name, since a desk's or a family's number
//! stands on many cards; by e-mail if one of them has no phone of their own, or under one name.

use std::collections::HashMap;

use super::{clients::ClientDraft, judge::By};

/// By what somebody is found.
pub(super) struct Reached<'r> {
    /// As names are compared; empty: not known.
    pub(super) name: String,
    /// The main one first.
    pub(super) phones: Vec<&'r str>,
    /// In small letters.
    pub(super) email: Option<String>,
}

impl<'r> Reached<'r> {
    pub(super) fn of(draft: &'r ClientDraft) -> Self {
        let phones = draft.phones.iter().map(|phone| phone.number.as_str());
        Self {
            name: draft.folded_name(),
            phones: phones.collect(),
            email: draft
                .email
                .as_ref()
                .map(|email| email.as_str().to_lowercase()),
        }
    }
}

/// Those who were met, each under all by which they are found; whoever came first is the one.
#[derive(Debug)]
pub(super) struct Index<T> {
    by_main_phone: HashMap<String, T>,
    by_phone_and_name: HashMap<(String, String), T>,
    by_email: HashMap<String, T>,
    by_email_without_phone: HashMap<String, T>,
    by_email_and_name: HashMap<(String, String), T>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self {
            by_main_phone: HashMap::new(),
            by_phone_and_name: HashMap::new(),
            by_email: HashMap::new(),
            by_email_without_phone: HashMap::new(),
            by_email_and_name: HashMap::new(),
        }
    }
}

impl<T: Copy> Index<T> {
    pub(super) fn add(&mut self, who: &Reached<'_>, what: T) {
        let named = !who.name.is_empty();
        let with_name = |by: &str| (by.to_owned(), who.name.clone());
        if let Some(main) = who.phones.first() {
            self.by_main_phone.entry((*main).to_owned()).or_insert(what);
        }
        for phone in who.phones.iter().filter(|_| named) {
            self.by_phone_and_name
                .entry(with_name(phone))
                .or_insert(what);
        }
        if let Some(email) = &who.email {
            self.by_email.entry(email.clone()).or_insert(what);
            if who.phones.is_empty() {
                self.by_email_without_phone
                    .entry(email.clone())
                    .or_insert(what);
            }
            if named {
                self.by_email_and_name
                    .entry(with_name(email))
                    .or_insert(what);
            }
        }
    }

    pub(super) fn find(&self, who: &Reached<'_>) -> Option<(T, By)> {
        let with_name = |by: &str| (by.to_owned(), who.name.clone());
        let main = who.phones.first();
        if let Some(what) = main.and_then(|main| self.by_main_phone.get(*main)) {
            return Some((*what, By::Phone));
        }
        let mut phones = who.phones.iter();
        let same = phones.find_map(|phone| self.by_phone_and_name.get(&with_name(phone)));
        if let Some(what) = same {
            return Some((*what, By::Phone));
        }
        let email = who.email.as_ref()?;
        let what = if who.phones.is_empty() {
            self.by_email.get(email)
        } else {
            self.by_email_without_phone
                .get(email)
                .or_else(|| self.by_email_and_name.get(&with_name(email)))
        };
        what.map(|what| (*what, By::Email))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who<'r>(name: &str, phones: &[&'r str], email: &str) -> Reached<'r> {
        Reached {
            name: name.to_owned(),
            phones: phones.to_vec(),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
        }
    }

    #[test]
    fn two_are_the_same_by_their_main_phone_whatever_they_are_called() {
        let mut index = Index::default();
        index.add(&who("anna", &["1", "9"], ""), 1);
        index.add(&who("ewa", &["1"], ""), 2);
        assert_eq!(index.find(&who("ala", &["1"], "")), Some((1, By::Phone)));
    }

    #[test]
    fn a_number_that_stands_on_many_cards_makes_nobody_the_same_but_under_one_name() {
        let mut index = Index::default();
        index.add(&who("anna", &["1", "9"], ""), 1);
        assert_eq!(index.find(&who("ewa", &["2", "9"], "")), None);
        assert_eq!(index.find(&who("ewa", &["9"], "")), None);
        assert_eq!(index.find(&who("anna", &["9"], "")), Some((1, By::Phone)));
    }

    #[test]
    fn an_address_is_shared_by_those_with_phones_of_their_own() {
        let mut index = Index::default();
        index.add(&who("anna", &["1"], "a@x"), 1);
        assert_eq!(index.find(&who("ewa", &["2"], "a@x")), None);
        assert_eq!(
            index.find(&who("anna", &["2"], "a@x")),
            Some((1, By::Email))
        );
        assert_eq!(index.find(&who("ewa", &[], "a@x")), Some((1, By::Email)));
        index.add(&who("ola", &[], "b@x"), 2);
        assert_eq!(index.find(&who("ewa", &["2"], "b@x")), Some((2, By::Email)));
        assert_eq!(index.find(&who("ewa", &[], "")), None);
    }
}
