//! Sessions of classes: whether a date can be had, what a session takes, and how its seats go with it.
//!
//! A session claims its staff member and its whole desk; a seat claims a place in the session. Both stand in one
//! append with the events, so that moving or cancelling a session reaches every seat or nothing. Which sessions there
//! are, the catalogue says; who sits in them, the claims.

mod dates;
mod elsewhen;
mod top_up;

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, Resource, Status},
    desk::Desk,
    id::Id,
    sealed::{KeyId, Sealed},
    session::{Cause, Schedule, Session, SessionCommand, Setting},
    text::FreeText,
    time::{LocalSpan, Zone},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use ledger::{BusinessId, Claim, ClaimSet, Guard};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::dates::{horizon, not_served, seen_to, session_on, sessions_of, timing_of};
use crate::{
    app::App,
    catalogue::Known,
    command::{Decision, Loaded},
    problem::Problem,
    texts::Message,
    timekeeping::{claim_set, sits_beside_others, span},
};

/// Sessions set down in one append.
pub(crate) const MOST_AT_ONCE: usize = 200;
/// Events that a change of a class may come to.
pub(crate) const MOST_EVENTS: usize = 480;
/// Past sessions whose claims may have been swept.
const CLAIMS_KEPT_DAYS: i64 = 30;
/// Bookings loaded at a time.
const LOADED_AT_ONCE: usize = 8;
/// Before all seats.
const LONG_AGO: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// A date that cannot be had.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TakenDate {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// `staff_busy`, `desk_busy`, `staff_away`, `desk_closed`, `house_closed` or `service_gone`.
    why: &'static str,
    /// What was to be there then.
    #[serde(skip)]
    setting: Box<Setting>,
}

/// When the people and desks of some sessions are taken or away.
pub(crate) struct Ground<'a> {
    known: &'a Known,
    zone: &'a Zone,
    busy: BTreeMap<Uuid, Vec<(Timestamp, Timestamp)>>,
}

/// A session that is to be another.
pub(crate) struct Altered {
    pub(crate) id: Id<Session>,
    pub(crate) setting: Setting,
    pub(crate) capacity: u16,
}

impl App {
    /// What stands in the way of sessions like these; the claims of `besides` do not.
    pub(crate) async fn ground<'a>(
        &self,
        business: BusinessId,
        known: &'a Known,
        settings: &[&Setting],
        besides: &[Uuid],
    ) -> Result<Ground<'a>, Problem> {
        let claims: Vec<_> = settings.iter().flat_map(|s| s.claims()).collect();
        let mut resources: Vec<_> = claims.iter().map(|claim| claim.resource.uuid()).collect();
        resources.sort_unstable();
        resources.dedup();
        let mut busy: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        let start = claims.iter().map(|claim| claim.during.start()).min();
        let end = claims.iter().map(|claim| claim.during.end()).max();
        if let (Some(start), Some(end)) = (start, end) {
            let within = ledger::Span::new(start, end);
            let taken = self.ledger().taken(business, &resources, within, besides);
            for taken in taken.await?.iter() {
                let times = taken.times.iter();
                let times = times.map(|t| (t.start, t.end.unwrap_or(Timestamp::MAX)));
                busy.entry(taken.resource).or_default().extend(times);
            }
        }
        Ok(Ground {
            known,
            zone: &known.settings()?.time_zone,
            busy,
        })
    }
}

