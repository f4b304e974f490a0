//! A segment's life, and the language in which it says whom it holds.

use cqrs_es::test::TestFramework;
use jiff::{Timestamp, civil::date};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{id::Id, time::Zone};

fn segment() -> TestFramework<Segment> {
    TestFramework::with(())
}

fn saying(name: &str, filter: &Value) -> Saying {
    Saying {
        name: Label::parse(name).unwrap(),
        filter: sealed(filter),
    }
}

fn sealed(filter: &Value) -> Sealed<Filter> {
    let of: Id<Segment> = Id::new(Uuid::from_u128(1));
    Sealed::open(of, Filter::read(filter).unwrap())
}

fn absent(days: u16) -> Value {
    json!({"field": "absent", "days": days})
}

fn saved() -> SegmentEvent {
    SegmentEvent::Saved(Box::new(saying("Asleep", &absent(60))))
}

#[test]
fn is_saved_once() {
    let save = || SegmentCommand::Save(Box::new(saying("Asleep", &absent(60))));
    segment()
        .given_no_previous_events()
        .when(save())
        .then_expect_events(vec![saved()]);
    segment()
        .given(vec![saved()])
        .when(save())
        .then_expect_error(SegmentError::AlreadySaved);
}

#[test]
fn tells_what_changed_from_what_to_what_and_only_that() {
    let change = SegmentCommand::Change {
        name: Some(Label::parse("Asleep").unwrap()),
        filter: Some(Box::new(sealed(&absent(90)))),
    };
    segment()
        .given(vec![saved()])
        .when(change)
        .then_expect_events(vec![SegmentEvent::Changed {
            name: None,
            filter: Some(Box::new(Change {
                from: sealed(&absent(60)),
                to: sealed(&absent(90)),
            })),
        }]);
    segment()
        .given(vec![saved()])
        .when(SegmentCommand::Change {
            name: None,
            filter: Some(Box::new(sealed(&absent(60)))),
        })
        .then_expect_events(vec![]);
}

#[test]
fn once_dropped_it_is_gone() {
    let gone = vec![saved(), SegmentEvent::Dropped {}];
    segment()
        .given(vec![saved()])
        .when(SegmentCommand::Drop)
        .then_expect_events(vec![SegmentEvent::Dropped {}]);
    segment()
        .given(gone.clone())
        .when(SegmentCommand::Drop)
        .then_expect_events(vec![]);
    segment()
        .given(gone)
        .when(SegmentCommand::Change {
            name: Some(Label::parse("Awake").unwrap()),
            filter: None,
        })
        .then_expect_error(SegmentError::NotSaved);
    segment()
        .given_no_previous_events()
        .when(SegmentCommand::Drop)
        .then_expect_error(SegmentError::NotSaved);
}

const ID: &str = "0192f0c1-2b3c-7d4e-8f50-112233445566";

