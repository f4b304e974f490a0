//! Several at once: whoever comes second learns of the first.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use ledger::{
    Append, AppendError, Attempt, BusinessId, ExecuteError, Guard, Ledger, Position, Refused,
    Version,
};
use sqlx::PgPool;

use crate::trade::{
    Counter, a_business, append, claim, command, count, counted, counter, id, minutes, seat, set,
    take,
};

/// As many processes: each has its own connections and its own queue.
async fn processes(db: &testbed::Database, count: usize) -> Vec<Ledger> {
    let mut ledgers = Vec::new();
    for _ in 0..count {
        ledgers.push(Ledger::new(db.service_pool().await, vec![]));
    }
    ledgers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_contention_no_version_is_written_twice_and_none_is_lost() {
    let db = testbed::database().await;
    let ledgers = processes(&db, 4).await;
    let (business, stream) = (a_business(), id());
    let writers = (0..32).map(|nth| {
        let ledger = ledgers[nth % 4].clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                loop {
                    let version = ledger
                        .load::<Counter>(business, stream)
                        .await
                        .unwrap()
                        .version;
                    match ledger.append(count(business, stream, version.0)).await {
                        Ok(_) => break,
                        Err(AppendError::Refused(Refused::MovedOn {
                            actual, expected, ..
                        })) => {
                            assert!(actual.unwrap() > expected);
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let loaded = ledgers[0].load::<Counter>(business, stream).await.unwrap();
    assert_eq!((loaded.state.sum, loaded.version), (160, Version(160)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_at_one_time_one_gets_it() {
    let db = testbed::database().await;
    let ledgers = processes(&db, 4).await;
    for _ in 0..5 {
        let (business, anna) = (a_business(), id());
        let all = join_all((0..64).map(|nth| {
            // Not the same start: what counts is that the times overlap.
            let wanted = take(business, id(), vec![claim(anna, nth, nth + 64)]);
            let ledger = ledgers[usize::try_from(nth).unwrap() % 4].clone();
            tokio::spawn(async move { ledger.append(wanted).await })
        }))
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = all
            .into_iter()
            .map(|one| one.unwrap())
            .partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 63));
        for refusal in lost {
            assert!(
                matches!(&refusal, Err(AppendError::Refused(Refused::TimeTaken { by, .. })) if by.len() == 1),
                "{refusal:?}"
            );
        }
        assert_eq!(ledgers[0].head(business).await.unwrap(), Position(1));
    }
}

/// Holds a business's lock as a slow append elsewhere would, until dropped or committed.
async fn lock(owner: &PgPool, business: BusinessId) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut transaction = owner.begin().await.unwrap();
    sqlx::query("select from ledger_head where business_id = $1 for update")
        .bind(business.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// Until this many calls stand in line for a head row.
async fn in_line(owner: &PgPool, wanted: i64) {
    for _ in 0..400 {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(owner)
        .await
        .unwrap();
        if waiting == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{wanted} calls should be waiting");
}

#[tokio::test]
async fn two_seats_given_back_take_in_two_who_wait() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledgers = processes(&db, 2).await;
    let (business, desk, sitting) = (a_business(), id(), id());
    append(
        &ledgers[0],
        take(
            business,
            sitting,
            vec![seat(desk, 2, 0, 60), seat(desk, 2, 30, 90)],
        ),
    )
    .await;

    let mut leaving = lock(&owner, business).await;
    let waiting: Vec<_> = ledgers
        .iter()
        .map(|ledger| {
            let (ledger, wanted) = (
                ledger.clone(),
                take(business, id(), vec![seat(desk, 2, 0, 90)]),
            );
            tokio::spawn(async move { ledger.append(wanted).await })
        })
        .collect();
    in_line(&owner, 2).await;
    sqlx::query("delete from claim where business_id = $1 and owner_id = $2")
        .bind(business.0)
        .bind(sitting)
        .execute(&mut *leaving)
        .await
        .unwrap();
    leaving.commit().await.unwrap();

    for one in join_all(waiting).await {
        one.unwrap().unwrap();
    }
    let mut seats: Vec<_> = ledgers[0]
        .busy(business, &[desk], minutes(0, 90))
        .await
        .unwrap()
        .iter()
        .map(|busy| busy.seat)
        .collect();
    seats.sort_unstable();
    assert_eq!(seats, [0, 1]);
}

#[tokio::test]
async fn in_a_group_each_sees_what_the_one_before_has_done() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, bert) = (a_business(), id(), id());
    let (a, b, c) = (id(), id(), id());
    append(&ledger, take(business, a, vec![claim(anna, 0, 30)])).await;
    append(&ledger, take(business, id(), vec![claim(bert, 60, 90)])).await;

    let elsewhere = lock(&owner, business).await;
    let first = tokio::spawn({
        let (ledger, append) = (ledger.clone(), count(business, id(), 0));
        async move { ledger.append(append).await }
    });
    in_line(&owner, 1).await;
    // These come while the first one is under way, so they wait in the process and go as one group.
    let mut moves_away = count(business, a, 1);
    moves_away.claims = vec![set(a, vec![claim(anna, 120, 150)])];
    let two_in_a_row = take(business, b, vec![claim(anna, 30, 60), claim(bert, 60, 75)]);
    let takes_the_rest = take(business, c, vec![claim(anna, 0, 60)]);
    let group = tokio::spawn({
        let ledger = ledger.clone();
        join_all([moves_away, two_in_a_row, takes_the_rest].map(|append| {
            let ledger = ledger.clone();
            async move { ledger.append(append).await }
        }))
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    elsewhere.commit().await.unwrap();

    first.await.unwrap().unwrap();
    let [moved, refused, took] = group.await.unwrap().try_into().unwrap();
    assert_eq!(moved.unwrap().last, Position(4));
    assert!(matches!(
        refused,
        Err(AppendError::Refused(Refused::TimeTaken { owner, resource, .. })) if owner == b && resource == bert
    ));
    assert_eq!(took.unwrap().last, Position(5));
    assert!(ledger.claims_of(business, &[b]).await.unwrap().is_empty());
    assert_eq!(
        ledger.load::<Counter>(business, b).await.unwrap().version,
        Version::NEW
    );
    // One transaction wrote for A and for C.
    let transactions: i64 = sqlx::query_scalar(
        "select count(distinct xmin::text) from events where business_id = $1 and position >= 4",
    )
    .bind(business.0)
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(transactions, 1);
}

#[tokio::test]
async fn in_a_group_the_catalogue_moves_for_those_who_come_after() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    append(&ledger, count(business, id(), 0)).await;
    let elsewhere = lock(&owner, business).await;
    let mut hours = count(business, id(), 0);
    hours.moves_catalogue = true;
    let decided = || {
        let mut append = count(business, id(), 0);
        append.saw_catalogue = Some(Position::START);
        append
    };
    let all = tokio::spawn(join_all(
        [count(business, id(), 0), decided(), hours, decided()].map(|append| {
            let ledger = ledger.clone();
            async move { ledger.append(append).await }
        }),
    ));
    in_line(&owner, 1).await;
    elsewhere.commit().await.unwrap();
    let [_, before, moved, after] = all.await.unwrap().try_into().unwrap();
    assert_eq!(before.unwrap().last, Position(3));
    let now = moved.unwrap().last;
    assert_eq!(
        after.unwrap_err().refused(),
        Some(&Refused::CatalogueMoved { now })
    );
    assert_eq!(ledger.catalogue_head(business).await.unwrap(), now);
    assert_eq!(ledger.head(business).await.unwrap(), now);
}

#[tokio::test]
async fn a_constraint_that_fires_in_a_group_refuses_one_and_not_the_others() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, stream) = (a_business(), id());
    append(&ledger, count(business, id(), 0)).await;
    // Something goes past the look: a trigger that plays a second writer of the same stream.
    sqlx::raw_sql(&format!(
        "create function second_writer() returns trigger language plpgsql as $$
         begin
             raise unique_violation using constraint = 'events_stream';
         end $$;
         create trigger second_writer before insert on events
         for each row when (new.aggregate_id = '{stream}') execute function second_writer()"
    ))
    .execute(&owner)
    .await
    .unwrap();

    let elsewhere = lock(&owner, business).await;
    let all = tokio::spawn(join_all([id(), id(), stream, id()].map(|stream| {
        let (ledger, append) = (ledger.clone(), count(business, stream, 0));
        async move { ledger.append(append).await }
    })));
    in_line(&owner, 1).await;
    elsewhere.commit().await.unwrap();

    let [first, before, at_fault, after] = all.await.unwrap().try_into().unwrap();
    assert_eq!(first.unwrap().last, Position(2));
    assert_eq!(before.unwrap().last, Position(3));
    assert_eq!(
        at_fault.unwrap_err().refused(),
        Some(&Refused::MovedOn {
            stream: counter(stream),
            expected: Version::NEW,
            actual: None
        })
    );
    assert_eq!(after.unwrap().last, Position(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_and_a_claim_at_one_moment_never_both_pass() {
    let db = testbed::database().await;
    let ledgers = processes(&db, 2).await;
    let (mut absences, mut claims) = (0, 0);
    for _ in 0..40 {
        let (business, anna) = (a_business(), id());
        let mut hours = count(business, id(), 0);
        hours.moves_catalogue = true;
        let seen = append(&ledgers[0], hours).await.last;

        let mut absence = count(business, id(), 0);
        absence.moves_catalogue = true;
        absence.guards.push(Guard {
            resources: vec![anna],
            ranges: vec![minutes(0, 600)],
        });
        let mut wanted = take(business, id(), vec![claim(anna, 30, 60)]);
        wanted.saw_catalogue = Some(seen);
        let (absence, wanted) = tokio::join!(
            tokio::spawn({
                let ledger = ledgers[0].clone();
                async move { ledger.append(absence).await }
            }),
            tokio::spawn({
                let ledger = ledgers[1].clone();
                async move { ledger.append(wanted).await }
            }),
        );
        match (absence.unwrap(), wanted.unwrap()) {
            (Ok(moved), Err(AppendError::Refused(Refused::CatalogueMoved { now }))) => {
                assert_eq!(now, moved.last);
                absences += 1;
            }
            (Err(AppendError::Refused(Refused::Guarded { by })), Ok(_)) => {
                assert_eq!(by[0].body, minutes(30, 60));
                claims += 1;
            }
            other => panic!("one of the two should have learnt of the other: {other:?}"),
        }
    }
    assert_eq!(absences + claims, 40);
}

#[tokio::test]
async fn what_was_decided_on_a_catalogue_that_moved_is_decided_again() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let stream = id();
    let attempts = Mutex::new(Vec::new());
    let appended = ledger
        .execute(async |attempt: Attempt| {
            let saw = ledger.catalogue_head(business).await?;
            if attempt.number == 1 {
                // Somebody changes the hours between our look and our append.
                let mut hours = count(business, id(), 0);
                hours.moves_catalogue = true;
                append(&ledger, hours).await;
            }
            attempts.lock().unwrap().push(attempt.after);
            let mut decision = count(business, stream, 0);
            decision.saw_catalogue = Some(saw);
            Ok::<_, ledger::ReadError>(decision)
        })
        .await
        .unwrap();
    let attempts = attempts.into_inner().unwrap();
    assert_eq!(appended.last, Position(2));
    assert_eq!(
        attempts,
        [None, Some(Refused::CatalogueMoved { now: Position(1) })]
    );
}

#[tokio::test]
async fn a_stream_that_keeps_moving_is_a_conflict_after_five_attempts() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, stream) = (a_business(), id());
    let attempts = AtomicU32::new(0);
    let result = ledger
        .execute(async |attempt: Attempt| {
            attempts.store(attempt.number, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(count(business, stream, 99))
        })
        .await;
    assert!(matches!(
        result,
        Err(ExecuteError::Append(AppendError::Refused(
            Refused::MovedOn { .. }
        )))
    ));
    assert_eq!(attempts.into_inner(), 5);
}

#[tokio::test]
async fn deciding_can_be_spawned() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, stream) = (a_business(), id());
    let deciding = async move {
        let decide = async |_| {
            let loaded = ledger.load::<Counter>(business, stream).await?;
            Ok::<_, ledger::LoadError>(count(business, stream, loaded.version.0))
        };
        ledger.execute(decide).await
    };
    let appended = tokio::spawn(deciding).await.unwrap().unwrap();
    assert_eq!(appended.last, Position(1));
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_nobody_along() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    append(&ledger, count(business, id(), 0)).await;
    let elsewhere = lock(&owner, business).await;
    let gone = tokio::spawn({
        let (ledger, append) = (ledger.clone(), count(business, id(), 0));
        async move { ledger.append(append).await }
    });
    in_line(&owner, 1).await;
    gone.abort();
    let next = tokio::spawn({
        let (ledger, append) = (ledger.clone(), count(business, id(), 0));
        async move { ledger.append(append).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    elsewhere.commit().await.unwrap();
    assert_eq!(next.await.unwrap().unwrap().last, Position(3));
}

#[tokio::test]
async fn a_clock_set_back_never_shows() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    append(&ledger, count(business, id(), 0)).await;
    // The last event was recorded by a clock that ran an hour ahead.
    let ahead: jiff_sqlx::Timestamp = sqlx::query_scalar(
        "update ledger_head set recorded_at = recorded_at + interval '1 hour' returning recorded_at",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    append(&ledger, count(business, id(), 0)).await;
    append(&ledger, count(business, id(), 0)).await;
    let recorded: Vec<Timestamp> = ledger
        .read(business, Position(1), 10)
        .await
        .unwrap()
        .iter()
        .map(|event| event.recorded_at)
        .collect();
    assert_eq!(recorded, [ahead.to_jiff(); 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_lets_waiting_commands_through() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let bulk = || {
        let mut append = Append::new(business, command());
        append.streams.push(crate::trade::write(id(), 0));
        append.streams[0].events = vec![counted(1); ledger::MAX_EVENTS];
        append
    };
    let import: Vec<_> = (0..8)
        .map(|_| {
            let (ledger, append) = (ledger.clone(), bulk());
            async move { ledger.append(append).await.map(|done| done.last) }
        })
        .collect();
    // One after another, as an import does; a command comes in the middle.
    let importer = tokio::spawn(async move {
        let mut last = Vec::new();
        for append in import {
            last.push(append.await.unwrap());
        }
        last
    });
    let mut woken = ledger.subscribe();
    while ledger.head(business).await.unwrap() < Position(500) {
        woken.next().await;
    }
    let command = append(&ledger, count(business, id(), 0)).await.last;
    let last = importer.await.unwrap();
    assert_eq!(last.last(), Some(&Position(4_001)));
    assert!(command < Position(4_001), "the command came last of all");
}

#[tokio::test]
async fn a_lock_held_for_too_long_is_told_to_all_who_wait_and_nothing_is_written() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    append(&ledger, count(business, id(), 0)).await;
    let elsewhere = lock(&owner, business).await;
    let begun = Instant::now();
    let all = join_all((0..20).map(|_| ledger.append(count(business, id(), 0)))).await;
    // The first alone, the others together: two waits, not twenty.
    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
    for one in all {
        assert!(matches!(one, Err(AppendError::Unavailable(_))), "{one:?}");
    }
    elsewhere.commit().await.unwrap();
    assert_eq!(ledger.head(business).await.unwrap(), Position(1));
    append(&ledger, count(business, id(), 0)).await;
}
