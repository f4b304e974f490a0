//! NATS goes away, the herald goes away, the connection to the database goes away.

use std::time::Duration;

use herald::lag;

use crate::scene::{Scene, a_business};

#[tokio::test(flavor = "multi_thread")]
async fn while_nats_is_away_nothing_is_lost_and_then_everything_is_told_once() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let business = a_business();
    let herald = scene.herald().await;
    scene.record(business, 5).await;
    scene.until_published().await;
    scene.kill_nats();
    scene.record(business, 50).await;
    assert_eq!(lag(&scene.pool).await.unwrap().events, 50);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let behind = lag(&scene.pool).await.unwrap();
    assert_eq!(
        behind.worst.as_ref().map(|worst| worst.business),
        Some(business)
    );
    assert!(behind.seconds() > 0.5, "{behind:?}");
    scene.revive_nats().await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_herald_may_come_before_nats() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    scene.kill_nats();
    let herald = scene.herald().await;
    scene.record(a_business(), 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!herald.herald.is_publishing());
    scene.revive_nats().await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_herald_that_is_killed_at_any_moment_is_followed_by_one_that_goes_on() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let businesses: Vec<_> = (0..5).map(|_| a_business()).collect();
    for round in 0..12_u64 {
        for business in &businesses {
            scene.record(*business, 6).await;
        }
        let herald = scene.herald().await;
        tokio::time::sleep(Duration::from_millis(3 * round * round)).await;
        herald.kill().await;
    }
    let herald = scene.herald().await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_cut_off_gives_up_the_right_and_takes_it_again() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let business = a_business();
    let herald = scene.herald().await;
    for _ in 0..5 {
        scene.record(business, 4).await;
        scene.until_published().await;
        assert_eq!(scene.cut_holder().await, 1);
    }
    scene.record(business, 4).await;
    scene.until_published().await;
    scene.assert_whole().await;
    herald.stop().await;
}
