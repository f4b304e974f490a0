//! Whole houses, at random, against the oracle: staff, desks, closures, visits.

use std::collections::BTreeSet;

use domain::{
    hours::{Processing, SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    service::Timing,
    slots::{Freedom, House, Offer, Refusal, Rota, Served, Step, working_spans},
    staff::Staff,
    time::{LocalSpan, Minutes, Span, Weekday, Zone},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, date},
};
use proptest::prelude::*;

use crate::{
    oracle::Oracle,
    scenarios::{ODD_DAYS, grid, hours, local, spans, step, timing},
    world::{Person, Place, World, cases, id},
};

fn absences(around: Date) -> impl Strategy<Value = Vec<LocalSpan>> {
    let span = (local(around), local(around))
        .prop_filter_map("empty", |(a, b)| LocalSpan::new(a.min(b), a.max(b)).ok());
    prop::collection::vec(span, 0..2)
}

fn person(n: u128, around: Date) -> impl Strategy<Value = Person> {
    let hours = prop::option::weighted(0.8, hours(around));
    (grid(), step(), hours, absences(around), spans(around, 6)).prop_map(
        move |(grid, step, hours, absences, busy)| Person {
            id: id(n),
            grid,
            step,
            hours,
            absences,
            busy,
        },
    )
}

fn place(n: u128, around: Date, staff: u128) -> impl Strategy<Value = Place> {
    let hours = prop::option::weighted(0.3, hours(around));
    let operator = prop::option::weighted(0.3, 1..=staff);
    (
        0_u16..4,
        operator,
        hours,
        absences(around),
        spans(around, 8),
    )
        .prop_map(move |(capacity, operator, hours, holidays, busy)| Place {
            id: id(n),
            capacity,
            operator: operator.map(id),
            hours,
            holidays,
            busy,
        })
}

fn a_step(staff: u128, desks: u128) -> impl Strategy<Value = Step> {
    let who = prop::sample::subsequence(
        (1..=staff).collect::<Vec<_>>(),
        0..=usize::try_from(staff).unwrap(),
    );
    let offers = who.prop_flat_map(|who| {
        who.into_iter()
            .map(|n| {
                timing().prop_map(move |timing| Offer {
                    staff_id: id(n),
                    timing,
                })
            })
            .collect::<Vec<_>>()
    });
    let desks = prop::sample::subsequence(
        (1..=desks).collect::<Vec<_>>(),
        0..=usize::try_from(desks).unwrap(),
    )
    .prop_shuffle();
    (offers, prop::option::of(desks)).prop_map(|(offers, desks)| Step {
        offers,
        desks: desks.map(|desks| desks.into_iter().map(id).collect()),
    })
}

fn world(most_steps: usize) -> impl Strategy<Value = World> {
    let size = (
        prop::sample::select(ODD_DAYS),
        1_u128..4,
        0_u128..4,
        0_i32..2,
    );
    size.prop_flat_map(move |((zone, day), staff, desks, after)| {
        let house = (
            prop::option::weighted(0.3, hours(day)),
            absences(day),
            prop::option::of((-2_000_i64..3_000, 0_u32..600)),
        );
        let staff_times: Vec<_> = (1..=staff).map(|n| person(n, day)).collect();
        let desk_times: Vec<_> = (1..=desks).map(|n| place(n, day, staff)).collect();
        let steps = prop::collection::vec(a_step(staff, desks), 1..=most_steps);
        (house, staff_times, desk_times, steps).prop_map(
            move |((hours, closures, notice), staff, desks, steps)| {
                let base = jiff::tz::TimeZone::UTC.to_timestamp(day.into()).unwrap();
                World {
                    zone: Zone::named(zone).unwrap(),
                    first: day,
                    last: day + after.days(),
                    notice: notice.map(|(now, min)| (base + SignedDuration::from_mins(now), min)),
                    hours,
                    closures,
                    staff,
                    desks,
                    steps,
                }
            },
        )
    })
}

/// That the services follow on each other and keep all rules with just the people and desks that are named.
fn is_sound(world: &World, oracle: &Oracle<'_>, services: &[Served]) {
    assert_eq!(services.len(), world.steps.len());
    assert!(services.windows(2).all(|pair| pair[0].end == pair[1].start));
    let row = world.steps.iter().zip(services).map(|(step, served)| {
        let offer = *step
            .offers
            .iter()
            .find(|offer| offer.staff_id == served.staff_id)
            .unwrap();
        assert_eq!(
            served.end.duration_since(served.start),
            offer.timing.duration_min.to_duration()
        );
        assert_eq!(served.desk_id.is_some(), step.desks.is_some());
        assert!(
            served.desk_id.iter().all(|desk| step
                .desks
                .iter()
                .flatten()
                .any(|other| other == desk))
        );
        (offer, served.desk_id, oracle.minute(served.start))
    });
    assert!(
        oracle.keeps_the_rules(&row.collect::<Vec<_>>()),
        "{services:?}"
    );
}

