//! For specs: what happened in a business, told through the real aggregates, in the shape in which the projector
//! hands it on.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use domain::{
    access::{Access, AccessCommand},
    actor::{Actor, ActorKind, Role},
    booking::{
        Booking, BookingCommand, Comment, Joints, Payment, Placement, Plan, Reference, Refund,
        Status, Told,
    },
    business::{Business, BusinessCommand},
    campaign::{Campaign, CampaignCommand},
    client::{Card, Client, ClientCommand, Sale},
    contact::{Email, Phone},
    desk::{Desk, DeskCommand},
    event::AnyEvent,
    id::{self, Id},
    money::{Currency, Money},
    notification::{Notification, NotificationCommand},
    sealed::{KeyId, Sealed},
    segment::{Segment, SegmentCommand},
    service::{Service, ServiceCommand, Timing},
    staff::{Staff, StaffCommand},
    text::{FreeText, Label, Origin, PersonName},
    time::Minutes,
    waitlist::{Request, WaitlistCommand},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    ActorRef, BusinessId, EventId, Metadata, Position, Projected, ReadModel, Scope, Sums, Version,
};

/// Who tells it, unless said otherwise.
pub(crate) const RECEPTION: Uuid = Uuid::from_u128(0xA11);

/// One business's story so far.
pub(crate) struct Story {
    business: BusinessId,
    position: u32,
    clock: Timestamp,
    occurred_at: Option<Timestamp>,
    reverts: Option<Position>,
    actor: ActorRef,
    source: &'static str,
    bookings: Streams<Booking>,
    clients: Streams<Client>,
    accesses: Streams<Access>,
    houses: Streams<Business>,
    services: Streams<Service>,
    staff: Streams<Staff>,
    desks: Streams<Desk>,
    requests: Streams<Request>,
    segments: Streams<Segment>,
    campaigns: Streams<Campaign>,
    notifications: Streams<Notification>,
    told: Vec<Projected>,
}

type Streams<A> = BTreeMap<Uuid, (A, i64)>;

/// For each aggregate, what happens to it: `story.booking(id, command)`.
macro_rules! chapters {
    ($($name:ident, $streams:ident, $aggregate:ident as $event:ident, $command:ident);+ $(;)?) => {$(
        #[track_caller]
        pub(crate) fn $name(&mut self, id: Id<$aggregate>, command: $command) -> &mut Self {
            let (state, version) = self.$streams.entry(id.uuid()).or_default();
            let events = state.decide(command).expect("a story tells what can happen");
            let mut told = vec![];
            for event in events {
                state.apply(event.clone());
                *version += 1;
                told.push((AnyEvent::$event(id, event), *version));
            }
            told.into_iter().for_each(|(event, version)| self.tell(event, version));
            self
        }
    )+};
}

