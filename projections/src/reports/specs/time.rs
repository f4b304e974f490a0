//! Time and worth: the example of `docs/reports.md`, computed there by hand, and random histories.

mod against_events;
mod naive;

use domain::{
    booking::{BookingCommand, Status},
    business::BusinessCommand,
    catalogue::Catalogue,
    client::ClientCommand,
    contact::Country,
    hours::{SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    money::Currency,
    reporting::ReportRules,
    sealed::Sealed,
    staff::{AbsenceKind, Grid, Member, StaffCommand},
    text::{Origin, PersonName, Slug},
    time::{LocalSpan, Minutes, Weekday},
};
use jiff::civil::date;
use sqlx::PgPool;

use super::{asked, zone};
use crate::{
    GroupBy, Period, Projected,
    reports::{
        Asked, Filter, READ_MODEL, Timesheet,
        peak_hours::{self, HourOfWeek},
        services, staff, staff_load, time_saved,
        worked::Load,
    },
    story::{
        Story, at, eur, id, label, payment, placement, refund, registered, sale, take_in, told,
    },
};

/// Weekdays from nine to five.
fn nine_to_five() -> WorkingHours {
    let on = |weekday| WeeklyInterval {
        weekday,
        from: "09:00".parse().unwrap(),
        to: "17:00".parse().unwrap(),
    };
    WorkingHours {
        weekly: Weekday::ALL[..5].iter().copied().map(on).collect(),
        overrides: vec![],
    }
}

fn local(from: &str, to: &str) -> LocalSpan {
    LocalSpan::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn member(n: u128, name: &str, hours: Option<WorkingHours>) -> StaffCommand {
    let of: Id<domain::staff::Staff> = id(n);
    StaffCommand::Join(Member {
        name: Sealed::open(of, PersonName::parse(name).unwrap()),
        email: None,
        phone: None,
        grid: Grid {
            slot_interval_min: Minutes::new(30),
            slot_grid: SlotGrid::Interval,
        },
        service_ids: vec![id(3)],
        working_hours: hours,
    })
}

/// A booking of an hour with Mia.
fn book(story: &mut Story, n: u128, client: u128, start: &str) {
    let mut placement = placement(start);
    placement.client_id = Some(id(client));
    if n == 3 {
        placement.source = Origin::parse("public_page").unwrap();
    }
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

/// The week from the fourth to the tenth of May 2026 in Warsaw, two hours ahead of UTC. Mia, who is 1, works weekdays
/// from nine to five; on Wednesday she comes at one, on Thursday the house is closed. Ada is 7, Bea 8.
///
/// | booking | client | when | what became of it | paid |
/// | --- | --- | --- | --- | --- |
/// | 1 | Ada | Mon 10:00 to 11:00 | completed | 50.00 |
/// | 2 | Bea | Mon 10:30 to 11:30 | completed, brought in from another system | 50.00, 10.00 given back |
/// | 3 | Ada | Tue 16:30 to 17:30 | confirmed, booked online | |
/// | 4 | Bea | Fri 9:00 to 10:00 | cancelled | |
/// | 5 | Ada | Fri 12:00 to 13:00 | no-show | |
///
/// Mia also sold Bea a shampoo for 20.00. The week before, Bea had a booking that was cancelled.
fn week() -> Story {
    let mut story = Story::of(1);
    let open = BusinessCommand::Open {
        name: label("Łąka"),
        slug: Slug::parse("laka").unwrap(),
        time_zone: zone(),
        currency: Currency::EUR,
        country: Country::parse("PL").unwrap(),
    };
    let closed = BusinessCommand::PlanClosure {
        closure_id: id(41),
        name: None,
        span: local("2026-05-07T00:00", "2026-05-08T00:00"),
    };
    let away = StaffCommand::PlanAbsence {
        absence_id: id(42),
        kind: AbsenceKind::Other,
        span: local("2026-05-06T09:00", "2026-05-06T13:00"),
        note: None,
    };
    let cancel = || BookingCommand::Cancel {
        at: at("2026-05-04T09:00:00Z"),
        reason: None,
        note: None,
    };
    story
        .business(id(1), open)
        .business(id(1), closed)
        .staff(id(1), member(1, "Mia", Some(nine_to_five())))
        .staff(id(1), away)
        .client(id(7), registered(id(7), "Ada"))
        .client(id(8), registered(id(8), "Bea"));
    book(&mut story, 1, 7, "2026-05-04T08:00:00Z");
    book(&mut story, 3, 7, "2026-05-05T14:30:00Z");
    book(&mut story, 4, 8, "2026-05-08T07:00:00Z");
    book(&mut story, 5, 7, "2026-05-08T10:00:00Z");
    book(&mut story, 6, 8, "2026-04-28T10:00:00Z");
    let done = |instant| BookingCommand::Complete(told(instant));
    story
        .booking(id(1), done("2026-05-04T09:00:00Z"))
        .booking(id(4), cancel())
        .booking(
            id(5),
            BookingCommand::MarkNoShow(told("2026-05-08T11:00:00Z")),
        )
        .booking(id(6), cancel())
        .booking(id(1), payment(21, "50.00", "cash", "2026-05-04T09:00:00Z"));
    let mut shampoo = sale(id(8), 25, "20.00", "2026-05-04T09:40:00Z");
    if let ClientCommand::Sell { sale, .. } = &mut shampoo {
        sale.staff_id = Some(id(1));
    }
    story
        .client(id(8), shampoo)
        .imported(at("2026-05-04T09:00:00Z"));
    book(&mut story, 2, 8, "2026-05-04T08:30:00Z");
    story
        .booking(id(2), done("2026-05-04T09:30:00Z"))
        .booking(id(2), payment(22, "50.00", "card", "2026-05-04T09:30:00Z"))
        .booking(id(2), refund(31, None, "10.00", "2026-05-05T09:30:00Z"));
    story
}

/// What was told, when people work by it, and what is asked of that week.
struct Scene {
    _database: testbed::Database,
    db: PgPool,
    timesheet: Timesheet,
    asked: Asked,
}

impl Scene {
    async fn of(story: &mut Story) -> Self {
        let database = testbed::database().await;
        let db = database.service_pool().await;
        let mut catalogue = Catalogue::default();
        let told: Vec<Projected> = story.take();
        told.iter()
            .for_each(|told| catalogue.apply(told.event.clone()));
        take_in(&db, &READ_MODEL, &told).await;
        let asked = asked(story.scope(), date(2026, 5, 4), date(2026, 5, 10));
        Self {
            _database: database,
            db,
            timesheet: Timesheet::of(&catalogue, asked.whole),
            asked,
        }
    }
}

fn minutes(load: &Load) -> (i64, i64, i64) {
    (load.available_min(), load.booked_min(), load.outside_min())
}

#[tokio::test]
async fn time_booked_twice_counts_once_and_time_outside_of_hours_for_itself() {
    let mut scene = Scene::of(&mut week()).await;
    scene.asked.groups = scene.asked.whole.by(&zone(), GroupBy::Day);
    let found = staff_load::find(&scene.db, &scene.asked, &scene.timesheet);
    let found = found.await.unwrap();
    let [(mia, told)] = &found.each[..] else {
        panic!("Mia alone: {found:?}")
    };
    assert_eq!(*mia, Some(id(1)));
    // 8 + 8 + 4 + 0 + 8 hours; 90 + 60 + 60 minutes.
    assert_eq!(minutes(&told.whole), (1_680, 210, 30));
    assert_eq!(Some(told.whole.load()), Some(180.0 / 1_680.0));
    let days: Vec<_> = told.groups.iter().map(minutes).collect();
    let expected = [
        (480, 90, 0),
        (480, 60, 30),
        (240, 0, 0),
        (0, 0, 0),
        (480, 60, 0),
        (0, 0, 0),
        (0, 0, 0),
    ];
    assert_eq!(days, expected);
    assert_eq!(found.everybody, *told);
}

#[tokio::test]
async fn who_left_was_there_until_then() {
    let mut story = week();
    // At eleven in Warsaw, as all that was brought in.
    story
        .staff(id(2), member(2, "Ola", Some(nine_to_five())))
        .staff(id(2), StaffCommand::Leave);
    let scene = Scene::of(&mut story).await;
    let found = staff_load::find(&scene.db, &scene.asked, &scene.timesheet);
    let found = found.await.unwrap();
    let (ola, told) = &found.each[1];
    assert_eq!(*ola, Some(id(2)));
    assert_eq!(minutes(&told.whole), (120, 0, 0));
    assert_eq!(minutes(&found.everybody.whole), (1_800, 210, 30));
}

#[tokio::test]
async fn the_fullest_hours_are_those_in_which_most_is_booked() {
    let scene = Scene::of(&mut week()).await;
    let found = peak_hours::find(&scene.db, &scene.asked, &scene.timesheet);
    let found = found.await.unwrap();
    let shown = |hours: &[HourOfWeek]| -> Vec<_> {
        let shown = hours.iter().map(|hour| {
            (
                hour.weekday,
                hour.hour,
                hour.bookings,
                hour.load.booked_min(),
            )
        });
        shown.collect()
    };
    let expected = [
        (Weekday::Mon, 10, 2, 60),
        (Weekday::Fri, 12, 1, 60),
        (Weekday::Tue, 16, 1, 30),
        (Weekday::Mon, 11, 0, 30),
        (Weekday::Tue, 17, 0, 30),
    ];
    assert_eq!(shown(&found.peak), expected);
    let monday_at_nine = (Weekday::Mon, 9, 0, 0);
    assert_eq!(shown(&found.idle)[0], monday_at_nine);
    // 8 + 8 + 4 + 8 that were open, and Tuesday at five, that was booked.
    assert_eq!(found.hours.len(), 29);
    let at_ten = found.hours.iter().find(|hour| hour.bookings == 2).unwrap();
    assert_eq!((at_ten.share, at_ten.load.load()), (0.5, 1.0));
    let bookings: i64 = found.hours.iter().map(|hour| hour.bookings).sum();
    assert_eq!(bookings, 4, "the cancelled one takes no time");
}

#[tokio::test]
async fn a_booking_whose_hour_is_not_known_is_in_none() {
    let mut story = week();
    let mut someday = placement("2026-05-05T22:00:00Z");
    someday.plan.hour_unknown = true;
    story.booking(id(9), BookingCommand::Place(Box::new(someday)));
    let scene = Scene::of(&mut story).await;
    let found = peak_hours::find(&scene.db, &scene.asked, &scene.timesheet);
    let found = found.await.unwrap();
    assert_eq!(found.hour_unknown, 1);
    let bookings: i64 = found.hours.iter().map(|hour| hour.bookings).sum();
    assert_eq!(bookings, 4);
    let loads = staff_load::find(&scene.db, &scene.asked, &scene.timesheet);
    assert_eq!(loads.await.unwrap().everybody.whole.booked_min(), 210);
}

#[tokio::test]
async fn what_begins_before_the_period_counts_from_its_beginning() {
    let mut story = week();
    let mut night = placement("2026-05-03T21:30:00Z");
    night.client_id = Some(id(7));
    story.booking(id(9), BookingCommand::Place(Box::new(night)));
    let scene = Scene::of(&mut story).await;
    let found = peak_hours::find(&scene.db, &scene.asked, &scene.timesheet);
    let found = found.await.unwrap();
    let midnight = found.hours.first().unwrap();
    assert_eq!((midnight.weekday, midnight.hour), (Weekday::Mon, 0));
    assert_eq!(
        (midnight.bookings, minutes(&midnight.load)),
        (0, (0, 30, 30))
    );
}

#[tokio::test]
async fn a_service_is_worth_what_it_brings_by_the_hour() {
    let scene = Scene::of(&mut week()).await;
    let found = services::find(&scene.db, &scene.asked, 90).await.unwrap();
    let [sold, cut] = &found[..] else {
        panic!("what was sold, and the service: {found:?}")
    };
    assert_eq!((sold.service_id, cut.service_id), (None, Some(id(3))));
    assert_eq!((sold.whole.bookings, sold.whole.revenue), (0, eur("20.00")));
    let whole = &cut.whole;
    assert_eq!(
        (whole.bookings, whole.by_status.completed, whole.clients),
        (5, 2, 2)
    );
    // Four hours that were not cancelled; 50 + 50 − 10.
    assert_eq!((whole.booked_min, whole.revenue), (240, eur("90.00")));
    assert_eq!(whole.revenue_per_hour, Some(eur("22.50")));
    assert_eq!(
        (whole.cancellation_rate, whole.no_show_rate),
        (0.2, 1.0 / 3.0)
    );
    // Ada missed Friday, and Tuesday lies ahead; Bea cancelled.
    assert_eq!(Some(whole.return_rate), Some(0.0));
    assert_eq!(Some(cut.share), Some(1.0));
    assert_eq!(cut.before.bookings, 1);
    assert_eq!(cut.bookings_change_rate(), Some(4.0));
    assert_eq!(cut.revenue_change_rate(), None);
}

#[tokio::test]
async fn who_comes_again_does_so_on_another_day_and_in_time() {
    let mut story = week();
    let done = |instant| BookingCommand::Complete(told(instant));
    story.booking(id(3), done("2026-05-05T15:30:00Z"));
    let mut scene = Scene::of(&mut story).await;
    let found = services::find(&scene.db, &scene.asked, 1).await.unwrap();
    assert_eq!(
        Some(found[1].whole.return_rate),
        Some(0.5),
        "Ada, on the next day"
    );
    // Of Tuesday alone: she does not come again.
    scene.asked.whole = Period::new(&zone(), date(2026, 5, 5), date(2026, 5, 5)).unwrap();
    let found = services::find(&scene.db, &scene.asked, 90).await.unwrap();
    assert_eq!(Some(found.last().unwrap().whole.return_rate), Some(0.0));
}

#[tokio::test]
async fn a_staff_member_is_told_by_what_they_bring_and_who_comes_back() {
    let scene = Scene::of(&mut week()).await;
    let found = staff::find(&scene.db, &scene.asked, &scene.timesheet, 90);
    let found = found.await.unwrap();
    let [mia] = &found[..] else {
        panic!("Mia alone: {found:?}")
    };
    let whole = &mia.whole;
    assert_eq!((whole.bookings, whole.clients), (5, 2));
    assert_eq!(whole.revenue, eur("110.00"), "with the shampoo");
    // By 28 hours, and by three receipts.
    assert_eq!(whole.revenue_per_hour, Some(eur("3.93")));
    assert_eq!(whole.average_receipt, eur("36.67"));
    // Ada is booked on Tuesday, Bea is not.
    assert_eq!(Some(whole.rebooking_rate), Some(0.5));
    assert_eq!(
        (whole.no_show_rate, whole.cancellation_rate),
        (1.0 / 3.0, 0.2)
    );
    assert_eq!(minutes(&whole.load), (1_680, 210, 30));
}

#[tokio::test]
async fn what_visitors_book_takes_nobody_of_the_house_any_time() {
    let mut scene = Scene::of(&mut week()).await;
    let rules = ReportRules {
        minutes_per_phone_booking: Minutes::new(5),
        cost_per_hour: Some(eur("48.00")),
        ..ReportRules::default()
    };
    let found = time_saved::find(&scene.db, &scene.asked, &rules)
        .await
        .unwrap();
    let expected = time_saved::TimeSaved {
        online_bookings: 1,
        saved_min: 5,
        saved_cost: Some(eur("4.00")),
        staff_bookings: 3,
        staff_min: 15,
        staff_cost: Some(eur("12.00")),
        other_bookings: 1,
    };
    assert_eq!(found.whole, expected);
    scene.asked.filter = Filter {
        statuses: vec![Status::Confirmed],
        ..Filter::default()
    };
    scene.asked.groups = scene.asked.whole.by(&zone(), GroupBy::Day);
    let rules = ReportRules::default();
    let found = time_saved::find(&scene.db, &scene.asked, &rules)
        .await
        .unwrap();
    let online: Vec<_> = found.groups.iter().map(|day| day.online_bookings).collect();
    assert_eq!(online, [0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(
        found.whole.saved_cost, None,
        "nobody told what an hour costs"
    );
}
