//! What holds for every answer: headers for browsers, pages of other sites, how often somebody may call.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request},
    response::Response,
};
use gateway::{Allowance, Limits, Settings};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::Salon;

#[tokio::test]
async fn browsers_are_told_to_be_careful() {
    let salon = Salon::open_with(Settings {
        public_address: "https://book.example".to_owned(),
        ..Settings::default()
    })
    .await;
    for path in ["/services", "/nowhere", "/services/7"] {
        let answer = salon.get(path).await;
        let told = |name: &str| answer.header(name).to_str().unwrap().to_owned();
        assert_eq!(told("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(told("referrer-policy"), "no-referrer");
        assert_eq!(told("cache-control"), "no-store");
        assert_eq!(
            told("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(told("strict-transport-security"), "max-age=31536000");
        assert!(!told("x-request-id").is_empty());
    }
    // A page says itself what it needs, and over plain HTTP nobody is sent to HTTPS.
    let plain = Salon::open().await;
    let page = plain.server.get("/api/docs").await;
    let policy = page.header("content-security-policy");
    assert!(policy.to_str().unwrap().contains("frame-ancestors 'none'"));
    assert!(policy.to_str().unwrap().contains("script-src"));
    assert!(page.maybe_header("strict-transport-security").is_none());
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_no_others() {
    let salon = Salon::open_with(Settings {
        origins: vec!["https://salon.example".to_owned()],
        ..Settings::default()
    })
    .await;
    let asked = async |origin: &str| {
        salon
            .bare(Method::OPTIONS, "/bookings")
            .add_header("origin", origin)
            .add_header("access-control-request-method", "POST")
            .add_header(
                "access-control-request-headers",
                "authorization, idempotency-key",
            )
            .await
    };
    let allowed = asked("https://salon.example").await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://salon.example"
    );
    // With a token alone: a cookie is not sent from there.
    assert!(
        allowed
            .maybe_header("access-control-allow-credentials")
            .is_none()
    );
    let headers = allowed.header("access-control-allow-headers");
    assert!(headers.to_str().unwrap().contains("idempotency-key"));
    let others = asked("https://evil.example").await;
    assert!(others.maybe_header("access-control-allow-origin").is_none());
    // What is refused can be read there, too.
    let answer = salon
        .bare(Method::GET, "/services")
        .add_header("origin", "https://salon.example")
        .await;
    assert_eq!(answer.status_code(), 401);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://salon.example"
    );
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.to_str().unwrap().contains("daybook-position"));
}

/// A request from an address.
async fn from(salon: &Salon, address: &str, token: &str) -> Response {
    let peer: SocketAddr = address.parse().unwrap();
    let request = Request::get("/api/v1/services")
        .extension(ConnectInfo(peer))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let router = gateway::router(salon.app.clone());
    router.oneshot(request).await.unwrap()
}

fn text<'a>(answer: &'a Response, header: &str) -> &'a str {
    answer.headers()[header].to_str().unwrap()
}

#[tokio::test]
async fn who_calls_too_often_is_told_when_to_come_back() {
    let few = Allowance {
        burst: NonZeroU32::new(2).unwrap(),
        an_hour: NonZeroU32::new(60).unwrap(),
    };
    let salon = Salon::open_with(Settings {
        limits: Limits {
            keys: Some(few),
            users: None,
            strangers: Some(few),
        },
        ..Settings::default()
    })
    .await;
    let key = salon.opened.api_key.clone();
    for left in ["\"key\";r=1;t=60", "\"key\";r=0;t=120"] {
        let answer = from(&salon, "192.0.2.7:1", &key).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(text(&answer, "ratelimit-policy"), "\"key\";q=2;w=120");
        assert_eq!(text(&answer, "ratelimit"), left);
    }
    let refused = from(&salon, "192.0.2.8:1", &key).await;
    assert_eq!(refused.status(), 429);
    let wait: u32 = text(&refused, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refused.headers().get_all("ratelimit").iter().count(), 1);
    // Who tries tokens is counted by the address, and keeps nobody out who has a good one.
    for _ in 0..2 {
        assert_eq!(
            from(&salon, "192.0.2.9:1", "dbk_nonsense").await.status(),
            401
        );
    }
    assert_eq!(
        from(&salon, "192.0.2.9:1", "dbk_nonsense").await.status(),
        429
    );
    assert_eq!(
        from(&salon, "192.0.2.10:1", "dbk_nonsense").await.status(),
        401
    );
    let session = salon
        .bare(Method::POST, "/sign-in")
        .json(&json!({"email": "owner@ada.example", "password": crate::support::PASSWORD}))
        .await;
    let token = session.json::<Value>()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..3 {
        let answer = from(&salon, "192.0.2.9:1", &token).await;
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("ratelimit"));
    }
}

#[tokio::test]
async fn an_answer_that_does_not_begin_in_time_is_given_up() {
    let salon = Salon::open_with(Settings {
        patience: Duration::from_secs(2),
        ..Settings::default()
    })
    .await;
    salon.get("/services").await.assert_status_ok();
    // It waits five seconds for what does not come.
    let late = salon
        .get("/clients")
        .add_header("daybook-min-position", "99999")
        .await;
    assert_eq!(late.status_code(), 503);
    assert_eq!(late.json::<Value>()["code"], "unavailable");
    assert!(late.maybe_header("retry-after").is_some());
}

#[tokio::test]
async fn all_settings_are_in_one_document() {
    let salon = Salon::open().await;
    let before: Value = salon.get("/settings").await.json();
    salon
        .put("/settings/booking-policy", &json!({"min_notice_min": 90}))
        .await
        .assert_status_ok();
    let answer = salon.get("/settings").await;
    let after: Value = answer.json();
    assert_ne!(before["booking_policy"]["min_notice_min"], 90);
    assert_eq!(after["booking_policy"]["min_notice_min"], 90);
    for (name, at) in [
        ("booking_policy", "booking-policy"),
        ("waitlist", "waitlist"),
    ] {
        let one = salon.get(&format!("/settings/{at}")).await;
        assert_eq!(after[name], one.json::<Value>());
        assert_eq!(answer.header("etag"), one.header("etag"));
    }
}
