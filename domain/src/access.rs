//! Who may use the books: a user or an API key, each a stream of its own.
//!
//! Secrets are no events: password and key hashes live in tables of the gateway's.

mod rights;
#[cfg(test)]
mod specs;
mod user;

pub use self::{
    rights::{Right, Rights},
    user::{By, User},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    actor::Role,
    bridge::bridge,
    change::Change,
    contact::{Email, Language},
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
        /// The staff member that they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staff_id: Option<Id<Staff>>,
        /// Which language they are written to in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<Language>,
    },
    /// They took the invitation up.
    UserJoined {},
    /// What is told of them changed.
    ProfileChanged {
        /// What they are called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Option<Sealed<PersonName>>>>,
        /// With which address they sign in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Change<Sealed<Email>>>,
        /// Which language they are written to in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<Change<Option<Language>>>,
    },
    /// They are another staff member, or none, from now on.
    StaffTied {
        /// Before.
        from: Option<Id<Staff>>,
        /// After.
        to: Option<Id<Staff>>,
    },
    /// They act as something else from now on.
    RoleGranted {
        /// Before.
        from: Role,
        /// After.
        to: Role,
    },
    /// They have a right that they had not.
    RightGiven {
        /// Which.
        right: Right,
    },
    /// They have a right no longer.
    RightTaken {
        /// Which.
        right: Right,
    },
    /// They may not sign in for now.
    UserDisabled {},
    /// They may again.
    UserEnabled {},
    /// Their second factor was taken away.
    SecondFactorRemoved {},
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
        /// What it may do of what the role may; none: all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<Rights>,
    },
    /// The key is called something else.
    ApiKeyRenamed {
        /// Before.
        from: Label,
        /// After.
        to: Label,
    },
    /// It may no longer.
    ApiKeyRevoked {},
}

/// What may be asked. `by`: who asks it, so far as that decides.
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
        /// The staff member that they are.
        staff_id: Option<Id<Staff>>,
        /// Which language they are written to in.
        language: Option<Language>,
        /// Who invites.
        by: By,
    },
    /// Take the invitation up.
    Join,
    /// Change what is told of somebody. Names and addresses are compared by the caller, who can open them.
    ChangeProfile {
        /// What they are to be called.
        name: Option<Option<Sealed<PersonName>>>,
        /// With which address they are to sign in.
        email: Option<Sealed<Email>>,
        /// Which language they are to be written to in.
        language: Option<Option<Language>>,
        /// Who changes it; none: they themselves.
        by: Option<By>,
    },
    /// Make them another staff member, or none.
    TieStaff {
        /// Which.
        staff_id: Option<Id<Staff>>,
        /// Who does.
        by: By,
    },
    /// Have them act as something else.
    ChangeRole {
        /// As what.
        role: Role,
        /// Who does.
        by: By,
        /// Somebody else is an owner who can sign in.
        other_owner: bool,
    },
    /// Let them have a right.
    GiveRight {
        /// Which.
        right: Right,
        /// Who gives it.
        by: By,
    },
    /// Let them have it no longer.
    TakeRight {
        /// Which.
        right: Right,
        /// Who takes it.
        by: By,
    },
    /// Keep them from signing in.
    Disable {
        /// Who they are: nobody shuts themselves out.
        user: Option<Uuid>,
        /// Who does.
        by: By,
        /// Somebody else is an owner who can sign in.
        other_owner: bool,
    },
    /// Let them sign in again.
    Enable {
        /// Who does.
        by: By,
    },
    /// Let them sign in without a code. (Whether one is asked for is a secret's matter, and not the stream's.)
    RemoveSecondFactor {
        /// Who does.
        by: By,
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
        /// What of what the role may; none: all of it.
        scopes: Option<Rights>,
        /// Who issues it: it can do no more than they.
        by: By,
    },
    /// Call the key something else.
    RenameApiKey {
        /// What it is for.
        name: Label,
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
    /// There is no such user.
    #[error("there is no such user")]
    NoSuchUser,
    /// They joined before, or were shut out: an invitation is no use.
    #[error("the user is not invited")]
    NotInvited,
    /// Who asks stands no higher than that.
    #[error("nobody grants more than they have, or decides about who stands as high as they")]
    AboveYou,
    /// Without an owner nobody could let anybody in again.
    #[error("they are the last owner who can sign in")]
    LastOwner,
    /// It is about who asks.
    #[error("nobody shuts themselves out")]
    Yourself,
    /// It is not among those that are given and taken one by one.
    #[error("that right belongs to a role as a whole")]
    NotSingle,
    /// From an owner no right can be taken.
    #[error("an owner has every right")]
    OwnersHaveAll,
}

