//! Segments: clients who have something in common, found anew each time they are asked for.

mod fields;
mod members;
mod ready_made;
mod schema;

use axum::extract::State;
use domain::segment::{Segment, SegmentCommand};
use projections::segments::{self, Asked as Question, Cursor, Page as Wanted, READ_MODEL};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(crate) use self::schema::SegmentCondition;
use self::{
    fields::{NewSegment, Preview, SegmentChange, may_ask},
    schema::SegmentFilter,
};
use crate::{
    app::App,
    command::{Answer, Ask, Asked, At, Call, Loaded, Target, View},
    page::{self, Page, PageQuery},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, save))
        .routes(routes!(preview))
        .routes(routes!(ready_made::list))
        .routes(routes!(show, change, drop_it))
        .routes(routes!(members::list))
        .routes(routes!(members::export))
}

/// A segment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
pub(super) struct SegmentView {
    id: Uuid,
    name: String,
    /// Whom it holds, with all that goes without saying.
    #[schema(value_type = SegmentFilter)]
    filter: Value,
    version: i64,
}

impl View for SegmentView {
    type Of = Segment;
    const HOME: &'static str = "/api/v1/segments";

    fn of(loaded: &Loaded<Segment>, id: Uuid) -> Option<Self> {
        let saying = loaded.state.saying.as_ref()?;
        let filter = saying.filter.value()?;
        Some(Self {
            id,
            name: saying.name.as_str().to_owned(),
            filter: filter.to_json(),
            version: loaded.version.0,
        })
    }
}

/// How many clients a filter holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentPreview)]
struct PreviewView {
    /// Now.
    count: i64,
}

/// Saves a filter under a name.
#[utoipa::path(post, path = "/segments", tag = "segments", request_body = NewSegment,
    responses((status = 201, body = SegmentView)))]
async fn save(
    State(app): State<App>,
    call: Call<NewSegment>,
) -> Result<Answer<SegmentView>, Problem> {
    let id = app.new_id();
    let done = app
        .send::<Segment>(&call, Target::new(id), |on| {
            let saying = call.body.read(id, &on.known, &call.caller)?;
            Ok(Asked::of(SegmentCommand::Save(Box::new(saying))))
        })
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// Counts the clients whom a filter holds, without saving it.
#[utoipa::path(post, path = "/segments/preview", tag = "segments", request_body = Preview,
    responses((status = 200, body = PreviewView)))]
async fn preview(
    State(app): State<App>,
    ask: Ask,
    call: Call<Preview>,
) -> Result<Answer<PreviewView>, Problem> {
    app.wait_for(&ask, &[&READ_MODEL]).await?;
    let known = app.catalogue(ask.caller.business()).await?;
    let filter = call.body.read(&known, &ask.caller)?;
    let question = Question {
        filter,
        zone: known.settings()?.time_zone.clone(),
        now: app.now(),
    };
    let count = segments::count(app.pool(), &ask.caller.scope(), &question).await?;
    Ok(Answer::ok(PreviewView { count }))
}

/// All saved segments, by name.
#[utoipa::path(get, path = "/segments", tag = "segments", params(PageQuery),
    responses((status = 200, body = Page<SegmentView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<SegmentView>>, Problem> {
    let after: Option<Cursor> = ask.list().place(ask.query.after.as_deref())?;
    let wanted = Wanted {
        after,
        limit: u16::try_from(page::limit(ask.query.limit)?).map_err(Problem::internal)?,
        count: ask.query.count,
    };
    app.wait_for(&ask, &[&READ_MODEL]).await?;
    let found = segments::find(app.pool(), &ask.caller.scope(), wanted).await?;
    let items = found.items.into_iter().filter_map(|entry| {
        let loaded = Loaded {
            state: entry.segment,
            version: entry.version,
        };
        SegmentView::of(&loaded, entry.segment_id.uuid())
    });
    Ok(Answer::ok(Page {
        items: items.collect(),
        next: found
            .next
            .map(|next| ask.list().cursor(&next))
            .transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

/// One segment.
#[utoipa::path(get, path = "/segments/{id}", tag = "segments", params(("id" = Uuid, Path)),
    responses((status = 200, body = SegmentView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<SegmentView>, Problem> {
    let loaded = app.load::<Segment>(ask.caller.business(), id).await?;
    loaded.state.standing()?;
    let view = SegmentView::of(&loaded, id).ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(view).version(loaded.version))
}

/// Calls a segment otherwise, or has it hold others.
#[utoipa::path(patch, path = "/segments/{id}", tag = "segments", params(("id" = Uuid, Path)),
    request_body = SegmentChange, responses((status = 200, body = SegmentView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<SegmentChange>,
) -> Result<Answer<SegmentView>, Problem> {
    let done = app
        .send::<Segment>(&call, Target::at(id), |on| {
            // Whose address is wrong learns that first.
            on.state.standing()?;
            Ok(Asked::of(call.body.read(id, &on.known, &call.caller)?))
        })
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// Drops a segment. The clients in it stay as they are.
#[utoipa::path(delete, path = "/segments/{id}", tag = "segments", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn drop_it(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer, Problem> {
    let done = app
        .send::<Segment>(&call, Target::at(id), |_| {
            Ok(Asked::of(SegmentCommand::Drop))
        })
        .await?;
    Ok(Answer::nothing(&done))
}

impl App {
    /// What a saved segment asks now.
    pub(super) async fn question<Q>(&self, ask: &Ask<Q>, id: Uuid) -> Result<Question, Problem> {
        let business = ask.caller.business();
        let loaded = self.load::<Segment>(business, id).await?;
        let saying = loaded.state.standing()?;
        let filter = saying.filter.value().ok_or_else(Problem::not_found)?;
        may_ask(filter, &ask.caller)?;
        let known = self.catalogue(business).await?;
        Ok(Question {
            filter: filter.clone(),
            zone: known.settings()?.time_zone.clone(),
            now: self.now(),
        })
    }
}
