//! The calendar: who is booked when, who is away, when the house is open; now, and as it was.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{
    booking::{Booking, Held},
    client::Client,
    hours::{DayInterval, WorkingHours},
    id::Id,
    time::{LocalTime, Span, Weekday, Zone, local_date},
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use ledger::Version;
use projections::{
    calendar::{self, Entry, Filter},
    clients::Called,
    timetable,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    bookings::{Named, Names},
    sessions::SessionView,
};
use crate::{
    app::App,
    as_of::AsOf,
    command::{Answer, Ask},
    problem::Problem,
    texts::Message,
};

/// The most dates that may be asked for.
const MOST_DAYS: i32 = 366;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(monitor))
}

/// Which dates, and whose.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CalendarQuery {
    /// The first local date.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last one, inclusive. May be left out where `view` says how far.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
    /// The day, week (from Monday) or month that `from` lies in, where `to` is left out.
    #[param(inline)]
    view: Option<ViewField>,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    service_id: Option<Uuid>,
    /// Any part of the client's name or of the reference.
    q: Option<String>,
    /// Deleted bookings too.
    #[serde(default)]
    deleted: bool,
    /// A position, or an instant: as it was recorded by then.
    as_of: Option<String>,
    /// An instant: as it had happened by then.
    as_of_occurred: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ViewField {
    Day,
    Week,
    Month,
}

/// Which day, and whose.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MonitorQuery {
    /// The local date.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    date: Date,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    /// `true`: clients' names, not references alone.
    #[serde(default)]
    names: bool,
}

/// Some dates of the calendar.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CalendarView {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// By their start.
    bookings: Vec<CalendarBooking>,
    /// Sessions of classes, with their seats; those that were called off are left out.
    sessions: Vec<SessionView>,
    /// Absences of staff, holidays of desks, closures of the house.
    absences: Vec<AwayView>,
    /// When the house is open, date by date; null: it sets no bounds.
    opening_hours: Option<Vec<DayHours>>,
    /// When each staff member works, date by date.
    working_hours: Vec<StaffHours>,
    /// Open bookings that lie in an absence, holiday or closure.
    to_be_moved: Vec<Uuid>,
}

/// A booking in the calendar. `GET /bookings/{id}` tells more.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CalendarBooking {
    id: Uuid,
    reference: String,
    visit_id: Option<Uuid>,
    session_id: Option<Uuid>,
    status: &'static str,
    deleted: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    arrived_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    left_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    hour_unknown: bool,
    overlaps: bool,
    service: Option<Named>,
    staff: Option<Named>,
    desk: Option<Named>,
    /// Null on the day monitor unless names were asked for.
    client: Option<Named>,
    price: String,
    source: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    version: i64,
}

/// Somebody or something that is away.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct AwayView {
    id: Uuid,
    /// `vacation`, `sick` or `other` of a staff member, `holiday` of a desk, `closure` of the house.
    kind: String,
    staff: Option<Named>,
    desk: Option<Named>,
    /// By the wall clock.
    #[schema(value_type = String)]
    from: jiff::civil::DateTime,
    /// By the wall clock.
    #[schema(value_type = String)]
    to: jiff::civil::DateTime,
    /// A closure's name.
    name: Option<String>,
    note: Option<String>,
}

/// The hours of one date.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DayHours {
    #[schema(value_type = String, format = Date)]
    date: Date,
    #[schema(value_type = Vec<Object>)]
    intervals: Vec<DayInterval>,
}

/// When a staff member works.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct StaffHours {
    staff: Named,
    days: Vec<DayHours>,
}

/// A day, hour by hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct MonitorView {
    #[schema(value_type = String, format = Date)]
    date: Date,
    hours: Vec<HourView>,
    /// Who has arrived and not left.
    inside: Vec<CalendarBooking>,
}

/// One hour by the clock on the wall.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct HourView {
    /// What the clock reads when it begins.
    #[schema(value_type = String)]
    from: LocalTime,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// A booking stands in each hour that it has a part in.
    bookings: Vec<CalendarBooking>,
    /// So does a session of a class, whoever has a seat in it.
    sessions: Vec<SessionView>,
}

/// Day, week or month; everyone's or one's own.
#[utoipa::path(get, path = "/calendar", tag = "calendar", params(CalendarQuery),
    responses((status = 200, body = CalendarView)))]
