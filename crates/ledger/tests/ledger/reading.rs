//! Reading: upcast everywhere, in order, many businesses at once, and in bulk.

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use ledger::{Ledger, Position, ReadError, Recorded, Start};

use crate::trade::{Counter, a_business, append, count, counted, counter, id};

/// Version 0.9 counted in dozens.
fn dozens() -> Vec<Box<dyn EventUpcaster>> {
    vec![Box::new(SemanticVersionEventUpcaster::new(
        "Counted",
        "1.0",
        Box::new(|payload| {
            let dozens = payload["Counted"]["dozens"].as_i64().unwrap();
            serde_json::json!({ "Counted": { "by": dozens * 12 } })
        }),
    ))]
}

#[tokio::test]
async fn old_formats_are_brought_up_to_date_in_every_read() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, dozens());
    let (business, stream) = (a_business(), id());
    let mut old = count(business, stream, 0);
    old.streams[0].events[0].event_version = "0.9".to_owned();
    let written = r#"{"Counted":  {"dozens": 2}}"#;
    old.streams[0].events[0].payload =
        serde_json::value::RawValue::from_string(written.to_owned()).unwrap();
    old.streams[0].events.push(counted(1));
    append(&ledger, old).await;

    let loaded = ledger.load::<Counter>(business, stream).await.unwrap();
    assert_eq!(loaded.state.sum, 25);
    let reads = [
        ledger.events_of(business, &counter(stream)).await.unwrap(),
        ledger.read(business, Position::START, 10).await.unwrap(),
        bulk(&ledger, None).await.unwrap(),
    ];
    for read in reads {
        let payloads: Vec<_> = read.iter().map(|event| event.payload.get()).collect();
        assert_eq!(
            payloads,
            [r#"{"Counted":{"by":24}}"#, r#"{"Counted":{"by":1}}"#]
        );
        assert_eq!(read[0].event_version, "1.0.0");
    }
    let bytes = ledger
        .written_at(business, Position(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(bytes.get(), written);
}

#[tokio::test]
async fn many_businesses_are_read_each_from_its_own_position() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (one, two, three) = (a_business(), a_business(), a_business());
    for business in [one, two, one, three, one, two] {
        append(&ledger, count(business, id(), 0)).await;
    }
    let starts = [(two, 1), (one, 1), (three, 1)].map(|(business, after)| Start {
        business,
        after: Position(after),
    });
    let read = ledger.read_many(&starts, 10).await.unwrap();
    let places = |read: &[Recorded]| -> Vec<_> {
        read.iter()
            .map(|event| (event.business, event.position.0))
            .collect()
    };
    assert_eq!(places(&read), [(two, 2), (one, 2), (one, 3)]);
    assert_eq!(
        places(&ledger.read_many(&starts, 1).await.unwrap()),
        [(two, 2), (one, 2)]
    );
    assert_eq!(
        ledger.heads().await.unwrap(),
        [(one, Position(3)), (two, Position(2)), (three, Position(1))]
    );
    let mut in_bulk = bulk(&ledger, Some(&starts)).await.unwrap();
    in_bulk.sort_by_key(|event| (event.business != two, event.position));
    assert_eq!(places(&in_bulk), places(&read));
    assert!(bulk(&ledger, Some(&[])).await.unwrap().is_empty());
}

#[tokio::test]
async fn streams_of_some_kinds_are_read_alone() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    for kind in ["counter", "other", "third", "other"] {
        let mut write = count(business, id(), 0);
        write.streams[0].stream.kind = kind.into();
        append(&ledger, write).await;
    }
    let positions = async |after, limit| -> Vec<i64> {
        let read = ledger.read_kinds(business, &["other", "third"], Position(after), limit);
        read.await
            .unwrap()
            .iter()
            .map(|event| event.position.0)
            .collect()
    };
    assert_eq!(positions(0, 10).await, [2, 3, 4]);
    assert_eq!(positions(2, 1).await, [3]);
}

#[tokio::test]
async fn a_bulk_read_is_what_reading_by_position_is() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    for nth in 0..13 {
        let mut write = count(business, id(), 0);
        write.streams[0].events = (0..500).map(counted).collect();
        write.streams[0].events[nth].occurred_at =
            Some("1989-11-09T18:57:00.123456Z".parse().unwrap());
        append(&ledger, write).await;
    }
    let by_position = ledger
        .read(business, Position::START, 10_000)
        .await
        .unwrap();
    let in_bulk = bulk(&ledger, None).await.unwrap();
    assert_eq!(in_bulk.len(), 6_500);
    assert_eq!(format!("{in_bulk:?}"), format!("{by_position:?}"));
}

#[tokio::test]
async fn a_bulk_read_that_was_cut_never_looks_like_its_end() {
    let db = testbed::database().await;
    let owner = db.owner_pool().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    for _ in 0..20 {
        let mut write = count(business, id(), 0);
        write.streams[0].events = vec![counted(1); 500];
        for event in &mut write.streams[0].events {
            let long = format!(r#"{{"Counted":{{"by":1}},"text":"{}"}}"#, "x".repeat(2_000));
            event.payload = serde_json::value::RawValue::from_string(long).unwrap();
        }
        append(&ledger, write).await;
    }
    let mut read = ledger.read_all(None).await.unwrap();
    assert_eq!(read.next().await.unwrap().unwrap().len(), 2_000);
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like 'copy%' and pid <> pg_backend_pid()",
    )
    .execute(&owner)
    .await
    .unwrap();
    let end = loop {
        match read.next().await {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    assert!(
        matches!(end, Err(ReadError::Database(_) | ReadError::Garbled(_))),
        "{end:?}"
    );
}

async fn bulk(ledger: &Ledger, starts: Option<&[Start]>) -> Result<Vec<Recorded>, ReadError> {
    let mut read = ledger.read_all(starts).await?;
    let mut all = Vec::new();
    while let Some(batch) = read.next().await? {
        all.extend(batch);
    }
    Ok(all)
}
