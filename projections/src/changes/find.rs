//! What is asked of changes.

use domain::{booking::Booking, id::Id, staff::Staff};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use super::FieldChange;
use crate::{Position, Scope, rows::asked};

/// Which changes; what is none or empty bounds nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// That happened at or after.
    pub from: Option<Timestamp>,
    /// That happened before.
    pub to: Option<Timestamp>,
    /// Made by this user, key or client.
    pub actor_id: Option<Uuid>,
    /// Made by actors of this kind: `user`, `api_key`, `client`, `import`, `system`.
    pub actor_kind: Option<String>,
    /// That came through this door: `panel`, `public_page`, `api`, `import`, `system`.
    pub source: Option<String>,
    /// This one: `booking.rescheduled`.
    pub action: Option<String>,
    /// Of things of one of these kinds: `business`, `service`, `staff`, `desk`, `client`, `booking`, `access`.
    pub subject_types: Vec<String>,
    /// Of one of these things: a client, and those who turned out to be them. Empty: of all.
    pub subject_ids: Vec<Uuid>,
    /// Of one of these clients, or of a booking of theirs. Empty: of all.
    pub client_ids: Vec<Uuid>,
    /// Of this staff member, or of a booking that is theirs now.
    pub staff_id: Option<Id<Staff>>,
}

/// Which page of what was found.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Older than this one, the last of the page before; none: the newest.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
}

/// A page of changes.
#[derive(Debug, Clone)]
pub struct Found {
    /// The newest first.
    pub items: Vec<Entry>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Position>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// One change: what one event told.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it lies in the ledger.
    pub position: Position,
    /// When it happened: of imported history in the other system, of all else when it was recorded.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Through which door: `panel`, `public_page`, `api`, `import`, `system`.
    pub source: String,
    /// What kind of thing was changed.
    pub subject_type: String,
    /// Which one.
    pub subject_id: Uuid,
    /// The booking that it concerns.
    pub booking_id: Option<Uuid>,
    /// The client that it concerns, themselves or by their booking.
    pub client_id: Option<Uuid>,
    /// What was done: `booking.rescheduled`.
    pub action: String,
    /// Field by field.
    pub changes: Vec<FieldChange>,
    /// Why; none as well where it was erased.
    pub reason: Option<String>,
    /// The change that it puts back.
    pub reverts: Option<Position>,
    /// The last one that puts it back.
    pub reverted_by: Option<Position>,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor: `user`, `api_key`, `client`, `import`, `system`.
    pub kind: String,
    /// Their id; none for imports and the system.
    pub id: Option<Uuid>,
    /// What they are called now; none where nobody says or they were erased.
    pub name: Option<String>,
    /// The role in which they did it.
    pub role: Option<String>,
}

/// All that was ever done to a booking, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_booking(
    db: &PgPool,
    scope: &Scope,
    booking: Id<Booking>,
) -> Result<Vec<Entry>, sqlx::Error> {
    let mut query = select();
    narrow(&mut query, scope, &Filter::default());
    query
        .push(" and c.booking_id = ")
        .push_bind(booking.uuid())
        .push(" order by c.position");
    let rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// A page of the changes that a filter lets through, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let stretch = Stretch::of(db, scope, filter).await?;
    let mut query = QueryBuilder::new("with found as (");
    Part::InTime.push(&mut query, scope, filter, stretch, page);
    if filter.from.is_some() || filter.to.is_some() {
        query.push(" union all ");
        Part::ToldLate.push(&mut query, scope, filter, stretch, page);
    }
    query
        .push(") ")
        .push(SELECT)
        .push(" where c.business_id = ")
        .push_bind(scope.business().0)
        // The array makes PostgreSQL look these up, however few or many it takes them for.
        .push(" and c.position = any(array(select position from found)) order by c.position desc limit ")
        .push_bind(i64::from(page.limit) + 1);
    // Planned anew for each question: a kind of change may be nearly all of them, or none.
    let rows = query.build_query_as().persistent(false);
    let mut rows: Vec<Row> = rows.fetch_all(db).await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| Position(last.position));
    let total = match page.count {
        true => Some(count(db, scope, filter).await?),
        false => None,
    };
    Ok(Found {
        items: rows.into_iter().map(Entry::from).collect(),
        next,
        total,
    })
}

/// Positions are given out in the order of recording, which is the order of happening but for what was brought in from
/// elsewhere: a period is a stretch of positions, and of those others whatever says so.
#[derive(Clone, Copy)]
enum Part {
    InTime,
    ToldLate,
}

