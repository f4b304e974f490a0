//! The numbers of a card: a function of what a client booked and bought.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    booking::{Booking, Status},
    client::Sale,
    id::{self, Id},
    money::{Currency, Money, MoneyError, decimals},
    service::Service,
    staff::Staff,
    time::{Weekday, Zone},
};
use jiff::{Timestamp, civil::Date};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Facts;
use crate::{
    Scope,
    reports::{ByStatus, rate},
};

/// All that a client ever booked, by its start, and bought without booking.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// What they booked, deleted bookings among it.
    pub bookings: Vec<(Id<Booking>, Facts)>,
    /// What they bought.
    pub sales: Vec<Sale>,
}

/// When figures are asked for, and how the business reckons.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now, or the moment of the past that is asked for.
    pub now: Timestamp,
    /// Where the business is.
    pub zone: &'a Zone,
    /// What its money is.
    pub currency: Currency,
}

/// What a client's bookings and purchases come to. Deleted bookings count for nothing in it; what was
/// paid for them does: the money was there.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Bookings, whatever became of them.
    pub bookings: i64,
    /// The same by where they stand.
    pub by_status: ByStatus,
    /// How often they came: completed bookings, those of one visit together once.
    pub visits: i64,
    /// When they came first.
    pub first_visit: Option<Timestamp>,
    /// When they came last.
    pub last_visit: Option<Timestamp>,
    /// The first requested or confirmed booking that does not begin before now.
    pub next_visit: Option<Id<Booking>>,
    /// In days, the median of what lies between one date on which they came and the next, rounded half up. None until
    /// they came on two.
    pub usual_interval_days: Option<i64>,
    /// What they paid, less what was given back.
    pub revenue: Money,
    /// The unpaid price of requested and confirmed bookings.
    pub pending_amount: Money,
    /// The revenue by the number of receipts, rounded half up; zero where there is none. A receipt is a booking, all
    /// the bookings of a visit together, or a sale, for which more was paid than given back.
    pub average_receipt: Money,
    /// No-shows by bookings that should have taken place and are over. 0 to 1.
    pub no_show_rate: f64,
    /// Cancelled bookings by all bookings. 0 to 1.
    pub cancellation_rate: f64,
    /// Of their reviews.
    pub average_rating: Option<f64>,
    /// What they like, by what they did.
    pub learned: Learned,
}

/// What completed bookings tell of somebody's likings: of each kind those that come up most, the latest first among
/// equals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// By whom they were served.
    pub staff: Vec<Habit<Id<Staff>>>,
    /// What they had.
    pub services: Vec<Habit<Id<Service>>>,
    /// In which hour of the day it began, 0 to 23, where the business is.
    pub hours: Vec<Habit<u8>>,
    /// On which day of the week.
    pub weekdays: Vec<Habit<Weekday>>,
}

/// Something that came up in so many completed bookings.
#[derive(Debug, Clone, PartialEq)]
pub struct Habit<T> {
    /// What.
    pub of: T,
    /// In how many.
    pub times: i64,
    /// By all of them that tell. 0 to 1.
    pub share: f64,
}

/// So many habits of a kind are told.
const HABITS: usize = 3;

impl Book {
    /// What of it a reader may see: a staff member what they did and sold themselves.
    #[must_use]
    pub fn within(mut self, scope: &Scope) -> Self {
        if let Some(staff) = scope.staff() {
            self.bookings
                .retain(|(_, facts)| facts.staff_id == Some(staff));
            self.sales.retain(|sale| sale.staff_id == Some(staff));
        }
        self
    }

    /// What it comes to.
    ///
    /// # Errors
    /// When a sum is larger than money gets.
    pub fn figures(&self, at: Moment<'_>) -> Result<Figures, MoneyError> {
        let counted: Vec<_> = self.bookings.iter().filter(|(_, f)| !f.deleted).collect();
        let served: Vec<&Facts> = counted
            .iter()
            .map(|(_, facts)| facts)
            .filter(|facts| facts.is_served())
            .collect();
        let by_status = by_status(counted.iter().map(|(_, facts)| facts.status));
        let bookings = count(counted.len());
        let next = counted
            .iter()
            .filter(|(_, facts)| facts.status.is_open() && facts.start >= at.now)
            .min_by_key(|(id, facts)| (facts.start, *id));
        let pending: Decimal = counted.iter().map(|(_, facts)| unpaid(facts)).sum();
        let receipts = self.receipts();
        let revenue: Decimal = receipts.values().sum();
        let paid = receipts.values().filter(|amount| **amount > Decimal::ZERO);
        let average = revenue.checked_div(Decimal::from(paid.count()));
        let money = |amount: Decimal| {
            let half_up = RoundingStrategy::MidpointAwayFromZero;
            Money::new(
                amount.round_dp_with_strategy(decimals(at.currency), half_up),
                at.currency,
            )
        };
        let ratings: Vec<f64> = counted
            .iter()
            .filter_map(|(_, facts)| Some(f64::from(facts.review.as_ref()?.rating)))
            .collect();
        let stars: f64 = ratings.iter().sum();
        Ok(Figures {
            bookings,
            by_status,
            visits: visits(&served),
            first_visit: served.iter().map(|facts| facts.start).min(),
            last_visit: served.iter().map(|facts| facts.start).max(),
            next_visit: next.map(|(id, _)| *id),
            usual_interval_days: usual_interval(&served, at.zone),
            revenue: money(revenue)?,
            pending_amount: money(pending)?,
            average_receipt: money(average.unwrap_or_default())?,
            no_show_rate: rate(by_status.no_show, by_status.completed + by_status.no_show),
            cancellation_rate: rate(by_status.cancelled, bookings),
            average_rating: (!ratings.is_empty()).then(|| stars / ratings.len() as f64),
            learned: Learned::from(&served, at.zone),
        })
    }

