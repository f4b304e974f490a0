//! Whose time was there, and how much of it was booked: what `staff-load`, `peak-hours` and `staff` count from.

use std::collections::BTreeMap;

use domain::{
    catalogue::Catalogue, desk::Desk, id::Id, service::Service, session::Session, staff::Staff,
    time::Span,
};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{
    Asked, asked,
    stretches::{Cell, Stretch, both, merged, pour, stretch},
};
use crate::Period;

/// When people work, and when they hold classes: from the catalogue, as it stands now.
#[derive(Debug, Clone, Default)]
pub struct Timesheet {
    /// When each staff member can be booked, whatever is booked; in order, without overlaps.
    pub working: BTreeMap<Id<Staff>, Vec<Span>>,
    /// The sessions that were not called off.
    pub sessions: Vec<Held>,
}

/// A session of a class, which takes its staff member's time whether anybody comes or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "a session's setting")]
pub struct Held {
    pub staff_id: Id<Staff>,
    pub service_id: Id<Service>,
    pub desk_id: Option<Id<Desk>>,
    pub span: Span,
}

impl Timesheet {
    /// By the catalogue as it stands, for a period.
    #[must_use]
    pub fn of(catalogue: &Catalogue, period: Period) -> Self {
        let held = |session: &Session| {
            let setting = &session.standing().ok()?.setting;
            let span = setting.span();
            span.overlaps(period.span).then_some(Held {
                staff_id: setting.staff_id,
                service_id: setting.service_id,
                desk_id: setting.desk_id,
                span,
            })
        };
        Self {
            working: catalogue.working(period.first, period.last),
            sessions: catalogue.sessions.values().filter_map(held).collect(),
        }
    }
}

/// How much of somebody's time was there, and how much of it was booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Seconds in which they can be booked.
    available: i64,
    /// Seconds in which they are.
    booked: i64,
    /// Of these, seconds in which they cannot be.
    outside: i64,
}

impl Load {
    /// Minutes within working hours, less absences and closures.
    #[must_use]
    pub const fn available_min(&self) -> i64 {
        minutes(self.available)
    }

    /// Minutes booked, those that are booked twice counted once.
    #[must_use]
    pub const fn booked_min(&self) -> i64 {
        minutes(self.booked)
    }

    /// Of the minutes booked, those outside of the available ones.
    #[must_use]
    pub const fn outside_min(&self) -> i64 {
        minutes(self.outside)
    }

    /// Booked minutes within the available ones, by these. 0 to 1; nothing of nothing is 0.
    #[must_use]
    pub fn load(&self) -> f64 {
        super::rate(self.booked - self.outside, self.available)
    }

    /// In seconds, for who adds up more.
    pub(super) const fn available_seconds(&self) -> i64 {
        self.available
    }

    pub(super) const fn booked_seconds(&self) -> i64 {
        self.booked
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.available += other.available;
        self.booked += other.booked;
        self.outside += other.outside;
    }
}

/// Whole minutes, half of one up.
const fn minutes(seconds: i64) -> i64 {
    (seconds + 30).div_euclid(60)
}

/// Somebody's time in a period: each list in order, without overlaps.
#[derive(Debug, Default)]
pub(super) struct Worked {
    available: Vec<Stretch>,
    booked: Vec<Stretch>,
}

impl Worked {
    /// What falls into each of so many places.
    pub(super) fn loads(&self, cells: &[Cell], places: usize) -> Vec<Load> {
        let count = |stretches: &[Stretch]| {
            let mut seconds = vec![0; places];
            pour(stretches, cells, &mut seconds);
            seconds
        };
        let available = count(&self.available);
        let booked = count(&self.booked);
        let within = count(&both(&self.booked, &self.available));
        let each = available.into_iter().zip(booked).zip(within);
        each.map(|((available, booked), within)| Load {
            available,
            booked,
            outside: booked - within,
        })
        .collect()
    }
}

/// What a report about time counts from.
#[derive(Debug, Default)]
pub(super) struct Time {
    /// Everybody's who was there or was booked; under none what was booked with nobody named.
    pub(super) people: BTreeMap<Option<Uuid>, Worked>,
    /// When bookings start, in no order.
    pub(super) starts: Vec<i64>,
    /// How many bookings stand on a day without an hour. They take no time.
    pub(super) hour_unknown: i64,
}

