//! What a change was from and to, as events tell it.

use serde::{Deserialize, Serialize};

/// One field's change: what it was, what it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

impl<T: PartialEq + Clone> Change<T> {
    /// The change from `from` to what is asked for; none if nothing is asked for or nothing differs.
    pub fn asked(from: &T, to: Option<&T>) -> Option<Self> {
        let to = to?;
        (from != to).then(|| Self {
            from: from.clone(),
            to: to.clone(),
        })
    }

    /// Puts the new value in place.
    pub fn put(this: Option<&Self>, place: &mut T) {
        if let Some(change) = this {
            place.clone_from(&change.to);
        }
    }
}
