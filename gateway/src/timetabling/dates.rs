//! The dates of timetables: how far ahead they become sessions, as what, and which of them are seen to already.

use std::collections::BTreeSet;

use domain::{
    class::Class,
    id::Id,
    session::{Cause, Schedule, Session, Setting},
    time::Zone,
};
use jiff::{Timestamp, ToSpan as _, civil::DateTime};

use crate::catalogue::Known;

/// How far ahead the dates of a rule without an end are set down as sessions.
const ENDLESS_DAYS: i64 = 182;
/// And of one that ends: as far as bookings may lie ahead at most.
const ENDING_DAYS: i64 = 730;

/// The last moment by the wall clock up to which a class's sessions are set down.
pub(crate) fn horizon(class: &Class, zone: &Zone, now: Timestamp) -> DateTime {
    let endless = class
        .offered
        .as_ref()
        .is_none_or(|offered| offered.timetable.rrule.is_endless());
    let days = if endless { ENDLESS_DAYS } else { ENDING_DAYS };
    let date = zone.date_of(now).saturating_add(days.days());
    date.at(23, 59, 59, 0)
}

/// A date of a class's timetable as a session. None: where clocks went forward, they never read so.
pub(crate) fn session_on(
    known: &Known,
    class_id: Id<Class>,
    class: &Class,
    date: DateTime,
) -> Option<Schedule> {
    let offered = class.offered.as_ref()?;
    let zone = &known.catalogue.settings()?.time_zone;
    let timing = timing_of(known, class, offered.timetable.duration_min);
    Some(Schedule {
        class_id,
        timetabled: Some(date),
        setting: Setting {
            service_id: offered.service_id,
            staff_id: offered.staff_id,
            desk_id: offered.desk_id,
            start: zone.instant(date).filter(|_| zone.shows(date))?,
            timing,
        },
        capacity: offered.capacity,
    })
}

/// How long a session of a class takes, with what its service keeps free around it.
pub(crate) fn timing_of(
    known: &Known,
    class: &Class,
    duration_min: domain::time::Minutes,
) -> domain::service::Timing {
    let service = class.offered.as_ref().map(|offered| offered.service_id);
    let service = service.and_then(|id| known.catalogue.services.get(&id));
    let offer = service.and_then(|service| service.offer.as_ref());
    let plain = domain::service::Timing::plain(duration_min);
    offer.map_or(plain, |offer| domain::service::Timing {
        buffer_before_min: offer.timing.buffer_before_min,
        buffer_after_min: offer.timing.buffer_after_min,
        ..plain
    })
}

/// The dates of a class's timetable that are seen to: they have their session, or are to have none, for somebody called
/// it off by hand. What a timetable called off, a timetable may bring back.
pub(crate) fn seen_to(known: &Known, class: Id<Class>) -> BTreeSet<DateTime> {
    sessions_of(known, class)
        .filter(|(_, session)| {
            let off = session.cancelled.as_ref();
            off.is_none_or(|off| off.cause == Cause::ByHand)
        })
        .filter_map(|(_, session)| session.schedule.as_ref()?.timetabled)
        .collect()
}

/// All sessions of a class, past and cancelled ones too.
pub(crate) fn sessions_of(
    known: &Known,
    class: Id<Class>,
) -> impl Iterator<Item = (Id<Session>, &Session)> {
    let all = known.catalogue.sessions.iter();
    all.filter(move |(_, session)| {
        let schedule = session.schedule.as_ref();
        schedule.is_some_and(|schedule| schedule.class_id == class)
    })
    .map(|(id, session)| (*id, session))
}

/// Why nobody can be served as this says, if so: somebody left, a desk is out of use, a service was withdrawn.
pub(crate) fn not_served(known: &Known, setting: &Setting) -> Option<&'static str> {
    let catalogue = &known.catalogue;
    let service = catalogue.services.get(&setting.service_id);
    if service.is_none_or(|service| service.standing().is_err()) {
        return Some("service_gone");
    }
    let staff = catalogue.staff.get(&setting.staff_id);
    if staff.is_none_or(|staff| staff.working().is_err()) {
        return Some("staff_away");
    }
    let desk = catalogue.desks.get(&setting.desk_id?);
    let shut = desk.is_none_or(|desk| desk.closed || desk.standing().is_err());
    shut.then_some("desk_closed")
}
