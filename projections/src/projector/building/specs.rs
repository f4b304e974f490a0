//! What has never been whole is not told; what was whole once goes on being told, however far behind.

use std::time::Duration;

use crate::{
    BusinessId, NotYet, Position, Projector, ReadModel,
    premises::{Premises, TALLY, count, tally},
    projector::{parked, register},
    random_history::RandomHistory,
    rebuild::Progress,
};

static NEW: ReadModel = ReadModel {
    tables: &["fresh"],
    ..tally("fresh", |db, batch, _| Box::pin(count(db, "fresh", batch)))
};
static OLD_ONES: &[&ReadModel] = &[&TALLY];
static NEW_ONES: &[&ReadModel] = &[&NEW];
static ALL: &[&ReadModel] = &[&TALLY, &NEW];
/// As many events as the premises' projectors take in at a time, of one business.
const A_BATCH: usize = 64;
const AT_ONCE: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(60);

async fn premises() -> Premises {
    let premises = Premises::new().await;
    premises.lay_tally("tally").await;
    premises.lay_tally("fresh").await;
    premises
}

/// What a query is told that reads this read model, and asks for no position.
async fn asked(projector: &Projector, business: BusinessId, model: &'static ReadModel) -> Told {
    let told = projector
        .wait_for(business, &[model], Position::START, AT_ONCE)
        .await;
    match told {
        Ok(()) => Told::Whole,
        Err(NotYet::BeingBuilt { read_model }) => {
            assert_eq!(read_model, model.name);
            Told::NotYet
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Whole,
    NotYet,
}

/// One batch of a process.
async fn a_batch(projector: &Projector, business: BusinessId) {
    let feed = &projector.inner.feed;
    feed.take_in(&[business], A_BATCH).await.unwrap();
}

/// How many positions of a business a table holds.
async fn holds(premises: &Premises, table: &str, business: BusinessId) -> i64 {
    let count = format!("select count(*) from {table} where business_id = $1");
    sqlx::query_scalar(&count)
        .bind(business.0)
        .fetch_one(&premises.owner)
        .await
        .unwrap()
}

/// Long enough that what a process has seen is not told again.
async fn a_moment() {
    tokio::time::sleep(super::LOOKS * 2).await;
}

#[tokio::test]
async fn a_new_read_model_is_not_told_until_it_has_met_the_others() {
    let premises = premises().await;
    let business = premises.business(1, 200).await;
    premises.projector(OLD_ONES, "1").catch_up().await.unwrap();
    let (new, behind_the_door) = (premises.projector(ALL, "2"), premises.projector(ALL, "2"));

    // Not even known to the database: the process that feeds it may not have been started.
    assert_eq!(asked(&behind_the_door, business, &NEW).await, Told::NotYet);
    assert_eq!(asked(&behind_the_door, business, &TALLY).await, Told::Whole);
    assert_eq!(behind_the_door.being_built().await.unwrap(), ["fresh"]);

    register(&premises.pool, ALL).await.unwrap();
    let head = premises.ledger.head(business).await.unwrap().0;
    let mut batches = 0;
    while holds(&premises, "fresh", business).await < head {
        for process in [&new, &behind_the_door] {
            a_moment().await;
            assert_eq!(asked(process, business, &NEW).await, Told::NotYet);
            assert_eq!(asked(process, business, &TALLY).await, Told::Whole);
            // Nor up to a position that it has passed.
            let early = process
                .wait_for(business, &[&NEW], Position(1), AT_ONCE)
                .await;
            assert!(matches!(early, Err(NotYet::BeingBuilt { .. })), "{early:?}");
        }
        a_batch(&new, business).await;
        batches += 1;
    }
    assert!(batches > 2, "it was never seen half built");
    a_moment().await;
    for process in [&new, &behind_the_door] {
        assert_eq!(asked(process, business, &NEW).await, Told::Whole);
        assert_eq!(process.being_built().await.unwrap(), Vec::<&str>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_meanwhile_is_answered_as_soon_as_it_is_whole() {
    let premises = premises().await;
    let business = premises.business(1, 200).await;
    premises.projector(OLD_ONES, "1").catch_up().await.unwrap();
    let new = premises.projector(ALL, "2");
    let asking = new.wait_for(business, NEW_ONES, Position::START, LONG);
    let (answered, built) = tokio::join!(asking, new.catch_up());
    built.unwrap();
    answered.unwrap();
    premises.tallies("fresh").await;
}

#[tokio::test]
async fn a_business_that_comes_with_a_long_past_is_not_told_until_all_of_it_is_there() {
    let premises = premises().await;
    let (large, small) = (
        premises.business(1, 200).await,
        premises.business(2, 1).await,
    );
    let projector = premises.projector(ALL, "1");
    register(&premises.pool, ALL).await.unwrap();
    assert_eq!(asked(&projector, large, &TALLY).await, Told::NotYet);
    for business in [large, small] {
        a_batch(&projector, business).await;
    }
    a_moment().await;
    assert_eq!(asked(&projector, large, &TALLY).await, Told::NotYet);
    assert_eq!(asked(&projector, small, &TALLY).await, Told::Whole);
    // Another process, started while it is going on, knows as well.
    let later = premises.projector(ALL, "1");
    assert_eq!(asked(&later, large, &NEW).await, Told::NotYet);
    assert_eq!(later.being_built().await.unwrap(), ["tally", "fresh"]);

    projector.catch_up().await.unwrap();
    a_moment().await;
    assert_eq!(asked(&projector, large, &TALLY).await, Told::Whole);
    assert_eq!(later.being_built().await.unwrap(), Vec::<&str>::new());
}

#[tokio::test]
async fn what_was_whole_once_is_told_however_far_behind() {
    let premises = premises().await;
    let mut history = RandomHistory::begin(1);
    history.goes_on(0..2);
    premises.record(&mut history).await;
    let business = history.business();
    let projector = premises.projector(ALL, "1");
    projector.catch_up().await.unwrap();
    assert_eq!(asked(&projector, business, &TALLY).await, Told::Whole);

    history.goes_on((0..300).map(|n| n * 7_919));
    premises.record(&mut history).await;
    a_batch(&projector, business).await;
    let lag = projector.lag().await.unwrap();
    assert!(lag.iter().all(|lag| lag.positions > 0), "{lag:?}");
    let restarted = premises.projector(ALL, "1");
    for process in [&projector, &restarted] {
        assert_eq!(asked(process, business, &TALLY).await, Told::Whole);
        // Who waits for a position still waits for it.
        let head = premises.ledger.head(business).await.unwrap();
        let behind = process.wait_for(business, ALL, head, AT_ONCE).await;
        assert!(matches!(behind, Err(NotYet::Behind { .. })), "{behind:?}");
    }
}

#[tokio::test]
async fn who_is_opened_while_another_business_is_built_is_told_at_once() {
    let premises = premises().await;
    let business = premises.business(1, 200).await;
    premises.projector(OLD_ONES, "1").catch_up().await.unwrap();
    let projector = premises.projector(ALL, "2");
    register(&premises.pool, ALL).await.unwrap();
    assert_eq!(asked(&projector, business, &NEW).await, Told::NotYet);
    let opened = premises.business(2, 1).await;
    a_moment().await;
    assert_eq!(asked(&projector, business, &NEW).await, Told::NotYet);
    assert_eq!(asked(&projector, opened, &NEW).await, Told::Whole);
}

#[tokio::test]
async fn parked_before_it_was_whole_it_is_not_told_until_it_was_built_without_a_fault() {
    let premises = premises().await;
    let business = premises.business(1, 200).await;
    premises.projector(OLD_ONES, "1").catch_up().await.unwrap();
    premises
        .tamper(
            "create table kept as select * from events where position = 100;
             update events set payload = '{}' where position = 100",
        )
        .await;
    let projector = premises.projector(ALL, "2");
    projector.catch_up().await.unwrap();
    assert_eq!(parked(&premises.pool).await.unwrap().len(), 1);
    // Nobody waits for what does not come.
    let never = projector.wait_for(business, NEW_ONES, Position::START, LONG);
    assert!(matches!(never.await, Err(NotYet::BeingBuilt { .. })));
    assert_eq!(asked(&projector, business, &TALLY).await, Told::Whole);

    let quiet = |_: Progress| ();
    let rebuild = premises.rebuild();
    rebuild.one(business, &[&NEW], &quiet).await.unwrap();
    a_moment().await;
    assert_eq!(asked(&projector, business, &NEW).await, Told::NotYet);

    premises
        .tamper("update events e set payload = k.payload from kept k where e.position = 100")
        .await;
    rebuild.one(business, &[&NEW], &quiet).await.unwrap();
    a_moment().await;
    assert_eq!(asked(&projector, business, &NEW).await, Told::Whole);
    premises.tallies("fresh").await;

    // Whole once, it is told though it is parked later: what it holds is old, not partial.
    let mut history = RandomHistory::begin(7);
    premises.record(&mut history).await;
    let business = history.business();
    projector.catch_up().await.unwrap();
    let whole = premises.ledger.head(business).await.unwrap();
    history.goes_on(0..20);
    premises.record(&mut history).await;
    let next = Position(whole.0 + 1);
    premises
        .tamper(&format!(
            "update events set payload = '{{}}' where business_id = '{business}' and position = {next}"
        ))
        .await;
    projector.catch_up().await.unwrap();
    assert_eq!(asked(&projector, business, &NEW).await, Told::Whole);
    let stands = projector.wait_for(business, ALL, next, LONG).await;
    assert!(
        matches!(stands, Err(NotYet::Parked { at, .. }) if at == whole),
        "{stands:?}"
    );
}

#[tokio::test]
async fn a_rebuild_makes_whole_what_was_being_built() {
    let premises = premises().await;
    let business = premises.business(1, 200).await;
    premises.projector(OLD_ONES, "1").catch_up().await.unwrap();
    let projector = premises.projector(ALL, "2");
    register(&premises.pool, ALL).await.unwrap();
    assert_eq!(asked(&projector, business, &NEW).await, Told::NotYet);
    let quiet = |_: Progress| ();
    premises.rebuild().all(&[&NEW], &quiet).await.unwrap();
    a_moment().await;
    assert_eq!(asked(&projector, business, &NEW).await, Told::Whole);
    premises.tallies("fresh").await;

    // One alone, of businesses that nobody has fed: the others are being built still.
    let unfed = premises.business(2, 200).await;
    premises.rebuild().all(&[&NEW], &quiet).await.unwrap();
    let later = premises.projector(ALL, "2");
    assert_eq!(asked(&later, unfed, &NEW).await, Told::Whole);
    assert_eq!(asked(&later, unfed, &TALLY).await, Told::NotYet);
    projector.catch_up().await.unwrap();
    a_moment().await;
    assert_eq!(asked(&later, unfed, &TALLY).await, Told::Whole);
}
