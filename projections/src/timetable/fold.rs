//! What each event changes in the timetable.

use std::collections::BTreeSet;

use domain::{
    business::BusinessEvent,
    desk::DeskEvent,
    event::AnyEvent,
    id::Id,
    money::Money,
    service::{ServiceEvent, Timing},
    staff::{Grid, Staff, StaffEvent},
    time::LocalSpan,
};
use jiff::{Span, civil::DateTime};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::rows::{Away, BusinessRow, DeskRow, Key, ServiceRow, StaffRow, Tables};
use crate::Projected;

/// Which rows a batch touches.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) businesses: BTreeSet<Key>,
    pub(super) services: BTreeSet<Key>,
    pub(super) staff: BTreeSet<Key>,
    pub(super) desks: BTreeSet<Key>,
    pub(super) away: BTreeSet<Key>,
}

impl Touched {
    pub(super) fn by(batch: &[Projected]) -> Self {
        let mut touched = Self::default();
        for projected in batch {
            let business = projected.business.0;
            match &projected.event {
                AnyEvent::Business(_, event) => {
                    touched.businesses.insert((business, business));
                    if let BusinessEvent::ClosureChanged { closure_id, .. } = event {
                        touched.away.insert((business, closure_id.uuid()));
                    }
                }
                AnyEvent::Service(id, _) => {
                    touched.services.insert((business, id.uuid()));
                }
                AnyEvent::Staff(id, _) => {
                    touched.staff.insert((business, id.uuid()));
                }
                AnyEvent::Desk(id, _) => {
                    touched.desks.insert((business, id.uuid()));
                }
                AnyEvent::Class(..)
                | AnyEvent::Session(..)
                | AnyEvent::Client(..)
                | AnyEvent::Booking(..)
                | AnyEvent::Access(..)
                | AnyEvent::Waitlist(..)
                | AnyEvent::Webhook(..)
                | AnyEvent::Segment(..)
                | AnyEvent::Campaign(..)
                | AnyEvent::Notification(..) => {}
            }
        }
        touched
    }

    pub(super) fn is_empty(&self) -> bool {
        self.businesses.is_empty()
            && self.services.is_empty()
            && self.staff.is_empty()
            && self.desks.is_empty()
    }
}

