//! Whether it is more or less than before, and which days and months are good ones.

mod seasons;
mod shift;

use std::collections::BTreeMap;

use domain::money::Money;
use jiff::civil::Date;
use rust_decimal::Decimal;
use sqlx::PgPool;

pub use self::seasons::{Season, Seasons};
use self::seasons::{begun, seasons};
use super::{
    asked::{Asked, Told, rate, rows},
    pieces::{Counted, Pieces, Stood, booked, clients},
};
use crate::{GroupBy, Period};

/// What a period came to, beside what came before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// Bookings that start in it, whatever became of them.
    pub bookings: Compared<i64>,
    /// Clients with at least one of these.
    pub clients: Compared<i64>,
    /// What was paid in it less what was given back.
    pub revenue: Compared<Money>,
    /// The period before it.
    pub before: Period,
    /// The same a year before.
    pub year_before: Period,
}

/// A figure of a period, of the one before it, and of the same a year before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared<T> {
    /// Of the period.
    pub value: T,
    /// Of the one before it.
    pub before: T,
    /// Of the same a year before.
    pub year_before: T,
}

/// Trends of a period and its groups, and its seasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Trends {
    /// Of the whole and of its groups.
    pub trends: Told<Trend>,
    /// What is usual on which day, and in which month.
    pub seasons: Seasons,
}

/// What came to more, what to less.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Trends, sqlx::Error> {
    let whole = Beside::of(asked, asked.whole, None);
    let groups: Vec<_> = asked
        .groups
        .iter()
        .map(|group| Beside::of(asked, *group, asked.by))
        .collect();
    // The period before one group is most often another group.
    let all = groups.iter().chain([&whole]).flat_map(Beside::all);
    let periods: BTreeMap<(Date, Date), Period> = all
        .map(|period| ((period.first, period.last), period))
        .collect();
    let keys = periods.keys().copied();
    let days = begun(asked);
    // What a day came to is part of what its month did: each booking and payment is read once.
    let mut cut: Vec<Period> = periods.values().copied().collect();
    cut.extend(&days);
    let pieces = Pieces::of(&cut);
    let (booked, earned) =
        tokio::try_join!(booked(db, asked, &pieces), earned(db, asked, &pieces))?;
    let count = |all: &[Vec<Stood>]| all.iter().flatten().map(|stood| stood.bookings).sum();
    let sum = |all: &[Decimal]| all.iter().sum();
    let mut each = booked.periods().zip(earned.periods());
    let figures: BTreeMap<_, (Booked, Decimal)> = keys
        .zip(each.by_ref())
        .map(|(key, (booked, earned))| {
            let clients = clients(booked.iter().flatten()).len();
            let booked = Booked {
                bookings: count(booked),
                clients: i64::try_from(clients).unwrap_or(i64::MAX),
            };
            (key, (booked, sum(earned)))
        })
        .collect();
    let each = each.map(|(booked, earned)| (count(booked), sum(earned)));
    let seasons = seasons(asked, &days, each)?;
    let of = |period: Period| {
        let figures = figures.get(&(period.first, period.last));
        figures.copied().unwrap_or_default()
    };
    let trend = |beside: &Beside| {
        let [now, before, year] = beside.all().map(of);
        Ok::<_, sqlx::Error>(Trend {
            bookings: Compared::new(now.0.bookings, before.0.bookings, year.0.bookings),
            clients: Compared::new(now.0.clients, before.0.clients, year.0.clients),
            revenue: Compared::new(
                asked.money(now.1)?,
                asked.money(before.1)?,
                asked.money(year.1)?,
            ),
            before: beside.before,
            year_before: beside.year_before,
        })
    };
    let told: Result<_, _> = groups.iter().map(trend).collect();
    Ok(Trends {
        trends: Told {
            whole: trend(&whole)?,
            groups: told?,
        },
        seasons,
    })
}

/// A period, and with which it is compared.
struct Beside {
    period: Period,
    before: Period,
    year_before: Period,
}

impl Beside {
    fn of(asked: &Asked, period: Period, by: Option<GroupBy>) -> Self {
        // Dates are of the years 0 to 9999: time begins long before.
        let there = |(first, last)| Period::new(&asked.zone, first, last).unwrap_or(period);
        Self {
            period,
            before: there(shift::before(period.first, period.last, by)),
            year_before: there(shift::year_before(period.first, period.last, by)),
        }
    }

    const fn all(&self) -> [Period; 3] {
        [self.period, self.before, self.year_before]
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Booked {
    bookings: i64,
    clients: i64,
}

/// What was paid in each piece less what was given back.
async fn earned<'p>(
    db: &PgPool,
    asked: &Asked,
    pieces: &'p Pieces,
) -> Result<Counted<'p, Decimal>, sqlx::Error> {
    let mut query = asked.statement_on(pieces.all(), "select p.n, sum(m.amount)");
    asked.payments(&mut query);
    query.push(" group by p.n");
    pieces.counted(rows::<(i64, Decimal)>(db, query).await?)
}

impl<T> Compared<T> {
    const fn new(value: T, before: T, year_before: T) -> Self
    where
        T: Copy,
    {
        Self {
            value,
            before,
            year_before,
        }
    }
}

impl Asked {
    /// The period before the whole one; none before the first of all.
    pub(super) fn before(&self) -> Option<Period> {
        let (first, last) = shift::before(self.whole.first, self.whole.last, None);
        Period::new(&self.zone, first, last)
    }
}

/// By which part of what was there before it is more or, below zero, less; none where nothing was.
#[must_use]
pub fn change_rate(from: Decimal, to: Decimal) -> Option<f64> {
    use rust_decimal::prelude::ToPrimitive as _;
    // What fell below zero by refunds has no percentage either.
    let rate = (from > Decimal::ZERO).then(|| (to - from).checked_div(from))??;
    rate.to_f64()
}