impl Ground<'_> {
    /// Takes the session's time, or says why it cannot be had.
    pub(crate) fn take(&mut self, setting: &Setting) -> Result<(), TakenDate> {
        if let Some(why) = self.in_the_way(setting) {
            return Err(TakenDate {
                start: setting.start,
                end: setting.end(),
                why,
                setting: Box::new(setting.clone()),
            });
        }
        self.occupy(setting);
        Ok(())
    }

    /// Why the session's time cannot be had, if it cannot.
    fn in_the_way(&self, setting: &Setting) -> Option<&'static str> {
        self.away(setting).or_else(|| {
            let claims = setting.claims();
            let taken = claims.iter().find(|claim| {
                let busy = self.busy.get(&claim.resource.uuid());
                let meets = |(start, end): &(Timestamp, Timestamp)| {
                    *start < claim.during.end() && claim.during.start() < *end
                };
                busy.is_some_and(|times| times.iter().any(meets))
            });
            taken.map(|claim| match claim.resource {
                Resource::Desk(_) => "desk_busy",
                Resource::Staff(_) | Resource::Session(_) | Resource::Guest(..) => "staff_busy",
            })
        })
    }

    /// Takes the time of a session that stands as it stood: whatever has come over it since.
    pub(crate) fn occupy(&mut self, setting: &Setting) {
        for claim in setting.claims() {
            let times = self.busy.entry(claim.resource.uuid()).or_default();
            times.push((claim.during.start(), claim.during.end()));
        }
    }

    fn away(&self, setting: &Setting) -> Option<&'static str> {
        if let Some(gone) = not_served(self.known, setting) {
            return Some(gone);
        }
        let catalogue = &self.known.catalogue;
        let body = setting.span();
        let meets = |span: &LocalSpan| {
            let from = self.zone.instant(span.from()).unwrap_or(Timestamp::MIN);
            let to = self.zone.instant(span.to()).unwrap_or(Timestamp::MAX);
            from < body.end() && body.start() < to
        };
        let mut closures = catalogue.business.closures.values();
        if closures.any(|closure| meets(&closure.span)) {
            return Some("house_closed");
        }
        let staff = catalogue.staff.get(&setting.staff_id)?;
        if staff.absences.values().any(|absence| meets(&absence.span)) {
            return Some("staff_away");
        }
        let desk = catalogue.desks.get(&setting.desk_id?)?;
        desk.holidays.values().any(meets).then_some("desk_closed")
    }
}

/// What a session takes: of its staff member the time, of its desk all places.
pub(crate) fn session_claims(known: &Known, id: Id<Session>, session: &Session) -> ClaimSet {
    let places = |id: Id<Desk>| {
        let desk = known.catalogue.desks.get(&id);
        let place = desk.and_then(|desk| desk.place.as_ref());
        place.map_or(1, |place| place.capacity)
    };
    claims_at(id, session, places)
}

/// What the sessions at a desk that are not over take of it once it has more places: all of them still.
pub(crate) fn claims_of_grown(
    known: &Known,
    desk: Id<Desk>,
    to: u16,
    now: Timestamp,
) -> Vec<ClaimSet> {
    let place = known.catalogue.desks.get(&desk);
    let place = place.and_then(|desk| desk.place.as_ref());
    if place.is_none_or(|place| to <= place.capacity) {
        return vec![];
    }
    let sessions = known.catalogue.sessions.iter();
    let there = sessions.filter(|(_, session)| {
        session.standing().is_ok_and(|schedule| {
            schedule.setting.desk_id == Some(desk) && now < schedule.setting.end()
        })
    });
    there
        .map(|(id, session)| claims_at(*id, session, |_| to))
        .collect()
}

fn claims_at(id: Id<Session>, session: &Session, places: impl Fn(Id<Desk>) -> u16) -> ClaimSet {
    let claims = session.claims().into_iter().flat_map(|claim| {
        let places = match claim.resource {
            Resource::Desk(id) => places(id),
            Resource::Staff(_) | Resource::Session(_) | Resource::Guest(..) => 1,
        };
        let one = Claim {
            resource: claim.resource.uuid(),
            capacity: places,
            during: span(claim.during),
            body: span(claim.body),
            overlaps: false,
        };
        std::iter::repeat_n(one, places.into())
    });
    ClaimSet {
        owner: id.uuid(),
        claims: claims.collect(),
        hold_until: None,
    }
}

impl Decision {
    /// Sets a session down.
    pub(crate) fn schedule(
        &mut self,
        app: &App,
        known: &Known,
        id: Id<Session>,
        schedule: Schedule,
    ) -> Result<(), Problem> {
        let mut session = Session::default();
        let events = session.decide(SessionCommand::Schedule(Box::new(schedule)))?;
        events
            .iter()
            .cloned()
            .for_each(|event| session.apply(event));
        self.claims.push(session_claims(known, id, &session));
        self.write::<Session>(app, id.uuid(), ledger::Version::NEW, &events)
    }
}

/// A booking that has a seat.
type Seat = (Id<Booking>, Loaded<Booking>);