/// Whose time was there in the whole of what is asked, and what was booked of it. Cancelled bookings take none, unless
/// they are asked for.
pub(super) async fn worked(
    db: &PgPool,
    asked: &Asked,
    timesheet: &Timesheet,
) -> Result<Time, sqlx::Error> {
    let mut time = Time::default();
    let left = left(db, asked).await?;
    for (id, spans) in &timesheet.working {
        if !asked.is_about(*id) {
            continue;
        }
        let until = left.get(&id.uuid()).map_or(i64::MAX, |at| at.as_second());
        let stretches = spans.iter().map(|span| stretch(*span));
        let there = stretches.map(|(start, end)| (start, end.min(until)));
        time.people.entry(Some(id.uuid())).or_default().available = merged(there.collect());
    }
    let (from, to) = stretch(asked.whole.span);
    for row in booked(db, asked).await? {
        time.hour_unknown += row.hour_unknown;
        let starts = row.starts.unwrap_or_default();
        let lengths = row.minutes.unwrap_or_default();
        let lengths = lengths.into_iter().map(|minutes| i64::from(minutes) * 60);
        let booked = starts.iter().zip(lengths);
        let booked = booked.map(|(start, length)| (*start, start + length));
        let worked = time.people.entry(row.staff_id).or_default();
        worked.booked.extend(booked);
        time.starts.extend(
            starts
                .into_iter()
                .filter(|start| (from..to).contains(start)),
        );
    }
    for held in timesheet.sessions.iter().filter(|held| asked.wants(held)) {
        let worked = time.people.entry(Some(held.staff_id.uuid())).or_default();
        worked.booked.push(stretch(held.span));
    }
    for worked in time.people.values_mut() {
        worked.booked = both(&merged(std::mem::take(&mut worked.booked)), &[(from, to)]);
    }
    time.people
        .retain(|_, worked| !worked.available.is_empty() || !worked.booked.is_empty());
    Ok(time)
}

impl Asked {
    /// Whether a staff member's own time is wanted, and may be seen.
    fn is_about(&self, id: Id<Staff>) -> bool {
        let asked = [self.scope.staff(), self.filter.staff_id];
        asked.iter().flatten().all(|only| *only == id)
    }

    /// Whether a session counts. It is nobody's in particular, has no status and no source.
    fn wants(&self, held: &Held) -> bool {
        let filter = &self.filter;
        self.is_about(held.staff_id)
            && filter.service_id.is_none_or(|id| held.service_id == id)
            && filter.desk_id.is_none_or(|id| held.desk_id == Some(id))
            && filter.client_id.is_none()
            && filter.clients.is_none()
            && filter.statuses.is_empty()
            && filter.source.is_none()
    }
}

/// What is booked with a staff member. In columns: a row for each booking of a year takes longer to read.
#[derive(FromRow)]
struct Booked {
    staff_id: Option<Uuid>,
    hour_unknown: i64,
    starts: Option<Vec<i64>>,
    minutes: Option<Vec<i32>>,
}

async fn booked(db: &PgPool, asked: &Asked) -> Result<Vec<Booked>, sqlx::Error> {
    /// No service takes longer.
    const LONGEST: SignedDuration = SignedDuration::from_mins(domain::service::LONGEST_MIN as i64);
    let whole = asked.whole;
    let since = whole.span.start();
    let before = since.saturating_sub(LONGEST).unwrap_or(since);
    let span = Span::new(before, whole.span.end()).unwrap_or(whole.span);
    let mut query = asked.statement_on(
        &[Period { span, ..whole }],
        "select b.staff_id,
                count(*) filter (where b.hour_unknown and b.starts >= ",
    );
    query.push_bind(since.to_sqlx()).push(
        ") as hour_unknown,
                array_agg(date_part('epoch', b.starts)::bigint) filter (where not b.hour_unknown) as starts,
                array_agg(b.duration_min)                       filter (where not b.hour_unknown) as minutes",
    );
    // What ended before it begins is among these, and is cut off. They are read from the index by time alone.
    asked.bookings(&mut query);
    if asked.filter.statuses.is_empty() {
        query.push(" and b.status <> 'cancelled'");
    }
    query.push(" group by b.staff_id");
    asked::rows(db, query).await
}

/// Until when those were there who left.
async fn left(db: &PgPool, asked: &Asked) -> Result<BTreeMap<Uuid, Timestamp>, sqlx::Error> {
    let sql = "select staff_id, left_at from report_staff where business_id = $1";
    let rows = sqlx::query_as(sql).bind(asked.scope.business().0);
    let rows: Vec<(Uuid, jiff_sqlx::Timestamp)> = rows.fetch_all(db).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(id, at)| (id, at.to_jiff())).collect())
}
