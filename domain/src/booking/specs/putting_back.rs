//! What of a booking's life can be put back, and what it takes.

use super::*;
use crate::revert::{Irreversible, undoing};

fn since(field: &str) -> Irreversible {
    Irreversible::ChangedSince {
        field: field.to_owned(),
    }
}

fn corrected(from: Status, to: Status) -> BookingEvent {
    BookingEvent::StatusCorrected {
        from,
        to,
        reason: None,
    }
}

/// Given a history; when the event at `place` is put back; then these follow.
fn follows(history: Vec<BookingEvent>, place: usize, events: Vec<BookingEvent>) {
    let mut state = Booking::default();
    history
        .iter()
        .for_each(|event| state.remember(event.clone()));
    let mut followed = vec![];
    for command in undoing::<Booking>(&history, place).unwrap() {
        for event in state.decide(command).unwrap() {
            state.remember(event.clone());
            followed.push(event);
        }
    }
    assert_eq!(followed, events);
}

fn refused(history: &[BookingEvent], place: usize) -> Irreversible {
    undoing::<Booking>(history, place).unwrap_err()
}

#[test]
fn a_move_is_put_back_to_where_it_came_from() {
    let history = vec![placed("12:00"), rescheduled("12:00", "14:00")];
    follows(history, 1, vec![rescheduled("14:00", "12:00")]);
}

#[test]
fn a_move_is_put_back_without_what_came_after_it() {
    let history = vec![
        placed("12:00"),
        rescheduled("12:00", "14:00"),
        BookingEvent::PriceChanged {
            from: eur("50.00"),
            to: eur("60.00"),
            reason: None,
        },
    ];
    let dearer = |start| {
        Box::new(Plan {
            price: eur("60.00"),
            ..plan(start)
        })
    };
    let back = BookingEvent::Rescheduled {
        from: dearer("14:00"),
        to: dearer("12:00"),
        imported: None,
        moved_with: None,
    };
    follows(history, 1, vec![back]);
}

#[test]
fn a_move_from_which_it_was_moved_on_stays() {
    let history = [
        placed("12:00"),
        rescheduled("12:00", "14:00"),
        rescheduled("14:00", "16:00"),
    ];
    assert_eq!(refused(&history, 1), since("start"));
}

#[test]
fn nothing_is_put_back_twice() {
    let history = [
        placed("12:00"),
        rescheduled("12:00", "14:00"),
        rescheduled("14:00", "12:00"),
    ];
    assert_eq!(refused(&history, 1), Irreversible::AsBefore);
}

#[test]
fn a_booking_comes_back_with_the_status_that_it_had() {
    let cancelled_request = vec![requested("12:00"), cancelled("09:00")];
    let back = corrected(Status::Cancelled, Status::Requested);
    follows(cancelled_request, 1, vec![back]);
    let done = vec![placed("12:00"), BookingEvent::Completed(told("13:00"))];
    let back = corrected(Status::Completed, Status::Confirmed);
    follows(done, 1, vec![back]);
    let confirmed = vec![requested("12:00"), BookingEvent::Confirmed(told("09:00"))];
    let back = corrected(Status::Confirmed, Status::Requested);
    follows(confirmed, 1, vec![back]);
}

#[test]
fn what_was_put_back_is_put_back_again() {
    let history = vec![
        placed("12:00"),
        BookingEvent::MarkedNoShow(told("13:00")),
        corrected(Status::NoShow, Status::Confirmed),
    ];
    let back = corrected(Status::Confirmed, Status::NoShow);
    follows(history, 2, vec![back]);
}

#[test]
fn what_is_cancelled_again_is_so_for_its_old_reason() {
    let ill = || Some(words("ill"));
    let cancelled = BookingEvent::Cancelled {
        at: at("09:00"),
        reason: ill(),
        note: None,
        cancelled_with: None,
    };
    let again = BookingEvent::StatusCorrected {
        from: Status::Confirmed,
        to: Status::Cancelled,
        reason: ill(),
    };
    let restored = BookingEvent::Restored {
        status: Status::Confirmed,
        from: None,
        to: Box::new(plan("12:00")),
    };
    for back in [corrected(Status::Cancelled, Status::Confirmed), restored] {
        let history = vec![placed("12:00"), cancelled.clone(), back];
        follows(history, 2, vec![again.clone()]);
    }
    let mut booking = Booking::default();
    for event in [placed("12:00"), again] {
        booking.remember(event);
    }
    assert_eq!(booking.held().unwrap().cancel_reason, ill());
    booking.remember(corrected(Status::Cancelled, Status::Confirmed));
    assert_eq!(booking.held().unwrap().cancel_reason, None);
}

