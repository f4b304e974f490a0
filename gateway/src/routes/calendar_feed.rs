//! A staff member's calendar as a feed (RFC 5545), for the calendars that people carry with them.
//!
//! Whoever has its address sees it: the address holds a token that is as good as a key, and that is taken back by
//! opening the feed anew, or closing it. The token is made from the business's keys and kept nowhere.

use axum::{
    Extension,
    extract::{Path, State},
    http::{
        HeaderValue, Uri,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    booking::Status,
    id::{self, Id},
    session::{Session, Setting},
    staff::{Staff, StaffCommand},
    time::Span,
};
use icalendar::{Calendar, Component as _, Event, Property};
use jiff::{SignedDuration, Timestamp};
use ledger::{BusinessId, Position};
use projections::{
    Scope,
    calendar::{self, Entry, Filter},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    access::{Caller, Sender},
    app::App,
    catalogue::Known,
    command::{Answer, Ask, Asked, At, Call, Deciding, Done, Target},
    limits::Meter,
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(show, open, close))
}

/// So far back.
const BACK: SignedDuration = SignedDuration::from_hours(31 * 24);
/// And so far ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What the token is a hash of, among other keyed hashes.
const LABEL: &str = "calendar feed";

/// A staff member's calendar feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CalendarFeed)]
struct FeedView {
    staff_id: Uuid,
    /// Below the address of the service. Whoever has it sees the calendar. Null: the feed is closed.
    #[schema(example = "/api/v1/calendar/0193561a-8980-795c-81d3-ccc996fd47e1.ics?token=…")]
    url: Option<String>,
}

/// Which feed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// As the feed's address holds it.
    token: String,
}

/// A staff member's bookings and sessions, from a month ago to a year ahead, as an iCalendar feed.
#[utoipa::path(get, path = "/calendar/{file}", tag = "calendar",
    params(("file" = String, Path, description = "The staff member's id, and `.ics`"), FeedQuery),
    responses((status = 200, body = String, content_type = "text/calendar")))]
async fn read(
    State(app): State<App>,
    sender: Sender,
    Extension(meter): Extension<Meter>,
    Path(file): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    app.visitors().passes(sender, true, &meter)?;
    // Nobody learns which part was wrong.
    let staff = file.strip_suffix(".ics").and_then(|id| id.parse().ok());
    let query = uri.query().unwrap_or_default();
    let query: Option<FeedQuery> = serde_html_form::from_str(query).ok();
    let (Some(staff), Some(query)) = (staff, query) else {
        return Err(Problem::not_found());
    };
    let (business, known) = app.feed(staff, &query.token).await?;
    let calendar = app.feed_of(business, &known, Id::new(staff)).await?;
    let mut response = calendar.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/calendar; charset=utf-8");
    headers.insert(CONTENT_TYPE, kind);
    let private = HeaderValue::from_static("private, max-age=300");
    headers.insert(CACHE_CONTROL, private);
    Ok(response)
}

/// Where a staff member's calendar feed is found, if it is open.
#[utoipa::path(get, path = "/staff/{id}/calendar-feed", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 200, body = FeedView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<FeedView>, Problem> {
    own(&ask.caller, id)?;
    let business = ask.caller.business();
    let loaded = app.load::<Staff>(business, id).await?;
    loaded
        .state
        .member
        .as_ref()
        .ok_or_else(Problem::not_found)?;
    let view = app.feed_view(business, id, loaded.state.feed);
    Ok(Answer::ok(view).version(loaded.version))
}

