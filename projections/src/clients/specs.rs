//! Clients as reception would look for them.

use std::collections::BTreeMap;

use domain::{
    client::{Card, CardWanted, Client, ClientCommand, Duplicate},
    contact::FiscalCode,
    id::Id,
    sealed::Sealed,
};
use futures::TryStreamExt;
use sqlx::PgPool;

use super::*;
use crate::{
    long_lists::LongLists,
    story::{Story, at, card, email, id, phone, registered, take_in},
};

const ALL: Page = Page {
    after: None,
    limit: 100,
    count: true,
};

async fn found(db: &PgPool, story: &Story, q: &str) -> Vec<u128> {
    let found = find(db, &story.scope(), Some(q), ALL).await.unwrap();
    let numbers: Vec<_> = numbers(&found.items);
    assert_eq!(found.total, i64::try_from(numbers.len()).ok());
    numbers
}

fn numbers(entries: &[Entry]) -> Vec<u128> {
    entries
        .iter()
        .map(|e| e.client_id.uuid().as_u128())
        .collect()
}

fn six() -> Story {
    let mut story = Story::of(1);
    let mut lucja = card(id(1), "Łucja Kowalska");
    lucja.phone = phone(id(1), "+33612345678");
    lucja.email = email(id(1), "l.kowal@example.org");
    lucja.fiscal_code = Some(Sealed::open(
        id::<Client>(1),
        FiscalCode::parse("526-104-08-28").unwrap(),
    ));
    let register = |card: Card| ClientCommand::Register(Box::new(card));
    story.client(id(1), register(lucja));
    for (n, name) in [
        (2, "Adam Kowalski"),
        (3, "Anna Nowak"),
        (4, "Zoë Ångström"),
        (5, "Йосип Їжакевич"),
        (6, "Hanna Maj"),
    ] {
        story.client(id(n), registered(id(n), name));
    }
    story
}

#[tokio::test]
async fn any_part_finds_them_and_only_them() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let cases: [(&str, &[u128]); 18] = [
        ("kowalska", &[1]),
        ("KOWAL", &[2, 1]),
        ("lucja kow", &[1]),
        ("kow lucja", &[1]),
        ("anna", &[3, 6]),
        ("ang zoe", &[4]),
        ("їжак", &[5]),
        ("06 12 34 56 78", &[1]),
        ("+33 6 12", &[1]),
        ("345678", &[1]),
        ("0612", &[1]),
        ("0033612", &[1]),
        ("0045", &[]),
        ("0345", &[]),
        ("@example", &[1]),
        ("526 10 40 828", &[1]),
        ("kowalska nowak", &[]),
        ("%", &[]),
    ];
    for (q, expected) in cases {
        assert_eq!(found(&db, &story, q).await, expected, "{q}");
    }
    assert_eq!(
        found(&db, &story, " ").await,
        [2, 3, 6, 1, 4, 5],
        "all, by name"
    );
    assert_eq!(found(&db, &Story::of(2), "").await, [0; 0]);
}

#[tokio::test]
async fn a_misspelt_name_is_found_where_nobody_is_called_so() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let cases: [(&str, &[u128]); 9] = [
        ("Kowalsak", &[1, 2]),
        ("Łucia", &[1]),
        ("Nowka", &[3]),
        ("Ana Nowak", &[3]),
        ("Angstorm", &[4]),
        ("Йосіп", &[5]),
        ("l.kowla@example.org", &[1]),
        ("Zygmunt", &[]),
        ("0612345679", &[]),
    ];
    for (q, expected) in cases {
        assert_eq!(found(&db, &story, q).await, expected, "{q}");
    }
    let mut page = Page { limit: 1, ..ALL };
    let first = find(&db, &story.scope(), Some("Kowalsak"), page)
        .await
        .unwrap();
    page.after = first.next;
    let second = find(&db, &story.scope(), Some("Kowalsak"), page)
        .await
        .unwrap();
    assert_eq!([numbers(&first.items), numbers(&second.items)], [[1], [2]]);
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn pages_hold_each_client_once() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    take_in(&db, &READ_MODEL, &story.take()).await;

    for (q, expected) in [
        (None, vec![2, 3, 6, 1, 4, 5]),
        (Some("a"), vec![2, 3, 4, 6, 1]),
    ] {
        let mut page = Page {
            after: None,
            limit: 2,
            count: false,
        };
        let mut seen = vec![];
        loop {
            let found = find(&db, &story.scope(), q, page).await.unwrap();
            seen.extend(numbers(&found.items));
            page.after = found.next;
            if found.next.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{q:?}");
        let lists = LongLists::beside(&db);
        let list = lists.begin(story.scope().business()).await.unwrap();
        let q = q.unwrap_or_default();
        let all: Vec<Entry> = stream(list, db.clone(), story.scope(), None, q)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(numbers(&all), expected);
    }
}

#[tokio::test]
async fn a_client_stands_as_they_are_now() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let seven = CardWanted {
        phone: Some(phone(id(3), "+48600100200")),
        ..CardWanted::default()
    };
    story
        .client(id(3), ClientCommand::ChangeContact(Box::new(seven)))
        .client(id(3), ClientCommand::Block { reason: None });
    take_in(&db, &READ_MODEL, &story.take()).await;

    let anna = one(&db, &story.scope(), id(3)).await.unwrap().unwrap();
    assert!(anna.client.blocked);
    assert_eq!((anna.version.0, anna.position.0), (3, 8));
    assert_eq!(found(&db, &story, "600 100 200").await, [3]);
    assert!(
        one(&db, &Story::of(2).scope(), id(3))
            .await
            .unwrap()
            .is_none()
    );
    let called = called(&db, &story.scope(), &[id(3), id(99)]).await.unwrap();
    let anna = Called {
        client_id: id(3),
        name: Some("Anna Nowak".to_owned()),
    };
    assert_eq!(called, BTreeMap::from([(id(3), anna)]));
}

