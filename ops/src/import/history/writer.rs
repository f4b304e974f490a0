//! Steps of the story, done in the ledger: whole appends at a time, each made anew where somebody else has
//! written to the same streams meanwhile.

use std::collections::{HashMap, HashSet, VecDeque};

use cqrs_es::Aggregate;
use domain::{
    booking::{Booking, Plan},
    client::Client,
    id::Id,
    staff::Staff,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ledger::{AppendError, BusinessId, Busy, Refused, Span, Version};
use uuid::Uuid;
use vault::SealError;

use super::{
    Books, ImportError,
    drafting::{Drafting, Outcome, REFERENCE},
    replay::{Setting, Step, Target},
};

/// How often an append is made anew before giving up.
const ATTEMPTS: u32 = 20;
/// How many streams are loaded at a time.
const LOADS: usize = 8;

/// An aggregate as the ledger has it.
#[derive(Debug, Clone)]
pub(super) struct Stood<A> {
    pub(super) state: A,
    pub(super) version: Version,
}

impl<A: Default> Default for Stood<A> {
    fn default() -> Self {
        Self {
            state: A::default(),
            version: Version::NEW,
        }
    }
}

/// Aggregates that this run has touched.
#[derive(Debug, Default)]
pub(super) struct States {
    pub(super) bookings: HashMap<Uuid, Stood<Booking>>,
    pub(super) clients: HashMap<Uuid, Stood<Client>>,
    pub(super) staff: HashMap<Uuid, Stood<Staff>>,
    /// Services that it has made.
    pub(super) services: HashSet<Uuid>,
}

/// What writes the steps.
pub(super) struct Writer<'f> {
    books: &'f Books,
    business: BusinessId,
    pub(super) setting: &'f Setting<'f>,
    run: Uuid,
    pub(super) stands: States,
    /// Written to by somebody else since this run knew them.
    moved_on: HashSet<Uuid>,
    /// Keys that were destroyed: nothing more can be written about whom they belonged to.
    pub(super) gone: HashSet<Uuid>,
    pub(super) waiting: VecDeque<Step<'f>>,
}

