//! The timetable as people at the counter would ask it.

use domain::{
    business::{Business, BusinessCommand},
    contact::Country,
    desk::{DeskCommand, Place},
    hours::{SlotGrid, WorkingHours},
    id::Id,
    money::Currency,
    sealed::Sealed,
    service::{Offer, ServiceCommand, ServiceState, ServiceWanted, Timing},
    staff::{AbsenceKind, Grid, Member, Staff, StaffCommand},
    text::{PersonName, Slug},
    time::{LocalSpan, Minutes, Zone},
};
use jiff::civil::{DateTime, date};
use sqlx::PgPool;

use super::*;
use crate::story::{Story, eur, id, label, take_in, words};

fn dates(first: i8, last: i8) -> LocalSpan {
    LocalSpan::dates(date(2026, 7, first), date(2026, 7, last)).unwrap()
}

fn hours() -> WorkingHours {
    serde_json::from_str(
        r#"{"weekly":[{"weekday":"mon","from":"09:00","to":"24:00"}],"overrides":[]}"#,
    )
    .unwrap()
}

/// A house with one service, one staff member and one desk.
fn house() -> Story {
    let mut story = Story::of(1);
    let business: Id<Business> = Id::new(story.scope().business().0);
    let open = BusinessCommand::Open {
        name: label("Salon"),
        slug: Slug::parse("salon").unwrap(),
        time_zone: Zone::named("Europe/Warsaw").unwrap(),
        currency: Currency::EUR,
        country: Country::parse("PL").unwrap(),
    };
    story.business(business, open);
    story.business(business, BusinessCommand::SetHours(Some(hours())));
    let offer = Offer {
        name: label("Cut"),
        timing: Timing::plain(Minutes::new(45)),
        price: eur("40.00"),
        per_staff: vec![],
        state: ServiceState::Active,
        color: None,
        description: None,
    };
    story.service(id(3), ServiceCommand::Offer(offer));
    let member = Member {
        name: Sealed::open(id::<Staff>(1), PersonName::parse("Zoë").unwrap()),
        email: None,
        phone: None,
        grid: Grid {
            slot_interval_min: Minutes::new(10),
            slot_grid: SlotGrid::Clock,
        },
        service_ids: vec![id(3)],
        working_hours: None,
    };
    story.staff(id(1), StaffCommand::Join(member));
    let place = Place {
        name: label("Chair"),
        number: None,
        description: None,
        capacity: 2,
        service_ids: vec![],
        operator_id: None,
        working_hours: None,
    };
    story.desk(id(2), DeskCommand::Add(place));
    story
}

async fn away_on(db: &PgPool, story: &Story, first: i8, last: i8) -> Vec<(u128, String)> {
    let (from, to): (DateTime, DateTime) = (dates(first, last).from(), dates(first, last).to());
    let away = away_between(db, &story.scope(), from, to).await.unwrap();
    away.into_iter()
        .map(|a| (a.away_id.as_u128(), a.kind))
        .collect()
}

#[tokio::test]
async fn shows_the_house_as_it_was_last_told() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = house();
    take_in(&db, &READ_MODEL, &story.take()).await;
    let dearer = ServiceWanted {
        price: Some(eur("45.00")),
        ..ServiceWanted::default()
    };
    story.service(id(3), ServiceCommand::Change(dearer));
    story.staff(id(1), StaffCommand::SetWorkingHours(Some(hours())));
    story.desk(id(2), DeskCommand::Close);
    take_in(&db, &READ_MODEL, &story.take()).await;
    let scope = story.scope();
    let salon = business(&db, &scope).await.unwrap().unwrap();
    assert_eq!(
        (salon.name.as_str(), salon.time_zone.as_str()),
        ("Salon", "Europe/Warsaw")
    );
    assert_eq!(salon.hours.unwrap().0, hours());
    let cut = &services(&db, &scope).await.unwrap()[0];
    assert_eq!(
        (cut.duration_min, cut.price, cut.state.as_str()),
        (45, eur("45.00").amount(), "active")
    );
    let zoe = &staff(&db, &scope).await.unwrap()[0];
    assert_eq!(
        (zoe.name.as_deref(), zoe.slot_grid.as_str()),
        (Some("Zoë"), "clock")
    );
    assert_eq!(zoe.hours.as_ref().unwrap().0, hours());
    let chair = &desks(&db, &scope).await.unwrap()[0];
    assert!(chair.closed && !chair.retired && chair.capacity == 2);
    assert_eq!(business(&db, &Story::of(2).scope()).await.unwrap(), None);
}

#[tokio::test]
async fn tells_who_is_away_when_and_no_longer_once_they_are_not() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let mut story = house();
    let house: Id<Business> = Id::new(story.scope().business().0);
    let absence = StaffCommand::PlanAbsence {
        absence_id: id(11),
        kind: AbsenceKind::Vacation,
        span: dates(1, 14),
        note: Some(words(id::<Staff>(1), "by the sea")),
    };
    story.staff(id(1), absence);
    story.desk(
        id(2),
        DeskCommand::PlanHoliday {
            holiday_id: id(12),
            span: dates(10, 10),
        },
    );
    let closure = BusinessCommand::PlanClosure {
        closure_id: id(13),
        name: Some(label("Fair")),
        span: dates(15, 15),
    };
    story.business(house, closure);
    take_in(&db, &READ_MODEL, &story.take()).await;
    let told = |n, kind: &str| (n, kind.to_owned());
    assert_eq!(
        away_on(&db, &story, 10, 10).await,
        [told(11, "vacation"), told(12, "holiday")]
    );
    assert_eq!(away_on(&db, &story, 15, 15).await, [told(13, "closure")]);

    story.staff(id(1), StaffCommand::CancelAbsence(id(11)));
    let moved = BusinessCommand::ChangeClosure {
        closure_id: id(13),
        name: None,
        span: Some(dates(10, 11)),
    };
    story.business(house, moved);
    take_in(&db, &READ_MODEL, &story.take()).await;
    assert_eq!(
        away_on(&db, &story, 1, 10).await,
        [told(12, "holiday"), told(13, "closure")]
    );
    assert_eq!(away_on(&db, &story, 15, 15).await, []);
}
