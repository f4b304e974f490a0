//! What is asked of the calendar.

use std::collections::BTreeMap;

use domain::{
    booking::{Booking, Status},
    desk::Desk,
    id::{Id, Visit},
    service::Service,
    session::Session,
    staff::Staff,
    time::{LocalTime, Span, Zone},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::entry::{COLUMNS, Entry};
use crate::Scope;

/// Which bookings of a stretch of time are asked for. By default all that are not deleted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// By whom.
    pub staff_id: Option<Id<Staff>>,
    /// Where.
    pub desk_id: Option<Id<Desk>>,
    /// What.
    pub service_id: Option<Id<Service>>,
    /// Of these statuses; none given: of all.
    pub statuses: Vec<Status>,
    /// Deleted ones too.
    pub with_deleted: bool,
}

/// The bookings that stand somewhere in `span`, by their start.
///
/// # Errors
/// When the database does not answer.
pub async fn bookings(
    db: &PgPool,
    scope: &Scope,
    span: Span,
    filter: &Filter,
) -> Result<Vec<Entry>, sqlx::Error> {
    let mut query = select(scope);
    query
        .push(" and b.during && tstzrange(")
        .push_bind(span.start().to_sqlx())
        .push(", ")
        .push_bind(span.end().to_sqlx())
        .push(")");
    narrow(&mut query, filter);
    let mut entries: Vec<Entry> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    // Here rather than there: they come while they are still being looked for.
    entries.sort_unstable_by_key(|entry| (entry.start, entry.booking_id));
    Ok(entries)
}

/// The bookings of a visit, deleted ones too, by their start.
///
/// # Errors
/// When the database does not answer.
pub async fn of_visit(
    db: &PgPool,
    scope: &Scope,
    visit: Id<Visit>,
) -> Result<Vec<Entry>, sqlx::Error> {
    let mut query = select(scope);
    query
        .push(" and b.visit_id = ")
        .push_bind(visit.uuid())
        .push(" order by b.starts, b.booking_id");
    query.build_query_as().persistent(false).fetch_all(db).await
}

/// How many seats of these sessions are taken, by session. A session without any is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn seats_taken(
    db: &PgPool,
    scope: &Scope,
    sessions: &[Id<Session>],
) -> Result<BTreeMap<Id<Session>, i64>, sqlx::Error> {
    if sessions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let holding: Vec<&str> = Status::ALL
        .into_iter()
        .filter(|status| status.holds_time())
        .map(Status::as_str)
        .collect();
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        "select session_id, count(*) from calendar_booking
          where business_id = $1 and session_id = any ($2) and not deleted and status = any ($3)
          group by session_id",
    )
    .bind(scope.business().0)
    .bind(sessions.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind(holding)
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, taken)| (Id::new(id), taken))
        .collect())
}

/// The bookings that have, or had, a seat in a session: neither deleted nor called off. In no order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_session(
    db: &PgPool,
    scope: &Scope,
    session: Id<Session>,
) -> Result<Vec<Id<Booking>>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select booking_id from calendar_booking
          where business_id = $1 and session_id = $2 and not deleted and status <> $3",
    )
    .bind(scope.business().0)
    .bind(session.uuid())
    .bind(Status::Cancelled.as_str())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(Id::new).collect())
}

/// Who is inside: arrived at or after `since`, or booked beyond it, and not left. `since` is the first instant of the
/// day: of yesterday's clients nobody wrote down that they left.
///
/// # Errors
/// When the database does not answer.
pub async fn inside(
    db: &PgPool,
    scope: &Scope,
    since: Timestamp,
    filter: &Filter,
) -> Result<Vec<Entry>, sqlx::Error> {
    let mut query = select(scope);
    query
        .push(
            " and b.arrived_at is not null and b.left_at is null and not b.deleted
              and b.status in ('confirmed', 'completed') and greatest(b.arrived_at, b.ends) >= ",
        )
        .push_bind(since.to_sqlx());
    narrow(&mut query, filter);
    query.push(" order by b.arrived_at, b.booking_id");
    let mut transaction = db.begin().await?;
    // Few are; but of an index that holds those few alone the planner may know nothing, and get ready for a third of
    // all bookings there are.
    sqlx::query(
        "select set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_hashjoin', 'off', true),
                set_config('enable_mergejoin', 'off', true)",
    )
    .execute(&mut *transaction)
    .await?;
    let inside = query
        .build_query_as()
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(inside)
}

