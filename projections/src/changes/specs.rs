//! Changes as an owner would ask for them.

use std::{fs, path::Path};

use domain::{
    access::{AccessCommand, By},
    actor::Role,
    booking::{BookingCommand, Presence, Status},
    client::{CardWanted, Client, ClientCommand},
    contact::{Email, Language},
    event::AnyEvent,
    notification::{About, Channel, Failure, Notice, NotificationCommand, Occasion},
    sealed::Sealed,
    text::{PersonName, Tag},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::{
    Scope,
    story::{
        RECEPTION, Story, at, comment, eur, id, payment, placed, placement, plan, refund,
        registered, take_in, told, words,
    },
};

const ALL: Page = Page {
    after: None,
    limit: 100,
    count: true,
};

async fn of(db: &PgPool, story: &Story, booking: u128) -> Vec<Entry> {
    of_booking(db, &story.scope(), id(booking)).await.unwrap()
}

fn lines(entry: &Entry) -> Value {
    serde_json::to_value(&entry.changes).unwrap()
}

fn actions(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|e| e.action.as_str()).collect()
}

#[tokio::test]
async fn a_bookings_life_is_told_from_what_to_what_by_whom_and_why() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    let key = id::<Client>(7);
    let invited = AccessCommand::InviteUser {
        email: Sealed::open(
            id::<Client>(0xA11),
            Email::parse("ada@example.org").unwrap(),
        ),
        name: Some(Sealed::open(
            id::<Client>(0xA11),
            PersonName::parse("Ada").unwrap(),
        )),
        role: Role::Owner,
        staff_id: None,
        language: None,
        by: By::House,
    };
    let mut requested = placement("2026-05-05T10:00:00Z");
    requested.status = Status::Requested;
    let mut later = plan("2026-05-05T11:00:00Z");
    later.staff_id = Some(id(4));
    story
        .access(domain::id::Id::new(RECEPTION), invited)
        .booking(id(11), BookingCommand::Place(Box::new(requested)))
        .booking(
            id(11),
            BookingCommand::Confirm(told("2026-05-04T10:00:00Z")),
        )
        .booking(
            id(11),
            BookingCommand::Reschedule {
                to: Box::new(later),
                imported: None,
            },
        )
        .booking(
            id(11),
            BookingCommand::ChangePrice {
                to: eur("60.00"),
                reason: Some(words(key, "longer hair")),
            },
        )
        .booking(id(11), comment(key, "late"))
        .booking(id(11), payment(21, "20.00", "cash", "2026-05-05T11:00:00Z"))
        .booking(
            id(11),
            refund(31, Some(id(21)), "5.00", "2026-05-05T12:00:00Z"),
        )
        .booking(
            id(11),
            BookingCommand::Cancel {
                at: at("2026-05-05T09:00:00Z"),
                reason: Some(words(key, "ill")),
                note: None,
            },
        )
        .booking(id(11), BookingCommand::Delete { reason: None })
        .booking(id(11), BookingCommand::Restore { to: None });
    take_in(&db, &READ_MODEL, &story.take()).await;

    let changes = of(&db, &story, 11).await;
    assert_eq!(
        actions(&changes),
        [
            "booking.placed",
            "booking.confirmed",
            "booking.rescheduled",
            "booking.price_changed",
            "booking.commented",
            "booking.payment_recorded",
            "booking.payment_refunded",
            "booking.cancelled",
            "booking.deleted",
            "booking.restored",
        ]
    );
    let [
        placed,
        confirmed,
        rescheduled,
        price,
        commented,
        paid,
        refunded,
        cancelled,
        deleted,
        restored,
    ] = changes.as_slice()
    else {
        panic!("ten changes");
    };
    assert_eq!(placed.actor.name.as_deref(), Some("Ada"));
    assert_eq!(
        (placed.actor.kind.as_str(), placed.actor.role.as_deref()),
        ("user", Some("owner"))
    );
    assert_eq!((placed.position.0, placed.source.as_str()), (2, "panel"));
    assert_eq!(
        lines(placed),
        json!([
            {"field": "reference", "from": null, "to": "0000-0000"},
            {"field": "client_id", "from": null, "to": key},
            {"field": "status", "from": null, "to": "requested"},
            {"field": "source", "from": null, "to": "phone"},
            {"field": "service_id", "from": null, "to": Uuid::from_u128(3)},
            {"field": "staff_id", "from": null, "to": Uuid::from_u128(1)},
            {"field": "desk_id", "from": null, "to": Uuid::from_u128(2)},
            {"field": "start", "from": null, "to": "2026-05-05T10:00:00Z"},
            {"field": "end", "from": null, "to": "2026-05-05T11:00:00Z"},
            {"field": "duration_min", "from": null, "to": 60},
            {"field": "price", "from": null, "to": "50.00"},
        ])
    );
    assert_eq!(
        lines(confirmed),
        json!([{"field": "status", "from": "requested", "to": "confirmed"}])
    );
    assert_eq!(
        lines(rescheduled),
        json!([
            {"field": "staff_id", "from": Uuid::from_u128(1), "to": Uuid::from_u128(4)},
            {"field": "start", "from": "2026-05-05T10:00:00Z", "to": "2026-05-05T11:00:00Z"},
            {"field": "end", "from": "2026-05-05T11:00:00Z", "to": "2026-05-05T12:00:00Z"},
        ])
    );
    assert_eq!(
        lines(price),
        json!([{"field": "price", "from": "50.00", "to": "60.00"}])
    );
    assert_eq!(price.reason.as_deref(), Some("longer hair"));
    assert_eq!(
        lines(commented)[1],
        json!({"field": "comment", "from": null, "to": "late", "under": key})
    );
    assert_eq!(
        lines(paid)[0],
        json!({"field": "paid", "from": "0.00", "to": "20.00"})
    );
    assert_eq!(
        lines(refunded)[0],
        json!({"field": "paid", "from": "20.00", "to": "15.00"})
    );
    assert_eq!(
        lines(cancelled),
        json!([{"field": "status", "from": "confirmed", "to": "cancelled"}])
    );
    assert_eq!(cancelled.reason.as_deref(), Some("ill"));
    assert_eq!(
        lines(deleted),
        json!([{"field": "deleted", "from": false, "to": true}])
    );
    assert_eq!(
        lines(restored),
        json!([{"field": "deleted", "from": true, "to": false}])
    );
}

