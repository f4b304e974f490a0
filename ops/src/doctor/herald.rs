//! The herald: how far publishing is behind.

use herald::{Lag, lag};
use sqlx::PgPool;

use super::checkup::{Checkup, Published};
use crate::settings::Settings;

/// Behind for longer than this, nobody publishes, or not fast enough.
const PATIENCE_SECONDS: f64 = 60.0;

pub(super) async fn look(settings: &Settings, pool: &PgPool, checkup: &mut Checkup) {
    if settings.messaging.is_off() {
        return;
    }
    match lag(pool).await {
        Ok(lag) => tell(&lag, checkup),
        Err(error) => checkup.fail(
            "herald",
            format!("what is published could not be looked at: {error}"),
            "see the causes told here",
        ),
    }
}

fn tell(lag: &Lag, checkup: &mut Checkup) {
    checkup.published = Some(Published::from(lag));
    if lag.forked > 0 {
        checkup.fail(
            "herald",
            format!(
                "of {} businesses the stream tells events that the ledger does not hold: the database was set back",
                lag.forked
            ),
            "tell subscribers; deleting the stream DAYBOOK has it published anew from the start (docs/guides/subscribing.md)",
        );
    }
    let Some(worst) = &lag.worst else {
        checkup.ok("herald", "everything is published");
        return;
    };
    let found = format!(
        "{} events of {} businesses are not published; the furthest behind is {}, by {} events and {:.0} s",
        lag.events, lag.businesses, worst.business, worst.events, worst.seconds
    );
    if worst.seconds > PATIENCE_SECONDS {
        checkup.warn(
            "herald",
            found,
            "start `daybook serve` with the role herald; if it runs, see its log for what holds it up",
        );
    } else {
        checkup.ok("herald", found);
    }
}
