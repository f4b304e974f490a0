//! A service: what is done, how long it takes, what it costs, by whom it is done faster or dearer.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    hours::Processing,
    id::Id,
    money::Money,
    staff::Staff,
    text::{Color, Description, Label},
    time::Minutes,
};

/// What can have happened to a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ServiceEvent {
    /// It came onto the price list.
    Offered(Offer),
    /// Its name, colour or description changed.
    DetailsChanged {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Label>>,
        /// Its colour in the calendar.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        color: Option<Change<Option<Color>>>,
        /// What the booking page says of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Change<Option<Description>>>,
    },
    /// Its price changed. Bookings keep the price that was agreed.
    Repriced {
        /// Before.
        from: Money,
        /// After.
        to: Money,
    },
    /// How long it takes changed. Bookings keep the length that was agreed.
    DurationChanged {
        /// Before.
        from: Timing,
        /// After.
        to: Timing,
    },
    /// Who does it faster, slower, cheaper or dearer changed.
    PerStaffSet {
        /// Before.
        from: Vec<PerStaff>,
        /// After.
        to: Vec<PerStaff>,
    },
    /// It can be booked by everyone, by staff alone, or by nobody.
    StateChanged {
        /// Before.
        from: ServiceState,
        /// After.
        to: ServiceState,
    },
    /// It left the price list for good.
    Withdrawn {},
}

/// All that is told of a service when it is offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// What it is called.
    pub name: Label,
    /// How long it takes.
    pub timing: Timing,
    /// What it costs.
    pub price: Money,
    /// Who does it faster, slower, cheaper or dearer.
    pub per_staff: Vec<PerStaff>,
    /// Who may book it.
    pub state: ServiceState,
    /// Its colour in the calendar.
    pub color: Option<Color>,
    /// What the booking page says of it.
    pub description: Option<Description>,
}

/// How long a service takes, around and in its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timing {
    /// The service itself.
    pub duration_min: Minutes,
    /// Kept free before it.
    pub buffer_before_min: Minutes,
    /// Kept free after it.
    pub buffer_after_min: Minutes,
    /// A time in its middle in which the client waits and the staff member is free.
    pub processing: Option<Processing>,
}

/// How one staff member differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerStaff {
    /// Who.
    pub staff_id: Id<Staff>,
    /// Their length; none: as the service's.
    pub duration_min: Option<Minutes>,
    /// Their price; none: as the service's.
    pub price: Option<Money>,
}

/// Who may book a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// Everyone.
    #[default]
    Active,
    /// Staff alone.
    Internal,
    /// Nobody.
    Disabled,
}

/// What may be asked of a service.
#[derive(Debug, Clone, PartialEq)]
pub enum ServiceCommand {
    /// Put it on the price list.
    Offer(Offer),
    /// Change some of it.
    Change(ServiceWanted),
    /// Take it off the price list for good.
    Withdraw,
}

/// What is to be; none: as it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `Offer`")]
pub struct ServiceWanted {
    pub name: Option<Label>,
    pub timing: Option<Timing>,
    pub price: Option<Money>,
    pub per_staff: Option<Vec<PerStaff>>,
    pub state: Option<ServiceState>,
    pub color: Option<Option<Color>>,
    pub description: Option<Option<Description>>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ServiceError {
    /// There is no such service.
    #[error("there is no such service")]
    NotOffered,
    /// It was offered before.
    #[error("the service is offered already")]
    AlreadyOffered,
    /// It left the price list.
    #[error("the service was withdrawn")]
    Withdrawn,
    /// A length lies outside its range.
    #[error("must lie between {least} and {most} minutes")]
    Length {
        /// The field at fault, as the API names it.
        field: TimingField,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// The processing time does not lie inside the service.
    #[error("processing must lie within the service")]
    ProcessingOutside {
        /// Whose length is too short for it; none: the service's own.
        staff_id: Option<Id<Staff>>,
    },
    /// A price below zero.
    #[error("a price must not be negative")]
    NegativePrice {
        /// Whose; none: the service's own.
        staff_id: Option<Id<Staff>>,
    },
    /// One staff member stands twice in `per_staff`.
    #[error("a staff member stands twice")]
    StaffTwice {
        /// Who.
        staff_id: Id<Staff>,
    },
}

/// Which of a service's lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingField {
    /// `duration_min`.
    Duration,
    /// `per_staff[].duration_min`.
    DurationOf(Id<Staff>),
    /// `buffer_before_min`.
    BufferBefore,
    /// `buffer_after_min`.
    BufferAfter,
}

/// The longest service: 31 days, a stay.
pub const LONGEST_MIN: u32 = 44_640;
/// The longest buffer: a day.
pub const LONGEST_BUFFER_MIN: u32 = 1_440;

/// A service as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// None until it is offered.
    pub offer: Option<Offer>,
    /// It left the price list.
    pub withdrawn: bool,
}

