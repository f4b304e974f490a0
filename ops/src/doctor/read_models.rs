//! The read models: how far each is behind, and which stand still.

use ledger::Ledger;
use projections::{Projector, ProjectorSettings, projector::parked, rebuild::outdated};
use sqlx::PgPool;
use vault::{MasterKey, Vault};

use super::checkup::Checkup;
use crate::{failure::in_one_line, settings::Settings};

/// Behind for longer than this, nobody feeds them, or not fast enough.
const PATIENCE_SECONDS: f64 = 60.0;

pub(super) async fn look(settings: &Settings, pool: &PgPool, checkup: &mut Checkup) {
    if let Err(error) = look_at_each(settings, pool, checkup).await {
        checkup.fail(
            "read models",
            format!("they could not be looked at: {}", in_one_line(&error)),
            "see the causes told here",
        );
    }
}

async fn look_at_each(
    settings: &Settings,
    pool: &PgPool,
    checkup: &mut Checkup,
) -> anyhow::Result<()> {
    // Nothing is opened with it: one that was made for the purpose does as well, where none can be had.
    let none_made = || MasterKey::generate();
    let key = settings
        .books
        .master_key()
        .cloned()
        .unwrap_or_else(none_made);
    let ledger = Ledger::new(pool.clone(), Vec::new());
    let projector = Projector::new(
        pool.clone(),
        ledger.clone(),
        Vault::new(&key, pool.clone()),
        ProjectorSettings::new(env!("CARGO_PKG_VERSION")),
    );
    let lags = projector.lag().await?;
    for stands in parked(pool).await? {
        checkup.fail(
            "read models",
            format!(
                "{} is parked for business {} before position {}: {}",
                stands.read_model, stands.business_id, stands.failed_position, stands.error
            ),
            "what it shows of that business is old; install a daybook that mends it, then run `daybook rebuild`",
        );
    }
    let old: Vec<_> = outdated(pool)
        .await?
        .iter()
        .map(|model| model.name)
        .collect();
    if !old.is_empty() && !ledger.businesses().await?.is_empty() {
        checkup.warn(
            "read models",
            format!("{} were built by another version, or never", old.join(", ")),
            "start `daybook serve` with the role projector, which rebuilds them beside the old ones, or run `daybook rebuild --outdated`",
        );
    }
    let being_built = projector.being_built().await?;
    if !being_built.is_empty() && !ledger.businesses().await?.is_empty() {
        checkup.warn(
            "read models",
            format!(
                "{} are being built for the first time: until they are whole, queries that need them answer not_yet",
                being_built.join(", ")
            ),
            "let `daybook serve` with the role projector build them; where one is parked, see why",
        );
    }
    let behind = lags
        .iter()
        .map(|lag| lag.positions)
        .max()
        .unwrap_or_default();
    let seconds = lags.iter().map(|lag| lag.seconds).fold(0.0, f64::max);
    let found = match behind {
        0 => format!("{} of them, up to date", lags.len()),
        _ => format!(
            "{} of them, up to {behind} events and {seconds:.0} s behind",
            lags.len()
        ),
    };
    if seconds > PATIENCE_SECONDS {
        checkup.warn(
            "read models",
            found,
            "start `daybook serve` with the role projector; if it runs, see its log for what holds it up",
        );
    } else {
        checkup.ok("read models", found);
    }
    Ok(())
}