impl Tables {
    pub(super) fn take_in(&mut self, projected: &Projected) {
        let business = projected.business.0;
        match &projected.event {
            AnyEvent::Business(_, event) => self.of_business(business, event),
            AnyEvent::Service(id, event) => self.of_service((business, id.uuid()), event),
            AnyEvent::Staff(id, event) => self.of_staff((business, id.uuid()), *id, event),
            AnyEvent::Desk(id, event) => self.of_desk((business, id.uuid()), event),
            AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Client(..)
            | AnyEvent::Booking(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => {}
        }
    }

    fn of_business(&mut self, business: Uuid, event: &BusinessEvent) {
        let row = self.businesses.get_mut(&(business, business));
        match event {
            BusinessEvent::Opened {
                name,
                slug,
                time_zone,
                currency,
                country: _,
            } => {
                let row = BusinessRow {
                    business_id: business,
                    name: name.to_string(),
                    slug: slug.as_str().to_owned(),
                    time_zone: time_zone.name().to_owned(),
                    currency: currency.code().to_owned(),
                    hours: None,
                };
                self.businesses.insert((business, business), row);
            }
            BusinessEvent::SettingsChanged(changed) => {
                let Some(row) = row else { return };
                if let Some(change) = &changed.name {
                    row.name = change.to.to_string();
                }
                if let Some(change) = &changed.time_zone {
                    change.to.name().clone_into(&mut row.time_zone);
                }
                if let Some(change) = &changed.currency {
                    change.to.code().clone_into(&mut row.currency);
                }
            }
            BusinessEvent::HoursSet { to, .. } => {
                if let Some(row) = row {
                    row.hours = to.clone().map(Json);
                }
            }
            BusinessEvent::ClosurePlanned {
                closure_id,
                name,
                span,
            } => self.goes(Away {
                name: name.as_ref().map(ToString::to_string),
                ..away(business, closure_id.uuid(), "closure".to_owned(), *span)
            }),
            BusinessEvent::ClosureChanged {
                closure_id,
                name,
                span,
            } => {
                let Some(row) = self.away.get_mut(&(business, closure_id.uuid())) else {
                    return;
                };
                if let Some(change) = name {
                    row.name = change.to.as_ref().map(ToString::to_string);
                }
                if let Some(change) = span {
                    row.from_local = whole_micros(change.to.from());
                    row.to_local = whole_micros(change.to.to());
                }
            }
            BusinessEvent::ClosureCancelled { closure_id } => {
                self.comes_back((business, closure_id.uuid()));
            }
            BusinessEvent::PolicySet { .. }
            | BusinessEvent::WaitlistRulesSet { .. }
            | BusinessEvent::ReportRulesSet { .. } => {}
        }
    }

    fn of_service(&mut self, key: Key, event: &ServiceEvent) {
        if let ServiceEvent::Offered(offer) = event {
            let mut row = ServiceRow {
                business_id: key.0,
                service_id: Id::new(key.1),
                name: offer.name.to_string(),
                duration_min: 0,
                buffer_before_min: 0,
                buffer_after_min: 0,
                processing_after_min: None,
                processing_for_min: None,
                price: offer.price.amount(),
                currency: offer.price.currency().code().to_owned(),
                state: word(&offer.state),
                color: offer.color.as_ref().map(|c| c.as_str().to_owned()),
                description: offer.description.as_ref().map(ToString::to_string),
                withdrawn: false,
            };
            row.takes(&offer.timing);
            self.services.insert(key, row);
        }
        let Some(row) = self.services.get_mut(&key) else {
            return;
        };
        match event {
            ServiceEvent::Offered(_) | ServiceEvent::PerStaffSet { .. } => {}
            ServiceEvent::DetailsChanged {
                name,
                color,
                description,
            } => {
                if let Some(change) = name {
                    row.name = change.to.to_string();
                }
                if let Some(change) = color {
                    row.color = change.to.as_ref().map(|c| c.as_str().to_owned());
                }
                if let Some(change) = description {
                    row.description = change.to.as_ref().map(ToString::to_string);
                }
            }
            ServiceEvent::Repriced { to, .. } => row.costs(*to),
            ServiceEvent::DurationChanged { to, .. } => row.takes(to),
            ServiceEvent::StateChanged { to, .. } => row.state = word(to),
            ServiceEvent::Withdrawn {} => row.withdrawn = true,
        }
    }

    fn of_staff(&mut self, key: Key, id: Id<Staff>, event: &StaffEvent) {
        if let StaffEvent::Joined(member) = event {
            let mut row = StaffRow {
                business_id: key.0,
                staff_id: id,
                name: member.name.value().map(ToString::to_string),
                service_ids: member.service_ids.iter().map(|s| s.uuid()).collect(),
                slot_interval_min: 0,
                slot_grid: String::new(),
                hours: member.working_hours.clone().map(Json),
                gone: false,
            };
            row.steps(&member.grid);
            self.staff.insert(key, row);
        }
        let Some(row) = self.staff.get_mut(&key) else {
            return;
        };
        match event {
            StaffEvent::Joined(_) => {}
            StaffEvent::DetailsChanged {
                name,
                email: _,
                phone: _,
            } => {
                if let Some(change) = name {
                    row.name = change.to.value().map(ToString::to_string);
                }
            }
            StaffEvent::WorkingHoursSet { to, .. } => row.hours = to.clone().map(Json),
            StaffEvent::SlotIntervalSet { to, .. } => row.steps(to),
            StaffEvent::ServicesAssigned { to, .. } => {
                row.service_ids = to.iter().map(|s| s.uuid()).collect();
            }
            StaffEvent::AbsencePlanned {
                absence_id,
                kind,
                span,
                note,
            } => self.goes(Away {
                staff_id: Some(key.1),
                note: note
                    .as_ref()
                    .and_then(|n| n.value())
                    .map(ToString::to_string),
                ..away(key.0, absence_id.uuid(), word(kind), *span)
            }),
            StaffEvent::AbsenceCancelled { absence_id } => {
                self.comes_back((key.0, absence_id.uuid()));
            }
            StaffEvent::Left {} => row.gone = true,
            StaffEvent::CalendarFeedOpened { .. } | StaffEvent::CalendarFeedClosed {} => {}
        }
    }

    fn of_desk(&mut self, key: Key, event: &DeskEvent) {
        if let DeskEvent::Added(place) = event {
            let row = DeskRow {
                business_id: key.0,
                desk_id: Id::new(key.1),
                name: place.name.to_string(),
                number: place.number.as_ref().map(ToString::to_string),
                description: place.description.as_ref().map(ToString::to_string),
                capacity: i32::from(place.capacity),
                service_ids: place.service_ids.iter().map(|s| s.uuid()).collect(),
                operator_id: place.operator_id.map(Id::uuid),
                hours: place.working_hours.clone().map(Json),
                closed: false,
                retired: false,
            };
            self.desks.insert(key, row);
        }
        let Some(row) = self.desks.get_mut(&key) else {
            return;
        };
        match event {
            DeskEvent::Added(_) => {}
            DeskEvent::DetailsChanged {
                name,
                number,
                description,
                capacity,
            } => {
                if let Some(change) = name {
                    row.name = change.to.to_string();
                }
                if let Some(change) = number {
                    row.number = change.to.as_ref().map(ToString::to_string);
                }
                if let Some(change) = description {
                    row.description = change.to.as_ref().map(ToString::to_string);
                }
                if let Some(change) = capacity {
                    row.capacity = i32::from(change.to);
                }
            }
            DeskEvent::HoursSet { to, .. } => row.hours = to.clone().map(Json),
            DeskEvent::ServicesAssigned { to, .. } => {
                row.service_ids = to.iter().map(|s| s.uuid()).collect();
            }
            DeskEvent::OperatorAssigned { to, .. } => row.operator_id = to.map(Id::uuid),
            DeskEvent::Closed {} => row.closed = true,
            DeskEvent::Opened {} => row.closed = false,
            DeskEvent::HolidayPlanned { holiday_id, span } => self.goes(Away {
                desk_id: Some(key.1),
                ..away(key.0, holiday_id.uuid(), "holiday".to_owned(), *span)
            }),
            DeskEvent::HolidayCancelled { holiday_id } => {
                self.comes_back((key.0, holiday_id.uuid()));
            }
            DeskEvent::Retired {} => row.retired = true,
        }
    }

    fn goes(&mut self, row: Away) {
        let key = (row.business_id, row.away_id);
        self.back.remove(&key);
        self.away.insert(key, row);
    }

    fn comes_back(&mut self, key: Key) {
        self.away.remove(&key);
        self.back.insert(key);
    }
}

impl ServiceRow {
    fn takes(&mut self, timing: &Timing) {
        self.duration_min = timing.duration_min.get().into();
        self.buffer_before_min = timing.buffer_before_min.get().into();
        self.buffer_after_min = timing.buffer_after_min.get().into();
        self.processing_after_min = timing.processing.map(|p| p.after_min.get().into());
        self.processing_for_min = timing.processing.map(|p| p.for_min.get().into());
    }

    fn costs(&mut self, price: Money) {
        self.price = price.amount();
        price.currency().code().clone_into(&mut self.currency);
    }
}

impl StaffRow {
    fn steps(&mut self, grid: &Grid) {
        self.slot_interval_min = grid.slot_interval_min.get().into();
        self.slot_grid = word(&grid.slot_grid);
    }
}

fn away(business_id: Uuid, away_id: Uuid, kind: String, span: LocalSpan) -> Away {
    Away {
        business_id,
        away_id,
        kind,
        staff_id: None,
        desk_id: None,
        from_local: whole_micros(span.from()),
        to_local: whole_micros(span.to()),
        name: None,
        note: None,
    }
}

/// What PostgreSQL keeps of it; left to its rounding, the last reading of all would fall into the year 10000.
fn whole_micros(local: DateTime) -> DateTime {
    let below = Span::new().nanoseconds(i64::from(local.nanosecond()));
    local.saturating_sub(below)
}

/// The word for it in JSON, and so in SQL.
fn word(one_of_several: &impl Serialize) -> String {
    match serde_json::to_value(one_of_several) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => unreachable!("a word always serialises: {error}"),
    }
}
