//! What each service, or each staff member, came to: the part of their reports that is one question.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{Timestamp, ToSpan as _, civil::Date};
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgPool, QueryBuilder};
use uuid::Uuid;

use super::{
    Asked, ByStatus, asked,
    pieces::{Counted, Pieces, status},
    summary::COUNTED,
};
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

    /// Which later booking says that somebody comes again, and whom of them it must be with or for to say so.
    const fn again(self) -> (&'static str, &'static str) {
        match self {
            // With anybody, for anything.
            Self::Service => ("b.status = 'completed'", "null::uuid"),
            Self::Staff => (
                "b.status in ('requested', 'confirmed', 'completed') and b.staff_id is not null",
                "b.staff_id",
            ),
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

/// What each came to in the whole period and, after it, in each group; under none what nobody, or no service, is named
/// for. Whoever came counts as one who came again within so many days.
pub(super) async fn by(
    db: &PgPool,
    asked: &Asked,
    by: By,
    within_days: u16,
) -> Result<BTreeMap<Option<Uuid>, Vec<Worth>>, sqlx::Error> {
    let periods = asked.whole_and_groups();
    let pieces = Pieces::of(&periods);
    let midnights = midnights(asked, within_days);
    // None needs another: the connections work at once.
    let (booked, later, paid) = tokio::try_join!(
        booked(db, asked, &pieces, by),
        later(db, asked, &midnights, by),
        paid(db, asked, by)
    )?;
    let mut all: BTreeMap<Option<Uuid>, Vec<Worth>> = BTreeMap::new();
    let nothing = || vec![Worth::default(); periods.len()];
    for (place, booked) in booked.periods().enumerate() {
        let mut each: BTreeMap<Option<Uuid>, Vec<&Booked>> = BTreeMap::new();
        for row in booked.iter().flatten() {
            each.entry(row.id).or_default().push(row);
        }
        for (id, rows) in each {
            // Who is with nobody in particular is not with nobody again.
            let later = match by {
                By::Service => later.get(&None),
                By::Staff => later.get(&id).filter(|_| id.is_some()),
            };
            let again = Again {
                midnights: &midnights,
                within_days: within_days.into(),
                later: later.map_or(&[], Vec::as_slice),
            };
            if let Some(worth) = all.entry(id).or_insert_with(nothing).get_mut(place) {
                *worth = Worth::of(&rows, &again)?;
            }
        }
    }
    for row in paid {
        let place = match row.n {
            0 => 0,
            _ if asked.groups.is_empty() => 0,
            n => usize::try_from(n).unwrap_or(usize::MAX),
        };
        let worth = all.entry(row.id).or_insert_with(nothing).get_mut(place);
        let worth = worth.ok_or_else(|| decoded(format!("no period {}", row.n)))?;
        worth.revenue = row.revenue;
        worth.receipts = row.receipts;
    }
    Ok(all)
}

/// How many bookings each had in one period, and what was earned.
pub(super) async fn plainly(
    db: &PgPool,
    asked: &Asked,
    period: Option<Period>,
    by: By,
) -> Result<BTreeMap<Option<Uuid>, (i64, Decimal)>, sqlx::Error> {
    let Some(period) = period else {
        return Ok(BTreeMap::new());
    };
    let period = std::slice::from_ref(&period);
    let column = by.column();
    let mut bookings = asked.statement_on(period, &format!("select b.{column}, count(*)"));
    asked.bookings(&mut bookings);
    bookings.push(" group by 1");
    let mut earned = asked.statement_on(period, &format!("select m.{column}, sum(m.amount)"));
    asked.payments(&mut earned);
    earned.push(" group by 1");
    let (bookings, earned) = tokio::try_join!(
        asked::rows::<(Option<Uuid>, i64)>(db, bookings),
        asked::rows::<(Option<Uuid>, Decimal)>(db, earned)
    )?;
    let mut all: BTreeMap<_, (i64, Decimal)> = BTreeMap::new();
    for (id, count) in bookings {
        all.entry(id).or_default().0 = count;
    }
    for (id, amount) in earned {
        all.entry(id).or_default().1 = amount;
    }
    Ok(all)
}

/// Bookings of one of them that stand alike. Whose they are is handed over in one value, and of those who came, when: a
/// row for each takes longer to read, and longer still to group by who they are.
#[derive(Debug, Clone, FromRow)]
struct Booked {
    n: i64,
    id: Option<Uuid>,
    status: String,
    bookings: i64,
    booked_min: i64,
    clients: Vec<Uuid>,
    came: Vec<jiff_sqlx::Timestamp>,
}

async fn booked<'p>(
    db: &PgPool,
    asked: &Asked,
    pieces: &'p Pieces,
    by: By,
) -> Result<Counted<'p, Vec<Booked>>, sqlx::Error> {
    let mut query = asked.statement_on(
        pieces.all(),
        &format!(
            "select p.n, b.{} as id, b.status, count(*) as bookings,
                    coalesce(sum(b.duration_min) filter (where b.status <> 'cancelled' and not b.hour_unknown), 0)
                        as booked_min,
                    coalesce(array_agg(b.client_id) filter (where b.client_id is not null), '{{}}') as clients,
                    coalesce(array_agg(b.starts)
                        filter (where b.client_id is not null and b.status = 'completed'), '{{}}') as came",
            by.column()
        ),
    );
    asked.bookings(&mut query);
    query.push(" group by 1, 2, 3");
    let rows: Vec<Booked> = asked::rows(db, query).await?;
    let mut each: BTreeMap<i64, Vec<Booked>> = BTreeMap::new();
    for row in rows {
        each.entry(row.n).or_default().push(row);
    }
    pieces.counted(each)
}

