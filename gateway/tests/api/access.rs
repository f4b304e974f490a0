//! Who may call: keys, sessions, cookies.

use axum::http::Method;
use domain::text::Slug;
use gateway::access::{AccountError, revoke_api_key};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Salon, header, id_of, open, seen};

fn sign_in(salon: &Salon, password: &str) -> axum_test::TestRequest {
    let body = json!({"email": "Owner@ada.example", "password": password});
    salon.bare(Method::POST, "/sign-in").json(&body)
}

#[tokio::test]
async fn nobody_and_strangers_are_refused() {
    let salon = Salon::open().await;
    insta::assert_json_snapshot!("nobody", seen(&salon.bare(Method::GET, "/services").await));
    for token in [
        "dbk_short",
        "",
        "x",
        &format!("dbk_{}", "A".repeat(43)),
        &format!("dbs_{}", "A".repeat(43)),
    ] {
        let answer = salon
            .bare(Method::GET, "/services")
            .authorization_bearer(token)
            .await;
        assert_eq!(answer.status_code(), 401, "{token}");
    }
    let stranger = salon
        .bare(Method::POST, "/services")
        .authorization_bearer("dbk_x")
        .await;
    insta::assert_json_snapshot!("stranger", seen(&stranger));
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked() {
    let salon = Salon::open().await;
    let (name, once) = header("idempotency-key", "k1");
    let body = json!({"name": "till", "role": "owner"});
    let request = || {
        salon
            .post("/api-keys", &body)
            .add_header(name.clone(), once.clone())
    };
    let issued = request().await;
    let id = id_of(&issued);
    let key = issued.json::<Value>()["api_key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(key.starts_with("dbk_"));
    assert_eq!(
        request().await.json::<Value>()["api_key"],
        key,
        "the same key, told again"
    );

    let list = || {
        salon
            .bare(Method::GET, "/services")
            .authorization_bearer(&key)
    };
    list().await.assert_status_ok();
    salon
        .delete(&format!("/api-keys/{id}"))
        .await
        .assert_status(axum::http::StatusCode::NO_CONTENT);
    assert_eq!(list().await.status_code(), 401);
    let shown: Value = salon.get(&format!("/api-keys/{id}")).await.json();
    assert_eq!(shown["revoked_at"], "2026-11-23T09:00:00Z");
    assert_eq!(shown.get("api_key"), None);
    let keys: Value = salon.get("/api-keys").await.json();
    assert_eq!(keys["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_is_remembered_and_yet_revoked_at_once() {
    let salon = Salon::open().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let listening = tokio::spawn(salon.app.clone().background(stop.clone()));
    let issued = salon
        .post("/api-keys", &json!({"name": "till", "role": "owner"}))
        .await;
    let (id, key) = (
        id_of(&issued),
        issued.json::<Value>()["api_key"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    let list = || {
        salon
            .bare(Method::GET, "/services")
            .authorization_bearer(&key)
    };
    for _ in 0..20 {
        list().await.assert_status_ok();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    revoke_api_key(&salon.app, salon.business(), id)
        .await
        .unwrap();
    assert_eq!(list().await.status_code(), 401);
    stop.cancel();
    listening.await.unwrap();
}

#[tokio::test]
async fn a_key_runs_out() {
    let salon = Salon::open().await;
    let body = json!({"name": "till", "role": "owner", "expires_at": "2026-11-23T10:00:00Z"});
    let issued = salon.post("/api-keys", &body).await;
    id_of(&issued);
    let key = issued.json::<Value>()["api_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = || {
        salon
            .bare(Method::GET, "/services")
            .authorization_bearer(&key)
    };
    salon.hands.forward(SignedDuration::from_secs(3_599));
    list().await.assert_status_ok();
    salon.hands.forward(SignedDuration::from_secs(1));
    assert_eq!(list().await.status_code(), 401);
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_told_field_by_field() {
    let salon = Salon::open().await;
    let body = json!({
        "name": "", "role": "staff", "staff_id": uuid::Uuid::nil(), "expires_at": "2020-01-01T00:00:00Z",
    });
    insta::assert_json_snapshot!(seen(&salon.post("/api-keys", &body).await));
}

#[tokio::test]
async fn a_role_opens_what_the_table_says_and_nothing_else() {
    let salon = Salon::open().await;
    let key = async |role: &str| {
        let issued = salon
            .post("/api-keys", &json!({"name": role, "role": role}))
            .await;
        issued.json::<Value>()["api_key"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let status = async |method, path: &str, key: &str| {
        let answer = salon.bare(method, path).authorization_bearer(key).await;
        answer.status_code().as_u16()
    };
    let (staff, manager, admin) = (key("staff").await, key("manager").await, key("admin").await);
    for key in [&staff, &manager, &admin] {
        assert_eq!(status(Method::GET, "/services", key).await, 200);
    }
    // Before the body is looked at.
    assert_eq!(status(Method::POST, "/services", &staff).await, 403);
    assert_eq!(status(Method::POST, "/services", &manager).await, 403);
    assert_eq!(status(Method::POST, "/services", &admin).await, 422);
    assert_eq!(
        status(Method::GET, "/history/export?format=csv", &staff).await,
        403
    );
    assert_eq!(
        status(Method::GET, "/history/export?format=csv", &manager).await,
        200
    );
    let denied = salon
        .bare(Method::GET, "/api-keys")
        .authorization_bearer(&manager)
        .await;
    insta::assert_json_snapshot!("denied", seen(&denied));
}

#[tokio::test]
async fn a_manager_is_told_who_changed_bookings_and_clients_alone() {
    let salon = Salon::open().await;
    let service = salon.service("Haircut").await;
    let client = id_of(&salon.post("/clients", &json!({"name": "Zofia"})).await);
    let issued = json!({"name": "desk", "role": "manager"});
    let issued: Value = salon.post("/api-keys", &issued).await.json();
    let manager = issued["api_key"].as_str().unwrap();
    let head = salon.head().await.to_string();
    let told = async |query: &str, key: &str| -> Value {
        let asked = salon.bare(Method::GET, &format!("/changes?count=true{query}"));
        let asked = asked.authorization_bearer(key);
        let told = asked.add_header("daybook-min-position", &head).await;
        told.assert_status_ok();
        told.json()
    };
    let all = told("", manager).await;
    assert_eq!(
        (all["total"].as_i64(), &all["next"]),
        (Some(1), &Value::Null)
    );
    assert_eq!(all["items"][0]["subject_id"], json!(client));
    let query = format!("&subject_type=service&subject_id={service}");
    assert_eq!(told(&query, manager).await["total"], 0);
    assert_eq!(
        told("&subject_type=service", manager).await["items"],
        json!([])
    );
    assert_eq!(told(&query, &salon.opened.api_key).await["total"], 1);
}

#[tokio::test]
async fn the_owner_signs_in_and_out() {
    let salon = Salon::open().await;
    let signed_in = sign_in(&salon, PASSWORD).await;
    signed_in.assert_status_ok();
    let token = signed_in.json::<Value>()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(signed_in.json::<Value>()["business"], "ada");
    let cookie = signed_in.header("set-cookie").to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-daybook=dbs_"), "{cookie}");
    for part in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let list = || {
        salon
            .bare(Method::GET, "/services")
            .authorization_bearer(&token)
    };
    list().await.assert_status_ok();
    let out = salon
        .bare(Method::POST, "/sign-out")
        .authorization_bearer(&token)
        .await;
    out.assert_status(axum::http::StatusCode::NO_CONTENT);
    assert_eq!(list().await.status_code(), 401);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let salon = Salon::open().await;
    let token = sign_in(&salon, PASSWORD).await.json::<Value>()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = || {
        salon
            .bare(Method::GET, "/services")
            .authorization_bearer(&token)
    };
    salon.hands.forward(SignedDuration::from_hours(30 * 24 - 1));
    list().await.assert_status_ok();
    salon.hands.forward(SignedDuration::from_hours(1));
    assert_eq!(list().await.status_code(), 401);
}

#[tokio::test]
async fn a_browser_writes_only_from_pages_of_ours() {
    let salon = Salon::open().await;
    let token = sign_in(&salon, PASSWORD).await.json::<Value>()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let (cookie, value) = header("cookie", &format!("a=b; __Host-daybook={token}"));
    let (site, same) = header("sec-fetch-site", "same-origin");
    let (_, cross) = header("sec-fetch-site", "cross-site");
    let body = json!({"name": "Haircut", "duration_min": 45, "price": "120.00"});
    let write = || {
        salon
            .bare(Method::POST, "/services")
            .add_header(cookie.clone(), value.clone())
            .json(&body)
    };
    let read = salon
        .bare(Method::GET, "/services")
        .add_header(cookie.clone(), value.clone());
    read.add_header(site.clone(), cross.clone())
        .await
        .assert_status_ok();
    let head = salon.head().await;
    insta::assert_json_snapshot!(seen(&write().add_header(site.clone(), cross).await));
    assert_eq!(write().await.status_code(), 403, "a browser tells");
    assert_eq!(salon.head().await, head);
    id_of(&write().add_header(site, same).await);
    let (actor, source): (String, String) = sqlx::query_as(
        "select metadata->'actor'->>'kind', metadata->>'source' from events order by position desc limit 1",
    )
    .fetch_one(&salon.database.owner_pool().await)
    .await
    .unwrap();
    assert_eq!((&*actor, &*source), ("user", "panel"));
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_then_slowed_down() {
    let salon = Salon::open().await;
    insta::assert_json_snapshot!("wrong_password", seen(&sign_in(&salon, "wrong").await));
    let unknown = json!({"email": "nobody@ada.example", "password": PASSWORD});
    let unknown = salon.bare(Method::POST, "/sign-in").json(&unknown).await;
    insta::assert_json_snapshot!("wrong_password", seen(&unknown));
    for _ in 0..4 {
        assert_eq!(sign_in(&salon, "wrong").await.status_code(), 401);
    }
    insta::assert_json_snapshot!("too_many_tries", seen(&sign_in(&salon, PASSWORD).await));
    salon.hands.forward(SignedDuration::from_secs(60));
    sign_in(&salon, PASSWORD).await.assert_status_ok();
}

#[tokio::test]
async fn a_slug_is_taken_once_and_half_opened_ones_are_cleared_away() {
    let salon = Salon::open().await;
    let again = gateway::access::create_business(
        &salon.app,
        gateway::access::NewBusiness {
            name: domain::text::Label::parse("Another").unwrap(),
            slug: Slug::parse("ada").unwrap(),
            time_zone: domain::time::Zone::named("Europe/Kyiv").unwrap(),
            currency: domain::money::Currency::UAH,
            country: None,
            owner_email: domain::contact::Email::parse("a@example.org").unwrap(),
            owner_password: PASSWORD.into(),
        },
    );
    assert!(matches!(again.await, Err(AccountError::SlugTaken(slug)) if slug == "ada"));
    // A process died between the secrets and the append.
    sqlx::query(
        "insert into business_slug (slug, business_id, made_at) values ('half', $1, now())",
    )
    .bind(uuid::Uuid::now_v7())
    .execute(&salon.database.owner_pool().await)
    .await
    .unwrap();
    open(&salon.app, "half").await;
}
