//! The rules of whole houses, as reception would say them: staff, desks, visits, and who may leave what aside.
//!
//! All on Monday, 4 May 2026, in Warsaw.

use domain::{
    hours::WorkingHours,
    id::Id,
    service::Timing,
    slots::{Freedom, Offer, Refusal, Step, open_spans},
    staff::Staff,
    time::{LocalSpan, Minutes, Span, Zone},
};
use jiff::{Timestamp, civil::date};
use serde_json::json;

use crate::{
    rules::hours,
    world::{Person, Place, World, id},
};

fn working(intervals: &[(&str, &str, &str)]) -> WorkingHours {
    serde_json::from_value(json!({"weekly": hours(intervals)})).unwrap()
}

fn taken(from: &str, to: &str) -> Span {
    let at = |time: &str| format!("2026-05-04T{time}:00+02:00").parse().unwrap();
    Span::new(at(from), at(to)).unwrap()
}

fn at(time: &str) -> Timestamp {
    taken(time, time).start()
}

fn person(n: u128) -> Person {
    Person {
        id: id(n),
        grid: domain::hours::SlotGrid::Interval,
        step: 60,
        hours: Some(working(&[("mon", "09:00", "12:00")])),
        absences: vec![],
        busy: vec![],
    }
}

fn place(n: u128, capacity: u16) -> Place {
    Place {
        id: id(n),
        capacity,
        operator: None,
        hours: None,
        holidays: vec![],
        busy: vec![],
    }
}

fn by(staff: &[u128], minutes: u32) -> Step {
    let timing = Timing::plain(Minutes::new(minutes));
    Step {
        offers: staff
            .iter()
            .map(|n| Offer {
                staff_id: id(*n),
                timing,
            })
            .collect(),
        desks: None,
    }
}

/// Two people, one service of an hour by either.
fn salon() -> World {
    World {
        zone: Zone::named("Europe/Warsaw").unwrap(),
        first: date(2026, 5, 4),
        last: date(2026, 5, 4),
        notice: None,
        hours: None,
        closures: vec![],
        staff: vec![person(1), person(2)],
        desks: vec![],
        steps: vec![by(&[1, 2], 60)],
    }
}

fn shown(world: &World) -> Vec<(String, Id<Staff>)> {
    let slots = world.finder().slots();
    slots
        .iter()
        .map(|slot| {
            (
                world.zone.local(slot.start()).strftime("%H:%M").to_string(),
                slot.staff_id(),
            )
        })
        .collect()
}

fn expect(slots: &[(&str, u128)]) -> Vec<(String, Id<Staff>)> {
    slots
        .iter()
        .map(|(time, who)| ((*time).to_owned(), id(*who)))
        .collect()
}

#[test]
fn slots_come_by_start_and_then_by_person() {
    let mut salon = salon();
    salon.staff[0].busy = vec![taken("10:00", "10:30")];
    salon.staff.reverse();
    assert_eq!(
        shown(&salon),
        expect(&[
            ("09:00", 1),
            ("09:00", 2),
            ("10:00", 2),
            ("11:00", 1),
            ("11:00", 2)
        ])
    );
}

#[test]
fn anyone_is_who_has_least_to_do_that_day() {
    let mut salon = salon();
    salon.staff[0].busy = vec![taken("09:00", "09:45")];
    salon.staff[1].busy = vec![taken("09:00", "09:30")];
    let who = |salon: &World| {
        salon
            .finder()
            .check(at("11:00"), Freedom::default())
            .unwrap()[0]
            .served
            .staff_id
    };
    assert_eq!(who(&salon), id(2));
    salon.staff[0].busy = vec![taken("09:00", "09:30")];
    assert_eq!(who(&salon), id(1), "the lower id, if both have as much");
    salon.staff[0].busy.push(taken("11:30", "11:31"));
    assert_eq!(who(&salon), id(2), "and never who cannot");
}

