//! Two clients who turn out to be one person.

use std::collections::BTreeSet;

use cqrs_es::Aggregate as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::{
    actor::Actor,
    contact::{Email, Phone},
    text::{FreeText, PersonName, Tag},
};

const ADA: u128 = 7;
const TWIN: u128 = 8;

fn id(n: u128) -> Id<Client> {
    Id::new(Uuid::from_u128(n))
}

fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn phone(of: u128, number: &str) -> Option<Sealed<Phone>> {
    Some(Sealed::open(id(of), Phone::parse(number, None).unwrap()))
}

fn words(of: u128, text: &str) -> Sealed<FreeText> {
    Sealed::open(id(of), FreeText::parse(text).unwrap())
}

fn known(n: u128, name: &str, change: impl FnOnce(&mut Card)) -> Client {
    let mut card = Card {
        name: Sealed::open(id(n), PersonName::parse(name).unwrap()),
        phone: None,
        phones: None,
        email: None,
        telegram: None,
        birthday: None,
        language: None,
        source: None,
        fiscal_code: None,
        warning: None,
    };
    change(&mut card);
    let mut client = Client::default();
    does(&mut client, ClientCommand::Register(Box::new(card)));
    client
}

#[track_caller]
fn does(client: &mut Client, command: ClientCommand) -> Vec<ClientEvent> {
    let events = client.decide(command).unwrap();
    events.iter().cloned().for_each(|event| client.apply(event));
    events
}

fn takes_in(other: &Client) -> ClientCommand {
    ClientCommand::TakeIn(Box::new(Duplicate {
        into: id(ADA),
        client_id: id(TWIN),
        client: other.clone(),
        at: now(),
    }))
}

fn number(phone: Option<&Sealed<Phone>>) -> Option<&str> {
    phone.and_then(Sealed::value).map(Phone::as_str)
}

#[test]
fn what_is_missing_comes_from_the_other_and_all_phones_stay() {
    let mut ada = known(ADA, "Ada", |card| {
        card.phone = phone(ADA, "+48600100200");
        card.warning = Some(words(ADA, "allergic to ammonia"));
    });
    let email = Email::parse("ada@example.org").unwrap();
    let twin = known(TWIN, "Ada L.", |card| {
        card.phone = phone(TWIN, "+48600100201");
        card.email = Some(Sealed::open(id(TWIN), email.clone()));
        card.warning = Some(words(TWIN, "comes late"));
    });
    does(&mut ada, takes_in(&twin));

    let card = ada.card.as_ref().unwrap();
    assert_eq!(card.name.value().unwrap().as_str(), "Ada");
    assert_eq!(number(card.phone.as_ref()), Some("+48600100200"));
    let phones = card.phones.as_ref().and_then(Sealed::value).unwrap();
    assert_eq!(phones[0].number.as_str(), "+48600100201");
    assert_eq!(
        card.email,
        Some(Sealed::open(id(ADA), email)),
        "under her key"
    );
    let warning = card.warning.as_ref().and_then(Sealed::value).unwrap();
    assert_eq!(warning.as_str(), "allergic to ammonia\ncomes late");
    let former = ada.taken_in[0].card.name.value().unwrap();
    assert_eq!(
        former.as_str(),
        "Ada L.",
        "what gave way is still to be read"
    );
    assert_eq!(ada.ids(id(ADA)), [id(ADA), id(TWIN)]);
}

