//! Which segments were saved.

use domain::{id::Id, segment::Segment};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{Scope, Version};

/// Which page of what was saved.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// After which; none: from the first.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
}

/// Where a page ended: at this segment or client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub Uuid);

/// A segment as it stands now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub segment_id: Id<Segment>,
    /// How it stands: always saved.
    pub segment: Segment,
    /// How many events its stream has.
    pub version: Version,
}

/// A page of segments.
#[derive(Debug, Clone)]
pub struct Found {
    /// By name.
    pub items: Vec<Entry>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// A page of the saved segments, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, scope: &Scope, page: Page) -> Result<Found, sqlx::Error> {
    let business = scope.business().0;
    let mut query: QueryBuilder<'_, Postgres> = QueryBuilder::new(
        "select s.segment_id, s.state, s.version from segment s where s.business_id = ",
    );
    query.push_bind(business);
    if let Some(Cursor(after)) = page.after {
        query
            .push(
                " and (s.sort_name, s.segment_id) >
                  (select p.sort_name, p.segment_id from segment p where p.business_id = ",
            )
            .push_bind(business)
            .push(" and p.segment_id = ")
            .push_bind(after)
            .push(")");
    }
    // One more than wanted tells whether there is a next page.
    query
        .push(" order by s.sort_name, s.segment_id limit ")
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
        .map(|last| Cursor(last.segment_id));
    let total = match page.count {
        true => {
            let total = sqlx::query_scalar("select count(*) from segment where business_id = $1");
            Some(total.bind(business).fetch_one(db).await?)
        }
        false => None,
    };
    Ok(Found {
        items: rows.into_iter().map(Entry::from).collect(),
        next,
        total,
    })
}

#[derive(sqlx::FromRow)]
struct Row {
    segment_id: Uuid,
    state: Json<Segment>,
    version: i64,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            segment_id: Id::new(row.segment_id),
            segment: row.state.0,
            version: Version(row.version),
        }
    }
}
