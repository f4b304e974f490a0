//! The API's description of itself, for programs and for people.

use std::sync::Arc;

use axum::{
    Extension,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// A page of our own: it loads nothing from anywhere else, so that it works offline.
const PAGE: &str = include_str!("docs.html");

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(description))
        .routes(routes!(page))
}

/// The description, written out; handed to its handler once all routes are known.
#[derive(Clone)]
pub(crate) struct Described(Arc<str>);

impl Described {
    pub(crate) fn new(description: &OpenApi) -> Self {
        let json = description.to_pretty_json();
        // Plain data, all of whose keys are text: it can always be written.
        Self(json.expect("an OpenAPI description is JSON").into())
    }
}

/// This description (OpenAPI 3.1).
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "health",
    responses((status = 200, body = serde_json::Value, content_type = "application/json")))]
async fn description(Extension(Described(json)): Extension<Described>) -> Response {
    ([(CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

/// The same as a page for people, which works offline.
#[utoipa::path(get, path = "/api/docs", tag = "health",
    responses((status = 200, body = String, content_type = "text/html")))]
async fn page() -> Response {
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    ([(CONTENT_SECURITY_POLICY, policy)], Html(PAGE)).into_response()
}