/// Opens a staff member's calendar feed. One that was open has another address then, and the old one leads nowhere.
#[utoipa::path(post, path = "/staff/{id}/calendar-feed", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 200, body = FeedView)))]
async fn open(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<FeedView>, Problem> {
    own(&call.caller, id)?;
    let feed: Id<id::Feed> = Id::new(app.new_id());
    let open = |_: &Deciding<Staff>| Ok(Asked::of(StaffCommand::OpenFeed(feed)));
    let done = app.send(&call, Target::at(id), open).await?;
    app.feed_after(call.caller.business(), id, &done).await
}

/// Closes a staff member's calendar feed: its address leads nowhere.
#[utoipa::path(delete, path = "/staff/{id}/calendar-feed", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 200, body = FeedView)))]
async fn close(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<FeedView>, Problem> {
    own(&call.caller, id)?;
    let close = |_: &Deciding<Staff>| Ok(Asked::of(StaffCommand::CloseFeed));
    let done = app.send(&call, Target::at(id), close).await?;
    app.feed_after(call.caller.business(), id, &done).await
}

/// Who has bookings of their own has a feed of their own; the others' are as if they were not there.
fn own(caller: &Caller, staff: Uuid) -> Result<(), Problem> {
    match caller.own() {
        Some(own) if own.uuid() != staff => Err(Problem::not_found()),
        Some(_) | None => Ok(()),
    }
}

impl App {
    /// The business and id of a feed, and what makes them unguessable.
    fn feed_token(&self, business: BusinessId, staff: Uuid, feed: Id<id::Feed>) -> String {
        let said = [staff.as_bytes().as_slice(), feed.uuid().as_bytes()].concat();
        let proof = self.vault().keyed_hash(business.0, LABEL, &said);
        URL_SAFE_NO_PAD.encode([business.0.as_bytes().as_slice(), &proof].concat())
    }

    fn feed_view(&self, business: BusinessId, staff: Uuid, feed: Option<Id<id::Feed>>) -> FeedView {
        let url = feed.map(|feed| {
            let token = self.feed_token(business, staff, feed);
            format!("/api/v1/calendar/{staff}.ics?token={token}")
        });
        FeedView {
            staff_id: staff,
            url,
        }
    }

    async fn feed_after(
        &self,
        business: BusinessId,
        id: Uuid,
        done: &Done,
    ) -> Result<Answer<FeedView>, Problem> {
        let (_, version) = done.stream::<Staff>().ok_or_else(Problem::not_found)?;
        let loaded = self.after::<Staff>(business, done, id, version).await?;
        let view = self.feed_view(business, id, loaded.state.feed);
        Ok(Answer::to(done, view).version(version))
    }

    /// Whose feed this is, if the token is the one that it has now.
    async fn feed(
        &self,
        staff: Uuid,
        token: &str,
    ) -> Result<(BusinessId, std::sync::Arc<Known>), Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let business = bytes.and_then(|bytes| Uuid::from_slice(bytes.get(..16)?).ok());
        let business = BusinessId(business.ok_or_else(Problem::not_found)?);
        // Nothing is proved yet: what anybody can make up must not push out what is remembered of businesses.
        if self.ledger().catalogue_head(business).await? == Position::START {
            return Err(Problem::not_found());
        }
        let known = self.catalogue_now(business).await?;
        let member = known.catalogue.staff.get(&Id::new(staff));
        let feed = member.filter(|member| member.working().is_ok());
        let feed = feed.and_then(|member| member.feed);
        let right = feed.map(|feed| self.feed_token(business, staff, feed));
        // The time that comparing takes tells nothing: what is compared are hashes of a key that nobody has.
        if right.is_none_or(|right| right != token) {
            return Err(Problem::not_found());
        }
        Ok((business, known))
    }

    async fn feed_of(
        &self,
        business: BusinessId,
        known: &Known,
        staff: Id<Staff>,
    ) -> Result<String, Problem> {
        let now = self.now();
        let span = Span::new(
            now.saturating_sub(BACK).unwrap_or(now),
            now.saturating_add(AHEAD).unwrap_or(now),
        );
        let span = span.map_err(Problem::internal)?;
        let filter = Filter {
            staff_id: Some(staff),
            ..Filter::default()
        };
        let scope = Scope::bookings_of(business, staff);
        self.built(business, &[&calendar::READ_MODEL]).await?;
        let entries = calendar::bookings(self.pool(), &scope, span, &filter).await?;
        let settings = known.settings()?;
        // With `new` it would name a second product, which no calendar may.
        let mut feed = Calendar::empty();
        feed.append_property(Property::new("VERSION", "2.0"));
        feed.append_property(Property::new("PRODID", "-//Daybook//Calendar feed//EN"));
        feed.append_property(Property::new("CALSCALE", "GREGORIAN"));
        feed.name(settings.name.as_str());
        // A seat stands in its session.
        for entry in entries.iter().filter(|entry| entry.session_id.is_none()) {
            feed.push(booking(known, entry));
        }
        for (id, held) in known.catalogue.sessions.iter() {
            let setting = held.schedule.as_ref().map(|schedule| &schedule.setting);
            let theirs = setting.filter(|it| it.staff_id == staff && it.span().overlaps(span));
            if let Some(setting) = theirs {
                feed.push(session(known, *id, held, setting));
            }
        }
        Ok(feed.done().to_string())
    }
}

/// A booking: what is done, for whom, when. No more of the client than their name.
fn booking(known: &Known, entry: &Entry) -> Event {
    let service = service_name(known, entry.service_id);
    let summary = match &entry.client_name {
        Some(client) => format!("{service} · {client}"),
        None => service,
    };
    let mut event = Event::new();
    event
        .uid(&format!("{}@daybook", entry.booking_id))
        .summary(&summary)
        .description(&entry.reference)
        .add_property("SEQUENCE", entry.version.0.to_string())
        .add_property(
            "STATUS",
            match entry.status {
                Status::Requested => "TENTATIVE",
                Status::Confirmed | Status::Completed | Status::NoShow => "CONFIRMED",
                Status::Cancelled => "CANCELLED",
            },
        );
    if entry.hour_unknown {
        let date = known
            .settings()
            .map(|settings| settings.time_zone.date_of(entry.start));
        let date = date.map(|date| date.strftime("%Y%m%d").to_string());
        let start = Property::new("DTSTART", date.unwrap_or_default())
            .add_parameter("VALUE", "DATE")
            .done();
        event.append_property(start);
        event.add_property("DTSTAMP", instant(entry.created_at));
    } else {
        timed(&mut event, entry.start, entry.end, entry.created_at);
    }
    event.done()
}

/// A date of a class: what is done, when, and whether it was called off.
fn session(known: &Known, id: Id<Session>, held: &Session, setting: &Setting) -> Event {
    // The catalogue does not tell when it was set down; its id does.
    let set_down = id.uuid().get_timestamp().and_then(|at| {
        let (seconds, _) = at.to_unix();
        Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
    });
    let called_off = held.cancelled.as_ref();
    let stamp = called_off.map(|off| off.at).or(set_down);
    let mut event = Event::new();
    event
        .uid(&format!("{id}@daybook"))
        .summary(&service_name(known, Some(setting.service_id)))
        .add_property(
            "STATUS",
            match called_off {
                Some(_) => "CANCELLED",
                None => "CONFIRMED",
            },
        );
    timed(
        &mut event,
        setting.start,
        setting.end(),
        stamp.unwrap_or(setting.start),
    );
    event.done()
}

fn timed(event: &mut Event, start: Timestamp, end: Timestamp, stamp: Timestamp) {
    event
        .add_property("DTSTART", instant(start))
        .add_property("DTSTAMP", instant(stamp));
    // An end must come after its start; what takes no time has none.
    if start < end {
        event.add_property("DTEND", instant(end));
    }
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn service_name(known: &Known, id: Option<Id<domain::service::Service>>) -> String {
    let service = id.and_then(|id| known.catalogue.services.get(&id));
    let offer = service.and_then(|service| service.offer.as_ref());
    offer.map_or_else(|| "–".to_owned(), |offer| offer.name.to_string())
}
