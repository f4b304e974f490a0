//! What holds for every answer: when it begins at the latest, what it says to browsers, which pages of others may read
//! it.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{
            ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            ETAG, IF_MATCH, LOCATION, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use tokio::time::timeout;
use tower_http::cors::CorsLayer;

use crate::{app::App, problem::Problem, texts::Message};

/// Gives up on an answer that does not begin in time. What a query's handler was doing is dropped, as when the caller
/// hangs up; a command's goes on to its end unheard, and its `Idempotency-Key` tells what became of it.
pub(crate) async fn in_time(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let patience = app.settings().patience;
    timeout(patience, next.run(request)).await.map_err(|late| {
        let told = Message::new("detail-outcome-unknown");
        Problem::unavailable(late).detail(told)
    })
}

/// Adds to each answer what keeps browsers from harm, where its handler has said nothing else.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let of_api = request.uri().path().starts_with("/api/v1/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    unless_said(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_said(headers, REFERRER_POLICY, "no-referrer");
    // Of what is no page nothing is ever loaded, and nothing is shown inside of others' pages.
    let nothing = "default-src 'none'; frame-ancestors 'none'";
    unless_said(headers, CONTENT_SECURITY_POLICY, nothing);
    if of_api {
        // Answers hold what is personal.
        unless_said(headers, CACHE_CONTROL, "no-store");
    }
    if app.settings().public_address.starts_with("https://") {
        unless_said(headers, STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

fn unless_said(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

/// Pages of these origins (`https://salon.example`) may call with a token. Never with a cookie: that is for our own.
pub(crate) fn cross_origin(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| origin.parse().ok());
    let origins: Vec<HeaderValue> = origins.collect();
    let named = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            ACCEPT_LANGUAGE,
            IF_MATCH,
            named("idempotency-key"),
            named("daybook-min-position"),
            named("last-event-id"),
            named("x-request-id"),
        ])
        .expose_headers([
            ETAG,
            LOCATION,
            RETRY_AFTER,
            named("daybook-position"),
            named("ratelimit"),
            named("ratelimit-policy"),
            named("x-request-id"),
        ])
        .max_age(std::time::Duration::from_secs(600))
}
