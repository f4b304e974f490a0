//! Every event ever written must load for ever.
//!
//! `golden/VERSION/STREAM.EVENT[.CASE].json` holds one payload of each event of each version as it
//! was written. Files are added, never edited: a change that breaks one breaks somebody's ledger.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{collections::BTreeSet, fs, path::Path};

use domain::event::{self, AnyEvent};
use jiff::civil::{Date, DateTime};
use serde_json::Value;
use uuid::Uuid;

struct Golden {
    stream: String,
    event: String,
    file: String,
    payload: Value,
}

fn golden() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut all = vec![];
    for version in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let mut parts = name.split('.');
            let (stream, event) = (
                parts.next().unwrap().to_owned(),
                parts.next().unwrap().to_owned(),
            );
            let payload = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            all.push(Golden {
                stream,
                event,
                file: name,
                payload,
            });
        }
    }
    all
}

#[test]
fn every_event_ever_written_still_loads_and_means_the_same() {
    for g in golden() {
        let event = AnyEvent::decode(&g.stream, Uuid::nil(), &g.payload.to_string())
            .unwrap_or_else(|e| panic!("{}: {e:?}", g.file));
        assert_eq!(event.payload().unwrap(), g.payload, "{}", g.file);
        assert_eq!(
            (event.kind(), event.event_type()),
            (&*g.stream, &*g.event),
            "{}",
            g.file
        );
    }
}

#[test]
fn every_event_has_a_golden_file() {
    let kept: BTreeSet<_> = golden().into_iter().map(|g| (g.stream, g.event)).collect();
    for (stream, events) in event::names() {
        for &event in events {
            assert!(
                kept.contains(&(stream.to_owned(), event.to_owned())),
                "{stream}.{event} has no golden file"
            );
        }
    }
}

/// Text in events that is nobody's personal data, and why. Everything else that is text must be sealed.
/// A new field fails the test below until somebody has decided on which side it stands.
const PUBLIC: &[(&str, &str)] = &[
    ("business.opened.name", "a business is no person"),
    ("business.opened.slug", "stands in public addresses"),
    ("business.settings_changed.name", "a business is no person"),
    (
        "business.settings_changed.languages[]",
        "what the house speaks",
    ),
    (
        "business.settings_changed.address",
        "the house's, on its page",
    ),
    (
        "business.settings_changed.phone",
        "the house's, on its page",
    ),
    (
        "business.settings_changed.email",
        "the house's, on its page",
    ),
    ("business.settings_changed.logo", "the house's, on its page"),
    (
        "business.settings_changed.texts",
        "the house's, on its page",
    ),
    ("business.closure_planned.name", "a holiday's name"),
    ("business.closure_changed.name", "a holiday's name"),
    ("service.offered.name", "the price list"),
    ("service.offered.description", "the price list"),
    ("service.details_changed.name", "the price list"),
    ("service.details_changed.description", "the price list"),
    ("desk.added.name", "a thing"),
    ("desk.added.number", "a thing"),
    ("desk.added.description", "a thing"),
    ("desk.details_changed.name", "a thing"),
    ("desk.details_changed.number", "a thing"),
    ("desk.details_changed.description", "a thing"),
    ("class.timetabled.name", "a class is no person"),
    ("class.timetabled.timetable.rrule", "a rule"),
    ("class.changed.name", "a class is no person"),
    ("class.changed.timetable.rrule", "a rule"),
    (
        "client.registered.language",
        "a choice of six, tells nobody apart",
    ),
    (
        "client.registered.source",
        "the business's word for where clients come from",
    ),
    (
        "client.contact_changed.language",
        "a choice of six, tells nobody apart",
    ),
    (
        "client.contact_changed.source",
        "the business's word for where clients come from",
    ),
    (
        "client.took_in.card.language",
        "a choice of six, tells nobody apart",
    ),
    (
        "client.took_in.card.source",
        "the business's word for where clients come from",
    ),
    (
        "client.tagged.tag",
        "the business's word for a group of clients: segments are built on it",
    ),
    (
        "client.untagged.tag",
        "the business's word for a group of clients: segments are built on it",
    ),
    ("client.sold_without_booking.method", "how was paid"),
    ("access.api_key_issued.name", "what a program is for"),
    ("access.api_key_renamed", "what a program is for"),
    (
        "access.user_invited.language",
        "a choice of six, tells nobody apart",
    ),
    (
        "access.profile_changed.language",
        "a choice of six, tells nobody apart",
    ),
    (
        "segment.saved.name",
        "the business's word for a group of clients",
    ),
    (
        "segment.changed.name",
        "the business's word for a group of clients",
    ),
    ("campaign.drafted.name", "what the house calls it"),
    ("campaign.changed.name", "what the house calls it"),
    (
        "notification.scheduled.language",
        "a choice of six, tells nobody apart",
    ),
    ("booking.placed.reference", "random"),
    (
        "booking.placed.online.language",
        "a choice of six, tells nobody apart",
    ),
    (
        "business.policy_set.consents[].texts",
        "the house's, on its page",
    ),
    (
        "booking.placed.source",
        "the business's word for where bookings come from",
    ),
    ("booking.payment_recorded.method", "how was paid"),
    (
        "waitlist.requested.source",
        "the business's word for where requests come from",
    ),
    ("webhook.set_up.name", "what a program is for"),
    ("webhook.set_up.event_types[]", "names of events"),
    ("webhook.changed.name", "what a program is for"),
    ("webhook.changed.event_types[]", "names of events"),
];

