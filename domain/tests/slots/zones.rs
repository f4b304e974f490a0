//! Every jump of every zone's clocks since 1990, with hours that begin and end in the middle of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    hours::{SlotGrid, WeeklyInterval},
    slots::scenario::Scenario,
    time::{LocalTime, Minutes, Weekday, Zone},
};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZoneDatabase};

use crate::{
    oracle::Oracle,
    scenarios::{agree, world},
};

/// A jump: when, and what the wall shows without and with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Jump {
    at: Timestamp,
    before: DateTime,
    after: DateTime,
}

/// All jumps of all zones, those that several zones make together once, each with one of these zones.
fn jumps() -> BTreeMap<Jump, String> {
    let since: Timestamp = "1990-01-01T00:00:00Z".parse().unwrap();
    let until: Timestamp = "2038-01-01T00:00:00Z".parse().unwrap();
    let mut jumps = BTreeMap::new();
    for name in TimeZoneDatabase::bundled().available() {
        let Ok(zone) = Zone::named(name.as_str()) else {
            continue;
        };
        let mut offset = zone.tz().to_offset(since);
        for jump in zone
            .tz()
            .following(since)
            .take_while(|jump| jump.timestamp() < until)
        {
            let (at, before) = (jump.timestamp(), offset.to_datetime(jump.timestamp()));
            offset = jump.offset();
            let after = offset.to_datetime(at);
            if before != after {
                jumps.insert(Jump { at, before, after }, zone.name().to_owned());
            }
        }
    }
    jumps
}

/// What is asked around a jump: hours of several shapes that begin, end or meet in the middle of it.
fn scenario(zone: &str, jump: Jump, shape: usize) -> Scenario {
    let (low, high) = (jump.before.min(jump.after), jump.before.max(jump.after));
    let middle = low.checked_add(high.duration_since(low) / 2).unwrap();
    let time = |at: DateTime| {
        format!("{:02}:{:02}", at.hour(), at.minute())
            .parse::<LocalTime>()
            .unwrap()
    };
    let early = time(low.saturating_sub(SignedDuration::from_mins(20)));
    let late = time(high.saturating_add(SignedDuration::from_mins(50)));
    let (start, noon, end) = (
        LocalTime::MIDNIGHT,
        LocalTime::new(12, 0).unwrap(),
        LocalTime::END_OF_DAY,
    );
    let day: &[(LocalTime, LocalTime)] = match shape % SHAPES {
        0 => &[
            (early, if early < late { late } else { end }),
            (start, time(middle).min(early)),
        ],
        1 => &[(start, time(middle)), (time(middle), end)],
        2 => &[(start, time(middle)), (noon.max(time(middle)), end)],
        3 => &[(start, end)],
        _ => &[(time(middle), end)],
    };
    Scenario {
        timezone: Zone::named(zone).unwrap(),
        date_from: low.date(),
        date_to: high.date(),
        duration_min: Minutes::new([10, 25, 60][shape % 3]),
        processing: None,
        slot_interval_min: Minutes::new([20, 7, 50, 60][shape % 4]),
        grid: Some(if shape.is_multiple_of(2) {
            SlotGrid::Interval
        } else {
            SlotGrid::Clock
        }),
        buffer_before_min: Minutes::ZERO,
        buffer_after_min: Minutes::ZERO,
        min_notice_min: Minutes::ZERO,
        now: Timestamp::UNIX_EPOCH,
        working_hours: Weekday::ALL
            .into_iter()
            .flat_map(|weekday| {
                day.iter()
                    .map(move |&(from, to)| WeeklyInterval { weekday, from, to })
            })
            .collect(),
        date_overrides: vec![],
        absences: vec![],
        busy: vec![],
    }
}

const SHAPES: usize = 5;

#[test]
fn the_finder_agrees_with_the_oracle_at_every_jump_of_every_zone() {
    // What the wall shows before and after is all that matters: many zones do the same at their own hour.
    let mut seen = BTreeSet::new();
    let mut offered = 0;
    for (n, (jump, zone)) in jumps().into_iter().enumerate() {
        if !seen.insert((jump.before, jump.after)) {
            continue;
        }
        let scenario = scenario(&zone, jump, n);
        let world = world(&scenario);
        let expected: Vec<_> = Oracle::near(&world)
            .starts()
            .into_iter()
            .map(|(start, _)| start)
            .collect();
        assert_eq!(
            scenario.starts().unwrap(),
            expected,
            "{zone} {} {scenario:?}",
            jump.at
        );
        offered += expected.len();
    }
    assert!(
        seen.len() > 2_000 && offered > 50_000,
        "{} jumps, {offered} starts",
        seen.len()
    );
}

#[test]
fn every_kind_of_jump_is_explained_with_hours_of_every_shape() {
    let mut kinds = BTreeSet::new();
    for (jump, zone) in jumps() {
        let days = jump.after.date().duration_since(jump.before.date());
        if kinds.insert((jump.before.time(), jump.after.time(), days)) {
            (0..3).for_each(|other| agree(&scenario(&zone, jump, kinds.len() * 7 + other)));
        }
    }
    assert!(kinds.len() > 40, "{}", kinds.len());
}
