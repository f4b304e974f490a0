//! What was told and what came of it: the example of `docs/reports.md`, computed there by hand.

use std::collections::BTreeMap;

use domain::{
    booking::{BookingCommand, Status},
    campaign::{CampaignCommand, Draft, DraftWanted, Template, Wording},
    client::{ClientCommand, Duplicate},
    contact::Language,
    id::Id,
    notification::{About, Channel, Failure, Notice, NotificationCommand, Occasion, Suppression},
    sealed::Sealed,
    text::FreeText,
};
use jiff::civil::date;

use super::{asked, told as taken_in, zone};
use crate::{
    GroupBy, Scope,
    reports::{
        Filter, READ_MODEL, campaigns,
        notifications::{self, Counts},
    },
    story::{Story, at, eur, id, label, payment, placement, registered, take_in},
};

fn language() -> Language {
    Language::parse("en").unwrap()
}

/// The n-th message, to a client over a channel; of campaign 1, or of a booking.
fn message(story: &mut Story, n: u128, client: u128, channel: Channel, booking: Option<u128>) {
    let notice = Notice {
        about: About {
            client_id: id(client),
            booking_id: booking.map(id),
            campaign_id: booking.is_none().then(|| id(1)),
        },
        channel,
        occasion: match booking {
            Some(_) => Occasion::Reminder,
            None => Occasion::Campaign,
        },
        language: language(),
        due_at: at("2026-05-04T10:00:00Z"),
        text: None,
    };
    story.notification(id(n), NotificationCommand::Schedule(Box::new(notice)));
}

fn sent(story: &mut Story, n: u128) {
    let at = at("2026-05-04T10:00:00Z");
    story.notification(id(n), NotificationCommand::Send(at));
}

