//! What reports about services and people have besides their figures.

use std::cmp::Ordering;

use super::{Question, report::Group};
use crate::routes::bookings::Named;

/// A report about time goes through every working day of everybody: ten years, with their leap days.
pub(super) const TEN_YEARS: i32 = 3_653;

impl Question {
    /// The whole period, with what it came to.
    pub(super) const fn whole<T>(&self, figures: T) -> Group<T> {
        Group::new(self.asked.whole, figures)
    }

    /// Each group with what it came to; none where none were asked for.
    pub(super) fn groups<T>(&self, of: impl IntoIterator<Item = T>) -> Option<Vec<Group<T>>> {
        let groups = self.asked.groups.iter().zip(of);
        let groups = groups.map(|(period, figures)| Group::new(*period, figures));
        (!self.asked.groups.is_empty()).then(|| groups.collect())
    }
}

/// In a file: its id and what it is called; empty where none is named.
pub(super) fn named(named: Option<&Named>) -> [String; 2] {
    named.map_or_else(Default::default, |named| {
        [named.id.to_string(), named.name.clone().unwrap_or_default()]
    })
}

/// By name, then by id; what none is named for comes last.
pub(super) fn by_name(a: Option<&Named>, b: Option<&Named>) -> Ordering {
    let key = |named: Option<&Named>| named.map(|named| (named.name.clone(), named.id));
    let (a, b) = (key(a), key(b));
    a.is_none().cmp(&b.is_none()).then(a.cmp(&b))
}
