//! The waitlist: who would come if time came free, and when they could.
//!
//! A request waits, oldest first. When time comes free that it wishes for, it is offered a slot and holds it for a
//! while; it ends converted to a booking, withdrawn, or expired once its days are over. Time that an offer holds
//! follows from the request's state alone ([`Request::claims`]), as a booking's does.

mod freed;
mod rules;
mod wishes;

#[cfg(test)]
mod specs;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

pub use self::{
    freed::{Freed, given_back},
    rules::WaitlistRules,
    wishes::{BadWish, WishFault, Wishes},
};
use crate::{
    booking::{Booking, Claim, Plan},
    bridge::bridge,
    change::Change,
    client::Client,
    id::Id,
    sealed::Sealed,
    text::{FreeText, Origin},
    time::Span,
};

/// What can have happened to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WaitlistEvent {
    /// Somebody would like to come.
    Requested(Box<Asking>),
    /// They wish otherwise.
    WishesChanged {
        /// What they wish for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wishes: Option<Box<Change<Wishes>>>,
        /// What they said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Box<Change<Option<Sealed<FreeText>>>>>,
    },
    /// Time came free, and is held for them for a while.
    Offered(Box<Offer>),
    /// The offer ended without an answer.
    OfferLapsed {
        /// When.
        at: Timestamp,
        /// Why.
        why: Lapse,
    },
    /// They did not want it.
    OfferDeclined {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// They have what they waited for.
    Converted {
        /// The booking, or a visit's bookings in their order.
        booking_ids: Vec<Id<Booking>>,
        /// When.
        at: Timestamp,
    },
    /// They no longer wait.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// The last of their days is over.
    Expired {
        /// When.
        at: Timestamp,
    },
}

/// What is told when somebody begins to wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asking {
    /// Who.
    pub client_id: Id<Client>,
    /// For what.
    pub wishes: Wishes,
    /// In their words.
    pub comment: Option<Sealed<FreeText>>,
    /// Where the request came from, in the business's words.
    pub source: Origin,
    /// When.
    pub at: Timestamp,
}

/// A slot that is held for somebody who waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// What is offered, as it would be booked: one service, or a visit's in their order.
    pub plans: Vec<Plan>,
    /// Until when it is held.
    pub until: Timestamp,
    /// Since when.
    pub at: Timestamp,
}

impl Offer {
    /// From the first service's start to the last one's end; none of an offer without a plan.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        let start = self.plans.iter().map(|plan| plan.start).min()?;
        let end = self.plans.iter().map(Plan::end).max()?;
        Span::new(start, end.max(start)).ok()
    }
}

/// Why an offer ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// Its time was up.
    RanOut,
    /// It can no longer be had: somebody fell ill, the house closes.
    NoLongerFree,
}

/// What may be asked of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitlistCommand {
    /// Begin to wait.
    Request(Box<Asking>),
    /// Wish otherwise.
    Change {
        /// For what; none: as before.
        wishes: Option<Box<Wishes>>,
        /// In which words; `Some(None)` takes them away. To find out what differs, the old ones must be open.
        comment: Option<Option<Sealed<FreeText>>>,
    },
    /// Hold a slot for them.
    Offer(Box<Offer>),
    /// End an offer that was not answered.
    Lapse {
        /// Now.
        at: Timestamp,
        /// It can no longer be had, however long it was to be held.
        gone: bool,
    },
    /// Not want it.
    Decline {
        /// Now.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Become these bookings.
    Convert {
        /// Made in the same append.
        booking_ids: Vec<Id<Booking>>,
        /// Now.
        at: Timestamp,
    },
    /// Wait no longer.
    Withdraw {
        /// Now.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Wait in vain: the last day is over.
    Expire {
        /// Now.
        at: Timestamp,
        /// The local date now.
        today: Date,
    },
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WaitlistError {
    /// There is no such request.
    #[error("there is no such waitlist request")]
    NotRequested,
    /// It was made before.
    #[error("the waitlist request exists already")]
    AlreadyRequested,
    /// Wishes that nobody can have meant.
    #[error("the wishes make no sense")]
    BadWishes(Vec<BadWish>),
    /// The step does not fit where it stands.
    #[error("the waitlist request is {}", .state.as_str())]
    WrongState {
        /// Where it stands.
        state: State,
        /// What was asked, as the API's route says it.
        asked: &'static str,
    },
    /// Nothing is held for it.
    #[error("nothing is offered")]
    NothingOffered,
}

/// Where a request stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing has come free yet.
    Waiting,
    /// A slot is held for it.
    Offered,
    /// It became a booking.
    Converted,
    /// It was taken back.
    Withdrawn,
    /// Its days are over.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Offered,
        Self::Converted,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::Converted => "converted",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// A request as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Not made yet.
    #[default]
    Blank,
    /// On the list, or done with.
    Made(Box<Made>),
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Who waits.
    pub client_id: Id<Client>,
    /// For what.
    pub wishes: Wishes,
    /// In their words.
    pub comment: Option<Sealed<FreeText>>,
    /// Where it came from, in the business's words.
    pub source: Origin,
    /// Since when.
    pub requested_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// Times that were offered and let pass, oldest first: they are not offered again.
    pub let_pass: Vec<Span>,
}

/// Where a request stands, and what belongs to that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing has come free yet.
    Waiting,
    /// This is held for it.
    Offered(Box<Offer>),
    /// It became these bookings.
    Converted {
        /// In their order.
        booking_ids: Vec<Id<Booking>>,
        /// When.
        at: Timestamp,
    },
    /// It was taken back.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Its days are over.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
}

