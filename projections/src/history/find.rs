//! What is asked of history.

use domain::{
    booking::{Booking, Status},
    client::Client,
    desk::Desk,
    id::{self, Id},
    service::Service,
    staff::Staff,
};
use futures::{Stream, TryStreamExt, stream as streams};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use thiserror::Error;
use uuid::Uuid;

use super::asked::{Asked, asked};
use crate::{
    Position, Scope, Version,
    folding::{Term, holds, terms},
    rows::asked as asked_text,
};

/// Which bookings; what is none or empty bounds nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Starting at or after.
    pub from: Option<Timestamp>,
    /// Starting before.
    pub to: Option<Timestamp>,
    /// Whose client is found by all of these words: any part of name, phone, e-mail, fiscal code.
    pub client: Option<String>,
    /// Of this client.
    pub client_id: Option<Id<Client>>,
    /// By this staff member.
    pub staff_id: Option<Id<Staff>>,
    /// This service.
    pub service_id: Option<Id<Service>>,
    /// At this desk.
    pub desk_id: Option<Id<Desk>>,
    /// Of this visit.
    pub visit_id: Option<Id<id::Visit>>,
    /// Of one of these statuses.
    pub statuses: Vec<Status>,
    /// That came from here, in the business's words.
    pub source: Option<String>,
    /// Found by all of these words, each any part of the client's name, phones, e-mail, fiscal code, of a comment
    /// (in any of its word forms, where there is a dictionary) or of the reference, or meaning the status in any of
    /// our languages.
    pub q: Option<String>,
    /// Deleted ones alone, or none of them; none: both.
    pub deleted: Option<bool>,
    /// Costing at least this.
    pub min_price: Option<Decimal>,
    /// Costing at most this.
    pub max_price: Option<Decimal>,
}

/// In which order, the booking's id last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By start, the earliest first.
    Start,
    /// By start, the latest first.
    #[default]
    StartDescending,
    /// By when they were made, the oldest first.
    Created,
    /// By when they were made, the newest first.
    CreatedDescending,
    /// By price, the cheapest first.
    Price,
    /// By price, the dearest first.
    PriceDescending,
}

/// Which page of what was found.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// After what; none: from the first.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
}

/// Where a page ended: the last booking's value of what is sorted by, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// Sorted by start.
    Start(Timestamp, Uuid),
    /// Sorted by when they were made.
    Created(Timestamp, Uuid),
    /// Sorted by price.
    Price(Decimal, Uuid),
}

/// A booking as it stands now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub booking_id: Id<Booking>,
    /// How it stands: always `Held`.
    pub booking: Booking,
    /// How many events its stream has.
    pub version: Version,
    /// Where its last event lies in the ledger.
    pub position: Position,
    /// For whom, or who they turned out to be.
    pub client_id: Option<Id<Client>>,
    /// What its client is called now; none where there is no client, or they were erased.
    pub client_name: Option<String>,
}

