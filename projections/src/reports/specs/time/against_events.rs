//! What the database counts, against what the events tell.

use domain::{
    booking::Status, money::Currency, reporting::ReportRules, service::Service, staff::Staff,
};
use jiff::{Timestamp, civil::date};
use proptest::{prelude::*, test_runner::TestCaseError};
use sqlx::PgPool;
use uuid::Uuid;

use super::naive::{Seconds, World};
use crate::{
    GroupBy, Period, Scope,
    reports::{
        Asked, Filter, READ_MODEL, Timesheet, peak_hours, staff_load,
        stretches::PLACES,
        time_saved,
        worked::Load,
        worth::{By, by, plainly},
    },
    story::{at, take_in},
};
use domain::id::Id;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_the_database_counts_is_what_the_events_tell(
        seed in any::<u64>(),
        choices in prop::collection::vec(any::<u64>(), 150..300),
        batch in 1_usize..80,
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(compare(seed, choices, batch))?;
    }
}

async fn compare(seed: u64, choices: Vec<u64>, batch: usize) -> Result<(), TestCaseError> {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let world = World::of(seed, choices);
    for batch in world.told.chunks(batch) {
        take_in(&db, &READ_MODEL, batch).await;
    }
    for asked in questions(&world) {
        loads(&db, &world, &asked).await?;
        hours(&db, &world, &asked).await?;
        for key in [By::Service, By::Staff] {
            worth(&db, &world, &asked, key).await?;
        }
        let saved = time_saved::find(&db, &asked, &ReportRules::default())
            .await
            .unwrap();
        let [online, staff, other] = world.made(&asked);
        let told = [
            saved.whole.online_bookings,
            saved.whole.staff_bookings,
            saved.whole.other_bookings,
        ];
        prop_assert_eq!(told, [online, staff, other]);
        prop_assert_eq!(
            (saved.whole.saved_min, saved.whole.staff_min),
            (online * 5, staff * 5)
        );
    }
    Ok(())
}

/// Everything, and narrowed in each way.
fn questions(world: &World) -> Vec<Asked> {
    let zone = world.catalogue.settings().unwrap().time_zone.clone();
    let whole = Period::new(&zone, date(2025, 12, 20), date(2026, 2, 10)).unwrap();
    let everything = Asked {
        scope: Scope::whole(world.business),
        filter: Filter::default(),
        whole,
        by: None,
        groups: vec![],
        now: at("2026-01-20T10:00:00Z"),
        currency: Currency::EUR,
        zone: zone.clone(),
    };
    let staff: Id<Staff> = *world.catalogue.staff.keys().next().unwrap();
    let service: Id<Service> = *world.catalogue.services.keys().next().unwrap();
    let with = |filter| Asked {
        filter,
        ..everything.clone()
    };
    vec![
        Asked {
            by: Some(GroupBy::Week),
            groups: whole.by(&zone, GroupBy::Week),
            ..everything.clone()
        },
        Asked {
            scope: Scope::bookings_of(world.business, staff),
            ..everything.clone()
        },
        with(Filter {
            staff_id: Some(staff),
            ..Filter::default()
        }),
        with(Filter {
            service_id: Some(service),
            ..Filter::default()
        }),
        with(Filter {
            statuses: vec![Status::Cancelled, Status::Completed],
            ..Filter::default()
        }),
    ]
}

fn in_minutes(load: &Load) -> Seconds {
    (load.available_min(), load.booked_min(), load.outside_min())
}

/// Every edge in a random history falls on a minute, save when somebody left.
fn rounded((available, booked, outside): Seconds) -> Seconds {
    let minutes = |seconds: i64| (seconds + 30).div_euclid(60);
    (minutes(available), minutes(booked), minutes(outside))
}

