//! The calendar: who is booked when, who is away, when the house is open; now, and as it was.

mod away;
mod past;
mod view;

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use domain::{
    access::Right,
    client::Client,
    id::Id,
    session::Schedule,
    time::{Span, Weekday, Zone, local_date},
};
use jiff::{ToSpan as _, civil::Date};
use projections::{
    ReadModel,
    calendar::{self, Entry, Filter},
    clients::{self, Called},
    history, timetable,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::{
    away::{Away, planned, to_be_moved},
    past::Then,
    view::{AwayView, CalendarBooking, CalendarView, HourView, MonitorView, StaffHours, on_dates},
};
use super::{bookings::Names, history::question, sessions::SessionView};
use crate::{
    app::App,
    as_of::AsOf,
    catalogue::Known,
    checks::Checks,
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
    /// The whole day, week (from Monday) or month that `from` lies in, where `to` is left out.
    #[param(inline)]
    view: Option<ViewField>,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    service_id: Option<Uuid>,
    /// All of these words, as `GET /history` finds them: in the client's name, phones, e-mail or fiscal code, a comment,
    /// the reference or the status.
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
    /// `true`: clients' names, not references alone, for who may see clients.
    #[serde(default)]
    names: bool,
}

/// Day, week or month; everyone's or one's own; now, or as it was.
///
/// Of the past: the bookings where they stood, what was planned, when people worked, which sessions were to be held with
/// how many seats taken. Everybody and everything is called what it is called today, and the erased stay erased.
#[utoipa::path(get, path = "/calendar", tag = "calendar", params(CalendarQuery),
    responses((status = 200, body = CalendarView)))]
async fn show(
    State(app): State<App>,
    ask: Ask<CalendarQuery>,
) -> Result<Answer<CalendarView>, Problem> {
    let (business, asked) = (ask.caller.business(), &ask.query);
    let as_of = AsOf::asked(asked.as_of.as_deref(), asked.as_of_occurred.as_deref())?;
    let mut checks = Checks::default();
    question(&mut checks, "q", asked.q.as_deref());
    checks.done()?;
    let now = app.catalogue_now(business).await?;
    let zone = &now.settings()?.time_zone;
    let (from, to) = dates(asked)?;
    let span = days(zone, from, to)?;
    app.wait_for(&ask, &asked.read_models(as_of)).await?;
    let Seen {
        known,
        mut bookings,
        mut away,
        sessions,
    } = match as_of {
        None => {
            app.calendar_now(&ask, now.clone(), span, (from, to))
                .await?
        }
        Some(as_of) => {
            app.calendar_then(&ask, &now, span, (from, to), as_of)
                .await?
        }
    };
    if let Some(q) = &asked.q {
        let ids: Vec<_> = bookings.iter().map(|booking| booking.id).collect();
        let holding = history::holding(app.pool(), &ask.caller.scope(), &ids, q).await?;
        bookings.retain(|booking| holding.contains(&booking.id));
    }
    away.retain(|away| {
        let theirs = |id| away.staff_id.is_none_or(|of| of == Id::new(id));
        asked.staff_id.is_none_or(theirs)
    });
    let names = Names::around(&now, BTreeMap::new());
    let dates: Vec<_> = from
        .series(1.day())
        .take_while(|date| *date <= to)
        .collect();
    let house = known.catalogue.business.hours.as_ref();
    let working = known.catalogue.staff.iter().filter(|(id, staff)| {
        !staff.left && asked.staff_id.is_none_or(|wanted| wanted == id.uuid())
    });
    Ok(Answer::ok(CalendarView {
        from,
        to,
        to_be_moved: to_be_moved(zone, &away, &bookings),
        bookings,
        sessions,
        absences: away.iter().map(|a| AwayView::of(a, &names)).collect(),
        opening_hours: house.map(|hours| on_dates(hours, &dates)),
        working_hours: working
            .filter_map(|(id, staff)| {
                let own = staff.member.as_ref()?.working_hours.as_ref();
                Some(StaffHours {
                    staff: names.staff(*id),
                    days: on_dates(own.or(house)?, &dates),
                })
            })
            .collect(),
    }))
}

/// Some dates, as they are or were.
struct Seen {
    /// Who works when, and when the house is open.
    known: Arc<Known>,
    bookings: Vec<CalendarBooking>,
    away: Vec<Away>,
    sessions: Vec<SessionView>,
}

