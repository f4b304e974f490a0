//! Until when those were there who left.

use domain::{event::AnyEvent, staff::StaffEvent};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{ApplyError, Projected, projected::as_kept, rows};

/// A row of `report_staff`.
#[derive(Serialize)]
struct Left {
    business_id: Uuid,
    staff_id: Uuid,
    left_at: Timestamp,
}

/// Notes who left. Nobody does twice.
pub(super) async fn note(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let left = batch.iter().filter_map(|projected| {
        let AnyEvent::Staff(id, StaffEvent::Left {}) = &projected.event else {
            return None;
        };
        Some(Left {
            business_id: projected.business.0,
            staff_id: id.uuid(),
            left_at: as_kept(projected.occurred_at),
        })
    });
    rows::store(
        db,
        "insert into report_staff (business_id, staff_id, left_at)
         select business_id, staff_id, left_at
           from json_to_recordset($1::json) as r (business_id uuid, staff_id uuid, left_at timestamptz)
             on conflict (business_id, staff_id) do nothing",
        &left.collect::<Vec<_>>(),
    )
    .await
}
