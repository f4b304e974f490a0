//! What was told to clients and what came of it, one message and one booking at a time.

use std::collections::BTreeMap;

use domain::{
    booking::{Held, Status},
    campaign::Campaign,
    id::Id,
    notification::{Channel, Notice, Notification, Outcome},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Facts, World, count, is_asked, money};
use crate::{
    Period,
    projected::as_kept,
    reports::{
        Asked, Filter,
        campaigns::Effect,
        notifications::{Counts, Notifications},
    },
};

/// A message as reports count it.
struct Message<'a> {
    client: Uuid,
    notice: &'a Notice,
    now: &'a Notification,
}

impl World {
    fn messages(&self) -> Vec<Message<'_>> {
        let all = self.notifications.values().filter_map(|now| {
            let notice = now.notice.as_ref()?;
            let client = self.now(notice.about.client_id.uuid());
            Some(Message {
                client,
                notice,
                now,
            })
        });
        all.collect()
    }

    fn facts<'a>(&self, held: &'a Held) -> Facts<'a> {
        Facts {
            client: held.client_id.map(|client| self.now(client.uuid())),
            staff: held.plan.staff_id.map(Id::uuid),
            service: held.plan.service_id.map(Id::uuid),
            desk: held.plan.desk_id.map(Id::uuid),
            status: Some(held.status),
            source: Some(held.source.as_str()),
        }
    }

    /// By channel, and of all of them.
    pub(in crate::reports::specs) fn notifications(&self, asked: &Asked) -> Notifications {
        let Filter {
            staff_id,
            service_id,
            desk_id,
            client_id: _,
            clients: _,
            statuses,
            source,
        } = &asked.filter;
        let any_booking = asked.scope.staff().is_none()
            && staff_id.is_none()
            && service_id.is_none()
            && desk_id.is_none()
            && statuses.is_empty()
            && source.is_none();
        let mut wanted = self.messages();
        wanted.retain(|message| {
            let booking = message.notice.about.booking_id;
            let held = booking.and_then(|id| self.bookings[&id.uuid()].held().ok());
            to_the_asked(asked, message.client)
                && (any_booking || held.is_some_and(|held| is_asked(asked, &self.facts(held))))
        });
        let told = |channels: &[Channel]| {
            Self::told(asked, |period: Period| {
                let due = wanted.iter().filter(|message| {
                    channels.contains(&message.notice.channel)
                        && period.span.contains(as_kept(message.notice.due_at))
                });
                counts(&due.collect::<Vec<_>>())
            })
        };
        Notifications {
            all: told(&Channel::ALL),
            channels: Channel::ALL
                .map(|channel| (channel, told(&[channel])))
                .into(),
        }
    }

    pub(in crate::reports::specs) fn campaigns(
        &self,
        asked: &Asked,
        within_days: u16,
    ) -> Vec<Effect> {
        let messages = self.messages();
        let launched = self
            .campaigns
            .iter()
            .filter_map(|(id, (campaign, launched))| {
                let (at, audience) = (*launched)?;
                let at = as_kept(at);
                let asked = asked.whole.span.contains(at);
                asked.then_some((at, *id, campaign, audience))
            });
        let mut launched: Vec<_> = launched.collect();
        launched.sort_by_key(|(at, id, ..)| (*at, *id));
        let effect = |(launched_at, id, campaign, audience): (_, _, &Campaign, u32)| {
            let told: Vec<_> = messages
                .iter()
                .filter(|message| message.notice.about.campaign_id == Some(Id::new(id)))
                .filter(|message| to_the_asked(asked, message.client))
                .filter(|message| self.is_theirs(asked, message.client))
                .collect();
            let mut reached: BTreeMap<Uuid, Timestamp> = BTreeMap::new();
            for message in told.iter().filter(|m| m.now.outcome != Outcome::Failed) {
                if let Some(sent) = message.now.sent_at.map(as_kept) {
                    let since = reached.entry(message.client).or_insert(sent);
                    *since = sent.min(*since);
                }
            }
            let (mut bookings, mut revenue, mut clients) = (0, Decimal::ZERO, vec![]);
            for held in self.bookings.values().filter_map(|b| b.held().ok()) {
                let facts = self.facts(held);
                let Some((client, since)) = facts.client.and_then(|id| reached.get_key_value(&id))
                else {
                    continue;
                };
                let days = SignedDuration::from_hours(24 * i64::from(within_days));
                let made = as_kept(held.created_at);
                let cancelled =
                    held.status == Status::Cancelled && asked.filter.statuses.is_empty();
                if !held.deleted
                    && !cancelled
                    && is_asked(asked, &facts)
                    && *since <= made
                    && made < *since + days
                {
                    bookings += 1;
                    revenue += held.paid().amount();
                    clients.push(*client);
                }
            }
            clients.sort();
            clients.dedup();
            Effect {
                campaign_id: Id::new(id),
                name: campaign.draft.as_ref().unwrap().name.to_string(),
                stage: campaign.stage.as_str().to_owned(),
                launched_at,
                audience: audience.into(),
                counts: counts(&told),
                reached: count(&reached),
                bookings,
                clients: count(&clients),
                revenue: money(revenue),
            }
        };
        launched.into_iter().map(effect).collect()
    }

    /// Whether a client is one of the staff member's who asks.
    fn is_theirs(&self, asked: &Asked, client: Uuid) -> bool {
        let Some(staff) = asked.scope.staff() else {
            return true;
        };
        self.bookings()
            .iter()
            .any(|b| b.client == Some(client) && b.staff == Some(staff.uuid()))
    }
}

fn to_the_asked(asked: &Asked, client: Uuid) -> bool {
    let filter = &asked.filter;
    filter.client_id.is_none_or(|id| id.uuid() == client)
        && filter
            .clients
            .as_ref()
            .is_none_or(|all| all.contains(&client))
}

fn counts(messages: &[&Message<'_>]) -> Counts {
    let is = |outcome| count(messages.iter().filter(|m| m.now.outcome == outcome));
    Counts {
        messages: count(messages),
        scheduled: is(Outcome::Scheduled),
        sent: count(messages.iter().filter(|m| m.now.sent_at.is_some())),
        delivered: is(Outcome::Delivered),
        failed: is(Outcome::Failed),
        suppressed: is(Outcome::Suppressed),
    }
}
