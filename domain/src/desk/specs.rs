//! A desk from the day it is put up.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::revert::{Irreversible, undoing};

fn desk() -> TestFramework<Desk> {
    TestFramework::with(())
}

fn chair(capacity: u16) -> Place {
    Place {
        name: Label::parse("Chair").unwrap(),
        number: None,
        description: None,
        capacity,
        service_ids: vec![],
        operator_id: None,
        working_hours: None,
    }
}

fn added() -> Vec<DeskEvent> {
    vec![DeskEvent::Added(chair(1))]
}

#[test]
fn serves_one_to_five_hundred_at_a_time() {
    for (capacity, fits) in [(0, false), (1, true), (500, true), (501, false)] {
        assert_eq!(
            Desk::default()
                .decide(DeskCommand::Add(chair(capacity)))
                .is_ok(),
            fits,
            "{capacity}"
        );
    }
    let to = DeskWanted {
        capacity: Some(0),
        ..Default::default()
    };
    desk()
        .given(added())
        .when(DeskCommand::Change(to))
        .then_expect_error(DeskError::Capacity);
}

#[test]
fn closes_and_opens_and_says_so_once() {
    desk()
        .given(added())
        .when(DeskCommand::Close)
        .then_expect_events(vec![DeskEvent::Closed {}]);
    desk()
        .given(added())
        .when(DeskCommand::Open)
        .then_expect_events(vec![]);
    let closed = vec![DeskEvent::Added(chair(1)), DeskEvent::Closed {}];
    desk()
        .given(closed.clone())
        .when(DeskCommand::Close)
        .then_expect_events(vec![]);
    desk()
        .given(closed)
        .when(DeskCommand::Open)
        .then_expect_events(vec![DeskEvent::Opened {}]);
}

#[test]
fn once_retired_it_stays_so() {
    let retired = vec![DeskEvent::Added(chair(1)), DeskEvent::Retired {}];
    desk()
        .given(retired.clone())
        .when(DeskCommand::Open)
        .then_expect_error(DeskError::Retired);
    desk()
        .given(retired)
        .when(DeskCommand::Retire)
        .then_expect_events(vec![]);
}

#[test]
fn what_was_done_to_a_desk_is_put_back() {
    let holiday_id = Id::new(Uuid::from_u128(5));
    let span = LocalSpan::new(
        "2026-07-01T00:00".parse().unwrap(),
        "2026-07-15T00:00".parse().unwrap(),
    )
    .unwrap();
    let planned = DeskEvent::HolidayPlanned { holiday_id, span };
    let undone = |events: &[DeskEvent], at: usize| {
        let history = [added(), events.to_vec()].concat();
        undoing::<Desk>(&history, at)
    };
    assert_eq!(
        undone(&[DeskEvent::Closed {}], 1),
        Ok(vec![DeskCommand::Open])
    );
    let off = DeskEvent::HolidayCancelled { holiday_id };
    let again = DeskCommand::PlanHoliday { holiday_id, span };
    assert_eq!(undone(&[planned.clone(), off.clone()], 2), Ok(vec![again]));
    assert_eq!(undone(&[planned, off], 1), Err(Irreversible::AsBefore));
    assert_eq!(
        undone(&[DeskEvent::Retired {}], 1),
        Err(Irreversible::Lasting)
    );
    assert_eq!(undone(&[], 0), Err(Irreversible::Beginning));
}
