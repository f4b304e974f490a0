//! A class: what is held again and again for several clients at once, and by which timetable.
//!
//! Its dates are streams of their own ([`crate::session`]); here stands how far the timetable has been made into them.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    desk::Desk,
    id::Id,
    recurrence::Rule,
    service::{LONGEST_MIN, Service},
    session::{MOST_SEATS, check_seats},
    staff::Staff,
    text::Label,
    time::{Minutes, Zone},
};

/// The most exceptions of a timetable.
pub const MOST_EXCEPTIONS: usize = 500;

/// What can have happened to a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClassEvent {
    /// It came onto the timetable.
    Timetabled(Box<Offered>),
    /// Its name, staff member, desk, capacity or timetable changed. What that means for its sessions, they say.
    Changed(Box<Changed>),
    /// Sessions were set down by the timetable.
    SessionsScheduled {
        /// Up to this moment by the wall clock, inclusive; later dates are still to come.
        through: DateTime,
        /// How many.
        sessions: u32,
        /// Dates of the timetable that were left out, for the time was not free.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skipped: Vec<DateTime>,
    },
    /// It ended: no further sessions are set down.
    Retired {},
}

/// All that is told of a class when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offered {
    /// What it is called; none: as its service.
    pub name: Option<Label>,
    /// What is done.
    pub service_id: Id<Service>,
    /// By whom.
    pub staff_id: Id<Staff>,
    /// Where; none if it needs no desk.
    pub desk_id: Option<Id<Desk>>,
    /// How many seats its sessions have. 1..=400.
    pub capacity: u16,
    /// When.
    pub timetable: Timetable,
}

/// When the sessions of a class are, by the wall clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timetable {
    /// Again and again by this rule.
    pub rrule: Rule,
    /// From here on.
    pub start: DateTime,
    /// How long.
    pub duration_min: Minutes,
    /// But not on these dates.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exceptions: BTreeSet<Date>,
}

/// What changed of a class; none: nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[expect(missing_docs, reason = "each field is told in `Offered`")]
pub struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<Option<Label>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<Change<Id<Staff>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk_id: Option<Change<Option<Id<Desk>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Change<u16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timetable: Option<Change<Timetable>>,
}

/// What may be asked of a class.
#[derive(Debug, Clone, PartialEq)]
pub enum ClassCommand {
    /// Begin it.
    Timetable(Box<Offered>),
    /// Change some of it.
    Change(Box<Wanted>),
    /// Write down how far its timetable has been made into sessions.
    ScheduleSessions {
        /// Up to this moment by the wall clock.
        through: DateTime,
        /// How many.
        sessions: u32,
        /// Dates that were left out.
        skipped: Vec<DateTime>,
    },
    /// End it.
    Retire,
}

/// What is to be; none: as it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `Offered`")]
pub struct Wanted {
    pub name: Option<Option<Label>>,
    pub staff_id: Option<Id<Staff>>,
    pub desk_id: Option<Option<Id<Desk>>>,
    pub capacity: Option<u16>,
    pub timetable: Option<Timetable>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClassError {
    /// There is no such class.
    #[error("there is no such class")]
    NotTimetabled,
    /// It was begun before.
    #[error("the class exists already")]
    AlreadyTimetabled,
    /// It ended.
    #[error("the class has ended")]
    Retired,
    /// The number of seats lies outside its range.
    #[error("must lie between 1 and {MOST_SEATS}")]
    Capacity,
    /// The length of a session lies outside its range.
    #[error("must lie between 1 and {LONGEST_MIN} minutes")]
    Length,
    /// More exceptions than a timetable may have.
    #[error("at most {MOST_EXCEPTIONS}")]
    Exceptions,
}

/// A class as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// None until it begins.
    pub offered: Option<Offered>,
    /// How far its timetable has been made into sessions.
    pub through: Option<DateTime>,
    /// Dates of the timetable that were left out, for the time was not free.
    pub skipped: BTreeSet<DateTime>,
    /// It ended.
    pub retired: bool,
}

