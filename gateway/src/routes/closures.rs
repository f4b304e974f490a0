//! Closures of the whole house: planned one by one, or a calendar of holidays at once.

mod holidays;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use domain::{
    business::{Business, BusinessCommand, PlannedClosure},
    id::{self, Id},
    text::Label,
    time::{LocalSpan, Zone},
};
use jiff::{Timestamp, civil::DateTime};
use ledger::Guard;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::holidays::Holiday;
use crate::{
    app::App,
    checks::{Checks, Patch, given, patch},
    command::{
        Answer, Ask, Asked, At, Call, Deciding, Done, Envelope, Loaded, RawCall, Target, View,
        file_of,
    },
    guarding::{AffectedBooking, ahead, must_be_free},
    page::{Page, PageQuery, page_of},
    problem::Problem,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, plan))
        .routes(routes!(show, change, cancel))
}

/// A closure to be planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClosure {
    /// What it is called: a holiday's name.
    name: Option<String>,
    /// The first moment, by the local clock: `2026-12-24T00:00`.
    #[schema(example = "2026-12-24T00:00")]
    from: String,
    /// The first moment that no longer belongs to it.
    #[schema(example = "2026-12-27T00:00")]
    to: String,
    /// Bookings in that time stay, and are to be moved. Else they are told with 409 `bookings_affected`.
    #[serde(default)]
    keep_bookings: bool,
}

/// What is to change of a closure; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosureChange {
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "2026-12-24T00:00")]
    from: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "2026-12-27T00:00")]
    to: Option<String>,
    /// Bookings in that time stay, and are to be moved. Else they are told with 409 `bookings_affected`.
    #[serde(default)]
    keep_bookings: bool,
}

/// A closure of the whole house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Closure)]
struct ClosureView {
    id: Uuid,
    name: Option<String>,
    /// Local.
    #[schema(value_type = String, example = "2026-12-24T00:00")]
    from: LocalTimeText,
    /// Local.
    #[schema(value_type = String, example = "2026-12-27T00:00")]
    to: LocalTimeText,
    /// The bookings that lie in that time now: they are to be moved.
    bookings_affected: Vec<AffectedBooking>,
}

/// A local date-time as the API writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTimeText(pub(crate) DateTime);

impl Serialize for LocalTimeText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = self.0;
        if at.second() == 0 && at.subsec_nanosecond() == 0 {
            let text = format!("{}T{:02}:{:02}", at.date(), at.hour(), at.minute());
            return serializer.serialize_str(&text);
        }
        at.serialize(serializer)
    }
}

impl View for ClosureView {
    type Of = Business;
    const HOME: &'static str = "/api/v1/business/closures";

    fn of(loaded: &Loaded<Business>, id: Uuid) -> Option<Self> {
        let closure = loaded.state.closures.get(&Id::new(id))?;
        Some(Self::from_planned(id, closure))
    }
}

impl ClosureView {
    fn from_planned(id: Uuid, PlannedClosure { name, span }: &PlannedClosure) -> Self {
        Self {
            id,
            name: name.as_ref().map(ToString::to_string),
            from: LocalTimeText(span.from()),
            to: LocalTimeText(span.to()),
            bookings_affected: vec![],
        }
    }

    /// With the bookings that lie in it now.
    async fn with_bookings(
        mut self,
        app: &App,
        caller: &crate::access::Caller,
    ) -> Result<Self, Problem> {
        let known = app.catalogue(caller.business()).await?;
        let zone = &known.settings()?.time_zone;
        let span = LocalSpan::new(self.from.0, self.to.0).map_err(Problem::internal)?;
        let everything: Vec<Uuid> = known.resources().collect();
        let ranges = ahead([&span], zone, app.now());
        self.bookings_affected = app
            .affected(caller.business(), &everything, &ranges)
            .await?;
        Ok(self)
    }
}

/// All closures, the first planned first.
#[utoipa::path(get, path = "/business/closures", tag = "business", params(PageQuery),
    responses((status = 200, body = Page<ClosureView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<ClosureView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let closures = known.catalogue.business.closures.iter();
    let closures = closures.map(|(id, closure)| {
        let id = id.uuid();
        (id, ClosureView::from_planned(id, closure))
    });
    let mut page = page_of(closures, &ask.query, &ask.list())?;
    let mut items = Vec::with_capacity(page.items.len());
    for closure in page.items {
        items.push(closure.with_bookings(&app, &ask.caller).await?);
    }
    page.items = items;
    Ok(Answer::ok(page))
}

/// Some closures that were planned at once.
#[derive(Debug, Serialize, ToSchema)]
struct Closures {
    /// Of the first of them; null where all were planned already.
    id: Option<Uuid>,
    items: Vec<ClosureView>,
}

/// What a `POST` answers: one closure for JSON, all of them for a calendar.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Planned {
    One(ClosureView),
    Many(Closures),
}

