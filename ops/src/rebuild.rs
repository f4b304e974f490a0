//! `daybook rebuild`: builds read models anew from the ledger, while everything goes on.

use std::{
    num::NonZeroU32,
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use projections::{
    READ_MODELS, ReadModel,
    rebuild::{Progress, Rebuild, RebuildError, Rebuilt, named, older, outdated},
};
use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    books::Books,
    failure::{Misused, because, failure, in_one_line},
    output::Output,
    progress,
    settings::Settings,
};

/// Connections of the owner's; one more for each read model are opened by the rebuild itself.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(4).expect("not zero");
/// What another process is rebuilding is looked at again after this long.
const LOOKED_AT_AGAIN: Duration = Duration::from_secs(60);

/// Builds read models anew from the ledger, without downtime.
///
/// For all businesses: beside the live ones, which they replace at the end; killed on the way, the next one goes on where
/// it was. For one business: in place, at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this read model.
    #[arg(long, value_name = "NAME")]
    read_model: Option<String>,
    /// Only this business.
    #[arg(long, value_name = "SLUG")]
    business: Option<String>,
    /// Only those that an older version of Daybook built. `daybook serve` with the role projector does it too.
    #[arg(long, conflicts_with_all = ["read_model", "business"])]
    outdated: bool,
    /// Begin anew, whatever an earlier rebuild that was killed has done already.
    #[arg(long, conflicts_with = "business")]
    afresh: bool,
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let only = match &arguments.read_model {
        None => None,
        Some(name) => Some(named(name).ok_or_else(|| unknown(name))?),
    };
    let books = Books::open(settings).await?;
    let began = Instant::now();
    let rebuilt = rebuild(&books, arguments, only).await;
    books.close().await;
    let rebuilt = rebuilt?;
    if rebuilt.read_models.is_empty() {
        output.say("All read models are of this version.")?;
    } else {
        output.say(format!(
            "{} rebuilt for {} businesses from {} events in {:.1} s.",
            rebuilt.read_models.join(", "),
            rebuilt.businesses,
            rebuilt.events,
            began.elapsed().as_secs_f64(),
        ))?;
    }
    output.json(&json!({
        "read_models": rebuilt.read_models,
        "businesses": rebuilt.businesses,
        "events": rebuilt.events,
        "parked": rebuilt.parked,
    }))?;
    if rebuilt.parked > 0 {
        return Err(failure(
            format!(
                "{} read models could not take in an event, and are parked before it",
                rebuilt.parked
            ),
            "see `daybook doctor` for which, and the log for why",
        ));
    }
    Ok(())
}

async fn rebuild(
    books: &Books,
    arguments: &Arguments,
    only: Option<&'static ReadModel>,
) -> anyhow::Result<Rebuilt> {
    let bar = Mutex::new(progress::bar("rebuilding", "events"));
    let told = |progress: Progress| show(&bar, progress);
    let rebuild = books.rebuild();
    let rebuilt = async {
        let models = match only {
            Some(model) => vec![model],
            None if arguments.outdated => outdated(&rebuild.pool).await?,
            None => READ_MODELS.to_vec(),
        };
        if models.is_empty() {
            return Ok(Rebuilt::default());
        }
        if arguments.afresh {
            rebuild.forget(&models).await?;
        }
        match &arguments.business {
            None => Ok(rebuild.all(&models, &told).await?),
            Some(slug) => {
                let business = books.business(slug).await?;
                Ok(rebuild.one(business, &models, &told).await?)
            }
        }
    }
    .await;
    rebuild.pool.close().await;
    rebuilt.map_err(|error: anyhow::Error| match error.downcast::<RebuildError>() {
        Ok(error) => {
            let remedy = match &error {
                RebuildError::UnderWay => "let the other one end first",
                RebuildError::NoSuchBusiness(_) => "name a business that was opened",
                RebuildError::Busy => {
                    "end what reads for so long (pg_stat_activity), and run it again: it goes on where it was"
                }
                RebuildError::Broke => {
                    "tell us: this should not happen; running it again, with --afresh, does no harm"
                }
                RebuildError::Read(_) | RebuildError::Store(_) => {
                    "see that the database is up, and run it again: it goes on where it was"
                }
            };
            let what = "nothing was rebuilt; the read models are as they were";
            because(error, what, remedy)
        }
        Err(error) => error,
    })
}

impl Books {
    /// What rebuilds the read models, as the owner of their tables.
    pub(crate) fn rebuild(&self) -> Rebuild {
        Rebuild {
            pool: self.database.owner_pool(CONNECTIONS),
            ledger: self.ledger.clone(),
            vault: self.vault.clone(),
            process_version: env!("CARGO_PKG_VERSION").to_owned(),
            events_at_a_time: Rebuild::EVENTS_AT_A_TIME,
        }
    }
}

/// Rebuilds the read models that an older version built, one time, beside the service that shows the old ones meanwhile.
pub(crate) async fn bring_up_to_date(rebuild: Rebuild, stop: CancellationToken) {
    let work = async {
        loop {
            match rebuild_outdated(&rebuild).await {
                Ok(true) => return,
                // Another process does it, or cannot either: it is looked at again.
                Ok(false) => sleep(LOOKED_AT_AGAIN).await,
                Err(error) => {
                    tracing::error!(
                        error = in_one_line(&error.into()),
                        "Read models of an older version could not be rebuilt and are shown as they are: run daybook \
                         rebuild --outdated as the owner of the tables",
                    );
                    return;
                }
            }
        }
    };
    stop.run_until_cancelled(work).await;
    rebuild.pool.close().await;
}

/// Whether there is nothing left to do.
async fn rebuild_outdated(rebuild: &Rebuild) -> Result<bool, RebuildError> {
    let models = older(&rebuild.pool).await?;
    if models.is_empty() {
        return Ok(true);
    }
    let names: Vec<_> = models.iter().map(|model| model.name).collect();
    tracing::info!(
        read_models = names.join(", "),
        "Read models were built by an older version and are rebuilt; the old ones are shown until then"
    );
    match rebuild.all(&models, &|_| ()).await {
        Ok(rebuilt) => {
            tracing::info!(
                read_models = names.join(", "),
                events = rebuilt.events,
                parked = rebuilt.parked,
                "Read models were rebuilt"
            );
            Ok(true)
        }
        Err(RebuildError::UnderWay | RebuildError::Busy) => Ok(false),
        Err(error) => Err(error),
    }
}

fn show(bar: &Mutex<ProgressBar>, progress: Progress) {
    let bar = bar
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    bar.set_length(progress.total);
    bar.set_position(progress.done);
}

fn unknown(name: &str) -> Misused {
    let names: Vec<_> = READ_MODELS.iter().map(|model| model.name).collect();
    Misused(format!(
        "--read-model {name}: there is none of that name; there are {}",
        names.join(", ")
    ))
}