impl Part {
    /// The positions that a page may hold, of this part.
    fn push(
        self,
        query: &mut QueryBuilder<'_, Postgres>,
        scope: &Scope,
        filter: &Filter,
        stretch: Stretch,
        page: Page,
    ) {
        query.push("(select c.position from ");
        match self {
            Self::InTime => query.push("change c"),
            // By the index of those alone, whatever else is asked: they are few, which nobody tells the planner, and
            // along all changes of a busy person in search of one there is a long way.
            Self::ToldLate => {
                query
                    .push(
                        "(select * from change c where c.at <> c.recorded_at and c.business_id = ",
                    )
                    .push_bind(scope.business().0);
                happened(query, filter);
                query.push(" offset 0) c")
            }
        };
        narrow(query, scope, filter);
        query.push(match self {
            Self::InTime => " and ",
            Self::ToldLate => " and not ",
        });
        stretch.push(query);
        if let Some(after) = page.after {
            query.push(" and c.position < ").push_bind(after.0);
        }
        // One more than wanted tells whether there is a next page.
        query
            .push(" order by c.position desc limit ")
            .push_bind(i64::from(page.limit) + 1)
            .push(")");
    }
}

/// The positions that were given out in a period; none: without bound. Asked for beforehand: by the values the planner
/// knows how many they are, and by a function it would call it time and again.
#[derive(Clone, Copy)]
struct Stretch {
    /// Behind this one.
    after: Option<i64>,
    /// Up to this one.
    to: Option<i64>,
}

impl Stretch {
    async fn of(db: &PgPool, scope: &Scope, filter: &Filter) -> Result<Self, sqlx::Error> {
        if filter.from.is_none() && filter.to.is_none() {
            return Ok(Self {
                after: None,
                to: None,
            });
        }
        let (after, to) = sqlx::query_as(
            "select case when $2::timestamptz is not null
                         then change_position_at($1, $2 - interval '1 microsecond') end,
                    case when $3::timestamptz is not null then change_position_at($1, $3) end",
        )
        .bind(scope.business().0)
        .bind(filter.from.map(|from| from.to_sqlx()))
        .bind(filter.to.map(|to| to.to_sqlx()))
        .fetch_one(db)
        .await?;
        Ok(Self { after, to })
    }

    /// That a change was recorded in it.
    fn push(self, query: &mut QueryBuilder<'_, Postgres>) {
        query.push("(true");
        if let Some(after) = self.after {
            query.push(" and c.position > ").push_bind(after);
        }
        if let Some(to) = self.to {
            query.push(" and c.position <= ").push_bind(to);
        }
        query.push(")");
    }
}

/// What some actors are called now, for whoever shows something else that they did. Who has no name is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn actor_names(
    db: &PgPool,
    scope: &Scope,
    actors: &[Uuid],
) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    sqlx::query_as(
        "select actor_id, name from change_actor
          where business_id = $1 and actor_id = any($2) and name is not null",
    )
    .bind(scope.business().0)
    .bind(actors)
    .fetch_all(db)
    .await
}

/// What happened, of a row of the changes: ids only.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Happened {
    /// Where it lies in the ledger.
    pub position: i64,
    /// What kind of thing it was done to.
    pub subject_type: String,
    /// Which one.
    pub subject_id: Uuid,
    /// The booking that it concerns.
    pub booking_id: Option<Uuid>,
    /// The client that it concerns.
    pub client_id: Option<Uuid>,
    /// What was done: `booking.rescheduled`.
    pub action: String,
}

/// Up to where the changes of a business are projected.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(db: &PgPool, scope: &Scope) -> Result<Position, sqlx::Error> {
    let newest: Option<i64> =
        sqlx::query_scalar("select max(position) from change where business_id = $1")
            .bind(scope.business().0)
            .fetch_one(db)
            .await?;
    Ok(Position(newest.unwrap_or(0)))
}

/// What happened after one position and up to another, the oldest first; at most so much. Of no subjects named: of all.
///
/// # Errors
/// When the database does not answer.
pub async fn between(
    db: &PgPool,
    scope: &Scope,
    subject_types: &[&str],
    after: Position,
    to: Position,
    limit: u16,
) -> Result<Vec<Happened>, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "select c.position, c.subject_type, c.subject_id, c.booking_id, c.client_id, c.action from change c",
    );
    let filter = Filter {
        subject_types: subject_types
            .iter()
            .map(|kind| (*kind).to_owned())
            .collect(),
        ..Filter::default()
    };
    narrow(&mut query, scope, &filter);
    query
        .push(" and c.position > ")
        .push_bind(after.0)
        .push(" and c.position <= ")
        .push_bind(to.0)
        .push(" order by c.position limit ")
        .push_bind(i64::from(limit));
    query.build_query_as().persistent(false).fetch_all(db).await
}

