//! The projector against a real database, and against what can go wrong.

use std::time::{Duration, Instant};

use domain::event::AnyEvent;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use super::{Parked, parked};
use crate::{
    ApplyError, NotYet, Position, READ_MODELS, ReadModel,
    premises::{Applied, Premises, Running, TALLY, count, tally},
};

static ONLY_TALLY: &[&ReadModel] = &[&TALLY];
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

/// Slow enough to be killed at its work.
static SLOW: ReadModel = tally("tally", |db, batch, _| {
    let slow: Applied<'_> = Box::pin(async move {
        count(db, "tally", batch).await?;
        sqlx::query("select pg_sleep(0.01)").execute(db).await?;
        Ok(())
    });
    slow
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn takes_each_event_in_once_though_its_connections_are_killed_at_work() {
    static MODELS: &[&ReadModel] = &[&SLOW];
    let premises = Premises::new().await;
    premises.lay_tally("tally").await;
    let businesses = [
        premises.business(1, 60).await,
        premises.business(2, 60).await,
    ];
    let options = premises
        .database
        .service_options()
        .application_name("victim");
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await
        .unwrap();
    let projector = premises.projector_on(pool, MODELS, "1");
    let running = Running::start(&projector);
    let mut killed = 0_i64;
    for round in 0..40 {
        killed += sqlx::query_scalar::<_, i64>(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
              where datname = current_database() and application_name = 'victim' and state <> 'idle'",
        )
        .fetch_one(&premises.owner)
        .await
        .unwrap();
        premises.business(10 + round, 2).await;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    assert!(killed > 0, "nobody was killed at work");
    for (business, head) in premises.heads().await {
        projector
            .wait_for(business, MODELS, head, LONG)
            .await
            .unwrap();
    }
    running.stop().await;
    assert_eq!(businesses.len() + 40, premises.heads().await.len());
    premises.tallies("tally").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_businesses() {
    static MODELS: &[&ReadModel] = &[&SLOW];
    let premises = Premises::new().await;
    premises.lay_tally("tally").await;
    for seed in 0..30 {
        premises.business(seed, 5).await;
    }
    let (one, two) = (
        premises.projector(MODELS, "1"),
        premises.projector(MODELS, "1"),
    );
    let (first, second) = (Running::start(&one), Running::start(&two));
    for seed in 30..60 {
        premises.business(seed, 5).await;
    }
    for (business, head) in premises.heads().await {
        two.wait_for(business, MODELS, head, LONG).await.unwrap();
    }
    first.stop().await;
    second.stop().await;
    premises.tallies("tally").await;
    let hands: i64 = sqlx::query_scalar("select count(distinct by) from tally")
        .fetch_one(&premises.owner)
        .await
        .unwrap();
    assert!(hands > 1, "one connection did it all");
}

#[tokio::test]
async fn an_event_that_nobody_can_read_stops_its_business_alone_and_says_so() {
    let premises = Premises::new().await;
    let (sound, broken) = (
        premises.business(1, 40).await,
        premises.business(2, 40).await,
    );
    premises
        .tamper(&format!(
            "create table kept as select * from events where business_id = '{broken}' and position = 9;
             update events set payload = '{{\"no_such_event\": \"Ada Lovelace\"}}'
              where business_id = '{broken}' and position = 9"
        ))
        .await;
    let projector = premises.projector(READ_MODELS, "1");
    projector.catch_up().await.unwrap();

    let all = parked(&premises.pool).await.unwrap();
    assert_eq!(all.len(), READ_MODELS.len());
    for Parked {
        business_id,
        position,
        failed_position,
        failed_event,
        error,
        ..
    } in &all
    {
        assert_eq!(
            (*business_id, *position, *failed_position),
            (broken.0, 8, 9)
        );
        assert!(failed_event.is_some());
        assert!(
            !error.contains("Ada") && error.contains("line 1"),
            "{error}"
        );
    }
    let head = premises.ledger.head(sound).await.unwrap();
    projector
        .wait_for(sound, READ_MODELS, head, LONG)
        .await
        .unwrap();
    // It has never been whole: what there is of it is not told, and nobody waits for it.
    for position in [Position::START, Position(8), Position(9)] {
        let refused = projector
            .wait_for(broken, READ_MODELS, position, LONG)
            .await;
        assert!(
            matches!(refused, Err(NotYet::BeingBuilt { .. })),
            "{refused:?}"
        );
    }
    let lag = projector.lag().await.unwrap();
    let left = premises.ledger.head(broken).await.unwrap().0 - 8;
    assert!(
        lag.iter()
            .all(|lag| lag.parked == 1 && lag.positions == left),
        "{lag:?}"
    );

    // Put right, it is left alone by this version and taken up by the next.
    premises
        .tamper(
            "update events e set payload = k.payload from kept k
              where e.business_id = k.business_id and e.position = k.position",
        )
        .await;
    projector.catch_up().await.unwrap();
    assert_eq!(parked(&premises.pool).await.unwrap(), all);
    premises
        .tamper("update projection_apart set parked_at = parked_at - interval '1 hour'")
        .await;
    premises
        .projector(READ_MODELS, "2")
        .catch_up()
        .await
        .unwrap();
    assert_eq!(parked(&premises.pool).await.unwrap(), []);
    let head = premises.ledger.head(broken).await.unwrap();
    // What it saw of this business, it saw a moment ago.
    let patience = Instant::now() + LONG;
    while let Err(not_yet) = projector.wait_for(broken, READ_MODELS, head, LONG).await {
        assert!(Instant::now() < patience, "{not_yet:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    premises.nobody_stands_apart().await;
}

static WARY_OF_DESKS: ReadModel = ReadModel {
    tables: &["wary"],
    ..tally("wary", |db, batch, _| {
        let wary: Applied<'_> = Box::pin(async move {
            if batch
                .iter()
                .any(|event| matches!(event.event, AnyEvent::Desk(..)))
            {
                return Err(ApplyError::Misfit("no desks here".to_owned()));
            }
            count(db, "wary", batch).await
        });
        wary
    })
};

static PANICS_AT_DESKS: ReadModel = ReadModel {
    tables: &["panicky"],
    ..tally("panicky", |db, batch, _| {
        let panicky: Applied<'_> = Box::pin(async move {
            assert!(
                !batch
                    .iter()
                    .any(|event| matches!(event.event, AnyEvent::Desk(..)))
            );
            count(db, "panicky", batch).await
        });
        panicky
    })
};

