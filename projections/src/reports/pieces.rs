//! Time in pieces: what is counted of each piece once answers for every period that consists of them.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use domain::{booking::Status, time::Span};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgPool, QueryBuilder};
use uuid::Uuid;

use super::{
    Asked, ByStatus,
    asked::{in_order, rows},
};
use crate::{Period, rows::decoded};

/// Some periods, which may overlap, and the pieces they are cut into wherever one of them begins or ends.
#[derive(Debug)]
pub(super) struct Pieces {
    pieces: Vec<Period>,
    /// Of which pieces each period consists.
    of: Vec<Range<usize>>,
}

/// What was counted of each piece.
#[derive(Debug)]
pub(super) struct Counted<'p, T> {
    pieces: &'p Pieces,
    each: Vec<T>,
}

impl Pieces {
    pub(super) fn of(periods: &[Period]) -> Self {
        let mut cuts: Vec<Timestamp> = periods
            .iter()
            .flat_map(|period| [period.span.start(), period.span.end()])
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let place = |at: Timestamp| cuts.partition_point(|cut| *cut < at);
        let wanted: Vec<_> = periods
            .iter()
            .map(|period| place(period.span.start())..place(period.span.end()))
            .collect();
        // What lies between two periods is in none of them.
        let mut covered = vec![None; cuts.len()];
        for (period, range) in periods.iter().zip(&wanted) {
            covered[range.clone()].fill(Some(*period));
        }
        let mut pieces = vec![];
        let mut before = vec![0];
        for (place, period) in covered.into_iter().enumerate() {
            let end = cuts.get(place + 1);
            let span = end.and_then(|end| Span::new(cuts[place], *end).ok());
            let piece = period.zip(span);
            pieces.extend(piece.map(|(period, span)| Period { span, ..period }));
            before.push(pieces.len());
        }
        let of = wanted
            .into_iter()
            .map(|range| before[range.start]..before[range.end]);
        Self {
            of: of.collect(),
            pieces,
        }
    }

    /// In their order, without overlaps.
    pub(super) fn all(&self) -> &[Period] {
        &self.pieces
    }

    /// What rows say of each piece; of which none speaks, nothing was counted.
    pub(super) fn counted<T: Default + Clone>(
        &self,
        rows: impl IntoIterator<Item = (i64, T)>,
    ) -> Result<Counted<'_, T>, sqlx::Error> {
        Ok(Counted {
            pieces: self,
            each: in_order(self.pieces.len(), rows)?,
        })
    }
}

impl<T> Counted<'_, T> {
    /// Of each piece, in their order.
    pub(super) fn each(&self) -> &[T] {
        &self.each
    }

    /// What each period consists of, in the order in which they were given.
    pub(super) fn periods(&self) -> impl Iterator<Item = &[T]> {
        let ranges = self.pieces.of.iter();
        ranges.map(|range| self.each.get(range.clone()).unwrap_or_default())
    }
}

/// Bookings of a piece that stand alike. Whose they are is handed over in one value: a row for each takes longer to read.
#[derive(Debug, Clone)]
pub(super) struct Stood {
    pub(super) status: Status,
    pub(super) bookings: i64,
    /// What is unpaid of them, if they are still to come.
    pub(super) pending: Decimal,
    /// Whose they are, once for each booking; nobody's are left out.
    pub(super) clients: Vec<Uuid>,
}

/// The bookings that start in each piece, as asked.
pub(super) async fn booked<'p>(
    db: &PgPool,
    asked: &Asked,
    pieces: &'p Pieces,
) -> Result<Counted<'p, Vec<Stood>>, sqlx::Error> {
    let mut query = asked.statement_on(
        pieces.all(),
        "select p.n, b.status, count(*) as bookings,
                coalesce(sum(greatest(b.price - b.paid, 0)) filter (where b.status in ('requested', 'confirmed')), 0)
                    as pending,
                coalesce(array_agg(b.client_id) filter (where b.client_id is not null), '{}') as clients",
    );
    asked.bookings(&mut query);
    query.push(" group by p.n, b.status");
    let rows: Vec<Row> = rows(db, query).await?;
    let mut each: BTreeMap<i64, Vec<Stood>> = BTreeMap::new();
    for row in rows {
        each.entry(row.n).or_default().push(Stood {
            status: status(&row.status)?,
            bookings: row.bookings,
            pending: row.pending,
            clients: row.clients,
        });
    }
    pieces.counted(each)
}

#[derive(FromRow)]
struct Row {
    n: i64,
    status: String,
    bookings: i64,
    pending: Decimal,
    clients: Vec<Uuid>,
}

pub(super) fn status(word: &str) -> Result<Status, sqlx::Error> {
    let found = Status::ALL.into_iter().find(|each| each.as_str() == word);
    found.ok_or_else(|| decoded(format!("no status: {word}")))
}

/// How many of them stand how.
pub(super) fn by_status<'a>(bookings: impl Iterator<Item = &'a Stood>) -> ByStatus {
    bookings.fold(ByStatus::default(), |mut all, stood| {
        *all.of(stood.status) += stood.bookings;
        all
    })
}

/// Whose they are, each once.
pub(super) fn clients<'a>(bookings: impl Iterator<Item = &'a Stood>) -> HashSet<Uuid> {
    bookings
        .flat_map(|stood| stood.clients.iter().copied())
        .collect()
}

/// Since when those clients are whose first booking starts in a period, whatever became of it.
pub(super) async fn first_booked(
    db: &PgPool,
    asked: &Asked,
    period: Period,
) -> Result<Firsts, sqlx::Error> {
    firsts(db, asked, period, "first_booking").await
}

/// The same of those whose first completed one starts in it.
pub(super) async fn first_came(
    db: &PgPool,
    asked: &Asked,
    period: Period,
) -> Result<Firsts, sqlx::Error> {
    firsts(db, asked, period, "first_visit").await
}

/// Clients, and since when they are.
#[derive(Debug)]
pub(super) struct Firsts(Vec<(Uuid, Timestamp)>);

impl Firsts {
    /// How many of these clients are new in a period.
    pub(super) fn among(&self, clients: &HashSet<Uuid>, period: Period) -> i64 {
        let new = self.iter().filter(|(client, since)| {
            period.span.start() <= *since && *since < period.span.end() && clients.contains(client)
        });
        i64::try_from(new.count()).unwrap_or(i64::MAX)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Uuid, Timestamp)> + '_ {
        self.0.iter().copied()
    }
}

async fn firsts(
    db: &PgPool,
    asked: &Asked,
    period: Period,
    column: &str,
) -> Result<Firsts, sqlx::Error> {
    let mut query =
        QueryBuilder::new("select coalesce(array_agg(client_id), '{}'), coalesce(array_agg(");
    query
        .push(column)
        .push("), '{}') from report_client where business_id = ")
        .push_bind(asked.scope.business().0);
    for (bound, compared) in [(period.span.start(), ">="), (period.span.end(), "<")] {
        query
            .push(format_args!(" and {column} {compared} "))
            .push_bind(bound.to_sqlx());
    }
    let rows: Vec<(Vec<Uuid>, Vec<jiff_sqlx::Timestamp>)> = rows(db, query).await?;
    let rows = rows.into_iter();
    let each = rows.flat_map(|(clients, since)| clients.into_iter().zip(since));
    Ok(Firsts(
        each.map(|(client, since)| (client, since.to_jiff()))
            .collect(),
    ))
}