fn agree(world: &World) {
    let oracle = Oracle::new(world);
    let finder = world.finder();
    let slots = finder.slots();
    let expected: Vec<_> = oracle.starts().into_iter().collect();
    let offered: Vec<_> = slots
        .iter()
        .map(|slot| (slot.start(), slot.staff_id()))
        .collect();
    assert_eq!(offered, expected);
    for slot in &slots {
        is_sound(world, &oracle, &slot.services);
    }
    // What is offered, and nothing else, is accepted.
    let starts: BTreeSet<_> = expected.iter().map(|(start, _)| *start).collect();
    let first = world.zone.days(world.first, world.last).unwrap();
    let from = oracle.minute(first.start()) - 90;
    for minute in (from..oracle.minute(first.end()) + 90)
        .step_by(35)
        .chain(starts.iter().map(|start| oracle.minute(*start)))
    {
        let start = oracle.at(minute);
        let checked = finder.check(start, Freedom::default());
        assert_eq!(
            checked.is_ok(),
            starts.contains(&start),
            "{start} {checked:?}"
        );
        if let Ok(assigned) = checked {
            let services: Vec<_> = assigned.iter().map(|assigned| assigned.served).collect();
            is_sound(world, &oracle, &services);
            // Of those with whom it can begin, the one with least to do on that date.
            let least = expected
                .iter()
                .filter(|(other, _)| *other == start)
                .map(|(_, who)| (load(world, start, *who), *who));
            assert_eq!(
                Some(assigned[0].served.staff_id),
                least.min().map(|(_, who)| who)
            );
        }
        // Off the grid, what the oracle fills is accepted wherever it lies.
        let anywhere = finder.check(
            start,
            Freedom {
                off_grid: true,
                outside_hours: false,
            },
        );
        let fits = oracle.is_asked_for(minute) && oracle.fills(minute, None);
        assert_eq!(anywhere.is_ok(), fits, "{start} {anywhere:?}");
    }
}

/// How many seconds of the start's date somebody is busy, a second that is busy in part counted whole.
fn load(world: &World, start: Timestamp, who: Id<Staff>) -> i64 {
    let date = world.zone.date_of(start);
    let seconds = |span: &Span| {
        (
            span.start().as_second(),
            (span.end() + SignedDuration::from_nanos(999_999_999)).as_second(),
        )
    };
    let busy = world
        .person(who)
        .busy
        .iter()
        .filter(|span| !span.is_empty());
    let mut busy: Vec<_> = busy.map(seconds).collect();
    busy.sort_unstable();
    let (mut load, mut until) = (0, i64::MIN);
    for (from, to) in busy {
        let mut at = from.max(until);
        until = until.max(to);
        while at < to {
            // No further than to the full minute: that is where dates change.
            let next = to.min(at - at.rem_euclid(60) + 60);
            if world.zone.date_of(Timestamp::from_second(at).unwrap()) == date {
                load += next - at;
            }
            at = next;
        }
    }
    load
}

