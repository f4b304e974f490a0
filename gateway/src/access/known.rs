//! Callers remembered by their token's hash, so that not every request asks the database.
//!
//! What was revoked must fail at once, and what was granted hold at once: in this process whoever it is about is
//! forgotten when their stream moves or their session ends, in others by a notification. While nobody listens to those,
//! nothing is trusted; and nothing is for longer than [`TRUSTED`], in case the line is dead, or a process died between the
//! change and its notification.

use std::{
    num::NonZeroUsize,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{access::Rights, actor::Role, id::Id, staff::Staff};
use jiff::Timestamp;
use ledger::BusinessId;
use lru::LruCache;
use sqlx::{PgPool, postgres::PgListener};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::tokens::TokenHash;

/// The channel on which processes tell one another which token to forget.
pub(super) const CHANNEL: &str = "daybook_access";

const TRUSTED: Duration = Duration::from_secs(5);
/// That a key or session was used is told to the minute.
const NOTED: Duration = Duration::from_secs(60);
const REMEMBERED: usize = 10_000;
const RETRY: Duration = Duration::from_secs(1);

/// Who holds a token.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) business: BusinessId,
    /// The key's or the user's.
    pub(crate) id: Uuid,
    pub(crate) is_key: bool,
    pub(crate) role: Role,
    /// What they may do.
    pub(crate) rights: Rights,
    /// Whose bookings are theirs.
    pub(crate) staff_id: Option<Id<Staff>>,
    /// Of a key: who issued it, who issued that key, and so on. It is worth nothing without any of them.
    pub(crate) issuers: Vec<Uuid>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Known {
    /// Whether what is remembered of them hangs on this user or key.
    fn hangs_on(&self, id: Uuid) -> bool {
        self.id == id || self.issuers.contains(&id)
    }
}

/// See the module.
pub(crate) struct KnownCallers {
    remembered: Mutex<LruCache<TokenHash, (Known, Instant)>>,
    /// When it was last noted that a token was used.
    noted: Mutex<LruCache<TokenHash, Instant>>,
    /// Raised with each token forgotten: what was read before that may not be remembered after it.
    generation: AtomicU64,
    listening: AtomicBool,
}

impl KnownCallers {
    pub(crate) fn new() -> Self {
        let most = NonZeroUsize::new(REMEMBERED).expect("not zero");
        Self {
            remembered: Mutex::new(LruCache::new(most)),
            noted: Mutex::new(LruCache::new(most)),
            generation: AtomicU64::new(0),
            listening: AtomicBool::new(false),
        }
    }

    /// The caller, if they may be trusted without asking.
    pub(crate) fn get(&self, hash: &TokenHash) -> Option<Known> {
        if !self.listening.load(Ordering::Acquire) {
            return None;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(|e| e.into_inner());
        let (known, since) = remembered.get(hash)?;
        (since.elapsed() < TRUSTED).then(|| known.clone())
    }

    /// Whether it is time to note again that a token was used; it then counts as noted.
    pub(crate) fn is_to_be_noted(&self, hash: &TokenHash) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(|e| e.into_inner());
        let lately = (noted.get(hash)).is_some_and(|at| at.elapsed() < NOTED);
        if !lately {
            noted.put(*hash, Instant::now());
        }
        !lately
    }

    /// To be asked for before the database is.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers what the database said since `generation`.
    pub(crate) fn remember(&self, hash: TokenHash, known: Known, generation: u64) {
        let mut remembered = self.remembered.lock().unwrap_or_else(|e| e.into_inner());
        if self.generation() == generation {
            remembered.put(hash, (known, Instant::now()));
        }
    }

    /// Asks again next time.
    pub(crate) fn forget(&self, hash: &TokenHash) {
        let mut remembered = self.remembered.lock().unwrap_or_else(|e| e.into_inner());
        self.generation.fetch_add(1, Ordering::AcqRel);
        remembered.pop(hash);
    }

    /// Asks again for all tokens of a user or key, and for the keys that hang on them.
    pub(crate) fn forget_of(&self, id: Uuid) {
        let mut remembered = self.remembered.lock().unwrap_or_else(|e| e.into_inner());
        self.generation.fetch_add(1, Ordering::AcqRel);
        let theirs: Vec<TokenHash> = remembered
            .iter()
            .filter(|(_, (known, _))| known.hangs_on(id))
            .map(|(hash, _)| *hash)
            .collect();
        for hash in theirs {
            remembered.pop(&hash);
        }
    }

    fn forget_all(&self) {
        let mut remembered = self.remembered.lock().unwrap_or_else(|e| e.into_inner());
        self.generation.fetch_add(1, Ordering::AcqRel);
        remembered.clear();
    }

    /// Listens to the other processes until told to stop.
    pub(crate) async fn listen(&self, pool: PgPool, stop: CancellationToken) {
        let stopped = stop.run_until_cancelled(async {
            loop {
                if let Err(error) = self.listen_once(&pool).await {
                    tracing::warn!(%error, "cannot hear of revoked keys; asking the database each time");
                }
                self.listening.store(false, Ordering::Release);
                sleep(RETRY).await;
            }
        });
        stopped.await;
        self.listening.store(false, Ordering::Release);
    }

    async fn listen_once(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        // What was revoked before this moment was not heard.
        self.forget_all();
        self.listening.store(true, Ordering::Release);
        // None: the line was lost, and with it perhaps a notification.
        while let Some(told) = listener.try_recv().await? {
            if let Ok(id) = told.payload().parse::<Uuid>() {
                self.forget_of(id);
                continue;
            }
            let hash = hex::decode(told.payload()).ok();
            match hash.and_then(|hash| TokenHash::try_from(hash).ok()) {
                Some(hash) => self.forget(&hash),
                None => self.forget_all(),
            }
        }
        Ok(())
    }
}
