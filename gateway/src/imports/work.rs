//! The work of imports, in the background: takes what waits, under a lease, and does it step by step. Safe with any
//! number of processes; whoever finds a lease that ran out goes on where the other stopped.

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::time::Zone;
use lru::LruCache;
use projections::{Scope, clients};
use sheets::Fault;
use tokio::{
    sync::{Notify, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    fields::Kind,
    judge::{Ground, Judged, judge},
    mapping::Mapping,
    prepared::{House, Prepared, prepare, refusal},
    store::{Import, State, Store},
    undo::THINGS,
    writing::{Setting, own_id},
};
use crate::{
    app::App,
    catalogue::Known,
    problem::{Code, Problem},
};
use ledger::{BusinessId, Position};

/// How often it is looked whether something waits, if nobody says so.
const POLL: Duration = Duration::from_secs(2);
/// How often what was kept long enough is forgotten.
const SWEEP: Duration = Duration::from_secs(3_600);
/// Files read at a time: each takes memory several times its size.
const READ_AT_ONCE: usize = 2;
/// How often a lease is renewed: well before it runs out.
const BEAT: Duration = Duration::from_secs(8);
/// Events read at a time, to see what others did meanwhile.
const BATCH: usize = 1_000;

/// What the imports of this process share.
pub(crate) struct Imports {
    wake: Notify,
    reading: Semaphore,
    /// Files worked out a moment ago, so that the next page or step need not do it again.
    prepared: Mutex<LruCache<(Uuid, String), Arc<Prepared>>>,
}

impl Imports {
    pub(crate) fn new() -> Self {
        let kept = NonZeroUsize::new(2).expect("not zero");
        Self {
            wake: Notify::new(),
            reading: Semaphore::new(READ_AT_ONCE),
            prepared: Mutex::new(LruCache::new(kept)),
        }
    }

    /// Something waits.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, LruCache<(Uuid, String), Arc<Prepared>>> {
        self.prepared.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// By what a file worked out is found again.
fn worked_out(import: Uuid, mapping: &Mapping, house: &House) -> Result<(Uuid, String), Problem> {
    let mapping = serde_json::to_string(mapping).map_err(Problem::internal)?;
    Ok((import, format!("{mapping} {house:?}")))
}

impl App {
    pub(crate) fn import_store(&self) -> Store {
        Store {
            pool: self.pool().clone(),
            vault: self.vault().clone(),
        }
    }

    /// Of the house, what rows are read by.
    pub(crate) fn house(&self, known: &Known) -> Result<House, Problem> {
        let settings = known.settings()?;
        Ok(House {
            country: settings.country,
            currency: settings.currency,
            today: settings.time_zone.date_of(self.now()),
        })
    }

    /// A file worked out, off the threads that serve requests.
    pub(crate) async fn prepare(
        &self,
        file: Vec<u8>,
        kind: Kind,
        mapping: Mapping,
        house: House,
    ) -> Result<Arc<Prepared>, Problem> {
        let permit = self
            .imports()
            .reading
            .acquire()
            .await
            .map_err(Problem::internal)?;
        let work = tokio::task::spawn_blocking(move || prepare(&file, kind, &mapping, &house));
        let prepared = match work.await {
            Ok(prepared) => prepared?,
            // Who reads workbooks gave up in a way of its own: the file is at fault, and the service goes on.
            Err(error) if error.is_panic() => {
                tracing::warn!("a file that was to be imported made its reader panic");
                return Err(refusal(&Fault::Broken));
            }
            Err(error) => return Err(Problem::internal(error)),
        };
        drop(permit);
        Ok(Arc::new(prepared))
    }

    /// An import's file worked out.
    pub(crate) async fn prepared(&self, import: &Import) -> Result<Arc<Prepared>, Problem> {
        let known = self.catalogue(import.business).await?;
        let house = self.house(&known)?;
        let key = worked_out(import.id, &import.mapping, &house)?;
        if let Some(prepared) = self.imports().kept().get(&key) {
            return Ok(prepared.clone());
        }
        let file = self.import_store().file(import.business, import.id).await?;
        let prepared = self
            .prepare(file, import.kind, import.mapping.clone(), house)
            .await?;
        self.imports().kept().put(key, prepared.clone());
        Ok(prepared)
    }

    /// Keeps what was just worked out under the import that it became.
    pub(crate) fn keep_prepared(
        &self,
        import: Uuid,
        prepared: &Arc<Prepared>,
        house: &House,
    ) -> Result<(), Problem> {
        let key = worked_out(import, &prepared.suggested, house)?;
        self.imports().kept().put(key, prepared.clone());
        Ok(())
    }

    /// Whom and what the house knows now, and as of which position; `own` are those whom the import's rows make.
    async fn imported_beside(
        &self,
        business: BusinessId,
        kind: Kind,
        own: HashSet<Uuid>,
    ) -> Result<(Ground, Position), Problem> {
        match kind {
            Kind::Clients => {
                let head = self.ledger().head(business).await?;
                self.projected(business, &[&clients::READ_MODEL], head)
                    .await?;
                let contacts =
                    clients::contacts(self.pool(), &Scope::whole(business), None).await?;
                Ok((Ground::of_clients(contacts, own), head))
            }
            Kind::Services => {
                let known = self.catalogue_now(business).await?;
                Ok((Ground::of_services(&known.catalogue), known.position))
            }
        }
    }

    /// What would become of each row if it ran now.
    pub(crate) async fn judged(
        &self,
        business: BusinessId,
        import: Uuid,
        kind: Kind,
        mapping: &Mapping,
        prepared: &Prepared,
    ) -> Result<Vec<Judged>, Problem> {
        let own = |ordinal| own_id(import, ordinal);
        let all = (0..prepared.rows.len()).map(own).collect();
        let (ground, _) = self.imported_beside(business, kind, all).await?;
        Ok(judge(&prepared.rows, &ground, mapping.duplicates, own))
    }

    /// Does the work of imports until it is told to stop.
    pub(crate) async fn work_on_imports(self, stop: CancellationToken) {
        let worker = self.new_id();
        let mut swept: Option<std::time::Instant> = None;
        while !stop.is_cancelled() {
            if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                swept = Some(std::time::Instant::now());
                match self.import_store().sweep(self.now()).await {
                    Ok(0) => {}
                    Ok(imports) => {
                        tracing::info!(imports, "forgot imports that were kept long enough")
                    }
                    Err(error) => tracing::warn!(%error, "could not sweep imports"),
                }
            }
            match self.import_store().lease(worker).await {
                Ok(Some(import)) => {
                    self.work_on(&import, worker, &stop).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "could not look for imports to be done"),
            }
            let woken = timeout(POLL, self.imports().wake.notified());
            if stop.run_until_cancelled(woken).await.is_none() {
                break;
            }
        }
    }

    async fn work_on(&self, import: &Import, worker: Uuid, stop: &CancellationToken) {
        let work = async {
            match import.state {
                State::Undoing => self.undo_import(import, worker, stop).await,
                State::Uploaded
                | State::Running
                | State::Finished
                | State::Cancelled
                | State::Failed
                | State::Undone => self.run_import(import, worker, stop).await,
            }
        };
        // A large file takes a while before its first row is written.
        let work = tokio::select! {
            work = work => work,
            () = self.keep_lease(import, worker) => Ok(None),
        };
        let state = match work {
            Ok(Some(state)) => state,
            // Somebody else has it now.
            Ok(None) => return,
            // Worth another try; by whoever finds it.
            Err(problem)
                if problem.code() == Code::Unavailable || problem.code() == Code::NotYet =>
            {
                tracing::warn!(error = %problem, import.id = %import.id, "an import is put off");
                sleep(POLL).await;
                import.state
            }
            Err(problem) => {
                tracing::error!(error = ?problem, import.id = %import.id, "an import broke off");
                if import.state == State::Undoing {
                    State::Finished
                } else {
                    State::Failed
                }
            }
        };
        let released = self
            .import_store()
            .release(import, worker, state, self.now())
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, "could not release an import; its lease runs out");
        }
    }

    /// Keeps the lease. Returns when somebody else has it.
    async fn keep_lease(&self, import: &Import, worker: Uuid) {
        loop {
            sleep(BEAT).await;
            if let Ok(None) = self.import_store().renew(import, worker).await {
                return;
            }
        }
    }

    async fn run_import(
        &self,
        import: &Import,
        worker: Uuid,
        stop: &CancellationToken,
    ) -> Result<Option<State>, Problem> {
        let store = self.import_store();
        let prepared = self.prepared(import).await?;
        let own = |ordinal| own_id(import.id, ordinal);
        let all = || (0..prepared.rows.len()).map(own).collect();
        let (mut ground, mut seen) = self
            .imported_beside(import.business, import.kind, all())
            .await?;
        let mut judged = judge(&prepared.rows, &ground, import.mapping.duplicates, own);
        let known = self.catalogue(import.business).await?;
        let zone: Zone = known.settings()?.time_zone.clone();
        let mut done = usize::try_from(import.figures.done).unwrap_or_default();
        while done < judged.len() {
            if stop.is_cancelled() {
                return Ok(Some(State::Running));
            }
            match store.renew(import, worker).await? {
                None => return Ok(None),
                Some(now) if now.cancel => return Ok(Some(State::Cancelled)),
                Some(_) => {}
            }
            if import.kind == Kind::Clients && self.learn(import, &mut ground, &mut seen).await? {
                judged = judge(&prepared.rows, &ground, import.mapping.duplicates, own);
            }
            let setting = Setting {
                import,
                now: self.now(),
                zone: zone.tz().clone(),
            };
            let saw = (import.kind == Kind::Services).then_some(seen);
            let written = self
                .write_rows(&setting, &prepared.rows, &judged, done, saw)
                .await?;
            let Some(written) = written else {
                (ground, seen) = self
                    .imported_beside(import.business, import.kind, all())
                    .await?;
                judged = judge(&prepared.rows, &ground, import.mapping.duplicates, own);
                continue;
            };
            if let Some((first, last)) = written.positions {
                // What only this run wrote needs no look at.
                if first.0 == seen.0 + 1 || import.kind == Kind::Services {
                    seen = last;
                }
            }
            let position = written.positions.map(|(_, last)| last.0);
            store.note(import, &written.outcomes, position).await?;
            done += written.outcomes.len();
            if written.outcomes.is_empty() {
                return Err(Problem::internal(
                    "an import's row takes more than an append does",
                ));
            }
        }
        Ok(Some(State::Finished))
    }

    /// Sees whom others made known or changed since. True: somebody.
    async fn learn(
        &self,
        import: &Import,
        ground: &mut Ground,
        seen: &mut Position,
    ) -> Result<bool, Problem> {
        let mut changed: Vec<Uuid> = vec![];
        let from = *seen;
        loop {
            let events = self.ledger().read(import.business, *seen, BATCH).await?;
            let Some(last) = events.last() else { break };
            *seen = last.position;
            let others = events.iter().filter(|event| {
                event.stream.kind == "client" && event.metadata.correlation_id != import.id
            });
            changed.extend(others.map(|event| event.stream.id));
        }
        if changed.is_empty() {
            return Ok(false);
        }
        tracing::debug!(
            from = from.0,
            clients = changed.len(),
            "clients became known beside an import"
        );
        self.projected(import.business, &[&clients::READ_MODEL], *seen)
            .await?;
        let scope = Scope::whole(import.business);
        for contact in clients::contacts(self.pool(), &scope, Some(&changed)).await? {
            ground.learn(&contact);
        }
        Ok(true)
    }

    async fn undo_import(
        &self,
        import: &Import,
        worker: Uuid,
        stop: &CancellationToken,
    ) -> Result<Option<State>, Problem> {
        let store = self.import_store();
        loop {
            if stop.is_cancelled() {
                return Ok(Some(State::Undoing));
            }
            if store.renew(import, worker).await?.is_none() {
                return Ok(None);
            }
            let things = store.to_undo(import, THINGS).await?;
            if things.is_empty() {
                return Ok(Some(State::Undone));
            }
            let (undone, last) = self.undo_things(import, &things).await?;
            store
                .note_undone(import, &undone, last.map(|last| last.0))
                .await?;
        }
    }
}
