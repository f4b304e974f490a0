//! The same questions, asked of the raw events one client at a time, as plainly as they can be read.

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingEvent, Held, Status},
    client::{Client, ClientEvent},
    event::AnyEvent,
    id::Id,
    sealed::Sealed,
    segment::{By, Condition, Filter, Period, Range, SpentBound},
    text::FreeText,
    time::{Weekday, Zone},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::members::Asked;
use crate::{
    ActorRef, BusinessId, EventId, Metadata, Position, Projected, Version, folding::fold,
    projected::as_kept, random_history::RandomHistory,
};

/// All that happened in a business.
pub(super) struct World {
    pub(super) business: BusinessId,
    pub(super) told: Vec<Projected>,
    pub(super) services: Vec<Uuid>,
    pub(super) staff: Vec<Uuid>,
    pub(super) tags: Vec<String>,
    pub(super) last: Timestamp,
    clients: BTreeMap<Uuid, (Client, Timestamp)>,
    bookings: BTreeMap<Uuid, Kept>,
}

struct Kept {
    booking: Booking,
    moves: u32,
    /// By or for the client.
    cancelled_at: Option<Timestamp>,
}

impl World {
    pub(super) fn of(seed: u64, choices: Vec<u64>) -> Self {
        let mut history = RandomHistory::begin(seed);
        history.goes_on(choices);
        let begun: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let mut world = Self {
            business: history.business(),
            told: vec![],
            services: vec![],
            staff: vec![],
            tags: vec!["vip".to_owned()],
            last: begun,
            clients: BTreeMap::new(),
            bookings: BTreeMap::new(),
        };
        for happened in history.take() {
            for (n, told) in (1..).zip(happened.events) {
                let payload = told.payload.to_string();
                let event = AnyEvent::decode(happened.kind, happened.stream, &payload).unwrap();
                let position = i64::try_from(world.told.len()).unwrap() + 1;
                let recorded_at = begun + SignedDuration::from_mins(position * 40);
                world.last = recorded_at;
                let occurred_at = happened.occurred_at.unwrap_or(recorded_at);
                world.remember(&event, occurred_at);
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

    fn remember(&mut self, event: &AnyEvent, at: Timestamp) {
        if let AnyEvent::Service(id, _) = event {
            self.services.push(id.uuid());
        }
        if let AnyEvent::Staff(id, _) = event {
            self.staff.push(id.uuid());
        }
        if let AnyEvent::Client(id, event) = event {
            if let ClientEvent::Tagged { tag } = event {
                self.tags.push(tag.as_str().to_owned());
            }
            let client = self.clients.entry(id.uuid());
            let client = client.or_insert_with(|| (Client::default(), as_kept(at)));
            client.0.apply(event.clone());
        }
        if let AnyEvent::Booking(id, event) = event {
            let kept = self.bookings.entry(id.uuid()).or_insert_with(|| Kept {
                booking: Booking::default(),
                moves: 0,
                cancelled_at: None,
            });
            if let BookingEvent::Cancelled {
                at, cancelled_with, ..
            } = event
            {
                kept.cancelled_at = cancelled_with.is_none().then(|| as_kept(*at));
            }
            if let BookingEvent::Restored {
                from: Some(from),
                to,
                ..
            } = event
            {
                kept.moves += u32::from(from.start != to.start);
            }
            if let BookingEvent::Rescheduled {
                from,
                to,
                moved_with: None,
                ..
            } = event
            {
                kept.moves += u32::from(from.start != to.start);
            }
            kept.booking.apply(event.clone());
        }
    }

    /// Whom a filter holds, by id.
    pub(super) fn held(&self, asked: &Asked) -> Vec<Uuid> {
        let known = self
            .clients
            .iter()
            .filter(|(_, (client, _))| client.known().is_ok());
        let held = known.filter(|(id, (client, registered))| {
            let of = Of {
                world: self,
                id: **id,
                client,
                registered: *registered,
                asked,
            };
            of.is(&asked.filter)
        });
        held.map(|(id, _)| *id).collect()
    }

    /// A client, and those who turned out to be them.
    fn ids(&self, client: Uuid) -> Vec<Uuid> {
        let (state, _) = &self.clients[&client];
        let taken = state.taken_in.iter();
        let taken =
            taken.flat_map(|t| std::iter::once(t.client_id).chain(t.others.iter().copied()));
        std::iter::once(client).chain(taken.map(Id::uuid)).collect()
    }

    /// The bookings of a client that are not deleted.
    fn bookings(&self, client: Uuid) -> Vec<(Uuid, &Held, &Kept)> {
        let mut all = self.ever_booked(client);
        all.retain(|(_, held, _)| !held.deleted);
        all
    }

    fn ever_booked(&self, client: Uuid) -> Vec<(Uuid, &Held, &Kept)> {
        let ids = self.ids(client);
        let held = self.bookings.iter().filter_map(move |(id, kept)| {
            let held = kept.booking.held().ok()?;
            let of = held.client_id.map(Id::uuid);
            let theirs = of.is_some_and(|of| ids.contains(&of));
            theirs.then_some((*id, held, kept))
        });
        held.collect()
    }

    /// What a client paid: when, how much, for which receipt, which service, by whom.
    fn payments(&self, client: Uuid) -> Vec<Paid> {
        let mut all = vec![];
        for (id, held, _) in self.ever_booked(client) {
            let receipt = held.visit_id.map_or(id, Id::uuid);
            let of = |at, amount| Paid {
                at: as_kept(at),
                amount,
                receipt,
                service: held.plan.service_id.map(Id::uuid),
                staff: held.plan.staff_id.map(Id::uuid),
            };
            all.extend(held.payments.iter().map(|p| of(p.at, p.amount.amount())));
            all.extend(held.refunds.iter().map(|r| of(r.at, -r.amount.amount())));
        }
        let ids = self.ids(client);
        let sales = ids.iter().flat_map(|id| &self.clients[id].0.sales);
        for (n, sale) in (0..).zip(sales) {
            all.push(Paid {
                at: as_kept(sale.at),
                amount: sale.amount.amount(),
                receipt: Uuid::from_u128(n),
                service: sale.service_id.map(Id::uuid),
                staff: sale.staff_id.map(Id::uuid),
            });
        }
        all
    }
}

struct Paid {
    at: Timestamp,
    amount: Decimal,
    receipt: Uuid,
    service: Option<Uuid>,
    staff: Option<Uuid>,
}

/// A client, looked at by somebody.
struct Of<'a> {
    world: &'a World,
    id: Uuid,
    client: &'a Client,
    registered: Timestamp,
    asked: &'a Asked,
}

fn fits<T: Copy + PartialOrd>(range: Range<T>, number: T) -> bool {
    range.least().is_none_or(|least| number >= least)
        && range.most().is_none_or(|most| number <= most)
}

/// Made by a visitor, or by somebody who says that it was made online.
fn is_online(held: &Held) -> bool {
    held.online.is_some() || ["public_page", "online"].contains(&held.source.as_str())
}

fn seconds(from: Timestamp, to: Timestamp) -> i128 {
    (to.as_nanosecond() - from.as_nanosecond()) / 1_000
}

const DAY: i128 = 86_400_000_000;

impl Of<'_> {
    fn is(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All(parts) => parts.iter().all(|part| self.is(part)),
            Filter::Any(parts) => parts.iter().any(|part| self.is(part)),
            Filter::Not(part) => !self.is(part),
            Filter::Is(condition) => self.has(condition),
        }
    }

