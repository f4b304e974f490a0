//! Sessions of classes: whether a date can be had, what a session takes, and how its seats go with it.
//!
//! A session claims its staff member and its whole desk; a seat claims a place in the session. Both stand in one
//! append with the events, so that moving or cancelling a session reaches every seat or nothing. Which sessions there
//! are, the catalogue says; who sits in them, the claims.

mod top_up;

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, Resource},
    class::Class,
    id::Id,
    sealed::{KeyId, Sealed},
    session::{Cause, Schedule, Session, SessionCommand, Setting},
    text::FreeText,
    time::{LocalSpan, Zone},
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::DateTime};
use ledger::{BusinessId, Claim, ClaimSet, Guard};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    catalogue::Known,
    command::{Decision, Loaded},
    problem::{Code, Problem},
    texts::Message,
    timekeeping::{claim_set, span},
};

/// How far ahead the dates of a rule without an end are set down as sessions.
const ENDLESS_DAYS: i64 = 182;
/// And of one that ends: as far as bookings may lie ahead at most.
const ENDING_DAYS: i64 = 730;
/// Sessions set down in one append.
pub(crate) const MOST_AT_ONCE: usize = 200;
/// Events that a change of a class may come to.
const MOST_EVENTS: usize = 480;
/// Past sessions whose claims may have been swept.
const CLAIMS_KEPT_DAYS: i64 = 30;
/// Before all seats.
const LONG_AGO: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// A date that cannot be had.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TakenDate {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// `staff_busy`, `desk_busy`, `staff_away`, `desk_closed` or `house_closed`.
    why: &'static str,
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
        let claims = setting.claims();
        let why = self.away(setting).or_else(|| {
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
        });
        if let Some(why) = why {
            return Err(TakenDate {
                start: setting.start,
                end: setting.end(),
                why,
            });
        }
        for claim in claims {
            let times = self.busy.entry(claim.resource.uuid()).or_default();
            times.push((claim.during.start(), claim.during.end()));
        }
        Ok(())
    }

    fn away(&self, setting: &Setting) -> Option<&'static str> {
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

/// 409: these dates are not free.
pub(crate) fn dates_taken(taken: &[TakenDate]) -> Problem {
    let count = i64::try_from(taken.len()).unwrap_or(i64::MAX);
    Problem::new(Code::SlotTaken)
        .detail(Message::new("detail-dates-taken").with_number("count", count))
        .with("taken", json!(taken))
        .with("next_free", json!([]))
}

/// The last moment by the wall clock up to which a class's sessions are set down.
pub(crate) fn horizon(class: &Class, zone: &Zone, now: Timestamp) -> DateTime {
    let endless = class
        .offered
        .as_ref()
        .is_none_or(|offered| offered.timetable.rrule.is_endless());
    let days = if endless { ENDLESS_DAYS } else { ENDING_DAYS };
    let date = zone.date_of(now).saturating_add(days.days());
    date.at(23, 59, 59, 0)
}

/// A date of a class's timetable as a session. None: the clock on the wall never says so.
pub(crate) fn session_on(
    known: &Known,
    class_id: Id<Class>,
    class: &Class,
    date: DateTime,
) -> Option<Schedule> {
    let offered = class.offered.as_ref()?;
    let zone = &known.catalogue.settings()?.time_zone;
    let timing = timing_of(known, class, offered.timetable.duration_min);
    Some(Schedule {
        class_id,
        timetabled: Some(date),
        setting: Setting {
            service_id: offered.service_id,
            staff_id: offered.staff_id,
            desk_id: offered.desk_id,
            start: zone.instant(date)?,
            timing,
        },
        capacity: offered.capacity,
    })
}

/// How long a session of a class takes, with what its service keeps free around it.
pub(crate) fn timing_of(
    known: &Known,
    class: &Class,
    duration_min: domain::time::Minutes,
) -> domain::service::Timing {
    let service = class.offered.as_ref().map(|offered| offered.service_id);
    let service = service.and_then(|id| known.catalogue.services.get(&id));
    let offer = service.and_then(|service| service.offer.as_ref());
    let plain = domain::service::Timing::plain(duration_min);
    offer.map_or(plain, |offer| domain::service::Timing {
        buffer_before_min: offer.timing.buffer_before_min,
        buffer_after_min: offer.timing.buffer_after_min,
        ..plain
    })
}

/// What a session takes: of its staff member the time, of its desk all places.
pub(crate) fn session_claims(known: &Known, id: Id<Session>, session: &Session) -> ClaimSet {
    let claims = session.claims().into_iter().flat_map(|claim| {
        let places = match claim.resource {
            Resource::Desk(id) => known
                .catalogue
                .desks
                .get(&id)
                .and_then(|desk| desk.place.as_ref())
                .map_or(1, |place| place.capacity),
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
        let loaded = owners.into_iter().map(|id| async move {
            let loaded = self.ledger().load::<Booking>(business, id).await?;
            Ok::<_, Problem>((Id::new(id), loaded))
        });
        futures::future::try_join_all(loaded).await
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
        enough(decision)
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
        enough(decision)
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

fn enough(decision: &Decision) -> Result<(), Problem> {
    if decision.events() > MOST_EVENTS {
        let most = i64::try_from(MOST_EVENTS).unwrap_or(i64::MAX);
        let told = Message::new("violation-too-many").with_number("max", most);
        return Err(Problem::field("", told));
    }
    Ok(())
}
