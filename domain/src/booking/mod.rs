//! A booking: what was agreed, how it moved, how it ended, what was paid and said.
//!
//! It begins requested or confirmed and holds its time; it may move, be served, be cancelled or
//! missed. Every step can be put right: a wrong status is corrected, a deleted booking restored.
//! Time that it claims follows from its state alone ([`Booking::claims`]).

mod life;
mod money;
mod plan;
mod revert;
mod status;
mod words;

#[cfg(test)]
mod specs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

pub(crate) use self::plan::{LONG_AGO, TimeTaken};
pub use self::{
    money::{Payment, Refund},
    plan::{Claim, Joints, Plan, Resource},
    status::Status,
    words::{Comment, Reference, Review},
};
use crate::{
    bridge::bridge,
    business::Accepted,
    client::Client,
    contact::Language,
    id::{self, Id},
    money::{Currency, Money},
    sealed::Sealed,
    session::Session,
    text::{FreeText, Origin},
};

/// What can have happened to a booking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BookingEvent {
    /// It was made.
    Placed(Box<Placement>),
    /// It was agreed.
    Confirmed(Told),
    /// Time, length, staff member or desk changed.
    Rescheduled {
        /// Before.
        from: Box<Plan>,
        /// After.
        to: Box<Plan>,
        /// Set where another system moved it: it stands as it stood there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        imported: Option<Imported>,
        /// Set where this session moved, and its seats with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_with: Option<Id<Session>>,
    },
    /// Something else will be done.
    ServiceChanged {
        /// Before.
        from: Box<Plan>,
        /// After.
        to: Box<Plan>,
    },
    /// It costs more or less than agreed at first.
    PriceChanged {
        /// Before.
        from: Money,
        /// After.
        to: Money,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// The client is there.
    Arrived(Told),
    /// The client has gone.
    Left(Told),
    /// It was done.
    Completed(Told),
    /// The client did not come.
    MarkedNoShow(Told),
    /// It was called off.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
        /// The other system's note.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Sealed<FreeText>>,
        /// Set where this session was called off, and its seats with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancelled_with: Option<Id<Session>>,
    },
    /// It had been given a wrong status.
    StatusCorrected {
        /// The wrong one.
        from: Status,
        /// The right one.
        to: Status,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// That the client came or went had been noted wrongly.
    PresenceCorrected {
        /// What was noted.
        from: Presence,
        /// What is right.
        to: Presence,
    },
    /// Somebody wrote something on it.
    Commented(Comment),
    /// Money was taken.
    PaymentRecorded(Payment),
    /// Money was given back.
    PaymentRefunded(Refund),
    /// The client said how it was.
    Reviewed(Review),
    /// It was taken out of sight. Nothing of it is lost.
    Deleted {
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// It was brought back, with its status or, if it had been cancelled, confirmed.
    Restored {
        /// Where it stands now.
        status: Status,
        /// What it was planned as before, if it came back at another time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Box<Plan>>,
        /// What it is planned as now.
        to: Box<Plan>,
    },
}

/// When something happened, and what another system noted about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// The other system's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed<FreeText>>,
}

/// When the client came and went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// None: they have not come.
    pub arrived_at: Option<Timestamp>,
    /// None: they have not gone.
    pub left_at: Option<Timestamp>,
}

/// How a booking was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Placement {
    /// What people call it by.
    pub reference: Reference,
    /// The visit that it is part of.
    pub visit_id: Option<Id<id::Visit>>,
    /// The series that it is one date of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_id: Option<Id<id::Series>>,
    /// For whom; none only where another system did not tell.
    pub client_id: Option<Id<Client>>,
    /// What was agreed.
    pub plan: Plan,
    /// `requested` or `confirmed`, by the business's policy.
    pub status: Status,
    /// Where it came from, in the business's words.
    pub source: Origin,
    /// When it was made.
    pub at: Timestamp,
    /// Set for what came from another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// Set for what a visitor booked online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<Box<Online>>,
}

/// What is particular to a booking that a visitor made online.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Online {
    /// The language in which it was booked, and in which they are written to about it.
    pub language: Language,
    /// What they agreed to, and in which wording.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Accepted>,
    /// Requested, until the visitor confirms it; cancelled if they do not by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_by: Option<Timestamp>,
}

/// What is particular to a booking that came from another system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Imported {
    /// It lay ahead when it was brought in, so it holds its time.
    pub holds_time: bool,
    /// It overlapped another one in the old system, which is kept as it was.
    pub overlaps: bool,
    /// The other system's note.
    pub note: Option<Sealed<FreeText>>,
}

