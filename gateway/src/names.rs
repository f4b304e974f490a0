//! What ids are called.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    time::Duration,
};

use domain::{access::Access, client::Client, id::Id, sealed::Sealed};
use ledger::{BusinessId, Position};
use projections::{NotYet, ReadModel, Scope, changes, clients::Called, reports};
use uuid::Uuid;

use crate::{
    app::App,
    command::{Ask, Done, Loaded},
    problem::Problem,
};

/// Where it stands what users and keys are called.
const ACTORS: &ReadModel = &changes::READ_MODEL;
/// Where it stands what was told about bookings.
const MESSAGES: &ReadModel = &reports::READ_MODEL;

impl App {
    /// As [`App::wait_for`], before an answer that also names users and keys. While what they are called is being built
    /// for the first time, it is not waited for: they are named out of their streams.
    pub(crate) async fn wait_for_named<Q>(
        &self,
        ask: &Ask<Q>,
        read_models: &[&'static ReadModel],
    ) -> Result<(), Problem> {
        self.wait_beside(ask, read_models, &[ACTORS]).await
    }

    /// The same before an answer that shows bookings, with what was told about them. That too is not waited for while it
    /// is being built for the first time: no booking is kept back for it.
    pub(crate) async fn wait_for_bookings<Q>(
        &self,
        ask: &Ask<Q>,
        read_models: &[&'static ReadModel],
    ) -> Result<(), Problem> {
        self.wait_beside(ask, read_models, &[ACTORS, MESSAGES])
            .await
    }

    /// Waits for some read models, and for others unless they are being built for the first time.
    async fn wait_beside<Q>(
        &self,
        ask: &Ask<Q>,
        read_models: &[&'static ReadModel],
        others: &[&'static ReadModel],
    ) -> Result<(), Problem> {
        let mut read_models = read_models.to_vec();
        if ask.min_position.is_some() {
            let (projector, business) = (self.projector(), ask.caller.business());
            for other in others {
                let one = [*other];
                let built = projector.wait_for(business, &one, Position::START, Duration::ZERO);
                if !matches!(built.await, Err(NotYet::BeingBuilt { .. })) {
                    read_models.push(other);
                }
            }
        }
        self.wait_for(ask, &read_models).await
    }

    /// A client, or who they turned out to be; opened.
    pub(crate) async fn client_now(
        &self,
        business: BusinessId,
        client: Id<Client>,
    ) -> Result<(Id<Client>, Loaded<Client>), Problem> {
        let loaded = self.load::<Client>(business, client.uuid()).await?;
        match loaded.state.merged_into {
            None => Ok((client, loaded)),
            Some(into) => Ok((into, self.load::<Client>(business, into.uuid()).await?)),
        }
    }

    /// Under whom what is this client's is found: themselves, or who they turned out to be.
    pub(crate) async fn client_id_now(
        &self,
        business: BusinessId,
        client: Option<Uuid>,
    ) -> Result<Option<Id<Client>>, Problem> {
        let Some(client) = client else {
            return Ok(None);
        };
        // What is sealed may stay so: nobody is named here.
        let loaded = self.ledger().load::<Client>(business, client).await?;
        let client = Id::new(client);
        Ok(Some(loaded.state.merged_into.unwrap_or(client)))
    }

    /// A client and all who turned out to be the same person, whichever of them is asked for. Of another thing's id:
    /// that id alone.
    pub(crate) async fn client_ids(
        &self,
        business: BusinessId,
        client: Option<Uuid>,
    ) -> Result<Vec<Id<Client>>, Problem> {
        let Some(client) = client else {
            return Ok(vec![]);
        };
        // What is sealed may stay so: nobody is named here.
        let loaded = self.ledger().load::<Client>(business, client).await?;
        Ok(match loaded.state.merged_into {
            None => loaded.state.ids(Id::new(client)),
            Some(now) => {
                let stays = self.ledger().load::<Client>(business, now.uuid()).await?;
                stays.state.ids(now)
            }
        })
    }

    /// What these clients are called, or those they turned out to be, from their streams: right even for one who became
    /// known a moment ago. None: erased, or not there. `after`: in the answer to a command, which may have seen them.
    pub(crate) async fn client_names(
        &self,
        business: BusinessId,
        clients: &BTreeSet<Id<Client>>,
        after: Option<&Done>,
    ) -> Result<BTreeMap<Id<Client>, Called>, Problem> {
        let named = clients.iter().map(|id| async move {
            let client = match after {
                Some(done) => self.beside::<Client>(business, done, id.uuid()).await?,
                None => self.load::<Client>(business, id.uuid()).await?,
            };
            let (client_id, client) = match client.state.merged_into {
                None => (*id, client),
                Some(_) => self.client_now(business, *id).await?,
            };
            let card = client.state.card;
            let name = card.and_then(|card| card.name.value().map(ToString::to_string));
            Ok::<_, Problem>((*id, Called { client_id, name }))
        });
        Ok(futures::future::try_join_all(named)
            .await?
            .into_iter()
            .collect())
    }

    /// What these users, keys and clients are called. Who the read model has not come to yet, or has no name for, is
    /// looked for in the streams: an answer to a command does not wait for read models.
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
        let mut names: BTreeMap<_, _> = names
            .into_iter()
            .map(|(id, name)| (id, Some(name)))
            .collect();
        for id in ids {
            if let Entry::Vacant(nameless) = names.entry(id) {
                nameless.insert(self.actor_name(business, id).await?);
            }
        }
        Ok(names)
    }

    /// What this actor is called by their stream.
    async fn actor_name(&self, business: BusinessId, id: Uuid) -> Result<Option<String>, Problem> {
        let access = self.load::<Access>(business, id).await?;
        Ok(match access.state {
            Access::User(user) => {
                let name = user.name.as_ref().and_then(Sealed::value);
                name.map(ToString::to_string)
                    .or_else(|| user.email.value().map(|email| email.as_str().to_owned()))
            }
            Access::ApiKey { name, .. } => Some(name.to_string()),
            Access::Blank => {
                let client = self.load::<Client>(business, id).await?;
                let card = client.state.card;
                card.and_then(|card| card.name.value().map(ToString::to_string))
            }
        })
    }
}