async fn show(
    State(app): State<App>,
    ask: Ask<CalendarQuery>,
) -> Result<Answer<CalendarView>, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    let known = app.catalogue_now(business).await?;
    let zone = &known.settings()?.time_zone;
    let to = last_date(asked)?;
    let span = days(zone, asked.from, to)?;
    app.wait_for(&ask, &[&calendar::READ_MODEL, &timetable::READ_MODEL])
        .await?;
    let filter = Filter {
        staff_id: asked.staff_id.map(Id::new),
        desk_id: asked.desk_id.map(Id::new),
        service_id: asked.service_id.map(Id::new),
        q: asked.q.clone(),
        statuses: vec![],
        with_deleted: asked.deleted,
    };
    let as_of = AsOf::asked(asked.as_of.as_deref(), asked.as_of_occurred.as_deref())?;
    let bookings = match as_of {
        None => {
            let entries = calendar::bookings(app.pool(), &scope, span, &filter).await?;
            let names = Names::around(&known, entries.iter().map(named_client).collect());
            entries
                .iter()
                .map(|entry| CalendarBooking::of_entry(entry, &names))
                .collect()
        }
        Some(as_of) => past(&app, &ask, &known, span, &filter, as_of).await?,
    };
    let names = Names::around(&known, BTreeMap::new());
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    let tomorrow = to.tomorrow().unwrap_or(to);
    let mut away =
        timetable::away_between(app.pool(), &scope, midnight(asked.from), midnight(tomorrow))
            .await?;
    away.retain(|a| {
        asked
            .staff_id
            .is_none_or(|id| a.staff_id.is_none_or(|of| of == id))
    });
    let spans: Vec<_> = away.iter().filter_map(|a| away_span(zone, a)).collect();
    let to_be_moved = calendar::to_be_moved(app.pool(), &scope, &spans).await?;
    let sessions = app
        .sessions_between(&ask.caller, &known, span, |schedule| {
            let setting = &schedule.setting;
            asked
                .staff_id
                .is_none_or(|id| setting.staff_id.uuid() == id)
                && asked
                    .desk_id
                    .is_none_or(|id| setting.desk_id == Some(Id::new(id)))
                && asked
                    .service_id
                    .is_none_or(|id| setting.service_id.uuid() == id)
        })
        .await?;
    let dates: Vec<_> = asked
        .from
        .series(1.day())
        .take_while(|date| *date <= to)
        .collect();
    let working = known.catalogue.staff.iter().filter(|(id, staff)| {
        !staff.left && asked.staff_id.is_none_or(|wanted| wanted == id.uuid())
    });
    Ok(Answer::ok(CalendarView {
        from: asked.from,
        to,
        bookings,
        sessions,
        absences: away.into_iter().map(|a| AwayView::of(a, &names)).collect(),
        opening_hours: known
            .catalogue
            .business
            .hours
            .as_ref()
            .map(|hours| on_dates(hours, &dates)),
        working_hours: working
            .filter_map(|(id, staff)| {
                let own = staff.member.as_ref()?.working_hours.as_ref();
                let hours = own.or(known.catalogue.business.hours.as_ref())?;
                Some(StaffHours {
                    staff: names.staff(*id),
                    days: on_dates(hours, &dates),
                })
            })
            .collect(),
        to_be_moved: to_be_moved
            .iter()
            .map(|entry| entry.booking_id.uuid())
            .collect(),
    }))
}

/// One day, hour by hour, and who is inside now.
#[utoipa::path(get, path = "/calendar/monitor", tag = "calendar", params(MonitorQuery),
    responses((status = 200, body = MonitorView)))]