/// A page of bookings.
#[derive(Debug, Clone)]
pub struct Found {
    /// In the order asked for.
    pub items: Vec<Entry>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// Why nothing can be told.
#[derive(Debug, Error)]
pub enum FindError {
    /// The cursor is one of a list in another order.
    #[error("the cursor belongs to a list in another order")]
    Cursor,
    /// The database refused or was away.
    #[error("could not read history")]
    Store(#[from] sqlx::Error),
}

/// A page of the bookings that a filter lets through.
///
/// # Errors
/// When the cursor comes from another order, or the database does not answer.
pub async fn find(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    sort: Sort,
    page: Page,
) -> Result<Found, FindError> {
    let mut query = QueryBuilder::new(
        "select b.booking_id, b.state, b.version, b.position, b.starts, b.created_at, b.price, b.client_id, c.name as client_name
           from history_booking b
           left join history_client c on c.business_id = b.business_id and c.client_id = b.client_id",
    );
    narrow(&mut query, scope, filter);
    after(&mut query, sort, page.after)?;
    let (column, direction, _) = sort.by();
    // One more than wanted tells whether there is a next page.
    query
        .push(format!(
            " order by b.{column} {direction}, b.booking_id {direction} limit "
        ))
        .push_bind(i64::from(page.limit) + 1);
    let mut rows: Vec<Row> = query.build_query_as().fetch_all(db).await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows.last().filter(|_| more).map(|last| sort.cursor(last));
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

async fn count(db: &PgPool, scope: &Scope, filter: &Filter) -> Result<i64, sqlx::Error> {
    let mut query = QueryBuilder::new("select count(*) from history_booking b");
    narrow(&mut query, scope, filter);
    query.build_query_scalar().fetch_one(db).await
}

/// How many bookings an export reads at a time: keeps its transactions short.
const EXPORT_PAGE: u16 = 500;

/// All the bookings that a filter lets through, one after the other, for an export of any length.
pub fn stream(
    db: PgPool,
    scope: Scope,
    filter: Filter,
    sort: Sort,
) -> impl Stream<Item = Result<Entry, FindError>> + Send {
    enum Next {
        First,
        After(Cursor),
        Done,
    }
    streams::try_unfold(Next::First, move |next| {
        let (db, filter) = (db.clone(), filter.clone());
        async move {
            let after = match next {
                Next::First => None,
                Next::After(cursor) => Some(cursor),
                Next::Done => return Ok(None),
            };
            let page = Page {
                after,
                limit: EXPORT_PAGE,
                count: false,
            };
            let found = find(&db, &scope, &filter, sort, page).await?;
            let next = found.next.map_or(Next::Done, Next::After);
            let items = streams::iter(found.items.into_iter().map(Ok));
            Ok::<_, FindError>(Some((items, next)))
        }
    })
    .try_flatten()
}

/// The `where` of a filter, over `history_booking b`.
fn narrow(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, filter: &Filter) {
    let business = scope.business().0;
    query.push(" where b.business_id = ").push_bind(business);
    let ids = [
        ("staff_id", scope.staff().map(Id::uuid)),
        ("client_id", filter.client_id.map(Id::uuid)),
        ("staff_id", filter.staff_id.map(Id::uuid)),
        ("service_id", filter.service_id.map(Id::uuid)),
        ("desk_id", filter.desk_id.map(Id::uuid)),
        ("visit_id", filter.visit_id.map(Id::uuid)),
    ];
    for (column, id) in ids {
        if let Some(id) = id {
            query.push(format!(" and b.{column} = ")).push_bind(id);
        }
    }
    if let Some(from) = filter.from {
        query.push(" and b.starts >= ").push_bind(from.to_sqlx());
    }
    if let Some(to) = filter.to {
        query.push(" and b.starts < ").push_bind(to.to_sqlx());
    }
    if !filter.statuses.is_empty() {
        is_one_of(query.push(" and "), &filter.statuses);
    }
    if let Some(source) = &filter.source {
        // As `Origin` keeps it.
        query
            .push(" and b.source = ")
            .push_bind(asked_text(source).to_lowercase());
    }
    if let Some(deleted) = filter.deleted {
        query.push(" and b.deleted = ").push_bind(deleted);
    }
    if let Some(least) = filter.min_price {
        query.push(" and b.price >= ").push_bind(least);
    }
    if let Some(most) = filter.max_price {
        query.push(" and b.price <= ").push_bind(most);
    }
    for term in filter.client.as_deref().map(terms).unwrap_or_default() {
        of_clients_with(query.push(" and "), scope, &term);
    }
    for asked in filter.q.as_deref().map(asked).unwrap_or_default() {
        query.push(" and (");
        with(query, scope, &asked);
        query.push(")");
    }
}

/// The bookings that hold a word that is asked for.
fn with(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, asked: &Asked) {
    of_clients_with(query, scope, &asked.term);
    for pattern in asked.term.patterns() {
        query.push(" or b.words like ").push_bind(pattern);
    }
    match &asked.term {
        Term::Word { typed, folded } => {
            query
                .push(" or b.forms @@ history_form_asked(")
                .push_bind(typed.clone())
                .push(", ")
                .push_bind(folded.clone())
                .push(")");
        }
        // A number has no forms.
        Term::Number { .. } => {}
    }
    // Only where a status is meant: it has no index, and would keep the others from being used.
    if !asked.statuses.is_empty() {
        is_one_of(query.push(" or "), &asked.statuses);
    }
}

/// The bookings whose client has a word. The array makes PostgreSQL look the clients up first, then their bookings.
fn of_clients_with(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, term: &Term) {
    query
        .push("b.client_id = any(array(select c.client_id from history_client c where c.business_id = ")
        .push_bind(scope.business().0)
        .push(" and (false");
    for pattern in term.patterns() {
        holds(query.push(" or "), scope, pattern);
    }
    query.push(")))");
}

fn is_one_of(query: &mut QueryBuilder<'_, Postgres>, statuses: &[Status]) {
    let names: Vec<_> = statuses.iter().map(|s| s.as_str()).collect();
    query.push("b.status = any(").push_bind(names).push(")");
}

fn after(
    query: &mut QueryBuilder<'_, Postgres>,
    sort: Sort,
    cursor: Option<Cursor>,
) -> Result<(), FindError> {
    let Some(cursor) = cursor else { return Ok(()) };
    let (column, _, beyond) = sort.by();
    query.push(format!(" and (b.{column}, b.booking_id) {beyond} ("));
    let id = match (cursor, sort) {
        (Cursor::Start(at, id), Sort::Start | Sort::StartDescending)
        | (Cursor::Created(at, id), Sort::Created | Sort::CreatedDescending) => {
            query.push_bind(at.to_sqlx());
            id
        }
        (Cursor::Price(price, id), Sort::Price | Sort::PriceDescending) => {
            query.push_bind(price);
            id
        }
        (Cursor::Start(..) | Cursor::Created(..) | Cursor::Price(..), _) => {
            return Err(FindError::Cursor);
        }
    };
    query.push(", ").push_bind(id).push(")");
    Ok(())
}

impl Sort {
    /// Column, direction, and how what comes after compares.
    const fn by(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Start => ("starts", "asc", ">"),
            Self::StartDescending => ("starts", "desc", "<"),
            Self::Created => ("created_at", "asc", ">"),
            Self::CreatedDescending => ("created_at", "desc", "<"),
            Self::Price => ("price", "asc", ">"),
            Self::PriceDescending => ("price", "desc", "<"),
        }
    }

    fn cursor(self, last: &Row) -> Cursor {
        match self {
            Self::Start | Self::StartDescending => {
                Cursor::Start(last.starts.to_jiff(), last.booking_id)
            }
            Self::Created | Self::CreatedDescending => {
                Cursor::Created(last.created_at.to_jiff(), last.booking_id)
            }
            Self::Price | Self::PriceDescending => Cursor::Price(last.price, last.booking_id),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    booking_id: Uuid,
    state: Json<Booking>,
    version: i64,
    position: i64,
    starts: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
    price: Decimal,
    client_id: Option<Uuid>,
    client_name: Option<String>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            booking_id: Id::new(row.booking_id),
            booking: row.state.0,
            version: Version(row.version),
            position: Position(row.position),
            client_id: row.client_id.map(Id::new),
            client_name: row.client_name,
        }
    }
}
