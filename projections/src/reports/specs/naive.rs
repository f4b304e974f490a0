//! The same reports, told from the raw events one row at a time, as plainly as they can be read.

mod messages;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingEvent, Status},
    campaign::{Campaign, CampaignEvent},
    client::{Client, ClientEvent},
    event::AnyEvent,
    id::Id,
    money::{Currency, Money},
    notification::Notification,
    time::{Weekday, Zone},
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use super::super::{
    Asked, ByStatus, Told,
    clients::Figures,
    pending::Pending,
    retention::{Again, MONTHS},
    returning::Returning,
    revenue::Takings,
    summary::Summary,
};
use crate::{
    ActorRef, BusinessId, EventId, Metadata, Period, Position, Projected, Version,
    projected::as_kept, random_history::RandomHistory,
};

/// All that happened in a business.
pub(super) struct World {
    pub(super) business: BusinessId,
    pub(super) told: Vec<Projected>,
    clients: BTreeMap<Uuid, Client>,
    bookings: BTreeMap<Uuid, Booking>,
    money: Vec<Moved>,
    notifications: BTreeMap<Uuid, Notification>,
    campaigns: BTreeMap<Uuid, (Campaign, Option<(Timestamp, u32)>)>,
}

/// Money that moved, as its event told it.
struct Moved {
    at: Timestamp,
    amount: Decimal,
    refund: bool,
    method: Option<String>,
    payment: Uuid,
    of: Of,
}

#[derive(Clone, Copy)]
enum Of {
    Booking(Uuid),
    Sale {
        client: Uuid,
        staff: Option<Uuid>,
        service: Option<Uuid>,
    },
}

/// A booking, as reports count it.
pub(super) struct Counted {
    receipt: Uuid,
    pub(super) client: Option<Uuid>,
    pub(super) staff: Option<Uuid>,
    pub(super) service: Option<Uuid>,
    pub(super) desk: Option<Uuid>,
    pub(super) status: Status,
    source: String,
    start: Timestamp,
    price: Decimal,
    paid: Decimal,
}

/// Money, as reports add it up: with what is true of its booking now.
struct Paid {
    receipt: Uuid,
    at: Timestamp,
    amount: Decimal,
    refund: bool,
    method: Option<String>,
    client: Option<Uuid>,
    staff: Option<Uuid>,
    service: Option<Uuid>,
    desk: Option<Uuid>,
    status: Option<Status>,
    source: Option<String>,
}

impl World {
    pub(super) fn of(seed: u64, choices: Vec<u64>) -> Self {
        let mut history = RandomHistory::begin(seed);
        history.goes_on(choices);
        let mut world = Self {
            business: history.business(),
            told: vec![],
            clients: BTreeMap::new(),
            bookings: BTreeMap::new(),
            money: vec![],
            notifications: BTreeMap::new(),
            campaigns: BTreeMap::new(),
        };
        let begun: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        for happened in history.take() {
            for (n, told) in (1..).zip(happened.events) {
                let payload = told.payload.to_string();
                let event = AnyEvent::decode(happened.kind, happened.stream, &payload).unwrap();
                let position = i64::try_from(world.told.len()).unwrap() + 1;
                let recorded_at = begun + SignedDuration::from_mins(position * 40);
                world.remember(&event);
                world.told.push(Projected {
                    business: happened.business,
                    position: Position(position),
                    version: Version(happened.expected.0 + n),
                    recorded_at,
                    occurred_at: happened.occurred_at.unwrap_or(recorded_at),
                    metadata: Metadata {
                        business_id: happened.business,
                        event_id: EventId(told.id.0),
                        actor: ActorRef {
                            kind: "user".to_owned(),
                            id: None,
                            role: None,
                        },
                        source: "panel".to_owned(),
                        command_id: told.id.0,
                        correlation_id: told.id.0,
                        causation_id: None,
                        reverts: None,
                    },
                    event,
                });
            }
        }
        world
    }

