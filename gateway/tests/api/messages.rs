//! What clients were told: in reports, of bookings, among changes. Nothing sends messages here: their events are
//! recorded as whoever sends them will.

use std::collections::BTreeMap;

use axum::http::Method;
use axum_test::TestResponse;
use domain::{
    campaign::{CampaignEvent, Draft, Template, Wording},
    contact::Language,
    event::AnyEvent,
    id::Id,
    notification::{About, Channel, Failure, Notice, NotificationEvent, Occasion},
    sealed::Sealed,
    text::{FreeText, Label},
};
use jiff::{SignedDuration, Timestamp};
use ledger::{
    ActorRef, Append, Command, EventId, Expected, NewEvent, PersonKeys, StreamId, StreamWrite,
    Version,
};
use serde_json::{Value, json, value::to_raw_value};
use uuid::Uuid;

use crate::{
    bookings::{Day, refused},
    support::{Salon, header},
};

const MONDAY: &str = "from=2026-11-23&to=2026-11-23";
/// When what was sent was sent: a minute after the first booking was made.
const SENT: &str = "2026-11-23T09:01:00Z";

/// Ada is booked with Bea on Monday at eleven (UTC) and at two: the first one was made before the spring campaign was
/// sent to her, the second one an hour after it, and 50.00 paid for that. A reminder of the first one failed,
/// a word about the second one waits.
struct Told {
    day: Day,
    first: Uuid,
    second: Uuid,
    reminder: Uuid,
    campaign: Uuid,
    /// The position of the first booking.
    placed: i64,
    /// The last position before the reminder failed.
    before: i64,
}

impl Salon {
    /// Records what happened, an event a command, sealed as the service seals.
    async fn happened(&self, versions: &mut BTreeMap<Uuid, i64>, events: Vec<AnyEvent>) {
        for event in events {
            let id = Uuid::now_v7();
            let mut payloads = [(id, event.payload().unwrap())];
            let business = self.business();
            let keys = self.app.vault().seal(business.0, &mut payloads).await;
            let keys = keys.unwrap();
            let command = Command {
                id,
                caller: "courier".to_owned(),
                key: id.to_string(),
                fingerprint: [0; 32],
                actor: ActorRef {
                    kind: "system".to_owned(),
                    id: None,
                    role: None,
                },
                source: "system".to_owned(),
                correlation_id: id,
                causation_id: None,
                reverts: None,
                answer: Value::Null,
            };
            let mut append = Append::new(business, command);
            append.person_keys = PersonKeys {
                made: keys.made,
                used: keys.used,
            };
            let version = versions.entry(event.stream()).or_insert(0);
            append.streams.push(StreamWrite {
                stream: StreamId::new(event.kind(), event.stream()),
                expected: Expected::Version(Version(*version)),
                events: vec![NewEvent {
                    event_id: EventId(id),
                    event_type: event.event_type().to_owned(),
                    event_version: domain::event::VERSION.to_owned(),
                    payload: to_raw_value(&payloads[0].1).unwrap(),
                    occurred_at: None,
                }],
            });
            *version += 1;
            self.app.ledger().append(append).await.unwrap();
        }
    }
}

