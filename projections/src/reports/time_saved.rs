//! How much time booking took the house, and how much visitors took off it by booking themselves.

use domain::{money::Money, reporting::ReportRules};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgPool};

use super::{Asked, Told, asked};

/// Who made the bookings of a period, and what that took. Of whatever status: whoever cancels has been booked in first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSaved {
    /// Made by visitors, on the booking page.
    pub online_bookings: i64,
    /// What they would have taken somebody of the house.
    pub saved_min: i64,
    /// What that would have cost; none: nobody told what an hour costs.
    pub saved_cost: Option<Money>,
    /// Made by somebody of the house, or by a program of theirs.
    pub staff_bookings: i64,
    /// What they took.
    pub staff_min: i64,
    /// What that cost.
    pub staff_cost: Option<Money>,
    /// Brought in from another system, where nobody knows who made them.
    pub other_bookings: i64,
}

#[derive(Debug, Default, Clone, Copy, FromRow)]
struct Row {
    n: i64,
    online: i64,
    staff: i64,
    other: i64,
}

/// What booking took in the period, and in each of its groups.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    rules: &ReportRules,
) -> Result<Told<TimeSaved>, sqlx::Error> {
    let mut query = asked.statement(
        "select p.n, count(*) filter (where b.placed_by_kind not in ('import', 'system') and (
                       b.placed_by_kind = 'client' or b.source in ('public_page', 'online'))) as online,
                count(*) filter (where b.placed_by_kind not in ('import', 'system', 'client')
                       and b.source not in ('public_page', 'online')) as staff,
                count(*) filter (where b.placed_by_kind in ('import', 'system')) as other",
    );
    asked.bookings(&mut query);
    query.push(" group by p.n");
    let rows: Vec<Row> = asked::rows(db, query).await?;
    let parts = asked::in_order(
        asked.parts().len(),
        rows.into_iter().map(|row| (row.n, row)),
    )?;
    let whole = parts.iter().fold(Row::default(), |all, part| Row {
        n: 0,
        online: all.online + part.online,
        staff: all.staff + part.staff,
        other: all.other + part.other,
    });
    let mut groups = parts;
    groups.truncate(asked.groups.len());
    Told { whole, groups }.try_map(|row| time_saved(asked, rules, row))
}

fn time_saved(asked: &Asked, rules: &ReportRules, row: Row) -> Result<TimeSaved, sqlx::Error> {
    let minutes = i64::from(rules.minutes_per_phone_booking.get());
    let (saved_min, staff_min) = (row.online * minutes, row.staff * minutes);
    let cost = |minutes: i64| {
        // Told in money that the house no longer counts in: not told.
        let hour = rules
            .cost_per_hour
            .filter(|cost| cost.currency() == asked.currency);
        let cost = hour.map(|hour| hour.amount() * Decimal::from(minutes) / Decimal::from(60));
        cost.map(|cost| asked.money(cost)).transpose()
    };
    Ok(TimeSaved {
        online_bookings: row.online,
        saved_min,
        saved_cost: cost(saved_min)?,
        staff_bookings: row.staff,
        staff_min,
        staff_cost: cost(staff_min)?,
        other_bookings: row.other,
    })
}
