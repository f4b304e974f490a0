//! Several heralds of one ledger.

use std::time::Duration;

use crate::scene::{AtWork, Scene, a_business};

fn at_work(heralds: &[AtWork]) -> usize {
    heralds
        .iter()
        .filter(|one| one.herald.is_publishing())
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_publishes_and_when_it_goes_another_does() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let business = a_business();
    let mut heralds = vec![];
    for _ in 0..3 {
        heralds.push(scene.herald().await);
    }
    while heralds.len() > 1 {
        scene.record(business, 20).await;
        scene.until_published().await;
        assert_eq!(at_work(&heralds), 1);
        let first = heralds.iter().position(|one| one.herald.is_publishing());
        let first = heralds.swap_remove(first.unwrap());
        if heralds.len() == 2 {
            first.kill().await;
        } else {
            first.stop().await;
        }
    }
    scene.record(business, 20).await;
    scene.until_published().await;
    scene.assert_whole().await;
    for herald in heralds {
        herald.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_cut_off_and_goes_on_does_no_harm() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let business = a_business();
    let heralds = [scene.herald().await, scene.herald().await];
    for _ in 0..15 {
        scene.record(business, 10).await;
        // Whoever holds the right loses it in the middle of its work, and does not know yet.
        scene.cut_holder().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    scene.until_published().await;
    scene.assert_whole().await;
    for herald in heralds {
        herald.stop().await;
    }
}
