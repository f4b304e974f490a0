//! History as reception would ask for it.

use domain::{
    booking::{BookingCommand, BookingEvent, Reference, Status},
    client::{CardWanted, Client, ClientCommand},
    event::AnyEvent,
    sealed::Sealed,
    text::PersonName,
};
use futures::TryStreamExt;
use sqlx::PgPool;

use super::*;
use crate::{
    Scope,
    long_lists::LongLists,
    story::{
        Story, at, card, comment, email, eur, id, payment, phone, placed, placement, plan,
        registered, take_in, told,
    },
};

/// A page long enough for all.
const ALL: Page = Page {
    after: None,
    limit: 100,
    count: true,
};

const FIRST: Sort = Sort {
    by: By::Start,
    descending: false,
};

/// The numbers of the bookings found, in their order.
async fn found(db: &PgPool, story: &Story, filter: &Filter) -> Vec<u128> {
    let found = find(db, &story.scope(), filter, FIRST, &ALL).await.unwrap();
    let numbers: Vec<_> = found
        .items
        .iter()
        .map(|e| e.booking_id.uuid().as_u128())
        .collect();
    assert_eq!(found.total, i64::try_from(numbers.len()).ok());
    numbers
}

async fn by_words(db: &PgPool, story: &Story, q: &str) -> Vec<u128> {
    let q = Some(q.to_owned());
    found(
        db,
        story,
        &Filter {
            q,
            ..Filter::default()
        },
    )
    .await
}

/// Three bookings: Łucja (11), Tom O'Brien (12, cancelled), nobody known (13, deleted).
fn three() -> Story {
    let mut story = Story::of(1);
    let mut lucja = card(id(7), "Łucja Święcka");
    lucja.phone = phone(id(7), "+48600100200");
    lucja.email = email(id(7), "Lucja@example.org");
    let of_tom = |start| {
        let mut placement = placement(start);
        placement.client_id = Some(id(8));
        placement.reference = Reference::from_random(0xFFFF);
        BookingCommand::Place(Box::new(placement))
    };
    let of_nobody = |start| {
        let mut placement = placement(start);
        placement.client_id = None;
        BookingCommand::Place(Box::new(placement))
    };
    story
        .client(id(7), ClientCommand::Register(Box::new(lucja)))
        .client(id(8), registered(id(8), "Tom O’Brien"))
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(id(12), of_tom("2026-05-06T10:00:00Z"))
        .booking(id(13), of_nobody("2026-05-07T10:00:00Z"))
        .booking(
            id(11),
            comment(id::<Client>(7), "Elle préfère des mèches colorées, 100%"),
        )
        .booking(id(11), payment(21, "20.00", "cash", "2026-05-05T11:00:00Z"))
        .booking(
            id(12),
            BookingCommand::Cancel {
                at: at("2026-05-05T09:00:00Z"),
                reason: None,
                note: None,
            },
        )
        .booking(id(13), BookingCommand::Delete { reason: None });
    story
}

#[tokio::test]
async fn every_booking_is_there_as_it_stands_deleted_ones_too() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    take_in(&db, &READ_MODEL, &story.take()).await;

    assert_eq!(found(&db, &story, &Filter::default()).await, [11, 12, 13]);
    let first = Page { limit: 1, ..ALL };
    let page = find(&db, &story.scope(), &Filter::default(), FIRST, &first)
        .await
        .unwrap();
    let [entry] = page.items.as_slice() else {
        panic!()
    };
    let held = entry.booking.held().unwrap();
    assert_eq!(held.paid(), eur("20.00"));
    assert_eq!(held.comments.len(), 1);
    assert_eq!(entry.client_name.as_deref(), Some("Łucja Święcka"));
    assert_eq!((entry.version.0, entry.position.0), (3, 7));
    assert_eq!(page.total, Some(3));
}