#[test]
fn the_house_bounds_everyone_and_moves_no_grid() {
    let mut salon = salon();
    salon.steps = vec![by(&[1], 60)];
    salon.hours = Some(working(&[
        ("mon", "09:30", "10:30"),
        ("mon", "10:30", "12:00"),
    ]));
    assert_eq!(
        shown(&salon),
        expect(&[("10:00", 1), ("11:00", 1)]),
        "over 10:30 too: there the house has no edge"
    );
    salon.closures = vec![
        LocalSpan::new(
            "2026-05-04T11:59".parse().unwrap(),
            "2026-05-04T12:30".parse().unwrap(),
        )
        .unwrap(),
    ];
    assert_eq!(shown(&salon), expect(&[("10:00", 1)]));
    salon.staff[0].hours = None;
    let own = expect(&[("09:30", 1), ("10:30", 1)]);
    assert_eq!(
        shown(&salon),
        own,
        "who follows the house's hours has its grid, and its edges"
    );
    salon.hours = None;
    assert_eq!(
        shown(&salon),
        expect(&[]),
        "no hours at all are no working hours"
    );
}

#[test]
fn a_desk_serves_as_many_as_it_has_room_for() {
    let mut salon = salon();
    salon.steps = vec![Step {
        desks: Some(vec![id(7)]),
        ..by(&[1], 60)
    }];
    salon.desks = vec![place(7, 2)];
    salon.desks[0].busy = vec![
        taken("09:00", "10:00"),
        taken("10:00", "10:30"),
        taken("10:29", "11:00"),
    ];
    assert_eq!(shown(&salon), expect(&[("09:00", 1), ("11:00", 1)]));
    let refused = salon
        .finder()
        .check(at("10:00"), Freedom::default())
        .unwrap_err();
    assert_eq!(
        refused.why,
        Refusal::DeskBusy {
            desk_id: id(7),
            during: taken("10:29", "10:30")
        }
    );
    assert!(refused.why.is_taken());
    assert_eq!(refused.field(), "desk_id");
}

#[test]
fn processing_frees_the_person_and_not_the_desk() {
    let mut salon = salon();
    let mut step = by(&[1], 180);
    step.offers[0].timing.processing =
        serde_json::from_value(json!({"after_min": 60, "for_min": 60})).unwrap();
    salon.staff[0].busy = vec![taken("10:00", "11:00")];
    salon.steps = vec![step];
    assert_eq!(shown(&salon), expect(&[("09:00", 1)]));
    salon.steps[0].desks = Some(vec![id(7)]);
    salon.desks = vec![place(7, 1)];
    assert_eq!(shown(&salon), expect(&[("09:00", 1)]));
    salon.desks[0].busy = vec![taken("10:00", "11:00")];
    assert_eq!(shown(&salon), expect(&[]));
}

#[test]
fn a_desk_with_an_operator_is_theirs_alone_and_theirs_first() {
    let mut salon = salon();
    salon.desks = vec![place(7, 1), place(8, 1)];
    salon.desks[1].operator = Some(id(2));
    salon.steps[0].desks = Some(vec![id(7), id(8)]);
    let desks: Vec<_> = salon.finder().slots()[..2]
        .iter()
        .map(|slot| slot.desk_id())
        .collect();
    assert_eq!(desks, [Some(id(7)), Some(id(8))]);
    salon.desks.remove(0);
    assert_eq!(
        shown(&salon),
        expect(&[("09:00", 2), ("10:00", 2), ("11:00", 2)])
    );
}

#[test]
fn a_visit_is_done_in_a_row_and_keeps_no_buffer_inside() {
    let mut salon = salon();
    let mut first = by(&[1], 60);
    first.offers[0].timing.buffer_after_min = Minutes::new(30);
    first.offers[0].timing.buffer_before_min = Minutes::new(30);
    salon.steps = vec![first.clone(), first];
    salon.staff[0].busy = vec![taken("11:30", "12:00")];
    assert_eq!(
        shown(&salon),
        expect(&[("09:00", 1)]),
        "half an hour after both is free"
    );
    salon.staff[0].busy = vec![taken("11:29", "12:00")];
    assert_eq!(shown(&salon), expect(&[]), "and is kept");
    salon.staff[0].busy = vec![taken("08:00", "08:31")];
    assert_eq!(
        shown(&salon),
        expect(&[("10:00", 1)]),
        "so is half an hour before both"
    );
    salon.staff[0].busy.clear();
    let assigned = salon
        .finder()
        .check(at("09:00"), Freedom::default())
        .unwrap();
    assert!(assigned[0].joints.staff_after && assigned[1].joints.staff_before);
    assert!(
        !assigned[0].joints.staff_before
            && !assigned[1].joints.staff_after
            && !assigned[0].joints.desk_after
    );
    // Nor does it reach back past the beginning of the visit, where somebody else is served.
    salon.steps[1].offers[0].timing.buffer_before_min = Minutes::new(120);
    salon.staff[0].busy = vec![taken("08:00", "08:30")];
    assert_eq!(shown(&salon), expect(&[("09:00", 1), ("10:00", 1)]));
    salon.staff[0].busy.clear();
    // If somebody else does the second, the first one's buffer stays.
    salon.steps[1] = by(&[2], 60);
    assert_eq!(shown(&salon), expect(&[("09:00", 1), ("10:00", 1)]));
    salon.staff[0].busy = vec![taken("10:29", "10:30")];
    assert_eq!(shown(&salon), expect(&[]));
}

