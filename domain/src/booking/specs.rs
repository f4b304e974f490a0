//! A booking's life as reception would tell it.

mod putting_back;

use cqrs_es::{Aggregate as _, test::TestFramework};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    actor::Actor,
    hours::Processing,
    money::Currency,
    service::Timing,
    text::Label,
    time::{Minutes, Span},
};

type Spec = TestFramework<Booking>;

fn booking() -> Spec {
    Spec::with(())
}

/// An instant of one and the same day.
fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}:00Z").parse().unwrap()
}

fn id<T>(number: u128) -> Id<T> {
    Id::new(Uuid::from_u128(number))
}

fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

fn told(time: &str) -> Told {
    Told {
        at: at(time),
        note: None,
    }
}

fn words(text: &str) -> Sealed<FreeText> {
    Sealed::open(id::<Client>(7), FreeText::parse(text).unwrap())
}

/// An hour with staff member 1 at desk 2 for 50.00.
fn plan(start: &str) -> Plan {
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

fn placement(start: &str, status: Status) -> Box<Placement> {
    Box::new(Placement {
        reference: Reference::from_random(0),
        visit_id: None,
        series_id: None,
        client_id: Some(id(7)),
        plan: plan(start),
        status,
        source: Origin::parse("phone").unwrap(),
        at: at("08:00"),
        imported: None,
        online: None,
    })
}

fn placed(start: &str) -> BookingEvent {
    BookingEvent::Placed(placement(start, Status::Confirmed))
}

fn requested(start: &str) -> BookingEvent {
    BookingEvent::Placed(placement(start, Status::Requested))
}

/// Booked online at 08:00, to be confirmed by 08:30.
fn unconfirmed(start: &str) -> BookingEvent {
    let mut placement = placement(start, Status::Requested);
    placement.online = Some(Box::new(Online {
        language: Language::parse("pl").unwrap(),
        consents: vec![],
        confirm_by: Some(at("08:30")),
    }));
    BookingEvent::Placed(placement)
}

fn held(events: impl IntoIterator<Item = BookingEvent>) -> Held {
    let mut booking = Booking::default();
    events.into_iter().for_each(|event| booking.remember(event));
    booking.held().unwrap().clone()
}

#[test]
fn a_booking_waits_for_its_visitor_only_so_long() {
    let waiting = held([unconfirmed("12:00")]);
    assert!(!waiting.is_unconfirmed_at(at("08:29")));
    assert!(waiting.is_unconfirmed_at(at("08:30")));
    let told = Told {
        at: at("08:10"),
        note: None,
    };
    let sure = held([unconfirmed("12:00"), BookingEvent::Confirmed(told)]);
    assert!(!sure.is_unconfirmed_at(at("23:00")));
    assert!(!held([requested("12:00")]).is_unconfirmed_at(at("23:00")));
}

#[test]
fn each_change_of_what_was_agreed_makes_another_edition() {
    assert_eq!(held([placed("12:00")]).edition, 0);
    let moved = || [placed("12:00"), rescheduled("12:00", "13:00")];
    assert_eq!(held(moved()).edition, 1);
    let off = BookingEvent::Cancelled {
        at: at("09:00"),
        reason: None,
        note: None,
        cancelled_with: None,
    };
    assert_eq!(held(moved().into_iter().chain([off])).edition, 2);
}

fn rescheduled(from: &str, to: &str) -> BookingEvent {
    BookingEvent::Rescheduled {
        from: Box::new(plan(from)),
        to: Box::new(plan(to)),
        imported: None,
        moved_with: None,
    }
}

fn cancelled(time: &str) -> BookingEvent {
    BookingEvent::Cancelled {
        at: at(time),
        reason: None,
        note: None,
        cancelled_with: None,
    }
}

fn cancel(time: &str) -> BookingCommand {
    BookingCommand::Cancel {
        at: at(time),
        reason: None,
        note: None,
    }
}

fn reschedule(to: &str) -> BookingCommand {
    BookingCommand::Reschedule {
        to: Box::new(plan(to)),
        imported: None,
    }
}

fn paid(number: u128, amount: &str) -> Payment {
    Payment {
        payment_id: id(number),
        amount: eur(amount),
        method: Label::parse("card").unwrap(),
        at: at("13:00"),
        by: Actor::system(),
        note: None,
    }
}

fn pay(number: u128, amount: &str) -> BookingCommand {
    BookingCommand::RecordPayment {
        payment: paid(number, amount),
        imported: false,
    }
}

fn refund(of: Option<u128>, amount: &str) -> Refund {
    Refund {
        refund_id: id(90),
        payment_id: of.map(id),
        amount: eur(amount),
        reason: None,
        at: at("14:00"),
        by: Actor::system(),
    }
}

const fn wrong(status: Status, asked: &'static str) -> BookingError {
    BookingError::WrongState { status, asked }
}

#[test]
fn is_placed_confirmed_where_the_policy_says_so() {
    booking()
        .given_no_previous_events()
        .when(BookingCommand::Place(placement("12:00", Status::Confirmed)))
        .then_expect_events(vec![placed("12:00")]);
}

#[test]
fn cannot_begin_cancelled() {
    booking()
        .given_no_previous_events()
        .when(BookingCommand::Place(placement("12:00", Status::Cancelled)))
        .then_expect_error(BookingError::CannotBegin(Status::Cancelled));
}

#[test]
fn is_not_placed_twice() {
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::Place(placement("12:00", Status::Confirmed)))
        .then_expect_error(BookingError::AlreadyPlaced);
}