async fn monitor(
    State(app): State<App>,
    ask: Ask<MonitorQuery>,
) -> Result<Answer<MonitorView>, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    app.wait_for(&ask, &[&calendar::READ_MODEL]).await?;
    let known = app.catalogue_now(business).await?;
    let zone = &known.settings()?.time_zone;
    let filter = Filter {
        staff_id: asked.staff_id.map(Id::new),
        desk_id: asked.desk_id.map(Id::new),
        ..Filter::default()
    };
    let hours = calendar::monitor(app.pool(), &scope, zone, asked.date, &filter).await?;
    let day = days(zone, asked.date, asked.date)?;
    let sessions = app
        .sessions_between(&ask.caller, &known, day, |schedule| {
            let setting = &schedule.setting;
            asked
                .staff_id
                .is_none_or(|id| setting.staff_id.uuid() == id)
                && asked
                    .desk_id
                    .is_none_or(|id| setting.desk_id == Some(Id::new(id)))
        })
        .await?;
    let today = zone.date_of(app.now());
    let since = zone.days(today, today).map_or(app.now(), |day| day.start());
    let inside = calendar::inside(app.pool(), &scope, since, &filter).await?;
    let entries = hours.iter().flat_map(|hour| &hour.bookings).chain(&inside);
    let names = Names::around(&known, entries.map(named_client).collect());
    let show = |entry: &Entry| {
        let mut booking = CalendarBooking::of_entry(entry, &names);
        if !asked.names {
            booking.client = None;
        }
        booking
    };
    Ok(Answer::ok(MonitorView {
        date: asked.date,
        hours: hours
            .iter()
            .map(|hour| HourView {
                from: hour.from,
                start: hour.span.start(),
                end: hour.span.end(),
                bookings: hour.bookings.iter().map(show).collect(),
                sessions: sessions
                    .iter()
                    .filter(|session| session.is_in(hour.span))
                    .cloned()
                    .collect(),
            })
            .collect(),
        inside: inside.iter().map(show).collect(),
    }))
}

/// The calendar's spans name the candidates, whose streams are folded up to then.
async fn past(
    app: &App,
    ask: &Ask<CalendarQuery>,
    known: &crate::catalogue::Known,
    span: Span,
    filter: &Filter,
    as_of: AsOf,
) -> Result<Vec<CalendarBooking>, Problem> {
    let (business, scope) = (ask.caller.business(), ask.caller.scope());
    let when = match as_of {
        AsOf::Position(position) => calendar::When::Position(position),
        AsOf::Recorded(_) | AsOf::Occurred(_) => calendar::When::Ever,
    };
    let mut then = vec![];
    for id in calendar::candidates(app.pool(), &scope, span, when).await? {
        let loaded = app
            .load_as_of::<Booking>(business, id.uuid(), as_of)
            .await?;
        let Ok(held) = loaded.state.held() else {
            continue;
        };
        let plan = &held.plan;
        let wanted = plan.start < span.end()
            && (plan.end() > span.start() || plan.start >= span.start())
            && (filter.with_deleted || !held.deleted)
            && filter.staff_id.is_none_or(|id| plan.staff_id == Some(id))
            && filter.desk_id.is_none_or(|id| plan.desk_id == Some(id))
            && filter
                .service_id
                .is_none_or(|id| plan.service_id == Some(id));
        if wanted {
            then.push((id, loaded));
        }
    }
    let names = Names::of(
        app,
        business,
        known,
        then.iter().map(|(_, loaded)| &loaded.state),
        None,
    )
    .await?;
    let mut shown = vec![];
    for (id, loaded) in &then {
        shown.push(CalendarBooking::of_held(
            *id,
            loaded.version,
            loaded.state.held()?,
            &names,
        ));
    }
    if let Some(q) = &filter.q {
        let q = projections::folding::fold(q);
        shown.retain(|booking| {
            let name = booking
                .client
                .as_ref()
                .and_then(|client| client.name.as_deref())
                .unwrap_or_default();
            projections::folding::fold(&format!("{name} {}", booking.reference)).contains(&q)
        });
    }
    shown.sort_by_key(|booking| (booking.start, booking.id));
    Ok(shown)
}

fn named_client(entry: &Entry) -> (Id<Client>, Called) {
    let client_id = entry.client_id.unwrap_or(Id::new(Uuid::nil()));
    let name = entry.client_name.clone();
    (client_id, Called { client_id, name })
}

impl CalendarBooking {
    fn of_entry(entry: &Entry, names: &Names<'_>) -> Self {
        Self {
            id: entry.booking_id.uuid(),
            reference: entry.reference.clone(),
            visit_id: entry.visit_id.map(Id::uuid),
            session_id: entry.session_id.map(Id::uuid),
            status: entry.status.as_str(),
            deleted: entry.deleted,
            arrived_at: entry.arrived_at,
            left_at: entry.left_at,
            start: entry.start,
            end: entry.end,
            hour_unknown: entry.hour_unknown,
            overlaps: entry.overlaps,
            service: entry.service_id.map(|id| names.service(id)),
            staff: entry.staff_id.map(|id| names.staff(id)),
            desk: entry.desk_id.map(|id| names.desk(id)),
            client: entry.client_id.map(|id| names.client(id)),
            price: entry.price.to_string(),
            source: entry.source.clone(),
            created_at: entry.created_at,
            version: entry.version.0,
        }
    }

