//! Taking requests until told to stop.

use std::{io, net::SocketAddr};

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{app::App, router::router};

/// Serves `app` on `listener` until `stop` is cancelled; then takes no more requests, and returns when those in hand
/// are answered.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, app: App, stop: CancellationToken) -> io::Result<()> {
    let background = tokio::spawn(app.clone().background(stop.clone()));
    let closing = app.closing().clone();
    let told = stop.clone();
    tokio::spawn(async move {
        told.cancelled().await;
        closing.cancel();
    });
    // An answer is written whole; waiting to fill a packet only delays it.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
    });
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .await;
    stop.cancel();
    if let Err(error) = background.await {
        tracing::error!(%error, "the gateway's background work stopped");
    }
    served
}
