//! What was told to clients, and in which campaigns.

use std::collections::BTreeMap;

use domain::{
    campaign::{Campaign, CampaignEvent, Stage},
    id::Id,
    notification::{Notification, NotificationEvent, Outcome, Reason},
};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    ApplyError, Projected,
    merged::Merged,
    projected::as_kept,
    rows::{self, Key},
};

/// What a batch tells of notifications and campaigns.
#[derive(Default)]
pub(super) struct Messages {
    scheduled: Vec<Scheduled>,
    came: BTreeMap<Key, Came>,
    drafted: Vec<Drafted>,
    went_on: BTreeMap<Key, WentOn>,
}

/// A new row of `report_notification`.
#[derive(Serialize)]
struct Scheduled {
    business_id: Uuid,
    notification_id: Uuid,
    client_id: Uuid,
    channel: &'static str,
    occasion: &'static str,
    booking_id: Option<Uuid>,
    campaign_id: Option<Uuid>,
    due_at: Timestamp,
}

/// How far a notification came.
#[derive(Default, Serialize)]
struct Came {
    business_id: Uuid,
    notification_id: Uuid,
    outcome: &'static str,
    sent_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    why: Option<&'static str>,
}

/// A new row of `report_campaign`.
#[derive(Serialize)]
struct Drafted {
    business_id: Uuid,
    campaign_id: Uuid,
    name: String,
}

/// What changed of a campaign.
#[derive(Default, Serialize)]
struct WentOn {
    business_id: Uuid,
    campaign_id: Uuid,
    name: Option<String>,
    stage: Option<&'static str>,
    launched_at: Option<Timestamp>,
    clients: Option<i64>,
}

impl Messages {
    pub(super) fn of_notification(
        &mut self,
        projected: &Projected,
        id: Id<Notification>,
        event: &NotificationEvent,
    ) {
        use NotificationEvent as E;
        let key = (projected.business.0, id.uuid());
        if let E::Scheduled(notice) = event {
            self.scheduled.push(Scheduled {
                business_id: key.0,
                notification_id: key.1,
                client_id: notice.about.client_id.uuid(),
                channel: notice.channel.as_str(),
                occasion: notice.occasion.as_str(),
                booking_id: notice.about.booking_id.map(Id::uuid),
                campaign_id: notice.about.campaign_id.map(Id::uuid),
                due_at: as_kept(notice.due_at),
            });
            return;
        }
        let on = self.came.entry(key).or_default();
        (on.business_id, on.notification_id) = key;
        let (outcome, at, why) = match event {
            E::Scheduled(_) => return,
            E::Sent { about: _, at } => {
                on.outcome = Outcome::Sent.as_str();
                on.sent_at = Some(as_kept(*at));
                return;
            }
            E::Delivered { about: _, at } => (Outcome::Delivered, at, None),
            E::Failed { at, why, .. } => (Outcome::Failed, at, Some(Reason::from(*why))),
            E::Suppressed { at, why, .. } => (Outcome::Suppressed, at, Some(Reason::from(*why))),
        };
        on.outcome = outcome.as_str();
        on.ended_at = Some(as_kept(*at));
        on.why = why.map(Reason::as_str);
    }

    pub(super) fn of_campaign(
        &mut self,
        projected: &Projected,
        id: Id<Campaign>,
        event: &CampaignEvent,
    ) {
        use CampaignEvent as E;
        let key = (projected.business.0, id.uuid());
        if let E::Drafted(draft) = event {
            self.drafted.push(Drafted {
                business_id: key.0,
                campaign_id: key.1,
                name: draft.name.to_string(),
            });
            return;
        }
        let on = self.went_on.entry(key).or_default();
        (on.business_id, on.campaign_id) = key;
        match event {
            E::Drafted(_) => {}
            E::Changed(changed) => {
                if let Some(name) = &changed.name {
                    on.name = Some(name.to.to_string());
                }
            }
            E::Launched { at, clients } => {
                on.stage = Some(Stage::Launched.as_str());
                on.launched_at = Some(as_kept(*at));
                on.clients = Some((*clients).into());
            }
            E::Finished { .. } => on.stage = Some(Stage::Finished.as_str()),
            E::Stopped { .. } => on.stage = Some(Stage::Stopped.as_str()),
        }
    }

    /// Who is written to.
    pub(super) fn clients(&self) -> impl Iterator<Item = Key> {
        let scheduled = self.scheduled.iter();
        scheduled.map(|scheduled| (scheduled.business_id, scheduled.client_id))
    }

    /// Puts them under who they are now.
    pub(super) fn are_of(&mut self, merged: &Merged) {
        for scheduled in &mut self.scheduled {
            scheduled.client_id = merged.now(scheduled.business_id, scheduled.client_id);
        }
    }

    pub(super) async fn store(self, db: &mut PgConnection) -> Result<(), ApplyError> {
        rows::store(
            db,
            "insert into report_notification (business_id, notification_id, client_id, channel, occasion, booking_id,
                                              campaign_id, outcome, due_at)
             select business_id, notification_id, client_id, channel, occasion, booking_id, campaign_id, 'scheduled',
                    due_at
               from json_to_recordset($1::json)
                 as r (business_id uuid, notification_id uuid, client_id uuid, channel text, occasion text,
                       booking_id uuid, campaign_id uuid, due_at timestamptz)
                 on conflict (business_id, notification_id) do nothing",
            &self.scheduled,
        )
        .await?;
        rows::store(
            db,
            "update report_notification t
                set outcome = r.outcome, sent_at = coalesce(t.sent_at, r.sent_at), ended_at = r.ended_at, why = r.why
               from json_to_recordset($1::json)
                 as r (business_id uuid, notification_id uuid, outcome text, sent_at timestamptz,
                       ended_at timestamptz, why text)
              where t.business_id = r.business_id and t.notification_id = r.notification_id",
            &self.came.into_values().collect::<Vec<_>>(),
        )
        .await?;
        rows::store(
            db,
            "insert into report_campaign (business_id, campaign_id, name, stage, clients)
             select business_id, campaign_id, name, 'drafted', 0
               from json_to_recordset($1::json) as r (business_id uuid, campaign_id uuid, name text)
                 on conflict (business_id, campaign_id) do nothing",
            &self.drafted,
        )
        .await?;
        rows::store(
            db,
            "update report_campaign t
                set name = coalesce(r.name, t.name), stage = coalesce(r.stage, t.stage),
                    launched_at = coalesce(r.launched_at, t.launched_at), clients = coalesce(r.clients, t.clients)
               from json_to_recordset($1::json)
                 as r (business_id uuid, campaign_id uuid, name text, stage text, launched_at timestamptz,
                       clients bigint)
              where t.business_id = r.business_id and t.campaign_id = r.campaign_id",
            &self.went_on.into_values().collect::<Vec<_>>(),
        )
        .await
    }
}
