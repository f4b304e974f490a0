//! What each service is asked for, and what it brings.

use domain::{id::Id, money::Money, service::Service};
use rust_decimal::Decimal;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Asked, ByStatus, rate,
    trends::change_rate,
    worth::{By, Worth, by, plainly},
};

/// What one service came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceWorth {
    /// Which; none: bookings that name no service, and what was sold without one.
    pub service_id: Option<Id<Service>>,
    /// In the whole period.
    pub whole: Figures,
    /// Of all bookings in the whole period, so many. 0 to 1.
    pub share: f64,
    /// In the period before it.
    pub before: Before,
    /// In each group.
    pub groups: Vec<Figures>,
}

/// What a service came to in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Bookings that start in it.
    pub bookings: i64,
    /// The same by where they stand.
    pub by_status: ByStatus,
    /// Who had one of them.
    pub clients: i64,
    /// Minutes of all but the cancelled ones and those whose hour is not known.
    pub booked_min: i64,
    /// What was paid less what was given back in it.
    pub revenue: Money,
    /// By the hour booked; none without one.
    pub revenue_per_hour: Option<Money>,
    /// Cancelled ones by all. 0 to 1.
    pub cancellation_rate: f64,
    /// No-shows by completed ones and no-shows. 0 to 1.
    pub no_show_rate: f64,
    /// Of the clients who came, those who came again. 0 to 1.
    pub return_rate: f64,
}

/// What to compare a period with.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Bookings that started in it.
    pub bookings: i64,
    /// What was paid less what was given back.
    pub revenue: Money,
}

/// Each service that was booked or paid for in the period or before it. Who comes again within so many days has
/// returned.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    within_days: u16,
) -> Result<Vec<ServiceWorth>, sqlx::Error> {
    let (mut all, before) = tokio::try_join!(
        by(db, asked, By::Service, within_days),
        plainly(db, asked, asked.before(), By::Service)
    )?;
    for id in before.keys() {
        all.entry(*id).or_default();
    }
    let service = |(id, told): (Option<Uuid>, Vec<Worth>)| {
        let mut told = told.iter();
        let nothing = Worth::default();
        let whole = figures(asked, told.next().unwrap_or(&nothing))?;
        let groups = told
            .chain(std::iter::repeat(&nothing))
            .take(asked.groups.len());
        let groups: Result<_, sqlx::Error> = groups.map(|worth| figures(asked, worth)).collect();
        let (bookings, revenue) = before.get(&id).copied().unwrap_or_default();
        Ok(ServiceWorth {
            service_id: id.map(Id::new),
            whole,
            groups: groups?,
            share: 0.0,
            before: Before {
                bookings,
                revenue: asked.money(revenue)?,
            },
        })
    };
    let services = all.into_iter().map(service);
    let mut services = services.collect::<Result<Vec<ServiceWorth>, sqlx::Error>>()?;
    let bookings = services.iter().map(|service| service.whole.bookings).sum();
    for service in &mut services {
        service.share = rate(service.whole.bookings, bookings);
    }
    Ok(services)
}

impl ServiceWorth {
    /// By which part there are more bookings than before or, below zero, fewer; none where there were none.
    #[must_use]
    pub fn bookings_change_rate(&self) -> Option<f64> {
        change_rate(self.before.bookings.into(), self.whole.bookings.into())
    }

    /// By which part more came in than before or, below zero, less; none where nothing did.
    #[must_use]
    pub fn revenue_change_rate(&self) -> Option<f64> {
        change_rate(self.before.revenue.amount(), self.whole.revenue.amount())
    }
}

fn figures(asked: &Asked, worth: &Worth) -> Result<Figures, sqlx::Error> {
    let by_status = worth.by_status;
    let bookings = worth.bookings();
    Ok(Figures {
        bookings,
        by_status,
        clients: worth.clients,
        booked_min: worth.booked_min,
        revenue: asked.money(worth.revenue)?,
        revenue_per_hour: asked.per_hour(worth.revenue, worth.booked_min * 60)?,
        cancellation_rate: rate(by_status.cancelled, bookings),
        no_show_rate: rate(by_status.no_show, by_status.completed + by_status.no_show),
        return_rate: rate(worth.again, worth.came),
    })
}

impl Asked {
    /// Money by the hours that so many seconds are, rounded as money is; none of no time.
    pub(super) fn per_hour(
        &self,
        amount: Decimal,
        seconds: i64,
    ) -> Result<Option<Money>, sqlx::Error> {
        let hourly = (amount * Decimal::from(3_600)).checked_div(seconds.into());
        hourly.map(|hourly| self.money(hourly)).transpose()
    }
}
