//! Two years of a house, lived through in the order of time.

mod classes;
mod life;
mod setting_up;
mod wishes;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use cqrs_es::Aggregate;
use domain::{
    actor::Actor,
    booking::{
        Booking, BookingCommand, Comment, Payment, Placement, Plan, Reference, Review, Status, Told,
    },
    business::{Business, BusinessEvent},
    catalogue::Catalogue,
    client::{Card, Client, ClientEvent, Sale},
    contact::{Country, Email, Language, Phone},
    desk::{Desk, DeskEvent, Place},
    event::AnyEvent,
    hours::{Processing, SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    money::{Currency, Money},
    planning::{Audience, Move, Taken, Wish},
    sealed::Sealed,
    service::{Offer, PerStaff, Service, ServiceEvent, ServiceState, Timing},
    session::Session,
    slots::{Freedom, Notice},
    staff::{AbsenceKind, Grid, Member, Staff, StaffEvent},
    text::{Color, FreeText, Label, Origin, PersonName, Slug},
    time::{LocalSpan, LocalTime, Minutes, Weekday, Zone},
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use uuid::{Builder, Uuid};

use super::{
    houses::{Done, House, Kind, Works},
    people::{Person, somebody},
};

/// How far back the books of a demo go.
pub(crate) const TWO_YEARS: i32 = 730;
/// How many bookings a regular client has asked for at most before another one is taken: spreads loyalty.
const REGULARS: usize = 400;

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    /// When it happened.
    pub(crate) at: Timestamp,
    /// What, and in which stream.
    pub(crate) event: AnyEvent,
}

/// All that happened, in order, and where the bookings stand at the end.
#[derive(Debug)]
pub(crate) struct Diary {
    /// What happened since.
    pub(crate) facts: Vec<Fact>,
    /// Where each booking stands now.
    pub(crate) bookings: BTreeMap<Id<Booking>, Booking>,
}

/// What a demo business is opened with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Opening {
    pub(crate) name: Label,
    pub(crate) slug: Slug,
    pub(crate) time_zone: Zone,
    pub(crate) currency: Currency,
    pub(crate) country: Country,
}

/// Keeps the diary of a house for so many days up to `now`. The same kind, seed and day give the same diary.
pub(crate) fn keep(kind: Kind, seed: u64, now: Timestamp, days: i32, owner: &Actor) -> Diary {
    let house = kind.house();
    let opening = Opening::of(house);
    // The day, not the moment: a demo made in the morning and one made in the evening tell the same past.
    let today = opening.time_zone.date_of(now);
    let now = opening
        .time_zone
        .days(today, today)
        .map_or(now, |day| day.start());
    let first = today - days.days();
    let mut life = Life::begin(house, &opening, seed, now, first, owner);
    life.set_up(first, today);
    life.hold_classes(first, today);
    life.let_people_wish(first, today);
    life.live();
    let mut facts = life.facts;
    facts.sort_by_key(|fact| fact.at);
    Diary {
        facts,
        bookings: life.bookings,
    }
}

/// What a demo business of this kind is opened with, whatever its seed.
pub(crate) fn opening(kind: Kind) -> Opening {
    Opening::of(kind.house())
}

impl Opening {
    fn of(house: &House) -> Self {
        Self {
            name: label(house.name),
            slug: Slug::parse(house.slug).expect("a slug in our own list"),
            time_zone: Zone::named(house.time_zone).expect("a zone in our own list"),
            currency: Currency::from_code(house.currency).expect("a currency in our own list"),
            country: Country::parse(house.country).expect("a country in our own list"),
        }
    }
}

/// What is about to happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Somebody would like to come.
    Wish {
        walk_in: bool,
    },
    /// Somebody would like a seat.
    TakeSeat(Id<Session>),
    Move(Id<Booking>),
    Cancel(Id<Booking>),
    Arrive(Id<Booking>),
    Complete(Id<Booking>),
    NoShow(Id<Booking>),
    Review(Id<Booking>),
    Sell,
}

/// A client as the diary remembers them.
struct Known {
    id: Id<Client>,
    likes: Option<Id<Staff>>,
}

struct Life<'a> {
    house: &'a House,
    zone: Zone,
    currency: Currency,
    owner: &'a Actor,
    now: Timestamp,
    began: Timestamp,
    rng: ChaCha8Rng,
    facts: Vec<Fact>,
    catalogue: Catalogue,
    services: Vec<Id<Service>>,
    staff: Vec<Id<Staff>>,
    desks: Vec<Id<Desk>>,
    /// Who has had a seat in each session.
    seated: BTreeMap<Id<Session>, BTreeSet<Id<Client>>>,
    clients: Vec<Known>,
    bookings: BTreeMap<Id<Booking>, Booking>,
    taken: BTreeMap<Date, Vec<(Id<Booking>, Taken)>>,
    ahead: BinaryHeap<Reverse<(Timestamp, u64, Step)>>,
    steps: u64,
}