#[test]
fn a_request_is_confirmed() {
    booking()
        .given(vec![requested("12:00")])
        .when(BookingCommand::Confirm(told("09:00")))
        .then_expect_events(vec![BookingEvent::Confirmed(told("09:00"))]);
}

#[test]
fn confirming_again_is_nothing_new() {
    booking()
        .given(vec![
            requested("12:00"),
            BookingEvent::Confirmed(told("09:00")),
        ])
        .when(BookingCommand::Confirm(told("09:05")))
        .then_expect_events(vec![]);
}

#[test]
fn moving_tells_from_where_to_where() {
    booking()
        .given(vec![placed("12:00")])
        .when(reschedule("15:00"))
        .then_expect_events(vec![rescheduled("12:00", "15:00")]);
}

#[test]
fn moving_to_where_it_stands_is_nothing_new() {
    booking()
        .given(vec![placed("12:00")])
        .when(reschedule("12:00"))
        .then_expect_events(vec![]);
}

#[test]
fn what_is_done_missed_or_cancelled_cannot_be_moved() {
    let ends = [
        (BookingEvent::Completed(told("13:00")), Status::Completed),
        (BookingEvent::MarkedNoShow(told("13:00")), Status::NoShow),
        (cancelled("10:00"), Status::Cancelled),
    ];
    for (end, status) in ends {
        booking()
            .given(vec![placed("12:00"), end])
            .when(reschedule("15:00"))
            .then_expect_error(wrong(status, "reschedule"));
    }
}

#[test]
fn cancelling_keeps_the_reason() {
    let reason = Some(words("ill"));
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::Cancel {
            at: at("10:00"),
            reason: reason.clone(),
            note: None,
        })
        .then_expect_events(vec![BookingEvent::Cancelled {
            at: at("10:00"),
            reason,
            note: None,
            cancelled_with: None,
        }]);
}

#[test]
fn cancelling_twice_is_nothing_new() {
    booking()
        .given(vec![placed("12:00"), cancelled("10:00")])
        .when(cancel("10:05"))
        .then_expect_events(vec![]);
}

#[test]
fn what_is_done_cannot_be_cancelled() {
    booking()
        .given(vec![
            placed("12:00"),
            BookingEvent::Completed(told("13:00")),
        ])
        .when(cancel("14:00"))
        .then_expect_error(wrong(Status::Completed, "cancel"));
}

#[test]
fn a_request_cannot_be_completed_before_it_is_confirmed() {
    booking()
        .given(vec![requested("12:00")])
        .when(BookingCommand::Complete(told("13:00")))
        .then_expect_error(wrong(Status::Requested, "complete"));
}

#[test]
fn who_has_not_come_cannot_leave() {
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::Leave(told("13:00")))
        .then_expect_error(BookingError::NotArrived);
}

#[test]
fn a_wrong_no_show_is_put_right() {
    booking()
        .given(vec![
            placed("12:00"),
            BookingEvent::MarkedNoShow(told("12:20")),
        ])
        .when(BookingCommand::Reopen { reason: None })
        .then_expect_events(vec![BookingEvent::StatusCorrected {
            from: Status::NoShow,
            to: Status::Confirmed,
            reason: None,
        }]);
}

