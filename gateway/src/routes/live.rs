//! What changes, as it changes: server-sent events.
//!
//! What is told comes from the read model `changes`, not from the ledger: so it is shown already, is narrowed to what
//! the reader may see by the same query, and holds ids only. Hints wake a reader; what is read is always everything
//! after the last position told, so that a lost hint costs a second and nothing else.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{
        HeaderMap, Request,
        header::{CACHE_CONTROL, HeaderName},
    },
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::access::Right;
use futures::stream;
use ledger::{BusinessId, Position, Wakeup, Wakeups};
use projections::{
    Scope,
    changes::{self, Happened},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    access::Caller,
    app::App,
    command::Ask,
    problem::{Code, Problem, Violation},
    texts::Message,
};

/// What somebody has missed is told up to so many changes; of more they read everything anew.
const MOST_MISSED: u16 = 1_000;
/// Streams that one caller may have open at a time.
const MOST_EACH: usize = 10;
/// Streams of all callers.
const MOST: usize = 2_000;
/// A hint that was lost is made good after so long.
const LOOK_AFTER: Duration = Duration::from_secs(5);
/// Proxies close what is silent.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What those are told of who do not see the log.
const SUBJECTS: [&str; 8] = [
    "booking",
    "client",
    "notification",
    "session",
    "waitlist",
    "business",
    "staff",
    "desk",
];
/// And of the house, its staff and desks, what the calendar shows: when they are there.
const IN_THE_CALENDAR: [&str; 12] = [
    "business.hours_set",
    "business.closure_planned",
    "business.closure_changed",
    "business.closure_cancelled",
    "staff.working_hours_set",
    "staff.absence_planned",
    "staff.absence_cancelled",
    "desk.hours_set",
    "desk.closed",
    "desk.opened",
    "desk.holiday_planned",
    "desk.holiday_cancelled",
];

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live))
}

/// How to be told.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LiveQuery {
    /// `false`: tells what was missed since Last-Event-ID, and ends; for who cannot keep a connection open.
    #[serde(default = "yes")]
    #[param(value_type = Option<bool>)]
    wait: bool,
}

const fn yes() -> bool {
    true
}

/// One event, as server-sent events name its parts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what axum writes")]
struct LiveEvent {
    /// `open`, `change` or `reset`.
    #[schema(example = "change")]
    event: String,
    /// A position: for `Last-Event-ID`, and for Daybook-Min-Position of the queries that show the change.
    #[schema(example = "497")]
    id: String,
    /// JSON. Of `open` and `reset`: `{position}`. Of `change`: `{position, subject_type, subject_id, booking_id, client_id,
    /// action}`, ids only; what is new is read by them. `subject_type` is `booking`, `client`, `service`, `staff`, `desk`,
    /// `class`, `session`, `waitlist`, `business`, `access`, `webhook`, `segment`, `campaign` or `notification`; `action`
    /// what was done to it, `booking.rescheduled`.
    #[schema(
        content_media_type = "application/json",
        example = r#"{"position":497,"subject_type":"booking","subject_id":"0193561a-0000-7000-8000-000000000005","booking_id":"0193561a-0000-7000-8000-000000000005","client_id":"0193561a-0000-7000-8000-000000000004","action":"booking.rescheduled"}"#
    )]
    data: String,
}

/// The data of `event: change`. Ids only; what is new is read by them.
#[derive(Debug, Serialize)]
struct LiveChange {
    /// Where it lies in the ledger; also the event's id. A query that sends it as Daybook-Min-Position shows the change.
    position: i64,
    subject_type: String,
    subject_id: Uuid,
    /// The booking that it concerns.
    booking_id: Option<Uuid>,
    /// The client that it concerns.
    client_id: Option<Uuid>,
    /// What was done: `booking.rescheduled`.
    action: String,
}

