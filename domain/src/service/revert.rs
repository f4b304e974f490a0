//! What undoes each event of a service.

use jiff::Timestamp;

use super::{Service, ServiceCommand as C, ServiceEvent, ServiceWanted};
use crate::revert::{Back, Irreversible, Revert};

impl Revert for Service {
    fn revert(&self, _: &Self, event: &ServiceEvent, _: Timestamp) -> Result<Vec<C>, Irreversible> {
        use ServiceEvent as E;
        let now = self.standing().map_err(|_| Irreversible::Lasting)?;
        let mut back = Back::default();
        let mut wanted = ServiceWanted::default();
        match event {
            E::Offered(_) => return Err(Irreversible::Beginning),
            E::DetailsChanged {
                name,
                color,
                description,
            } => {
                wanted.name = back.change("name", &now.name, name.as_ref())?;
                wanted.color = back.change("color", &now.color, color.as_ref())?;
                wanted.description =
                    back.change("description", &now.description, description.as_ref())?;
            }
            E::Repriced { from, to } => {
                wanted.price = back.field("price", &now.price, from, to)?;
            }
            E::DurationChanged { from, to } => {
                wanted.timing = Some(back.fields(&now.timing, from, to)?);
            }
            E::PerStaffSet { from, to } => {
                wanted.per_staff = back.field("per_staff", &now.per_staff, from, to)?;
            }
            E::StateChanged { from, to } => {
                wanted.state = back.field("state", &now.state, from, to)?;
            }
            E::Withdrawn {} => return Err(Irreversible::Lasting),
        }
        back.done()?;
        Ok(vec![C::Change(wanted)])
    }
}
