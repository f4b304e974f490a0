//! The calendar as the desk at the door would ask it.

use domain::{
    booking::{BookingCommand, Imported, Placement, Plan, Status},
    client::{CardWanted, ClientCommand},
    sealed::Sealed,
    service::Timing,
    text::PersonName,
    time::{Minutes, Span, Zone},
};
use jiff::civil::date;
use sqlx::PgPool;

use super::*;
use crate::{
    Position, Scope,
    story::{Story, at, id, placed, placement, plan, registered, take_in, told},
};

async fn database() -> (testbed::Database, PgPool) {
    let database = testbed::database().await;
    let pool = database.service_pool().await;
    (database, pool)
}

fn day(date: &str) -> Span {
    let date = date.parse().unwrap();
    Zone::utc().days(date, date).unwrap()
}

fn numbers(entries: &[Entry]) -> Vec<u128> {
    entries
        .iter()
        .map(|e| e.booking_id.uuid().as_u128())
        .collect()
}

async fn on(db: &PgPool, story: &Story, date: &str, filter: &Filter) -> Vec<u128> {
    numbers(
        &bookings(db, &story.scope(), day(date), filter)
            .await
            .unwrap(),
    )
}

fn moved(start: &str) -> BookingCommand {
    BookingCommand::Reschedule {
        to: Box::new(plan(start)),
        imported: None,
    }
}

fn cancelled() -> BookingCommand {
    BookingCommand::Cancel {
        at: at("2026-05-04T10:00:00Z"),
        reason: None,
        note: None,
    }
}

#[tokio::test]
async fn a_booking_stands_on_each_day_that_it_has_a_part_in() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    story.booking(id(1), placed("2026-05-05T23:30:00Z"));
    story.booking(id(2), placed("2026-05-06T23:00:00Z"));
    let unknown = Plan {
        hour_unknown: true,
        timing: Timing::plain(Minutes::ZERO),
        ..plan("2026-05-07T00:00:00Z")
    };
    let imported = Some(Imported {
        holds_time: false,
        overlaps: true,
        note: None,
    });
    let unknown = Placement {
        plan: unknown,
        imported,
        ..placement("2026-05-07T00:00:00Z")
    };
    story.booking(id(3), BookingCommand::Place(Box::new(unknown)));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let all = Filter::default();
    assert_eq!(on(&db, &story, "2026-05-05", &all).await, [1]);
    assert_eq!(on(&db, &story, "2026-05-06", &all).await, [1, 2]);
    assert_eq!(on(&db, &story, "2026-05-07", &all).await, [3]);
    assert_eq!(on(&db, &story, "2026-05-08", &all).await, [0; 0]);
    let third = &bookings(&db, &story.scope(), day("2026-05-07"), &all)
        .await
        .unwrap()[0];
    assert!(third.hour_unknown && third.overlaps);
    let other_business = Story::of(2);
    assert_eq!(on(&db, &other_business, "2026-05-06", &all).await, [0; 0]);
}

#[tokio::test]
async fn each_filter_narrows_and_the_deleted_are_asked_for() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    story.client(id(7), registered(id(7), "Łucja Święcka"));
    story.client(id(8), registered(id(8), "Tom O'Brien"));
    let other = Plan {
        staff_id: Some(id(21)),
        desk_id: None,
        service_id: Some(id(23)),
        ..plan("2026-05-05T09:00:00Z")
    };
    let other = Placement {
        plan: other,
        client_id: Some(id(8)),
        status: Status::Requested,
        ..placement("2026-05-05T09:00:00Z")
    };
    story.booking(id(1), placed("2026-05-05T08:00:00Z"));
    story.booking(id(2), BookingCommand::Place(Box::new(other)));
    story.booking(id(3), placed("2026-05-05T10:00:00Z"));
    story.booking(id(3), BookingCommand::Delete { reason: None });
    take_in(&db, &READ_MODEL, &story.take()).await;
    let all = Filter::default;
    for (filter, wanted) in [
        (all(), vec![1, 2]),
        (
            Filter {
                with_deleted: true,
                ..all()
            },
            vec![1, 2, 3],
        ),
        (
            Filter {
                staff_id: Some(id(21)),
                ..all()
            },
            vec![2],
        ),
        (
            Filter {
                desk_id: Some(id(2)),
                ..all()
            },
            vec![1],
        ),
        (
            Filter {
                service_id: Some(id(3)),
                ..all()
            },
            vec![1],
        ),
        (
            Filter {
                statuses: vec![Status::Requested],
                ..all()
            },
            vec![2],
        ),
    ] {
        assert_eq!(
            on(&db, &story, "2026-05-05", &filter).await,
            wanted,
            "{filter:?}"
        );
    }
    let own = Scope::bookings_of(story.scope().business(), id(21));
    let seen = bookings(&db, &own, day("2026-05-05"), &all())
        .await
        .unwrap();
    assert_eq!(numbers(&seen), [2]);
}

