//! What happened in the house, day by day: who came, who moved, who cancelled, what was paid and written.
//!
//! No two bookings of one staff member ever meet in time, at no moment of the past either: a booking that moves came
//! from a time that nobody else was given.

use std::{cmp::Reverse, collections::BinaryHeap};

use cqrs_es::Aggregate as _;
use domain::{
    actor::{Actor, ActorKind, Role},
    booking::{
        self, Booking, BookingCommand, Comment, Online, Payment, Placement, Plan, Reference,
        Refund, Review, Status, Told,
    },
    client::{Client, ClientCommand, Consent, Note},
    contact::Language,
    event::AnyEvent,
    id::Id,
    money::Money,
    sealed::Sealed,
    text::{FreeText, Label, Origin, Tag},
    time::Weekday,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use ledger::ActorRef;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use uuid::{Builder, Uuid};

use super::{
    house::{House, OPEN_MIN, Worker},
    people::{THANKS, WHY_CANCELLED, card, pick, remark},
};

/// Nobody books further ahead.
pub(super) const DAYS_AHEAD: i64 = 40;
/// Before the first day on which somebody comes.
const OPENED_BEFORE: i64 = DAYS_AHEAD + 3;
/// Facts handed over at a time, about.
const BATCH: usize = 20_000;
/// Claims that ended earlier are swept.
const KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);
/// How many sit at the front desk.
const RECEPTIONISTS: usize = 3;

/// Something that happened.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) at: Timestamp,
    pub(super) by: ActorRef,
    pub(super) source: &'static str,
    /// Its place in its stream.
    pub(super) version: i64,
    pub(super) event_id: Uuid,
    pub(super) command_id: Uuid,
    pub(super) event: AnyEvent,
}

/// A booking and the time that it takes.
pub(super) struct Claimed {
    pub(super) booking: Uuid,
    pub(super) claims: Vec<booking::Claim>,
}

/// One whom the house knows.
struct Known {
    id: Id<Client>,
    since: Timestamp,
}

/// A house's days, lived one after another.
pub(super) struct Lives {
    house: House,
    rng: StdRng,
    now: Timestamp,
    began: Timestamp,
    day: Date,
    last: Date,
    known: Vec<Known>,
    receptionists: Vec<Uuid>,
    ahead: BinaryHeap<Reverse<Pending>>,
    told: u64,
    /// Bookings made so far.
    pub(super) bookings: u64,
    /// What is still taken, as it stands at the end.
    pub(super) claimed: Vec<Claimed>,
}

struct Pending {
    number: u64,
    fact: Fact,
}

