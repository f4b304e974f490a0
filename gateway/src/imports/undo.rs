//! What an import wrote, taken back: what it made and nobody touched since leaves the lists, what it changed and
//! nobody changed since is put back. History stays in the ledger.

use domain::{
    client::{CardWanted, Client, ClientCommand},
    service::{Service, ServiceCommand, ServiceWanted},
};
use ledger::{AppendError, MAX_EVENTS, Position, Refused, Version};
use projections::{Scope, history, waitlist};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    fields,
    store::{Import, ToUndo},
    writing::{Sealing, Stream, caller},
};
use crate::{
    app::App,
    command::Kind,
    problem::{Code, Problem},
};

/// How often a step is made anew before giving up for now.
const ATTEMPTS: u32 = 20;
/// Things of one step: each is a few events.
pub(super) const THINGS: i64 = 200;

/// What became of taking a row back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportUndone)]
pub(crate) enum Fate {
    /// It was taken back.
    Done,
    /// It stays: somebody changed it since.
    ChangedSince,
    /// It stays: there is a booking of it.
    Booked,
    /// It stays: they stand on the waitlist.
    Waiting,
    /// It stays as it is: who it was about was erased.
    Erased,
    /// All was taken back but its note.
    NotesStay,
}

impl Fate {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ChangedSince => "changed_since",
            Self::Booked => "booked",
            Self::Waiting => "waiting",
            Self::Erased => "erased",
            Self::NotesStay => "notes_stay",
        }
    }

    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "done" => Self::Done,
            "booked" => Self::Booked,
            "waiting" => Self::Waiting,
            "erased" => Self::Erased,
            "notes_stay" => Self::NotesStay,
            _ => Self::ChangedSince,
        }
    }
}

/// How a stream is taken back.
trait TakesBack: Kind {
    /// It was made by mistake.
    fn retract() -> Self::Command;
    /// It was retracted already, by whomever.
    fn is_gone(&self) -> bool;
    /// Back to what it was.
    fn back_to(before: &Self, now: jiff::Timestamp) -> Vec<Self::Command>;
    /// What cannot be put back.
    fn stays(before: &Self, now: &Self) -> Option<Fate>;
    /// Somebody's key was destroyed: nothing more is written about them.
    fn is_erased(&self) -> bool;
}

impl TakesBack for Client {
    fn retract() -> ClientCommand {
        ClientCommand::Retract
    }

    fn is_gone(&self) -> bool {
        self.retracted
    }

    fn back_to(before: &Self, now: jiff::Timestamp) -> Vec<ClientCommand> {
        let card = before.card.clone().map(|card| {
            ClientCommand::ChangeContact(Box::new(CardWanted {
                name: Some(card.name),
                phone: Some(card.phone),
                phones: Some(card.phones),
                email: Some(card.email),
                telegram: Some(card.telegram),
                birthday: Some(card.birthday),
                language: Some(card.language),
                source: Some(card.source),
                fiscal_code: Some(card.fiscal_code),
                warning: Some(card.warning),
            }))
        });
        let others = [
            ClientCommand::SetTags(before.tags.clone()),
            ClientCommand::SetConsents {
                to: before.consents.clone(),
                at: now,
            },
        ];
        card.into_iter().chain(others).collect()
    }

    fn stays(before: &Self, now: &Self) -> Option<Fate> {
        (now.notes.len() > before.notes.len()).then_some(Fate::NotesStay)
    }

    fn is_erased(&self) -> bool {
        let card = self.card.as_ref();
        card.is_some_and(|card| card.name.is_erased())
    }
}

impl TakesBack for Service {
    fn retract() -> ServiceCommand {
        ServiceCommand::Withdraw
    }

    fn is_gone(&self) -> bool {
        self.withdrawn
    }

    fn back_to(before: &Self, _: jiff::Timestamp) -> Vec<ServiceCommand> {
        let wanted = before.offer.clone().map(|offer| ServiceWanted {
            name: Some(offer.name),
            timing: Some(offer.timing),
            price: Some(offer.price),
            per_staff: Some(offer.per_staff),
            state: Some(offer.state),
            color: Some(offer.color),
            description: Some(offer.description),
        });
        wanted.map(ServiceCommand::Change).into_iter().collect()
    }

    fn stays(_: &Self, _: &Self) -> Option<Fate> {
        None
    }

    fn is_erased(&self) -> bool {
        false
    }
}

/// Which clients and services somebody counts on.
struct Needed {
    booked: Vec<Uuid>,
    waiting: Vec<Uuid>,
}

/// What became of a step's things, and the last position written.
pub(super) type Undone = (Vec<(Uuid, Fate)>, Option<Position>);