async fn count(db: &PgPool, scope: &Scope, filter: &Filter) -> Result<i64, sqlx::Error> {
    let mut query = QueryBuilder::new("select count(*) from change c");
    narrow(&mut query, scope, filter);
    query
        .build_query_scalar()
        .persistent(false)
        .fetch_one(db)
        .await
}

fn select() -> QueryBuilder<'static, Postgres> {
    QueryBuilder::new(SELECT)
}

const SELECT: &str =
        "select c.position, c.at, c.recorded_at, c.actor_kind, c.actor_id, a.name as actor_name, c.actor_role, c.source,
                c.subject_type, c.subject_id, c.booking_id, c.client_id, c.action, c.changes, c.reason,
                c.reverts, (select max(r.position) from change r
                             where r.business_id = c.business_id and r.reverts = c.position) as reverted_by
           from change c
           left join change_actor a on a.business_id = c.business_id and a.actor_id = c.actor_id";

/// The `where` of a filter, over `change c`.
fn narrow(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, filter: &Filter) {
    let business = scope.business().0;
    query.push(" where c.business_id = ").push_bind(business);
    if let Some(staff) = scope.staff() {
        query
            .push(" and c.booking_id in (select b.booking_id from change_booking b where b.business_id = ")
            .push_bind(business)
            .push(" and b.staff_id = ")
            .push_bind(staff.uuid())
            .push(")");
    }
    happened(query, filter);
    if let Some(actor) = filter.actor_id {
        query.push(" and c.actor_id = ").push_bind(actor);
    }
    for (column, word) in [
        ("actor_kind", &filter.actor_kind),
        ("source", &filter.source),
    ] {
        if let Some(word) = word {
            query
                .push(format!(" and c.{column} = "))
                .push_bind(asked(word));
        }
    }
    is_among(query, "subject_id", &filter.subject_ids);
    is_among(query, "client_id", &filter.client_ids);
    if let Some(staff) = filter.staff_id {
        query
            .push(" and (c.subject_id = ")
            .push_bind(staff.uuid())
            .push(" or c.booking_id in (select b.booking_id from change_booking b where b.business_id = ")
            .push_bind(business)
            .push(" and b.staff_id = ")
            .push_bind(staff.uuid())
            .push("))");
    }
    if let Some(action) = &filter.action {
        let action = asked(action);
        // The kind stands before the point, and first in the index.
        let kind = action.split('.').next().unwrap_or_default().to_owned();
        query
            .push(" and c.subject_type = ")
            .push_bind(kind)
            .push(" and c.action = ")
            .push_bind(action);
    }
    if !filter.subject_types.is_empty() {
        let kinds: Vec<_> = filter
            .subject_types
            .iter()
            .map(|kind| asked(kind))
            .collect();
        query
            .push(" and c.subject_type = any(")
            .push_bind(kinds)
            .push(")");
    }
}

/// That it happened in the period.
fn happened(query: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    if let Some(from) = filter.from {
        query.push(" and c.at >= ").push_bind(from.to_sqlx());
    }
    if let Some(to) = filter.to {
        query.push(" and c.at < ").push_bind(to.to_sqlx());
    }
}

fn is_among(query: &mut QueryBuilder<'_, Postgres>, column: &str, ids: &[Uuid]) {
    match ids {
        [] => {}
        // Goes along the index in the order of positions, which several cannot.
        [one] => {
            query.push(format!(" and c.{column} = ")).push_bind(*one);
        }
        several => {
            query
                .push(format!(" and c.{column} = any("))
                .push_bind(several.to_vec())
                .push(")");
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    at: jiff_sqlx::Timestamp,
    recorded_at: jiff_sqlx::Timestamp,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    actor_role: Option<String>,
    source: String,
    subject_type: String,
    subject_id: Uuid,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
    action: String,
    changes: Json<Vec<FieldChange>>,
    reason: Option<String>,
    reverts: Option<i64>,
    reverted_by: Option<i64>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            position: Position(row.position),
            at: row.at.to_jiff(),
            recorded_at: row.recorded_at.to_jiff(),
            actor: Actor {
                kind: row.actor_kind,
                id: row.actor_id,
                name: row.actor_name,
                role: row.actor_role,
            },
            source: row.source,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            booking_id: row.booking_id,
            client_id: row.client_id,
            action: row.action,
            changes: row.changes.0,
            reason: row.reason,
            reverts: row.reverts.map(Position),
            reverted_by: row.reverted_by.map(Position),
        }
    }
}