impl Pending {
    fn key(&self) -> (Timestamp, u64) {
        (self.fact.at, self.number)
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Pending {}
impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// A booking as it came about.
struct Agreed {
    worker: usize,
    service: usize,
    start: Timestamp,
    /// Where it was first, if it moved.
    first: Timestamp,
}

/// A step of a booking's life, and who took it.
struct Step {
    at: Timestamp,
    by: ActorRef,
    source: &'static str,
    command: BookingCommand,
}

impl Lives {
    /// A house that has been open long enough for about so many bookings.
    pub(super) fn begin(
        house: House,
        set_up: Vec<AnyEvent>,
        bookings: u64,
        now: Timestamp,
        seed: u64,
    ) -> anyhow::Result<Self> {
        // What a worker does in ten days, seven of which one is free, and as many days as hold what lies ahead: counted,
        // not reckoned.
        const TEN_DAYS: u64 = 193;
        const AHEAD: i64 = 7;
        let staff = u64::try_from(house.staff.len())?;
        let days = i64::try_from(bookings * 70 / (staff * 6 * TEN_DAYS).max(1))?;
        let days = (days - AHEAD).max(3);
        let today = house.zone.date_of(now);
        let day = today.checked_sub(days.days())?;
        let began = instant(&house, day.checked_sub(OPENED_BEFORE.days())?, 8 * 60)?;
        let mut rng = StdRng::seed_from_u64(seed);
        let receptionists = (0..RECEPTIONISTS).map(|_| id(&mut rng, began)).collect();
        let mut lives = Self {
            house,
            rng,
            now,
            began,
            day,
            last: today.checked_add(DAYS_AHEAD.days())?,
            known: Vec::new(),
            receptionists,
            ahead: BinaryHeap::new(),
            told: 0,
            bookings: 0,
            claimed: Vec::new(),
        };
        for event in set_up {
            lives.tell(began, 1, event, system(), "system");
        }
        Ok(lives)
    }

    /// When the house opened.
    pub(super) fn began(&self) -> Timestamp {
        self.began
    }

    /// The next of what happened, in order; empty at the end.
    pub(super) fn next(&mut self) -> anyhow::Result<Vec<Fact>> {
        let mut facts = Vec::with_capacity(BATCH);
        while facts.len() < BATCH {
            // Nothing that is still to be made up happened before this.
            let sure = if self.day > self.last {
                Timestamp::MAX
            } else {
                instant(
                    &self.house,
                    self.day.checked_sub((DAYS_AHEAD + 2).days())?,
                    0,
                )?
            };
            let due = |pending: &Reverse<Pending>| pending.0.fact.at < sure;
            if self.ahead.peek().is_some_and(due) {
                facts.extend(self.ahead.pop().map(|pending| pending.0.fact));
            } else if self.day > self.last {
                break;
            } else {
                self.live_a_day()?;
                self.day = self.day.checked_add(1.day())?;
            }
        }
        Ok(facts)
    }

    fn live_a_day(&mut self) -> anyhow::Result<()> {
        let weekday = Weekday::of(self.day);
        for worker in 0..self.house.staff.len() {
            if !self.house.staff[worker].works_on(weekday) {
                continue;
            }
            let mut spare: Option<(usize, Timestamp)> = None;
            let mut minute = OPEN_MIN.start;
            loop {
                let service = self.house.wish(&self.house.staff[worker], &mut self.rng);
                let length = i64::from(self.house.services[service].1.timing.duration_min.get());
                if minute + length > OPEN_MIN.end {
                    break;
                }
                let start = instant(&self.house, self.day, minute)?;
                minute += length;
                let chance: f64 = self.rng.random();
                if chance < 0.06 {
                    // Nobody's, unless somebody moves away from it.
                    spare = Some((service, start));
                } else if chance < 0.94 {
                    let came_from = spare.take_if(|(other, _)| {
                        let long_enough = |at: usize| self.house.services[at].1.timing.duration_min;
                        long_enough(*other) >= long_enough(service)
                    });
                    self.make(Agreed {
                        worker,
                        service,
                        start,
                        first: came_from.map_or(start, |(_, first)| first),
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Lets a booking happen, from its making to as far as it has come by now.
    fn make(&mut self, agreed: Agreed) -> anyhow::Result<()> {
        let (online, lead) = self.lead();
        let soonest = agreed.first.min(agreed.start);
        let at = soonest - lead;
        if at > self.now {
            return Ok(());
        }
        let client = self.client(at, online)?;
        let id = Id::<Booking>::new(id(&mut self.rng, at));
        let steps = self.steps(client, &agreed, at, online)?;
        let mut booking = Booking::default();
        let mut version = 0;
        for step in steps {
            if step.at > self.now {
                break;
            }
            // What its own rules refuse did not happen.
            for event in booking.decide(step.command).unwrap_or_default() {
                booking.apply(event.clone());
                version += 1;
                self.tell(
                    step.at,
                    version,
                    AnyEvent::Booking(id, event),
                    step.by.clone(),
                    step.source,
                );
            }
        }
        self.bookings += 1;
        let claims = booking.claims();
        let ends = claims.iter().map(|claim| claim.during.end()).max();
        if ends.is_some_and(|end| end > self.now - KEPT) {
            self.claimed.push(Claimed {
                booking: id.uuid(),
                claims,
            });
        }
        Ok(())
    }

    /// Whether it was made online, and how long before.
    fn lead(&mut self) -> (bool, SignedDuration) {
        let hours = |from: i64, to: i64, rng: &mut StdRng| {
            SignedDuration::from_secs(rng.random_range(from * 3_600..to * 3_600))
        };
        match self.rng.random_range(0..100) {
            0..15 => (
                false,
                SignedDuration::from_mins(self.rng.random_range(1..20)),
            ),
            15..40 => (self.rng.random_bool(0.4), hours(1, 48, &mut self.rng)),
            40..80 => (self.rng.random_bool(0.55), hours(48, 200, &mut self.rng)),
            _ => (
                self.rng.random_bool(0.6),
                hours(200, DAYS_AHEAD * 24, &mut self.rng),
            ),
        }
    }

    /// One tenth new, the others more often lately than long ago.
    fn client(&mut self, at: Timestamp, online: bool) -> anyhow::Result<Id<Client>> {
        if !self.rng.random_bool(0.1) {
            for _ in 0..4 {
                let count = self.known.len();
                let back: f64 = self.rng.random::<f64>().powi(2);
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a place in a list, by chance"
                )]
                let place = count.saturating_sub(1 + (back * count as f64) as usize);
                if let Some(known) = self.known.get(place).filter(|known| known.since < at) {
                    return Ok(known.id);
                }
            }
        }
        self.register(at - SignedDuration::from_secs(1), online)
    }

    fn register(&mut self, at: Timestamp, online: bool) -> anyhow::Result<Id<Client>> {
        let id = Id::<Client>::new(id(&mut self.rng, at));
        let number = u64::try_from(self.known.len())?;
        let (by, source) = if online {
            (themselves(id), "public_page")
        } else {
            (self.reception(), "panel")
        };
        let mut steps = vec![(
            at,
            ClientCommand::Register(Box::new(card(id, number, &mut self.rng)?)),
        )];
        if self.rng.random_bool(0.6) {
            let to = [
                Consent::DataProcessing,
                Consent::Reminders,
                Consent::Marketing,
            ];
            let many = self.rng.random_range(1..=to.len());
            steps.push((
                at,
                ClientCommand::SetConsents {
                    to: to.into_iter().take(many).collect(),
                    at,
                },
            ));
        }
        if self.rng.random_bool(0.12) {
            let tag = Tag::parse(pick(
                &["vip", "regular", "new", "difficult hair"],
                &mut self.rng,
            ))?;
            steps.push((at + hours(30), ClientCommand::SetTags([tag].into())));
        }
        if self.rng.random_bool(0.06) {
            let at = at + hours(60);
            let note = Note {
                note_id: Id::new(self::id(&mut self.rng, at)),
                text: Sealed::open(id, FreeText::parse(&remark(&mut self.rng))?),
                at,
                by: actor(&self.reception()),
            };
            steps.push((at, ClientCommand::Note(note)));
        }
        let mut client = Client::default();
        let mut version = 0;
        for (at, command) in steps {
            if at > self.now {
                break;
            }
            for event in client.decide(command).unwrap_or_default() {
                client.apply(event.clone());
                version += 1;
                self.tell(at, version, AnyEvent::Client(id, event), by.clone(), source);
            }
        }
        self.known.push(Known { id, since: at });
        Ok(id)
    }

    fn steps(
        &mut self,
        client: Id<Client>,
        agreed: &Agreed,
        at: Timestamp,
        online: bool,
    ) -> anyhow::Result<Vec<Step>> {
        let (service_id, offer) = self.house.services[agreed.service].clone();
        let worker: &Worker = &self.house.staff[agreed.worker];
        let plan = Plan {
            service_id: Some(service_id),
            staff_id: Some(worker.id),
            desk_id: House::needs_chair(agreed.service).then_some(worker.chair),
            start: agreed.first,
            hour_unknown: false,
            timing: offer.timing,
            joints: booking::Joints::default(),
            price: offer.price,
            session_id: None,
        };
        let mut steps = Steps {
            steps: Vec::new(),
            reception: self.reception(),
        };
        let asked = self.rng.random_bool(0.08);
        let source = if online {
            "online"
        } else {
            pick(&["phone", "phone", "walk-in", "instagram"], &mut self.rng)
        };
        let placement = Placement {
            reference: Reference::from_random(
                self.bookings.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xff_ffff_ffff,
            ),
            visit_id: None,
            series_id: None,
            client_id: Some(client),
            plan: plan.clone(),
            status: if asked {
                Status::Requested
            } else {
                Status::Confirmed
            },
            source: Origin::parse(source)?,
            at,
            imported: None,
            online: online
                .then(|| {
                    anyhow::Ok(Box::new(Online {
                        language: Language::parse("pl")?,
                        consents: Vec::new(),
                        confirm_by: None,
                    }))
                })
                .transpose()?,
        };
        let place = BookingCommand::Place(Box::new(placement));
        if online {
            steps.of_client(client, at, place);
        } else {
            steps.add(at, place);
        }
        let soonest = agreed.first.min(agreed.start);
        let end =
            agreed.start + SignedDuration::from_mins(i64::from(offer.timing.duration_min.get()));
        if asked {
            let at = self.between(at, soonest);
            steps.add(at, BookingCommand::Confirm(told(at)));
        }
        if self.rng.random_bool(0.15) {
            let when = if self.rng.random_bool(0.6) {
                at
            } else {
                self.between(at, end)
            };
            let comment = Comment {
                comment_id: Id::new(self::id(&mut self.rng, when)),
                text: self.sealed(client, remark)?,
                at: when,
                by: actor(&steps.reception),
                note: None,
            };
            steps.add(when, BookingCommand::Comment(comment));
        }
        if agreed.first != agreed.start {
            let when = self.between(at, soonest);
            let to = Plan {
                start: agreed.start,
                ..plan
            };
            steps.add(
                when,
                BookingCommand::Reschedule {
                    to: Box::new(to),
                    imported: None,
                },
            );
        }
        self.fate(client, agreed.start, end, offer.price, &mut steps)?;
        steps.steps.sort_by_key(|step| step.at);
        Ok(steps.steps)
    }

    /// How it ended.
    fn fate(
        &mut self,
        client: Id<Client>,
        start: Timestamp,
        end: Timestamp,
        price: Money,
        steps: &mut Steps,
    ) -> anyhow::Result<()> {
        let made = steps
            .steps
            .iter()
            .map(|step| step.at)
            .max()
            .unwrap_or(start)
            .min(start);
        let chance: f64 = self.rng.random();
        if chance < 0.09 {
            let at = self.between(made, start);
            let reason = self
                .rng
                .random_bool(0.5)
                .then(|| self.sealed(client, |rng| pick(WHY_CANCELLED, rng).to_owned()));
            let cancel = BookingCommand::Cancel {
                at,
                reason: reason.transpose()?,
                note: None,
            };
            if self.rng.random_bool(0.3) {
                steps.of_client(client, at, cancel);
            } else {
                steps.add(at, cancel);
            }
            return Ok(());
        }
        if chance < 0.13 {
            let at = start + SignedDuration::from_mins(20);
            steps.add(at, BookingCommand::MarkNoShow(told(at)));
            if self.rng.random_bool(0.05) {
                steps.add(
                    at + hours(1),
                    BookingCommand::CorrectStatus {
                        to: Status::Completed,
                        reason: None,
                    },
                );
            }
            return Ok(());
        }
        if chance < 0.15 {
            // Nobody noted what became of it.
            return Ok(());
        }
        if self.rng.random_bool(0.5) {
            let at = start + SignedDuration::from_mins(self.rng.random_range(-12..6));
            steps.add(at, BookingCommand::Arrive(told(at)));
        }
        let done = end + SignedDuration::from_mins(self.rng.random_range(0..8));
        if self.rng.random_bool(0.03) {
            let to = Money::new(
                price.amount() + rust_decimal::Decimal::from(20),
                price.currency(),
            )?;
            steps.add(
                done - SignedDuration::from_secs(60),
                BookingCommand::ChangePrice { to, reason: None },
            );
        }
        steps.add(done, BookingCommand::Complete(told(done)));
        if !price.is_zero() && self.rng.random_bool(0.97) {
            let at = done + SignedDuration::from_secs(30);
            let payment = Payment {
                payment_id: Id::new(self::id(&mut self.rng, at)),
                amount: price,
                method: Label::parse(pick(&["card", "card", "cash"], &mut self.rng))?,
                at,
                by: actor(&steps.reception),
                note: None,
            };
            let payment_id = payment.payment_id;
            steps.add(
                at,
                BookingCommand::RecordPayment {
                    payment,
                    imported: false,
                },
            );
            if self.rng.random_bool(0.01) {
                let at = at + hours(30);
                let refund = Refund {
                    refund_id: Id::new(self::id(&mut self.rng, at)),
                    payment_id: Some(payment_id),
                    amount: price,
                    reason: Some(self.sealed(client, remark)?),
                    at,
                    by: actor(&steps.reception),
                };
                steps.add(at, BookingCommand::Refund(refund));
            }
        }
        if self.rng.random_bool(0.08) {
            let at = done + hours(self.rng.random_range(2..40));
            let text = self
                .rng
                .random_bool(0.4)
                .then(|| self.sealed(client, |rng| pick(THANKS, rng).to_owned()));
            let review = Review {
                rating: pick(&[5, 5, 5, 4, 4, 3, 1], &mut self.rng),
                text: text.transpose()?,
                at,
            };
            steps.of_client(client, at, BookingCommand::Review(review));
        }
        if self.rng.random_bool(0.007) {
            steps.add(done + hours(50), BookingCommand::Delete { reason: None });
        }
        Ok(())
    }

    fn sealed(
        &mut self,
        under: Id<Client>,
        words: impl Fn(&mut StdRng) -> String,
    ) -> anyhow::Result<Sealed<FreeText>> {
        Ok(Sealed::open(under, FreeText::parse(&words(&mut self.rng))?))
    }

    fn between(&mut self, from: Timestamp, to: Timestamp) -> Timestamp {
        let seconds = (to.as_second() - from.as_second()).max(2);
        from + SignedDuration::from_secs(self.rng.random_range(1..seconds))
    }

    fn reception(&mut self) -> ActorRef {
        ActorRef {
            kind: "user".to_owned(),
            id: Some(pick(&self.receptionists, &mut self.rng)),
            role: Some("manager".to_owned()),
        }
    }

    fn tell(
        &mut self,
        at: Timestamp,
        version: i64,
        event: AnyEvent,
        by: ActorRef,
        source: &'static str,
    ) {
        self.told += 1;
        let fact = Fact {
            at,
            by,
            source,
            version,
            event_id: id(&mut self.rng, at),
            command_id: id(&mut self.rng, at),
            event,
        };
        self.ahead.push(Reverse(Pending {
            number: self.told,
            fact,
        }));
    }
}

/// Steps as they are thought of.
struct Steps {
    steps: Vec<Step>,
    reception: ActorRef,
}

impl Steps {
    fn add(&mut self, at: Timestamp, command: BookingCommand) {
        let by = self.reception.clone();
        self.steps.push(Step {
            at,
            by,
            source: "panel",
            command,
        });
    }

    fn of_client(&mut self, client: Id<Client>, at: Timestamp, command: BookingCommand) {
        let by = themselves(client);
        self.steps.push(Step {
            at,
            by,
            source: "public_page",
            command,
        });
    }
}

fn instant(house: &House, day: Date, minute: i64) -> anyhow::Result<Timestamp> {
    let local = day.at(0, 0, 0, 0).checked_add(minute.minutes())?;
    // A wall clock that skips an hour: the instant after.
    Ok(house.zone.tz().to_timestamp(local)?)
}

/// A fresh id of that moment (UUIDv7).
fn id(rng: &mut StdRng, at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &rng.random()).into_uuid()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn told(at: Timestamp) -> Told {
    Told { at, note: None }
}

fn system() -> ActorRef {
    ActorRef {
        kind: "system".to_owned(),
        id: None,
        role: None,
    }
}

fn themselves(client: Id<Client>) -> ActorRef {
    ActorRef {
        kind: "client".to_owned(),
        id: Some(client.uuid()),
        role: None,
    }
}

fn actor(by: &ActorRef) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: by.id,
        role: Some(Role::Manager),
    }
}
