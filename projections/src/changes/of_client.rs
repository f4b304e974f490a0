//! What each event of a client changed.

use domain::{
    client::{Card, ClientEvent, ContactChanged, Preferences, TookIn},
    sealed::Sealed,
    text::PersonName,
};
use serde_json::Value;

use super::{
    Told,
    fields::{Fields, json},
};

pub(super) fn tell(event: &ClientEvent) -> Told {
    use ClientEvent as E;
    let fields = Fields::default();
    match event {
        E::Registered(card) => Told::fields(registered(card)),
        E::ContactChanged(changed) => Told::fields(contact_changed(changed)),
        E::PreferencesChanged { from, to } => {
            Told::fields(fields.between_all(of_preferences(from), of_preferences(to)))
        }
        E::Tagged { tag } => Told::fields(fields.made("tags", tag)),
        E::Untagged { tag } => Told::fields(fields.gone("tags", tag)),
        E::Noted(note) => Told::fields(
            fields
                .made("note_id", note.note_id)
                .made("note", &note.text),
        ),
        E::ConsentGiven { consent, .. } => Told::fields(fields.made("consents", consent)),
        E::ConsentWithdrawn { consent, at: _ } => Told::fields(fields.gone("consents", consent)),
        E::Blocked { reason } => {
            Told::fields(fields.between("blocked", false, true)).because(reason.as_ref())
        }
        E::Unblocked {} => Told::fields(fields.between("blocked", true, false)),
        E::SoldWithoutBooking(sale) => Told::fields(
            fields
                .made("payment_id", sale.payment_id)
                .made("amount", sale.amount)
                .made("method", &sale.method)
                .made("text", &sale.text)
                .made("at", sale.at)
                .made("staff_id", sale.staff_id)
                .made("service_id", sale.service_id)
                .made("note", &sale.note),
        ),
        E::Retracted {} => Told::fields(fields.between("retracted", false, true)),
        E::TookIn(took) => Told::fields(took_in(took)),
        E::Merged { into } => Told::fields(fields.made("merged_into", into)),
    }
}

/// What the client is called from this event on; none if it does not say.
pub(super) fn name(event: &ClientEvent) -> Option<&Sealed<PersonName>> {
    use ClientEvent as E;
    match event {
        E::Registered(card) => Some(&card.name),
        E::ContactChanged(changed) => changed.name.as_ref().map(|change| &change.to),
        E::PreferencesChanged { .. }
        | E::Tagged { .. }
        | E::Untagged { .. }
        | E::Noted(_)
        | E::ConsentGiven { .. }
        | E::ConsentWithdrawn { .. }
        | E::Blocked { .. }
        | E::Unblocked {}
        | E::SoldWithoutBooking(_)
        | E::Retracted {}
        | E::TookIn(_)
        | E::Merged { .. } => None,
    }
}

fn registered(card: &Card) -> Fields {
    Fields::default()
        .made("name", &card.name)
        .made("phone", &card.phone)
        .made("phones", &card.phones)
        .made("email", &card.email)
        .made("telegram", &card.telegram)
        .made("birthday", &card.birthday)
        .made("language", &card.language)
        .made("source", &card.source)
        .made("fiscal_code", &card.fiscal_code)
        .made("warning", &card.warning)
}

/// Who was taken in, and what of them is nowhere else once the card of who stays went before theirs.
fn took_in(took: &TookIn) -> Fields {
    registered(&took.card)
        .made("client_id", took.client_id)
        .made("others", &took.others)
}

fn contact_changed(changed: &ContactChanged) -> Fields {
    Fields::default()
        .told("name", changed.name.as_ref())
        .told("phone", changed.phone.as_ref())
        .told("phones", changed.phones.as_ref())
        .told("email", changed.email.as_ref())
        .told("telegram", changed.telegram.as_ref())
        .told("birthday", changed.birthday.as_ref())
        .told("language", changed.language.as_ref())
        .told("source", changed.source.as_ref())
        .told("fiscal_code", changed.fiscal_code.as_ref())
        .told("warning", changed.warning.as_ref())
}

fn of_preferences(preferences: &Preferences) -> [(&'static str, Value); 3] {
    [
        ("preferences.staff_ids", json(&preferences.staff_ids)),
        ("preferences.service_ids", json(&preferences.service_ids)),
        ("preferences.hours", json(&preferences.hours)),
    ]
}
