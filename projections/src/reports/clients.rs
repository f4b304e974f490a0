//! What each client brought in, how often they came, and how often they did not.

use std::collections::HashMap;

use domain::{client::Client, id::Id, money::Money};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use super::asked::{Asked, Query, rows};

/// What a client's bookings that start in the period came to, and what they paid in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Who.
    pub client_id: Id<Client>,
    /// Their bookings, whatever became of them.
    pub bookings: i64,
    /// How often they came: completed bookings, those of one visit together.
    pub visits: i64,
    /// The start of the last completed one.
    pub last_visit: Option<Timestamp>,
    /// Bookings that were cancelled.
    pub cancellations: i64,
    /// Bookings that they missed.
    pub no_shows: i64,
    /// What they paid less what was given back, for bookings of whatever day and without one.
    pub revenue: Money,
    /// For how many receipts: visits, bookings and sales for which more was paid than given back.
    pub receipts: i64,
    /// The revenue by the number of receipts, rounded half up; zero where there is none.
    pub average_receipt: Money,
}

/// By what they are ordered; who has as much, by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// What they brought in.
    #[default]
    Revenue,
    /// How often they came.
    Visits,
    /// When they came last; who never came, as if that was long ago.
    LastVisit,
    /// How many bookings they have.
    Bookings,
    /// How many of them were cancelled.
    Cancellations,
    /// How many of them they missed.
    NoShows,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: By,
    /// The least first; else the most.
    pub ascending: bool,
}

/// Where a page ended: at this figure, of this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(Decimal, Uuid);

/// Which page.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// After what; none: from the first.
    pub after: Option<Cursor>,
    /// At most so many; none: all of them.
    pub limit: Option<u16>,
    /// Whether to count them all, too.
    pub count: bool,
}

/// A page of clients.
#[derive(Debug, Clone)]
pub struct Found {
    /// In their order.
    pub items: Vec<Figures>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// The clients who booked or paid in the period.
///
/// They are put in order by one figure alone; the others are counted of those on the page.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    sort: Sort,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let mut placed = placed(db, asked, sort, page).await?;
    let wanted = page.limit.map_or(usize::MAX, usize::from);
    let more = placed.len() > wanted;
    placed.truncate(wanted);
    let last = placed.last().filter(|_| more);
    let next = last.map(|(client, figure)| Cursor(*figure, *client));
    let total = if page.count {
        Some(count(db, asked).await?)
    } else {
        None
    };
    let these: Vec<Uuid> = placed.iter().map(|(client, _)| *client).collect();
    // All of them are counted faster than named.
    let query = counted(asked, page.limit.is_some().then_some(&these));
    let rows: Vec<Row> = rows(db, query).await?;
    let mut rows: HashMap<Uuid, Row> = rows.into_iter().map(|row| (row.client_id, row)).collect();
    let items = these.iter().filter_map(|client| rows.remove(client));
    let items: Result<_, _> = items.map(|row| row.figures(asked)).collect();
    Ok(Found {
        items: items?,
        next,
        total,
    })
}

/// The clients in their order, each with the figure that they are ordered by; one more than wanted tells whether there is
/// a next page.
async fn placed(
    db: &PgPool,
    asked: &Asked,
    sort: Sort,
    page: Page,
) -> Result<Vec<(Uuid, Decimal)>, sqlx::Error> {
    if let Some(limit) = page.limit
        && !sort.ascending
        && page
            .after
            .is_none_or(|Cursor(figure, _)| figure > Decimal::ZERO)
    {
        let best = best(db, asked, sort.by, page).await?;
        if best.len() > usize::from(limit) {
            return Ok(best);
        }
    }
    let mut query = all(asked, sort.by);
    query
        .push(", placed as (select client_id, coalesce(booked.figure, paid.figure, ")
        .push(sort.by.none())
        .push(") as figure from booked full join paid using (client_id)) select client_id, figure from placed");
    let (order, beyond) = if sort.ascending {
        ("asc", ">")
    } else {
        ("desc", "<")
    };
    query.push(" where true");
    page.of(&mut query, order, beyond);
    rows(db, query).await
}

