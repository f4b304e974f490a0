//! What each service, or each staff member, came to: the part of their reports that is one question.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Asked, ByStatus, asked};
use crate::{Period, rows::decoded};

/// By what it is told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Service,
    Staff,
}

impl By {
    const fn column(self) -> &'static str {
        match self {
            Self::Service => "service_id",
            Self::Staff => "staff_id",
        }
    }

    /// Which later booking `f` says that the client of `c` is one who comes again.
    const fn again(self) -> &'static str {
        match self {
            // With anybody, for anything.
            Self::Service => "f.status = 'completed'",
            Self::Staff => {
                "f.status in ('requested', 'confirmed', 'completed') and f.staff_id = c.id"
            }
        }
    }
}

/// What one of them came to in one period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Worth {
    pub(super) by_status: ByStatus,
    /// Who had a booking.
    pub(super) clients: i64,
    /// Minutes of all bookings but cancelled ones and those whose hour is not known.
    pub(super) booked_min: i64,
    /// Who came.
    pub(super) came: i64,
    /// Of those who came, who did again.
    pub(super) again: i64,
    pub(super) revenue: Decimal,
    pub(super) receipts: i64,
}

impl Worth {
    pub(super) const fn bookings(&self) -> i64 {
        let by = &self.by_status;
        by.requested + by.confirmed + by.completed + by.no_show + by.cancelled
    }
}

/// What each came to in each of some periods; under none what nobody, or no service, is named for. Whoever came counts as
/// one who came again within so many days.
pub(super) async fn by(
    db: &PgPool,
    asked: &Asked,
    periods: &[Period],
    by: By,
    within_days: u16,
) -> Result<BTreeMap<Option<Uuid>, Vec<Worth>>, sqlx::Error> {
    let mut all: BTreeMap<Option<Uuid>, Vec<Worth>> = BTreeMap::new();
    for row in booked(db, asked, periods, by, within_days).await? {
        let worth = place(&mut all, periods.len(), row.id, row.n)?;
        worth.by_status = ByStatus {
            requested: row.requested,
            confirmed: row.confirmed,
            completed: row.completed,
            no_show: row.no_show,
            cancelled: row.cancelled,
        };
        worth.clients = row.clients;
        worth.booked_min = row.booked_min;
        worth.came = row.came;
        worth.again = row.again;
    }
    for row in paid(db, asked, periods, by).await? {
        let worth = place(&mut all, periods.len(), row.id, row.n)?;
        worth.revenue = row.revenue;
        worth.receipts = row.receipts;
    }
    Ok(all)
}

/// What one of them came to in the period of this number, which is counted from one.
fn place(
    all: &mut BTreeMap<Option<Uuid>, Vec<Worth>>,
    periods: usize,
    id: Option<Uuid>,
    n: i64,
) -> Result<&mut Worth, sqlx::Error> {
    let each = all.entry(id);
    let each = each.or_insert_with(|| vec![Worth::default(); periods]);
    let at = n.checked_sub(1).and_then(|n| usize::try_from(n).ok());
    let worth = at.and_then(|at| each.get_mut(at));
    worth.ok_or_else(|| decoded(format!("no period {n}")))
}

#[derive(FromRow)]
struct Booked {
    n: i64,
    id: Option<Uuid>,
    requested: i64,
    confirmed: i64,
    completed: i64,
    no_show: i64,
    cancelled: i64,
    clients: i64,
    booked_min: i64,
    came: i64,
    again: i64,
}

/// Client by client first: who they are counts once, and so does whether they came again.
async fn booked(
    db: &PgPool,
    asked: &Asked,
    periods: &[Period],
    by: By,
    within_days: u16,
) -> Result<Vec<Booked>, sqlx::Error> {
    let mut query = asked.statement_on(periods, ", days as materialized (select ");
    query
        .push_bind(days(asked, periods, within_days))
        .push("::timestamptz[] as starts");
    query.push(format_args!(
            "), each as (
               select p.n, b.{} as id, b.client_id,
                      count(*) filter (where b.status = 'requested') as requested,
                      count(*) filter (where b.status = 'confirmed') as confirmed,
                      count(*) filter (where b.status = 'completed') as completed,
                      count(*) filter (where b.status = 'no_show')   as no_show,
                      count(*) filter (where b.status = 'cancelled') as cancelled,
                      sum(b.duration_min) filter (where b.status <> 'cancelled' and not b.hour_unknown) as booked_min,
                      min(b.starts) filter (where b.status = 'completed') as came",
            by.column()
        ));
    asked.bookings(&mut query);
    // The days after the first one on which they came, by the clock on the wall: worked out once for each, not for
    // each booking that they are held against.
    query
        .push(
            " group by 1, 2, 3),
             came as materialized (
               select n, id, client_id, starts[nth + 1] as since, starts[nth + 1 + ",
        )
        .push_bind(i32::from(within_days))
        .push(
            "] as until
                 from each cross join days cross join lateral (select width_bucket(came, starts) as nth) day
                where came is not null and client_id is not null
             ),
             again as (
               select n, id, count(*) as again
                 from came c
                where exists (
                  select from report_booking f
                   where f.business_id = ",
        )
        .push_bind(asked.scope.business().0)
        .push(
            " and f.client_id = c.client_id and not f.deleted
                     and f.starts >= c.since and f.starts < c.until
                     and f.starts >= (select min(starts) from period)
                     and f.starts < (select max(ends) from period) + make_interval(days => ",
        )
        // A day more than needed, whatever clocks do.
        .push_bind(i32::from(within_days) + 2)
        .push(") and ")
        .push(by.again())
        .push(
            ") group by n, id
             )
             select e.*, coalesce(a.again, 0) as again
               from (
                 select n, id, sum(requested)::bigint as requested, sum(confirmed)::bigint as confirmed,
                        sum(completed)::bigint as completed, sum(no_show)::bigint as no_show,
                        sum(cancelled)::bigint as cancelled, count(client_id) as clients,
                        coalesce(sum(booked_min), 0)::bigint as booked_min,
                        count(client_id) filter (where came is not null) as came
                   from each group by n, id
               ) e
               left join again a on a.n = e.n and a.id is not distinct from e.id",
        );
    asked::rows(db, query).await
}

/// When each day begins, from the first of all periods to the last on which who came in them may come again. By the
/// zones that are built in: the database's own may be of another year.
fn days(asked: &Asked, periods: &[Period], within_days: u16) -> Vec<jiff_sqlx::Timestamp> {
    let first = periods.iter().map(|period| period.first).min();
    let last = periods.iter().map(|period| period.last).max();
    let (Some(first), Some(last)) = (first, last) else {
        return vec![];
    };
    let last = last.saturating_add((i64::from(within_days) + 1).days());
    let days = first.series(1.day()).take_while(|day| *day <= last);
    days.filter_map(|day| Some(asked.zone.days(day, day)?.start().to_sqlx()))
        .collect()
}

#[derive(FromRow)]
struct Paid {
    n: i64,
    id: Option<Uuid>,
    revenue: Decimal,
    receipts: i64,
}

async fn paid(
    db: &PgPool,
    asked: &Asked,
    periods: &[Period],
    by: By,
) -> Result<Vec<Paid>, sqlx::Error> {
    let mut query = asked.statement_on(
        periods,
        &format!(
            "select n, id, sum(amount) as revenue, count(*) filter (where amount > 0) as receipts
               from (select p.n, m.{} as id, m.receipt, sum(m.amount) as amount",
            by.column()
        ),
    );
    asked.payments(&mut query);
    query.push(" group by 1, 2, 3) r group by n, id");
    asked::rows(db, query).await
}
