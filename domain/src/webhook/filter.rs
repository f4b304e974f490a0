//! Which events a webhook is told of.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::event;

/// One event (`daybook.booking.placed`), all of a stream (`daybook.booking.*`) or all there are (`daybook.*`): as the
/// message's own `type` says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct EventFilter(String);

/// It names no event that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("names no event that there is")]
pub struct BadFilter;

impl EventFilter {
    /// Checks that there is such an event.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        let text = text.trim();
        let is_known =
            event::names().any(|(kind, names)| names.iter().any(|name| takes(text, kind, name)));
        if is_known {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadFilter)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether such an event is one of these.
    #[must_use]
    pub fn takes(&self, kind: &str, event_type: &str) -> bool {
        takes(&self.0, kind, event_type)
    }
}

fn takes(filter: &str, kind: &str, event_type: &str) -> bool {
    let mut words = filter.split('.');
    let said = [words.next(), words.next(), words.next(), words.next()];
    match said {
        [Some("daybook"), Some("*"), None, None] => true,
        [Some("daybook"), Some(of), Some(name), None] => {
            of == kind && (name == "*" || name == event_type)
        }
        [..] => false,
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
