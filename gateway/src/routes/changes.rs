//! Who changed what, when, from what to what.

use axum::extract::State;
use domain::{actor::Role, id::Id};
use jiff::Timestamp;
use projections::{
    Position,
    changes::{self, Entry, Filter},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::history::instant;
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, At},
    page::{self, Page},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(of_booking))
}

/// Which changes.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// On this local date or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// On this local date or earlier.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
    /// Made by this user or key.
    actor_id: Option<Uuid>,
    /// `booking.rescheduled`.
    action: Option<String>,
    /// `business`, `service`, `staff`, `desk`, `client`, `booking` or `access`.
    subject_type: Option<String>,
    /// Of this thing.
    subject_id: Option<Uuid>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
}

/// What one event changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ChangeView {
    /// Where it lies in the ledger.
    position: i64,
    /// When it happened: of imported history in the other system.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    actor: ChangeActor,
    /// Through which door: `panel`, `public_page`, `api`, `import`, `system`.
    source: String,
    subject_type: String,
    subject_id: Uuid,
    /// What was done: `booking.rescheduled`.
    action: String,
    /// Field by field.
    changes: Vec<FieldView>,
    /// Why.
    reason: Option<String>,
    /// The change that it puts back.
    reverts: Option<i64>,
    /// The change that put it back last.
    reverted_by: Option<i64>,
}

/// Who did it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ChangeActor {
    /// `user`, `api_key`, `client`, `import` or `system`.
    kind: String,
    id: Option<Uuid>,
    name: Option<String>,
    role: Option<String>,
}

/// One field.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct FieldView {
    field: String,
    /// What it was.
    from: Value,
    /// What it is.
    to: Value,
}

/// What a manager is told of; what was done to the house itself is for those who run it.
const OF_MANAGERS: [&str; 2] = ["booking", "client"];

/// Of which kinds of things a caller is told, of those asked for (none: of all). None: of none of them. What a staff
/// member is told of is in their scope.
fn kinds(caller: &Caller, asked: Option<&str>) -> Option<Vec<String>> {
    let theirs = match caller.actor().role {
        Some(Role::Manager) => OF_MANAGERS.as_slice(),
        Some(Role::Owner | Role::Admin | Role::Staff) | None => &[],
    };
    match asked {
        Some(kind) if theirs.is_empty() || theirs.contains(&kind) => Some(vec![kind.to_owned()]),
        Some(_) => None,
        None => Some(theirs.iter().map(ToString::to_string).collect()),
    }
}

/// Across the business, the newest first. A manager is told of bookings and clients, a staff member of their own
/// bookings.
#[utoipa::path(get, path = "/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, body = Page<ChangeView>)))]
async fn find(
    State(app): State<App>,
    ask: Ask<ChangesQuery>,
) -> Result<Answer<Page<ChangeView>>, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    app.wait_for(&ask, &[&changes::READ_MODEL]).await?;
    let known = app.catalogue(business).await?;
    let zone = &known.settings()?.time_zone;
    let subjects = app.client_ids(business, asked.subject_id).await?;
    let kinds = kinds(&ask.caller, asked.subject_type.as_deref());
    let mut checks = Checks::default();
    let filter = Filter {
        from: instant(&mut checks, "from", asked.from.as_deref(), zone, |day| {
            day.start()
        }),
        to: instant(&mut checks, "to", asked.to.as_deref(), zone, |day| {
            day.end()
        }),
        actor_id: asked.actor_id,
        action: asked.action.clone(),
        subject_types: kinds.clone().unwrap_or_default(),
        subject_ids: subjects.iter().map(|id| id.uuid()).collect(),
        client_id: None,
    };
    checks.done()?;
    let after: Option<i64> = page::place(asked.after.as_deref())?;
    let wanted = changes::Page {
        after: after.map(Position),
        limit: u16::try_from(page::limit(asked.limit)?).unwrap_or(u16::MAX),
        count: asked.count,
    };
    if kinds.is_none() {
        return Ok(Answer::ok(Page {
            items: vec![],
            next: None,
            total: asked.count.then_some(0),
        }));
    }
    let found = changes::find(app.pool(), &scope, &filter, wanted).await?;
    Ok(Answer::ok(Page {
        items: found.items.into_iter().map(ChangeView::from).collect(),
        next: found.next.map(|next| page::cursor(&next.0)).transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

/// All that was ever done to a booking, the oldest first.
#[utoipa::path(get, path = "/bookings/{id}/changes", tag = "changes", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<ChangeView>)))]
async fn of_booking(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<Vec<ChangeView>>, Problem> {
    app.wait_for(&ask, &[&changes::READ_MODEL]).await?;
    let found = changes::of_booking(app.pool(), &ask.caller.scope(), Id::new(id)).await?;
    if found.is_empty() {
        // Not projected yet, or not there at all.
        app.load::<domain::booking::Booking>(ask.caller.business(), id)
            .await?
            .state
            .held()?;
    }
    Ok(Answer::ok(
        found.into_iter().map(ChangeView::from).collect(),
    ))
}

impl From<Entry> for ChangeView {
    fn from(entry: Entry) -> Self {
        Self {
            position: entry.position.0,
            at: entry.at,
            recorded_at: entry.recorded_at,
            actor: ChangeActor {
                kind: entry.actor.kind,
                id: entry.actor.id,
                name: entry.actor.name,
                role: entry.actor.role,
            },
            source: entry.source,
            subject_type: entry.subject_type,
            subject_id: entry.subject_id,
            action: entry.action,
            changes: entry
                .changes
                .into_iter()
                .map(|change| FieldView {
                    field: change.field,
                    from: change.from,
                    to: change.to,
                })
                .collect(),
            reason: entry.reason,
            reverts: entry.reverts.map(|position| position.0),
            reverted_by: entry.reverted_by.map(|position| position.0),
        }
    }
}
