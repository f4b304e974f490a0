//! A session from the day it is set down.

use cqrs_es::{Aggregate as _, test::TestFramework};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{booking::Resource, money::Currency, time::Minutes};

fn session() -> TestFramework<Session> {
    TestFramework::with(())
}

fn id<T>(number: u128) -> Id<T> {
    Id::new(Uuid::from_u128(number))
}

fn at(time: &str) -> Timestamp {
    format!("2026-12-01T{time}:00Z").parse().unwrap()
}

/// An hour by staff member 1 in room 2, ten minutes kept free afterwards.
fn setting(start: &str) -> Setting {
    Setting {
        service_id: id(3),
        staff_id: id(1),
        desk_id: Some(id(2)),
        start: at(start),
        timing: Timing {
            buffer_after_min: Minutes::new(10),
            ..Timing::plain(Minutes::new(60))
        },
    }
}

fn schedule(capacity: u16) -> Box<Schedule> {
    Box::new(Schedule {
        class_id: id(4),
        timetabled: None,
        setting: setting("18:00"),
        capacity,
    })
}

fn scheduled() -> SessionEvent {
    SessionEvent::Scheduled(schedule(8))
}

fn cancel() -> SessionCommand {
    SessionCommand::Cancel {
        at: at("09:00"),
        cause: Cause::ByHand,
        reason: None,
    }
}

fn cancelled() -> SessionEvent {
    SessionEvent::Cancelled {
        at: at("09:00"),
        cause: Cause::ByHand,
        reason: None,
    }
}

#[test]
fn has_one_to_four_hundred_seats() {
    for (capacity, fits) in [(0, false), (1, true), (400, true), (401, false)] {
        let decided = Session::default().decide(SessionCommand::Schedule(schedule(capacity)));
        assert_eq!(decided.is_ok(), fits, "{capacity}");
    }
    session()
        .given(vec![scheduled()])
        .when(SessionCommand::ChangeCapacity(0))
        .then_expect_error(SessionError::Capacity);
    session()
        .given(vec![scheduled()])
        .when(SessionCommand::ChangeCapacity(12))
        .then_expect_events(vec![SessionEvent::CapacityChanged { from: 8, to: 12 }]);
}

#[test]
fn takes_its_people_and_place_before_anybody_has_a_seat() {
    let mut session = Session::default();
    session.apply(scheduled());
    let claims: Vec<_> = session
        .claims()
        .iter()
        .map(|c| (c.resource, c.during.start(), c.during.end()))
        .collect();
    assert_eq!(
        claims,
        [
            (Resource::Staff(id(1)), at("18:00"), at("19:10")),
            (Resource::Desk(id(2)), at("18:00"), at("19:10")),
        ]
    );
    session.apply(cancelled());
    assert_eq!(session.claims(), []);
}

#[test]
fn moves_and_says_from_where_to_where() {
    session()
        .given(vec![scheduled()])
        .when(SessionCommand::Move(Box::new(setting("20:00"))))
        .then_expect_events(vec![SessionEvent::Moved {
            from: Box::new(setting("18:00")),
            to: Box::new(setting("20:00")),
        }]);
    session()
        .given(vec![scheduled()])
        .when(SessionCommand::Move(Box::new(setting("18:00"))))
        .then_expect_events(vec![]);
}

#[test]
fn once_cancelled_it_stays_so() {
    session()
        .given(vec![scheduled()])
        .when(cancel())
        .then_expect_events(vec![cancelled()]);
    let off = vec![scheduled(), cancelled()];
    session()
        .given(off.clone())
        .when(cancel())
        .then_expect_events(vec![]);
    session()
        .given(off.clone())
        .when(SessionCommand::Move(Box::new(setting("20:00"))))
        .then_expect_error(SessionError::Cancelled);
    session()
        .given(off)
        .when(SessionCommand::ChangeCapacity(12))
        .then_expect_error(SessionError::Cancelled);
    session()
        .given_no_previous_events()
        .when(cancel())
        .then_expect_error(SessionError::NotScheduled);
}

#[test]
fn a_seat_has_the_sessions_time_and_people_and_its_own_price() {
    let price = Money::parse("15.00", Currency::EUR).unwrap();
    let seat = setting("18:00").seat(id(9), price);
    assert_eq!(seat.session_id, Some(id(9)));
    assert_eq!((seat.start, seat.end()), (at("18:00"), at("19:00")));
    assert_eq!((seat.staff_id, seat.desk_id), (Some(id(1)), Some(id(2))));
    assert_eq!(seat.price, price);
}

proptest! {
    /// Whatever is asked in whatever order: it never has fewer than one or more than the most seats, a cancelled one
    /// takes no time, and what it takes is what its events say.
    #[test]
    fn no_order_of_commands_breaks_it(steps in proptest::collection::vec((0_u8..5, 0_u16..500), 0..30)) {
        let mut session = Session::default();
        let mut told = vec![];
        for (step, number) in steps {
            let command = match step {
                0 => SessionCommand::Schedule(schedule(number)),
                1 => SessionCommand::ChangeCapacity(number),
                2 => cancel(),
                _ => SessionCommand::Move(Box::new(setting(["10:00", "12:00", "18:00"][usize::from(number % 3)]))),
            };
            if let Ok(events) = session.decide(command) {
                for event in events {
                    session.apply(event.clone());
                    told.push(event);
                }
            }
        }
        let mut again = Session::default();
        told.into_iter().for_each(|event| again.apply(event));
        prop_assert_eq!(&again, &session);
        if let Some(schedule) = &session.schedule {
            prop_assert!((1..=MOST_SEATS).contains(&schedule.capacity));
        }
        prop_assert_eq!(session.claims().is_empty(), session.standing().is_err());
    }
}