impl Standing {
    /// In one word.
    #[must_use]
    pub const fn state(&self) -> State {
        match self {
            Self::Waiting => State::Waiting,
            Self::Offered(_) => State::Offered,
            Self::Converted { .. } => State::Converted,
            Self::Withdrawn { .. } => State::Withdrawn,
            Self::Expired { .. } => State::Expired,
        }
    }
}

impl Request {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: WaitlistCommand) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        use WaitlistCommand as C;
        match command {
            C::Request(asking) => self.request(asking),
            C::Change { wishes, comment } => self.change(wishes, comment.as_ref()),
            C::Offer(offer) => self.offer(offer),
            C::Lapse { at, gone } => self.lapse(at, gone),
            C::Decline { at, reason } => self.decline(at, reason),
            C::Convert { booking_ids, at } => {
                self.open("convert")?;
                Ok(vec![WaitlistEvent::Converted { booking_ids, at }])
            }
            C::Withdraw { at, reason } => self.withdraw(at, reason),
            C::Expire { at, today } => self.expire(at, today),
        }
    }

    /// The time that is held for it now.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let Self::Made(made) = self else {
            return vec![];
        };
        let plans = made.offered().into_iter().flat_map(|offer| &offer.plans);
        plans
            .flat_map(|plan| plan.claims_for(Some(made.client_id)))
            .collect()
    }

    /// What is offered to it now.
    #[must_use]
    pub fn offered(&self) -> Option<&Offer> {
        match self {
            Self::Made(made) => made.offered(),
            Self::Blank => None,
        }
    }

    /// What was asked for.
    ///
    /// # Errors
    /// When nothing was.
    pub fn made(&self) -> Result<&Made, WaitlistError> {
        match self {
            Self::Made(made) => Ok(made),
            Self::Blank => Err(WaitlistError::NotRequested),
        }
    }

    /// It, while it waits, with an offer or without.
    ///
    /// # Errors
    /// When it was never made, or is done with.
    pub fn open(&self, asked: &'static str) -> Result<&Made, WaitlistError> {
        let made = self.made()?;
        match made.standing {
            Standing::Waiting | Standing::Offered(_) => Ok(made),
            Standing::Converted { .. } | Standing::Withdrawn { .. } | Standing::Expired { .. } => {
                Err(WaitlistError::WrongState {
                    state: made.standing.state(),
                    asked,
                })
            }
        }
    }

    fn request(&self, asking: Box<Asking>) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        match self {
            Self::Made(_) => Err(WaitlistError::AlreadyRequested),
            Self::Blank => {
                asking.wishes.check().map_err(WaitlistError::BadWishes)?;
                Ok(vec![WaitlistEvent::Requested(asking)])
            }
        }
    }

    fn change(
        &self,
        wishes: Option<Box<Wishes>>,
        comment: Option<&Option<Sealed<FreeText>>>,
    ) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        let made = self.open("change")?;
        if let Some(wishes) = &wishes {
            wishes.check().map_err(WaitlistError::BadWishes)?;
        }
        let wishes = Change::asked(&made.wishes, wishes.as_deref()).map(Box::new);
        let comment = Change::asked(&made.comment, comment).map(Box::new);
        Ok(if wishes.is_none() && comment.is_none() {
            vec![]
        } else {
            vec![WaitlistEvent::WishesChanged { wishes, comment }]
        })
    }

    /// One offer at a time: who has one keeps it.
    fn offer(&self, offer: Box<Offer>) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        let made = self.open("offer")?;
        match made.standing {
            Standing::Waiting if !offer.plans.is_empty() => Ok(vec![WaitlistEvent::Offered(offer)]),
            Standing::Waiting => Err(WaitlistError::NothingOffered),
            Standing::Offered(_)
            | Standing::Converted { .. }
            | Standing::Withdrawn { .. }
            | Standing::Expired { .. } => Err(WaitlistError::WrongState {
                state: made.standing.state(),
                asked: "offer",
            }),
        }
    }

    fn lapse(&self, at: Timestamp, gone: bool) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        self.made()?;
        let why = match self.offered() {
            Some(offer) if offer.until <= at => Lapse::RanOut,
            Some(_) if gone => Lapse::NoLongerFree,
            // Answered meanwhile, or a newer one.
            Some(_) | None => return Ok(vec![]),
        };
        Ok(vec![WaitlistEvent::OfferLapsed { at, why }])
    }

    fn decline(
        &self,
        at: Timestamp,
        reason: Option<Sealed<FreeText>>,
    ) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        let made = self.open("decline")?;
        match made.offered() {
            Some(_) => Ok(vec![WaitlistEvent::OfferDeclined { at, reason }]),
            None => Err(WaitlistError::WrongState {
                state: made.standing.state(),
                asked: "decline",
            }),
        }
    }

    fn withdraw(
        &self,
        at: Timestamp,
        reason: Option<Sealed<FreeText>>,
    ) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        match self.made()?.standing {
            Standing::Withdrawn { .. } => Ok(vec![]),
            Standing::Waiting
            | Standing::Offered(_)
            | Standing::Converted { .. }
            | Standing::Expired { .. } => {
                self.open("withdraw")?;
                Ok(vec![WaitlistEvent::Withdrawn { at, reason }])
            }
        }
    }

    /// Not while something is held for it: the offer runs out first.
    fn expire(&self, at: Timestamp, today: Date) -> Result<Vec<WaitlistEvent>, WaitlistError> {
        let made = self.made()?;
        let over = made.wishes.is_over(today);
        Ok(match made.standing {
            Standing::Waiting if over => vec![WaitlistEvent::Expired { at }],
            Standing::Waiting
            | Standing::Offered(_)
            | Standing::Converted { .. }
            | Standing::Withdrawn { .. }
            | Standing::Expired { .. } => vec![],
        })
    }

    fn remember(&mut self, event: WaitlistEvent) {
        let made = match (&mut *self, event) {
            (_, WaitlistEvent::Requested(asking)) => {
                *self = Self::Made(Box::new(Made {
                    client_id: asking.client_id,
                    wishes: asking.wishes,
                    comment: asking.comment,
                    source: asking.source,
                    requested_at: asking.at,
                    standing: Standing::Waiting,
                    let_pass: vec![],
                }));
                return;
            }
            (Self::Blank, _) => return,
            (Self::Made(made), event) => (made, event),
        };
        let (made, event) = made;
        match event {
            WaitlistEvent::Requested(_) => {}
            WaitlistEvent::WishesChanged { wishes, comment } => {
                Change::put(wishes.as_deref(), &mut made.wishes);
                Change::put(comment.as_deref(), &mut made.comment);
            }
            WaitlistEvent::Offered(offer) => made.standing = Standing::Offered(offer),
            WaitlistEvent::OfferLapsed { .. } | WaitlistEvent::OfferDeclined { .. } => {
                made.let_pass.extend(made.offered().and_then(Offer::span));
                made.standing = Standing::Waiting;
            }
            WaitlistEvent::Converted { booking_ids, at } => {
                made.standing = Standing::Converted { booking_ids, at };
            }
            WaitlistEvent::Withdrawn { at, reason } => {
                made.standing = Standing::Withdrawn { at, reason };
            }
            WaitlistEvent::Expired { at } => made.standing = Standing::Expired { at },
        }
    }
}

impl Made {
    /// What is offered to it now.
    #[must_use]
    pub fn offered(&self) -> Option<&Offer> {
        match &self.standing {
            Standing::Offered(offer) => Some(offer),
            Standing::Waiting
            | Standing::Converted { .. }
            | Standing::Withdrawn { .. }
            | Standing::Expired { .. } => None,
        }
    }

    /// Whether that time was offered before and let pass.
    #[must_use]
    pub fn let_pass(&self, span: Span) -> bool {
        self.let_pass.iter().any(|passed| passed.overlaps(span))
    }
}

bridge!(
    Request,
    "waitlist",
    WaitlistCommand,
    WaitlistEvent,
    WaitlistError
);