#[test]
fn tags_likes_and_notes_are_those_of_both_and_consents_what_both_gave() {
    let tag = |text| Tag::parse(text).unwrap();
    let consents = |to: &[Consent]| ClientCommand::SetConsents {
        to: to.iter().copied().collect(),
        at: now(),
    };
    let likes = |staff: u128| {
        ClientCommand::SetPreferences(Preferences {
            staff_ids: vec![Id::new(Uuid::from_u128(staff))],
            ..Preferences::default()
        })
    };
    let mut ada = known(ADA, "Ada", |_| {});
    does(
        &mut ada,
        ClientCommand::SetTags(BTreeSet::from([tag("vip")])),
    );
    does(
        &mut ada,
        consents(&[Consent::Marketing, Consent::Reminders]),
    );
    does(&mut ada, likes(1));
    let mut twin = known(TWIN, "Ada", |_| {});
    does(
        &mut twin,
        ClientCommand::SetTags(BTreeSet::from([tag("vip"), tag("old")])),
    );
    does(&mut twin, consents(&[Consent::Reminders, Consent::Photos]));
    does(&mut twin, likes(2));
    does(&mut twin, ClientCommand::Block { reason: None });
    let note = Note {
        note_id: Id::new(Uuid::from_u128(5)),
        text: words(TWIN, "likes tea"),
        at: now(),
        by: Actor::system(),
    };
    does(&mut twin, ClientCommand::Note(note.clone()));
    does(&mut ada, takes_in(&twin));

    assert_eq!(ada.tags, BTreeSet::from([tag("old"), tag("vip")]));
    assert_eq!(ada.consents, BTreeSet::from([Consent::Reminders]));
    assert_eq!(ada.preferences.staff_ids.len(), 2);
    assert!(ada.blocked);
    let text = words(ADA, "likes tea");
    assert_eq!(ada.notes, [Note { text, ..note }]);
}

#[test]
fn who_was_merged_is_nobody_to_ask_any_more() {
    let mut ada = known(ADA, "Ada", |_| {});
    let mut twin = known(TWIN, "Ada", |_| {});
    does(&mut ada, takes_in(&twin));
    let told = does(&mut twin, ClientCommand::Merge { into: id(ADA) });
    assert_eq!(told, [ClientEvent::Merged { into: id(ADA) }]);

    let merged = Err(ClientError::Merged { into: id(ADA) });
    assert_eq!(twin.decide(ClientCommand::Unblock), merged);
    assert_eq!(twin.decide(ClientCommand::Retract), merged);
    assert_eq!(
        ada.decide(takes_in(&twin)),
        Ok(vec![]),
        "asked again, it is done"
    );
    assert_eq!(
        twin.decide(ClientCommand::Merge { into: id(ADA) }),
        Ok(vec![])
    );
    assert_eq!(
        ada.decide(ClientCommand::Retract),
        Err(ClientError::HasTakenIn)
    );
}

#[test]
fn who_took_somebody_in_brings_them_along() {
    let mut twin = known(TWIN, "Ada", |_| {});
    let third = known(9, "Ada", |_| {});
    let takes = ClientCommand::TakeIn(Box::new(Duplicate {
        into: id(TWIN),
        client_id: id(9),
        client: third,
        at: now(),
    }));
    does(&mut twin, takes);
    let mut ada = known(ADA, "Ada", |_| {});
    does(&mut ada, takes_in(&twin));
    assert_eq!(ada.ids(id(ADA)), [id(ADA), id(TWIN), id(9)]);
}

#[test]
fn nobody_is_merged_with_themselves_or_with_who_was_erased() {
    let ada = known(ADA, "Ada", |_| {});
    let oneself = ClientCommand::TakeIn(Box::new(Duplicate {
        into: id(ADA),
        client_id: id(ADA),
        client: ada.clone(),
        at: now(),
    }));
    assert_eq!(ada.decide(oneself), Err(ClientError::WithThemselves));
    let erased = known(TWIN, "Ada", |card| {
        card.name = Sealed::Erased {
            key: id(TWIN).into(),
        };
    });
    assert_eq!(ada.decide(takes_in(&erased)), Err(ClientError::Erased));
    let nobody = Client::default();
    assert_eq!(
        ada.decide(takes_in(&nobody)),
        Err(ClientError::NotRegistered)
    );
    let elsewhere = Client {
        merged_into: Some(id(9)),
        ..known(TWIN, "Ada", |_| {})
    };
    let merged = Err(ClientError::Merged { into: id(9) });
    assert_eq!(ada.decide(takes_in(&elsewhere)), merged);
}
