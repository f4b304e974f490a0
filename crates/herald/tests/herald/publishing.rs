use herald::{HeraldSettings, STREAM, SUBJECTS};

use crate::scene::{Scene, a_business, append};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_before_and_what_is_recorded_now_is_published_in_order() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let (one, other) = (a_business(), a_business());
    scene.record(one, 3).await;
    let herald = scene.herald().await;
    scene.until_published().await;
    for _ in 0..20 {
        scene.record(other, 1).await;
        scene.record(one, 1).await;
    }
    scene.until_published().await;
    scene.assert_whole().await;

    let messages = scene.messages().await;
    let first = &messages[0];
    assert_eq!(*first.subject, *format!("daybook.{one}.counter.counted"));
    assert_eq!(first.headers.get("ce-specversion").unwrap().as_str(), "1.0");
    assert_eq!(
        first.headers.get("ce-type").unwrap().as_str(),
        "daybook.counter.counted"
    );
    let body = String::from_utf8(first.payload.to_vec()).unwrap();
    assert!(body.contains(r#""payload":{"counted":{"by":1}}"#), "{body}");
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_is_made_to_keep_everything() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    scene.record(a_business(), 1).await;
    let herald = scene.herald().await;
    scene.until_published().await;
    let stream = scene.jetstream().await.get_stream(STREAM).await.unwrap();
    let config = &stream.cached_info().config;
    assert_eq!(config.subjects, [SUBJECTS]);
    assert_eq!((config.max_messages, config.max_bytes), (-1, -1));
    assert_eq!(herald::differences(config), herald::Differences::default());
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_businesses_and_long_ledgers_take_turns() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let long = a_business();
    scene.ledger.append(append(long, 400)).await.unwrap();
    for _ in 0..60 {
        scene.record(a_business(), 2).await;
    }
    let small = HeraldSettings {
        batch_businesses: 7,
        batch_events: 20,
        window: 5,
        ..HeraldSettings::default()
    };
    let herald = scene.herald_with(small).await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}
