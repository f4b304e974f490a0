//! What the projector knows of a read model, and the list of all of them.

use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::{
    Projected, calendar, changes, client_card, clients, history, reports, segments, till,
    timetable, waitlist,
};

/// Every read model there is. A new one adds its line, and is built by the projector on the next start.
pub static READ_MODELS: &[&ReadModel] = &[
    &timetable::READ_MODEL,
    &calendar::READ_MODEL,
    &history::READ_MODEL,
    &changes::READ_MODEL,
    &clients::READ_MODEL,
    &till::READ_MODEL,
    &reports::READ_MODEL,
    &waitlist::READ_MODEL,
    &client_card::READ_MODEL,
    &segments::READ_MODEL,
];

/// One read model, as it is fed and rebuilt. Each module holds its own as `READ_MODEL`.
///
/// What makes a rebuild equal the live one, row for row, and so is asked of each:
/// - its rows follow from the events alone: no clock, no randomness, no sequences, no other read model's tables;
/// - every table has `business_id` first in its primary key, no foreign keys and no triggers;
/// - a batch leaves what its events would leave one by one, however they are cut into batches;
/// - an erased value leaves what it would leave had it never been told: null, or no row.
pub struct ReadModel {
    /// Its name, as in `daybook rebuild --read-model NAME` and in metrics.
    pub name: &'static str,
    /// Raised with each change of what its rows are: tells that it is to be rebuilt.
    pub version: i32,
    /// All of its tables, without schema.
    pub tables: &'static [&'static str],
    /// Indexes that only queries need, not `apply`: a rebuild makes them last. Not unique ones.
    pub late_indexes: &'static [&'static str],
    /// Takes a batch in: in position order per business, of one or many businesses.
    ///
    /// Runs inside the projector's transaction, which it leaves alone. Table names are unqualified: in a rebuild the
    /// same statements meet the twins in the schema `rebuild`.
    pub apply: ApplyFn,
    /// Works out, for all businesses, what `apply` left for [later](Sums::Later). Done twice it leaves the same.
    pub sum_up: Option<SumUpFn>,
}

/// How a read model takes a batch in; a module writes `apply: |db, batch, _| Box::pin(apply(db, batch))`.
pub type ApplyFn = for<'a> fn(
    &'a mut PgConnection,
    &'a [Projected],
    Sums,
) -> BoxFuture<'a, Result<(), ApplyError>>;

/// How a read model works out what follows from its own rows.
pub type SumUpFn = fn(&mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>>;

/// When that is worked out which follows from the rows as they stand, and which no batch asks for: as a client's totals
/// do from all of their bookings. A read model without [`ReadModel::sum_up`] knows of nothing such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sums {
    /// With each batch.
    Now,
    /// By [`ReadModel::sum_up`], when everything is there: a rebuild need not do it over and over.
    Later,
}

/// Why a read model could not take a batch in. Its text is shown to operators: ids only, never a personal value.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database refused or was away.
    #[error("the database refused")]
    Store(#[from] sqlx::Error),
    /// The rows are not what the events before must have left.
    #[error("its rows do not fit the event: {0}")]
    Misfit(String),
}

impl std::fmt::Debug for ReadModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadModel")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