/// What may be asked of a booking. Whether a time is free was looked at before, and is looked at
/// again by the ledger; here it is decided whether the step fits the booking's life.
#[derive(Debug, Clone, PartialEq)]
pub enum BookingCommand {
    /// Make it.
    Place(Box<Placement>),
    /// Agree to it.
    Confirm(Told),
    /// Give it another time, length, staff member or desk.
    Reschedule {
        /// What is to be.
        to: Box<Plan>,
        /// Set where another system moved it.
        imported: Option<Imported>,
    },
    /// Its session has moved: so has the seat.
    MoveWithSession(Box<Plan>),
    /// Do something else.
    ChangeService(Box<Plan>),
    /// Ask for more or less.
    ChangePrice {
        /// How much.
        to: Money,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// The client is there.
    Arrive(Told),
    /// The client has gone.
    Leave(Told),
    /// It is done.
    Complete(Told),
    /// The client did not come.
    MarkNoShow(Told),
    /// Call it off.
    Cancel {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
        /// The other system's note.
        note: Option<Sealed<FreeText>>,
    },
    /// Its session is called off: so is the seat.
    CancelWithSession {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Open it again: it was not done, missed or cancelled after all.
    Reopen {
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Give it the status that it should have had.
    CorrectStatus {
        /// Which.
        to: Status,
        /// Why it stands so: cancelled again, it is for the reason that it was cancelled for.
        reason: Option<Sealed<FreeText>>,
    },
    /// Note when the client came and went as it should have been noted.
    CorrectPresence(Presence),
    /// Write something on it.
    Comment(Comment),
    /// Take money.
    RecordPayment {
        /// What was paid.
        payment: Payment,
        /// Brought in from another system: any amount is a payment.
        imported: bool,
    },
    /// Give money back.
    Refund(Refund),
    /// Say how it was.
    Review(Review),
    /// Take it out of sight.
    Delete {
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
    /// Bring it back.
    Restore {
        /// At another time; none: at its own.
        to: Option<Box<Plan>>,
    },
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BookingError {
    /// There is no such booking.
    #[error("there is no such booking")]
    NotPlaced,
    /// It was made before.
    #[error("the booking exists already")]
    AlreadyPlaced,
    /// A booking begins requested or confirmed.
    #[error("a booking cannot begin {}", .0.as_str())]
    CannotBegin(Status),
    /// The step does not fit where it stands.
    #[error("the booking is {}", .status.as_str())]
    WrongState {
        /// Where it stands.
        status: Status,
        /// What was asked, as the API's route says it.
        asked: &'static str,
    },
    /// It is deleted: restore it first.
    #[error("the booking is deleted")]
    Deleted {
        /// What was asked.
        asked: &'static str,
    },
    /// A client who has not arrived cannot leave.
    #[error("the client has not arrived")]
    NotArrived,
    /// A price below zero.
    #[error("a price must not be negative")]
    NegativePrice,
    /// A payment or refund at or below zero.
    #[error("the amount must be above zero")]
    NotPositive,
    /// More would be given back than was paid.
    #[error("only {left} is left to give back")]
    MoreThanPaid {
        /// What can be given back.
        left: Money,
    },
    /// There is no such payment on the booking.
    #[error("there is no such payment on this booking")]
    NoSuchPayment,
    /// Money in another currency than the price agreed.
    #[error("the booking was agreed in {}", .agreed.code())]
    OtherCurrency {
        /// The price's.
        agreed: Currency,
    },
    /// A seat in a session has the session's time, staff member and service.
    #[error("the booking is a seat in a session")]
    IsSeat,
    /// What is no seat does not follow a session.
    #[error("the booking is no seat in a session")]
    IsNoSeat,
    /// A rating outside its range.
    #[error("a rating must lie between 1 and 5")]
    Rating,
}

/// A booking as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Booking {
    /// Not made yet.
    #[default]
    Blank,
    /// In the book.
    Held(Box<Held>),
}

/// A booking in the book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// What people call it by.
    pub reference: Reference,
    /// The visit that it is part of.
    pub visit_id: Option<Id<id::Visit>>,
    /// The series that it is one date of.
    #[serde(default)]
    pub series_id: Option<Id<id::Series>>,
    /// For whom.
    pub client_id: Option<Id<Client>>,
    /// What is agreed now.
    pub plan: Plan,
    /// Where it stands.
    pub status: Status,
    /// Out of sight.
    pub deleted: bool,
    /// When the client came.
    pub arrived_at: Option<Timestamp>,
    /// When the client went.
    pub left_at: Option<Timestamp>,
    /// Where it came from, in the business's words.
    pub source: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// Why it was cancelled.
    pub cancel_reason: Option<Sealed<FreeText>>,
    /// Came from another system and has not found a time of its own since.
    pub imported: Option<Imported>,
    /// What was written on it, oldest first.
    pub comments: Vec<Comment>,
    /// Money taken, oldest first.
    pub payments: Vec<Payment>,
    /// Money given back, oldest first.
    pub refunds: Vec<Refund>,
    /// How the client said it was.
    pub review: Option<Review>,
    /// Booked by a visitor online.
    #[serde(default)]
    pub online: Option<Box<Online>>,
    /// How often what was agreed has changed since: a client's link tells how much of that its holder knows.
    #[serde(default)]
    pub edition: u32,
}

impl Booking {
    /// What follows from a command: a table of contents.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: BookingCommand) -> Result<Vec<BookingEvent>, BookingError> {
        use BookingCommand as C;
        match command {
            C::Place(placement) => self.place(placement),
            C::Confirm(told) => self.confirm(told),
            C::Reschedule { to, imported } => self.reschedule(to, imported),
            C::MoveWithSession(to) => self.move_with_session(to),
            C::ChangeService(to) => self.change_service(to),
            C::ChangePrice { to, reason } => self.change_price(to, reason),
            C::Arrive(told) => self.arrive(told),
            C::Leave(told) => self.leave(told),
            C::Complete(told) => self.complete(told),
            C::MarkNoShow(told) => self.mark_no_show(told),
            C::Cancel { at, reason, note } => self.cancel(at, reason, note),
            C::CancelWithSession { at, reason } => self.cancel_with_session(at, reason),
            C::Reopen { reason } => self.reopen(reason),
            C::CorrectStatus { to, reason } => self.correct_status(to, reason),
            C::CorrectPresence(to) => self.correct_presence(to),
            C::Comment(comment) => self.comment(comment),
            C::RecordPayment { payment, imported } => self.record_payment(payment, imported),
            C::Refund(refund) => self.refund(refund),
            C::Review(review) => self.review(review),
            C::Delete { reason } => self.delete(reason),
            C::Restore { to } => self.restore(to),
        }
    }

    /// The time that it takes now. Placing, moving, cancelling, deleting and restoring are one path:
    /// the ledger replaces what the booking claimed by this.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        match self {
            Self::Held(held) if held.holds_time() => held.plan.claims_for(held.client_id),
            Self::Held(_) | Self::Blank => vec![],
        }
    }

