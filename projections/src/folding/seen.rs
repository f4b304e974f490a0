//! By what of a client somebody may find them.

use sqlx::{Postgres, QueryBuilder};

use crate::Scope;

/// Of a client's words ([`Contacts::words`](super::Contacts::words)), those by which this scope may find them: for who
/// does not see contacts, the name alone, which stands in the first line.
#[must_use]
pub fn seen<'a>(scope: &Scope, words: &'a str) -> &'a str {
    if scope.contacts() {
        words
    } else {
        words.lines().next().unwrap_or_default()
    }
}

/// The condition that the words of a client `c` hold a pattern, so far as this scope may find them by it.
pub fn holds(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, pattern: String) {
    if scope.contacts() {
        query.push("c.words like ").push_bind(pattern);
    } else {
        // The index serves the first half.
        query
            .push("(c.words like ")
            .push_bind(pattern.clone())
            .push(" and split_part(c.words, E'\\n', 1) like ")
            .push_bind(pattern)
            .push(")");
    }
}
