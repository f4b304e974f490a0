//! What an import wrote, taken back: what it made and nobody touched since leaves the lists, what it changed and
//! nobody changed since is put back. History stays in the ledger.

use domain::{
    client::{CardWanted, Client, ClientCommand},
    service::{Service, ServiceCommand, ServiceWanted},
};
use ledger::{AppendError, MAX_EVENTS, Position, Refused, Version};
use projections::{Scope, history};
use uuid::Uuid;

use super::{
    fields,
    store::{Import, ToUndo},
    writing::{Sealing, Stream},
};
use crate::{
    app::App,
    command::Kind,
    problem::{Code, Problem},
};

/// How often a step is made anew before giving up for now.
const ATTEMPTS: u32 = 20;
/// Things of one step: each is a few events.
pub(super) const THINGS: i64 = 60;

/// Done.
pub(super) const DONE: &str = "done";
const CHANGED_SINCE: &str = "changed_since";
const BOOKED: &str = "booked";
const ERASED: &str = "erased";
/// All but the notes, which stay.
const NOTES_STAY: &str = "notes_stay";

/// How a stream is taken back.
trait TakesBack: Kind {
    /// It was made by mistake.
    fn retract() -> Self::Command;
    /// It was retracted already, by whomever.
    fn is_gone(&self) -> bool;
    /// Back to what it was.
    fn back_to(before: &Self, now: jiff::Timestamp) -> Vec<Self::Command>;
    /// What cannot be put back.
    fn stays(before: &Self, now: &Self) -> Option<&'static str>;
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

    fn stays(before: &Self, now: &Self) -> Option<&'static str> {
        (now.notes.len() > before.notes.len()).then_some(NOTES_STAY)
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

    fn stays(_: &Self, _: &Self) -> Option<&'static str> {
        None
    }
}

/// What became of a step's things, and the last position written.
pub(super) type Undone = (Vec<(Uuid, &'static str)>, Option<Position>);

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
        let made: Vec<_> = things
            .iter()
            .filter(|thing| thing.made)
            .map(|thing| thing.thing)
            .collect();
        for _ in 0..ATTEMPTS {
            // What was booked a moment ago must be seen.
            let head = self.ledger().head(business).await?;
            self.projected(business, &[&history::READ_MODEL], head)
                .await?;
            let booked = history::booked(self.pool(), &Scope::whole(business), &made).await?;
            let mut words = vec![];
            let mut streams = vec![];
            let mut room = MAX_EVENTS;
            for thing in things {
                let (word, stream) = self.one_back::<A>(import, thing, &booked).await?;
                let events = stream.as_ref().map_or(0, |stream| stream.events.len());
                // The rest has its turn in the next step.
                let Some(left) = room.checked_sub(events) else {
                    break;
                };
                room = left;
                words.push((thing.thing, word));
                streams.extend(stream);
            }
            if streams.iter().all(|stream| stream.events.is_empty()) {
                return Ok((words, None));
            }
            let key = format!("undo {}", self.new_id());
            let append = match self
                .seal_step(import, streams, &key, serde_json::Value::Null)
                .await
            {
                Ok(append) => append,
                Err(Sealing::Gone(_)) => continue,
                Err(Sealing::Problem(problem)) => return Err(problem),
            };
            match self.ledger().append(append).await {
                Ok(appended) => {
                    if A::IN_CATALOGUE {
                        self.catalogues().moved(business, appended.last);
                    }
                    return Ok((words, Some(appended.last)));
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
        booked: &[Uuid],
    ) -> Result<(&'static str, Option<Stream<A>>), Problem> {
        let now = self.load::<A>(import.business, thing.thing).await?;
        if now.state.is_gone() {
            return Ok((if thing.made { DONE } else { CHANGED_SINCE }, None));
        }
        if now.version != Version(thing.after) {
            return Ok((CHANGED_SINCE, None));
        }
        if thing.made && booked.contains(&thing.thing) {
            return Ok((BOOKED, None));
        }
        if self.is_erased(import, thing.thing).await? {
            return Ok((ERASED, None));
        }
        let (commands, word) = if thing.made {
            (vec![A::retract()], DONE)
        } else {
            let before = self
                .load_at::<A>(import.business, thing.thing, Version(thing.before))
                .await?;
            let word = A::stays(&before.state, &now.state).unwrap_or(DONE);
            (A::back_to(&before.state, self.now()), word)
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
        Ok((word, Some(stream)))
    }

    /// Whether somebody's key was destroyed: nothing more is written about them.
    async fn is_erased(&self, import: &Import, id: Uuid) -> Result<bool, Problem> {
        if import.kind == fields::Kind::Services {
            return Ok(false);
        }
        let client = self.load::<Client>(import.business, id).await?;
        let card = client.state.card;
        Ok(card.is_some_and(|card| card.name.is_erased()))
    }
}