fn language() -> Language {
    Language::parse("en").unwrap()
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn notice(about: About, channel: Channel, occasion: Occasion, due_at: &str) -> NotificationEvent {
    NotificationEvent::Scheduled(Box::new(Notice {
        about,
        channel,
        occasion,
        language: language(),
        due_at: at(due_at),
        text: None,
    }))
}

impl Told {
    async fn begin() -> Self {
        let day = Day::begin().await;
        let first = day.book("2026-11-23T11:00:00Z").await;
        let placed = day.salon.head().await;
        let (campaign, reminder) = (Uuid::now_v7(), Uuid::now_v7());
        let then = at(SENT);
        let of_campaign = About {
            client_id: Id::new(day.ada),
            booking_id: None,
            campaign_id: Some(Id::new(campaign)),
        };
        let of_first = About {
            booking_id: Some(Id::new(first)),
            campaign_id: None,
            ..of_campaign
        };
        let wording = Wording {
            subject: None,
            text: FreeText::parse("Come again, {name}").unwrap(),
        };
        let of: Id<domain::campaign::Campaign> = Id::new(campaign);
        let draft = Draft {
            name: Label::parse("Spring").unwrap(),
            segment_id: Id::new(Uuid::now_v7()),
            channels: vec![Channel::Email],
            template: Sealed::open(
                of,
                Template {
                    texts: [(language(), wording)].into(),
                },
            ),
            send_at: None,
        };
        let launched = CampaignEvent::Launched {
            at: then,
            clients: 1,
        };
        let told = |id: Uuid, event| AnyEvent::Notification(Id::new(id), event);
        let letter = Uuid::now_v7();
        let salon = &day.salon;
        let mut versions = BTreeMap::new();
        salon
            .happened(
                &mut versions,
                vec![
                    AnyEvent::Campaign(of, CampaignEvent::Drafted(Box::new(draft))),
                    AnyEvent::Campaign(of, launched),
                    told(
                        letter,
                        notice(of_campaign, Channel::Email, Occasion::Campaign, SENT),
                    ),
                    told(
                        letter,
                        NotificationEvent::Sent {
                            about: of_campaign,
                            at: then,
                        },
                    ),
                    told(
                        letter,
                        NotificationEvent::Delivered {
                            about: of_campaign,
                            at: then,
                        },
                    ),
                    told(
                        reminder,
                        notice(of_first, Channel::Sms, Occasion::Reminder, SENT),
                    ),
                    told(
                        reminder,
                        NotificationEvent::Sent {
                            about: of_first,
                            at: then,
                        },
                    ),
                ],
            )
            .await;
        let before = salon.head().await;
        let said = FreeText::parse("no such number: +48600100200").unwrap();
        let failed = NotificationEvent::Failed {
            about: of_first,
            at: at("2026-11-23T09:05:00Z"),
            why: Failure::BadAddress,
            detail: Some(Sealed::open(of_first.client_id, said)),
        };
        salon
            .happened(&mut versions, vec![told(reminder, failed)])
            .await;
        salon.hands.forward(SignedDuration::from_hours(1));
        let second = day.book("2026-11-23T14:00:00Z").await;
        let paid = json!({"amount": "50.00", "method": "cash"});
        let paid = day.step(second, "payments", paid).await;
        assert!(paid.status_code().is_success(), "{}", paid.text());
        let of_second = About {
            booking_id: Some(Id::new(second)),
            ..of_first
        };
        let due = "2026-11-23T12:00:00Z";
        let waiting = notice(
            of_second,
            Channel::Telegram,
            Occasion::BookingConfirmed,
            due,
        );
        salon
            .happened(&mut versions, vec![told(Uuid::now_v7(), waiting)])
            .await;
        Self {
            day,
            first,
            second,
            reminder,
            campaign,
            placed,
            before,
        }
    }

    async fn asked_by(&self, key: &str, path: &str) -> TestResponse {
        let head = self.day.salon.head().await.to_string();
        let (name, value) = header("daybook-min-position", &head);
        let request = self.day.salon.bare(Method::GET, path);
        request
            .authorization_bearer(key)
            .add_header(name, value)
            .await
    }

    async fn asked(&self, path: &str) -> Value {
        let answer = self.asked_by(&self.day.salon.opened.api_key, path).await;
        assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
        answer.json()
    }

    async fn key(&self, wanted: Value) -> String {
        let made: Value = self.day.salon.post("/api-keys", &wanted).await.json();
        made["api_key"].as_str().unwrap().to_owned()
    }

    /// The lines of a file.
    async fn lines(&self, key: &str, path: &str) -> Vec<String> {
        let text = self.asked_by(key, path).await.text();
        let lines = text.trim_start_matches('\u{feff}').lines();
        lines.map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_counted_by_channel() {
    let told = Told::begin().await;
    let report = told
        .asked(&format!("/reports/notifications?{MONDAY}&group_by=day"))
        .await;
    let counts = |of: &Value| -> Vec<i64> {
        [
            "messages",
            "scheduled",
            "sent",
            "delivered",
            "failed",
            "suppressed",
        ]
        .iter()
        .map(|name| of[name].as_i64().unwrap())
        .collect()
    };
    assert_eq!(counts(&report), [3, 1, 2, 1, 1, 0]);
    assert_eq!(counts(&report["groups"][0]), [3, 1, 2, 1, 1, 0]);
    let channels = report["channels"].as_array().unwrap().iter();
    let channels: Vec<_> = channels
        .map(|of| (of["channel"].as_str().unwrap(), counts(of)))
        .collect();
    assert_eq!(
        channels,
        [
            ("email", vec![1, 0, 1, 1, 0, 0]),
            ("sms", vec![1, 0, 1, 0, 1, 0]),
            ("telegram", vec![1, 1, 0, 0, 0, 0]),
        ]
    );
    let owner = &told.day.salon.opened.api_key;
    let file = format!("/reports/notifications?{MONDAY}&format=csv");
    assert_eq!(
        told.lines(owner, &file).await,
        [
            "from,to,channel,messages,scheduled,sent,delivered,failed,suppressed",
            "2026-11-23,2026-11-23,email,1,0,1,1,0,0",
            "2026-11-23,2026-11-23,sms,1,0,1,0,1,0",
            "2026-11-23,2026-11-23,telegram,1,1,0,0,0,0",
        ]
    );
    let of_nobody = format!(
        "/reports/notifications?{MONDAY}&staff_id={}",
        Uuid::now_v7()
    );
    assert_eq!(counts(&told.asked(&of_nobody).await), [0; 6]);
    let of_bea = format!("/reports/notifications?{MONDAY}&staff_id={}", told.day.bea);
    assert_eq!(
        counts(&told.asked(&of_bea).await),
        [2, 1, 1, 0, 1, 0],
        "about bookings with her"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_put_down_what_was_booked_soon_after() {
    let told = Told::begin().await;
    let report = told.asked(&format!("/reports/campaigns?{MONDAY}")).await;
    assert_eq!(
        report,
        json!({"from": "2026-11-23", "to": "2026-11-23", "campaigns": [{
            "id": told.campaign, "name": "Spring", "stage": "launched", "launched_at": SENT,
            "audience": 1, "messages": 1, "scheduled": 0, "sent": 1, "delivered": 1, "failed": 0, "suppressed": 0,
            "reached": 1, "bookings": 1, "clients": 1, "revenue": "50.00",
        }]})
    );
    let tuesday = "/reports/campaigns?from=2026-11-24&to=2026-11-24";
    assert_eq!(told.asked(tuesday).await["campaigns"], json!([]));

    let poor = json!({"name": "screen", "role": "manager", "scopes": ["see_reports", "export"]});
    let poor = told.key(poor).await;
    let path = format!("/reports/campaigns?{MONDAY}");
    let masked: Value = told.asked_by(&poor, &path).await.json();
    assert_eq!(masked["campaigns"][0]["revenue"], Value::Null);
    assert_eq!(masked["campaigns"][0]["bookings"], 1);
    let id = told.campaign;
    assert_eq!(
        told.lines(&poor, &format!("{path}&format=csv")).await,
        [
            "campaign_id,campaign,stage,launched_at,audience,messages,scheduled,sent,delivered,failed,suppressed,reached,\
             bookings,clients,revenue",
            &format!("{id},Spring,launched,{SENT},1,1,0,1,1,0,0,1,1,1,"),
        ]
    );
    let other = told.day.salon.staff("Ola", &[], &Value::Null).await;
    let other = json!({"name": "Ola's", "role": "staff", "staff_id": other});
    let other = told.key(other).await;
    let hers: Value = told.asked_by(&other, &path).await.json();
    let hers = &hers["campaigns"][0];
    assert_eq!(
        (&hers["messages"], &hers["bookings"]),
        (&json!(0), &json!(0))
    );

    // For how long, the settings say.
    let salon = &told.day.salon;
    let set = salon
        .put("/settings/reports", &json!({"campaign_effect_days": 366}))
        .await;
    refused(&set, 422, "invalid");
    let set = salon.put("/settings/reports", &json!({"campaign_effect_days": 1}));
    assert_eq!(set.await.json::<Value>()["campaign_effect_days"], 1);
    salon.hands.forward(SignedDuration::from_hours(24));
    told.day.book("2026-11-24T14:00:00Z").await;
    let later = told.asked(&path).await;
    assert_eq!(later["campaigns"][0]["bookings"], 1, "a day is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_shows_what_was_told_about_it() {
    let told = Told::begin().await;
    let path = format!("/bookings/{}", told.first);
    let reminder = |outcome: &str, why: Value, at: &str| {
        json!([{
            "id": told.reminder, "channel": "sms", "occasion": "reminder", "outcome": outcome, "why": why,
            "at": at, "due_at": SENT, "sent_at": SENT,
        }])
    };
    let failed = reminder("failed", json!("bad_address"), "2026-11-23T09:05:00Z");
    assert_eq!(told.asked(&path).await["notifications"], failed);
    let then = told.asked(&format!("{path}?as_of={}", told.before)).await;
    assert_eq!(
        then["notifications"],
        reminder("sent", Value::Null, SENT),
        "as it was"
    );
    let before_all = told.asked(&format!("{path}?as_of={}", told.placed)).await;
    assert_eq!(before_all["notifications"], json!([]));
    let cancelled = told.day.step(told.first, "cancel", json!({})).await;
    assert_eq!(cancelled.json::<Value>()["notifications"], failed);

    let history = told.asked("/history?sort=start").await;
    let items = history["items"].as_array().unwrap().iter();
    let occasions: Vec<_> = items
        .map(|booking| (&booking["id"], &booking["notifications"][0]["occasion"]))
        .collect();
    let (first, second) = (json!(told.first), json!(told.second));
    assert_eq!(
        occasions,
        [
            (&first, &json!("reminder")),
            (&second, &json!("booking_confirmed")),
        ]
    );
    assert_eq!(
        history["items"][1]["notifications"][0]["at"], "2026-11-23T12:00:00Z",
        "when it is due"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_tell_which_messages_went_out() {
    let told = Told::begin().await;
    let actions = |changes: &Value| -> Vec<String> {
        let changes = changes.as_array().unwrap().iter();
        changes
            .map(|change| change["action"].as_str().unwrap().to_owned())
            .collect()
    };
    let of_booking = told
        .asked(&format!("/bookings/{}/changes", told.first))
        .await;
    assert_eq!(
        actions(&of_booking),
        [
            "booking.placed",
            "notification.scheduled",
            "notification.sent",
            "notification.failed",
        ]
    );
    assert_eq!(
        of_booking[3]["changes"],
        json!([
            {"field": "outcome", "from": null, "to": "failed"},
            {"field": "why", "from": null, "to": "bad_address"},
            {"field": "channel_said", "from": null, "to": "no such number: +48600100200"},
        ])
    );
    let of_ada = format!(
        "/changes?subject_type=notification&client_id={}",
        told.day.ada
    );
    assert_eq!(
        told.asked(&of_ada).await["items"].as_array().unwrap().len(),
        7
    );
    let of_campaign = format!("/changes?subject_id={}", told.campaign);
    let of_campaign = told.asked(&of_campaign).await;
    assert_eq!(
        actions(&of_campaign["items"]),
        ["campaign.launched", "campaign.drafted"]
    );

    let manager = told.key(json!({"name": "desk", "role": "manager"})).await;
    let seen: Value = told.asked_by(&manager, &of_ada).await.json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 7);
    let seen = told
        .asked_by(&manager, "/changes?subject_type=campaign")
        .await;
    assert_eq!(seen.json::<Value>()["items"], json!([]));

    let bea = json!({"name": "Bea's", "role": "staff", "staff_id": told.day.bea,
        "scopes": ["see_bookings", "see_changes"]});
    let bea = told.key(bea).await;
    let seen: Value = told
        .asked_by(&bea, "/changes?subject_type=notification")
        .await
        .json();
    assert_eq!(
        actions(&seen["items"]),
        [
            "notification.scheduled",
            "notification.failed",
            "notification.sent",
            "notification.scheduled",
        ],
        "about bookings with her"
    );
    let said = &seen["items"][1]["changes"][2];
    assert_eq!(
        (&said["field"], &said["to"]),
        (&json!("channel_said"), &Value::Null)
    );
    let other = told.day.salon.staff("Ola", &[], &Value::Null).await;
    let other = told
        .key(json!({"name": "Ola's", "role": "staff", "staff_id": other}))
        .await;
    let seen = told
        .asked_by(&other, "/changes?subject_type=notification")
        .await;
    assert_eq!(seen.json::<Value>()["items"], json!([]));

    let sent = of_booking[2]["position"].as_i64().unwrap();
    let back = told
        .day
        .salon
        .post(&format!("/changes/{sent}/revert"), &json!({}));
    let back = refused(&back.await, 409, "cannot_revert");
    assert_eq!(back["why"], "lasting");

    let live = told
        .day
        .salon
        .bare(Method::GET, "/live?wait=false")
        .authorization_bearer(&manager)
        .add_header("last-event-id", "0")
        .await
        .text();
    assert_eq!(live.matches("notification.").count(), 4, "{live}");
    assert!(!live.contains("campaign."), "{live}");
}