    fn remember(&mut self, event: &AnyEvent) {
        if let AnyEvent::Notification(id, event) = event {
            let notification = self.notifications.entry(id.uuid()).or_default();
            notification.apply(event.clone());
        }
        if let AnyEvent::Campaign(id, event) = event {
            let (campaign, launched) = self.campaigns.entry(id.uuid()).or_default();
            campaign.apply(event.clone());
            if let CampaignEvent::Launched { at, clients } = event {
                *launched = Some((*at, *clients));
            }
        }
        if let AnyEvent::Client(id, event) = event {
            if let ClientEvent::SoldWithoutBooking(sale) = event {
                self.money.push(Moved {
                    at: sale.at,
                    amount: sale.amount.amount(),
                    refund: false,
                    method: Some(sale.method.to_string()),
                    payment: sale.payment_id.uuid(),
                    of: Of::Sale {
                        client: id.uuid(),
                        staff: sale.staff_id.map(Id::uuid),
                        service: sale.service_id.map(Id::uuid),
                    },
                });
            }
            let client = self.clients.entry(id.uuid()).or_default();
            client.apply(event.clone());
        }
        if let AnyEvent::Booking(id, event) = event {
            if let BookingEvent::PaymentRecorded(payment) = event {
                self.money.push(Moved {
                    at: payment.at,
                    amount: payment.amount.amount(),
                    refund: false,
                    method: Some(payment.method.to_string()),
                    payment: payment.payment_id.uuid(),
                    of: Of::Booking(id.uuid()),
                });
            }
            if let BookingEvent::PaymentRefunded(refund) = event {
                let paid = self.money.iter().rev().find(|moved| {
                    let of = refund.payment_id.map(Id::uuid);
                    matches!(moved.of, Of::Booking(booking) if booking == id.uuid())
                        && !moved.refund
                        && of.is_none_or(|of| of == moved.payment)
                });
                self.money.push(Moved {
                    at: refund.at,
                    amount: -refund.amount.amount(),
                    refund: true,
                    method: paid.and_then(|paid| paid.method.clone()),
                    payment: refund.refund_id.uuid(),
                    of: Of::Booking(id.uuid()),
                });
            }
            let booking = self.bookings.entry(id.uuid()).or_default();
            booking.apply(event.clone());
        }
    }

    fn now(&self, client: Uuid) -> Uuid {
        let merged = self
            .clients
            .get(&client)
            .and_then(|client| client.merged_into);
        merged.map_or(client, Id::uuid)
    }

    /// Every booking that is not deleted.
    pub(super) fn bookings(&self) -> Vec<Counted> {
        let held = self.bookings.iter().filter_map(|(id, booking)| {
            let held = booking.held().ok().filter(|held| !held.deleted)?;
            Some(Counted {
                receipt: held.visit_id.map_or(*id, Id::uuid),
                client: held.client_id.map(|client| self.now(client.uuid())),
                staff: held.plan.staff_id.map(Id::uuid),
                service: held.plan.service_id.map(Id::uuid),
                desk: held.plan.desk_id.map(Id::uuid),
                status: held.status,
                source: held.source.as_str().to_owned(),
                start: as_kept(held.plan.start),
                price: held.plan.price.amount(),
                paid: held.paid().amount(),
            })
        });
        held.collect()
    }

    fn paid(&self) -> Vec<Paid> {
        let paid = self.money.iter().filter_map(|moved| {
            let plain = Paid {
                receipt: moved.payment,
                at: as_kept(moved.at),
                amount: moved.amount,
                refund: moved.refund,
                method: moved.method.clone(),
                client: None,
                staff: None,
                service: None,
                desk: None,
                status: None,
                source: None,
            };
            Some(match moved.of {
                Of::Sale {
                    client,
                    staff,
                    service,
                } => Paid {
                    client: Some(self.now(client)),
                    staff,
                    service,
                    ..plain
                },
                Of::Booking(id) => {
                    let held = self.bookings[&id].held().ok()?;
                    Paid {
                        receipt: held.visit_id.map_or(id, Id::uuid),
                        client: held.client_id.map(|client| self.now(client.uuid())),
                        staff: held.plan.staff_id.map(Id::uuid),
                        service: held.plan.service_id.map(Id::uuid),
                        desk: held.plan.desk_id.map(Id::uuid),
                        status: Some(held.status),
                        source: Some(held.source.as_str().to_owned()),
                        ..plain
                    }
                }
            })
        });
        paid.collect()
    }

    /// When a client's first booking begins, and their first completed one.
    fn firsts(&self, client: Uuid) -> (Option<Timestamp>, Option<Timestamp>) {
        let theirs: Vec<_> = self.bookings();
        let theirs: Vec<_> = theirs.iter().filter(|b| b.client == Some(client)).collect();
        let came = theirs.iter().filter(|b| b.status == Status::Completed);
        (
            theirs.iter().map(|b| b.start).min(),
            came.map(|b| b.start).min(),
        )
    }

    fn bookings_in(&self, asked: &Asked, period: Period) -> Vec<Counted> {
        let mut all = self.bookings();
        all.retain(|b| period.span.contains(b.start) && is_asked(asked, &Facts::from(b)));
        all
    }

