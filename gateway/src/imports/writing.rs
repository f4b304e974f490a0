//! Rows become events: as many at a time as one append takes.

use std::collections::{BTreeSet, HashMap, HashSet};

use cqrs_es::DomainEvent as _;
use domain::{
    actor::Actor,
    client::{Card, CardWanted, Client, ClientCommand, Consent, Note},
    contact::{KindedPhone, PhoneKind},
    id::Id,
    sealed::Sealed,
    service::{Offer, Service, ServiceCommand, ServiceState, ServiceWanted, Timing},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ledger::{
    ActorRef, Append, AppendError, Appended, Command, EventId, Expected, MAX_EVENTS, NewEvent,
    Position, Refused, StreamId, StreamWrite, Version,
};
use serde_json::value::to_raw_value;
use uuid::Uuid;
use vault::SealError;

use super::{
    clients::ClientDraft,
    judge::{Judged, Reason, Verdict},
    prepared::{Drafted, Drafts, Read},
    services::ServiceDraft,
    store::{Import, Outcome},
};
use crate::{
    app::App,
    command::{Kind, Loaded},
    problem::{Code, Problem},
};

/// How often an append is made anew before giving up for now.
const ATTEMPTS: u32 = 20;
/// Rows of one step: those without events are many to an append.
const ROWS: usize = 1_000;

/// An id that follows from the import and a place in it, so that a row done twice is done once.
pub(super) fn id_of(import: Uuid, what: &str, ordinal: usize) -> Uuid {
    let mut bytes = Uuid::new_v5(&import, format!("{what} {ordinal}").as_bytes()).into_bytes();
    // The import's own time, as ids of its day have it.
    bytes[..6].copy_from_slice(&import.as_bytes()[..6]);
    uuid::Builder::from_bytes(bytes)
        .with_version(uuid::Version::SortRand)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

/// The id of what a row makes.
pub(crate) fn own_id(import: Uuid, ordinal: usize) -> Uuid {
    id_of(import, "row", ordinal)
}

/// What was written of one step.
pub(super) struct Written {
    pub(super) outcomes: Vec<Outcome>,
    /// The positions of its events, if there were any.
    pub(super) positions: Option<(Position, Position)>,
}

/// On whose behalf, when, and where.
pub(super) struct Setting<'s> {
    pub(super) import: &'s Import,
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
}

/// What a row asks of the stream of its client or service.
pub(super) trait Brings<A: Kind>: Sync {
    /// The commands, on what stands there now, and when the first of their events happened if not now.
    fn asks(
        &self,
        id: Uuid,
        ordinal: usize,
        stands: &A,
        is_new: bool,
        setting: &Setting<'_>,
    ) -> (Vec<A::Command>, Option<Timestamp>);
}

impl App {
    /// Writes rows from one on, as many as one append takes.
    pub(super) async fn write_rows(
        &self,
        setting: &Setting<'_>,
        drafts: &Drafts,
        judged: &[Judged],
        from: usize,
        saw_catalogue: Option<Position>,
    ) -> Result<Option<Written>, Problem> {
        match drafts {
            Drafts::Clients(rows) => {
                self.write::<Client, _>(setting, rows, judged, from, None)
                    .await
            }
            Drafts::Services(rows) => {
                self.write::<Service, _>(setting, rows, judged, from, saw_catalogue)
                    .await
            }
        }
    }

    /// None: the catalogue moved; judge again.
    async fn write<A: Kind, D: Brings<A>>(
        &self,
        setting: &Setting<'_>,
        rows: &[Drafted<D>],
        judged: &[Judged],
        from: usize,
        saw_catalogue: Option<Position>,
    ) -> Result<Option<Written>, Problem> {
        let import = setting.import;
        let key = from.to_string();
        // What was written before a crash is remembered with its key.
        if let Some(recalled) = self
            .ledger()
            .recall(import.business, &caller(import), &key)
            .await?
        {
            return written(recalled.appended).map(Some);
        }
        let mut gone = HashSet::new();
        for _ in 0..ATTEMPTS {
            let mut step = Step::<A>::default();
            for (ordinal, (row, judged)) in
                rows.iter().zip(judged).enumerate().skip(from).take(ROWS)
            {
                if !self
                    .add(&mut step, setting, ordinal, row, judged, &gone)
                    .await?
                {
                    break;
                }
            }
            if step.events == 0 {
                return Ok(Some(Written {
                    outcomes: step.outcomes,
                    positions: None,
                }));
            }
            let answer = serde_json::to_value(&step.outcomes).map_err(Problem::internal)?;
            let mut append = match self.seal_step(import, step.streams, &key, answer).await {
                Ok(append) => append,
                Err(Sealing::Gone(key)) => {
                    gone.insert(key);
                    continue;
                }
                Err(Sealing::Problem(problem)) => return Err(problem),
            };
            append.saw_catalogue = saw_catalogue;
            match self.ledger().append(append).await {
                Ok(appended) => {
                    if A::IN_CATALOGUE {
                        self.catalogues().moved(import.business, appended.last);
                    }
                    return written(appended).map(Some);
                }
                Err(AppendError::Refused(Refused::PersonKeyGone { key })) => {
                    gone.insert(key);
                }
                Err(AppendError::Refused(Refused::CatalogueMoved { .. })) => return Ok(None),
                Err(AppendError::Refused(
                    Refused::MovedOn { .. } | Refused::PersonKeyMade { .. },
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::new(Code::Unavailable))
    }

    /// Adds a row to the step. False: there is no room for it.
    async fn add<A: Kind, D: Brings<A>>(
        &self,
        step: &mut Step<A>,
        setting: &Setting<'_>,
        ordinal: usize,
        row: &Drafted<D>,
        judged: &Judged,
        gone: &HashSet<Uuid>,
    ) -> Result<bool, Problem> {
        let mut outcome = Outcome {
            ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX),
            verdict: judged.verdict,
            thing: judged.thing,
            before: None,
            after: None,
            reason: judged.reason.clone(),
            undone: None,
        };
        let writes = matches!(judged.verdict, Verdict::Create | Verdict::Update);
        let (Read::Draft(draft), Some(id), true) = (&row.read, judged.thing, writes) else {
            step.outcomes.push(outcome);
            return Ok(true);
        };
        if gone.contains(&id) {
            outcome.verdict = Verdict::Error;
            outcome.reason = Some(Reason::Erased);
            step.outcomes.push(outcome);
            return Ok(true);
        }
        let is_new = judged.verdict == Verdict::Create;
        let place = match step.places.get(&id) {
            Some(place) => *place,
            None => {
                let loaded = if is_new {
                    Loaded {
                        state: A::default(),
                        version: Version::NEW,
                    }
                } else {
                    self.load::<A>(setting.import.business, id).await?
                };
                step.streams.push(Stream {
                    id,
                    before: loaded.version,
                    state: loaded.state,
                    events: vec![],
                });
                step.places.insert(id, step.streams.len() - 1);
                step.streams.len() - 1
            }
        };
        let stream = &step.streams[place];
        let (commands, happened) = draft.asks(id, ordinal, &stream.state, is_new, setting);
        let mut state = stream.state.clone();
        let mut events = vec![];
        for command in commands {
            // What the domain refuses of a row is told with it; the others go on.
            let Ok(decided) = state.decide(command) else {
                outcome.verdict = Verdict::Error;
                outcome.reason = Some(Reason::Refused);
                step.outcomes.push(outcome);
                return Ok(true);
            };
            for event in decided {
                state.apply(event.clone());
                let at = happened.filter(|_| events.is_empty());
                events.push((event, at));
            }
        }
        if step.events + events.len() > MAX_EVENTS {
            return Ok(false);
        }
        let stream = &mut step.streams[place];
        let version = |stream: &Stream<A>| {
            stream
                .before
                .0
                .saturating_add(i64::try_from(stream.events.len()).unwrap_or(i64::MAX))
        };
        outcome.before = Some(version(stream));
        step.events += events.len();
        let changed = !events.is_empty();
        stream.events.extend(events);
        stream.state = state;
        outcome.after = changed.then(|| version(stream));
        step.outcomes.push(outcome);
        Ok(true)
    }

    /// The append of a step, sealed.
    pub(super) async fn seal_step<A: Kind>(
        &self,
        import: &Import,
        streams: Vec<Stream<A>>,
        key: &str,
        answer: serde_json::Value,
    ) -> Result<Append, Sealing> {
        let internal = |error: serde_json::Error| Sealing::Problem(Problem::internal(error));
        let mut payloads = vec![];
        for (event, _) in streams.iter().flat_map(|stream| &stream.events) {
            payloads.push((
                self.new_id(),
                serde_json::to_value(event).map_err(internal)?,
            ));
        }
        let keys = match self.vault().seal(import.business.0, &mut payloads).await {
            Ok(keys) => keys,
            Err(SealError::KeyDestroyed { key }) => return Err(Sealing::Gone(key)),
            Err(error) => return Err(Sealing::Problem(error.into())),
        };
        let mut append = Append::new(import.business, self.import_command(import, key, answer));
        append.person_keys.made = keys.made;
        append.person_keys.used = keys.used;
        append.moves_catalogue = A::IN_CATALOGUE;
        let mut payloads = payloads.into_iter();
        for stream in streams
            .into_iter()
            .filter(|stream| !stream.events.is_empty())
        {
            let mut events = Vec::with_capacity(stream.events.len());
            for ((event, occurred_at), (id, payload)) in stream.events.iter().zip(payloads.by_ref())
            {
                events.push(NewEvent {
                    event_id: EventId(id),
                    event_type: event.event_type(),
                    event_version: event.event_version(),
                    payload: to_raw_value(&payload).map_err(internal)?,
                    occurred_at: *occurred_at,
                });
            }
            append.streams.push(StreamWrite {
                stream: StreamId::new(A::TYPE, stream.id),
                expected: Expected::Version(stream.before),
                events,
            });
        }
        Ok(append)
    }

    fn import_command(&self, import: &Import, key: &str, answer: serde_json::Value) -> Command {
        let said = format!("{} {key}", import.id);
        Command {
            id: self.new_id(),
            caller: caller(import),
            key: key.to_owned(),
            fingerprint: self
                .vault()
                .keyed_hash(import.business.0, "import.step", said.as_bytes()),
            actor: actor_ref(&import.actor),
            source: "import".to_owned(),
            correlation_id: import.id,
            causation_id: None,
            reverts: None,
            answer,
        }
    }
}

pub(super) fn caller(import: &Import) -> String {
    format!("import:{}", import.id)
}

fn actor_ref(actor: &Actor) -> ActorRef {
    ActorRef {
        kind: crate::access::actor_word(actor.kind).to_owned(),
        id: actor.id,
        role: actor
            .role
            .map(|role| crate::access::role_word(role).to_owned()),
    }
}

fn written(appended: Appended) -> Result<Written, Problem> {
    Ok(Written {
        outcomes: serde_json::from_value(appended.answer).map_err(Problem::internal)?,
        positions: Some((appended.first, appended.last)),
    })
}

/// Why a step was not sealed.
pub(super) enum Sealing {
    /// Somebody in it was erased.
    Gone(Uuid),
    Problem(Problem),
}

/// One append in the making.
struct Step<A: Kind> {
    streams: Vec<Stream<A>>,
    places: HashMap<Uuid, usize>,
    events: usize,
    outcomes: Vec<Outcome>,
}

/// What is written to one stream, and what it leaves.
pub(super) struct Stream<A: Kind> {
    pub(super) id: Uuid,
    pub(super) before: Version,
    pub(super) state: A,
    pub(super) events: Vec<(A::Event, Option<Timestamp>)>,
}

impl<A: Kind> Default for Step<A> {
    fn default() -> Self {
        Self {
            streams: vec![],
            places: HashMap::new(),
            events: 0,
            outcomes: vec![],
        }
    }
}

impl Brings<Client> for ClientDraft {
    fn asks(
        &self,
        id: Uuid,
        ordinal: usize,
        stands: &Client,
        is_new: bool,
        setting: &Setting<'_>,
    ) -> (Vec<ClientCommand>, Option<Timestamp>) {
        let mut commands = vec![if is_new {
            ClientCommand::Register(Box::new(self.card(Id::new(id))))
        } else {
            ClientCommand::ChangeContact(Box::new(self.wanted(Id::new(id), stands)))
        }];
        if !self.tags.is_subset(&stands.tags) {
            commands.push(ClientCommand::SetTags(
                self.tags.union(&stands.tags).cloned().collect(),
            ));
        }
        let mut consents: BTreeSet<Consent> = stands.consents.clone();
        for (consent, yes) in &self.consents {
            if *yes {
                consents.insert(*consent);
            } else {
                consents.remove(consent);
            }
        }
        if consents != stands.consents {
            commands.push(ClientCommand::SetConsents {
                to: consents,
                at: setting.now,
            });
        }
        let is_noted = |text| {
            stands
                .notes
                .iter()
                .any(|note| note.text.value() == Some(text))
        };
        if let Some(text) = self.note.as_ref().filter(|text| !is_noted(text)) {
            commands.push(ClientCommand::Note(Note {
                note_id: Id::new(id_of(setting.import.id, "note", ordinal)),
                text: Sealed::open(Id::<Client>::new(id), text.clone()),
                at: setting.now,
                by: setting.import.actor.clone(),
            }));
        }
        let happened = self
            .created
            .filter(|_| is_new)
            .and_then(|day| noon(day, &setting.zone));
        (commands, happened.filter(|at| *at < setting.now))
    }
}

/// The middle of a day: whoever came on it did so at some hour that the file does not tell.
fn noon(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let at = day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok()?;
    Some(at.timestamp())
}

impl ClientDraft {
    fn card(&self, id: Id<Client>) -> Card {
        Card {
            name: Sealed::open(id, self.name.clone()),
            phone: self
                .main_phone()
                .map(|phone| Sealed::open(id, phone.clone())),
            // Of one phone without more the main one is all.
            phones: (self.phones.len() > 1).then(|| Sealed::open(id, self.phones.clone())),
            email: self.email.clone().map(|email| Sealed::open(id, email)),
            telegram: self.telegram.clone().map(|name| Sealed::open(id, name)),
            birthday: self.birthday.map(|day| Sealed::open(id, day)),
            language: self.language.clone(),
            source: self.source.clone(),
            fiscal_code: self.fiscal_code.clone().map(|code| Sealed::open(id, code)),
            warning: self.warning.clone().map(|text| Sealed::open(id, text)),
        }
    }

    /// What the row tells is taken over; of what it does not tell everything stays. Phones that were known are kept
    /// beside the new ones.
    fn wanted(&self, id: Id<Client>, stands: &Client) -> CardWanted {
        let card = self.card(id);
        let known = stands.card.as_ref();
        let main = known
            .and_then(|known| known.phone.as_ref())
            .and_then(Sealed::value);
        let more = known
            .and_then(|known| known.phones.as_ref())
            .and_then(Sealed::value);
        let mut phones = self.phones.clone();
        for phone in more.into_iter().flatten() {
            if !phones.iter().any(|other| other.number == phone.number) {
                phones.push(phone.clone());
            }
        }
        if let Some(main) = main
            && !phones.iter().any(|other| other.number == *main)
        {
            phones.push(KindedPhone {
                kind: PhoneKind::Other,
                number: main.clone(),
            });
        }
        let has_new = self.phones.iter().any(|phone| {
            Some(&phone.number) != main
                && !more
                    .into_iter()
                    .flatten()
                    .any(|other| other.number == phone.number)
        });
        CardWanted {
            name: Some(card.name),
            phone: card.phone.filter(|_| has_new || main.is_none()).map(Some),
            phones: (has_new && phones.len() > 1).then(|| Some(Sealed::open(id, phones))),
            email: card.email.map(Some),
            telegram: card.telegram.map(Some),
            birthday: card.birthday.map(Some),
            language: card.language.map(Some),
            source: card.source.map(Some),
            fiscal_code: card.fiscal_code.map(Some),
            warning: card.warning.map(Some),
        }
    }
}

impl Brings<Service> for ServiceDraft {
    fn asks(
        &self,
        _: Uuid,
        _: usize,
        stands: &Service,
        is_new: bool,
        _: &Setting<'_>,
    ) -> (Vec<ServiceCommand>, Option<Timestamp>) {
        let command = if is_new {
            ServiceCommand::Offer(Offer {
                name: self.name.clone(),
                timing: Timing::plain(self.duration),
                price: self.price,
                per_staff: vec![],
                state: self.state.unwrap_or(ServiceState::Active),
                color: self.color.clone(),
                description: self.description.clone(),
            })
        } else {
            let timing = stands.offer.as_ref().map(|offer| Timing {
                duration_min: self.duration,
                ..offer.timing
            });
            ServiceCommand::Change(ServiceWanted {
                name: Some(self.name.clone()),
                timing,
                price: Some(self.price),
                per_staff: None,
                state: self.state,
                color: self.color.clone().map(Some),
                description: self.description.clone().map(Some),
            })
        };
        (vec![command], None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_import_and_the_row_alone() {
        let import = Uuid::now_v7();
        assert_eq!(own_id(import, 7), own_id(import, 7));
        assert_ne!(own_id(import, 7), own_id(import, 8));
        assert_ne!(own_id(import, 7), id_of(import, "note", 7));
        let id = own_id(import, 7);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.as_bytes()[..6], import.as_bytes()[..6]);
    }
}