impl App {
    /// The bookings that have a seat in a session now, what is sealed in them sealed.
    pub(crate) async fn seats_of(
        &self,
        business: BusinessId,
        session: Id<Session>,
    ) -> Result<Vec<Seat>, Problem> {
        let always = ledger::Span::from(LONG_AGO);
        let resources = [session.uuid()];
        let busy = self.ledger().busy(business, &resources, always);
        let mut owners: Vec<_> = busy
            .await?
            .into_iter()
            .filter(|seat| seat.hold_until.is_none())
            .map(|seat| seat.owner)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        self.loaded_seats(business, owners).await
    }

    /// The bookings that have a seat in a session, or had one when it was held: also of who never came, and long after
    /// the claims of it were swept.
    pub(crate) async fn guests_of(
        &self,
        business: BusinessId,
        session: Id<Session>,
    ) -> Result<Vec<Seat>, Problem> {
        // Who has just taken a seat may not have come to the calendar yet.
        let mut seats = self.seats_of(business, session).await?;
        let whole = projections::Scope::whole(business);
        let read_models = [&projections::calendar::READ_MODEL];
        self.built(business, &read_models).await?;
        let told = projections::calendar::of_session(self.pool(), &whole, session).await?;
        let is_new = |id: &Id<Booking>| !seats.iter().any(|(seat, _)| seat == id);
        let others: Vec<_> = told.into_iter().filter(is_new).map(Id::uuid).collect();
        seats.extend(self.loaded_seats(business, others).await?);
        seats.retain(|(_, loaded)| {
            loaded.state.held().is_ok_and(|held| {
                held.plan.session_id == Some(session)
                    && held.status != Status::Cancelled
                    && !held.deleted
            })
        });
        Ok(seats)
    }

    async fn loaded_seats(
        &self,
        business: BusinessId,
        ids: Vec<Uuid>,
    ) -> Result<Vec<Seat>, Problem> {
        let loading = ids.into_iter().map(|id| async move {
            let loaded = self.ledger().load::<Booking>(business, id).await?;
            Ok::<_, Problem>((Id::new(id), loaded))
        });
        stream::iter(loading)
            .buffered(LOADED_AT_ONCE)
            .try_collect()
            .await
    }

    /// How many seats of each of these are taken, held ones too.
    pub(crate) async fn seats_taken(
        &self,
        scope: &projections::Scope,
        sessions: &[(Id<Session>, &Schedule)],
    ) -> Result<BTreeMap<Id<Session>, u16>, Problem> {
        let swept = self
            .now()
            .saturating_sub(SignedDuration::from_hours(24 * CLAIMS_KEPT_DAYS))
            .unwrap_or(LONG_AGO);
        let (old, recent): (Vec<_>, Vec<_>) = sessions
            .iter()
            .partition(|(_, schedule)| schedule.setting.end() < swept);
        let mut seats = BTreeMap::new();
        if !recent.is_empty() {
            let ids: Vec<_> = recent.iter().map(|(id, _)| id.uuid()).collect();
            let always = ledger::Span::from(LONG_AGO);
            let taken = self.ledger().taken(scope.business(), &ids, always, &[]);
            for taken in taken.await?.iter() {
                let count = u16::try_from(taken.times.len()).unwrap_or(u16::MAX);
                seats.insert(Id::new(taken.resource), count);
            }
        }
        if old.is_empty() {
            return Ok(seats);
        }
        let read_models = [&projections::calendar::READ_MODEL];
        self.built(scope.business(), &read_models).await?;
        let old: Vec<_> = old.iter().map(|(id, _)| *id).collect();
        let whole = projections::Scope::whole(scope.business());
        let counted = projections::calendar::seats_taken(self.pool(), &whole, &old).await?;
        seats.extend(
            counted
                .into_iter()
                .map(|(id, count)| (id, u16::try_from(count).unwrap_or(u16::MAX))),
        );
        Ok(seats)
    }

