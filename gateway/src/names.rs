//! What ids are called.

use std::collections::{BTreeMap, BTreeSet};

use domain::{client::Client, id::Id};
use ledger::BusinessId;
use projections::{Scope, changes};
use uuid::Uuid;

use crate::{app::App, command::Done, problem::Problem};

impl App {
    /// What these clients are called, from their streams: right even for one who became known a moment ago. None:
    /// erased, or not there. `after`: in the answer to a command, which may have seen them.
    pub(crate) async fn client_names(
        &self,
        business: BusinessId,
        clients: &BTreeSet<Id<Client>>,
        after: Option<&Done>,
    ) -> Result<BTreeMap<Id<Client>, Option<String>>, Problem> {
        let named = clients.iter().map(|id| async move {
            let client = match after {
                Some(done) => self.beside::<Client>(business, done, id.uuid()).await?,
                None => self.load::<Client>(business, id.uuid()).await?,
            };
            let name = client
                .state
                .card
                .and_then(|card| card.name.value().map(ToString::to_string));
            Ok::<_, Problem>((*id, name))
        });
        Ok(futures::future::try_join_all(named)
            .await?
            .into_iter()
            .collect())
    }

    /// What these users and keys are called.
    pub(crate) async fn actor_names(
        &self,
        business: BusinessId,
        actors: &BTreeSet<Uuid>,
    ) -> Result<BTreeMap<Uuid, Option<String>>, Problem> {
        if actors.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<_> = actors.iter().copied().collect();
        let names = changes::actor_names(self.pool(), &Scope::whole(business), &ids).await?;
        Ok(names
            .into_iter()
            .map(|(id, name)| (id, Some(name)))
            .collect())
    }
}
