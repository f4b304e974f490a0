//! Whether the service lives, whether it is ready, and its figures.

use std::{collections::BTreeMap, sync::OnceLock, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// How long a look at the database may take.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
}

/// Whether the process lives.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
async fn livez() -> &'static str {
    "ok"
}

/// What was looked at.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Whether requests can be served.
    ready: bool,
    /// Each thing looked at: `ok`, or what is wrong with it.
    checks: BTreeMap<&'static str, String>,
}

/// Whether migrations, database and projector are well.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (status = 200, body = Readiness),
        (status = 503, body = Readiness, description = "Something is not well"),
    ),
)]
async fn readyz(State(app): State<App>) -> Response {
    let mut checks = BTreeMap::new();
    let asked = sqlx::query("select 1").execute(app.pool());
    let database = match timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("does not answer".to_owned()),
    };
    let mut ready = database.is_ok();
    checks.insert(
        "database",
        database.err().unwrap_or_else(|| "ok".to_owned()),
    );
    for probe in app.probes() {
        let looked = timeout(PATIENCE, (probe.look)()).await;
        let looked = looked.unwrap_or_else(|_| Err("does not answer".to_owned()));
        ready &= looked.is_ok();
        checks.insert(probe.name, looked.err().unwrap_or_else(|| "ok".to_owned()));
    }
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, checks })).into_response()
}

/// The service's figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics() -> Response {
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, figures().render()).into_response()
}

/// Where this process's figures are gathered; installed when first asked for, once for all.
///
/// # Panics
/// When another recorder was installed before: two cannot be.
pub fn figures() -> &'static PrometheusHandle {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    FIGURES.get_or_init(|| {
        let seconds = [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
        ];
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("seconds".to_owned()), &seconds)
            .and_then(PrometheusBuilder::install_recorder)
            .expect("no other recorder is installed in this process")
    })
}
