//! How long the finder takes in process. The house: 20 staff, 31 days, 10,000 bookings.
//!
//! `cargo bench -p domain --bench slots`
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{Criterion, criterion_group, criterion_main};
use domain::{
    hours::{DayInterval, DayOverride, Processing, SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    service::Timing,
    slots::{DeskTime, Finder, Freedom, House, Notice, Offer, Question, StaffTime, Step},
    time::{LocalSpan, Minutes, Span, Weekday, Zone},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, date},
};
use uuid::Uuid;

const STAFF: u32 = 20;
const BOOKINGS: u32 = 10_000;
const FIRST: Date = date(2026, 10, 12); // the clocks go back on the 25th
const DAYS: i32 = 31;

/// A house as it stands in memory.
struct Salon {
    zone: Zone,
    hours: WorkingHours,
    absences: Vec<LocalSpan>,
    busy: Vec<Vec<Span>>,
}

impl Salon {
    /// Split shifts, a break, some overrides; bookings of 20 to 35 minutes spread evenly.
    fn new() -> Self {
        let times =
            |from: &str, to: &str| (from.parse().expect("a time"), to.parse().expect("a time"));
        let shifts = [times("09:00", "13:00"), times("13:30", "20:00")];
        let weekly = Weekday::ALL
            .into_iter()
            .flat_map(|weekday| shifts.map(|(from, to)| WeeklyInterval { weekday, from, to }));
        let overrides = (0..10).map(|n| DayOverride {
            date: FIRST + (n * 3).days(),
            intervals: vec![DayInterval {
                from: shifts[0].0,
                to: shifts[1].1,
            }],
        });
        let zone = Zone::named("Europe/Warsaw").expect("a zone");
        let each = BOOKINGS / STAFF;
        let busy = (0..STAFF).map(|person| {
            let booking = |n: u32| {
                let day = zone
                    .days(
                        FIRST + (i64::from(n) % 31).days(),
                        FIRST + (i64::from(n) % 31).days(),
                    )
                    .expect("a day");
                let minute = 9 * 60 + (n / 31) * 40 + (person * 7) % 20;
                let start = day.start() + SignedDuration::from_mins(minute.into());
                Span::lasting(start, Minutes::new(20 + (n * 5) % 20)).expect("a span")
            };
            // As they come from the claims, in order.
            let mut busy: Vec<_> = (0..each).map(booking).collect();
            busy.sort();
            busy
        });
        Self {
            hours: WorkingHours {
                weekly: weekly.collect(),
                overrides: overrides.collect(),
            },
            absences: vec![
                LocalSpan::dates(FIRST + 4.days(), FIRST + 5.days()).expect("two days"),
                LocalSpan::dates(FIRST - 40.days(), FIRST - 30.days()).expect("gone by"),
            ],
            busy: busy.collect(),
            zone,
        }
    }

    fn question(&self, steps: usize, minutes: u32) -> Question<'_> {
        let ids = || (0..STAFF).map(|n| Id::new(Uuid::from_u128(n.into())));
        let timing = Timing {
            duration_min: Minutes::new(minutes),
            buffer_before_min: Minutes::ZERO,
            buffer_after_min: Minutes::new(5),
            processing: (steps == 1 && minutes > 60).then_some(Processing {
                after_min: Minutes::new(30),
                for_min: Minutes::new(30),
            }),
        };
        let step = Step {
            offers: ids().map(|staff_id| Offer { staff_id, timing }).collect(),
            desks: None,
        };
        Question {
            zone: &self.zone,
            first: FIRST,
            last: FIRST + (DAYS - 1).days(),
            notice: Some(Notice {
                now: Timestamp::UNIX_EPOCH,
                min: Minutes::ZERO,
            }),
            house: House {
                hours: Some(&self.hours),
                closures: &[],
            },
            staff: ids()
                .zip(&self.busy)
                .map(|(id, busy)| StaffTime {
                    id,
                    slot_grid: SlotGrid::Interval,
                    slot_interval: Minutes::new(15),
                    hours: Some(&self.hours),
                    absences: &self.absences,
                    busy: busy.clone(),
                })
                .collect(),
            desks: Vec::new(),
            steps: vec![step; steps],
        }
    }
}

fn month(criterion: &mut Criterion) {
    let salon = Salon::new();
    let mut group = criterion.benchmark_group("20 staff, 31 days, 10,000 bookings");
    let mut ask = |name: &str, question: Question<'_>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Finder::new(&question).slots())
        });
    };
    ask("30 minutes", salon.question(1, 30));
    ask("90 minutes with processing", salon.question(1, 90));
    let mut empty = salon.question(1, 30);
    empty.staff.iter_mut().for_each(|staff| staff.busy.clear());
    ask("nothing booked: every start is free", empty);
    let mut shared = salon.question(1, 30);
    shared.steps[0].desks = Some((0..3).map(|n| Id::new(Uuid::from_u128(n))).collect());
    shared.desks = (0..3)
        .map(|n| DeskTime {
            id: Id::new(Uuid::from_u128(n)),
            capacity: 5,
            operator: None,
            hours: None,
            holidays: &[],
            busy: salon.busy.iter().step_by(3).flatten().copied().collect(),
        })
        .collect();
    ask("30 minutes at one of three desks", shared);
    ask("a visit of two", salon.question(2, 30));
    let question = salon.question(1, 30);
    group.bench_function("30 minutes, the question alone", |bencher| {
        bencher.iter(|| Finder::new(&question));
    });
    group.finish();
}

fn one(criterion: &mut Criterion) {
    let salon = Salon::new();
    let start: Timestamp = "2026-10-19T12:00:00Z".parse().expect("an instant");
    let day = |mut question: Question<'static>| {
        (question.first, question.last) = (date(2026, 10, 19), date(2026, 10, 19));
        question
    };
    let salon: &'static Salon = Box::leak(Box::new(salon));
    let free = Freedom {
        off_grid: true,
        outside_hours: false,
    };
    let question = day(salon.question(1, 20));
    criterion.bench_function("check one start, any of 20", |bencher| {
        bencher.iter(|| Finder::new(&question).check(start, free).is_ok());
    });
    let question = salon.question(1, 20);
    criterion.bench_function("the next three free ones in 31 days", |bencher| {
        bencher.iter(|| Finder::new(&question).next_free(start, 3));
    });
}

criterion_group!(benches, month, one);
criterion_main!(benches);
