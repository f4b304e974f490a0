//! The ledger itself, as it lies there: for who audits, and for programs that keep up.

use axum::extract::State;
use jiff::Timestamp;
use ledger::{Metadata, Position, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    app::App,
    command::{Answer, Ask},
    page::{self, Page},
    problem::Problem,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read))
}

/// From where on.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// The first position; 1 if absent.
    #[param(minimum = 1)]
    from_position: Option<i64>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total` from `from_position` on.
    #[serde(default)]
    count: bool,
}

/// An event as it lies in the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogEvent)]
struct EventView {
    /// Its place in the ledger: without a gap, in the order in which it was written.
    position: i64,
    event_id: Uuid,
    stream: StreamView,
    /// What happened: `rescheduled`.
    r#type: String,
    /// Its place in its stream.
    version: i64,
    /// The version of the payload's format.
    event_version: String,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// When it happened: of imported history earlier than it was recorded.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// What is personal in it is sealed: `{"$sealed": {…}}`.
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// Who did it, from where, by which command. Ids only.
    #[schema(value_type = Object)]
    metadata: Metadata,
}

/// What an event happened to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogStream)]
struct StreamView {
    /// `booking`.
    kind: String,
    id: Uuid,
}

/// The events of the business, the oldest first, sealed as they are.
#[utoipa::path(get, path = "/log", tag = "log", params(LogQuery),
    responses((status = 200, body = Page<EventView>)))]
async fn read(
    State(app): State<App>,
    ask: Ask<LogQuery>,
) -> Result<Answer<Page<EventView>>, Problem> {
    let (business, asked) = (ask.caller.business(), &ask.query);
    let from = asked.from_position.unwrap_or(1);
    if from < 1 {
        let range = Message::new("violation-out-of-range")
            .with_number("least", 1)
            .with_number("most", i64::MAX);
        return Err(Problem::field("from_position", range));
    }
    let limit = page::limit(asked.limit)?;
    let after: Option<i64> = page::place(asked.after.as_deref())?;
    let after = Position(after.unwrap_or(0).max(from - 1));
    // One more than wanted tells whether there is a next page.
    let mut events = app.ledger().read(business, after, limit + 1).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = match events.last() {
        Some(last) if more => Some(page::cursor(&last.position.0)?),
        Some(_) | None => None,
    };
    let total = match asked.count {
        true => {
            let head = app.ledger().head(business).await?;
            u64::try_from(head.0 - (from - 1)).ok().or(Some(0))
        }
        false => None,
    };
    Ok(Answer::ok(Page {
        items: events.into_iter().map(EventView::from).collect(),
        next,
        total,
    }))
}

impl From<Recorded> for EventView {
    fn from(event: Recorded) -> Self {
        Self {
            position: event.position.0,
            event_id: event.event_id.0,
            stream: StreamView {
                kind: event.stream.kind.to_string(),
                id: event.stream.id,
            },
            r#type: event.event_type,
            version: event.version.0,
            event_version: event.event_version,
            recorded_at: event.recorded_at,
            occurred_at: event.occurred_at.unwrap_or(event.recorded_at),
            payload: event.payload,
            metadata: event.metadata,
        }
    }
}