#[test]
fn a_visit_at_one_desk_keeps_no_buffer_there_inside() {
    let mut salon = salon();
    salon.steps = vec![by(&[1], 60), by(&[2], 60)];
    salon.desks = vec![place(7, 1)];
    salon
        .steps
        .iter_mut()
        .for_each(|step| step.desks = Some(vec![id(7)]));
    salon.steps[0].offers[0].timing.buffer_after_min = Minutes::new(120);
    salon.steps[1].offers[0].timing.buffer_before_min = Minutes::new(120);
    salon.desks[0].busy = vec![taken("08:00", "08:30"), taken("11:30", "12:00")];
    assert_eq!(shown(&salon), expect(&[("09:00", 1)]));
    let assigned = salon
        .finder()
        .check(at("09:00"), Freedom::default())
        .unwrap();
    assert!(assigned[0].joints.desk_after && assigned[1].joints.desk_before);
    assert!(!assigned[0].joints.staff_after && !assigned[1].joints.staff_before);
    // At two desks each keeps its own.
    salon.desks.push(place(8, 1));
    salon.steps[1].desks = Some(vec![id(8)]);
    salon.desks[1].busy = salon.desks[0].busy.clone();
    assert_eq!(shown(&salon), expect(&[]));
}

#[test]
fn who_came_too_late_draws_lots_for_another_chair_and_person() {
    let mut salon = salon();
    salon.steps = vec![by(&[1, 2], 30)];
    salon.steps[0].desks = Some(vec![id(7), id(8), id(9)]);
    salon.desks = vec![place(7, 1), place(8, 1), place(9, 1)];
    let sent = |lot| {
        let finder = salon.finder().drawn(lot);
        let assigned = finder.check(at("10:00"), Freedom::default()).unwrap();
        (assigned[0].served.staff_id, assigned[0].served.desk_id)
    };
    let all: std::collections::BTreeSet<_> = (0..100).map(sent).collect();
    assert_eq!(all.len(), 6, "each of two people at each of three chairs");
    assert_eq!(sent(7), sent(7), "the same lot, the same way");
    // An operator's own chair is theirs first all the same.
    salon.desks[2].operator = Some(id(1));
    salon.steps = vec![by(&[1], 30)];
    salon.steps[0].desks = Some(vec![id(7), id(8), id(9)]);
    for lot in 0..20 {
        let finder = salon.finder().drawn(lot);
        let assigned = finder.check(at("10:00"), Freedom::default()).unwrap();
        assert_eq!(assigned[0].served.desk_id, Some(id(9)));
    }
}

#[test]
fn the_first_services_grid_decides_when_a_visit_begins() {
    let mut salon = salon();
    salon.staff[1].hours = Some(working(&[("mon", "09:40", "11:00")]));
    salon.steps = vec![by(&[1], 50), by(&[2], 60)];
    assert_eq!(shown(&salon), expect(&[("09:00", 1)]));
    assert_eq!(salon.finder().slots()[0].end(), at("10:50"));
    let refused = salon
        .finder()
        .check(at("10:00"), Freedom::default())
        .unwrap_err();
    assert_eq!(
        (refused.step, refused.why),
        (1, Refusal::PastHours { until: at("11:00") })
    );
}