    fn of_held(id: Id<Booking>, version: Version, held: &Held, names: &Names<'_>) -> Self {
        let plan = &held.plan;
        Self {
            id: id.uuid(),
            reference: held.reference.to_string(),
            visit_id: held.visit_id.map(Id::uuid),
            session_id: plan.session_id.map(Id::uuid),
            status: held.status.as_str(),
            deleted: held.deleted,
            arrived_at: held.arrived_at,
            left_at: held.left_at,
            start: plan.start,
            end: plan.end(),
            hour_unknown: plan.hour_unknown,
            overlaps: held.overlaps(),
            service: plan.service_id.map(|id| names.service(id)),
            staff: plan.staff_id.map(|id| names.staff(id)),
            desk: plan.desk_id.map(|id| names.desk(id)),
            client: held.client_id.map(|id| names.client(id)),
            price: plan.price.to_string(),
            source: held.source.as_str().to_owned(),
            created_at: held.created_at,
            version: version.0,
        }
    }
}

impl AwayView {
    fn of(away: timetable::Away, names: &Names<'_>) -> Self {
        Self {
            id: away.away_id,
            kind: away.kind,
            staff: away.staff_id.map(|id| names.staff(Id::new(id))),
            desk: away.desk_id.map(|id| names.desk(Id::new(id))),
            from: away.from_local,
            to: away.to_local,
            name: away.name,
            note: away.note,
        }
    }
}

fn away_span(zone: &Zone, away: &timetable::Away) -> Option<calendar::Away> {
    Some(calendar::Away {
        staff_id: away.staff_id.map(Id::new),
        desk_id: away.desk_id.map(Id::new),
        start: zone.instant(away.from_local)?,
        end: zone.instant(away.to_local),
    })
}

/// An override replaces the weekly hours of its date.
fn on_dates(hours: &WorkingHours, dates: &[Date]) -> Vec<DayHours> {
    let on = |date: &Date| match hours.overrides.iter().find(|day| day.date == *date) {
        Some(day) => day.intervals.clone(),
        None => {
            let weekday = Weekday::of(*date);
            let of_the_day = hours
                .weekly
                .iter()
                .filter(|interval| interval.weekday == weekday);
            of_the_day
                .map(|interval| DayInterval {
                    from: interval.from,
                    to: interval.to,
                })
                .collect()
        }
    };
    dates
        .iter()
        .map(|date| DayHours {
            date: *date,
            intervals: on(date),
        })
        .collect()
}

fn last_date(asked: &CalendarQuery) -> Result<Date, Problem> {
    let from = asked.from;
    let to = match (asked.to.as_deref(), asked.view) {
        (Some(text), _) => local_date::parse(text)
            .ok_or_else(|| Problem::field("to", Message::new("violation-date")))?,
        (None, Some(ViewField::Day)) => from,
        (None, Some(ViewField::Week)) => {
            from.saturating_add((7 - i32::from(Weekday::of(from).number())).days())
        }
        (None, Some(ViewField::Month)) => from.last_of_month(),
        (None, None) => return Err(Problem::field("to", Message::new("violation-missing"))),
    };
    Ok(to)
}

/// The instants of some local dates.
pub(crate) fn days(zone: &Zone, from: Date, to: Date) -> Result<Span, Problem> {
    days_up_to(MOST_DAYS, zone, from, to)
}

/// The same with a limit of one's own.
pub(crate) fn days_up_to(most: i32, zone: &Zone, from: Date, to: Date) -> Result<Span, Problem> {
    let length = from.until(to).map_or(i32::MAX, |span| span.get_days());
    if length < 0 {
        return Err(Problem::field(
            "to",
            Message::new("violation-end-not-after-start").with("from", from),
        ));
    }
    if length >= most {
        return Err(Problem::field(
            "to",
            Message::new("violation-too-many").with_number("max", most),
        ));
    }
    zone.days(from, to)
        .ok_or_else(|| Problem::field("from", Message::new("violation-date")))
}
