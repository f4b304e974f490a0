//! Specs of sealing and opening together, with the key table held in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cipher::{self, Secret};
use crate::marks::{self, Mark};
use crate::opening::{Held, KeyRing, OpenError, Wanted};
use crate::sealing::{PersonKeys, SealError, Sealing};
use crate::subkeys::Subkeys;

const BUSINESS: Uuid = Uuid::from_u128(0xb);
const EVENT: Uuid = Uuid::from_u128(0xe);
const ADA: Uuid = Uuid::from_u128(1);
const BO: Uuid = Uuid::from_u128(2);

/// What `Vault` is with a database, without one.
struct Memory {
    subkeys: Subkeys,
    rows: BTreeMap<(Uuid, Uuid), Option<Vec<u8>>>,
}

impl Memory {
    fn new() -> Self {
        Self {
            subkeys: Subkeys::of(&cipher::random_key()),
            rows: BTreeMap::new(),
        }
    }

    fn ring(&self, wanted: &Wanted) -> KeyRing {
        let held = |id: &(Uuid, Uuid)| match self.rows.get(id) {
            None => Held::Missing,
            Some(None) => Held::Destroyed,
            Some(Some(wrapped)) => Held::Alive(self.subkeys.unwrap(id.0, id.1, wrapped).unwrap()),
        };
        KeyRing(wanted.0.iter().map(|id| (*id, held(id))).collect())
    }

    fn seal(&mut self, event: Uuid, payload: &Value) -> Result<(PersonKeys, Value), SealError> {
        let events = [(event, payload.clone())];
        let sealing = Sealing::of(BUSINESS, &events)?;
        let ring = self.ring(&sealing.wanted());
        let (keys, boxes) = sealing.finish(&self.subkeys, ring)?;
        for (key, wrapped) in keys.made.clone() {
            self.rows.insert((BUSINESS, key), Some(wrapped));
        }
        let mut payload = payload.clone();
        for (_, field, sealed) in boxes {
            marks::put(&mut payload, &field, sealed);
        }
        Ok((keys, payload))
    }

    fn ring_for(&self, business: Uuid, json: &Value) -> KeyRing {
        let mut wanted = Wanted::default();
        wanted.add(business, json).unwrap();
        self.ring(&wanted)
    }

    fn open(&self, business: Uuid, json: &Value) -> Result<Value, OpenError> {
        let mut opened = json.clone();
        self.ring_for(business, json)
            .open(business, &mut opened)
            .map(|()| opened)
    }

    fn open_event(&self, event: Uuid, json: &Value) -> Result<Value, OpenError> {
        let mut opened = json.clone();
        self.ring_for(BUSINESS, json)
            .open_event(BUSINESS, event, &mut opened)
            .map(|()| opened)
    }
}

fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Halves and quarters: what JSON readers agree on to the last bit.
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| grow(inner).boxed())
}

fn payload() -> impl Strategy<Value = Value> {
    let key = prop_oneof![Just(ADA), Just(BO)];
    let leaf = prop_oneof![
        plain(),
        (key.clone(), plain()).prop_map(|(key, value)| marks::open(key, value)),
        key.prop_map(marks::erased),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| grow(inner).boxed())
}

