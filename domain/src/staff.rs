//! A staff member: what they do, when they work, when they are away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    contact::{Email, Phone},
    hours::{SlotGrid, WorkingHours},
    id::{self, Id},
    sealed::Sealed,
    service::Service,
    text::{FreeText, PersonName},
    time::{LocalSpan, Minutes},
};

/// What can have happened to a staff member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StaffEvent {
    /// They began to take bookings.
    Joined(Member),
    /// Their name or contacts changed.
    DetailsChanged {
        /// What they are called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Sealed<PersonName>>>,
        /// Their e-mail.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Change<Option<Sealed<Email>>>>,
        /// Their phone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<Change<Option<Sealed<Phone>>>>,
    },
    /// When they work changed.
    WorkingHoursSet {
        /// Before; none: the hours of the house.
        from: Option<WorkingHours>,
        /// After.
        to: Option<WorkingHours>,
    },
    /// Where their slots begin changed.
    SlotIntervalSet {
        /// Before.
        from: Grid,
        /// After.
        to: Grid,
    },
    /// What they do changed.
    ServicesAssigned {
        /// Before.
        from: Vec<Id<Service>>,
        /// After.
        to: Vec<Id<Service>>,
    },
    /// They will be away.
    AbsencePlanned {
        /// Which absence.
        absence_id: Id<id::Absence>,
        /// Why, in one word.
        kind: AbsenceKind,
        /// When, by the wall clock.
        span: LocalSpan,
        /// More about it.
        note: Option<Sealed<FreeText>>,
    },
    /// They will be there after all.
    AbsenceCancelled {
        /// Which absence.
        absence_id: Id<id::Absence>,
    },
    /// They no longer take bookings.
    Left {},
    /// Their calendar can be seen by whoever has the feed's address; an older address leads nowhere.
    CalendarFeedOpened {
        /// Which feed.
        feed_id: Id<id::Feed>,
    },
    /// It can no longer.
    CalendarFeedClosed {},
}

/// All that is told of a staff member when they join.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// What they are called.
    pub name: Sealed<PersonName>,
    /// Their e-mail.
    pub email: Option<Sealed<Email>>,
    /// Their phone.
    pub phone: Option<Sealed<Phone>>,
    /// Where their slots begin.
    pub grid: Grid,
    /// What they do.
    pub service_ids: Vec<Id<Service>>,
    /// When they work; none: the hours of the house.
    pub working_hours: Option<WorkingHours>,
}

/// Where slots begin (API §8, rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grid {
    /// Minutes from one start to the next. 1..=1,440.
    pub slot_interval_min: Minutes,
    /// What the steps count from.
    pub slot_grid: SlotGrid,
}

/// Why somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AbsenceKind {
    /// On holiday.
    Vacation,
    /// Ill.
    Sick,
    /// Anything else.
    Other,
}

/// What may be asked of a staff member.
#[derive(Debug, Clone, PartialEq)]
pub enum StaffCommand {
    /// Begin to take bookings.
    Join(Member),
    /// Change some of what is told of them.
    Change(StaffWanted),
    /// Set when they work; none: the hours of the house.
    SetWorkingHours(Option<WorkingHours>),
    /// Plan an absence.
    PlanAbsence {
        /// Its new id.
        absence_id: Id<id::Absence>,
        /// Why, in one word.
        kind: AbsenceKind,
        /// When.
        span: LocalSpan,
        /// More about it.
        note: Option<Sealed<FreeText>>,
    },
    /// Be there after all.
    CancelAbsence(Id<id::Absence>),
    /// Stop taking bookings for good.
    Leave,
    /// Open their calendar feed, at another address than before.
    OpenFeed(Id<id::Feed>),
    /// Close it.
    CloseFeed,
}

/// What is to be; none: as it is. Names and contacts are compared by the caller, who can open them.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `Member`")]
pub struct StaffWanted {
    pub name: Option<Sealed<PersonName>>,
    pub email: Option<Option<Sealed<Email>>>,
    pub phone: Option<Option<Sealed<Phone>>>,
    pub slot_interval_min: Option<Minutes>,
    pub slot_grid: Option<SlotGrid>,
    pub service_ids: Option<Vec<Id<Service>>>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StaffError {
    /// There is no such staff member.
    #[error("there is no such staff member")]
    NotJoined,
    /// They joined before.
    #[error("the staff member has joined already")]
    AlreadyJoined,
    /// They no longer take bookings.
    #[error("the staff member has left")]
    Left,
    /// The slot interval lies outside its range.
    #[error("must lie between 1 and 1440 minutes")]
    SlotInterval,
    /// There is no such absence.
    #[error("there is no such absence")]
    NoSuchAbsence,
}

/// A staff member as their events leave them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Staff {
    /// None until they join.
    pub member: Option<Member>,
    /// Planned absences, past ones too.
    pub absences: BTreeMap<Id<id::Absence>, Absence>,
    /// They no longer take bookings.
    pub left: bool,
    /// Whose address leads to their calendar; none: none does.
    #[serde(default)]
    pub feed: Option<Id<id::Feed>>,
}

/// A planned absence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Absence {
    /// Why, in one word.
    pub kind: AbsenceKind,
    /// When, by the wall clock.
    pub span: LocalSpan,
    /// More about it.
    pub note: Option<Sealed<FreeText>>,
}