#[tokio::test]
async fn each_filter_narrows() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    story.booking(
        id(11),
        BookingCommand::ChangePrice {
            to: eur("70.00"),
            reason: None,
        },
    );
    take_in(&db, &READ_MODEL, &story.take()).await;

    let any = Filter::default;
    let deleted = Some(true);
    let cases: [(Filter, &[u128]); 13] = [
        (
            Filter {
                from: Some(at("2026-05-06T10:00:00Z")),
                ..any()
            },
            &[12, 13],
        ),
        (
            Filter {
                to: Some(at("2026-05-06T10:00:00Z")),
                ..any()
            },
            &[11],
        ),
        (
            Filter {
                client_id: Some(id(8)),
                ..any()
            },
            &[12],
        ),
        (
            Filter {
                staff_id: Some(id(1)),
                ..any()
            },
            &[11, 12, 13],
        ),
        (
            Filter {
                staff_id: Some(id(99)),
                ..any()
            },
            &[],
        ),
        (
            Filter {
                desk_id: Some(id(2)),
                service_id: Some(id(3)),
                ..any()
            },
            &[11, 12, 13],
        ),
        (
            Filter {
                visit_id: Some(id(5)),
                ..any()
            },
            &[],
        ),
        (
            Filter {
                statuses: vec![Status::Cancelled, Status::NoShow],
                ..any()
            },
            &[12],
        ),
        (
            Filter {
                source: Some("Phone".to_owned()),
                ..any()
            },
            &[11, 12, 13],
        ),
        (Filter { deleted, ..any() }, &[13]),
        (
            Filter {
                deleted: Some(false),
                ..any()
            },
            &[11, 12],
        ),
        (
            Filter {
                min_price: Some(eur("50.01").amount()),
                ..any()
            },
            &[11],
        ),
        (
            Filter {
                max_price: Some(eur("50.00").amount()),
                client: Some("brien".to_owned()),
                ..any()
            },
            &[12],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(&db, &story, &filter).await, expected, "{filter:?}");
    }
    let other = Story::of(2);
    assert_eq!(
        found(&db, &other, &any()).await,
        [0; 0],
        "another business sees nothing"
    );
    let nobodys = Scope::bookings_of(story.scope().business(), id(99));
    let page = find(&db, &nobodys, &any(), FIRST, &ALL).await.unwrap();
    assert_eq!(page.total, Some(0), "a staff member sees their own");
}

#[tokio::test]
async fn all_words_must_be_there_each_anywhere() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let cases: [(&str, &[u128]); 22] = [
        ("lucja\0", &[11]),
        ("\u{0}", &[11, 12, 13]),
        ("LUCJA swiec", &[11]),
        ("świecka", &[11]),
        ("tom o'brien", &[12]),
        ("lucja tom", &[]),
        ("600 100 200", &[11]),
        ("+48 600-100", &[11]),
        ("0048 (600) 100 200", &[11]),
        ("0600100200", &[11]),
        ("700 100 200", &[]),
        ("@example.ORG", &[11]),
        ("meches", &[11]),
        ("coloré", &[11]),
        ("coloree mèche", &[11]),
        ("100%", &[11]),
        ("l%a", &[]),
        ("zzz1-0000", &[12]),
        ("ZZZ1000", &[12]),
        ("annulée", &[12]),
        ("tom СКАСОВАНО", &[12]),
        ("lucja cancelled", &[]),
    ];
    for (q, expected) in cases {
        assert_eq!(by_words(&db, &story, q).await, expected, "{q}");
    }
}

#[tokio::test]
async fn a_client_is_found_by_what_they_are_called_now() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let renamed = CardWanted {
        name: Some(Sealed::open(
            id::<Client>(7),
            PersonName::parse("Łucja Wilk").unwrap(),
        )),
        phone: Some(None),
        ..CardWanted::default()
    };
    story.client(id(7), ClientCommand::ChangeContact(Box::new(renamed)));
    take_in(&db, &READ_MODEL, &story.take()).await;

    assert_eq!(by_words(&db, &story, "wilk").await, [11]);
    assert_eq!(by_words(&db, &story, "święcka").await, [0; 0]);
    assert_eq!(by_words(&db, &story, "600100200").await, [0; 0]);
    assert_eq!(
        by_words(&db, &story, "lucja@").await,
        [11],
        "what did not change is kept"
    );
}

