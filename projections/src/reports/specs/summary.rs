//! The summary as an owner would check it by hand.

use domain::{
    booking::{BookingCommand, Status},
    text::Origin,
};
use sqlx::PgPool;

use super::{
    super::{
        ByStatus, Filter, READ_MODEL,
        summary::{Summary, find},
    },
    asked, book, of_may,
};
use crate::{
    GroupBy, Scope,
    story::{Story, at, eur, id, payment, placement, refund, registered, sale, take_in, told},
};

async fn summary(db: &PgPool, story: &Story, filter: &Filter) -> Summary {
    find(db, &of_may(story).of(filter.clone()))
        .await
        .unwrap()
        .whole
}

/// April: 1 with client 7. May: 2 to 7; of them 2 and 3 done, 4 missed, 5 cancelled, 6 ahead, 7 nobody's.
fn spring() -> Story {
    let mut story = Story::of(1);
    story
        .client(id(7), registered(id(7), "Ada"))
        .client(id(8), registered(id(8), "Bea"));
    book(&mut story, 1, Some(7), "2026-04-30T10:00:00Z");
    book(&mut story, 2, Some(7), "2026-05-04T10:00:00Z");
    book(&mut story, 3, Some(8), "2026-05-05T10:00:00Z");
    book(&mut story, 4, Some(8), "2026-05-06T10:00:00Z");
    book(&mut story, 5, Some(7), "2026-05-12T10:00:00Z");
    book(&mut story, 6, Some(8), "2026-05-31T21:59:59Z");
    book(&mut story, 7, None, "2026-05-20T10:00:00Z");
    let cancelled = BookingCommand::Cancel {
        at: at("2026-05-11T09:00:00Z"),
        reason: None,
        note: None,
    };
    story
        .booking(
            id(2),
            BookingCommand::Complete(told("2026-05-04T11:00:00Z")),
        )
        .booking(
            id(3),
            BookingCommand::Complete(told("2026-05-05T11:00:00Z")),
        )
        .booking(
            id(4),
            BookingCommand::MarkNoShow(told("2026-05-06T11:00:00Z")),
        )
        .booking(id(5), cancelled)
        .booking(id(1), payment(21, "50.00", "cash", "2026-04-30T11:00:00Z"))
        .booking(id(2), payment(22, "50.00", "cash", "2026-05-04T11:00:00Z"))
        .booking(id(3), payment(23, "60.00", "card", "2026-05-05T11:00:00Z"))
        .booking(id(3), refund(31, None, "10.00", "2026-05-07T11:00:00Z"))
        .booking(id(1), refund(32, None, "5.00", "2026-05-08T11:00:00Z"))
        .booking(id(6), payment(24, "20.00", "card", "2026-05-09T11:00:00Z"))
        .client(id(7), sale(id(7), 25, "9.99", "2026-05-10T11:00:00Z"));
    story
}

#[tokio::test]
async fn a_month_counts_what_starts_and_adds_up_what_was_paid_in_it() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let expected = Summary {
        bookings: 6,
        by_status: ByStatus {
            requested: 0,
            confirmed: 2,
            completed: 2,
            no_show: 1,
            cancelled: 1,
        },
        clients: 2,
        new_clients: 1,
        returning_clients: 1,
        // 50 + 60 − 10 − 5 + 20 + 9.99
        revenue: eur("124.99"),
        // 50 − 20 of booking 6, 50 of booking 7.
        pending_amount: eur("80.00"),
        // By bookings 2, 3, 6 and the sale; more was given back than taken for booking 1.
        average_receipt: eur("31.25"),
        no_show_rate: 1.0 / 3.0,
        cancellation_rate: 1.0 / 6.0,
    };
    assert_eq!(summary(&db, &story, &Filter::default()).await, expected);
}

#[tokio::test]
async fn what_is_deleted_does_not_count_until_it_is_restored_but_its_money_does() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let before = summary(&db, &story, &Filter::default()).await;

    story
        .booking(id(3), BookingCommand::Delete { reason: None })
        .booking(id(7), BookingCommand::Delete { reason: None });
    take_in(&db, &READ_MODEL, &story.take()).await;
    let without = summary(&db, &story, &Filter::default()).await;
    assert_eq!((without.bookings, without.by_status.completed), (4, 1));
    assert_eq!(
        (without.revenue, without.pending_amount),
        (before.revenue, eur("30.00"))
    );

    story
        .booking(id(3), BookingCommand::Restore { to: None })
        .booking(id(7), BookingCommand::Restore { to: None });
    take_in(&db, &READ_MODEL, &story.take()).await;
    assert_eq!(summary(&db, &story, &Filter::default()).await, before);
}

