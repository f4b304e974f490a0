//! Who of those who were new in a month came again in the months after it.

use std::collections::{BTreeMap, HashMap};

use domain::{booking::Status, time::Zone};
use jiff::{ToSpan as _, civil::Date};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    asked::{Asked, rate},
    pieces::{Counted, Firsts, Pieces, Stood, booked, first_booked},
};
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
    // Cut where the period ends, too: who is seen after that is none of a cohort.
    let mut periods = months.clone();
    periods.push(asked.whole);
    let pieces = Pieces::of(&periods);
    let (booked, new) = tokio::try_join!(
        booked(db, asked, &pieces),
        first_booked(db, asked, asked.whole)
    )?;
    let came = came(&months, asked.whole, &pieces, &booked, &new);
    let came = |cohort, month| came.get(&(cohort, month)).copied().unwrap_or_default();
    let mut told = vec![];
    for (place, period) in cohorts.into_iter().enumerate() {
        let clients = came(place, 0);
        let after = months.iter().skip(place + 1).take(MONTHS);
        let begun = after.take_while(|month| month.span.start() <= asked.now);
        let again = begun
            .zip(1..)
            .map(|(_, month)| Again::new(came(place, month), clients));
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

/// Somebody who is new.
struct New {
    /// In which month.
    month: usize,
    /// They were seen in it, in the period: they are one of its cohort.
    seen: bool,
    /// The last month in which they came again.
    last: usize,
}

/// How many of each cohort were seen in its own month, and came again in each one after it.
fn came(
    months: &[Period],
    whole: Period,
    pieces: &Pieces,
    booked: &Counted<'_, Vec<Stood>>,
    new: &Firsts,
) -> BTreeMap<(usize, usize), i64> {
    let month_of = |at| months.partition_point(|month| month.span.end() <= at);
    let mut clients: HashMap<Uuid, New> = new
        .iter()
        .map(|(client, since)| {
            let month = month_of(since);
            let (seen, last) = (false, month);
            (client, New { month, seen, last })
        })
        .collect();
    let mut came = BTreeMap::new();
    // In order: who is one of a cohort is known before they come again.
    for (piece, booked) in pieces.all().iter().zip(booked.each()) {
        let month = month_of(piece.span.start());
        let in_time = piece.span.end() <= whole.span.end();
        for stood in booked {
            let stands = !matches!(stood.status, Status::Cancelled | Status::NoShow);
            for client in &stood.clients {
                let Some(client) = clients.get_mut(client) else {
                    continue;
                };
                if client.month == month {
                    if in_time && !client.seen {
                        client.seen = true;
                        *came.entry((month, 0)).or_default() += 1;
                    }
                } else if client.seen
                    && stands
                    && client.last < month
                    && month <= client.month + MONTHS
                {
                    client.last = month;
                    *came
                        .entry((client.month, month - client.month))
                        .or_default() += 1;
                }
            }
        }
    }
    came
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
