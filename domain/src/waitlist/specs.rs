use cqrs_es::test::TestFramework;
use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::{
    booking::Joints,
    hours::DayInterval,
    money::{Currency, Money},
    service::Timing,
    time::{LocalTime, Minutes, Weekday, Zone},
};

fn id<T>(n: u128) -> Id<T> {
    Id::new(Uuid::from_u128(n))
}

fn at(clock: &str) -> Timestamp {
    format!("2026-12-01T{clock}:00Z").parse().unwrap()
}

fn wishes() -> Wishes {
    Wishes {
        service_ids: vec![id(3)],
        staff_ids: vec![],
        from: date(2026, 12, 1),
        to: Some(date(2026, 12, 31)),
        weekdays: vec![],
        hours: vec![],
    }
}

fn asking(wishes: Wishes) -> Box<Asking> {
    Box::new(Asking {
        client_id: id(7),
        wishes,
        comment: None,
        source: Origin::parse("phone").unwrap(),
        at: at("08:00"),
    })
}

fn requested() -> WaitlistEvent {
    WaitlistEvent::Requested(asking(wishes()))
}

/// An hour at twelve, held from nine until half past.
fn offer() -> Box<Offer> {
    let plan = Plan {
        service_id: Some(id(3)),
        staff_id: Some(id(1)),
        desk_id: None,
        start: at("12:00"),
        hour_unknown: false,
        timing: Timing::plain(Minutes::new(60)),
        joints: Joints::default(),
        price: Money::parse("50.00", Currency::EUR).unwrap(),
        session_id: None,
    };
    Box::new(Offer {
        plans: vec![plan],
        until: at("09:30"),
        at: at("09:00"),
    })
}

fn offered() -> WaitlistEvent {
    WaitlistEvent::Offered(offer())
}

fn converted() -> WaitlistEvent {
    WaitlistEvent::Converted {
        booking_ids: vec![id(9)],
        at: at("09:10"),
    }
}

fn lapse(clock: &str) -> WaitlistCommand {
    WaitlistCommand::Lapse {
        at: at(clock),
        gone: false,
    }
}

fn lapsed() -> WaitlistEvent {
    WaitlistEvent::OfferLapsed {
        at: at("09:30"),
        why: Lapse::RanOut,
    }
}

fn withdraw() -> WaitlistCommand {
    WaitlistCommand::Withdraw {
        at: at("10:00"),
        reason: None,
    }
}

fn withdrawn() -> WaitlistEvent {
    WaitlistEvent::Withdrawn {
        at: at("10:00"),
        reason: None,
    }
}

fn convert() -> WaitlistCommand {
    WaitlistCommand::Convert {
        booking_ids: vec![id(9)],
        at: at("09:10"),
    }
}

fn request() -> TestFramework<Request> {
    TestFramework::with(())
}

fn after(events: &[WaitlistEvent]) -> Request {
    let mut request = Request::default();
    for event in events {
        request.remember(event.clone());
    }
    request
}

fn refused(state: State, asked: &'static str) -> WaitlistError {
    WaitlistError::WrongState { state, asked }
}

#[test]
fn who_is_offered_a_slot_holds_its_time_until_they_answer() {
    let held = after(&[requested(), offered()]);
    assert_eq!(held.claims(), offer().plans[0].claims());
    assert_eq!(held.made().unwrap().standing.state(), State::Offered);
    for answer in [lapsed(), converted(), withdrawn()] {
        assert_eq!(after(&[requested(), offered(), answer]).claims(), vec![]);
    }
}

#[test]
fn an_offer_lapses_when_its_time_is_up_and_not_before() {
    let waiting = || request().given(vec![requested(), offered()]);
    waiting().when(lapse("09:29")).then_expect_events(vec![]);
    waiting()
        .when(lapse("09:30"))
        .then_expect_events(vec![lapsed()]);
}

#[test]
fn an_offer_that_can_no_longer_be_had_lapses_at_once() {
    request()
        .given(vec![requested(), offered()])
        .when(WaitlistCommand::Lapse {
            at: at("09:01"),
            gone: true,
        })
        .then_expect_events(vec![WaitlistEvent::OfferLapsed {
            at: at("09:01"),
            why: Lapse::NoLongerFree,
        }]);
}

#[test]
fn what_was_answered_does_not_lapse_any_more() {
    request()
        .given(vec![requested(), offered(), converted()])
        .when(lapse("10:00"))
        .then_expect_events(vec![]);
}

#[test]
fn one_offer_at_a_time() {
    request()
        .given(vec![requested(), offered()])
        .when(WaitlistCommand::Offer(offer()))
        .then_expect_error(refused(State::Offered, "offer"));
}

#[test]
fn what_was_let_pass_is_remembered() {
    let declined = WaitlistEvent::OfferDeclined {
        at: at("09:05"),
        reason: None,
    };
    for passed in [lapsed(), declined] {
        let made = after(&[requested(), offered(), passed]);
        let made = made.made().unwrap();
        assert_eq!(made.standing, Standing::Waiting);
        let span = |from, to| Span::new(at(from), at(to)).unwrap();
        assert!(made.let_pass(span("12:30", "13:30")));
        assert!(!made.let_pass(span("13:00", "14:00")));
    }
}

#[test]
fn only_what_is_offered_can_be_declined() {
    request()
        .given(vec![requested()])
        .when(WaitlistCommand::Decline {
            at: at("09:05"),
            reason: None,
        })
        .then_expect_error(refused(State::Waiting, "decline"));
}