    /// What was paid less what was given back, receipt by receipt.
    fn receipts(&self) -> BTreeMap<Receipt, Decimal> {
        let mut receipts = BTreeMap::new();
        let mut add = |receipt, amount: Decimal| {
            *receipts.entry(receipt).or_insert(Decimal::ZERO) += amount;
        };
        for (booking, facts) in &self.bookings {
            let receipt = facts
                .visit_id
                .map_or(Receipt::Booking(*booking), Receipt::Visit);
            for payment in &facts.payments {
                add(receipt, payment.amount.amount());
            }
            for refund in &facts.refunds {
                add(receipt, -refund.amount.amount());
            }
        }
        for sale in &self.sales {
            add(Receipt::Sale(sale.payment_id), sale.amount.amount());
        }
        receipts
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Receipt {
    Booking(Id<Booking>),
    Visit(Id<id::Visit>),
    Sale(Id<id::Payment>),
}

fn by_status(statuses: impl Iterator<Item = Status>) -> ByStatus {
    let mut by = ByStatus::default();
    for status in statuses {
        *match status {
            Status::Requested => &mut by.requested,
            Status::Confirmed => &mut by.confirmed,
            Status::Completed => &mut by.completed,
            Status::NoShow => &mut by.no_show,
            Status::Cancelled => &mut by.cancelled,
        } += 1;
    }
    by
}

fn unpaid(facts: &Facts) -> Decimal {
    if !facts.status.is_open() {
        return Decimal::ZERO;
    }
    let paid: Decimal = facts.payments.iter().map(|p| p.amount.amount()).sum();
    let back: Decimal = facts.refunds.iter().map(|r| r.amount.amount()).sum();
    (facts.price.amount() - paid + back).max(Decimal::ZERO)
}

fn visits(served: &[&Facts]) -> i64 {
    let alone = served.iter().filter(|facts| facts.visit_id.is_none());
    let together: BTreeSet<_> = served.iter().filter_map(|facts| facts.visit_id).collect();
    count(alone.count() + together.len())
}

fn usual_interval(served: &[&Facts], zone: &Zone) -> Option<i64> {
    let dates: BTreeSet<Date> = served
        .iter()
        .map(|facts| zone.date_of(facts.start))
        .collect();
    let dates: Vec<Date> = dates.into_iter().collect();
    let mut gaps: Vec<i64> = dates
        .windows(2)
        .map(|pair| i64::from((pair[1] - pair[0]).get_days()))
        .collect();
    gaps.sort_unstable();
    let upper = *gaps.get(gaps.len() / 2)?;
    if gaps.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = gaps[gaps.len() / 2 - 1];
    Some((lower + upper + 1) / 2)
}

impl Learned {
    fn from(served: &[&Facts], zone: &Zone) -> Self {
        let told = |facts: &Facts| (!facts.hour_unknown).then(|| zone.local(facts.start).hour());
        Self {
            staff: habits(served, |facts| facts.staff_id),
            services: habits(served, |facts| facts.service_id),
            hours: habits(served, |facts| u8::try_from(told(facts)?).ok()),
            weekdays: habits(served, |facts| Some(Weekday::of(zone.date_of(facts.start)))),
        }
    }
}

fn habits<T: Copy + Ord>(served: &[&Facts], of: impl Fn(&Facts) -> Option<T>) -> Vec<Habit<T>> {
    let mut seen: BTreeMap<T, (i64, Timestamp)> = BTreeMap::new();
    let mut all = 0;
    for facts in served {
        if let Some(of) = of(facts) {
            let (times, last) = seen.entry(of).or_insert((0, facts.start));
            *times += 1;
            *last = facts.start.max(*last);
            all += 1;
        }
    }
    let mut habits: Vec<_> = seen.into_iter().collect();
    habits.sort_by(|(a, (times_a, last_a)), (b, (times_b, last_b))| {
        (times_b, last_b, a).cmp(&(times_a, last_a, b))
    });
    habits.truncate(HABITS);
    let habit = |(of, (times, _))| Habit {
        of,
        times,
        share: rate(times, all),
    };
    habits.into_iter().map(habit).collect()
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
