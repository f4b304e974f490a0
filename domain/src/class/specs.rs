//! A class from the day it comes onto the timetable.

use cqrs_es::{Aggregate as _, test::TestFramework};
use uuid::Uuid;

use super::*;

fn class() -> TestFramework<Class> {
    TestFramework::with(())
}

fn id<T>(number: u128) -> Id<T> {
    Id::new(Uuid::from_u128(number))
}

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn yoga() -> Box<Offered> {
    Box::new(Offered {
        name: None,
        service_id: id(3),
        staff_id: id(1),
        desk_id: None,
        capacity: 8,
        timetable: Timetable {
            rrule: Rule::parse("FREQ=WEEKLY;BYDAY=TU").unwrap(),
            start: at("2026-12-01T18:00"),
            duration_min: Minutes::new(60),
            exceptions: BTreeSet::new(),
        },
    })
}

fn timetabled() -> ClassEvent {
    ClassEvent::Timetabled(yoga())
}

fn through(to: &str, sessions: u32) -> ClassEvent {
    ClassEvent::SessionsScheduled {
        through: at(to),
        sessions,
        skipped: vec![],
    }
}

#[test]
fn begins_once_with_seats_and_a_length() {
    class()
        .given_no_previous_events()
        .when(ClassCommand::Timetable(yoga()))
        .then_expect_events(vec![timetabled()]);
    class()
        .given(vec![timetabled()])
        .when(ClassCommand::Timetable(yoga()))
        .then_expect_error(ClassError::AlreadyTimetabled);
    let mut crowded = yoga();
    crowded.capacity = 401;
    class()
        .given_no_previous_events()
        .when(ClassCommand::Timetable(crowded))
        .then_expect_error(ClassError::Capacity);
    let mut endless = yoga();
    endless.timetable.duration_min = Minutes::new(44_641);
    class()
        .given_no_previous_events()
        .when(ClassCommand::Timetable(endless))
        .then_expect_error(ClassError::Length);
}

#[test]
fn tells_what_changed_from_what_to_what_and_only_that() {
    let to = Wanted {
        staff_id: Some(id(2)),
        capacity: Some(8),
        ..Wanted::default()
    };
    class()
        .given(vec![timetabled()])
        .when(ClassCommand::Change(Box::new(to)))
        .then_expect_events(vec![ClassEvent::Changed(Box::new(Changed {
            staff_id: Some(Change {
                from: id(1),
                to: id(2),
            }),
            ..Changed::default()
        }))]);
    class()
        .given(vec![timetabled()])
        .when(ClassCommand::Change(Box::default()))
        .then_expect_events(vec![]);
}

#[test]
fn remembers_how_far_its_timetable_was_made_into_sessions_and_begins_anew_with_another() {
    let schedule = |to: &str, sessions| ClassCommand::ScheduleSessions {
        through: at(to),
        sessions,
        skipped: vec![],
    };
    let so_far = vec![timetabled(), through("2027-01-01T00:00", 5)];
    class()
        .given(so_far.clone())
        .when(schedule("2027-01-01T00:00", 0))
        .then_expect_events(vec![]);
    class()
        .given(so_far.clone())
        .when(schedule("2027-02-01T00:00", 0))
        .then_expect_events(vec![through("2027-02-01T00:00", 0)]);
    let mut class = Class::default();
    so_far.into_iter().for_each(|event| class.apply(event));
    let mut timetable = yoga().timetable;
    timetable.start = at("2026-12-01T19:00");
    let to = Wanted {
        timetable: Some(timetable),
        ..Wanted::default()
    };
    for event in class.decide(ClassCommand::Change(Box::new(to))).unwrap() {
        class.apply(event);
    }
    assert_eq!(class.through, None);
}

#[test]
fn once_ended_it_stays_so() {
    let ended = vec![timetabled(), ClassEvent::Retired {}];
    class()
        .given(vec![timetabled()])
        .when(ClassCommand::Retire)
        .then_expect_events(vec![ClassEvent::Retired {}]);
    class()
        .given(ended.clone())
        .when(ClassCommand::Retire)
        .then_expect_events(vec![]);
    class()
        .given(ended)
        .when(ClassCommand::Change(Box::default()))
        .then_expect_error(ClassError::Retired);
}

#[test]
fn leaves_exceptions_out_for_good() {
    let mut timetable = yoga().timetable;
    timetable
        .exceptions
        .insert("2026-12-08".parse::<Date>().unwrap());
    let zone = Zone::named("Europe/Warsaw").unwrap();
    let dates = timetable.dates(&zone, at("2026-12-01T00:00"), at("2026-12-31T00:00"), 3);
    assert_eq!(
        dates,
        [
            at("2026-12-01T18:00"),
            at("2026-12-15T18:00"),
            at("2026-12-22T18:00")
        ]
    );
}