#[test]
fn who_may_can_book_outside_hours_or_off_the_grid_but_never_on_top() {
    let mut salon = salon();
    salon.steps = vec![by(&[1], 60)];
    salon.staff[0].busy = vec![taken("10:00", "11:00"), taken("14:00", "15:00")];
    salon.staff[0].absences = vec![
        LocalSpan::new(
            "2026-05-04T17:00".parse().unwrap(),
            "2026-05-04T18:00".parse().unwrap(),
        )
        .unwrap(),
    ];
    let finder = salon.finder();
    let free = |outside_hours, off_grid| Freedom {
        outside_hours,
        off_grid,
    };
    let why = |time, freedom| {
        finder
            .check(at(time), freedom)
            .map_err(|refused| refused.why)
            .map(drop)
    };
    assert_eq!(why("09:00", free(false, false)), Ok(()));
    assert_eq!(why("08:59", free(false, true)), Err(Refusal::OutsideHours));
    assert_eq!(why("08:00", free(true, false)), Ok(()));
    assert_eq!(
        why("08:17", free(true, false)),
        Ok(()),
        "outside hours there is no grid"
    );
    assert_eq!(
        why("11:01", free(false, true)),
        Err(Refusal::PastHours { until: at("12:00") })
    );
    assert_eq!(why("11:01", free(true, true)), Ok(()));
    assert_eq!(
        why("09:30", free(true, true)),
        Err(Refusal::Busy {
            during: taken("10:00", "11:00")
        })
    );
    assert_eq!(
        why("13:30", free(true, true)),
        Err(Refusal::Busy {
            during: taken("14:00", "15:00")
        })
    );
    assert_eq!(
        why("16:30", free(true, true)),
        Err(Refusal::Away {
            during: taken("17:00", "18:00")
        })
    );
}

#[test]
fn a_start_that_fits_but_for_the_grid_says_so() {
    let mut salon = salon();
    salon.steps = vec![by(&[1], 60)];
    let finder = salon.finder();
    let why = |start: Timestamp| finder.check(start, Freedom::default()).unwrap_err().why;
    assert_eq!(
        why(at("09:30")),
        Refusal::OffGrid {
            step: Minutes::new(60)
        }
    );
    let half_a_second = at("09:00") + jiff::SignedDuration::from_millis(500);
    assert_eq!(
        why(half_a_second),
        Refusal::OffGrid {
            step: Minutes::new(60)
        }
    );
    assert_eq!(
        why("2026-05-05T07:00:00Z".parse().unwrap()),
        Refusal::OtherDate
    );
    salon.notice = Some((at("08:01"), 60));
    assert_eq!(
        salon
            .finder()
            .check(at("09:00"), Freedom::default())
            .unwrap_err()
            .why,
        Refusal::TooSoon {
            earliest: at("09:01")
        }
    );
    salon.steps = vec![by(&[], 60)];
    assert_eq!(
        salon
            .finder()
            .check(at("10:00"), Freedom::default())
            .unwrap_err()
            .field(),
        "staff_id"
    );
}

#[test]
fn with_many_who_might_the_search_still_ends() {
    let mut salon = salon();
    salon.staff = (1..=30).map(person).collect();
    salon.desks = (1..=30).map(|n| place(n, 1)).collect();
    let everyone: Vec<u128> = (1..=30).collect();
    let mut step = by(&everyone, 10);
    step.desks = Some(everyone.iter().map(|n| id(*n)).collect());
    for offer in &mut step.offers {
        offer.timing.buffer_after_min = Minutes::new(90);
    }
    salon.steps = vec![step; 8];
    for person in &mut salon.staff {
        person.busy = vec![taken("10:30", "10:31")];
    }
    assert!(
        salon
            .finder()
            .check(at("09:00"), Freedom::default())
            .is_err()
    );
    salon.staff[29].busy.clear();
    let assigned = salon
        .finder()
        .check(at("09:00"), Freedom::default())
        .unwrap();
    assert_eq!(assigned.len(), 8);
}

#[test]
fn open_hours_for_the_calendar_are_cut_at_its_dates() {
    let zone = Zone::named("Europe/Warsaw").unwrap();
    let hours = working(&[
        ("sun", "22:00", "24:00"),
        ("mon", "00:00", "02:00"),
        ("mon", "09:00", "12:00"),
        ("mon", "12:00", "13:00"),
    ]);
    let monday = date(2026, 5, 4);
    assert_eq!(
        open_spans(&hours, &zone, monday, monday),
        [taken("00:00", "02:00"), taken("09:00", "13:00")]
    );
    assert!(open_spans(&hours, &zone, monday, date(2026, 5, 3)).is_empty());
}
