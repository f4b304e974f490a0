//! What holds for every command (API §2): answers, replays, versions, and what is refused before anything is decided.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Salon, header, open, seen};

fn haircut() -> Value {
    json!({"name": "Haircut", "duration_min": 45, "price": "120.00"})
}

#[tokio::test]
async fn what_is_made_is_shown_with_its_place_and_version() {
    let salon = Salon::open().await;
    let made = salon.post("/services", &haircut()).await;
    insta::assert_json_snapshot!(seen(&made));
    let location = made.header("location");
    let shown = salon
        .server
        .get(location.to_str().unwrap())
        .authorization_bearer(&salon.opened.api_key)
        .await;
    assert_eq!(shown.json::<Value>(), made.json::<Value>());
    assert_eq!(shown.header("etag"), made.header("etag"));
}

#[tokio::test]
async fn the_same_key_is_done_once_and_answered_twice() {
    let salon = Salon::open().await;
    let (name, key) = header("idempotency-key", "first");
    let once = salon
        .post("/services", &haircut())
        .add_header(name.clone(), key.clone())
        .await;
    let head = salon.head().await;
    // White space and order of members say nothing new.
    let again = salon
        .call(Method::POST, "/services")
        .content_type("application/json")
        .text(r#"{ "price":"120.00",  "name":"Haircut","duration_min":45}"#)
        .content_type("application/json")
        .add_header(name.clone(), key.clone())
        .await;
    assert_eq!(seen(&again), seen(&once));
    assert_eq!(again.json::<Value>(), once.json::<Value>());
    assert_eq!(salon.head().await, head);

    let id = once.json::<Value>()["id"].as_str().unwrap().to_owned();
    let path = format!("/services/{id}");
    salon
        .patch(&path, &json!({"price": "130.00"}))
        .await
        .assert_status_ok();
    let later = salon
        .post("/services", &haircut())
        .add_header(name.clone(), key.clone())
        .await;
    assert_eq!(seen(&later), seen(&once), "the answer is that of then");

    let other = salon
        .post(
            "/services",
            &json!({"name": "Beard", "duration_min": 20, "price": "50.00"}),
        )
        .add_header(name, key)
        .await;
    insta::assert_json_snapshot!(seen(&other));
}

#[tokio::test]
async fn the_same_key_at_the_same_moment_is_done_once() {
    let salon = Salon::open().await;
    let before = salon.head().await;
    let calls = (0..8).map(|_| {
        let (name, key) = header("idempotency-key", "at once");
        let request = salon.post("/services", &haircut()).add_header(name, key);
        async move { request.await }
    });
    let answers = futures::future::join_all(calls).await;
    for answer in &answers {
        assert_eq!(answer.json::<Value>(), answers[0].json::<Value>());
        assert_eq!(answer.status_code(), 201);
    }
    assert_eq!(salon.head().await, before + 1);
}

#[tokio::test]
async fn asking_for_what_stands_is_no_second_fact() {
    let salon = Salon::open().await;
    let id = salon.service("Haircut").await;
    let head = salon.head().await;
    for key in [None, Some("a"), Some("a")] {
        let mut request = salon.patch(&format!("/services/{id}"), &json!({"price": "120"}));
        if let Some(key) = key {
            let (name, value) = header("idempotency-key", key);
            request = request.add_header(name, value);
        }
        let answer = request.await;
        answer.assert_status_ok();
        assert_eq!(answer.header("etag"), "\"1\"");
        assert_eq!(answer.header("daybook-position"), head.to_string());
    }
    assert_eq!(salon.head().await, head);
}

#[tokio::test]
async fn a_thing_that_moved_on_is_not_changed_unseen() {
    let salon = Salon::open().await;
    let id = salon.service("Haircut").await;
    let path = format!("/services/{id}");
    let (name, first) = header("if-match", "\"1\"");
    let change = |price| salon.patch(&path, &json!({"price": price}));
    let changed = change("130.00")
        .add_header(name.clone(), first.clone())
        .await;
    changed.assert_status_ok();
    assert_eq!(changed.header("etag"), "\"2\"");
    let stale = change("140.00").add_header(name, first).await;
    insta::assert_json_snapshot!(seen(&stale));
}

#[tokio::test]
async fn a_command_takes_no_parameter_that_it_does_not_know() {
    let salon = Salon::open().await;
    let head = salon.head().await;
    let refused = salon.post("/services?dry_run=true", &haircut()).await;
    assert_eq!(refused.status_code(), 422, "{}", refused.text());
    let problem: Value = refused.json();
    assert_eq!(
        problem["violations"][0],
        json!({"field": "dry_run", "code": "unknown_field", "message": "is not known here"})
    );
    assert_eq!(salon.head().await, head);
    let body = json!({"email": "owner@ada.example", "password": "x"});
    let sign_in = salon.bare(Method::POST, "/sign-in?x=1").json(&body).await;
    assert_eq!(sign_in.status_code(), 422);
}

#[tokio::test]
async fn every_problem_has_all_its_members() {
    let salon = Salon::open().await;
    for answer in [
        salon.bare(Method::GET, "/services").await,
        salon.get("/services/none").await,
        salon.get("/nowhere").await,
        salon.post("/services", &json!({})).await,
    ] {
        let problem: Value = answer.json();
        for member in ["type", "title", "detail", "code"] {
            assert!(problem[member].is_string(), "{member}: {problem}");
        }
        assert_eq!(problem["status"], answer.status_code().as_u16());
        assert!(problem["violations"].is_array(), "{problem}");
    }
}

#[tokio::test]
async fn another_business_is_not_there() {
    let salon = Salon::open().await;
    let id = salon.service("Haircut").await;
    let other = open(&salon.app, "other").await;
    let path = format!("/services/{id}");
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::POST, format!("{path}/retire")),
    ] {
        let mut request = salon.bare(method.clone(), &path);
        if method == Method::PATCH {
            request = request.json(&json!({"price": "1.00"}));
        }
        let answer = request.authorization_bearer(&other.api_key).await;
        assert_eq!(answer.status_code(), 404, "{method} {path}");
    }
    let list = salon
        .bare(Method::GET, "/services")
        .authorization_bearer(&other.api_key)
        .await;
    assert_eq!(list.json::<Value>()["items"], json!([]));
}
