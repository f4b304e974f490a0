//! What is asked of the till.

use domain::{booking::Booking, client::Client, id::Id, money::Money, time::Zone};
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{
    GroupBy, Period, Position, Scope,
    rows::{asked, decoded, money},
};

/// Which money.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Of these dates, where the business is.
    pub period: Period,
    /// Taken so, or given back what was: `cash`.
    pub method: Option<String>,
    /// Taken, or given back, by this user or key.
    pub taken_by: Option<Uuid>,
}

/// Which page of what was found.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// After what; none: from the first.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(Timestamp, Position);

/// What kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Taken for a booking.
    Payment,
    /// Taken for something without a booking.
    Sale,
    /// Given back.
    Refund,
}

/// Money taken or given back.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it lies in the ledger.
    pub position: Position,
    /// Which payment; of a refund, which refund.
    pub payment_id: Uuid,
    /// What kind of entry.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// How much was taken, or given back. Of payments, zero and below only in imported history.
    pub amount: Money,
    /// How. Of a refund, how what it gives back was paid; none if nothing was.
    pub method: Option<String>,
    /// What kind of actor took it.
    pub taken_by_kind: String,
    /// Which.
    pub taken_by: Option<Uuid>,
    /// For which booking.
    pub booking_id: Option<Id<Booking>>,
    /// What people call that booking by.
    pub reference: Option<String>,
    /// That booking is deleted now.
    pub deleted: bool,
    /// Whose.
    pub client_id: Option<Id<Client>>,
    /// Which payment a refund gives back; none: of what was paid in all.
    pub refund_of: Option<Uuid>,
    /// What was sold, or why it was given back.
    pub text: Option<String>,
}

/// A page of the till.
#[derive(Debug, Clone)]
pub struct Found {
    /// The oldest first.
    pub items: Vec<Entry>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// What a day made, by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Total {
    /// The date where the business is.
    pub date: Date,
    /// How it was paid.
    pub method: Option<String>,
    /// Taken, for bookings and without.
    pub taken: Money,
    /// Given back.
    pub refunded: Money,
    /// What is left.
    pub total: Money,
    /// How many entries that is.
    pub entries: i64,
}

/// A page of what a filter lets through.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "select p.position, p.payment_id, p.kind, p.at, p.amount, p.currency, p.method, p.taken_by_kind, p.taken_by,
                p.booking_id, b.reference, coalesce(b.deleted, false) as deleted,
                coalesce(b.client_id, p.client_id) as client_id, p.refund_of, p.text",
    );
    let span = filter.period.span;
    query.push(FROM);
    narrow(&mut query, scope, filter);
    query
        .push(" and p.at >= ")
        .push_bind(span.start().to_sqlx())
        .push(" and p.at < ")
        .push_bind(span.end().to_sqlx());
    if let Some(Cursor(at, position)) = page.after {
        query
            .push(" and (p.at, p.position) > (")
            .push_bind(at.to_sqlx())
            .push(", ")
            .push_bind(position.0)
            .push(")");
    }
    // One more than wanted tells whether there is a next page.
    query
        .push(" order by p.at, p.position limit ")
        .push_bind(i64::from(page.limit) + 1);
    let mut rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| Cursor(last.at.to_jiff(), Position(last.position)));
    let total = match page.count {
        true => Some(
            totals_of(db, scope, filter, &[filter.period])
                .await?
                .iter()
                .map(|t| t.entries)
                .sum(),
        ),
        false => None,
    };
    let items: Result<_, _> = rows.into_iter().map(Entry::try_from).collect();
    Ok(Found {
        items: items?,
        next,
        total,
    })
}

/// What each date made, method by method, in the order of dates; dates on which nothing was taken are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn totals(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    zone: &Zone,
) -> Result<Vec<Total>, sqlx::Error> {
    let days = filter.period.by(zone, GroupBy::Day);
    totals_of(db, scope, filter, &days).await
}

async fn totals_of(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    periods: &[Period],
) -> Result<Vec<Total>, sqlx::Error> {
    let starts: Vec<_> = periods.iter().map(|p| p.span.start().to_sqlx()).collect();
    let ends: Vec<_> = periods.iter().map(|p| p.span.end().to_sqlx()).collect();
    let mut query = QueryBuilder::new(
        "select d.n, p.method, p.currency, count(*) as entries,
                coalesce(sum(p.amount) filter (where p.kind <> 'refund'), 0) as taken,
                coalesce(sum(p.amount) filter (where p.kind =  'refund'), 0) as refunded",
    );
    query.push(FROM).push(" join unnest(");
    query
        .push_bind(starts)
        .push("::timestamptz[], ")
        .push_bind(ends)
        .push("::timestamptz[]) with ordinality as d (starts, ends, n) on p.at >= d.starts and p.at < d.ends");
    narrow(&mut query, scope, filter);
    query.push(" group by d.n, p.method, p.currency order by d.n, p.method, p.currency");
    let rows: Vec<TotalRow> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(|row| row.total(periods)).collect()
}

const FROM: &str = " from till_payment p
     left join till_booking b on b.business_id = p.business_id and b.booking_id = p.booking_id";

fn narrow(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, filter: &Filter) {
    let business = scope.business().0;
    query.push(" where p.business_id = ").push_bind(business);
    if let Some(staff) = scope.staff() {
        let staff = staff.uuid();
        query
            .push(" and coalesce(b.staff_id, p.staff_id) = ")
            .push_bind(staff);
    }
    if let Some(method) = &filter.method {
        query.push(" and p.method = ").push_bind(asked(method));
    }
    if let Some(actor) = filter.taken_by {
        query.push(" and p.taken_by = ").push_bind(actor);
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    payment_id: Uuid,
    kind: String,
    at: jiff_sqlx::Timestamp,
    amount: Decimal,
    currency: String,
    method: Option<String>,
    taken_by_kind: String,
    taken_by: Option<Uuid>,
    booking_id: Option<Uuid>,
    reference: Option<String>,
    deleted: bool,
    client_id: Option<Uuid>,
    refund_of: Option<Uuid>,
    text: Option<String>,
}

impl TryFrom<Row> for Entry {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: Position(row.position),
            payment_id: row.payment_id,
            kind: Kind::named(&row.kind)?,
            at: row.at.to_jiff(),
            amount: money(row.amount, &row.currency)?,
            method: row.method,
            taken_by_kind: row.taken_by_kind,
            taken_by: row.taken_by,
            booking_id: row.booking_id.map(Id::new),
            reference: row.reference,
            deleted: row.deleted,
            client_id: row.client_id.map(Id::new),
            refund_of: row.refund_of,
            text: row.text,
        })
    }
}

impl Kind {
    fn named(name: &str) -> Result<Self, sqlx::Error> {
        serde_json::from_value(name.into()).map_err(decoded)
    }
}

#[derive(sqlx::FromRow)]
struct TotalRow {
    n: i64,
    method: Option<String>,
    currency: String,
    entries: i64,
    taken: Decimal,
    refunded: Decimal,
}

impl TotalRow {
    fn total(self, periods: &[Period]) -> Result<Total, sqlx::Error> {
        let period = usize::try_from(self.n - 1)
            .ok()
            .and_then(|n| periods.get(n));
        Ok(Total {
            date: period.ok_or(sqlx::Error::RowNotFound)?.first,
            method: self.method,
            taken: money(self.taken, &self.currency)?,
            refunded: money(self.refunded, &self.currency)?,
            total: money(self.taken - self.refunded, &self.currency)?,
            entries: self.entries,
        })
    }
}
