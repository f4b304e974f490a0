//! The vault at its database: keys are read in one query for each batch, and not at all for none.

use std::sync::Arc;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::PgPool;
use uuid::Uuid;

use crate::marks;
use crate::master::MasterKey;
use crate::opening::{Held, KeyRing, OpenError, Wanted};
use crate::sealing::{PersonKeys, SealError, Sealing};
use crate::subkeys::Subkeys;

/// Seals and opens under the keys of one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    pool: PgPool,
    subkeys: Arc<Subkeys>,
}

/// Why the service must not start with this master key.
#[derive(Debug, thiserror::Error)]
pub enum CheckMasterError {
    /// The database was first used with another one.
    #[error(
        "this is not the master key that the personal data of this database was sealed with: put \
         the first one back (in DAYBOOK_MASTER_KEY, or in the file master.key of the data directory)"
    )]
    Another,
    /// The database could not be asked.
    #[error("the master key's fingerprint could not be read")]
    Store(#[from] sqlx::Error),
}

impl Vault {
    /// Reads keys through `pool`, which must lead to the primary: what a replica has not yet heard
    /// of would read as erased.
    #[must_use]
    pub fn new(master: &MasterKey, pool: PgPool) -> Self {
        Self {
            pool,
            subkeys: Arc::new(master.subkeys()),
        }
    }

    pub(crate) fn subkeys(&self) -> &Subkeys {
        &self.subkeys
    }

    /// Sees to it, once at start, that the master key is the one this database was first used
    /// with; the first use writes down its fingerprint.
    ///
    /// # Errors
    /// When it is another one, or the database cannot be asked.
    pub async fn check_master(&self) -> Result<(), CheckMasterError> {
        let ours = self.subkeys.fingerprint().as_slice();
        sqlx::query("insert into vault_master (fingerprint) values ($1) on conflict do nothing")
            .bind(ours)
            .execute(&self.pool)
            .await?;
        let first: Vec<u8> = sqlx::query_scalar("select fingerprint from vault_master")
            .fetch_one(&self.pool)
            .await?;
        if first == ours {
            Ok(())
        } else {
            Err(CheckMasterError::Another)
        }
    }

    /// Seals every open value of these new events (id and payload), making keys for persons not
    /// yet known. The events must then be appended with the keys returned: a key made here lives
    /// nowhere else. On an error the events are as they were.
    ///
    /// # Errors
    /// See [`SealError`].
    pub async fn seal(
        &self,
        business: Uuid,
        events: &mut [(Uuid, Value)],
    ) -> Result<PersonKeys, SealError> {
        let sealing = Sealing::of(business, events)?;
        let ring = self
            .keys(&sealing.wanted())
            .await
            .map_err(SealError::Keys)?;
        let (keys, boxes) = sealing.finish(&self.subkeys, ring)?;
        for (index, field, sealed) in boxes {
            marks::put(&mut events[index].1, &field, sealed);
        }
        Ok(keys)
    }

    /// [`KeyRing::open`] for any JSON of one business.
    ///
    /// # Errors
    /// See [`OpenError`]; the values before the one at fault are then open already.
    pub async fn open(&self, business: Uuid, values: &mut [Value]) -> Result<(), OpenError> {
        let mut wanted = Wanted::default();
        for value in values.iter() {
            wanted.add(business, value)?;
        }
        let ring = self.keys(&wanted).await?;
        values
            .iter_mut()
            .try_for_each(|value| ring.open(business, value))
    }