impl From<Happened> for LiveChange {
    fn from(happened: Happened) -> Self {
        Self {
            position: happened.position,
            subject_type: happened.subject_type,
            subject_id: happened.subject_id,
            booking_id: happened.booking_id,
            client_id: happened.client_id,
            action: happened.action,
        }
    }
}

/// Tells what changes, as it is projected and as far as the reader may see it, as server-sent events.
///
/// First comes `open`, with the position from which on changes are told. Each `change` then has its position as id;
/// whoever comes back with it in Last-Event-ID is told what was missed, up to 1,000 changes. Of more, or with a
/// position that this business has not reached, comes `reset`: read anew what is shown. The stream ends when the key or
/// session does, and when the service stops: come back then.
#[utoipa::path(get, path = "/live", tag = "live",
    params(LiveQuery, ("Last-Event-ID" = Option<i64>, Header, minimum = 0,
        description = "The id of the last event that was received.")),
    responses((status = 200, body = LiveEvent, content_type = "text/event-stream",
        description = "Events, each of this form.")))]
async fn live(
    State(app): State<App>,
    headers: HeaderMap,
    ask: Ask<LiveQuery>,
) -> Result<Response, Problem> {
    let last = last_event_id(&headers)?;
    let scope = ask.caller.scope();
    let place = app.live().take(&ask.caller)?;
    // Before the look at where things stand, so that nothing falls between the two.
    let wakeups = app.ledger().subscribe();
    app.built(ask.caller.business(), &[&changes::READ_MODEL])
        .await?;
    let newest = changes::newest(app.pool(), &scope).await?;
    let mut reader = Reader {
        subjects: subjects_for(&ask.caller),
        told: last.unwrap_or(newest),
        wait: ask.query.wait,
        headers,
        business: ask.caller.business(),
        scope,
        wakeups,
        looked: Instant::now(),
        waiting: VecDeque::new(),
        app,
        _place: place,
    };
    reader.begin(last, newest).await?;
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let told = Sse::new(events).keep_alive(keep_alive);
    // Proxies that gather an answer before they pass it on would tell nothing at all.
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    Ok(([(CACHE_CONTROL, "no-store"), (unbuffered, "no")], told).into_response())
}

/// The kinds of things that they are told of; none: all.
fn subjects_for(caller: &Caller) -> &'static [&'static str] {
    match caller.may(Right::SeeLog) {
        true => &[],
        false => &SUBJECTS,
    }
}

/// Whether it shows in the calendar, or is about a client.
fn in_the_calendar(happened: &Happened) -> bool {
    match happened.subject_type.as_str() {
        "business" | "staff" | "desk" => IN_THE_CALENDAR.contains(&happened.action.as_str()),
        // A campaign goes to thousands.
        "notification" => happened.booking_id.is_some(),
        _ => true,
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    const NAME: &str = "Last-Event-ID";
    let Some(value) = headers.get(NAME) else {
        return Ok(None);
    };
    let text = value.to_str().ok();
    let number = text.filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    match number.and_then(|number| number.parse().ok()) {
        Some(position) => Ok(Some(Position(position))),
        None => {
            let violation = Violation::new(NAME, Message::new("violation-header"));
            Err(Problem::new(Code::Malformed).violations(vec![violation]))
        }
    }
}

/// Somebody who is being told.
struct Reader {
    app: App,
    /// With which they came: whether they still may is asked again and again.
    headers: HeaderMap,
    business: BusinessId,
    scope: Scope,
    subjects: &'static [&'static str],
    /// Up to where they have been told.
    told: Position,
    wait: bool,
    wakeups: Wakeups,
    /// When they last looked without a hint.
    looked: Instant,
    /// Read and not yet sent: what one look found, never more.
    waiting: VecDeque<Event>,
    _place: Place,
}

impl Reader {
    /// Where they begin: with what they missed, if that can be told.
    async fn begin(&mut self, last: Option<Position>, newest: Position) -> Result<(), Problem> {
        let since = match last {
            None => newest,
            // Of another business, or of a ledger that was brought back from a copy.
            Some(last) if last > newest => return self.reset(newest),
            Some(last) => last,
        };
        self.waiting.push_back(at("open", since)?);
        self.look(since, newest).await
    }

