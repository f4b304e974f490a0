//! Puts a diary into the ledger, some hundred events at a time.

use std::{collections::BTreeMap, iter::repeat_n};

use domain::{
    actor::Actor,
    booking::{self, Booking, BookingEvent, Resource},
    catalogue::Catalogue,
    event::AnyEvent,
    id::Id,
    session::{Session, SessionEvent},
};
use jiff::Timestamp;
use ledger::{
    ActorRef, Append, AppendError, BusinessId, Claim, ClaimSet, Command, EventId, Expected, Ledger,
    MAX_EVENTS, NameClaim, NewEvent, StreamId, StreamWrite, Version,
};
use serde_json::json;
use thiserror::Error;
use uuid::Uuid;
use vault::Vault;

use super::diary::{Diary, Fact};

/// What booking references are called among names.
const REFERENCE: &str = "reference";

/// Why a diary was not written whole.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// The vault could not seal it.
    #[error("personal data could not be sealed")]
    Seal(#[source] vault::SealError),
    /// The ledger refused it.
    #[error("the ledger took the demo's history only up to fact {written}")]
    Append {
        /// How many facts were written.
        written: usize,
        /// Why not the next.
        #[source]
        source: Box<AppendError>,
    },
    /// An event does not serialise.
    #[error("an event could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Writes what happened after the business opened. `progress` hears how many facts are written.
///
/// `catalogue` must hold the diary's desks: a desk's capacity is part of what is claimed.
pub(crate) async fn write(
    ledger: &Ledger,
    vault: &Vault,
    business: BusinessId,
    diary: &Diary,
    actor: &Actor,
    now: Timestamp,
    mut progress: impl FnMut(usize),
) -> Result<(), WriteError> {
    let mut books = Books {
        business,
        actor,
        now,
        diary,
        catalogue: catalogue(diary),
        versions: BTreeMap::new(),
    };
    // The business's own stream holds its opening already.
    books.versions.insert(business.0, 1);
    let last_fact_of = books.last_facts();
    let mut written = 0;
    for (number, facts) in diary.facts.chunks(MAX_EVENTS).enumerate() {
        let done = written + facts.len();
        let append = books.append(vault, number, facts, |id| {
            last_fact_of
                .get(&id)
                .is_some_and(|&l| (written..done).contains(&l))
        });
        let append = append.await?;
        ledger
            .append(append)
            .await
            .map_err(|source| WriteError::Append {
                written,
                source: Box::new(source),
            })?;
        written = done;
        progress(written);
    }
    Ok(())
}

fn catalogue(diary: &Diary) -> Catalogue {
    let mut catalogue = Catalogue::default();
    diary
        .facts
        .iter()
        .filter(|f| f.event.moves_catalogue())
        .for_each(|f| catalogue.apply(f.event.clone()));
    catalogue
}

struct Books<'a> {
    business: BusinessId,
    actor: &'a Actor,
    now: Timestamp,
    diary: &'a Diary,
    catalogue: Catalogue,
    versions: BTreeMap<Uuid, i64>,
}

