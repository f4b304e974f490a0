//! Readers are woken, whatever is lost.

use std::time::Duration;

use ledger::{BusinessId, Ledger, Position, Wakeup, Wakeups};
use sqlx::postgres::PgListener;
use tokio::time::{Instant, timeout};

use crate::trade::{a_business, append, count, id};

/// Until this ledger is told to have moved to this position.
async fn told(wakeups: &mut Wakeups, business: BusinessId, position: i64) {
    timeout(Duration::from_secs(10), async {
        while wakeups.next().await != Wakeup::Moved(business, Position(position)) {}
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn at_once_in_the_process_and_soon_in_the_others() {
    let db = testbed::database().await;
    let here = Ledger::new(db.service_pool().await, vec![]);
    let there = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let mut woken_here = here.subscribe();
    let mut woken_there = there.subscribe();
    append(&there, count(business, id(), 0)).await;
    told(&mut woken_there, business, 1).await;
    // Whether `here` already listened when that was told nobody knows: this one it hears.
    let mut position = 1;
    loop {
        append(&there, count(business, id(), 0)).await;
        position += 1;
        let hint = timeout(
            Duration::from_secs(3),
            told(&mut woken_here, business, position),
        );
        if hint.await.is_ok() {
            break;
        }
        assert!(position < 4, "no notification comes through");
    }
}

#[tokio::test]
async fn listening_survives_a_lost_connection() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let here = Ledger::new(db.service_pool().await, vec![]);
    let there = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let mut woken = here.subscribe();
    let listening = "select pid from pg_stat_activity
                     where datname = current_database() and query ilike 'listen%'";
    let listener = |not: i32| {
        let owner = owner.clone();
        async move {
            for _ in 0..500 {
                let pid: Option<i32> = sqlx::query_scalar(listening)
                    .fetch_optional(&owner)
                    .await
                    .unwrap();
                match pid {
                    Some(pid) if pid != not => return pid,
                    _ => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
            panic!("nobody listens")
        }
    };
    let before = listener(0).await;
    sqlx::query("select pg_terminate_backend($1)")
        .bind(before)
        .execute(&owner)
        .await
        .unwrap();
    listener(before).await;
    append(&there, count(business, id(), 0)).await;
    told(&mut woken, business, 1).await;
}

#[tokio::test]
async fn with_every_hint_lost_there_is_the_poll() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let mut woken = ledger.subscribe();
    for _ in 0..2 {
        let hint = timeout(Duration::from_secs(3), woken.next()).await.unwrap();
        assert_eq!(hint, Wakeup::Look);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_one_notification_in_thirty_milliseconds() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let mut listener = PgListener::connect_with(&db.owner_pool().await)
        .await
        .unwrap();
    listener.listen("daybook_ledger").await.unwrap();
    let begun = Instant::now();
    for _ in 0..100 {
        append(&ledger, count(business, id(), 0)).await;
    }
    let burst = begun.elapsed();
    let last = format!("{} 100", business.0.simple());
    let mut notifications = 0;
    loop {
        let message = timeout(Duration::from_secs(5), listener.recv())
            .await
            .unwrap()
            .unwrap();
        notifications += 1;
        if message.payload().contains(&last) {
            break;
        }
    }
    let allowed = burst.as_millis() / 30 + 2;
    assert!(
        notifications <= allowed,
        "{notifications} notifications in {burst:?}"
    );
}
