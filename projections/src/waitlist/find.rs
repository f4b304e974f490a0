//! What is asked of the waitlist.

use domain::{
    client::Client,
    id::Id,
    service::Service,
    staff::Staff,
    time::{LocalTime, Weekday},
    waitlist::{Request, State},
};
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    BusinessId, Position, Scope, Version,
    folding::{contains, fold},
};

/// Which requests.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// That stand so; empty: however they stand.
    pub states: Vec<State>,
    /// That wish for this service.
    pub service: Option<Id<Service>>,
    /// That this staff member could serve: wished for, or anybody is.
    pub staff: Option<Id<Staff>>,
    /// Of one of these clients: one, and those who turned out to be them. Empty: of everybody.
    pub clients: Vec<Id<Client>>,
    /// Made at this instant or earlier.
    pub made_by: Option<Timestamp>,
    /// That would take this.
    pub wish: Option<Wish>,
    /// Some of whose dates lie between these.
    pub dates: Option<(Date, Date)>,
    /// With all of these words in their comment, or of one of these clients.
    pub q: Option<(String, Vec<Id<Client>>)>,
}

/// A day, perhaps with a time, that a request may wish for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The local date.
    pub date: Date,
    /// The local time; none: at any.
    pub time: Option<LocalTime>,
}

/// Which page of what was found.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// After which; none: from the oldest.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
}

/// Where a page ended: since when its last request waits, and which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub Timestamp, pub Uuid);

/// A request as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which.
    pub request_id: Id<Request>,
    /// How it stands: always made.
    pub request: Request,
    /// How many events its stream has.
    pub version: Version,
}

/// A page of requests.
#[derive(Debug, Clone)]
pub struct Found {
    /// The oldest first.
    pub items: Vec<Entry>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// A page of the requests that a filter lets through, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "select r.request_id, r.state, r.version, r.requested_at from waitlist_request r",
    );
    narrow(&mut query, scope, filter);
    if let Some(Cursor(at, id)) = page.after {
        query
            .push(" and (r.requested_at, r.request_id) > (")
            .push_bind(at.to_sqlx())
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    // One more than wanted tells whether there is a next page.
    query
        .push(" order by r.requested_at, r.request_id limit ")
        .push_bind(i64::from(page.limit) + 1);
    let mut rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| Cursor(last.requested_at.to_jiff(), last.request_id));
    let total = match page.count {
        true => {
            let mut query = QueryBuilder::new("select count(*) from waitlist_request r");
            narrow(&mut query, scope, filter);
            Some(
                query
                    .build_query_scalar()
                    .persistent(false)
                    .fetch_one(db)
                    .await?,
            )
        }
        false => None,
    };
    Ok(Found {
        items: rows.into_iter().map(Entry::from).collect(),
        next,
        total,
    })
}

/// The requests whose offer has run out by now, those that ran out first in front.
///
/// # Errors
/// When the database does not answer.
pub async fn due(
    db: &PgPool,
    scope: &Scope,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Id<Request>>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select request_id from waitlist_request
         where business_id = $1 and standing = 'offered' and offered_until <= $2
         order by offered_until, request_id limit $3",
    )
    .bind(scope.business().0)
    .bind(now.to_sqlx())
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(Id::new).collect())
}

/// The requests that wait in vain: their last day lies before this one.
///
/// # Errors
/// When the database does not answer.
pub async fn over(
    db: &PgPool,
    scope: &Scope,
    today: Date,
    limit: u16,
) -> Result<Vec<Id<Request>>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select request_id from waitlist_request
         where business_id = $1 and standing = 'waiting' and last_day < $2
         order by requested_at, request_id limit $3",
    )
    .bind(scope.business().0)
    .bind(today.to_sqlx())
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(Id::new).collect())
}

/// Where the first of those requests began that still wait; none: nobody waits.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting_since(db: &PgPool, scope: &Scope) -> Result<Option<Position>, sqlx::Error> {
    let first: Option<i64> = sqlx::query_scalar(
        "select min(position) from waitlist_request
         where business_id = $1 and standing in ('waiting', 'offered')",
    )
    .bind(scope.business().0)
    .fetch_one(db)
    .await?;
    Ok(first.map(Position))
}

/// The businesses in which somebody waits.
///
/// # Errors
/// When the database does not answer.
pub async fn businesses_waiting(db: &PgPool) -> Result<Vec<BusinessId>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct business_id from waitlist_request where standing in ('waiting', 'offered')",
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(BusinessId).collect())
}

fn narrow(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, filter: &Filter) {
    query
        .push(" where r.business_id = ")
        .push_bind(scope.business().0);
    // Who sees their own bookings sees who waits for them by name.
    if let Some(staff) = scope.staff() {
        query
            .push(" and r.staff_ids @> array[")
            .push_bind(staff.uuid())
            .push("]");
    }
    if !filter.states.is_empty() {
        let states: Vec<String> = filter
            .states
            .iter()
            .map(|s| s.as_str().to_owned())
            .collect();
        query
            .push(" and r.standing = any (")
            .push_bind(states)
            .push(")");
    }
    if let Some(service) = filter.service {
        query
            .push(" and r.service_ids @> array[")
            .push_bind(service.uuid())
            .push("]");
    }
    if let Some(staff) = filter.staff {
        query
            .push(" and (r.staff_ids = '{}' or r.staff_ids @> array[")
            .push_bind(staff.uuid())
            .push("])");
    }
    if !filter.clients.is_empty() {
        let clients: Vec<Uuid> = filter.clients.iter().map(|id| id.uuid()).collect();
        query
            .push(" and r.client_id = any (")
            .push_bind(clients)
            .push(")");
    }
    if let Some(made_by) = filter.made_by {
        query
            .push(" and r.requested_at <= ")
            .push_bind(made_by.to_sqlx());
    }
    if let Some((first, last)) = filter.dates {
        query
            .push(" and r.first_day <= ")
            .push_bind(last.to_sqlx())
            .push(" and (r.last_day is null or r.last_day >= ")
            .push_bind(first.to_sqlx())
            .push(")");
    }
    if let Some(wish) = &filter.wish {
        would_take(query, wish);
    }
    if let Some((words, clients)) = &filter.q {
        let clients: Vec<Uuid> = clients.iter().map(|id| id.uuid()).collect();
        query
            .push(" and (r.client_id = any (")
            .push_bind(clients)
            .push(") or (true");
        for word in fold(words).split_whitespace() {
            query.push(" and r.words like ").push_bind(contains(word));
        }
        query.push("))");
    }
}

fn would_take(query: &mut QueryBuilder<'_, Postgres>, wish: &Wish) {
    query
        .push(" and r.first_day <= ")
        .push_bind(wish.date.to_sqlx())
        .push(" and (r.last_day is null or r.last_day >= ")
        .push_bind(wish.date.to_sqlx())
        .push(") and (r.weekdays = '{}' or ")
        .push_bind(i16::from(Weekday::of(wish.date).number()))
        .push(" = any (r.weekdays))");
    if let Some(time) = wish.time {
        query
            .push(" and (r.hours = '{}' or r.hours @> ")
            .push_bind(i32::from(time.minutes()))
            .push(")");
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    request_id: Uuid,
    state: Json<Request>,
    version: i64,
    requested_at: jiff_sqlx::Timestamp,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            request_id: Id::new(row.request_id),
            request: row.state.0,
            version: Version(row.version),
        }
    }
}