    /// Takes in what happened up to a position.
    async fn look(&mut self, since: Position, newest: Position) -> Result<(), Problem> {
        let found = changes::between(
            self.app.pool(),
            &self.scope,
            self.subjects,
            since,
            newest,
            MOST_MISSED + 1,
        )
        .await?;
        if found.len() > usize::from(MOST_MISSED) {
            self.waiting.clear();
            return self.reset(newest);
        }
        for happened in found {
            if !self.subjects.is_empty() && !in_the_calendar(&happened) {
                continue;
            }
            let change = LiveChange::from(happened);
            let event = Event::default()
                .event("change")
                .id(change.position.to_string());
            let event = event.json_data(&change).map_err(Problem::internal)?;
            self.waiting.push_back(event);
        }
        self.told = newest;
        Ok(())
    }

    fn reset(&mut self, newest: Position) -> Result<(), Problem> {
        self.told = newest;
        self.waiting.push_back(at("reset", newest)?);
        Ok(())
    }

    /// The next event; none: the stream is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if !self.wait {
                return None;
            }
            let closing = self.app.closing().clone();
            tokio::select! {
                biased;
                () = closing.cancelled() => return None,
                looked = self.wake() => looked?,
            }
        }
    }

    /// Waits for a hint, and looks. None: they may no more, or the database is away; whoever comes back is told which.
    async fn wake(&mut self) -> Option<()> {
        match self.wakeups.next().await {
            Wakeup::Moved(business, position) if business == self.business => {
                // Not in time: then the next look finds it.
                let _ = self
                    .app
                    .projected(business, &[&changes::READ_MODEL], position)
                    .await;
            }
            Wakeup::Moved(..) => return Some(()),
            // Comes each second: then whether they still may is looked up, which is remembered.
            Wakeup::Look if self.looked.elapsed() < LOOK_AFTER => {
                return self.still_may().await;
            }
            Wakeup::Look => self.looked = Instant::now(),
        }
        self.still_may().await?;
        let newest = changes::newest(self.app.pool(), &self.scope).await.ok()?;
        if newest > self.told {
            self.look(self.told, newest).await.ok()?;
        }
        Some(())
    }

    /// They are who they were, and may see what they saw.
    async fn still_may(&self) -> Option<()> {
        let mut request = Request::new(());
        *request.headers_mut() = self.headers.clone();
        let (parts, ()) = request.into_parts();
        let caller = Caller::find(&self.app, &parts).await.ok()?;
        let sees = caller.scope() == self.scope && subjects_for(&caller) == self.subjects;
        (sees && caller.may(Right::SeeBookings)).then_some(())
    }
}

/// An event that tells a position alone.
fn at(kind: &str, position: Position) -> Result<Event, Problem> {
    let event = Event::default().event(kind).id(position.0.to_string());
    let data = serde_json::json!({ "position": position.0 });
    event.json_data(data).map_err(Problem::internal)
}

/// How many streams are open, by whom.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<String, usize>>>);

/// One open stream; given back when dropped.
struct Place {
    places: Places,
    whose: String,
}

impl Places {
    fn take(&self, caller: &Caller) -> Result<Place, Problem> {
        let whose = format!("{} {}", caller.business().0, caller.name());
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let theirs = open.get(&whose).copied().unwrap_or(0);
        if theirs >= MOST_EACH || all >= MOST {
            return Err(Problem::new(Code::TooManyRequests).retry_after(30));
        }
        open.insert(whose.clone(), theirs + 1);
        let places = self.clone();
        Ok(Place { places, whose })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = open.get_mut(&self.whose) {
            *theirs -= 1;
            if *theirs == 0 {
                open.remove(&self.whose);
            }
        }
    }
}