#[test]
fn every_text_is_sealed_or_declared_public() {
    let mut used = BTreeSet::new();
    for g in golden() {
        let mut leaves = vec![];
        texts(
            &format!("{}.{}", g.stream, g.event),
            &g.payload[&g.event],
            &mut leaves,
        );
        for (path, text) in leaves {
            if is_bare_fact(&text) {
                continue;
            }
            let declared = PUBLIC.iter().find(|(public, _)| *public == path);
            assert!(
                declared.is_some(),
                "{path} in {} is neither sealed nor declared public: {text:?}",
                g.file
            );
            used.insert(path);
        }
    }
    for (path, _) in PUBLIC {
        assert!(
            used.contains(*path),
            "{path} is declared public, but no golden file holds it"
        );
    }
}

/// All texts outside sealed values, by path; `from` and `to` of a change are the field itself.
fn texts(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Array(items) => items
            .iter()
            .for_each(|item| texts(&format!("{path}[]"), item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "$sealed" => {}
                    "from" | "to" => texts(path, value, found),
                    _ if path.ends_with(".colors") || path.ends_with(".texts") => {
                        texts(path, value, found)
                    }
                    _ => texts(&format!("{path}.{name}"), value, found),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Ids, times, amounts, codes and words of a fixed choice: nothing that somebody typed.
fn is_bare_fact(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "active",
        "internal",
        "disabled",
        "interval",
        "clock",
        "sick",
        "vacation",
        "other",
        "owner",
        "staff",
        "manager",
        "see_phones",
        "see_bookings",
        "export",
        "refund",
        "user",
        "api_key",
        "system",
        "marketing",
        "data_processing",
        "link",
        "requested",
        "confirmed",
        "completed",
        "no_show",
        "cancelled",
        "by_hand",
        "mon",
        "sat",
        "ran_out",
        "no_longer_free",
        "failing",
        "email",
        "sms",
        "telegram",
        "reminder",
        "campaign",
        "bad_address",
        "no_consent",
    ];
    let code = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_uppercase());
    let color = text.starts_with('#') && text.len() == 7;
    let hour = text.len() == 5 && text.as_bytes()[2] == b':';
    code || color
        || hour
        || WORDS.contains(&text)
        || Uuid::parse_str(text).is_ok()
        || text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<Date>().is_ok()
        || text.parse::<DateTime>().is_ok()
        || jiff::tz::TimeZone::get(text).is_ok()
        || (text.parse::<rust_decimal::Decimal>().is_ok() && text.contains('.'))
}
