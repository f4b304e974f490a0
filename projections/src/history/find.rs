//! What is asked of history.

use std::collections::BTreeSet;

use domain::{booking::Booking, client::Client, id::Id};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use rust_decimal::Decimal;
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use thiserror::Error;
use uuid::Uuid;

use super::{
    filter::Filter,
    order::{Cursor, IN_LIFE, Sort},
    words::Words,
};
use crate::{Position, Scope, Version, long_lists::LongList};

/// Which page of what was found.
#[derive(Debug, Clone)]
pub struct Page {
    /// After what; none: from the first.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
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
#[derive(Debug, Clone, Default)]
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
/// Where none holds the words, those of clients who would but for a slip in the spelling: so it forgives, and never
/// stands between the name typed and its bearer.
///
/// # Errors
/// When the cursor comes from another order, or the database does not answer.
pub async fn find(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    sort: Sort,
    page: &Page,
) -> Result<Found, FindError> {
    if page.after.as_ref().is_some_and(|after| after.misspelt) {
        // Whom they meant may be called otherwise by now.
        let words = Words::look_up(db, scope, filter).await?;
        let Some(words) = words.or_misspelt(db, scope, filter).await? else {
            return Ok(Found::default());
        };
        return page_of(db, scope, filter, (&words, true), sort, page).await;
    }
    let words = Words::look_up(db, scope, filter).await?;
    let found = page_of(db, scope, filter, (&words, false), sort, page).await?;
    if found.items.is_empty()
        && page.after.is_none()
        && !words.is_empty()
        && let Some(words) = words.or_misspelt(db, scope, filter).await?
    {
        return page_of(db, scope, filter, (&words, true), sort, page).await;
    }
    Ok(found)
}

async fn page_of(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    (words, misspelt): (&Words, bool),
    sort: Sort,
    page: &Page,
) -> Result<Found, FindError> {
    let mut query = select();
    let front = sort.front(page);
    filter.narrow(&mut query, scope, words, front.as_ref());
    if let Some(after) = &page.after {
        sort.after(&mut query, scope, after)?;
    }
    sort.order(&mut query);
    // One more than wanted tells whether there is a next page.
    query.push(" limit ").push_bind(i64::from(page.limit) + 1);
    // Planned anew for each question: how many a word means decides which way is short.
    let rows = query.build_query_as().persistent(false);
    let mut rows: Vec<Row> = rows.fetch_all(db).await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows.last().filter(|_| more);
    let next = next.map(|last| sort.cursor(last, misspelt));
    let total = match page.count {
        true => Some(count(db, scope, filter, words).await?),
        false => None,
    };
    Ok(Found {
        items: rows.into_iter().map(Entry::from).collect(),
        next,
        total,
    })
}

async fn count(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    words: &Words,
) -> Result<i64, sqlx::Error> {
    let mut query = QueryBuilder::new("select count(*) from history_booking b");
    filter.narrow(&mut query, scope, words, None);
    let count = query.build_query_scalar().persistent(false);
    count.fetch_one(db).await
}

/// Which of these bookings hold all words of `q`, as [`find`] would find them.
///
/// # Errors
/// When the database does not answer.
pub async fn holding(
    db: &PgPool,
    scope: &Scope,
    bookings: &[Uuid],
    q: &str,
) -> Result<BTreeSet<Uuid>, sqlx::Error> {
    let filter = Filter {
        q: Some(q.to_owned()),
        ..Filter::default()
    };
    let words = Words::look_up(db, scope, &filter).await?;
    let found = among(db, scope, bookings, &filter, &words).await?;
    if found.is_empty()
        && !words.is_empty()
        && let Some(words) = words.or_misspelt(db, scope, &filter).await?
    {
        return among(db, scope, bookings, &filter, &words).await;
    }
    Ok(found)
}

async fn among(
    db: &PgPool,
    scope: &Scope,
    bookings: &[Uuid],
    filter: &Filter,
    words: &Words,
) -> Result<BTreeSet<Uuid>, sqlx::Error> {
    if bookings.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut query = QueryBuilder::new("select b.booking_id from history_booking b");
    filter.narrow(&mut query, scope, words, None);
    query
        .push(" and b.booking_id = any(")
        .push_bind(bookings)
        .push(")");
    let found = query.build_query_scalar().persistent(false);
    let found: Vec<Uuid> = found.fetch_all(db).await?;
    Ok(found.into_iter().collect())
}

/// All the bookings that a filter lets through, as [`find`] would find them, one after the other, in one snapshot: for an
/// export of any length.
///
/// # Errors
/// When the database does not answer.
pub async fn stream(
    list: LongList,
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    sort: Sort,
) -> Result<BoxStream<'static, Result<Entry, sqlx::Error>>, FindError> {
    let mut words = Words::look_up(db, scope, filter).await?;
    if !words.is_empty() {
        let one = Page {
            after: None,
            limit: 1,
            count: false,
        };
        let found = page_of(db, scope, filter, (&words, false), sort, &one).await?;
        if found.items.is_empty()
            && let Some(misspelt) = words.clone().or_misspelt(db, scope, filter).await?
        {
            words = misspelt;
        }
    }
    let mut query = select();
    filter.narrow(&mut query, scope, &words, None);
    sort.order(&mut query);
    Ok(list.rows::<Row>(query).map_ok(Entry::from).boxed())
}

fn select<'a>() -> QueryBuilder<'a, Postgres> {
    QueryBuilder::new(format!(
        "select b.booking_id, b.state, b.version, b.position, b.starts, b.created_at, b.price, b.paid, b.source,
                b.reference, {IN_LIFE} as in_life, b.client_id, c.name as client_name
           from history_booking b
           left join history_client c on c.business_id = b.business_id and c.client_id = b.client_id"
    ))
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) booking_id: Uuid,
    state: Json<Booking>,
    version: i64,
    pub(super) position: i64,
    pub(super) starts: jiff_sqlx::Timestamp,
    pub(super) created_at: jiff_sqlx::Timestamp,
    pub(super) price: Decimal,
    pub(super) paid: Decimal,
    pub(super) source: String,
    pub(super) reference: String,
    pub(super) in_life: i32,
    pub(super) client_id: Option<Uuid>,
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