/// A user or key as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Nothing yet.
    #[default]
    Blank,
    /// Somebody who signs in.
    User(User),
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
        /// What of what the role may; none: all of it.
        scopes: Option<Rights>,
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
        use AccessCommand as C;
        match command {
            C::InviteUser {
                email,
                name,
                role,
                staff_id,
                language,
                by,
            } => {
                self.blank()?;
                by.grants(role)?;
                by.has_all(Rights::of(role))?;
                Ok(vec![AccessEvent::UserInvited {
                    email,
                    name,
                    role,
                    staff_id,
                    language,
                }])
            }
            C::Join => self.join(),
            C::ChangeProfile {
                name,
                email,
                language,
                by,
            } => self.change_profile(name, email, language, by),
            C::TieStaff { staff_id, by } => self.tie_staff(staff_id, by),
            C::ChangeRole {
                role,
                by,
                other_owner,
            } => self.change_role(role, by, other_owner),
            C::GiveRight { right, by } => self.give(right, by),
            C::TakeRight { right, by } => self.take(right, by),
            C::Disable {
                user,
                by,
                other_owner,
            } => self.disable(user, by, other_owner),
            C::Enable { by } => self.enable(by),
            C::RemoveSecondFactor { by } => {
                by.stands_over(self.user()?.role)?;
                Ok(vec![AccessEvent::SecondFactorRemoved {}])
            }
            C::IssueApiKey {
                name,
                role,
                staff_id,
                expires_at,
                scopes,
                by,
            } => {
                self.blank()?;
                by.grants(role)?;
                by.has_all(key_rights(role, scopes))?;
                Ok(vec![AccessEvent::ApiKeyIssued {
                    name,
                    role,
                    staff_id,
                    expires_at,
                    scopes,
                }])
            }
            C::RenameApiKey { name } => self.rename(name),
            C::RevokeApiKey => self.revoke(),
        }
    }

    fn blank(&self) -> Result<(), AccessError> {
        match self {
            Self::Blank => Ok(()),
            Self::User(_) | Self::ApiKey { .. } => Err(AccessError::Taken),
        }
    }

    /// The user that it is.
    ///
    /// # Errors
    /// When it is none.
    pub const fn user(&self) -> Result<&User, AccessError> {
        match self {
            Self::User(user) => Ok(user),
            Self::Blank | Self::ApiKey { .. } => Err(AccessError::NoSuchUser),
        }
    }

    fn join(&self) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        if user.disabled {
            return Err(AccessError::NotInvited);
        }
        Ok(if user.joined {
            vec![]
        } else {
            vec![AccessEvent::UserJoined {}]
        })
    }

    fn change_profile(
        &self,
        name: Option<Option<Sealed<PersonName>>>,
        email: Option<Sealed<Email>>,
        language: Option<Option<Language>>,
        by: Option<By>,
    ) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        if let Some(by) = by {
            by.stands_over(user.role)?;
            // Whoever has the address has a new password sent to it.
            if email.is_some() {
                by.has_all(user.rights())?;
            }
        }
        let name = Change::asked(&user.name, name.as_ref());
        let email = Change::asked(&user.email, email.as_ref());
        let language = Change::asked(&user.language, language.as_ref());
        if name.is_none() && email.is_none() && language.is_none() {
            return Ok(vec![]);
        }
        Ok(vec![AccessEvent::ProfileChanged {
            name,
            email,
            language,
        }])
    }

    fn tie_staff(&self, to: Option<Id<Staff>>, by: By) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        by.stands_over(user.role)?;
        let from = user.staff_id;
        Ok(if from == to {
            vec![]
        } else {
            vec![AccessEvent::StaffTied { from, to }]
        })
    }

    fn change_role(
        &self,
        to: Role,
        by: By,
        other_owner: bool,
    ) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        by.stands_over(user.role)?;
        by.grants(to)?;
        let from = user.role;
        if from == to {
            return Ok(vec![]);
        }
        let after = User {
            role: to,
            ..user.clone()
        };
        by.has_all(after.rights().but(user.rights()))?;
        if from == Role::Owner && !other_owner {
            return Err(AccessError::LastOwner);
        }
        Ok(vec![AccessEvent::RoleGranted { from, to }])
    }

    fn give(&self, right: Right, by: By) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        single(right)?;
        by.stands_over(user.role)?;
        by.has(right)?;
        Ok(if user.rights().has(right) {
            vec![]
        } else {
            vec![AccessEvent::RightGiven { right }]
        })
    }

    fn take(&self, right: Right, by: By) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        single(right)?;
        by.stands_over(user.role)?;
        if user.role == Role::Owner {
            return Err(AccessError::OwnersHaveAll);
        }
        Ok(if user.rights().has(right) {
            vec![AccessEvent::RightTaken { right }]
        } else {
            vec![]
        })
    }

    fn disable(
        &self,
        id: Option<Uuid>,
        by: By,
        other_owner: bool,
    ) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        by.stands_over(user.role)?;
        by.is_not(id)?;
        if user.disabled {
            return Ok(vec![]);
        }
        if user.role == Role::Owner && !other_owner {
            return Err(AccessError::LastOwner);
        }
        Ok(vec![AccessEvent::UserDisabled {}])
    }

    fn enable(&self, by: By) -> Result<Vec<AccessEvent>, AccessError> {
        let user = self.user()?;
        by.stands_over(user.role)?;
        Ok(if user.disabled {
            vec![AccessEvent::UserEnabled {}]
        } else {
            vec![]
        })
    }

    fn rename(&self, to: Label) -> Result<Vec<AccessEvent>, AccessError> {
        match self {
            Self::ApiKey { name, .. } if *name == to => Ok(vec![]),
            Self::ApiKey { name, .. } => {
                let from = name.clone();
                Ok(vec![AccessEvent::ApiKeyRenamed { from, to }])
            }
            Self::Blank | Self::User(_) => Err(AccessError::NoSuchKey),
        }
    }

    fn revoke(&self) -> Result<Vec<AccessEvent>, AccessError> {
        match self {
            Self::ApiKey { revoked: true, .. } => Ok(vec![]),
            Self::ApiKey { revoked: false, .. } => Ok(vec![AccessEvent::ApiKeyRevoked {}]),
            Self::Blank | Self::User(_) => Err(AccessError::NoSuchKey),
        }
    }

    fn remember(&mut self, event: AccessEvent) {
        use AccessEvent as E;
        match (event, self) {
            (
                E::UserInvited {
                    email,
                    name,
                    role,
                    staff_id,
                    language,
                },
                access,
            ) => {
                *access = Self::User(User {
                    email,
                    name,
                    language,
                    role,
                    staff_id,
                    joined: false,
                    disabled: false,
                    given: Rights::NONE,
                    taken: Rights::NONE,
                });
            }
            (
                E::ApiKeyIssued {
                    name,
                    role,
                    staff_id,
                    expires_at,
                    scopes,
                },
                access,
            ) => {
                *access = Self::ApiKey {
                    name,
                    role,
                    staff_id,
                    expires_at,
                    scopes,
                    revoked: false,
                };
            }
            (E::ApiKeyRenamed { to, .. }, Self::ApiKey { name, .. }) => *name = to,
            (E::ApiKeyRevoked {}, Self::ApiKey { revoked, .. }) => *revoked = true,
            (event, Self::User(user)) => user.remember(event),
            // No history that we wrote; it must load all the same.
            (_, Self::Blank | Self::ApiKey { .. }) => {}
        }
    }
}

/// What a key of this role may do, with these scopes.
#[must_use]
pub fn key_rights(role: Role, scopes: Option<Rights>) -> Rights {
    let of_role = Rights::of(role);
    scopes.map_or(of_role, |scopes| of_role.within(scopes))
}

fn single(right: Right) -> Result<(), AccessError> {
    if Right::SINGLE.contains(&right) {
        Ok(())
    } else {
        Err(AccessError::NotSingle)
    }
}

bridge!(Access, "access", AccessCommand, AccessEvent, AccessError);