#[tokio::test]
async fn a_read_model_that_refuses_an_event_stops_alone_just_before_it() {
    static MODELS: &[&ReadModel] = &[&WARY_OF_DESKS, &TALLY, &PANICS_AT_DESKS];
    let premises = Premises::new().await;
    for table in ["tally", "wary", "panicky"] {
        premises.lay_tally(table).await;
    }
    let business = premises.business(1, 30).await;
    let projector = premises.projector(MODELS, "1");
    projector.catch_up().await.unwrap();

    premises.tallies("tally").await;
    let (desk, event): (i64, Uuid) =
        sqlx::query_as("select position, event_id from events where aggregate_type = 'desk' order by position limit 1")
            .fetch_one(&premises.owner)
            .await
            .unwrap();
    let all = parked(&premises.pool).await.unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|p| {
            (
                p.read_model.as_str(),
                p.position,
                p.failed_position,
                p.failed_event,
                p.error.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "panicky",
                desk - 1,
                desk,
                Some(event),
                "panicky: its rows do not fit the event: it panicked"
            ),
            (
                "wary",
                desk - 1,
                desk,
                Some(event),
                "wary: its rows do not fit the event: no desks here"
            ),
        ]
    );
    let head = premises.ledger.head(business).await.unwrap();
    projector
        .wait_for(business, &[&TALLY], head, LONG)
        .await
        .unwrap();
    let wary: i64 = sqlx::query_scalar("select max(position) from wary")
        .fetch_one(&premises.owner)
        .await
        .unwrap();
    assert_eq!(wary, desk - 1);
}

#[tokio::test]
async fn a_missing_position_is_proof_of_tampering() {
    let premises = Premises::new().await;
    premises.lay_tally("tally").await;
    let (in_the_middle, at_the_end) = (
        premises.business(1, 20).await,
        premises.business(2, 20).await,
    );
    let end = premises.ledger.head(at_the_end).await.unwrap();
    premises
        .tamper(&format!(
            "delete from events where business_id = '{in_the_middle}' and position = 5;
             delete from events where business_id = '{at_the_end}' and position = {end}"
        ))
        .await;
    premises
        .projector(ONLY_TALLY, "1")
        .catch_up()
        .await
        .unwrap();
    let mut told: Vec<_> = parked(&premises.pool)
        .await
        .unwrap()
        .into_iter()
        .map(|p| {
            (
                p.business_id,
                p.failed_position,
                p.error.contains("tampered"),
            )
        })
        .collect();
    told.sort_unstable();
    let mut wanted = [(in_the_middle.0, 5, true), (at_the_end.0, end.0, true)];
    wanted.sort_unstable();
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn a_new_read_model_is_built_beside_the_others_and_an_older_process_leaves_it_alone() {
    static SECOND: ReadModel = ReadModel {
        tables: &["second"],
        ..tally("second", |db, batch, _| {
            Box::pin(count(db, "second", batch))
        })
    };
    static BOTH: &[&ReadModel] = &[&TALLY, &SECOND];
    let premises = Premises::new().await;
    premises.lay_tally("tally").await;
    premises.lay_tally("second").await;
    let business = premises.business(1, 200).await;
    let (old, new) = (
        premises.projector(ONLY_TALLY, "1"),
        premises.projector(BOTH, "2"),
    );
    old.catch_up().await.unwrap();
    new.catch_up().await.unwrap();
    premises.tallies("second").await;

    // The older process moves what it knows; the other read model stays where it is, also of a business that is new.
    premises.business(2, 20).await;
    let mut history = crate::random_history::RandomHistory::begin(3);
    premises.record(&mut history).await;
    old.catch_up().await.unwrap();
    premises.tallies("tally").await;
    new.catch_up().await.unwrap();
    premises.tallies("second").await;
    premises.nobody_stands_apart().await;
    let head = premises.ledger.head(business).await.unwrap();
    new.wait_for(business, BOTH, head, LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_told_as_soon_as_it_is_there_and_no_later_than_asked() {
    let premises = Premises::new().await;
    let business = premises.business(1, 5).await;
    let projector = premises.projector(READ_MODELS, "1");
    let head = premises.ledger.head(business).await.unwrap();
    let early = projector.wait_for(business, READ_MODELS, head, SHORT).await;
    assert!(matches!(early, Err(NotYet::BeingBuilt { .. })), "{early:?}");

    let running = Running::start(&projector);
    projector
        .wait_for(business, READ_MODELS, head, LONG)
        .await
        .unwrap();
    assert!(projector.is_well());
    let beyond = Position(head.0 + 1);
    let never = projector
        .wait_for(business, READ_MODELS, beyond, SHORT)
        .await;
    assert!(matches!(never, Err(NotYet::Behind { .. })), "{never:?}");
    running.stop().await;
    assert!(!projector.is_well());
}

impl Premises {
    async fn nobody_stands_apart(&self) {
        let apart: i64 = sqlx::query_scalar("select count(*) from projection_apart")
            .fetch_one(&self.owner)
            .await
            .unwrap();
        assert_eq!(apart, 0);
    }
}
