//! A desk: any place or equipment that serves, with room for one or several at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    hours::WorkingHours,
    id::{self, Id},
    service::Service,
    staff::Staff,
    text::{Description, Label},
    time::LocalSpan,
};

/// What can have happened to a desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeskEvent {
    /// It was set up.
    Added(Place),
    /// Its name, number, description or capacity changed.
    DetailsChanged {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Label>>,
        /// Its number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Change<Option<Label>>>,
        /// What it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Change<Option<Description>>>,
        /// How many it serves at a time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<Change<u16>>,
    },
    /// When it serves changed.
    HoursSet {
        /// Before; none: whenever somebody works.
        from: Option<WorkingHours>,
        /// After.
        to: Option<WorkingHours>,
    },
    /// What is done at it changed.
    ServicesAssigned {
        /// Before.
        from: Vec<Id<Service>>,
        /// After.
        to: Vec<Id<Service>>,
    },
    /// Who works it changed.
    OperatorAssigned {
        /// Before; none: anybody.
        from: Option<Id<Staff>>,
        /// After.
        to: Option<Id<Staff>>,
    },
    /// It is out of use until it is opened again.
    Closed {},
    /// It is in use again.
    Opened {},
    /// It will be out of use for a while.
    HolidayPlanned {
        /// Which holiday.
        holiday_id: Id<id::Holiday>,
        /// When, by the wall clock.
        span: LocalSpan,
    },
    /// It will be in use after all.
    HolidayCancelled {
        /// Which holiday.
        holiday_id: Id<id::Holiday>,
    },
    /// It was taken away for good.
    Retired {},
}

/// All that is told of a desk when it is added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// What it is called.
    pub name: Label,
    /// Its number.
    pub number: Option<Label>,
    /// What it is.
    pub description: Option<Description>,
    /// How many it serves at a time. 1..=500.
    pub capacity: u16,
    /// What is done at it. A service that no desk names needs none.
    pub service_ids: Vec<Id<Service>>,
    /// Who alone works it; none: anybody.
    pub operator_id: Option<Id<Staff>>,
    /// When it serves; none: whenever somebody works.
    pub working_hours: Option<WorkingHours>,
}

/// What may be asked of a desk.
#[derive(Debug, Clone, PartialEq)]
pub enum DeskCommand {
    /// Set it up.
    Add(Place),
    /// Change some of it.
    Change(DeskWanted),
    /// Take it out of use.
    Close,
    /// Bring it back.
    Open,
    /// Plan a holiday.
    PlanHoliday {
        /// Its new id.
        holiday_id: Id<id::Holiday>,
        /// When.
        span: LocalSpan,
    },
    /// Cancel a holiday.
    CancelHoliday(Id<id::Holiday>),
    /// Take it away for good.
    Retire,
}

/// What is to be; none: as it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `Place`")]
pub struct DeskWanted {
    pub name: Option<Label>,
    pub number: Option<Option<Label>>,
    pub description: Option<Option<Description>>,
    pub capacity: Option<u16>,
    pub service_ids: Option<Vec<Id<Service>>>,
    pub operator_id: Option<Option<Id<Staff>>>,
    pub working_hours: Option<Option<WorkingHours>>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeskError {
    /// There is no such desk.
    #[error("there is no such desk")]
    NotAdded,
    /// It was added before.
    #[error("the desk is there already")]
    AlreadyAdded,
    /// It was taken away.
    #[error("the desk was retired")]
    Retired,
    /// The capacity lies outside its range.
    #[error("must lie between 1 and {MOST}")]
    Capacity,
    /// There is no such holiday.
    #[error("there is no such holiday")]
    NoSuchHoliday,
}

/// The largest capacity of a desk.
pub const MOST: u16 = 500;

/// A desk as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// None until it is added.
    pub place: Option<Place>,
    /// Planned holidays, past ones too.
    pub holidays: BTreeMap<Id<id::Holiday>, LocalSpan>,
    /// Out of use for now.
    pub closed: bool,
    /// Taken away.
    pub retired: bool,
}

