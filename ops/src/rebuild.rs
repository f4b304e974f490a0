//! `daybook rebuild`: builds read models anew from the ledger, while everything goes on.

use std::{num::NonZeroU32, sync::Mutex, time::Instant};

use indicatif::ProgressBar;
use projections::{
    READ_MODELS, ReadModel,
    rebuild::{Progress, Rebuild, RebuildError, Rebuilt, named},
};
use serde_json::json;

use crate::{
    books::Books,
    failure::{Misused, because, failure},
    output::Output,
    progress,
    settings::Settings,
};

/// Connections of the owner's; one more for each read model are opened by the rebuild itself.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(4).expect("not zero");

/// Builds read models anew from the ledger, without downtime.
///
/// For all businesses: beside the live ones, which they replace at the end. For one business: in place, at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this read model.
    #[arg(long, value_name = "NAME")]
    read_model: Option<String>,
    /// Only this business.
    #[arg(long, value_name = "SLUG")]
    business: Option<String>,
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let models = match &arguments.read_model {
        None => READ_MODELS.to_vec(),
        Some(name) => vec![named(name).ok_or_else(|| unknown(name))?],
    };
    let books = Books::open(settings).await?;
    let began = Instant::now();
    let rebuilt = rebuild(&books, &models, arguments.business.as_deref()).await;
    books.close().await;
    let rebuilt = rebuilt?;
    output.say(format!(
        "{} rebuilt for {} businesses from {} events in {:.1} s.",
        rebuilt.read_models.join(", "),
        rebuilt.businesses,
        rebuilt.events,
        began.elapsed().as_secs_f64(),
    ))?;
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
    models: &[&'static ReadModel],
    business: Option<&str>,
) -> anyhow::Result<Rebuilt> {
    let bar = Mutex::new(progress::bar("rebuilding", "events"));
    let told = |progress: Progress| show(&bar, progress);
    let rebuild = Rebuild {
        pool: books.database.owner_pool(CONNECTIONS),
        ledger: books.ledger.clone(),
        vault: books.vault.clone(),
        process_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let rebuilt = match business {
        None => rebuild.all(models, &told).await,
        Some(slug) => {
            rebuild
                .one(books.business(slug).await?, models, &told)
                .await
        }
    };
    rebuild.pool.close().await;
    rebuilt.map_err(|error| {
        let remedy = match &error {
            RebuildError::UnderWay => "let the other one end first",
            RebuildError::NoSuchBusiness(_) => "name a business that was opened",
            RebuildError::Busy => "end what reads for so long (pg_stat_activity), and run it again",
            RebuildError::Broke => "tell us: this should not happen; running it again does no harm",
            RebuildError::Read(_) | RebuildError::Store(_) => {
                "see that the database is up, and run it again"
            }
        };
        because(
            error,
            "nothing was rebuilt; the read models are as they were",
            remedy,
        )
    })
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
