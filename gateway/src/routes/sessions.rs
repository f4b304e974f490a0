//! Sessions: the dates of classes, each with its seats.

mod changing;
mod scheduling;

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{
    id::Id,
    session::{Schedule, Session},
    time::{Span, local_date},
};
use jiff::{Timestamp, civil::Date};
use ledger::Version;
use projections::calendar;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    bookings::{BookingView, Named, Names, show_all},
    closures::LocalTimeText,
};
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, At, Done, Loaded},
    page::{Page, PageQuery, limit, page_of},
    problem::Problem,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(bookings))
        .merge(scheduling::routes())
        .merge(changing::routes())
}

/// Which sessions.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SessionsQuery {
    /// The first local date of their start.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// The last one.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
    class_id: Option<Uuid>,
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    /// `true`: those that were called off too.
    #[serde(default)]
    cancelled: bool,
    /// `true`: only those still to come that have a seat left.
    #[serde(default)]
    free: bool,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
}

/// A session of a class.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    id: Uuid,
    class_id: Uuid,
    /// What the class is called.
    name: Option<String>,
    /// `scheduled` or `cancelled`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub(super) start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    duration_min: u32,
    service: Named,
    staff: Named,
    desk: Option<Named>,
    capacity: u16,
    /// By bookings, and by visitors who are about to book.
    seats_taken: u16,
    seats_left: u16,
    /// The date of the timetable that it stands for; null: a date beside it.
    #[schema(value_type = Option<String>, example = "2026-12-01T18:00")]
    timetabled: Option<LocalTimeText>,
    /// Why it was called off.
    cancel_reason: Option<String>,
    /// As in its `ETag`.
    version: i64,
}

impl SessionView {
    /// Some of it lies in this time.
    pub(super) fn is_in(&self, span: Span) -> bool {
        self.start < span.end() && span.start() < self.end
    }

    /// Shows a session. It must be opened.
    pub(super) fn of(
        id: Id<Session>,
        session: &Session,
        version: Version,
        known: &Known,
        taken: u16,
    ) -> Option<Self> {
        let schedule = session.schedule.as_ref()?;
        let setting = &schedule.setting;
        let names = Names::around(known, BTreeMap::new());
        let class = known.catalogue.classes.get(&schedule.class_id);
        let name = class.and_then(|class| class.offered.as_ref()?.name.as_ref());
        let service = names.service(setting.service_id);
        let reason = session
            .cancelled
            .as_ref()
            .and_then(|off| off.reason.as_ref()?.value());
        Some(Self {
            id: id.uuid(),
            class_id: schedule.class_id.uuid(),
            name: name.map(ToString::to_string).or(service.name.clone()),
            status: if session.cancelled.is_some() {
                "cancelled"
            } else {
                "scheduled"
            },
            start: setting.start,
            end: setting.end(),
            duration_min: setting.timing.duration_min.get(),
            service,
            staff: names.staff(setting.staff_id),
            desk: setting.desk_id.map(|id| names.desk(id)),
            capacity: schedule.capacity,
            seats_taken: taken,
            seats_left: schedule.capacity.saturating_sub(taken),
            timetabled: schedule.timetabled.map(LocalTimeText),
            cancel_reason: reason.map(ToString::to_string),
            version: version.0,
        })
    }
}

/// All sessions, by their start. Staff see their own.
#[utoipa::path(get, path = "/sessions", tag = "classes", params(SessionsQuery),
    responses((status = 200, body = Page<SessionView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<SessionsQuery>,
) -> Result<Answer<Page<SessionView>>, Problem> {
    let class = ask.query.class_id;
    app.sessions_page(&ask, class).await
}

/// One session.
#[utoipa::path(get, path = "/sessions/{id}", tag = "classes", params(("id" = Uuid, Path)),
    responses((status = 200, body = SessionView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<SessionView>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let session = own(&known, &ask.caller, Id::new(id))?;
    let version = known.versions.get(&id).copied().unwrap_or_default();
    let view = app
        .session_view(&ask.caller, &known, Id::new(id), session, version)
        .await?;
    Ok(Answer::ok(view).version(version))
}

/// The bookings that have a seat in a session, or had one when it was held.
#[utoipa::path(get, path = "/sessions/{id}/bookings", tag = "classes",
    params(("id" = Uuid, Path), PageQuery), responses((status = 200, body = Page<BookingView>)))]
