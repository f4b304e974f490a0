//! What is made is what the append would have left: everything else works with it.

use std::{collections::BTreeSet, time::Duration};

use domain::{actor::Role, booking::Booking, text::Label};
use gateway::access::{NewKey, issue_api_key};
use jiff::{SignedDuration, Timestamp};
use ledger::{BusinessId, Position};
use projections::{Projector, ProjectorSettings, READ_MODELS, projector::parked, rebuild::Rebuild};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Made, make, make_others,
    screens::{Answered, screens},
};
use crate::{scene::Database, service::MASTER_KEY};

/// A fingerprint of each read model's table.
async fn rows(database: &Database) -> Vec<(&'static str, String)> {
    let mut tables = Vec::new();
    for table in READ_MODELS.iter().flat_map(|model| model.tables) {
        let digest = format!(
            "select coalesce(md5(string_agg(row, '|' order by row)), '')
               from (select to_jsonb(t)::text as row from {table} t) r"
        );
        let digest: String = sqlx::query_scalar(&digest)
            .fetch_one(&database.owner)
            .await
            .unwrap();
        tables.push((*table, digest));
    }
    tables
}

async fn no_gaps(database: &Database) {
    let odd: i64 = sqlx::query_scalar(
        "select (select count(*) from (select business_id from events group by business_id
                  having count(*) <> max(position) or min(position) <> 1) b)
              + (select count(*) from (select aggregate_id from events group by business_id, aggregate_id
                  having count(*) <> max(sequence) or min(sequence) <> 1) s)
              + (select count(*) from (select recorded_at < lag(recorded_at)
                                         over (partition by business_id order by position) as back from events) r
                  where back)",
    )
    .fetch_one(&database.owner)
    .await
    .unwrap();
    assert_eq!(odd, 0);
}

/// What is claimed is what the bookings' own streams say that they claim.
async fn claims_follow_from_streams(database: &Database, made: &Made) {
    let (ledger, business) = (database.app.ledger(), BusinessId(made.business));
    let bookings: Vec<Uuid> = sqlx::query_scalar(
        "select booking_id from calendar_booking where business_id = $1 and ends > clock_timestamp() - interval '34 days'",
    )
    .bind(made.business)
    .fetch_all(&database.owner)
    .await
    .unwrap();
    assert!(bookings.len() > 100);
    let mut wanted = BTreeSet::new();
    for id in &bookings {
        let booking = ledger.load::<Booking>(business, *id).await.unwrap().state;
        wanted.extend(booking.claims().into_iter().map(|claim| {
            let during = claim.during;
            (
                *id,
                claim.resource.uuid(),
                during.start(),
                Some(during.end()),
            )
        }));
    }
    let recent = Timestamp::now() - SignedDuration::from_hours(34 * 24);
    let held = ledger.claims_of(business, &bookings).await.unwrap();
    let held: BTreeSet<_> = held
        .into_iter()
        .map(|busy| {
            (
                busy.owner,
                busy.resource,
                busy.during.start,
                busy.during.end,
            )
        })
        .collect();
    assert_eq!(held, wanted);
    assert!(wanted.iter().any(|(.., start, _)| *start > recent));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_is_what_the_append_would_have_left() {
    let testbed = testbed::database().await;
    let options = testbed.owner_options();
    let database = Database::at("spec", String::new(), options, MASTER_KEY)
        .await
        .unwrap();
    let made = make(&database, 2_000).await.unwrap();
    assert!((1_800..2_200).contains(&made.bookings), "{made:?}");
    // So many that a rebuild brings some in another way than the projector.
    assert!(made.events > 5_000, "{made:?}");
    make_others(&database, 2, 60).await.unwrap();
    no_gaps(&database).await;

    let app = &database.app;
    let projector = Projector::new(
        app.pool().clone(),
        app.ledger().clone(),
        app.vault().clone(),
        ProjectorSettings::new("spec"),
    );
    projector.catch_up().await.unwrap();
    assert_eq!(parked(app.pool()).await.unwrap(), []);
    let live = rows(&database).await;
    let rebuild = Rebuild {
        pool: database.owner.clone(),
        ledger: app.ledger().clone(),
        vault: app.vault().clone(),
        process_version: "spec".to_owned(),
        events_at_a_time: Rebuild::EVENTS_AT_A_TIME,
    };
    let rebuilt = rebuild.all(READ_MODELS, &|_| ()).await.unwrap();
    assert_eq!((rebuilt.parked, rebuilt.businesses), (0, 3));
    assert_eq!(rows(&database).await, live);
    claims_follow_from_streams(&database, &made).await;

    // Each screen shows it, and nothing else is answered than what was asked for.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (
        listener.local_addr().unwrap().to_string(),
        CancellationToken::new(),
    );
    let served = tokio::spawn(gateway::serve(listener, app.clone(), stop.clone()));
    for screen in screens(&database.owner, made.business).await.unwrap() {
        let answered = screen.ask(&address, &made, Duration::ZERO).await.unwrap();
        if let Answered::Refused(status, said) = answered {
            panic!("{}: {status} {said}", screen.what);
        }
    }
    stop.cancel();
    served.await.unwrap().unwrap();

    // The ledger goes on from there.
    let business = BusinessId(made.business);
    let before = app.ledger().head(business).await.unwrap();
    let key = NewKey {
        name: Label::parse("next").unwrap(),
        role: Role::Owner,
        staff_id: None,
        expires_at: None,
        scopes: None,
    };
    issue_api_key(app, business, key).await.unwrap();
    let after = app.ledger().head(business).await.unwrap();
    assert_eq!(after, Position(before.0 + 1));
}
