//! Load, decide, seal, append; and again when something moved on meanwhile.

use std::sync::Arc;

use cqrs_es::Aggregate as _;
use domain::{access::Access, id::Id};
use futures::future::BoxFuture;
use ledger::{
    Append, AppendError, Appended, Attempt, ClaimSet, Command, Expected, Guard, NewEvent, Position,
    Recorded, Refused, Shown, StreamWrite, Version,
};
use serde_json::{Value, value::to_raw_value};
use uuid::Uuid;
use vault::OpenError;

use super::{
    call::Envelope,
    decision::{Decision, Left, Outcome, Remembered, Reverted},
    kind::Kind,
};
use crate::{
    app::App,
    catalogue::{KINDS, Known},
    problem::{Code, Problem, bookings_affected},
};

/// A stream as it stands, with all that is sealed in it open (or erased).
pub type Loaded<A> = ledger::Loaded<A>;

/// What became of a command, the first time or on a replay.
#[derive(Debug, Clone)]
pub struct Done {
    /// What it is answered with.
    pub outcome: Outcome,
    /// What else it is answered with that no stream holds.
    pub told: Value,
    /// The last position written; what `Daybook-Position` tells.
    pub position: Position,
    /// The streams written, with their versions after it.
    pub versions: Vec<(ledger::StreamId, Version)>,
    /// The same `Idempotency-Key` did it before; nothing was written now.
    pub replayed: bool,
    /// The streams as it left them; empty on a replay.
    left: Vec<Left>,
    /// What else the answer speaks of, as it stood then.
    shown: Vec<Shown>,
}

impl Done {
    /// The thing that the answer shows.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.outcome.ids.first().copied().unwrap_or_default()
    }

    /// The stream of this kind that was written, and its version after it.
    #[must_use]
    pub fn stream<A: Kind>(&self) -> Option<(Uuid, Version)> {
        let found = self
            .versions
            .iter()
            .find(|(stream, _)| stream.kind == A::TYPE);
        found.map(|(stream, version)| (stream.id, *version))
    }
}

/// Which stream a command is for.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    id: Uuid,
    is_new: bool,
}

impl Target {
    /// One that is there.
    pub fn at(id: impl Into<Uuid>) -> Self {
        Self {
            id: id.into(),
            is_new: false,
        }
    }

    /// One that the command makes.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self { id, is_new: true }
    }
}

/// What a command is decided on.
pub struct Deciding<A> {
    /// The thing as it stands, opened; the default where it is new.
    pub state: A,
    /// The catalogue.
    pub known: Arc<Known>,
    /// Now.
    pub now: jiff::Timestamp,
}

/// What is asked of a stream.
pub struct Asked<A: Kind> {
    commands: Vec<A::Command>,
    guards: Vec<Guard>,
    claims: Vec<ClaimSet>,
    outcome: Option<Outcome>,
    reverts: Option<Reverted>,
}

impl<A: Kind> Asked<A> {
    /// This command.
    pub fn of(command: A::Command) -> Self {
        Self::all(vec![command])
    }

    /// These commands, each on what the ones before leave, in one append.
    pub const fn all(commands: Vec<A::Command>) -> Self {
        Self {
            commands,
            guards: vec![],
            claims: vec![],
            outcome: None,
            reverts: None,
        }
    }

    /// And then this one, on what the others leave, in the same append.
    #[must_use]
    pub fn then(mut self, command: A::Command) -> Self {
        self.commands.push(command);
        self
    }

    /// Refused while bookings lie in these times.
    #[must_use]
    pub fn guarded(mut self, guards: Vec<Guard>) -> Self {
        self.guards = guards;
        self
    }

    /// With it, others take this time in place of what they took.
    #[must_use]
    pub fn claiming(mut self, claims: Vec<ClaimSet>) -> Self {
        self.claims = claims;
        self
    }

