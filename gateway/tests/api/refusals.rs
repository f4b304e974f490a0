//! The refusals that no other file plays: the database away, panics, words in six languages.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{Salon, header, seen};

#[tokio::test]
async fn while_the_database_is_away_and_when_it_is_back() {
    let salon = Salon::open().await;
    let id = salon.service("Haircut").await;
    let path = format!("/services/{id}");
    let elsewhere = salon.database.owner_options().database("postgres");
    let mut server = sqlx::PgConnection::connect_with(&elsewhere).await.unwrap();
    let name = salon.database.name();
    let mut let_in = async |allowed: bool| {
        let alter = format!("alter database \"{name}\" allow_connections {allowed}");
        sqlx::raw_sql(&alter).execute(&mut server).await.unwrap();
        let out = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        );
        sqlx::raw_sql(&out).execute(&mut server).await.unwrap();
    };
    let_in(false).await;
    let away = salon.get(&path).await;
    insta::assert_json_snapshot!("the_database_is_away", seen(&away));
    let write = salon.patch(&path, &json!({"price": "130.00"})).await;
    insta::assert_json_snapshot!("the_database_is_away", seen(&write));
    let ready = salon.server.get("/readyz").await;
    assert_eq!(ready.status_code(), 503);
    salon.server.get("/livez").await.assert_status_ok();
    let_in(true).await;
    salon.get(&path).await.assert_status_ok();
    let write = salon.patch(&path, &json!({"price": "130.00"})).await;
    write.assert_status_ok();
    assert_eq!(write.header("etag"), "\"2\"");
}

#[tokio::test]
async fn titles_are_in_the_readers_language() {
    let salon = Salon::open().await;
    let mut titles = vec![];
    for language in ["en", "pl", "fr", "uk", "sv", "it", "de"] {
        let (name, value) = header("accept-language", language);
        let answer = salon
            .post("/services", &json!({"name": ""}))
            .add_header(name, value)
            .await;
        let problem: Value = answer.json();
        titles.push(format!(
            "{language} → {}: {} / {}",
            answer.header("content-language").to_str().unwrap(),
            problem["title"].as_str().unwrap(),
            problem["violations"][0]["message"].as_str().unwrap(),
        ));
    }
    insta::assert_json_snapshot!(titles);
}

#[tokio::test]
async fn a_ready_service_says_so() {
    let salon = Salon::open().await;
    let alive = salon.server.get("/livez").await;
    alive.assert_status_ok();
    insta::assert_json_snapshot!(seen(&salon.server.get("/readyz").await));
    salon.bare(Method::GET, "/services").await;
    let figures = salon.server.get("/metrics").await;
    figures.assert_status_ok();
}