#[tokio::test]
async fn what_was_erased_is_found_no_more_and_the_booking_stays() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    let key = id::<Client>(7);
    let mut unreadable = card(id(7), "Nobody");
    unreadable.name = Sealed::Erased { key: key.into() };
    story
        .client(id(7), ClientCommand::Register(Box::new(unreadable)))
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(id(11), comment(key, "allergic to nuts"));
    let mut told = story.take();
    let Some(AnyEvent::Booking(_, BookingEvent::Commented(comment))) =
        told.last_mut().map(|t| &mut t.event)
    else {
        panic!("the story ends with a comment");
    };
    comment.text = Sealed::Erased { key: key.into() };
    take_in(&db, &READ_MODEL, &told).await;

    assert_eq!(by_words(&db, &story, "nuts").await, [0; 0]);
    let page = find(&db, &story.scope(), &Filter::default(), FIRST, &ALL)
        .await
        .unwrap();
    assert_eq!(page.items[0].client_name, None);
    assert_eq!(page.items[0].booking.held().unwrap().comments.len(), 1);
}

#[tokio::test]
async fn pages_hold_each_booking_once_in_every_order() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    for n in 0..7_u16 {
        // Two and two alike in what is sorted by.
        let mut placement = placement(&format!("2026-05-{:02}T10:00:00Z", 10 + n / 2));
        placement.plan.price = eur(&format!("{}.00", 30 - n / 2));
        story.booking(
            id(11 + u128::from(n)),
            BookingCommand::Place(Box::new(placement)),
        );
    }
    take_in(&db, &READ_MODEL, &story.take()).await;

    let ascending: Vec<u128> = (11..18).collect();
    let by_price = vec![17, 15, 16, 13, 14, 11, 12];
    let reversed = |numbers: &[u128]| numbers.iter().rev().copied().collect::<Vec<_>>();
    // By what all have alike, the ids decide.
    for (by, expected) in [
        (By::Start, &ascending),
        (By::Created, &ascending),
        (By::Changed, &ascending),
        (By::Price, &by_price),
        (By::Paid, &ascending),
        (By::Client, &ascending),
        (By::Status, &ascending),
        (By::Source, &ascending),
        (By::Reference, &ascending),
    ]
    .map(|(by, expected)| (by, expected.clone()))
    {
        for (sort, expected) in [
            (
                Sort {
                    by,
                    descending: false,
                },
                expected.clone(),
            ),
            (
                Sort {
                    by,
                    descending: true,
                },
                reversed(&expected),
            ),
        ] {
            let mut page = Page {
                after: None,
                limit: 2,
                count: false,
            };
            let mut numbers = vec![];
            loop {
                let found = find(&db, &story.scope(), &Filter::default(), sort, &page)
                    .await
                    .unwrap();
                numbers.extend(found.items.iter().map(|e| e.booking_id.uuid().as_u128()));
                page.after = found.next;
                if page.after.is_none() {
                    break;
                }
            }
            assert_eq!(numbers, expected, "{sort:?}");
            let lists = LongLists::beside(&db);
            let list = lists.begin(story.scope().business()).await.unwrap();
            let (scope, filter) = (story.scope(), Filter::default());
            let streamed = stream(list, &db, &scope, &filter, sort).await.unwrap();
            let streamed: Vec<Entry> = streamed.try_collect().await.unwrap();
            let streamed: Vec<_> = streamed
                .iter()
                .map(|e| e.booking_id.uuid().as_u128())
                .collect();
            assert_eq!(streamed, expected, "{sort:?}");
        }
    }
    let first = Page { limit: 2, ..ALL };
    let by_price = Sort {
        by: By::Price,
        descending: false,
    };
    let of_prices = find(&db, &story.scope(), &Filter::default(), by_price, &first)
        .await
        .unwrap();
    let foreign = Page {
        after: of_prices.next,
        ..ALL
    };
    let refused = find(&db, &story.scope(), &Filter::default(), FIRST, &foreign).await;
    assert!(matches!(refused, Err(FindError::Cursor)));
}

