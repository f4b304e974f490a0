//! Who is away when: absences of staff, holidays of desks, closures of the house; and whose bookings lie in it.

use domain::{
    catalogue::Catalogue,
    desk::Desk,
    id::Id,
    sealed::Sealed,
    staff::{AbsenceKind, Staff},
    time::{LocalSpan, Zone},
};
use jiff::{Timestamp, civil::DateTime};
use projections::timetable;
use uuid::Uuid;

use super::view::CalendarBooking;
use crate::routes::bookings::Named;

/// Somebody or something that is away; of nobody and no desk: the whole house.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Away {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) staff_id: Option<Id<Staff>>,
    pub(super) desk_id: Option<Id<Desk>>,
    pub(super) from: DateTime,
    pub(super) to: DateTime,
    pub(super) name: Option<String>,
    pub(super) note: Option<String>,
}

impl From<timetable::Away> for Away {
    fn from(row: timetable::Away) -> Self {
        Self {
            id: row.away_id,
            kind: row.kind,
            staff_id: row.staff_id.map(Id::new),
            desk_id: row.desk_id.map(Id::new),
            from: row.from_local,
            to: row.to_local,
            name: row.name,
            note: row.note,
        }
    }
}

/// What a catalogue plans between two readings of the wall clock, in the order in which the timetable tells it.
pub(super) fn planned(catalogue: &Catalogue, from: DateTime, to: DateTime) -> Vec<Away> {
    let absences = catalogue.staff.iter().flat_map(|(staff, member)| {
        member.absences.iter().map(|(id, absence)| Away {
            staff_id: Some(*staff),
            note: absence
                .note
                .as_ref()
                .and_then(Sealed::value)
                .map(ToString::to_string),
            ..away(id.uuid(), word(absence.kind), absence.span)
        })
    });
    let holidays = catalogue.desks.iter().flat_map(|(desk, place)| {
        place.holidays.iter().map(|(id, span)| Away {
            desk_id: Some(*desk),
            ..away(id.uuid(), "holiday", *span)
        })
    });
    let closures = catalogue.business.closures.iter();
    let closures = closures.map(|(id, closure)| Away {
        name: closure.name.as_ref().map(ToString::to_string),
        ..away(id.uuid(), "closure", closure.span)
    });
    let all = absences.chain(holidays).chain(closures);
    let mut all: Vec<_> = all.filter(|a| a.from < to && a.to > from).collect();
    all.sort_by_key(|away| (away.from, away.id));
    all
}

fn away(id: Uuid, kind: &str, span: LocalSpan) -> Away {
    Away {
        id,
        kind: kind.to_owned(),
        staff_id: None,
        desk_id: None,
        from: span.from(),
        to: span.to(),
        name: None,
        note: None,
    }
}

const fn word(kind: AbsenceKind) -> &'static str {
    match kind {
        AbsenceKind::Vacation => "vacation",
        AbsenceKind::Sick => "sick",
        AbsenceKind::Other => "other",
    }
}

/// Of these bookings, the open ones that lie in time in which somebody or something that they need is away.
pub(super) fn to_be_moved(zone: &Zone, away: &[Away], bookings: &[CalendarBooking]) -> Vec<Uuid> {
    let away: Vec<_> = away
        .iter()
        .filter_map(|away| {
            let start = zone.instant(away.from)?;
            let end = zone.instant(away.to).unwrap_or(Timestamp::MAX);
            Some((away, start, end))
        })
        .collect();
    let open = bookings.iter().filter(|booking| booking.is_open());
    let collide = open.filter(|booking| {
        away.iter().any(|(away, start, end)| {
            booking.start < *end
                && *start < booking.end
                && needs(booking.staff.as_ref(), away.staff_id.map(Id::uuid))
                && needs(booking.desk.as_ref(), away.desk_id.map(Id::uuid))
        })
    });
    collide.map(|booking| booking.id).collect()
}

/// None is away alone: then all are.
fn needs(named: Option<&Named>, away: Option<Uuid>) -> bool {
    away.is_none_or(|away| named.is_some_and(|named| named.id == away))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn booking(start: &str, status: &'static str) -> CalendarBooking {
        let start: Timestamp = start.parse().unwrap();
        let named = |n| {
            let id = Uuid::from_u128(n);
            Some(Named { id, name: None })
        };
        CalendarBooking {
            id: Uuid::from_u128(u128::try_from(start.as_second()).unwrap()),
            reference: "7K3M-92QX".to_owned(),
            visit_id: None,
            session_id: None,
            status,
            deleted: false,
            arrived_at: None,
            left_at: None,
            start,
            end: start + jiff::SignedDuration::from_mins(60),
            hour_unknown: false,
            overlaps: false,
            service: None,
            staff: named(1),
            desk: named(2),
            client: None,
            price: "50.00".to_owned(),
            source: "phone".to_owned(),
            created_at: start,
            version: 1,
        }
    }

    #[test]
    fn open_bookings_that_collide_with_an_absence_are_to_be_moved() {
        let bookings = [
            booking("2026-05-05T08:00:00Z", "confirmed"),
            booking("2026-05-05T09:00:00Z", "requested"),
            booking("2026-05-05T09:30:00Z", "cancelled"),
            CalendarBooking {
                deleted: true,
                ..booking("2026-05-05T09:40:00Z", "confirmed")
            },
            CalendarBooking {
                hour_unknown: true,
                ..booking("2026-05-05T09:50:00Z", "confirmed")
            },
            booking("2026-05-05T10:00:00Z", "confirmed"),
        ];
        let found = |staff: Option<u128>, desk: Option<u128>, from: &str, to: &str| {
            let span = LocalSpan::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
            let away = Away {
                staff_id: staff.map(|n| Id::new(Uuid::from_u128(n))),
                desk_id: desk.map(|n| Id::new(Uuid::from_u128(n))),
                ..away(Uuid::nil(), "other", span)
            };
            let found = to_be_moved(&Zone::utc(), &[away], &bookings);
            let places = found
                .iter()
                .map(|id| bookings.iter().position(|b| b.id == *id));
            places.map(Option::unwrap).collect::<Vec<_>>()
        };
        let (nine, ten) = ("2026-05-05T09:00", "2026-05-05T10:00");
        assert_eq!(found(Some(1), None, nine, ten), [1]);
        assert_eq!(found(Some(9), None, nine, ten), [0; 0]);
        assert_eq!(found(None, Some(2), nine, ten), [1]);
        assert_eq!(found(None, None, nine, ten), [1]);
        assert_eq!(found(None, Some(2), nine, "2027-01-01T00:00"), [1, 5]);
        assert_eq!(found(None, Some(1), nine, "2027-01-01T00:00"), [0; 0]);
        assert_eq!(found(None, None, "2026-05-05T08:59", nine), [0]);
    }
}
