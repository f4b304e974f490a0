//! Holidays of a desk: it is out of use for a while.

use axum::extract::State;
use domain::{
    desk::{Desk, DeskCommand},
    id::{self, Id},
    time::LocalSpan,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::super::closures::LocalTimeText;
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, Asked, At, Call, Deciding, Loaded, Target, View},
    guarding::{AffectedBooking, ahead, must_be_free},
    page::{Page, PageQuery, page_of},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, plan))
        .routes(routes!(show, cancel))
}

/// A holiday to be planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHoliday {
    /// The first moment, by the local clock.
    #[schema(example = "2026-07-01T00:00")]
    from: String,
    /// The first moment that no longer belongs to it.
    #[schema(example = "2026-07-15T00:00")]
    to: String,
    /// Bookings in that time stay, and are to be moved. Else they are told with 409 `bookings_affected`.
    #[serde(default)]
    keep_bookings: bool,
}

/// A time in which a desk is out of use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holiday)]
struct HolidayView {
    id: Uuid,
    /// Local.
    #[schema(value_type = String, example = "2026-07-01T00:00")]
    from: LocalTimeText,
    /// Local.
    #[schema(value_type = String, example = "2026-07-15T00:00")]
    to: LocalTimeText,
    /// The bookings that lie in that time now: they are to be moved.
    bookings_affected: Vec<AffectedBooking>,
}

impl HolidayView {
    fn from_planned(id: Uuid, span: &LocalSpan) -> Self {
        Self {
            id,
            from: LocalTimeText(span.from()),
            to: LocalTimeText(span.to()),
            bookings_affected: vec![],
        }
    }

    /// With the bookings that lie in it now.
    async fn with_bookings(
        mut self,
        app: &App,
        caller: &Caller,
        desk: Uuid,
    ) -> Result<Self, Problem> {
        let business = caller.business();
        let known = app.catalogue(business).await?;
        let span = LocalSpan::new(self.from.0, self.to.0).map_err(Problem::internal)?;
        let ranges = ahead([&span], &known.settings()?.time_zone, app.now());
        self.bookings_affected = app.affected(business, &[desk], &ranges).await?;
        Ok(self)
    }
}

impl View for HolidayView {
    type Of = Desk;
    // Never asked for: the address hangs on the desk, and is told by the handler.
    const HOME: &'static str = "/api/v1/desks";

    fn of(loaded: &Loaded<Desk>, id: Uuid) -> Option<Self> {
        let span = loaded.state.holidays.get(&Id::new(id))?;
        Some(Self::from_planned(id, span))
    }
}

/// Plans a holiday of a desk.
#[utoipa::path(post, path = "/desks/{id}/holidays", tag = "desks", params(("id" = Uuid, Path)),
    request_body = NewHoliday, responses((status = 201, body = HolidayView)))]
async fn plan(
    State(app): State<App>,
    At(desk): At<Uuid>,
    call: Call<NewHoliday>,
) -> Result<Answer<HolidayView>, Problem> {
    let id = app.new_id();
    let done = app
        .send(&call, Target::at(desk), |on| {
            call.body.asked(on, desk, Id::new(id))
        })
        .await?;
    let answer = app
        .answer::<HolidayView>(call.caller.business(), &done)
        .await?;
    let (answer, view) = answer.part();
    let location = format!("/api/v1/desks/{desk}/holidays/{}", done.id());
    let view = view.with_bookings(&app, &call.caller, desk).await?;
    Ok(answer.location(location).with(view))
}

impl NewHoliday {
    fn asked(
        &self,
        on: &Deciding<Desk>,
        desk: Uuid,
        holiday_id: Id<id::Holiday>,
    ) -> Result<Asked<Desk>, Problem> {
        let zone = &on.known.settings()?.time_zone;
        on.state.standing()?;
        let mut checks = Checks::default();
        let Some(span) = checks.span(&self.from, &self.to) else {
            return Err(checks.into());
        };
        let closed = if self.keep_bookings {
            vec![]
        } else {
            ahead([&span], zone, on.now)
        };
        Ok(Asked::of(DeskCommand::PlanHoliday { holiday_id, span })
            .making(holiday_id.uuid())
            .guarded(must_be_free(vec![desk], closed)))
    }
}

/// A desk's holidays, the first planned first.
#[utoipa::path(get, path = "/desks/{id}/holidays", tag = "desks", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<HolidayView>)))]
async fn list(
    State(app): State<App>,
    At(desk): At<Uuid>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<HolidayView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let found = known.catalogue.desks.get(&Id::new(desk));
    let holidays = found.ok_or_else(Problem::not_found)?.holidays.iter();
    let holidays =
        holidays.map(|(id, span)| (id.uuid(), HolidayView::from_planned(id.uuid(), span)));
    let mut page = page_of(holidays, &ask.query, &ask.list())?;
    let mut items = Vec::with_capacity(page.items.len());
    for holiday in page.items {
        items.push(holiday.with_bookings(&app, &ask.caller, desk).await?);
    }
    page.items = items;
    Ok(Answer::ok(page))
}

/// One holiday of a desk, with the bookings that lie in it.
#[utoipa::path(get, path = "/desks/{id}/holidays/{holiday_id}", tag = "desks",
    params(("id" = Uuid, Path), ("holiday_id" = Uuid, Path)),
    responses((status = 200, body = HolidayView)))]
async fn show(
    State(app): State<App>,
    At((desk, id)): At<(Uuid, Uuid)>,
    ask: Ask,
) -> Result<Answer<HolidayView>, Problem> {
    let answer = app
        .show::<HolidayView>(ask.caller.business(), desk, id)
        .await?;
    let (answer, view) = answer.part();
    Ok(answer.with(view.with_bookings(&app, &ask.caller, desk).await?))
}

/// Cancels a holiday of a desk.
#[utoipa::path(delete, path = "/desks/{id}/holidays/{holiday_id}", tag = "desks",
    params(("id" = Uuid, Path), ("holiday_id" = Uuid, Path)), responses((status = 204)))]
async fn cancel(
    State(app): State<App>,
    At((desk, id)): At<(Uuid, Uuid)>,
    call: Call,
) -> Result<Answer, Problem> {
    let cancel = |_: &Deciding<Desk>| Ok(Asked::of(DeskCommand::CancelHoliday(Id::new(id))));
    let done = app.send(&call, Target::at(desk), cancel).await?;
    Ok(Answer::nothing(&done))
}
