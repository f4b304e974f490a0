//! Stream and database have come apart: one knows more than the other, or it is another one.

use std::time::{Duration, Instant};

use async_nats::jetstream::stream::Config;
use herald::{Difference, STREAM, lag};

use crate::scene::{Scene, a_business};

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_deleted_is_published_again_from_the_start() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let (one, other) = (a_business(), a_business());
    let herald = scene.herald().await;
    scene.record(one, 10).await;
    scene.record(other, 10).await;
    scene.until_published().await;
    scene.delete_stream().await;
    scene.record(one, 1).await;
    scene.until_published().await;
    scene.assert_whole().await;

    // And where nothing happens for a while.
    scene.delete_stream().await;
    let jetstream = scene.jetstream().await;
    let began = Instant::now();
    loop {
        let stream = jetstream.get_stream(STREAM).await;
        if stream.is_ok_and(|stream| stream.cached_info().state.messages == 21) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nobody noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_holds_and_the_database_forgot_is_not_told_twice() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let (one, other) = (a_business(), a_business());
    let herald = scene.herald().await;
    scene.record(one, 5).await;
    scene.until_published().await;
    let before: (i64, Option<String>) =
        sqlx::query_as("select sequence, message_id from herald_stream")
            .fetch_one(&scene.pool)
            .await
            .unwrap();
    scene.record(one, 5).await;
    scene.record(other, 5).await;
    scene.until_published().await;
    herald.stop().await;

    // Acknowledged, but the last word to the database was lost, and JetStream's window is over.
    scene.forget_ids().await;
    sqlx::query("update herald_stream set sequence = $1, message_id = $2")
        .bind(before.0)
        .bind(before.1)
        .execute(&scene.pool)
        .await
        .unwrap();
    sqlx::query("update herald_position set position = 5, sequence = 5 where business_id = $1")
        .bind(one.0)
        .execute(&scene.pool)
        .await
        .unwrap();
    sqlx::query("delete from herald_position where business_id = $1")
        .bind(other.0)
        .execute(&scene.pool)
        .await
        .unwrap();
    let herald = scene.herald().await;
    scene.until_published().await;
    scene.record(one, 1).await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;

    // All of it: as after bringing a log into an empty database.
    scene.forget_ids().await;
    sqlx::query("delete from herald_position")
        .execute(&scene.pool)
        .await
        .unwrap();
    sqlx::query("delete from herald_stream")
        .execute(&scene.pool)
        .await
        .unwrap();
    let herald = scene.herald().await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_has_lost_its_end_gets_it_again() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let (one, other) = (a_business(), a_business());
    let herald = scene.herald().await;
    scene.record(one, 10).await;
    scene.until_published().await;
    herald.stop().await;
    // The server is stopped, its files are kept, and what it writes afterwards is lost with them.
    let kept = scene.copy_of_nats().await;
    let herald = scene.herald().await;
    scene.record(one, 10).await;
    scene.record(other, 3).await;
    scene.until_published().await;
    scene.put_back(&kept).await;
    scene.record(other, 1).await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_set_back_is_told_of_and_goes_on_after_the_stream() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let business = a_business();
    let herald = scene.herald().await;
    scene.record(business, 5).await;
    scene.until_published().await;
    herald.stop().await;
    scene.set_back(business, 3).await;
    scene.forget_ids().await;
    let herald = scene.herald().await;
    scene.record(business, 2).await;
    scene.until_published().await;
    assert_eq!(lag(&scene.pool).await.unwrap().forked, 1);
    let messages = scene.messages().await;
    assert_eq!(messages.len(), 7, "nothing that is recorded is skipped");
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_somebody_elses_making_is_left_as_it_is() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let jetstream = scene.jetstream().await;
    let theirs = Config {
        name: STREAM.to_owned(),
        subjects: vec!["daybook.>".to_owned()],
        max_messages: 1_000,
        ..Config::default()
    };
    jetstream.create_stream(theirs).await.unwrap();
    let herald = scene.herald().await;
    scene.record(a_business(), 3).await;
    scene.until_published().await;
    let stream = jetstream.get_stream(STREAM).await.unwrap();
    assert_eq!(stream.cached_info().config.max_messages, 1_000);
    assert_eq!(
        herald::differences(&stream.cached_info().config).weaker,
        [Difference::Limits("max_msgs")]
    );
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_for_somebody_elses_stream_holds_up_its_own_business_alone() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let jetstream = scene.jetstream().await;
    let theirs = Config {
        name: STREAM.to_owned(),
        subjects: vec!["daybook.>".to_owned()],
        max_message_size: 8_192,
        ..Config::default()
    };
    jetstream.create_stream(theirs).await.unwrap();
    let (large, small) = (a_business(), a_business());
    let mut append = crate::scene::append(large, 1);
    let long = serde_json::json!({"counted": {"by": 1, "label": "x".repeat(10_000)}});
    append.streams[0].events[0].payload = serde_json::value::to_raw_value(&long).unwrap();
    scene.ledger.append(append).await.unwrap();
    let herald = scene.herald().await;
    scene.record(small, 5).await;
    let began = Instant::now();
    while lag(&scene.pool).await.unwrap().events > 1 {
        assert!(began.elapsed() < Duration::from_secs(30), "the others wait");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let stream = jetstream.get_stream(STREAM).await.unwrap();
    assert_eq!(
        herald::differences(&stream.cached_info().config).weaker,
        [Difference::Size(8_192)]
    );
    let told = scene.messages().await;
    assert!(told.iter().all(|one| crate::scene::event(one).0 == small));
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_past_a_stream_that_does_not_take_it() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let jetstream = scene.jetstream().await;
    let theirs = Config {
        name: STREAM.to_owned(),
        subjects: vec!["other.>".to_owned()],
        ..Config::default()
    };
    jetstream.create_stream(theirs).await.unwrap();
    let herald = scene.herald().await;
    scene.record(a_business(), 3).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(lag(&scene.pool).await.unwrap().events, 3);
    // An operator mends it.
    scene.delete_stream().await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_writes_to_the_stream_as_well_holds_nobody_up() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let business = a_business();
    let herald = scene.herald().await;
    let jetstream = scene.jetstream().await;
    for n in 0..10 {
        scene.record(business, 5).await;
        if n > 0 {
            let ack = jetstream
                .publish("daybook.somebody.else.wrote", "x".into())
                .await;
            ack.unwrap().await.unwrap();
        }
        scene.until_published().await;
    }
    let ours = scene.messages().await;
    let ours = ours
        .iter()
        .filter(|message| message.headers.get("ce-id").is_some());
    let positions: Vec<i64> = ours
        .map(|message| crate::scene::event(message).1.0)
        .collect();
    assert_eq!(positions, (1..=50).collect::<Vec<_>>());
    herald.stop().await;
}
