//! How many bookings and clients, what came in, what is still to come.

use std::collections::BTreeMap;

use domain::money::Money;
use rust_decimal::Decimal;
use sqlx::PgPool;

use super::asked::{Asked, Told, in_order, rate, rows};
use crate::{Period, rows::decoded};

/// What a period came to. Deleted bookings are in none of the numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Bookings that start in the period, whatever became of them.
    pub bookings: i64,
    /// The same by where they stand now.
    pub by_status: ByStatus,
    /// Clients with at least one of these bookings. What was brought in without a client is nobody's.
    pub clients: i64,
    /// Those of them whose first booking of all starts in the period.
    pub new_clients: i64,
    /// Those of them who had a booking, with anybody, that starts before the period.
    pub returning_clients: i64,
    /// What was paid less what was given back, in the period, for bookings of whatever day and without one.
    pub revenue: Money,
    /// What is unpaid of the price of those bookings that are requested or confirmed.
    pub pending_amount: Money,
    /// The revenue by the number of receipts, rounded half up; zero where there is none. A receipt is a booking, all the
    /// bookings of a visit together, or a sale, for which more was paid than given back in the period.
    pub average_receipt: Money,
    /// No-shows by bookings that should have taken place and are over: completed ones and no-shows. 0 to 1.
    pub no_show_rate: f64,
    /// Cancelled bookings by all bookings. 0 to 1.
    pub cancellation_rate: f64,
}

/// Bookings by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the statuses say it")]
pub struct ByStatus {
    pub requested: i64,
    pub confirmed: i64,
    pub completed: i64,
    pub no_show: i64,
    pub cancelled: i64,
}

/// What a period and its groups came to.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Told<Summary>, sqlx::Error> {
    // None needs another: the connections work at once.
    let (booked, seen, earned) =
        tokio::try_join!(booked(db, asked), seen(db, asked), earned(db, asked))?;
    let groups: Result<_, _> = booked
        .groups
        .into_iter()
        .zip(seen.groups)
        .zip(earned.groups)
        .map(|((booked, seen), earned)| summary(asked, booked, seen, earned))
        .collect();
    Ok(Told {
        whole: summary(asked, booked.whole, seen.whole, earned.whole)?,
        groups: groups?,
    })
}

/// What bookings come to.
#[derive(Debug, Clone, Copy, Default)]
struct Booked {
    by_status: ByStatus,
    pending: Decimal,
}

/// Whose they are.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    clients: i64,
    returning_clients: i64,
}

/// What money comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Earned {
    revenue: Decimal,
    receipts: i64,
}

async fn booked(db: &PgPool, asked: &Asked) -> Result<Told<Booked>, sqlx::Error> {
    let mut query = asked.statement(
        "select p.n, b.status, count(*) as bookings,
                coalesce(sum(greatest(b.price - b.paid, 0)) filter (where b.status in ('requested', 'confirmed')), 0)
                    as pending",
    );
    asked.bookings(&mut query);
    query.push(" group by p.n, b.status");
    let rows: Vec<BookedRow> = rows(db, query).await?;
    let (mut parts, mut whole) = (BTreeMap::<i64, Booked>::new(), Booked::default());
    for row in rows {
        for sum in [parts.entry(row.n).or_default(), &mut whole] {
            sum.pending += row.pending;
            *sum.by_status.of(&row.status)? += row.bookings;
        }
    }
    Told::of(asked, parts.into_iter().chain([(0, whole)]))
}

async fn seen(db: &PgPool, asked: &Asked) -> Result<Told<Seen>, sqlx::Error> {
    if asked.groups.is_empty() {
        let whole = seen_in(db, asked, asked.parts()).await?;
        return Told::of(asked, (1..).zip(whole));
    }
    // Who comes in two groups is one of the whole.
    let whole = std::slice::from_ref(&asked.whole);
    let (whole, groups) =
        tokio::try_join!(seen_in(db, asked, whole), seen_in(db, asked, asked.parts()))?;
    Told::of(asked, (0..).zip(whole.into_iter().chain(groups)))
}