    /// [`KeyRing::open_event`] for one event's stored payload.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_event(
        &self,
        business: Uuid,
        event: Uuid,
        payload: &mut Value,
    ) -> Result<(), OpenError> {
        let mut wanted = Wanted::default();
        wanted.add(business, payload)?;
        self.keys(&wanted)
            .await?
            .open_event(business, event, payload)
    }

    /// [`KeyRing::open_event`] for the stored payloads of many businesses' events: business, event
    /// id, payload.
    ///
    /// # Errors
    /// See [`OpenError`]; the payloads before the one at fault are then open already.
    pub async fn open_many(&self, events: &mut [(Uuid, Uuid, Value)]) -> Result<(), OpenError> {
        let mut wanted = Wanted::default();
        for (business, _, payload) in events.iter() {
            wanted.add(*business, payload)?;
        }
        let ring = self.keys(&wanted).await?;
        events
            .iter_mut()
            .try_for_each(|(business, event, payload)| ring.open_event(*business, *event, payload))
    }

    /// [`open_many`](Self::open_many) for payloads as text. Those that hold nothing sealed are not
    /// even parsed. On an error all are as they were.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_raw(
        &self,
        events: &mut [(Uuid, Uuid, Box<RawValue>)],
    ) -> Result<(), OpenError> {
        let mut sealed = Vec::new();
        for (business, event, payload) in events.iter() {
            if marks::holds_sealed(payload) {
                let (business, event) = (*business, *event);
                let not_json = |source| OpenError::NotJson {
                    business,
                    event,
                    source,
                };
                let payload = serde_json::from_str(payload.get()).map_err(not_json)?;
                sealed.push((business, event, payload));
            }
        }
        self.open_many(&mut sealed).await?;
        let places = events
            .iter_mut()
            .map(|(_, _, payload)| payload)
            .filter(|payload| marks::holds_sealed(payload));
        for (place, (_, _, opened)) in places.zip(sealed) {
            *place = to_raw_value(&opened).expect("any JSON value can be written");
        }
        Ok(())
    }

    /// The keys of a batch, as they are now.
    ///
    /// # Errors
    /// When they cannot be read, or one does not unwrap.
    pub async fn keys(&self, wanted: &Wanted) -> Result<KeyRing, OpenError> {
        let mut ring = KeyRing::default();
        if wanted.is_empty() {
            return Ok(ring);
        }
        let (businesses, keys): (Vec<Uuid>, Vec<Uuid>) = wanted.0.iter().copied().unzip();
        let rows: Vec<(Uuid, Uuid, Option<Vec<u8>>)> = sqlx::query_as(
            "select business_id, key_id, wrapped
               from unnest($1::uuid[], $2::uuid[]) as wanted (business_id, key_id)
               join person_key using (business_id, key_id)",
        )
        .bind(businesses)
        .bind(keys)
        .fetch_all(&self.pool)
        .await?;

        ring.0
            .extend(wanted.0.iter().map(|id| (*id, Held::Missing)));
        for (business, key, wrapped) in rows {
            let held = self.held(business, key, wrapped.as_deref())?;
            ring.0.insert((business, key), held);
        }
        Ok(ring)
    }

    /// A ring of keys that were read elsewhere, this very moment. None: destroyed, or never made.
    ///
    /// # Errors
    /// When one does not unwrap.
    pub fn ring_of<'a>(
        &self,
        business: Uuid,
        keys: impl IntoIterator<Item = (Uuid, Option<&'a [u8]>)>,
    ) -> Result<KeyRing, OpenError> {
        let held = keys.into_iter().map(|(key, wrapped)| {
            let held = self.held(business, key, wrapped)?;
            Ok(((business, key), held))
        });
        Ok(KeyRing(held.collect::<Result<_, OpenError>>()?))
    }

    fn held(&self, business: Uuid, key: Uuid, wrapped: Option<&[u8]>) -> Result<Held, OpenError> {
        let Some(wrapped) = wrapped else {
            return Ok(Held::Destroyed);
        };
        self.subkeys
            .unwrap(business, key, wrapped)
            .map(Held::Alive)
            .ok_or(OpenError::KeyUnreadable { business, key })
    }

    /// HMAC-SHA-256 of `bytes` under a key that comes of the master key: the same for the same
    /// business, label and bytes, and telling nothing to who lacks the master key. `label` says
    /// what is hashed, so that hashes of two kinds never meet.
    #[must_use]
    pub fn keyed_hash(&self, business: Uuid, label: &str, bytes: &[u8]) -> [u8; 32] {
        self.subkeys.keyed_hash(business, label, bytes)
    }
}
