//! A campaign from its draft to its end.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn campaign() -> TestFramework<Campaign> {
    TestFramework::with(())
}

fn says(text: &str) -> Sealed<Template> {
    let of: Id<Campaign> = Id::new(Uuid::from_u128(1));
    let wording = Wording {
        subject: None,
        text: FreeText::parse(text).unwrap(),
    };
    let texts = BTreeMap::from([(Language::parse("en").unwrap(), wording)]);
    Sealed::open(of, Template { texts })
}

fn draft(channels: Vec<Channel>) -> Box<Draft> {
    Box::new(Draft {
        name: Label::parse("Spring").unwrap(),
        segment_id: Id::new(Uuid::from_u128(2)),
        channels,
        template: says("Come again"),
        send_at: None,
    })
}

fn drafted() -> CampaignEvent {
    CampaignEvent::Drafted(draft(vec![Channel::Email]))
}

fn launch() -> CampaignCommand {
    CampaignCommand::Launch { at: AT, clients: 3 }
}

fn launched() -> CampaignEvent {
    CampaignEvent::Launched { at: AT, clients: 3 }
}

fn stop() -> CampaignCommand {
    CampaignCommand::Stop {
        at: AT,
        reason: None,
    }
}

fn stopped() -> CampaignEvent {
    CampaignEvent::Stopped {
        at: AT,
        reason: None,
    }
}

#[test]
fn goes_over_each_channel_once_and_over_one_at_least() {
    for channels in [vec![], vec![Channel::Sms, Channel::Email, Channel::Sms]] {
        campaign()
            .given_no_previous_events()
            .when(CampaignCommand::Draft(draft(channels)))
            .then_expect_error(CampaignError::Channels);
    }
    let both = vec![Channel::Sms, Channel::Email];
    campaign()
        .given_no_previous_events()
        .when(CampaignCommand::Draft(draft(both.clone())))
        .then_expect_events(vec![CampaignEvent::Drafted(draft(both))]);
    campaign()
        .given(vec![drafted()])
        .when(CampaignCommand::Draft(draft(vec![Channel::Email])))
        .then_expect_error(CampaignError::AlreadyDrafted);
}

#[test]
fn is_changed_until_it_is_launched() {
    let wanted = || DraftWanted {
        name: Some(Label::parse("Spring").unwrap()),
        template: Some(says("Come soon")),
        ..DraftWanted::default()
    };
    let changed = DraftChanged {
        template: Some(Change {
            from: says("Come again"),
            to: says("Come soon"),
        }),
        ..DraftChanged::default()
    };
    campaign()
        .given(vec![drafted()])
        .when(CampaignCommand::Change(Box::new(wanted())))
        .then_expect_events(vec![CampaignEvent::Changed(Box::new(changed.clone()))]);
    campaign()
        .given(vec![drafted(), CampaignEvent::Changed(Box::new(changed))])
        .when(CampaignCommand::Change(Box::new(wanted())))
        .then_expect_events(vec![]);
    campaign()
        .given(vec![drafted(), launched()])
        .when(CampaignCommand::Change(Box::new(wanted())))
        .then_expect_error(CampaignError::Launched);
}

#[test]
fn is_launched_once_and_then_finished_or_stopped() {
    campaign()
        .given(vec![drafted()])
        .when(launch())
        .then_expect_events(vec![launched()]);
    campaign()
        .given(vec![drafted(), launched()])
        .when(launch())
        .then_expect_error(CampaignError::Launched);
    campaign()
        .given(vec![drafted()])
        .when(CampaignCommand::Finish(AT))
        .then_expect_error(CampaignError::NotLaunched);
    let finished = CampaignEvent::Finished { at: AT };
    campaign()
        .given(vec![drafted(), launched()])
        .when(CampaignCommand::Finish(AT))
        .then_expect_events(vec![finished.clone()]);
    campaign()
        .given(vec![drafted(), launched(), finished])
        .when(stop())
        .then_expect_error(CampaignError::Ended);
    for before in [vec![drafted()], vec![drafted(), launched()]] {
        campaign()
            .given(before)
            .when(stop())
            .then_expect_events(vec![stopped()]);
    }
    campaign()
        .given(vec![drafted(), stopped()])
        .when(stop())
        .then_expect_events(vec![]);
    campaign()
        .given(vec![drafted(), stopped()])
        .when(launch())
        .then_expect_error(CampaignError::Ended);
}