impl Story {
    /// Of the n-th business, from nine in the morning of Monday the fourth of May 2026 (UTC) on, an event a minute;
    /// told by its owner.
    pub(crate) fn of(n: u128) -> Self {
        Self {
            business: BusinessId(Uuid::from_u128(n)),
            position: 0,
            clock: at("2026-05-04T09:00:00Z"),
            occurred_at: None,
            reverts: None,
            actor: ActorRef {
                kind: "user".to_owned(),
                id: Some(RECEPTION),
                role: Some("owner".to_owned()),
            },
            source: "panel",
            bookings: BTreeMap::new(),
            clients: BTreeMap::new(),
            accesses: BTreeMap::new(),
            houses: BTreeMap::new(),
            services: BTreeMap::new(),
            staff: BTreeMap::new(),
            desks: BTreeMap::new(),
            requests: BTreeMap::new(),
            segments: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            notifications: BTreeMap::new(),
            told: vec![],
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::whole(self.business)
    }

    chapters! {
        booking, bookings, Booking as Booking, BookingCommand;
        client, clients, Client as Client, ClientCommand;
        access, accesses, Access as Access, AccessCommand;
        business, houses, Business as Business, BusinessCommand;
        service, services, Service as Service, ServiceCommand;
        staff, staff, Staff as Staff, StaffCommand;
        desk, desks, Desk as Desk, DeskCommand;
        waitlist, requests, Request as Waitlist, WaitlistCommand;
        segment, segments, Segment as Segment, SegmentCommand;
        campaign, campaigns, Campaign as Campaign, CampaignCommand;
        notification, notifications, Notification as Notification, NotificationCommand;
    }

    /// How a client stands.
    pub(crate) fn client_state(&self, id: Id<Client>) -> Client {
        let told = self.clients.get(&id.uuid());
        told.map(|(client, _)| client.clone()).unwrap_or_default()
    }

    /// What follows was brought in from another system, where it happened then.
    pub(crate) fn imported(&mut self, occurred_at: Timestamp) -> &mut Self {
        self.occurred_at = Some(occurred_at);
        self.source = "import";
        self.actor = ActorRef {
            kind: "import".to_owned(),
            id: None,
            role: None,
        };
        self
    }

    /// What follows puts this change back.
    pub(crate) fn reverting(&mut self, position: i64) -> &mut Self {
        self.reverts = Some(Position(position));
        self
    }

    /// What was told since the last time.
    pub(crate) fn take(&mut self) -> Vec<Projected> {
        std::mem::take(&mut self.told)
    }

    fn tell(&mut self, event: AnyEvent, version: i64) {
        self.position += 1;
        self.clock += SignedDuration::from_mins(1);
        let id = Uuid::from_u64_pair(0xE7, self.position.into());
        self.told.push(Projected {
            business: self.business,
            position: Position(i64::from(self.position)),
            version: Version(version),
            recorded_at: self.clock,
            occurred_at: self.occurred_at.unwrap_or(self.clock),
            metadata: Metadata {
                business_id: self.business,
                event_id: EventId(id),
                actor: self.actor.clone(),
                source: self.source.to_owned(),
                command_id: id,
                correlation_id: id,
                causation_id: None,
                reverts: self.reverts.take(),
            },
            event,
        });
    }
}

/// Hands a read model what was told, as the service does, and commits.
pub(crate) async fn take_in(db: &PgPool, model: &ReadModel, told: &[Projected]) {
    let mut transaction = db.begin().await.unwrap();
    (model.apply)(&mut transaction, told, Sums::Now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub(crate) fn id<T>(number: u128) -> Id<T> {
    Id::new(Uuid::from_u128(number))
}

pub(crate) fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

pub(crate) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

/// What somebody wrote, under the key of whom it is about.
pub(crate) fn words(of: impl Into<KeyId>, text: &str) -> Sealed<FreeText> {
    Sealed::open(of, FreeText::parse(text).unwrap())
}

pub(crate) fn reception() -> Actor {
    Actor {
        kind: ActorKind::User,
        id: Some(RECEPTION),
        role: Some(Role::Owner),
    }
}

/// A client with nothing but a name.
pub(crate) fn card(of: Id<Client>, name: &str) -> Card {
    Card {
        name: Sealed::open(of, PersonName::parse(name).unwrap()),
        phone: None,
        phones: None,
        email: None,
        telegram: None,
        birthday: None,
        language: None,
        source: None,
        fiscal_code: None,
        warning: None,
    }
}

pub(crate) fn registered(of: Id<Client>, name: &str) -> ClientCommand {
    ClientCommand::Register(Box::new(card(of, name)))
}

pub(crate) fn phone(of: Id<Client>, number: &str) -> Option<Sealed<Phone>> {
    Some(Sealed::open(of, Phone::parse(number, None).unwrap()))
}

pub(crate) fn email(of: Id<Client>, address: &str) -> Option<Sealed<Email>> {
    Some(Sealed::open(of, Email::parse(address).unwrap()))
}

/// An hour with staff member 1 at desk 2, service 3, for 50.00.
pub(crate) fn plan(start: &str) -> Plan {
    Plan {
        service_id: Some(id(3)),
        staff_id: Some(id(1)),
        desk_id: Some(id(2)),
        start: at(start),
        hour_unknown: false,
        timing: Timing::plain(Minutes::new(60)),
        joints: Joints::default(),
        price: eur("50.00"),
        session_id: None,
    }
}

/// Made by phone on the first of May 2026, confirmed, for client 7.
pub(crate) fn placement(start: &str) -> Placement {
    Placement {
        reference: Reference::from_random(0),
        visit_id: None,
        series_id: None,
        client_id: Some(id(7)),
        plan: plan(start),
        status: Status::Confirmed,
        source: Origin::parse("phone").unwrap(),
        at: at("2026-05-01T08:00:00Z"),
        imported: None,
        online: None,
    }
}

pub(crate) fn placed(start: &str) -> BookingCommand {
    BookingCommand::Place(Box::new(placement(start)))
}

pub(crate) fn told(instant: &str) -> Told {
    Told {
        at: at(instant),
        note: None,
    }
}

pub(crate) fn comment(of: impl Into<KeyId>, text: &str) -> BookingCommand {
    BookingCommand::Comment(Comment {
        comment_id: id(0xC0),
        text: words(of, text),
        at: at("2026-05-04T10:00:00Z"),
        by: reception(),
        note: None,
    })
}

pub(crate) fn payment(number: u128, amount: &str, method: &str, instant: &str) -> BookingCommand {
    BookingCommand::RecordPayment {
        payment: Payment {
            payment_id: id(number),
            amount: eur(amount),
            method: label(method),
            at: at(instant),
            by: reception(),
            note: None,
        },
        imported: true,
    }
}

pub(crate) fn refund(
    number: u128,
    of: Option<Id<id::Payment>>,
    amount: &str,
    instant: &str,
) -> BookingCommand {
    BookingCommand::Refund(Refund {
        refund_id: id(number),
        payment_id: of,
        amount: eur(amount),
        reason: None,
        at: at(instant),
        by: reception(),
    })
}

pub(crate) fn sale(of: Id<Client>, number: u128, amount: &str, instant: &str) -> ClientCommand {
    ClientCommand::Sell {
        sale: Sale {
            payment_id: id(number),
            amount: eur(amount),
            method: label("cash"),
            text: Some(words(of, "shampoo")),
            at: at(instant),
            by: reception(),
            staff_id: None,
            service_id: None,
            note: None,
        },
        imported: true,
    }
}
