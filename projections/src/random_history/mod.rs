//! For tests and benchmarks: what may happen in a business, at random, decided by the domain's own aggregates.
//!
//! A history is a function of its seed and of the choices made: the same ones give the same events. A property test
//! draws the choices, so that a failing history shrinks by losing them one by one. What the domain refuses does not
//! happen, and costs nothing. Time and names are not claimed: read models know nothing of claims.

mod chance;
mod happenings;
mod marketing;
mod recording;
mod segmenting;
mod timetables;
mod waiting;
mod webhooks;
mod words;

use std::collections::BTreeMap;

use cqrs_es::{Aggregate, DomainEvent};
use domain::{
    access::Access,
    booking::Booking,
    business::Business,
    campaign::Campaign,
    class::Class,
    client::Client,
    desk::Desk,
    id::Id,
    money::{Currency, Money},
    notification::Notification,
    sealed::Sealed,
    segment::Segment,
    service::Service,
    session::Session,
    staff::Staff,
    text::FreeText,
    waitlist::Request,
    webhook::Webhook,
};
use jiff::{SignedDuration, Timestamp};
use ledger::{BusinessId, EventId, Version};
use serde_json::Value;
use uuid::Uuid;

use self::chance::Chance;
pub use self::recording::{NotRecorded, record, record_together};

/// One business's history so far.
pub struct RandomHistory {
    business: BusinessId,
    chance: Chance,
    now: Timestamp,
    house: Business,
    services: Streams<Service>,
    staff: Streams<Staff>,
    desks: Streams<Desk>,
    classes: Streams<Class>,
    sessions: Streams<Session>,
    clients: Streams<Client>,
    bookings: Streams<Booking>,
    access: Streams<Access>,
    requests: Streams<Request>,
    webhooks: Streams<Webhook>,
    segments: Streams<Segment>,
    campaigns: Streams<Campaign>,
    notifications: Streams<Notification>,
    house_version: Version,
    happened: Vec<Happened>,
}

type Streams<A> = BTreeMap<Uuid, (A, Version)>;

/// What one command leaves in one stream.
#[derive(Debug, Clone)]
pub struct Happened {
    /// Whose.
    pub business: BusinessId,
    /// The aggregate's kind.
    pub kind: &'static str,
    /// The stream.
    pub stream: Uuid,
    /// Where the stream stood before.
    pub expected: Version,
    /// What happened, personal values still open.
    pub events: Vec<Told>,
    /// When, if that was before it was recorded.
    pub occurred_at: Option<Timestamp>,
}

/// An event, as it is to be sealed and recorded.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its id.
    pub id: EventId,
    /// Its name.
    pub event_type: String,
    /// The version of its format.
    pub event_version: String,
    /// Itself, with `$open` values.
    pub payload: Value,
}

impl RandomHistory {
    /// The business that a seed gives, opened, with two staff members, two services and a desk.
    #[must_use]
    pub fn begin(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let mut history = Self {
            business: BusinessId(chance.uuid()),
            chance,
            now: "2026-01-05T08:00:00Z".parse().expect("an instant"),
            house: Business::default(),
            services: BTreeMap::new(),
            staff: BTreeMap::new(),
            desks: BTreeMap::new(),
            classes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            clients: BTreeMap::new(),
            bookings: BTreeMap::new(),
            access: BTreeMap::new(),
            requests: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            segments: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            notifications: BTreeMap::new(),
            house_version: Version::NEW,
            happened: vec![],
        };
        history.opens();
        history
    }

    /// The business.
    #[must_use]
    pub fn business(&self) -> BusinessId {
        self.business
    }

    /// Those who have keys of their own: clients and staff members.
    #[must_use]
    pub fn persons(&self) -> Vec<Uuid> {
        self.clients
            .keys()
            .chain(self.staff.keys())
            .copied()
            .collect()
    }

    /// Makes these choices: each is one command, if the domain lets it happen.
    pub fn goes_on(&mut self, choices: impl IntoIterator<Item = u64>) {
        for choice in choices {
            self.chance.stirred_by(choice);
            let minutes = self.chance.below(90);
            self.now = self
                .now
                .saturating_add(SignedDuration::from_mins(minutes.into()))
                .unwrap_or(self.now);
            self.something_happens();
        }
    }

    /// What happened since this was last asked.
    pub fn take(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }

    fn tell<E: DomainEvent>(
        &mut self,
        kind: &'static str,
        stream: Uuid,
        before: Version,
        events: &[E],
    ) {
        if events.is_empty() {
            return;
        }
        // A tenth of what is told was brought in from elsewhere, and happened earlier.
        let earlier = self.chance.one_in(10).then(|| {
            let hours = SignedDuration::from_hours(self.chance.below(2_000).into());
            self.now.saturating_sub(hours).unwrap_or(self.now)
        });
        let events = events
            .iter()
            .map(|event| Told {
                id: EventId(self.chance.uuid()),
                event_type: event.event_type(),
                event_version: event.event_version(),
                payload: serde_json::to_value(event).expect("events are JSON"),
            })
            .collect();
        self.happened.push(Happened {
            business: self.business,
            kind,
            stream,
            expected: before,
            events,
            occurred_at: earlier,
        });
    }

    fn text(&mut self, key: Uuid) -> Sealed<FreeText> {
        let text = FreeText::parse(&self.chance.sentence()).expect("a text");
        Sealed::open(Id::<Client>::new(key), text)
    }

    fn money(&mut self) -> Money {
        let cents = i64::from(self.chance.below(20_000)) + 100;
        Money::new(rust_decimal::Decimal::new(cents, 2), Currency::EUR).expect("two decimals")
    }
}

/// Applies events to a stream; the version before them.
fn remember<A: Aggregate>(stream: &mut (A, Version), events: &[A::Event]) -> Version {
    let before = stream.1;
    for event in events {
        stream.0.apply(event.clone());
        stream.1 = Version(stream.1.0 + 1);
    }
    before
}
