//! A webhook: an address on the web that is told what happens, for those who have no NATS.
//!
//! Who set it up and who changed it are events; its signing secrets are not, and how far it has been told neither.

mod filter;

pub use self::filter::{BadFilter, EventFilter};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    id::{Delivery, Id},
    sealed::Sealed,
    text::{Label, WebAddress},
};

/// What can have happened to a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WebhookEvent {
    /// It was set up, switched on.
    SetUp(Wanted),
    /// Some of it changed.
    Changed {
        /// What it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Option<Label>>>,
        /// Where it is told. Sealed: such an address may hold a secret of whoever listens there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<Change<Sealed<WebAddress>>>,
        /// What it is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_types: Option<Change<Vec<EventFilter>>>,
    },
    /// It has a new secret.
    SecretRotated {
        /// Until when messages are signed with the one before, too.
        old_until: Timestamp,
    },
    /// It is told nothing for now.
    SwitchedOff {
        /// Why.
        why: Off,
    },
    /// It is told again, from where it was left.
    SwitchedOn {},
    /// Somebody had this very event sent to it, to see whether it gets through.
    Tested {
        /// Which delivery that is.
        delivery_id: Id<Delivery>,
    },
    /// Somebody had an event sent to it once more.
    Redelivered {
        /// Which delivery that is.
        delivery_id: Id<Delivery>,
        /// The event's place in the ledger.
        position: i64,
    },
    /// It was taken away for good.
    Removed {},
}

/// All that is told of a webhook when it is set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wanted {
    /// What it is for.
    pub name: Option<Label>,
    /// Where it is told.
    pub url: Sealed<WebAddress>,
    /// What it is told; empty: everything.
    pub event_types: Vec<EventFilter>,
}

/// Why a webhook is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// Somebody switched it off.
    ByHand,
    /// It could not be told anything for days.
    Failing,
    /// It answered that it is gone for good (410).
    Gone,
}

impl Off {
    /// Its word in JSON and SQL.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }
}

/// What may be asked of a webhook.
#[derive(Debug, Clone, PartialEq)]
pub enum WebhookCommand {
    /// Set it up.
    SetUp(Wanted),
    /// Change some of it; none: as it is.
    Change {
        /// What it is for.
        name: Option<Option<Label>>,
        /// Where it is told.
        url: Option<Sealed<WebAddress>>,
        /// What it is told.
        event_types: Option<Vec<EventFilter>>,
    },
    /// Give it a new secret.
    RotateSecret {
        /// Until when the one before is good.
        old_until: Timestamp,
    },
    /// Tell it nothing for now.
    SwitchOff(Off),
    /// Tell it again.
    SwitchOn,
    /// Send it the event that this makes.
    Test(Id<Delivery>),
    /// Send it an event once more.
    Redeliver {
        /// Which delivery that will be.
        delivery_id: Id<Delivery>,
        /// The event's place in the ledger.
        position: i64,
    },
    /// Take it away for good.
    Remove,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebhookError {
    /// There is no such webhook.
    #[error("there is no such webhook")]
    NotSetUp,
    /// It was set up before.
    #[error("the webhook is there already")]
    AlreadySetUp,
    /// Too many filters.
    #[error("a webhook has at most {MOST_FILTERS} event types")]
    TooManyFilters,
}

/// The most event types that a webhook names.
pub const MOST_FILTERS: usize = 100;

/// The secrets that messages are signed with: each is derived from its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The number of the one that is good; they are counted from 0.
    pub number: u32,
    /// Until when the one before is good too.
    pub old_until: Option<Timestamp>,
}

impl Secrets {
    /// The numbers of those that are good now, the newest first.
    #[must_use]
    pub fn good(&self, now: Timestamp) -> Vec<u32> {
        let old = self.number.checked_sub(1);
        let old = old.filter(|_| self.old_until.is_some_and(|until| now < until));
        [Some(self.number), old].into_iter().flatten().collect()
    }
}

