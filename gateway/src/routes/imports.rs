//! Lists of clients and services out of files: upload, map, look, run, and take back (`crate::imports`).

mod result;
mod rows;
mod upload;
mod view;

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use ledger::{Position, Version};
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::view::{ImportListed, ImportView};
use crate::{
    app::App,
    command::{Answer, Ask, At, Call, Envelope},
    imports::{
        mapping::Mapping,
        store::{Import, State as Stands},
    },
    page::{Page, PageQuery, limit},
    problem::{Code, Problem},
    texts::{Message, Speech},
};

/// How long `run` and `undo` wait for the end before they answer that work goes on.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often an import that moves on meanwhile is looked at again.
const ATTEMPTS: u32 = 5;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload::clients))
        .routes(routes!(upload::services))
        .routes(routes!(list))
        .routes(routes!(show, remove))
        .routes(routes!(map))
        .routes(routes!(rows::list))
        .routes(routes!(run))
        .routes(routes!(cancel))
        .routes(routes!(undo))
        .routes(routes!(result::file))
}

/// All imports that are still kept, the latest first.
#[utoipa::path(get, path = "/imports", tag = "imports", params(PageQuery),
    responses((status = 200, body = Page<ImportListed>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<ImportListed>>, Problem> {
    let (business, store) = (ask.caller.business(), app.import_store());
    let most = limit(ask.query.limit)?;
    let after: Option<Uuid> = ask.list().place(ask.query.after.as_deref())?;
    let mut imports = store.list(business, after, most + 1).await?;
    let more = imports.len() > most;
    imports.truncate(most);
    let next = imports
        .last()
        .filter(|_| more)
        .map(|last| ask.list().cursor(&last.id))
        .transpose()?;
    let total = match ask.query.count {
        true => Some(store.count(business).await?),
        false => None,
    };
    Ok(Answer::ok(Page {
        items: imports.iter().map(ImportListed::of).collect(),
        next,
        total,
    }))
}

/// An import: how it is mapped, what would become of its first rows, and how far a run has come.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ImportView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    ask: Ask,
) -> Result<Answer<ImportView>, Problem> {
    let import = app.import_store().one(ask.caller.business(), id).await?;
    let view = ImportView::of(&app, &import, Speech::of(&headers)).await?;
    Ok(Answer::ok(view).version(Version(import.version)))
}

/// Another mapping.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMapping {
    mapping: Mapping,
}

/// Says which column holds what, and what is to be done where the file does not say. Nothing is written yet: the answer
/// tells what would become of each row.
#[utoipa::path(put, path = "/imports/{id}/mapping", tag = "imports", params(("id" = Uuid, Path)),
    request_body = NewMapping, responses((status = 200, body = ImportView)))]
async fn map(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    call: Call<NewMapping>,
) -> Result<Answer<ImportView>, Problem> {
    let (business, store) = (call.caller.business(), app.import_store());
    for _ in 0..ATTEMPTS {
        let mut import = store.one(business, id).await?;
        call.expects(Version(import.version))?;
        if import.state != Stands::Uploaded {
            return Err(wrong_state(&import));
        }
        import.mapping = call.body.mapping.clone();
        let prepared = app.prepared(&import).await?;
        if store
            .map(&import, &call.body.mapping, prepared.rows.len())
            .await?
        {
            return answer(&app, &call, id, &headers).await;
        }
    }
    Err(moved_on())
}

/// Writes the rows. Small files are done when the answer comes (200); of larger ones the work goes on in the
/// background (202), and `GET /imports/{id}` tells how far it has come. A run that was cancelled or broke off goes on
/// where it stopped; one that is done is not done again.
#[utoipa::path(post, path = "/imports/{id}/run", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ImportView), (status = 202, body = ImportView)))]
async fn run(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    call: Call,
) -> Result<Answer<ImportView>, Problem> {
    set_to_work(&app, &call, id, Stands::Running, |state| match state {
        Stands::Uploaded | Stands::Cancelled | Stands::Failed => Some(true),
        Stands::Running | Stands::Finished => Some(false),
        Stands::Undoing | Stands::Undone => None,
    })
    .await?;
    waited(&app, &call, id, &headers).await
}