#[test]
fn a_deleted_booking_takes_no_commands_but_restore() {
    let deleted = || vec![placed("12:00"), BookingEvent::Deleted { reason: None }];
    booking()
        .given(deleted())
        .when(cancel("10:00"))
        .then_expect_error(BookingError::Deleted { asked: "cancel" });
    booking()
        .given(deleted())
        .when(BookingCommand::Delete { reason: None })
        .then_expect_events(vec![]);
    booking()
        .given(deleted())
        .when(BookingCommand::Restore { to: None })
        .then_expect_events(vec![BookingEvent::Restored {
            status: Status::Confirmed,
            from: None,
            to: Box::new(plan("12:00")),
        }]);
}

#[test]
fn a_cancelled_booking_comes_back_confirmed_perhaps_at_another_time() {
    booking()
        .given(vec![placed("12:00"), cancelled("10:00")])
        .when(BookingCommand::Restore {
            to: Some(Box::new(plan("16:00"))),
        })
        .then_expect_events(vec![BookingEvent::Restored {
            status: Status::Confirmed,
            from: Some(Box::new(plan("12:00"))),
            to: Box::new(plan("16:00")),
        }]);
}

#[test]
fn a_deleted_no_show_comes_back_a_no_show() {
    booking()
        .given(vec![
            placed("12:00"),
            BookingEvent::MarkedNoShow(told("12:20")),
            BookingEvent::Deleted { reason: None },
        ])
        .when(BookingCommand::Restore { to: None })
        .then_expect_events(vec![BookingEvent::Restored {
            status: Status::NoShow,
            from: None,
            to: Box::new(plan("12:00")),
        }]);
}

#[test]
fn payments_are_above_zero() {
    for amount in ["0", "-1"] {
        booking()
            .given(vec![placed("12:00")])
            .when(pay(1, amount))
            .then_expect_error(BookingError::NotPositive);
    }
    let deposit_back = BookingCommand::RecordPayment {
        payment: paid(1, "-20"),
        imported: true,
    };
    booking()
        .given(vec![placed("12:00")])
        .when(deposit_back)
        .then_expect_events(vec![BookingEvent::PaymentRecorded(paid(1, "-20"))]);
}

#[test]
fn money_of_another_country_is_refused() {
    let foreign = Payment {
        amount: Money::parse("10", Currency::PLN).unwrap(),
        ..paid(1, "10")
    };
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::RecordPayment {
            payment: foreign,
            imported: false,
        })
        .then_expect_error(BookingError::OtherCurrency {
            agreed: Currency::EUR,
        });
}

#[test]
fn no_more_is_given_back_than_was_paid() {
    let paid_30 = || {
        vec![
            placed("12:00"),
            BookingEvent::PaymentRecorded(paid(1, "30")),
        ]
    };
    booking()
        .given(paid_30())
        .when(BookingCommand::Refund(refund(None, "30.00")))
        .then_expect_events(vec![BookingEvent::PaymentRefunded(refund(None, "30.00"))]);
    booking()
        .given(paid_30())
        .when(BookingCommand::Refund(refund(None, "30.01")))
        .then_expect_error(BookingError::MoreThanPaid { left: eur("30.00") });
    booking()
        .given(paid_30())
        .when(BookingCommand::Refund(refund(Some(2), "1")))
        .then_expect_error(BookingError::NoSuchPayment);
}

#[test]
fn only_what_was_done_is_reviewed() {
    let review = Review {
        rating: 5,
        text: None,
        at: at("15:00"),
    };
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::Review(review.clone()))
        .then_expect_error(wrong(Status::Confirmed, "review"));
    booking()
        .given(vec![
            placed("12:00"),
            BookingEvent::Completed(told("13:00")),
        ])
        .when(BookingCommand::Review(Review {
            rating: 6,
            ..review
        }))
        .then_expect_error(BookingError::Rating);
}

#[test]
fn what_was_never_made_cannot_be_cancelled() {
    booking()
        .given_no_previous_events()
        .when(cancel("10:00"))
        .then_expect_error(BookingError::NotPlaced);
}

#[test]
fn references_are_read_over_the_phone() {
    assert_eq!(Reference::from_random(0).as_str(), "0000-0000");
    assert_eq!(Reference::from_random(u64::MAX).as_str(), "ZZZZ-ZZZZ");
}

fn span(from: &str, to: &str) -> Span {
    Span::new(at(from), at(to)).unwrap()
}

#[test]
fn buffers_are_claimed_with_the_service() {
    let timing = Timing {
        buffer_before_min: Minutes::new(5),
        buffer_after_min: Minutes::new(10),
        ..Timing::plain(Minutes::new(60))
    };
    let claims = Plan {
        timing,
        desk_id: None,
        ..plan("12:00")
    }
    .claims();
    assert_eq!(
        claims,
        [Claim {
            resource: Resource::Staff(id(1)),
            during: span("11:55", "13:10"),
            body: span("12:00", "13:00"),
        }]
    );
}

