//! Whole scenarios, at random, against the oracle.

use domain::{
    hours::{DayInterval, DayOverride, Processing, SlotGrid, WeeklyInterval, WorkingHours},
    service::Timing,
    slots::{
        Offer, Step,
        scenario::{Away, DateHours, Scenario},
    },
    time::{LocalSpan, LocalTime, Minutes, Span, Weekday, Zone},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime, date},
};
use proptest::prelude::*;

use crate::{
    oracle::Oracle,
    world::{Person, World, cases, id},
};

/// Places and dates at which clocks do what nobody expects, and one at which they do nothing.
pub(crate) const ODD_DAYS: &[(&str, Date)] = &[
    ("UTC", date(2026, 5, 4)),
    ("Europe/Warsaw", date(2026, 3, 29)),
    ("Europe/Warsaw", date(2026, 10, 25)),
    ("Europe/Kyiv", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    // Half an hour.
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    // Midnight is skipped, or comes back.
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Scoresbysund", date(2024, 3, 31)),
    // A minute past midnight, so that a minute of the new date comes before an hour of the old one.
    ("America/Goose_Bay", date(2006, 10, 29)),
    ("America/St_Johns", date(2006, 4, 2)),
    // A whole date is left out, or comes twice.
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("America/Juneau", date(1983, 10, 30)),
    // Summer time with a break in it; two hours at once; a quarter of an hour.
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Asia/Pyongyang", date(2015, 8, 15)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
];

pub(crate) fn time() -> impl Strategy<Value = LocalTime> {
    let of = |minutes: u32| {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
            .parse()
            .unwrap()
    };
    prop_oneof![
        6 => (0_u32..=96).prop_map(move |quarters| of(quarters * 15)),
        2 => (0_u32..=1_440).prop_map(of),
        2 => Just(LocalTime::MIDNIGHT),
        2 => Just(LocalTime::END_OF_DAY),
        2 => (0_u32..=16).prop_map(move |quarters| of(quarters * 15)),
    ]
}

pub(crate) fn intervals() -> impl Strategy<Value = Vec<DayInterval>> {
    prop_oneof![
        5 => prop::collection::vec((time(), time()).prop_map(|(a, b)| DayInterval { from: a.min(b), to: a.max(b) }), 0..4),
        1 => prop::collection::vec((time(), time()).prop_map(|(from, to)| DayInterval { from, to }), 0..4),
        3 => Just(vec![DayInterval { from: LocalTime::MIDNIGHT, to: LocalTime::END_OF_DAY }]),
    ]
}

pub(crate) fn hours(around: Date) -> impl Strategy<Value = WorkingHours> {
    let same_each_day = intervals().prop_map(|day| vec![day; 7]);
    let differing = prop::collection::vec(intervals(), 7);
    let week = prop_oneof![same_each_day, differing];
    let overrides = prop::collection::vec((-12_i32..12, intervals()), 0..4);
    (week, overrides).prop_map(move |(week, overrides)| WorkingHours {
        weekly: Weekday::ALL
            .into_iter()
            .zip(week)
            .flat_map(|(weekday, day)| {
                day.into_iter()
                    .map(move |DayInterval { from, to }| WeeklyInterval { weekday, from, to })
            })
            .collect(),
        overrides: overrides
            .into_iter()
            .map(|(days, intervals)| DayOverride {
                date: around + days.days(),
                intervals,
            })
            .collect(),
    })
}

pub(crate) fn spans(around: Date, most: usize) -> impl Strategy<Value = Vec<Span>> {
    let base = jiff::tz::TimeZone::UTC.to_timestamp(around.into()).unwrap();
    let span = (
        -2 * 1_440_i64..3 * 1_440,
        prop_oneof![0_i64..90, 0_i64..900],
        0_i64..8,
        0_i64..8,
    );
    let span = span.prop_map(move |(from, length, odd_start, odd_end)| {
        // Now and then a busy range begins or ends within a minute.
        let odd = |n: i64| SignedDuration::from_millis(if n == 0 { 20_500 } else { 0 });
        let start = base + SignedDuration::from_mins(from) + odd(odd_start);
        Span::new(
            start,
            (start + SignedDuration::from_mins(length) + odd(odd_end)).max(start),
        )
        .unwrap()
    });
    prop::collection::vec(span, 0..=most)
}

pub(crate) fn local(around: Date) -> impl Strategy<Value = DateTime> {
    (-2 * 96_i64..3 * 96, 0_i64..15).prop_map(move |(quarters, odd)| {
        let odd = if odd > 10 { odd } else { 0 };
        DateTime::from(around) + SignedDuration::from_mins(quarters * 15 + odd)
    })
}

pub(crate) fn step() -> impl Strategy<Value = u32> {
    prop_oneof![
        prop::sample::select(vec![5_u32, 10, 15, 20, 30, 45, 60, 90, 120]),
        1_u32..200
    ]
}

pub(crate) fn timing() -> impl Strategy<Value = Timing> {
    let duration = prop_oneof![5 => 1_u32..180, 1 => 180_u32..2_000];
    (
        duration,
        0_u32..40,
        0_u32..40,
        prop::option::of((0.0..1.0_f64, 0.0..1.0_f64)),
        any::<[bool; 2]>(),
    )
        .prop_map(|(duration, before, after, wait, kept)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a part of a small number"
            )]
            let part = |of: u32, share: f64| (f64::from(of) * share) as u32;
            let processing = wait.map(|(after, lasts)| {
                let after = part(duration, after);
                let lasts = part(duration - after + 1, lasts).min(duration - after);
                Processing {
                    after_min: Minutes::new(after),
                    for_min: Minutes::new(lasts),
                }
            });
            Timing {
                duration_min: Minutes::new(duration),
                buffer_before_min: Minutes::new(if kept[0] { before } else { 0 }),
                buffer_after_min: Minutes::new(if kept[1] { after } else { 0 }),
                processing,
            }
        })
}