/// One of each kind, as it is written with all that is said for nothing.
fn one_of_each() -> Vec<Value> {
    let period = |mut filter: Value, name: &str, value: Value| {
        filter[name] = value;
        filter
    };
    vec![
        json!({"field": "bookings", "at_least": 3, "at_most": 9, "service_ids": [ID], "staff_ids": [ID],
            "statuses": ["completed", "no_show"], "sources": ["phone"], "online": false,
            "weekdays": ["sat", "sun"], "hours": {"from": "09:00", "to": "24:00"}, "within_days": 90}),
        json!({"field": "cancellations", "at_least": 2, "from": "2026-01-01", "to": "2026-12-31"}),
        json!({"field": "late_cancellations", "at_least": 1, "hours_before": 48}),
        json!({"field": "no_shows", "at_most": 0}),
        json!({"field": "moves", "at_least": 1, "from": "2026-01-01"}),
        json!({"field": "online_share", "at_least_percent": 50, "to": "2026-01-01"}),
        json!({"field": "lead_time", "at_most_hours": 24, "next_days": 7}),
        json!({"field": "spent", "at_least": "100.00", "service_ids": [ID]}),
        json!({"field": "spent", "top_percent": 10, "within_days": 365}),
        json!({"field": "average_receipt", "at_least": "50.00", "at_most": "80.00"}),
        json!({"field": "frequency", "at_least_days": 20, "at_most_days": 40}),
        json!({"field": "interval_overdue", "by_days": 7}),
        absent(60),
        json!({"field": "lapsed", "within_days": 90}),
        json!({"field": "first_visit", "within_days": 30}),
        json!({"field": "last_visit", "to": "2026-01-01"}),
        json!({"field": "preferred_service", "service_ids": [ID], "by": "said"}),
        json!({"field": "preferred_staff", "staff_ids": [ID], "by": "either"}),
        period(json!({"field": "registered"}), "from", json!("2026-01-01")),
        json!({"field": "source", "sources": ["instagram"]}),
        json!({"field": "tags", "any_of": ["vip"], "all_of": ["a", "b"], "none_of": ["c"]}),
        json!({"field": "language", "languages": ["pl", "en-GB"]}),
        json!({"field": "birthday", "within_days": 14}),
        json!({"field": "birthday", "month": "next"}),
        json!({"field": "birthday", "month": 12}),
        json!({"field": "consent", "consents": ["marketing", "photos"], "given": false}),
        json!({"field": "text", "words": "allergic to henna"}),
    ]
}

#[test]
fn what_is_written_is_what_was_read() {
    let mut fields = std::collections::BTreeSet::new();
    for json in one_of_each() {
        let filter = Filter::read(&json).unwrap_or_else(|faults| panic!("{json}: {faults:?}"));
        assert_eq!(filter.to_json(), json);
        let again: Filter = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(again, filter);
        fields.insert(json["field"].as_str().unwrap().to_owned());
    }
    let there_are: std::collections::BTreeSet<_> = parameters::FIELDS
        .iter()
        .map(|field| (*field).to_owned())
        .collect();
    assert_eq!(fields, there_are, "each field has its example");
    let together = json!({"all": [{"any": one_of_each()}, {"not": absent(3)}, {"all": []}]});
    assert_eq!(Filter::read(&together).unwrap().to_json(), together);
}

#[test]
fn says_for_nothing_what_goes_without_saying() {
    let wrote = |json: Value| Filter::read(&json).unwrap().to_json();
    assert_eq!(
        wrote(json!({"field": "no_shows"})),
        json!({"field": "no_shows", "at_least": 1})
    );
    assert_eq!(
        wrote(json!({"field": "consent", "consents": ["marketing"]}))["given"],
        true
    );
    assert_eq!(
        wrote(json!({"field": "late_cancellations"}))["hours_before"],
        24
    );
}

#[track_caller]
fn faults(json: &Value) -> Vec<(String, String)> {
    let faults = Filter::read(json).unwrap_err();
    let told = faults
        .into_iter()
        .map(|bad| (bad.path, bad.fault.to_string()));
    told.collect()
}

