//! A question with everything in it owned, so that both the finder and the oracle can be asked.

use domain::{
    desk::Desk,
    hours::{SlotGrid, WorkingHours},
    id::Id,
    slots::{DeskTime, Finder, House, Notice, Offer, Question, StaffTime, Step},
    staff::Staff,
    time::{LocalSpan, Minutes, Span, Zone},
};
use jiff::{Timestamp, civil::Date};
use proptest::prelude::ProptestConfig;
use uuid::Uuid;

/// So many cases, unless `PROPTEST_CASES` asks for another number.
pub(crate) fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|asked| asked.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(few))
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) zone: Zone,
    pub(crate) first: Date,
    pub(crate) last: Date,
    pub(crate) notice: Option<(Timestamp, u32)>,
    pub(crate) hours: Option<WorkingHours>,
    pub(crate) closures: Vec<LocalSpan>,
    pub(crate) staff: Vec<Person>,
    pub(crate) desks: Vec<Place>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Id<Staff>,
    pub(crate) grid: SlotGrid,
    pub(crate) step: u32,
    pub(crate) hours: Option<WorkingHours>,
    pub(crate) absences: Vec<LocalSpan>,
    pub(crate) busy: Vec<Span>,
}

#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: Id<Desk>,
    pub(crate) capacity: u16,
    pub(crate) operator: Option<Id<Staff>>,
    pub(crate) hours: Option<WorkingHours>,
    pub(crate) holidays: Vec<LocalSpan>,
    pub(crate) busy: Vec<Span>,
}

/// The nth of its kind.
pub(crate) fn id<T>(n: u128) -> Id<T> {
    Id::new(Uuid::from_u128(n))
}

impl World {
    pub(crate) fn finder(&self) -> Finder {
        Finder::new(&Question {
            zone: &self.zone,
            first: self.first,
            last: self.last,
            notice: self.notice.map(|(now, min)| Notice {
                now,
                min: Minutes::new(min),
            }),
            house: House {
                hours: self.hours.as_ref(),
                closures: &self.closures,
            },
            staff: self
                .staff
                .iter()
                .map(|person| StaffTime {
                    id: person.id,
                    slot_grid: person.grid,
                    slot_interval: Minutes::new(person.step),
                    hours: person.hours.as_ref(),
                    absences: &person.absences,
                    busy: person.busy.clone(),
                })
                .collect(),
            desks: self
                .desks
                .iter()
                .map(|place| DeskTime {
                    id: place.id,
                    capacity: place.capacity,
                    operator: place.operator,
                    hours: place.hours.as_ref(),
                    holidays: &place.holidays,
                    busy: place.busy.clone(),
                })
                .collect(),
            steps: self.steps.clone(),
        })
    }

    pub(crate) fn person(&self, id: Id<Staff>) -> &Person {
        self.staff.iter().find(|person| person.id == id).unwrap()
    }

    pub(crate) fn place(&self, id: Id<Desk>) -> &Place {
        self.desks.iter().find(|place| place.id == id).unwrap()
    }

    pub(crate) fn offers(&self, step: usize) -> &[Offer] {
        &self.steps[step].offers
    }
}
