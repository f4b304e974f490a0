//! Each kind of line, and each reason for which one is skipped.

use domain::{booking::Status, money::Money, service::ServiceEvent, staff::StaffEvent};

use super::*;

#[tokio::test]
async fn a_whole_life_is_told_in_events_with_their_times_notes_and_actor() {
    let salon = Salon::new().await;
    let report = salon
        .import(&[
            &line(
                "2018-03-01T10:00:00",
                "booked",
                "B1",
                r#""client_ref":"C1","client":{"name":"Ada Lovelace"},"staff_ref":"EVA","staff_name":"Eva Kern","service":"CUT","service_name":"Cut","start":"2018-03-14T15:50:00","duration_min":30,"amount":56.0,"note":"by phone""#,
            ),
            &line("2018-03-02T10:00:00", "confirmed", "B1", r#""note":"rang back""#),
            &line("2018-03-03T10:00:00", "rescheduled", "B1", r#""to_start":"2018-03-15T09:00:00","duration_min":45,"staff_ref":"BOB","note":"moved""#),
            &line("2018-03-04T10:00:00", "commented", "B1", r#""text":"likes tea""#),
            &line("2018-03-15T09:45:00", "completed", "B1", r#""note":"done""#),
            &line("2018-03-15T10:00:00", "paid", "B1", r#""amount":60.5,"method":"card","note":"with a tip""#),
            &line("2018-03-15T10:01:00", "paid", "B1", r#""amount":-4.5"#),
        ])
        .await;
    assert_eq!(refused(&report), []);
    assert_eq!(
        (report.lines, report.imported, report.already_there),
        (7, 7, 0)
    );
    assert_eq!(
        (
            report.bookings,
            report.clients,
            report.staff,
            report.services
        ),
        (1, 1, 2, 1)
    );
    assert_eq!(
        (
            report.by_status.completed,
            report.paid.as_str(),
            report.overlaps
        ),
        (1, "56.00", 0)
    );

    let events = salon.events().await;
    assert!(
        events
            .iter()
            .all(|e| e.recorded.metadata.actor.kind == "import"
                && e.recorded.metadata.source == "import")
    );
    let raw: String = events.iter().map(|e| e.recorded.payload.get()).collect();
    // Each has a space, which what is sealed (base64) never has by chance.
    for personal in [
        "Ada Lovelace",
        "Eva Kern",
        "by phone",
        "rang back",
        "likes tea",
        "with a tip",
    ] {
        assert!(!raw.contains(personal), "{personal:?} is sealed");
    }
    let occurred: Vec<_> = (events.iter())
        .filter(|e| e.recorded.stream.kind == "booking")
        .map(|e| {
            (
                e.recorded.event_type.as_str(),
                e.recorded.occurred_at.unwrap().to_string(),
            )
        })
        .collect();
    let vancouver = |day: &str, time: &str| format!("2018-03-{day}T{time}Z");
    assert_eq!(
        occurred,
        [
            ("placed", vancouver("01", "18:00:00")),
            ("confirmed", vancouver("02", "18:00:00")),
            ("rescheduled", vancouver("03", "18:00:00")),
            ("commented", vancouver("04", "18:00:00")),
            ("completed", vancouver("15", "16:45:00")),
            ("payment_recorded", vancouver("15", "17:00:00")),
            ("payment_recorded", vancouver("15", "17:01:00")),
        ],
        "clocks went forward on the 11th"
    );

    let life = salon.booking_events().await;
    let BookingEvent::Placed(placed) = &life[0] else {
        panic!("{life:?}")
    };
    let imported = placed.imported.as_ref().unwrap();
    assert_eq!(
        placed.status,
        Status::Requested,
        "for it was confirmed next"
    );
    assert_eq!(placed.source.as_str(), "import");
    assert_eq!(
        placed.plan.price,
        Money::parse("56.00", Currency::CAD).unwrap()
    );
    assert_eq!(
        imported.note.as_ref().unwrap().value().unwrap().as_str(),
        "by phone"
    );
    assert!(!imported.holds_time && !imported.overlaps);
    let BookingEvent::Confirmed(told) = &life[1] else {
        panic!("{life:?}")
    };
    assert_eq!(
        told.note.as_ref().unwrap().value().unwrap().as_str(),
        "rang back"
    );
    let BookingEvent::Rescheduled { to, imported, .. } = &life[2] else {
        panic!("{life:?}")
    };
    assert_eq!(to.start, instant("2018-03-15T16:00:00Z"));
    assert_eq!(to.timing.duration_min.get(), 45);
    assert_eq!(
        to.staff_id.unwrap().uuid(),
        salon.id_of(identity::STAFF, "BOB").await
    );
    assert_eq!(
        imported
            .as_ref()
            .unwrap()
            .note
            .as_ref()
            .unwrap()
            .value()
            .unwrap()
            .as_str(),
        "moved"
    );
    let BookingEvent::Commented(comment) = &life[3] else {
        panic!("{life:?}")
    };
    assert_eq!(comment.text.value().unwrap().as_str(), "likes tea");
    let BookingEvent::PaymentRecorded(payment) = &life[5] else {
        panic!("{life:?}")
    };
    assert_eq!(
        (payment.amount.to_string().as_str(), payment.method.as_str()),
        ("60.50", "card")
    );
    let BookingEvent::PaymentRecorded(payment) = &life[6] else {
        panic!("{life:?}")
    };
    assert_eq!(
        (payment.amount.to_string().as_str(), payment.method.as_str()),
        ("-4.50", "import")
    );
}

#[tokio::test]
async fn services_staff_and_clients_are_made_from_their_refs() {
    let salon = Salon::new().await;
    salon
        .import(&[
            &line(
                "2018-03-01T10:00:00",
                "booked",
                "B1",
                r#""client_ref":"C1","client":{"name":"Ada","phone":"604 555 0100","email":"nowhere"},"staff_ref":"EVA","service":"CUT","start":"2018-03-14T15:50:00","duration_min":40,"amount":56"#,
            ),
            &line("2018-03-01T11:00:00", "booked", "B2", r#""client_ref":"C2","staff_ref":"EVA","service":"DYE","start":"2018-03-14T17:00:00","duration_min":null"#),
        ])
        .await;
    let events = salon.events().await;
    let offers: Vec<_> = (events.iter())
        .filter_map(|e| match &e.event {
            AnyEvent::Service(_, ServiceEvent::Offered(offer)) => Some((
                offer.name.as_str(),
                offer.timing.duration_min.get(),
                offer.price.to_string(),
            )),
            _ => None,
        })
        .collect();
    assert_eq!(
        offers,
        [
            ("CUT", 40, "56.00".to_owned()),
            ("DYE", 30, "0.00".to_owned())
        ]
    );
    let eva: Vec<_> = (events.iter())
        .filter_map(|e| match &e.event {
            AnyEvent::Staff(_, StaffEvent::Joined(member)) => {
                Some(member.name.value().unwrap().to_string())
            }
            AnyEvent::Staff(_, StaffEvent::ServicesAssigned { to, .. }) => {
                Some(to.len().to_string())
            }
            _ => None,
        })
        .collect();
    assert_eq!(eva, ["EVA", "1", "2"], "she does what she was booked for");
    let clients = salon.client_events().await;
    let [
        ClientEvent::Registered(ada),
        ClientEvent::Noted(note),
        ClientEvent::Registered(c2),
    ] = clients.as_slice()
    else {
        panic!("{clients:?}")
    };
    assert_eq!(ada.name.value().unwrap().as_str(), "Ada");
    assert_eq!(
        ada.phone.as_ref().unwrap().value().unwrap().as_str(),
        "+16045550100"
    );
    assert_eq!(note.text.value().unwrap().as_str(), "email: nowhere");
    assert_eq!(c2.name.value().unwrap().as_str(), "C2");
    assert!(events.iter().all(|e| e.recorded.occurred_at.is_some()));
    let ledger = &salon.books.ledger;
    assert!(ledger.catalogue_head(salon.business).await.unwrap() > Position(1));
}

#[tokio::test]
async fn a_line_that_makes_no_sense_in_its_bookings_life_is_told_and_skipped() {
    let salon = Salon::new().await;
    let at = "2018-03-20T10:00:00";
    let report = salon
        .import(&[
            &line(at, "cancelled", "B1", ""),     // 1
            &booked("B1", "2018-03-14T15:50:00"), // 2
            &booked("B1", "2018-03-14T15:50:00"), // 3
            &booked("B1", "2018-03-15T15:50:00"), // 4
            "",                                   // 5
            "{\"kind\":",                         // 6
            &line(at, "eaten", "B1", ""),         // 7
            &booked("B2", "2018-02-30T15:50:00"), // 8
            &booked("B3", "2018-03-11T02:30:00"), // 9
            &line(at, "completed", "B1", ""),     // 10
            &line(
                at,
                "cancelled",
                "B1",
                r#""client_ref":"C9","staff_ref":"S9""#,
            ), // 11
            &line(
                at,
                "rescheduled",
                "B1",
                r#""to_start":"2018-03-22T10:00:00""#,
            ), // 12
            &line(at, "paid", "B9", r#""amount":5"#), // 13
            &line(at, "paid", "B1", r#""amount":5.001"#), // 14
            &line(at, "completed", "B1", ""),     // 15
            &line(
                at,
                "booked",
                "B4",
                r#""start":"2018-03-14T15:50:00","amount":-1"#,
            ), // 16
            &line(at, "commented", "B1", r#""text":"still here""#), // 17
        ])
        .await;
    let reasons = refused(&report);
    let wanted = [
        (1, "B1 was not booked before this line"),
        (3, "B1 was booked before"),
        (4, "B1 was booked before"),
        (6, "not JSON: it breaks off"),
        (
            7,
            "`kind` \"eaten\" is none of booked, confirmed, rescheduled, cancelled, completed, no_show, paid, commented",
        ),
        (
            8,
            "`start` \"2018-02-30T15:50:00\" is no date and time such as 2026-05-04T09:30:00",
        ),
        (
            9,
            "`start` 2018-03-11T02:30:00 never came in America/Vancouver: the clocks went forward over it",
        ),
        (11, "B1 is completed already"),
        (12, "B1 is completed already"),
        (13, "B9 was not booked before this line"),
        (14, "`amount` 5.001: CAD has 2 decimals"),
        (16, "B4: a price must not be negative"),
    ];
    assert_eq!(reasons, wanted);
    assert_eq!(
        (report.lines, report.imported, report.already_there),
        (16, 3, 1),
        "completed twice is no second fact"
    );
    assert_eq!(
        (report.bookings, report.clients, report.staff),
        (1, 1, 1),
        "nothing is made for a skipped line"
    );
    assert_eq!(salon.client_events().await.len(), 1);

    let again = salon.import_text("").await;
    assert_eq!((again.lines, again.paid.as_str()), (0, "0.00"));
}

#[tokio::test]
async fn money_without_a_booking_belongs_to_its_client_or_to_the_walk_in() {
    let salon = Salon::new().await;
    let report = salon
        .import(&[
            r#"{"at":"2018-03-20T10:00:00","kind":"paid","client_ref":"C1","staff_ref":"EVA","service":"GEL","amount":-20.5,"note":"deposit back"}"#,
            r#"{"at":"2018-03-20T11:00:00","kind":"paid","amount":0,"method":"cash"}"#,
            r#"{"at":"2018-03-20T12:00:00","kind":"paid","amount":12}"#,
            r#"{"at":"2018-03-20T12:00:00","kind":"paid","amount":12}"#,
        ])
        .await;
    assert_eq!(
        (
            report.imported,
            report.bookings,
            report.clients,
            report.staff,
            report.services
        ),
        (4, 0, 1, 1, 1)
    );
    assert_eq!(report.paid, "3.50");
    let events = salon.client_events().await;
    let names: Vec<_> = (events.iter())
        .filter_map(|event| match event {
            ClientEvent::Registered(card) => Some(card.name.value().unwrap().to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        ["C1", "Walk-in"],
        "one for all who paid without being known"
    );
    let sales: Vec<_> = (events.iter())
        .filter_map(|event| match event {
            ClientEvent::SoldWithoutBooking(sale) => Some((
                sale.amount.to_string(),
                sale.method.to_string(),
                sale.staff_id.is_some(),
            )),
            _ => None,
        })
        .collect();
    let sale = |amount: &str, method: &str, staff| (amount.to_owned(), method.to_owned(), staff);
    assert_eq!(
        sales,
        [
            sale("-20.50", "import", true),
            sale("0.00", "cash", false),
            sale("12.00", "import", false),
            sale("12.00", "import", false)
        ],
        "two equal payments are two payments"
    );
}

#[tokio::test]
async fn what_overlapped_at_its_moment_is_kept_and_marked_on_the_later_one() {
    let salon = Salon::new().await;
    let report = salon
        .import(&[
            &booked("A", "2018-03-14T10:00:00"),
            &booked("TOUCHES", "2018-03-14T10:30:00"),
            &booked("INSIDE", "2018-03-14T10:10:00"),
            &line("2018-03-02T10:00:00", "cancelled", "A", ""),
            &line("2018-03-02T10:00:00", "cancelled", "INSIDE", ""),
            &booked("FREE-BY-NOW", "2018-03-14T09:59:00"),
            &booked("MOVES", "2018-03-15T10:00:00"),
            &line(
                "2018-03-02T11:00:00",
                "rescheduled",
                "MOVES",
                r#""to_start":"2018-03-14T09:45:00""#,
            ),
            &booked("MOVES-AWAY", "2018-03-14T09:45:00"),
            &line(
                "2018-03-02T12:00:00",
                "rescheduled",
                "MOVES-AWAY",
                r#""to_start":"2018-03-20T09:45:00""#,
            ),
            &line(
                "2018-03-01T10:00:00",
                "booked",
                "NO-ONES",
                r#""start":"2018-03-14T10:00:00","duration_min":600"#,
            ),
            &line(
                "2018-03-01T10:00:00",
                "booked",
                "SOME-TIME",
                r#""staff_ref":"EVA","start":"2018-03-14","duration_min":600"#,
            ),
        ])
        .await;
    assert_eq!(refused(&report), []);
    let mut marked = vec![];
    for booking in [
        "A",
        "TOUCHES",
        "INSIDE",
        "FREE-BY-NOW",
        "MOVES",
        "MOVES-AWAY",
        "NO-ONES",
        "SOME-TIME",
    ] {
        let (state, _) = salon.booking(booking).await;
        if state.held().unwrap().overlaps() {
            marked.push(booking);
        }
    }
    assert_eq!(marked, ["INSIDE", "MOVES"]);
    assert_eq!(report.overlaps, 2);
    let (some_time, _) = salon.booking("SOME-TIME").await;
    let plan = &some_time.held().unwrap().plan;
    assert!(plan.hour_unknown && plan.claims().is_empty());
    assert_eq!(
        plan.start,
        instant("2018-03-14T07:00:00Z"),
        "the first instant of its day"
    );
}

#[tokio::test]
async fn only_what_lies_ahead_claims_time_and_may_stand_on_what_is_taken() {
    let salon = Salon::new().await;
    let hour = |hours: i64| {
        Timestamp::now()
            .checked_add(jiff::SignedDuration::from_hours(hours))
            .unwrap()
    };
    let (soon, later) = (hour(24 * 40), hour(24 * 41));
    let cancel = line("2018-03-02T10:00:00", "cancelled", "GIVES-BACK", "");
    let report = salon
        .import(&[
            &booked("PAST", "2018-03-14T10:00:00"),
            &booked("AHEAD", &soon.to_string()),
            &booked("ON-TOP", &soon.to_string()),
            &booked("GIVES-BACK", &later.to_string()),
            &cancel,
        ])
        .await;
    assert_eq!((report.imported, report.overlaps), (5, 1));
    let eva = salon.id_of(identity::STAFF, "EVA").await;
    let busy = async || {
        let all = ledger::Span::from(instant("2000-01-01T00:00:00Z"));
        let mut busy = salon
            .books
            .ledger
            .busy(salon.business, &[eva], all)
            .await
            .unwrap();
        busy.sort_by_key(|claim| claim.seat);
        busy
    };
    let ahead = salon.id_of(identity::BOOKING, "AHEAD").await;
    let on_top = salon.id_of(identity::BOOKING, "ON-TOP").await;
    let claims = busy().await;
    assert_eq!(
        claims.iter().map(|c| (c.owner, c.seat)).collect::<Vec<_>>(),
        [(ahead, 0), (on_top, 1)]
    );

    // Somebody books Eva here; then the old system's next export turns out to have her too.
    let mut append = salon.command();
    append.claims.push(ledger::ClaimSet {
        owner: Uuid::now_v7(),
        claims: vec![ledger::Claim {
            resource: eva,
            capacity: 1,
            during: ledger::Span::new(later, hour(24 * 41 + 1)),
            body: ledger::Span::new(later, hour(24 * 41 + 1)),
            overlaps: false,
        }],
        hold_until: None,
    });
    salon.books.ledger.append(append).await.unwrap();
    let report = salon
        .import(&[&booked("HISTORY", &later.to_string())])
        .await;
    assert_eq!(
        (report.imported, report.overlaps),
        (1, 1),
        "history is what happened"
    );
    assert!(salon.booking("HISTORY").await.0.held().unwrap().overlaps());
    assert_eq!(busy().await.len(), 4);

    let moved = line(
        "2018-03-05T10:00:00",
        "rescheduled",
        "HISTORY",
        r#""to_start":"2018-03-20T10:00:00""#,
    );
    salon
        .import(&[&booked("HISTORY", &later.to_string()), &moved])
        .await;
    assert_eq!(
        busy().await.len(),
        3,
        "moved into the past it gives its time back"
    );
}
