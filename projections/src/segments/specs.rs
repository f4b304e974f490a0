//! Whom filters hold: as an owner would check it by hand, and against a naive reading of the raw events.

mod naive;
mod random_filter;

use domain::{
    booking::BookingCommand,
    client::{ClientCommand, Consent, Preferences},
    contact::{Birthday, Language},
    id::Id,
    sealed::Sealed,
    segment::{Filter, Saying, SegmentCommand},
    text::{Origin, Tag},
    time::{Weekday, Zone},
};
use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::{Value, json};
use sqlx::PgPool;

use self::{naive::World, random_filter::Dice};
use super::*;
use crate::{
    Scope,
    story::{
        Story, at, card, comment, id, label, payment, placement, plan, registered, sale, take_in,
        told,
    },
};

const NOW: &str = "2026-05-20T10:00:00Z";

fn asked(filter: &Value, now: &str) -> Asked {
    Asked {
        filter: Filter::read(filter).unwrap_or_else(|faults| panic!("{filter}: {faults:?}")),
        zone: Zone::named("Europe/Warsaw").unwrap(),
        now: at(now),
    }
}

/// The numbers of those whom a filter holds, in order.
async fn held(db: &PgPool, scope: &Scope, asked: &Asked) -> Vec<u128> {
    let mut ids = vec![];
    let mut page = Page {
        after: None,
        limit: 2,
        count: true,
    };
    loop {
        let found = members(db, scope, asked, page).await.unwrap();
        assert_eq!(found.total, Some(count(db, scope, asked).await.unwrap()));
        ids.extend(found.items.iter().map(|m| m.client_id.uuid().as_u128()));
        match found.next {
            Some(next) => page.after = Some(next),
            None => {
                assert_eq!(found.total, i64::try_from(ids.len()).ok());
                return ids;
            }
        }
    }
}

