//! When the house is full and when it is empty, by the hours of the week.

use std::cmp::Reverse;

use domain::time::Weekday;
use sqlx::PgPool;

use super::{
    Asked, rate,
    stretches::{PLACES, hours_of_the_week},
    worked::{Load, Timesheet, worked},
};

/// So many hours are named as the fullest, and as the emptiest.
const NAMED: usize = 5;

/// The hours of a week.
#[derive(Debug, Clone, PartialEq)]
pub struct PeakHours {
    /// All of them that were open or booked, from Monday 00:00 on.
    pub hours: Vec<HourOfWeek>,
    /// Those in which most minutes are booked, the fullest first.
    pub peak: Vec<HourOfWeek>,
    /// Those in which the least of the available time is booked, the emptiest first.
    pub idle: Vec<HourOfWeek>,
    /// Bookings of which only the day is known. They are in none of the hours.
    pub hour_unknown: i64,
}

/// One hour of the week, by the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HourOfWeek {
    /// Its day.
    pub weekday: Weekday,
    /// When it begins, 0 to 23.
    pub hour: u8,
    /// Bookings that start in it.
    pub bookings: i64,
    /// Of all that start in some hour, so many. 0 to 1.
    pub share: f64,
    /// Whose time is there, and how much of it is booked.
    pub load: Load,
}

/// The hours of the week in the whole period.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    timesheet: &Timesheet,
) -> Result<PeakHours, sqlx::Error> {
    let time = worked(db, asked, timesheet).await?;
    let cells = hours_of_the_week(&asked.zone, asked.whole.span);
    let mut loads = [Load::default(); PLACES];
    for worked in time.people.values() {
        let theirs = worked.loads(&cells, PLACES);
        loads
            .iter_mut()
            .zip(&theirs)
            .for_each(|(all, one)| all.add(one));
    }
    let mut starting = [0_i64; PLACES];
    for start in &time.starts {
        let behind = cells.partition_point(|cell| cell.during.1 <= *start);
        if let Some(cell) = cells.get(behind) {
            starting[cell.into] += 1;
        }
    }
    let all = starting.iter().sum();
    let week = Weekday::ALL
        .into_iter()
        .flat_map(|day| (0..24).map(move |hour| (day, hour)));
    let hours: Vec<_> = week
        .zip(loads)
        .zip(starting)
        .map(|(((weekday, hour), load), bookings)| HourOfWeek {
            weekday,
            hour,
            bookings,
            share: rate(bookings, all),
            load,
        })
        .filter(|hour| hour.bookings > 0 || hour.load != Load::default())
        .collect();
    Ok(PeakHours {
        peak: peak(&hours),
        idle: idle(&hours),
        hours,
        hour_unknown: time.hour_unknown,
    })
}

/// Where as much is booked, more bookings start, or it comes earlier in the week.
fn peak(hours: &[HourOfWeek]) -> Vec<HourOfWeek> {
    let booked = |hour: &&HourOfWeek| hour.load.booked_seconds() > 0;
    let mut peak: Vec<_> = hours.iter().filter(booked).copied().collect();
    peak.sort_by_key(|hour| Reverse((hour.load.booked_seconds(), hour.bookings)));
    peak.truncate(NAMED);
    peak
}

/// Where as little is booked, more time is there, or it comes earlier in the week.
fn idle(hours: &[HourOfWeek]) -> Vec<HourOfWeek> {
    let open = |hour: &&HourOfWeek| hour.load.available_seconds() > 0;
    let mut idle: Vec<_> = hours.iter().filter(open).copied().collect();
    idle.sort_by(|a, b| {
        let more = b.load.available_seconds().cmp(&a.load.available_seconds());
        a.load.load().total_cmp(&b.load.load()).then(more)
    });
    idle.truncate(NAMED);
    idle
}
