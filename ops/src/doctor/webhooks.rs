//! Webhooks: which are off, and which are behind.

use sqlx::PgPool;
use webhooks::{Lag, Table};

use super::checkup::Checkup;

/// Behind for longer than this, nobody tells them, or not fast enough.
const PATIENCE_SECONDS: f64 = 300.0;

pub(super) async fn look(pool: &PgPool, checkup: &mut Checkup) {
    match Table::new(pool.clone()).lag().await {
        Ok(lag) => tell(&lag, checkup),
        Err(error) => checkup.fail(
            "webhooks",
            format!("how far webhooks are could not be looked at: {error}"),
            "see the causes told here",
        ),
    }
}

fn tell(lag: &Lag, checkup: &mut Checkup) {
    if lag.off > 0 {
        checkup.warn(
            "webhooks",
            format!(
                "{} were switched off because nothing got through to them",
                lag.off
            ),
            "the admins of their businesses were written to; GET /webhooks tells which, and PATCH switches them on again",
        );
    }
    let found = format!(
        "{} are behind, the furthest by {:.0} s; to {} nothing gets through at the moment",
        lag.behind, lag.seconds, lag.failing
    );
    if lag.failing > 0 {
        checkup.warn(
            "webhooks",
            found,
            "GET /webhooks/{id}/deliveries tells why; they are tried again for three days",
        );
    } else if lag.seconds > PATIENCE_SECONDS {
        checkup.warn(
            "webhooks",
            found,
            "see that a service with the role herald runs, and its log",
        );
    } else if lag.off == 0 {
        checkup.ok("webhooks", found);
    }
}