fn book(story: &mut Story, n: u128, client: u128, start: &str) {
    let mut placement = placement(start);
    placement.client_id = Some(id(client));
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

fn come(story: &mut Story, n: u128, client: u128, start: &str) {
    book(story, n, client, start);
    story.booking(id(n), BookingCommand::Complete(told(start)));
}

fn cancel(story: &mut Story, n: u128, when: &str) {
    let cancelled = BookingCommand::Cancel {
        at: at(when),
        reason: None,
        note: None,
    };
    story.booking(id(n), cancelled);
}

/// Ada (1) came in January, February, March, April and on the 12th of May, and spent most. Bea (2) came each 10 days up
/// to the 31st of March. Cleo (3) came once, cancelled late and missed one. Dora (4) never booked. Eve (5) is booked.
fn spring() -> Story {
    let mut story = Story::of(1);
    for (n, name) in [(1, "Ada"), (2, "Bea"), (3, "Cleo"), (4, "Dora"), (5, "Eve")] {
        let mut card = card(id(n), name);
        match n {
            1 => {
                card.birthday = Some(Sealed::open(
                    id::<domain::client::Client>(1),
                    Birthday::parse("1990-05-31").unwrap(),
                ))
            }
            2 => {
                card.birthday = Some(Sealed::open(
                    id::<domain::client::Client>(2),
                    Birthday::parse("--06-01").unwrap(),
                ))
            }
            3 => card.language = Some(Language::parse("en-GB").unwrap()),
            4 => card.source = Some(Origin::parse("Instagram").unwrap()),
            _ => card.language = Some(Language::parse("pl").unwrap()),
        }
        story.client(id(n), ClientCommand::Register(Box::new(card)));
    }
    come(&mut story, 11, 1, "2026-01-10T09:00:00Z");
    come(&mut story, 12, 1, "2026-02-10T09:00:00Z");
    come(&mut story, 13, 1, "2026-03-10T09:00:00Z");
    come(&mut story, 14, 1, "2026-04-11T09:00:00Z");
    come(&mut story, 15, 1, "2026-05-12T09:00:00Z");
    come(&mut story, 21, 2, "2026-03-11T09:00:00Z");
    come(&mut story, 22, 2, "2026-03-21T09:00:00Z");
    // 23:30 on the 30th by the clocks in Warsaw, that went forward the day before.
    come(&mut story, 23, 2, "2026-03-30T21:30:00Z");
    come(&mut story, 31, 3, "2026-05-19T09:00:00Z");
    book(&mut story, 32, 3, "2026-05-10T09:00:00Z");
    cancel(&mut story, 32, "2026-05-10T06:00:00Z");
    book(&mut story, 33, 3, "2026-05-11T09:00:00Z");
    story.booking(
        id(33),
        BookingCommand::MarkNoShow(told("2026-05-11T10:00:00Z")),
    );
    book(&mut story, 51, 5, "2026-05-30T09:00:00Z");
    story
        .booking(
            id(51),
            BookingCommand::Reschedule {
                to: Box::new(plan("2026-05-31T09:00:00Z")),
                imported: None,
            },
        )
        .booking(id(15), payment(1, "100.00", "cash", "2026-05-12T10:00:00Z"))
        .booking(id(14), payment(2, "40.00", "cash", "2026-04-11T10:00:00Z"))
        .booking(id(31), payment(3, "30.00", "card", "2026-05-19T10:00:00Z"))
        .client(id(2), sale(id(2), 4, "10.00", "2026-03-21T10:00:00Z"))
        .booking(
            id(31),
            comment(id::<domain::client::Client>(3), "Uczulona na hennę"),
        )
        .client(
            id(4),
            ClientCommand::SetTags([Tag::parse("vip").unwrap()].into()),
        )
        .client(
            id(5),
            ClientCommand::SetConsents {
                to: [Consent::Marketing].into(),
                at: at("2026-05-01T00:00:00Z"),
            },
        )
        .client(
            id(4),
            ClientCommand::SetPreferences(Preferences {
                staff_ids: vec![id(1)],
                ..Preferences::default()
            }),
        );
    story
}

#[tokio::test]
async fn every_field_holds_those_whom_an_owner_would_name() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let service = id::<domain::service::Service>(3);
    let staff = id::<domain::staff::Staff>(1);
    let statuses = |status: &str| json!([status]);
    for (filter, expected) in [
        (json!({"all": []}), vec![1, 2, 3, 4, 5]),
        (json!({"field": "bookings"}), vec![1, 2, 3, 5]),
        (json!({"field": "bookings", "at_most": 0}), vec![4]),
        (
            json!({"field": "bookings", "at_least": 2, "at_most": 4}),
            vec![2, 3],
        ),
        (
            json!({"field": "bookings", "service_ids": [service]}),
            vec![1, 2, 3, 5],
        ),
        (json!({"field": "bookings", "service_ids": [staff]}), vec![]),
        (
            json!({"field": "bookings", "staff_ids": [staff], "statuses": ["no_show"]}),
            vec![3],
        ),
        (
            json!({"field": "bookings", "statuses": statuses("cancelled")}),
            vec![3],
        ),
        (
            json!({"field": "bookings", "sources": ["Phone"], "online": false}),
            vec![1, 2, 3, 5],
        ),
        (json!({"field": "bookings", "online": true}), vec![]),
        (json!({"field": "bookings", "next_days": 10}), vec![]),
        (json!({"field": "bookings", "next_days": 11}), vec![5]),
        (json!({"field": "bookings", "within_days": 1}), vec![3]),
        (
            json!({"field": "bookings", "from": "2026-03-30", "to": "2026-03-30"}),
            vec![2],
        ),
        (
            json!({"field": "bookings", "from": "2026-03-31", "to": "2026-03-31"}),
            vec![],
        ),
        (
            json!({"field": "bookings", "hours": {"from": "23:30", "to": "24:00"}}),
            vec![2],
        ),
        (
            json!({"field": "bookings", "hours": {"from": "10:00", "to": "10:01"}, "at_least": 2}),
            vec![1, 2],
        ),
        (json!({"field": "bookings", "weekdays": ["sun"]}), vec![5]),
        (
            json!({"field": "bookings", "weekdays": ["tue"], "statuses": ["completed"]}),
            vec![1, 3],
        ),
        (json!({"field": "cancellations"}), vec![3]),
        (json!({"field": "late_cancellations"}), vec![3]),
        (
            json!({"field": "late_cancellations", "hours_before": 3}),
            vec![],
        ),
        (json!({"field": "no_shows"}), vec![3]),
        (json!({"field": "no_shows", "at_most": 0}), vec![1, 2, 4, 5]),
        (json!({"field": "moves"}), vec![5]),
        (
            json!({"field": "online_share", "at_most_percent": 10}),
            vec![1, 2, 3, 5],
        ),
        (
            json!({"field": "online_share", "at_least_percent": 1}),
            vec![],
        ),
        (
            json!({"field": "lead_time", "at_least_hours": 700}),
            vec![5],
        ),
        (json!({"field": "spent", "at_least": "30.00"}), vec![1, 3]),
        (json!({"field": "spent", "at_most": "0"}), vec![4, 5]),
        (
            json!({"field": "spent", "at_least": "100.00", "within_days": 30}),
            vec![1],
        ),
        (
            json!({"field": "spent", "at_least": "0.01", "to": "2026-03-31"}),
            vec![2],
        ),
        (json!({"field": "spent", "top_percent": 50}), vec![1, 3]),
        (
            json!({"field": "spent", "top_percent": 1, "within_days": 30}),
            vec![1],
        ),
        (
            json!({"field": "spent", "at_least": "1.00", "staff_ids": [staff]}),
            vec![1, 3],
        ),
        (
            json!({"field": "average_receipt", "at_least": "70.00"}),
            vec![1],
        ),
        (
            json!({"field": "average_receipt", "at_most": "70.00", "within_days": 365}),
            vec![1, 2, 3],
        ),
        (json!({"field": "frequency", "at_most_days": 20}), vec![2]),
        (json!({"field": "frequency", "at_least_days": 20}), vec![1]),
        (json!({"field": "interval_overdue"}), vec![2]),
        (json!({"field": "interval_overdue", "by_days": 41}), vec![]),
        (json!({"field": "absent", "days": 1}), vec![1, 2, 3]),
        (json!({"field": "absent", "days": 2}), vec![1, 2]),
        (json!({"field": "absent", "days": 51}), vec![2]),
        (json!({"field": "absent", "days": 52}), vec![]),
        (json!({"field": "lapsed", "within_days": 30}), vec![2]),
        (json!({"field": "first_visit", "within_days": 30}), vec![3]),
        (json!({"field": "last_visit", "to": "2026-03-30"}), vec![2]),
        (json!({"field": "last_visit", "to": "2026-03-29"}), vec![]),
        (
            json!({"field": "preferred_service", "service_ids": [service]}),
            vec![1, 2, 3],
        ),
        (
            json!({"field": "preferred_staff", "staff_ids": [staff], "by": "said"}),
            vec![4],
        ),
        (
            json!({"field": "preferred_staff", "staff_ids": [staff]}),
            vec![1, 2, 3, 4],
        ),
        (
            json!({"field": "registered", "from": "2026-05-04"}),
            vec![1, 2, 3, 4, 5],
        ),
        (json!({"field": "registered", "to": "2026-05-03"}), vec![]),
        (
            json!({"field": "source", "sources": ["instagram"]}),
            vec![4],
        ),
        (json!({"field": "tags", "any_of": ["vip", "x"]}), vec![4]),
        (json!({"field": "tags", "all_of": ["vip", "x"]}), vec![]),
        (
            json!({"field": "tags", "none_of": ["vip"]}),
            vec![1, 2, 3, 5],
        ),
        (
            json!({"field": "language", "languages": ["EN", "pl"]}),
            vec![3, 5],
        ),
        (
            json!({"not": {"field": "language", "languages": ["en"]}}),
            vec![1, 2, 4, 5],
        ),
        (json!({"field": "birthday", "month": "this"}), vec![1]),
        (json!({"field": "birthday", "month": 6}), vec![2]),
        (json!({"field": "birthday", "within_days": 11}), vec![1]),
        (json!({"field": "birthday", "within_days": 12}), vec![1, 2]),
        (
            json!({"field": "consent", "consents": ["marketing"]}),
            vec![5],
        ),
        (
            json!({"field": "consent", "consents": ["marketing"], "given": false}),
            vec![1, 2, 3, 4],
        ),
        (json!({"field": "text", "words": "HENNE uczul"}), vec![3]),
        (json!({"field": "text", "words": "henne 100%"}), vec![]),
        (
            json!({"any": [{"field": "absent", "days": 51}, {"all": [{"field": "no_shows"}, {"field": "cancellations"}]}]}),
            vec![2, 3],
        ),
    ] {
        let asked = asked(&filter, NOW);
        assert_eq!(
            held(&db, &story.scope(), &asked).await,
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn those_that_are_ready_made_hold_whom_they_say() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;
    for ready in domain::segment::ReadyMade::ALL {
        let expected: &[u128] = match ready.word() {
            "loyal" | "big_spenders" | "birthdays_this_month" => &[1],
            "new" => &[3],
            "at_risk" => &[2],
            _ => &[],
        };
        let asked = Asked {
            filter: ready.filter(),
            ..asked(&json!({"all": []}), NOW)
        };
        assert_eq!(
            held(&db, &story.scope(), &asked).await,
            expected,
            "{}",
            ready.word()
        );
    }
    let august = Asked {
        filter: domain::segment::ReadyMade::Sleeping.filter(),
        ..asked(&json!({"all": []}), "2026-08-11T10:00:00Z")
    };
    assert_eq!(held(&db, &story.scope(), &august).await, [1, 2]);
}

#[tokio::test]
async fn staff_find_the_clients_of_their_own_bookings_and_no_business_those_of_another() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let mut other = Story::of(2);
    other.client(id(9), registered(id(9), "Zoe"));
    take_in(&db, &READ_MODEL, &other.take()).await;
    let everyone = asked(&json!({"all": []}), NOW);
    let own = |staff| Scope::bookings_of(story.scope().business(), id(staff));
    assert_eq!(held(&db, &own(1), &everyone).await, [1, 2, 3, 5]);
    assert_eq!(held(&db, &own(8), &everyone).await, [0_u128; 0]);
    assert_eq!(held(&db, &other.scope(), &everyone).await, [9]);
}

#[tokio::test]
async fn what_is_deleted_counts_as_money_alone_and_who_is_retracted_is_nobody() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;
    story
        .booking(id(31), BookingCommand::Delete { reason: None })
        .client(id(4), ClientCommand::Retract);
    take_in(&db, &READ_MODEL, &story.take()).await;
    for (filter, expected) in [
        (json!({"all": []}), vec![1_u128, 2, 3, 5]),
        (
            json!({"field": "first_visit", "to": "2026-12-31"}),
            vec![1, 2],
        ),
        // What they paid for it was paid.
        (json!({"field": "spent", "at_least": "0.01"}), vec![1, 2, 3]),
        (
            json!({"field": "spent", "at_least": "0.01", "within_days": 365}),
            vec![1, 2, 3],
        ),
        (json!({"field": "text", "words": "henne"}), vec![]),
    ] {
        let asked = asked(&filter, NOW);
        assert_eq!(
            held(&db, &story.scope(), &asked).await,
            expected,
            "{filter}"
        );
    }
    story.booking(id(31), BookingCommand::Restore { to: None });
    take_in(&db, &READ_MODEL, &story.take()).await;
    let wrote = asked(&json!({"field": "text", "words": "henne"}), NOW);
    assert_eq!(held(&db, &story.scope(), &wrote).await, [3]);
}

