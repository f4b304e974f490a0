//! A notification from its scheduling to its end.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn notification() -> TestFramework<Notification> {
    TestFramework::with(())
}

fn about() -> About {
    About {
        client_id: Id::new(Uuid::from_u128(7)),
        booking_id: Some(Id::new(Uuid::from_u128(8))),
        campaign_id: None,
    }
}

fn scheduled() -> NotificationEvent {
    NotificationEvent::Scheduled(Box::new(Notice {
        about: about(),
        channel: Channel::Sms,
        occasion: Occasion::Reminder,
        language: Language::parse("pl").unwrap(),
        due_at: AT,
        text: None,
    }))
}

fn sent() -> NotificationEvent {
    NotificationEvent::Sent {
        about: about(),
        at: AT,
    }
}

fn delivered() -> NotificationEvent {
    NotificationEvent::Delivered {
        about: about(),
        at: AT,
    }
}

fn failed() -> NotificationEvent {
    NotificationEvent::Failed {
        about: about(),
        at: AT,
        why: Failure::BadAddress,
        detail: None,
    }
}

fn fail() -> NotificationCommand {
    NotificationCommand::Fail {
        at: AT,
        why: Failure::BadAddress,
        detail: None,
    }
}

fn suppress() -> NotificationCommand {
    NotificationCommand::Suppress {
        at: AT,
        why: Suppression::NoConsent,
    }
}

#[test]
fn is_scheduled_sent_and_delivered_once_each() {
    use NotificationCommand as C;
    let NotificationEvent::Scheduled(notice) = scheduled() else {
        unreachable!()
    };
    notification()
        .given(vec![scheduled()])
        .when(C::Schedule(notice))
        .then_expect_error(NotificationError::AlreadyScheduled);
    notification()
        .given(vec![scheduled()])
        .when(C::Deliver(AT))
        .then_expect_error(NotificationError::NotSent);
    let mut history = vec![scheduled()];
    for (command, event) in [(C::Send(AT), sent()), (C::Deliver(AT), delivered())] {
        notification()
            .given(history.clone())
            .when(command.clone())
            .then_expect_events(vec![event.clone()]);
        history.push(event);
        // Channels tell things twice.
        notification()
            .given(history.clone())
            .when(command)
            .then_expect_events(vec![]);
    }
}

#[test]
fn may_fail_before_it_is_sent_and_after_but_not_once_it_arrived() {
    for before in [vec![], vec![sent()]] {
        let history: Vec<_> = std::iter::once(scheduled()).chain(before).collect();
        notification()
            .given(history)
            .when(fail())
            .then_expect_events(vec![failed()]);
    }
    notification()
        .given(vec![scheduled(), failed()])
        .when(fail())
        .then_expect_events(vec![]);
    notification()
        .given(vec![scheduled(), sent(), delivered()])
        .when(fail())
        .then_expect_error(NotificationError::Ended);
    notification()
        .given(vec![scheduled(), failed()])
        .when(NotificationCommand::Send(AT))
        .then_expect_error(NotificationError::Ended);
}

#[test]
fn is_suppressed_only_while_it_waits() {
    let suppressed = NotificationEvent::Suppressed {
        about: about(),
        at: AT,
        why: Suppression::NoConsent,
    };
    notification()
        .given(vec![scheduled()])
        .when(suppress())
        .then_expect_events(vec![suppressed]);
    notification()
        .given(vec![scheduled(), sent()])
        .when(suppress())
        .then_expect_error(NotificationError::Ended);
    notification()
        .given_no_previous_events()
        .when(suppress())
        .then_expect_error(NotificationError::NotScheduled);
}

#[test]
fn remembers_how_far_it_came_and_why_no_further() {
    let later = AT + jiff::SignedDuration::from_mins(5);
    let failed = NotificationEvent::Failed {
        about: about(),
        at: later,
        why: Failure::BadAddress,
        detail: None,
    };
    let mut notification = Notification::default();
    let came = |notification: &Notification| {
        (
            notification.outcome.as_str(),
            notification.sent_at,
            notification.ended_at,
            notification.why.map(Reason::as_str),
        )
    };
    notification.remember(scheduled());
    assert_eq!(came(&notification), ("scheduled", None, None, None));
    notification.remember(sent());
    assert_eq!(came(&notification), ("sent", Some(AT), None, None));
    notification.remember(failed);
    let end = ("failed", Some(AT), Some(later), Some("bad_address"));
    assert_eq!(came(&notification), end);
}
