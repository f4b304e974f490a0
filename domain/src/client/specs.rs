//! A client from registration on.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{
    money::Currency,
    revert::{Irreversible, undoing},
};

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

#[test]
fn a_change_of_contacts_is_put_back_field_by_field() {
    let email = |text| Some(Sealed::open(id(), Email::parse(text).unwrap()));
    let changed = |from, to| {
        ClientEvent::ContactChanged(Box::new(ContactChanged {
            email: Some(Change { from, to }),
            ..ContactChanged::default()
        }))
    };
    let named = ClientEvent::ContactChanged(Box::new(ContactChanged {
        name: Some(Change {
            from: card().name,
            to: Sealed::open(id(), PersonName::parse("Ada L.").unwrap()),
        }),
        ..ContactChanged::default()
    }));
    let mut history = registered();
    history.push(changed(None, email("ada@example.org")));
    history.push(named);
    let [undo] = &undoing::<Client>(&history, 1).unwrap()[..] else {
        panic!("one command");
    };
    client()
        .given(history.clone())
        .when(undo.clone())
        .then_expect_events(vec![changed(email("ada@example.org"), None)]);
    history.push(changed(email("ada@example.org"), email("a@example.org")));
    let field = "email".to_owned();
    assert_eq!(
        undoing::<Client>(&history, 1),
        Err(Irreversible::ChangedSince { field })
    );
}

#[test]
fn what_was_erased_is_not_put_back() {
    let erased = Sealed::Erased { key: id().into() };
    let mut history = registered();
    history.push(ClientEvent::ContactChanged(Box::new(ContactChanged {
        email: Some(Change {
            from: Some(erased.clone()),
            to: Some(erased),
        }),
        ..ContactChanged::default()
    })));
    assert_eq!(undoing::<Client>(&history, 1), Err(Irreversible::Erased));
}

#[test]
fn marks_consents_and_blocks_are_put_back_and_words_are_not() {
    let undone = |event: ClientEvent| {
        let mut history = registered();
        history.push(event);
        undoing::<Client>(&history, 1)
    };
    let vip = ClientEvent::Tagged { tag: tag("vip") };
    assert_eq!(
        undone(vip),
        Ok(vec![ClientCommand::SetTags(BTreeSet::new())])
    );
    let given = ClientEvent::ConsentGiven {
        consent: Consent::Marketing,
        at: now(),
        version: None,
    };
    let none = ClientCommand::SetConsents {
        to: BTreeSet::new(),
        at: Timestamp::UNIX_EPOCH,
    };
    assert_eq!(undone(given), Ok(vec![none]));
    let blocked = ClientEvent::Blocked { reason: None };
    assert_eq!(undone(blocked), Ok(vec![ClientCommand::Unblock]));
    let noted = ClientEvent::Noted(Note {
        note_id: Id::new(Uuid::from_u128(9)),
        text: Sealed::open(id(), FreeText::parse("likes tea").unwrap()),
        at: now(),
        by: Actor::system(),
    });
    assert_eq!(undone(noted), Err(Irreversible::Lasting));
    assert_eq!(
        undoing::<Client>(&registered(), 0),
        Err(Irreversible::Beginning)
    );
    let twice = [
        registered(),
        vec![
            ClientEvent::Tagged { tag: tag("vip") },
            ClientEvent::Untagged { tag: tag("vip") },
        ],
    ]
    .concat();
    assert_eq!(undoing::<Client>(&twice, 1), Err(Irreversible::AsBefore));
}
