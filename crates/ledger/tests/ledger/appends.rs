//! One append at a time: what is written, what is read back, and what is refused.

use ledger::{
    Expected, Guard, GuardHit, Ledger, Malformed, NameClaim, Position, Refused, Span, StreamWrite,
    Version,
};

use crate::trade::{
    Counter, a_business, append, claim, command, count, counted, counter, id, keyed, minutes,
    refused, set, take, write,
};

#[tokio::test]
async fn writes_several_streams_and_reads_them_back() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, one, two) = (a_business(), id(), id());
    let mut both = count(business, one, 0);
    both.streams.push(write(two, 0));
    both.streams[1].events.push(counted(5));

    let appended = append(&ledger, both.clone()).await;

    assert_eq!((appended.first, appended.last), (Position(1), Position(3)));
    assert_eq!(
        appended.versions,
        [(counter(one), Version(1)), (counter(two), Version(2))]
    );
    assert!(!appended.replayed);
    let loaded = ledger.load::<Counter>(business, two).await.unwrap();
    assert_eq!((loaded.state.sum, loaded.version), (6, Version(2)));

    let read = ledger.read(business, Position::START, 10).await.unwrap();
    let positions: Vec<_> = read.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, [1, 2, 3]);
    let event = &read[2];
    assert_eq!(event.stream, counter(two));
    assert_eq!(event.version, Version(2));
    assert_eq!(event.payload.get(), r#"{"Counted":{"by":5}}"#);
    assert_eq!(event.event_id, both.streams[1].events[1].event_id);
    assert_eq!(
        event.metadata,
        both.command.metadata(business, event.event_id)
    );
    assert_eq!(event.occurred_at, None);
    assert_eq!(ledger.head(business).await.unwrap(), Position(3));
    assert_eq!(
        ledger
            .events_of(business, &counter(two))
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_stream_of_another_business_does_not_exist() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (ours, theirs, stream) = (a_business(), a_business(), id());
    append(&ledger, count(theirs, stream, 0)).await;

    let loaded = ledger.load::<Counter>(ours, stream).await.unwrap();
    assert_eq!((loaded.state.sum, loaded.version), (0, Version::NEW));
    assert!(
        ledger
            .events_of(ours, &counter(stream))
            .await
            .unwrap()
            .is_empty()
    );
    let mut append_ours = count(ours, id(), 0);
    append_ours.streams.push(StreamWrite {
        stream: counter(stream),
        expected: Expected::Exists,
        events: vec![],
    });
    assert_eq!(
        refused(&ledger, append_ours).await,
        Refused::NoSuchStream {
            stream: counter(stream)
        }
    );
    // The same id in another business is another stream.
    append(&ledger, count(ours, stream, 0)).await;
    assert_eq!(
        ledger
            .load::<Counter>(theirs, stream)
            .await
            .unwrap()
            .state
            .sum,
        1
    );
}

#[tokio::test]
async fn a_refused_append_has_written_nothing() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, first) = (a_business(), id(), id());
    append(&ledger, take(business, first, vec![claim(anna, 0, 30)])).await;

    let second = id();
    let mut late = take(
        business,
        second,
        vec![claim(anna, 60, 90), claim(anna, 20, 40)],
    );
    late.names.push(name("reference", "A1", second));
    late.person_keys.made.push((id(), vec![1]));
    assert_eq!(
        refused(&ledger, late.clone()).await,
        Refused::TimeTaken {
            owner: second,
            resource: anna,
            during: minutes(20, 40),
            by: vec![first],
        }
    );

    assert_eq!(ledger.head(business).await.unwrap(), Position(1));
    assert_eq!(
        ledger
            .name_owner(business, "reference", "A1")
            .await
            .unwrap(),
        None
    );
    assert!(
        ledger
            .claims_of(business, &[second])
            .await
            .unwrap()
            .is_empty()
    );
    let keys: i64 = sqlx::query_scalar("select count(*) from person_key")
        .fetch_one(&db.owner_pool().await)
        .await
        .unwrap();
    assert_eq!(keys, 0);
    // Not even its key: what was refused may be asked again, and come out otherwise.
    let mut gone = count(business, first, 1);
    gone.claims.push(set(first, vec![]));
    append(&ledger, gone).await;
    assert!(!append(&ledger, late).await.replayed);
}

