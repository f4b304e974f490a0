//! A class changes or ends: what that means for its sessions ahead, and for those who have a seat in them.

use std::collections::BTreeSet;

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    class::{Class, ClassCommand, Wanted},
    id::Id,
    session::{Cause, Schedule, Session},
    text::Label,
};
use jiff::Timestamp;
use ledger::{BusinessId, Position};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ClassView, TimetableFields, desk, seats, staff};
use crate::{
    app::App,
    catalogue::Known,
    checks::{Checks, Patch, given, patch},
    command::{Answer, At, Call, Decision, Envelope, Outcome},
    problem::{Code, Problem},
    routes::hours::Keep,
    texts::Message,
    timetabling::{
        Altered, MOST_AT_ONCE, MOST_EVENTS, horizon, seen_to, session_of, session_on, sessions_of,
        timing_of,
    },
};

/// Empty sessions called off in one append.
const AT_ONCE: usize = 400;
/// What a change of a class itself comes to, at most.
const OF_CLASS: usize = 4;

/// A session in which somebody has a seat.
type Full<'k> = (Id<Session>, &'k Schedule);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(change))
        .routes(routes!(retire))
}

/// What is to change of a class; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClassChange {
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    /// Sessions ahead that are the old one's become theirs.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    staff_id: Option<Uuid>,
    /// Sessions ahead that are at the old one go there.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<Uuid>)]
    desk_id: Patch<Uuid>,
    /// Sessions ahead that have as many seats as the class had, have so many.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 400, nullable = false)]
    capacity: Option<i64>,
    /// Sessions ahead that it no longer names are called off if nobody has a seat in them; else they are told with 409
    /// `bookings_affected`. Dates that were moved or called off by hand stay so.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    timetable: Option<TimetableFields>,
    /// Sessions that the timetable no longer names stay, if somebody has a seat in them.
    #[serde(default)]
    keep_bookings: bool,
    /// New dates that are not free are left out. Else they are told with 409 `slot_taken`.
    #[serde(default)]
    skip_taken: bool,
}

/// Changes a class, and its sessions ahead with it. All of it or nothing.
#[utoipa::path(patch, path = "/classes/{id}", tag = "classes", params(("id" = Uuid, Path)),
    request_body = ClassChange, responses((status = 200, body = ClassView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ClassChange>,
) -> Result<Answer<ClassView>, Problem> {
    let business = call.caller.business();
    let (app, call) = (&app, &call);
    let done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            let id: Id<Class> = Id::new(id);
            let before = class_of(&known, id)?;
            let version = known.versions.get(&id.uuid()).copied().unwrap_or_default();
            call.expects(version)?;
            let wanted = call.body.wanted(before, &known)?;
            let mut events = before.decide(ClassCommand::Change(Box::new(wanted)))?;
            let mut after = before.clone();
            events.iter().cloned().for_each(|event| after.apply(event));
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            if !events.is_empty() {
                let sessions = Sessions::of(app, &known, id, before, &after)?;
                let done = sessions
                    .write(app, business, &mut decision, &call.body)
                    .await?;
                if let Some(done) = done {
                    let scheduled = after.decide(done)?;
                    scheduled
                        .iter()
                        .cloned()
                        .for_each(|event| after.apply(event));
                    events.extend(scheduled);
                }
            }
            decision.write::<Class>(app, id.uuid(), version, &events)?;
            decision.leaves::<Class>(id.uuid(), version, events.len(), after);
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.answer(business, &done).await
}

/// Ends a class: its sessions ahead are called off. Those in which somebody has a seat are told with 409
/// `bookings_affected`, or, with `keep_bookings`, stay. Ended already: what is left of them without a seat is called off.
#[utoipa::path(post, path = "/classes/{id}/retire", tag = "classes", params(("id" = Uuid, Path)),
    request_body = Option<Keep>, responses((status = 200, body = ClassView)))]
