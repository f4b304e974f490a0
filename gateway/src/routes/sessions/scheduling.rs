//! Sessions are set down: a date beside the timetable, or the timetable's own over a period.

use axum::extract::State;
use domain::{
    class::Class,
    id::Id,
    session::{Schedule, Session, Setting},
    time::{Minutes, local_date},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{SessionView, SessionsQuery};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, At, Call, Decision, Outcome},
    page::Page,
    problem::Problem,
    routes::classes::{desk, local_moment, seats, staff},
    texts::Message,
    timetabling::{MOST_AT_ONCE, seen_to, session_on, timing_of},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(of_class, schedule))
}

/// Which sessions to set down: one at `start`, or those that the timetable names from `from` to `to`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSessions {
    /// A date beside the timetable, by the local clock. (An instant is read off that clock.)
    #[schema(example = "2026-12-05T10:00")]
    start: Option<String>,
    /// Of that date; absent: as the class.
    #[schema(minimum = 1, maximum = 44_640)]
    duration_min: Option<i64>,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    #[schema(minimum = 1, maximum = 400)]
    capacity: Option<i64>,
    /// The first local date of a period.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// Its last one. 200 sessions at most.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<String>,
    /// Dates that are not free are left out. Else they are told with 409 `slot_taken`, and nothing is set down.
    #[serde(default)]
    skip_taken: bool,
}

/// What was set down.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Scheduled {
    /// The one date that was asked for.
    One(Box<SessionView>),
    /// Those of the period that were not there before.
    Several(SeveralView),
}

/// The sessions that were set down for a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduledSessions)]
struct SeveralView {
    /// The class.
    id: Uuid,
    sessions: Vec<SessionView>,
}

/// The sessions of a class, by their start.
#[utoipa::path(get, path = "/classes/{id}/sessions", tag = "classes",
    params(("id" = Uuid, Path), SessionsQuery), responses((status = 200, body = Page<SessionView>)))]
async fn of_class(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<SessionsQuery>,
) -> Result<Answer<Page<SessionView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    if !known.catalogue.classes.contains_key(&Id::new(id)) {
        return Err(Problem::not_found());
    }
    app.sessions_page(&ask, Some(id)).await
}

/// Sets sessions of a class down. What the timetable names comes by itself; this is for dates beside it, and for those
/// that are wanted earlier. All or none, unless `skip_taken`.
#[utoipa::path(post, path = "/classes/{id}/sessions", tag = "classes", params(("id" = Uuid, Path)),
    request_body = NewSessions, responses((status = 201, body = Scheduled)))]
async fn schedule(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<NewSessions>,
) -> Result<Answer<Scheduled>, Problem> {
    let business = call.caller.business();
    let class_id: Id<Class> = Id::new(id);
    let (app, call) = (&app, &call);
    let done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            let class = known.catalogue.classes.get(&class_id);
            let class = class.ok_or_else(Problem::not_found)?;
            class.standing()?;
            let wished = call.body.wished(app, &known, class_id, class)?;
            let settings: Vec<_> = wished.iter().map(|s| &s.setting).collect();
            let mut ground = app.ground(business, &known, &settings, &[]).await?;
            let (mut free, mut taken) = (vec![], vec![]);
            for schedule in wished {
                match ground.take(&schedule.setting) {
                    Ok(()) => free.push((Id::<Session>::new(app.new_id()), schedule)),
                    Err(date) => taken.push(date),
                }
            }
            if !taken.is_empty() && (!call.body.skip_taken || free.is_empty()) {
                return Err(app.dates_taken(business, &known, &taken, &[]).await);
            }
            let mut ids = vec![id];
            ids.extend(free.iter().map(|(id, _)| id.uuid()));
            let mut decision = Decision::new(Outcome { status: 201, ids });
            let version = known.versions.get(&id).copied().unwrap_or_default();
            // Two who set the same dates down at once: the second one sees the first one's.
            decision.write::<Class>(app, id, version, &[])?;
            for (id, schedule) in free {
                decision.schedule(app, &known, id, schedule)?;
            }
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    if call.body.start.is_some() {
        let (answer, view) = app.show_session(&call.caller, &done).await?.part();
        return Ok(answer.with(Scheduled::One(Box::new(view))));
    }
    let known = app.catalogue_now(business).await?;
    let mut sessions = vec![];
    for session in done.outcome.ids.iter().skip(1) {
        let loaded = known.catalogue.sessions.get(&Id::new(*session));
        let Some(session_state) = loaded else {
            continue;
        };
        let version = known.versions.get(session).copied().unwrap_or_default();
        let view = app.session_view(
            &call.caller,
            &known,
            Id::new(*session),
            session_state,
            version,
        );
        sessions.push(view.await?);
    }
    sessions.sort_by_key(|session| session.start);
    let several = Scheduled::Several(SeveralView { id, sessions });
    Ok(Answer::to(&done, several).location(format!("/api/v1/classes/{id}/sessions")))
}

