//! A segment: clients who have something in common, said as a filter and found anew each time it is asked.

mod filter;
mod parameters;
mod period;
mod reading;
mod ready_made;
mod windows;

#[cfg(test)]
mod specs;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

pub use self::{
    filter::{
        Absent, Amount, AverageReceipt, Birthday, Bookings, By, Condition, Consents, DayRange,
        Filter, Frequency, HourRange, IntervalOverdue, Kind, Languages, Lapsed, LateCancellations,
        LeadTime, Month, OnlineShare, PercentRange, PreferredService, PreferredStaff, Range,
        Sources, Spent, SpentBound, Tags, Tally, Text, When,
    },
    period::{Begun, Instants, Period},
    reading::{BadFilter, FilterFault, MOST_CONDITIONS, MOST_ITEMS, MOST_LEVELS},
    ready_made::ReadyMade,
};
use crate::{bridge::bridge, change::Change, sealed::Sealed, text::Label};

/// What can have happened to a segment. Filters are sealed under a key of the segment's own: words that are looked for
/// may be anybody's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SegmentEvent {
    /// It was given a name.
    Saved(Box<Saying>),
    /// It is called otherwise, or holds others.
    Changed {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Label>>,
        /// Whom it holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<Box<Change<Sealed<Filter>>>>,
    },
    /// It is no longer wanted.
    Dropped {},
}

/// What a segment says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Saying {
    /// What it is called.
    pub name: Label,
    /// Whom it holds.
    pub filter: Sealed<Filter>,
}

/// What may be asked of a segment.
#[derive(Debug, Clone, PartialEq)]
pub enum SegmentCommand {
    /// Begin it.
    Save(Box<Saying>),
    /// Change some of it; none: as it is. To find out what differs, its filter must be open.
    Change {
        /// What it is to be called.
        name: Option<Label>,
        /// Whom it is to hold.
        filter: Option<Box<Sealed<Filter>>>,
    },
    /// End it.
    Drop,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SegmentError {
    /// There is no such segment, or no longer.
    #[error("there is no such segment")]
    NotSaved,
    /// It was begun before.
    #[error("the segment exists already")]
    AlreadySaved,
}

/// A segment as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// None until it is saved.
    pub saying: Option<Saying>,
    /// It was dropped.
    pub dropped: bool,
}

impl Segment {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: SegmentCommand) -> Result<Vec<SegmentEvent>, SegmentError> {
        match command {
            SegmentCommand::Save(saying) => match self.saying {
                Some(_) => Err(SegmentError::AlreadySaved),
                None => Ok(vec![SegmentEvent::Saved(saying)]),
            },
            SegmentCommand::Change { name, filter } => {
                let now = self.standing()?;
                let name = Change::asked(&now.name, name.as_ref());
                let filter = Change::asked(&now.filter, filter.as_deref());
                if name.is_none() && filter.is_none() {
                    return Ok(vec![]);
                }
                let filter = filter.map(Box::new);
                Ok(vec![SegmentEvent::Changed { name, filter }])
            }
            SegmentCommand::Drop if self.dropped => Ok(vec![]),
            SegmentCommand::Drop => {
                self.standing()?;
                Ok(vec![SegmentEvent::Dropped {}])
            }
        }
    }

    /// What it says, until it is dropped.
    ///
    /// # Errors
    /// When there is none.
    pub fn standing(&self) -> Result<&Saying, SegmentError> {
        let saying = self.saying.as_ref().filter(|_| !self.dropped);
        saying.ok_or(SegmentError::NotSaved)
    }

    fn remember(&mut self, event: SegmentEvent) {
        match event {
            SegmentEvent::Saved(saying) => self.saying = Some(*saying),
            SegmentEvent::Changed { name, filter } => {
                if let Some(saying) = &mut self.saying {
                    Change::put(name.as_ref(), &mut saying.name);
                    Change::put(filter.as_deref(), &mut saying.filter);
                }
            }
            SegmentEvent::Dropped {} => self.dropped = true,
        }
    }
}

bridge!(
    Segment,
    "segment",
    SegmentCommand,
    SegmentEvent,
    SegmentError
);
