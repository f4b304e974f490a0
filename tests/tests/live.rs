//! A stream of changes, as a program follows it: told within a moment, kept open by what says nothing, and ended when
//! the service stops, which does not wait for it.

use std::time::{Duration, Instant};

use futures::{Stream, StreamExt as _};
use reqwest::{Method, Response};
use serde_json::json;
use tests::{DataDir, Service, Shop};
use tokio::time::timeout;

/// What comes next, or none at its end.
async fn next<B: AsRef<[u8]>>(
    stream: &mut (impl Stream<Item = reqwest::Result<B>> + Unpin),
) -> Option<String> {
    let chunk = timeout(Duration::from_secs(30), stream.next()).await;
    let chunk = chunk.expect("something within half a minute")?;
    // An end that is cut off is an end.
    chunk
        .ok()
        .map(|chunk| String::from_utf8_lossy(chunk.as_ref()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_until_the_service_stops() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let api = service.api(&Shop::create(&dir));
    let asked = api.request(Method::GET, "/live").send().await;
    let stream = asked.and_then(Response::error_for_status);
    let mut stream = stream.expect("it answers").bytes_stream();
    let open = next(&mut stream).await.expect("it is open");
    assert!(open.contains("event: open"), "{open}");
    let made = api.post("/clients", json!({ "name": "Anna" })).await;
    let position = format!("id: {}\n", made.position());
    let mut told = String::new();
    // Before it comes what was not shown yet when the stream began.
    while !told.contains(&position) {
        told = next(&mut stream).await.expect("it is told");
    }
    assert!(told.contains("client.registered"), "{told}");
    // Proxies close what is silent, so it is not.
    let kept = next(&mut stream).await.expect("it is kept open");
    assert!(kept.starts_with(':'), "{kept}");
    let began = Instant::now();
    service.terminate();
    assert_eq!(next(&mut stream).await, None);
    assert!(service.gone().success());
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "it waited for the stream"
    );
}