#[tokio::test]
async fn across_the_business_the_newest_stands_first_and_each_filter_narrows() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story
        .client(id(7), registered(id(7), "Ada"))
        .client(id(8), registered(id(8), "Bea"))
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .client(
            id(8),
            ClientCommand::SetTags([Tag::parse("vip").unwrap()].into()),
        )
        .booking(
            id(11),
            BookingCommand::Complete(told("2026-05-05T11:00:00Z")),
        )
        .imported(at("2018-03-01T10:00:00Z"))
        .booking(id(12), placed("2018-03-05T10:00:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;

    let any = Filter::default;
    let cases: [(Filter, &[i64]); 14] = [
        (
            Filter {
                action: Some("booking.\0placed".to_owned()),
                ..any()
            },
            &[],
        ),
        (any(), &[6, 5, 4, 3, 2, 1]),
        (
            Filter {
                action: Some("booking.placed".to_owned()),
                ..any()
            },
            &[6, 3],
        ),
        (
            Filter {
                subject_types: vec!["client".to_owned()],
                ..any()
            },
            &[4, 2, 1],
        ),
        (
            Filter {
                subject_ids: vec![Uuid::from_u128(11)],
                ..any()
            },
            &[5, 3],
        ),
        (
            Filter {
                client_ids: vec![Uuid::from_u128(7)],
                ..any()
            },
            &[6, 5, 3, 1],
        ),
        (
            Filter {
                actor_id: Some(RECEPTION),
                ..any()
            },
            &[5, 4, 3, 2, 1],
        ),
        (
            Filter {
                to: Some(at("2020-01-01T00:00:00Z")),
                ..any()
            },
            &[6],
        ),
        (
            Filter {
                from: Some(at("2026-05-04T09:03:00Z")),
                to: Some(at("2026-05-04T09:05:00Z")),
                ..any()
            },
            &[4, 3],
        ),
        (
            Filter {
                actor_id: Some(Uuid::nil()),
                ..any()
            },
            &[],
        ),
        (
            Filter {
                actor_kind: Some("import".to_owned()),
                ..any()
            },
            &[6],
        ),
        (
            Filter {
                source: Some("import".to_owned()),
                from: Some(at("2018-01-01T00:00:00Z")),
                ..any()
            },
            &[6],
        ),
        (
            Filter {
                staff_id: Some(id(1)),
                ..any()
            },
            &[6, 5, 3],
        ),
        (
            Filter {
                staff_id: Some(id(99)),
                ..any()
            },
            &[],
        ),
    ];
    for (filter, expected) in cases {
        let found = find(&db, &story.scope(), &filter, ALL).await.unwrap();
        let positions: Vec<_> = found.items.iter().map(|e| e.position.0).collect();
        assert_eq!(positions, expected, "{filter:?}");
        assert_eq!(found.total, i64::try_from(expected.len()).ok());
    }

    let mut page = Page {
        after: None,
        limit: 4,
        count: false,
    };
    let first = find(&db, &story.scope(), &any(), page).await.unwrap();
    page.after = first.next;
    let second = find(&db, &story.scope(), &any(), page).await.unwrap();
    let positions = [first.items, second.items].concat();
    let positions: Vec<_> = positions.iter().map(|e| e.position.0).collect();
    assert_eq!(positions, [6, 5, 4, 3, 2, 1]);
    assert_eq!(second.next, None);

    let everything = find(&db, &story.scope(), &any(), ALL).await.unwrap();
    let brought_in = &everything.items[0];
    assert_eq!(brought_in.at, at("2018-03-01T10:00:00Z"));
    assert_eq!(brought_in.recorded_at, at("2026-05-04T09:06:00Z"));
    assert_eq!(brought_in.actor.kind, "import");
}

#[tokio::test]
async fn a_staff_member_sees_what_happened_to_their_own_bookings() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story
        .client(id(7), registered(id(7), "Ada"))
        .booking(id(11), placed("2026-05-05T10:00:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let business = story.scope().business();
    for (staff, count) in [(1, 1), (4, 0)] {
        let scope = Scope::bookings_of(business, id(staff));
        let found = find(&db, &scope, &Filter::default(), ALL).await.unwrap();
        assert_eq!(found.total, Some(count));
    }
    assert_eq!(of(&db, &Story::of(2), 11).await, []);
}

#[tokio::test]
async fn actors_are_called_what_they_are_called_now() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story.client(id(7), registered(id(7), "Ada"));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let renamed = CardWanted {
        name: Some(Sealed::open(
            id::<Client>(7),
            PersonName::parse("Ada Byron").unwrap(),
        )),
        ..CardWanted::default()
    };
    story.client(id(7), ClientCommand::ChangeContact(Box::new(renamed)));
    take_in(&db, &READ_MODEL, &story.take()).await;

    let seven = Uuid::from_u128(7);
    let names = actor_names(&db, &story.scope(), &[seven, Uuid::nil()])
        .await
        .unwrap();
    assert_eq!(names, [(seven, "Ada Byron".to_owned())]);
}

#[tokio::test]
async fn one_by_one_leaves_what_one_batch_leaves() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story
        .client(id(7), registered(id(7), "Ada"))
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(id(11), payment(21, "20.00", "cash", "2026-05-05T11:00:00Z"))
        .booking(id(11), payment(22, "30.00", "card", "2026-05-05T11:00:00Z"))
        .booking(
            id(11),
            BookingCommand::MarkNoShow(told("2026-05-05T11:00:00Z")),
        );
    let told = story.take();
    let rows = async || -> Vec<String> {
        let sql = "select to_jsonb(c)::text from change c union all select to_jsonb(b)::text from change_booking b
                   union all select to_jsonb(a)::text from change_actor a order by 1";
        sqlx::query_scalar(sql).fetch_all(&db).await.unwrap()
    };
    take_in(&db, &READ_MODEL, &told).await;
    let at_once = rows().await;
    for table in READ_MODEL.tables {
        sqlx::query(&format!("delete from {table}"))
            .execute(&db)
            .await
            .unwrap();
    }
    for event in &told {
        take_in(&db, &READ_MODEL, std::slice::from_ref(event)).await;
    }
    assert_eq!(rows().await, at_once);
    assert_eq!(at_once.len(), 7);
}

