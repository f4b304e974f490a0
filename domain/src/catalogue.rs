//! What a booking is validated against: the business, its services, staff, desks and classes, folded from the ledger.

use std::{collections::BTreeMap, sync::Arc};

use cqrs_es::Aggregate;

use crate::{
    business::{Business, Settings},
    class::Class,
    desk::Desk,
    event::AnyEvent,
    id::Id,
    service::Service,
    session::Session,
    staff::Staff,
};

/// A business's catalogue as of a position.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// The business itself.
    pub business: Business,
    /// What it does, withdrawn services too.
    pub services: BTreeMap<Id<Service>, Service>,
    /// Who does it, those who left too.
    pub staff: BTreeMap<Id<Staff>, Staff>,
    /// Where, retired desks too.
    pub desks: BTreeMap<Id<Desk>, Desk>,
    /// What is held for several at once, ended classes too.
    pub classes: BTreeMap<Id<Class>, Class>,
    /// The dates of classes, past and cancelled ones too. Shared between copies of the catalogue, for they are many.
    pub sessions: Arc<BTreeMap<Id<Session>, Session>>,
}

impl Catalogue {
    /// Takes the next event in; those of clients, bookings, access and the waitlist leave it alone.
    pub fn apply(&mut self, event: AnyEvent) {
        match event {
            AnyEvent::Business(_, event) => self.business.apply(event),
            AnyEvent::Service(id, event) => self.services.entry(id).or_default().apply(event),
            AnyEvent::Staff(id, event) => self.staff.entry(id).or_default().apply(event),
            AnyEvent::Desk(id, event) => self.desks.entry(id).or_default().apply(event),
            AnyEvent::Class(id, event) => self.classes.entry(id).or_default().apply(event),
            AnyEvent::Session(id, event) => {
                let sessions = Arc::make_mut(&mut self.sessions);
                sessions.entry(id).or_default().apply(event);
            }
            AnyEvent::Client(..)
            | AnyEvent::Booking(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => {}
        }
    }

    /// The business's settings, once it is open.
    #[must_use]
    pub const fn settings(&self) -> Option<&Settings> {
        self.business.settings.as_ref()
    }

    /// Something has a price, so that the currency must stay.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.services.values().any(|s| s.offer.is_some())
    }
}
