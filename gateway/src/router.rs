//! The API as a list, and what every request passes on its way in and out.

use std::{any::Any, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::HeaderName,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use metrics::{counter, histogram};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
};
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::App,
    openapi,
    problem::{Code, Problem, speak},
    routes,
    texts::Message,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All routes, with their description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(routes::health::routes())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .merge(routes::sign_in::routes())
                .merge(routes::api_keys::routes())
                .merge(routes::business::routes())
                .merge(routes::closures::routes())
                .merge(routes::services::routes())
                .merge(routes::staff::routes())
                .merge(routes::absences::routes())
                .merge(routes::desks::routes())
                .merge(routes::clients::routes())
                .merge(routes::bookings::routes())
                .merge(routes::visits::routes())
                .merge(routes::availability::routes())
                .merge(routes::calendar::routes())
                .merge(routes::history::routes())
                .merge(routes::changes::routes())
                .merge(routes::payments::routes())
                .merge(routes::reports::routes()),
        )
}

/// The whole service as an axum router: for [`serve`](crate::serve), and for tests that call it in process.
pub fn router(app: App) -> Router {
    let (router, description) = routes().split_for_parts();
    let description = openapi::complete(description);
    router
        .merge(routes::docs::routes(&description))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(from_fn(watch))
                .layer(CompressionLayer::new())
                .layer(from_fn(speak))
                .layer(CatchPanicLayer::custom(panicked)),
        )
        .with_state(app)
}

async fn no_route() -> Problem {
    Problem::not_found().detail(Message::new("detail-no-route"))
}

async fn no_method() -> Problem {
    Problem::new(Code::MethodNotAllowed)
}

/// A bug of ours fails one request, not the service.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("panicked");
    Problem::internal(format!("a handler panicked: {said}")).into_response()
}

/// A span and figures for each request. By its route, never its path: ids and names are nobody's business there.
async fn watch(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let method = request.method().to_string();
    let id = request.headers().get(&REQUEST_ID);
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!(
        "request",
        http.method = method,
        http.route = route,
        request.id = id
    );
    let begun = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        tracing::debug!(
            http.status = status,
            duration_ms = took.as_secs_f64() * 1_000.0,
            "answered a request"
        );
    });
    let labels = [
        ("method", method),
        ("route", route),
        ("status", status.to_string()),
    ];
    histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    counter!("http_requests_total", &labels).increment(1);
    response
}