#[tokio::test]
async fn what_comes_back_cancelled_was_cancelled_when_it_was_and_at_another_time_it_has_moved() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    story
        .booking(id(32), BookingCommand::Delete { reason: None })
        .booking(id(32), BookingCommand::Restore { to: None });
    book(&mut story, 22_222, 2, "2026-05-21T09:00:00Z");
    cancel(&mut story, 22_222, "2026-05-20T06:00:00Z");
    story.booking(
        id(22_222),
        BookingCommand::Restore {
            to: Some(Box::new(plan("2026-05-22T09:00:00Z"))),
        },
    );
    take_in(&db, &READ_MODEL, &story.take()).await;
    for (filter, expected) in [
        (json!({"field": "late_cancellations"}), [3].as_slice()),
        (json!({"field": "moves"}), &[2, 5]),
    ] {
        let asked = asked(&filter, NOW);
        assert_eq!(
            held(&db, &story.scope(), &asked).await,
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn online_is_what_the_report_on_time_saved_has_as_online() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    for (n, source) in [(1, "online"), (2, "phone")] {
        story.client(id(n), registered(id(n), "Ada"));
        let mut placement = placement("2026-05-21T09:00:00Z");
        placement.client_id = Some(id(n));
        placement.source = Origin::parse(source).unwrap();
        story.booking(id(n), BookingCommand::Place(Box::new(placement)));
    }
    story.imported(at("2026-05-20T08:00:00Z"));
    story.client(id(3), registered(id(3), "Bea"));
    let mut placement = placement("2026-05-21T09:00:00Z");
    placement.client_id = Some(id(3));
    placement.source = Origin::parse("online").unwrap();
    story.booking(id(3), BookingCommand::Place(Box::new(placement)));
    take_in(&db, &READ_MODEL, &story.take()).await;
    for filter in [
        json!({"field": "bookings", "online": true}),
        json!({"field": "online_share", "at_least_percent": 100}),
    ] {
        let asked = asked(&filter, NOW);
        assert_eq!(held(&db, &story.scope(), &asked).await, [1], "{filter}");
    }
}

#[tokio::test]
async fn an_hour_that_comes_twice_is_two_hours_and_one_that_never_came_is_none() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story.client(id(1), registered(id(1), "Ada"));
    // Half past two comes twice in Warsaw on the 25th of October 2026; on the 29th of March it did not come.
    book(&mut story, 1, 1, "2026-10-25T00:30:00Z");
    book(&mut story, 2, 1, "2026-10-25T01:30:00Z");
    book(&mut story, 3, 1, "2026-03-29T00:59:00Z");
    book(&mut story, 4, 1, "2026-03-29T01:00:00Z");
    take_in(&db, &READ_MODEL, &story.take()).await;
    let hours = |from: &str, to: &str, n: u8| json!({"field": "bookings", "hours": {"from": from, "to": to}, "at_least": n, "at_most": n});
    for filter in [
        hours("02:30", "02:31", 2),
        hours("02:00", "03:00", 2),
        hours("01:59", "02:00", 1),
        hours("03:00", "03:01", 1),
        json!({"field": "bookings", "from": "2026-10-25", "to": "2026-10-25", "at_least": 2}),
        json!({"field": "bookings", "from": "2026-03-29", "to": "2026-03-29", "at_least": 2}),
        json!({"field": "bookings", "to": "2026-10-24", "at_least": 2, "at_most": 2}),
    ] {
        let asked = asked(&filter, "2026-03-29T00:30:00Z");
        assert_eq!(held(&db, &story.scope(), &asked).await, [1], "{filter}");
    }
}