#[tokio::test]
async fn a_business_that_only_ever_refused_is_not_there() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let stream = id();
    assert_eq!(
        refused(&ledger, count(business, stream, 4)).await,
        Refused::MovedOn {
            stream: counter(stream),
            expected: Version(4),
            actual: Some(Version(0)),
        }
    );
    assert!(ledger.businesses().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_same_key_again_is_answered_as_the_first_time() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna) = (a_business(), id());
    let stream = id();
    let mut first = take(business, stream, vec![claim(anna, 0, 30)]);
    first.command = keyed("order 66");
    let done = append(&ledger, first).await;
    append(&ledger, count(business, id(), 0)).await;

    // Asked again, it decides on other ids, and its own time is taken by itself: answered all the same.
    let mut again = take(business, id(), vec![claim(anna, 0, 30)]);
    again.command = keyed("order 66");
    again.command.answer = serde_json::json!("another");
    let replay = append(&ledger, again.clone()).await;
    assert!(replay.replayed);
    assert_eq!(replay.answer, serde_json::json!({ "status": 201 }));
    assert_eq!((replay.first, replay.last), (done.first, done.last));
    assert_eq!(replay.versions, [(counter(stream), Version(1))]);

    again.command.fingerprint = [8; 32];
    assert_eq!(refused(&ledger, again.clone()).await, Refused::KeyReused);
    again.command.caller = "another caller".to_owned();
    assert!(matches!(
        refused(&ledger, again).await,
        Refused::TimeTaken { .. }
    ));
    assert_eq!(ledger.head(business).await.unwrap(), Position(2));
}

#[tokio::test]
async fn a_name_has_one_owner_per_business_and_kind() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, one, two) = (a_business(), id(), id());
    let named = |owner, names: Vec<NameClaim>, released: Vec<NameClaim>| {
        let mut append = count(business, owner, 0);
        append.streams[0].stream.id = id();
        append.names = names;
        append.released_names = released;
        append
    };
    append(&ledger, named(one, vec![name("phone", "+48", one)], vec![])).await;
    append(&ledger, named(one, vec![name("phone", "+48", one)], vec![])).await;
    append(
        &ledger,
        named(two, vec![name("e-mail", "+48", two)], vec![]),
    )
    .await;

    let wanted = named(
        two,
        vec![name("phone", "+33", two), name("phone", "+48", two)],
        vec![],
    );
    assert_eq!(
        refused(&ledger, wanted).await,
        Refused::NameTaken {
            kind: "phone",
            name: "+48".to_owned(),
            by: Some(one),
        }
    );
    // Nobody gives away another's name; the owner may, in the same append.
    let not_mine = named(
        two,
        vec![name("phone", "+48", two)],
        vec![name("phone", "+48", two)],
    );
    refused(&ledger, not_mine).await;
    let handed_over = named(
        two,
        vec![name("phone", "+48", two)],
        vec![name("phone", "+48", one)],
    );
    append(&ledger, handed_over).await;
    assert_eq!(
        ledger
            .name_owners(business, "phone", &["+48".to_owned(), "+33".to_owned()])
            .await
            .unwrap(),
        [("+48".to_owned(), two)]
    );
}

#[tokio::test]
async fn keys_of_persons_are_made_once_and_must_live() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, key) = (a_business(), id());
    let mut uses = count(business, id(), 0);
    uses.person_keys.used.push(key);
    assert_eq!(
        refused(&ledger, uses.clone()).await,
        Refused::PersonKeyGone { key }
    );

    let mut makes = count(business, id(), 0);
    makes.person_keys.made.push((key, b"wrapped".to_vec()));
    append(&ledger, makes.clone()).await;
    makes.command = command();
    makes.streams[0].stream.id = id();
    assert_eq!(
        refused(&ledger, makes).await,
        Refused::PersonKeyMade { key }
    );
    append(&ledger, uses.clone()).await;

    sqlx::query("update person_key set wrapped = null, destroyed_at = now() where key_id = $1")
        .bind(key)
        .execute(&db.service_pool().await)
        .await
        .unwrap();
    uses.command = command();
    uses.streams[0].stream.id = id();
    assert_eq!(refused(&ledger, uses).await, Refused::PersonKeyGone { key });
}

#[tokio::test]
async fn a_guard_tells_every_claim_in_its_way_gaps_included() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, bert) = (a_business(), id(), id());
    let with_gap = id();
    append(
        &ledger,
        take(
            business,
            with_gap,
            vec![claim(anna, 0, 20), claim(anna, 50, 60)],
        ),
    )
    .await;
    let mut buffered = claim(bert, 0, 60);
    buffered.body = minutes(10, 50);
    append(&ledger, take(business, id(), vec![buffered])).await;
    let mut hold = take(business, id(), vec![claim(bert, 100, 120)]);
    hold.claims[0].hold_until = Some("2200-01-01T00:00:00Z".parse().unwrap());
    append(&ledger, hold).await;

    let guarded = |resources: Vec<uuid::Uuid>, range: Span| {
        let mut absence = count(business, id(), 0);
        absence.guards.push(Guard {
            resources,
            ranges: vec![minutes(-500, -400), range],
        });
        absence
    };
    let in_the_gap = Refused::Guarded {
        by: vec![GuardHit {
            owner: with_gap,
            resource: anna,
            body: minutes(0, 60),
        }],
    };
    assert_eq!(
        refused(&ledger, guarded(vec![anna], minutes(30, 35))).await,
        in_the_gap
    );
    assert_eq!(
        refused(&ledger, guarded(vec![], Span::from(minutes(50, 51).start))).await,
        in_the_gap
    );
    // Buffers and holds are nothing to a guard, nor is what has ended.
    append(&ledger, guarded(vec![bert], minutes(50, 60))).await;
    append(&ledger, guarded(vec![bert], minutes(0, 10))).await;
    append(&ledger, guarded(vec![bert], minutes(90, 130))).await;
    append(&ledger, guarded(vec![], minutes(60, 90))).await;

    // Who moves the claims away in the same append is not in the way.
    let mut absence = guarded(vec![anna], minutes(30, 35));
    absence.claims.push(set(with_gap, vec![]));
    append(&ledger, absence).await;
}