fn grow(inner: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
        prop::collection::hash_map("[a-z/~0-9ß ]{0,5}", inner, 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_sealed_opens_to_what_it_was(payload in payload()) {
        let mut memory = Memory::new();
        let (_, sealed) = memory.seal(EVENT, &payload).unwrap();
        for found in marks::find(&sealed).unwrap() {
            let open = matches!(found.mark, Mark::Open { .. });
            prop_assert!(!open);
        }
        // As it comes back from the ledger: text in between.
        let stored: Value = serde_json::from_str(&sealed.to_string()).unwrap();
        prop_assert_eq!(&memory.open_event(EVENT, &stored).unwrap(), &payload);
        prop_assert_eq!(&memory.open(BUSINESS, &stored).unwrap(), &payload);
        prop_assert_eq!(&memory.open(BUSINESS, &payload).unwrap(), &payload);
    }
}

fn two() -> Value {
    json!({"name": marks::open(ADA, json!("Ada")), "note": marks::open(ADA, json!("shy"))})
}

#[test]
fn one_key_per_person_made_once() {
    let mut memory = Memory::new();
    let (keys, _) = memory.seal(EVENT, &two()).unwrap();
    assert_eq!((keys.made.len(), keys.made[0].0), (1, ADA));
    assert!(keys.used.is_empty());
    let (keys, _) = memory.seal(EVENT, &two()).unwrap();
    assert_eq!((keys.made, keys.used), (vec![], vec![ADA]));
    let (keys, _) = memory.seal(EVENT, &json!({"plain": true})).unwrap();
    assert_eq!(keys, PersonKeys::default());
}

#[test]
fn two_boxes_of_one_value_share_nothing_but_their_length() {
    let mut memory = Memory::new();
    let mut sealed = |value| {
        let payload = marks::open(ADA, Value::from(value));
        let (_, sealed) = memory.seal(EVENT, &payload).unwrap();
        sealed["$sealed"]["box"].as_str().unwrap().to_owned()
    };
    let (first, second) = (sealed("Ada"), sealed("Ada"));
    assert_ne!(first[2..], second[2..]);
    assert_eq!(first.len(), second.len());
    assert_eq!(first.len(), sealed("a name of thirty letters, long").len());
    assert!(first.len() < sealed("a name of thirty-one letters, ok").len());
}

#[test]
fn a_box_opens_only_where_it_was_made() {
    let mut memory = Memory::new();
    let other = Uuid::from_u128(0xf);
    let (_, sealed) = memory.seal(EVENT, &two()).unwrap();
    memory.seal(other, &marks::open(BO, json!("Bo"))).unwrap();
    let altered = |name: &str, value: Value| {
        let mut altered = sealed.clone();
        altered["name"]["$sealed"][name] = value;
        altered
    };

    // Whatever it is made to say of itself, its box knows better.
    for altered in [
        altered("event", json!(other)),
        altered("field", json!("/note")),
        altered("key", json!(BO)),
        altered("box", sealed["note"]["$sealed"]["box"].clone()),
        altered("box", json!("not base64!")),
    ] {
        let error = memory.open(BUSINESS, &altered).unwrap_err();
        assert!(matches!(error, OpenError::BoxUnreadable { .. }), "{error}");
    }

    // Truthful about itself, and in another place.
    let mut swapped = sealed.clone();
    swapped["note"] = sealed["name"].clone();
    for misplaced in [
        memory.open_event(other, &sealed),
        memory.open_event(EVENT, &swapped),
    ] {
        let error = misplaced.unwrap_err();
        assert!(matches!(error, OpenError::Misplaced { .. }), "{error}");
    }

    // In another business, where the same person's key even has the same bytes.
    let subkeys = &memory.subkeys;
    let row = memory.rows[&(BUSINESS, ADA)].as_deref().unwrap();
    let key = subkeys.unwrap(BUSINESS, ADA, row).unwrap();
    let wrapped = subkeys.wrap(other, ADA, &key);
    memory.rows.insert((other, ADA), Some(wrapped));
    let error = memory.open(other, &sealed).unwrap_err();
    assert!(matches!(error, OpenError::BoxUnreadable { .. }), "{error}");
}

#[test]
fn a_key_that_is_gone_reads_as_erased_and_takes_nothing_new() {
    let mut memory = Memory::new();
    let (_, sealed) = memory.seal(EVENT, &two()).unwrap();
    let erased = json!({"name": marks::erased(ADA), "note": marks::erased(ADA)});

    memory.rows.insert((BUSINESS, ADA), None);
    assert_eq!(memory.open_event(EVENT, &sealed).unwrap(), erased);
    let refused = memory.seal(EVENT, &two()).unwrap_err();
    assert!(matches!(refused, SealError::KeyDestroyed { key: ADA }));

    memory.rows.clear();
    assert_eq!(memory.open_event(EVENT, &sealed).unwrap(), erased);
}

#[test]
fn a_value_still_sealed_is_not_copied_into_a_new_event() {
    let mut memory = Memory::new();
    let (_, sealed) = memory.seal(EVENT, &two()).unwrap();
    let refused = memory
        .seal(Uuid::from_u128(0xf), &json!([sealed]))
        .unwrap_err();
    let SealError::AlreadySealed { field, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(field, "/0/name");
}

#[test]
fn a_ring_of_another_batch_is_refused() {
    let mut memory = Memory::new();
    let (_, mut sealed) = memory.seal(EVENT, &two()).unwrap();
    let error = KeyRing::default().open(BUSINESS, &mut sealed).unwrap_err();
    assert!(matches!(error, OpenError::NotAsked { key: ADA, .. }));
}

/// Written once, to be read by every later version: a change of format shows here.
#[test]
fn what_was_once_stored_opens_for_ever() {
    let wrapped = hex::decode(concat!(
        "019c03c46c861d6e0a8dc26ba6c5ddf7e53cc9525c0f9418d4366d10cbf23afd3a916431cd8660",
        "d81895627eb131f122d03a993979be3e3e77f6d01b543b2261befb4f302f7ffdbf2b",
    ));
    let memory = Memory {
        subkeys: Subkeys::of(&Secret::init_with_mut(|key| key.fill(7))),
        rows: BTreeMap::from([((BUSINESS, ADA), Some(wrapped.unwrap()))]),
    };
    let stored = json!({"na/me": {"$sealed": {
        "key": "00000000-0000-0000-0000-000000000001",
        "event": "00000000-0000-0000-0000-00000000000e",
        "field": "/na~1me",
        "box": concat!(
            "AZte58ebT+eUGZ7TRII5Qh9ZA5r/uoPk0HkATehnBUV7HYJdoCq/a+P0zS5G510",
            "MWkDCfl+rorQAFGbFe233bSQ0NWUity3wtw==",
        ),
    }}});
    let opened = memory.open_event(EVENT, &stored).unwrap();
    assert_eq!(
        opened,
        json!({"na/me": marks::open(ADA, json!("Ada Лавлейс"))})
    );
}
