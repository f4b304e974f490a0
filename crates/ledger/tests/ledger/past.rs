//! The past: many streams in one read, and where a ledger stood at an instant.

use jiff::{SignedDuration, Timestamp};
use ledger::{Ledger, Position};

use crate::trade::{a_business, append, count, id};

#[tokio::test]
async fn many_streams_are_read_at_once_up_to_a_position() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, other) = (a_business(), a_business());
    let (one, two, elsewhere) = (id(), id(), id());
    append(&ledger, count(business, one, 0)).await;
    append(&ledger, count(business, two, 0)).await;
    append(&ledger, count(other, elsewhere, 0)).await;
    append(&ledger, count(business, one, 1)).await;

    let read = async |kinds: &[&str], streams: &[_], up_to| -> Vec<i64> {
        let up_to: Option<i64> = up_to;
        let events = ledger.events_of_all(business, kinds, streams, up_to.map(Position));
        let events = events.await.unwrap();
        events.iter().map(|event| event.position.0).collect()
    };
    let streams = [two, id(), one, elsewhere];
    assert_eq!(read(&["counter"], &streams, None).await, [1, 2, 3]);
    assert_eq!(read(&["counter"], &streams, Some(2)).await, [1, 2]);
    assert_eq!(read(&["counter"], &[one], Some(9)).await, [1, 3]);
    assert_eq!(read(&["other"], &streams, None).await, [0; 0]);
    assert_eq!(read(&["counter"], &[], None).await, [0; 0]);
}

#[tokio::test]
async fn an_instant_is_the_last_position_recorded_by_then() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let at = async |instant: Timestamp| ledger.position_at(business, instant).await.unwrap().0;
    assert_eq!(at(Timestamp::now()).await, 0, "nothing was recorded yet");
    for _ in 0..11 {
        append(&ledger, count(business, id(), 0)).await;
    }
    let events = ledger.read(business, Position::START, 20).await.unwrap();
    let by = |instant| {
        let recorded = events.iter().filter(|event| event.recorded_at <= instant);
        recorded.map(|event| event.position.0).max().unwrap_or(0)
    };
    let tick = SignedDuration::from_micros(1);
    for event in &events {
        for instant in [
            event.recorded_at - tick,
            event.recorded_at,
            event.recorded_at + tick,
        ] {
            assert_eq!(at(instant).await, by(instant), "{instant}");
        }
    }
    let (long_ago, one_day) = ("1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    assert_eq!(at(long_ago.parse().unwrap()).await, 0);
    assert_eq!(at(one_day.parse().unwrap()).await, 11);
}
