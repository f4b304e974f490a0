//! What undoes each event of a staff member.

use jiff::Timestamp;

use super::{Staff, StaffCommand as C, StaffEvent, StaffWanted};
use crate::revert::{Back, Irreversible, Revert, readable, still};

impl Revert for Staff {
    fn revert(
        &self,
        before: &Self,
        event: &StaffEvent,
        _: Timestamp,
    ) -> Result<Vec<C>, Irreversible> {
        use StaffEvent as E;
        let now = self.working().map_err(|_| Irreversible::Lasting)?;
        let mut back = Back::default();
        let mut wanted = StaffWanted::default();
        match event {
            E::Joined(_) => return Err(Irreversible::Beginning),
            E::DetailsChanged { name, email, phone } => {
                readable(event)?;
                wanted.name = back.change("name", &now.name, name.as_ref())?;
                wanted.email = back.change("email", &now.email, email.as_ref())?;
                wanted.phone = back.change("phone", &now.phone, phone.as_ref())?;
            }
            E::WorkingHoursSet { from, to } => {
                let hours = back.field("working_hours", &now.working_hours, from, to)?;
                back.done()?;
                return Ok(hours.map(C::SetWorkingHours).into_iter().collect());
            }
            E::SlotIntervalSet { from, to } => {
                let grid = back.fields(&now.grid, from, to)?;
                wanted.slot_interval_min = Some(grid.slot_interval_min);
                wanted.slot_grid = Some(grid.slot_grid);
            }
            E::ServicesAssigned { from, to } => {
                wanted.service_ids = back.field("service_ids", &now.service_ids, from, to)?;
            }
            E::AbsencePlanned { absence_id, .. } => {
                still(self.absences.contains_key(absence_id))?;
                return Ok(vec![C::CancelAbsence(*absence_id)]);
            }
            E::AbsenceCancelled { absence_id } => {
                still(!self.absences.contains_key(absence_id))?;
                let was = before.absences.get(absence_id);
                let was = was.ok_or(Irreversible::AsBefore)?;
                readable(&was.note)?;
                return Ok(vec![C::PlanAbsence {
                    absence_id: *absence_id,
                    kind: was.kind,
                    span: was.span,
                    note: was.note.clone(),
                }]);
            }
            // An address that was taken back leads nowhere for ever.
            E::Left {} | E::CalendarFeedOpened { .. } | E::CalendarFeedClosed {} => {
                return Err(Irreversible::Lasting);
            }
        }
        back.done()?;
        Ok(vec![C::Change(wanted)])
    }
}
