//! A session: one date of a class. It exists, and takes its staff member's and desk's time, before anybody has a seat.
//!
//! Who has a seat stands in bookings; how many are left, the ledger's claims tell.

use jiff::{Timestamp, civil::DateTime};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    booking::{Claim, Joints, Plan, TimeTaken},
    bridge::bridge,
    class::Class,
    desk::Desk,
    id::Id,
    money::Money,
    sealed::Sealed,
    service::{Service, Timing},
    staff::Staff,
    text::FreeText,
    time::Span,
};

/// The most seats of a session: so many bookings still move with it in one append.
pub const MOST_SEATS: u16 = 400;

/// What can have happened to a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SessionEvent {
    /// It was set down.
    Scheduled(Box<Schedule>),
    /// Its time, length, staff member or desk changed. The bookings of its seats say so too.
    Moved {
        /// Before.
        from: Box<Setting>,
        /// After.
        to: Box<Setting>,
    },
    /// It has more or fewer seats.
    CapacityChanged {
        /// Before.
        from: u16,
        /// After.
        to: u16,
    },
    /// It was called off. The bookings of its seats are cancelled too.
    Cancelled {
        /// When.
        at: Timestamp,
        /// How it came to that.
        cause: Cause,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
}

/// How a session came to be called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    /// Somebody did it: this date is not to be, whatever the timetable says.
    ByHand,
    /// The timetable has no such date any more.
    Timetable,
    /// The class ended.
    ClassEnded,
}

/// What is told of a session when it is set down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Schedule {
    /// Of which class.
    pub class_id: Id<Class>,
    /// The date of the timetable that it stands for, by the wall clock; none: a date beside the timetable.
    pub timetabled: Option<DateTime>,
    /// When, by whom, where.
    pub setting: Setting,
    /// How many seats it has. 1..=400.
    pub capacity: u16,
}

/// When a session is, what is done in it, by whom and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setting {
    /// What is done.
    pub service_id: Id<Service>,
    /// By whom.
    pub staff_id: Id<Staff>,
    /// Where; none if it needs no desk.
    pub desk_id: Option<Id<Desk>>,
    /// When it begins.
    pub start: Timestamp,
    /// How long it takes, and what is kept free around it.
    pub timing: Timing,
}

/// What may be asked of a session. Whether its seats are taken was looked at before, and is looked at again by the
/// ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionCommand {
    /// Set it down.
    Schedule(Box<Schedule>),
    /// Give it another time, length, staff member or desk.
    Move(Box<Setting>),
    /// Give it more or fewer seats.
    ChangeCapacity(u16),
    /// Call it off.
    Cancel {
        /// When.
        at: Timestamp,
        /// How it comes to that.
        cause: Cause,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// There is no such session.
    #[error("there is no such session")]
    NotScheduled,
    /// It was set down before.
    #[error("the session exists already")]
    AlreadyScheduled,
    /// It was called off.
    #[error("the session was cancelled")]
    Cancelled,
    /// The number of seats lies outside its range.
    #[error("must lie between 1 and {MOST_SEATS}")]
    Capacity,
}

/// A session as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// None until it is set down.
    pub schedule: Option<Schedule>,
    /// It was moved by hand: it no longer follows its class.
    pub moved: bool,
    /// Called off.
    pub cancelled: Option<CalledOff>,
}

/// How and why a session was called off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalledOff {
    /// When.
    pub at: Timestamp,
    /// How it came to that.
    pub cause: Cause,
    /// Why.
    pub reason: Option<Sealed<FreeText>>,
}