    /// The answer shows this thing inside the stream (a closure of a business), which the command makes.
    #[must_use]
    pub fn making(self, id: Uuid) -> Self {
        self.making_all(vec![id])
    }

    /// As [`making`](Self::making), for several.
    #[must_use]
    pub fn making_all(mut self, ids: Vec<Uuid>) -> Self {
        self.outcome = Some(Outcome { status: 201, ids });
        self
    }

    /// This event is put back by it.
    #[must_use]
    pub fn putting_back(mut self, event: &Recorded) -> Self {
        self.reverts = Some(event.into());
        self
    }

    /// The answer shows this thing inside the stream, which the command changes.
    #[must_use]
    pub fn showing(mut self, id: Uuid) -> Self {
        self.outcome = Some(Outcome::changed(id));
        self
    }
}

/// How often a command is decided at most, before the conflict is the answer.
const ATTEMPTS: u32 = 5;

impl App {
    /// Does one command on one stream. `ask` is called with what it is decided on, again for each attempt.
    ///
    /// # Errors
    /// What stands in its way; nothing was written then.
    pub fn send<'a, A: Kind>(
        &'a self,
        call: &'a Envelope,
        target: Target,
        ask: impl Fn(&Deciding<A>) -> Result<Asked<A>, Problem> + Send + Sync + 'a,
    ) -> BoxFuture<'a, Result<Done, Problem>> {
        let business = call.caller.business();
        let ask = Arc::new(ask);
        self.execute(call, move |attempt| {
            let ask = ask.clone();
            async move {
                let known = self.catalogue_for(call, &attempt).await?;
                let loaded = if target.is_new {
                    Loaded {
                        state: A::default(),
                        version: Version::NEW,
                    }
                } else {
                    self.load::<A>(business, target.id).await?
                };
                call.expects(loaded.version)?;
                let deciding = Deciding {
                    state: loaded.state,
                    known,
                    now: self.now(),
                };
                let asked = ask(&deciding)?;
                let mut events = vec![];
                let mut state = deciding.state.clone();
                for command in asked.commands {
                    for event in state.decide(command)? {
                        state.apply(event.clone());
                        events.push(event);
                    }
                }
                let outcome = asked.outcome.unwrap_or_else(|| {
                    if target.is_new {
                        Outcome::made(target.id)
                    } else {
                        Outcome::changed(target.id)
                    }
                });
                let mut decision = Decision::new(outcome);
                decision.leaves::<A>(target.id, loaded.version, events.len(), state);
                decision.write::<A>(self, target.id, loaded.version, &events)?;
                decision.guards = asked.guards;
                decision.claims = asked.claims;
                decision.reverts = asked.reverts;
                if A::IN_CATALOGUE {
                    decision.saw_catalogue = Some(deciding.known.position);
                }
                Ok(decision)
            }
        })
    }

    /// The catalogue to decide on: as remembered at first, as it is now once that was refused.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn catalogue_for(
        &self,
        call: &Envelope,
        attempt: &Attempt,
    ) -> Result<Arc<Known>, Problem> {
        let business = call.caller.business();
        if attempt.number == 1 {
            self.catalogue(business).await
        } else {
            self.catalogue_now(business).await
        }
    }

    /// Seals and appends what `decide` decides, and has it decide again when something moved on meanwhile. A command
    /// whose `Idempotency-Key` was accepted before is not done again, nor refused: it is answered as it was.
    ///
    /// # Errors
    /// What stands in its way; nothing was written then.
    pub fn execute<'a, Decided>(
        &'a self,
        call: &'a Envelope,
        decide: impl Fn(Attempt) -> Decided + Send + Sync + 'a,
    ) -> BoxFuture<'a, Result<Done, Problem>>
    where
        Decided: Future<Output = Result<Decision, Problem>> + Send + 'a,
    {
        Box::pin(async move {
            match self.decide_and_append(call, decide).await {
                Ok(done) => Ok(done),
                Err(problem) => self.recalled(call, problem).await,
            }
        })
    }

    /// Not through [`ledger::Ledger::execute`]: a future that is generic over an async closure cannot be shown to be
    /// `Send` (rust-lang/rust#110338), which axum asks of handlers.
    async fn decide_and_append<Decided>(
        &self,
        call: &Envelope,
        decide: impl Fn(Attempt) -> Decided,
    ) -> Result<Done, Problem>
    where
        Decided: Future<Output = Result<Decision, Problem>>,
    {
        let mut attempt = Attempt {
            number: 1,
            after: None,
        };
        loop {
            let decision = decide(attempt.clone()).await?;
            if decision.is_idle() && call.key.is_none() {
                return self.idle(call, &decision).await;
            }
            let mut decision = decision;
            let left = std::mem::take(&mut decision.left);
            let again_if_guarded = decision.again_if_guarded;
            let append = self.sealed(call, decision).await?;
            match self.ledger().append(append).await {
                Ok(appended) => return self.done(call, appended, left),
                Err(AppendError::Refused(refused))
                    if attempt.number < ATTEMPTS
                        && (refused.is_stale()
                            || again_if_guarded && matches!(refused, Refused::Guarded { .. })) =>
                {
                    attempt = Attempt {
                        number: attempt.number + 1,
                        after: Some(refused),
                    };
                }
                Err(AppendError::Refused(Refused::Guarded { by })) => {
                    let known = self.catalogue(call.caller.business()).await?;
                    let sessions = &known.catalogue.sessions;
                    return Err(bookings_affected(&by, |owner| {
                        sessions.contains_key(&Id::new(owner))
                    }));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What became of the command the first time, if a refusal is of its own making: it was accepted before, under
    /// the same key. For handlers that refuse before they decide.
    ///
    /// # Errors
    /// The refusal, if it was not.
    pub async fn recalled(&self, call: &Envelope, problem: Problem) -> Result<Done, Problem> {
        let Some(key) = &call.key else {
            return Err(problem);
        };
        let caller = call.caller.name();
        let recalled = self.ledger().recall(call.caller.business(), &caller, key);
        match recalled.await {
            Ok(Some(recalled)) if recalled.fingerprint == call.fingerprint => {
                self.done(call, recalled.appended, vec![])
            }
            Ok(Some(_)) => Err(Problem::new(Code::IdempotencyKeyReused)),
            Ok(None) | Err(_) => Err(problem),
        }
    }

    /// Whether the command was done before, under the same key. For handlers that do something before the append,
    /// which a refused command must not do.
    ///
    /// # Errors
    /// 422 if the key was used for another request.
    pub async fn was_done(&self, call: &Envelope) -> Result<bool, Problem> {
        let Some(key) = &call.key else {
            return Ok(false);
        };
        let caller = call.caller.name();
        let recalled = self.ledger().recall(call.caller.business(), &caller, key);
        match recalled.await? {
            None => Ok(false),
            Some(recalled) if recalled.fingerprint == call.fingerprint => Ok(true),
            Some(_) => Err(Problem::new(Code::IdempotencyKeyReused)),
        }
    }

    fn done(&self, call: &Envelope, appended: Appended, left: Vec<Left>) -> Result<Done, Problem> {
        let Remembered { outcome, told } =
            serde_json::from_value(appended.answer).map_err(Problem::internal)?;
        let moves = |kind: &str| KINDS.contains(&kind);
        if appended
            .versions
            .iter()
            .any(|(stream, _)| moves(&stream.kind))
        {
            self.catalogues()
                .moved(call.caller.business(), appended.last);
        }
        for (stream, _) in &appended.versions {
            if stream.kind == Access::TYPE && !appended.replayed {
                self.access_moved(stream.id);
            }
        }
        Ok(Done {
            outcome,
            told,
            position: appended.last,
            versions: appended.versions,
            // Of a replay, what this attempt would have left is beside the point.
            left: if appended.replayed { vec![] } else { left },
            shown: appended.shown,
            replayed: appended.replayed,
        })
    }

    /// Nothing to do: as if it had been done before.
    async fn idle(&self, call: &Envelope, decision: &Decision) -> Result<Done, Problem> {
        let versions = decision
            .streams
            .iter()
            .filter_map(|stream| match stream.expected {
                Expected::Version(version) => Some((stream.stream.clone(), version)),
                Expected::Exists => None,
            });
        Ok(Done {
            outcome: decision.outcome.clone(),
            told: decision.told.clone(),
            position: self.ledger().head(call.caller.business()).await?,
            versions: versions.collect(),
            replayed: false,
            left: decision.left.clone(),
            shown: vec![],
        })
    }

    /// The append that a decision is, its personal values sealed.
    async fn sealed(&self, call: &Envelope, decision: Decision) -> Result<Append, Problem> {
        let business = call.caller.business();
        let mut append = Append::new(business, self.command_of(call, &decision)?);
        let mut payloads: Vec<_> = decision
            .streams
            .iter()
            .flat_map(|stream| stream.payloads.iter().cloned())
            .collect();
        let keys = self.vault().seal(business.0, &mut payloads).await?;
        append.person_keys.made = keys.made;
        append.person_keys.used = keys.used;
        let mut payloads = payloads.into_iter();
        for stream in decision.streams {
            let mut events = Vec::with_capacity(stream.types.len());
            for ((event_id, event_type, event_version), (_, payload)) in
                stream.types.into_iter().zip(payloads.by_ref())
            {
                events.push(NewEvent {
                    event_id,
                    event_type,
                    event_version,
                    payload: to_raw_value(&payload).map_err(Problem::internal)?,
                    occurred_at: None,
                });
            }
            append.streams.push(StreamWrite {
                stream: stream.stream,
                expected: stream.expected,
                events,
            });
        }
        append.claims = decision.claims;
        append.names = decision.names;
        append.released_names = decision.released_names;
        append.guards = decision.guards;
        append.saw_catalogue = decision.saw_catalogue;
        append.shows = decision.shows;
        append.moves_catalogue = decision.moves_catalogue;
        Ok(append)
    }

    fn command_of(&self, call: &Envelope, decision: &Decision) -> Result<Command, Problem> {
        let own_key = || call.command_id.to_string();
        let answer = Remembered {
            outcome: decision.outcome.clone(),
            told: decision.told.clone(),
        };
        Ok(Command {
            id: call.command_id,
            // A key of ours is kept apart from those that callers think of.
            caller: match &call.key {
                Some(_) => call.caller.name(),
                None => format!("{} once", call.caller.name()),
            },
            key: call.key.clone().unwrap_or_else(own_key),
            fingerprint: call.fingerprint,
            actor: call.caller.actor_ref(),
            source: call.caller.source().to_owned(),
            correlation_id: call.correlation_id,
            causation_id: decision.reverts.map(|event| event.event_id.0),
            reverts: decision.reverts.map(|event| event.position),
            answer: serde_json::to_value(answer).map_err(Problem::internal)?,
        })
    }

    /// A stream as it stands now, opened.
    ///
    /// # Errors
    /// When it cannot be read or opened.
    pub async fn load<A: Kind>(
        &self,
        business: ledger::BusinessId,
        id: Uuid,
    ) -> Result<Loaded<A>, Problem> {
        let loaded = self.ledger().load::<A>(business, id).await?;
        self.opened(business, loaded).await
    }

    /// A stream as a command left it, opened: from what was in hand, or, on a replay, read anew. The two are the
    /// same, for both are the fold of the same events.
    ///
    /// # Errors
    /// When it cannot be read or opened.
    pub async fn after<A: Kind>(
        &self,
        business: ledger::BusinessId,
        done: &Done,
        id: Uuid,
        version: Version,
    ) -> Result<Loaded<A>, Problem> {
        let left = done.left.iter();
        let mut left = left.filter(|left| left.id == id && left.version == version);
        match left.find_map(|left| left.state.downcast_ref::<A>()) {
            Some(state) => {
                let state = state.clone();
                self.opened_by(business, done, Loaded { state, version })
                    .await
            }
            None => self.load_at(business, id, version).await,
        }
    }

    /// A stream that an answer speaks of besides what its command wrote, opened: as the command left or saw it, or,
    /// if it did neither, read anew.
    ///
    /// # Errors
    /// When it cannot be read or opened.
    pub async fn beside<A: Kind>(
        &self,
        business: ledger::BusinessId,
        done: &Done,
        id: Uuid,
    ) -> Result<Loaded<A>, Problem> {
        let written = done.versions.iter().find(|(stream, _)| stream.id == id);
        if let Some((_, version)) = written {
            return self.after(business, done, id, *version).await;
        }
        let Some(shown) = done.shown.iter().find(|shown| shown.id == id) else {
            return self.load(business, id).await;
        };
        let loaded = self.ledger().fold::<A>(shown)?;
        self.opened_by(business, done, loaded).await
    }

    /// A folded stream, opened with the keys that a command's append brought along; if it speaks of somebody else
    /// too, with theirs.
    ///
    /// # Errors
    /// When it cannot be opened.
    async fn opened_by<A: Kind>(
        &self,
        business: ledger::BusinessId,
        done: &Done,
        loaded: Loaded<A>,
    ) -> Result<Loaded<A>, Problem> {
        let json = to_raw_value(&loaded.state).map_err(Problem::internal)?;
        if !vault::holds_sealed(&json) {
            return Ok(loaded);
        }
        let keys = done
            .shown
            .iter()
            .map(|shown| (shown.id, shown.key.as_deref()));
        let ring = self.vault().ring_of(business.0, keys)?;
        let mut json = serde_json::from_str(json.get()).map_err(Problem::internal)?;
        match ring.open(business.0, &mut json) {
            Ok(()) => Ok(Loaded {
                state: serde_json::from_value(json).map_err(Problem::internal)?,
                version: loaded.version,
            }),
            Err(OpenError::NotAsked { .. }) => self.opened(business, loaded).await,
            Err(error) => Err(error.into()),
        }
    }

    /// A stream as it stood at a version, opened.
    ///
    /// # Errors
    /// When it cannot be read or opened.
    pub async fn load_at<A: Kind>(
        &self,
        business: ledger::BusinessId,
        id: Uuid,
        version: Version,
    ) -> Result<Loaded<A>, Problem> {
        let stream = ledger::StreamId::new(A::TYPE, id);
        let mut loaded = Loaded {
            state: A::default(),
            version: Version::NEW,
        };
        let events = self.ledger().events_of(business, &stream).await?;
        for event in events.iter().filter(|event| event.version <= version) {
            let payload = serde_json::from_str(event.payload.get());
            loaded.state.apply(payload.map_err(Problem::internal)?);
            loaded.version = event.version;
        }
        self.opened(business, loaded).await
    }

    pub(crate) async fn opened<A: Kind>(
        &self,
        business: ledger::BusinessId,
        loaded: Loaded<A>,
    ) -> Result<Loaded<A>, Problem> {
        let json = to_raw_value(&loaded.state).map_err(Problem::internal)?;
        if !vault::holds_sealed(&json) {
            return Ok(loaded);
        }
        let json = serde_json::from_str(json.get()).map_err(Problem::internal)?;
        let mut json = [json];
        self.vault().open(business.0, &mut json).await?;
        let [json] = json;
        Ok(Loaded {
            state: serde_json::from_value(json).map_err(Problem::internal)?,
            version: loaded.version,
        })
    }
}
