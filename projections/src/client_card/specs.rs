//! Cards as somebody at the desk would add them up.

use std::collections::BTreeMap;

use domain::{
    booking::{BookingCommand, BookingEvent, Review, Status},
    client::Client,
    event::AnyEvent,
    money::Currency,
    time::Zone,
};
use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use sqlx::PgPool;

use super::*;
use crate::{
    Scope,
    premises::Premises,
    random_history::RandomHistory,
    story::{Story, at, eur, id, payment, placement, refund, registered, sale, take_in, told},
};

fn warsaw() -> Zone {
    Zone::named("Europe/Warsaw").unwrap()
}

async fn book(db: &PgPool, scope: &Scope, client: u128) -> Book {
    of_clients(db, scope, &[id(client)]).await.unwrap()
}

fn figures(book: &Book, now: &str) -> Figures {
    let zone = warsaw();
    book.figures(Moment {
        now: at(now),
        zone: &zone,
        currency: Currency::EUR,
    })
    .unwrap()
}

/// The n-th booking of a client: with a service, by a staff member.
fn books(story: &mut Story, n: u128, client: u128, service: u128, staff: u128, start: &str) {
    let mut placement = placement(start);
    placement.client_id = Some(id(client));
    placement.plan.service_id = Some(id(service));
    placement.plan.staff_id = Some(id(staff));
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

fn done(story: &mut Story, n: u128) {
    story.booking(
        id(n),
        BookingCommand::Complete(told("2026-05-04T11:00:00Z")),
    );
}

/// Ada (7): served on 4 May by 1, 11 May by 1, 1 June by 2; missed one, cancelled one, one ahead, one deleted.
fn ada() -> Story {
    let mut story = Story::of(1);
    story.client(id(7), registered(id(7), "Ada"));
    for (n, service, staff, start) in [
        (1, 3, 1, "2026-05-04T10:00:00Z"),
        (2, 3, 1, "2026-05-11T10:30:00Z"),
        (3, 4, 2, "2026-06-01T08:00:00Z"),
        (4, 3, 1, "2026-06-08T10:00:00Z"),
        (5, 3, 1, "2026-06-09T10:00:00Z"),
        (6, 3, 2, "2026-07-01T10:00:00Z"),
        (8, 3, 2, "2026-06-15T10:00:00Z"),
    ] {
        books(&mut story, n, 7, service, staff, start);
    }
    for n in [1, 2, 3, 8] {
        done(&mut story, n);
    }
    let review = |rating| {
        BookingCommand::Review(Review {
            rating,
            text: None,
            at: at("2026-05-05T11:00:00Z"),
        })
    };
    story
        .booking(
            id(4),
            BookingCommand::MarkNoShow(told("2026-06-08T11:00:00Z")),
        )
        .booking(
            id(5),
            BookingCommand::Cancel {
                at: at("2026-06-09T08:00:00Z"),
                reason: None,
                note: None,
            },
        )
        .booking(id(1), payment(21, "50.00", "cash", "2026-05-04T11:00:00Z"))
        .booking(id(2), payment(22, "55.00", "card", "2026-05-11T11:00:00Z"))
        .booking(id(2), refund(31, None, "5.00", "2026-05-12T11:00:00Z"))
        .booking(id(6), payment(23, "20.00", "card", "2026-06-09T11:00:00Z"))
        .booking(id(8), payment(24, "99.00", "cash", "2026-06-15T11:00:00Z"))
        .booking(id(1), review(5))
        .booking(id(2), review(4))
        .booking(id(8), BookingCommand::Delete { reason: None })
        .client(id(7), sale(id(7), 25, "9.99", "2026-05-10T11:00:00Z"));
    story
}

#[tokio::test]
async fn a_card_adds_up_what_a_client_booked_and_paid() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = ada();
    let events = story.take();
    take_in(&db, &READ_MODEL, &events).await;

    let mut book = book(&db, &story.scope(), 7).await;
    book.sales = sales(&events);
    let card = figures(&book, "2026-06-20T00:00:00Z");
    let by = card.by_status;
    assert_eq!(
        (card.bookings, card.visits),
        (6, 3),
        "the deleted one is in neither"
    );
    assert_eq!(
        (
            by.requested,
            by.confirmed,
            by.completed,
            by.no_show,
            by.cancelled
        ),
        (0, 1, 3, 1, 1)
    );
    assert_eq!(card.first_visit, Some(at("2026-05-04T10:00:00Z")));
    assert_eq!(card.last_visit, Some(at("2026-06-01T08:00:00Z")));
    assert_eq!(card.next_visit, Some(id(6)));
    assert_eq!(card.usual_interval_days, Some(14), "of 7 and 21 days");
    // 50 + 55 - 5 + 20 + 9.99, and 99 for the deleted one, on five receipts.
    assert_eq!(card.revenue, eur("228.99"));
    assert_eq!(card.average_receipt, eur("45.80"));
    assert_eq!(card.pending_amount, eur("30.00"));
    assert!((card.no_show_rate - 0.25).abs() < 1e-9);
    assert!((card.cancellation_rate - 1.0 / 6.0).abs() < 1e-9);
    assert_eq!(card.average_rating, Some(4.5));
    let staff: Vec<_> = card.learned.staff.iter().map(|h| (h.of, h.times)).collect();
    assert_eq!(staff, [(id(1), 2), (id(2), 1)]);
    let hours: Vec<_> = card.learned.hours.iter().map(|h| (h.of, h.times)).collect();
    assert_eq!(hours, [(12, 2), (10, 1)], "by the clock on the wall");
    assert_eq!(figures(&book, "2026-08-01T00:00:00Z").next_visit, None);
}

