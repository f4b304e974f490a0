//! Whose rows a query may see.

use domain::{id::Id, staff::Staff};

use crate::BusinessId;

/// What a query is bounded to. Every query function takes one, so that none can forget the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    business: BusinessId,
    bookings_of: Option<Id<Staff>>,
    contacts: bool,
}

impl Scope {
    /// Everything of one business.
    #[must_use]
    pub const fn whole(business: BusinessId) -> Self {
        Self {
            business,
            bookings_of: None,
            contacts: true,
        }
    }

    /// Of one business, and of its bookings those of one staff member alone.
    #[must_use]
    pub const fn bookings_of(business: BusinessId, staff: Id<Staff>) -> Self {
        Self {
            business,
            bookings_of: Some(staff),
            contacts: true,
        }
    }

    /// The same, for who may not see how clients are reached: nobody is found by it either.
    #[must_use]
    pub const fn without_contacts(mut self) -> Self {
        self.contacts = false;
        self
    }

    /// Whether clients are found by their phones and addresses.
    #[must_use]
    pub const fn contacts(&self) -> bool {
        self.contacts
    }

    /// The business.
    #[must_use]
    pub const fn business(&self) -> BusinessId {
        self.business
    }

    /// The staff member whose bookings alone may be seen; none: everyone's.
    #[must_use]
    pub const fn staff(&self) -> Option<Id<Staff>> {
        self.bookings_of
    }
}