impl Desk {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: DeskCommand) -> Result<Vec<DeskEvent>, DeskError> {
        match command {
            DeskCommand::Add(place) => self.add(place),
            DeskCommand::Change(to) => self.change(&to),
            DeskCommand::Close => {
                self.standing()?;
                Ok(if self.closed {
                    vec![]
                } else {
                    vec![DeskEvent::Closed {}]
                })
            }
            DeskCommand::Open => {
                self.standing()?;
                Ok(if self.closed {
                    vec![DeskEvent::Opened {}]
                } else {
                    vec![]
                })
            }
            DeskCommand::PlanHoliday { holiday_id, span } => {
                self.standing()?;
                Ok(vec![DeskEvent::HolidayPlanned { holiday_id, span }])
            }
            DeskCommand::CancelHoliday(holiday_id) => {
                self.standing()?;
                self.holidays
                    .get(&holiday_id)
                    .ok_or(DeskError::NoSuchHoliday)?;
                Ok(vec![DeskEvent::HolidayCancelled { holiday_id }])
            }
            DeskCommand::Retire => {
                self.place.as_ref().ok_or(DeskError::NotAdded)?;
                Ok(if self.retired {
                    vec![]
                } else {
                    vec![DeskEvent::Retired {}]
                })
            }
        }
    }

    /// The place, until it is taken away.
    ///
    /// # Errors
    /// When there is none, or it was retired.
    pub fn standing(&self) -> Result<&Place, DeskError> {
        let place = self.place.as_ref().ok_or(DeskError::NotAdded)?;
        if self.retired {
            Err(DeskError::Retired)
        } else {
            Ok(place)
        }
    }

    fn add(&self, place: Place) -> Result<Vec<DeskEvent>, DeskError> {
        if self.place.is_some() {
            return Err(DeskError::AlreadyAdded);
        }
        check_capacity(place.capacity)?;
        Ok(vec![DeskEvent::Added(place)])
    }

    fn change(&self, to: &DeskWanted) -> Result<Vec<DeskEvent>, DeskError> {
        let now = self.standing()?;
        let mut events = vec![];
        let name = Change::asked(&now.name, to.name.as_ref());
        let number = Change::asked(&now.number, to.number.as_ref());
        let description = Change::asked(&now.description, to.description.as_ref());
        let capacity = Change::asked(&now.capacity, to.capacity.as_ref());
        if let Some(change) = &capacity {
            check_capacity(change.to)?;
        }
        if name.is_some() || number.is_some() || description.is_some() || capacity.is_some() {
            events.push(DeskEvent::DetailsChanged {
                name,
                number,
                description,
                capacity,
            });
        }
        if let Some(Change { from, to }) =
            Change::asked(&now.working_hours, to.working_hours.as_ref())
        {
            events.push(DeskEvent::HoursSet { from, to });
        }
        if let Some(Change { from, to }) = Change::asked(&now.service_ids, to.service_ids.as_ref())
        {
            events.push(DeskEvent::ServicesAssigned { from, to });
        }
        if let Some(Change { from, to }) = Change::asked(&now.operator_id, to.operator_id.as_ref())
        {
            events.push(DeskEvent::OperatorAssigned { from, to });
        }
        Ok(events)
    }

    fn remember(&mut self, event: DeskEvent) {
        if let DeskEvent::Added(place) = event {
            self.place = Some(place);
            return;
        }
        let Some(place) = &mut self.place else { return };
        match event {
            DeskEvent::Added(_) => {}
            DeskEvent::DetailsChanged {
                name,
                number,
                description,
                capacity,
            } => {
                Change::put(name.as_ref(), &mut place.name);
                Change::put(number.as_ref(), &mut place.number);
                Change::put(description.as_ref(), &mut place.description);
                Change::put(capacity.as_ref(), &mut place.capacity);
            }
            DeskEvent::HoursSet { to, .. } => place.working_hours = to,
            DeskEvent::ServicesAssigned { to, .. } => place.service_ids = to,
            DeskEvent::OperatorAssigned { to, .. } => place.operator_id = to,
            DeskEvent::Closed {} => self.closed = true,
            DeskEvent::Opened {} => self.closed = false,
            DeskEvent::HolidayPlanned { holiday_id, span } => {
                self.holidays.insert(holiday_id, span);
            }
            DeskEvent::HolidayCancelled { holiday_id } => {
                self.holidays.remove(&holiday_id);
            }
            DeskEvent::Retired {} => self.retired = true,
        }
    }
}

const fn check_capacity(capacity: u16) -> Result<(), DeskError> {
    if capacity >= 1 && capacity <= MOST {
        Ok(())
    } else {
        Err(DeskError::Capacity)
    }
}

bridge!(Desk, "desk", DeskCommand, DeskEvent, DeskError);

mod revert;
#[cfg(test)]
mod specs;