/// One hour of a day, by the clock on the wall.
#[derive(Debug, Clone, PartialEq)]
pub struct Hour {
    /// What the clock reads when it begins.
    pub from: LocalTime,
    /// From when to when: where clocks go back, two hours begin with one reading.
    pub span: Span,
    /// Who is booked in it, by their start. A booking stands in each hour that it has a part in.
    pub bookings: Vec<Entry>,
}

/// A day hour by hour: bookings that take or took place, and those that still may. Of hours that clocks leave out,
/// nothing. A booking whose hour is unknown stands in the day's first one.
///
/// # Errors
/// When the database does not answer.
pub async fn monitor(
    db: &PgPool,
    scope: &Scope,
    zone: &Zone,
    date: Date,
    filter: &Filter,
) -> Result<Vec<Hour>, sqlx::Error> {
    let Some(day) = zone.days(date, date) else {
        return Ok(vec![]);
    };
    let filter = Filter {
        statuses: Status::ALL
            .into_iter()
            .filter(|status| status.holds_time())
            .collect(),
        ..filter.clone()
    };
    let entries = bookings(db, scope, day, &filter).await?;
    Ok(hours(zone, day)
        .into_iter()
        .map(|(from, span)| Hour {
            from,
            span,
            bookings: entries
                .iter()
                .filter(|e| {
                    span.contains(e.start) || (e.start < span.end() && e.end > span.start())
                })
                .cloned()
                .collect(),
        })
        .collect())
}

/// The hours of a day, each from a full hour on the wall to the next.
fn hours(zone: &Zone, day: Span) -> Vec<(LocalTime, Span)> {
    let mut hours = vec![];
    let mut from = day.start();
    while from < day.end() {
        let reading = zone.local(from);
        let into = i64::from(reading.minute()) * 60 + i64::from(reading.second());
        // A change of the clocks by half an hour (Lord Howe) makes the next full hour another; never none.
        let next = from
            .saturating_add(SignedDuration::from_secs(3_600 - into))
            .unwrap_or(day.end())
            .min(day.end());
        let label = u8::try_from(reading.hour())
            .ok()
            .zip(u8::try_from(reading.minute()).ok())
            .and_then(|(hour, minute)| LocalTime::new(hour, minute));
        if let (Some(label), Ok(span)) = (label, Span::new(from, next)) {
            hours.push((label, span));
        }
        from = next;
    }
    hours
}

fn select(scope: &Scope) -> QueryBuilder<'static, Postgres> {
    let business = scope.business().0;
    let mut query = QueryBuilder::new(format!(
        "select {COLUMNS} from calendar_booking b left join calendar_client c on c.business_id = "
    ));
    // By one key alone: of a month, all clients there are may be looked through.
    query
        .push_bind(business)
        .push(" and c.client_id = b.client_id where b.business_id = ")
        .push_bind(business);
    if let Some(staff) = scope.staff() {
        query.push(" and b.staff_id = ").push_bind(staff.uuid());
    }
    query
}

fn narrow(query: &mut QueryBuilder<'static, Postgres>, filter: &Filter) {
    if let Some(id) = filter.staff_id {
        query.push(" and b.staff_id = ").push_bind(id.uuid());
    }
    if let Some(id) = filter.desk_id {
        query.push(" and b.desk_id = ").push_bind(id.uuid());
    }
    if let Some(id) = filter.service_id {
        query.push(" and b.service_id = ").push_bind(id.uuid());
    }
    if !filter.statuses.is_empty() {
        let words: Vec<String> = filter
            .statuses
            .iter()
            .map(|s| s.as_str().to_owned())
            .collect();
        query
            .push(" and b.status = any (")
            .push_bind(words)
            .push(")");
    }
    if !filter.with_deleted {
        query.push(" and not b.deleted");
    }
}
