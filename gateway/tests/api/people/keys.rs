//! API keys of any role: what they may, and whose rights bound theirs.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    bookings::refused,
    support::{Salon, id_of},
};

fn secret(issued: &Value) -> String {
    issued["api_key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_may_what_its_scopes_say() {
    let salon = Salon::open().await;
    let wanted = json!({"name": "screen", "role": "manager", "scopes": ["see_catalogue"]});
    let issued = salon.post("/api-keys", &wanted).await;
    id_of(&issued);
    let issued: Value = issued.json();
    assert_eq!(issued["scopes"], json!(["see_catalogue"]));
    let key = secret(&issued);
    let status = async |path: &str| {
        let answer = salon.by(&key, Method::GET, path).await;
        answer.status_code().as_u16()
    };
    assert_eq!(status("/services").await, 200);
    assert_eq!(status("/clients").await, 403);
    let me: Value = salon.by(&key, Method::GET, "/me").await.json();
    assert_eq!(
        (&me["kind"], &me["rights"]),
        (&json!("api_key"), &json!(["see_catalogue"]))
    );
    let unknown = json!({"name": "x", "role": "staff", "scopes": ["fly"]});
    refused(&salon.post("/api-keys", &unknown).await, 422, "invalid");
    // It has no profile, password or sessions.
    let sessions = salon.by(&key, Method::GET, "/me/sessions").await;
    refused(&sessions, 403, "forbidden");
}

#[tokio::test]
async fn a_key_is_called_something_else() {
    let salon = Salon::open().await;
    let issued = salon
        .post("/api-keys", &json!({"name": "screen", "role": "staff"}))
        .await;
    let path = format!("/api-keys/{}", id_of(&issued));
    let renamed = salon.patch(&path, &json!({"name": "hall"})).await;
    renamed.assert_status_ok();
    assert_eq!(renamed.header("etag"), "\"2\"");
    assert_eq!(renamed.json::<Value>()["name"], "hall");
    let shown: Value = salon.get(&path).await.json();
    assert_eq!(shown, renamed.json::<Value>());
    // What it may do was settled when it was issued.
    let wider = salon.patch(&path, &json!({"role": "owner"})).await;
    refused(&wider, 422, "invalid");
    let empty = salon.patch(&path, &json!({"name": ""})).await;
    refused(&empty, 422, "invalid");
    let stale = salon.patch(&path, &json!({"name": "door"}));
    let stale = stale.add_header("if-match", "\"1\"").await;
    refused(&stale, 412, "stale");
    let head = salon.head().await.to_string();
    let changes = salon.get("/changes?action=access.api_key_renamed");
    let changes: Value = changes
        .add_header("daybook-min-position", head)
        .await
        .json();
    assert_eq!(
        changes["items"][0]["changes"],
        json!([{"field": "name", "from": "screen", "to": "hall"}])
    );
}

#[tokio::test]
async fn a_key_can_do_no_more_than_who_issued_it() {
    let salon = Salon::open().await;
    let ada = salon.somebody("admin", None).await;
    let issue = async |body: Value| {
        salon
            .by(&ada.token, Method::POST, "/api-keys")
            .json(&body)
            .await
    };
    let above = issue(json!({"name": "x", "role": "owner"})).await;
    refused(&above, 403, "forbidden");
    let issued = issue(json!({"name": "x", "role": "admin"})).await;
    id_of(&issued);
    let key = secret(&issued.json());
    let status = async |path: &str| {
        let answer = salon.by(&key, Method::GET, path).await;
        answer.status_code().as_u16()
    };
    assert_eq!(status("/users").await, 200);
    // What its issuer may no longer, it may no longer.
    salon
        .put(
            &format!("/users/{}/role", ada.id),
            &json!({"role": "staff"}),
        )
        .await
        .assert_status_ok();
    assert_eq!(status("/users").await, 403);
    let me: Value = salon.by(&key, Method::GET, "/me").await.json();
    assert_eq!(me["role"], "staff", "it sees what its issuer sees");
    salon
        .post(&format!("/users/{}/disable", ada.id), &json!({}))
        .await
        .assert_status_ok();
    assert_eq!(status("/services").await, 401);
}

#[tokio::test]
async fn the_last_use_of_a_key_is_told() {
    let salon = Salon::open().await;
    let issued = salon
        .post("/api-keys", &json!({"name": "till", "role": "staff"}))
        .await;
    let (id, key) = (id_of(&issued), secret(&issued.json()));
    let shown = async || salon.get(&format!("/api-keys/{id}")).await.json::<Value>();
    assert_eq!(shown().await["last_used_at"], json!(null));
    salon
        .by(&key, Method::GET, "/services")
        .await
        .assert_status_ok();
    for _ in 0..100 {
        if shown().await["last_used_at"] == "2026-11-23T09:00:00Z" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("nobody noted that the key was used");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_processes_hear_of_it_at_once() {
    let (salon, other) = Salon::twice().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let listening = tokio::spawn(other.clone().background(stop.clone()));
    let server = axum_test::TestServer::new(gateway::router(other));
    let mia = salon.somebody("manager", None).await;
    let users = format!("/users/{}", mia.id);
    let there = async |path: &str| {
        let answer = server
            .get(&format!("/api/v1{path}"))
            .authorization_bearer(&mia.token)
            .await;
        answer.status_code().as_u16()
    };
    let soon = async |path: &str, wanted: u16| {
        let begun = std::time::Instant::now();
        while there(path).await != wanted {
            assert!(begun.elapsed().as_millis() < 800, "{path} is not {wanted}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    // Remembered there, and trusted for a second: what changes here must reach it sooner.
    soon("/reports/summary?from=2026-11-01&to=2026-11-30", 200).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(there("/payments?from=2026-11-01&to=2026-11-30").await, 200);
    salon
        .delete(&format!("{users}/rights/see_revenue"))
        .await
        .assert_status_ok();
    soon("/payments?from=2026-11-01&to=2026-11-30", 403).await;
    salon
        .post(&format!("{users}/disable"), &json!({}))
        .await
        .assert_status_ok();
    soon("/services", 401).await;
    stop.cancel();
    listening.await.unwrap();
}

#[tokio::test]
async fn a_key_that_was_issued_with_another_is_good_for_as_long_as_that_one() {
    let salon = Salon::open().await;
    let until = |hours| salon.app.now() + SignedDuration::from_hours(hours);
    let issue = async |with: &str, expires_at: Option<Timestamp>| {
        let wanted = json!({"name": "x", "role": "admin", "expires_at": expires_at});
        let issued = salon
            .by(with, Method::POST, "/api-keys")
            .json(&wanted)
            .await;
        (id_of(&issued), secret(&issued.json()))
    };
    let status = async |key: &str| {
        let answer = salon.by(key, Method::GET, "/services").await;
        answer.status_code().as_u16()
    };
    let (_, brief) = issue(&salon.opened.api_key, Some(until(1))).await;
    let (_, of_brief) = issue(&brief, None).await;
    let (parent, lasting) = issue(&salon.opened.api_key, None).await;
    let (_, child) = issue(&lasting, None).await;
    let (_, grandchild) = issue(&child, None).await;
    for key in [&brief, &of_brief, &lasting, &child, &grandchild] {
        assert_eq!(status(key).await, 200);
    }
    salon.hands.forward(SignedDuration::from_hours(1));
    assert_eq!((status(&brief).await, status(&of_brief).await), (401, 401));
    let revoked = salon.delete(&format!("/api-keys/{parent}")).await;
    assert_eq!(revoked.status_code(), 204);
    for key in [&lasting, &child, &grandchild] {
        assert_eq!(status(key).await, 401);
    }
}

#[tokio::test]
async fn keys_issue_keys_only_so_many_times_in_a_row() {
    let salon = Salon::open().await;
    let wanted = json!({"name": "x", "role": "admin"});
    let mut key = salon.opened.api_key.clone();
    for _ in 0..8 {
        let issued = salon
            .by(&key, Method::POST, "/api-keys")
            .json(&wanted)
            .await;
        id_of(&issued);
        key = secret(&issued.json());
    }
    let services = salon.by(&key, Method::GET, "/services").await;
    assert_eq!(services.status_code(), 200);
    let one_more = salon
        .by(&key, Method::POST, "/api-keys")
        .json(&wanted)
        .await;
    refused(&one_more, 403, "forbidden");
}

#[tokio::test]
async fn the_key_of_who_sees_their_own_bookings_alone_sees_no_others() {
    let salon = Salon::open().await;
    let (ada, bea) = (
        salon.staff("Ada", &[], &Value::Null).await,
        salon.staff("Bea", &[], &Value::Null).await,
    );
    let admin = salon.somebody("admin", Some(ada)).await;
    let wanted = json!({"name": "x", "role": "staff", "staff_id": bea});
    let issued = salon
        .by(&admin.token, Method::POST, "/api-keys")
        .json(&wanted)
        .await;
    id_of(&issued);
    let key = secret(&issued.json());
    let whose = async || {
        let me: Value = salon.by(&key, Method::GET, "/me").await.json();
        me["staff_id"].clone()
    };
    assert_eq!(whose().await, json!(bea));
    salon
        .put(
            &format!("/users/{}/role", admin.id),
            &json!({"role": "staff"}),
        )
        .await
        .assert_status_ok();
    assert_eq!(whose().await, json!(ada));
}

#[tokio::test]
async fn a_key_is_there_though_who_asked_for_it_hung_up() {
    let salon = Salon::open().await;
    let before = salon.head().await;
    let wanted = json!({"name": "till", "role": "staff"});
    let request = Request::post("/api/v1/api-keys")
        .header("authorization", format!("Bearer {}", salon.opened.api_key))
        .header("content-type", "application/json")
        .body(Body::from(wanted.to_string()))
        .unwrap();
    let asking = gateway::router(salon.app.clone()).oneshot(request);
    let written = async {
        while salon.head().await == before {
            tokio::task::yield_now().await;
        }
    };
    // Whichever is first: then nobody waits for an answer any more.
    tokio::select! {
        _ = asking => {}
        () = written => {}
    }
    for _ in 0..100 {
        let keys: Value = salon.get("/api-keys").await.json();
        let mut keys = keys["items"].as_array().unwrap().iter();
        if keys.any(|key| key["name"] == "till") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the key was issued, and nobody kept its hash");
}
