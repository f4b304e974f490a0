//! Rebuilt equals live, row for row, for every read model that there is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proptest::{prelude::*, test_runner::TestCaseError};

use tokio::sync::Notify;

use super::{Progress, Rebuild, RebuildError, Rebuilt, older, outdated, unfinished};
use crate::{
    READ_MODELS,
    premises::{Premises, Running},
    projector::parked,
    random_history::RandomHistory,
};

fn quiet(_: Progress) {}

/// For each business a seed and what is chosen, in stretches between which the live projector catches up.
fn histories() -> impl Strategy<Value = Vec<(u64, Vec<Vec<u64>>)>> {
    let stretch = prop::collection::vec(any::<u64>(), 0..60);
    let choices = prop::collection::vec(stretch, 1..5);
    prop::collection::vec((any::<u64>(), choices), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn rebuilt_equals_live_row_for_row(histories in histories()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(rebuilt_equals_live(histories))?;
    }
}

async fn rebuilt_equals_live(histories: Vec<(u64, Vec<Vec<u64>>)>) -> Result<(), TestCaseError> {
    let premises = Premises::new().await;
    let projector = premises.projector(READ_MODELS, "1");
    let mut businesses: Vec<_> = histories
        .into_iter()
        .map(|(seed, stretches)| (RandomHistory::begin(seed), stretches.into_iter()))
        .collect();
    let mut going_on = true;
    while going_on {
        going_on = false;
        for (history, stretches) in &mut businesses {
            if let Some(stretch) = stretches.next() {
                history.goes_on(stretch);
                going_on = true;
            }
            premises.record(history).await;
        }
        projector.catch_up().await.unwrap();
    }
    prop_assert_eq!(parked(&premises.pool).await.unwrap(), vec![]);
    let live = premises.rows(READ_MODELS).await;

    let rebuild = premises.rebuild();
    let Rebuilt { parked, .. } = rebuild.all(READ_MODELS, &quiet).await.unwrap();
    prop_assert_eq!(parked, 0);
    prop_assert_eq!(&premises.rows(READ_MODELS).await, &live);

    let business = businesses[0].0.business();
    rebuild.one(business, READ_MODELS, &quiet).await.unwrap();
    prop_assert_eq!(&premises.rows(READ_MODELS).await, &live);

    // Of the erased nothing is left, and nothing else changes by it twice.
    premises
        .tamper("update person_key set wrapped = null, destroyed_at = clock_timestamp()")
        .await;
    let Rebuilt { parked, .. } = rebuild.all(READ_MODELS, &quiet).await.unwrap();
    prop_assert_eq!(parked, 0);
    let erased = premises.rows(READ_MODELS).await;
    for (table, rows) in &erased {
        for word in [
            "Ada",
            "Lovelace",
            "Шевченко",
            "henna",
            "fönsterplats",
            "+48600",
            "@example.com",
            "lovelace",
        ] {
            prop_assert!(
                !rows.iter().any(|row| row.contains(word)),
                "{word} is left in {table}"
            );
        }
    }
    rebuild.one(business, READ_MODELS, &quiet).await.unwrap();
    prop_assert_eq!(&premises.rows(READ_MODELS).await, &erased);
    Ok(())
}

/// Everything that makes a table what it is, but for its rows.
async fn shape(premises: &Premises) -> Vec<String> {
    sqlx::query_scalar(
        "select told from (
             select indexdef as told from pg_indexes where schemaname = 'public'
             union all
             select format('%s %s %s %s', table_name, column_name, data_type, is_nullable)
               from information_schema.columns where table_schema = 'public'
             union all
             select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
              where connamespace = 'public'::regnamespace
             union all
             select format('%s %s %s', table_name, grantee, privilege_type)
               from information_schema.role_table_grants where table_schema = 'public' and grantee = 'daybook_service'
             union all
             select format('%s %s', relname, reloptions) from pg_class where relnamespace = 'public'::regnamespace
         ) t order by told",
    )
    .fetch_all(&premises.owner)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_and_writers_go_on_while_everything_is_rebuilt() {
    let premises = Premises::new().await;
    for seed in 0..5 {
        premises.business(seed, 60).await;
    }
    let projector = premises.projector(READ_MODELS, "1");
    projector.catch_up().await.unwrap();
    let before = shape(&premises).await;
    let running = Running::start(&projector);

    let (over, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let rebuilding = async {
        for _ in 0..3 {
            premises.rebuild().all(READ_MODELS, &quiet).await.unwrap();
        }
        over.store(true, Ordering::Relaxed);
    };
    let writing = async {
        let mut history = RandomHistory::begin(99);
        let mut choices = 0_u64..;
        while !over.load(Ordering::Relaxed) {
            history.goes_on(choices.by_ref().take(3));
            premises.record(&mut history).await;
        }
    };
    let reading = async {
        while !over.load(Ordering::Relaxed) {
            let bookings: i64 = sqlx::query_scalar("select count(*) from calendar_booking")
                .fetch_one(&premises.pool)
                .await
                .unwrap();
            assert!(bookings > 0, "an empty table was seen");
            reads.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(rebuilding, writing, reading);
    assert!(reads.load(Ordering::Relaxed) > 10);
    for (business, head) in premises.heads().await {
        let long = std::time::Duration::from_secs(60);
        projector
            .wait_for(business, READ_MODELS, head, long)
            .await
            .unwrap();
    }
    running.stop().await;
    assert_eq!(shape(&premises).await, before);
    let live = premises.rows(READ_MODELS).await;
    premises.rebuild().all(READ_MODELS, &quiet).await.unwrap();
    assert_eq!(premises.rows(READ_MODELS).await, live);
}

#[tokio::test]
async fn builds_from_nothing_before_any_projector_ran_and_the_projector_goes_on_from_there() {
    let premises = Premises::new().await;
    for seed in 0..3 {
        premises.business(seed, 40).await;
    }
    let most = AtomicU64::new(0);
    let told = |progress: Progress| {
        assert!(progress.done <= progress.total);
        most.fetch_max(progress.done, Ordering::Relaxed);
    };
    let rebuilt = premises.rebuild().all(READ_MODELS, &told).await.unwrap();
    assert_eq!(rebuilt.businesses, 3);
    assert_eq!(most.load(Ordering::Relaxed), rebuilt.events);
    let rows = premises.rows(READ_MODELS).await;
    let projector = premises.projector(READ_MODELS, "1");
    projector.catch_up().await.unwrap();
    assert_eq!(premises.rows(READ_MODELS).await, rows);

    // One read model alone, while the others are behind.
    premises.business(7, 30).await;
    let calendar = super::named("calendar").unwrap();
    premises.rebuild().all(&[calendar], &quiet).await.unwrap();
    projector.catch_up().await.unwrap();
    premises.rebuild().all(READ_MODELS, &quiet).await.unwrap();
    let rebuilt = premises.rows(READ_MODELS).await;
    projector.catch_up().await.unwrap();
    assert_eq!(premises.rows(READ_MODELS).await, rebuilt);
}

#[tokio::test]
async fn a_broken_event_stops_a_rebuild_no_more_than_the_live_work() {
    let premises = Premises::new().await;
    let (sound, broken) = (
        premises.business(1, 40).await,
        premises.business(2, 40).await,
    );
    premises
        .tamper(&format!(
            "create table kept as select * from events where business_id = '{broken}' and position = 9;
             update events set payload = '{{}}' where business_id = '{broken}' and position = 9"
        ))
        .await;
    let projector = premises.projector(READ_MODELS, "1");
    projector.catch_up().await.unwrap();
    let live = premises.rows(READ_MODELS).await;
    let all = u64::try_from(READ_MODELS.len()).unwrap();
    assert_eq!(
        premises
            .rebuild()
            .all(READ_MODELS, &quiet)
            .await
            .unwrap()
            .parked,
        all
    );
    assert_eq!(premises.rows(READ_MODELS).await, live);
    assert_eq!(
        premises
            .rebuild()
            .one(broken, READ_MODELS, &quiet)
            .await
            .unwrap()
            .parked,
        all
    );
    assert_eq!(
        premises
            .rebuild()
            .one(sound, READ_MODELS, &quiet)
            .await
            .unwrap()
            .parked,
        0
    );
    assert_eq!(premises.rows(READ_MODELS).await, live);

    // Put right and rebuilt, nothing is parked any more.
    premises
        .tamper(
            "update events e set payload = k.payload from kept k
              where e.business_id = k.business_id and e.position = k.position",
        )
        .await;
    premises
        .rebuild()
        .one(broken, READ_MODELS, &quiet)
        .await
        .unwrap();
    assert_eq!(parked(&premises.pool).await.unwrap(), []);
    let rows = premises.rows(READ_MODELS).await;
    assert_ne!(rows, live);
    premises.rebuild().all(READ_MODELS, &quiet).await.unwrap();
    assert_eq!(premises.rows(READ_MODELS).await, rows);
}

#[tokio::test]
async fn a_business_without_a_ledger_is_none() {
    let premises = Premises::new().await;
    let nobody = crate::BusinessId(uuid::Uuid::from_u128(404));
    let refused = premises.rebuild().one(nobody, READ_MODELS, &quiet).await;
    assert!(
        matches!(refused, Err(RebuildError::NoSuchBusiness(_))),
        "{refused:?}"
    );
}

/// Rebuilds, and breaks off once so much is done: whatever runs for it ends with it.
async fn killed_after(premises: &Premises, percent: u64) {
    let (rebuild, far) = (premises.rebuild(), Notify::new());
    let told = |progress: Progress| {
        if progress.done * 100 > progress.total * percent {
            far.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = far.notified() => {}
        rebuilt = rebuild.all(READ_MODELS, &told) => panic!("it was not killed in time: {rebuilt:?}"),
    }
}

/// Rebuilds, once the server has noticed that who was killed is gone; tells how much was done when it began.
async fn rebuilt_after(rebuild: &Rebuild) -> u64 {
    loop {
        let first = AtomicU64::new(u64::MAX);
        let told = |progress: Progress| {
            first.fetch_min(progress.done, Ordering::Relaxed);
        };
        match rebuild.all(READ_MODELS, &told).await {
            Err(RebuildError::UnderWay) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await
            }
            rebuilt => {
                assert_eq!(rebuilt.unwrap().parked, 0);
                return first.into_inner();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_killed_on_the_way_is_gone_on_with() {
    let premises = Premises::new().await;
    for seed in 0..3 {
        premises.business(seed, 200).await;
    }
    let projector = premises.projector(READ_MODELS, "1");
    projector.catch_up().await.unwrap();
    let live = premises.rows(READ_MODELS).await;

    killed_after(&premises, 40).await;
    assert_eq!(
        premises.rows(READ_MODELS).await,
        live,
        "the live ones are as they were"
    );
    assert_eq!(
        unfinished(&premises.owner).await.unwrap().len(),
        READ_MODELS.len()
    );

    // Meanwhile the business goes on.
    premises.business(9, 60).await;
    projector.catch_up().await.unwrap();
    let live = premises.rows(READ_MODELS).await;
    let done_before = rebuilt_after(&premises.rebuild()).await;
    assert!(done_before > 0, "it began anew");
    assert_eq!(premises.rows(READ_MODELS).await, live);
    assert_eq!(
        unfinished(&premises.owner).await.unwrap(),
        Vec::<String>::new()
    );

    // What is through is not gone on with.
    assert_eq!(rebuilt_after(&premises.rebuild()).await, 0);
    assert_eq!(premises.rows(READ_MODELS).await, live);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_killed_is_begun_anew_once_somebody_was_erased() {
    let premises = Premises::new().await;
    for seed in 0..3 {
        premises.business(seed, 200).await;
    }
    premises
        .projector(READ_MODELS, "1")
        .catch_up()
        .await
        .unwrap();
    killed_after(&premises, 40).await;
    premises
        .tamper("update person_key set wrapped = null, destroyed_at = clock_timestamp()")
        .await;
    let rebuild = premises.rebuild();
    assert_eq!(rebuilt_after(&rebuild).await, 0);
    let erased = premises.rows(READ_MODELS).await;
    rebuild.forget(READ_MODELS).await.unwrap();
    rebuild.all(READ_MODELS, &quiet).await.unwrap();
    assert_eq!(premises.rows(READ_MODELS).await, erased);
}

#[tokio::test]
async fn what_an_older_version_built_is_named_until_it_is_rebuilt() {
    let premises = Premises::new().await;
    premises.business(1, 40).await;
    let names = |models: Vec<&'static crate::ReadModel>| -> Vec<&str> {
        models.into_iter().map(|model| model.name).collect()
    };
    assert_eq!(
        names(older(&premises.pool).await.unwrap()),
        Vec::<&str>::new()
    );
    assert_eq!(
        outdated(&premises.pool).await.unwrap().len(),
        READ_MODELS.len()
    );
    let projector = premises.projector(READ_MODELS, "1");
    projector.catch_up().await.unwrap();
    let live = premises.rows(READ_MODELS).await;
    premises
        .tamper("update read_model set version = version - 1 where name in ('calendar', 'till')")
        .await;
    let models = older(&premises.pool).await.unwrap();
    assert_eq!(names(models.clone()), ["calendar", "till"]);
    premises.rebuild().all(&models, &quiet).await.unwrap();
    assert_eq!(
        names(outdated(&premises.pool).await.unwrap()),
        Vec::<&str>::new()
    );
    assert_eq!(premises.rows(READ_MODELS).await, live);
}