impl Session {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: SessionCommand) -> Result<Vec<SessionEvent>, SessionError> {
        match command {
            SessionCommand::Schedule(schedule) => self.set_down(schedule),
            SessionCommand::Move(to) => self.relocate(to),
            SessionCommand::ChangeCapacity(to) => self.change_capacity(to),
            SessionCommand::Cancel { at, cause, reason } => {
                self.schedule.as_ref().ok_or(SessionError::NotScheduled)?;
                Ok(if self.cancelled.is_some() {
                    vec![]
                } else {
                    vec![SessionEvent::Cancelled { at, cause, reason }]
                })
            }
        }
    }

    /// What is set down, unless it was called off.
    ///
    /// # Errors
    /// When there is none, or it was cancelled.
    pub fn standing(&self) -> Result<&Schedule, SessionError> {
        let schedule = self.schedule.as_ref().ok_or(SessionError::NotScheduled)?;
        if self.cancelled.is_some() {
            Err(SessionError::Cancelled)
        } else {
            Ok(schedule)
        }
    }

    /// The time that it takes of its staff member and desk: theirs is taken whole, whoever comes.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        self.standing()
            .map_or_else(|_| vec![], |schedule| schedule.setting.claims())
    }

    fn set_down(&self, schedule: Box<Schedule>) -> Result<Vec<SessionEvent>, SessionError> {
        if self.schedule.is_some() {
            return Err(SessionError::AlreadyScheduled);
        }
        check_seats(schedule.capacity)?;
        Ok(vec![SessionEvent::Scheduled(schedule)])
    }

    fn relocate(&self, to: Box<Setting>) -> Result<Vec<SessionEvent>, SessionError> {
        let now = &self.standing()?.setting;
        Ok(if *now == *to {
            vec![]
        } else {
            vec![SessionEvent::Moved {
                from: Box::new(now.clone()),
                to,
            }]
        })
    }

    fn change_capacity(&self, to: u16) -> Result<Vec<SessionEvent>, SessionError> {
        let from = self.standing()?.capacity;
        check_seats(to)?;
        Ok(if from == to {
            vec![]
        } else {
            vec![SessionEvent::CapacityChanged { from, to }]
        })
    }

    fn remember(&mut self, event: SessionEvent) {
        if let SessionEvent::Scheduled(schedule) = event {
            self.schedule = Some(*schedule);
            return;
        }
        let Some(schedule) = &mut self.schedule else {
            return;
        };
        match event {
            SessionEvent::Scheduled(_) => {}
            SessionEvent::Moved { from, to } => {
                // Who alone is replaced follows the class still; another time is this date's own.
                self.moved |= from.start != to.start || from.timing != to.timing;
                schedule.setting = *to;
            }
            SessionEvent::CapacityChanged { to, .. } => schedule.capacity = to,
            SessionEvent::Cancelled { at, cause, reason } => {
                self.cancelled = Some(CalledOff { at, cause, reason });
            }
        }
    }
}

impl Setting {
    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.taken().end()
    }

    /// From start to end, without buffers.
    #[must_use]
    pub fn span(&self) -> Span {
        self.taken().span()
    }

    /// What is agreed with somebody who takes a seat.
    #[must_use]
    pub fn seat(&self, session_id: Id<Session>, price: Money) -> Plan {
        Plan {
            service_id: Some(self.service_id),
            staff_id: Some(self.staff_id),
            desk_id: self.desk_id,
            start: self.start,
            hour_unknown: false,
            // What is kept free around it, the session keeps.
            timing: Timing::plain(self.timing.duration_min),
            joints: Joints::default(),
            price,
            session_id: Some(session_id),
        }
    }

    /// The time that it takes of its staff member and desk, whoever comes.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        self.taken().claims(Some(self.staff_id), self.desk_id)
    }

    fn taken(&self) -> TimeTaken {
        TimeTaken {
            start: self.start,
            timing: self.timing,
            joints: Joints::default(),
        }
    }
}

/// Whether a session can have so many seats.
///
/// # Errors
/// When it cannot.
pub const fn check_seats(capacity: u16) -> Result<(), SessionError> {
    if capacity >= 1 && capacity <= MOST_SEATS {
        Ok(())
    } else {
        Err(SessionError::Capacity)
    }
}

bridge!(
    Session,
    "session",
    SessionCommand,
    SessionEvent,
    SessionError
);

#[cfg(test)]
mod specs;
