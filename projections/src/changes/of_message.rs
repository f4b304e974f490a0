//! What each event of a campaign or a notification changed.

use domain::{
    campaign::{CampaignEvent, Stage},
    notification::{NotificationEvent, Outcome},
};

use super::{Told, fields::Fields};

pub(super) fn tell_campaign(event: &CampaignEvent) -> Told {
    use CampaignEvent as E;
    let fields = Fields::default();
    match event {
        E::Drafted(draft) => Told::fields(
            fields
                .made("name", &draft.name)
                .made("segment_id", draft.segment_id)
                .made("channels", &draft.channels)
                .made("template", &draft.template)
                .made("send_at", draft.send_at),
        ),
        E::Changed(changed) => Told::fields(
            fields
                .told("name", changed.name.as_ref())
                .told("segment_id", changed.segment_id.as_ref())
                .told("channels", changed.channels.as_ref())
                .told("template", changed.template.as_ref())
                .told("send_at", changed.send_at.as_ref()),
        ),
        E::Launched { at: _, clients } => Told::fields(
            fields
                .between("stage", Stage::Drafted.as_str(), Stage::Launched.as_str())
                .made("clients", clients),
        ),
        E::Finished { at: _ } => Told::fields(fields.between(
            "stage",
            Stage::Launched.as_str(),
            Stage::Finished.as_str(),
        )),
        E::Stopped { at: _, reason } => {
            Told::fields(fields.made("stage", Stage::Stopped.as_str())).because(reason.as_ref())
        }
    }
}

pub(super) fn tell_notification(event: &NotificationEvent) -> Told {
    use NotificationEvent as E;
    let fields = Fields::default();
    let came = |outcome: Outcome| Fields::default().made("outcome", outcome.as_str());
    match event {
        E::Scheduled(notice) => Told::fields(
            fields
                .made("client_id", notice.about.client_id)
                .made("booking_id", notice.about.booking_id)
                .made("campaign_id", notice.about.campaign_id)
                .made("channel", notice.channel)
                .made("occasion", notice.occasion)
                .made("language", &notice.language)
                .made("due_at", notice.due_at)
                .made("text", &notice.text),
        ),
        E::Sent { .. } => Told::fields(came(Outcome::Sent)),
        E::Delivered { .. } => Told::fields(came(Outcome::Delivered)),
        E::Failed { why, detail, .. } => {
            // It may hold the address: a name of its own, which is not for everybody.
            Told::fields(
                came(Outcome::Failed)
                    .made("why", why)
                    .made("channel_said", detail),
            )
        }
        E::Suppressed { why, .. } => Told::fields(came(Outcome::Suppressed).made("why", why)),
    }
}
