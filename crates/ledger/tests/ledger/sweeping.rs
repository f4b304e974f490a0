//! What has served its time.

use ledger::{Ledger, Span, Swept};

use crate::trade::{a_business, append, claim, count, id, keyed, take};

#[tokio::test]
async fn old_claims_and_keys_go_and_the_others_stay() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna) = (a_business(), id());
    let span = |start: &str, end: &str| Span::new(start.parse().unwrap(), end.parse().unwrap());
    let mut old = claim(anna, 0, 1);
    old.during = span("2020-01-01T09:00:00Z", "2020-01-01T10:00:00Z");
    let mut endless = claim(id(), 0, 1);
    endless.during = Span::from("2020-01-01T09:00:00Z".parse().unwrap());
    let (past, ahead, seated, forgotten) = (id(), id(), id(), id());
    append(&ledger, take(business, past, vec![old])).await;
    append(&ledger, take(business, ahead, vec![claim(anna, 0, 30)])).await;
    append(&ledger, take(business, seated, vec![endless])).await;
    let mut hold = take(business, forgotten, vec![claim(anna, 60, 90)]);
    hold.claims[0].hold_until = Some("2020-01-01T09:00:00Z".parse().unwrap());
    append(&ledger, hold).await;
    let mut remembered = count(business, id(), 0);
    remembered.command = keyed("a month ago");
    append(&ledger, remembered.clone()).await;
    sqlx::query(
        "update command_key set made_at = made_at - interval '31 days' where key = 'a month ago'",
    )
    .execute(&owner)
    .await
    .unwrap();

    assert_eq!(ledger.sweep().await.unwrap(), Swept { claims: 2, keys: 1 });
    let left = ledger
        .claims_of(business, &[past, ahead, seated, forgotten])
        .await
        .unwrap();
    let mut owners: Vec<_> = left.iter().map(|claim| claim.owner).collect();
    owners.sort_unstable();
    assert_eq!(owners, [ahead, seated]);
    assert_eq!(ledger.sweep().await.unwrap(), Swept::default());
    // The key is forgotten, the stream is not: the command is decided anew and finds it there.
    assert!(matches!(
        crate::trade::refused(&ledger, remembered).await,
        ledger::Refused::MovedOn { .. }
    ));
}