/// Takes back what an import wrote: clients and services that it made and nobody touched or booked since leave the
/// lists, those that it changed and nobody changed since are put back. `rows` tell what could not be taken back, and
/// why.
#[utoipa::path(post, path = "/imports/{id}/undo", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ImportView), (status = 202, body = ImportView)))]
async fn undo(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    call: Call,
) -> Result<Answer<ImportView>, Problem> {
    set_to_work(&app, &call, id, Stands::Undoing, |state| match state {
        Stands::Finished | Stands::Cancelled | Stands::Failed => Some(true),
        Stands::Undoing | Stands::Undone => Some(false),
        Stands::Uploaded | Stands::Running => None,
    })
    .await?;
    waited(&app, &call, id, &headers).await
}

/// Stops a run. What was written stays; `run` goes on from there, `undo` takes it back.
#[utoipa::path(post, path = "/imports/{id}/cancel", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ImportView), (status = 202, body = ImportView)))]
async fn cancel(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    call: Call,
) -> Result<Answer<ImportView>, Problem> {
    let store = app.import_store();
    let import = store.one(call.caller.business(), id).await?;
    call.expects(Version(import.version))?;
    match import.state {
        Stands::Running => store.cancel(&import).await?,
        Stands::Cancelled | Stands::Finished | Stands::Failed => {}
        Stands::Uploaded | Stands::Undoing | Stands::Undone => return Err(wrong_state(&import)),
    }
    waited(&app, &call, id, &headers).await
}

/// Forgets an import and its file. What it wrote stays, and can no longer be taken back.
#[utoipa::path(delete, path = "/imports/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer, Problem> {
    let (business, store) = (call.caller.business(), app.import_store());
    let import = store.one(business, id).await?;
    call.expects(Version(import.version))?;
    if !store.remove(&import).await? {
        return Err(wrong_state(&store.one(business, id).await?));
    }
    let head = app.ledger().head(business).await?;
    Ok(Answer::ok(()).status(StatusCode::NO_CONTENT).position(head))
}

/// `wanted`: whether there is work to be done from this state; none: that makes no sense.
async fn set_to_work(
    app: &App,
    call: &Envelope,
    id: Uuid,
    state: Stands,
    wanted: impl Fn(Stands) -> Option<bool>,
) -> Result<(), Problem> {
    let store = app.import_store();
    for _ in 0..ATTEMPTS {
        let import = store.one(call.caller.business(), id).await?;
        call.expects(Version(import.version))?;
        match wanted(import.state) {
            None => return Err(wrong_state(&import)),
            Some(false) => return Ok(()),
            Some(true) => {}
        }
        if store
            .set_to_work(&import, state, call.caller.actor(), app.now())
            .await?
        {
            app.imports().wake();
            return Ok(());
        }
    }
    Err(moved_on())
}

/// The answer once the work is done, or has gone on for a while.
async fn waited(
    app: &App,
    call: &Envelope,
    id: Uuid,
    headers: &HeaderMap,
) -> Result<Answer<ImportView>, Problem> {
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(20);
    loop {
        let import = app.import_store().one(call.caller.business(), id).await?;
        if !import.state.is_at_work() || Instant::now() >= until {
            break;
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
    answer(app, call, id, headers).await
}

async fn answer(
    app: &App,
    call: &Envelope,
    id: Uuid,
    headers: &HeaderMap,
) -> Result<Answer<ImportView>, Problem> {
    let business = call.caller.business();
    let import = app.import_store().one(business, id).await?;
    let head = app.ledger().head(business).await?;
    let position = match import.position {
        0 => head,
        position => Position(position),
    };
    let view = ImportView::of(app, &import, Speech::of(headers)).await?;
    let status = if import.state.is_at_work() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    Ok(Answer::ok(view)
        .status(status)
        .position(position)
        .version(Version(import.version)))
}

fn wrong_state(import: &Import) -> Problem {
    let state = import.state.word();
    Problem::new(Code::WrongState).detail(Message::new("detail-import-state").with("state", state))
}

fn moved_on() -> Problem {
    Problem::new(Code::Conflict).detail(Message::new("detail-moved-on"))
}
