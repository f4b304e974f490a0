//! Each business's catalogue, folded from its ledger and kept while it is in use.
//!
//! It may be behind, and that is no harm: who decides something on it says which position it saw, and a ledger that
//! has moved on refuses ([`ledger::Refused::CatalogueMoved`]), on which it is caught up and decided again. Who shows
//! it asks for it as it is now.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use cqrs_es::Aggregate as _;
use domain::{
    business::{Business, Settings},
    catalogue::Catalogue,
    class::Class,
    desk::Desk,
    event::AnyEvent,
    id::Id,
    service::Service,
    session::Session,
    staff::Staff,
    time::Span,
};
use ledger::{BusinessId, Position, Recorded, Version};
use lru::LruCache;
use uuid::Uuid;

use crate::{app::App, as_of::AsOf, problem::Problem};

/// Catalogues kept at a time.
const KEPT: usize = 1_024;
/// Events read at a time.
const BATCH: usize = 1_000;

/// The streams that it is folded from.
pub(crate) const KINDS: [&str; 6] = [
    Business::TYPE,
    Service::TYPE,
    Staff::TYPE,
    Desk::TYPE,
    Class::TYPE,
    Session::TYPE,
];

/// A business's catalogue as of a position.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What it is.
    pub catalogue: Catalogue,
    /// The version of each of its streams.
    pub versions: HashMap<Uuid, Version>,
    /// The last event in it: what an append that rests on it says it saw.
    pub position: Position,
}

impl Known {
    /// The business's settings.
    ///
    /// # Errors
    /// 404 when it has not been opened.
    pub fn settings(&self) -> Result<&Settings, Problem> {
        self.catalogue.settings().ok_or_else(Problem::not_found)
    }

    /// All whose time can be taken: staff and desks.
    pub fn resources(&self) -> impl Iterator<Item = Uuid> {
        let staff = self.catalogue.staff.keys().map(|id| id.uuid());
        staff.chain(self.catalogue.desks.keys().map(|id| id.uuid()))
    }

    /// One of its things, as if its stream had been loaded.
    #[must_use]
    pub fn loaded<A>(&self, id: Uuid, state: A) -> ledger::Loaded<A> {
        ledger::Loaded {
            state,
            version: self.versions.get(&id).copied().unwrap_or_default(),
        }
    }
}

/// The catalogues kept.
pub(crate) struct Catalogues {
    kept: Mutex<LruCache<BusinessId, Arc<Kept>>>,
}

#[derive(Default)]
struct Kept {
    known: tokio::sync::Mutex<Arc<Known>>,
    /// How far it is known to have moved.
    moved_to: AtomicI64,
}

impl Catalogues {
    pub(crate) fn new() -> Self {
        let most = NonZeroUsize::new(KEPT).expect("not zero");
        Self {
            kept: Mutex::new(LruCache::new(most)),
        }
    }

    fn of(&self, business: BusinessId) -> Arc<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(|e| e.into_inner());
        kept.get_or_insert(business, Arc::default).clone()
    }

    /// An append of this process moved it.
    pub(crate) fn moved(&self, business: BusinessId, to: Position) {
        let kept = self.of(business);
        kept.moved_to.fetch_max(to.0, Ordering::AcqRel);
    }
}

impl App {
    /// The catalogue as far as this process knows, for decisions that tell the ledger what they saw.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn catalogue(&self, business: BusinessId) -> Result<Arc<Known>, Problem> {
        let kept = self.catalogues().of(business);
        let at_least = Position(kept.moved_to.load(Ordering::Acquire));
        self.caught_up(business, &kept, at_least).await
    }

    /// The catalogue as it is now, for those who show it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn catalogue_now(&self, business: BusinessId) -> Result<Arc<Known>, Problem> {
        let head = self.ledger().catalogue_head(business).await?;
        let kept = self.catalogues().of(business);
        self.caught_up(business, &kept, head).await
    }

    /// The catalogue as it was, for those who show some time of the past: whole, but for sessions that never stood in
    /// that time.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) async fn catalogue_as_of(
        &self,
        business: BusinessId,
        now: &Arc<Known>,
        span: Span,
        as_of: AsOf,
    ) -> Result<Arc<Known>, Problem> {
        let up_to = self.up_to(business, as_of).await?;
        if up_to.is_some_and(|position| position >= now.position) {
            return Ok(now.clone());
        }
        let streams = now.versions.iter().filter(|(id, version)| {
            let session = now.catalogue.sessions.get(&Id::new(**id));
            // Of the many sessions nearly all stand where they were scheduled.
            session.is_none_or(|session| version.0 > 1 || stands_in(session, span))
        });
        let streams: Vec<Uuid> = streams.map(|(id, _)| *id).collect();
        let ledger = self.ledger();
        let events = ledger.events_of_all(business, &KINDS, &streams, up_to);
        let mut events = events.await?;
        events.retain(|event| as_of.holds(event));
        let mut then = Known::default();
        self.take_in(business, &mut then, &events).await?;
        Ok(Arc::new(then))
    }

    async fn caught_up(
        &self,
        business: BusinessId,
        kept: &Kept,
        at_least: Position,
    ) -> Result<Arc<Known>, Problem> {
        let mut known = kept.known.lock().await;
        if known.position < at_least || known.position == Position::START {
            let at_least = if known.position == Position::START {
                self.ledger().catalogue_head(business).await?
            } else {
                at_least
            };
            // Copied first: a read that fails midway leaves the old one as it was.
            let mut newer = Known::clone(&known);
            self.catch_up(business, &mut newer).await?;
            // The append that moved it may have ended with events of other kinds.
            newer.position = newer.position.max(at_least);
            *known = Arc::new(newer);
        }
        Ok(known.clone())
    }

    async fn catch_up(&self, business: BusinessId, known: &mut Known) -> Result<(), Problem> {
        loop {
            let after = known.position;
            let batch = self.ledger().read_kinds(business, &KINDS, after, BATCH);
            let batch = batch.await?;
            self.take_in(business, known, &batch).await?;
            if batch.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn take_in(
        &self,
        business: BusinessId,
        known: &mut Known,
        events: &[Recorded],
    ) -> Result<(), Problem> {
        let mut payloads: Vec<_> = events
            .iter()
            .map(|event| (business.0, event.event_id.0, event.payload.clone()))
            .collect();
        self.vault().open_raw(&mut payloads).await?;
        for (event, (_, _, payload)) in events.iter().zip(&payloads) {
            let (kind, id) = (&event.stream.kind, event.stream.id);
            let decoded = AnyEvent::decode(kind, id, payload.get()).map_err(Problem::internal)?;
            known.catalogue.apply(decoded);
            known.versions.insert(id, event.version);
            known.position = event.position;
        }
        Ok(())
    }
}

fn stands_in(session: &Session, span: Span) -> bool {
    let schedule = session.schedule.as_ref();
    schedule.is_some_and(|schedule| schedule.setting.span().overlaps(span))
}