#[test]
fn a_status_that_is_another_one_since_stays() {
    let history = [
        requested("12:00"),
        BookingEvent::Confirmed(told("09:00")),
        cancelled("10:00"),
    ];
    assert_eq!(refused(&history, 1), since("status"));
}

#[test]
fn who_was_noted_as_there_by_mistake_is_not_there() {
    let presence = |arrived: Option<&str>, left: Option<&str>| Presence {
        arrived_at: arrived.map(at),
        left_at: left.map(at),
    };
    let arrived = || vec![placed("12:00"), BookingEvent::Arrived(told("11:55"))];
    let back = BookingEvent::PresenceCorrected {
        from: presence(Some("11:55"), None),
        to: presence(None, None),
    };
    follows(arrived(), 1, vec![back.clone()]);
    let mut history = arrived();
    history.push(BookingEvent::Left(told("13:00")));
    assert_eq!(refused(&history, 1), since("left_at"));
    let still_there = BookingEvent::PresenceCorrected {
        from: presence(Some("11:55"), Some("13:00")),
        to: presence(Some("11:55"), None),
    };
    follows(history, 2, vec![still_there]);
    let mut history = arrived();
    history.push(back);
    let there_again = BookingEvent::PresenceCorrected {
        from: presence(None, None),
        to: presence(Some("11:55"), None),
    };
    follows(history, 2, vec![there_again]);
}

#[test]
fn what_was_deleted_is_restored_and_what_was_restored_deleted() {
    let deleted = || BookingEvent::Deleted { reason: None };
    let restored = BookingEvent::Restored {
        status: Status::Confirmed,
        from: None,
        to: Box::new(plan("12:00")),
    };
    let history = vec![placed("12:00"), deleted()];
    follows(history, 1, vec![restored.clone()]);
    let history = vec![placed("12:00"), deleted(), restored];
    assert_eq!(refused(&history, 1), Irreversible::AsBefore);
    follows(history, 2, vec![deleted()]);
}

#[test]
fn what_came_back_at_another_time_goes_back_to_its_own() {
    let history = vec![
        placed("12:00"),
        cancelled("09:00"),
        BookingEvent::Restored {
            status: Status::Confirmed,
            from: Some(Box::new(plan("12:00"))),
            to: Box::new(plan("15:00")),
        },
    ];
    let back = vec![
        rescheduled("15:00", "12:00"),
        corrected(Status::Confirmed, Status::Cancelled),
    ];
    follows(history, 2, back);
}

#[test]
fn what_was_made_said_or_paid_stays() {
    let moved_with_its_session = BookingEvent::Rescheduled {
        from: Box::new(seat("14:00")),
        to: Box::new(seat("16:00")),
        imported: None,
        moved_with: Some(id(9)),
    };
    assert_eq!(refused(&[placed("12:00")], 0), Irreversible::Beginning);
    for lasting in [
        BookingEvent::PaymentRecorded(paid(1, "20.00")),
        BookingEvent::PaymentRefunded(refund(None, "20.00")),
        moved_with_its_session,
    ] {
        let history = [placed("14:00"), lasting];
        assert_eq!(refused(&history, 1), Irreversible::Lasting);
    }
}

proptest! {
    /// Whatever was done last: once it is put back, the booking stands as before it.
    #[test]
    fn what_is_put_back_stands_as_before(commands in proptest::collection::vec(any_command(), 1..40)) {
        let mut history = vec![];
        let mut booking = Booking::default();
        for command in commands {
            let before = booking.clone();
            let Ok(events) = booking.decide(command) else { continue };
            let [event] = &events[..] else { continue };
            booking.remember(event.clone());
            history.push(event.clone());
            let Ok(undo) = undoing::<Booking>(&history, history.len() - 1) else { continue };
            let mut back = booking.clone();
            let undone = undo.into_iter().try_for_each(|command| {
                let events = back.decide(command)?;
                events.into_iter().for_each(|event| back.remember(event));
                Ok::<_, BookingError>(())
            });
            // A step that does not fit its life is refused as ever.
            if undone.is_err() { continue }
            let (before, back) = (before.held().unwrap(), back.held().unwrap());
            prop_assert_eq!(&before.plan, &back.plan);
            prop_assert_eq!(before.status, back.status);
            prop_assert_eq!(before.deleted, back.deleted);
            prop_assert_eq!(before.presence(), back.presence());
        }
    }
}
