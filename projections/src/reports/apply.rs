//! How events become what is counted.

mod bookings;
mod firsts;
mod left;
mod messages;
mod payments;

use domain::event::AnyEvent;
use sqlx::PgConnection;

use self::{bookings::Bookings, messages::Messages, payments::Payments};
use crate::{ApplyError, Projected, merged::Merged, rows::Key, till::sale};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut bookings = Bookings::load(db, batch).await?;
    let mut payments = Payments::load(db, batch).await?;
    let mut messages = Messages::default();
    for projected in batch {
        match &projected.event {
            AnyEvent::Booking(id, event) => {
                let key = (projected.business.0, id.uuid());
                if let Some(money) = bookings.take(projected, key, event) {
                    payments.of_booking(projected, key.1, money);
                }
            }
            AnyEvent::Client(id, event) => {
                if let Some(sale) = sale(event) {
                    payments.of_sale(projected, id.uuid(), sale);
                }
            }
            AnyEvent::Notification(id, event) => messages.of_notification(projected, *id, event),
            AnyEvent::Campaign(id, event) => messages.of_campaign(projected, *id, event),
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..) => {}
        }
    }
    let clients = bookings.clients().chain(payments.clients());
    let clients: Vec<Key> = clients.chain(messages.clients()).collect();
    let tables = ["report_booking", "report_payment", "report_notification"];
    let merged = Merged::take_in(db, "report_merged", &tables, batch, clients).await?;
    bookings.are_of(&merged);
    payments.are_of(&merged);
    messages.are_of(&merged);
    left::note(db, batch).await?;
    bookings.store(db).await?;
    payments.store(db, &bookings).await?;
    messages.store(db).await?;
    let otherwise = bookings.came_otherwise();
    firsts::count(db, otherwise.chain(merged.all_of(batch)).collect()).await
}
