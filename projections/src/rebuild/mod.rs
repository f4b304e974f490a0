//! Building read models anew from the ledger, by the same decode and the same `apply` as live.
//!
//! For all businesses: in twins of the tables, in the schema `rebuild`, beside the live ones; once the twins have caught
//! up they take the live tables' place in one transaction that no live batch crosses. Nobody who reads notices. For one
//! business: in place, in one transaction.
//!
//! It needs no projector running, and does not mind one.

mod all;
mod one;
mod pouring;
mod settling;
#[cfg(test)]
mod specs;
mod twins;

use ledger::{BusinessId, Ledger, ReadError};
use sqlx::PgPool;
use vault::Vault;

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let built: Vec<(String, i32)> = sqlx::query_as("select name, version from read_model")
        .fetch_all(db)
        .await?;
    let is_built = |model: &ReadModel| {
        built
            .iter()
            .any(|(name, version)| name == model.name && *version >= model.version)
    };
    Ok(READ_MODELS
        .iter()
        .filter(|model| !is_built(model))
        .copied()
        .collect())
}
