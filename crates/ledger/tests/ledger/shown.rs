//! What an append shows besides what it wrote: other streams and the keys of their persons, in the same trip.

use futures::future::join_all;
use ledger::{Ledger, Version};

use crate::trade::{Counter, a_business, append, command, count, id};

#[tokio::test]
async fn an_append_shows_the_streams_it_is_asked_for() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, one, two, stranger) = (a_business(), id(), id(), id());
    let mut first = count(business, one, 0);
    first.person_keys.made.push((one, vec![1, 2, 3]));
    append(&ledger, first).await;
    append(&ledger, count(business, one, 1)).await;
    append(&ledger, count(business, two, 0)).await;
    append(&ledger, count(a_business(), stranger, 0)).await;

    let mut asking = count(business, id(), 0);
    asking.shows = vec![two, stranger, one, id()];
    let mut shown = append(&ledger, asking).await.shown;
    shown.sort_by_key(|shown| shown.id);
    let ids: Vec<_> = shown.iter().map(|shown| shown.id).collect();
    assert_eq!(
        ids,
        [one, two],
        "neither another business's nor one that is not there"
    );
    assert_eq!(shown[0].key.as_deref(), Some(&[1, 2, 3][..]));
    assert_eq!(shown[1].key, None);
    for shown in &shown {
        let folded = ledger.fold::<Counter>(shown).unwrap();
        let loaded = ledger.load::<Counter>(business, shown.id).await.unwrap();
        assert_eq!(folded.state, loaded.state);
        assert_eq!(folded.version, loaded.version);
    }
}

#[tokio::test]
async fn in_a_group_each_is_shown_what_it_asked_for() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let things: Vec<_> = (0..20).map(|_| id()).collect();
    for thing in &things {
        append(&ledger, count(business, *thing, 0)).await;
    }
    // Sent at once, all but the first wait and go together.
    let asking = things.iter().map(|thing| {
        let mut asking = count(business, id(), 0);
        asking.shows = vec![*thing];
        append(&ledger, asking)
    });
    for (thing, appended) in things.iter().zip(join_all(asking).await) {
        let ids: Vec<_> = appended.shown.iter().map(|shown| shown.id).collect();
        assert_eq!(ids, [*thing]);
    }
}

#[tokio::test]
async fn a_replay_is_shown_how_things_stand_now() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, thing) = (a_business(), id());
    append(&ledger, count(business, thing, 0)).await;
    let mut asking = ledger::Append::new(business, command());
    asking.shows = vec![thing];
    append(&ledger, asking.clone()).await;
    append(&ledger, count(business, thing, 1)).await;
    let again = append(&ledger, asking).await;
    assert!(again.replayed);
    let folded = ledger.fold::<Counter>(&again.shown[0]).unwrap();
    assert_eq!((folded.state.sum, folded.version), (2, Version(2)));
}