async fn bookings(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<BookingView>>, Problem> {
    app.wait_for_bookings(&ask, &[&calendar::READ_MODEL])
        .await?;
    let business = ask.caller.business();
    let known = app.catalogue_now(business).await?;
    own(&known, &ask.caller, Id::new(id))?;
    let seats = app.guests_of(business, Id::new(id)).await?.into_iter();
    let seats = seats.map(|(id, loaded)| (id, (id, loaded)));
    let Page { items, next, total } = page_of(seats, &ask.query, &ask.list())?;
    let mut seats = vec![];
    for (id, loaded) in items {
        seats.push((id, app.opened(business, loaded).await?));
    }
    Ok(Answer::ok(Page {
        items: show_all(&app, business, &known, &seats, None).await?,
        next,
        total,
    }))
}

/// A session that the caller may see: staff members their own.
pub(super) fn own<'a>(
    known: &'a Known,
    caller: &Caller,
    id: Id<Session>,
) -> Result<&'a Session, Problem> {
    let session = known.catalogue.sessions.get(&id);
    let schedule = session.and_then(|session| session.schedule.as_ref());
    let theirs = |schedule: &Schedule| {
        caller
            .own()
            .is_none_or(|staff| staff == schedule.setting.staff_id)
    };
    session
        .filter(|_| schedule.is_some_and(theirs))
        .ok_or_else(Problem::not_found)
}

impl App {
    pub(super) async fn sessions_page(
        &self,
        ask: &Ask<SessionsQuery>,
        class: Option<Uuid>,
    ) -> Result<Answer<Page<SessionView>>, Problem> {
        let (caller, asked) = (&ask.caller, &ask.query);
        let known = self.catalogue_now(caller.business()).await?;
        let zone = &known.settings()?.time_zone;
        let mut checks = Checks::default();
        let mut date = |field: &str, text: Option<&str>| -> Option<Date> {
            let date = local_date::parse(text?);
            if date.is_none() {
                checks.fault(field, Message::new("violation-date"));
            }
            date
        };
        let from = date("from", asked.from.as_deref());
        let to = date("to", asked.to.as_deref());
        checks.done()?;
        let limit = limit(asked.limit)?;
        let after: Option<(Timestamp, Uuid)> = ask.list().place(asked.after.as_deref())?;
        let wanted = |schedule: &Schedule| {
            let setting = &schedule.setting;
            let date = zone.date_of(setting.start);
            let staff = Some(setting.staff_id);
            from.is_none_or(|from| from <= date)
                && to.is_none_or(|to| date <= to)
                && class.is_none_or(|id| schedule.class_id.uuid() == id)
                && asked
                    .service_id
                    .is_none_or(|id| setting.service_id.uuid() == id)
                && asked
                    .staff_id
                    .is_none_or(|id| setting.staff_id.uuid() == id)
                && asked
                    .desk_id
                    .is_none_or(|id| setting.desk_id == Some(Id::new(id)))
                && (caller.own().is_none() || caller.own() == staff)
        };
        let mut found: Vec<_> = known
            .catalogue
            .sessions
            .iter()
            .filter(|(_, session)| asked.cancelled || session.cancelled.is_none())
            .filter_map(|(id, session)| Some((*id, session, session.schedule.as_ref()?)))
            .filter(|(_, _, schedule)| wanted(schedule))
            .collect();
        found.sort_by_key(|(id, _, schedule)| (schedule.setting.start, *id));
        let key = |(id, _, schedule): &(Id<Session>, &Session, &Schedule)| {
            (schedule.setting.start, id.uuid())
        };
        let of_all: Vec<_> = found.iter().map(|(id, _, s)| (*id, *s)).collect();
        let mut seats = BTreeMap::new();
        if asked.free {
            seats = self.seats_taken(&caller.scope(), &of_all).await?;
            let now = self.now();
            found.retain(|(id, session, schedule)| {
                session.cancelled.is_none()
                    && schedule.setting.start >= now
                    && seats.get(id).copied().unwrap_or(0) < schedule.capacity
            });
        }
        let total = asked.count.then_some(found.len() as u64);
        found.retain(|session| after.is_none_or(|after| key(session) > after));
        let next = found.len() > limit;
        found.truncate(limit);
        if !asked.free {
            let shown: Vec<_> = found.iter().map(|(id, _, s)| (*id, *s)).collect();
            seats = self.seats_taken(&caller.scope(), &shown).await?;
        }
        let next = match found.last() {
            Some(last) if next => Some(ask.list().cursor(&key(last))?),
            Some(_) | None => None,
        };
        let items = found.iter().filter_map(|(id, session, _)| {
            let version = known.versions.get(&id.uuid()).copied().unwrap_or_default();
            let taken = seats.get(id).copied().unwrap_or(0);
            SessionView::of(*id, session, version, &known, taken)
        });
        Ok(Answer::ok(Page {
            items: items.collect(),
            next,
            total,
        }))
    }

