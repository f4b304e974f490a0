//! What somebody may do: single rights, and which of them each role has.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::{IntoStaticStr, VariantArray};

use crate::actor::Role;

/// One thing that somebody may do. Over *which* bookings and clients is another question: a staff member's rights
/// reach their own alone.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Right {
    /// See what the house offers: services, staff, desks, classes, hours, free times.
    SeeCatalogue,
    /// Plan working hours, absences, desks' days and class sessions.
    ManageSchedule,
    /// Change services, staff, desks and classes, the house's hours and closures.
    ManageCatalogue,
    /// See bookings, in the calendar and in history.
    SeeBookings,
    /// Book, move, cancel, and everything else in a booking's life that has no right of its own.
    ManageBookings,
    /// Book outside working hours, or off the grid of starts.
    OutsideHours,
    /// Bring back what was deleted or cancelled, and put a change back.
    Restore,
    /// Take money.
    TakePayments,
    /// Give money back.
    Refund,
    /// See amounts: prices agreed, paid, due, and the money in reports.
    SeeRevenue,
    /// See clients.
    SeeClients,
    /// See clients' phones and addresses, and search by them.
    SeePhones,
    /// Register clients, and change what is known of them.
    ManageClients,
    /// Make one of two clients.
    MergeClients,
    /// Hand out all that is held of a person, and erase it.
    PersonalData,
    /// Bring in clients and services from files.
    Import,
    /// Take lists away as files.
    Export,
    /// Write to clients.
    SendMessages,
    /// Work with segments, campaigns and loyalty.
    ManageMarketing,
    /// See reports.
    SeeReports,
    /// See who changed what.
    SeeChanges,
    /// Read the ledger itself.
    SeeLog,
    /// Change the house's settings, its policy, and what leaves it (webhooks).
    ManageSettings,
    /// Invite, disable and enable users, give and take single rights, end sessions.
    ManageUsers,
    /// Issue and revoke API keys.
    ManageApiKeys,
    /// Change roles.
    ChangeRoles,
}

impl Right {
    /// All of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Those that are given to single users over their role, or taken from them.
    pub const SINGLE: [Self; 7] = [
        Self::SeePhones,
        Self::SeeRevenue,
        Self::Export,
        Self::Refund,
        Self::Restore,
        Self::OutsideHours,
        Self::SendMessages,
    ];

    /// Its word in JSON and in texts.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The lowest role that has it of itself. Each role has all that the ones below it have.
    #[must_use]
    pub const fn from_role(self) -> Role {
        match self {
            Self::SeeCatalogue
            | Self::SeeBookings
            | Self::ManageBookings
            | Self::TakePayments
            | Self::SeeRevenue
            | Self::SeeClients
            | Self::ManageClients
            | Self::SeeReports
            | Self::SeeChanges => Role::Staff,
            Self::ManageSchedule
            | Self::OutsideHours
            | Self::Restore
            | Self::Refund
            | Self::SeePhones
            | Self::MergeClients
            | Self::Export
            | Self::SendMessages
            | Self::ManageMarketing => Role::Manager,
            Self::ManageCatalogue
            | Self::PersonalData
            | Self::Import
            | Self::SeeLog
            | Self::ManageSettings
            | Self::ManageUsers
            | Self::ManageApiKeys => Role::Admin,
            Self::ChangeRoles => Role::Owner,
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Several rights. As JSON: the list of their words.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "Vec<Right>")
)]
pub struct Rights(u32);

impl Rights {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// What a role has of itself.
    #[must_use]
    pub fn of(role: Role) -> Self {
        Right::ALL
            .iter()
            .copied()
            .filter(|right| role.reaches(right.from_role()))
            .collect()
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// With this one.
    #[must_use]
    pub const fn with(self, right: Right) -> Self {
        Self(self.0 | right.bit())
    }

    /// Without this one.
    #[must_use]
    pub const fn without(self, right: Right) -> Self {
        Self(self.0 & !right.bit())
    }

    /// These and the others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These without the others.
    #[must_use]
    pub const fn but(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those that are among both.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of them are among the others.
    #[must_use]
    pub const fn all_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Each of them, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL
            .iter()
            .copied()
            .filter(move |right| self.has(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        rights.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Rights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Right>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod specs {
    use super::*;

    #[test]
    fn each_role_has_what_the_one_below_it_has_and_more() {
        let of = Rights::of;
        for (below, above) in [
            (Role::Staff, Role::Manager),
            (Role::Manager, Role::Admin),
            (Role::Admin, Role::Owner),
        ] {
            assert!(of(below).all_within(of(above)));
            assert_ne!(of(below), of(above));
        }
        assert_eq!(of(Role::Owner), Right::ALL.iter().copied().collect());
    }

    #[test]
    fn a_right_is_among_those_it_was_put_with_and_no_others() {
        for right in Right::ALL.iter().copied() {
            let alone = Rights::NONE.with(right);
            assert_eq!(alone.iter().collect::<Vec<_>>(), [right]);
            assert_eq!(alone.without(right), Rights::NONE);
        }
    }

    #[test]
    fn rights_are_written_as_a_list_of_words() {
        let rights: Rights = [Right::Export, Right::SeePhones].into_iter().collect();
        let json = serde_json::to_string(&rights).unwrap();
        assert_eq!(json, r#"["see_phones","export"]"#);
        assert_eq!(serde_json::from_str::<Rights>(&json).unwrap(), rights);
        assert!(serde_json::from_str::<Rights>(r#"["fly"]"#).is_err());
    }
}