#[test]
fn every_fault_is_told_at_its_place() {
    let told = faults(&json!({"all": [
        absent(0),
        {"not": {"field": "bookings", "within_days": "90", "service_ids": ["x", ID, 7], "when": 1}},
        {"any": [{"field": "absent"}, {"field": "mood"}, {"all": []}]},
    ]}));
    let places: Vec<&str> = told.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        places,
        [
            "filter.all[0].days",
            "filter.all[1].not.service_ids[0]",
            "filter.all[1].not.service_ids[2]",
            "filter.all[1].not.within_days",
            "filter.all[1].not.when",
            "filter.all[2].any[0].days",
            "filter.all[2].any[1].field",
        ]
    );
    assert!(
        told[4].1.contains("there is: at_least, at_most"),
        "{told:?}"
    );
    assert!(told[6].1.contains("there is: bookings, cancel"), "{told:?}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (json, place) in [
        (json!(null), "filter"),
        (json!([]), "filter"),
        (json!("all"), "filter"),
        (json!({}), "filter"),
        (json!({"all": [], "any": []}), "filter"),
        (json!({"none": []}), "filter.none"),
        (json!({"all": {}}), "filter.all"),
        (json!({"any": []}), "filter.any"),
        (json!({"not": []}), "filter.not"),
        (json!({"field": 7}), "filter.field"),
        (
            json!({"field": "absent", "days": 3, "all": []}),
            "filter.all",
        ),
        (json!({"field": "absent", "days": 1.5}), "filter.days"),
        (json!({"field": "absent", "days": -1}), "filter.days"),
        (json!({"field": "absent", "days": null}), "filter.days"),
        (json!({"field": "absent", "days": 1e300}), "filter.days"),
        (
            json!({"field": "bookings", "at_least": 3, "at_most": 2}),
            "filter.at_most",
        ),
        (
            json!({"field": "bookings", "from": "2026-02-01", "to": "2026-01-31"}),
            "filter.to",
        ),
        (
            json!({"field": "bookings", "from": "2026-02-01", "within_days": 3}),
            "filter.within_days",
        ),
        (
            json!({"field": "bookings", "next_days": 3, "within_days": 3}),
            "filter.next_days",
        ),
        (
            json!({"field": "bookings", "from": "2026-02-30"}),
            "filter.from",
        ),
        (
            json!({"field": "bookings", "from": "0001-01-01"}),
            "filter.from",
        ),
        (
            json!({"field": "bookings", "statuses": []}),
            "filter.statuses",
        ),
        (
            json!({"field": "bookings", "statuses": ["gone"]}),
            "filter.statuses[0]",
        ),
        (
            json!({"field": "bookings", "hours": {"from": "12:00", "to": "09:00"}}),
            "filter.hours.to",
        ),
        (
            json!({"field": "bookings", "hours": {"from": "12:00", "until": "09:00"}}),
            "filter.hours.to",
        ),
        (
            json!({"field": "spent", "at_least": 100}),
            "filter.at_least",
        ),
        (
            json!({"field": "spent", "at_least": "-1"}),
            "filter.at_least",
        ),
        (
            json!({"field": "spent", "at_least": "1e9"}),
            "filter.at_least",
        ),
        (json!({"field": "spent"}), "filter.at_least"),
        (
            json!({"field": "spent", "top_percent": 3, "at_least": "1"}),
            "filter.at_least",
        ),
        (
            json!({"field": "spent", "top_percent": 0}),
            "filter.top_percent",
        ),
        (
            json!({"field": "lapsed", "to": "2026-01-01"}),
            "filter.from",
        ),
        (json!({"field": "first_visit"}), "filter"),
        (json!({"field": "tags"}), "filter"),
        (json!({"field": "tags", "any_of": [""]}), "filter.any_of[0]"),
        (
            json!({"field": "language", "languages": ["polish!"]}),
            "filter.languages[0]",
        ),
        (json!({"field": "birthday"}), "filter"),
        (json!({"field": "birthday", "month": 13}), "filter.month"),
        (json!({"field": "text", "words": " "}), "filter.words"),
        (json!({"field": "text", "words": "\u{0}"}), "filter.words"),
        (
            json!({"field": "text", "words": "a".repeat(201)}),
            "filter.words",
        ),
        (
            json!({"field": "source", "sources": vec!["a"; MOST_ITEMS + 1]}),
            "filter.sources",
        ),
    ] {
        let told = faults(&json);
        assert!(
            told.iter().any(|(path, _)| path == place),
            "{json}: {told:?}"
        );
    }
}

