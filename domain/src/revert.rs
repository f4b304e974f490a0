//! Putting a change back: which commands undo an event, as the aggregate says to which it happened.
//!
//! History stays: what undoes an event is a new event. Only what the event changed is put back, and only where it
//! still stands as the event left it; what happened to other fields since is left alone. Each aggregate looks at
//! every one of its events, so that a new one has to say whether it can be put back.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::change::Change;

/// An aggregate whose changes can be put back.
pub trait Revert: cqrs_es::Aggregate {
    /// The commands that undo `event`, each to be decided on what the ones before leave. `self` is the thing as it stands,
    /// `before` as it stood when the event happened, both with what is sealed in them open.
    ///
    /// # Errors
    /// Why nothing undoes it.
    fn revert(
        &self,
        before: &Self,
        event: &Self::Event,
        now: Timestamp,
    ) -> Result<Vec<Self::Command>, Irreversible>;
}

/// Why a change cannot be put back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Irreversible {
    /// The thing came to be by it.
    #[error("the thing came to be by it")]
    Beginning,
    /// Nothing undoes what happened: a word said, money taken, an end for good.
    #[error("nothing undoes it")]
    Lasting,
    /// A field of it was changed again since.
    #[error("{field} was changed again since")]
    ChangedSince {
        /// Which.
        field: String,
    },
    /// All of it stands as it did before.
    #[error("it stands as it did before")]
    AsBefore,
    /// What it was before has been erased.
    #[error("what it was before has been erased")]
    Erased,
}

/// Puts fields back one after the other, and knows in the end whether there was anything to put back.
#[derive(Debug, Default)]
pub(crate) struct Back {
    differs: bool,
}

impl Back {
    /// What the field is to be: as it was, if it still is what it became. None: it is as it was.
    pub(crate) fn field<T: PartialEq + Clone>(
        &mut self,
        field: &str,
        now: &T,
        from: &T,
        to: &T,
    ) -> Result<Option<T>, Irreversible> {
        if now == from {
            Ok(None)
        } else if now == to {
            self.differs = true;
            Ok(Some(from.clone()))
        } else {
            Err(Irreversible::ChangedSince {
                field: field.to_owned(),
            })
        }
    }

    /// As [`field`](Self::field), of one that the event may not have changed.
    pub(crate) fn change<T: PartialEq + Clone>(
        &mut self,
        field: &str,
        now: &T,
        change: Option<&Change<T>>,
    ) -> Result<Option<T>, Irreversible> {
        match change {
            Some(Change { from, to }) => self.field(field, now, from, to),
            None => Ok(None),
        }
    }

    /// Of something with fields, each that the event changed.
    pub(crate) fn fields<T: Serialize + DeserializeOwned>(
        &mut self,
        now: &T,
        from: &T,
        to: &T,
    ) -> Result<T, Irreversible> {
        let (mut now, from, to) = (members(now), members(from), members(to));
        let mut names: Vec<_> = from.keys().chain(to.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (was, became) = (from.get(name), to.get(name));
            if was == became {
                continue;
            }
            if self.field(name, &now.get(name), &was, &became)?.is_some() {
                match was {
                    Some(was) => now.insert(name.clone(), was.clone()),
                    None => now.remove(name),
                };
            }
        }
        Ok(serde_json::from_value(Value::Object(now))
            .expect("fields that were all there once make the thing again"))
    }

    /// Nothing of it differed: nothing is to be put back.
    pub(crate) const fn done(&self) -> Result<(), Irreversible> {
        if self.differs {
            Ok(())
        } else {
            Err(Irreversible::AsBefore)
        }
    }
}

/// Something that was done, and is to be done no more, or again.
pub(crate) const fn still(done: bool) -> Result<(), Irreversible> {
    if done {
        Ok(())
    } else {
        Err(Irreversible::AsBefore)
    }
}

/// Whether something that is erased stands in it.
pub(crate) fn readable(event: &impl Serialize) -> Result<(), Irreversible> {
    fn erased(value: &Value) -> bool {
        match value {
            Value::Object(members) => {
                members.contains_key("$erased") || members.values().any(erased)
            }
            Value::Array(items) => items.iter().any(erased),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    let event = serde_json::to_value(event).unwrap_or_default();
    if erased(&event) {
        Err(Irreversible::Erased)
    } else {
        Ok(())
    }
}

fn members(thing: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(thing) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// What undoes the event at this place of a history.
#[cfg(test)]
pub(crate) fn undoing<A: Revert>(
    history: &[A::Event],
    at: usize,
) -> Result<Vec<A::Command>, Irreversible>
where
    A::Event: Clone,
{
    let folded = |events: &[A::Event]| {
        let mut state = A::default();
        events.iter().cloned().for_each(|event| state.apply(event));
        state
    };
    let (before, now) = (folded(&history[..at]), folded(history));
    now.revert(&before, &history[at], Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Thing {
        size: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    }

    fn thing(size: u8, name: Option<&str>) -> Thing {
        Thing {
            size,
            name: name.map(str::to_owned),
        }
    }

    #[test]
    fn only_the_fields_that_a_change_touched_are_put_back() {
        let mut back = Back::default();
        let (from, to) = (thing(1, Some("a")), thing(2, Some("a")));
        let now = thing(2, Some("b"));
        assert_eq!(back.fields(&now, &from, &to), Ok(thing(1, Some("b"))));
        assert_eq!(back.done(), Ok(()));
    }

    #[test]
    fn what_was_not_there_is_not_there_again() {
        let mut back = Back::default();
        let (from, to) = (thing(1, None), thing(1, Some("a")));
        assert_eq!(back.fields(&to, &from, &to), Ok(from.clone()));
        assert_eq!(back.fields(&from, &to, &from), Ok(to));
    }

    #[test]
    fn a_field_that_moved_on_stays_where_it_is() {
        let mut back = Back::default();
        let refused = back.fields(&thing(3, None), &thing(1, None), &thing(2, None));
        let field = "size".to_owned();
        assert_eq!(refused, Err(Irreversible::ChangedSince { field }));
    }

    #[test]
    fn nothing_is_put_back_twice() {
        let mut back = Back::default();
        let (from, to) = (thing(1, None), thing(2, None));
        assert_eq!(back.fields(&from, &from, &to), Ok(from));
        assert_eq!(back.done(), Err(Irreversible::AsBefore));
    }
}
