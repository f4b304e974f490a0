//! The till as whoever counts it in the evening would ask for it.

use domain::{
    booking::{BookingCommand, Payment},
    time::Zone,
};
use jiff::civil::{Date, date};
use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::{
    Period, Scope,
    story::{
        RECEPTION, Story, at, eur, id, label, payment, placed, plan, reception, refund, registered,
        sale, take_in,
    },
};

const ALL: Page = Page {
    after: None,
    limit: 100,
    count: true,
};

fn warsaw() -> Zone {
    Zone::named("Europe/Warsaw").unwrap()
}

fn of(first: Date, last: Date) -> Filter {
    Filter {
        period: Period::new(&warsaw(), first, last).unwrap(),
        method: None,
        taken_by: None,
    }
}

fn may() -> Filter {
    of(date(2026, 5, 1), date(2026, 5, 31))
}

/// Two days in Warsaw (two hours before UTC): the fifth and the sixth of May.
fn two_days() -> Story {
    let mut story = Story::of(1);
    let other = BookingCommand::RecordPayment {
        payment: Payment {
            payment_id: id(23),
            amount: eur("30.00"),
            method: label("card"),
            at: at("2026-05-05T22:00:00Z"),
            by: domain::actor::Actor {
                id: Some(Uuid::from_u128(0xB0B)),
                ..reception()
            },
            note: None,
        },
        imported: false,
    };
    story
        .client(id(7), registered(id(7), "Ada"))
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(id(12), placed("2026-05-05T12:00:00Z"))
        .booking(id(11), payment(21, "50.00", "cash", "2026-05-05T11:00:00Z"))
        .booking(id(12), payment(22, "20.00", "card", "2026-05-05T21:59:59Z"))
        .booking(id(12), other)
        .client(id(7), sale(id(7), 24, "9.90", "2026-05-05T12:00:00Z"))
        .booking(
            id(11),
            refund(31, Some(id(21)), "15.00", "2026-05-06T10:00:00Z"),
        )
        .booking(id(12), refund(32, None, "1.00", "2026-05-06T11:00:00Z"));
    story
}

async fn ids(db: &PgPool, scope: Scope, filter: &Filter) -> Vec<u128> {
    let found = find(db, &scope, filter, ALL).await.unwrap();
    assert_eq!(found.total, i64::try_from(found.items.len()).ok());
    found.items.iter().map(|e| e.payment_id.as_u128()).collect()
}

#[tokio::test]
async fn each_day_is_told_by_method_as_its_clocks_went() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = two_days();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let totals = totals(&db, &story.scope(), &may(), &warsaw())
        .await
        .unwrap();
    let told: Vec<_> = totals
        .iter()
        .map(|t| {
            let method = t.method.as_deref().unwrap();
            let money = [t.taken, t.refunded, t.total]
                .map(|m| m.to_string())
                .join(" ");
            (t.date.day(), method, money, t.entries)
        })
        .collect();
    let expected = [
        (5, "card", "20.00 0.00 20.00".to_owned(), 1),
        (5, "cash", "59.90 0.00 59.90".to_owned(), 2),
        (6, "card", "30.00 1.00 29.00".to_owned(), 2),
        (6, "cash", "0.00 15.00 -15.00".to_owned(), 1),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn each_entry_says_what_it_was_for_and_who_took_it() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = two_days();
    story.booking(id(12), BookingCommand::Delete { reason: None });
    take_in(&db, &READ_MODEL, &story.take()).await;

    let scope = story.scope();
    assert_eq!(ids(&db, scope, &may()).await, [21, 24, 22, 23, 31, 32]);
    let found = find(&db, &scope, &may(), ALL).await.unwrap();
    let [paid, sold, deleted, _, refunded, _] = found.items.as_slice() else {
        panic!("six entries");
    };
    assert_eq!(
        (paid.kind, paid.amount, paid.booking_id),
        (Kind::Payment, eur("50.00"), Some(id(11)))
    );
    assert_eq!(paid.reference.as_deref(), Some("0000-0000"));
    assert_eq!(
        (paid.client_id, paid.taken_by, paid.deleted),
        (Some(id(7)), Some(RECEPTION), false)
    );
    assert_eq!(
        (sold.kind, sold.booking_id, sold.text.as_deref()),
        (Kind::Sale, None, Some("shampoo"))
    );
    assert_eq!(sold.client_id, Some(id(7)));
    assert!(
        deleted.deleted,
        "the money was there, whatever became of the booking"
    );
    assert_eq!(
        (refunded.kind, refunded.refund_of),
        (Kind::Refund, Some(Uuid::from_u128(21)))
    );
    assert_eq!(
        refunded.method.as_deref(),
        Some("cash"),
        "as what it gives back"
    );
}

#[tokio::test]
async fn each_filter_narrows() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = two_days();
    let mut to = plan("2026-05-05T13:00:00Z");
    to.staff_id = Some(id(4));
    story.booking(
        id(12),
        BookingCommand::Reschedule {
            to: Box::new(to),
            imported: None,
        },
    );
    take_in(&db, &READ_MODEL, &story.take()).await;

    let scope = story.scope();
    let by_card = Filter {
        method: Some("card".to_owned()),
        ..may()
    };
    assert_eq!(ids(&db, scope, &by_card).await, [22, 23, 32]);
    let by_bob = Filter {
        taken_by: Some(Uuid::from_u128(0xB0B)),
        ..may()
    };
    assert_eq!(ids(&db, scope, &by_bob).await, [23]);
    let sixth = of(date(2026, 5, 6), date(2026, 5, 6));
    assert_eq!(ids(&db, scope, &sixth).await, [23, 31, 32]);
    let business = scope.business();
    assert_eq!(
        ids(&db, Scope::bookings_of(business, id(4)), &may()).await,
        [22, 23, 32]
    );
    assert_eq!(ids(&db, Story::of(2).scope(), &may()).await, [0; 0]);
}

#[tokio::test]
async fn pages_hold_each_entry_once() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = two_days();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let mut page = Page { limit: 4, ..ALL };
    let first = find(&db, &story.scope(), &may(), page).await.unwrap();
    page.after = first.next;
    let second = find(&db, &story.scope(), &may(), page).await.unwrap();
    let both = [first.items, second.items].concat();
    let both: Vec<_> = both.iter().map(|e| e.payment_id.as_u128()).collect();
    assert_eq!(both, [21, 24, 22, 23, 31, 32]);
    assert_eq!(second.next, None);
}
