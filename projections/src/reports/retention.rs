//! Who of those who were new in a month came again in the months after it.

use std::collections::BTreeMap;

use domain::time::Zone;
use jiff::{ToSpan as _, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use super::asked::{Asked, rate, rows};
use crate::{GroupBy, Period};

/// In how many months after its own a cohort is looked at.
pub const MONTHS: usize = 12;

/// Those who were new in one month.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    /// That month, as far as it lies in the period that was asked for.
    pub period: Period,
    /// Clients whose first booking of all starts in it, whatever became of it.
    pub clients: i64,
    /// In the first month after it, the second, …: how many of them have a booking that starts in that month and was
    /// neither cancelled nor missed. As many months as have begun, at most [`MONTHS`].
    pub again: Vec<Again>,
}

/// How many of a cohort, or of several, came again in a month.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Again {
    /// Of so many.
    pub of: i64,
    /// So many.
    pub clients: i64,
    /// Which part of them that is. 0 to 1.
    pub rate: f64,
}

/// Cohorts, and what they have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// Month by month.
    pub cohorts: Vec<Cohort>,
    /// All cohorts together, in the first month after theirs, the second, …: of those for which that month has begun.
    pub overall: Vec<Again>,
}

/// Who came again.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Retention, sqlx::Error> {
    let cohorts = asked.whole.by(&asked.zone, GroupBy::Month);
    let months = months(asked.whole, &asked.zone);
    let span = asked.whole.span;
    let mut query = asked.statement_on(
        &months,
        ", seen as (select p.n, b.client_id, bool_or(b.starts < ",
    );
    query
        .push_bind(span.end().to_sqlx())
        .push(") as in_time, bool_or(b.status not in ('cancelled', 'no_show')) as stands");
    asked.bookings(&mut query);
    query
        .push(
            " and b.client_id is not null group by p.n, b.client_id),
             cohort as (
                 select s.n, s.client_id
                   from seen s
                   join period p using (n)
                   join report_client c on c.client_id = s.client_id and c.business_id = ",
        )
        .push_bind(asked.scope.business().0)
        .push(" where s.in_time and c.first_booking >= greatest(p.starts, ")
        .push_bind(span.start().to_sqlx())
        .push(") and c.first_booking < least(p.ends, ")
        .push_bind(span.end().to_sqlx())
        .push(
            "))
             select c.n, (s.n - c.n)::integer as month, count(*) as clients
               from cohort c
               join seen s using (client_id)
              where s.n = c.n or s.stands and s.n > c.n and s.n <= c.n + ",
        )
        .push_bind(i64::try_from(MONTHS).unwrap_or(i64::MAX))
        .push(" group by c.n, s.n - c.n");
    let rows: Vec<Row> = rows(db, query).await?;
    let came: BTreeMap<_, _> = rows
        .iter()
        .map(|row| ((row.n, row.month), row.clients))
        .collect();
    let came = |n, month| came.get(&(n, month)).copied().unwrap_or_default();
    let mut told = vec![];
    for (place, (n, period)) in (1..).zip(cohorts).enumerate() {
        let clients = came(n, 0);
        let after = months.iter().skip(place + 1).take(MONTHS);
        let begun = after.take_while(|month| month.span.start() <= asked.now);
        let again = begun
            .zip(1..)
            .map(|(_, month)| Again::new(came(n, month), clients));
        told.push(Cohort {
            period,
            clients,
            again: again.collect(),
        });
    }
    let overall = (0..MONTHS).map_while(|month| {
        let begun: Vec<_> = told
            .iter()
            .filter_map(|cohort| cohort.again.get(month))
            .collect();
        let sum = |of: fn(&Again) -> i64| begun.iter().map(|again| of(again)).sum();
        (!begun.is_empty()).then(|| Again::new(sum(|a| a.clients), sum(|a| a.of)))
    });
    Ok(Retention {
        overall: overall.collect(),
        cohorts: told,
    })
}

/// Whole months, from the first of the period to the twelfth after its last.
fn months(whole: Period, zone: &Zone) -> Vec<Period> {
    let after = i64::try_from(MONTHS).unwrap_or(i64::MAX).months();
    let last = whole.last.checked_add(after).unwrap_or(Date::MAX);
    let months = Period::new(zone, whole.first.first_of_month(), last.last_of_month());
    months
        .map(|all| all.by(zone, GroupBy::Month))
        .unwrap_or_default()
}

impl Again {
    fn new(clients: i64, of: i64) -> Self {
        Self {
            of,
            clients,
            rate: rate(clients, of),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    n: i64,
    month: i32,
    clients: i64,
}