/// Of those who have more of it than nothing, the page with the most. They come before everybody else, so that what says
/// who has how much of it is all that is read; a page that they do not fill is not theirs alone.
async fn best(
    db: &PgPool,
    asked: &Asked,
    by: By,
    page: Page,
) -> Result<Vec<(Uuid, Decimal)>, sqlx::Error> {
    if by == By::Revenue {
        return best_paying(db, asked, page).await;
    }
    let whole = std::slice::from_ref(&asked.whole);
    let mut query =
        asked.statement_on(whole, "select client_id, figure from (select b.client_id, ");
    query.push(by.booked()).push(" as figure");
    asked.bookings(&mut query);
    query.push(" and b.client_id is not null group by b.client_id) placed where figure > 0");
    page.of(&mut query, "desc", "<");
    rows(db, query).await
}

/// Added up here: by whom a year of payments was made takes PostgreSQL several times as long to group as to read.
async fn best_paying(
    db: &PgPool,
    asked: &Asked,
    page: Page,
) -> Result<Vec<(Uuid, Decimal)>, sqlx::Error> {
    let whole = std::slice::from_ref(&asked.whole);
    let mut query = asked.statement_on(
        whole,
        "select coalesce(array_agg(m.client_id), '{}'), coalesce(array_agg(m.amount), '{}')",
    );
    asked.payments(&mut query);
    query.push(" and m.client_id is not null");
    let paid: Vec<(Vec<Uuid>, Vec<Decimal>)> = rows(db, query).await?;
    let mut sums: HashMap<Uuid, Decimal> = HashMap::new();
    for (client, amount) in paid
        .into_iter()
        .flat_map(|(who, what)| who.into_iter().zip(what))
    {
        *sums.entry(client).or_default() += amount;
    }
    let mut best: Vec<(Decimal, Uuid)> = sums
        .into_iter()
        .map(|(client, sum)| (sum, client))
        .filter(|(sum, _)| *sum > Decimal::ZERO)
        .filter(|beyond| {
            page.after
                .is_none_or(|Cursor(sum, client)| *beyond < (sum, client))
        })
        .collect();
    best.sort_unstable_by(|one, other| other.cmp(one));
    best.truncate(
        page.limit
            .map_or(usize::MAX, |limit| usize::from(limit) + 1),
    );
    Ok(best
        .into_iter()
        .map(|(sum, client)| (client, sum))
        .collect())
}

impl Page {
    /// What comes beyond the cursor, in this order, and one more than wanted.
    fn of(self, query: &mut Query<'_>, order: &str, beyond: &str) {
        if let Some(Cursor(figure, client)) = self.after {
            query
                .push(format_args!(" and (figure, client_id) {beyond} ("))
                .push_bind(figure)
                .push(", ")
                .push_bind(client)
                .push(")");
        }
        query.push(format_args!(" order by figure {order}, client_id {order}"));
        if let Some(limit) = self.limit {
            query.push(" limit ").push_bind(i64::from(limit) + 1);
        }
    }
}

async fn count(db: &PgPool, asked: &Asked) -> Result<i64, sqlx::Error> {
    let mut query = all(asked, By::Revenue);
    query.push(" select count(*) from booked full join paid using (client_id)");
    let all: Vec<(i64,)> = rows(db, query).await?;
    Ok(all.first().map_or(0, |(count,)| *count))
}

/// `with … booked as (…), paid as (…)`: who booked and who paid, with what they are ordered by.
fn all(asked: &Asked, by: By) -> Query<'_> {
    let whole = std::slice::from_ref(&asked.whole);
    let mut query = asked.statement_on(whole, ", booked as (select b.client_id, ");
    query.push(by.booked()).push(" as figure");
    asked.bookings(&mut query);
    query
        .push(" and b.client_id is not null group by b.client_id), paid as (select m.client_id, ")
        .push(by.paid())
        .push(" as figure");
    asked.payments(&mut query);
    query.push(" and m.client_id is not null group by m.client_id)");
    query
}