impl Worth {
    fn of(rows: &[&Booked], again: &Again<'_>) -> Result<Self, sqlx::Error> {
        let mut worth = Self::default();
        let mut clients: HashSet<Uuid> = HashSet::new();
        let mut came: HashMap<Uuid, Timestamp> = HashMap::new();
        for row in rows {
            *worth.by_status.of(status(&row.status)?) += row.bookings;
            worth.booked_min += row.booked_min;
            clients.extend(&row.clients);
            for (client, at) in row.clients.iter().zip(&row.came) {
                let at = at.to_jiff();
                let first = came.entry(*client).or_insert(at);
                *first = at.min(*first);
            }
        }
        let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
        worth.clients = count(clients.len());
        worth.came = count(came.len());
        let did = came
            .iter()
            .filter(|(client, first)| again.did(**client, **first));
        worth.again = count(did.count());
        Ok(worth)
    }
}

/// By what it is told whether somebody came again.
struct Again<'a> {
    midnights: &'a [Timestamp],
    within_days: usize,
    /// Who was there when, in order.
    later: &'a [(Uuid, Timestamp)],
}

impl Again<'_> {
    /// On another day than that on which they first came, and in time.
    fn did(&self, client: Uuid, first: Timestamp) -> bool {
        let tomorrow = self
            .midnights
            .partition_point(|midnight| *midnight <= first);
        let midnight = |place: usize| self.midnights.get(place).copied().unwrap_or(Timestamp::MAX);
        let (since, until) = (midnight(tomorrow), midnight(tomorrow + self.within_days));
        let next = self.later.partition_point(|seen| *seen < (client, since));
        let next = self.later.get(next);
        next.is_some_and(|(who, at)| *who == client && *at < until)
    }
}

/// When each day begins, from the first of the period to the last one on which somebody may come again.
fn midnights(asked: &Asked, within_days: u16) -> Vec<Timestamp> {
    let after = (i64::from(within_days) + 1).days();
    let last = asked.whole.last.checked_add(after).unwrap_or(Date::MAX);
    let dates = asked
        .whole
        .first
        .series(1.day())
        .take_while(|date| *date <= last);
    // A date that the zone left out begins when the next one does.
    let days = dates.map_while(|date| asked.zone.days(date, date));
    days.map(|day| day.start()).collect()
}

/// Who was there when, and what says that they came again: in order, by whom it must be with.
type Later = BTreeMap<Option<Uuid>, Vec<(Uuid, Timestamp)>>;

/// With anybody and for anything, whatever is asked: a haircut brings somebody back who is coloured then.
async fn later(
    db: &PgPool,
    asked: &Asked,
    midnights: &[Timestamp],
    by: By,
) -> Result<Later, sqlx::Error> {
    let (says_so, with) = by.again();
    let since = asked.whole.span.start();
    let until = midnights.last().copied().unwrap_or(since);
    let mut query = QueryBuilder::new("select ");
    query
        .push(with)
        .push(
            ", array_agg(b.client_id), array_agg(b.starts)
               from report_booking b
              where b.client_id is not null and not b.deleted and b.business_id = ",
        )
        .push_bind(asked.scope.business().0)
        .push(" and b.starts >= ")
        .push_bind(since.to_sqlx())
        .push(" and b.starts < ")
        .push_bind(until.to_sqlx())
        .push(" and ")
        .push(says_so)
        .push(" group by 1");
    let rows: Vec<(Option<Uuid>, Vec<Uuid>, Vec<jiff_sqlx::Timestamp>)> =
        asked::rows(db, query).await?;
    let each = rows.into_iter().map(|(with, clients, starts)| {
        let starts = starts.into_iter().map(jiff_sqlx::Timestamp::to_jiff);
        let mut seen: Vec<_> = clients.into_iter().zip(starts).collect();
        seen.sort_unstable();
        (with, seen)
    });
    Ok(each.collect())
}

#[derive(FromRow)]
struct Paid {
    n: i64,
    id: Option<Uuid>,
    revenue: Decimal,
    receipts: i64,
}

/// Of the whole under 0, or under 1 where there are no groups.
async fn paid(db: &PgPool, asked: &Asked, by: By) -> Result<Vec<Paid>, sqlx::Error> {
    let mut query = asked.statement(&format!(
        ", paid as (
             select p.n, m.{} as id, case when not m.alone then m.receipt end as shared, sum(m.amount) as amount,
                    count(*) filter (where m.alone and m.amount > 0) as alone",
        by.column()
    ));
    asked.payments(&mut query);
    query.push(format_args!(
        " group by 1, 2, 3) select n, id, {COUNTED} from paid group by n, id"
    ));
    if !asked.groups.is_empty() {
        // What is paid in two of them is one receipt.
        query.push(format_args!(
            " union all select 0, id, {COUNTED}
                from (select id, shared, sum(amount) as amount, sum(alone) as alone from paid group by 1, 2) r
               group by id"
        ));
    }
    asked::rows(db, query).await
}
