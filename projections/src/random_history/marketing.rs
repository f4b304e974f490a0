//! What clients are told: one by one, and in campaigns.

use std::collections::BTreeMap;

use domain::{
    campaign::{Campaign, CampaignCommand, Draft, DraftWanted, Template, Wording},
    contact::Language,
    id::Id,
    notification::{About, Channel, Failure, Notice, NotificationCommand, Occasion, Suppression},
    sealed::Sealed,
    text::FreeText,
};
use jiff::SignedDuration;
use uuid::Uuid;

use super::RandomHistory;

impl RandomHistory {
    pub(super) fn campaign_goes_on(&mut self) {
        match self.chance.key(self.campaigns.keys()) {
            Some(id) if !self.chance.one_in(3) => {
                let at = self.now;
                let command = match self.chance.below(6) {
                    0 => CampaignCommand::Finish(at),
                    1 => CampaignCommand::Stop {
                        at,
                        reason: self.chance.one_in(2).then(|| self.text(id)),
                    },
                    2 => CampaignCommand::Change(Box::new(DraftWanted {
                        name: Some(self.label()),
                        template: self.chance.one_in(2).then(|| self.template(id)),
                        ..DraftWanted::default()
                    })),
                    _ => CampaignCommand::Launch {
                        at,
                        clients: self.chance.below(300),
                    },
                };
                self.ask_campaign(id, command);
            }
            Some(_) | None => {
                let segment = self.chance.key(self.segments.keys());
                let segment = segment.unwrap_or_else(|| self.chance.uuid());
                let id = self.chance.uuid();
                let draft = Draft {
                    name: self.label(),
                    segment_id: Id::new(segment),
                    channels: vec![self.chance.of_these(&Channel::ALL)],
                    template: self.template(id),
                    send_at: self.chance.one_in(2).then_some(self.now),
                };
                self.ask_campaign(id, CampaignCommand::Draft(Box::new(draft)));
            }
        }
    }

    pub(super) fn notification_goes_on(&mut self) {
        match self.chance.key(self.notifications.keys()) {
            Some(id) if !self.chance.one_in(3) => {
                let at = self.in_minutes(0);
                let notice = self.notifications[&id].0.notice.as_ref();
                let client = notice.map_or(id, |notice| notice.about.client_id.uuid());
                let command = match self.chance.below(6) {
                    0 => NotificationCommand::Suppress {
                        at,
                        why: self
                            .chance
                            .of_these(&[Suppression::NoConsent, Suppression::Outdated]),
                    },
                    1 => NotificationCommand::Fail {
                        at,
                        why: self
                            .chance
                            .of_these(&[Failure::Blocked, Failure::Unreachable]),
                        detail: self.chance.one_in(2).then(|| self.text(client)),
                    },
                    2 => NotificationCommand::Deliver(at),
                    _ => NotificationCommand::Send(at),
                };
                self.ask_notification(id, command);
            }
            Some(_) | None => self.notification_scheduled(),
        }
    }

    fn notification_scheduled(&mut self) {
        let Some(client) = self.chance.key(self.clients.keys()) else {
            return;
        };
        let hours = SignedDuration::from_hours(self.chance.below(400).into());
        let occasion = self.chance.of_these(&[
            Occasion::Reminder,
            Occasion::BookingConfirmed,
            Occasion::Campaign,
            Occasion::ByHand,
        ]);
        let of_campaign = occasion == Occasion::Campaign;
        let campaign = of_campaign.then(|| self.chance.key(self.campaigns.keys()));
        let booking = (!of_campaign).then(|| self.chance.key(self.bookings.keys()));
        let notice = Notice {
            about: About {
                client_id: Id::new(client),
                booking_id: booking.flatten().map(Id::new),
                campaign_id: campaign.flatten().map(Id::new),
            },
            channel: self.chance.of_these(&Channel::ALL),
            occasion,
            language: Language::parse("pl").expect("a language"),
            due_at: self.now.saturating_add(hours).unwrap_or(self.now),
            text: (occasion == Occasion::ByHand).then(|| self.text(client)),
        };
        let id = self.chance.uuid();
        self.ask_notification(id, NotificationCommand::Schedule(Box::new(notice)));
    }

    fn template(&mut self, of: Uuid) -> Sealed<Template> {
        let wording = Wording {
            subject: None,
            text: FreeText::parse(&self.chance.sentence()).expect("a text"),
        };
        let language = Language::parse("pl").expect("a language");
        let texts = BTreeMap::from([(language, wording)]);
        Sealed::open(Id::<Campaign>::new(of), Template { texts })
    }
}