#[tokio::test]
async fn a_client_is_called_what_they_are_called_now_on_every_booking() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    story.booking(id(1), placed("2026-05-05T08:00:00Z"));
    story.client(id(7), registered(id(7), "Ada Lovelace"));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let name = Some(Sealed::open(
        id::<domain::client::Client>(7),
        PersonName::parse("Ada King").unwrap(),
    ));
    let wanted = CardWanted {
        name,
        ..CardWanted::default()
    };
    story.client(id(7), ClientCommand::ChangeContact(Box::new(wanted)));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let entries = bookings(&db, &story.scope(), day("2026-05-05"), &Filter::default())
        .await
        .unwrap();
    assert_eq!(entries[0].client_name.as_deref(), Some("Ada King"));
}

#[tokio::test]
async fn who_is_inside_arrived_today_and_did_not_leave() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    for (n, start) in [
        (1, "2026-05-04T18:00:00Z"),
        (2, "2026-05-05T08:00:00Z"),
        (3, "2026-05-05T09:00:00Z"),
        (4, "2026-05-05T10:00:00Z"),
    ] {
        story.booking(id(n), placed(start));
    }
    story.booking(id(1), BookingCommand::Arrive(told("2026-05-04T18:00:00Z")));
    story.booking(id(2), BookingCommand::Arrive(told("2026-05-05T07:58:00Z")));
    story.booking(id(2), BookingCommand::Leave(told("2026-05-05T09:02:00Z")));
    story.booking(id(3), BookingCommand::Arrive(told("2026-05-05T09:05:00Z")));
    story.booking(
        id(3),
        BookingCommand::Complete(told("2026-05-05T10:00:00Z")),
    );
    take_in(&db, &READ_MODEL, &story.take()).await;
    let since = day("2026-05-05").start();
    let now_inside = inside(&db, &story.scope(), since, &Filter::default())
        .await
        .unwrap();
    assert_eq!(numbers(&now_inside), [3]);
}

#[tokio::test]
async fn the_monitor_has_the_hours_that_the_clock_on_the_wall_has() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    // 02:30 on the wall, once before clocks go back at 03:00 and once after.
    story.booking(id(1), placed("2026-10-25T00:30:00Z"));
    story.booking(id(2), placed("2026-10-25T01:30:00Z"));
    story.booking(id(3), placed("2026-10-25T01:30:00Z"));
    story.booking(id(3), cancelled());
    take_in(&db, &READ_MODEL, &story.take()).await;
    let warsaw = Zone::named("Europe/Warsaw").unwrap();
    let filter = Filter::default();
    let hours = monitor(&db, &story.scope(), &warsaw, date(2026, 10, 25), &filter)
        .await
        .unwrap();
    assert_eq!(hours.len(), 25);
    let told: Vec<_> = hours[1..6]
        .iter()
        .map(|h| (h.from.to_string(), numbers(&h.bookings)))
        .collect();
    let wanted = [
        ("01:00", vec![]),
        ("02:00", vec![1]),
        ("02:00", vec![1, 2]),
        ("03:00", vec![2]),
        ("04:00", vec![]),
    ];
    assert_eq!(told, wanted.map(|(from, n)| (from.to_owned(), n)));
    let spring = monitor(&db, &story.scope(), &warsaw, date(2026, 3, 29), &filter)
        .await
        .unwrap();
    assert_eq!(spring.len(), 23);
    assert!(spring.iter().all(|h| h.from.to_string() != "02:00"));
}

#[tokio::test]
async fn the_past_is_found_where_it_stood() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    story.booking(id(1), placed("2026-05-05T08:00:00Z")); // position 1
    story.booking(id(1), moved("2026-05-06T08:00:00Z")); // 2
    story.booking(id(1), BookingCommand::Arrive(told("2026-05-06T08:00:00Z"))); // 3
    take_in(&db, &READ_MODEL, &story.take()).await;
    story.booking(id(1), moved("2026-05-07T08:00:00Z")); // 4
    story.booking(id(1), moved("2026-05-05T08:30:00Z")); // 5
    take_in(&db, &READ_MODEL, &story.take()).await;
    let stood = async |date: &str, when| {
        let found = candidates(&db, &story.scope(), day(date), when)
            .await
            .unwrap();
        found.len()
    };
    for (position, fifth, sixth, seventh) in [
        (0, 0, 0, 0),
        (1, 1, 0, 0),
        (2, 0, 1, 0),
        (3, 0, 1, 0),
        (4, 0, 0, 1),
        (5, 1, 0, 0),
        (9, 1, 0, 0),
    ] {
        let when = When::Position(Position(position));
        let found = [
            stood("2026-05-05", when).await,
            stood("2026-05-06", when).await,
            stood("2026-05-07", when).await,
        ];
        assert_eq!(found, [fifth, sixth, seventh], "as of {position}");
    }
    assert_eq!(stood("2026-05-06", When::Ever).await, 1);
    assert_eq!(stood("2026-05-08", When::Ever).await, 0);
}

#[tokio::test]
async fn a_visit_is_found_whole() {
    let (_database, db) = database().await;
    let mut story = Story::of(1);
    for (n, start) in [(2, "2026-05-05T09:00:00Z"), (1, "2026-05-05T08:00:00Z")] {
        let part = Placement {
            visit_id: Some(id(5)),
            ..placement(start)
        };
        story.booking(id(n), BookingCommand::Place(Box::new(part)));
    }
    story.booking(id(3), placed("2026-05-05T10:00:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let visit = of_visit(&db, &story.scope(), id(5)).await.unwrap();
    assert_eq!(numbers(&visit), [1, 2]);
}
