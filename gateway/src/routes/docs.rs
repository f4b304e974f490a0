//! The API's description of itself, for programs and for people.

use axum::{
    Extension,
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{Html, IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};
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
pub(crate) struct Described {
    json: Bytes,
    /// Another one only if it is another description.
    tag: HeaderValue,
}

impl Described {
    pub(crate) fn new(description: &OpenApi) -> Self {
        let json = description.to_pretty_json();
        // Plain data, all of whose keys are text: it can always be written.
        let json: Bytes = json.expect("an OpenAPI description is JSON").into();
        let hash = hex::encode(&Sha256::digest(&json)[..16]);
        // Weak: it may go out compressed.
        let tag = HeaderValue::try_from(format!("W/\"{hash}\""));
        Self {
            json,
            tag: tag.expect("hex is a header's value"),
        }
    }
}

/// This description (OpenAPI 3.1).
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "health",
    responses(
        (status = 200, body = serde_json::Value, content_type = "application/json",
            headers(("ETag" = String, description = "For If-None-Match"))),
        (status = 304, description = "It is the one that `If-None-Match` names"),
    ))]
async fn description(
    Extension(Described { json, tag }): Extension<Described>,
    headers: HeaderMap,
) -> Response {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let is_known = known.any(|one| one.trim().as_bytes() == tag.as_bytes());
    // Nothing in it is anybody's; who has it asks whether there is another one.
    let told = [
        (ETAG, tag),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    if is_known {
        return (StatusCode::NOT_MODIFIED, told).into_response();
    }
    (told, [(CONTENT_TYPE, "application/json")], json).into_response()
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
