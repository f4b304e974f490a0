//! What is still to be paid of what is booked, and what of it should have been paid by now.

use domain::money::Money;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::PgPool;

use super::asked::{Asked, Told, rows};

/// What of a period's bookings is not paid: of those that are requested or confirmed, the price less what was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// All of it.
    pub amount: Money,
    /// Bookings of which something is not paid.
    pub bookings: i64,
    /// Of those that should have begun by now.
    pub overdue: Money,
    /// How many these are.
    pub overdue_bookings: i64,
    /// Of those that lie ahead.
    pub upcoming: Money,
    /// How many these are.
    pub upcoming_bookings: i64,
}

/// What is not paid, by when it begins.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Told<Pending>, sqlx::Error> {
    let mut query = asked.statement(
        "select n,
                coalesce(sum(due) filter (where over), 0)     as overdue, count(*) filter (where over)     as overdue_bookings,
                coalesce(sum(due) filter (where not over), 0) as ahead,   count(*) filter (where not over) as ahead_bookings
           from (select p.n, b.price - b.paid as due, b.starts < ",
    );
    query.push_bind(asked.now.to_sqlx()).push(" as over");
    asked.bookings(&mut query);
    query
        .push(" and b.status in ('requested', 'confirmed') and b.price > b.paid) owing group by n");
    let rows: Vec<Row> = rows(db, query).await?;
    let mut parts: Vec<_> = rows
        .into_iter()
        .map(|row| (row.n, Sums::from(row)))
        .collect();
    if !asked.groups.is_empty() {
        let whole = parts
            .iter()
            .fold(Sums::default(), |sum, (_, part)| sum.and(*part));
        parts.push((0, whole));
    }
    Told::of(asked, parts)?.try_map(|sums| sums.told(asked))
}

#[derive(sqlx::FromRow)]
struct Row {
    n: i64,
    overdue: Decimal,
    overdue_bookings: i64,
    ahead: Decimal,
    ahead_bookings: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    overdue: Decimal,
    overdue_bookings: i64,
    ahead: Decimal,
    ahead_bookings: i64,
}

impl From<Row> for Sums {
    fn from(row: Row) -> Self {
        Self {
            overdue: row.overdue,
            overdue_bookings: row.overdue_bookings,
            ahead: row.ahead,
            ahead_bookings: row.ahead_bookings,
        }
    }
}

impl Sums {
    fn and(self, other: Self) -> Self {
        Self {
            overdue: self.overdue + other.overdue,
            overdue_bookings: self.overdue_bookings + other.overdue_bookings,
            ahead: self.ahead + other.ahead,
            ahead_bookings: self.ahead_bookings + other.ahead_bookings,
        }
    }

    fn told(self, asked: &Asked) -> Result<Pending, sqlx::Error> {
        Ok(Pending {
            amount: asked.money(self.overdue + self.ahead)?,
            bookings: self.overdue_bookings + self.ahead_bookings,
            overdue: asked.money(self.overdue)?,
            overdue_bookings: self.overdue_bookings,
            upcoming: asked.money(self.ahead)?,
            upcoming_bookings: self.ahead_bookings,
        })
    }
}