#[tokio::test]
async fn a_staff_members_numbers_come_from_their_own_bookings() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = ada();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let business = story.scope().business();

    let own = book(&db, &Scope::bookings_of(business, id(2)), 7).await;
    let card = figures(&own, "2026-06-20T00:00:00Z");
    assert_eq!((card.bookings, card.visits), (2, 1));
    assert_eq!(card.revenue, eur("119.00"));
    let nobody = book(&db, &Scope::bookings_of(business, id(9)), 7).await;
    assert_eq!(nobody, Book::default());
    assert_eq!(book(&db, &Story::of(2).scope(), 7).await, Book::default());
}

#[tokio::test]
async fn what_others_took_is_recommended_with_its_reason() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    // Client 1 had service 3. Of three others who had it, two took 4 and one took 5; somebody else took 6.
    for (n, client, service) in [
        (1, 1, 3),
        (2, 2, 3),
        (3, 2, 4),
        (4, 3, 3),
        (5, 3, 4),
        (6, 3, 4),
        (7, 4, 3),
        (8, 4, 5),
        (9, 5, 6),
    ] {
        let start = format!("2026-05-{n:02}T10:00:00Z");
        books(&mut story, n, client, service, 1, &start);
        done(&mut story, n);
    }
    take_in(&db, &READ_MODEL, &story.take()).await;

    let found = recommended(&db, &story.scope(), &[id(1)]).await.unwrap();
    let expected = Recommendation {
        had: id(3),
        took: id(4),
        others: 3,
        takers: 2,
    };
    assert_eq!(found, [expected]);
    let merged = recommended(&db, &story.scope(), &[id(1), id(2)]).await;
    assert_eq!(merged.unwrap(), [], "one other is nobody to go by");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn figures_equal_what_the_raw_events_add_up_to(seed: u64, choices in prop::collection::vec(any::<u64>(), 0..250)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(as_the_events_say(seed, choices))?;
    }
}