    fn within(&self, at: Timestamp, period: Option<Period>) -> bool {
        let zone: &Zone = &self.asked.zone;
        let now = self.asked.now;
        period.is_none_or(|period| period.instants(zone, now).contain(at))
    }

    fn bookings(&self, period: Option<Period>) -> Vec<(Uuid, &Held, &Kept)> {
        let all = self.world.bookings(self.id).into_iter();
        all.filter(|(_, held, _)| self.within(as_kept(held.plan.start), period))
            .collect()
    }

    fn standing(&self, status: Status, period: Option<Period>) -> u32 {
        let all = self.bookings(period);
        let so = all.iter().filter(|(_, held, _)| held.status == status);
        u32::try_from(so.count()).unwrap()
    }

    /// First and last instant of what they came for, and how often they came.
    fn visits(&self) -> Option<(Timestamp, Timestamp, i128)> {
        let done = self.bookings(None).into_iter();
        let done: Vec<_> = done
            .filter(|(_, held, _)| held.status == Status::Completed)
            .map(|(id, held, _)| (as_kept(held.plan.start), held.visit_id.map_or(id, Id::uuid)))
            .collect();
        let first = done.iter().map(|(at, _)| *at).min()?;
        let last = done.iter().map(|(at, _)| *at).max()?;
        let visits: BTreeSet<Uuid> = done.iter().map(|(_, visit)| *visit).collect();
        Some((first, last, visits.len() as i128))
    }