#[tokio::test]
async fn who_was_erased_has_no_name_and_stands_last() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    let mut unreadable = card(id(9), "Nobody");
    let key: Id<Client> = id(9);
    unreadable.name = Sealed::Erased { key: key.into() };
    story.client(key, ClientCommand::Register(Box::new(unreadable)));
    take_in(&db, &READ_MODEL, &story.take()).await;

    assert_eq!(found(&db, &story, "").await.last(), Some(&9));
    let called = called(&db, &story.scope(), &[key]).await.unwrap();
    assert_eq!(called[&key].name, None);
}

#[tokio::test]
async fn one_by_one_leaves_what_one_batch_leaves() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    story.client(id(3), ClientCommand::Block { reason: None });
    let told = story.take();
    let rows = async || -> Vec<String> {
        let sql = "select to_jsonb(c)::text from client c order by client_id";
        sqlx::query_scalar(sql).fetch_all(&db).await.unwrap()
    };
    take_in(&db, &READ_MODEL, &told).await;
    let at_once = rows().await;
    sqlx::query("delete from client")
        .execute(&db)
        .await
        .unwrap();
    for event in &told {
        take_in(&db, &READ_MODEL, std::slice::from_ref(event)).await;
    }
    assert_eq!(rows().await, at_once);
    assert_eq!(at_once.len(), 6);
}

#[tokio::test]
async fn who_was_made_known_by_mistake_is_listed_no_more() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    take_in(&db, &READ_MODEL, &story.take()).await;
    story.client(id(2), ClientCommand::Retract);
    story.client(id(7), registered(id(7), "Ewa Kowalska"));
    story.client(id(7), ClientCommand::Retract);
    take_in(&db, &READ_MODEL, &story.take()).await;
    assert_eq!(found(&db, &story, "kowal").await, [1]);
}

#[tokio::test]
async fn how_everyone_is_reached_is_told_at_once() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let all = contacts(&db, &story.scope(), None).await.unwrap();
    assert_eq!(all.len(), 6);
    assert_eq!(all[0].phones, ["+33612345678"]);
    assert_eq!(all[0].email.as_deref(), Some("l.kowal@example.org"));
    let one = [id::<Client>(3).uuid()];
    let one = contacts(&db, &story.scope(), Some(&one)).await.unwrap();
    assert_eq!(one[0].name.as_deref(), Some("Anna Nowak"));
}

/// One client turns out to be another.
fn turns_out(story: &mut Story, gone: u128, into: u128) {
    let client = story.client_state(id(gone));
    let ids = client.ids(id(gone));
    let taken = ClientCommand::TakeIn(Box::new(Duplicate {
        into: id(into),
        client_id: id(gone),
        client,
        at: at("2026-05-04T12:00:00Z"),
    }));
    story.client(id(into), taken);
    for id_of in ids {
        story.client(id_of, ClientCommand::Merge { into: id(into) });
    }
}

#[tokio::test]
async fn who_was_merged_is_found_as_who_they_are() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = six();
    turns_out(&mut story, 1, 3);
    take_in(&db, &READ_MODEL, &story.take()).await;
    assert_eq!(
        found(&db, &story, "kowalska").await,
        [3],
        "by her former name"
    );
    assert_eq!(found(&db, &story, "l.kowal").await, [3]);
    assert_eq!(found(&db, &story, "").await, [2, 3, 6, 4, 5]);

    turns_out(&mut story, 3, 6);
    take_in(&db, &READ_MODEL, &story.take()).await;
    assert_eq!(found(&db, &story, "06 12 34 56 78").await, [6]);
    let called = called(&db, &story.scope(), &[id(1), id(3), id(6), id(99)]).await;
    let hanna = Called {
        client_id: id(6),
        name: Some("Hanna Maj".to_owned()),
    };
    let expected = [1, 3, 6].map(|n| (id(n), hanna.clone()));
    assert_eq!(called.unwrap(), BTreeMap::from(expected));
    let now = now(&db, &story.scope(), &[id(1), id(2)]).await.unwrap();
    assert_eq!(now, BTreeMap::from([(id(1), id(6))]));
}

#[tokio::test]
async fn what_holds_a_word_is_alike_enough_to_be_found_as_misspelt() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut transaction = db.begin().await.unwrap();
    sqlx::query("set local pg_trgm.word_similarity_threshold = 0.2")
        .execute(&mut *transaction)
        .await
        .unwrap();
    // Words of three to eight letters, also of one or two letters again and again, wherever they stand.
    let (all, alike): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where word <% (before || word || behind))
           from (select translate(substr(md5(n::text), 1, 3 + n % 6), '0123456789abcdef',
                                  (array['0123456789abcdef', 'aaaaaaaaaaaaaaaa', 'aaaaaaaabbbbbbbb',
                                         'abcabcabcabcabca'])[1 + n % 4]) as word
                   from generate_series(1, 2000) n) w,
                (values ('', ''), ('x', 'y'), ('a b', E'\\n9'), ('aaa', 'aaa'), ('ab ', 'ba')) t (before, behind)",
    )
    .fetch_one(&mut *transaction)
    .await
    .unwrap();
    assert_eq!((all, alike), (10_000, 10_000));
}
