//! Who may use the books: a user or an API key, each a stream of its own.
//!
//! Secrets are no events: password and key hashes live in tables of the gateway's.

mod rights;

pub use self::rights::{Right, Rights};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    actor::Role,
    bridge::bridge,
    contact::Email,
    id::Id,
    sealed::Sealed,
    staff::Staff,
    text::{Label, PersonName},
};

/// What can have happened to a user or a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AccessEvent {
    /// Somebody may sign in.
    UserInvited {
        /// With which address.
        email: Sealed<Email>,
        /// What they are called.
        name: Option<Sealed<PersonName>>,
        /// As what.
        role: Role,
    },
    /// A program may call.
    ApiKeyIssued {
        /// What the key is for.
        name: Label,
        /// As what.
        role: Role,
        /// On whose behalf, if a staff member's.
        staff_id: Option<Id<Staff>>,
        /// Until when; none: until it is revoked.
        expires_at: Option<Timestamp>,
    },
    /// It may no longer.
    ApiKeyRevoked {},
}

/// What may be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum AccessCommand {
    /// Let somebody sign in.
    InviteUser {
        /// With which address.
        email: Sealed<Email>,
        /// What they are called.
        name: Option<Sealed<PersonName>>,
        /// As what.
        role: Role,
    },
    /// Let a program call.
    IssueApiKey {
        /// What the key is for.
        name: Label,
        /// As what.
        role: Role,
        /// On whose behalf, if a staff member's.
        staff_id: Option<Id<Staff>>,
        /// Until when.
        expires_at: Option<Timestamp>,
    },
    /// Let it no longer.
    RevokeApiKey,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The stream is somebody's already.
    #[error("the user or key exists already")]
    Taken,
    /// There is no such key.
    #[error("there is no such API key")]
    NoSuchKey,
}

/// A user or key as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Nothing yet.
    #[default]
    Blank,
    /// Somebody who signs in.
    User {
        /// With which address.
        email: Sealed<Email>,
        /// What they are called.
        name: Option<Sealed<PersonName>>,
        /// As what.
        role: Role,
    },
    /// A program's key.
    ApiKey {
        /// What it is for.
        name: Label,
        /// As what.
        role: Role,
        /// On whose behalf, if a staff member's.
        staff_id: Option<Id<Staff>>,
        /// Until when.
        expires_at: Option<Timestamp>,
        /// It may no longer call.
        revoked: bool,
    },
}

impl Access {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: AccessCommand) -> Result<Vec<AccessEvent>, AccessError> {
        match (command, self) {
            (AccessCommand::InviteUser { email, name, role }, Self::Blank) => {
                Ok(vec![AccessEvent::UserInvited { email, name, role }])
            }
            (
                AccessCommand::IssueApiKey {
                    name,
                    role,
                    staff_id,
                    expires_at,
                },
                Self::Blank,
            ) => Ok(vec![AccessEvent::ApiKeyIssued {
                name,
                role,
                staff_id,
                expires_at,
            }]),
            (AccessCommand::InviteUser { .. } | AccessCommand::IssueApiKey { .. }, _) => {
                Err(AccessError::Taken)
            }
            (AccessCommand::RevokeApiKey, Self::ApiKey { revoked, .. }) => Ok(if *revoked {
                vec![]
            } else {
                vec![AccessEvent::ApiKeyRevoked {}]
            }),
            (AccessCommand::RevokeApiKey, Self::Blank | Self::User { .. }) => {
                Err(AccessError::NoSuchKey)
            }
        }
    }

    fn remember(&mut self, event: AccessEvent) {
        match event {
            AccessEvent::UserInvited { email, name, role } => {
                *self = Self::User { email, name, role }
            }
            AccessEvent::ApiKeyIssued {
                name,
                role,
                staff_id,
                expires_at,
            } => {
                *self = Self::ApiKey {
                    name,
                    role,
                    staff_id,
                    expires_at,
                    revoked: false,
                };
            }
            AccessEvent::ApiKeyRevoked {} => {
                if let Self::ApiKey { revoked, .. } = self {
                    *revoked = true;
                }
            }
        }
    }
}

bridge!(Access, "access", AccessCommand, AccessEvent, AccessError);

#[cfg(test)]
mod specs {
    use cqrs_es::test::TestFramework;

    use super::*;

    fn issued() -> AccessEvent {
        let name = Label::parse("Kiosk").unwrap();
        AccessEvent::ApiKeyIssued {
            name,
            role: Role::Owner,
            staff_id: None,
            expires_at: None,
        }
    }

    fn access() -> TestFramework<Access> {
        TestFramework::with(())
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
}