/// A morning on which a visit of short services is just about possible: buffers decide.
fn crowded() -> impl Strategy<Value = World> {
    let day = date(2026, 5, 4);
    let short = |most: usize| {
        let span = (48_i64..84, 1_i64..6).prop_map(|(from, length)| {
            let start: Timestamp = "2026-05-04T02:00:00Z".parse().unwrap();
            let at = |fives: i64| start + SignedDuration::from_mins(fives * 5);
            Span::new(at(from), at(from + length)).unwrap()
        });
        prop::collection::vec(span, 0..=most)
    };
    let timing = (1_u32..8, 0_u32..14, 0_u32..14, any::<bool>()).prop_map(
        |(length, before, after, waits)| Timing {
            duration_min: Minutes::new(length * 5),
            buffer_before_min: Minutes::new(before * 5),
            buffer_after_min: Minutes::new(after * 5),
            processing: (waits && length > 2).then_some(Processing {
                after_min: Minutes::new(5),
                for_min: Minutes::new(5),
            }),
        },
    );
    let step = (
        prop::collection::vec(timing, 3),
        1_usize..4,
        0_usize..4,
        any::<bool>(),
    )
        .prop_map(|(timings, skip, many, desks)| {
            let offers = (1..=3).zip(timings).map(|(n, timing)| Offer {
                staff_id: id(n),
                timing,
            });
            Step {
                offers: offers.cycle().skip(skip).take(many.max(1)).collect(),
                desks: desks.then(|| vec![id(1), id(2)]),
            }
        });
    let busy = (
        prop::collection::vec(short(5), 3),
        prop::collection::vec(short(6), 2),
    );
    (busy, prop::collection::vec(step, 2..4)).prop_map(move |((staff, desks), steps)| {
        let hours = |weekday| WeeklyInterval {
            weekday,
            from: "08:00".parse().unwrap(),
            to: "12:00".parse().unwrap(),
        };
        let hours = WorkingHours {
            weekly: Weekday::ALL.map(hours).to_vec(),
            overrides: vec![],
        };
        World {
            zone: Zone::named("Europe/Warsaw").unwrap(),
            first: day,
            last: day,
            notice: None,
            hours: Some(hours),
            closures: vec![],
            staff: (1..)
                .zip(staff)
                .map(|(n, busy)| Person {
                    id: id(n),
                    grid: SlotGrid::Interval,
                    step: 10,
                    hours: None,
                    absences: vec![],
                    busy,
                })
                .collect(),
            desks: (1..)
                .zip(desks)
                .map(|(n, busy)| Place {
                    id: id(n),
                    capacity: 1,
                    operator: None,
                    hours: None,
                    holidays: vec![],
                    busy,
                })
                .collect(),
            steps,
        }
    })
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn a_service_is_offered_as_the_oracle_has_it(world in world(1)) {
        agree(&world);
    }

    #[test]
    fn a_visit_is_offered_as_the_oracle_has_it(world in world(3)) {
        agree(&world);
    }

    #[test]
    fn a_visit_on_a_crowded_morning_is_offered_as_the_oracle_has_it(world in crowded()) {
        agree(&world);
    }

    #[test]
    fn people_work_when_the_oracle_says(world in world(1)) {
        let oracle = Oracle::new(&world);
        let rotas: Vec<_> = world.staff.iter().map(|person| Rota {
            hours: person.hours.as_ref(),
            absences: &person.absences,
        }).collect();
        let house = House { hours: world.hours.as_ref(), closures: &world.closures };
        let working = working_spans(&world.zone, world.first, world.last, house, &rotas);
        for (person, spans) in world.staff.iter().zip(working) {
            prop_assert!(spans.windows(2).all(|pair| pair[0].end() < pair[1].start()));
            let told: Vec<_> = spans.iter().flat_map(|span| oracle.minute(span.start())..oracle.minute(span.end())).collect();
            let seen: Vec<_> = (0..oracle.minutes()).filter(|minute| oracle.works(person.id, *minute)).collect();
            prop_assert_eq!(told, seen);
        }
    }

    #[test]
    fn taken_time_is_never_given_whatever_is_left_aside(world in world(2), minute in 0_i64..1_440) {
        let free = Freedom { outside_hours: true, off_grid: true };
        let start = world.zone.days(world.first, world.last).unwrap().start() + SignedDuration::from_mins(minute);
        if let Ok(assigned) = world.finder().check(start, free) {
            for assigned in assigned {
                let body = Span::new(assigned.served.start, assigned.served.end).unwrap();
                let busy = &world.person(assigned.served.staff_id).busy;
                if assigned.timing.processing.is_none() {
                    prop_assert!(!busy.iter().any(|busy| busy.overlaps(body)));
                }
                if let Some(desk) = assigned.served.desk_id {
                    let place = world.place(desk);
                    let taken = place.busy.iter().filter(|busy| busy.contains(body.start())).count();
                    prop_assert!(taken < usize::from(place.capacity));
                }
            }
        }
    }

    #[test]
    fn lots_find_a_way_where_there_is_one_and_none_elsewhere(world in world(3), minute in 0_i64..1_440, lot: u64) {
        let start = world.zone.days(world.first, world.last).unwrap().start() + SignedDuration::from_mins(minute);
        let fair = world.finder().check(start, Freedom::default());
        let drawn = world.finder().drawn(lot).check(start, Freedom::default());
        prop_assert_eq!(fair.is_ok(), drawn.is_ok(), "{:?} {:?}", fair, drawn);
        for assigned in drawn.into_iter().flatten() {
            let body = Span::new(assigned.served.start, assigned.served.end).unwrap();
            if assigned.timing.processing.is_none() {
                prop_assert!(!world.person(assigned.served.staff_id).busy.iter().any(|busy| busy.overlaps(body)));
            }
        }
    }

    #[test]
    fn the_next_free_ones_are_the_first_of_all(world in world(2), minute in -600_i64..3_000, limit in 0_usize..8) {
        let finder = world.finder();
        let after = world.zone.days(world.first, world.last).unwrap().start() + SignedDuration::from_mins(minute);
        let all: Vec<_> = finder.slots().into_iter().filter(|slot| slot.start() >= after).take(limit).collect();
        prop_assert_eq!(finder.next_free(after, limit), all);
    }

    #[test]
    fn a_refusal_tells_a_taken_time_from_an_unfit_one(world in world(1), minute in 0_i64..1_440) {
        let start = world.zone.days(world.first, world.last).unwrap().start() + SignedDuration::from_mins(minute);
        if let Err(refused) = world.finder().check(start, Freedom::default()) {
            let mut idle = world.clone();
            idle.staff.iter_mut().for_each(|person| person.busy.clear());
            idle.desks.iter_mut().for_each(|desk| desk.busy.clear());
            let free = idle.finder().check(start, Freedom::default());
            let nobody_serves = idle.desks.iter().any(|desk| desk.capacity == 0);
            prop_assert!(refused.why.is_taken() == free.is_ok() || nobody_serves, "{refused:?} {free:?}");
            prop_assert_eq!(refused.step, 0);
            let shown = world.zone.date_of(start);
            prop_assert_eq!(refused.why == Refusal::OtherDate, shown < world.first || world.last < shown);
        }
    }
}