impl<'f> Writer<'f> {
    pub(super) fn new(books: &'f Books, business: BusinessId, setting: &'f Setting<'f>) -> Self {
        Self {
            books,
            business,
            setting,
            run: Uuid::now_v7(),
            stands: States::default(),
            moved_on: HashSet::new(),
            gone: HashSet::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Takes a step in. It is written when enough are waiting.
    pub(super) fn take(&mut self, step: Step<'f>) {
        self.waiting.push_back(step);
    }

    /// Enough steps are waiting for an append.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= ledger::MAX_EVENTS
    }

    /// No step is waiting.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A booking as the ledger has it, if this run has touched it.
    pub(super) fn booking(&self, id: Id<Booking>) -> Option<&Booking> {
        let stood = self.stands.bookings.get(&id.uuid())?;
        Some(&stood.state)
    }

    /// Writes as many of the waiting steps as one append takes, and tells what became of each.
    pub(super) async fn write(&mut self) -> Result<Vec<(Step<'f>, Outcome)>, ImportError> {
        for _ in 0..ATTEMPTS {
            self.load().await?;
            let foreign = self.foreign_claims().await?;
            let (draft, outcomes, after) = Drafting::new(self, &foreign).all()?;
            if !draft.is_empty() {
                let sealed = draft.sealed(&self.books.vault, self.business, self.run);
                let append = match sealed.await {
                    Ok(append) => append,
                    Err(SealError::KeyDestroyed { key }) => {
                        self.gone.insert(key);
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                match self.books.ledger.append(append).await {
                    Ok(_) => {}
                    Err(AppendError::Refused(refused)) => {
                        self.learn_from(refused)?;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            self.stands.bookings.extend(after.bookings);
            self.stands.clients.extend(after.clients);
            self.stands.staff.extend(after.staff);
            self.stands.services.extend(after.services);
            let done = self.waiting.drain(..outcomes.len());
            return Ok(done.zip(outcomes).collect());
        }
        Err(ImportError::TooBusy)
    }

    /// What to look at again before the next attempt.
    fn learn_from(&mut self, refused: Refused) -> Result<(), ImportError> {
        match refused {
            Refused::MovedOn { stream, .. } => {
                self.stands.bookings.remove(&stream.id);
                self.stands.clients.remove(&stream.id);
                self.stands.staff.remove(&stream.id);
                self.moved_on.insert(stream.id);
            }
            Refused::PersonKeyGone { key } => {
                self.gone.insert(key);
            }
            // Sealed again with the key that there is.
            Refused::PersonKeyMade { .. } => {}
            // Other references are drawn.
            Refused::NameTaken { kind, .. } if kind == REFERENCE => {}
            Refused::NameTaken { .. } => return Err(ImportError::AnotherRun),
            other @ (Refused::NoSuchStream { .. }
            | Refused::TimeTaken { .. }
            | Refused::KeyReused
            | Refused::Guarded { .. }
            | Refused::CatalogueMoved { .. }) => {
                return Err(AppendError::Refused(other).into());
            }
        }
        Ok(())
    }

    /// Loads what the waiting steps are about and this run has not seen yet.
    async fn load(&mut self) -> Result<(), ImportError> {
        let (mut bookings, mut clients, mut staff) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        for step in &self.waiting {
            match &step.target {
                Target::Booking { id, .. } => bookings.insert(id.uuid()),
                Target::Sale { client, .. } => clients.insert(client.uuid()),
            };
            let member = self.setting.refs.staff(step.line).filter(|_| step.pairs);
            staff.extend(member.map(Id::uuid));
        }
        bookings.retain(|id| !self.stands.bookings.contains_key(id) && self.is_in_ledger(*id));
        clients.retain(|id| !self.stands.clients.contains_key(id) && self.is_in_ledger(*id));
        staff.retain(|id| !self.stands.staff.contains_key(id) && self.is_in_ledger(*id));
        let (bookings, clients, staff) = futures::try_join!(
            self.load_all(bookings),
            self.load_all(clients),
            self.load_all(staff)
        )?;
        self.stands.bookings.extend(bookings);
        self.stands.clients.extend(clients);
        self.stands.staff.extend(staff);
        Ok(())
    }

    fn is_in_ledger(&self, id: Uuid) -> bool {
        self.setting.refs.was_known(id) || self.moved_on.contains(&id)
    }

    async fn load_all<A: Aggregate>(
        &self,
        ids: HashSet<Uuid>,
    ) -> Result<Vec<(Uuid, Stood<A>)>, ImportError> {
        let loads = ids.into_iter().map(async |id| {
            let loaded = self.books.ledger.load::<A>(self.business, id).await?;
            let stood = Stood {
                state: loaded.state,
                version: loaded.version,
            };
            Ok::<_, ImportError>((id, stood))
        });
        stream::iter(loads)
            .buffer_unordered(LOADS)
            .try_collect()
            .await
    }

    /// What lies ahead of staff members whom the ledger had before: bookings made here, on which the file's
    /// may come to stand.
    async fn foreign_claims(&self) -> Result<Vec<Busy>, ImportError> {
        let Setting { refs, now, .. } = self.setting;
        let mut staff: Vec<Uuid> = (self.waiting.iter())
            .filter_map(|step| self.plan(step))
            .filter(|plan| !plan.hour_unknown && plan.end() > *now)
            .filter_map(|plan| plan.staff_id.map(Id::uuid))
            .filter(|staff| refs.was_known(*staff))
            .collect();
        staff.sort_unstable();
        staff.dedup();
        if staff.is_empty() {
            return Ok(vec![]);
        }
        let ahead = Span::from(*now);
        let mut claims = self.books.ledger.busy(self.business, &staff, ahead).await?;
        claims.retain(|claim| !refs.is_own(claim.owner));
        Ok(claims)
    }

    /// What a step's booking would be planned as.
    fn plan(&self, step: &Step<'_>) -> Option<Plan> {
        match &step.target {
            Target::Booking { id, asked, .. } => {
                asked.plan(self.booking(*id).unwrap_or(&Booking::Blank))
            }
            Target::Sale { .. } => None,
        }
    }
}
