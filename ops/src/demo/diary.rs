//! Two years of a house, lived through in the order of time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
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

    // ---- setting up -------------------------------------------------------------------------------------------

    fn set_up(&mut self, first: Date, today: Date) {
        let at = self.began;
        let house = self.house;
        self.services = house.services.iter().map(|_| self.id(at)).collect();
        self.staff = house.staff.iter().map(|_| self.id(at)).collect();
        for (i, done) in house.services.iter().enumerate() {
            let offered = ServiceEvent::Offered(self.offer(i, done));
            self.note(at, AnyEvent::Service(self.services[i], offered));
        }
        for (i, works) in house.staff.iter().enumerate() {
            let joined = StaffEvent::Joined(self.member(i, works));
            self.note(at, AnyEvent::Staff(self.staff[i], joined));
        }
        for stands in house.desks {
            let place = Place {
                name: label(stands.name),
                number: None,
                description: None,
                capacity: stands.capacity,
                service_ids: stands.serves.iter().map(|&s| self.services[s]).collect(),
                operator_id: None,
                working_hours: None,
            };
            let id: Id<Desk> = self.id(at);
            self.note(at, AnyEvent::Desk(id, DeskEvent::Added(place)));
        }
        self.close_on_holidays(at, first, today);
        self.plan_absences(at, first, today);
    }

    fn offer(&self, index: usize, done: &Done) -> Offer {
        let processing = done.processing.map(|(after, for_min)| Processing {
            after_min: Minutes::new(after),
            for_min: Minutes::new(for_min),
        });
        let paced = self
            .house
            .staff
            .iter()
            .zip(&self.staff)
            .filter(|(w, _)| w.pace != 100 && w.does.contains(&index));
        let per_staff = paced.map(|(works, &staff_id)| PerStaff {
            staff_id,
            // On the grid of five minutes, and never shorter than what the processing time needs.
            duration_min: Some(Minutes::new(
                (done.minutes * works.pace / 100).div_ceil(5) * 5,
            ))
            .filter(|&d| processing.is_none_or(|p| p.fits(d))),
            price: None,
        });
        Offer {
            name: label(done.name),
            timing: Timing {
                duration_min: Minutes::new(done.minutes),
                buffer_before_min: Minutes::ZERO,
                buffer_after_min: Minutes::new(done.buffer_after),
                processing,
            },
            price: self.money(done.price),
            per_staff: per_staff.collect(),
            state: ServiceState::Active,
            color: Color::parse(done.color).ok(),
            description: None,
        }
    }

    fn member(&self, index: usize, works: &Works) -> Member {
        let weekly = works.hours.iter().map(|(day, from, to)| WeeklyInterval {
            weekday: Weekday::ALL[usize::from(*day)],
            from: time(from),
            to: time(to),
        });
        Member {
            name: Sealed::open(
                self.staff[index],
                PersonName::parse(works.name).expect("a name in our own list"),
            ),
            email: None,
            phone: None,
            grid: Grid {
                slot_interval_min: Minutes::new(works.every),
                slot_grid: SlotGrid::Interval,
            },
            service_ids: works.does.iter().map(|&s| self.services[s]).collect(),
            working_hours: Some(WorkingHours {
                weekly: weekly.collect(),
                overrides: vec![],
            }),
        }
    }

    /// The holidays that all three countries keep on the same day each year.
    fn close_on_holidays(&mut self, at: Timestamp, first: Date, today: Date) {
        for year in first.year()..=today.year() + 1 {
            for (month, day) in [(1, 1), (1, 6), (5, 1), (12, 25), (12, 26)] {
                let Ok(date) = Date::new(year, month, day) else {
                    continue;
                };
                let Ok(span) = LocalSpan::dates(date, date) else {
                    continue;
                };
                let closure = BusinessEvent::ClosurePlanned {
                    closure_id: self.id(at),
                    name: None,
                    span,
                };
                self.note(
                    at,
                    AnyEvent::Business(Id::<Business>::new(Uuid::nil()), closure),
                );
            }
        }
    }

    /// Two weeks in summer, one in winter, and now and then a day in bed.
    fn plan_absences(&mut self, at: Timestamp, first: Date, today: Date) {
        let days = first.until(today).map_or(1, |span| span.get_days().max(1));
        for i in 0..self.staff.len() {
            let staff_id = self.staff[i];
            let mut planned: Vec<(AbsenceKind, Date, i32)> = vec![];
            for year in first.year()..=today.year() {
                let summer = Date::new(year, 7, 1).map(|d| d + self.rng.random_range(0..8).weeks());
                let winter = Date::new(year, 2, 1).map(|d| d + self.rng.random_range(0..4).weeks());
                planned.extend(summer.ok().map(|d| (AbsenceKind::Vacation, d, 14)));
                planned.extend(winter.ok().map(|d| (AbsenceKind::Vacation, d, 7)));
            }
            for _ in 0..4 {
                let day = first + self.rng.random_range(0..days).days();
                planned.push((AbsenceKind::Sick, day, self.rng.random_range(1..4)));
            }
            for (kind, from, length) in planned {
                let Ok(span) = LocalSpan::dates(from, from + (length - 1).days()) else {
                    continue;
                };
                let absence_id = self.id(at);
                let event = StaffEvent::AbsencePlanned {
                    absence_id,
                    kind,
                    span,
                    note: None,
                };
                self.note(at, AnyEvent::Staff(staff_id, event));
            }
        }
    }

    // ---- wishing ----------------------------------------------------------------------------------------------

    /// Strews wishes over the days on which people have them: fewer on Sundays, more before holidays.
    fn let_people_wish(&mut self, first: Date, today: Date) {
        let mut day = first;
        while day <= today {
            let busy = match day.month() {
                12 => 1.35,
                5 | 6 => 1.15,
                1 | 2 | 8 => 0.8,
                _ => 1.0,
            };
            let sunday = if Weekday::of(day) == Weekday::Sun {
                0.4
            } else {
                1.0
            };
            #[expect(clippy::cast_precision_loss, reason = "six staff members")]
            let expected = self.house.wishes_a_day * self.house.staff.len() as f64 * busy * sunday;
            for _ in 0..self.about(expected) {
                let walk_in = self.rng.random_bool(self.house.walk_in);
                let at = self.moment_of(day, if walk_in { 10..18 } else { 7..23 });
                self.plan_step(at, Step::Wish { walk_in });
            }
            if self.rng.random_bool(0.2) {
                let at = self.moment_of(day, 10..18);
                self.plan_step(at, Step::Sell);
            }
            day += 1.day();
        }
    }

    /// A whole number around `expected`, as unlike events come (Poisson, by Knuth's product of chances).
    fn about(&mut self, expected: f64) -> u32 {
        let (limit, mut product, mut count) = ((-expected).exp(), 1.0, 0);
        loop {
            product *= self.rng.random::<f64>();
            if product <= limit {
                return count;
            }
            count += 1;
        }
    }

    fn moment_of(&mut self, day: Date, hours: std::ops::Range<i8>) -> Timestamp {
        let (hour, minute, second) = (
            self.rng.random_range(hours),
            self.rng.random_range(0..60),
            self.rng.random_range(0..60),
        );
        let local = day.at(hour, minute, second, 0);
        self.zone.instant(local).unwrap_or(self.began)
    }

    // ---- living -----------------------------------------------------------------------------------------------

    fn live(&mut self) {
        while let Some(Reverse((at, _, step))) = self.ahead.pop() {
            if at > self.now {
                return;
            }
            match step {
                Step::Wish { walk_in } => self.wish(at, walk_in),
                Step::Move(id) => self.reschedule(at, id),
                Step::Cancel(id) => {
                    let reason = self.sometimes_say(0.5, id, WHY_CANCELLED);
                    self.command(
                        at,
                        id,
                        BookingCommand::Cancel {
                            at,
                            reason,
                            note: None,
                        },
                    );
                }
                Step::Arrive(id) => {
                    self.command(at, id, BookingCommand::Arrive(Told { at, note: None }))
                }
                Step::Complete(id) => self.complete(at, id),
                Step::NoShow(id) => {
                    self.command(at, id, BookingCommand::MarkNoShow(Told { at, note: None }))
                }
                Step::Review(id) => {
                    let rating = *[5, 5, 5, 4, 4, 3].choose(&mut self.rng).expect("a rating");
                    let text = self.sometimes_say(0.4, id, THANKS);
                    self.command(at, id, BookingCommand::Review(Review { rating, text, at }));
                }
                Step::Sell => self.sell(at),
            }
        }
    }

    fn wish(&mut self, at: Timestamp, walk_in: bool) {
        let known = self.client(at);
        let (client_id, likes) = (self.clients[known].id, self.clients[known].likes);
        let service = self.some_service();
        let mut wishes = vec![self.wish_for(service, likes.filter(|_| !walk_in))];
        if let Some(then) = self.house.services[service].then
            && self.rng.random_bool(self.house.visit)
        {
            let by = if self.rng.random_bool(0.5) {
                wishes[0].staff_id
            } else {
                None
            };
            wishes.push(self.wish_for(then, by));
        }
        let days_ahead = if walk_in { 0 } else { self.days_ahead() };
        let Some(plans) = self.first_plans(at, &wishes, days_ahead, walk_in) else {
            return;
        };
        if likes.is_none() && self.rng.random_bool(0.7) {
            self.clients[known].likes = plans[0].staff_id;
        }
        self.place(at, client_id, plans, walk_in);
    }

    fn wish_for(&self, service: usize, staff_id: Option<Id<Staff>>) -> Wish {
        let service_id = self.services[service];
        let does = |id: &Id<Staff>| {
            let member = self.catalogue.staff.get(id).and_then(|s| s.member.as_ref());
            member.is_some_and(|m| m.service_ids.contains(&service_id))
        };
        Wish {
            service_id,
            staff_id: staff_id.filter(does),
            desk_id: None,
            duration_min: None,
            price: None,
        }
    }

    fn days_ahead(&mut self) -> i32 {
        match self.rng.random_range(0..100) {
            0..25 => self.rng.random_range(0..2),
            25..60 => self.rng.random_range(2..8),
            60..90 => self.rng.random_range(8..22),
            _ => self.rng.random_range(22..46),
        }
    }

    /// A start on the day wished for, or on one of the days after it.
    fn first_plans(
        &mut self,
        at: Timestamp,
        wishes: &[Wish],
        days_ahead: i32,
        soon: bool,
    ) -> Option<Vec<Plan>> {
        let notice = Notice {
            now: at,
            min: Minutes::ZERO,
        };
        let wished = self.zone.date_of(at) + days_ahead.days();
        for later in 0..if soon { 1 } else { 7 } {
            let date = wished + later.days();
            let taken = self.taken_on(date, None);
            let enquiry = self.catalogue.enquire(wishes, Audience::Staff).ok()?;
            let slots = enquiry.slots(date, date, notice, &taken);
            let slot = if soon {
                slots.first()
            } else {
                slots.choose(&mut self.rng)
            };
            if let Some(slot) = slot {
                return enquiry
                    .plan(slot.start(), Freedom::default(), Some(notice), &taken)
                    .ok();
            }
        }
        None
    }

    fn taken_on(&self, date: Date, but: Option<Id<Booking>>) -> Vec<Taken> {
        let of_the_day = self.taken.get(&date).into_iter().flatten();
        of_the_day
            .filter(|(id, _)| Some(*id) != but)
            .map(|(_, taken)| *taken)
            .collect()
    }

    fn place(&mut self, at: Timestamp, client_id: Id<Client>, plans: Vec<Plan>, walk_in: bool) {
        let visit_id = (plans.len() > 1).then(|| self.id(at));
        let source = match self.rng.random_range(0..10) {
            _ if walk_in => "walk-in",
            0..5 => "phone",
            5..8 => "online",
            _ => "instagram",
        };
        let mut ids = vec![];
        for plan in plans {
            let id: Id<Booking> = self.id(at);
            let placement = Placement {
                reference: Reference::from_random(self.rng.random()),
                visit_id,
                client_id: Some(client_id),
                plan,
                status: Status::Confirmed,
                source: Origin::parse(source).expect("a word of our own"),
                at,
                imported: None,
            };
            self.bookings.insert(id, Booking::default());
            self.command(at, id, BookingCommand::Place(Box::new(placement)));
            if let Some(text) = self.sometimes_say(0.08, id, REMARKS) {
                let comment = Comment {
                    comment_id: self.id(at),
                    text,
                    at,
                    by: self.owner.clone(),
                    note: None,
                };
                self.command(at, id, BookingCommand::Comment(comment));
            }
            ids.push(id);
        }
        self.decide_fate(at, &ids);
    }

    /// What becomes of a visit: all its bookings share one fate.
    fn decide_fate(&mut self, at: Timestamp, ids: &[Id<Booking>]) {
        let Some((start, _)) = self.span_of(ids[0]) else {
            return;
        };
        let fate: f64 = self.rng.random();
        let house = self.house;
        if fate < house.cancels {
            let when = self.before(at, start);
            ids.iter()
                .for_each(|&id| self.plan_step(when, Step::Cancel(id)));
        } else if fate < house.cancels + house.moves && ids.len() == 1 {
            let when = self.before(at, start);
            self.plan_step(when, Step::Move(ids[0]));
        } else if fate < house.cancels + house.moves + house.no_show {
            ids.iter().for_each(|&id| {
                self.plan_step(start + SignedDuration::from_mins(20), Step::NoShow(id))
            });
        } else {
            ids.iter().for_each(|&id| self.plan_visit(id));
        }
    }

    fn plan_visit(&mut self, id: Id<Booking>) {
        let Some((start, end)) = self.span_of(id) else {
            return;
        };
        let early = self.rng.random_range(-12..6);
        self.plan_step(start + SignedDuration::from_mins(early), Step::Arrive(id));
        let late = self.rng.random_range(0..8);
        self.plan_step(end + SignedDuration::from_mins(late), Step::Complete(id));
    }

    /// A moment between the booking and its start; a third of them on the day itself.
    fn before(&mut self, at: Timestamp, start: Timestamp) -> Timestamp {
        let seconds = (start.as_second() - at.as_second()).max(2);
        let last = if self.rng.random_bool(0.33) {
            seconds.min(8 * 3_600)
        } else {
            seconds
        };
        start - SignedDuration::from_secs(self.rng.random_range(1..last))
    }

    fn reschedule(&mut self, at: Timestamp, id: Id<Booking>) {
        let Some(plan) = self.held_plan(id) else {
            return;
        };
        let date = self.zone.date_of(plan.start.max(at)) + self.rng.random_range(0..10).days();
        let notice = Notice {
            now: at,
            min: Minutes::ZERO,
        };
        let taken = self.taken_on(date, Some(id));
        let Ok(enquiry) = self.catalogue.enquire_again(&[(&plan, Move::default())]) else {
            return;
        };
        let slots = enquiry.slots(date, date, notice, &taken);
        let found = slots.choose(&mut self.rng).map(|slot| slot.start());
        let moved = found.and_then(|start| {
            enquiry
                .plan(start, Freedom::default(), Some(notice), &taken)
                .ok()
        });
        if let Some(to) = moved.and_then(|mut plans| plans.pop()) {
            self.command(
                at,
                id,
                BookingCommand::Reschedule {
                    to: Box::new(to),
                    imported: None,
                },
            );
        }
        self.plan_visit(id);
    }

    fn complete(&mut self, at: Timestamp, id: Id<Booking>) {
        self.command(at, id, BookingCommand::Complete(Told { at, note: None }));
        if let Some(plan) = self.held_plan(id)
            && !plan.price.is_zero()
            && self.rng.random_bool(0.97)
        {
            let payment = self.payment(at, plan.price);
            self.command(
                at,
                id,
                BookingCommand::RecordPayment {
                    payment,
                    imported: false,
                },
            );
        }
        self.command(at, id, BookingCommand::Leave(Told { at, note: None }));
        if self.rng.random_bool(0.1) {
            let later = self.rng.random_range(2..40);
            self.plan_step(at + SignedDuration::from_hours(later), Step::Review(id));
        }
    }

    fn payment(&mut self, at: Timestamp, amount: Money) -> Payment {
        let method = self.method();
        Payment {
            payment_id: self.id(at),
            amount,
            method,
            at,
            by: self.owner.clone(),
            note: None,
        }
    }

    fn method(&mut self) -> Label {
        label(if self.rng.random_bool(0.7) {
            "card"
        } else {
            "cash"
        })
    }

    /// A shampoo over the counter.
    fn sell(&mut self, at: Timestamp) {
        let known = self.client(at);
        let client_id = self.clients[known].id;
        let text = FreeText::parse(WARES.choose(&mut self.rng).expect("something to sell"))
            .expect("words of our own");
        let price = *["39.00", "59.00", "75.00"]
            .choose(&mut self.rng)
            .expect("a price");
        let amount = self.money(price);
        let sale = Sale {
            payment_id: self.id(at),
            amount,
            method: self.method(),
            text: Some(Sealed::open(client_id, text)),
            at,
            by: self.owner.clone(),
            staff_id: None,
            service_id: None,
            note: None,
        };
        self.note(
            at,
            AnyEvent::Client(client_id, ClientEvent::SoldWithoutBooking(sale)),
        );
    }

    /// Lets the booking's own rules decide; what they refuse did not happen.
    fn command(&mut self, at: Timestamp, id: Id<Booking>, command: BookingCommand) {
        let Some(booking) = self.bookings.get_mut(&id) else {
            return;
        };
        let Ok(events) = booking.decide(command) else {
            return;
        };
        let before = booking.claims();
        for event in &events {
            booking.apply(event.clone());
        }
        let after = booking.claims();
        if before != after {
            for claim in before {
                let date = self.zone.date_of(claim.body.start());
                self.taken
                    .entry(date)
                    .or_default()
                    .retain(|(owner, _)| *owner != id);
            }
            for claim in after {
                let date = self.zone.date_of(claim.body.start());
                let taken = Taken {
                    resource: claim.resource,
                    during: claim.during,
                };
                self.taken.entry(date).or_default().push((id, taken));
            }
        }
        self.facts.extend(events.into_iter().map(|event| Fact {
            at,
            event: AnyEvent::Booking(id, event),
        }));
    }

    fn held_plan(&self, id: Id<Booking>) -> Option<Plan> {
        let held = self.bookings.get(&id)?.held().ok()?;
        held.status.holds_time().then(|| held.plan.clone())
    }

    fn span_of(&self, id: Id<Booking>) -> Option<(Timestamp, Timestamp)> {
        self.held_plan(id).map(|plan| (plan.start, plan.end()))
    }

    /// Somebody new, or one of those who keep coming.
    fn client(&mut self, at: Timestamp) -> usize {
        if self.clients.is_empty() || self.rng.random_bool(self.house.new_client) {
            let person = somebody(&mut self.rng, self.house.language);
            let id = self.id(at);
            self.note(
                at,
                AnyEvent::Client(id, ClientEvent::Registered(Box::new(card(id, &person)))),
            );
            self.clients.push(Known { id, likes: None });
            return self.clients.len() - 1;
        }
        let recent = self.clients.len().saturating_sub(REGULARS);
        self.rng.random_range(recent..self.clients.len())
    }

    fn some_service(&mut self) -> usize {
        let total: u32 = self.house.services.iter().map(|s| s.weight).sum();
        let mut left = self.rng.random_range(0..total);
        for (i, service) in self.house.services.iter().enumerate() {
            match left.checked_sub(service.weight) {
                Some(rest) => left = rest,
                None => return i,
            }
        }
        0
    }

    fn sometimes_say(
        &mut self,
        how_often: f64,
        id: Id<Booking>,
        words: &[&str],
    ) -> Option<Sealed<FreeText>> {
        let client_id = self.bookings.get(&id)?.held().ok()?.client_id?;
        self.rng.random_bool(how_often).then(|| {
            let text = words.choose(&mut self.rng).expect("a list of at least one");
            Sealed::open(client_id, FreeText::parse(text).expect("words of our own"))
        })
    }

    fn money(&self, amount: &str) -> Money {
        Money::parse(amount, self.currency).expect("an amount in our own list")
    }
}

const WHY_CANCELLED: &[&str] = &[
    "Choroba",
    "Ill",
    "Work",
    "Інші плани",
    "Changed her mind",
    "Imprévu",
    "Sjuk",
    "Impegno di lavoro",
];
const THANKS: &[&str] = &[
    "Super!",
    "Дуже дякую",
    "Very happy",
    "Merci, parfait",
    "Jättebra",
    "Bravissimi",
    "Będę wracać",
];
const REMARKS: &[&str] = &[
    "Prosi o telefon dzień wcześniej",
    "Allergic to nuts",
    "Comes with a child",
    "Алергія на аміак",
    "Préfère le silence",
    "Parkerar på gården",
    "Preferisce la mattina",
    "Chce krócej niż zwykle",
];
const WARES: &[&str] = &["Shampoo", "Odżywka", "Szczotka", "Gift card", "Oil"];

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
    use domain::booking::{BookingEvent, Resource};

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