/// Every event ever written, from the domain's golden files.
#[test]
fn every_event_tells_what_it_changed_and_shows_no_seal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
    let mut told = 0;
    for version in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let kind = name.split('.').next().unwrap();
            let payload = fs::read_to_string(&path).unwrap();
            let event = AnyEvent::decode(kind, Uuid::from_u128(1), &payload).unwrap();
            let lines = tell(&event, &mut None).changes;
            assert!(!lines.is_empty(), "{name} tells nothing");
            let shown = serde_json::to_string(&lines).unwrap();
            for mark in [
                "$open",
                "$sealed",
                "$erased",
                "\"currency\":{",
                "\"amount\":{",
            ] {
                assert!(!shown.contains(mark), "{name} shows {mark}: {shown}");
            }
            told += 1;
        }
    }
    assert!(told >= 60, "only {told} golden events were found");
}

#[test]
fn no_event_of_a_booking_forgets_how_it_stood() {
    let mut standing = None;
    let mut story = Story::of(1);
    story
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(
            id(11),
            BookingCommand::Complete(told("2026-05-05T11:00:00Z")),
        )
        .booking(id(11), BookingCommand::Reopen { reason: None })
        .booking(
            id(11),
            BookingCommand::MarkNoShow(told("2026-05-05T11:00:00Z")),
        );
    let moves: Vec<_> = story
        .take()
        .iter()
        .flat_map(|p| tell(&p.event, &mut standing).changes)
        .filter(|c| c.field == "status")
        .map(|c| (c.from, c.to))
        .collect();
    let expected = [
        (Value::Null, json!("confirmed")),
        (json!("confirmed"), json!("completed")),
        (json!("completed"), json!("confirmed")),
        (json!("confirmed"), json!("no_show")),
    ];
    assert_eq!(moves, expected);
}