    fn paid_in(&self, asked: &Asked, period: Period) -> Vec<Paid> {
        let mut all = self.paid();
        all.retain(|p| period.span.contains(p.at) && is_asked(asked, &Facts::from(p)));
        all
    }

    fn told<T>(asked: &Asked, of: impl Fn(Period) -> T) -> Told<T> {
        Told {
            whole: of(asked.whole),
            groups: asked.groups.iter().map(|group| of(*group)).collect(),
        }
    }

    pub(super) fn summary(&self, asked: &Asked) -> Told<Summary> {
        Self::told(asked, |period| {
            let bookings = self.bookings_in(asked, period);
            let is = |status| count(bookings.iter().filter(|b| b.status == status));
            let clients: BTreeSet<Uuid> = bookings.iter().filter_map(|b| b.client).collect();
            let before = |id: &&Uuid| self.firsts(**id).0 < Some(period.span.start());
            let returning = count(clients.iter().filter(before));
            let paid = self.paid_in(asked, period);
            let revenue: Decimal = paid.iter().map(|p| p.amount).sum();
            let receipts = count(
                by(&paid, |p| p.receipt)
                    .values()
                    .filter(|sum| **sum > Decimal::ZERO),
            );
            let over = is(Status::Completed) + is(Status::NoShow);
            Summary {
                bookings: count(&bookings),
                by_status: ByStatus {
                    requested: is(Status::Requested),
                    confirmed: is(Status::Confirmed),
                    completed: is(Status::Completed),
                    no_show: is(Status::NoShow),
                    cancelled: is(Status::Cancelled),
                },
                clients: count(&clients),
                new_clients: count(&clients) - returning,
                returning_clients: returning,
                revenue: money(revenue),
                pending_amount: money(bookings.iter().map(Counted::owed).sum()),
                average_receipt: average(revenue, receipts),
                no_show_rate: part(is(Status::NoShow), over),
                cancellation_rate: part(is(Status::Cancelled), count(&bookings)),
            }
        })
    }

    pub(super) fn pending(&self, asked: &Asked) -> Told<Pending> {
        Self::told(asked, |period| {
            let mut owing = self.bookings_in(asked, period);
            owing.retain(|b| b.owed() > Decimal::ZERO);
            let (over, ahead): (Vec<_>, Vec<_>) = owing.iter().partition(|b| b.start < asked.now);
            let sum = |of: &[&Counted]| money(of.iter().map(|b| b.owed()).sum());
            Pending {
                amount: money(owing.iter().map(Counted::owed).sum()),
                bookings: count(&owing),
                overdue: sum(&over),
                overdue_bookings: count(&over),
                upcoming: sum(&ahead),
                upcoming_bookings: count(&ahead),
            }
        })
    }

    pub(super) fn revenue(&self, asked: &Asked) -> Told<Takings> {
        Self::told(asked, |period| {
            takings(&self.paid_in(asked, period).iter().collect::<Vec<_>>())
        })
    }

    pub(super) fn by_method(&self, asked: &Asked) -> BTreeMap<Option<String>, Takings> {
        split(&self.paid_in(asked, asked.whole), |p| p.method.clone())
    }

    pub(super) fn by_service(&self, asked: &Asked) -> BTreeMap<Option<Uuid>, Takings> {
        split(&self.paid_in(asked, asked.whole), |p| p.service)
    }

    pub(super) fn by_staff(&self, asked: &Asked) -> BTreeMap<Option<Uuid>, Takings> {
        split(&self.paid_in(asked, asked.whole), |p| p.staff)
    }

    /// Sums and numbers of entries by method.
    pub(super) fn till(&self, asked: &Asked) -> Told<BTreeMap<Option<String>, (Takings, i64)>> {
        Self::told(asked, |period| {
            let paid = self.paid_in(asked, period);
            let sums = split(&paid, |p| p.method.clone()).into_iter();
            sums.map(|(method, sum)| {
                let entries = count(paid.iter().filter(|p| p.method == method));
                (method, (sum, entries))
            })
            .collect()
        })
    }

