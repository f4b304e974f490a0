//! When people can be booked at all, for whoever counts how much of it was.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    catalogue::Catalogue,
    id::Id,
    slots::{House, Rota, working_spans},
    staff::Staff,
    time::{LocalSpan, Span},
};

impl Catalogue {
    /// When each staff member can be booked on the dates `first..=last`, by the hours, absences and closures as they
    /// stand now; those who left too, as if they had not. Nobody, before the business is open.
    #[must_use]
    pub fn working(&self, first: Date, last: Date) -> BTreeMap<Id<Staff>, Vec<Span>> {
        let Some(settings) = self.settings() else {
            return BTreeMap::new();
        };
        let closures: Vec<_> = self.business.closures.values().map(|c| c.span).collect();
        let house = House {
            hours: self.business.hours.as_ref(),
            closures: &closures,
        };
        let staff = self.staff.iter();
        let members: Vec<_> = staff
            .filter_map(|(id, staff)| {
                let absences: Vec<LocalSpan> = staff.absences.values().map(|a| a.span).collect();
                Some((*id, staff.member.as_ref()?, absences))
            })
            .collect();
        let rotas: Vec<_> = members
            .iter()
            .map(|(_, member, absences)| Rota {
                hours: member.working_hours.as_ref(),
                absences,
            })
            .collect();
        let working = working_spans(&settings.time_zone, first, last, house, &rotas);
        members.iter().map(|(id, ..)| *id).zip(working).collect()
    }
}
