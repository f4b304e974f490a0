//! Working time: when somebody can be booked at all, by the rules that their slots are found by (API §8, rules 2, 3, 4
//! and 6), whatever is booked already.

use jiff::civil::Date;

use super::{
    finder::absent,
    line::{Stretch, Taken},
    openings::Openings,
    question::House,
    wall::{self, Wall},
};
use crate::{
    hours::WorkingHours,
    time::{LocalSpan, Span, Zone},
};

/// When somebody works, and when they are away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rota<'a> {
    /// Their hours; `None`: the hours of the house, and never if it has none either.
    pub hours: Option<&'a WorkingHours>,
    /// When they are away.
    pub absences: &'a [LocalSpan],
}

/// When each of these people can be booked on the dates `first..=last`, in their order: within their hours and those of
/// the house, outside their absences and its closures. Spans in order, that neither overlap nor touch.
#[must_use]
pub fn working_spans(
    zone: &Zone,
    first: Date,
    last: Date,
    house: House<'_>,
    people: &[Rota<'_>],
) -> Vec<Vec<Span>> {
    if last < first {
        return vec![vec![]; people.len()];
    }
    let asked = wall::dates(first, last);
    let wall = Wall::showing(zone.tz(), asked);
    let openings = |hours: &WorkingHours| Openings::of(hours, first, last);
    let house_open = house.hours.map(openings);
    let other_dates = Taken::of(wall.instants(asked)).rest();
    let closed = house_open
        .as_ref()
        .map(|house| house.closed(&wall))
        .unwrap_or_default()
        .and(absent(&wall, house.closures))
        .and(other_dates.iter());
    let works = |rota: &Rota<'_>| {
        let own = rota.hours.map(openings);
        let Some(hours) = own.as_ref().or(house_open.as_ref()) else {
            return vec![];
        };
        let barred = hours.closed(&wall).and(closed.iter());
        let open = barred.and(absent(&wall, rota.absences)).rest();
        open.iter().map(Stretch::to_span).collect()
    };
    people.iter().map(works).collect()
}