#[tokio::test]
async fn sorted_by_client_who_has_no_name_comes_last() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let mut page = Page {
        after: None,
        limit: 1,
        count: false,
    };
    for (descending, expected) in [(false, [11, 12, 13]), (true, [13, 12, 11])] {
        let sort = Sort {
            by: By::Client,
            descending,
        };
        let mut numbers = vec![];
        loop {
            let found = find(&db, &story.scope(), &Filter::default(), sort, &page)
                .await
                .unwrap();
            numbers.extend(found.items.iter().map(|e| e.booking_id.uuid().as_u128()));
            page.after = found.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(numbers, expected);
    }
}

#[tokio::test]
async fn a_misspelt_client_is_found_where_nobody_is_called_so() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    story.booking(id(14), placed("2026-05-08T10:00:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;

    let cases: [(&str, &[u128]); 7] = [
        ("swiekca", &[11, 14]),
        ("Łucia Swięcka", &[11, 14]),
        ("lucia meches", &[11]),
        ("lucja", &[11, 14]),
        ("o'brein annulée", &[12]),
        ("600100201", &[]),
        ("nowak", &[]),
    ];
    for (q, expected) in cases {
        assert_eq!(by_words(&db, &story, q).await, expected, "{q}");
    }
    let filter = Filter {
        client: Some("swiekca".to_owned()),
        ..Filter::default()
    };
    assert_eq!(found(&db, &story, &filter).await, [11, 14]);
    let page = Page { limit: 1, ..ALL };
    let first = find(&db, &story.scope(), &filter, FIRST, &page)
        .await
        .unwrap();
    let page = Page {
        after: first.next,
        ..page
    };
    assert!(page.after.is_some(), "the misspelt have pages too");
    let second = find(&db, &story.scope(), &filter, FIRST, &page)
        .await
        .unwrap();
    let numbers = [first.items, second.items].concat();
    let numbers = numbers.iter().map(|e| e.booking_id.uuid().as_u128());
    assert_eq!(numbers.collect::<Vec<_>>(), [11, 14]);

    let all = [11, 12, 13, 14].map(uuid::Uuid::from_u128);
    let holds = async |q| holding(&db, &story.scope(), &all[..3], q).await.unwrap();
    assert_eq!(holds("lucja").await, [all[0]].into());
    assert_eq!(holds("swiekca").await, [all[0]].into());
    assert_eq!(holds("nobody").await, [].into());
    assert_eq!(holds(" ").await, all[..3].iter().copied().collect());
}

#[tokio::test]
async fn what_can_come_back_and_what_is_called_so_are_filters_too() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let gone = Filter {
        gone: true,
        ..Filter::default()
    };
    assert_eq!(found(&db, &story, &gone).await, [12, 13]);
    for (reference, expected) in [
        ("zzz1-0000", vec![12]),
        (" ZZZ1 0000 ", vec![12]),
        ("ZZZ1", vec![]),
        ("%", vec![]),
    ] {
        let filter = Filter {
            reference: Some(reference.to_owned()),
            ..Filter::default()
        };
        assert_eq!(found(&db, &story, &filter).await, expected, "{reference}");
    }
}

#[tokio::test]
async fn one_by_one_leaves_what_one_batch_leaves() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    let move_it = BookingCommand::Reschedule {
        to: Box::new(plan("2026-06-01T10:00:00Z")),
        imported: None,
    };
    story.booking(id(11), move_it).booking(
        id(11),
        BookingCommand::Complete(told("2026-06-01T11:00:00Z")),
    );
    let told = story.take();
    let rows = async |db: &PgPool| -> Vec<String> {
        let sql = "select to_jsonb(b)::text from history_booking b union all select to_jsonb(c)::text from history_client c order by 1";
        sqlx::query_scalar(sql).fetch_all(db).await.unwrap()
    };
    take_in(&db, &READ_MODEL, &told).await;
    let at_once = rows(&db).await;
    sqlx::query("delete from history_booking")
        .execute(&db)
        .await
        .unwrap();
    sqlx::query("delete from history_client")
        .execute(&db)
        .await
        .unwrap();
    for event in &told {
        take_in(&db, &READ_MODEL, std::slice::from_ref(event)).await;
    }
    assert_eq!(rows(&db).await, at_once);
    assert_eq!(at_once.len(), 5);
}
