//! The state that every handler shares.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::{access::Access, actor::Role};
use futures::future::BoxFuture;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use ledger::{BusinessId, Ledger, Position};
use projections::{
    NotYet, Projector, ReadModel,
    long_lists::{LongList, LongLists},
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::Vault;

use crate::{
    access::{Known, KnownCallers, Passwords, Tables, Token, TokenHash},
    catalogue::Catalogues,
    command::Ask,
    imports::work::Imports,
    limits::{Callers, Limits},
    mail::Mailer,
    problem::{Code, Problem},
    routes::{LivePlaces, health::LastLook},
    telling::{Teller, WebhookSettings},
    texts::Message,
    visitors::{PublicSettings, Visitors},
};

/// How long a query waits for the read models that it reads.
const MOST_WAIT: Duration = Duration::from_secs(5);
/// After so many seconds it is worth asking again for what is being built.
const BUILT_AFTER: u32 = 5;

/// What the gateway can be told to do otherwise.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest body that is taken, in bytes; 1 MiB by default. (Files of imports have a limit of their own.)
    pub body_limit: usize,
    /// How long a session lasts; 30 days by default.
    pub session: SignedDuration,
    /// A proxy of ours stands in front: the last address of `X-Forwarded-For` is the sender's. Off by default, for
    /// without one that header is whatever the sender writes.
    pub behind_proxy: bool,
    /// Where people reach the service: links in letters begin with it. Not taken from requests, whose `Host` is whatever
    /// the sender writes. `http://localhost:8080` by default.
    pub public_address: String,
    /// The folder that letters are laid into; none (the default): they are counted and gone.
    pub mail_folder: Option<PathBuf>,
    /// What visitors of the public side may ask for.
    pub public: PublicSettings,
    /// The origins (`https://salon.example`) whose pages may call with a token; none by default.
    pub origins: Vec<String>,
    /// How often somebody may call.
    pub limits: Limits,
    /// How long an answer may take to begin; two minutes by default.
    pub patience: Duration,
    /// How webhooks are told.
    pub webhooks: WebhookSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: 1 << 20,
            session: SignedDuration::from_hours(30 * 24),
            behind_proxy: false,
            public_address: "http://localhost:8080".to_owned(),
            mail_folder: None,
            public: PublicSettings::default(),
            origins: vec![],
            limits: Limits::default(),
            patience: Duration::from_secs(120),
            webhooks: WebhookSettings::default(),
        }
    }
}

/// Tells the time. Handed in, so that tests can stop it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Something that must be well before the service takes requests (`/readyz`).
#[derive(Clone)]
pub struct Probe {
    /// What is looked at: `migrations`, `projector`.
    pub name: &'static str,
    /// Looks. The error is shown to operators.
    pub look: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

/// What an [`App`] is put together from.
pub struct Parts {
    /// Where events are appended and read.
    pub ledger: Ledger,
    /// Seals and opens what is personal.
    pub vault: Vault,
    /// The service's connections: for secrets and read models.
    pub pool: PgPool,
    /// See [`Settings`].
    pub settings: Settings,
    /// See [`Clock`]; `Arc::new(Timestamp::now)`.
    pub clock: Clock,
    /// Who feeds the read models; asked to wait for what a query wants to see.
    pub projector: Projector,
    /// What `/readyz` asks, besides the database itself.
    pub probes: Vec<Probe>,
}

/// The state that every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    tables: Tables,
    known: KnownCallers,
    passwords: Passwords,
    live: LivePlaces,
    closing: CancellationToken,
    catalogues: Catalogues,
    mailer: Mailer,
    visitors: Visitors,
    imports: Imports,
    long_lists: LongLists,
    callers: Callers,
    teller: Teller,
    readiness: LastLook,
}

