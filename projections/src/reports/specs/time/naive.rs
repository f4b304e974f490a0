//! Time and worth, read off the raw events one moment and one client at a time, as plainly as they can be.

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingEvent, Held, Status},
    catalogue::Catalogue,
    client::{Client, ClientEvent},
    event::AnyEvent,
    id::Id,
    staff::StaffEvent,
    time::Span,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    ActorRef, BusinessId, EventId, Metadata, Period, Position, Projected, Version,
    random_history::RandomHistory,
    reports::{Asked, worth::By},
};

/// All that happened in a business.
pub(super) struct World {
    pub(super) business: BusinessId,
    pub(super) told: Vec<Projected>,
    pub(super) catalogue: Catalogue,
    bookings: BTreeMap<Uuid, Booking>,
    clients: BTreeMap<Uuid, Client>,
    left: BTreeMap<Uuid, Timestamp>,
    money: Vec<Money>,
}

struct Money {
    at: Timestamp,
    amount: Decimal,
    booking: Option<Uuid>,
    client: Option<Uuid>,
    staff: Option<Uuid>,
    service: Option<Uuid>,
    receipt: Uuid,
}

/// Seconds: available, booked, booked outside.
pub(super) type Seconds = (i64, i64, i64);

/// What one of them came to: by status, clients, minutes, came, again, revenue, receipts.
pub(super) type Worth = ([i64; 5], i64, i64, i64, i64, Decimal, i64);