pub(crate) fn grid() -> impl Strategy<Value = SlotGrid> {
    prop::sample::select(vec![SlotGrid::Interval, SlotGrid::Clock])
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let when = (prop::sample::select(ODD_DAYS), 0_i32..3, 0_i32..3);
    when.prop_flat_map(|((zone, day), before, after)| {
        let fit = (timing(), step(), prop::option::of(grid()));
        let given = (
            hours(day),
            prop::collection::vec((local(day), local(day)), 0..3),
            spans(day, 12),
            prop::option::of(-2_000_i64..3_000),
            0_u32..600,
        );
        (fit, given).prop_map(
            move |((timing, step, grid), (hours, absences, busy, now, notice))| {
                let base = jiff::tz::TimeZone::UTC.to_timestamp(day.into()).unwrap();
                Scenario {
                    timezone: Zone::named(zone).unwrap(),
                    date_from: day - before.days(),
                    date_to: day + after.days(),
                    duration_min: timing.duration_min,
                    processing: timing.processing,
                    slot_interval_min: Minutes::new(step),
                    grid,
                    buffer_before_min: timing.buffer_before_min,
                    buffer_after_min: timing.buffer_after_min,
                    min_notice_min: Minutes::new(notice),
                    now: now.map_or(Timestamp::UNIX_EPOCH, |now| {
                        base + SignedDuration::from_mins(now)
                    }),
                    working_hours: hours.weekly,
                    date_overrides: hours
                        .overrides
                        .into_iter()
                        .map(|day| DateHours {
                            date: day.date,
                            intervals: day
                                .intervals
                                .into_iter()
                                .map(|interval| (interval.from, interval.to))
                                .collect(),
                        })
                        .collect(),
                    absences: absences
                        .into_iter()
                        .map(|(from, to)| Away { from, to })
                        .collect(),
                    busy,
                }
            },
        )
    })
}

/// The same as one staff member of a house, for the oracle.
pub(crate) fn world(scenario: &Scenario) -> World {
    let timing = Timing {
        duration_min: scenario.duration_min,
        buffer_before_min: scenario.buffer_before_min,
        buffer_after_min: scenario.buffer_after_min,
        processing: scenario.processing,
    };
    let overrides = scenario.date_overrides.iter().map(|day| DayOverride {
        date: day.date,
        intervals: day
            .intervals
            .iter()
            .map(|&(from, to)| DayInterval { from, to })
            .collect(),
    });
    World {
        zone: scenario.timezone.clone(),
        first: scenario.date_from,
        last: scenario.date_to,
        notice: Some((scenario.now, scenario.min_notice_min.get())),
        hours: None,
        closures: vec![],
        staff: vec![Person {
            id: id(1),
            grid: scenario.grid.unwrap_or_default(),
            step: scenario.slot_interval_min.get(),
            hours: Some(WorkingHours {
                weekly: scenario.working_hours.clone(),
                overrides: overrides.collect(),
            }),
            absences: scenario
                .absences
                .iter()
                .filter_map(|away| LocalSpan::new(away.from, away.to).ok())
                .collect(),
            busy: scenario.busy.clone(),
        }],
        desks: vec![],
        steps: vec![Step {
            offers: vec![Offer {
                staff_id: id(1),
                timing,
            }],
            desks: None,
        }],
    }
}

/// Finder and oracle offer the same, and `explain` has a word for every other start of the grid.
pub(crate) fn agree(scenario: &Scenario) {
    let world = world(scenario);
    let oracle = Oracle::new(&world);
    let expected: Vec<_> = oracle
        .starts()
        .into_iter()
        .map(|(start, _)| start)
        .collect();
    assert_eq!(scenario.starts().unwrap(), expected);

    let answer = scenario.explain().unwrap();
    assert_eq!(answer.starts, expected);
    let refused = answer.refused.unwrap();
    assert!(
        refused.iter().all(|refused| !refused.why.is_empty()),
        "{refused:?}"
    );
    let mut told: Vec<_> = refused
        .iter()
        .map(|refused| refused.start)
        .chain(answer.starts)
        .collect();
    told.sort_unstable();
    let everything = Scenario {
        now: Timestamp::MIN,
        min_notice_min: Minutes::ZERO,
        ..scenario.clone()
    };
    let world = self::world(&everything);
    let oracle = Oracle::new(&world);
    let dates = scenario
        .timezone
        .days(scenario.date_from, scenario.date_to)
        .unwrap();
    let minutes = oracle.minute(dates.start()) - 1_500..oracle.minute(dates.end()) + 1_500;
    let on_grid =
        minutes.filter(|minute| oracle.is_asked_for(*minute) && oracle.on_grid(id(1), *minute));
    let on_grid: Vec<_> = on_grid.map(|minute| oracle.at(minute)).collect();
    assert_eq!(
        told, on_grid,
        "every start of the grid is offered or explained"
    );
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn the_finder_offers_what_the_oracle_does(scenario in scenario()) {
        agree(&scenario);
    }

    #[test]
    fn no_scenario_changes_on_its_way_through_json(scenario in scenario()) {
        let json = serde_json::to_string(&scenario).unwrap();
        prop_assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), scenario);
    }
}