impl App {
    /// Takes these things back.
    pub(super) async fn undo_things(
        &self,
        import: &Import,
        things: &[ToUndo],
    ) -> Result<Undone, Problem> {
        match import.kind {
            fields::Kind::Clients => self.undo::<Client>(import, things).await,
            fields::Kind::Services => self.undo::<Service>(import, things).await,
        }
    }

    async fn undo<A: TakesBack>(
        &self,
        import: &Import,
        things: &[ToUndo],
    ) -> Result<Undone, Problem> {
        let business = import.business;
        let Some(first) = things.first() else {
            return Ok((vec![], None));
        };
        // What was written before a crash is remembered with its key.
        let key = format!("undo {}", first.thing);
        let recalled = self
            .ledger()
            .recall(business, &caller(import), &key)
            .await?;
        if let Some(recalled) = recalled {
            let appended = recalled.appended;
            let fates = serde_json::from_value(appended.answer).map_err(Problem::internal)?;
            return Ok((fates, Some(appended.last)));
        }
        let made: Vec<_> = things
            .iter()
            .filter(|thing| thing.made)
            .map(|thing| thing.thing)
            .collect();
        for _ in 0..ATTEMPTS {
            // What was booked a moment ago must be seen.
            let head = self.ledger().head(business).await?;
            self.projected(
                business,
                &[&history::READ_MODEL, &waitlist::READ_MODEL],
                head,
            )
            .await?;
            let scope = Scope::whole(business);
            let needed = Needed {
                booked: history::booked(self.pool(), &scope, &made).await?,
                waiting: waitlist::waiting(self.pool(), &scope, &made).await?,
            };
            let mut fates = vec![];
            let mut streams = vec![];
            let mut room = MAX_EVENTS;
            for thing in things {
                let (fate, stream) = self.one_back::<A>(import, thing, &needed).await?;
                let events = stream.as_ref().map_or(0, |stream| stream.events.len());
                // The rest has its turn in the next step.
                let Some(left) = room.checked_sub(events) else {
                    break;
                };
                room = left;
                fates.push((thing.thing, fate));
                streams.extend(stream);
            }
            if streams.iter().all(|stream| stream.events.is_empty()) {
                return Ok((fates, None));
            }
            let answer = serde_json::to_value(&fates).map_err(Problem::internal)?;
            let append = match self.seal_step(import, streams, &key, answer).await {
                Ok(append) => append,
                Err(Sealing::Gone(_)) => continue,
                Err(Sealing::Problem(problem)) => return Err(problem),
            };
            match self.ledger().append(append).await {
                Ok(appended) => {
                    if A::IN_CATALOGUE {
                        self.catalogues().moved(business, appended.last);
                    }
                    let fates =
                        serde_json::from_value(appended.answer).map_err(Problem::internal)?;
                    return Ok((fates, Some(appended.last)));
                }
                Err(AppendError::Refused(
                    Refused::MovedOn { .. } | Refused::PersonKeyGone { .. },
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::new(Code::Unavailable))
    }

    async fn one_back<A: TakesBack>(
        &self,
        import: &Import,
        thing: &ToUndo,
        needed: &Needed,
    ) -> Result<(Fate, Option<Stream<A>>), Problem> {
        let now = self.load::<A>(import.business, thing.thing).await?;
        if now.state.is_gone() {
            let fate = if thing.made {
                Fate::Done
            } else {
                Fate::ChangedSince
            };
            return Ok((fate, None));
        }
        if now.version != Version(thing.after) {
            return Ok((Fate::ChangedSince, None));
        }
        if thing.made && needed.booked.contains(&thing.thing) {
            return Ok((Fate::Booked, None));
        }
        if thing.made && needed.waiting.contains(&thing.thing) {
            return Ok((Fate::Waiting, None));
        }
        if now.state.is_erased() {
            return Ok((Fate::Erased, None));
        }
        let (commands, fate) = if thing.made {
            (vec![A::retract()], Fate::Done)
        } else {
            let before = self
                .load_at::<A>(import.business, thing.thing, Version(thing.before))
                .await?;
            let fate = A::stays(&before.state, &now.state).unwrap_or(Fate::Done);
            (A::back_to(&before.state, self.now()), fate)
        };
        let mut state = now.state;
        let mut events = vec![];
        for command in commands {
            for event in A::decide(&state, command)? {
                state.apply(event.clone());
                events.push((event, None));
            }
        }
        let stream = Stream {
            id: thing.thing,
            before: now.version,
            state,
            events,
        };
        Ok((fate, Some(stream)))
    }
}
