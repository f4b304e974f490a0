//! Each report equals what the raw events tell, in random businesses, of random periods and filters.

use std::collections::BTreeMap;

use domain::{booking::Status, id::Id};
use jiff::{ToSpan as _, civil::date};
use proptest::{prelude::*, test_runner::TestCaseError};

use super::{
    super::{
        Asked, Filter, READ_MODEL, campaigns, clients, notifications, pending, retention,
        returning, revenue, summary, till, trends,
    },
    asked,
    naive::World,
};
use crate::{
    GroupBy, Scope,
    story::{at, take_in},
};

/// Of which dates, by what, narrowed how, at which moment.
#[derive(Debug, Clone)]
struct Wish {
    first: i64,
    days: i64,
    by: Option<GroupBy>,
    narrowed: u8,
    pick: prop::sample::Index,
    now: i64,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let by = prop::sample::select(vec![
        None,
        Some(GroupBy::Day),
        Some(GroupBy::Week),
        Some(GroupBy::Month),
    ]);
    let wish = (
        -120_i64..60,
        0_i64..150,
        by,
        0_u8..12,
        any::<prop::sample::Index>(),
        0_i64..60,
    );
    let wish = wish.prop_map(|(first, days, by, narrowed, pick, now)| Wish {
        first,
        days,
        by,
        narrowed,
        pick,
        now,
    });
    prop::collection::vec(wish, 6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn every_report_is_what_the_events_tell(
        seed in any::<u64>(),
        choices in prop::collection::vec(any::<u64>(), 150..300),
        wishes in wishes(),
        batch in 1_usize..80,
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(compare(seed, choices, wishes, batch))?;
    }
}

/// What a wish asks of a world.
fn read(world: &World, wish: &Wish) -> Asked {
    let bookings = world.bookings();
    let some = (!bookings.is_empty()).then(|| &bookings[wish.pick.index(bookings.len())]);
    let mut filter = Filter::default();
    let mut scope = Scope::whole(world.business);
    match (wish.narrowed, some) {
        (0, Some(some)) => filter.staff_id = some.staff.map(Id::new),
        (1, Some(some)) => filter.service_id = some.service.map(Id::new),
        (2, Some(some)) => filter.desk_id = some.desk.map(Id::new),
        (3, Some(some)) => filter.client_id = some.client.map(Id::new),
        (4, Some(some)) => filter.clients = Some(some.client.into_iter().collect()),
        (5, _) => filter.statuses = vec![Status::Requested, Status::Completed],
        (6, Some(some)) => filter.statuses = vec![some.status],
        (7, _) => filter.source = Some("walk-in".to_owned()),
        (8, Some(some)) => {
            if let Some(staff) = some.staff {
                scope = Scope::bookings_of(world.business, Id::new(staff));
            }
        }
        _ => {}
    }
    let first = date(2026, 1, 10) + wish.first.days();
    let mut asked = asked(scope, first, first + wish.days.days()).of(filter);
    asked.now = at("2026-01-05T08:00:00Z") + jiff::SignedDuration::from_hours(24 * wish.now);
    match wish.by {
        Some(by) => asked.by(by),
        None => asked,
    }
}

async fn compare(
    seed: u64,
    choices: Vec<u64>,
    wishes: Vec<Wish>,
    batch: usize,
) -> Result<(), TestCaseError> {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let world = World::of(seed, choices);
    for batch in world.told.chunks(batch) {
        take_in(&db, &READ_MODEL, batch).await;
    }
    let everything = Wish {
        first: -200,
        days: 500,
        by: Some(GroupBy::Month),
        narrowed: 11,
        pick: wishes[0].pick,
        now: 30,
    };
    prop_assert_eq!(
        summary::find(&db, &read(&world, &everything))
            .await
            .unwrap()
            .whole
            .bookings,
        i64::try_from(world.bookings().len()).unwrap(),
        "not all bookings lie in the periods that are asked for"
    );
    for wish in wishes.iter().chain([&everything]) {
        let asked = read(&world, wish);
        prop_assert_eq!(
            summary::find(&db, &asked).await.unwrap(),
            world.summary(&asked)
        );
        prop_assert_eq!(
            pending::find(&db, &asked).await.unwrap(),
            world.pending(&asked)
        );
        prop_assert_eq!(
            returning::find(&db, &asked).await.unwrap(),
            world.returning(&asked)
        );

        let found = revenue::find(&db, &asked).await.unwrap();
        prop_assert_eq!(found.takings, world.revenue(&asked));
        let by_method: BTreeMap<_, _> = found.by_method.into_iter().collect();
        prop_assert_eq!(by_method, world.by_method(&asked));
        let by = found
            .by_service
            .into_iter()
            .map(|(id, sum)| (id.map(Id::uuid), sum));
        prop_assert_eq!(by.collect::<BTreeMap<_, _>>(), world.by_service(&asked));
        let by = found
            .by_staff
            .into_iter()
            .map(|(id, sum)| (id.map(Id::uuid), sum));
        prop_assert_eq!(by.collect::<BTreeMap<_, _>>(), world.by_staff(&asked));

        let methods = |till: till::Till| {
            let methods = till.methods.into_iter();
            Ok::<BTreeMap<_, _>, ()>(
                methods
                    .map(|m| (m.method, (m.takings, m.entries)))
                    .collect(),
            )
        };
        let found = till::find(&db, &asked)
            .await
            .unwrap()
            .try_map(methods)
            .unwrap();
        prop_assert_eq!(found, world.till(&asked));

        let found = retention::find(&db, &asked).await.unwrap();
        let cohorts = found.cohorts.into_iter();
        let cohorts: Vec<_> = cohorts
            .map(|c| (c.period.first.first_of_month(), c.clients, c.again))
            .collect();
        prop_assert_eq!(cohorts, world.retention(&asked));

        prop_assert_eq!(
            notifications::find(&db, &asked).await.unwrap(),
            world.notifications(&asked)
        );
        let within = u16::try_from(wish.now / 6 + 1).unwrap();
        prop_assert_eq!(
            campaigns::find(&db, &asked, within).await.unwrap(),
            world.campaigns(&asked, within)
        );

        clients_agree(&db, &world, &asked).await?;
        trends_agree(&db, &world, &asked).await?;
    }
    Ok(())
}

async fn clients_agree(
    db: &sqlx::PgPool,
    world: &World,
    asked: &Asked,
) -> Result<(), TestCaseError> {
    let expected = world.clients(asked);
    for by in [
        clients::By::Revenue,
        clients::By::Visits,
        clients::By::LastVisit,
        clients::By::Bookings,
        clients::By::Cancellations,
        clients::By::NoShows,
    ] {
        for ascending in [false, true] {
            let sort = clients::Sort { by, ascending };
            let mut page = clients::Page {
                after: None,
                limit: Some(3),
                count: true,
            };
            let mut found = vec![];
            loop {
                let some = clients::find(db, asked, sort, page).await.unwrap();
                prop_assert_eq!(some.total, i64::try_from(expected.len()).ok());
                found.extend(some.items);
                let Some(next) = some.next else { break };
                page.after = Some(next);
            }
            let figure = |f: &clients::Figures| match by {
                clients::By::Revenue => f.revenue.amount(),
                clients::By::LastVisit => f
                    .last_visit
                    .map_or(i64::MIN, |at| at.as_microsecond())
                    .into(),
                clients::By::NoShows => f.no_shows.into(),
                clients::By::Visits => f.visits.into(),
                clients::By::Bookings => f.bookings.into(),
                clients::By::Cancellations => f.cancellations.into(),
            };
            let ordered = found.windows(2).all(|two| {
                let (one, other) = (figure(&two[0]), figure(&two[1]));
                if ascending {
                    one <= other
                } else {
                    one >= other
                }
            });
            prop_assert!(ordered, "{sort:?}: {found:#?}");
            let found: BTreeMap<_, _> =
                found.into_iter().map(|f| (f.client_id.uuid(), f)).collect();
            prop_assert_eq!(&found, &expected);
        }
    }
    Ok(())
}

async fn trends_agree(
    db: &sqlx::PgPool,
    world: &World,
    asked: &Asked,
) -> Result<(), TestCaseError> {
    let found = trends::find(db, asked).await.unwrap();
    let periods = asked.groups.iter().chain([&asked.whole]);
    let all = found.trends.groups.iter().chain([&found.trends.whole]);
    for (period, trend) in periods.zip(all) {
        let now = world.figures(asked, *period);
        let before = world.figures(asked, trend.before);
        let year = world.figures(asked, trend.year_before);
        let found = &trend.bookings;
        prop_assert_eq!(
            (found.value, found.before, found.year_before),
            (now.0, before.0, year.0)
        );
        let found = &trend.clients;
        prop_assert_eq!(
            (found.value, found.before, found.year_before),
            (now.1, before.1, year.1)
        );
        let found = &trend.revenue;
        prop_assert_eq!(
            (found.value, found.before, found.year_before),
            (now.2, before.2, year.2)
        );
    }
    let weekdays = found.seasons.weekdays.into_iter();
    let weekdays: Vec<_> = weekdays
        .map(|(day, s)| (day, s.of, s.bookings, s.revenue))
        .collect();
    prop_assert_eq!(weekdays, world.weekdays(asked));
    Ok(())
}