    /// What is in the book.
    ///
    /// # Errors
    /// When it has not been made.
    pub fn held(&self) -> Result<&Held, BookingError> {
        match self {
            Self::Held(held) => Ok(held),
            Self::Blank => Err(BookingError::NotPlaced),
        }
    }

    fn undeleted(&self, asked: &'static str) -> Result<&Held, BookingError> {
        let held = self.held()?;
        if held.deleted {
            Err(BookingError::Deleted { asked })
        } else {
            Ok(held)
        }
    }
}

impl Held {
    /// It takes time now.
    #[must_use]
    pub fn holds_time(&self) -> bool {
        let brought_in_past = self.imported.as_ref().is_some_and(|i| !i.holds_time);
        self.status.holds_time() && !self.deleted && !brought_in_past
    }

    /// When the client came and went.
    #[must_use]
    pub const fn presence(&self) -> Presence {
        Presence {
            arrived_at: self.arrived_at,
            left_at: self.left_at,
        }
    }

    /// Its visitor should have confirmed it by now and has not.
    #[must_use]
    pub fn is_unconfirmed_at(&self, now: Timestamp) -> bool {
        let by = self.online.as_ref().and_then(|online| online.confirm_by);
        self.status == Status::Requested && !self.deleted && by.is_some_and(|by| by <= now)
    }

    /// It overlapped in the system that it came from, and still stands where it did.
    #[must_use]
    pub fn overlaps(&self) -> bool {
        self.imported.as_ref().is_some_and(|i| i.overlaps)
    }
}

bridge!(
    Booking,
    "booking",
    BookingCommand,
    BookingEvent,
    BookingError
);