impl App {
    /// Puts it together. Nothing is started: see [`App::background`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let settings = &parts.settings;
        Self(Arc::new(Inner {
            tables: Tables::new(parts.pool.clone()),
            known: KnownCallers::new(),
            passwords: Passwords::new(),
            live: LivePlaces::default(),
            closing: CancellationToken::new(),
            catalogues: Catalogues::new(),
            imports: Imports::new(),
            long_lists: LongLists::beside(&parts.pool),
            mailer: Mailer::new(settings.mail_folder.as_deref(), &settings.public_address),
            visitors: Visitors::new(&parts.settings.public),
            callers: Callers::new(&parts.settings.limits),
            teller: Teller::new(parts.pool.clone()),
            readiness: LastLook::default(),
            parts,
        }))
    }

    /// Runs until told to stop: hears from other processes which keys were revoked, cancels bookings that their
    /// visitors did not confirm in time, and does the work of imports.
    pub async fn background(self, stop: CancellationToken) {
        let pool = self.0.tables.pool().clone();
        let unconfirmed = self.watch_unconfirmed(&stop);
        // Two, so that a long list of one business keeps nobody else waiting.
        let importing = self.clone().work_on_imports(stop.clone());
        let importing_too = self.clone().work_on_imports(stop.clone());
        tokio::join!(
            self.0.known.listen(pool, stop.clone()),
            unconfirmed,
            importing,
            importing_too
        );
    }

    /// Now, to the microsecond, as the ledger and the database keep it: what is told at once is told again the same.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = (self.0.parts.clock)();
        let kept = TimestampRound::new()
            .smallest(Unit::Microsecond)
            .mode(RoundMode::Trunc);
        now.round(kept).unwrap_or(now)
    }

    /// A fresh id (UUIDv7): of a thing, an event, a command.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.0.parts.ledger
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    /// Connections for the queries of read models.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.parts.pool
    }

    /// See [`Settings`].
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Waits until these read models have come to where the query wants them (`Daybook-Min-Position`), and have been whole
    /// once: 5 s at most.
    ///
    /// # Errors
    /// 503 when they have not come so far in time.
    pub async fn wait_for<Q>(
        &self,
        ask: &Ask<Q>,
        read_models: &[&'static ReadModel],
    ) -> Result<(), Problem> {
        let position = ask.min_position.unwrap_or(Position::START);
        self.projected(ask.caller.business(), read_models, position)
            .await
    }

    /// Waits until these read models have been whole once, 5 s at most. To be called before they are read, where nothing
    /// else waits for them: what is being built for the first time tells only a part.
    ///
    /// # Errors
    /// 503 when they are not in time.
    pub(crate) async fn built(
        &self,
        business: BusinessId,
        read_models: &[&'static ReadModel],
    ) -> Result<(), Problem> {
        self.projected(business, read_models, Position::START).await
    }

    /// Waits until these read models have come to a position, and have been whole once: 5 s at most.
    ///
    /// # Errors
    /// When they have not come so far in time.
    pub(crate) async fn projected(
        &self,
        business: BusinessId,
        read_models: &[&'static ReadModel],
        position: Position,
    ) -> Result<(), Problem> {
        let projector = &self.0.parts.projector;
        let waited = projector.wait_for(business, read_models, position, MOST_WAIT);
        waited.await.map_err(|not_yet| {
            let problem = Problem::new(Code::NotYet);
            let problem = match &not_yet {
                NotYet::BeingBuilt { .. } => problem
                    .detail(Message::new("detail-being-built"))
                    .retry_after(BUILT_AFTER),
                NotYet::Behind { .. } | NotYet::Parked { .. } | NotYet::Store(_) => {
                    problem.retry_after(1)
                }
            };
            problem.because(not_yet)
        })
    }

    /// Makes ready to read a list of any length, when its turn comes: for exports.
    ///
    /// # Errors
    /// 503 when too many are being read, or the database is away.
    pub(crate) async fn long_list<Q>(&self, ask: &Ask<Q>) -> Result<LongList, Problem> {
        Ok(self.0.long_lists.begin(ask.caller.business()).await?)
    }

    pub(crate) fn imports(&self) -> &Imports {
        &self.0.imports
    }

    /// Cancelled when no more requests are taken: what would never end by itself ends then.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    pub(crate) fn live(&self) -> &LivePlaces {
        &self.0.live
    }

    pub(crate) fn projector(&self) -> &Projector {
        &self.0.parts.projector
    }

    pub(crate) fn readiness(&self) -> &LastLook {
        &self.0.readiness
    }

    pub(crate) fn probes(&self) -> &[Probe] {
        &self.0.parts.probes
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.0.tables
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn catalogues(&self) -> &Catalogues {
        &self.0.catalogues
    }

    pub(crate) fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.0.callers
    }

    pub(crate) fn teller(&self) -> &Teller {
        &self.0.teller
    }

    pub(crate) fn visitors(&self) -> &Visitors {
        &self.0.visitors
    }

    pub(crate) fn known(&self) -> &KnownCallers {
        &self.0.known
    }

    /// Who holds a token, if it is good now.
    pub(crate) async fn known_caller(&self, token: &Token) -> Result<Option<Known>, Problem> {
        let hash = token.hash();
        let known = match self.0.known.get(&hash) {
            Some(known) => Some(known),
            None => self.ask_for_caller(token).await?,
        };
        let now = self.now();
        Ok(known.filter(|known| known.expires_at.is_none_or(|at| now < at)))
    }

    async fn ask_for_caller(&self, token: &Token) -> Result<Option<Known>, Problem> {
        let hash = token.hash();
        let generation = self.0.known.generation();
        let found = if token.is_key() {
            self.known_key(&hash).await?
        } else {
            self.known_session(&hash).await?
        };
        if let Some(known) = &found {
            self.0.known.remember(hash, known.clone(), generation);
        }
        if let Some(known) = &found
            && self.0.known.is_to_be_noted(&hash)
        {
            let (app, known) = (self.clone(), known.clone());
            // Nobody waits for it, and nothing hangs on it.
            tokio::spawn(async move {
                let (tables, now) = (&app.0.tables, app.now());
                let noted = if known.is_key {
                    tables.key_used(known.business, known.id, now).await
                } else {
                    tables.session_used(known.business, &hash, now).await
                };
                if let Err(error) = noted {
                    tracing::debug!(%error, "could not note that a key or session was used");
                }
            });
        }
        Ok(found)
    }

    /// Who holds a key: with the rights that it was issued with, as far as whoever stands behind it has them still.
    async fn known_key(&self, hash: &TokenHash) -> Result<Option<Known>, Problem> {
        let Some((mut known, user)) = self.0.tables.known_key(hash).await? else {
            return Ok(None);
        };
        let Some(user) = user else {
            return Ok(Some(known));
        };
        let issuer = self.ledger().load::<Access>(known.business, user).await?;
        Ok(match issuer.state {
            Access::User(user) if !user.disabled => {
                known.rights = known.rights.within(user.rights());
                // Who sees their own bookings alone has no key that sees more, or somebody else's.
                if user.role == Role::Staff || !user.role.reaches(known.role) {
                    known.role = user.role;
                    known.staff_id = user.staff_id;
                }
                Some(known)
            }
            // Who was shut out has no hand in here any more, not by a key either.
            Access::User(_) | Access::Blank | Access::ApiKey { .. } => None,
        })
    }

    /// Who holds a session: with the rights that their stream gives them now.
    async fn known_session(&self, hash: &TokenHash) -> Result<Option<Known>, Problem> {
        let Some(session) = self.0.tables.session(hash).await? else {
            return Ok(None);
        };
        let user = self
            .ledger()
            .load::<Access>(session.business, session.user)
            .await?;
        Ok(match user.state {
            Access::User(user) if !user.disabled => Some(Known {
                business: session.business,
                id: session.user,
                is_key: false,
                role: user.role,
                rights: user.rights(),
                staff_id: user.staff_id,
                issuers: vec![],
                expires_at: Some(session.expires_at),
            }),
            Access::User(_) | Access::Blank | Access::ApiKey { .. } => None,
        })
    }

    /// What a user or key may do has moved: nobody goes on with what they could before.
    pub(crate) fn access_moved(&self, id: Uuid) {
        self.0.known.forget_of(id);
        let app = self.clone();
        tokio::spawn(async move {
            match app.0.tables.tell_of(id).await {
                // A command that is through: others look for themselves within seconds.
                Ok(()) | Err(sqlx::Error::PoolClosed) => {}
                Err(error) => {
                    tracing::warn!(%error, "other processes hear of changed rights some seconds later");
                }
            }
        });
    }
}