impl Books<'_> {
    /// For each booking, which fact is its last: there its claims are taken, as they stand at the end.
    fn last_facts(&self) -> BTreeMap<Id<Booking>, usize> {
        let facts = self.diary.facts.iter().enumerate();
        facts
            .filter_map(|(i, f)| {
                if let AnyEvent::Booking(id, _) = &f.event {
                    Some((*id, i))
                } else {
                    None
                }
            })
            .collect()
    }

    async fn append(
        &mut self,
        vault: &Vault,
        number: usize,
        facts: &[Fact],
        ends_here: impl Fn(Id<Booking>) -> bool,
    ) -> Result<Append, WriteError> {
        let mut append = Append::new(self.business, self.command(number));
        let mut payloads = vec![];
        for fact in facts {
            payloads.push((Uuid::now_v7(), fact.event.payload()?));
        }
        let keys = vault
            .seal(self.business.0, &mut payloads)
            .await
            .map_err(WriteError::Seal)?;
        append.person_keys.made = keys.made;
        append.person_keys.used = keys.used;

        let mut streams: BTreeMap<Uuid, StreamWrite> = BTreeMap::new();
        for (fact, (event_id, payload)) in facts.iter().zip(payloads) {
            append.moves_catalogue |= fact.event.moves_catalogue();
            let id = self.stream_of(&fact.event);
            let version = *self.versions.get(&id).unwrap_or(&0);
            let stream = streams.entry(id).or_insert_with(|| StreamWrite {
                stream: StreamId::new(fact.event.kind(), id),
                expected: Expected::Version(Version(version)),
                events: vec![],
            });
            stream.events.push(NewEvent {
                event_id: EventId(event_id),
                event_type: fact.event.event_type().to_owned(),
                event_version: domain::event::VERSION.to_owned(),
                payload: serde_json::value::to_raw_value(&payload)?,
                occurred_at: Some(fact.at),
            });
            if let AnyEvent::Booking(id, BookingEvent::Placed(placement)) = &fact.event {
                append.names.push(NameClaim {
                    kind: REFERENCE,
                    name: placement.reference.as_str().to_owned(),
                    owner: id.uuid(),
                });
            }
        }
        for (id, write) in &streams {
            let events = i64::try_from(write.events.len()).unwrap_or(0);
            *self.versions.entry(*id).or_insert(0) += events;
        }
        let ending = streams
            .keys()
            .map(|&id| Id::new(id))
            .filter(|&id| ends_here(id));
        append.claims = ending.filter_map(|id| self.claims(id)).collect();
        let scheduled = facts.iter().filter_map(|fact| {
            let AnyEvent::Session(id, SessionEvent::Scheduled(_)) = fact.event else {
                return None;
            };
            self.session_claims(id)
        });
        append.claims.extend(scheduled);
        append.streams = streams.into_values().collect();
        Ok(append)
    }

    /// The diary does not know which business it is told of.
    fn stream_of(&self, event: &AnyEvent) -> Uuid {
        match event {
            AnyEvent::Business(..) => self.business.0,
            AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Client(..)
            | AnyEvent::Booking(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => event.stream(),
        }
    }

    fn command(&self, number: usize) -> Command {
        let id = Uuid::now_v7();
        Command {
            id,
            caller: "demo".to_owned(),
            key: format!("{id}"),
            fingerprint: [0; 32],
            actor: ActorRef {
                kind: "user".to_owned(),
                id: self.actor.id,
                role: Some("owner".to_owned()),
            },
            source: "panel".to_owned(),
            correlation_id: id,
            causation_id: None,
            reverts: None,
            answer: json!({ "demo": number }),
        }
    }

    /// The time of a booking that still lies ahead. What is over holds none that anybody could want.
    fn claims(&self, id: Id<Booking>) -> Option<ClaimSet> {
        let booking = self.diary.bookings.get(&id)?;
        let ahead = booking.held().ok()?.plan.end() > self.now;
        ahead.then(|| self.claim_set(id.uuid(), booking.claims()))?
    }

    /// The time of a session that still lies ahead: of its desk, all places.
    fn session_claims(&self, id: Id<Session>) -> Option<ClaimSet> {
        let session = self.catalogue.sessions.get(&id)?;
        let ahead = session.standing().ok()?.setting.end() > self.now;
        let claims = session.claims().into_iter();
        let places = |claim: booking::Claim| {
            let places = match claim.resource {
                Resource::Desk(_) => self.capacity(claim.resource),
                Resource::Staff(_) | Resource::Session(_) | Resource::Guest(..) => 1,
            };
            repeat_n(claim, places.into())
        };
        ahead.then(|| self.claim_set(id.uuid(), claims.flat_map(places).collect()))?
    }

    fn claim_set(&self, owner: Uuid, claims: Vec<booking::Claim>) -> Option<ClaimSet> {
        let span = |s: domain::time::Span| ledger::Span::new(s.start(), s.end());
        let claims = claims.into_iter().map(|claim| Claim {
            resource: claim.resource.uuid(),
            capacity: self.capacity(claim.resource),
            during: span(claim.during),
            body: span(claim.body),
            overlaps: false,
        });
        let claims: Vec<_> = claims.collect();
        (!claims.is_empty()).then_some(ClaimSet {
            owner,
            claims,
            hold_until: None,
        })
    }

    fn capacity(&self, resource: Resource) -> u16 {
        match resource {
            Resource::Staff(_) | Resource::Guest(..) => 1,
            Resource::Desk(id) => {
                let place = self.catalogue.desks.get(&id).and_then(|d| d.place.as_ref());
                place.map_or(1, |place| place.capacity)
            }
            Resource::Session(id) => {
                let session = self.catalogue.sessions.get(&id);
                let schedule = session.and_then(|session| session.schedule.as_ref());
                schedule.map_or(1, |schedule| schedule.capacity)
            }
        }
    }
}