#[test]
fn processing_time_frees_the_staff_member_but_not_the_desk() {
    let processing = Some(Processing {
        after_min: Minutes::new(20),
        for_min: Minutes::new(30),
    });
    let timing = Timing {
        processing,
        ..Timing::plain(Minutes::new(60))
    };
    let claims = Plan {
        timing,
        ..plan("12:00")
    }
    .claims();
    let during: Vec<_> = claims.iter().map(|c| (c.resource, c.during)).collect();
    assert_eq!(
        during,
        [
            (Resource::Staff(id(1)), span("12:00", "12:20")),
            (Resource::Staff(id(1)), span("12:50", "13:00")),
            (Resource::Desk(id(2)), span("12:00", "13:00")),
        ]
    );
}

#[test]
fn inside_a_visit_no_buffer_is_kept_between_services_of_one_person() {
    let timing = Timing {
        buffer_before_min: Minutes::new(5),
        buffer_after_min: Minutes::new(10),
        ..Timing::plain(Minutes::new(60))
    };
    let joints = Joints {
        staff_after: true,
        ..Joints::default()
    };
    let claims = Plan {
        timing,
        joints,
        ..plan("12:00")
    }
    .claims();
    assert_eq!(claims[0].during, span("11:55", "13:00"));
    assert_eq!(
        claims[1].during,
        span("11:55", "13:10"),
        "another service takes the desk: its buffer stays"
    );
}

#[test]
fn a_booking_whose_hour_is_unknown_holds_no_time() {
    assert_eq!(
        Plan {
            hour_unknown: true,
            ..plan("12:00")
        }
        .claims(),
        []
    );
}

/// Any command that can be asked of a booking in a business of one currency.
fn any_command() -> impl Strategy<Value = BookingCommand> {
    let hour = (8_u8..20).prop_map(|h| format!("{h:02}:00"));
    (0_u8..20, hour, 1_u32..40).prop_map(|(which, hour, amount)| {
        let told = told(&hour);
        let amount = amount.to_string();
        match which {
            0 => BookingCommand::Place(placement(&hour, Status::Requested)),
            1 => BookingCommand::Confirm(told),
            2 | 3 => reschedule(&hour),
            4 => BookingCommand::ChangePrice {
                to: eur(&amount),
                reason: None,
            },
            5 => BookingCommand::Arrive(told),
            6 => BookingCommand::Leave(told),
            7 => BookingCommand::Complete(told),
            8 => BookingCommand::MarkNoShow(told),
            9 => cancel(&hour),
            10 => BookingCommand::Reopen { reason: None },
            11 => pay(1, &amount),
            12 => BookingCommand::Refund(refund(None, &amount)),
            13 => BookingCommand::Delete { reason: None },
            14 => BookingCommand::Restore { to: None },
            15 => BookingCommand::Restore {
                to: Some(Box::new(plan(&hour))),
            },
            16 => BookingCommand::CorrectStatus {
                to: Status::Requested,
                reason: None,
            },
            17 => BookingCommand::CorrectPresence(Presence::default()),
            18 => BookingCommand::ChangeService(Box::new(Plan {
                service_id: Some(id(4)),
                ..plan(&hour)
            })),
            _ => BookingCommand::Review(Review {
                rating: 4,
                text: None,
                at: told.at,
            }),
        }
    })
}