#[tokio::test]
async fn a_decision_on_a_catalogue_that_moved_is_refused() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let mut hours = count(business, id(), 0);
    hours.moves_catalogue = true;
    let seen = append(&ledger, hours.clone()).await.last;
    append(&ledger, count(business, id(), 0)).await;

    let mut decision = count(business, id(), 0);
    decision.saw_catalogue = Some(seen);
    append(&ledger, decision.clone()).await;

    hours.command = command();
    hours.streams = vec![write(id(), 0)];
    let moved = append(&ledger, hours).await.last;
    decision.command = command();
    decision.streams = vec![write(id(), 0)];
    assert_eq!(
        refused(&ledger, decision.clone()).await,
        Refused::CatalogueMoved { now: moved }
    );
    assert_eq!(ledger.catalogue_head(business).await.unwrap(), moved);
    decision.saw_catalogue = Some(moved);
    append(&ledger, decision).await;
}

#[tokio::test]
async fn what_makes_no_sense_never_reaches_the_database() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, stream) = (a_business(), id());
    let mut many = count(business, stream, 0);
    many.streams[0].events = vec![counted(1); ledger::MAX_EVENTS + 1];
    let mut twice = count(business, stream, 0);
    twice.streams.push(write(stream, 1));
    let mut blind = count(business, stream, 0);
    blind.streams[0].expected = Expected::Exists;
    let crowd = take(
        business,
        stream,
        vec![ledger::Claim {
            capacity: 0,
            ..claim(id(), 0, 1)
        }],
    );
    for (append, wrong) in [
        (many, Malformed::TooManyEvents),
        (twice, Malformed::StreamTwice),
        (blind, Malformed::EventsWithoutVersion),
        (crowd, Malformed::Capacity),
    ] {
        match ledger.append(append).await {
            Err(ledger::AppendError::Malformed(malformed)) => assert_eq!(malformed, wrong),
            other => panic!("{wrong:?} was answered with {other:?}"),
        }
    }
    assert_eq!(ledger.head(business).await.unwrap(), Position::START);
}

#[tokio::test]
async fn five_hundred_events_go_in_one_append() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let mut import = ledger::Append::new(business, command());
    for nth in 0..250 {
        let mut write = write(id(), 0);
        write.events = vec![counted(1), counted(nth)];
        write.events[0].occurred_at = Some("2018-03-01T09:00:00Z".parse().unwrap());
        import.streams.push(write);
    }
    let appended = append(&ledger, import).await;
    assert_eq!(
        (appended.first, appended.last),
        (Position(1), Position(500))
    );
    let events = ledger.read(business, Position(498), 10).await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[0].occurred_at,
        Some("2018-03-01T09:00:00Z".parse().unwrap())
    );
    assert_eq!(events[1].payload.get(), r#"{"Counted":{"by":249}}"#);
}

fn name(kind: &'static str, name: &str, owner: uuid::Uuid) -> NameClaim {
    NameClaim {
        kind,
        name: name.to_owned(),
        owner,
    }
}

#[tokio::test]
async fn an_accepted_command_is_recalled_by_its_key_and_a_refused_one_is_not() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    let stream = id();
    let mut first = count(business, stream, 0);
    first.command = keyed("first");
    let done = append(&ledger, first).await;
    let mut late = count(business, stream, 0);
    late.command = keyed("late");
    refused(&ledger, late).await;

    let recalled = ledger
        .recall(business, "tests", "first")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(recalled.fingerprint, [7; 32]);
    assert_eq!(
        recalled.appended,
        ledger::Appended {
            replayed: true,
            ..done
        }
    );
    for (business, caller, key) in [
        (business, "tests", "late"),
        (business, "others", "first"),
        (a_business(), "tests", "first"),
    ] {
        assert_eq!(ledger.recall(business, caller, key).await.unwrap(), None);
    }
}
