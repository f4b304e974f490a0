//! Events out of the ledger and into read models: one reader that decodes once, and a builder for each read model.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use futures::FutureExt;
use ledger::{BusinessId, Position, Recorded};
use sqlx::{Connection, PgConnection};
use tokio_util::task::AbortOnDropHandle;
use vault::Vault;

use crate::{
    ApplyError, Projected, ReadModel, Sums,
    projector::{Broken, Decoded, decode, is_outage, told_of_apply},
};

/// With fewer events than this it is not worth it to decode them elsewhere.
const LEAST_SHARE: usize = 1_000;

/// A decoded batch, shared by all builders.
pub(super) struct Draught {
    pub(super) events: Vec<Projected>,
    /// Where businesses broke off: for all read models alike.
    pub(super) broken: Vec<(BusinessId, Broken)>,
}

impl Draught {
    /// Up to where it tells of each of its businesses.
    pub(super) fn reached(&self) -> HashMap<BusinessId, Position> {
        let mut reached = HashMap::new();
        for (business, broken) in &self.broken {
            reached.insert(*business, Position(broken.position.0 - 1));
        }
        // In position order per business.
        for event in &self.events {
            reached.insert(event.business, event.position);
        }
        reached
    }
}

/// Where reading stands.
#[derive(Clone, Default)]
pub(super) struct Reader {
    /// The last position read of each business.
    pub(super) reached: HashMap<BusinessId, Position>,
    /// Businesses that are read no further.
    stopped: HashMap<BusinessId, Position>,
}

impl Reader {
    /// One that reads on from where the builder furthest behind stands.
    pub(super) fn of(builders: &[Builder]) -> Self {
        let mut reached: HashMap<BusinessId, Position> = HashMap::new();
        let known = builders.iter().flat_map(|b| b.resumed.keys());
        for business in known.collect::<HashSet<_>>() {
            let stands = |b: &Builder| b.resumed.get(business).copied().unwrap_or_default();
            let least = builders.iter().map(stands).min();
            reached.insert(*business, least.unwrap_or_default());
        }
        Self {
            reached,
            stopped: HashMap::new(),
        }
    }

    /// Takes over what another one read of other businesses.
    pub(super) fn join(&mut self, other: Self) {
        self.reached.extend(other.reached);
        self.stopped.extend(other.stopped);
    }

    /// From where a business is to be read on; none if it is not.
    pub(super) fn after(&self, business: BusinessId) -> Option<Position> {
        if self.stopped.contains_key(&business) {
            return None;
        }
        Some(self.reached.get(&business).copied().unwrap_or_default())
    }

    /// How many events were read.
    pub(super) fn count(&self) -> u64 {
        let count: i64 = self.reached.values().map(|position| position.0).sum();
        u64::try_from(count).unwrap_or_default()
    }

    /// Businesses whose ledgers end before their heads: the tail was taken away.
    pub(super) fn end_early(
        &mut self,
        businesses: impl IntoIterator<Item = BusinessId>,
    ) -> Arc<Draught> {
        let mut broken = vec![];
        for business in businesses {
            if let Some(after) = self.after(business) {
                let missing = Position(after.0 + 1);
                self.stopped.insert(business, missing);
                self.reached.insert(business, after);
                broken.push((business, Broken::missing(missing)));
            }
        }
        Arc::new(Draught {
            events: vec![],
            broken,
        })
    }

    /// Decodes rows in position order per business, up to where a business breaks.
    pub(super) async fn draw(
        &mut self,
        vault: &Vault,
        rows: Vec<Recorded>,
    ) -> Result<Arc<Draught>, sqlx::Error> {
        let mut gaps = BTreeMap::new();
        let mut gapless = Vec::with_capacity(rows.len());
        for recorded in rows {
            let business = recorded.business;
            let Some(after) = self.after(business) else {
                continue;
            };
            if gaps.contains_key(&business) {
                continue;
            }
            let next = Position(after.0 + 1);
            if recorded.position == next {
                self.reached.insert(business, next);
                gapless.push(recorded);
            } else {
                gaps.insert(business, Broken::missing(next));
            }
        }
        let Decoded { good, broken } = decode_together(vault, gapless).await?;
        // What breaks in decoding stands before any gap.
        gaps.extend(broken);
        for (business, broken) in &gaps {
            self.stopped.insert(*business, broken.position);
            self.reached
                .insert(*business, Position(broken.position.0 - 1));
        }
        Ok(Arc::new(Draught {
            events: good,
            broken: gaps.into_iter().collect(),
        }))
    }
}

