//! The vault at a real database, as the service's role.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use vault::{CheckMasterError, MasterKey, OpenError, PersonKeys, SealError, Vault};

const HERE: Uuid = Uuid::from_u128(0xb1);
const THERE: Uuid = Uuid::from_u128(0xb2);
const ADA: Uuid = Uuid::from_u128(1);
const BO: Uuid = Uuid::from_u128(2);

fn open(key: Uuid, value: &str) -> Value {
    json!({"$open": {"key": key, "value": value}})
}

fn erased(key: Uuid) -> Value {
    json!({"$erased": {"key": key}})
}

fn event(n: u128) -> Uuid {
    Uuid::from_u128(0xe000 + n)
}

/// What an append does with the keys.
async fn store(pool: &PgPool, business: Uuid, keys: &PersonKeys) {
    for (key, wrapped) in &keys.made {
        sqlx::query(
            "insert into person_key (business_id, key_id, wrapped, made_at)
             values ($1, $2, $3, now())",
        )
        .bind(business)
        .bind(key)
        .bind(wrapped)
        .execute(pool)
        .await
        .expect("the key is new");
    }
}

/// What erasing a person does.
async fn destroy(pool: &PgPool, business: Uuid, key: Uuid) {
    sqlx::query(
        "update person_key set wrapped = null, destroyed_at = now()
          where business_id = $1 and key_id = $2",
    )
    .bind(business)
    .bind(key)
    .execute(pool)
    .await
    .expect("the key can be destroyed");
}

/// One event, sealed and its keys stored.
async fn sealed(vault: &Vault, pool: &PgPool, business: Uuid, id: Uuid, payload: Value) -> Value {
    let mut events = [(id, payload)];
    let keys = vault.seal(business, &mut events).await.expect("sealed");
    store(pool, business, &keys).await;
    let [(_, payload)] = events;
    payload
}

#[tokio::test]
async fn many_events_of_many_businesses_open_as_they_were() {
    let db = testbed::database().await;
    let pool = db.service_pool().await;
    let vault = Vault::new(&MasterKey::generate(), pool.clone());

    let mut first = [
        (
            event(1),
            json!({"name": open(ADA, "Ada"), "tags": ["plain"]}),
        ),
        (
            event(2),
            json!({"names": [open(ADA, "Ada"), open(BO, "Bo")]}),
        ),
    ];
    let plain = first.clone();
    let keys = vault.seal(HERE, &mut first).await.unwrap();
    let made: Vec<Uuid> = keys.made.iter().map(|(key, _)| *key).collect();
    assert_eq!((made, keys.used.is_empty()), (vec![ADA, BO], true));
    store(&pool, HERE, &keys).await;

    let mut second = [(event(3), open(BO, "Bo again"))];
    let keys = vault.seal(HERE, &mut second).await.unwrap();
    assert_eq!((keys.made.len(), keys.used), (0, vec![BO]));

    // The same person's id in another business is another key.
    let there = sealed(&vault, &pool, THERE, event(4), open(ADA, "Ada there")).await;

    let mut batch = vec![
        (HERE, event(1), first[0].1.clone()),
        (HERE, event(2), first[1].1.clone()),
        (HERE, event(3), second[0].1.clone()),
        (THERE, event(4), there),
        (THERE, event(5), json!("nothing to open")),
    ];
    // With its space no box, which is base64, can hold it by chance.
    assert!(!json!(batch).to_string().contains("Bo again"));
    vault.open_many(&mut batch).await.unwrap();
    let opened: Vec<Value> = batch.into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(
        opened,
        [
            plain[0].1.clone(),
            plain[1].1.clone(),
            open(BO, "Bo again"),
            open(ADA, "Ada there"),
            json!("nothing to open"),
        ]
    );

    let mut states = [json!({"of": [first[0].1.clone(), second[0].1.clone()]})];
    vault.open(HERE, &mut states).await.unwrap();
    assert_eq!(
        states,
        [json!({"of": [plain[0].1.clone(), open(BO, "Bo again")]})]
    );

    let mut one = first[0].1.clone();
    let error = vault
        .open_event(HERE, event(2), &mut one)
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::Misplaced { .. }), "{error}");
    assert_eq!(one, first[0].1, "left as it was");
    vault.open_event(HERE, event(1), &mut one).await.unwrap();
    assert_eq!(one, plain[0].1);
}

#[tokio::test]
async fn a_destroyed_key_reads_as_erased_at_once() {
    let db = testbed::database().await;
    let pool = db.service_pool().await;
    let vault = Vault::new(&MasterKey::generate(), pool.clone());
    let payload = json!({"ada": open(ADA, "Ada"), "bo": open(BO, "Bo")});
    let stored = sealed(&vault, &pool, HERE, event(1), payload.clone()).await;

    let mut opened = [stored.clone()];
    vault.open(HERE, &mut opened).await.unwrap();
    assert_eq!(opened, [payload]);

    destroy(&pool, HERE, ADA).await;
    let mut opened = [stored];
    vault.open(HERE, &mut opened).await.unwrap();
    assert_eq!(opened, [json!({"ada": erased(ADA), "bo": open(BO, "Bo")})]);

    let mut late = [(event(2), open(BO, "Bo")), (event(3), open(ADA, "Ada"))];
    let refused = vault.seal(HERE, &mut late).await.unwrap_err();
    assert!(
        matches!(refused, SealError::KeyDestroyed { key: ADA }),
        "{refused}"
    );
    assert_eq!(late[0].1, open(BO, "Bo"), "left as it was");
}