#[tokio::test]
async fn each_filter_narrows_bookings_and_money_alike() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    let mut special = placement("2026-05-21T10:00:00Z");
    special.source = Origin::parse("instagram").unwrap();
    special.status = Status::Requested;
    special.plan.staff_id = Some(id(91));
    special.plan.service_id = Some(id(92));
    special.plan.desk_id = Some(id(93));
    story
        .booking(id(8), BookingCommand::Place(Box::new(special)))
        .booking(id(8), payment(26, "1.00", "cash", "2026-05-20T11:00:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;

    let any = Filter::default;
    for filter in [
        Filter {
            staff_id: Some(id(91)),
            ..any()
        },
        Filter {
            service_id: Some(id(92)),
            ..any()
        },
        Filter {
            desk_id: Some(id(93)),
            ..any()
        },
        Filter {
            statuses: vec![Status::Requested],
            ..any()
        },
        Filter {
            source: Some("Instagram".to_owned()),
            ..any()
        },
    ] {
        let found = summary(&db, &story, &filter).await;
        assert_eq!(
            (found.bookings, found.revenue),
            (1, eur("1.00")),
            "{filter:?}"
        );
        assert_eq!(
            (found.clients, found.returning_clients),
            (1, 1),
            "with anybody: {filter:?}"
        );
    }
    let of_ada = Filter {
        client_id: Some(id(7)),
        ..any()
    };
    let found = summary(&db, &story, &of_ada).await;
    // 50 − 5 + 9.99 + 1
    assert_eq!(
        (found.bookings, found.revenue),
        (3, eur("55.99")),
        "her purchases are hers"
    );

    let scope = Scope::bookings_of(story.scope().business(), id(91));
    let may = of_may(&story).whole;
    let own = find(&db, &asked(scope, may.first, may.last)).await.unwrap();
    assert_eq!(own.whole.revenue, eur("1.00"));
    let other = summary(&db, &Story::of(2), &any()).await;
    assert_eq!(
        (other.bookings, other.revenue, other.no_show_rate),
        (0, eur("0.00"), 0.0)
    );
}

#[tokio::test]
async fn each_week_is_a_period_of_its_own() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = spring();
    take_in(&db, &READ_MODEL, &story.take()).await;

    let told = find(&db, &of_may(&story).by(GroupBy::Week)).await.unwrap();
    assert_eq!(told.whole, summary(&db, &story, &Filter::default()).await);
    let told: Vec<_> = told
        .groups
        .iter()
        .map(|s| (s.bookings, s.clients, s.new_clients, s.revenue.to_string()))
        .collect();
    let expected = [
        (0, 0, 0, "0.00"),   // 1 to 3 May
        (3, 2, 1, "124.99"), // 4 to 10 May
        (1, 1, 0, "0.00"),   // 11 to 17 May
        (1, 0, 0, "0.00"),   // 18 to 24 May, nobody's
        (1, 1, 0, "0.00"),   // 25 to 31 May
    ]
    .map(|(bookings, clients, new, revenue)| (bookings, clients, new, revenue.to_owned()));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_visit_is_one_receipt() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = Story::of(1);
    for n in [1, 2] {
        let mut placement = placement("2026-05-04T10:00:00Z");
        placement.visit_id = Some(id(99));
        story
            .booking(id(n), BookingCommand::Place(Box::new(placement)))
            .booking(
                id(n),
                payment(20 + n, "50.00", "cash", "2026-05-04T11:00:00Z"),
            );
    }
    take_in(&db, &READ_MODEL, &story.take()).await;
    let summary = summary(&db, &story, &Filter::default()).await;
    assert_eq!(
        (summary.bookings, summary.average_receipt),
        (2, eur("100.00"))
    );
}

#[tokio::test]
async fn one_by_one_leaves_what_one_batch_leaves() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let told = spring().take();
    let rows = async || -> Vec<String> {
        let sql = "select to_jsonb(b)::text from report_booking b union all
                   select to_jsonb(p)::text from report_payment p union all
                   select to_jsonb(c)::text from report_client c order by 1";
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
    assert_eq!(at_once.len(), 16);
}