#[tokio::test]
async fn clocks_are_those_that_are_built_in_whatever_the_database_knows() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    story.client(id(1), registered(id(1), "Ada"));
    let start = "2026-12-05T07:30:00Z";
    book(&mut story, 1, 1, start);
    take_in(&db, &READ_MODEL, &story.take()).await;
    // Some of them have changed their minds about their clocks of late; UTC never does.
    for zone in [
        "America/Vancouver",
        "America/Havana",
        "Africa/Casablanca",
        "UTC",
    ] {
        let zone = Zone::named(zone).unwrap();
        let local = zone.local(at(start));
        let filter = json!({
            "field": "bookings", "weekdays": [Weekday::of(local.date())],
            "hours": {"from": local.strftime("%H:30").to_string(), "to": local.strftime("%H:31").to_string()},
        });
        let asked = Asked {
            zone,
            ..asked(&filter, NOW)
        };
        assert_eq!(held(&db, &story.scope(), &asked).await, [1], "{filter}");
    }
}

#[tokio::test]
async fn segments_are_listed_by_name_until_they_are_dropped() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    let saying = |n: u128, name: &str| {
        let filter = Filter::read(&json!({"field": "absent", "days": n})).unwrap();
        let of: Id<domain::segment::Segment> = id(n);
        Box::new(Saying {
            name: label(name),
            filter: Sealed::open(of, filter),
        })
    };
    story
        .segment(id(1), SegmentCommand::Save(saying(1, "Zzz")))
        .segment(id(2), SegmentCommand::Save(saying(2, "Été")))
        .segment(id(3), SegmentCommand::Save(saying(3, "Gone")));
    take_in(&db, &READ_MODEL, &story.take()).await;
    story.segment(id(3), SegmentCommand::Drop).segment(
        id(1),
        SegmentCommand::Change {
            name: Some(label("Asleep")),
            filter: None,
        },
    );
    take_in(&db, &READ_MODEL, &story.take()).await;
    let first = Page {
        after: None,
        limit: 1,
        count: true,
    };
    let found = find(&db, &story.scope(), first).await.unwrap();
    assert_eq!(found.total, Some(2));
    assert_eq!(found.items[0].segment_id, id(1));
    assert_eq!(found.items[0].version.0, 2);
    let second = Page {
        after: found.next,
        ..first
    };
    let found = find(&db, &story.scope(), second).await.unwrap();
    assert_eq!(found.items[0].segment_id, id(2));
    assert_eq!(found.next, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_the_database_finds_is_what_the_events_tell(
        seed in any::<u64>(),
        choices in prop::collection::vec(any::<u64>(), 150..300),
        filters in prop::collection::vec(any::<u64>(), 40),
        batch in 1_usize..80,
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(compare(seed, choices, filters, batch))?;
    }
}