/// A calendar as a file in a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct CalendarForm {
    /// iCalendar (RFC 5545).
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Plans a closure, from JSON; or one for each coming event of a calendar (`text/calendar`, or a file in a form), at
/// most two years ahead.
#[utoipa::path(post, path = "/business/closures", tag = "business",
    request_body(content(
        (NewClosure = "application/json"),
        (String = "text/calendar"),
        (CalendarForm = "multipart/form-data"),
    )),
    params(("keep_bookings" = Option<bool>, Query, description = "For a calendar: as the field of the same name")),
    responses((status = 201, body = Planned),
        (status = 200, body = Planned, description = "A calendar whose events were all planned already")))]
async fn plan(
    State(app): State<App>,
    headers: HeaderMap,
    ask: Ask<PlanQuery>,
    mut call: RawCall,
) -> Result<Answer<Planned>, Problem> {
    let calendar = match call.content_type.as_deref() {
        Some("text/calendar") => Some(call.bytes.to_vec()),
        Some("multipart/form-data") => {
            let (_, file) = file_of(&headers, &call).await?;
            // Of the file, not of the form around it: a form's boundary is another one each time.
            let mut said = format!("{:?}\n", ask.query.keep_bookings).into_bytes();
            said.extend_from_slice(&file);
            let business = call.caller.business().0;
            let of_file = app.vault().keyed_hash(business, "closures.file", &said);
            call.envelope.fingerprint = of_file;
            Some(file)
        }
        Some(_) | None => None,
    };
    if let Some(calendar) = calendar {
        let keep = ask.query.keep_bookings.unwrap_or_default();
        let done = plan_all(&app, &call.envelope, &calendar, keep).await?;
        return planned_all(&app, &call.envelope, &done).await;
    }
    if ask.query.keep_bookings.is_some() {
        let elsewhere = Message::new("violation-unknown-field");
        return Err(Problem::field("keep_bookings", elsewhere));
    }
    let call = call.json::<NewClosure>()?;
    let id = app.new_id();
    let business = call.caller.business();
    let done = app
        .send(&call, Target::at(business.0), |on| {
            call.body.asked(on, Id::new(id))
        })
        .await?;
    let answer = app.answer::<ClosureView>(business, &done).await?;
    let (answer, view) = answer.part();
    Ok(answer.with(Planned::One(view.with_bookings(&app, &call.caller).await?)))
}

/// For a calendar.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanQuery {
    keep_bookings: Option<bool>,
}

impl NewClosure {
    fn asked(
        &self,
        on: &Deciding<Business>,
        closure_id: Id<id::Closure>,
    ) -> Result<Asked<Business>, Problem> {
        let zone = &on.state.settings()?.time_zone;
        let mut checks = Checks::default();
        let name = checks.maybe("name", self.name.as_deref(), Label::parse);
        let span = checks.span(&self.from, &self.to);
        let (Some(span), true) = (span, checks.is_clean()) else {
            return Err(checks.into());
        };
        let closed = if self.keep_bookings {
            vec![]
        } else {
            ahead([&span], zone, on.now)
        };
        let plan = BusinessCommand::PlanClosure {
            closure_id,
            name,
            span,
        };
        Ok(Asked::of(plan)
            .making(closure_id.uuid())
            .guarded(must_be_free(vec![], closed)))
    }
}

async fn plan_all(
    app: &App,
    call: &Envelope,
    calendar: &[u8],
    keep_bookings: bool,
) -> Result<Done, Problem> {
    let business = call.caller.business();
    let ids: Vec<Uuid> = (0..holidays::MOST).map(|_| app.new_id()).collect();
    app.send::<Business>(call, Target::at(business.0), |on| {
        let zone = &on.state.settings()?.time_zone;
        let holidays = holidays::coming(calendar, zone, on.now)?;
        let closed = if keep_bookings {
            vec![]
        } else {
            ahead(holidays.iter().map(|holiday| &holiday.span), zone, on.now)
        };
        // Those that are planned already are not planned twice: a calendar is brought in anew each year.
        let new = holidays.into_iter().filter(|holiday| {
            let mut planned = on.state.closures.values();
            !planned.any(|closure| closure.span == holiday.span && closure.name == holiday.name)
        });
        let plans = new.zip(&ids).map(|(Holiday { name, span }, id)| {
            let plan = BusinessCommand::PlanClosure {
                closure_id: Id::new(*id),
                name,
                span,
            };
            (*id, plan)
        });
        let (ids, plans): (Vec<_>, Vec<_>) = plans.unzip();
        Ok(Asked::all(plans)
            .making_all(ids)
            .guarded(must_be_free(vec![], closed)))
    })
    .await
}

