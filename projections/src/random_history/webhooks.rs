//! Addresses on the web that are told what happens.

use domain::{
    id::Id,
    sealed::Sealed,
    text::WebAddress,
    webhook::{EventFilter, Off, Wanted, Webhook, WebhookCommand},
};
use uuid::Uuid;

use super::RandomHistory;

impl RandomHistory {
    pub(super) fn webhook_changes(&mut self) {
        let known = self.chance.key(self.webhooks.keys());
        let Some(id) = known.filter(|_| !self.chance.one_in(4)) else {
            let id = self.chance.uuid();
            let wanted = Wanted {
                name: self.chance.one_in(2).then(|| self.label()),
                url: self.address(id),
                event_types: self.event_types(),
            };
            return self.ask_webhook(id, WebhookCommand::SetUp(wanted));
        };
        let delivery_id = Id::new(self.chance.uuid());
        let command = match self.chance.below(8) {
            0 | 1 => WebhookCommand::Change {
                name: self.chance.one_in(2).then(|| Some(self.label())),
                url: self.chance.one_in(2).then(|| self.address(id)),
                event_types: self.chance.one_in(2).then(|| self.event_types()),
            },
            2 => WebhookCommand::RotateSecret {
                old_until: self.in_minutes(60),
            },
            3 => WebhookCommand::SwitchOff(self.chance.of_these(&[
                Off::ByHand,
                Off::Failing,
                Off::Gone,
            ])),
            4 => WebhookCommand::SwitchOn,
            5 => WebhookCommand::Test(delivery_id),
            6 => WebhookCommand::Redeliver {
                delivery_id,
                position: 1,
            },
            _ => WebhookCommand::Remove,
        };
        self.ask_webhook(id, command);
    }

    fn address(&mut self, id: Uuid) -> Sealed<WebAddress> {
        let text = format!("https://hooks.example/{}", self.chance.below(100));
        let address = WebAddress::parse(&text).expect("an address");
        Sealed::open(Id::<Webhook>::new(id), address)
    }

    fn event_types(&mut self) -> Vec<EventFilter> {
        let filters = ["daybook.booking.*", "daybook.client.registered"];
        let filter = EventFilter::parse(self.chance.of_these(&filters)).expect("a filter");
        self.chance
            .one_in(2)
            .then_some(filter)
            .into_iter()
            .collect()
    }
}
