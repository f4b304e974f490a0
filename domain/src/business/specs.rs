//! A business from its opening on, its hours, closures and rules.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{
    revert::{Irreversible, undoing},
    time::Minutes,
};

fn business() -> TestFramework<Business> {
    TestFramework::with(())
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn open(name: &str) -> BusinessCommand {
    BusinessCommand::Open {
        name: label(name),
        slug: Slug::parse("laka").unwrap(),
        time_zone: Zone::named("Europe/Warsaw").unwrap(),
        currency: Currency::PLN,
        country: Country::parse("PL").unwrap(),
    }
}

fn opened() -> Vec<BusinessEvent> {
    Business::default().decide(open("Łąka")).unwrap()
}

fn change(to: SettingsWanted, priced: bool) -> BusinessCommand {
    BusinessCommand::ChangeSettings {
        to: Box::new(to),
        priced,
    }
}

fn days(from: &str, to: &str) -> LocalSpan {
    LocalSpan::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

#[test]
fn opens_once() {
    business()
        .given(opened())
        .when(open("Again"))
        .then_expect_error(BusinessError::AlreadyOpened);
}

#[test]
fn tells_only_the_settings_that_differ() {
    let to = SettingsWanted {
        name: Some(label("Łąka")),
        country: Some(Country::parse("UA").unwrap()),
        ..Default::default()
    };
    let changed = SettingsChanged {
        country: Some(Change {
            from: Country::parse("PL").unwrap(),
            to: Country::parse("UA").unwrap(),
        }),
        ..Default::default()
    };
    business()
        .given(opened())
        .when(change(to, false))
        .then_expect_events(vec![BusinessEvent::SettingsChanged(Box::new(changed))]);
}

#[test]
fn the_currency_stays_once_something_has_a_price() {
    let to = SettingsWanted {
        currency: Some(Currency::EUR),
        ..Default::default()
    };
    business()
        .given(opened())
        .when(change(to.clone(), true))
        .then_expect_error(BusinessError::CurrencyInUse);
    let events = Business::default();
    let mut events = opened().into_iter().fold(events, |mut b, e| {
        b.remember(e);
        b
    });
    for event in events.decide(change(to, false)).unwrap() {
        events.remember(event);
    }
    assert_eq!(events.settings().unwrap().currency, Currency::EUR);
}

#[test]
fn speaks_at_least_one_language() {
    let to = SettingsWanted {
        languages: Some(vec![]),
        ..Default::default()
    };
    business()
        .given(opened())
        .when(change(to, false))
        .then_expect_error(BusinessError::NoLanguage);
}

fn set(policy: Policy) -> BusinessCommand {
    BusinessCommand::SetPolicy(Box::new(policy))
}

fn asking(words: &str) -> Policy {
    let text = Description::parse(words).unwrap();
    Policy {
        consents: vec![ConsentText {
            consent: Consent::Marketing,
            version: 0,
            required: false,
            texts: [(Language::parse("en").unwrap(), text)].into(),
        }],
        ..Policy::default()
    }
}

#[test]
fn each_wording_of_a_consent_has_a_version_of_its_own_for_ever() {
    let mut open = opened().into_iter().fold(Business::default(), |mut b, e| {
        b.remember(e);
        b
    });
    let mut versions = vec![];
    for wanted in [
        asking("Write to me"),
        asking("Write to me"),
        asking("Call me"),
        Policy::default(),
        asking("Write to me"),
    ] {
        for event in open.decide(set(wanted)).unwrap() {
            open.remember(event);
        }
        versions.push(open.policy.consent(Consent::Marketing).map(|t| t.version));
    }
    assert_eq!(versions, [Some(1), Some(1), Some(2), None, Some(3)]);
}

#[test]
fn a_booking_is_confirmed_by_its_client_or_by_the_house() {
    business()
        .given(opened())
        .when(set(Policy {
            auto_confirm: false,
            confirmation: Confirmation::Link,
            ..Policy::default()
        }))
        .then_expect_error(BusinessError::ConfirmedTwice);
}

#[test]
fn a_policys_numbers_have_their_ranges() {
    for (notice, fits) in [(10_080, true), (10_081, false)] {
        let policy = Policy {
            min_notice_min: Minutes::new(notice),
            ..Policy::default()
        };
        let open = opened().into_iter().fold(Business::default(), |mut b, e| {
            b.remember(e);
            b
        });
        assert_eq!(
            open.decide(BusinessCommand::SetPolicy(Box::new(policy)))
                .is_ok(),
            fits,
            "{notice}"
        );
    }
    business()
        .given(opened())
        .when(set(Policy {
            horizon_days: 0,
            ..Policy::default()
        }))
        .then_expect_error(BusinessError::OutOfRange {
            field: "horizon_days",
            least: 1,
            most: 730,
        });
}

#[test]
fn a_closure_is_moved_and_called_off() {
    let closure_id = Id::new(Uuid::from_u128(9));
    let first = days("2026-12-25T00:00", "2026-12-26T00:00");
    let longer = days("2026-12-25T00:00", "2026-12-27T00:00");
    let mut events = opened();
    events.push(BusinessEvent::ClosurePlanned {
        closure_id,
        name: None,
        span: first,
    });
    business()
        .given(events.clone())
        .when(BusinessCommand::ChangeClosure {
            closure_id,
            name: None,
            span: Some(longer),
        })
        .then_expect_events(vec![BusinessEvent::ClosureChanged {
            closure_id,
            name: None,
            span: Some(Change {
                from: first,
                to: longer,
            }),
        }]);
    events.push(BusinessEvent::ClosureCancelled { closure_id });
    business()
        .given(events)
        .when(BusinessCommand::CancelClosure(closure_id))
        .then_expect_error(BusinessError::NoSuchClosure);
}

#[test]
fn nothing_is_set_before_it_opens() {
    business()
        .given_no_previous_events()
        .when(BusinessCommand::SetHours(None))
        .then_expect_error(BusinessError::NotOpened);
}

#[test]
fn of_the_policy_only_what_a_change_touched_is_put_back() {
    let policy = |notice, horizon| {
        Box::new(Policy {
            min_notice_min: Minutes::new(notice),
            horizon_days: horizon,
            ..Policy::default()
        })
    };
    let set = |from, to| BusinessEvent::PolicySet { from, to };
    let mut history = opened();
    history.push(set(policy(0, 60), policy(30, 60)));
    history.push(set(policy(30, 60), policy(30, 90)));
    let back = vec![BusinessCommand::SetPolicy(policy(0, 90))];
    assert_eq!(undoing::<Business>(&history, 1), Ok(back));
    history.push(set(policy(30, 90), policy(45, 90)));
    let field = "min_notice_min".to_owned();
    assert_eq!(
        undoing::<Business>(&history, 1),
        Err(Irreversible::ChangedSince { field })
    );
}

#[test]
fn settings_hours_and_closures_are_put_back() {
    let closure_id = Id::new(Uuid::from_u128(5));
    let planned = BusinessEvent::ClosurePlanned {
        closure_id,
        name: Some(label("Holiday")),
        span: days("2026-12-24T00:00", "2026-12-27T00:00"),
    };
    let renamed = BusinessEvent::SettingsChanged(Box::new(SettingsChanged {
        name: Some(Change {
            from: label("Łąka"),
            to: label("Meadow"),
        }),
        ..SettingsChanged::default()
    }));
    let hours = BusinessEvent::HoursSet {
        from: None,
        to: Some(WorkingHours::default()),
    };
    let mut history = opened();
    history.extend([planned.clone(), renamed, hours]);
    let wanted = SettingsWanted {
        name: Some(label("Łąka")),
        ..SettingsWanted::default()
    };
    for (at, command) in [
        (1, BusinessCommand::CancelClosure(closure_id)),
        (2, change(wanted, true)),
        (3, BusinessCommand::SetHours(None)),
    ] {
        assert_eq!(undoing::<Business>(&history, at), Ok(vec![command]));
    }
    history.push(BusinessEvent::ClosureCancelled { closure_id });
    let [again] = &undoing::<Business>(&history, 4).unwrap()[..] else {
        panic!("one command");
    };
    business()
        .given(history.clone())
        .when(again.clone())
        .then_expect_events(vec![planned]);
    assert_eq!(
        undoing::<Business>(&history, 0),
        Err(Irreversible::Beginning)
    );
}

fn rules(minutes: u32, cost: Option<Money>, days: u16) -> ReportRules {
    ReportRules {
        minutes_per_phone_booking: Minutes::new(minutes),
        cost_per_hour: cost,
        return_within_days: days,
        ..ReportRules::default()
    }
}

fn zloty(amount: &str) -> Money {
    Money::parse(amount, Currency::PLN).unwrap()
}

#[test]
fn what_reports_reckon_with_is_set_once_and_put_back() {
    let to = rules(8, Some(zloty("48")), 60);
    let set = BusinessEvent::ReportRulesSet {
        from: ReportRules::default(),
        to,
    };
    business()
        .given(opened())
        .when(BusinessCommand::SetReportRules(to))
        .then_expect_events(vec![set.clone()]);
    let mut history = opened();
    history.push(set);
    business()
        .given(history.clone())
        .when(BusinessCommand::SetReportRules(to))
        .then_expect_events(vec![]);
    let back = vec![BusinessCommand::SetReportRules(ReportRules::default())];
    assert_eq!(undoing::<Business>(&history, 1), Ok(back));
}

#[test]
fn what_reports_reckon_with_has_its_ranges_and_the_houses_money() {
    let refused = |rules, error| {
        business()
            .given(opened())
            .when(BusinessCommand::SetReportRules(rules))
            .then_expect_error(error);
    };
    let range = |field, least, most| BusinessError::OutOfRange { field, least, most };
    refused(
        rules(241, None, 90),
        range("minutes_per_phone_booking", 0, 240),
    );
    refused(rules(5, None, 0), range("return_within_days", 1, 730));
    refused(rules(5, None, 731), range("return_within_days", 1, 730));
    refused(rules(5, Some(zloty("-0.01")), 90), BusinessError::BadCost);
    let euros = Money::parse("48", Currency::EUR).unwrap();
    refused(rules(5, Some(euros), 90), BusinessError::BadCost);
    let least = rules(0, Some(zloty("0")), 1);
    business()
        .given(opened())
        .when(BusinessCommand::SetReportRules(least))
        .then_expect_events(vec![BusinessEvent::ReportRulesSet {
            from: ReportRules::default(),
            to: least,
        }]);
}