proptest! {
    /// Whatever is asked, in whatever order: what is decided can be folded, money stays sound,
    /// time is held exactly while somebody is expected or was served.
    #[test]
    fn any_life_is_sound(commands in proptest::collection::vec(any_command(), 1..40)) {
        let mut booking = Booking::default();
        for command in commands {
            let Ok(events) = booking.decide(command.clone()) else { continue };
            for event in events {
                let stored = serde_json::to_string(&event).unwrap();
                prop_assert_eq!(&serde_json::from_str::<BookingEvent>(&stored).unwrap(), &event);
                booking.remember(event);
            }
            if let Booking::Held(held) = &booking {
                prop_assert!(!held.paid().is_negative());
                prop_assert!(!held.due().is_negative());
                let expected = !held.deleted && held.status.holds_time();
                prop_assert_eq!(!booking.claims().is_empty(), expected);
                prop_assert!(held.left_at.is_none() || held.arrived_at.is_some());
            }
            // Asking the same once more changes nothing of where it stands, or is refused. But for restoring:
            // what was cancelled, then deleted, comes back cancelled first, and live when asked again.
            if matches!(command, BookingCommand::Restore { .. }) {
                continue;
            }
            if let (Ok(again), Booking::Held(before)) = (booking.decide(command), booking.clone()) {
                let mut after = booking.clone();
                again.into_iter().for_each(|event| after.remember(event));
                prop_assert_eq!(after.held().unwrap().status, before.status);
            }
        }
    }

    /// Any history folds: events in an order that no command would give are remembered or passed over.
    #[test]
    fn any_history_folds(commands in proptest::collection::vec(any_command(), 1..30), skip in 0_usize..5) {
        let mut all = vec![];
        let mut booking = Booking::default();
        for command in commands {
            for event in booking.decide(command).unwrap_or_default() {
                booking.remember(event.clone());
                all.push(event);
            }
        }
        let mut torn = Booking::default();
        all.into_iter().skip(skip).for_each(|event| torn.remember(event));
        let _ = torn.claims();
    }
}

/// Two o'clock with staff member 1, in session 9.
fn seat(start: &str) -> Plan {
    Plan {
        session_id: Some(id(9)),
        ..plan(start)
    }
}

fn seated(start: &str) -> Vec<BookingEvent> {
    let mut placement = placement(start, Status::Confirmed);
    placement.plan = seat(start);
    vec![BookingEvent::Placed(placement)]
}

#[test]
fn a_seat_takes_nothing_of_staff_and_desk_and_one_place_for_its_client() {
    let mut booking = Booking::default();
    seated("14:00")
        .into_iter()
        .for_each(|event| booking.apply(event));
    let claims = booking.claims();
    let resources: Vec<_> = claims.iter().map(|c| c.resource).collect();
    assert_eq!(
        resources,
        [Resource::Session(id(9)), Resource::Guest(id(9), id(7))]
    );
    for claim in &claims {
        assert_eq!(claim.body, span("14:00", "15:00"));
        // However the session moves, its seats meet in time.
        assert!(claim.during.start() < at("00:00") && claim.during.end() == at("15:00"));
    }
    booking.apply(cancelled("09:00"));
    assert_eq!(booking.claims(), []);
}

#[test]
fn a_seat_moves_with_its_session_and_says_so() {
    booking()
        .given(seated("14:00"))
        .when(BookingCommand::MoveWithSession(Box::new(seat("16:00"))))
        .then_expect_events(vec![BookingEvent::Rescheduled {
            from: Box::new(seat("14:00")),
            to: Box::new(seat("16:00")),
            imported: None,
            moved_with: Some(id(9)),
        }]);
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::MoveWithSession(Box::new(seat("16:00"))))
        .then_expect_error(BookingError::IsNoSeat);
}

#[test]
fn a_seat_is_called_off_with_its_session_and_says_so() {
    let called_off = || BookingCommand::CancelWithSession {
        at: at("10:00"),
        reason: Some(words("flu")),
    };
    booking()
        .given(seated("14:00"))
        .when(called_off())
        .then_expect_events(vec![BookingEvent::Cancelled {
            at: at("10:00"),
            reason: Some(words("flu")),
            note: None,
            cancelled_with: Some(id(9)),
        }]);
    booking()
        .given(vec![placed("12:00")])
        .when(called_off())
        .then_expect_error(BookingError::IsNoSeat);
}

#[test]
fn a_seat_goes_to_another_session_but_never_to_a_time_of_its_own() {
    let elsewhere = Plan {
        session_id: Some(id(10)),
        ..seat("18:00")
    };
    booking()
        .given(seated("14:00"))
        .when(BookingCommand::Reschedule {
            to: Box::new(elsewhere.clone()),
            imported: None,
        })
        .then_expect_events(vec![BookingEvent::Rescheduled {
            from: Box::new(seat("14:00")),
            to: Box::new(elsewhere),
            imported: None,
            moved_with: None,
        }]);
    booking()
        .given(seated("14:00"))
        .when(reschedule("16:00"))
        .then_expect_error(BookingError::IsSeat);
    booking()
        .given(seated("14:00"))
        .when(BookingCommand::ChangeService(Box::new(plan("14:00"))))
        .then_expect_error(BookingError::IsSeat);
    booking()
        .given(vec![placed("12:00")])
        .when(BookingCommand::Reschedule {
            to: Box::new(seat("14:00")),
            imported: None,
        })
        .then_expect_error(BookingError::IsNoSeat);
}
