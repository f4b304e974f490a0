//! What undoes each event of a desk.

use jiff::Timestamp;

use super::{Desk, DeskCommand as C, DeskEvent, DeskWanted};
use crate::revert::{Back, Irreversible, Revert, still};

impl Revert for Desk {
    fn revert(
        &self,
        before: &Self,
        event: &DeskEvent,
        _: Timestamp,
    ) -> Result<Vec<C>, Irreversible> {
        use DeskEvent as E;
        let now = self.standing().map_err(|_| Irreversible::Lasting)?;
        let mut back = Back::default();
        let mut wanted = DeskWanted::default();
        match event {
            E::Added(_) => return Err(Irreversible::Beginning),
            E::DetailsChanged {
                name,
                number,
                description,
                capacity,
            } => {
                wanted.name = back.change("name", &now.name, name.as_ref())?;
                wanted.number = back.change("number", &now.number, number.as_ref())?;
                wanted.description =
                    back.change("description", &now.description, description.as_ref())?;
                wanted.capacity = back.change("capacity", &now.capacity, capacity.as_ref())?;
            }
            E::HoursSet { from, to } => {
                wanted.working_hours = back.field("working_hours", &now.working_hours, from, to)?;
            }
            E::ServicesAssigned { from, to } => {
                wanted.service_ids = back.field("service_ids", &now.service_ids, from, to)?;
            }
            E::OperatorAssigned { from, to } => {
                wanted.operator_id = back.field("operator_id", &now.operator_id, from, to)?;
            }
            E::Closed {} => {
                still(self.closed)?;
                return Ok(vec![C::Open]);
            }
            E::Opened {} => {
                still(!self.closed)?;
                return Ok(vec![C::Close]);
            }
            E::HolidayPlanned { holiday_id, .. } => {
                still(self.holidays.contains_key(holiday_id))?;
                return Ok(vec![C::CancelHoliday(*holiday_id)]);
            }
            E::HolidayCancelled { holiday_id } => {
                still(!self.holidays.contains_key(holiday_id))?;
                let span = before.holidays.get(holiday_id);
                return Ok(vec![C::PlanHoliday {
                    holiday_id: *holiday_id,
                    span: *span.ok_or(Irreversible::AsBefore)?,
                }]);
            }
            E::Retired {} => return Err(Irreversible::Lasting),
        }
        back.done()?;
        Ok(vec![C::Change(wanted)])
    }
}