/// A webhook as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// None until it is set up, and once it is removed.
    pub standing: Option<Wanted>,
    /// Its secrets.
    pub secrets: Secrets,
    /// Why it is told nothing; none: it is told.
    pub off: Option<Off>,
    /// Taken away.
    pub removed: bool,
}

impl Webhook {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: WebhookCommand) -> Result<Vec<WebhookEvent>, WebhookError> {
        if let WebhookCommand::SetUp(wanted) = command {
            if self.standing.is_some() || self.removed {
                return Err(WebhookError::AlreadySetUp);
            }
            check(&wanted.event_types)?;
            return Ok(vec![WebhookEvent::SetUp(wanted)]);
        }
        let now = self.standing.as_ref().ok_or(WebhookError::NotSetUp)?;
        Ok(match command {
            WebhookCommand::SetUp(_) => vec![],
            WebhookCommand::Change {
                name,
                url,
                event_types,
            } => {
                check(event_types.as_deref().unwrap_or_default())?;
                let name = Change::asked(&now.name, name.as_ref());
                let url = Change::asked(&now.url, url.as_ref());
                let event_types = Change::asked(&now.event_types, event_types.as_ref());
                if name.is_none() && url.is_none() && event_types.is_none() {
                    return Ok(vec![]);
                }
                vec![WebhookEvent::Changed {
                    name,
                    url,
                    event_types,
                }]
            }
            WebhookCommand::RotateSecret { old_until } => {
                vec![WebhookEvent::SecretRotated { old_until }]
            }
            WebhookCommand::SwitchOff(_) if self.off.is_some() => vec![],
            WebhookCommand::SwitchOff(why) => vec![WebhookEvent::SwitchedOff { why }],
            WebhookCommand::SwitchOn if self.off.is_none() => vec![],
            WebhookCommand::SwitchOn => vec![WebhookEvent::SwitchedOn {}],
            WebhookCommand::Test(delivery_id) => vec![WebhookEvent::Tested { delivery_id }],
            WebhookCommand::Redeliver {
                delivery_id,
                position,
            } => vec![WebhookEvent::Redelivered {
                delivery_id,
                position,
            }],
            WebhookCommand::Remove => vec![WebhookEvent::Removed {}],
        })
    }

    /// Whether it is told of such an event. A test is sent to whom it tests, when it is made, and to nobody later.
    #[must_use]
    pub fn hears(&self, kind: &str, event_type: &str) -> bool {
        let is_test = (kind, event_type) == ("webhook", "tested");
        !is_test
            && self.standing.as_ref().is_some_and(|standing| {
                let mut filters = standing.event_types.iter();
                standing.event_types.is_empty()
                    || filters.any(|filter| filter.takes(kind, event_type))
            })
    }

    fn remember(&mut self, event: WebhookEvent) {
        match event {
            WebhookEvent::SetUp(wanted) => self.standing = Some(wanted),
            WebhookEvent::Changed {
                name,
                url,
                event_types,
            } => {
                if let Some(standing) = &mut self.standing {
                    Change::put(name.as_ref(), &mut standing.name);
                    Change::put(url.as_ref(), &mut standing.url);
                    Change::put(event_types.as_ref(), &mut standing.event_types);
                }
            }
            WebhookEvent::SecretRotated { old_until } => {
                self.secrets.number = self.secrets.number.saturating_add(1);
                self.secrets.old_until = Some(old_until);
            }
            WebhookEvent::SwitchedOff { why } => self.off = Some(why),
            WebhookEvent::SwitchedOn {} => self.off = None,
            WebhookEvent::Tested { .. } | WebhookEvent::Redelivered { .. } => {}
            WebhookEvent::Removed {} => {
                self.standing = None;
                self.removed = true;
            }
        }
    }
}

const fn check(filters: &[EventFilter]) -> Result<(), WebhookError> {
    if filters.len() > MOST_FILTERS {
        return Err(WebhookError::TooManyFilters);
    }
    Ok(())
}

bridge!(
    Webhook,
    "webhook",
    WebhookCommand,
    WebhookEvent,
    WebhookError
);

#[cfg(test)]
mod specs;
