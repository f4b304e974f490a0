//! A service from its offer to its withdrawal.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{
    money::Currency,
    revert::{Irreversible, undoing},
};

fn service() -> TestFramework<Service> {
    TestFramework::with(())
}

fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

fn ada() -> Id<Staff> {
    Id::new(Uuid::from_u128(1))
}

fn cut() -> Offer {
    Offer {
        name: Label::parse("Cut").unwrap(),
        timing: Timing::plain(Minutes::new(60)),
        price: eur("50"),
        per_staff: vec![],
        state: ServiceState::Active,
        color: None,
        description: None,
    }
}

fn waiting(after: u32, for_min: u32) -> Option<Processing> {
    Some(Processing {
        after_min: Minutes::new(after),
        for_min: Minutes::new(for_min),
    })
}

fn offered() -> Vec<ServiceEvent> {
    vec![ServiceEvent::Offered(cut())]
}

fn change(to: ServiceWanted) -> ServiceCommand {
    ServiceCommand::Change(to)
}

#[test]
fn is_offered_once() {
    service()
        .given_no_previous_events()
        .when(ServiceCommand::Offer(cut()))
        .then_expect_events(offered());
    service()
        .given(offered())
        .when(ServiceCommand::Offer(cut()))
        .then_expect_error(ServiceError::AlreadyOffered);
}

#[test]
fn lasts_a_minute_at_least() {
    let never = Offer {
        timing: Timing::plain(Minutes::ZERO),
        ..cut()
    };
    service()
        .given_no_previous_events()
        .when(ServiceCommand::Offer(never))
        .then_expect_error(ServiceError::Length {
            field: TimingField::Duration,
            least: 1,
            most: LONGEST_MIN,
        });
    let stay = Offer {
        timing: Timing::plain(Minutes::new(LONGEST_MIN)),
        ..cut()
    };
    let event = ServiceEvent::Offered(stay.clone());
    service()
        .given_no_previous_events()
        .when(ServiceCommand::Offer(stay))
        .then_expect_events(vec![event]);
}

#[test]
fn costs_nothing_or_more() {
    let gift = Offer {
        price: eur("-0.01"),
        ..cut()
    };
    service()
        .given_no_previous_events()
        .when(ServiceCommand::Offer(gift))
        .then_expect_error(ServiceError::NegativePrice { staff_id: None });
}

#[test]
fn the_processing_time_lies_within_the_service() {
    for (after, for_min, fits) in [
        (20, 40, true),
        (20, 41, false),
        (0, 10, true),
        (60, 1, false),
    ] {
        let timing = Timing {
            processing: waiting(after, for_min),
            ..Timing::plain(Minutes::new(60))
        };
        let decided = Service::default().decide(ServiceCommand::Offer(Offer { timing, ..cut() }));
        assert_eq!(decided.is_ok(), fits, "waits {for_min} after {after}");
    }
}

#[test]
fn a_shorter_length_may_not_leave_the_processing_time_hanging_out() {
    let timing = Timing {
        processing: waiting(20, 30),
        ..Timing::plain(Minutes::new(60))
    };
    let quick = PerStaff {
        staff_id: ada(),
        duration_min: Some(Minutes::new(45)),
        price: None,
    };
    service()
        .given(vec![ServiceEvent::Offered(Offer { timing, ..cut() })])
        .when(change(ServiceWanted {
            per_staff: Some(vec![quick]),
            ..Default::default()
        }))
        .then_expect_error(ServiceError::ProcessingOutside {
            staff_id: Some(ada()),
        });
}

#[test]
fn a_change_tells_each_thing_that_differs() {
    let to = ServiceWanted {
        name: Some(Label::parse("Cut").unwrap()),
        price: Some(eur("55")),
        state: Some(ServiceState::Internal),
        ..Default::default()
    };
    service()
        .given(offered())
        .when(change(to))
        .then_expect_events(vec![
            ServiceEvent::Repriced {
                from: eur("50"),
                to: eur("55"),
            },
            ServiceEvent::StateChanged {
                from: ServiceState::Active,
                to: ServiceState::Internal,
            },
        ]);
}

#[test]
fn changing_nothing_is_nothing_new() {
    service()
        .given(offered())
        .when(change(ServiceWanted::default()))
        .then_expect_events(vec![]);
}

#[test]
fn what_was_withdrawn_stays_as_it_was() {
    let gone = || vec![ServiceEvent::Offered(cut()), ServiceEvent::Withdrawn {}];
    service()
        .given(gone())
        .when(change(ServiceWanted::default()))
        .then_expect_error(ServiceError::Withdrawn);
    service()
        .given(gone())
        .when(ServiceCommand::Withdraw)
        .then_expect_events(vec![]);
    service()
        .given_no_previous_events()
        .when(ServiceCommand::Withdraw)
        .then_expect_error(ServiceError::NotOffered);
}

#[test]
fn one_staff_member_may_take_less_time_and_more_money() {
    let per_staff = vec![PerStaff {
        staff_id: ada(),
        duration_min: Some(Minutes::new(40)),
        price: Some(eur("70")),
    }];
    let offer = Offer { per_staff, ..cut() };
    let other = Id::new(Uuid::from_u128(2));
    assert_eq!(
        (offer.timing_of(ada()).duration_min, offer.price_of(ada())),
        (Minutes::new(40), eur("70"))
    );
    assert_eq!(
        (offer.timing_of(other).duration_min, offer.price_of(other)),
        (Minutes::new(60), eur("50"))
    );
}

#[test]
fn a_price_is_put_back_while_it_still_stands() {
    let repriced = |from, to| ServiceEvent::Repriced {
        from: eur(from),
        to: eur(to),
    };
    let mut history = offered();
    history.push(repriced("50", "60"));
    let [undo] = &undoing::<Service>(&history, 1).unwrap()[..] else {
        panic!("one command");
    };
    service()
        .given(history.clone())
        .when(undo.clone())
        .then_expect_events(vec![repriced("60", "50")]);
    history.push(repriced("60", "70"));
    let field = "price".to_owned();
    assert_eq!(
        undoing::<Service>(&history, 1),
        Err(Irreversible::ChangedSince { field })
    );
}

#[test]
fn of_a_length_only_the_part_that_changed_is_put_back() {
    let timing = |duration, after| Timing {
        buffer_after_min: Minutes::new(after),
        ..Timing::plain(Minutes::new(duration))
    };
    let mut history = offered();
    history.push(ServiceEvent::DurationChanged {
        from: timing(60, 0),
        to: timing(90, 0),
    });
    history.push(ServiceEvent::DurationChanged {
        from: timing(90, 0),
        to: timing(90, 15),
    });
    let wanted = ServiceWanted {
        timing: Some(timing(60, 15)),
        ..ServiceWanted::default()
    };
    assert_eq!(undoing::<Service>(&history, 1), Ok(vec![change(wanted)]));
}

#[test]
fn what_left_the_price_list_does_not_come_back() {
    let mut history = offered();
    history.push(ServiceEvent::Withdrawn {});
    assert_eq!(undoing::<Service>(&history, 0), Err(Irreversible::Lasting));
    assert_eq!(undoing::<Service>(&history, 1), Err(Irreversible::Lasting));
    assert_eq!(
        undoing::<Service>(&offered(), 0),
        Err(Irreversible::Beginning)
    );
}