#[tokio::test]
async fn what_was_put_back_and_by_what_is_told() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    let moved = |start| BookingCommand::Reschedule {
        to: Box::new(plan(start)),
        imported: None,
    };
    story
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(id(11), moved("2026-05-05T12:00:00Z"))
        .reverting(2)
        .booking(id(11), moved("2026-05-05T10:00:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let told = of(&db, &story, 11).await;
    let links: Vec<_> = told
        .iter()
        .map(|entry| [entry.reverts, entry.reverted_by].map(|p| p.map(|p| p.0)))
        .collect();
    assert_eq!(links, [[None, None], [None, Some(3)], [Some(2), None]]);
}

#[tokio::test]
async fn that_somebody_was_not_there_after_all_is_told() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .booking(id(11), BookingCommand::Arrive(told("2026-05-05T09:55:00Z")))
        .booking(id(11), BookingCommand::CorrectPresence(Presence::default()));
    take_in(&db, &READ_MODEL, &story.take()).await;
    let changes = of(&db, &story, 11).await;
    let last = changes.last().unwrap();
    assert_eq!(last.action, "booking.presence_corrected");
    assert_eq!(
        lines(last),
        json!([{"field": "arrived_at", "from": "2026-05-05T09:55:00Z", "to": null}])
    );
}

#[tokio::test]
async fn what_a_client_was_told_is_told_of_them_and_of_the_booking_it_is_about() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    let due_at = at("2026-05-04T10:00:00Z");
    let notice = Notice {
        about: About {
            client_id: id(7),
            booking_id: Some(id(11)),
            campaign_id: None,
        },
        channel: Channel::Sms,
        occasion: Occasion::ByHand,
        language: Language::parse("en").unwrap(),
        due_at,
        text: Some(words(id::<Client>(7), "We are late")),
    };
    let failed = NotificationCommand::Fail {
        at: due_at,
        why: Failure::BadAddress,
        detail: Some(words(id::<Client>(7), "nobody has +48600100200")),
    };
    story
        .booking(id(11), placed("2026-05-05T10:00:00Z"))
        .notification(id(21), NotificationCommand::Schedule(Box::new(notice)))
        .notification(id(21), failed);
    take_in(&db, &READ_MODEL, &story.take()).await;

    let changes = of(&db, &story, 11).await;
    assert_eq!(
        actions(&changes),
        [
            "booking.placed",
            "notification.scheduled",
            "notification.failed"
        ]
    );
    assert!(
        changes
            .iter()
            .all(|c| c.client_id == Some(id::<Client>(7).uuid()))
    );
    let key = id::<Client>(7).uuid();
    assert_eq!(
        lines(&changes[1]),
        json!([
            {"field": "client_id", "from": null, "to": key},
            {"field": "booking_id", "from": null, "to": id::<Client>(11).uuid()},
            {"field": "channel", "from": null, "to": "sms"},
            {"field": "occasion", "from": null, "to": "by_hand"},
            {"field": "language", "from": null, "to": "en"},
            {"field": "due_at", "from": null, "to": "2026-05-04T10:00:00Z"},
            {"field": "text", "from": null, "to": "We are late", "under": key},
        ])
    );
    assert_eq!(
        lines(&changes[2])[2],
        json!({"field": "channel_said", "from": null, "to": "nobody has +48600100200", "under": key})
    );
    let of_bookings_with_1 = Scope::bookings_of(story.scope().business(), id(1));
    let seen = of_booking(&db, &of_bookings_with_1, id(11)).await.unwrap();
    assert_eq!(seen.len(), 3);
}
