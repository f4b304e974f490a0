//! Who changed what, when, from what to what, and why: a line for every event of the ledger.
//! Its tables: `change`, `change_booking`, `change_actor` (migrations 0026, 0033, 0064).
//!
//! Everything that an event tells is here; how things stand is told by the other read models. Names of staff,
//! services and desks are left to who shows them; actors are named, for they are people and keys of this read model's.

mod apply;
mod fields;
mod find;
mod of_access;
mod of_booking;
mod of_catalogue;
mod of_class;
mod of_client;
mod of_message;
mod of_segment;
mod of_waitlist;
mod of_webhook;

#[cfg(test)]
mod specs;

use domain::{event::AnyEvent, sealed::Sealed, text::FreeText};
use uuid::Uuid;

pub use self::{
    fields::FieldChange,
    find::{
        Actor, Entry, Filter, Found, Happened, Page, actor_names, between, find, newest, of_booking,
    },
};
use self::{fields::Fields, of_booking::Standing};
use crate::ReadModel;

/// Changes, as they are fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "changes",
    version: 2,
    tables: &["change", "change_booking", "change_actor"],
    late_indexes: &[
        "change_at",
        "change_booking_position",
        "change_client_position",
        "change_subject_position",
        "change_actor_position",
        "change_action",
        "change_told_late",
        "change_booking_staff",
        "change_reverts",
    ],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};

/// What an event changed, and why.
#[derive(Debug)]
struct Told {
    changes: Vec<FieldChange>,
    reason: Option<String>,
    reason_under: Option<Uuid>,
}

impl Told {
    fn fields(fields: Fields) -> Self {
        Self {
            changes: fields.into_lines(),
            reason: None,
            reason_under: None,
        }
    }

    fn because(mut self, reason: Option<&Sealed<FreeText>>) -> Self {
        (self.reason, self.reason_under) = fields::reason(reason);
        self
    }
}

/// What an event changed. Of a booking's, told against how it stood, which is brought up to date in passing.
fn tell(event: &AnyEvent, booking: &mut Option<Standing>) -> Told {
    match event {
        AnyEvent::Business(_, event) => of_catalogue::tell_business(event),
        AnyEvent::Service(_, event) => of_catalogue::tell_service(event),
        AnyEvent::Staff(_, event) => of_catalogue::tell_staff(event),
        AnyEvent::Desk(_, event) => of_catalogue::tell_desk(event),
        AnyEvent::Class(_, event) => of_class::tell_class(event),
        AnyEvent::Session(_, event) => of_class::tell_session(event),
        AnyEvent::Client(_, event) => of_client::tell(event),
        AnyEvent::Booking(_, event) => of_booking::tell(event, booking),
        AnyEvent::Access(_, event) => of_access::tell(event),
        AnyEvent::Waitlist(_, event) => of_waitlist::tell(event),
        AnyEvent::Webhook(_, event) => of_webhook::tell(event),
        AnyEvent::Segment(_, event) => of_segment::tell(event),
        AnyEvent::Campaign(_, event) => of_message::tell_campaign(event),
        AnyEvent::Notification(_, event) => of_message::tell_notification(event),
    }
}
