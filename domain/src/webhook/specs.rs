use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

fn webhook() -> TestFramework<Webhook> {
    TestFramework::with(())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn url(text: &str) -> Sealed<WebAddress> {
    let key = Id::<Webhook>::new(Uuid::from_u128(1));
    Sealed::open(key, WebAddress::parse(text).unwrap())
}

fn filters(filters: &[&str]) -> Vec<EventFilter> {
    let filters = filters.iter().map(|text| EventFilter::parse(text).unwrap());
    filters.collect()
}

fn wanted() -> Wanted {
    Wanted {
        name: None,
        url: url("https://hooks.example/one"),
        event_types: filters(&["daybook.booking.*"]),
    }
}

fn set_up() -> WebhookEvent {
    WebhookEvent::SetUp(wanted())
}

fn off(why: Off) -> WebhookEvent {
    WebhookEvent::SwitchedOff { why }
}

#[test]
fn it_is_set_up_once() {
    webhook()
        .given_no_previous_events()
        .when(WebhookCommand::SetUp(wanted()))
        .then_expect_events(vec![set_up()]);
    webhook()
        .given(vec![set_up()])
        .when(WebhookCommand::SetUp(wanted()))
        .then_expect_error(WebhookError::AlreadySetUp);
    webhook()
        .given(vec![set_up(), WebhookEvent::Removed {}])
        .when(WebhookCommand::SetUp(wanted()))
        .then_expect_error(WebhookError::AlreadySetUp);
}

#[test]
fn what_is_removed_takes_no_command_more() {
    for command in [
        WebhookCommand::Remove,
        WebhookCommand::SwitchOn,
        WebhookCommand::Test(Id::new(Uuid::nil())),
    ] {
        webhook()
            .given(vec![set_up(), WebhookEvent::Removed {}])
            .when(command)
            .then_expect_error(WebhookError::NotSetUp);
    }
}

#[test]
fn a_change_tells_what_differs_and_nothing_else() {
    let to = url("https://hooks.example/two");
    webhook()
        .given(vec![set_up()])
        .when(WebhookCommand::Change {
            name: None,
            url: Some(to.clone()),
            event_types: Some(wanted().event_types),
        })
        .then_expect_events(vec![WebhookEvent::Changed {
            name: None,
            url: Some(Change {
                from: wanted().url,
                to,
            }),
            event_types: None,
        }]);
    webhook()
        .given(vec![set_up()])
        .when(WebhookCommand::Change {
            name: None,
            url: Some(wanted().url),
            event_types: None,
        })
        .then_expect_events(vec![]);
}

#[test]
fn it_is_switched_off_and_on_once_each() {
    webhook()
        .given(vec![set_up()])
        .when(WebhookCommand::SwitchOff(Off::Failing))
        .then_expect_events(vec![off(Off::Failing)]);
    webhook()
        .given(vec![set_up(), off(Off::Gone)])
        .when(WebhookCommand::SwitchOff(Off::ByHand))
        .then_expect_events(vec![]);
    webhook()
        .given(vec![set_up(), off(Off::Gone)])
        .when(WebhookCommand::SwitchOn)
        .then_expect_events(vec![WebhookEvent::SwitchedOn {}]);
    webhook()
        .given(vec![set_up()])
        .when(WebhookCommand::SwitchOn)
        .then_expect_events(vec![]);
}

#[test]
fn two_secrets_are_good_for_a_while_and_never_three() {
    let mut secrets = Webhook::default();
    assert_eq!(secrets.secrets.good(at("2026-01-01T00:00:00Z")), [0]);
    for until in ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"] {
        secrets.remember(WebhookEvent::SecretRotated {
            old_until: at(until),
        });
    }
    assert_eq!(secrets.secrets.good(at("2026-01-01T00:00:00Z")), [2, 1]);
    assert_eq!(secrets.secrets.good(at("2026-01-03T00:00:00Z")), [2]);
}

#[test]
fn it_hears_what_its_filters_name() {
    let hears = |named: &[&str], kind, event_type| {
        let mut hook = Webhook::default();
        hook.remember(WebhookEvent::SetUp(Wanted {
            event_types: filters(named),
            ..wanted()
        }));
        hook.hears(kind, event_type)
    };
    assert!(hears(&[], "booking", "placed"));
    assert!(hears(&["daybook.*"], "booking", "placed"));
    assert!(hears(&["daybook.booking.*"], "booking", "placed"));
    assert!(!hears(&["daybook.booking.*"], "client", "registered"));
    let two = ["daybook.booking.placed", "daybook.client.registered"];
    assert!(hears(&two, "client", "registered"));
    assert!(!hears(&two, "booking", "cancelled"));
    assert!(!Webhook::default().hears("booking", "placed"));
    assert!(hears(&[], "webhook", "switched_off") && !hears(&[], "webhook", "tested"));
}

#[test]
fn a_filter_names_events_that_there_are() {
    for good in ["daybook.*", "daybook.webhook.*", "daybook.booking.placed"] {
        assert_eq!(
            EventFilter::parse(good).map(|f| f.to_string()).as_deref(),
            Ok(good)
        );
    }
    for bad in [
        "",
        "*",
        "booking.placed",
        "daybook",
        "daybook.",
        "daybook.booking",
        "daybook.booking.",
        "daybook.booking.plac",
        "daybook.booking.placed.x",
        "daybook.*.placed",
        "Daybook.*",
    ] {
        assert_eq!(EventFilter::parse(bad), Err(BadFilter), "{bad}");
    }
}