/// The figures of these clients, or of all of them, over the whole period.
fn counted<'a>(asked: &'a Asked, these: Option<&Vec<Uuid>>) -> Query<'a> {
    let narrow = |query: &mut Query<'a>, column: &str| {
        if let Some(these) = these {
            query
                .push(format_args!(" and {column} = any ("))
                .push_bind(these.clone())
                .push(")");
        }
    };
    let mut query = asked.statement_on(
        std::slice::from_ref(&asked.whole),
        // The bookings of a visit are one; those of none are counted as they are.
        ", visit as (
             select b.client_id, b.visit_id, count(*) as bookings,
                    count(*) filter (where b.status = 'completed') as completed,
                    max(b.starts) filter (where b.status = 'completed') as last_visit,
                    count(*) filter (where b.status = 'cancelled') as cancellations,
                    count(*) filter (where b.status = 'no_show')   as no_shows",
    );
    asked.bookings(&mut query);
    narrow(&mut query, "b.client_id");
    query.push(
        " and b.client_id is not null group by b.client_id, b.visit_id),
         booked as (
             select client_id, sum(bookings)::bigint as bookings,
                    sum(case when visit_id is null then completed else least(completed, 1) end)::bigint as visits,
                    max(last_visit) as last_visit, sum(cancellations)::bigint as cancellations,
                    sum(no_shows)::bigint as no_shows
               from visit
              group by client_id),
         receipt as (
             select m.client_id, case when not m.alone then m.receipt end as shared, sum(m.amount) as amount,
                    count(*) filter (where m.alone and m.amount > 0) as alone",
    );
    asked.payments(&mut query);
    narrow(&mut query, "m.client_id");
    query.push(
        " and m.client_id is not null group by 1, 2),
         paid as (
             select client_id, sum(amount) as revenue,
                    (sum(alone) + count(*) filter (where shared is not null and amount > 0))::bigint as receipts
               from receipt
              group by client_id)
         select client_id, coalesce(bookings, 0) as bookings, coalesce(visits, 0) as visits, last_visit,
                coalesce(cancellations, 0) as cancellations, coalesce(no_shows, 0) as no_shows,
                coalesce(revenue, 0) as revenue, coalesce(receipts, 0) as receipts
           from booked
           full join paid using (client_id)",
    );
    query
}

/// Each figure as a number, so that one cursor serves all.
impl By {
    /// What of a client's bookings they are ordered by.
    const fn booked(self) -> &'static str {
        match self {
            Self::Revenue => "null::numeric",
            Self::Visits => {
                "(count(*) filter (where b.status = 'completed' and b.visit_id is null)
                  + count(distinct b.visit_id) filter (where b.status = 'completed'))::numeric"
            }
            Self::LastVisit => {
                "extract(epoch from max(b.starts) filter (where b.status = 'completed'))"
            }
            Self::Bookings => "count(*)::numeric",
            Self::Cancellations => "(count(*) filter (where b.status = 'cancelled'))::numeric",
            Self::NoShows => "(count(*) filter (where b.status = 'no_show'))::numeric",
        }
    }

    /// What of their payments.
    const fn paid(self) -> &'static str {
        match self {
            Self::Revenue => "sum(m.amount)",
            Self::Visits
            | Self::LastVisit
            | Self::Bookings
            | Self::Cancellations
            | Self::NoShows => "null::numeric",
        }
    }

    /// What stands for nothing.
    const fn none(self) -> &'static str {
        match self {
            // Before all times.
            Self::LastVisit => "-1e12",
            Self::Revenue | Self::Visits | Self::Bookings | Self::Cancellations | Self::NoShows => {
                "0"
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    client_id: Uuid,
    bookings: i64,
    visits: i64,
    last_visit: Option<jiff_sqlx::Timestamp>,
    cancellations: i64,
    no_shows: i64,
    revenue: Decimal,
    receipts: i64,
}

impl Row {
    fn figures(self, asked: &Asked) -> Result<Figures, sqlx::Error> {
        let average = self.revenue.checked_div(self.receipts.into());
        Ok(Figures {
            client_id: Id::new(self.client_id),
            bookings: self.bookings,
            visits: self.visits,
            last_visit: self.last_visit.map(jiff_sqlx::Timestamp::to_jiff),
            cancellations: self.cancellations,
            no_shows: self.no_shows,
            revenue: asked.money(self.revenue)?,
            receipts: self.receipts,
            average_receipt: asked.money(average.unwrap_or_default())?,
        })
    }
}
