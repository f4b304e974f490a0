//! Clients who turned out to be somebody else: what stands under them goes under who they are now, and so does what is
//! told of them later.
//!
//! Each of them is told by an event of their own who they are, again whenever that changes: a chain need not be followed.

use std::collections::BTreeMap;

use domain::client::ClientEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Projected, rows::Key};

/// Who clients are now.
#[derive(Debug, Default)]
pub(crate) struct Merged(BTreeMap<Key, Uuid>);

impl Merged {
    /// Takes in what a batch tells of merging: notes it in the table `noted_in`, puts the rows of these `tables` under
    /// who stays, and looks up who `clients` are now. To be done before rows of the batch are stored.
    pub(crate) async fn take_in(
        db: &mut PgConnection,
        noted_in: &'static str,
        tables: &[&'static str],
        batch: &[Projected],
        clients: impl IntoIterator<Item = Key>,
    ) -> Result<Self, sqlx::Error> {
        let told = told(batch);
        if !told.is_empty() {
            let (businesses, ids, into) = columns(&told);
            sqlx::query(&format!(
                "insert into {noted_in} (business_id, client_id, into_id)
                 select * from unnest($1::uuid[], $2::uuid[], $3::uuid[])
                     on conflict (business_id, client_id) do update set into_id = excluded.into_id"
            ))
            .bind(&businesses)
            .bind(&ids)
            .bind(&into)
            .execute(&mut *db)
            .await?;
            for table in tables {
                sqlx::query(&format!(
                    "update {table} t set client_id = m.into_id
                       from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as m (business_id, client_id, into_id)
                      where t.business_id = m.business_id and t.client_id = m.client_id"
                ))
                .bind(&businesses)
                .bind(&ids)
                .bind(&into)
                .execute(&mut *db)
                .await?;
            }
        }
        let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = clients.into_iter().unzip();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let rows: Vec<(Uuid, Uuid, Uuid)> = sqlx::query_as(&format!(
            "select distinct m.business_id, m.client_id, m.into_id
               from unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
               join {noted_in} m using (business_id, client_id)"
        ))
        .bind(businesses)
        .bind(ids)
        .fetch_all(db)
        .await?;
        let rows = rows.into_iter();
        Ok(Self(
            rows.map(|(business, id, into)| ((business, id), into))
                .collect(),
        ))
    }

    /// Those who stay where a batch tells that somebody is them.
    pub(crate) fn stay(&self, batch: &[Projected]) -> impl Iterator<Item = Key> + use<> {
        told(batch)
            .into_iter()
            .map(|((business, _), into)| (business, into))
    }

    /// The same, and those who are gone into them.
    pub(crate) fn all_of(&self, batch: &[Projected]) -> impl Iterator<Item = Key> + use<> {
        told(batch)
            .into_iter()
            .flat_map(|((business, gone), into)| [(business, gone), (business, into)])
    }

    /// Who this client is now.
    pub(crate) fn now(&self, business: Uuid, client: Uuid) -> Uuid {
        self.0.get(&(business, client)).copied().unwrap_or(client)
    }
}

/// Who each is at the end of the batch. Whoever is merged into somebody who is merged in turn is told of again, but
/// perhaps only in the next batch.
fn told(batch: &[Projected]) -> BTreeMap<Key, Uuid> {
    let events = batch.iter().filter_map(Projected::of_client);
    let merged = events.filter_map(|(key, event)| match event {
        ClientEvent::Merged { into } => Some((key, into.uuid())),
        ClientEvent::Registered(_)
        | ClientEvent::ContactChanged(_)
        | ClientEvent::PreferencesChanged { .. }
        | ClientEvent::Tagged { .. }
        | ClientEvent::Untagged { .. }
        | ClientEvent::Noted(_)
        | ClientEvent::ConsentGiven { .. }
        | ClientEvent::ConsentWithdrawn { .. }
        | ClientEvent::Blocked { .. }
        | ClientEvent::Unblocked {}
        | ClientEvent::SoldWithoutBooking(_)
        | ClientEvent::Retracted {}
        | ClientEvent::TookIn(_) => None,
    });
    let last: BTreeMap<Key, Uuid> = merged.collect();
    let end = |(business, id): Key| {
        let step = |id: &Uuid| last.get(&(business, *id)).copied();
        // No chain is longer than there are links; nobody is merged into one of their own.
        let chain = std::iter::successors(step(&id), step).take(last.len());
        chain.last().unwrap_or(id)
    };
    last.keys().map(|key| (*key, end(*key))).collect()
}

fn columns(told: &BTreeMap<Key, Uuid>) -> (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>) {
    let businesses = told.keys().map(|(business, _)| *business).collect();
    let ids = told.keys().map(|(_, id)| *id).collect();
    (businesses, ids, told.values().copied().collect())
}