async fn seen_in(db: &PgPool, asked: &Asked, periods: &[Period]) -> Result<Vec<Seen>, sqlx::Error> {
    let business = asked.scope.business().0;
    let query = if asked.is_narrowed() {
        let mut query = asked.statement_on(
            periods,
            // New is who has no booking before, with anybody, whatever is asked for here.
            "select s.n, count(*) as clients, count(*) filter (where c.first_booking < s.starts) as returning_clients
               from (select p.n, p.starts, b.client_id",
        );
        asked.bookings(&mut query);
        query
            .push(
                " and b.client_id is not null group by p.n, p.starts, b.client_id) s
                   left join report_client c on c.client_id = s.client_id and c.business_id = ",
            )
            .push_bind(business);
        query.push(" group by s.n");
        query
    } else {
        // Of all bookings, those who are new are those who begin here: they need not be looked for among all others.
        let mut query = asked.statement_on(
            periods,
            "select s.n, s.clients,
                    s.clients - (select count(*)
                                   from report_client c
                                  where c.first_booking >= p.starts and c.first_booking < p.ends and c.business_id = ",
        );
        query.push_bind(business).push(
            ") as returning_clients
               from (select n, count(*) as clients from (select p.n, b.client_id",
        );
        asked.bookings(&mut query);
        query.push(
            " and b.client_id is not null group by p.n, b.client_id) d group by n) s
               join period p using (n)",
        );
        query
    };
    let rows: Vec<(i64, i64, i64)> = rows(db, query).await?;
    let rows = rows.into_iter().map(|(n, clients, returning_clients)| {
        let seen = Seen {
            clients,
            returning_clients,
        };
        (n, seen)
    });
    in_order(periods.len(), rows)
}

/// What shared and lone receipts come to.
const COUNTED: &str = "sum(amount) as revenue,
    (sum(alone) + count(*) filter (where shared is not null and amount > 0))::bigint as receipts";

async fn earned(db: &PgPool, asked: &Asked) -> Result<Told<Earned>, sqlx::Error> {
    let mut query = asked.statement(
        // What stands alone on its receipt is most of it, and need not be brought together with anything.
        ", paid as (
             select p.n, case when not m.alone then m.receipt end as shared, sum(m.amount) as amount,
                    count(*) filter (where m.alone and m.amount > 0) as alone",
    );
    asked.payments(&mut query);
    query
        .push(" group by 1, 2) select n, ")
        .push(COUNTED)
        .push(" from paid group by n");
    if !asked.groups.is_empty() {
        // What is paid in two of them is one receipt.
        query
            .push(" union all select 0, coalesce(revenue, 0), coalesce(receipts, 0) from (select ")
            .push(COUNTED)
            .push(
                " from (select shared, sum(amount) as amount, sum(alone) as alone from paid group by shared) r) w",
            );
    }
    let rows: Vec<EarnedRow> = rows(db, query).await?;
    Told::of(asked, rows.into_iter().map(|row| (row.n, row.into())))
}

fn summary(
    asked: &Asked,
    booked: Booked,
    seen: Seen,
    earned: Earned,
) -> Result<Summary, sqlx::Error> {
    let by_status = booked.by_status;
    let bookings = by_status.all();
    let average = earned.revenue.checked_div(earned.receipts.into());
    Ok(Summary {
        bookings,
        by_status,
        clients: seen.clients,
        new_clients: seen.clients - seen.returning_clients,
        returning_clients: seen.returning_clients,
        revenue: asked.money(earned.revenue)?,
        pending_amount: asked.money(booked.pending)?,
        average_receipt: asked.money(average.unwrap_or_default())?,
        no_show_rate: rate(by_status.no_show, by_status.completed + by_status.no_show),
        cancellation_rate: rate(by_status.cancelled, bookings),
    })
}

impl ByStatus {
    /// All of them.
    #[must_use]
    pub const fn all(self) -> i64 {
        self.requested + self.confirmed + self.completed + self.no_show + self.cancelled
    }

    fn of(&mut self, status: &str) -> Result<&mut i64, sqlx::Error> {
        Ok(match status {
            "requested" => &mut self.requested,
            "confirmed" => &mut self.confirmed,
            "completed" => &mut self.completed,
            "no_show" => &mut self.no_show,
            "cancelled" => &mut self.cancelled,
            other => return Err(decoded(format!("no status: {other}"))),
        })
    }
}

#[derive(sqlx::FromRow)]
struct BookedRow {
    n: i64,
    status: String,
    bookings: i64,
    pending: Decimal,
}

#[derive(sqlx::FromRow)]
struct EarnedRow {
    n: i64,
    revenue: Decimal,
    receipts: i64,
}

impl From<EarnedRow> for Earned {
    fn from(row: EarnedRow) -> Self {
        Self {
            revenue: row.revenue,
            receipts: row.receipts,
        }
    }
}
