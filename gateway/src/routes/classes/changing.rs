//! A class changes or ends: what that means for its sessions ahead, and for those who have a seat in them.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    class::{Class, ClassCommand, Wanted},
    id::Id,
    session::{Cause, Schedule, Session},
    text::Label,
};
use jiff::Timestamp;
use ledger::BusinessId;
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
    command::{Answer, At, Call, Decision, Outcome},
    problem::{Code, Problem},
    routes::hours::Keep,
    texts::Message,
    timetabling::{Altered, MOST_AT_ONCE, dates_taken, horizon, session_of, session_on, timing_of},
};

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
/// `bookings_affected`, or, with `keep_bookings`, stay.
#[utoipa::path(post, path = "/classes/{id}/retire", tag = "classes", params(("id" = Uuid, Path)),
    request_body = Option<Keep>, responses((status = 200, body = ClassView)))]
async fn retire(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Keep>,
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
            let events = before.decide(ClassCommand::Retire)?;
            let mut after = before.clone();
            events.iter().cloned().for_each(|event| after.apply(event));
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            if !events.is_empty() {
                let ahead: Vec<_> = ahead(&known, id, app.now()).map(|(id, _)| id).collect();
                let cause = Cause::ClassEnded;
                let keep = call.body.keep_bookings;
                app.call_off_empty(&mut decision, business, &known, &ahead, cause, keep)
                    .await?;
            }
            decision.write::<Class>(app, id.uuid(), version, &events)?;
            decision.leaves::<Class>(id.uuid(), version, events.len(), after);
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.answer(business, &done).await
}

impl ClassChange {
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
    altered: Vec<Altered>,
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
            is.timetable.dates(zone, now, until, usize::MAX)
        } else {
            vec![]
        };
        let named = dates.clone();
        let (mut altered, mut gone) = (vec![], vec![]);
        for (id, session) in sessions_of(known, class_id) {
            let Some(schedule) = &session.schedule else {
                continue;
            };
            let of_hand = session
                .cancelled
                .as_ref()
                .is_some_and(|off| off.cause == Cause::ByHand);
            let is_named = schedule
                .timetabled
                .is_some_and(|date| named.contains(&date));
            if session.cancelled.is_none() || of_hand {
                dates.retain(|date| Some(*date) != schedule.timetabled);
            }
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
            if setting != schedule.setting || capacity != schedule.capacity {
                altered.push(Altered {
                    id,
                    setting,
                    capacity,
                });
            }
        }
        // The rest follows when it is topped up.
        dates.truncate(MOST_AT_ONCE);
        let through = new_timetable.then(|| match dates.last() {
            Some(last) if dates.len() == MOST_AT_ONCE => *last,
            Some(_) | None => until,
        });
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
        let besides: Vec<_> = self
            .altered
            .iter()
            .map(|altered| altered.id.uuid())
            .chain(self.gone.iter().map(|id| id.uuid()))
            .collect();
        let settings: Vec<_> = self
            .altered
            .iter()
            .map(|altered| &altered.setting)
            .chain(self.new.iter().map(|schedule| &schedule.setting))
            .collect();
        let mut ground = app.ground(business, known, &settings, &besides).await?;
        let mut taken = vec![];
        for altered in &self.altered {
            taken.extend(ground.take(&altered.setting).err());
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
            return Err(dates_taken(&taken));
        }
        if !self.gone.is_empty() {
            let (cause, keep) = (Cause::Timetable, asked.keep_bookings);
            app.call_off_empty(decision, business, known, &self.gone, cause, keep)
                .await?;
        }
        for altered in &self.altered {
            app.alter(decision, business, known, altered).await?;
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
    /// Calls those of these sessions off in which nobody has a seat. The others are told with 409, or stay.
    async fn call_off_empty(
        &self,
        decision: &mut Decision,
        business: BusinessId,
        known: &Known,
        sessions: &[Id<Session>],
        cause: Cause,
        keep: bool,
    ) -> Result<(), Problem> {
        let ids: Vec<_> = sessions
            .iter()
            .filter_map(|id| Some((*id, known.catalogue.sessions.get(id)?.schedule.as_ref()?)))
            .collect();
        let whole = projections::Scope::whole(business);
        let seats = self.seats_taken(&whole, &ids).await?;
        let (full, empty): (Vec<_>, Vec<_>) = ids
            .into_iter()
            .partition(|(id, _)| seats.get(id).is_some_and(|taken| *taken > 0));
        if !full.is_empty() && !keep {
            let count = i64::try_from(full.len()).unwrap_or(i64::MAX);
            let told: Vec<_> = full
                .iter()
                .map(|(id, schedule)| {
                    let (start, end) = (schedule.setting.start, schedule.setting.end());
                    json!({"id": id, "kind": "session", "start": start, "end": end})
                })
                .collect();
            return Err(Problem::new(Code::BookingsAffected)
                .detail(Message::new("detail-bookings-affected").with_number("count", count))
                .with("bookings", json!(told)));
        }
        for (id, _) in empty {
            self.call_off(decision, business, known, id, cause, None)
                .await?;
        }
        Ok(())
    }
}

fn class_of(known: &Known, id: Id<Class>) -> Result<&Class, Problem> {
    let class = known.catalogue.classes.get(&id);
    class.ok_or_else(Problem::not_found)
}

fn sessions_of(known: &Known, class: Id<Class>) -> impl Iterator<Item = (Id<Session>, &Session)> {
    let all = known.catalogue.sessions.iter();
    all.filter(move |(_, session)| {
        let schedule = session.schedule.as_ref();
        schedule.is_some_and(|schedule| schedule.class_id == class)
    })
    .map(|(id, session)| (*id, session))
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
