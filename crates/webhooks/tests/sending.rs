//! What a webhook sends, and where it does not.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped has failed the test"
)]

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::net::TcpListener;
use webhooks::{
    Allowed, Fault, Limits, Lookup, Parcel, Secret, Sender, Sent, SystemLookup, signature,
};

/// DNS that says what it is told to, another thing each time it is asked.
struct Tells {
    answers: Vec<Vec<&'static str>>,
    port: u16,
    asked: AtomicUsize,
}

impl Lookup for Tells {
    fn addresses(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = &self.answers[number.min(self.answers.len() - 1)];
        let port = self.port;
        let told = answer
            .iter()
            .map(|ip| SocketAddr::new(ip.parse().unwrap(), port));
        let told = told.collect();
        Box::pin(async move { Ok(told) })
    }
}

const NOTHING: Allowed = Allowed {
    http: false,
    private: false,
};
const ALL: Allowed = Allowed {
    http: true,
    private: true,
};

fn sender(allowed: Allowed, lookup: impl Lookup) -> Sender {
    drop(rustls::crypto::ring::default_provider().install_default());
    let limits = Limits {
        answer: Duration::from_secs(1),
        connect: Duration::from_secs(1),
    };
    Sender::new(allowed, limits, Arc::new(lookup)).unwrap()
}

fn parcel() -> Parcel {
    Parcel {
        id: "evt_1".to_owned(),
        body: b"{\"id\":\"evt_1\"}".to_vec(),
    }
}

async fn send(allowed: Allowed, lookup: impl Lookup, url: &str) -> Sent {
    sender(allowed, lookup)
        .send(url, parcel(), &[Secret::new([1; 32])])
        .await
}

type Got = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

