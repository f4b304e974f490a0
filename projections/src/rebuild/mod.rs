//! Building read models anew from the ledger, by the same decode and the same `apply` as live.
//!
//! For all businesses: in twins of the tables, in the schema `rebuild`, beside the live ones; once the twins have caught
//! up they take the live tables' place in one transaction that no live batch crosses. Nobody who reads notices. What was
//! killed on the way is gone on with by the next one. For one business: in place, in one transaction.
//!
//! It needs no projector running, and does not mind one.

mod all;
mod one;
mod pouring;
mod resuming;
mod settling;
#[cfg(test)]
mod specs;
mod twins;

use std::collections::HashMap;

use ledger::{BusinessId, Ledger, ReadError};
use sqlx::PgPool;
use vault::Vault;

pub use self::resuming::unfinished;
use crate::{READ_MODELS, ReadModel};

/// What a rebuild works with.
#[derive(Clone)]
pub struct Rebuild {
    /// Connections as the owner of the tables; for one business alone those of the service do as well. The rebuild of
    /// all opens some more with the same options, one for each read model.
    pub pool: PgPool,
    /// The ledger.
    pub ledger: Ledger,
    /// The vault.
    pub vault: Vault,
    /// Which version of the process rebuilds: parked anew, a read model waits for another one.
    pub process_version: String,
    /// About how many events are taken in at a time, of all businesses. The more, the fewer rows are written twice; some
    /// five times as many are in memory. [`Rebuild::EVENTS_AT_A_TIME`] is what it is made for.
    pub events_at_a_time: usize,
}

impl Rebuild {
    /// What a booking's life takes, mostly: from its making to its end other bookings of a large house have some
    /// ten thousand events.
    pub const EVENTS_AT_A_TIME: usize = 32_000;

    /// Gives up what earlier rebuilds of all businesses left of these read models: the next one begins anew.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget(&self, models: &[&'static ReadModel]) -> Result<(), RebuildError> {
        let mut connection = self.pool.acquire().await?;
        resuming::forget(&mut connection, models).await?;
        Ok(())
    }
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events that every read model has taken in.
    pub done: u64,
    /// Events that there are.
    pub total: u64,
}

/// Told now and then, from whichever task is at it.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// What a rebuild did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Which read models.
    pub read_models: Vec<&'static str>,
    /// Of how many businesses.
    pub businesses: u64,
    /// From how many events.
    pub events: u64,
    /// How often a read model could not take in an event of a business, and is parked before it.
    pub parked: u64,
}

/// Why nothing was rebuilt. The live tables are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Another rebuild of all businesses is under way on this database.
    #[error("another rebuild is under way")]
    UnderWay,
    /// The business has no ledger.
    #[error("the business {0} has no ledger")]
    NoSuchBusiness(BusinessId),
    /// Somebody read the live tables without an end.
    #[error(
        "the live tables could not be had for the swap: somebody has been reading them all the time"
    )]
    Busy,
    /// A task of it broke, which is a mistake in the program.
    #[error("a builder broke")]
    Broke,
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Read(#[from] ReadError),
    /// The database did not answer, or refused.
    #[error("the read models could not be built")]
    Store(#[from] sqlx::Error),
}

/// The read model of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static ReadModel> {
    READ_MODELS.iter().find(|model| model.name == name).copied()
}

/// Those read models that were built by an older version of the code, or never.
///
/// # Errors
/// When the database does not answer.
pub async fn outdated(db: &PgPool) -> Result<Vec<&'static ReadModel>, sqlx::Error> {
    let built = built(db).await?;
    let is_built = |model: &ReadModel| {
        let version = built.get(model.name);
        version.is_some_and(|version| *version >= model.version)
    };
    let models = READ_MODELS.iter().copied();
    Ok(models.filter(|model| !is_built(model)).collect())
}

/// Those read models that were built by an older version of the code. What was never built is none of them: the
/// projector builds it.
///
/// # Errors
/// When the database does not answer.
pub async fn older(db: &PgPool) -> Result<Vec<&'static ReadModel>, sqlx::Error> {
    let built = built(db).await?;
    let is_older = |model: &ReadModel| {
        let version = built.get(model.name);
        version.is_some_and(|version| *version < model.version)
    };
    let models = READ_MODELS.iter().copied();
    Ok(models.filter(|model| is_older(model)).collect())
}

/// By which version of the code each read model was built.
async fn built(db: &PgPool) -> Result<HashMap<String, i32>, sqlx::Error> {
    let rows: Vec<(String, i32)> = sqlx::query_as("select name, version from read_model")
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().collect())
}