impl App {
    async fn calendar_now(
        &self,
        ask: &Ask<CalendarQuery>,
        known: Arc<Known>,
        span: Span,
        (from, to): (Date, Date),
    ) -> Result<Seen, Problem> {
        let (scope, asked) = (ask.caller.scope(), &ask.query);
        let entries = calendar::bookings(self.pool(), &scope, span, &asked.filter()).await?;
        let names = Names::around(&known, entries.iter().map(named_client).collect());
        let bookings = entries
            .iter()
            .map(|entry| CalendarBooking::of_entry(entry, &names))
            .collect();
        let (first, last) = readings(from, to);
        let away = timetable::away_between(self.pool(), &scope, first, last).await?;
        let sessions = self
            .sessions_between(&ask.caller, &known, span, |schedule| asked.wants(schedule))
            .await?;
        Ok(Seen {
            bookings,
            away: away.into_iter().map(Away::from).collect(),
            sessions,
            known,
        })
    }

    async fn calendar_then(
        &self,
        ask: &Ask<CalendarQuery>,
        now: &Arc<Known>,
        span: Span,
        (from, to): (Date, Date),
        as_of: AsOf,
    ) -> Result<Seen, Problem> {
        let (scope, asked) = (ask.caller.scope(), &ask.query);
        let then = Then::look(self, &scope, now, span, as_of).await?;
        let (first, last) = readings(from, to);
        Ok(Seen {
            bookings: then.bookings(self, &scope, now, &asked.filter()).await?,
            away: planned(&then.known.catalogue, first, last),
            sessions: then.sessions(&ask.caller, now, span, |schedule| asked.wants(schedule)),
            known: then.known,
        })
    }
}

/// From the first reading of the wall clock to the first one after.
fn readings(from: Date, to: Date) -> (jiff::civil::DateTime, jiff::civil::DateTime) {
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    (midnight(from), midnight(to.tomorrow().unwrap_or(to)))
}

impl CalendarQuery {
    fn filter(&self) -> Filter {
        Filter {
            staff_id: self.staff_id.map(Id::new),
            desk_id: self.desk_id.map(Id::new),
            service_id: self.service_id.map(Id::new),
            statuses: vec![],
            with_deleted: self.deleted,
        }
    }

    fn wants(&self, schedule: &Schedule) -> bool {
        let setting = &schedule.setting;
        is_at(schedule, self.staff_id, self.desk_id)
            && self
                .service_id
                .is_none_or(|id| setting.service_id.uuid() == id)
    }

    fn read_models(&self, as_of: Option<AsOf>) -> Vec<&'static ReadModel> {
        let mut read = vec![&calendar::READ_MODEL];
        match as_of {
            None => read.push(&timetable::READ_MODEL),
            Some(_) => read.push(&clients::READ_MODEL),
        }
        if self.q.is_some() {
            read.push(&history::READ_MODEL);
        }
        read
    }
}

fn is_at(schedule: &Schedule, staff: Option<Uuid>, desk: Option<Uuid>) -> bool {
    let setting = &schedule.setting;
    staff.is_none_or(|id| setting.staff_id.uuid() == id)
        && desk.is_none_or(|id| setting.desk_id == Some(Id::new(id)))
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
    let day = zone
        .days(asked.date, asked.date)
        .ok_or_else(|| Problem::field("date", Message::new("violation-date")))?;
    let sessions = app
        .sessions_between(&ask.caller, &known, day, |schedule| {
            is_at(schedule, asked.staff_id, asked.desk_id)
        })
        .await?;
    let today = zone.date_of(app.now());
    let since = zone.days(today, today).map_or(app.now(), |day| day.start());
    let inside = calendar::inside(app.pool(), &scope, since, &filter).await?;
    let entries = hours.iter().flat_map(|hour| &hour.bookings).chain(&inside);
    let names = Names::around(&known, entries.map(named_client).collect());
    let named = asked.names && ask.caller.may(Right::SeeClients);
    let show = |entry: &Entry| {
        let mut booking = CalendarBooking::of_entry(entry, &names);
        if !named {
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

fn named_client(entry: &Entry) -> (Id<Client>, Called) {
    let client_id = entry.client_id.unwrap_or(Id::new(Uuid::nil()));
    let name = entry.client_name.clone();
    (client_id, Called { client_id, name })
}

/// The first and the last date that are asked for.
fn dates(asked: &CalendarQuery) -> Result<(Date, Date), Problem> {
    let from = asked.from;
    Ok(match (asked.to.as_deref(), asked.view) {
        (Some(text), _) => {
            let to = local_date::parse(text);
            let wrong = || Problem::field("to", Message::new("violation-date"));
            (from, to.ok_or_else(wrong)?)
        }
        (None, Some(ViewField::Day)) => (from, from),
        (None, Some(ViewField::Week)) => {
            let since_monday = i32::from(Weekday::of(from).number()) - 1;
            let monday = from.saturating_sub(since_monday.days());
            (monday, monday.saturating_add(6.days()))
        }
        (None, Some(ViewField::Month)) => (from.first_of_month(), from.last_of_month()),
        (None, None) => return Err(Problem::field("to", Message::new("violation-missing"))),
    })
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
