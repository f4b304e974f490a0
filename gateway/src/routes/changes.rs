//! Who changed what, when, from what to what.

use axum::extract::State;
use domain::{access::Right, event, id::Id};
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

use super::history::period;
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, At},
    page::{self, Page},
    problem::Problem,
    texts::Message,
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
    /// Made by this user, key or client.
    actor_id: Option<Uuid>,
    /// Made by one of this kind.
    #[param(inline)]
    actor_kind: Option<ActorKindField>,
    /// What happened: the kind of thing and the event's name, as in `booking.rescheduled`.
    action: Option<String>,
    /// Of things of this kind.
    #[param(inline)]
    subject_type: Option<SubjectField>,
    /// Of this thing.
    subject_id: Option<Uuid>,
    /// Of this client, and of their bookings.
    client_id: Option<Uuid>,
    /// Of this staff member, and of the bookings that are theirs now.
    staff_id: Option<Uuid>,
    /// Through this door.
    #[param(inline)]
    source: Option<DoorField>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
}

/// What kind of thing was changed.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SubjectField {
    Business,
    Service,
    Staff,
    Desk,
    Class,
    Session,
    Client,
    Booking,
    Access,
    Waitlist,
    Webhook,
    Segment,
    Campaign,
    Notification,
    Membership,
}

/// What kind of actor changed it.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ActorKindField {
    User,
    ApiKey,
    Client,
    Import,
    System,
}

/// Through which door it came.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DoorField {
    Panel,
    PublicPage,
    Api,
    Import,
    System,
}

/// The word for it in JSON, and so in the read model.
fn word(one_of_several: &impl Serialize) -> Result<String, Problem> {
    match serde_json::to_value(one_of_several) {
        Ok(Value::String(word)) => Ok(word),
        Ok(other) => Err(Problem::internal(other.to_string())),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// Whether something may happen to a thing that is called so: `booking.rescheduled`.
fn is_action(text: &str) -> bool {
    let Some((subject, event)) = text.split_once('.') else {
        return false;
    };
    event::names().any(|(kind, events)| kind == subject && events.contains(&event))
}

/// What those see who do not see the log: what happened to bookings and clients, and what was told to these.
const SEEN_BY_MANAGERS: [&str; 3] = ["booking", "client", "notification"];

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

/// Across the business, the newest first: who did what, when, through which door, which field from what to what.
///
/// Owners and admins see all of it, managers what happened to bookings and clients, staff members what happened to
/// their own bookings. A command that was refused left nothing behind, so nothing of it stands here. Messages to
/// clients are changes too (`subject_type=notification`): of the client, and of the booking that they tell of.
#[utoipa::path(get, path = "/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, body = Page<ChangeView>)))]
async fn find(
    State(app): State<App>,
    ask: Ask<ChangesQuery>,
) -> Result<Answer<Page<ChangeView>>, Problem> {
    let (scope, asked) = (ask.caller.scope(), &ask.query);
    app.wait_for(&ask, &[&changes::READ_MODEL]).await?;
    let filter = asked.filter(&app, &ask.caller).await?;
    let after: Option<i64> = ask.list().place(asked.after.as_deref())?;
    let wanted = changes::Page {
        after: after.map(Position),
        limit: u16::try_from(page::limit(asked.limit)?).unwrap_or(u16::MAX),
        count: asked.count,
    };
    let Some(filter) = filter else {
        return Ok(Answer::ok(Page {
            items: vec![],
            next: None,
            total: asked.count.then_some(0),
        }));
    };
    let found = changes::find(app.pool(), &scope, &filter, wanted).await?;
    let next = found.next.map(|next| ask.list().cursor(&next.0));
    Ok(Answer::ok(Page {
        items: found.items.into_iter().map(ChangeView::from).collect(),
        next: next.transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

impl ChangesQuery {
    /// The filter that it asks for; none: what is asked for is nothing that they may see.
    async fn filter(&self, app: &App, caller: &Caller) -> Result<Option<Filter>, Problem> {
        let business = caller.business();
        let known = app.catalogue(business).await?;
        let zone = &known.settings()?.time_zone;
        let mut checks = Checks::default();
        let (from, to) = period(&mut checks, zone, self.from.as_deref(), self.to.as_deref());
        if let Some(action) = &self.action
            && !is_action(action)
        {
            let unknown = Message::new("violation-form").with("what", action);
            checks.fault("action", unknown);
        }
        checks.done()?;
        let mut subject_types = vec![];
        if let Some(kind) = &self.subject_type {
            subject_types.push(word(kind)?);
        }
        if !caller.may(Right::SeeLog) {
            if subject_types.is_empty() {
                subject_types = SEEN_BY_MANAGERS.map(str::to_owned).to_vec();
            }
            subject_types.retain(|kind| SEEN_BY_MANAGERS.contains(&kind.as_str()));
            if subject_types.is_empty() {
                return Ok(None);
            }
        }
        let subjects = app.client_ids(business, self.subject_id).await?;
        let clients = app.client_ids(business, self.client_id).await?;
        Ok(Some(Filter {
            from,
            to,
            actor_id: self.actor_id,
            actor_kind: self.actor_kind.as_ref().map(word).transpose()?,
            source: self.source.as_ref().map(word).transpose()?,
            action: self.action.clone(),
            subject_types,
            subject_ids: subjects.iter().map(|id| id.uuid()).collect(),
            client_ids: clients.iter().map(|id| id.uuid()).collect(),
            staff_id: self.staff_id.map(Id::new),
        }))
    }
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