async fn retire(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Keep>,
) -> Result<Answer<ClassView>, Problem> {
    let business = call.caller.business();
    let (app, call) = (&app, &call);
    let mut done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            let id: Id<Class> = Id::new(id);
            let before = class_of(&known, id)?;
            let version = known.versions.get(&id.uuid()).copied().unwrap_or_default();
            call.expects(version)?;
            let events = before.decide(ClassCommand::Retire)?;
            let mut after = before.clone();
            events.iter().cloned().for_each(|event| after.apply(event));
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            if !events.is_empty() {
                let ahead: Vec<_> = ahead(&known, id, app.now()).map(|(id, _)| id).collect();
                let (full, empty) = app.by_seats(business, &known, &ahead).await?;
                if !full.is_empty() && !call.body.keep_bookings {
                    return Err(affected(&full));
                }
                for id in empty.into_iter().take(AT_ONCE) {
                    let cause = Cause::ClassEnded;
                    app.call_off(&mut decision, business, &known, id, cause, None)
                        .await?;
                }
            }
            decision.write::<Class>(app, id.uuid(), version, &events)?;
            decision.leaves::<Class>(id.uuid(), version, events.len(), after);
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    if let Some(last) = app.call_off_rest(call, Id::new(id)).await? {
        done.position = last;
    }
    app.answer(business, &done).await
}

impl ClassChange {
    /// What one append does not hold is told at what would change so many sessions.
    fn enough(&self, decision: &Decision) -> Result<(), Problem> {
        if decision.events() <= MOST_EVENTS {
            return Ok(());
        }
        let field = if self.timetable.is_some() {
            "timetable"
        } else if self.staff_id.is_some() {
            "staff_id"
        } else if self.desk_id.is_some() {
            "desk_id"
        } else {
            "capacity"
        };
        let most = i64::try_from(MOST_EVENTS).unwrap_or(i64::MAX);
        let told = Message::new("violation-too-many").with_number("max", most);
        Err(Problem::field(field, told))
    }

    fn wanted(&self, now: &Class, known: &Known) -> Result<Wanted, Problem> {
        let zone = &known.settings()?.time_zone;
        let service = now.standing()?.service_id;
        let mut checks = Checks::default();
        let wanted = Wanted {
            name: checks.patch("name", &self.name, |text| Label::parse(text)),
            staff_id: self
                .staff_id
                .map(|id| staff(&mut checks, id, Some(service), known)),
            desk_id: self
                .desk_id
                .map(|id| id.and_then(|id| desk(&mut checks, id, service, known))),
            capacity: self.capacity.map(|asked| seats(&mut checks, asked)),
            timetable: self
                .timetable
                .as_ref()
                .and_then(|timetable| timetable.read(&mut checks, zone)),
        };
        checks.done()?;
        Ok(wanted)
    }
}

/// What a change of a class comes to for its sessions.
struct Sessions<'a> {
    known: &'a Known,
    class_id: Id<Class>,
    /// Each, and whether it is more than its seats that changes.
    altered: Vec<(Altered, bool)>,
    /// The timetable names them no longer.
    gone: Vec<Id<Session>>,
    new: Vec<Schedule>,
    /// How far the timetable is made into sessions then; none: as far as it was.
    through: Option<jiff::civil::DateTime>,
}

