//! The waitlist as reception would ask for it.

use domain::{
    booking::Joints,
    hours::DayInterval,
    id::Id,
    sealed::Sealed,
    service::Timing,
    text::{FreeText, Origin},
    time::{LocalTime, Minutes, Weekday},
    waitlist::{Asking, Offer, Request, State, WaitlistCommand, Wishes},
};
use jiff::civil::{Date, date};
use sqlx::PgPool;

use super::*;
use crate::story::{Story, at, id, plan, take_in};

const ALL: Page = Page {
    after: None,
    limit: 100,
    count: true,
};

fn wishes(from: Date, to: Option<Date>) -> Wishes {
    Wishes {
        service_ids: vec![id(3)],
        staff_ids: vec![],
        from,
        to,
        weekdays: vec![],
        hours: vec![],
    }
}

fn request(client: u128, wishes: Wishes, comment: Option<&str>) -> WaitlistCommand {
    let key: Id<domain::client::Client> = id(client);
    WaitlistCommand::Request(Box::new(Asking {
        client_id: key,
        wishes,
        comment: comment.map(|text| Sealed::open(key, FreeText::parse(text).unwrap())),
        source: Origin::parse("phone").unwrap(),
        at: at("2026-05-04T09:00:00Z"),
    }))
}

fn offer(until: &str) -> WaitlistCommand {
    let mut plan = plan("2026-05-06T10:00:00Z");
    plan.timing = Timing::plain(Minutes::new(45));
    plan.joints = Joints::default();
    WaitlistCommand::Offer(Box::new(Offer {
        plans: vec![plan],
        until: at(until),
        at: at("2026-05-04T10:00:00Z"),
    }))
}

/// Three who wait from May on: anybody's whenever; with Ola (5) on Mondays from nine to twelve; in the first week.
fn three() -> Story {
    let hours = DayInterval {
        from: LocalTime::new(9, 0).unwrap(),
        to: LocalTime::new(12, 0).unwrap(),
    };
    let mondays = Wishes {
        staff_ids: vec![id(5)],
        weekdays: vec![Weekday::Mon],
        hours: vec![hours],
        ..wishes(date(2026, 5, 1), Some(date(2026, 5, 31)))
    };
    let week = Wishes {
        service_ids: vec![id(4), id(3)],
        ..wishes(date(2026, 5, 4), Some(date(2026, 5, 10)))
    };
    let mut story = Story::of(1);
    story
        .waitlist(
            id(1),
            request(7, wishes(date(2026, 5, 1), None), Some("Proszę o ciszę")),
        )
        .waitlist(id(2), request(8, mondays, None))
        .waitlist(id(3), request(7, week, None));
    story
}

fn numbers(entries: &[Entry]) -> Vec<u128> {
    entries
        .iter()
        .map(|e| e.request_id.uuid().as_u128())
        .collect()
}

async fn found(db: &PgPool, story: &Story, filter: Filter) -> Vec<u128> {
    let found = find(db, &story.scope(), &filter, ALL).await.unwrap();
    assert_eq!(found.total, i64::try_from(found.items.len()).ok());
    numbers(&found.items)
}

