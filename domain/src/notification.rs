//! A notification: one message to one client over one channel, and what became of it.
//!
//! Tries and retries are nobody's history: they are the sender's own. Here stands what was to be told, and how it ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    booking::Booking, bridge::bridge, campaign::Campaign, client::Client, contact::Language,
    id::Id, sealed::Sealed, text::FreeText,
};

/// What can have happened to a notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NotificationEvent {
    /// It is to be sent.
    Scheduled(Box<Notice>),
    /// The channel took it.
    Sent {
        /// Whom and what it concerns.
        about: About,
        /// When.
        at: Timestamp,
    },
    /// The channel says that it arrived.
    Delivered {
        /// Whom and what it concerns.
        about: About,
        /// When.
        at: Timestamp,
    },
    /// It was given up.
    Failed {
        /// Whom and what it concerns.
        about: About,
        /// When.
        at: Timestamp,
        /// Why, in one word.
        why: Failure,
        /// What the channel said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<Sealed<FreeText>>,
    },
    /// It was not sent, and will not be.
    Suppressed {
        /// Whom and what it concerns.
        about: About,
        /// When.
        at: Timestamp,
        /// Why, in one word.
        why: Suppression,
    },
}

/// Whom and what a notification concerns: each event tells it, for who reads that one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct About {
    /// To whom it goes. The address is looked up when it is sent.
    pub client_id: Id<Client>,
    /// The booking that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Id<Booking>>,
    /// The campaign that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<Id<Campaign>>,
}

/// What is to be told, to whom and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// Whom and what it concerns.
    pub about: About,
    /// Over what.
    pub channel: Channel,
    /// Why.
    pub occasion: Occasion,
    /// In which language.
    pub language: Language,
    /// When it is to be sent.
    pub due_at: Timestamp,
    /// What was written for it by hand; none: the template of the day says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Sealed<FreeText>>,
}

/// Over what clients are written to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Channel {
    Email,
    Sms,
    Telegram,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Telegram];

    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why a notification is sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Occasion {
    /// A booking was made or confirmed.
    BookingConfirmed,
    /// A booking was moved or otherwise changed.
    BookingChanged,
    /// A booking was cancelled.
    BookingCancelled,
    /// A booking comes near.
    Reminder,
    /// A review is asked for.
    ReviewRequest,
    /// Time is offered to somebody who waits.
    WaitlistOffer,
    /// A campaign.
    Campaign,
    /// Somebody of the house wrote.
    ByHand,
}

impl Occasion {
    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why a notification was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Failure {
    /// There is nobody at that address.
    BadAddress,
    /// They take no messages of the house there.
    Blocked,
    /// The channel would not have it.
    Refused,
    /// The channel could not be reached in time.
    Unreachable,
}

/// Why a notification was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Suppression {
    /// They did not agree to it.
    NoConsent,
    /// There is no address of theirs for the channel.
    NoAddress,
    /// What it tells of is no longer so.
    Outdated,
    /// The campaign was stopped.
    Stopped,
    /// They have had enough of them.
    Limit,
}

/// Why a notification did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reason {
    /// It was given up.
    Failure(Failure),
    /// It was not sent.
    Suppression(Suppression),
}

impl Reason {
    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure(why) => why.into(),
            Self::Suppression(why) => why.into(),
        }
    }
}

impl From<Failure> for Reason {
    fn from(why: Failure) -> Self {
        Self::Failure(why)
    }
}

impl From<Suppression> for Reason {
    fn from(why: Suppression) -> Self {
        Self::Suppression(why)
    }
}