    /// How much they paid, and for how many receipts.
    fn paid(&self, period: Option<Period>, services: &[Uuid], staff: &[Uuid]) -> (Decimal, i64) {
        let named = |ids: &[Uuid], id: Option<Uuid>| {
            ids.is_empty() || id.is_some_and(|id| ids.contains(&id))
        };
        let mut receipts: BTreeMap<Uuid, Decimal> = BTreeMap::new();
        for paid in self.world.payments(self.id) {
            if self.within(paid.at, period)
                && named(services, paid.service)
                && named(staff, paid.staff)
            {
                *receipts.entry(paid.receipt).or_default() += paid.amount;
            }
        }
        let many = receipts
            .values()
            .filter(|amount| **amount > Decimal::ZERO)
            .count();
        (receipts.values().sum(), i64::try_from(many).unwrap())
    }

    fn favourites(&self, of: impl Fn(&Held) -> Option<Uuid>) -> Vec<Uuid> {
        let mut counts: BTreeMap<Uuid, usize> = BTreeMap::new();
        for (_, held, _) in self.bookings(None) {
            if let (Status::Completed, Some(id)) = (held.status, of(held)) {
                *counts.entry(id).or_default() += 1;
            }
        }
        let most = counts.values().max().copied();
        let best = counts.iter().filter(|(_, n)| Some(**n) == most);
        best.map(|(id, _)| *id).collect()
    }

    fn likes(&self, by: By, wanted: &[Uuid], said: &[Uuid], came: &[Uuid]) -> bool {
        let among = |ids: &[Uuid]| ids.iter().any(|id| wanted.contains(id));
        match by {
            By::Said => among(said),
            By::Visits => among(came),
            By::Either => among(said) || among(came),
        }
    }

    fn texts(&self) -> Vec<String> {
        let ids = self.world.ids(self.id);
        let notes = ids.iter().flat_map(|id| &self.world.clients[id].0.notes);
        let mut sealed: Vec<&Sealed<FreeText>> = notes.map(|note| &note.text).collect();
        sealed.extend(
            self.client
                .card
                .as_ref()
                .and_then(|card| card.warning.as_ref()),
        );
        let mut texts: Vec<String> = sealed
            .into_iter()
            .filter_map(|text| Some(fold(text.value()?.as_str())))
            .collect();
        // All that was ever written on a booking, reasons of earlier cancellations among it.
        let theirs: BTreeSet<Uuid> = self.bookings(None).iter().map(|(id, ..)| *id).collect();
        for told in &self.world.told {
            let AnyEvent::Booking(id, event) = &told.event else {
                continue;
            };
            if !theirs.contains(&id.uuid()) {
                continue;
            }
            let text = if let BookingEvent::Commented(comment) = event {
                comment.text.value()
            } else if let BookingEvent::Reviewed(review) = event {
                review.text.as_ref().and_then(Sealed::value)
            } else if let BookingEvent::Cancelled { reason, .. } = event {
                reason.as_ref().and_then(Sealed::value)
            } else {
                None
            };
            texts.extend(text.map(|text| fold(text.as_str())));
        }
        texts
    }