    /// The sessions that stand, have a part in this time and are wanted, by their start.
    pub(super) async fn sessions_between(
        &self,
        caller: &Caller,
        known: &Known,
        span: Span,
        wanted: impl Fn(&Schedule) -> bool + Send,
    ) -> Result<Vec<SessionView>, Problem> {
        let mut found: Vec<_> = known
            .catalogue
            .sessions
            .iter()
            .filter_map(|(id, session)| Some((*id, session, session.standing().ok()?)))
            .filter(|(_, _, schedule)| {
                let setting = &schedule.setting;
                let theirs = caller.own().is_none_or(|staff| staff == setting.staff_id);
                theirs && setting.span().overlaps(span) && wanted(schedule)
            })
            .collect();
        found.sort_by_key(|(id, _, schedule)| (schedule.setting.start, *id));
        let shown: Vec<_> = found
            .iter()
            .map(|(id, _, schedule)| (*id, *schedule))
            .collect();
        let seats = self.seats_taken(&caller.scope(), &shown).await?;
        let views = found.iter().filter_map(|(id, session, _)| {
            let version = known.versions.get(&id.uuid()).copied().unwrap_or_default();
            let taken = seats.get(id).copied().unwrap_or(0);
            SessionView::of(*id, session, version, known, taken)
        });
        Ok(views.collect())
    }

    pub(super) async fn session_view(
        &self,
        caller: &Caller,
        known: &Known,
        id: Id<Session>,
        session: &Session,
        version: Version,
    ) -> Result<SessionView, Problem> {
        let schedule = session.schedule.as_ref().ok_or_else(Problem::not_found)?;
        let seats = self.seats_taken(&caller.scope(), &[(id, schedule)]).await?;
        let taken = seats.get(&id).copied().unwrap_or(0);
        SessionView::of(id, session, version, known, taken).ok_or_else(Problem::not_found)
    }

    /// The answer to a command on one session: as it left it.
    pub(super) async fn show_session(
        &self,
        caller: &Caller,
        done: &Done,
    ) -> Result<Answer<SessionView>, Problem> {
        let business = caller.business();
        let (id, version) = done.stream::<Session>().ok_or_else(Problem::not_found)?;
        let loaded: Loaded<Session> = self.after(business, done, id, version).await?;
        let known = self.catalogue_now(business).await?;
        let view = self
            .session_view(caller, &known, Id::new(id), &loaded.state, version)
            .await?;
        let answer = Answer::to(done, view).version(version);
        Ok(if done.outcome.status == 201 {
            answer.location(format!("/api/v1/sessions/{id}"))
        } else {
            answer
        })
    }
}