/// As after `log import` without `keys import`.
#[tokio::test]
async fn without_its_keys_a_log_reads_as_erased() {
    let (db, empty) = (testbed::database().await, testbed::database().await);
    let pool = db.service_pool().await;
    let master = MasterKey::generate();
    let stored = sealed(
        &Vault::new(&master, pool.clone()),
        &pool,
        HERE,
        event(1),
        open(ADA, "Ada"),
    )
    .await;
    let mut opened = stored;
    Vault::new(&master, empty.service_pool().await)
        .open_event(HERE, event(1), &mut opened)
        .await
        .unwrap();
    assert_eq!(opened, erased(ADA));
}

#[tokio::test]
async fn a_key_moved_or_of_another_master_is_an_error_not_an_erasure() {
    let db = testbed::database().await;
    let pool = db.service_pool().await;
    let vault = Vault::new(&MasterKey::generate(), pool.clone());
    let stored = sealed(&vault, &pool, HERE, event(1), open(ADA, "Ada")).await;

    let other = Vault::new(&MasterKey::generate(), pool.clone());
    let error = other.open(HERE, &mut [stored.clone()]).await.unwrap_err();
    assert!(
        matches!(error, OpenError::KeyUnreadable { key: ADA, .. }),
        "{error}"
    );
    let error = other
        .seal(HERE, &mut [(event(2), open(ADA, "Ada"))])
        .await
        .unwrap_err();
    assert!(
        matches!(error, SealError::Keys(OpenError::KeyUnreadable { .. })),
        "{error}"
    );

    sealed(&vault, &pool, HERE, event(3), open(BO, "Bo")).await;
    sqlx::query(
        "update person_key set wrapped = (select wrapped from person_key where key_id = $1)
          where key_id = $2",
    )
    .bind(BO)
    .bind(ADA)
    .execute(&pool)
    .await
    .unwrap();
    let error = vault.open(HERE, &mut [stored]).await.unwrap_err();
    assert!(
        matches!(error, OpenError::KeyUnreadable { key: ADA, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn payloads_as_text_open_like_parsed_ones() {
    let db = testbed::database().await;
    let pool = db.service_pool().await;
    let vault = Vault::new(&MasterKey::generate(), pool.clone());
    let stored = sealed(
        &vault,
        &pool,
        HERE,
        event(1),
        json!({"name": open(ADA, "Ada")}),
    )
    .await;
    let plain = r#"{"as":  "written"}"#;
    let mut texts = [
        (
            HERE,
            event(1),
            RawValue::from_string(stored.to_string()).unwrap(),
        ),
        (
            THERE,
            event(2),
            RawValue::from_string(plain.to_owned()).unwrap(),
        ),
    ];
    vault.open_raw(&mut texts).await.unwrap();
    let opened: Value = serde_json::from_str(texts[0].2.get()).unwrap();
    assert_eq!(opened, json!({"name": open(ADA, "Ada")}));
    assert_eq!(texts[1].2.get(), plain);
}

#[tokio::test]
async fn with_nothing_to_open_the_database_is_not_asked() {
    let db = testbed::database().await;
    let pool = db.service_pool().await;
    let vault = Vault::new(&MasterKey::generate(), pool.clone());
    let stored = sealed(&vault, &pool, HERE, event(1), open(ADA, "Ada")).await;
    pool.close().await;

    let plain = json!({"a": ["plain"], "b": erased(BO), "c": open(BO, "open already")});
    vault.open(HERE, &mut [plain.clone()]).await.unwrap();
    vault
        .open_many(&mut [(HERE, event(2), plain)])
        .await
        .unwrap();
    vault
        .seal(HERE, &mut [(event(2), json!({"plain": 1}))])
        .await
        .unwrap();

    let error = vault.open(HERE, &mut [stored]).await.unwrap_err();
    assert!(matches!(error, OpenError::Store(_)), "{error}");
}

#[tokio::test]
async fn the_first_master_key_is_the_only_one() {
    let db = testbed::database().await;
    let pool = db.service_pool().await;
    let keys: Vec<MasterKey> = (0..8).map(|_| MasterKey::generate()).collect();

    let started: Vec<_> = keys
        .iter()
        .map(|key| {
            let vault = Vault::new(key, pool.clone());
            tokio::spawn(async move { vault.check_master().await })
        })
        .collect();
    let mut first = Vec::new();
    for (start, key) in started.into_iter().zip(&keys) {
        match start.await.unwrap() {
            Ok(()) => first.push(key),
            Err(error) => {
                assert!(matches!(error, CheckMasterError::Another), "{error}");
                assert!(error.to_string().contains("DAYBOOK_MASTER_KEY"));
            }
        }
    }
    assert_eq!(first.len(), 1);
    Vault::new(first[0], pool.clone())
        .check_master()
        .await
        .unwrap();

    for change in [
        "update vault_master set fingerprint = sha256('')",
        "delete from vault_master",
    ] {
        let error = sqlx::query(change).execute(&pool).await.unwrap_err();
        let code = error
            .as_database_error()
            .and_then(|error| error.code().map(|code| code.to_string()));
        assert_eq!(
            code.as_deref(),
            Some("42501"),
            "{change} is not for the service"
        );
    }
}
