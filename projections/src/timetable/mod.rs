//! Tables: `ops/migrations/0021_timetable.sql`. When the house, its people and desks work, and who is away when.
//!
//! For those who look: opening hours, price list, absences. What is offered and accepted is worked out from the
//! catalogue and the claims, never from here.

mod fold;
mod questions;
mod rows;
#[cfg(test)]
mod specs;

use sqlx::PgConnection;

use self::{fold::Touched, rows::Tables};
pub use self::{
    questions::{away_between, business, desks, services, staff},
    rows::{Away, BusinessRow, DeskRow, ServiceRow, StaffRow},
};
use crate::{ApplyError, Projected, ReadModel};

/// The timetable, as it is fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "timetable",
    version: 1,
    tables: &[
        "timetable_business",
        "timetable_service",
        "timetable_staff",
        "timetable_desk",
        "timetable_away",
    ],
    late_indexes: &[],
    apply: |db, batch, _| Box::pin(apply(db, batch)),
    sum_up: None,
};

/// Takes a batch in.
pub(crate) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let touched = Touched::by(batch);
    if touched.is_empty() {
        return Ok(());
    }
    let mut tables = Tables::load(db, &touched).await?;
    for projected in batch {
        tables.take_in(projected);
    }
    tables.store(db).await?;
    Ok(())
}