impl Class {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: ClassCommand) -> Result<Vec<ClassEvent>, ClassError> {
        match command {
            ClassCommand::Timetable(offered) => {
                if self.offered.is_some() {
                    return Err(ClassError::AlreadyTimetabled);
                }
                offered.check()?;
                Ok(vec![ClassEvent::Timetabled(offered)])
            }
            ClassCommand::Change(to) => self.change(&to),
            ClassCommand::ScheduleSessions {
                through,
                sessions,
                skipped,
            } => {
                self.standing()?;
                let ahead = self.through.is_none_or(|before| before < through);
                Ok(if ahead || sessions > 0 {
                    vec![ClassEvent::SessionsScheduled {
                        through,
                        sessions,
                        skipped,
                    }]
                } else {
                    vec![]
                })
            }
            ClassCommand::Retire => {
                self.offered.as_ref().ok_or(ClassError::NotTimetabled)?;
                Ok(if self.retired {
                    vec![]
                } else {
                    vec![ClassEvent::Retired {}]
                })
            }
        }
    }

    /// The class, until it ends.
    ///
    /// # Errors
    /// When there is none, or it has ended.
    pub fn standing(&self) -> Result<&Offered, ClassError> {
        let offered = self.offered.as_ref().ok_or(ClassError::NotTimetabled)?;
        if self.retired {
            Err(ClassError::Retired)
        } else {
            Ok(offered)
        }
    }

    fn change(&self, to: &Wanted) -> Result<Vec<ClassEvent>, ClassError> {
        let now = self.standing()?;
        let changed = Changed {
            name: Change::asked(&now.name, to.name.as_ref()),
            staff_id: Change::asked(&now.staff_id, to.staff_id.as_ref()),
            desk_id: Change::asked(&now.desk_id, to.desk_id.as_ref()),
            capacity: Change::asked(&now.capacity, to.capacity.as_ref()),
            timetable: Change::asked(&now.timetable, to.timetable.as_ref()),
        };
        if changed == Changed::default() {
            return Ok(vec![]);
        }
        let mut after = now.clone();
        after.remember(&changed);
        after.check()?;
        Ok(vec![ClassEvent::Changed(Box::new(changed))])
    }

    fn remember(&mut self, event: ClassEvent) {
        if let ClassEvent::Timetabled(offered) = event {
            self.offered = Some(*offered);
            return;
        }
        let Some(offered) = &mut self.offered else {
            return;
        };
        match event {
            ClassEvent::Timetabled(_) => {}
            ClassEvent::Changed(changed) => {
                if changed.timetable.is_some() {
                    // The new one has not been made into sessions yet.
                    self.through = None;
                    self.skipped.clear();
                }
                offered.remember(&changed);
            }
            ClassEvent::SessionsScheduled {
                through, skipped, ..
            } => {
                self.through = Some(through);
                self.skipped.extend(skipped);
            }
            ClassEvent::Retired {} => self.retired = true,
        }
    }
}

impl Offered {
    fn check(&self) -> Result<(), ClassError> {
        check_seats(self.capacity).map_err(|_| ClassError::Capacity)?;
        if !(1..=LONGEST_MIN).contains(&self.timetable.duration_min.get()) {
            return Err(ClassError::Length);
        }
        if self.timetable.exceptions.len() > MOST_EXCEPTIONS {
            return Err(ClassError::Exceptions);
        }
        Ok(())
    }

    fn remember(&mut self, changed: &Changed) {
        Change::put(changed.name.as_ref(), &mut self.name);
        Change::put(changed.staff_id.as_ref(), &mut self.staff_id);
        Change::put(changed.desk_id.as_ref(), &mut self.desk_id);
        Change::put(changed.capacity.as_ref(), &mut self.capacity);
        Change::put(changed.timetable.as_ref(), &mut self.timetable);
    }
}

impl Timetable {
    /// The dates that it names from `from` to `to`, by the wall clock, exceptions left out; `most` at most.
    #[must_use]
    pub fn dates(&self, zone: &Zone, from: DateTime, to: DateTime, most: usize) -> Vec<DateTime> {
        let mut dates = self.rrule.dates(self.start, zone, from, to, usize::MAX);
        dates.retain(|date| !self.exceptions.contains(&date.date()));
        dates.truncate(most);
        dates
    }
}

bridge!(Class, "class", ClassCommand, ClassEvent, ClassError);

#[cfg(test)]
mod specs;