impl Staff {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: StaffCommand) -> Result<Vec<StaffEvent>, StaffError> {
        match command {
            StaffCommand::Join(member) => self.join(member),
            StaffCommand::Change(to) => self.change(&to),
            StaffCommand::SetWorkingHours(to) => {
                let from = self.working()?.working_hours.clone();
                Ok(if from == to {
                    vec![]
                } else {
                    vec![StaffEvent::WorkingHoursSet { from, to }]
                })
            }
            StaffCommand::PlanAbsence {
                absence_id,
                kind,
                span,
                note,
            } => {
                self.working()?;
                Ok(vec![StaffEvent::AbsencePlanned {
                    absence_id,
                    kind,
                    span,
                    note,
                }])
            }
            StaffCommand::CancelAbsence(absence_id) => {
                self.member.as_ref().ok_or(StaffError::NotJoined)?;
                self.absences
                    .get(&absence_id)
                    .ok_or(StaffError::NoSuchAbsence)?;
                Ok(vec![StaffEvent::AbsenceCancelled { absence_id }])
            }
            StaffCommand::OpenFeed(feed_id) => {
                self.working()?;
                Ok(vec![StaffEvent::CalendarFeedOpened { feed_id }])
            }
            StaffCommand::CloseFeed => {
                self.member.as_ref().ok_or(StaffError::NotJoined)?;
                Ok(if self.feed.is_some() {
                    vec![StaffEvent::CalendarFeedClosed {}]
                } else {
                    vec![]
                })
            }
            StaffCommand::Leave => {
                self.member.as_ref().ok_or(StaffError::NotJoined)?;
                Ok(if self.left {
                    vec![]
                } else {
                    vec![StaffEvent::Left {}]
                })
            }
        }
    }

    /// The member, while they take bookings.
    ///
    /// # Errors
    /// When there is none, or they left.
    pub fn working(&self) -> Result<&Member, StaffError> {
        let member = self.member.as_ref().ok_or(StaffError::NotJoined)?;
        if self.left {
            Err(StaffError::Left)
        } else {
            Ok(member)
        }
    }

    fn join(&self, member: Member) -> Result<Vec<StaffEvent>, StaffError> {
        if self.member.is_some() {
            return Err(StaffError::AlreadyJoined);
        }
        member.grid.check()?;
        Ok(vec![StaffEvent::Joined(member)])
    }

    fn change(&self, to: &StaffWanted) -> Result<Vec<StaffEvent>, StaffError> {
        let now = self.working()?;
        let mut events = vec![];
        let name = Change::asked(&now.name, to.name.as_ref());
        let email = Change::asked(&now.email, to.email.as_ref());
        let phone = Change::asked(&now.phone, to.phone.as_ref());
        if name.is_some() || email.is_some() || phone.is_some() {
            events.push(StaffEvent::DetailsChanged { name, email, phone });
        }
        let grid = Grid {
            slot_interval_min: to.slot_interval_min.unwrap_or(now.grid.slot_interval_min),
            slot_grid: to.slot_grid.unwrap_or(now.grid.slot_grid),
        };
        grid.check()?;
        if let Some(Change { from, to }) = Change::asked(&now.grid, Some(&grid)) {
            events.push(StaffEvent::SlotIntervalSet { from, to });
        }
        if let Some(Change { from, to }) = Change::asked(&now.service_ids, to.service_ids.as_ref())
        {
            events.push(StaffEvent::ServicesAssigned { from, to });
        }
        Ok(events)
    }

    fn remember(&mut self, event: StaffEvent) {
        if let StaffEvent::Joined(member) = event {
            self.member = Some(member);
            return;
        }
        let Some(member) = &mut self.member else {
            return;
        };
        match event {
            StaffEvent::Joined(_) => {}
            StaffEvent::DetailsChanged { name, email, phone } => {
                Change::put(name.as_ref(), &mut member.name);
                Change::put(email.as_ref(), &mut member.email);
                Change::put(phone.as_ref(), &mut member.phone);
            }
            StaffEvent::WorkingHoursSet { to, .. } => member.working_hours = to,
            StaffEvent::SlotIntervalSet { to, .. } => member.grid = to,
            StaffEvent::ServicesAssigned { to, .. } => member.service_ids = to,
            StaffEvent::AbsencePlanned {
                absence_id,
                kind,
                span,
                note,
            } => {
                self.absences
                    .insert(absence_id, Absence { kind, span, note });
            }
            StaffEvent::AbsenceCancelled { absence_id } => {
                self.absences.remove(&absence_id);
            }
            StaffEvent::Left {} => self.left = true,
            StaffEvent::CalendarFeedOpened { feed_id } => self.feed = Some(feed_id),
            StaffEvent::CalendarFeedClosed {} => self.feed = None,
        }
    }
}

impl Grid {
    fn check(self) -> Result<(), StaffError> {
        if (1..=1_440).contains(&self.slot_interval_min.get()) {
            Ok(())
        } else {
            Err(StaffError::SlotInterval)
        }
    }
}

bridge!(Staff, "staff", StaffCommand, StaffEvent, StaffError);

mod revert;
#[cfg(test)]
mod specs;