impl NewSessions {
    fn wished(
        &self,
        app: &App,
        known: &Known,
        class_id: Id<Class>,
        class: &Class,
    ) -> Result<Vec<Schedule>, Problem> {
        let zone = &known.settings()?.time_zone;
        let offered = class.standing()?;
        let mut checks = Checks::default();
        let Some(start) = &self.start else {
            for (field, given) in [
                ("duration_min", self.duration_min.is_some()),
                ("staff_id", self.staff_id.is_some()),
                ("desk_id", self.desk_id.is_some()),
                ("capacity", self.capacity.is_some()),
            ] {
                if given {
                    checks.fault(field, Message::new("violation-needs-start"));
                }
            }
            let from = date(&mut checks, "from", self.from.as_deref());
            let to = date(&mut checks, "to", self.to.as_deref());
            if let (Some(from), Some(to)) = (from, to)
                && to < from
            {
                let told = Message::new("violation-end-not-after-start").with("from", from);
                checks.fault("to", told);
            }
            let (Some(from), Some(to), true) = (from, to, checks.is_clean()) else {
                return Err(checks.into());
            };
            let first = zone.local(app.now()).max(from.at(0, 0, 0, 0));
            let mut dates = offered
                .timetable
                .dates(zone, first, to.at(23, 59, 59, 0), usize::MAX);
            let seen_to = seen_to(known, class_id);
            dates.retain(|date| !seen_to.contains(date));
            if dates.len() > MOST_AT_ONCE {
                let most = i64::try_from(MOST_AT_ONCE).unwrap_or(i64::MAX);
                let told = Message::new("violation-too-many").with_number("max", most);
                return Err(Problem::field("to", told));
            }
            let wished = dates.iter();
            let wished = wished.filter_map(|date| session_on(known, class_id, class, *date));
            return Ok(wished.collect());
        };
        for (field, given) in [("from", self.from.is_some()), ("to", self.to.is_some())] {
            if given {
                checks.fault(field, Message::new("violation-start-or-period"));
            }
        }
        let start = local_moment(start, zone).and_then(|local| zone.instant(local));
        match start {
            None => checks.fault("start", Message::new("violation-local-time")),
            Some(start) if start <= app.now() => {
                checks.fault("start", Message::new("violation-past"));
            }
            Some(_) => {}
        }
        let service = offered.service_id;
        let staff_id = self.staff_id.map_or(offered.staff_id, |id| {
            staff(&mut checks, id, Some(service), known)
        });
        let desk_id = match self.desk_id {
            Some(id) => desk(&mut checks, id, service, known),
            None => offered.desk_id,
        };
        let capacity = self
            .capacity
            .map_or(offered.capacity, |asked| seats(&mut checks, asked));
        let duration = self
            .duration_min
            .map_or(offered.timetable.duration_min, |asked| {
                let most = domain::service::LONGEST_MIN;
                Minutes::new(checks.within("duration_min", asked, 1, most))
            });
        let (Some(start), true) = (start, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(vec![Schedule {
            class_id,
            timetabled: None,
            setting: Setting {
                service_id: service,
                staff_id,
                desk_id,
                start,
                timing: timing_of(known, class, duration),
            },
            capacity,
        }])
    }
}

fn date(checks: &mut Checks, field: &str, text: Option<&str>) -> Option<Date> {
    let Some(text) = text else {
        checks.fault(field, Message::new("violation-missing"));
        return None;
    };
    let date = local_date::parse(text);
    if date.is_none() {
        checks.fault(field, Message::new("violation-date"));
    }
    date
}
