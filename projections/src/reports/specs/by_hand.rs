//! The example of `docs/reports.md`, as it is computed there by hand.

use domain::{booking::BookingCommand, money::Money, time::Weekday};
use jiff::civil::date;

use super::{
    super::{
        clients, pending, retention, returning, revenue,
        revenue::Takings,
        summary, till,
        trends::{self, Compared},
    },
    asked, of_may, told,
};
use crate::story::{self, Story, at, eur, id, payment, placement, refund, registered, sale};

const ADA: u128 = 7;
const BEA: u128 = 8;
const CLEO: u128 = 9;
const OLA: u128 = 1;
const IGA: u128 = 2;
const CUT: u128 = 3;
const DYE: u128 = 4;

fn place(story: &mut Story, n: u128, client: u128, start: &str, staff: u128, service: u128) {
    let mut placement = placement(start);
    placement.client_id = Some(id(client));
    placement.plan.staff_id = Some(id(staff));
    placement.plan.service_id = Some(id(service));
    placement.plan.price = eur(if service == CUT { "50.00" } else { "80.00" });
    if n == 2 || n == 3 {
        placement.visit_id = Some(id(99));
    }
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

fn example() -> Story {
    let mut story = Story::of(1);
    for (n, name) in [(ADA, "Ada"), (BEA, "Bea"), (CLEO, "Cleo")] {
        story.client(id(n), registered(id(n), name));
    }
    for (n, client, start, staff, service) in [
        (1, ADA, "2026-04-14T10:00:00Z", OLA, CUT),
        (2, ADA, "2026-05-05T10:00:00Z", OLA, CUT),
        (3, ADA, "2026-05-05T11:00:00Z", IGA, DYE),
        (4, BEA, "2026-05-06T10:00:00Z", OLA, CUT),
        (5, BEA, "2026-05-12T10:00:00Z", OLA, CUT),
        (6, BEA, "2026-05-18T10:00:00Z", IGA, DYE),
        (7, CLEO, "2026-05-28T10:00:00Z", OLA, CUT),
        (8, CLEO, "2026-05-13T10:00:00Z", OLA, CUT),
    ] {
        place(&mut story, n, client, start, staff, service);
    }
    for n in [1, 2, 3, 8] {
        let done = story::told("2026-05-13T12:00:00Z");
        story.booking(id(n), BookingCommand::Complete(done));
    }
    let missed = story::told("2026-05-06T11:00:00Z");
    let cancelled = BookingCommand::Cancel {
        at: at("2026-05-11T10:00:00Z"),
        reason: None,
        note: None,
    };
    story
        .booking(id(4), BookingCommand::MarkNoShow(missed))
        .booking(id(5), cancelled)
        .booking(id(1), payment(21, "50.00", "cash", "2026-04-14T11:00:00Z"))
        .booking(id(2), payment(22, "50.00", "cash", "2026-05-05T12:00:00Z"))
        .booking(id(3), payment(23, "80.00", "card", "2026-05-05T12:00:00Z"))
        .booking(id(3), refund(31, None, "10.00", "2026-05-07T10:00:00Z"))
        .client(id(ADA), sale(id(ADA), 24, "9.99", "2026-05-08T10:00:00Z"))
        .booking(id(8), payment(25, "50.00", "cash", "2026-05-13T11:00:00Z"))
        .booking(id(6), payment(26, "20.00", "card", "2026-05-18T10:00:00Z"))
        .booking(id(8), BookingCommand::Delete { reason: None });
    story
}

fn takings(taken: &str, refunded: &str, net: &str) -> Takings {
    Takings {
        taken: eur(taken),
        refunded: eur(refunded),
        net: eur(net),
    }
}

#[tokio::test]
async fn the_example_of_the_documentation_comes_out_as_computed_by_hand() {
    let mut story = example();
    let (_database, db) = told(&mut story).await;
    let may = of_may(&story);

    let found = summary::find(&db, &may).await.unwrap().whole;
    assert_eq!(
        (found.bookings, found.clients, found.new_clients),
        (6, 3, 2)
    );
    assert_eq!(found.revenue, eur("199.99"));
    assert_eq!(found.pending_amount, eur("110.00"));
    assert_eq!(found.average_receipt, eur("50.00"));
    assert_eq!(
        (found.no_show_rate, found.cancellation_rate),
        (1.0 / 3.0, 1.0 / 6.0)
    );

    let found = revenue::find(&db, &may).await.unwrap();
    assert_eq!(found.takings.whole, takings("209.99", "10.00", "199.99"));
    let expected = [
        (Some("cash".to_owned()), takings("109.99", "0.00", "109.99")),
        (Some("card".to_owned()), takings("100.00", "10.00", "90.00")),
    ];
    assert_eq!(found.by_method, expected);
    let expected = [
        (Some(id(CUT)), takings("100.00", "0.00", "100.00")),
        (Some(id(DYE)), takings("100.00", "10.00", "90.00")),
        (None, takings("9.99", "0.00", "9.99")),
    ];
    assert_eq!(found.by_service, expected);
    let expected = [
        (Some(id(OLA)), takings("100.00", "0.00", "100.00")),
        (Some(id(IGA)), takings("100.00", "10.00", "90.00")),
        (None, takings("9.99", "0.00", "9.99")),
    ];
    assert_eq!(found.by_staff, expected);

    let found = pending::find(&db, &may).await.unwrap().whole;
    let expected = pending::Pending {
        amount: eur("110.00"),
        bookings: 2,
        overdue: eur("60.00"),
        overdue_bookings: 1,
        upcoming: eur("50.00"),
        upcoming_bookings: 1,
    };
    assert_eq!(found, expected);

    let found = till::find(&db, &may).await.unwrap().whole;
    assert_eq!(found.takings, takings("209.99", "10.00", "199.99"));
    assert_eq!(found.entries, 6);
}

#[tokio::test]
async fn so_do_the_clients_of_the_example() {
    let mut story = example();
    let (_database, db) = told(&mut story).await;
    let may = of_may(&story);

    let page = clients::Page {
        after: None,
        limit: None,
        count: false,
    };
    let found = clients::find(&db, &may, clients::Sort::default(), page)
        .await
        .unwrap();
    let found: Vec<_> = found
        .items
        .iter()
        .map(|f| (f.client_id, f.visits, f.revenue, f.average_receipt))
        .collect();
    let expected = [
        (id(ADA), 1, eur("129.99"), eur("65.00")),
        (id(CLEO), 0, eur("50.00"), eur("50.00")),
        (id(BEA), 0, eur("20.00"), eur("20.00")),
    ];
    assert_eq!(found, expected);

    let found = returning::find(&db, &may).await.unwrap().whole;
    let expected = returning::Returning {
        clients: 3,
        new_clients: 2,
        returning_clients: 1,
        returning_rate: 1.0 / 3.0,
        visitors: 1,
        returning_visitors: 1,
        visitor_return_rate: 1.0,
    };
    assert_eq!(found, expected);

    let spring = asked(story.scope(), date(2026, 4, 1), date(2026, 5, 31));
    let found = retention::find(&db, &spring).await.unwrap();
    let again = retention::Again {
        of: 1,
        clients: 1,
        rate: 1.0,
    };
    let cohorts: Vec<_> = found
        .cohorts
        .iter()
        .map(|c| (c.clients, c.again.clone()))
        .collect();
    assert_eq!(cohorts, [(1, vec![again]), (2, vec![])]);
    assert_eq!(found.overall, [again]);
}

#[tokio::test]
async fn so_do_its_trends() {
    let mut story = example();
    let (_database, db) = told(&mut story).await;
    let found = trends::find(&db, &of_may(&story)).await.unwrap();
    let trend = found.trends.whole;
    let of = |value, before, year_before| Compared {
        value,
        before,
        year_before,
    };
    assert_eq!(trend.bookings, of(6, 1, 0));
    assert_eq!(trend.clients, of(3, 1, 0));
    let revenue: Compared<Money> = trend.revenue;
    assert_eq!(
        (revenue.value, revenue.before, revenue.year_before),
        (eur("199.99"), eur("50.00"), eur("0.00"))
    );
    let rate = trends::change_rate(revenue.before.amount(), revenue.value.amount());
    assert_eq!(rate, Some(2.9998));

    let of = |day| {
        found
            .seasons
            .weekdays
            .iter()
            .find(|(weekday, _)| *weekday == day)
            .unwrap()
            .1
    };
    let (monday, tuesday, thursday) = (of(Weekday::Mon), of(Weekday::Tue), of(Weekday::Thu));
    assert_eq!(
        (monday.of, monday.bookings, monday.revenue),
        (3, 1.0 / 3.0, eur("6.67"))
    );
    assert_eq!(
        (tuesday.of, tuesday.bookings, tuesday.revenue),
        (3, 1.0, eur("43.33"))
    );
    assert_eq!(
        (thursday.of, thursday.bookings, thursday.revenue),
        (2, 0.0, eur("-5.00"))
    );
    let (month, may) = found.seasons.months[4];
    assert_eq!(
        (month, may.of, may.bookings, may.revenue),
        (5, 1, 5.0, eur("199.99"))
    );
}