#[tokio::test]
async fn each_filter_lets_through_what_it_says() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    story.waitlist(id(3), offer("2026-05-04T10:30:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;

    let any = Filter::default;
    let wish = |day: i8, time: Option<(u8, u8)>| Filter {
        wish: Some(Wish {
            date: date(2026, 5, day),
            time: time.and_then(|(hour, minute)| LocalTime::new(hour, minute)),
        }),
        ..any()
    };
    let q = |words: &str, clients: &[u128]| Filter {
        q: Some((words.to_owned(), clients.iter().map(|n| id(*n)).collect())),
        ..any()
    };
    let cases: Vec<(Filter, &[u128])> = vec![
        (any(), &[1, 2, 3]),
        (
            Filter {
                service: Some(id(4)),
                ..any()
            },
            &[3],
        ),
        (
            Filter {
                staff: Some(id(5)),
                ..any()
            },
            &[1, 2, 3],
        ),
        (
            Filter {
                staff: Some(id(6)),
                ..any()
            },
            &[1, 3],
        ),
        (
            Filter {
                clients: vec![id(7)],
                ..any()
            },
            &[1, 3],
        ),
        (
            Filter {
                states: vec![State::Waiting],
                ..any()
            },
            &[1, 2],
        ),
        (
            Filter {
                states: vec![State::Offered, State::Expired],
                ..any()
            },
            &[3],
        ),
        (
            Filter {
                made_by: Some(at("2026-05-04T08:59:59Z")),
                ..any()
            },
            &[],
        ),
        (
            Filter {
                made_by: Some(at("2026-05-04T09:00:00Z")),
                ..any()
            },
            &[1, 2, 3],
        ),
        (
            Filter {
                dates: Some((date(2026, 6, 1), date(2026, 7, 1))),
                ..any()
            },
            &[1],
        ),
        (wish(11, None), &[1, 2]),
        (wish(12, None), &[1]),
        (wish(4, Some((9, 0))), &[1, 2, 3]),
        (wish(4, Some((12, 0))), &[1, 3]),
        (q("cisze prosze", &[]), &[1]),
        (q("nobody", &[8]), &[2]),
        (q("%", &[]), &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            found(&db, &story, filter.clone()).await,
            expected,
            "{filter:?}"
        );
    }
    let nobodys = find(&db, &Story::of(2).scope(), &any(), ALL).await.unwrap();
    assert_eq!(numbers(&nobodys.items), [0; 0]);
    let olas = crate::Scope::bookings_of(story.scope().business(), id(5));
    let olas = find(&db, &olas, &any(), ALL).await.unwrap();
    assert_eq!(numbers(&olas.items), [2]);
}

#[tokio::test]
async fn pages_hold_each_request_once_the_oldest_first() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let mut page = Page { limit: 2, ..ALL };
    let first = find(&db, &story.scope(), &Filter::default(), page)
        .await
        .unwrap();
    page.after = first.next;
    let second = find(&db, &story.scope(), &Filter::default(), page)
        .await
        .unwrap();
    assert_eq!(
        [numbers(&first.items), numbers(&second.items)],
        [vec![1, 2], vec![3]]
    );
    assert_eq!((second.next, second.total), (None, Some(3)));
}

#[tokio::test]
async fn what_is_up_is_told_and_nothing_else() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = three();
    let scope = story.scope();
    story.waitlist(id(2), offer("2026-05-04T10:30:00Z"));
    take_in(&db, &READ_MODEL, &story.take()).await;

    let due = |instant: &str| super::due(&db, &scope, at(instant), 10);
    assert_eq!(due("2026-05-04T10:29:59Z").await.unwrap(), vec![]);
    assert_eq!(
        due("2026-05-04T10:30:00Z").await.unwrap(),
        vec![id::<Request>(2)]
    );
    let over = |day| super::over(&db, &scope, date(2026, 5, day), 10);
    assert_eq!(over(10).await.unwrap(), vec![]);
    assert_eq!(over(11).await.unwrap(), vec![id::<Request>(3)]);
    assert_eq!(businesses_waiting(&db).await.unwrap(), [scope.business()]);
    assert_eq!(waiting_since(&db, &scope).await.unwrap().unwrap().0, 1);

    for n in 1..=3 {
        let withdraw = WaitlistCommand::Withdraw {
            at: at("2026-05-04T11:00:00Z"),
            reason: None,
        };
        story.waitlist(id(n), withdraw);
    }
    take_in(&db, &READ_MODEL, &story.take()).await;
    assert_eq!(businesses_waiting(&db).await.unwrap(), []);
    assert_eq!(waiting_since(&db, &scope).await.unwrap(), None);
    let gone = Filter {
        states: vec![State::Withdrawn],
        ..Filter::default()
    };
    assert_eq!(found(&db, &story, gone).await, [1, 2, 3]);
}
