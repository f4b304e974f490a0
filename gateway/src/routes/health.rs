//! Whether the service lives, whether it is ready, and its figures.

use std::{collections::BTreeMap, future::Future, sync::OnceLock, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// How long a look at the database may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// What is told of whatever does not answer.
const AWAY: &str = "does not answer";
/// How long what was seen is told again.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How often measurements are counted.
const COUNTS: Duration = Duration::from_secs(5);

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
#[derive(Clone, Serialize, ToSchema)]
struct Readiness {
    /// Whether requests can be served.
    ready: bool,
    /// Each thing looked at: `ok`, or what is wrong with it.
    checks: BTreeMap<&'static str, String>,
    /// Read models that are being built for the first time, for some business at least: queries that need them answer
    /// `not_yet`. Everything else is served, so it makes nobody less ready.
    being_built: Vec<&'static str>,
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
    let readiness = app.readiness().of(&app).await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

/// Whether the service is ready, looked at once a second however many ask.
#[derive(Default)]
pub(crate) struct LastLook(Mutex<Option<(Instant, Readiness)>>);

impl LastLook {
    async fn of(&self, app: &App) -> Readiness {
        // Who comes while somebody looks waits for what they see.
        let mut last = self.0.lock().await;
        if let Some((at, seen)) = last.as_ref()
            && at.elapsed() < GOOD_FOR
        {
            return seen.clone();
        }
        let seen = look_around(app).await;
        *last = Some((Instant::now(), seen.clone()));
        seen
    }
}

async fn look_around(app: &App) -> Readiness {
    let asked = async {
        let answered = sqlx::query("select 1").execute(app.pool()).await;
        answered.map(drop).map_err(|error| {
            // Anybody may ask: where the database is and what it says is told to the log.
            tracing::warn!(%error, "the database does not answer");
            AWAY.to_owned()
        })
    };
    // All at once: who asks waits no longer than for the slowest.
    let probes = app.probes().iter();
    let (database, others, being_built) = tokio::join!(
        look("database", asked),
        join_all(probes.map(|probe| look(probe.name, (probe.look)()))),
        timeout(PATIENCE, app.projector().being_built()),
    );
    let looked: Vec<_> = [database].into_iter().chain(others).collect();
    let ready = looked.iter().all(|(_, looked)| looked.is_ok());
    let checks = looked
        .into_iter()
        .map(|(name, looked)| (name, looked.err().unwrap_or_else(|| "ok".to_owned())))
        .collect();
    Readiness {
        ready,
        checks,
        // Where the database does not answer, that is told above.
        being_built: being_built.ok().and_then(Result::ok).unwrap_or_default(),
    }
}

async fn look(
    name: &'static str,
    looking: impl Future<Output = Result<(), String>>,
) -> (&'static str, Result<(), String>) {
    let looked = timeout(PATIENCE, looking).await;
    (name, looked.unwrap_or_else(|_| Err(AWAY.to_owned())))
}

/// The service's figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics() -> Response {
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, figures().render()).into_response()
}

/// Has what was measured counted, so that it does not pile up where nobody asks for the figures. Never ends.
pub async fn count_figures() {
    loop {
        sleep(COUNTS).await;
        figures().run_upkeep();
    }
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
