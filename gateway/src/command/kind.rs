//! The aggregates, as commands see them.

use domain::{
    access::Access, booking::Booking, business::Business, class::Class, client::Client, desk::Desk,
    segment::Segment, service::Service, session::Session, staff::Staff, waitlist::Request,
    webhook::Webhook,
};

use crate::problem::Problem;

/// An aggregate whose rules are a plain function, and whose refusals have an answer.
pub trait Kind: cqrs_es::Aggregate<Services = ()> + Clone + 'static {
    /// Bookings are validated against it: an append rests on the catalogue, and moves it.
    const IN_CATALOGUE: bool;

    /// What follows from a command.
    ///
    /// # Errors
    /// The refusal.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Problem>;
}

macro_rules! kinds {
    ($($kind:ty: $in_catalogue:literal),+ $(,)?) => {$(
        impl Kind for $kind {
            const IN_CATALOGUE: bool = $in_catalogue;

            fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Problem> {
                Ok(Self::decide(self, command)?)
            }
        }
    )+};
}
kinds! {
    Business: true,
    Service: true,
    Staff: true,
    Desk: true,
    Class: true,
    Session: true,
    Client: false,
    Booking: false,
    Access: false,
    Request: false,
    Webhook: false,
    Segment: false,
}