#[test]
fn neither_deep_nor_long_filters_are_read_to_the_end() {
    let deep = (0..100).fold(absent(3), |inner, _| json!({"not": inner}));
    let told = faults(&deep);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("levels"), "{told:?}");
    let long = json!({"any": vec![absent(3); 10_000]});
    assert_eq!(faults(&long).len(), 1);
    let longer = json!({"any": vec![json!({"all": []}); 10_000]});
    assert_eq!(faults(&longer).len(), 1);
    assert!(Filter::read(&json!({"any": vec![absent(3); MOST_CONDITIONS]})).is_ok());
}

#[test]
fn those_that_are_ready_made_can_be_read() {
    for ready in ReadyMade::ALL {
        let filter = Filter::read(&ready.json()).unwrap_or_else(|faults| {
            panic!("{}: {faults:?}", ready.word());
        });
        assert_eq!(filter, ready.filter());
    }
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn period(json: Value) -> Period {
    let mut json = json;
    json["field"] = json!("registered");
    match Filter::read(&json) {
        Ok(Filter::Is(Condition::Registered(When { period }))) => period,
        other => panic!("{other:?}"),
    }
}

#[test]
fn days_are_those_of_the_house_also_when_clocks_change() {
    let warsaw = Zone::named("Europe/Warsaw").unwrap();
    // Clocks go forward on the 29th of March 2026, and back on the 25th of October.
    let spring = at("2026-03-30T10:00:00Z");
    let bounds = |json| {
        let found = period(json).instants(&warsaw, spring);
        (
            found.from.map(|t| t.to_string()),
            found.before.map(|t| t.to_string()),
        )
    };
    let told = |from: &str, before: &str| (Some(from.to_owned()), Some(before.to_owned()));
    assert_eq!(
        bounds(json!({"within_days": 1})),
        told("2026-03-28T23:00:00Z", "2026-03-30T10:00:00Z")
    );
    assert_eq!(
        bounds(json!({"next_days": 1})),
        told("2026-03-30T10:00:00Z", "2026-03-31T22:00:00Z")
    );
    assert_eq!(
        bounds(json!({"from": "2026-03-29", "to": "2026-03-29"})),
        told("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    );
    assert_eq!(
        bounds(json!({"to": "2026-10-25"})),
        (None, Some("2026-10-25T23:00:00Z".to_owned()))
    );
    let absent = Absent { days: 1 };
    assert_eq!(
        absent.before(&warsaw, spring),
        Some(at("2026-03-29T22:00:00Z"))
    );
    let two = Absent { days: 2 };
    assert_eq!(
        two.before(&warsaw, spring),
        Some(at("2026-03-28T23:00:00Z"))
    );
    let havana = Zone::named("America/Havana").unwrap();
    // Midnight of the 8th of March 2026 never came there: the day begins at one.
    let day = period(json!({"from": "2026-03-08", "to": "2026-03-08"})).instants(&havana, spring);
    assert_eq!(day.from, Some(at("2026-03-08T05:00:00Z")));
    assert_eq!(day.before, Some(at("2026-03-09T04:00:00Z")));
}

#[test]
fn birthdays_come_every_year_that_of_leap_days_too() {
    let soon = |today, within_days| Birthday::Soon { within_days }.days(today);
    let new_year = soon(date(2026, 12, 30), 3);
    assert_eq!(
        new_year.into_iter().collect::<Vec<_>>(),
        [(1, 1), (1, 2), (12, 30), (12, 31)]
    );
    assert!(soon(date(2026, 2, 28), 0).contains(&(2, 29)));
    assert!(!soon(date(2028, 2, 28), 0).contains(&(2, 29)));
    assert_eq!(soon(date(2026, 5, 5), 366).len(), 366);
    let month = |month| Birthday::In { month }.days(date(2026, 12, 1));
    assert_eq!(month(Month::This).len(), 31);
    assert!(month(Month::Next).contains(&(1, 31)));
    assert!(month(Month::Number(2)).contains(&(2, 29)));
}