impl Service {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: ServiceCommand) -> Result<Vec<ServiceEvent>, ServiceError> {
        match command {
            ServiceCommand::Offer(offer) => self.offer(offer),
            ServiceCommand::Change(to) => self.change(&to),
            ServiceCommand::Withdraw => {
                self.offer.as_ref().ok_or(ServiceError::NotOffered)?;
                Ok(if self.withdrawn {
                    vec![]
                } else {
                    vec![ServiceEvent::Withdrawn {}]
                })
            }
        }
    }

    /// The offer, while it stands.
    ///
    /// # Errors
    /// When there is none, or it was withdrawn.
    pub fn standing(&self) -> Result<&Offer, ServiceError> {
        let offer = self.offer.as_ref().ok_or(ServiceError::NotOffered)?;
        if self.withdrawn {
            Err(ServiceError::Withdrawn)
        } else {
            Ok(offer)
        }
    }

    fn offer(&self, offer: Offer) -> Result<Vec<ServiceEvent>, ServiceError> {
        if self.offer.is_some() {
            return Err(ServiceError::AlreadyOffered);
        }
        offer.check()?;
        Ok(vec![ServiceEvent::Offered(offer)])
    }

    fn change(&self, to: &ServiceWanted) -> Result<Vec<ServiceEvent>, ServiceError> {
        let now = self.standing()?;
        let mut events = vec![];
        let name = Change::asked(&now.name, to.name.as_ref());
        let color = Change::asked(&now.color, to.color.as_ref());
        let description = Change::asked(&now.description, to.description.as_ref());
        if name.is_some() || color.is_some() || description.is_some() {
            events.push(ServiceEvent::DetailsChanged {
                name,
                color,
                description,
            });
        }
        if let Some(Change { from, to }) = Change::asked(&now.price, to.price.as_ref()) {
            events.push(ServiceEvent::Repriced { from, to });
        }
        if let Some(Change { from, to }) = Change::asked(&now.timing, to.timing.as_ref()) {
            events.push(ServiceEvent::DurationChanged { from, to });
        }
        if let Some(Change { from, to }) = Change::asked(&now.per_staff, to.per_staff.as_ref()) {
            events.push(ServiceEvent::PerStaffSet { from, to });
        }
        if let Some(Change { from, to }) = Change::asked(&now.state, to.state.as_ref()) {
            events.push(ServiceEvent::StateChanged { from, to });
        }
        // Checked as a whole: a shorter length may not leave the processing time hanging out.
        let mut after = self.clone();
        for event in &events {
            after.remember(event.clone());
        }
        after.standing()?.check()?;
        Ok(events)
    }

    fn remember(&mut self, event: ServiceEvent) {
        if let ServiceEvent::Offered(offer) = event {
            self.offer = Some(offer);
            return;
        }
        let Some(offer) = &mut self.offer else { return };
        match event {
            ServiceEvent::Offered(_) => {}
            ServiceEvent::DetailsChanged {
                name,
                color,
                description,
            } => {
                Change::put(name.as_ref(), &mut offer.name);
                Change::put(color.as_ref(), &mut offer.color);
                Change::put(description.as_ref(), &mut offer.description);
            }
            ServiceEvent::Repriced { to, .. } => offer.price = to,
            ServiceEvent::DurationChanged { to, .. } => offer.timing = to,
            ServiceEvent::PerStaffSet { to, .. } => offer.per_staff = to,
            ServiceEvent::StateChanged { to, .. } => offer.state = to,
            ServiceEvent::Withdrawn {} => self.withdrawn = true,
        }
    }
}

impl Offer {
    /// How long it takes when `staff_id` does it.
    #[must_use]
    pub fn timing_of(&self, staff_id: Id<Staff>) -> Timing {
        let own = self.of(staff_id).and_then(|p| p.duration_min);
        Timing {
            duration_min: own.unwrap_or(self.timing.duration_min),
            ..self.timing
        }
    }

    /// What it costs when `staff_id` does it.
    #[must_use]
    pub fn price_of(&self, staff_id: Id<Staff>) -> Money {
        self.of(staff_id)
            .and_then(|p| p.price)
            .unwrap_or(self.price)
    }

    fn of(&self, staff_id: Id<Staff>) -> Option<&PerStaff> {
        self.per_staff.iter().find(|p| p.staff_id == staff_id)
    }

    fn check(&self) -> Result<(), ServiceError> {
        self.timing.check(TimingField::Duration, None)?;
        if self.price.is_negative() {
            return Err(ServiceError::NegativePrice { staff_id: None });
        }
        for (i, per) in self.per_staff.iter().enumerate() {
            let staff_id = per.staff_id;
            if self.per_staff[..i].iter().any(|p| p.staff_id == staff_id) {
                return Err(ServiceError::StaffTwice { staff_id });
            }
            self.timing_of(staff_id)
                .check(TimingField::DurationOf(staff_id), Some(staff_id))?;
            if per.price.is_some_and(Money::is_negative) {
                return Err(ServiceError::NegativePrice {
                    staff_id: Some(staff_id),
                });
            }
        }
        Ok(())
    }
}

impl Timing {
    /// A plain length, without buffers.
    #[must_use]
    pub const fn plain(duration_min: Minutes) -> Self {
        Self {
            duration_min,
            buffer_before_min: Minutes::ZERO,
            buffer_after_min: Minutes::ZERO,
            processing: None,
        }
    }

    fn check(
        &self,
        duration: TimingField,
        staff_id: Option<Id<Staff>>,
    ) -> Result<(), ServiceError> {
        let within = |field, minutes: Minutes, least, most| {
            if (least..=most).contains(&minutes.get()) {
                Ok(())
            } else {
                Err(ServiceError::Length { field, least, most })
            }
        };
        within(duration, self.duration_min, 1, LONGEST_MIN)?;
        within(
            TimingField::BufferBefore,
            self.buffer_before_min,
            0,
            LONGEST_BUFFER_MIN,
        )?;
        within(
            TimingField::BufferAfter,
            self.buffer_after_min,
            0,
            LONGEST_BUFFER_MIN,
        )?;
        match self.processing {
            Some(p) if !p.fits(self.duration_min) => {
                Err(ServiceError::ProcessingOutside { staff_id })
            }
            Some(_) | None => Ok(()),
        }
    }
}

bridge!(
    Service,
    "service",
    ServiceCommand,
    ServiceEvent,
    ServiceError
);

mod revert;
#[cfg(test)]
mod specs;
