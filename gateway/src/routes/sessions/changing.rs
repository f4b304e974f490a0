//! A session moves, grows, shrinks or is called off, and its seats with it.

use axum::extract::State;
use domain::{
    id::Id,
    session::{Cause, Session},
    text::FreeText,
    time::Minutes,
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{SessionView, own};
use crate::{
    app::App,
    catalogue::Known,
    checks::{Checks, Patch, given, patch},
    command::{Answer, At, Call, Decision, Envelope, Outcome},
    problem::Problem,
    routes::classes::{desk, seats, staff},
    texts::Message,
    timetabling::{Altered, session_of},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(change))
        .routes(routes!(reschedule))
        .routes(routes!(cancel))
}

/// What is to change of a session; absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    start: Option<Timestamp>,
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 44_640, nullable = false)]
    duration_min: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    staff_id: Option<Uuid>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<Uuid>)]
    desk_id: Patch<Uuid>,
    /// Not below the seats that are taken.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 400, nullable = false)]
    capacity: Option<i64>,
}

/// When a session is to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionReschedule)]
struct RescheduleFields {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// Absent: as it was.
    staff_id: Option<Uuid>,
    /// Absent: as it was.
    desk_id: Option<Uuid>,
    /// Absent: as it was.
    #[schema(minimum = 1, maximum = 44_640)]
    duration_min: Option<i64>,
}

/// Why a session is called off.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionCancel)]
struct CancelFields {
    /// It stands on the booking of each seat too.
    reason: Option<String>,
}

type Shown = Result<Answer<SessionView>, Problem>;

/// Changes a session. The bookings of its seats go with it: all or nothing.
#[utoipa::path(patch, path = "/sessions/{id}", tag = "classes", params(("id" = Uuid, Path)),
    request_body = SessionChange, responses((status = 200, body = SessionView)))]
async fn change(State(app): State<App>, At(id): At<Uuid>, call: Call<SessionChange>) -> Shown {
    app.change_session(&call, Id::new(id), &call.body).await
}

/// Gives a session another time, staff member, desk or length. The bookings of its seats go with it: all or nothing.
#[utoipa::path(post, path = "/sessions/{id}/reschedule", tag = "classes", params(("id" = Uuid, Path)),
    request_body = RescheduleFields, responses((status = 200, body = SessionView)))]
async fn reschedule(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<RescheduleFields>,
) -> Shown {
    let asked = &call.body;
    let change = SessionChange {
        start: Some(asked.start),
        duration_min: asked.duration_min,
        staff_id: asked.staff_id,
        desk_id: asked.desk_id.map(Some),
        capacity: None,
    };
    app.change_session(&call, Id::new(id), &change).await
}

/// Calls a session off, and cancels the bookings of its seats.
#[utoipa::path(post, path = "/sessions/{id}/cancel", tag = "classes", params(("id" = Uuid, Path)),
    request_body = Option<CancelFields>, responses((status = 200, body = SessionView)))]
async fn cancel(State(app): State<App>, At(id): At<Uuid>, call: Call<CancelFields>) -> Shown {
    let business = call.caller.business();
    let mut checks = Checks::default();
    let reason = checks.maybe("reason", call.body.reason.as_deref(), FreeText::parse);
    checks.done()?;
    let (app, call, reason) = (&app, &call, reason.as_ref());
    let id = Id::new(id);
    let done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            own(&known, &call.caller, id)?;
            expects(call, &known, id)?;
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            let cause = Cause::ByHand;
            app.call_off(&mut decision, business, &known, id, cause, reason)
                .await?;
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.show_session(&call.caller, &done).await
}

impl App {
    async fn change_session(
        &self,
        call: &Envelope,
        id: Id<Session>,
        asked: &SessionChange,
    ) -> Shown {
        let business = call.caller.business();
        let done = self
            .execute(call, move |attempt| async move {
                let known = self.catalogue_for(call, &attempt).await?;
                own(&known, &call.caller, id)?;
                expects(call, &known, id)?;
                let before = session_of(&known, id)?.standing()?;
                let to = asked.altered(self, &known, id)?;
                let mut decision = Decision::new(Outcome::changed(id.uuid()));
                if to.setting != before.setting {
                    let besides = [id.uuid()];
                    let settings = [&to.setting];
                    let mut ground = self.ground(business, &known, &settings, &besides).await?;
                    if let Err(date) = ground.take(&to.setting) {
                        let taken = [date];
                        return Err(self.dates_taken(business, &known, &taken, &besides).await);
                    }
                }
                self.alter(&mut decision, business, &known, &to).await?;
                decision.saw_catalogue = Some(known.position);
                Ok(decision)
            })
            .await?;
        self.show_session(&call.caller, &done).await
    }
}

impl SessionChange {
    fn altered(&self, app: &App, known: &Known, id: Id<Session>) -> Result<Altered, Problem> {
        let now = session_of(known, id)?.standing()?;
        let mut setting = now.setting.clone();
        let mut checks = Checks::default();
        if let Some(start) = self.start.filter(|start| *start != setting.start) {
            checks.moment("start", start);
            if start <= app.now() {
                checks.fault("start", Message::new("violation-past"));
            }
            setting.start = start;
        }
        if let Some(asked) = self.duration_min {
            let most = domain::service::LONGEST_MIN;
            setting.timing.duration_min =
                Minutes::new(checks.within("duration_min", asked, 1, most));
        }
        let service = setting.service_id;
        if let Some(id) = self.staff_id {
            // Who stays need not do the service any more: who stands in for them must.
            let anew = (setting.staff_id.uuid() != id).then_some(service);
            setting.staff_id = staff(&mut checks, id, anew, known);
        }
        if let Some(asked) = self
            .desk_id
            .filter(|id| *id != setting.desk_id.map(Id::uuid))
        {
            setting.desk_id = asked.and_then(|id| desk(&mut checks, id, service, known));
        }
        let capacity = self
            .capacity
            .map_or(now.capacity, |asked| seats(&mut checks, asked));
        checks.done()?;
        Ok(Altered {
            id,
            setting,
            capacity,
        })
    }
}

fn expects(call: &Envelope, known: &Known, id: Id<Session>) -> Result<(), Problem> {
    let version = known.versions.get(&id.uuid()).copied();
    call.expects(version.unwrap_or_default())
}