/// A second way to the same numbers: straight from the ledger's events, without facts, folds or SQL.
async fn as_the_events_say(seed: u64, choices: Vec<u64>) -> Result<(), TestCaseError> {
    let premises = Premises::new().await;
    let mut history = RandomHistory::begin(seed);
    history.goes_on(choices);
    premises.record(&mut history).await;
    premises
        .projector(&[&READ_MODEL], "1")
        .catch_up()
        .await
        .unwrap();
    let business = history.business();
    let events = premises
        .ledger
        .read(business, crate::Position::START, 100_000)
        .await
        .unwrap();
    let mut events: Vec<_> = events
        .iter()
        .map(|e| {
            let payload = e.payload.get();
            AnyEvent::decode(&e.stream.kind, e.stream.id, payload).unwrap()
        })
        .collect();
    let mut tallies: BTreeMap<_, Tally> = BTreeMap::new();
    for event in events.drain(..) {
        match event {
            AnyEvent::Booking(booking, event) => {
                tallies.entry(booking).or_default().take(&event);
            }
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Client(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => {}
        }
    }
    let mut clients: Vec<_> = tallies.values().filter_map(|tally| tally.client).collect();
    clients.sort();
    clients.dedup();
    let zone = warsaw();
    let scope = Scope::whole(business);
    for client in clients {
        let ever = || {
            tallies
                .values()
                .filter(|tally| tally.client == Some(client))
        };
        let of: Vec<_> = ever().filter(|tally| !tally.deleted).collect();
        let book = of_clients(&premises.pool, &scope, &[client]).await.unwrap();
        let now: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
        let card = book
            .figures(Moment {
                now,
                zone: &zone,
                currency: Currency::EUR,
            })
            .unwrap();
        let with =
            |status| i64::try_from(of.iter().filter(|t| t.status == Some(status)).count()).unwrap();
        prop_assert_eq!(card.by_status.completed, with(Status::Completed));
        prop_assert_eq!(card.by_status.no_show, with(Status::NoShow));
        prop_assert_eq!(card.by_status.cancelled, with(Status::Cancelled));
        prop_assert_eq!(card.bookings, i64::try_from(of.len()).unwrap());
        let revenue: Decimal = ever().map(|tally| tally.money).sum();
        prop_assert_eq!(card.revenue.amount(), revenue);
        let done = || {
            of.iter()
                .filter(|t| t.status == Some(Status::Completed))
                .filter_map(|t| t.start)
        };
        prop_assert_eq!(card.first_visit, done().min());
        prop_assert_eq!(card.last_visit, done().max());
        let ahead = of.iter().filter(|t| {
            let open = t.status == Some(Status::Confirmed) || t.status == Some(Status::Requested);
            open && t.start >= Some(now)
        });
        let next = card.next_visit.and_then(|id| tallies[&id].start);
        prop_assert_eq!(next, ahead.filter_map(|t| t.start).min());
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    client: Option<domain::id::Id<Client>>,
    status: Option<Status>,
    start: Option<Timestamp>,
    deleted: bool,
    money: Decimal,
}

impl Tally {
    fn take(&mut self, event: &BookingEvent) {
        use BookingEvent as E;
        match event {
            E::Placed(placement) => {
                self.client = placement.client_id;
                self.status = Some(placement.status);
                self.start = Some(placement.plan.start);
            }
            E::Confirmed(_) => self.status = Some(Status::Confirmed),
            E::Completed(_) => self.status = Some(Status::Completed),
            E::MarkedNoShow(_) => self.status = Some(Status::NoShow),
            E::Cancelled { .. } => self.status = Some(Status::Cancelled),
            E::StatusCorrected { to, .. } => self.status = Some(*to),
            E::Rescheduled { to, .. } | E::ServiceChanged { to, .. } => self.start = Some(to.start),
            E::Deleted { .. } => self.deleted = true,
            E::Restored { status, to, .. } => {
                self.deleted = false;
                self.status = Some(*status);
                self.start = Some(to.start);
            }
            E::PaymentRecorded(payment) => self.money += payment.amount.amount(),
            E::PaymentRefunded(refund) => self.money -= refund.amount.amount(),
            E::PriceChanged { .. }
            | E::Arrived(_)
            | E::Left(_)
            | E::PresenceCorrected { .. }
            | E::Commented(_)
            | E::Reviewed(_) => {}
        }
    }
}

fn sales(events: &[crate::Projected]) -> Vec<domain::client::Sale> {
    let told = events.iter().filter_map(|projected| projected.of_client());
    told.filter_map(|(_, event)| crate::till::sale(event).cloned())
        .collect()
}
