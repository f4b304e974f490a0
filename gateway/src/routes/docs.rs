//! The API's description of itself, for programs and for people.

use axum::{
    Router,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY, header::CONTENT_TYPE},
    response::Html,
    routing::get,
};
use utoipa::openapi::OpenApi;

use crate::app::App;

/// A page of our own: it loads nothing from anywhere else, so that it works offline.
const PAGE: &str = include_str!("docs.html");

/// `/api/v1/openapi.json` and `/api/docs`.
pub(crate) fn routes(description: &OpenApi) -> Router<App> {
    let json = description.to_pretty_json();
    // Plain data, all of whose keys are text: it can always be written.
    let json = json.expect("an OpenAPI description is JSON");
    let json: &'static str = json.leak();
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'",
    );
    Router::new()
        .route(
            "/api/v1/openapi.json",
            get(async move || ([(CONTENT_TYPE, "application/json")], json)),
        )
        .route(
            "/api/docs",
            get(async move || ([(CONTENT_SECURITY_POLICY, policy)], Html(PAGE))),
        )
}