async fn compare(
    seed: u64,
    choices: Vec<u64>,
    filters: Vec<u64>,
    batch: usize,
) -> Result<(), TestCaseError> {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let world = World::of(seed, choices);
    for batch in world.told.chunks(batch) {
        take_in(&db, &READ_MODEL, batch).await;
    }
    let scope = Scope::whole(world.business);
    let everyone = world.held(&Asked {
        filter: Filter::All(vec![]),
        ..asked(&json!({"all": []}), NOW)
    });
    let mut told_apart = 0;
    for seed in filters {
        let mut dice = Dice::of(seed);
        let asked = dice.asked(&world);
        let again = Filter::read(&asked.filter.to_json()).unwrap();
        prop_assert_eq!(&again, &asked.filter);
        let mut found = vec![];
        let mut page = Page {
            after: None,
            limit: 3,
            count: false,
        };
        loop {
            let some = members(&db, &scope, &asked, page).await.unwrap();
            found.extend(some.items.iter().map(|m| m.client_id.uuid()));
            let Some(next) = some.next else { break };
            page.after = Some(next);
        }
        told_apart += usize::from(!found.is_empty() && found.len() < everyone.len());
        found.sort_unstable();
        prop_assert_eq!(
            found,
            world.held(&asked),
            "{} at {}",
            asked.filter.to_json(),
            asked.now
        );
    }
    prop_assert!(told_apart > 0, "every filter held nobody or everybody");
    Ok(())
}

