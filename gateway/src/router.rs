//! The API as a list, and what every request passes on its way in and out.

use std::{any::Any, time::Instant};

use axum::{
    Extension, Router,
    extract::{MatchedPath, Request},
    http::HeaderName,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use metrics::{counter, histogram};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate as _},
    },
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
};
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    access::{check, rights::Method},
    app::App,
    door, openapi,
    problem::{Code, Problem, speak},
    routes,
    sheet::XLSX,
    texts::Message,
    unread,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All routes, with their description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(routes::health::routes())
        .merge(routes::docs::routes())
        .merge(routes::booking_page::routes())
        .merge(routes::password_page::routes())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .merge(routes::sign_in::routes())
                .merge(routes::links::routes())
                .merge(routes::me::routes())
                .merge(routes::signed_in::routes())
                .merge(routes::users::routes())
                .merge(routes::api_keys::routes())
                .merge(routes::business::routes())
                .merge(routes::settings::routes())
                .merge(routes::policy::routes())
                .merge(routes::public::routes())
                .merge(routes::closures::routes())
                .merge(routes::services::routes())
                .merge(routes::staff::routes())
                .merge(routes::absences::routes())
                .merge(routes::affected::routes())
                .merge(routes::desks::routes())
                .merge(routes::classes::routes())
                .merge(routes::sessions::routes())
                .merge(routes::clients::routes())
                .merge(routes::imports::routes())
                .merge(routes::bookings::routes())
                .merge(routes::visits::routes())
                .merge(routes::series::routes())
                .merge(routes::waitlist::routes())
                .merge(routes::webhooks::routes())
                .merge(routes::segments::routes())
                .merge(routes::availability::routes())
                .merge(routes::calendar::routes())
                .merge(routes::calendar_feed::routes())
                .merge(routes::history::routes())
                .merge(routes::search::routes())
                .merge(routes::changes::routes())
                .merge(routes::reverts::routes())
                .merge(routes::log::routes())
                .merge(routes::live::routes())
                .merge(routes::payments::routes())
                .merge(routes::reports::routes()),
        )
}

/// The whole service as an axum router: for [`serve`](crate::serve), and for tests that call it in process.
pub fn router(app: App) -> Router {
    let (router, description) = routes().split_for_parts();
    let description = openapi::complete(description);
    let described = Extension(routes::docs::Described::new(&description));
    let router = router
        .layer(described)
        .route_layer(from_fn_with_state(app.clone(), check))
        .layer(from_fn_with_state(app.clone(), door::in_time));
    let origins = &app.settings().origins;
    let router = match origins.is_empty() {
        true => passed(router),
        false => passed(router).layer(door::cross_origin(origins)),
    };
    let guarded = from_fn_with_state(app.clone(), door::guard);
    router.layer(guarded).with_state(app)
}

/// What every request passes on its way in and out, those first that are outermost.
fn passed<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    // A spreadsheet is a zip already.
    let is_worth_it = DefaultPredicate::new().and(NotForContentType::const_new(XLSX));
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(from_fn(watch))
                .layer(CompressionLayer::new().compress_when(is_worth_it))
                .layer(from_fn(speak))
                .layer(from_fn(unread::read_out))
                .layer(CatchPanicLayer::custom(panicked)),
        )
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
    // Whoever sends a request may make a method up; a figure would be kept for each.
    let method = Method::of(request.method()).map_or("other", Method::word);
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
        ("method", method.to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    counter!("http_requests_total", &labels).increment(1);
    response
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode, routing::get};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(path: &str) -> (StatusCode, String) {
        let broken = get(async || -> () { panic!("a secret of Zofia's") });
        let router = passed(Router::new().route("/broken", broken));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let status = answer.status();
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(answer.headers().contains_key(&REQUEST_ID));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let (status, body) = answer("/broken").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            body.contains("\"internal\"") && !body.contains("Zofia"),
            "{body}"
        );
        // And the next one is served.
        assert_eq!(answer("/nowhere").await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn methods_that_somebody_made_up_are_one_in_the_figures() {
        let figures = routes::health::figures();
        let router = passed(Router::new().route("/here", get(async || "here")));
        for method in ["BREW", "WHEN", "GET"] {
            let request = Request::builder().method(method).uri("/here");
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let told = figures.render();
        assert!(!told.contains("BREW") && !told.contains("WHEN"), "{told}");
        let line = |method: &str| {
            let begins = format!("http_requests_total{{method=\"{method}\",route=\"/here\"");
            told.lines().any(|line| line.starts_with(&begins))
        };
        assert!(line("other") && line("GET"), "{told}");
    }
}
