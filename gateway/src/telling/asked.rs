//! What somebody asked to be sent: a test, or an event once more. Sent at once, while they wait.

use domain::webhook::Webhook;
use ledger::{BusinessId, Position};
use uuid::Uuid;
use webhooks::{Delivery, Kind};

use super::Sending;
use crate::{app::App, command::Done, problem::Problem};

impl App {
    /// Sends the event at `position` as the delivery that the command made, unless that was done before.
    pub(crate) async fn send_as_asked(
        &self,
        business: BusinessId,
        webhook: Uuid,
        done: &Done,
        kind: Kind,
        position: Position,
    ) -> Result<Delivery, Problem> {
        let table = self.teller().table();
        let delivery_id = done.id();
        if let Some(logged) = table.delivery(business, webhook, delivery_id).await? {
            return Ok(logged);
        }
        let hook = self.load::<Webhook>(business, webhook).await?;
        let before = Position(position.0.saturating_sub(1));
        let event = self.ledger().read(business, before, 1).await?.pop();
        let event = event.filter(|event| event.position == position);
        let event = event.ok_or_else(Problem::not_found)?;
        let sending = Sending {
            id: delivery_id,
            kind,
            number: 1,
        };
        let attempt = self
            .send_event(business, webhook, &hook.state, &event, sending)
            .await?;
        table.log(business, webhook, &attempt).await?;
        let logged = table.delivery(business, webhook, delivery_id).await?;
        logged.ok_or_else(Problem::not_found)
    }
}
