//! The slot finder's month: 20 staff, 31 days, 10,000 bookings.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use domain::{
    booking::Resource,
    id::Id,
    planning::{Audience, Taken, Wish},
    slots::Notice,
    time::{Minutes, Span},
};
use gateway::App;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use ledger::BusinessId;

use crate::{
    line::{Shot, Took},
    scene::{House, first_date},
};

pub(crate) const STAFF: usize = 20;
const DAYS: usize = 31;
const LENGTH: Minutes = Minutes::new(30);

/// A house whose calendar is full but for the evenings.
pub(crate) struct Month {
    pub(crate) house: House,
    pub(crate) first: Date,
    pub(crate) last: Date,
    booked: Vec<(usize, Span)>,
}

impl Month {
    /// Where so many bookings lie: each day of each of the staff from nine on, without a gap.
    pub(crate) fn new(house: House, bookings: usize) -> anyhow::Result<Self> {
        let (first, zone) = first_date()?;
        let place = |number: usize| {
            let (staff, turn) = (number % STAFF, number / STAFF);
            let (day, slot) = (turn % DAYS, turn / DAYS);
            let date = first + i64::try_from(day)?.days();
            let minute = i64::try_from(9 * 60 + slot * 30)?;
            let start = zone.instant(date.at(0, 0, 0, 0) + minute.minutes());
            let start = start.context("an hour that does not exist")?;
            anyhow::Ok((staff, Span::lasting(start, LENGTH)?))
        };
        Ok(Self {
            house,
            first,
            last: first + i64::try_from(DAYS - 1)?.days(),
            booked: (0..bookings).map(place).collect::<anyhow::Result<_>>()?,
        })
    }

    /// What makes it so.
    pub(crate) fn bookings(&self) -> Vec<Shot> {
        let each = self.booked.iter();
        each.map(|(staff, span)| self.house.at(*staff, span.start()))
            .collect()
    }

    /// How long the finder takes in process, from the catalogue and the busy times to the slots.
    pub(crate) async fn find(&self, app: &App, length: Duration) -> anyhow::Result<Took> {
        let known = app.catalogue(BusinessId(self.house.id)).await?;
        let taken = self.booked.iter().map(|(staff, during)| {
            let staff = self.house.staff.get(*staff).context("no such staff")?;
            Ok(Taken {
                resource: Resource::Staff(Id::new(*staff)),
                during: *during,
            })
        });
        let taken: Vec<Taken> = taken.collect::<anyhow::Result<_>>()?;
        let wish = Wish {
            service_id: Id::new(self.house.service),
            staff_id: None,
            desk_id: None,
            duration_min: None,
            price: None,
        };
        let notice = Notice {
            now: Timestamp::now(),
            min: Minutes::ZERO,
        };
        let mut took = Took::default();
        let begun = Instant::now();
        while begun.elapsed() < length {
            let begun = Instant::now();
            let enquiry = known.catalogue.enquire(&[wish], Audience::Staff);
            let enquiry = enquiry.map_err(|error| anyhow::anyhow!("{error}"))?;
            let slots = enquiry.slots(self.first, self.last, notice, black_box(&taken));
            anyhow::ensure!(!black_box(slots).is_empty(), "nothing is free");
            took.each.push(begun.elapsed());
        }
        took.whole = begun.elapsed();
        Ok(took)
    }
}
