//! Who does a thing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who did it. Ids only: names are looked up by whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Their id; none for the system itself.
    pub id: Option<Uuid>,
    /// The role in which they acted; none for clients and the system.
    pub role: Option<Role>,
}

impl Actor {
    /// Daybook itself.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: None,
            role: None,
        }
    }

    /// History brought in from another system.
    #[must_use]
    pub const fn import() -> Self {
        Self {
            kind: ActorKind::Import,
            id: None,
            role: None,
        }
    }
}

/// What kind of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Someone who signed in.
    User,
    /// A program with a key.
    ApiKey,
    /// A client, on the public page.
    Client,
    /// Another system's history.
    Import,
    /// Daybook itself.
    System,
}

/// What a user or key may do, from the highest down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but what belongs to the owner alone.
    Admin,
    /// Bookings, clients, reports.
    Manager,
    /// Their own bookings.
    Staff,
}

impl Role {
    /// All of them, from the highest down.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Manager, Self::Staff];

    /// Whether it stands as high as the other one, or higher.
    #[must_use]
    pub const fn reaches(self, other: Self) -> bool {
        self as u8 <= other as u8
    }
}

/// The door through which a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A signed-in person.
    Panel,
    /// The public booking page.
    PublicPage,
    /// A program with a key.
    Api,
    /// History from another system.
    Import,
    /// Daybook itself, and its command.
    System,
}