    fn has(&self, condition: &Condition) -> bool {
        use Condition as C;
        let (zone, now) = (&self.asked.zone, self.asked.now);
        let card = self.client.card.as_ref().unwrap();
        match condition {
            C::Bookings(wanted) => {
                let kind = &wanted.kind;
                let all = self.bookings(wanted.period).into_iter();
                let fitting = all.filter(|(_, held, _)| {
                    let local = zone.local(held.plan.start);
                    let minute =
                        u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()))
                            .unwrap();
                    let named = |there: bool, fits: bool| !there || fits;
                    named(
                        !kind.service_ids.is_empty(),
                        held.plan
                            .service_id
                            .is_some_and(|id| kind.service_ids.contains(&id)),
                    ) && named(
                        !kind.staff_ids.is_empty(),
                        held.plan
                            .staff_id
                            .is_some_and(|id| kind.staff_ids.contains(&id)),
                    ) && if kind.statuses.is_empty() {
                        held.status != Status::Cancelled
                    } else {
                        kind.statuses.contains(&held.status)
                    } && named(
                        !kind.sources.is_empty(),
                        kind.sources.contains(&held.source),
                    ) && kind.online.is_none_or(|online| is_online(held) == online)
                        && named(
                            !kind.weekdays.is_empty(),
                            kind.weekdays.contains(&Weekday::of(local.date())),
                        )
                        && kind.hours.is_none_or(|hours| {
                            !held.plan.hour_unknown
                                && hours.from.minutes() <= minute
                                && minute < hours.to.minutes()
                        })
                });
                fits(wanted.count, u32::try_from(fitting.count()).unwrap())
            }
            C::Cancellations(tally) => {
                fits(tally.count, self.standing(Status::Cancelled, tally.period))
            }
            C::NoShows(tally) => fits(tally.count, self.standing(Status::NoShow, tally.period)),
            C::LateCancellations(late) => {
                let all = self.bookings(late.period);
                let late_ones = all.iter().filter(|(_, held, kept)| {
                    let before = as_kept(held.plan.start)
                        - SignedDuration::from_hours(late.hours_before.into());
                    held.status == Status::Cancelled
                        && kept.cancelled_at.is_some_and(|at| at > before)
                });
                fits(late.count, u32::try_from(late_ones.count()).unwrap())
            }
            C::Moves(tally) => {
                let all = self.bookings(tally.period);
                fits(tally.count, all.iter().map(|(_, _, kept)| kept.moves).sum())
            }
            C::OnlineShare(share) => {
                let all = self.bookings(share.period);
                let online = all.iter().filter(|(_, held, _)| is_online(held)).count();
                let range = share.percent.range();
                !all.is_empty()
                    && range
                        .least()
                        .is_none_or(|p| online * 100 >= usize::from(p) * all.len())
                    && range
                        .most()
                        .is_none_or(|p| online * 100 <= usize::from(p) * all.len())
            }
            C::LeadTime(lead) => {
                let all = self.bookings(lead.period).into_iter();
                let all: Vec<i128> = all
                    .filter(|(_, held, _)| !held.plan.hour_unknown)
                    .map(|(_, held, _)| {
                        seconds(as_kept(held.created_at), as_kept(held.plan.start)).max(0)
                    })
                    .collect();
                let (sum, many) = (all.iter().sum::<i128>(), all.len() as i128);
                let hours = |h: u32| i128::from(h) * DAY / 24 * many;
                let range = lead.hours.range();
                many > 0
                    && range.least().is_none_or(|h| sum >= hours(h))
                    && range.most().is_none_or(|h| sum <= hours(h))
            }
            C::Spent(spent) => {
                let services: Vec<Uuid> = spent.service_ids.iter().map(|id| id.uuid()).collect();
                let staff: Vec<Uuid> = spent.staff_ids.iter().map(|id| id.uuid()).collect();
                let of = |client: &Uuid| {
                    let (state, registered) = &self.world.clients[client];
                    let other = Of {
                        world: self.world,
                        id: *client,
                        client: state,
                        registered: *registered,
                        asked: self.asked,
                    };
                    other.paid(spent.period, &services, &staff).0
                };
                match spent.amount {
                    SpentBound::Amount(range) => {
                        let amount = of(&self.id);
                        range.least().is_none_or(|least| amount >= least.get())
                            && range.most().is_none_or(|most| amount <= most.get())
                    }
                    SpentBound::Top { top_percent } => {
                        let known = self
                            .world
                            .clients
                            .iter()
                            .filter(|(_, (client, _))| client.known().is_ok());
                        let all: Vec<Decimal> = known
                            .map(|(id, _)| of(id))
                            .filter(|a| *a > Decimal::ZERO)
                            .collect();
                        let own = of(&self.id);
                        let above = all.iter().filter(|amount| **amount > own).count();
                        own > Decimal::ZERO && above * 100 < all.len() * usize::from(top_percent)
                    }
                }
            }
            C::AverageReceipt(receipt) => {
                let (amount, many) = self.paid(receipt.period, &[], &[]);
                let many = Decimal::from(many);
                many > Decimal::ZERO
                    && receipt
                        .amount
                        .least()
                        .is_none_or(|least| amount >= least.get() * many)
                    && receipt
                        .amount
                        .most()
                        .is_none_or(|most| amount <= most.get() * many)
            }
            C::Frequency(frequency) => self.visits().is_some_and(|(first, last, visits)| {
                let days = |d: u32| i128::from(d) * DAY * (visits - 1);
                let (range, span) = (frequency.days.range(), seconds(first, last));
                visits > 1
                    && range.least().is_none_or(|d| span >= days(d))
                    && range.most().is_none_or(|d| span <= days(d))
            }),
            C::IntervalOverdue(overdue) => self.visits().is_some_and(|(first, last, visits)| {
                let since = seconds(last, as_kept(now)) - i128::from(overdue.by_days) * DAY;
                let ahead = self
                    .bookings(None)
                    .iter()
                    .any(|(_, held, _)| held.status.is_open() && as_kept(held.plan.start) >= now);
                visits > 2 && !ahead && since * (visits - 1) > seconds(first, last)
            }),
            C::Absent(absent) => self.visits().is_some_and(|(_, last, _)| {
                let today = zone.date_of(now);
                let gone = zone.date_of(last).until(today).unwrap().get_days();
                gone >= i32::from(absent.days)
            }),
            C::Lapsed(lapsed) => {
                let instants = lapsed.period.instants(zone, now);
                let all = self.bookings(None).into_iter();
                let starts: Vec<Timestamp> = all
                    .filter(|(_, held, _)| held.status != Status::Cancelled)
                    .map(|(_, held, _)| as_kept(held.plan.start))
                    .collect();
                starts.iter().any(|at| Some(*at) < instants.from)
                    && !starts.iter().any(|at| instants.contain(*at))
            }
            C::FirstVisit(when) => self
                .visits()
                .is_some_and(|(first, ..)| self.within(first, Some(when.period))),
            C::LastVisit(when) => self
                .visits()
                .is_some_and(|(_, last, _)| self.within(last, Some(when.period))),
            C::Registered(when) => self.within(self.registered, Some(when.period)),
            C::PreferredService(preferred) => {
                let wanted: Vec<Uuid> = preferred.service_ids.iter().map(|id| id.uuid()).collect();
                let said: Vec<Uuid> = self
                    .client
                    .preferences
                    .service_ids
                    .iter()
                    .map(|id| id.uuid())
                    .collect();
                let came = self.favourites(|held| held.plan.service_id.map(Id::uuid));
                self.likes(preferred.by, &wanted, &said, &came)
            }
            C::PreferredStaff(preferred) => {
                let wanted: Vec<Uuid> = preferred.staff_ids.iter().map(|id| id.uuid()).collect();
                let said: Vec<Uuid> = self
                    .client
                    .preferences
                    .staff_ids
                    .iter()
                    .map(|id| id.uuid())
                    .collect();
                let came = self.favourites(|held| held.plan.staff_id.map(Id::uuid));
                self.likes(preferred.by, &wanted, &said, &came)
            }
            C::Source(sources) => card
                .source
                .as_ref()
                .is_some_and(|source| sources.sources.contains(source)),
            C::Tags(tags) => {
                let has = |tag| self.client.tags.contains(tag);
                (tags.any_of.is_empty() || tags.any_of.iter().any(has))
                    && tags.all_of.iter().all(has)
                    && !tags.none_of.iter().any(has)
            }
            C::Language(languages) => card.language.as_ref().is_some_and(|language| {
                let own = language.as_str().to_lowercase();
                languages.languages.iter().any(|wanted| {
                    let wanted = wanted.as_str().to_lowercase();
                    own == wanted || own.split('-').next() == Some(&wanted)
                })
            }),
            C::Birthday(birthday) => {
                let born = card.birthday.as_ref().and_then(Sealed::value);
                born.is_some_and(|born| {
                    birthday
                        .days(zone.date_of(now))
                        .contains(&born.month_and_day())
                })
            }
            C::Consent(consents) => {
                let given = |consent| self.client.consents.contains(consent);
                if consents.given {
                    consents.consents.iter().all(given)
                } else {
                    !consents.consents.iter().any(given)
                }
            }
            C::Text(text) => {
                let texts = self.texts();
                let words = fold(text.words.as_str());
                words
                    .split(' ')
                    .all(|word| texts.iter().any(|text| text.contains(word)))
            }
        }
    }
}