#[tokio::test]
async fn a_period_begins_with_its_first_instant_and_ends_before_the_next_one() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    // The first instant of the 1st of June in Warsaw, and the last one of the 30th of April.
    come(&mut story, 52, 5, "2026-05-31T22:00:00Z");
    story.booking(id(52), payment(9, "25.00", "cash", "2026-05-31T22:00:00Z"));
    come(&mut story, 41, 4, "2026-04-30T21:59:59.999999Z");
    take_in(&db, &READ_MODEL, &story.take()).await;
    let june = |n: u8| json!(format!("2026-06-{n:02}"));
    let of = |mut filter: Value, from: &Value, to: &Value| {
        filter["from"] = from.clone();
        filter["to"] = to.clone();
        filter
    };
    let completed = json!({"field": "bookings", "statuses": ["completed", "completed"]});
    let may = (json!("2026-05-01"), json!("2026-05-31"));
    for (filter, expected) in [
        (of(completed.clone(), &june(1), &june(1)), vec![5]),
        (of(completed.clone(), &june(2), &june(2)), vec![]),
        (of(completed.clone(), &may.0, &may.1), vec![1, 3]),
        (
            of(completed, &json!("2026-04-30"), &json!("2026-04-30")),
            vec![4],
        ),
        (
            of(
                json!({"field": "spent", "at_least": "25.00"}),
                &june(1),
                &june(1),
            ),
            vec![5],
        ),
        (
            of(
                json!({"field": "spent", "at_least": "25.00"}),
                &may.0,
                &may.1,
            ),
            vec![1, 3],
        ),
        (
            of(json!({"field": "spent", "top_percent": 50}), &may.0, &may.1),
            vec![1],
        ),
        (
            of(json!({"field": "lapsed"}), &june(1), &june(1)),
            vec![1, 2, 3, 4],
        ),
    ] {
        let asked = asked(&filter, "2026-06-10T10:00:00Z");
        assert_eq!(
            held(&db, &story.scope(), &asked).await,
            expected,
            "{filter}"
        );
    }
}
