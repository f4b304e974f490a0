//! Clients, staff and services made from their refs, with all that the file tells of them.

use domain::{
    actor::Actor,
    business::Settings,
    client::{Card, Client, Note},
    contact::{Birthday, Email, FiscalCode, Language, Phone, Telegram},
    hours::SlotGrid,
    id::Id,
    money::Money,
    sealed::Sealed,
    service::{Offer, ServiceState, Timing},
    staff::{Grid, Member, Staff},
    text::{FreeText, Label, Origin, PersonName},
    time::Minutes,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{amount, line::Contact, survey::Usual};

/// As long as a service of which no booking tells a length.
const UNTOLD_LENGTH: Minutes = Minutes::new(30);
/// Where a staff member's slots begin until somebody sets it.
const SLOT_INTERVAL: Minutes = Minutes::new(15);
/// What everybody is called who paid without being known.
const WALK_IN: &str = "Walk-in";

/// A client, and a note of what could not be understood of their contacts: nothing that was told is lost.
pub(super) fn client(
    id: Id<Client>,
    called: &str,
    contact: Option<&Contact>,
    settings: &Settings,
    at: Timestamp,
) -> (Card, Option<Note>) {
    let told = contact.cloned().unwrap_or_default();
    let mut unread = vec![];
    let mut read = |what: &str, text: &Option<String>, fits: bool| {
        if let (Some(text), false) = (text, fits) {
            unread.push(format!("{what}: {text}"));
        }
    };
    let phone = (told.phone.as_deref()).and_then(|t| Phone::parse(t, Some(settings.country)).ok());
    read("phone", &told.phone, phone.is_some());
    let email = told.email.as_deref().and_then(|t| Email::parse(t).ok());
    read("email", &told.email, email.is_some());
    let telegram = told
        .telegram
        .as_deref()
        .and_then(|t| Telegram::parse(t).ok());
    read("telegram", &told.telegram, telegram.is_some());
    let birthday = told
        .birthday
        .as_deref()
        .and_then(|text| Birthday::parse(text).ok());
    read("birthday", &told.birthday, birthday.is_some());
    let language = told
        .language
        .as_deref()
        .and_then(|t| Language::parse(t).ok());
    read("language", &told.language, language.is_some());
    let source = told.source.as_deref().and_then(|t| Origin::parse(t).ok());
    read("source", &told.source, source.is_some());
    let fiscal_code = (told.fiscal_code.as_deref()).and_then(|t| FiscalCode::parse(t).ok());
    read("fiscal code", &told.fiscal_code, fiscal_code.is_some());

    let card = Card {
        name: Sealed::open(id, person(told.name.as_deref().unwrap_or(called))),
        phone: phone.map(|v| Sealed::open(id, v)),
        phones: None,
        email: email.map(|v| Sealed::open(id, v)),
        telegram: telegram.map(|v| Sealed::open(id, v)),
        birthday: birthday.map(|v| Sealed::open(id, v)),
        language,
        source,
        fiscal_code: fiscal_code.map(|v| Sealed::open(id, v)),
        warning: None,
    };
    let words = told.note.map(|note| note.as_str().to_owned());
    let text: Vec<String> = words.into_iter().chain(unread).collect();
    let text: String = text
        .join("\n")
        .chars()
        .filter(seen)
        .take(FreeText::MAX)
        .collect();
    let note = FreeText::parse(&text).ok().map(|text| Note {
        note_id: Id::new(Uuid::now_v7()),
        text: Sealed::open(id, text),
        at,
        by: Actor::import(),
    });
    (card, note)
}

/// The one client of everybody who paid without being known.
pub(super) fn walk_in(id: Id<Client>) -> Card {
    Card {
        name: Sealed::open(id, person(WALK_IN)),
        phone: None,
        phones: None,
        email: None,
        telegram: None,
        birthday: None,
        language: None,
        source: None,
        fiscal_code: None,
        warning: None,
    }
}

/// A staff member who works the hours of the house until somebody sets their own.
pub(super) fn staff(id: Id<Staff>, called: &str) -> Member {
    Member {
        name: Sealed::open(id, person(called)),
        email: None,
        phone: None,
        grid: Grid {
            slot_interval_min: SLOT_INTERVAL,
            slot_grid: SlotGrid::Interval,
        },
        service_ids: vec![],
        working_hours: None,
    }
}

/// A service that staff may book. Nobody has said yet that it is to stand on the public page, at this price.
pub(super) fn service(called: &str, usual: Usual, settings: &Settings) -> Offer {
    let zero = Money::zero(settings.currency);
    let price = usual
        .price
        .and_then(|price| amount::money(price, settings.currency).ok());
    Offer {
        name: label(called),
        timing: Timing::plain(usual.length.unwrap_or(UNTOLD_LENGTH)),
        price: price.filter(|price| !price.is_negative()).unwrap_or(zero),
        per_staff: vec![],
        state: ServiceState::Internal,
        color: None,
        description: None,
    }
}

/// The text as a name: of bounded length, without what no screen shows.
fn person(text: &str) -> PersonName {
    let text: String = text.chars().filter(visible).take(PersonName::MAX).collect();
    PersonName::parse(&text).unwrap_or_else(|_| PersonName::parse("?").expect("a name"))
}

fn label(text: &str) -> Label {
    let text: String = text.chars().filter(visible).take(Label::MAX).collect();
    Label::parse(&text).unwrap_or_else(|_| Label::parse("?").expect("a label"))
}

fn visible(c: &char) -> bool {
    !c.is_control()
}

fn seen(c: &char) -> bool {
    visible(c) || *c == '\n'
}

#[cfg(test)]
mod tests {
    use domain::{contact::Country, money::Currency, text::Slug, time::Zone};

    use super::*;

    fn settings() -> Settings {
        Settings {
            name: Label::parse("Salon").unwrap(),
            slug: Slug::parse("salon").unwrap(),
            time_zone: Zone::named("Europe/Warsaw").unwrap(),
            currency: Currency::PLN,
            country: Country::parse("PL").unwrap(),
            languages: vec![],
            address: None,
            phone: None,
            email: None,
            logo: None,
            colors: Default::default(),
            texts: Default::default(),
            modules: Default::default(),
        }
    }

    #[test]
    fn a_contact_that_cannot_be_understood_is_kept_as_a_note() {
        let contact = Contact {
            name: Some("Ada".to_owned()),
            phone: Some("600 100 200".to_owned()),
            email: Some("ada at home".to_owned()),
            birthday: Some("4 May".to_owned()),
            ..Contact::default()
        };
        let at = "2026-05-04T10:00:00Z".parse().unwrap();
        let id = Id::new(Uuid::now_v7());
        let (card, note) = client(id, "C1", Some(&contact), &settings(), at);
        assert_eq!(card.name.value().unwrap().as_str(), "Ada");
        assert_eq!(
            card.phone.unwrap().value().unwrap().as_str(),
            "+48600100200"
        );
        assert!(card.email.is_none() && card.birthday.is_none());
        assert_eq!(
            note.unwrap().text.value().unwrap().as_str(),
            "email: ada at home\nbirthday: 4 May"
        );
    }

    #[test]
    fn a_ref_is_a_name_where_none_is_told() {
        let at = "2026-05-04T10:00:00Z".parse().unwrap();
        let id = Id::new(Uuid::now_v7());
        let (card, note) = client(id, "C\u{7}1", None, &settings(), at);
        assert_eq!(card.name.value().unwrap().as_str(), "C1");
        assert!(note.is_none());
        let long = "x".repeat(500);
        assert_eq!(
            staff(Id::new(Uuid::now_v7()), &long)
                .name
                .value()
                .unwrap()
                .as_str()
                .len(),
            200
        );
    }
}
