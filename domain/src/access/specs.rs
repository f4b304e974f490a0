//! Who may let whom in, and what then.

use cqrs_es::test::TestFramework;

use super::*;

fn access() -> TestFramework<Access> {
    TestFramework::with(())
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn by(role: Role) -> By {
    By::Somebody {
        id: id(1),
        role,
        rights: Rights::of(role),
    }
}

fn email() -> Sealed<Email> {
    Sealed::open(
        Id::<Access>::new(id(7)),
        Email::parse("mia@example.org").unwrap(),
    )
}

fn invited(role: Role) -> AccessEvent {
    AccessEvent::UserInvited {
        email: email(),
        name: None,
        role,
        staff_id: None,
        language: None,
    }
}

fn invite(role: Role, by: By) -> AccessCommand {
    AccessCommand::InviteUser {
        email: email(),
        name: None,
        role,
        staff_id: None,
        language: None,
        by,
    }
}

fn issue(role: Role, scopes: Option<Rights>, by: By) -> AccessCommand {
    AccessCommand::IssueApiKey {
        name: Label::parse("Kiosk").unwrap(),
        role,
        staff_id: None,
        expires_at: None,
        scopes,
        by,
    }
}

fn issued() -> AccessEvent {
    AccessEvent::ApiKeyIssued {
        name: Label::parse("Kiosk").unwrap(),
        role: Role::Owner,
        staff_id: None,
        expires_at: None,
        scopes: None,
    }
}

fn demote(other_owner: bool) -> AccessCommand {
    AccessCommand::ChangeRole {
        role: Role::Manager,
        by: by(Role::Owner),
        other_owner,
    }
}

fn disable(by: By, other_owner: bool) -> AccessCommand {
    AccessCommand::Disable {
        user: Some(id(7)),
        by,
        other_owner,
    }
}

#[test]
fn an_admin_lets_in_whom_they_like_below_the_owner() {
    for role in [Role::Admin, Role::Manager, Role::Staff] {
        access()
            .given_no_previous_events()
            .when(invite(role, by(Role::Admin)))
            .then_expect_events(vec![invited(role)]);
    }
    access()
        .given_no_previous_events()
        .when(invite(Role::Owner, by(Role::Admin)))
        .then_expect_error(AccessError::AboveYou);
}

#[test]
fn an_invitation_is_taken_up_once() {
    access()
        .given(vec![invited(Role::Staff)])
        .when(AccessCommand::Join)
        .then_expect_events(vec![AccessEvent::UserJoined {}]);
    access()
        .given(vec![invited(Role::Staff), AccessEvent::UserJoined {}])
        .when(AccessCommand::Join)
        .then_expect_events(vec![]);
    access()
        .given(vec![invited(Role::Staff), AccessEvent::UserDisabled {}])
        .when(AccessCommand::Join)
        .then_expect_error(AccessError::NotInvited);
}

#[test]
fn the_last_owner_stays_one() {
    access()
        .given(vec![invited(Role::Owner)])
        .when(demote(false))
        .then_expect_error(AccessError::LastOwner);
    access()
        .given(vec![invited(Role::Owner)])
        .when(demote(true))
        .then_expect_events(vec![AccessEvent::RoleGranted {
            from: Role::Owner,
            to: Role::Manager,
        }]);
    access()
        .given(vec![invited(Role::Owner)])
        .when(disable(by(Role::Owner), false))
        .then_expect_error(AccessError::LastOwner);
}

#[test]
fn one_decides_about_those_below_oneself() {
    access()
        .given(vec![invited(Role::Admin)])
        .when(disable(by(Role::Admin), true))
        .then_expect_error(AccessError::AboveYou);
    access()
        .given(vec![invited(Role::Manager)])
        .when(disable(by(Role::Admin), true))
        .then_expect_events(vec![AccessEvent::UserDisabled {}]);
    let tie = AccessCommand::TieStaff {
        staff_id: Some(Id::new(id(9))),
        by: by(Role::Manager),
    };
    access()
        .given(vec![invited(Role::Manager)])
        .when(tie)
        .then_expect_error(AccessError::AboveYou);
}

#[test]
fn nobody_shuts_themselves_out() {
    let own = By::Somebody {
        id: id(7),
        role: Role::Owner,
        rights: Rights::of(Role::Owner),
    };
    access()
        .given(vec![invited(Role::Owner)])
        .when(disable(own, true))
        .then_expect_error(AccessError::Yourself);
}

#[test]
fn a_right_is_given_over_the_role_and_taken_again() {
    let right = Right::SeePhones;
    let (give, take) = (
        AccessCommand::GiveRight {
            right,
            by: by(Role::Admin),
        },
        AccessCommand::TakeRight {
            right,
            by: by(Role::Admin),
        },
    );
    access()
        .given(vec![invited(Role::Staff)])
        .when(give.clone())
        .then_expect_events(vec![AccessEvent::RightGiven { right }]);
    // A manager's role has it.
    access()
        .given(vec![invited(Role::Manager)])
        .when(give)
        .then_expect_events(vec![]);
    access()
        .given(vec![
            invited(Role::Staff),
            AccessEvent::RightGiven { right },
        ])
        .when(take.clone())
        .then_expect_events(vec![AccessEvent::RightTaken { right }]);
    access()
        .given(vec![invited(Role::Owner)])
        .when(AccessCommand::TakeRight {
            right,
            by: by(Role::Owner),
        })
        .then_expect_error(AccessError::OwnersHaveAll);
    access()
        .given(vec![invited(Role::Staff)])
        .when(take)
        .then_expect_events(vec![]);
}

#[test]
fn what_one_has_not_one_cannot_give() {
    let without = By::Somebody {
        id: id(1),
        role: Role::Admin,
        rights: Rights::of(Role::Admin).without(Right::Refund),
    };
    access()
        .given(vec![invited(Role::Staff)])
        .when(AccessCommand::GiveRight {
            right: Right::Refund,
            by: without,
        })
        .then_expect_error(AccessError::AboveYou);
    access()
        .given(vec![invited(Role::Staff)])
        .when(AccessCommand::GiveRight {
            right: Right::SeeLog,
            by: by(Role::Owner),
        })
        .then_expect_error(AccessError::NotSingle);
}

#[test]
fn nobody_lets_others_in_who_may_what_they_may_not() {
    let with = |rights| By::Somebody {
        id: id(1),
        role: Role::Owner,
        rights,
    };
    let all = Rights::of(Role::Owner);
    // A manager may export, a staff member may not of themselves.
    let without = with(all.without(Right::Export));
    access()
        .given_no_previous_events()
        .when(invite(Role::Manager, without))
        .then_expect_error(AccessError::AboveYou);
    access()
        .given_no_previous_events()
        .when(invite(Role::Staff, without))
        .then_expect_events(vec![invited(Role::Staff)]);

    let raise = |to, by| AccessCommand::ChangeRole {
        role: to,
        by,
        other_owner: true,
    };
    access()
        .given(vec![invited(Role::Staff)])
        .when(raise(Role::Manager, without))
        .then_expect_error(AccessError::AboveYou);
    // What they have already is not handed on, nor what is lost.
    access()
        .given(vec![invited(Role::Manager)])
        .when(raise(Role::Admin, without))
        .then_expect_events(vec![AccessEvent::RoleGranted {
            from: Role::Manager,
            to: Role::Admin,
        }]);
    let roles_alone = with([Right::ChangeRoles].into_iter().collect());
    access()
        .given(vec![invited(Role::Owner)])
        .when(raise(Role::Staff, roles_alone))
        .then_expect_events(vec![AccessEvent::RoleGranted {
            from: Role::Owner,
            to: Role::Staff,
        }]);

    // Whoever has the address has the account.
    let address = AccessCommand::ChangeProfile {
        name: None,
        email: Some(Sealed::open(
            Id::<Access>::new(id(7)),
            Email::parse("mine@example.org").unwrap(),
        )),
        language: None,
        by: Some(without),
    };
    access()
        .given(vec![
            invited(Role::Staff),
            AccessEvent::RightGiven {
                right: Right::Export,
            },
        ])
        .when(address.clone())
        .then_expect_error(AccessError::AboveYou);
    assert!(
        Access::User(User {
            email: email(),
            name: None,
            language: None,
            role: Role::Staff,
            staff_id: None,
            joined: true,
            disabled: false,
            given: Rights::NONE,
            taken: Rights::NONE,
        })
        .decide(address)
        .is_ok()
    );
}

#[test]
fn a_key_can_do_no_more_than_who_issues_it() {
    let few: Rights = [Right::SeeBookings, Right::SeePhones].into_iter().collect();
    let issuer = By::Somebody {
        id: id(1),
        role: Role::Admin,
        rights: Rights::of(Role::Admin).without(Right::SeePhones),
    };
    access()
        .given_no_previous_events()
        .when(issue(Role::Owner, Some(few), by(Role::Admin)))
        .then_expect_error(AccessError::AboveYou);
    access()
        .given_no_previous_events()
        .when(issue(Role::Manager, Some(few), issuer))
        .then_expect_error(AccessError::AboveYou);
    access()
        .given_no_previous_events()
        .when(issue(Role::Owner, None, By::House))
        .then_expect_events(vec![issued()]);
}

#[test]
fn a_key_is_called_something_else_and_no_user_is() {
    let label = |name| Label::parse(name).unwrap();
    let rename = |name| AccessCommand::RenameApiKey { name: label(name) };
    let renamed = AccessEvent::ApiKeyRenamed {
        from: label("Kiosk"),
        to: label("Hall"),
    };
    access()
        .given(vec![issued()])
        .when(rename("Hall"))
        .then_expect_events(vec![renamed.clone()]);
    access()
        .given(vec![issued(), renamed])
        .when(rename("Hall"))
        .then_expect_events(vec![]);
    access()
        .given(vec![invited(Role::Staff)])
        .when(rename("Hall"))
        .then_expect_error(AccessError::NoSuchKey);
}

#[test]
fn a_key_is_revoked_once() {
    access()
        .given(vec![issued()])
        .when(AccessCommand::RevokeApiKey)
        .then_expect_events(vec![AccessEvent::ApiKeyRevoked {}]);
    access()
        .given(vec![issued(), AccessEvent::ApiKeyRevoked {}])
        .when(AccessCommand::RevokeApiKey)
        .then_expect_events(vec![]);
}

#[test]
fn a_key_that_was_never_issued_cannot_be_revoked() {
    access()
        .given_no_previous_events()
        .when(AccessCommand::RevokeApiKey)
        .then_expect_error(AccessError::NoSuchKey);
}

#[test]
fn a_scope_narrows_a_keys_role_and_widens_nothing() {
    let asked: Rights = [Right::SeeBookings, Right::SeeLog].into_iter().collect();
    let has = key_rights(Role::Manager, Some(asked));
    assert_eq!(has.iter().collect::<Vec<_>>(), [Right::SeeBookings]);
    assert_eq!(key_rights(Role::Manager, None), Rights::of(Role::Manager));
}
