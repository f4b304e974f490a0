//! What clients were told about bookings.

use std::collections::BTreeMap;

use domain::{booking::Booking, id::Id, notification::Notification};
use ledger::BusinessId;
use projections::{
    Scope,
    reports::{self, Message},
};
use uuid::Uuid;

use crate::{app::App, as_of::AsOf, problem::Problem};

/// The messages about some bookings, each booking's in the order in which they were due.
#[derive(Debug, Default)]
pub(crate) struct Messages(BTreeMap<Id<Booking>, Vec<Message>>);

impl Messages {
    /// Those about these bookings. Whoever may see a booking may see them.
    pub(crate) async fn of(
        app: &App,
        business: BusinessId,
        bookings: impl Iterator<Item = Id<Booking>>,
    ) -> Result<Self, Problem> {
        let bookings: Vec<_> = bookings.collect();
        let scope = Scope::whole(business);
        let found = reports::of_bookings(app.pool(), &scope, &bookings).await?;
        Ok(Self(found))
    }

    /// The same as they stood then: the read model names them, their streams say how far they had come.
    pub(crate) async fn then(
        self,
        app: &App,
        business: BusinessId,
        as_of: AsOf,
    ) -> Result<Self, Problem> {
        let ids: Vec<Uuid> = self.0.values().flatten().map(|m| m.id.uuid()).collect();
        if ids.is_empty() {
            return Ok(self);
        }
        let then = app.load_all_as_of::<Notification>(business, &ids, as_of);
        let then = then.await?;
        let stood = |message: Message| {
            let loaded = then.get(&message.id.uuid())?;
            Message::of(message.id, &loaded.state)
        };
        let all = self.0.into_iter();
        let all = all.map(|(id, messages)| (id, messages.into_iter().filter_map(stood).collect()));
        Ok(Self(all.collect()))
    }

    /// Those about one of them.
    pub(super) fn about(&self, booking: Id<Booking>) -> impl Iterator<Item = &Message> {
        self.0.get(&booking).into_iter().flatten()
    }
}