    pub(super) fn returning(&self, asked: &Asked) -> Told<Returning> {
        Self::told(asked, |period| {
            let bookings = self.bookings_in(asked, period);
            let start = Some(period.span.start());
            let clients: BTreeSet<Uuid> = bookings.iter().filter_map(|b| b.client).collect();
            let came = bookings.iter().filter(|b| b.status == Status::Completed);
            let came: BTreeSet<Uuid> = came.filter_map(|b| b.client).collect();
            let returning = count(clients.iter().filter(|id| self.firsts(**id).0 < start));
            let came_back = came.iter().filter(|id| {
                let first = self.firsts(**id).1;
                first.is_some() && first < start
            });
            let came_back = count(came_back);
            Returning {
                clients: count(&clients),
                new_clients: count(&clients) - returning,
                returning_clients: returning,
                returning_rate: part(returning, count(&clients)),
                visitors: count(&came),
                returning_visitors: came_back,
                visitor_return_rate: part(came_back, count(&came)),
            }
        })
    }

    /// By client.
    pub(super) fn clients(&self, asked: &Asked) -> BTreeMap<Uuid, Figures> {
        let bookings = self.bookings_in(asked, asked.whole);
        let paid = self.paid_in(asked, asked.whole);
        let booked = bookings.iter().filter_map(|b| b.client);
        let all: BTreeSet<Uuid> = booked.chain(paid.iter().filter_map(|p| p.client)).collect();
        let figures = all.into_iter().map(|client| {
            let theirs: Vec<_> = bookings
                .iter()
                .filter(|b| b.client == Some(client))
                .collect();
            let came: Vec<_> = theirs
                .iter()
                .filter(|b| b.status == Status::Completed)
                .collect();
            let visits: BTreeSet<Uuid> = came.iter().map(|b| b.receipt).collect();
            let is = |status| count(theirs.iter().filter(|b| b.status == status));
            let paid: Vec<_> = paid.iter().filter(|p| p.client == Some(client)).collect();
            let revenue = paid.iter().map(|p| p.amount).sum();
            let receipts = by(paid, |p| p.receipt);
            let receipts = count(receipts.values().filter(|sum| **sum > Decimal::ZERO));
            let figures = Figures {
                client_id: Id::new(client),
                bookings: count(&theirs),
                visits: count(&visits),
                last_visit: came.iter().map(|b| b.start).max(),
                cancellations: is(Status::Cancelled),
                no_shows: is(Status::NoShow),
                revenue: money(revenue),
                receipts,
                average_receipt: average(revenue, receipts),
            };
            (client, figures)
        });
        figures.collect()
    }

    /// Of each month: how many were new, and how many of them came again.
    pub(super) fn retention(&self, asked: &Asked) -> Vec<(Date, i64, Vec<Again>)> {
        let month_of = |at: Timestamp| asked.zone.date_of(at).first_of_month();
        let span = asked.whole.span;
        let everything = Period {
            span: domain::time::Span::new(Timestamp::MIN, Timestamp::MAX).unwrap(),
            ..asked.whole
        };
        let bookings = self.bookings_in(asked, everything);
        let mut cohorts = vec![];
        let mut month = asked.whole.first.first_of_month();
        while month <= asked.whole.last {
            let of_month = bookings
                .iter()
                .filter(|b| span.contains(b.start) && month_of(b.start) == month);
            let clients: BTreeSet<Uuid> = of_month.filter_map(|b| b.client).collect();
            let new: Vec<_> = clients
                .into_iter()
                .filter(|id| {
                    let first = self.firsts(*id).0.unwrap();
                    span.contains(first) && month_of(first) == month
                })
                .collect();
            let again = (1..=i64::try_from(MONTHS).unwrap()).map_while(|n| {
                let later = month + n.months();
                let begins = asked.zone.days(later, later).unwrap().start();
                (begins <= asked.now).then(|| {
                    let came = new.iter().filter(|id| {
                        bookings.iter().any(|b| {
                            b.client == Some(**id)
                                && month_of(b.start) == later
                                && !matches!(b.status, Status::Cancelled | Status::NoShow)
                        })
                    });
                    let clients = count(came);
                    Again {
                        of: count(&new),
                        clients,
                        rate: part(clients, count(&new)),
                    }
                })
            });
            cohorts.push((month, count(&new), again.collect()));
            month += 1.month();
        }
        cohorts
    }

    /// Bookings, clients and revenue of any period.
    pub(super) fn figures(&self, asked: &Asked, period: Period) -> (i64, i64, Money) {
        let bookings = self.bookings_in(asked, period);
        let clients: BTreeSet<Uuid> = bookings.iter().filter_map(|b| b.client).collect();
        let revenue = self.paid_in(asked, period).iter().map(|p| p.amount).sum();
        (count(&bookings), count(&clients), money(revenue))
    }

