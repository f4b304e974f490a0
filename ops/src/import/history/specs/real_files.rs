//! Real booking data, against a few lines of independent code.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::event::AnyEvent;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde_json::Value;

use super::*;

/// What a file amounts to, computed with nothing of the importer's.
#[derive(Debug, Default, PartialEq)]
struct Amounts {
    lines: u64,
    bookings: u64,
    clients: u64,
    staff: u64,
    services: u64,
    by_status: BTreeMap<&'static str, u64>,
    overlaps: u64,
    paid: Decimal,
}

fn amounts(file: &str) -> Amounts {
    let mut status: HashMap<String, &'static str> = HashMap::new();
    let mut spans: HashMap<String, (String, DateTime, DateTime)> = HashMap::new();
    let (mut clients, mut staff, mut services) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut overlaps = BTreeSet::new();
    let mut found = Amounts::default();
    for text in file.lines() {
        let line: Value = serde_json::from_str(text).unwrap();
        let field = |name: &str| line[name].as_str().map(str::to_owned);
        found.lines += 1;
        clients.extend(field("client_ref"));
        staff.extend(field("staff_ref"));
        services.extend(field("service"));
        let (kind, booking) = (field("kind").unwrap(), field("booking_ref"));
        match (kind.as_str(), booking) {
            ("paid", _) => {
                // All amounts of these files have two decimals at most; a float's nearest hundredth is exact.
                let cents = (line["amount"].as_f64().unwrap() * 100.0).round();
                found.paid += Decimal::try_from(cents).unwrap() / Decimal::from(100);
            }
            ("booked", Some(booking)) => {
                status.insert(booking.clone(), "confirmed");
                let (start, minutes) = (field("start").unwrap(), line["duration_min"].as_i64());
                if let (true, Some(minutes), Some(by)) =
                    (start.len() > 10, minutes, field("staff_ref"))
                {
                    let start: DateTime = start.parse().unwrap();
                    let end = start + jiff::Span::new().minutes(minutes);
                    if spans
                        .values()
                        .any(|(who, s, e)| *who == by && *s < end && start < *e)
                    {
                        overlaps.insert(booking.clone());
                    }
                    spans.insert(booking, (by, start, end));
                }
            }
            ("completed", Some(booking)) => {
                status.insert(booking, "completed");
            }
            ("cancelled", Some(booking)) => {
                spans.remove(&booking);
                status.insert(booking, "cancelled");
            }
            ("no_show", Some(booking)) => {
                spans.remove(&booking);
                status.insert(booking, "no_show");
            }
            other => panic!("{other:?}"),
        }
    }
    found.bookings = status.len() as u64;
    for status in status.into_values() {
        *found.by_status.entry(status).or_default() += 1;
    }
    found.clients = clients.len() as u64;
    found.staff = staff.len() as u64;
    found.services = services.len() as u64;
    found.overlaps = overlaps.len() as u64;
    found
}

fn told(report: &Report) -> Amounts {
    let by = &report.by_status;
    let by_status = [
        ("requested", by.requested),
        ("confirmed", by.confirmed),
        ("completed", by.completed),
        ("no_show", by.no_show),
        ("cancelled", by.cancelled),
    ];
    Amounts {
        lines: report.lines,
        bookings: report.bookings,
        clients: report.clients,
        staff: report.staff,
        services: report.services,
        by_status: by_status.into_iter().filter(|(_, n)| *n > 0).collect(),
        overlaps: report.overlaps,
        paid: report.paid.parse().unwrap(),
    }
}

/// Brings the file in, compares, brings it in again; the figures and the salon.
async fn agrees(
    file: &str,
    zone: &str,
    currency: Currency,
    country: &str,
) -> Option<(Report, Salon)> {
    let text = shared(file)?;
    let salon = Salon::at(zone, currency, country).await;
    let begun = std::time::Instant::now();
    let report = salon.import_text(&text).await;
    println!("{file}: {} lines in {:?}", report.lines, begun.elapsed());
    assert_eq!(report.skipped, []);
    assert_eq!(report.imported, report.lines);
    let mut independent = amounts(&text);
    independent.paid.rescale(domain::money::decimals(currency));
    assert_eq!(told(&report), independent);

    let head = salon.head().await;
    let again = salon.import_text(&text).await;
    assert_eq!(salon.head().await, head, "twice changes nothing");
    assert_eq!((again.imported, again.already_there), (0, report.lines));
    assert_eq!(told(&again), independent);
    Some((report, salon))
}

#[tokio::test]
async fn a_hair_salons_three_months() {
    let Some((report, salon)) = agrees(
        "salon_2018-03_05.ndjson",
        "America/Vancouver",
        Currency::CAD,
        "CA",
    )
    .await
    else {
        return;
    };
    assert_eq!(
        (
            report.bookings,
            report.clients,
            report.staff,
            report.services
        ),
        (893, 508, 6, 74)
    );
    assert_eq!((report.overlaps, report.paid.as_str()), (35, "55121.09"));
    // What the ledger holds, counted without the report.
    let (mut placed, mut overlapping, mut clients, mut paid) = (0, 0, 0, Decimal::ZERO);
    for opened in salon.events().await {
        match opened.event {
            AnyEvent::Booking(_, BookingEvent::Placed(placement)) => {
                placed += 1;
                overlapping +=
                    i32::from(placement.imported.is_some_and(|imported| imported.overlaps));
            }
            AnyEvent::Booking(_, BookingEvent::PaymentRecorded(payment)) => {
                paid += payment.amount.amount()
            }
            AnyEvent::Client(_, ClientEvent::SoldWithoutBooking(sale)) => {
                paid += sale.amount.amount()
            }
            AnyEvent::Client(_, ClientEvent::Registered(_)) => clients += 1,
            _ => {}
        }
    }
    assert_eq!(
        (placed, overlapping, clients, paid.to_string().as_str()),
        (893, 35, 508, "55121.09")
    );
}

#[tokio::test]
async fn two_weeks_of_town_halls_under_contention() {
    let found = agrees(
        "offices_2021w28-29.ndjson",
        "Europe/Berlin",
        Currency::EUR,
        "DE",
    )
    .await;
    if let Some((report, _)) = found {
        assert_eq!((report.overlaps, report.bookings), (76, 2_739));
    }
}

#[tokio::test]
async fn a_week_of_clinics_that_tell_no_hour() {
    let found = agrees(
        "noshow_week_sample.ndjson",
        "America/Sao_Paulo",
        Currency::BRL,
        "BR",
    )
    .await;
    if let Some((report, salon)) = found {
        assert_eq!((report.bookings, report.overlaps), (2_030, 0));
        for event in salon.booking_events().await {
            if let BookingEvent::Placed(placed) = event {
                assert!(placed.plan.hour_unknown && placed.plan.claims().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_hotels_week_booked_long_ahead() {
    let found = agrees(
        "hotel_week_sample.ndjson",
        "Europe/Lisbon",
        Currency::EUR,
        "PT",
    )
    .await;
    if let Some((report, _)) = found {
        assert_eq!((report.bookings, report.clients), (375, 0));
    }
}