impl World {
    pub(super) fn of(seed: u64, choices: Vec<u64>) -> Self {
        let mut history = RandomHistory::begin(seed);
        history.goes_on(choices);
        let begun: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let mut world = Self {
            business: history.business(),
            told: vec![],
            catalogue: Catalogue::default(),
            bookings: BTreeMap::new(),
            clients: BTreeMap::new(),
            left: BTreeMap::new(),
            money: vec![],
        };
        for happened in history.take() {
            for (n, told) in (1..).zip(happened.events) {
                let payload = told.payload.to_string();
                let event = AnyEvent::decode(happened.kind, happened.stream, &payload).unwrap();
                let position = i64::try_from(world.told.len()).unwrap() + 1;
                let recorded_at = begun + SignedDuration::from_mins(position * 40);
                let occurred_at = happened.occurred_at.unwrap_or(recorded_at);
                world.remember(&event, occurred_at, told.id.0);
                world.told.push(Projected {
                    business: happened.business,
                    position: Position(position),
                    version: Version(happened.expected.0 + n),
                    recorded_at,
                    occurred_at,
                    metadata: Metadata {
                        business_id: happened.business,
                        event_id: EventId(told.id.0),
                        actor: ActorRef {
                            kind: ["user", "client", "import", "api_key"]
                                [usize::try_from(position % 4).unwrap()]
                            .to_owned(),
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

    fn remember(&mut self, event: &AnyEvent, at: Timestamp, event_id: Uuid) {
        self.catalogue.apply(event.clone());
        if let AnyEvent::Staff(id, StaffEvent::Left {}) = event {
            self.left.insert(id.uuid(), at);
        }
        if let AnyEvent::Client(id, event) = event {
            let client = self.clients.entry(id.uuid()).or_default();
            client.apply(event.clone());
            if let ClientEvent::SoldWithoutBooking(sale) = event {
                self.money.push(Money {
                    at: sale.at,
                    amount: sale.amount.amount(),
                    booking: None,
                    client: Some(id.uuid()),
                    staff: sale.staff_id.map(Id::uuid),
                    service: sale.service_id.map(Id::uuid),
                    receipt: event_id,
                });
            }
        }
        if let AnyEvent::Booking(id, event) = event {
            let booking = self.bookings.entry(id.uuid()).or_default();
            booking.apply(event.clone());
            let (at, amount) = if let BookingEvent::PaymentRecorded(paid) = event {
                (paid.at, paid.amount.amount())
            } else if let BookingEvent::PaymentRefunded(back) = event {
                (back.at, -back.amount.amount())
            } else {
                return;
            };
            self.money.push(Money {
                at,
                amount,
                booking: Some(id.uuid()),
                client: None,
                staff: None,
                service: None,
                receipt: id.uuid(),
            });
        }
    }

    /// Who this client is now.
    fn now(&self, client: Uuid) -> Uuid {
        let into = |id: &Uuid| Some(self.clients.get(id)?.merged_into?.uuid());
        std::iter::successors(Some(client), into).last().unwrap()
    }

    fn standing(&self) -> impl Iterator<Item = &Held> {
        let held = self.bookings.values().filter_map(|b| b.held().ok());
        held.filter(|held| !held.deleted)
    }

    /// Whether a booking is wanted.
    fn wants(&self, asked: &Asked, held: &Held) -> bool {
        let (filter, plan) = (&asked.filter, &held.plan);
        let client = held.client_id.map(|id| self.now(id.uuid()));
        asked
            .scope
            .staff()
            .is_none_or(|id| plan.staff_id == Some(id))
            && filter.staff_id.is_none_or(|id| plan.staff_id == Some(id))
            && filter
                .service_id
                .is_none_or(|id| plan.service_id == Some(id))
            && filter.client_id.is_none_or(|id| client == Some(id.uuid()))
            && (filter.statuses.is_empty() || filter.statuses.contains(&held.status))
    }

    /// Those whose start lies in a period.
    fn starting(&self, asked: &Asked, period: &Period) -> Vec<&Held> {
        let wanted = self.standing().filter(|held| self.wants(asked, held));
        wanted
            .filter(|held| period.span.contains(held.plan.start))
            .collect()
    }

    /// What takes time: by whom, and when.
    fn taken(&self, asked: &Asked) -> Vec<(Option<Uuid>, Span)> {
        let filter = &asked.filter;
        let holds = |held: &&Held| {
            let counts = held.status != Status::Cancelled || !filter.statuses.is_empty();
            counts && !held.plan.hour_unknown && self.wants(asked, held)
        };
        let bookings = self.standing().filter(holds);
        let mut taken: Vec<_> = bookings
            .map(|held| (held.plan.staff_id.map(Id::uuid), held.plan.span()))
            .collect();
        if filter.statuses.is_empty() && filter.client_id.is_none() {
            for session in self.catalogue.sessions.values() {
                let Ok(schedule) = session.standing() else {
                    continue;
                };
                let setting = &schedule.setting;
                let is = |id| setting.staff_id == id;
                if filter.staff_id.is_none_or(is)
                    && asked.scope.staff().is_none_or(is)
                    && filter.service_id.is_none_or(|id| setting.service_id == id)
                {
                    taken.push((Some(setting.staff_id.uuid()), setting.span()));
                }
            }
        }
        taken
    }

    /// Somebody's time in spans that are told apart by `place`, moment by moment: nothing changes between two edges.
    pub(super) fn seconds(
        &self,
        asked: &Asked,
        staff: Option<Uuid>,
        within: Span,
        place: impl Fn(Timestamp) -> usize,
        places: usize,
    ) -> Vec<Seconds> {
        let taken = self.taken(asked);
        let mine: Vec<Span> = taken
            .iter()
            .filter(|(by, _)| *by == staff)
            .map(|(_, span)| *span)
            .collect();
        let working = self.catalogue.working(asked.whole.first, asked.whole.last);
        let there = staff.and_then(|id| working.get(&Id::new(id)).cloned());
        let left = staff.and_then(|id| self.left.get(&id).copied());
        let visible = [asked.scope.staff(), asked.filter.staff_id]
            .into_iter()
            .flatten()
            .all(|only| Some(only.uuid()) == staff);
        let there = there.filter(|_| visible).unwrap_or_default();
        let mut edges: Vec<_> = mine
            .iter()
            .chain(&there)
            .flat_map(|span| [span.start(), span.end()])
            .chain(left)
            .filter(|edge| within.contains(*edge))
            .collect();
        let mut quarter = within.start();
        while quarter < within.end() {
            edges.push(quarter);
            quarter += SignedDuration::from_mins(15);
        }
        edges.push(within.end());
        edges.sort();
        let mut counted = vec![(0, 0, 0); places];
        for pair in edges.windows(2) {
            let (at, length) = (pair[0], pair[1].as_second() - pair[0].as_second());
            let is_in = |spans: &[Span]| spans.iter().any(|span| span.contains(at));
            let available = is_in(&there) && left.is_none_or(|left| at < left);
            let booked = is_in(&mine);
            let into = &mut counted[place(at)];
            into.0 += length * i64::from(available);
            into.1 += length * i64::from(booked);
            into.2 += length * i64::from(booked && !available);
        }
        counted
    }

    /// How many bookings start where `place` says, and how many have no hour.
    pub(super) fn starts(
        &self,
        asked: &Asked,
        place: impl Fn(Timestamp) -> usize,
    ) -> ([i64; 168], i64) {
        let mut counted = ([0; 168], 0);
        for held in self.starting(asked, &asked.whole) {
            if held.status == Status::Cancelled && asked.filter.statuses.is_empty() {
                continue;
            }
            if held.plan.hour_unknown {
                counted.1 += 1;
            } else {
                counted.0[place(held.plan.start)] += 1;
            }
        }
        counted
    }

    /// All who could be asked for: people, services.
    pub(super) fn keys(&self, by: By) -> Vec<Option<Uuid>> {
        let ids: Vec<Uuid> = match by {
            By::Service => self.catalogue.services.keys().map(|id| id.uuid()).collect(),
            By::Staff => self.catalogue.staff.keys().map(|id| id.uuid()).collect(),
        };
        ids.into_iter().map(Some).chain([None]).collect()
    }

    /// What one of them came to.
    pub(super) fn worth(
        &self,
        asked: &Asked,
        period: &Period,
        by: By,
        key: Option<Uuid>,
        within_days: u16,
    ) -> Worth {
        let of = |held: &Held| match by {
            By::Service => held.plan.service_id.map(Id::uuid),
            By::Staff => held.plan.staff_id.map(Id::uuid),
        };
        let mut bookings = self.starting(asked, period);
        bookings.retain(|held| of(held) == key);
        let count = |status| {
            let those = bookings.iter().filter(|held| held.status == status);
            i64::try_from(those.count()).unwrap()
        };
        let mut clients: Vec<_> = bookings
            .iter()
            .filter_map(|held| Some(self.now(held.client_id?.uuid())))
            .collect();
        clients.sort();
        clients.dedup();
        let minutes = bookings
            .iter()
            .filter(|held| held.status != Status::Cancelled && !held.plan.hour_unknown)
            .map(|held| i64::from(held.plan.timing.duration_min.get()));
        let (mut came, mut again) = (0, 0);
        for client in &clients {
            let theirs =
                |held: &&Held| held.client_id.map(|id| self.now(id.uuid())) == Some(*client);
            let visits = bookings.iter().copied().filter(theirs);
            let visits = visits.filter(|held| held.status == Status::Completed);
            let Some(first) = visits.map(|held| held.plan.start).min() else {
                continue;
            };
            came += 1;
            let day = asked.zone.date_of(first);
            let returned = self.standing().filter(theirs).any(|held| {
                let later = asked.zone.date_of(held.plan.start);
                let counts = match by {
                    By::Service => held.status == Status::Completed,
                    By::Staff => {
                        of(held) == key
                            && matches!(
                                held.status,
                                Status::Requested | Status::Confirmed | Status::Completed
                            )
                    }
                };
                counts
                    && day < later
                    && later <= day.checked_add(i64::from(within_days).days()).unwrap()
            });
            again += i64::from(returned);
        }
        let mut receipts: BTreeMap<Uuid, Decimal> = BTreeMap::new();
        for money in self.money.iter().filter(|m| period.span.contains(m.at)) {
            let (wanted, whose, receipt) =
                match money.booking.map(|id| self.bookings[&id].held().unwrap()) {
                    Some(held) => (
                        self.wants(asked, held),
                        of(held),
                        held.visit_id.map_or(money.receipt, Id::uuid),
                    ),
                    None => {
                        let filter = &asked.filter;
                        let staff = [asked.scope.staff(), filter.staff_id];
                        let wanted = staff
                            .into_iter()
                            .flatten()
                            .all(|id| money.staff == Some(id.uuid()))
                            && filter
                                .service_id
                                .is_none_or(|id| money.service == Some(id.uuid()))
                            && filter.client_id.is_none_or(|id| {
                                money.client.map(|c| self.now(c)) == Some(id.uuid())
                            })
                            && filter.statuses.is_empty();
                        let whose = match by {
                            By::Service => money.service,
                            By::Staff => money.staff,
                        };
                        (wanted, whose, money.receipt)
                    }
                };
            if wanted && whose == key {
                *receipts.entry(receipt).or_default() += money.amount;
            }
        }
        (
            [
                count(Status::Requested),
                count(Status::Confirmed),
                count(Status::Completed),
                count(Status::NoShow),
                count(Status::Cancelled),
            ],
            i64::try_from(clients.len()).unwrap(),
            minutes.sum(),
            came,
            again,
            receipts.values().sum(),
            i64::try_from(
                receipts
                    .values()
                    .filter(|sum| **sum > Decimal::ZERO)
                    .count(),
            )
            .unwrap(),
        )
    }

    /// Made by visitors, by people of the house or their programs, elsewhere.
    pub(super) fn made(&self, asked: &Asked) -> [i64; 3] {
        let mut made = [0; 3];
        for told in &self.told {
            let AnyEvent::Booking(id, BookingEvent::Placed(_)) = &told.event else {
                continue;
            };
            let held = self.bookings[&id.uuid()].held().unwrap();
            let counts = !held.deleted
                && self.wants(asked, held)
                && asked.whole.span.contains(held.plan.start);
            let who = match &*told.metadata.actor.kind {
                "client" => 0,
                "import" => 2,
                _ => 1,
            };
            made[who] += i64::from(counts);
        }
        made
    }
}
