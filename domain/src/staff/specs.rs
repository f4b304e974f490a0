//! A staff member from joining to leaving.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::revert::{Irreversible, undoing};

fn staff() -> TestFramework<Staff> {
    TestFramework::with(())
}

fn ada() -> Member {
    let id: Id<Staff> = Id::new(Uuid::from_u128(1));
    Member {
        name: Sealed::open(id, PersonName::parse("Ada").unwrap()),
        email: None,
        phone: None,
        grid: Grid {
            slot_interval_min: Minutes::new(15),
            slot_grid: SlotGrid::Interval,
        },
        service_ids: vec![],
        working_hours: None,
    }
}

fn joined() -> Vec<StaffEvent> {
    vec![StaffEvent::Joined(ada())]
}

fn every(minutes: u32) -> StaffCommand {
    StaffCommand::Change(StaffWanted {
        slot_interval_min: Some(Minutes::new(minutes)),
        ..Default::default()
    })
}

#[test]
fn joins_once() {
    staff()
        .given(joined())
        .when(StaffCommand::Join(ada()))
        .then_expect_error(StaffError::AlreadyJoined);
}

#[test]
fn slots_are_a_minute_to_a_day_apart() {
    staff()
        .given(joined())
        .when(every(0))
        .then_expect_error(StaffError::SlotInterval);
    staff()
        .given(joined())
        .when(every(1_441))
        .then_expect_error(StaffError::SlotInterval);
    let day = Grid {
        slot_interval_min: Minutes::new(1_440),
        slot_grid: SlotGrid::Interval,
    };
    staff()
        .given(joined())
        .when(every(1_440))
        .then_expect_events(vec![StaffEvent::SlotIntervalSet {
            from: ada().grid,
            to: day,
        }]);
}

#[test]
fn working_hours_set_again_are_nothing_new() {
    let hours = WorkingHours {
        weekly: vec![],
        overrides: vec![],
    };
    staff()
        .given(joined())
        .when(StaffCommand::SetWorkingHours(Some(hours.clone())))
        .then_expect_events(vec![StaffEvent::WorkingHoursSet {
            from: None,
            to: Some(hours.clone()),
        }]);
    let set = StaffEvent::WorkingHoursSet {
        from: None,
        to: Some(hours.clone()),
    };
    staff()
        .given(vec![StaffEvent::Joined(ada()), set])
        .when(StaffCommand::SetWorkingHours(Some(hours)))
        .then_expect_events(vec![]);
}

#[test]
fn an_absence_that_was_never_planned_cannot_be_cancelled() {
    let absence_id = Id::new(Uuid::from_u128(5));
    staff()
        .given(joined())
        .when(StaffCommand::CancelAbsence(absence_id))
        .then_expect_error(StaffError::NoSuchAbsence);
}

#[test]
fn who_left_takes_no_changes_and_leaves_no_second_time() {
    let left = || vec![StaffEvent::Joined(ada()), StaffEvent::Left {}];
    staff()
        .given(left())
        .when(every(20))
        .then_expect_error(StaffError::Left);
    staff()
        .given(left())
        .when(StaffCommand::Leave)
        .then_expect_events(vec![]);
}

#[test]
fn an_address_is_put_in_and_taken_away() {
    let id: Id<Staff> = Id::new(Uuid::from_u128(1));
    let email = Some(Sealed::open(id, Email::parse("ada@example.org").unwrap()));
    let to = |email| {
        StaffCommand::Change(StaffWanted {
            email: Some(email),
            ..Default::default()
        })
    };
    let put = StaffEvent::DetailsChanged {
        name: None,
        email: Some(Change {
            from: None,
            to: email.clone(),
        }),
        phone: None,
    };
    staff()
        .given(joined())
        .when(to(email.clone()))
        .then_expect_events(vec![put.clone()]);
    staff()
        .given(vec![StaffEvent::Joined(ada()), put])
        .when(to(None))
        .then_expect_events(vec![StaffEvent::DetailsChanged {
            name: None,
            email: Some(Change {
                from: email,
                to: None,
            }),
            phone: None,
        }]);
}

#[test]
fn a_calendar_feed_is_opened_anew_and_closed_once() {
    let opened = |n: u128| StaffEvent::CalendarFeedOpened {
        feed_id: Id::new(Uuid::from_u128(n)),
    };
    let open = |n: u128| StaffCommand::OpenFeed(Id::new(Uuid::from_u128(n)));
    let closed = || StaffEvent::CalendarFeedClosed {};
    staff()
        .given(vec![StaffEvent::Joined(ada()), opened(1)])
        .when(open(2))
        .then_expect_events(vec![opened(2)]);
    staff()
        .given(vec![StaffEvent::Joined(ada()), opened(1)])
        .when(StaffCommand::CloseFeed)
        .then_expect_events(vec![closed()]);
    staff()
        .given(vec![StaffEvent::Joined(ada()), opened(1), closed()])
        .when(StaffCommand::CloseFeed)
        .then_expect_events(vec![]);
    staff()
        .given(vec![StaffEvent::Joined(ada()), StaffEvent::Left {}])
        .when(open(1))
        .then_expect_error(StaffError::Left);
}

#[test]
fn an_absence_is_put_back_whichever_way() {
    let absence_id = Id::new(Uuid::from_u128(5));
    let span = LocalSpan::new(
        "2026-07-01T00:00".parse().unwrap(),
        "2026-07-15T00:00".parse().unwrap(),
    )
    .unwrap();
    let planned = StaffEvent::AbsencePlanned {
        absence_id,
        kind: AbsenceKind::Vacation,
        span,
        note: None,
    };
    let mut history = joined();
    history.push(planned.clone());
    let off = vec![StaffCommand::CancelAbsence(absence_id)];
    assert_eq!(undoing::<Staff>(&history, 1), Ok(off));
    history.push(StaffEvent::AbsenceCancelled { absence_id });
    assert_eq!(undoing::<Staff>(&history, 1), Err(Irreversible::AsBefore));
    let [again] = &undoing::<Staff>(&history, 2).unwrap()[..] else {
        panic!("one command");
    };
    staff()
        .given(history)
        .when(again.clone())
        .then_expect_events(vec![planned]);
}

#[test]
fn hours_and_grids_are_put_back_and_an_address_that_was_taken_back_is_not() {
    let closed = WorkingHours::default();
    let mut history = joined();
    history.push(StaffEvent::WorkingHoursSet {
        from: None,
        to: Some(closed),
    });
    let of_the_house = vec![StaffCommand::SetWorkingHours(None)];
    assert_eq!(undoing::<Staff>(&history, 1), Ok(of_the_house));
    let grid = |minutes| Grid {
        slot_interval_min: Minutes::new(minutes),
        slot_grid: SlotGrid::Interval,
    };
    history.push(StaffEvent::SlotIntervalSet {
        from: grid(15),
        to: grid(20),
    });
    let [undo] = &undoing::<Staff>(&history, 2).unwrap()[..] else {
        panic!("one command");
    };
    staff()
        .given(history.clone())
        .when(undo.clone())
        .then_expect_events(vec![StaffEvent::SlotIntervalSet {
            from: grid(20),
            to: grid(15),
        }]);
    history.push(StaffEvent::CalendarFeedClosed {});
    assert_eq!(undoing::<Staff>(&history, 3), Err(Irreversible::Lasting));
    assert_eq!(undoing::<Staff>(&history, 0), Err(Irreversible::Beginning));
}
