//! What each staff member came to.

use domain::{id::Id, money::Money, staff::Staff};
use sqlx::PgPool;

use super::{
    Asked, ByStatus, rate,
    staff_load::{cells, told},
    worked::{Load, Timesheet, worked},
    worth::{By, Worth, by},
};

/// What one staff member came to.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffWorth {
    /// Who; none: bookings that name nobody, and what nobody in particular sold.
    pub staff_id: Option<Id<Staff>>,
    /// In the whole period.
    pub whole: Figures,
    /// In each group.
    pub groups: Vec<Figures>,
}

/// What a staff member came to in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Bookings that start in it.
    pub bookings: i64,
    /// The same by where they stand.
    pub by_status: ByStatus,
    /// Who had one of them.
    pub clients: i64,
    /// What was paid less what was given back in it.
    pub revenue: Money,
    /// By the hour that could be booked; none without one.
    pub revenue_per_hour: Option<Money>,
    /// The revenue by the number of receipts, zero where there is none.
    pub average_receipt: Money,
    /// Of the clients who came, those who are booked with them again. 0 to 1.
    pub rebooking_rate: f64,
    /// No-shows by completed ones and no-shows. 0 to 1.
    pub no_show_rate: f64,
    /// Cancelled ones by all. 0 to 1.
    pub cancellation_rate: f64,
    /// How much of their time was booked.
    pub load: Load,
}

/// Each staff member who was there, was booked or was paid for in the period. Who is booked again within so many days
/// counts as one who is.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    timesheet: &Timesheet,
    within_days: u16,
) -> Result<Vec<StaffWorth>, sqlx::Error> {
    let (mut worth, mut time) = tokio::try_join!(
        by(db, asked, By::Staff, within_days),
        worked(db, asked, timesheet)
    )?;
    for id in time.people.keys() {
        let none = || vec![Worth::default(); 1 + asked.groups.len()];
        worth.entry(*id).or_insert_with(none);
    }
    let cells = cells(asked);
    let mut all = vec![];
    for (id, worth) in worth {
        let worked = time.people.remove(&id).unwrap_or_default();
        let load = told(asked, &worked, &cells);
        let loads = std::iter::once(load.whole).chain(load.groups);
        let figures = worth.iter().zip(loads);
        let figures = figures.map(|(worth, load)| figures_of(asked, worth, load));
        let mut figures = figures.collect::<Result<Vec<_>, _>>()?.into_iter();
        all.extend(figures.next().map(|whole| StaffWorth {
            staff_id: id.map(Id::new),
            whole,
            groups: figures.collect(),
        }));
    }
    Ok(all)
}

fn figures_of(asked: &Asked, worth: &Worth, load: Load) -> Result<Figures, sqlx::Error> {
    let by_status = worth.by_status;
    let bookings = worth.bookings();
    let receipt = worth.revenue.checked_div(worth.receipts.into());
    Ok(Figures {
        bookings,
        by_status,
        clients: worth.clients,
        revenue: asked.money(worth.revenue)?,
        revenue_per_hour: asked.per_hour(worth.revenue, load.available_seconds())?,
        average_receipt: asked.money(receipt.unwrap_or_default())?,
        rebooking_rate: rate(worth.again, worth.came),
        no_show_rate: rate(by_status.no_show, by_status.completed + by_status.no_show),
        cancellation_rate: rate(by_status.cancelled, bookings),
        load,
    })
}