impl<'a> Life<'a> {
    fn begin(
        house: &'a House,
        opening: &Opening,
        seed: u64,
        now: Timestamp,
        first: Date,
        owner: &'a Actor,
    ) -> Self {
        let began = opening
            .time_zone
            .days(first, first)
            .map_or(now, |day| day.start());
        let opened = BusinessEvent::Opened {
            name: opening.name.clone(),
            slug: opening.slug.clone(),
            time_zone: opening.time_zone.clone(),
            currency: opening.currency,
            country: opening.country,
        };
        let mut catalogue = Catalogue::default();
        catalogue.apply(AnyEvent::Business(Id::new(Uuid::nil()), opened));
        Self {
            house,
            zone: opening.time_zone.clone(),
            currency: opening.currency,
            owner,
            now,
            began,
            rng: ChaCha8Rng::seed_from_u64(seed),
            facts: vec![],
            catalogue,
            services: vec![],
            staff: vec![],
            desks: vec![],
            seated: BTreeMap::new(),
            clients: vec![],
            bookings: BTreeMap::new(),
            taken: BTreeMap::new(),
            ahead: BinaryHeap::new(),
            steps: 0,
        }
    }

    /// A fresh id of that moment (UUIDv7), the same for the same seed.
    fn id<T>(&mut self, at: Timestamp) -> Id<T> {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Id::new(Builder::from_unix_timestamp_millis(millis, &self.rng.random()).into_uuid())
    }

    fn note(&mut self, at: Timestamp, event: AnyEvent) {
        self.catalogue.apply(event.clone());
        self.facts.push(Fact { at, event });
    }

    fn plan_step(&mut self, at: Timestamp, step: Step) {
        self.steps += 1;
        self.ahead.push(Reverse((at, self.steps, step)));
    }
}

fn card(id: Id<Client>, person: &Person) -> Card {
    let sealed_name = PersonName::parse(&person.name).expect("a name of our own");
    Card {
        name: Sealed::open(id, sealed_name),
        phone: Phone::parse(&person.phone, None)
            .ok()
            .map(|phone| Sealed::open(id, phone)),
        phones: None,
        email: person
            .email
            .as_deref()
            .and_then(|e| Email::parse(e).ok())
            .map(|email| Sealed::open(id, email)),
        telegram: None,
        birthday: None,
        language: Language::parse(person.language).ok(),
        source: None,
        fiscal_code: None,
        warning: None,
    }
}

fn label(text: &str) -> Label {
    Label::parse(text).expect("a label of our own")
}

fn time(text: &str) -> LocalTime {
    text.parse().expect("a time of our own")
}

#[cfg(test)]
mod tests {
    use domain::{
        booking::{BookingEvent, Resource},
        session::SessionEvent,
    };

    use super::*;

    fn diary(kind: Kind, seed: u64) -> Diary {
        keep(
            kind,
            seed,
            "2026-11-23T10:00:00Z".parse().unwrap(),
            60,
            &Actor::system(),
        )
    }

    #[test]
    fn the_same_seed_gives_the_same_business() {
        assert_eq!(diary(Kind::Salon, 7).facts, diary(Kind::Salon, 7).facts);
        assert_ne!(diary(Kind::Salon, 7).facts, diary(Kind::Salon, 8).facts);
    }

    #[test]
    fn each_kind_holds_all_that_life_brings() {
        for kind in [Kind::Salon, Kind::Studio, Kind::Clinic] {
            let diary = diary(kind, 1);
            let count = |status| {
                diary
                    .bookings
                    .values()
                    .filter(|b| b.held().is_ok_and(|h| h.status == status))
                    .count()
            };
            for status in [
                Status::Completed,
                Status::NoShow,
                Status::Cancelled,
                Status::Confirmed,
            ] {
                assert!(
                    count(status) > 5,
                    "{kind:?}: {} {}",
                    count(status),
                    status.as_str()
                );
            }
            let moved = |f: &&Fact| {
                matches!(
                    &f.event,
                    AnyEvent::Booking(_, BookingEvent::Rescheduled { .. })
                )
            };
            assert!(diary.facts.iter().filter(moved).count() > 5, "{kind:?}");
            assert!(diary.facts.is_sorted_by_key(|f| f.at), "{kind:?}");
        }
    }

    #[test]
    fn a_studio_holds_classes_whose_sessions_are_never_overfull() {
        let diary = diary(Kind::Studio, 1);
        let mut seats: BTreeMap<Id<Session>, u16> = BTreeMap::new();
        for booking in diary
            .bookings
            .values()
            .filter(|b| b.held().is_ok_and(|held| held.status.holds_time()))
        {
            let session = booking.held().unwrap().plan.session_id;
            if let Some(id) = session {
                *seats.entry(id).or_default() += 1;
            }
        }
        let mut scheduled = 0;
        for fact in &diary.facts {
            if let AnyEvent::Session(id, SessionEvent::Scheduled(schedule)) = &fact.event {
                scheduled += 1;
                assert!(
                    seats
                        .get(id)
                        .is_none_or(|taken| *taken <= schedule.capacity)
                );
            }
        }
        // Two months behind and half a year ahead, five a week.
        assert!(scheduled > 150, "{scheduled}");
        assert!(seats.len() > 40, "{}", seats.len());
        assert!(seats.values().any(|taken| *taken >= 5));
    }

    #[test]
    fn nobody_is_in_two_places_at_once() {
        let diary = diary(Kind::Salon, 3);
        let mut claims: Vec<_> = diary
            .bookings
            .values()
            .flat_map(Booking::claims)
            .filter(|c| matches!(c.resource, Resource::Staff(_)))
            .map(|c| (c.resource, c.during.start(), c.during.end()))
            .collect();
        claims.sort();
        for pair in claims.windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1, "{pair:?}");
        }
    }
}
