//! Why a start cannot be had.

use jiff::Timestamp;

use crate::{
    desk::Desk,
    id::Id,
    staff::Staff,
    time::{Minutes, Span},
};

/// The start asked for cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unavailable {
    /// At which of the services in a row it fails, counted from 0.
    pub step: usize,
    /// For whom: the one asked for, or of several the one who came nearest.
    pub staff_id: Option<Id<Staff>>,
    /// Why.
    pub why: Refusal,
}

/// What stands in the way of a start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody does this service.
    #[error("nobody does this service")]
    Nobody,
    /// No desk serves it, or only desks whose operator is somebody else.
    #[error("there is no desk for it")]
    NoDesk,
    /// The start's local date was not asked for.
    #[error("the start lies outside the dates asked for")]
    OtherDate,
    /// Less than the minimum notice ahead, or gone by.
    #[error("the start must not be before {earliest}")]
    TooSoon {
        /// The first start that is far enough ahead.
        earliest: Timestamp,
    },
    /// Nobody is at work then.
    #[error("the start lies outside working hours")]
    OutsideHours,
    /// It would not be done by the end of the working hours.
    #[error("it would end after working hours do, at {until}")]
    PastHours {
        /// When they end.
        until: Timestamp,
    },
    /// The house is closed, or the day is a closure.
    #[error("the house is closed from {} to {}", during.start(), during.end())]
    HouseClosed {
        /// The closed time that it runs into.
        during: Span,
    },
    /// The staff member is away.
    #[error("the staff member is away from {} to {}", during.start(), during.end())]
    Away {
        /// The absence that it runs into, together with those that touch it.
        during: Span,
    },
    /// The desk may not be used then.
    #[error("the desk is closed from {} to {}", during.start(), during.end())]
    DeskClosed {
        /// Which.
        desk_id: Id<Desk>,
        /// The closed time that it runs into.
        during: Span,
    },
    /// Between two starts of the grid.
    #[error("starts are every {step} here")]
    OffGrid {
        /// From one start to the next.
        step: Minutes,
    },
    /// The staff member is busy.
    #[error("the time from {} to {} is taken", during.start(), during.end())]
    Busy {
        /// The busy time that it runs into, together with what touches it.
        during: Span,
    },
    /// Every seat of the desk is taken.
    #[error("the desk is taken from {} to {}", during.start(), during.end())]
    DeskBusy {
        /// Which.
        desk_id: Id<Desk>,
        /// The time in which no seat is free.
        during: Span,
    },
}

impl Refusal {
    /// Whether the time is fit but somebody else has it: answered with 409 `slot_taken` rather than 422.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::DeskBusy { .. })
    }
}

impl Refusal {
    /// How near it came to a slot: of several people, the one who came nearest tells why not.
    pub(super) const fn nearness(&self) -> u8 {
        match self {
            Self::Nobody | Self::NoDesk => 0,
            Self::OtherDate | Self::TooSoon { .. } => 1,
            Self::OutsideHours => 2,
            Self::PastHours { .. } => 3,
            Self::HouseClosed { .. } | Self::Away { .. } | Self::DeskClosed { .. } => 4,
            Self::OffGrid { .. } => 5,
            Self::Busy { .. } | Self::DeskBusy { .. } => 6,
        }
    }
}

impl Unavailable {
    /// The field of the request at fault, inside that of the service for a visit.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self.why {
            Refusal::Nobody => "staff_id",
            Refusal::NoDesk | Refusal::DeskClosed { .. } | Refusal::DeskBusy { .. } => "desk_id",
            Refusal::OtherDate
            | Refusal::TooSoon { .. }
            | Refusal::OutsideHours
            | Refusal::PastHours { .. }
            | Refusal::HouseClosed { .. }
            | Refusal::Away { .. }
            | Refusal::OffGrid { .. }
            | Refusal::Busy { .. } => "start",
        }
    }
}