/// What may be asked of a notification.
#[derive(Debug, Clone, PartialEq)]
pub enum NotificationCommand {
    /// Set it down.
    Schedule(Box<Notice>),
    /// The channel took it.
    Send(Timestamp),
    /// It arrived.
    Deliver(Timestamp),
    /// Give it up.
    Fail {
        /// When.
        at: Timestamp,
        /// Why, in one word.
        why: Failure,
        /// What the channel said.
        detail: Option<Sealed<FreeText>>,
    },
    /// Leave it be.
    Suppress {
        /// When.
        at: Timestamp,
        /// Why, in one word.
        why: Suppression,
    },
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotificationError {
    /// There is no such notification.
    #[error("there is no such notification")]
    NotScheduled,
    /// It was set down before.
    #[error("the notification exists already")]
    AlreadyScheduled,
    /// It has not been sent.
    #[error("the notification was not sent")]
    NotSent,
    /// It has ended otherwise.
    #[error("the notification has ended")]
    Ended,
}

/// A notification as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// None until it is scheduled.
    pub notice: Option<Notice>,
    /// How far it came.
    pub outcome: Outcome,
    /// When the channel took it; none: it never did.
    pub sent_at: Option<Timestamp>,
    /// When it ended as it did; none while it waits or is on its way.
    pub ended_at: Option<Timestamp>,
    /// Why it was given up, or not sent.
    pub why: Option<Reason>,
}

/// How far a notification came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// It waits.
    #[default]
    Scheduled,
    /// The channel has it.
    Sent,
    /// It arrived.
    Delivered,
    /// It was given up.
    Failed,
    /// It was left be.
    Suppressed,
}

impl Outcome {
    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl NotificationEvent {
    /// Whom and what it concerns.
    #[must_use]
    pub fn about(&self) -> &About {
        match self {
            Self::Scheduled(notice) => &notice.about,
            Self::Sent { about, .. }
            | Self::Delivered { about, .. }
            | Self::Failed { about, .. }
            | Self::Suppressed { about, .. } => about,
        }
    }
}

impl Notification {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(
        &self,
        command: NotificationCommand,
    ) -> Result<Vec<NotificationEvent>, NotificationError> {
        use NotificationCommand as C;
        use NotificationEvent as E;
        use Outcome as O;
        if let C::Schedule(notice) = command {
            return match self.notice {
                Some(_) => Err(NotificationError::AlreadyScheduled),
                None => Ok(vec![E::Scheduled(notice)]),
            };
        }
        let notice = self.notice.as_ref();
        let about = notice.ok_or(NotificationError::NotScheduled)?.about;
        match (command, self.outcome) {
            (C::Send(at), O::Scheduled) => Ok(vec![E::Sent { about, at }]),
            (C::Deliver(at), O::Sent) => Ok(vec![E::Delivered { about, at }]),
            // Channels tell at times only later that they could not.
            (C::Fail { at, why, detail }, O::Scheduled | O::Sent) => Ok(vec![E::Failed {
                about,
                at,
                why,
                detail,
            }]),
            (C::Suppress { at, why }, O::Scheduled) => Ok(vec![E::Suppressed { about, at, why }]),
            // Told twice, or late.
            (C::Send(_), O::Sent | O::Delivered)
            | (C::Deliver(_), O::Delivered)
            | (C::Fail { .. }, O::Failed)
            | (C::Suppress { .. }, O::Suppressed) => Ok(vec![]),
            (C::Deliver(_), O::Scheduled) => Err(NotificationError::NotSent),
            (C::Schedule(_), _) => Err(NotificationError::AlreadyScheduled),
            (C::Send(_), O::Failed | O::Suppressed)
            | (C::Deliver(_), O::Failed | O::Suppressed)
            | (C::Fail { .. }, O::Delivered | O::Suppressed)
            | (C::Suppress { .. }, O::Sent | O::Delivered | O::Failed) => {
                Err(NotificationError::Ended)
            }
        }
    }

    fn remember(&mut self, event: NotificationEvent) {
        use NotificationEvent as E;
        match event {
            E::Scheduled(notice) => self.notice = Some(*notice),
            E::Sent { at, .. } => (self.outcome, self.sent_at) = (Outcome::Sent, Some(at)),
            E::Delivered { at, .. } => self.end(Outcome::Delivered, at, None),
            E::Failed { at, why, .. } => self.end(Outcome::Failed, at, Some(why.into())),
            E::Suppressed { at, why, .. } => self.end(Outcome::Suppressed, at, Some(why.into())),
        }
    }

    fn end(&mut self, outcome: Outcome, at: Timestamp, why: Option<Reason>) {
        (self.outcome, self.ended_at, self.why) = (outcome, Some(at), why);
    }
}

bridge!(
    Notification,
    "notification",
    NotificationCommand,
    NotificationEvent,
    NotificationError
);

#[cfg(test)]
mod specs;
