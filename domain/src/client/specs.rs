//! A client from registration on.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::money::Currency;

fn client() -> TestFramework<Client> {
    TestFramework::with(())
}

fn id() -> Id<Client> {
    Id::new(Uuid::from_u128(7))
}

fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn card() -> Box<Card> {
    Box::new(Card {
        name: Sealed::open(id(), PersonName::parse("Ada").unwrap()),
        phone: None,
        phones: None,
        email: None,
        telegram: None,
        birthday: None,
        language: None,
        source: None,
        fiscal_code: None,
        warning: None,
    })
}

fn registered() -> Vec<ClientEvent> {
    vec![ClientEvent::Registered(card())]
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

#[test]
fn is_registered_once() {
    client()
        .given(registered())
        .when(ClientCommand::Register(card()))
        .then_expect_error(ClientError::AlreadyRegistered);
}

#[test]
fn tags_come_and_go_one_by_one() {
    let mut events = registered();
    events.push(ClientEvent::Tagged { tag: tag("old") });
    events.push(ClientEvent::Tagged { tag: tag("vip") });
    client()
        .given(events)
        .when(ClientCommand::SetTags(BTreeSet::from([
            tag("vip"),
            tag("new"),
        ])))
        .then_expect_events(vec![
            ClientEvent::Untagged { tag: tag("old") },
            ClientEvent::Tagged { tag: tag("new") },
        ]);
}

#[test]
fn consents_are_given_and_withdrawn_with_their_time() {
    let mut events = registered();
    events.push(ClientEvent::ConsentGiven {
        consent: Consent::Marketing,
        at: now(),
        version: None,
    });
    client()
        .given(events)
        .when(ClientCommand::SetConsents {
            to: BTreeSet::from([Consent::Reminders]),
            at: now(),
        })
        .then_expect_events(vec![
            ClientEvent::ConsentWithdrawn {
                consent: Consent::Marketing,
                at: now(),
            },
            ClientEvent::ConsentGiven {
                consent: Consent::Reminders,
                at: now(),
                version: None,
            },
        ]);
}

#[test]
fn what_is_sold_costs_something_but_in_history_anything_goes() {
    let sale = |amount| Sale {
        payment_id: Id::new(Uuid::from_u128(1)),
        amount: Money::parse(amount, Currency::EUR).unwrap(),
        method: Label::parse("cash").unwrap(),
        text: None,
        at: now(),
        by: Actor::system(),
        staff_id: None,
        service_id: None,
        note: None,
    };
    let sell = |amount, imported| ClientCommand::Sell {
        sale: sale(amount),
        imported,
    };
    client()
        .given(registered())
        .when(sell("0", false))
        .then_expect_error(ClientError::NotPositive);
    client()
        .given(registered())
        .when(sell("-5", false))
        .then_expect_error(ClientError::NotPositive);
    client()
        .given(registered())
        .when(sell("-5", true))
        .then_expect_events(vec![ClientEvent::SoldWithoutBooking(sale("-5"))]);
}

#[test]
fn nobody_unknown_is_blocked() {
    client()
        .given_no_previous_events()
        .when(ClientCommand::Block { reason: None })
        .then_expect_error(ClientError::NotRegistered);
}

#[test]
fn who_was_made_known_by_mistake_is_not_known() {
    client()
        .given(registered())
        .when(ClientCommand::Retract)
        .then_expect_events(vec![ClientEvent::Retracted {}]);
    let retracted = || [registered(), vec![ClientEvent::Retracted {}]].concat();
    client()
        .given(retracted())
        .when(ClientCommand::Retract)
        .then_expect_events(vec![]);
    client()
        .given(retracted())
        .when(ClientCommand::Unblock)
        .then_expect_error(ClientError::NotRegistered);
    client()
        .given_no_previous_events()
        .when(ClientCommand::Retract)
        .then_expect_error(ClientError::NotRegistered);
}