/// Decodes on as many processors as there are.
async fn decode_together(vault: &Vault, rows: Vec<Recorded>) -> Result<Decoded, sqlx::Error> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let each = rows.len().div_ceil(processors).max(LEAST_SHARE);
    let mut shares = vec![];
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let (vault, share) = (vault.clone(), rows.by_ref().take(each).collect());
        let task = tokio::spawn(async move { decode(&vault, share).await });
        shares.push(AbortOnDropHandle::new(task));
    }
    let mut together = Decoded::default();
    for share in shares {
        let Decoded { good, broken } = share.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        let before = std::mem::take(&mut together.broken);
        // What a business told after it broke counts no more.
        let good = good.into_iter();
        let sound = good.filter(|event| !before.contains_key(&event.business));
        together.good.extend(sound);
        // Shares come in the order of positions: the first break is the one.
        together.broken = before;
        for (business, found) in broken {
            together.broken.entry(business).or_insert(found);
        }
    }
    Ok(together)
}

/// One read model being built.
#[derive(Clone)]
pub(super) struct Builder {
    pub(super) model: &'static ReadModel,
    /// Where it broke, by business; all others stand where reading stands.
    pub(super) parked: BTreeMap<BusinessId, Broken>,
    /// What an earlier rebuild took in already.
    pub(super) resumed: HashMap<BusinessId, Position>,
}

impl Builder {
    pub(super) fn of(model: &'static ReadModel) -> Self {
        Self {
            model,
            parked: BTreeMap::new(),
            resumed: HashMap::new(),
        }
    }

    /// The same read model, of other businesses.
    pub(super) fn lane(&self, businesses: &HashSet<BusinessId>) -> Self {
        let ours = |business: &BusinessId| businesses.contains(business);
        let parked = self.parked.iter().filter(|(business, _)| ours(business));
        let resumed = self.resumed.iter().filter(|(business, _)| ours(business));
        Self {
            model: self.model,
            parked: parked.map(|(b, broken)| (*b, broken.clone())).collect(),
            resumed: resumed.map(|(b, at)| (*b, *at)).collect(),
        }
    }

    /// Takes over the same read model of other businesses.
    pub(super) fn join(&mut self, other: Self) {
        self.parked.extend(other.parked);
        self.resumed.extend(other.resumed);
    }

    /// Takes a draught in, in one transaction of this connection (or within the one that is open).
    pub(super) async fn take_in(
        &mut self,
        db: &mut PgConnection,
        draught: &Draught,
        sums: Sums,
    ) -> Result<(), sqlx::Error> {
        let is_new = |event: &Projected| {
            let resumed = self.resumed.get(&event.business);
            resumed.is_none_or(|at| event.position > *at)
        };
        let still_fed =
            |event: &&Projected| !self.parked.contains_key(&event.business) && is_new(event);
        let fed: Vec<Projected>;
        let events = if draught.events.iter().all(|event| still_fed(&event)) {
            &draught.events
        } else {
            fed = draught.events.iter().filter(still_fed).cloned().collect();
            &fed
        };
        for (business, broken) in feed(db, self.model, events, sums).await? {
            self.parked.insert(business, broken);
        }
        for (business, broken) in &draught.broken {
            self.parked
                .entry(*business)
                .or_insert_with(|| broken.clone());
        }
        Ok(())
    }
}

/// Feeds a batch; what cannot be taken in is told, with its business, and everything before it is.
async fn feed(
    db: &mut PgConnection,
    model: &ReadModel,
    events: &[Projected],
    sums: Sums,
) -> Result<Vec<(BusinessId, Broken)>, sqlx::Error> {
    let mut culprits = vec![];
    if events.is_empty() || try_feed(db, model, events, sums).await?.is_ok() {
        return Ok(culprits);
    }
    let mut by_business: BTreeMap<BusinessId, Vec<Projected>> = BTreeMap::new();
    for event in events {
        by_business
            .entry(event.business)
            .or_default()
            .push(event.clone());
    }
    for (business, events) in by_business {
        let mut left = events.as_slice();
        let mut step = left.len();
        while let Some(first) = left.first() {
            match try_feed(db, model, &left[..step], sums).await? {
                Ok(()) => {
                    left = &left[step..];
                    step = step.min(left.len());
                }
                Err(error) if step == 1 => {
                    let broken = Broken {
                        position: first.position,
                        event: Some(first.metadata.event_id),
                        error,
                    };
                    culprits.push((business, broken));
                    break;
                }
                Err(_) => step /= 2,
            }
        }
    }
    Ok(culprits)
}

async fn try_feed(
    db: &mut PgConnection,
    model: &ReadModel,
    events: &[Projected],
    sums: Sums,
) -> Result<Result<(), String>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let applied = AssertUnwindSafe((model.apply)(&mut transaction, events, sums))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(ApplyError::Misfit("it panicked".to_owned())));
    match applied {
        Ok(()) => {
            transaction.commit().await?;
            Ok(Ok(()))
        }
        Err(ApplyError::Store(error)) if is_outage(&error) => Err(error),
        Err(error) => {
            transaction.rollback().await?;
            Ok(Err(format!("{}: {}", model.name, told_of_apply(&error))))
        }
    }
}
