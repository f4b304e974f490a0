//! The refusals that no other file plays: the database away, panics, words in six languages.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use crate::support::{Salon, header, id_of, seen};

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
    let mut ready = seen(&salon.server.get("/readyz").await);
    // A business that was opened a moment ago may be among them, or not any more.
    assert!(ready["body"]["being_built"].take().is_array(), "{ready:#}");
    insta::assert_json_snapshot!(ready);
    salon.bare(Method::GET, "/services").await;
    let figures = salon.server.get("/metrics").await;
    figures.assert_status_ok();
}

#[tokio::test]
async fn a_position_that_never_comes_is_waited_for_in_vain() {
    let salon = Salon::open().await;
    let (name, value) = header("daybook-min-position", "1000");
    let answer = salon.get("/clients").add_header(name, value).await;
    insta::assert_json_snapshot!(seen(&answer));
}

#[tokio::test]
async fn who_was_erased_reads_as_nobody_and_is_written_about_no_more() {
    let salon = Salon::open().await;
    let body = json!({"name": "Zofia Kowalska", "phone": "600100200"});
    let id = id_of(&salon.post("/clients", &body).await);
    let path = format!("/clients/{id}");
    sqlx::query("update person_key set wrapped = null, destroyed_at = now() where key_id = $1")
        .bind(id)
        .execute(&salon.database.owner_pool().await)
        .await
        .unwrap();
    let shown: Value = salon.get(&path).await.json();
    assert_eq!(
        (&shown["name"], &shown["phone"]),
        (&Value::Null, &Value::Null)
    );
    let refused = salon.patch(&path, &json!({"name": "Zofia"})).await;
    insta::assert_json_snapshot!(seen(&refused));
    // What is not about their person can still be noted.
    salon
        .put(&format!("{path}/tags"), &json!({"tags": ["old"]}))
        .await
        .assert_status_ok();
}

/// Sends a body of `length` bytes a moment after its headers, and gives the first line of the answer.
async fn late_body(connection: &mut TcpStream, path: &str, length: usize) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: ada\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    connection.write_all(&vec![b' '; length]).await.unwrap();
    let mut answer = vec![0; 64 << 10];
    let read = connection.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_refusal_is_heard_and_leaves_the_connection_good() {
    let salon = Salon::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(gateway::serve(listener, salon.app.clone(), stop.clone()));
    let mut connection = TcpStream::connect(address).await.unwrap();
    for (path, length, line) in [
        ("/api/v1/services", 2, "HTTP/1.1 401 Unauthorized"),
        ("/api/v1/nowhere", 2, "HTTP/1.1 404 Not Found"),
        ("/livez", 2, "HTTP/1.1 405 Method Not Allowed"),
        ("/api/v1/services", 5 << 20, "HTTP/1.1 401 Unauthorized"),
        ("/api/v1/sign-in", 5 << 20, "HTTP/1.1 413 Payload Too Large"),
        ("/api/v1/nowhere", 2, "HTTP/1.1 404 Not Found"),
    ] {
        let told = late_body(&mut connection, path, length).await;
        assert_eq!(told, line, "{path} with {length} bytes");
    }
    drop(connection);
    stop.cancel();
    serving.await.unwrap().unwrap();
}