/// A receiver that answers so, and keeps what it got.
async fn receiver(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (u16, Got) {
    let got = Got::default();
    let kept = got.clone();
    let take = post(async move |headers: HeaderMap, body: axum::body::Bytes| {
        kept.lock().unwrap().push((headers, body.to_vec()));
        answer()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", take)).await });
    (port, got)
}

#[tokio::test]
async fn a_message_comes_signed_and_whole() {
    let (port, got) = receiver(|| StatusCode::NO_CONTENT.into_response()).await;
    let (new, old) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let sender = sender(ALL, SystemLookup);
    let url = format!("http://localhost:{port}/hook");
    let sent = sender
        .send(&url, parcel(), &[new.clone(), old.clone()])
        .await;
    assert_eq!((sent.status, sent.fault), (Some(204), None));

    let got = got.lock().unwrap();
    let (headers, body) = &got[0];
    assert_eq!(*body, parcel().body);
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    assert_eq!(headers["webhook-id"], "evt_1");
    let seconds: i64 = headers["webhook-timestamp"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let at = Timestamp::from_second(seconds).unwrap();
    assert!(Timestamp::now().duration_since(at).abs() < jiff::SignedDuration::from_secs(5));
    assert_eq!(
        headers["webhook-signature"],
        signature(&[new, old], "evt_1", at, body)
    );
}

#[tokio::test]
async fn a_name_that_leads_inside_is_never_connected_to() {
    for inside in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "fd00::1",
        "fe80::1",
        "64:ff9b::7f00:1",
    ] {
        let lookup = Tells {
            answers: vec![vec![inside]],
            port: 443,
            asked: AtomicUsize::new(0),
        };
        let sent = send(NOTHING, lookup, "https://hooks.example/hook").await;
        assert_eq!(sent.fault, Some(Fault::PrivateAddress), "{inside}");
        // Among public ones, too.
        let mixed = vec![vec!["93.184.215.14", inside]];
        let lookup = Tells {
            answers: mixed,
            port: 443,
            asked: AtomicUsize::new(0),
        };
        let sent = send(NOTHING, lookup, "https://hooks.example/hook").await;
        assert_eq!(sent.fault, Some(Fault::PrivateAddress), "{inside}");
    }
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_what_was_checked_is_what_is_connected_to() {
    // The first answer is public (and reserved for documentation in truth: nobody is there), the second is us.
    let (port, got) = receiver(|| StatusCode::OK.into_response()).await;
    let answers = vec![vec!["240.0.0.1"], vec!["127.0.0.1"]];
    let lookup = Arc::new(Tells {
        answers,
        port,
        asked: AtomicUsize::new(0),
    });
    struct Shared(Arc<Tells>);
    impl Lookup for Shared {
        fn addresses(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            self.0.addresses(name)
        }
    }
    let url = format!("http://rebinding.example:{port}/hook");
    let sent = send(ALL, Shared(lookup.clone()), &url).await;
    assert!(sent.fault.is_some(), "{sent:?}");
    assert_eq!(lookup.asked.load(Ordering::Relaxed), 1);
    assert!(got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn numbers_and_plain_http_are_refused_unless_allowed() {
    let (port, got) = receiver(|| StatusCode::OK.into_response()).await;
    for (allowed, url) in [
        (NOTHING, format!("http://127.0.0.1:{port}/hook")),
        (NOTHING, format!("https://127.0.0.1:{port}/hook")),
        (
            Allowed {
                http: true,
                ..NOTHING
            },
            format!("http://127.0.0.1:{port}/hook"),
        ),
        (
            Allowed {
                http: true,
                ..NOTHING
            },
            format!("http://[::ffff:127.0.0.1]:{port}/hook"),
        ),
        (
            Allowed {
                private: true,
                ..NOTHING
            },
            format!("http://127.0.0.1:{port}/hook"),
        ),
    ] {
        assert_eq!(
            send(allowed, SystemLookup, &url).await.fault,
            Some(Fault::Target),
            "{url}"
        );
    }
    assert!(got.lock().unwrap().is_empty());
    let sent = send(ALL, SystemLookup, &format!("http://127.0.0.1:{port}/hook")).await;
    assert!(sent.got_through());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (inside, got) = receiver(|| StatusCode::OK.into_response()).await;
    let to = format!("http://127.0.0.1:{inside}/hook");
    let (port, _) = receiver(move || {
        (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to.clone())]).into_response()
    })
    .await;
    let sent = send(ALL, SystemLookup, &format!("http://127.0.0.1:{port}/hook")).await;
    assert_eq!((sent.status, sent.fault), (Some(307), Some(Fault::Status)));
    assert!(got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_went_wrong_is_told_apart() {
    let (port, _) =
        receiver(|| (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "120")]).into_response())
            .await;
    let sent = send(ALL, SystemLookup, &format!("http://127.0.0.1:{port}/hook")).await;
    assert_eq!(
        (sent.status, sent.retry_after),
        (Some(503), Some(Duration::from_secs(120)))
    );

    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let sent = send(ALL, SystemLookup, &format!("http://{nobody}/")).await;
    assert_eq!(sent.fault, Some(Fault::Connect));

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sent = send(
        ALL,
        SystemLookup,
        &format!("http://{}/", silent.local_addr().unwrap()),
    )
    .await;
    assert_eq!(sent.fault, Some(Fault::Timeout));

    let lookup = Tells {
        answers: vec![vec![]],
        port: 443,
        asked: AtomicUsize::new(0),
    };
    let sent = send(NOTHING, lookup, "https://nowhere.example/").await;
    assert_eq!(sent.fault, Some(Fault::Dns));
}

#[tokio::test]
async fn an_answer_without_end_holds_nobody_up() {
    let endless = || {
        let chunks = futures::stream::repeat_with(|| Ok::<_, io::Error>(vec![b'x'; 16_384]));
        Response::new(Body::from_stream(chunks))
    };
    let (port, _) = receiver(endless).await;
    let sent = send(ALL, SystemLookup, &format!("http://127.0.0.1:{port}/hook")).await;
    assert_eq!((sent.status, sent.fault), (Some(200), None));
    assert!(sent.took < Duration::from_secs(3));
}