    /// Of each day of the week: how many there were, and what came to each.
    pub(super) fn weekdays(&self, asked: &Asked) -> Vec<(Weekday, i64, f64, Money)> {
        let zone: &Zone = &asked.zone;
        let last = asked.whole.last.min(zone.date_of(asked.now));
        let days = asked
            .whole
            .first
            .series(1.day())
            .take_while(|day| *day <= last);
        let days: Vec<Date> = days.collect();
        let of = |weekday| {
            let those = days.iter().filter(|day| Weekday::of(**day) == weekday);
            let those: Vec<_> = those.collect();
            let is = |at: Timestamp| those.contains(&&zone.date_of(at));
            let bookings = self.bookings_in(asked, asked.whole);
            let bookings = count(bookings.iter().filter(|b| is(b.start)));
            let paid = self.paid_in(asked, asked.whole);
            let paid = paid.iter().filter(|p| is(p.at)).map(|p| p.amount).sum();
            let number = count(&those);
            (
                weekday,
                number,
                part(bookings, number),
                average(paid, number),
            )
        };
        Weekday::ALL.map(of).to_vec()
    }
}

impl Counted {
    fn owed(&self) -> Decimal {
        match self.status {
            Status::Requested | Status::Confirmed => (self.price - self.paid).max(Decimal::ZERO),
            Status::Completed | Status::NoShow | Status::Cancelled => Decimal::ZERO,
        }
    }
}

/// What is asked of a booking, or of the booking of a payment.
struct Facts<'a> {
    client: Option<Uuid>,
    staff: Option<Uuid>,
    service: Option<Uuid>,
    desk: Option<Uuid>,
    status: Option<Status>,
    source: Option<&'a str>,
}

impl<'a> From<&'a Counted> for Facts<'a> {
    fn from(b: &'a Counted) -> Self {
        Self {
            client: b.client,
            staff: b.staff,
            service: b.service,
            desk: b.desk,
            status: Some(b.status),
            source: Some(&b.source),
        }
    }
}

impl<'a> From<&'a Paid> for Facts<'a> {
    fn from(p: &'a Paid) -> Self {
        Self {
            client: p.client,
            staff: p.staff,
            service: p.service,
            desk: p.desk,
            status: p.status,
            source: p.source.as_deref(),
        }
    }
}

fn is_asked(asked: &Asked, of: &Facts<'_>) -> bool {
    let filter = &asked.filter;
    let is = |wanted: Option<Uuid>, is: Option<Uuid>| wanted.is_none() || wanted == is;
    is(asked.scope.staff().map(Id::uuid), of.staff)
        && is(filter.staff_id.map(Id::uuid), of.staff)
        && is(filter.service_id.map(Id::uuid), of.service)
        && is(filter.desk_id.map(Id::uuid), of.desk)
        && is(filter.client_id.map(Id::uuid), of.client)
        && filter
            .clients
            .as_ref()
            .is_none_or(|some| of.client.is_some_and(|client| some.contains(&client)))
        && (filter.statuses.is_empty()
            || of
                .status
                .is_some_and(|status| filter.statuses.contains(&status)))
        && filter
            .source
            .as_ref()
            .is_none_or(|source| of.source == Some(source))
}

fn count<T>(all: impl IntoIterator<Item = T>) -> i64 {
    i64::try_from(all.into_iter().count()).unwrap()
}

fn part(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn money(amount: Decimal) -> Money {
    Money::new(amount, Currency::EUR).unwrap()
}

fn average(sum: Decimal, of: i64) -> Money {
    let average = if of == 0 {
        Decimal::ZERO
    } else {
        sum / Decimal::from(of)
    };
    money(average.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

fn by<'a>(
    paid: impl IntoIterator<Item = &'a Paid>,
    key: impl Fn(&Paid) -> Uuid,
) -> BTreeMap<Uuid, Decimal> {
    let mut sums = BTreeMap::new();
    for p in paid {
        *sums.entry(key(p)).or_default() += p.amount;
    }
    sums
}

fn takings(paid: &[&Paid]) -> Takings {
    let taken: Decimal = paid.iter().filter(|p| !p.refund).map(|p| p.amount).sum();
    let back: Decimal = paid.iter().filter(|p| p.refund).map(|p| -p.amount).sum();
    Takings {
        taken: money(taken),
        refunded: money(back),
        net: money(taken - back),
    }
}

fn split<K: Ord>(paid: &[Paid], key: impl Fn(&Paid) -> K) -> BTreeMap<K, Takings> {
    let mut parts: BTreeMap<K, Vec<&Paid>> = BTreeMap::new();
    for p in paid {
        parts.entry(key(p)).or_default().push(p);
    }
    let parts = parts.into_iter();
    parts.map(|(key, paid)| (key, takings(&paid))).collect()
}
