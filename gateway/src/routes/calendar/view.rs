//! The calendar as it is answered.

use domain::{
    booking::{Booking, Held, Status},
    hours::{DayInterval, WorkingHours},
    id::Id,
    time::{LocalTime, Weekday},
};
use jiff::{Timestamp, civil::Date};
use ledger::Version;
use projections::calendar::Entry;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::away::Away;
use crate::routes::{
    bookings::{Named, Names},
    sessions::SessionView,
};

/// Some dates of the calendar.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CalendarView {
    #[schema(value_type = String, format = Date)]
    pub(super) from: Date,
    #[schema(value_type = String, format = Date)]
    pub(super) to: Date,
    /// By their start.
    pub(super) bookings: Vec<CalendarBooking>,
    /// Sessions of classes, with their seats; those that were called off are left out.
    pub(super) sessions: Vec<SessionView>,
    /// Absences of staff, holidays of desks, closures of the house.
    pub(super) absences: Vec<AwayView>,
    /// When the house is open, date by date; null: it sets no bounds.
    pub(super) opening_hours: Option<Vec<DayHours>>,
    /// When each staff member works, date by date.
    pub(super) working_hours: Vec<StaffHours>,
    /// Open bookings that lie in an absence, holiday or closure.
    pub(super) to_be_moved: Vec<Uuid>,
}

/// A booking in the calendar. `GET /bookings/{id}` tells more.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CalendarBooking {
    pub(super) id: Uuid,
    pub(super) reference: String,
    pub(super) visit_id: Option<Uuid>,
    pub(super) session_id: Option<Uuid>,
    pub(super) status: &'static str,
    pub(super) deleted: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) arrived_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) left_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub(super) start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(super) end: Timestamp,
    pub(super) hour_unknown: bool,
    pub(super) overlaps: bool,
    pub(super) service: Option<Named>,
    pub(super) staff: Option<Named>,
    pub(super) desk: Option<Named>,
    /// Null on the day monitor unless names were asked for.
    pub(super) client: Option<Named>,
    pub(super) price: String,
    pub(super) source: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
    pub(super) version: i64,
}

/// Somebody or something that is away.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AwayView {
    pub(super) id: Uuid,
    /// `vacation`, `sick` or `other` of a staff member, `holiday` of a desk, `closure` of the house.
    pub(super) kind: String,
    pub(super) staff: Option<Named>,
    pub(super) desk: Option<Named>,
    /// By the wall clock.
    #[schema(value_type = String)]
    pub(super) from: jiff::civil::DateTime,
    /// By the wall clock.
    #[schema(value_type = String)]
    pub(super) to: jiff::civil::DateTime,
    /// A closure's name.
    pub(super) name: Option<String>,
    pub(super) note: Option<String>,
}

/// The hours of one date.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DayHours {
    #[schema(value_type = String, format = Date)]
    pub(super) date: Date,
    #[schema(value_type = Vec<Object>)]
    pub(super) intervals: Vec<DayInterval>,
}

/// When a staff member works.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct StaffHours {
    pub(super) staff: Named,
    pub(super) days: Vec<DayHours>,
}

/// A day, hour by hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct MonitorView {
    #[schema(value_type = String, format = Date)]
    pub(super) date: Date,
    pub(super) hours: Vec<HourView>,
    /// Who has arrived and not left.
    pub(super) inside: Vec<CalendarBooking>,
}

/// One hour by the clock on the wall.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct HourView {
    /// What the clock reads when it begins.
    #[schema(value_type = String)]
    pub(super) from: LocalTime,
    #[schema(value_type = String, format = DateTime)]
    pub(super) start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(super) end: Timestamp,
    /// A booking stands in each hour that it has a part in.
    pub(super) bookings: Vec<CalendarBooking>,
    /// So does a session of a class, whoever has a seat in it.
    pub(super) sessions: Vec<SessionView>,
}

impl CalendarBooking {
    /// Still to come, or under way, at a known hour.
    pub(super) fn is_open(&self) -> bool {
        let open = [Status::Requested, Status::Confirmed].map(Status::as_str);
        open.contains(&self.status) && !self.deleted && !self.hour_unknown
    }

    pub(super) fn of_entry(entry: &Entry, names: &Names<'_>) -> Self {
        Self {
            id: entry.booking_id.uuid(),
            reference: entry.reference.clone(),
            visit_id: entry.visit_id.map(Id::uuid),
            session_id: entry.session_id.map(Id::uuid),
            status: entry.status.as_str(),
            deleted: entry.deleted,
            arrived_at: entry.arrived_at,
            left_at: entry.left_at,
            start: entry.start,
            end: entry.end,
            hour_unknown: entry.hour_unknown,
            overlaps: entry.overlaps,
            service: entry.service_id.map(|id| names.service(id)),
            staff: entry.staff_id.map(|id| names.staff(id)),
            desk: entry.desk_id.map(|id| names.desk(id)),
            client: entry.client_id.map(|id| names.client(id)),
            price: entry.price.to_string(),
            source: entry.source.clone(),
            created_at: entry.created_at,
            version: entry.version.0,
        }
    }

    pub(super) fn of_held(
        id: Id<Booking>,
        version: Version,
        held: &Held,
        names: &Names<'_>,
    ) -> Self {
        let plan = &held.plan;
        Self {
            id: id.uuid(),
            reference: held.reference.to_string(),
            visit_id: held.visit_id.map(Id::uuid),
            session_id: plan.session_id.map(Id::uuid),
            status: held.status.as_str(),
            deleted: held.deleted,
            arrived_at: held.arrived_at,
            left_at: held.left_at,
            start: plan.start,
            end: plan.end(),
            hour_unknown: plan.hour_unknown,
            overlaps: held.overlaps(),
            service: plan.service_id.map(|id| names.service(id)),
            staff: plan.staff_id.map(|id| names.staff(id)),
            desk: plan.desk_id.map(|id| names.desk(id)),
            client: held.client_id.map(|id| names.client(id)),
            price: plan.price.to_string(),
            source: held.source.as_str().to_owned(),
            created_at: held.created_at,
            version: version.0,
        }
    }
}

impl AwayView {
    pub(super) fn of(away: &Away, names: &Names<'_>) -> Self {
        Self {
            id: away.id,
            kind: away.kind.clone(),
            staff: away.staff_id.map(|id| names.staff(id)),
            desk: away.desk_id.map(|id| names.desk(id)),
            from: away.from,
            to: away.to,
            name: away.name.clone(),
            note: away.note.clone(),
        }
    }
}

/// An override replaces the weekly hours of its date.
pub(super) fn on_dates(hours: &WorkingHours, dates: &[Date]) -> Vec<DayHours> {
    let on = |date: &Date| match hours.overrides.iter().find(|day| day.date == *date) {
        Some(day) => day.intervals.clone(),
        None => {
            let weekday = Weekday::of(*date);
            let of_the_day = hours
                .weekly
                .iter()
                .filter(|interval| interval.weekday == weekday);
            of_the_day
                .map(|interval| DayInterval {
                    from: interval.from,
                    to: interval.to,
                })
                .collect()
        }
    };
    dates
        .iter()
        .map(|date| DayHours {
            date: *date,
            intervals: on(date),
        })
        .collect()
}
