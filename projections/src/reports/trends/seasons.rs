//! What is usual on a day of the week, and in a month of the year.

use std::collections::{BTreeMap, BTreeSet};

use domain::{money::Money, time::Weekday};
use rust_decimal::Decimal;

use super::{Asked, rate};
use crate::{GroupBy, Period};

/// What is usual, by the days of the period that have begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Seasons {
    /// Monday to Sunday: of one such day.
    pub weekdays: Vec<(Weekday, Season)>,
    /// January to December: of one such month, or of what of it lies in the period.
    pub months: Vec<(i8, Season)>,
}

/// What is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Season {
    /// By so many days or months of this kind.
    pub of: i64,
    /// Bookings of one of them.
    pub bookings: f64,
    /// The revenue of one of them, rounded half up.
    pub revenue: Money,
}

/// The days of the period that have begun.
pub(super) fn begun(asked: &Asked) -> Vec<Period> {
    let days = asked.whole.by(&asked.zone, GroupBy::Day).into_iter();
    days.take_while(|day| day.span.start() <= asked.now)
        .collect()
}

/// From how many bookings each of these days has, and what was earned on it.
pub(super) fn seasons(
    asked: &Asked,
    days: &[Period],
    each: impl Iterator<Item = (i64, Decimal)>,
) -> Result<Seasons, sqlx::Error> {
    let (mut weekdays, mut months) = (BTreeMap::new(), BTreeMap::new());
    for (day, (bookings, revenue)) in days.iter().zip(each) {
        let date = day.first;
        let weekday: &mut Sums = weekdays.entry(Weekday::of(date).number()).or_default();
        weekday.add((date.year(), date.day_of_year()), bookings, revenue);
        let month: &mut Sums = months.entry(date.month()).or_default();
        month.add((date.year(), date.month().into()), bookings, revenue);
    }
    let season = |sums: Option<Sums>| sums.unwrap_or_default().season(asked);
    let weekdays: Result<_, sqlx::Error> = Weekday::ALL
        .into_iter()
        .map(|day| Ok((day, season(weekdays.remove(&day.number()))?)))
        .collect();
    let months: Result<_, sqlx::Error> = (1..=12)
        .map(|month| Ok((month, season(months.remove(&month))?)))
        .collect();
    Ok(Seasons {
        weekdays: weekdays?,
        months: months?,
    })
}

#[derive(Debug, Default)]
struct Sums {
    /// Which days or months there were.
    of: BTreeSet<(i16, i16)>,
    bookings: i64,
    revenue: Decimal,
}

impl Sums {
    fn add(&mut self, of: (i16, i16), bookings: i64, revenue: Decimal) {
        self.of.insert(of);
        self.bookings += bookings;
        self.revenue += revenue;
    }

    fn season(self, asked: &Asked) -> Result<Season, sqlx::Error> {
        let of = i64::try_from(self.of.len()).unwrap_or(i64::MAX);
        let revenue = self.revenue.checked_div(of.into());
        Ok(Season {
            of,
            bookings: rate(self.bookings, of),
            revenue: asked.money(revenue.unwrap_or_default())?,
        })
    }
}
