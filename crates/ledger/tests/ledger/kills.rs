//! Backends die under load: positions stay gapless and in commit order, what was acknowledged is there once,
//! and a reader neither skips nor repeats.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use ledger::{AppendError, BusinessId, Ledger, Position, Recorded, Start};
use uuid::Uuid;

use crate::trade::{a_business, claim, id, take};

const WRITERS: usize = 32;
const BUSINESSES: usize = 8;
const EACH: usize = 25;

struct Acknowledged {
    business: BusinessId,
    command: Uuid,
    position: Position,
    /// A clock of the test that ticks with every append begun and every answer.
    begun: i64,
    answered: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_writers_on_eight_businesses_with_kills_in_between() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let mut ledgers = Vec::new();
    for _ in 0..4 {
        ledgers.push(Ledger::new(db.service_pool().await, vec![]));
    }
    let businesses: Vec<BusinessId> = (0..BUSINESSES).map(|_| a_business()).collect();
    let (clock, over) = (
        Arc::new(AtomicI64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );

    let killer = tokio::spawn({
        let (owner, over) = (owner.clone(), over.clone());
        async move {
            let mut killed = 0;
            while !over.load(Ordering::Relaxed) {
                let kills: i64 = sqlx::query_scalar(
                    "select count(pg_terminate_backend(pid)) from (
                         select pid from pg_stat_activity
                         where datname = current_database() and state = 'active'
                           and query like '%ledger_append%' and pid <> pg_backend_pid()
                         order by random() limit 2) victims",
                )
                .fetch_one(&owner)
                .await
                .unwrap();
                killed += kills;
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
            killed
        }
    });
    let reader = tokio::spawn(follow(ledgers[0].clone(), businesses.clone(), over.clone()));

    let writers = (0..WRITERS).map(|nth| {
        let (ledger, clock) = (ledgers[nth % 4].clone(), clock.clone());
        let business = businesses[nth % BUSINESSES];
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            let resource = id();
            for at in 0..i64::try_from(EACH).unwrap() {
                let append = take(business, id(), vec![claim(resource, at, at + 1)]);
                loop {
                    let begun = clock.fetch_add(1, Ordering::SeqCst);
                    match ledger.append(append.clone()).await {
                        Ok(appended) => {
                            acknowledged.push(Acknowledged {
                                business,
                                command: append.command.id,
                                position: appended.last,
                                begun,
                                answered: clock.fetch_add(1, Ordering::SeqCst),
                            });
                            break;
                        }
                        // Its likes answer 503; the caller comes again with the same key.
                        Err(AppendError::Unavailable(_) | AppendError::Unknown(_)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
            acknowledged
        })
    });
    let mut acknowledged = Vec::new();
    for writer in join_all(writers).await {
        acknowledged.extend(writer.unwrap());
    }
    over.store(true, Ordering::Relaxed);
    let killed = killer.await.unwrap();
    assert!(
        killed >= 10,
        "only {killed} backends were killed: this shows nothing"
    );
    let seen = reader.await.unwrap();

    assert_eq!(acknowledged.len(), WRITERS * EACH);
    for business in businesses {
        let events = ledgers[1]
            .read(business, Position::START, 10_000)
            .await
            .unwrap();
        let expected = WRITERS / BUSINESSES * EACH;
        check_ledger(&events, expected);
        assert_eq!(
            seen[&business],
            (1..=i64::try_from(expected).unwrap()).collect::<Vec<_>>()
        );
        check_answers(
            &events,
            acknowledged
                .iter()
                .filter(|one| one.business == business)
                .collect(),
        );
    }
    let claims: i64 = sqlx::query_scalar("select count(*) from claim")
        .fetch_one(&owner)
        .await
        .unwrap();
    assert_eq!(claims, i64::try_from(WRITERS * EACH).unwrap());
}

/// Nothing missing, nothing twice, nothing half, time never backwards.
fn check_ledger(events: &[Recorded], expected: usize) {
    assert_eq!(events.len(), expected);
    let commands: HashSet<_> = events
        .iter()
        .map(|event| event.metadata.command_id)
        .collect();
    assert_eq!(commands.len(), expected);
    for (nth, event) in (1..).zip(events) {
        assert_eq!(event.position, Position(nth));
    }
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
}

/// Each answer names the place where its event lies, and who was answered before another one asked comes first.
fn check_answers(events: &[Recorded], mut answers: Vec<&Acknowledged>) {
    for answer in &answers {
        let at = usize::try_from(answer.position.0 - 1).unwrap();
        assert_eq!(events[at].metadata.command_id, answer.command);
    }
    answers.sort_by_key(|answer| answer.position);
    let mut latest_begun = i64::MIN;
    for answer in answers {
        assert!(
            answer.answered > latest_begun,
            "{} was answered before one with an earlier position was asked for",
            answer.position
        );
        latest_begun = latest_begun.max(answer.begun);
    }
}

/// Reads everything as it comes, by wake-ups, and notes each position.
async fn follow(
    ledger: Ledger,
    businesses: Vec<BusinessId>,
    over: Arc<AtomicBool>,
) -> HashMap<BusinessId, Vec<i64>> {
    let mut woken = ledger.subscribe();
    let mut seen: HashMap<_, Vec<i64>> = businesses.iter().map(|id| (*id, vec![])).collect();
    loop {
        let ending = over.load(Ordering::Relaxed);
        woken.next().await;
        loop {
            let starts: Vec<Start> = seen
                .iter()
                .map(|(business, seen)| Start {
                    business: *business,
                    after: Position(seen.last().copied().unwrap_or(0)),
                })
                .collect();
            let Ok(events) = ledger.read_many(&starts, 7).await else {
                continue;
            };
            if events.is_empty() {
                break;
            }
            for event in events {
                seen.get_mut(&event.business)
                    .unwrap()
                    .push(event.position.0);
            }
        }
        if ending {
            return seen;
        }
    }
}
