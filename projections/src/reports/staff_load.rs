//! How much of everybody's time was booked.

use domain::{id::Id, staff::Staff};
use sqlx::PgPool;

use super::{
    Asked, Told,
    stretches::{Cell, stretch},
    worked::{Load, Timesheet, Worked, worked},
};

/// Everybody's load.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffLoad {
    /// All of them together.
    pub everybody: Told<Load>,
    /// Each who was there or was booked; under none what was booked with nobody named.
    pub each: Vec<(Option<Id<Staff>>, Told<Load>)>,
}

/// Everybody's load in the period, and in each of its groups.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    timesheet: &Timesheet,
) -> Result<StaffLoad, sqlx::Error> {
    let time = worked(db, asked, timesheet).await?;
    let cells = cells(asked);
    let each: Vec<_> = time
        .people
        .iter()
        .map(|(id, worked)| (id.map(Id::new), told(asked, worked, &cells)))
        .collect();
    let mut everybody = Told {
        whole: Load::default(),
        groups: vec![Load::default(); asked.groups.len()],
    };
    for (_, theirs) in &each {
        everybody.whole.add(&theirs.whole);
        for (group, load) in everybody.groups.iter_mut().zip(&theirs.groups) {
            group.add(load);
        }
    }
    Ok(StaffLoad { everybody, each })
}

/// Each part of what is asked, as a cell of its own.
pub(super) fn cells(asked: &Asked) -> Vec<Cell> {
    let parts = asked.parts().iter().enumerate();
    parts
        .map(|(into, part)| Cell {
            during: stretch(part.span),
            into,
        })
        .collect()
}

/// Somebody's load, by [`cells`].
pub(super) fn told(asked: &Asked, worked: &Worked, cells: &[Cell]) -> Told<Load> {
    let parts = worked.loads(cells, cells.len());
    let mut whole = Load::default();
    parts.iter().for_each(|part| whole.add(part));
    let groups = if asked.groups.is_empty() {
        vec![]
    } else {
        parts
    };
    Told { whole, groups }
}