/// A booking that a client made at some time.
fn booked(story: &mut Story, n: u128, client: u128, made: &str, staff: u128) {
    let mut placement = placement("2026-05-20T10:00:00Z");
    placement.client_id = Some(id(client));
    placement.at = at(made);
    placement.plan.staff_id = Some(id(staff));
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

/// On Monday the fourth of May 2026 a campaign goes to Ada (7), Bea (8) and Cleo (9) by e-mail: Ada's arrives, Bea's is
/// sent, Cleo's fails; Dora (10) agreed to none. Bea is reminded of a booking by SMS, too, which waits.
///
/// Ada books on Tuesday and pays 50.00, and again 40 days later; Bea books on Sunday before and cancels what she books
/// after; Cleo books on Tuesday.
fn spring() -> Story {
    let mut story = Story::of(1);
    for (client, name) in [(7, "Ada"), (8, "Bea"), (9, "Cleo"), (10, "Dora")] {
        story.client(id(client), registered(id(client), name));
    }
    let of: Id<domain::campaign::Campaign> = id(1);
    let wording = Wording {
        subject: None,
        text: FreeText::parse("Come again").unwrap(),
    };
    let texts = BTreeMap::from([(language(), wording)]);
    let draft = Draft {
        name: label("Draft"),
        segment_id: id(3),
        channels: vec![Channel::Email],
        template: Sealed::open(of, Template { texts }),
        send_at: None,
    };
    let named = DraftWanted {
        name: Some(label("Spring")),
        ..DraftWanted::default()
    };
    let launch = CampaignCommand::Launch {
        at: at("2026-05-04T09:59:00Z"),
        clients: 4,
    };
    story
        .campaign(of, CampaignCommand::Draft(Box::new(draft)))
        .campaign(of, CampaignCommand::Change(Box::new(named)))
        .campaign(of, launch);
    booked(&mut story, 1, 8, "2026-05-03T10:00:00Z", 1);
    for (n, client) in [(21, 7), (22, 8), (23, 9), (24, 10)] {
        message(&mut story, n, client, Channel::Email, None);
    }
    message(&mut story, 25, 8, Channel::Sms, Some(1));
    sent(&mut story, 21);
    sent(&mut story, 22);
    sent(&mut story, 23);
    let later = at("2026-05-04T10:05:00Z");
    story
        .notification(id(21), NotificationCommand::Deliver(later))
        .notification(
            id(23),
            NotificationCommand::Fail {
                at: later,
                why: Failure::BadAddress,
                detail: None,
            },
        )
        .notification(
            id(24),
            NotificationCommand::Suppress {
                at: later,
                why: Suppression::NoConsent,
            },
        )
        .campaign(of, CampaignCommand::Finish(later));
    booked(&mut story, 2, 7, "2026-05-05T10:00:00Z", 1);
    booked(&mut story, 3, 7, "2026-06-13T10:00:00Z", 1);
    booked(&mut story, 4, 8, "2026-05-05T10:00:00Z", 2);
    booked(&mut story, 5, 9, "2026-05-05T10:00:00Z", 1);
    let cancel = BookingCommand::Cancel {
        at: at("2026-05-06T09:00:00Z"),
        reason: None,
        note: None,
    };
    story
        .booking(id(2), payment(31, "50.00", "cash", "2026-05-20T11:00:00Z"))
        .booking(id(4), cancel);
    story
}

const fn counts(messages: i64, rest: [i64; 5]) -> Counts {
    let [scheduled, sent, delivered, failed, suppressed] = rest;
    Counts {
        messages,
        scheduled,
        sent,
        delivered,
        failed,
        suppressed,
    }
}

#[tokio::test]
async fn messages_are_counted_by_channel_and_by_how_far_they_came() {
    let mut story = spring();
    let (_database, db) = taken_in(&mut story).await;
    let asked = asked(story.scope(), date(2026, 5, 4), date(2026, 5, 5)).by(GroupBy::Day);
    let found = notifications::find(&db, &asked).await.unwrap();
    assert_eq!(found.all.whole, counts(5, [1, 3, 1, 1, 1]));
    let days: Vec<_> = found.all.groups.iter().map(|day| day.messages).collect();
    assert_eq!(days, [5, 0]);
    let by_channel: Vec<_> = found
        .channels
        .iter()
        .map(|(channel, told)| (*channel, told.whole))
        .collect();
    let expected = [
        (Channel::Email, counts(4, [0, 3, 1, 1, 1])),
        (Channel::Sms, counts(1, [1, 0, 0, 0, 0])),
        (Channel::Telegram, Counts::default()),
    ];
    assert_eq!(by_channel, expected);

    let of_bea = Filter {
        client_id: Some(id(8)),
        ..Filter::default()
    };
    let found = notifications::find(&db, &asked.clone().of(of_bea)).await;
    assert_eq!(found.unwrap().all.whole.messages, 2);
    let mut own = asked;
    own.scope = Scope::bookings_of(story.scope().business(), id(1));
    let found = notifications::find(&db, &own).await.unwrap();
    assert_eq!(found.all.whole.messages, 1, "about a booking with them");
}

#[tokio::test]
async fn a_campaign_is_put_down_what_those_it_reached_booked_soon_after() {
    let mut story = spring();
    let (_database, db) = taken_in(&mut story).await;
    let day = asked(story.scope(), date(2026, 5, 4), date(2026, 5, 4));
    let found = campaigns::find(&db, &day, 30).await.unwrap();
    let [spring] = &found[..] else {
        panic!("one campaign: {found:?}")
    };
    assert_eq!((&*spring.name, &*spring.stage), ("Spring", "finished"));
    assert_eq!(spring.audience, 4);
    assert_eq!(spring.counts, counts(4, [0, 3, 1, 1, 1]));
    // Ada and Bea; of their bookings Ada's first one alone.
    assert_eq!((spring.reached, spring.bookings, spring.clients), (2, 1, 1));
    assert_eq!(spring.revenue, eur("50.00"));
    let found = campaigns::find(&db, &day, 60).await.unwrap();
    assert_eq!(found[0].bookings, 2, "and her second one");

    let confirmed_with_2 = Filter {
        staff_id: Some(id(2)),
        statuses: vec![Status::Confirmed],
        ..Filter::default()
    };
    let found = campaigns::find(&db, &day.clone().of(confirmed_with_2), 30).await;
    assert_eq!(found.unwrap()[0].bookings, 0);
    let mut own = day.clone();
    own.scope = Scope::bookings_of(story.scope().business(), id(2));
    let found = campaigns::find(&db, &own, 30).await.unwrap();
    assert_eq!(
        (found[0].counts.messages, found[0].reached),
        (1, 1),
        "Bea is theirs"
    );
    let before = asked(story.scope(), date(2026, 5, 3), date(2026, 5, 3));
    assert!(campaigns::find(&db, &before, 30).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_turns_out_to_be_somebody_else_was_reached_once() {
    let mut story = spring();
    let (_database, db) = taken_in(&mut story).await;
    let bea = story.client_state(id(8));
    let taken = ClientCommand::TakeIn(Box::new(Duplicate {
        into: id(7),
        client_id: id(8),
        client: bea,
        at: at("2026-05-07T10:00:00Z"),
    }));
    story
        .client(id(7), taken)
        .client(id(8), ClientCommand::Merge { into: id(7) });
    take_in(&db, &READ_MODEL, &story.take()).await;
    let day = asked(story.scope(), date(2026, 5, 4), date(2026, 5, 4));
    let found = campaigns::find(&db, &day, 30).await.unwrap();
    assert_eq!((found[0].reached, found[0].bookings), (1, 1));
    assert_eq!(zone(), day.zone);
}