impl<'a> Sessions<'a> {
    fn of(
        app: &App,
        known: &'a Known,
        class_id: Id<Class>,
        before: &Class,
        after: &Class,
    ) -> Result<Self, Problem> {
        let (was, is) = (before.standing()?, after.standing()?);
        let zone = &known.settings()?.time_zone;
        let new_timetable = was.timetable != is.timetable;
        let until = horizon(after, zone, app.now());
        let mut dates = if new_timetable {
            let now = zone.local(app.now());
            let last = sessions_of(known, class_id);
            let last = last.filter_map(|(_, session)| session.schedule.as_ref()?.timetabled);
            let last = last.max().map_or(until, |last| last.max(until));
            is.timetable.dates(zone, now, last, usize::MAX)
        } else {
            vec![]
        };
        // Some sessions lie further ahead: set down early, or by a timetable that ended.
        let named: BTreeSet<_> = dates.iter().copied().collect();
        dates.retain(|date| *date <= until);
        let seen_to = seen_to(known, class_id);
        dates.retain(|date| !seen_to.contains(date));
        let (mut altered, mut gone) = (vec![], vec![]);
        for (id, session) in sessions_of(known, class_id) {
            let Some(schedule) = &session.schedule else {
                continue;
            };
            let is_named = schedule
                .timetabled
                .is_some_and(|date| named.contains(&date));
            if session.cancelled.is_some() || schedule.setting.start <= app.now() {
                continue;
            }
            let follows = new_timetable && schedule.timetabled.is_some() && !session.moved;
            if follows && !is_named {
                gone.push(id);
                continue;
            }
            let mut setting = schedule.setting.clone();
            if follows {
                setting.timing = timing_of(known, after, is.timetable.duration_min);
            }
            if setting.staff_id == was.staff_id {
                setting.staff_id = is.staff_id;
            }
            if setting.desk_id == was.desk_id {
                setting.desk_id = is.desk_id;
            }
            let capacity = if schedule.capacity == was.capacity {
                is.capacity
            } else {
                schedule.capacity
            };
            let moves = setting != schedule.setting;
            if moves || capacity != schedule.capacity {
                let to = Altered {
                    id,
                    setting,
                    capacity,
                };
                altered.push((to, moves));
            }
        }
        // The rest follows when it is topped up.
        let room = MOST_EVENTS.saturating_sub(gone.len() + altered.len() + OF_CLASS);
        let room = room.min(MOST_AT_ONCE);
        let all = dates.len() <= room;
        dates.truncate(room);
        let through = if all {
            Some(until)
        } else {
            dates.last().copied()
        };
        let through = through.filter(|_| new_timetable);
        let new = dates
            .iter()
            .filter_map(|date| session_on(known, class_id, after, *date))
            .collect();
        Ok(Self {
            known,
            class_id,
            altered,
            gone,
            new,
            through,
        })
    }

    async fn write(
        self,
        app: &App,
        business: BusinessId,
        decision: &mut Decision,
        asked: &ClassChange,
    ) -> Result<Option<ClassCommand>, Problem> {
        let known = self.known;
        let (full, empty) = app.by_seats(business, known, &self.gone).await?;
        if !full.is_empty() && !asked.keep_bookings {
            return Err(affected(&full));
        }
        // Those that stay, keep their time.
        let besides: Vec<_> = self
            .altered
            .iter()
            .map(|(altered, _)| altered.id.uuid())
            .chain(empty.iter().map(|id| id.uuid()))
            .collect();
        let settings: Vec<_> = self
            .altered
            .iter()
            .map(|(altered, _)| &altered.setting)
            .chain(self.new.iter().map(|schedule| &schedule.setting))
            .collect();
        let mut ground = app.ground(business, known, &settings, &besides).await?;
        let mut taken = vec![];
        for (altered, moves) in &self.altered {
            if *moves {
                taken.extend(ground.take(&altered.setting).err());
            } else {
                ground.occupy(&altered.setting);
            }
        }
        let all_or_none = taken.len();
        let (mut free, mut skipped) = (vec![], vec![]);
        for schedule in self.new {
            match ground.take(&schedule.setting) {
                Ok(()) => free.push(schedule),
                Err(date) => {
                    skipped.extend(schedule.timetabled);
                    taken.push(date);
                }
            }
        }
        if all_or_none > 0 || !(taken.is_empty() || asked.skip_taken) {
            return Err(app.dates_taken(business, known, &taken, &besides).await);
        }
        for id in empty {
            app.call_off(decision, business, known, id, Cause::Timetable, None)
                .await?;
            asked.enough(decision)?;
        }
        for (altered, _) in &self.altered {
            app.alter(decision, business, known, altered).await?;
            asked.enough(decision)?;
        }
        let sessions = u32::try_from(free.len()).unwrap_or(u32::MAX);
        for schedule in free {
            debug_assert_eq!(schedule.class_id, self.class_id);
            decision.schedule(app, known, Id::new(app.new_id()), schedule)?;
        }
        Ok(self.through.map(|through| ClassCommand::ScheduleSessions {
            through,
            sessions,
            skipped,
        }))
    }
}