#[test]
fn a_request_becomes_a_booking_once() {
    request()
        .given(vec![requested()])
        .when(convert())
        .then_expect_events(vec![converted()]);
    request()
        .given(vec![requested(), converted()])
        .when(convert())
        .then_expect_error(refused(State::Converted, "convert"));
}

#[test]
fn who_withdrew_has_withdrawn_and_waits_no_more() {
    let gone = || request().given(vec![requested(), withdrawn()]);
    gone().when(withdraw()).then_expect_events(vec![]);
    gone()
        .when(convert())
        .then_expect_error(refused(State::Withdrawn, "convert"));
    request()
        .given(vec![requested(), converted()])
        .when(withdraw())
        .then_expect_error(refused(State::Converted, "withdraw"));
}

#[test]
fn a_request_expires_when_its_last_day_is_over_and_nothing_is_offered() {
    let expire = |today| WaitlistCommand::Expire {
        at: at("10:00"),
        today,
    };
    let waiting = || request().given(vec![requested()]);
    waiting()
        .when(expire(date(2026, 12, 31)))
        .then_expect_events(vec![]);
    waiting()
        .when(expire(date(2027, 1, 1)))
        .then_expect_events(vec![WaitlistEvent::Expired { at: at("10:00") }]);
    request()
        .given(vec![requested(), offered()])
        .when(expire(date(2027, 1, 1)))
        .then_expect_events(vec![]);
}

#[test]
fn wishes_change_by_what_differs() {
    let same = WaitlistCommand::Change {
        wishes: Some(Box::new(wishes())),
        comment: Some(None),
    };
    request()
        .given(vec![requested()])
        .when(same)
        .then_expect_events(vec![]);
    let to = Wishes {
        weekdays: vec![Weekday::Fri],
        ..wishes()
    };
    request()
        .given(vec![requested()])
        .when(WaitlistCommand::Change {
            wishes: Some(Box::new(to.clone())),
            comment: None,
        })
        .then_expect_events(vec![WaitlistEvent::WishesChanged {
            wishes: Some(Box::new(Change { from: wishes(), to })),
            comment: None,
        }]);
}

fn hours(from: u8, to: u8) -> DayInterval {
    let at = |hour| LocalTime::new(hour, 0).unwrap();
    DayInterval {
        from: at(from),
        to: at(to),
    }
}

#[test]
fn wishes_that_nobody_can_mean_are_told_all_at_once() {
    let wrong = Wishes {
        service_ids: vec![],
        to: Some(date(2026, 11, 30)),
        hours: vec![hours(9, 12), hours(12, 12), hours(24, 24)],
        ..wishes()
    };
    let fields: Vec<_> = wrong
        .check()
        .unwrap_err()
        .into_iter()
        .map(|f| f.field)
        .collect();
    assert_eq!(
        fields,
        ["service_ids", "to", "hours[1].to", "hours[2].from"]
    );
    assert_eq!(wishes().check(), Ok(()));
}

/// In Warsaw, where it is an hour later than the instants say.
fn takes(wishes: &Wishes, from: &str, to: &str) -> bool {
    let zone = Zone::named("Europe/Warsaw").unwrap();
    let at = |instant: &str| instant.parse().unwrap();
    wishes.take(Span::new(at(from), at(to)).unwrap(), &zone)
}

#[test]
fn a_slot_must_lie_wholly_within_the_hours_wished_for() {
    let wishes = Wishes {
        hours: vec![hours(9, 12), hours(18, 24)],
        ..wishes()
    };
    for (from, to, fits) in [
        ("2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z", true),
        ("2026-12-01T07:59:00Z", "2026-12-01T08:59:00Z", false),
        ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", true),
        ("2026-12-01T10:01:00Z", "2026-12-01T11:01:00Z", false),
        ("2026-12-01T22:00:00Z", "2026-12-01T23:00:00Z", true),
        ("2026-12-01T22:30:00Z", "2026-12-01T23:30:00Z", false),
    ] {
        assert_eq!(takes(&wishes, from, to), fits, "{from}");
    }
}

#[test]
fn days_are_by_the_wall_clock() {
    // A Tuesday, from eleven at night in UTC on a Wednesday in Warsaw.
    let tuesdays = Wishes {
        weekdays: vec![Weekday::Tue],
        ..wishes()
    };
    let (late, later) = ("2026-12-01T22:00:00Z", "2026-12-01T23:00:00Z");
    assert!(takes(&tuesdays, late, later));
    assert!(!takes(&tuesdays, later, "2026-12-02T00:00:00Z"));
    let (new_year, one) = ("2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z");
    assert!(!takes(&wishes(), new_year, one));
    let whenever = Wishes {
        to: None,
        ..wishes()
    };
    assert!(takes(&whenever, new_year, one));
}

#[test]
fn only_a_slot_that_needs_what_came_free_is_one_that_came_free() {
    let plans = offer().plans;
    let freed = |resource, from, to| Freed {
        resource,
        during: Span::new(at(from), at(to)).unwrap(),
    };
    let ola = Some(crate::booking::Resource::Staff(id(1)));
    let ewa = Some(crate::booking::Resource::Staff(id(2)));
    assert!(freed(ola, "12:45", "14:00").is_needed_by(&plans));
    assert!(freed(None, "12:45", "14:00").is_needed_by(&plans));
    assert!(!freed(ewa, "12:45", "14:00").is_needed_by(&plans));
    assert!(!freed(ola, "13:00", "14:00").is_needed_by(&plans));
}
