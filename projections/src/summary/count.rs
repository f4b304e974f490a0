//! What is counted and added up, of any number of periods at once.

use domain::{
    booking::Status,
    client::Client,
    desk::Desk,
    id::Id,
    money::{Currency, Money, decimals},
    service::Service,
    staff::Staff,
};
use jiff_sqlx::ToSqlx;
use rust_decimal::{Decimal, RoundingStrategy};
use sqlx::PgPool;

use crate::{
    Period, Scope,
    rows::{asked, decoded},
};

/// Of which bookings; what is none or empty bounds nothing. Of sales without a booking those that fit: they have a
/// client, perhaps a staff member and a service, and never a desk, a status or a source.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// By this staff member.
    pub staff_id: Option<Id<Staff>>,
    /// This service.
    pub service_id: Option<Id<Service>>,
    /// At this desk.
    pub desk_id: Option<Id<Desk>>,
    /// Of this client.
    pub client_id: Option<Id<Client>>,
    /// Of one of these statuses.
    pub statuses: Vec<Status>,
    /// That came from here, in the business's words.
    pub source: Option<String>,
}

/// What a period came to. Deleted bookings are in none of the numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Bookings that start in the period, whatever became of them.
    pub bookings: i64,
    /// The same by where they stand now.
    pub by_status: ByStatus,
    /// Clients with at least one of these bookings. What was brought in without a client is nobody's.
    pub clients: i64,
    /// Those of them whose first booking of all starts in the period.
    pub new_clients: i64,
    /// Those of them who had a booking, with anybody, that starts before the period.
    pub returning_clients: i64,
    /// What was paid less what was given back, in the period, for bookings of whatever day and without one.
    pub revenue: Money,
    /// What is unpaid of the price of those bookings that are requested or confirmed.
    pub pending_amount: Money,
    /// The revenue by the number of receipts, rounded half up; zero where there is none. A receipt is a booking, all the
    /// bookings of a visit together, or a sale, for which more was paid than given back in the period.
    pub average_receipt: Money,
    /// No-shows by bookings that should have taken place and are over: completed ones and no-shows. 0 to 1.
    pub no_show_rate: f64,
    /// Cancelled bookings by all bookings. 0 to 1.
    pub cancellation_rate: f64,
}

/// Bookings by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the statuses say it")]
pub struct ByStatus {
    pub requested: i64,
    pub confirmed: i64,
    pub completed: i64,
    pub no_show: i64,
    pub cancelled: i64,
}

/// What each of some periods came to, in their order; money in the business's currency.
///
/// # Errors
/// When the database does not answer.
pub async fn of_periods(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    periods: &[Period],
    currency: Currency,
) -> Result<Vec<Summary>, sqlx::Error> {
    let starts: Vec<_> = periods.iter().map(|p| p.span.start().to_sqlx()).collect();
    let ends: Vec<_> = periods.iter().map(|p| p.span.end().to_sqlx()).collect();
    let statuses: Vec<_> = filter.statuses.iter().map(|s| s.as_str()).collect();
    // As `Origin` keeps it.
    let source = filter.source.as_deref().map(|s| asked(s).to_lowercase());
    let rows: Vec<Row> = sqlx::query_as(include_str!("of_periods.sql"))
        .bind(scope.business().0)
        .bind(starts)
        .bind(ends)
        .bind(scope.staff().map(Id::uuid))
        .bind(filter.staff_id.map(Id::uuid))
        .bind(filter.service_id.map(Id::uuid))
        .bind(filter.desk_id.map(Id::uuid))
        .bind(filter.client_id.map(Id::uuid))
        .bind((!statuses.is_empty()).then_some(statuses))
        .bind(source)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(|row| row.summary(currency)).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    requested: i64,
    confirmed: i64,
    completed: i64,
    no_show: i64,
    cancelled: i64,
    pending: Decimal,
    clients: i64,
    returning_clients: i64,
    revenue: Decimal,
    receipts: i64,
}

impl Row {
    fn summary(self, currency: Currency) -> Result<Summary, sqlx::Error> {
        let money = |amount: Decimal| {
            let half_up = RoundingStrategy::MidpointAwayFromZero;
            let amount = amount.round_dp_with_strategy(decimals(currency), half_up);
            Money::new(amount, currency).map_err(decoded)
        };
        let by_status = ByStatus {
            requested: self.requested,
            confirmed: self.confirmed,
            completed: self.completed,
            no_show: self.no_show,
            cancelled: self.cancelled,
        };
        let bookings =
            self.requested + self.confirmed + self.completed + self.no_show + self.cancelled;
        let average = self.revenue.checked_div(self.receipts.into());
        Ok(Summary {
            bookings,
            by_status,
            clients: self.clients,
            new_clients: self.clients - self.returning_clients,
            returning_clients: self.returning_clients,
            revenue: money(self.revenue)?,
            pending_amount: money(self.pending)?,
            average_receipt: money(average.unwrap_or_default())?,
            no_show_rate: rate(self.no_show, self.completed + self.no_show),
            cancellation_rate: rate(self.cancelled, bookings),
        })
    }
}

/// None of none is zero.
pub(crate) fn rate(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
