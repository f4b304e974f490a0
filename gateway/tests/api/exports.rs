//! Long files: whole and in the screen's order, or seen to be broken; and nobody's for longer than they are wanted.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream, to_bytes},
    http::{
        Request, StatusCode,
        header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING},
    },
};
use futures::StreamExt as _;
use serde_json::Value;
use sqlx::PgPool;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{
    bookings::Day,
    support::{Salon, header},
};

/// So many more bookings than one.
const MORE: i64 = 20_000;

/// A day with one booking, and history with so many like it, each a minute after the one before.
async fn many() -> Day {
    let day = Day::begin().await;
    day.book("2026-11-23T10:00:00Z").await;
    let position = day.salon.head().await.to_string();
    let (name, value) = header("daybook-min-position", &position);
    let shown = day.salon.get("/history").add_header(name, value).await;
    assert_eq!(shown.status_code(), 200);
    sqlx::query(
        "insert into history_booking
         select (json_populate_record(b, json_build_object(
                    'booking_id', gen_random_uuid(), 'starts', b.starts + n * interval '1 minute'))).*
           from history_booking b cross join generate_series(1, $1) n",
    )
    .bind(MORE)
    .execute(&day.salon.database.owner_pool().await)
    .await
    .unwrap();
    day
}

/// A file as it is downloaded, a piece at a time.
async fn download(salon: &Salon, path: &str) -> BodyDataStream {
    let request = Request::get(format!("/api/v1{path}"))
        .header(AUTHORIZATION, format!("Bearer {}", salon.opened.api_key))
        .body(Body::empty())
        .unwrap();
    let router = gateway::router(salon.app.clone());
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().into_data_stream()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_it_packed_gets_it_packed_and_whole() {
    let day = Day::begin().await;
    for path in [
        "/clients/export",
        "/history/export",
        "/history/export?format=xlsx",
        "/reports/summary?from=2026-11-01&to=2026-11-30&format=csv",
    ] {
        let request = Request::get(format!("/api/v1{path}"))
            .header(
                AUTHORIZATION,
                format!("Bearer {}", day.salon.opened.api_key),
            )
            .header(ACCEPT_ENCODING, "gzip")
            .body(Body::empty())
            .unwrap();
        let router = gateway::router(day.salon.app.clone());
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let packed = answer.headers().contains_key(CONTENT_ENCODING);
        // A spreadsheet is packed already.
        assert_eq!(packed, !path.contains("xlsx"), "{path}");
        let whole = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(!whole.is_empty(), "{path}");
    }
}

/// The connections that long lists are read on.
async fn lists(owner: &PgPool) -> Vec<i32> {
    sqlx::query_scalar(
        "select pid from pg_stat_activity
          where application_name = 'daybook long list' and datname = current_database()",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

async fn none_is_read(owner: &PgPool) {
    let none = async {
        while !lists(owner).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), none)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_file_holds_all_rows_of_the_screen_in_its_order() {
    let day = many().await;
    for (order, narrowed) in [("-start", ""), ("start", "&from=2026-11-24&to=2026-11-25")] {
        let file = day
            .salon
            .get(&format!("/history/export?sort={order}{narrowed}"))
            .await
            .text();
        let starts: Vec<&str> = file
            .lines()
            .skip(1)
            .map(|row| row.split(',').nth(3).unwrap())
            .collect();
        let screen: Value = day
            .salon
            .get(&format!(
                "/history?sort={order}{narrowed}&limit=500&count=true"
            ))
            .await
            .json();
        assert_eq!(screen["total"], starts.len());
        let items = screen["items"].as_array().unwrap();
        for (item, start) in items.iter().zip(starts) {
            let at: jiff::Timestamp = start.parse().unwrap();
            assert_eq!(item["start"], at.to_string());
        }
    }
    let rows = day.salon.get("/history/export?format=xlsx").await;
    assert!(rows.as_bytes().starts_with(b"PK"));
    none_is_read(&day.salon.database.owner_pool().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_database_fails_on_the_way_does_not_end_as_if_it_were_whole() {
    let day = many().await;
    let owner = day.salon.database.owner_pool().await;
    let mut file = download(&day.salon, "/history/export").await;
    let first = file.next().await.unwrap().unwrap();
    assert!(first.starts_with("\u{feff}reference,".as_bytes()));
    for pid in lists(&owner).await {
        sqlx::query("select pg_terminate_backend($1)")
            .bind(pid)
            .execute(&owner)
            .await
            .unwrap();
    }
    let rest: Vec<_> = file.collect().await;
    let (last, whole) = rest.split_last().unwrap();
    assert!(last.is_err(), "it just ended");
    assert!(whole.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_ends_what_is_read_for_them_and_others_book_meanwhile() {
    let day = many().await;
    let owner = day.salon.database.owner_pool().await;
    let mut files = vec![];
    for _ in 0..3 {
        let mut file = download(&day.salon, "/history/export").await;
        file.next().await.unwrap().unwrap();
        files.push(file);
    }
    assert_eq!(
        lists(&owner).await.len(),
        3,
        "each on a connection of its own"
    );
    assert_ne!(day.book("2026-11-23T11:00:00Z").await, Uuid::nil());
    drop(files);
    none_is_read(&owner).await;
}