    /// Gives a session another time, people, place or number of seats, and its seats with it.
    pub(crate) async fn alter(
        &self,
        decision: &mut Decision,
        business: BusinessId,
        known: &Known,
        to: &Altered,
    ) -> Result<(), Problem> {
        let before = session_of(known, to.id)?;
        let mut session = before.clone();
        let mut events = vec![];
        for command in [
            SessionCommand::Move(Box::new(to.setting.clone())),
            SessionCommand::ChangeCapacity(to.capacity),
        ] {
            for event in session.decide(command)? {
                session.apply(event.clone());
                events.push(event);
            }
        }
        let version = known.versions.get(&to.id.uuid()).copied();
        let version = version.unwrap_or_default();
        decision.write::<Session>(self, to.id.uuid(), version, &events)?;
        decision.leaves::<Session>(to.id.uuid(), version, events.len(), session.clone());
        decision.claims.push(session_claims(known, to.id, &session));
        let seats = self.seats_of(business, to.id).await?;
        if seats.len() > usize::from(to.capacity) {
            let taken = i64::try_from(seats.len()).unwrap_or(i64::MAX);
            let told = Message::new("violation-seats-taken").with_number("taken", taken);
            return Err(Problem::field("capacity", told));
        }
        let schedule = session.standing()?;
        for (id, loaded) in seats {
            let price = loaded.state.held()?.plan.price;
            let seat = Box::new(schedule.setting.seat(to.id, price));
            let command = BookingCommand::MoveWithSession(seat);
            self.write_seat(decision, known, id, &loaded, command, to.capacity)?;
        }
        decision.guards.push(no_other_seat(to.id));
        decision.again_if_guarded = true;
        Ok(())
    }

    /// Calls a session off, and the bookings of its seats with it.
    pub(crate) async fn call_off(
        &self,
        decision: &mut Decision,
        business: BusinessId,
        known: &Known,
        id: Id<Session>,
        cause: Cause,
        reason: Option<&FreeText>,
    ) -> Result<(), Problem> {
        let mut session = session_of(known, id)?.clone();
        let at = self.now();
        let sealed = |key: KeyId| {
            reason.map(|text| Sealed::Open {
                key,
                value: text.clone(),
            })
        };
        let events = session.decide(SessionCommand::Cancel {
            at,
            cause,
            reason: sealed(id.into()),
        })?;
        events
            .iter()
            .cloned()
            .for_each(|event| session.apply(event));
        let version = known.versions.get(&id.uuid()).copied().unwrap_or_default();
        decision.write::<Session>(self, id.uuid(), version, &events)?;
        decision.leaves::<Session>(id.uuid(), version, events.len(), session.clone());
        if events.is_empty() {
            return Ok(());
        }
        decision.claims.push(session_claims(known, id, &session));
        let capacity = session.schedule.as_ref().map_or(1, |s| s.capacity);
        for (booking, loaded) in self.seats_of(business, id).await? {
            let held = loaded.state.held()?;
            if held.status.is_open() && !held.deleted {
                let key = held.client_id.map_or_else(|| booking.into(), Into::into);
                let reason = sealed(key);
                let command = BookingCommand::CancelWithSession { at, reason };
                self.write_seat(decision, known, booking, &loaded, command, capacity)?;
            } else {
                // What was done stays done.
                let set = claim_set(known, booking, &loaded.state);
                decision.claims.push(set);
            }
        }
        decision.guards.push(no_other_seat(id));
        decision.again_if_guarded = true;
        Ok(())
    }

    fn write_seat(
        &self,
        decision: &mut Decision,
        known: &Known,
        id: Id<Booking>,
        loaded: &Loaded<Booking>,
        command: BookingCommand,
        capacity: u16,
    ) -> Result<(), Problem> {
        let events = loaded.state.decide(command)?;
        let mut after = loaded.state.clone();
        events.iter().cloned().for_each(|event| after.apply(event));
        decision.write::<Booking>(self, id.uuid(), loaded.version, &events)?;
        let mut set = claim_set(known, id, &after);
        // Who sits there twice already goes on doing so.
        sits_beside_others(&mut set, &after);
        let session = after.held()?.plan.session_id.map(Id::uuid);
        for claim in &mut set.claims {
            if Some(claim.resource) == session {
                claim.capacity = capacity;
            }
        }
        decision.claims.push(set);
        Ok(())
    }
}

/// The session as the catalogue knows it.
pub(crate) fn session_of(known: &Known, id: Id<Session>) -> Result<&Session, Problem> {
    let session = known.catalogue.sessions.get(&id);
    session.ok_or_else(Problem::not_found)
}

/// Who took a seat meanwhile is not in the decision: then it is made again.
fn no_other_seat(session: Id<Session>) -> Guard {
    Guard {
        resources: vec![session.uuid()],
        ranges: vec![ledger::Span::from(LONG_AGO)],
    }
}