async fn planned_all(app: &App, call: &Envelope, done: &Done) -> Result<Answer<Planned>, Problem> {
    let business = call.caller.business();
    let (stream, version) = done.stream::<Business>().ok_or_else(Problem::not_found)?;
    let loaded = app.load_at::<Business>(business, stream, version).await?;
    let ids = done.outcome.ids.iter();
    let items: Vec<_> = ids.filter_map(|id| ClosureView::of(&loaded, *id)).collect();
    let id = items.first().map(|closure| closure.id);
    let answer = Answer::to(done, Planned::Many(Closures { id, items })).version(version);
    Ok(match id {
        Some(id) => answer.location(format!("{}/{id}", ClosureView::HOME)),
        None => answer.status(StatusCode::OK),
    })
}

/// One closure, with the bookings that lie in it.
#[utoipa::path(get, path = "/business/closures/{id}", tag = "business", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClosureView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<ClosureView>, Problem> {
    let business = ask.caller.business();
    let answer = app.show::<ClosureView>(business, business.0, id).await?;
    let (answer, view) = answer.part();
    Ok(answer.with(view.with_bookings(&app, &ask.caller).await?))
}

/// Renames or moves a closure.
#[utoipa::path(patch, path = "/business/closures/{id}", tag = "business", params(("id" = Uuid, Path)),
    request_body = ClosureChange, responses((status = 200, body = ClosureView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ClosureChange>,
) -> Result<Answer<ClosureView>, Problem> {
    let business = call.caller.business();
    let done = app
        .send(&call, Target::at(business.0), |on| {
            call.body.asked(on, Id::new(id))
        })
        .await?;
    let answer = app.answer::<ClosureView>(business, &done).await?;
    let (answer, view) = answer.part();
    Ok(answer.with(view.with_bookings(&app, &call.caller).await?))
}

impl ClosureChange {
    fn asked(
        &self,
        on: &Deciding<Business>,
        closure_id: Id<id::Closure>,
    ) -> Result<Asked<Business>, Problem> {
        let zone = &on.state.settings()?.time_zone;
        let now = on.state.closures.get(&closure_id);
        let now = now.ok_or_else(Problem::not_found)?;
        let mut checks = Checks::default();
        let name = checks.patch("name", &self.name, |text| Label::parse(text));
        let text = |at: DateTime| at.to_string();
        let (from, to) = (
            self.from.clone().unwrap_or_else(|| text(now.span.from())),
            self.to.clone().unwrap_or_else(|| text(now.span.to())),
        );
        let span = checks.span(&from, &to);
        let (Some(span), true) = (span, checks.is_clean()) else {
            return Err(checks.into());
        };
        let guards = if self.keep_bookings {
            vec![]
        } else {
            newly_closed(now.span, span, zone, on.now)
        };
        let change = BusinessCommand::ChangeClosure {
            closure_id,
            name,
            span: Some(span),
        };
        Ok(Asked::of(change).showing(closure_id.uuid()).guarded(guards))
    }
}

/// What must be free before a closure is moved. What was closed before needs no look: its bookings were kept.
pub(super) fn newly_closed(
    from: LocalSpan,
    to: LocalSpan,
    zone: &Zone,
    now: Timestamp,
) -> Vec<Guard> {
    let before = LocalSpan::new(to.from(), from.from().min(to.to())).ok();
    let after = LocalSpan::new(from.to().max(to.from()), to.to()).ok();
    must_be_free(vec![], ahead(before.iter().chain(&after), zone, now))
}

/// Opens after all.
#[utoipa::path(delete, path = "/business/closures/{id}", tag = "business", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn cancel(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer, Problem> {
    let target = Target::at(call.caller.business().0);
    let cancel =
        |_: &Deciding<Business>| Ok(Asked::of(BusinessCommand::CancelClosure(Id::new(id))));
    Ok(Answer::nothing(&app.send(&call, target, cancel).await?))
}
