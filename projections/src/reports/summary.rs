//! How many bookings and clients, what came in, what is still to come.

use domain::{booking::Status, money::Money};
use rust_decimal::Decimal;
use sqlx::PgPool;

use super::{
    asked::{Asked, Told, rate, rows},
    pieces::{Pieces, Stood, booked, by_status, clients, first_booked},
};

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
    let periods = asked.whole_and_groups();
    let pieces = Pieces::of(&periods);
    // None needs another: the connections work at once.
    let (booked, new, earned) = tokio::try_join!(
        booked(db, asked, &pieces),
        first_booked(db, asked, asked.whole),
        earned(db, asked)
    )?;
    let earned = std::iter::once(earned.whole).chain(earned.groups);
    let told: Result<_, _> = periods
        .iter()
        .zip(booked.periods())
        .zip(earned)
        .map(|((period, booked), earned)| {
            let clients = clients(booked.iter().flatten());
            let new_clients = new.among(&clients, *period);
            summary(asked, booked, clients.len(), new_clients, earned)
        })
        .collect();
    Told::of_whole_and_groups(told?)
}

/// What money comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Earned {
    revenue: Decimal,
    receipts: i64,
}

/// What shared and lone receipts come to.
pub(super) const COUNTED: &str = "sum(amount) as revenue,
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
    booked: &[Vec<Stood>],
    clients: usize,
    new_clients: i64,
    earned: Earned,
) -> Result<Summary, sqlx::Error> {
    let by_status = by_status(booked.iter().flatten());
    let pending = booked.iter().flatten().map(|stood| stood.pending).sum();
    let bookings = by_status.all();
    let clients = i64::try_from(clients).unwrap_or(i64::MAX);
    let average = earned.revenue.checked_div(earned.receipts.into());
    Ok(Summary {
        bookings,
        by_status,
        clients,
        new_clients,
        returning_clients: clients - new_clients,
        revenue: asked.money(earned.revenue)?,
        pending_amount: asked.money(pending)?,
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

    pub(super) const fn of(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Requested => &mut self.requested,
            Status::Confirmed => &mut self.confirmed,
            Status::Completed => &mut self.completed,
            Status::NoShow => &mut self.no_show,
            Status::Cancelled => &mut self.cancelled,
        }
    }
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
