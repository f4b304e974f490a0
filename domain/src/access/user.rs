//! A user as their events leave them, and who may decide about whom.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AccessError, AccessEvent, Right, Rights};
use crate::{
    actor::Role,
    change::Change,
    contact::{Email, Language},
    id::Id,
    sealed::Sealed,
    staff::Staff,
    text::PersonName,
};

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// With which address.
    pub email: Sealed<Email>,
    /// What they are called.
    pub name: Option<Sealed<PersonName>>,
    /// Which language they are written to in; none: the house's first one.
    pub language: Option<Language>,
    /// As what.
    pub role: Role,
    /// The staff member that they are. Of whose role is staff, these bookings alone are theirs.
    pub staff_id: Option<Id<Staff>>,
    /// They took the invitation up.
    pub joined: bool,
    /// They may not sign in for now.
    pub disabled: bool,
    /// What they have over their role.
    pub given: Rights,
    /// What they have not, though their role has.
    pub taken: Rights,
}

impl User {
    /// What they may do. An owner may do everything.
    #[must_use]
    pub fn rights(&self) -> Rights {
        let of_role = Rights::of(self.role);
        match self.role {
            Role::Owner => of_role,
            Role::Admin | Role::Manager | Role::Staff => of_role.and(self.given).but(self.taken),
        }
    }
}

/// Who decides about somebody's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The house itself, from its own machine.
    House,
    /// A user or a key.
    Somebody {
        /// Which.
        id: Uuid,
        /// In which role.
        role: Role,
        /// With which rights.
        rights: Rights,
    },
}

impl By {
    /// They may let somebody in in this role: nobody grants above themselves.
    pub(super) fn grants(self, role: Role) -> Result<(), AccessError> {
        match self {
            Self::Somebody { role: own, .. } if !own.reaches(role) => Err(AccessError::AboveYou),
            Self::House | Self::Somebody { .. } => Ok(()),
        }
    }

    /// They may decide about who has this role: owners about everybody, others about those below them.
    ///
    /// # Errors
    /// When they may not.
    pub fn stands_over(self, role: Role) -> Result<(), AccessError> {
        match self {
            Self::House => Ok(()),
            Self::Somebody { role: own, .. } => {
                let over = own == Role::Owner || (own.reaches(role) && own != role);
                if over {
                    Ok(())
                } else {
                    Err(AccessError::AboveYou)
                }
            }
        }
    }

    /// They have what they hand on.
    pub(super) fn has(self, right: Right) -> Result<(), AccessError> {
        match self {
            Self::Somebody { rights, .. } if !rights.has(right) => Err(AccessError::AboveYou),
            Self::House | Self::Somebody { .. } => Ok(()),
        }
    }

    /// They have all that they hand on.
    ///
    /// # Errors
    /// When they have not.
    pub fn has_all(self, asked: Rights) -> Result<(), AccessError> {
        match self {
            Self::Somebody { rights, .. } if !asked.all_within(rights) => {
                Err(AccessError::AboveYou)
            }
            Self::House | Self::Somebody { .. } => Ok(()),
        }
    }

    /// It is not about themselves.
    pub(super) fn is_not(self, user: Option<Uuid>) -> Result<(), AccessError> {
        match self {
            Self::Somebody { id, .. } if Some(id) == user => Err(AccessError::Yourself),
            Self::House | Self::Somebody { .. } => Ok(()),
        }
    }
}

impl User {
    pub(super) fn remember(&mut self, event: AccessEvent) {
        use AccessEvent as E;
        match event {
            E::UserJoined {} => self.joined = true,
            E::ProfileChanged {
                name,
                email,
                language,
            } => {
                Change::put(name.as_ref(), &mut self.name);
                Change::put(email.as_ref(), &mut self.email);
                Change::put(language.as_ref(), &mut self.language);
            }
            E::StaffTied { from: _, to } => self.staff_id = to,
            E::RoleGranted { from: _, to } => self.role = to,
            E::RightGiven { right } => {
                self.given = self.given.with(right);
                self.taken = self.taken.without(right);
            }
            E::RightTaken { right } => {
                self.taken = self.taken.with(right);
                self.given = self.given.without(right);
            }
            E::UserDisabled {} => self.disabled = true,
            E::UserEnabled {} => self.disabled = false,
            E::UserInvited { .. }
            | E::ApiKeyIssued { .. }
            | E::ApiKeyRenamed { .. }
            | E::SecondFactorRemoved {}
            | E::ApiKeyRevoked {} => {}
        }
    }
}
