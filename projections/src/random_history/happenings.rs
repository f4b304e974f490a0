//! What may happen, and how often beside the rest.

use std::collections::BTreeSet;

use domain::{
    access::{Access, AccessCommand, By, Right},
    actor::{Actor, ActorKind, Role},
    booking::{
        Booking, BookingCommand, Comment, Imported, Joints, Online, Payment, Placement, Plan,
        Presence, Reference, Refund, Review, Status, Told,
    },
    business::{BusinessCommand, SettingsWanted},
    campaign::{Campaign, CampaignCommand},
    class::{Class, ClassCommand},
    client::{
        Card, CardWanted, Client, ClientCommand, Consent, Duplicate, Note, Preferences, Sale,
    },
    contact::{Country, Language},
    desk::{Desk, DeskCommand, DeskWanted, Place},
    hours::{DayInterval, DayOverride, SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    money::Currency,
    notification::{Notification, NotificationCommand},
    reporting::ReportRules,
    sealed::Sealed,
    segment::{Segment, SegmentCommand},
    service::{Offer, Service, ServiceCommand, ServiceState, ServiceWanted, Timing},
    session::{Session, SessionCommand},
    staff::{AbsenceKind, Grid, Member, Staff, StaffCommand, StaffWanted},
    text::{Description, Label, Origin, Slug, Tag},
    time::{LocalSpan, LocalTime, Minutes, Weekday, Zone},
    waitlist::{Request, WaitlistCommand, WaitlistRules},
    webhook::{Webhook, WebhookCommand},
};
use jiff::{SignedDuration, Timestamp};
use ledger::Version;
use uuid::Uuid;

use super::{RandomHistory, remember};

/// Runs a command on a stream of a kind; what the domain refuses does not happen.
macro_rules! asks {
    ($name:ident, $streams:ident, $aggregate:ty, $kind:literal, $command:ty) => {
        pub(super) fn $name(&mut self, id: Uuid, command: $command) {
            let stream = self
                .$streams
                .entry(id)
                .or_insert_with(|| (<$aggregate>::default(), Version::NEW));
            let events = stream.0.decide(command).unwrap_or_default();
            let before = remember(stream, &events);
            if *stream == (<$aggregate>::default(), Version::NEW) {
                self.$streams.remove(&id);
            }
            self.tell($kind, id, before, &events);
        }
    };
}

impl RandomHistory {
    asks!(ask_service, services, Service, "service", ServiceCommand);
    asks!(ask_staff, staff, Staff, "staff", StaffCommand);
    asks!(ask_desk, desks, Desk, "desk", DeskCommand);
    asks!(ask_class, classes, Class, "class", ClassCommand);
    asks!(ask_session, sessions, Session, "session", SessionCommand);
    asks!(ask_client, clients, Client, "client", ClientCommand);
    asks!(ask_booking, bookings, Booking, "booking", BookingCommand);
    asks!(ask_access, access, Access, "access", AccessCommand);
    asks!(ask_request, requests, Request, "waitlist", WaitlistCommand);
    asks!(ask_webhook, webhooks, Webhook, "webhook", WebhookCommand);
    asks!(ask_segment, segments, Segment, "segment", SegmentCommand);
    asks!(
        ask_campaign,
        campaigns,
        Campaign,
        "campaign",
        CampaignCommand
    );
    asks!(
        ask_notification,
        notifications,
        Notification,
        "notification",
        NotificationCommand
    );

    fn ask_house(&mut self, command: BusinessCommand) {
        let events = self.house.decide(command).unwrap_or_default();
        let mut stream = (std::mem::take(&mut self.house), self.house_version);
        let before = remember(&mut stream, &events);
        (self.house, self.house_version) = stream;
        self.tell("business", self.business.0, before, &events);
    }

    pub(super) fn opens(&mut self) {
        let slug = format!("salon-{}", self.business.0.simple());
        self.ask_house(BusinessCommand::Open {
            name: Label::parse("Salon").expect("a label"),
            slug: Slug::parse(&slug).expect("a slug"),
            time_zone: Zone::named("Europe/Warsaw").expect("a zone"),
            currency: Currency::EUR,
            country: Country::parse("PL").expect("a country"),
        });
        for _ in 0..2 {
            self.service_offered();
            self.staff_joins();
        }
        self.desk_added();
        self.client_registers();
        self.class_begins();
    }

    pub(super) fn something_happens(&mut self) {
        match self.chance.below(58) {
            0..=2 => self.client_registers(),
            3 if self.chance.one_in(2) => self.clients_merge(),
            3..=7 => self.client_changes(),
            8..=14 => self.booking_placed(),
            15..=33 => self.booking_goes_on(),
            34 => self.house_changes(),
            35 => self.service_changes(),
            36 | 37 => self.staff_changes(),
            38 => self.desk_changes(),
            39 => self.access_changes(),
            40 => self.class_begins(),
            41 | 42 => self.class_goes_on(),
            43 => self.webhook_changes(),
            48 | 49 => self.segment_goes_on(),
            50 | 51 => self.campaign_goes_on(),
            52..=57 => self.notification_goes_on(),
            _ => self.waitlist_goes_on(),
        }
    }

    fn house_changes(&mut self) {
        let command = match self.chance.below(8) {
            0 => BusinessCommand::SetHours(self.hours()),
            6 => BusinessCommand::SetWaitlistRules(WaitlistRules {
                lead_min: Minutes::new(self.chance.below(600)),
                ..WaitlistRules::default()
            }),
            7 => BusinessCommand::SetReportRules(ReportRules {
                minutes_per_phone_booking: Minutes::new(self.chance.below(240)),
                ..ReportRules::default()
            }),
            1 => {
                let mut to = SettingsWanted {
                    name: Some(self.label()),
                    ..SettingsWanted::default()
                };
                if self.chance.one_in(3) {
                    to.time_zone = Some(Zone::named("Europe/Kyiv").expect("a zone"));
                }
                BusinessCommand::ChangeSettings {
                    to: Box::new(to),
                    priced: true,
                }
            }
            2 | 3 => BusinessCommand::PlanClosure {
                closure_id: Id::new(self.chance.uuid()),
                name: Some(self.label()),
                span: self.days(),
            },
            n => {
                let Some(closure_id) = self.chance.key(
                    self.house
                        .closures
                        .keys()
                        .map(|id| id.uuid())
                        .collect::<Vec<_>>()
                        .iter(),
                ) else {
                    return;
                };
                let closure_id = Id::new(closure_id);
                if n == 4 {
                    BusinessCommand::CancelClosure(closure_id)
                } else {
                    BusinessCommand::ChangeClosure {
                        closure_id,
                        name: Some(None),
                        span: Some(self.days()),
                    }
                }
            }
        };
        self.ask_house(command);
    }

    fn service_offered(&mut self) {
        let offer = Offer {
            name: self.label(),
            timing: self.timing(),
            price: self.money(),
            per_staff: vec![],
            state: ServiceState::Active,
            color: None,
            description: Description::parse("As it stands on the page").ok(),
        };
        let id = self.chance.uuid();
        self.ask_service(id, ServiceCommand::Offer(offer));
    }

    fn service_changes(&mut self) {
        let Some(id) = self.chance.key(self.services.keys()) else {
            return;
        };
        match self.chance.below(8) {
            0 => self.ask_service(id, ServiceCommand::Withdraw),
            1 => self.service_offered(),
            _ => {
                let to = ServiceWanted {
                    name: self.chance.one_in(2).then(|| self.label()),
                    timing: self.chance.one_in(2).then(|| self.timing()),
                    price: Some(self.money()),
                    state: Some(self.chance.of_these(&[
                        ServiceState::Active,
                        ServiceState::Internal,
                        ServiceState::Disabled,
                    ])),
                    ..ServiceWanted::default()
                };
                self.ask_service(id, ServiceCommand::Change(to));
            }
        }
    }

    fn staff_joins(&mut self) {
        let id = self.chance.uuid();
        let key = Id::<Staff>::new(id);
        let member = Member {
            name: Sealed::open(key, self.chance.person()),
            email: Some(Sealed::open(key, self.chance.email())),
            phone: None,
            grid: Grid {
                slot_interval_min: Minutes::new(10),
                slot_grid: SlotGrid::Interval,
            },
            service_ids: self.services.keys().map(|id| Id::new(*id)).collect(),
            working_hours: self.hours(),
        };
        self.ask_staff(id, StaffCommand::Join(member));
    }

    fn staff_changes(&mut self) {
        let Some(id) = self.chance.key(self.staff.keys()) else {
            return;
        };
        let absence = self.staff.get(&id).and_then(|(staff, _)| {
            let absences: Vec<Uuid> = staff.absences.keys().map(|id| id.uuid()).collect();
            self.chance.key(absences.iter())
        });
        let command = match (self.chance.below(10), absence) {
            (0, _) => StaffCommand::Leave,
            (1, _) => return self.staff_joins(),
            (2, _) => StaffCommand::SetWorkingHours(self.hours()),
            (6, _) => StaffCommand::OpenFeed(Id::new(self.chance.uuid())),
            (7, _) => StaffCommand::CloseFeed,
            (3 | 4, _) => StaffCommand::Change(StaffWanted {
                name: Some(Sealed::open(Id::<Staff>::new(id), self.chance.person())),
                slot_interval_min: Some(Minutes::new(self.chance.below(60) + 1)),
                ..StaffWanted::default()
            }),
            (5, Some(absence)) => StaffCommand::CancelAbsence(Id::new(absence)),
            _ => StaffCommand::PlanAbsence {
                absence_id: Id::new(self.chance.uuid()),
                kind: self.chance.of_these(&[
                    AbsenceKind::Vacation,
                    AbsenceKind::Sick,
                    AbsenceKind::Other,
                ]),
                span: self.days(),
                note: self.chance.one_in(2).then(|| self.text(id)),
            },
        };
        self.ask_staff(id, command);
    }

    fn desk_added(&mut self) {
        let place = Place {
            name: self.label(),
            number: Some(self.label()),
            description: None,
            capacity: 2,
            service_ids: vec![],
            operator_id: None,
            working_hours: self.hours(),
        };
        let id = self.chance.uuid();
        self.ask_desk(id, DeskCommand::Add(place));
    }

    fn desk_changes(&mut self) {
        let Some(id) = self.chance.key(self.desks.keys()) else {
            return;
        };
        let holiday = self.desks.get(&id).and_then(|(desk, _)| {
            let holidays: Vec<Uuid> = desk.holidays.keys().map(|id| id.uuid()).collect();
            self.chance.key(holidays.iter())
        });
        let command = match (self.chance.below(10), holiday) {
            (0, _) => DeskCommand::Retire,
            (1, _) => return self.desk_added(),
            (2, _) => DeskCommand::Close,
            (3, _) => DeskCommand::Open,
            (4, Some(holiday)) => DeskCommand::CancelHoliday(Id::new(holiday)),
            (5..=7, _) => DeskCommand::PlanHoliday {
                holiday_id: Id::new(self.chance.uuid()),
                span: self.days(),
            },
            _ => DeskCommand::Change(DeskWanted {
                name: Some(self.label()),
                number: Some(None),
                capacity: Some(3),
                operator_id: Some(self.chance.key(self.staff.keys()).map(Id::new)),
                working_hours: Some(self.hours()),
                ..DeskWanted::default()
            }),
        };
        self.ask_desk(id, command);
    }

    fn client_registers(&mut self) {
        let id = self.chance.uuid();
        let key = Id::<Client>::new(id);
        let phone = self.chance.one_in(2).then(|| self.chance.phone());
        let email = self.chance.one_in(2).then(|| self.chance.email());
        let card = Card {
            name: Sealed::open(key, self.chance.person()),
            phone: phone.map(|phone| Sealed::open(key, phone)),
            phones: None,
            email: email.map(|email| Sealed::open(key, email)),
            telegram: None,
            birthday: None,
            language: None,
            source: Origin::parse("phone").ok(),
            fiscal_code: None,
            warning: self.chance.one_in(5).then(|| self.text(id)),
        };
        self.ask_client(id, ClientCommand::Register(Box::new(card)));
    }

    fn client_changes(&mut self) {
        let Some(id) = self.chance.key(self.clients.keys()) else {
            return;
        };
        let key = Id::<Client>::new(id);
        let command = match self.chance.below(12) {
            11 if self.chance.one_in(3) => ClientCommand::Retract,
            0..=2 => ClientCommand::ChangeContact(Box::new(CardWanted {
                name: Some(Sealed::open(key, self.chance.person())),
                email: self.chance.one_in(2).then_some(None),
                phone: Some(Some(Sealed::open(key, self.chance.phone()))),
                ..CardWanted::default()
            })),
            3 => {
                let tags: BTreeSet<Tag> = ["vip", "allergy", "звичка"]
                    .iter()
                    .filter(|_| self.chance.one_in(2))
                    .filter_map(|tag| Tag::parse(tag).ok())
                    .collect();
                ClientCommand::SetTags(tags)
            }
            4 => ClientCommand::Note(Note {
                note_id: Id::new(self.chance.uuid()),
                text: self.text(id),
                at: self.now,
                by: actor(),
            }),
            5 => ClientCommand::SetConsents {
                to: [Consent::Marketing, Consent::Reminders]
                    .into_iter()
                    .filter(|_| self.chance.one_in(2))
                    .collect(),
                at: self.now,
            },
            6 => ClientCommand::Block {
                reason: Some(self.text(id)),
            },
            7 => ClientCommand::Unblock,
            8 => ClientCommand::SetPreferences(Preferences {
                staff_ids: self
                    .chance
                    .key(self.staff.keys())
                    .map(Id::new)
                    .into_iter()
                    .collect(),
                ..Preferences::default()
            }),
            _ => ClientCommand::Sell {
                sale: Sale {
                    payment_id: Id::new(self.chance.uuid()),
                    amount: self.money(),
                    method: self.method(),
                    text: Some(self.text(id)),
                    at: self.now,
                    by: actor(),
                    staff_id: self.chance.key(self.staff.keys()).map(Id::new),
                    service_id: None,
                    note: None,
                },
                imported: false,
            },
        };
        self.ask_client(id, command);
    }

    /// One of two clients turns out to be the other.
    fn clients_merge(&mut self) {
        let into = self.chance.key(self.clients.keys());
        let gone = self.chance.key(self.clients.keys());
        let (Some(into), Some(gone)) = (into, gone) else {
            return;
        };
        let client = self.clients[&gone].0.clone();
        let ids = client.ids(Id::new(gone));
        let taken = ClientCommand::TakeIn(Box::new(Duplicate {
            into: Id::new(into),
            client_id: Id::new(gone),
            client,
            at: self.now,
        }));
        let told = self.clients[&into].0.decide(taken.clone());
        if told.is_ok_and(|events| !events.is_empty()) {
            self.ask_client(into, taken);
            for id in ids {
                let into = Id::new(into);
                self.ask_client(id.uuid(), ClientCommand::Merge { into });
            }
        }
    }

    fn booking_placed(&mut self) {
        let client = if self.chance.one_in(12) {
            None
        } else {
            self.chance.key(self.clients.keys())
        };
        let id = self.chance.uuid();
        let online = self.chance.one_in(6).then(|| {
            Box::new(Online {
                language: Language::parse("pl").expect("a language"),
                consents: vec![],
                confirm_by: self.chance.one_in(2).then_some(self.now),
            })
        });
        let placement = Placement {
            reference: Reference::from_random(self.chance.bits()),
            visit_id: self.chance.one_in(4).then(|| Id::new(self.chance.uuid())),
            series_id: self.chance.one_in(6).then(|| Id::new(self.chance.uuid())),
            client_id: client.map(Id::new),
            plan: self.seat().unwrap_or_else(|| self.plan()),
            status: self
                .chance
                .of_these(&[Status::Requested, Status::Confirmed]),
            source: Origin::parse("walk-in").expect("an origin"),
            at: self.now,
            imported: self
                .chance
                .one_in(8)
                .then(|| self.imported(client.unwrap_or(id))),
            online,
        };
        self.ask_booking(id, BookingCommand::Place(Box::new(placement)));
    }

    fn booking_goes_on(&mut self) {
        let Some(id) = self.chance.key(self.bookings.keys()) else {
            return;
        };
        let held = self
            .bookings
            .get(&id)
            .and_then(|(booking, _)| booking.held().ok().cloned());
        let Some(held) = held else { return };
        let key = held.client_id.map_or(id, Id::uuid);
        let told = Told {
            at: self.now,
            note: self.chance.one_in(6).then(|| self.text(key)),
        };
        let reason = self.chance.one_in(2).then(|| self.text(key));
        let command = match self.chance.below(26) {
            0 => BookingCommand::Confirm(told),
            1..=4 => BookingCommand::Reschedule {
                to: Box::new(match held.plan.session_id {
                    Some(_) => self.any_seat().unwrap_or_else(|| self.plan()),
                    None => self.plan(),
                }),
                imported: self.chance.one_in(8).then(|| self.imported(key)),
            },
            5 => BookingCommand::ChangeService(Box::new(self.plan())),
            6 => BookingCommand::ChangePrice {
                to: self.money(),
                reason,
            },
            7 | 8 => BookingCommand::Arrive(told),
            9 => BookingCommand::Leave(told),
            10 | 11 => BookingCommand::Complete(told),
            12 => BookingCommand::MarkNoShow(told),
            13 | 14 => BookingCommand::Cancel {
                at: self.now,
                reason,
                note: None,
            },
            15 => BookingCommand::Reopen { reason },
            16 | 17 => BookingCommand::Comment(Comment {
                comment_id: Id::new(self.chance.uuid()),
                text: self.text(key),
                at: self.now,
                by: actor(),
                note: None,
            }),
            18 | 19 => BookingCommand::RecordPayment {
                payment: Payment {
                    payment_id: Id::new(self.chance.uuid()),
                    amount: self.money(),
                    method: self.method(),
                    at: self.now,
                    by: actor(),
                    note: None,
                },
                imported: false,
            },
            20 => BookingCommand::Refund(Refund {
                refund_id: Id::new(self.chance.uuid()),
                payment_id: held.payments.first().map(|p| p.payment_id),
                amount: held.payments.first().map_or(held.plan.price, |p| p.amount),
                reason,
                at: self.now,
                by: actor(),
            }),
            21 => BookingCommand::Review(Review {
                rating: 4,
                text: Some(self.text(key)),
                at: self.now,
            }),
            22 => BookingCommand::Delete { reason },
            23 => BookingCommand::CorrectStatus {
                to: Status::Requested,
                reason: None,
            },
            24 => BookingCommand::CorrectPresence(Presence::default()),
            _ => BookingCommand::Restore {
                to: self.chance.one_in(2).then(|| Box::new(self.plan())),
            },
        };
        self.ask_booking(id, command);
    }

    fn access_changes(&mut self) {
        let id = self.chance.uuid();
        if self.chance.one_in(2) {
            let email = Sealed::open(Id::<Access>::new(id), self.chance.email());
            let name = Some(Sealed::open(Id::<Access>::new(id), self.chance.person()));
            let invite = AccessCommand::InviteUser {
                email,
                name,
                role: Role::Admin,
                staff_id: self.chance.key(self.staff.keys()).map(Id::new),
                language: None,
                by: By::House,
            };
            self.ask_access(id, invite);
            for _ in 0..self.chance.below(4) {
                self.access_of_user(id);
            }
        } else {
            let name = self.label();
            let issue = AccessCommand::IssueApiKey {
                name,
                role: Role::Owner,
                staff_id: None,
                expires_at: None,
                scopes: None,
                by: By::House,
            };
            self.ask_access(id, issue);
            if self.chance.one_in(2) {
                self.ask_access(id, AccessCommand::RevokeApiKey);
            }
        }
    }

    fn access_of_user(&mut self, id: Uuid) {
        let by = By::House;
        let right = Right::SeePhones;
        let command = match self.chance.below(9) {
            0 => AccessCommand::Join,
            1 => AccessCommand::ChangeProfile {
                name: Some(Some(Sealed::open(
                    Id::<Access>::new(id),
                    self.chance.person(),
                ))),
                email: Some(Sealed::open(Id::<Access>::new(id), self.chance.email())),
                language: None,
                by: None,
            },
            2 => AccessCommand::ChangeProfile {
                name: Some(None),
                email: None,
                language: None,
                by: None,
            },
            3 => AccessCommand::TieStaff {
                staff_id: self.chance.key(self.staff.keys()).map(Id::new),
                by,
            },
            4 => AccessCommand::ChangeRole {
                role: Role::Staff,
                by,
                other_owner: true,
            },
            5 => AccessCommand::GiveRight { right, by },
            6 => AccessCommand::TakeRight { right, by },
            7 => AccessCommand::Disable {
                user: Some(id),
                by,
                other_owner: true,
            },
            _ => AccessCommand::Enable { by },
        };
        self.ask_access(id, command);
    }

    pub(super) fn plan(&mut self) -> Plan {
        let ahead = i64::from(self.chance.below(60 * 24 * 12)) * 5 - 60 * 24 * 30;
        let hour_unknown = self.chance.one_in(20);
        Plan {
            service_id: self.chance.key(self.services.keys()).map(Id::new),
            staff_id: self.chance.key(self.staff.keys()).map(Id::new),
            desk_id: self
                .chance
                .one_in(2)
                .then(|| self.chance.key(self.desks.keys()).map(Id::new))
                .flatten(),
            start: self.in_minutes(ahead),
            hour_unknown,
            timing: if hour_unknown {
                Timing::plain(Minutes::ZERO)
            } else {
                self.timing()
            },
            joints: Joints::default(),
            price: self.money(),
            session_id: None,
        }
    }

    fn imported(&mut self, key: Uuid) -> Imported {
        Imported {
            holds_time: self.chance.one_in(2),
            overlaps: self.chance.one_in(3),
            note: self.chance.one_in(3).then(|| self.text(key)),
        }
    }

    /// With a remainder below the microsecond, which PostgreSQL does not keep.
    pub(super) fn in_minutes(&mut self, minutes: i64) -> Timestamp {
        let nanos = if self.chance.one_in(10) {
            123_456_789
        } else {
            0
        };
        let ahead = SignedDuration::from_mins(minutes) + SignedDuration::from_nanos(nanos);
        self.now.saturating_add(ahead).unwrap_or(self.now)
    }

    pub(super) fn timing(&mut self) -> Timing {
        Timing {
            buffer_after_min: Minutes::new(self.chance.below(15)),
            ..Timing::plain(Minutes::new(self.chance.below(36) * 5 + 5))
        }
    }

    fn hours(&mut self) -> Option<WorkingHours> {
        let at = |hour| LocalTime::new(hour, 0).expect("an hour");
        self.chance.one_in(2).then(|| WorkingHours {
            weekly: vec![WeeklyInterval {
                weekday: self.chance.of_these(&Weekday::ALL),
                from: at(9),
                to: at(17),
            }],
            overrides: vec![DayOverride {
                date: jiff::civil::date(2026, 12, 24),
                intervals: vec![DayInterval {
                    from: at(9),
                    to: at(24),
                }],
            }],
        })
    }

    pub(super) fn days(&mut self) -> LocalSpan {
        let first = jiff::civil::date(2026, 1, 1)
            .saturating_add(jiff::Span::new().days(i64::from(self.chance.below(300))));
        let last = first.saturating_add(jiff::Span::new().days(i64::from(self.chance.below(14))));
        LocalSpan::dates(first, last).expect("not before the first")
    }

    pub(super) fn label(&mut self) -> Label {
        let names = [
            "Cut",
            "Coupe",
            "Strzyżenie",
            "Стрижка",
            "Klippning",
            "Taglio",
        ];
        Label::parse(self.chance.of_these(&names)).expect("a label")
    }

    fn method(&mut self) -> Label {
        Label::parse(self.chance.of_these(&["cash", "card"])).expect("a label")
    }
}

fn actor() -> Actor {
    Actor {
        kind: ActorKind::User,
        id: Some(Uuid::from_u128(7)),
        role: Some(Role::Owner),
    }
}