impl App {
    /// Those of these sessions in which somebody has a seat, and the others.
    async fn by_seats<'k>(
        &self,
        business: BusinessId,
        known: &'k Known,
        sessions: &[Id<Session>],
    ) -> Result<(Vec<Full<'k>>, Vec<Id<Session>>), Problem> {
        let ids: Vec<_> = sessions
            .iter()
            .filter_map(|id| Some((*id, known.catalogue.sessions.get(id)?.schedule.as_ref()?)))
            .collect();
        let whole = projections::Scope::whole(business);
        let seats = self.seats_taken(&whole, &ids).await?;
        let (full, empty): (Vec<_>, Vec<_>) = ids
            .into_iter()
            .partition(|(id, _)| seats.get(id).is_some_and(|taken| *taken > 0));
        Ok((full, empty.into_iter().map(|(id, _)| id).collect()))
    }

    /// Calls off what is left of an ended class's sessions ahead, so far as nobody has a seat in them; of many, step by
    /// step. The last position written, if any.
    async fn call_off_rest(
        &self,
        call: &Envelope,
        id: Id<Class>,
    ) -> Result<Option<Position>, Problem> {
        let business = call.caller.business();
        // Under a key of its own each: the caller's is that of the first step.
        let mut call = call.clone();
        call.key = None;
        let mut last = None;
        loop {
            call.command_id = self.new_id();
            let known = self.catalogue_now(business).await?;
            if ahead(&known, id, self.now()).next().is_none() {
                return Ok(last);
            }
            let call = &call;
            let done = self
                .execute(call, move |attempt| async move {
                    let known = self.catalogue_for(call, &attempt).await?;
                    let mut decision = Decision::new(Outcome::changed(id.uuid()));
                    let ahead: Vec<_> = ahead(&known, id, self.now()).map(|(id, _)| id).collect();
                    let (_, empty) = self.by_seats(business, &known, &ahead).await?;
                    for id in empty.into_iter().take(AT_ONCE) {
                        let cause = Cause::ClassEnded;
                        self.call_off(&mut decision, business, &known, id, cause, None)
                            .await?;
                    }
                    decision.saw_catalogue = Some(known.position);
                    Ok(decision)
                })
                .await?;
            if done.versions.is_empty() {
                return Ok(last);
            }
            last = Some(done.position);
        }
    }
}

/// 409: somebody has a seat in these.
fn affected(full: &[Full<'_>]) -> Problem {
    let count = i64::try_from(full.len()).unwrap_or(i64::MAX);
    let told: Vec<_> = full
        .iter()
        .map(|(id, schedule)| {
            let (start, end) = (schedule.setting.start, schedule.setting.end());
            json!({"id": id, "kind": "session", "start": start, "end": end})
        })
        .collect();
    Problem::new(Code::BookingsAffected)
        .detail(Message::new("detail-bookings-affected").with_number("count", count))
        .with("bookings", json!(told))
}

fn class_of(known: &Known, id: Id<Class>) -> Result<&Class, Problem> {
    let class = known.catalogue.classes.get(&id);
    class.ok_or_else(Problem::not_found)
}

/// The sessions of a class that stand and have not begun.
fn ahead(
    known: &Known,
    class: Id<Class>,
    now: Timestamp,
) -> impl Iterator<Item = (Id<Session>, &Session)> {
    sessions_of(known, class).filter(move |(id, _)| {
        let session = session_of(known, *id);
        session.is_ok_and(|s| s.standing().is_ok_and(|it| it.setting.start > now))
    })
}
