//! Whole houses, at random, against the oracle: staff, desks, closures, visits.

use std::collections::BTreeSet;

use domain::{
    slots::{Freedom, Offer, Refusal, Slot, Step},
    time::{LocalSpan, Span, Zone},
};
use jiff::{SignedDuration, ToSpan as _, civil::Date};
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

/// That a slot keeps all rules for the people and desks that it names: the oracle, given no choice, agrees.
fn is_sound(world: &World, slot: &Slot) {
    let mut narrowed = world.clone();
    assert_eq!(slot.services.len(), world.steps.len());
    for (step, served) in narrowed.steps.iter_mut().zip(&slot.services) {
        step.offers
            .retain(|offer| offer.staff_id == served.staff_id);
        step.desks = step.desks.take().map(|desks| {
            desks
                .into_iter()
                .filter(|desk| Some(*desk) == served.desk_id)
                .collect()
        });
        assert_eq!(step.desks.is_some(), served.desk_id.is_some());
        let length = step.offers[0].timing.duration_min.to_duration();
        assert_eq!(served.end.duration_since(served.start), length);
    }
    assert!(
        slot.services
            .windows(2)
            .all(|pair| pair[0].end == pair[1].start)
    );
    let oracle = Oracle::new(&narrowed);
    assert!(oracle.fills(oracle.minute(slot.start()), None), "{slot:?}");
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
    for slot in slots.iter().step_by(slots.len() / 3 + 1) {
        is_sound(world, slot);
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
            is_sound(
                world,
                &Slot {
                    services: assigned.iter().map(|assigned| assigned.served).collect(),
                },
            );
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

/// How many seconds of the start's date somebody is busy.
fn load(world: &World, start: jiff::Timestamp, who: domain::id::Id<domain::staff::Staff>) -> i64 {
    let date = world.zone.date_of(start);
    let mut busy = world.person(who).busy.clone();
    busy.sort();
    let (mut load, mut until) = (0, jiff::Timestamp::MIN);
    // Widened to whole seconds, as the finder sees them; second by second would take too long.
    for span in busy {
        let (from, to) = (span.start().max(until), span.end());
        until = until.max(to);
        let Ok(span) = Span::new(from, to) else {
            continue;
        };
        let mut at = span.start();
        while at < span.end() {
            let next = (at + SignedDuration::from_millis(500)).min(span.end());
            let minute = SignedDuration::from_secs(60);
            let next = if at + minute <= span.end()
                && world.zone.date_of(at + minute) == world.zone.date_of(at)
            {
                at + minute
            } else {
                next
            };
            if world.zone.date_of(at) == date {
                load += i64::try_from(next.duration_since(at).as_millis()).unwrap();
            }
            at = next;
        }
    }
    load
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