async fn loads(db: &PgPool, world: &World, asked: &Asked) -> Result<(), TestCaseError> {
    let timesheet = Timesheet::of(&world.catalogue, asked.whole);
    let found = staff_load::find(db, asked, &timesheet).await.unwrap();
    let part = |at: Timestamp| {
        let parts = asked.parts().iter();
        parts
            .clone()
            .position(|part| part.span.contains(at))
            .unwrap()
    };
    for key in world.keys(By::Staff) {
        let seen = world.seconds(asked, key, asked.whole.span, part, asked.parts().len());
        let told = found.each.iter().find(|(id, _)| id.map(Id::uuid) == key);
        let Some((_, told)) = told else {
            prop_assert!(seen.iter().all(|seconds| *seconds == (0, 0, 0)), "{key:?}");
            continue;
        };
        let sum = seen.iter().fold((0, 0, 0), |sum: Seconds, s| {
            (sum.0 + s.0, sum.1 + s.1, sum.2 + s.2)
        });
        prop_assert_eq!(in_minutes(&told.whole), rounded(sum), "{:?}", key);
        for (told, seen) in told.groups.iter().zip(&seen) {
            prop_assert_eq!(in_minutes(told), rounded(*seen));
        }
    }
    Ok(())
}

async fn hours(db: &PgPool, world: &World, asked: &Asked) -> Result<(), TestCaseError> {
    let timesheet = Timesheet::of(&world.catalogue, asked.whole);
    let found = peak_hours::find(db, asked, &timesheet).await.unwrap();
    let place = |at: Timestamp| {
        let shown = asked.zone.local(at);
        let day = usize::try_from(shown.weekday().to_monday_zero_offset()).unwrap();
        day * 24 + usize::try_from(shown.hour()).unwrap()
    };
    let mut seen = vec![(0, 0, 0); PLACES];
    for key in world.keys(By::Staff) {
        let theirs = world.seconds(asked, key, asked.whole.span, place, PLACES);
        for (all, one) in seen.iter_mut().zip(theirs) {
            *all = (all.0 + one.0, all.1 + one.1, all.2 + one.2);
        }
    }
    let (starts, hour_unknown) = world.starts(asked, place);
    prop_assert_eq!(found.hour_unknown, hour_unknown);
    let told = |n: usize| {
        let is = |hour: &&peak_hours::HourOfWeek| {
            usize::from(hour.weekday.number() - 1) * 24 + usize::from(hour.hour) == n
        };
        let hour = found.hours.iter().find(is);
        hour.map_or((0, (0, 0, 0)), |hour| {
            (hour.bookings, in_minutes(&hour.load))
        })
    };
    for (n, (starts, seconds)) in starts.into_iter().zip(&seen).enumerate() {
        prop_assert_eq!(told(n), (starts, rounded(*seconds)), "{}", n);
    }
    let fullest = seen.iter().map(|seconds| seconds.1).max().unwrap();
    let named = found.peak.first().map_or(0, |hour| hour.load.booked_min());
    prop_assert_eq!(named, rounded((0, fullest, 0)).1);
    Ok(())
}

async fn worth(db: &PgPool, world: &World, asked: &Asked, key: By) -> Result<(), TestCaseError> {
    let within = 10;
    let periods = asked.whole_and_groups();
    let found = by(db, asked, key, within).await.unwrap();
    let before = plainly(db, asked, asked.before(), key).await.unwrap();
    let known: Vec<Option<Uuid>> = world.keys(key);
    prop_assert!(
        found
            .keys()
            .chain(before.keys())
            .all(|id| known.contains(id))
    );
    for id in known {
        for (n, period) in periods.iter().enumerate() {
            let told = found
                .get(&id)
                .map(|worth| worth[n].clone())
                .unwrap_or_default();
            let by = told.by_status;
            let told = (
                [
                    by.requested,
                    by.confirmed,
                    by.completed,
                    by.no_show,
                    by.cancelled,
                ],
                told.clients,
                told.booked_min,
                told.came,
                told.again,
                told.revenue,
                told.receipts,
            );
            prop_assert_eq!(
                told,
                world.worth(asked, period, key, id, within),
                "{:?} {:?}",
                id,
                period
            );
        }
        if let Some(period) = &asked.before() {
            let (by, _, _, _, _, revenue, _) = world.worth(asked, period, key, id, within);
            let told = before.get(&id).copied().unwrap_or_default();
            prop_assert_eq!(told, (by.iter().sum(), revenue), "{:?} {:?}", id, period);
        }
    }
    Ok(())
}
