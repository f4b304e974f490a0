//! Whom a filter holds now.

use domain::{client::Client, id::Id, segment::Filter, time::Zone};
use futures::{Stream, TryStreamExt as _};
use jiff::Timestamp;
use rust_decimal::Decimal;
use sqlx::{PgPool, Postgres, QueryBuilder, Transaction};
use uuid::Uuid;

use super::{
    find::{Cursor, Page},
    measures, predicates,
};
use crate::{Scope, long_lists::LongList};

/// A filter, and the clock by which it is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whom to find.
    pub filter: Filter,
    /// Where clocks are as in the house.
    pub zone: Zone,
    /// Now.
    pub now: Timestamp,
}

/// A client whom a filter holds, and what is counted of them over all time.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Who.
    pub client_id: Id<Client>,
    /// Since when they are known.
    pub registered_at: Timestamp,
    /// How often they came; services of one visit count once.
    pub visits: i64,
    /// When they first came.
    pub first_visit: Option<Timestamp>,
    /// When they last came.
    pub last_visit: Option<Timestamp>,
    /// What they paid, less what was given back.
    pub spent: Decimal,
}

/// A page of those whom a filter holds.
#[derive(Debug, Clone)]
pub struct MembersPage {
    /// By name.
    pub items: Vec<Member>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// How many clients a filter holds.
///
/// # Errors
/// When the database does not answer.
pub async fn count(db: &PgPool, scope: &Scope, asked: &Asked) -> Result<i64, sqlx::Error> {
    let mut question = asking(db).await?;
    let mut query = held(scope, asked, "count(*)");
    // Planned anew for each question, as wherever a filter makes up what is asked: after the fifth of a kind PostgreSQL
    // would plan once for all, not knowing how rare a word is.
    let count = query
        .build_query_scalar()
        .persistent(false)
        .fetch_one(&mut *question)
        .await?;
    question.commit().await?;
    Ok(count)
}

/// A transaction for one question. It may take some room for what it counts; and as filters are whatever people ask
/// for, it is given up (SQLSTATE 57014) where it takes longer than anybody waits.
async fn asking(db: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    db.begin_with(
        "begin read only; set local statement_timeout = '10s'; set local work_mem = '64MB'",
    )
    .await
}

/// The clients whom a filter holds, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn ids(db: &PgPool, scope: &Scope, asked: &Asked) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut question = asking(db).await?;
    let mut query = held(scope, asked, "c.client_id");
    let ids = query
        .build_query_scalar()
        .persistent(false)
        .fetch_all(&mut *question)
        .await?;
    question.commit().await?;
    Ok(ids)
}

/// A page of the clients whom a filter holds, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn members(
    db: &PgPool,
    scope: &Scope,
    asked: &Asked,
    page: Page,
) -> Result<MembersPage, sqlx::Error> {
    let mut query = held(scope, asked, COLUMNS);
    if let Some(Cursor(after)) = page.after {
        query
            .push(
                " and (c.sort_name, c.client_id) >
                  (select p.sort_name, p.client_id from segment_client p where p.business_id = ",
            )
            .push_bind(scope.business().0)
            .push(" and p.client_id = ")
            .push_bind(after)
            .push(")");
    }
    // One more than wanted tells whether there is a next page.
    query
        .push(ORDER)
        .push(" limit ")
        .push_bind(i64::from(page.limit) + 1);
    let mut question = asking(db).await?;
    let mut rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(&mut *question)
        .await?;
    question.commit().await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| Cursor(last.client_id));
    let total = match page.count {
        true => Some(count(db, scope, asked).await?),
        false => None,
    };
    Ok(MembersPage {
        items: rows.into_iter().map(Member::from).collect(),
        next,
        total,
    })
}

/// All clients whom a filter holds, by name, in one snapshot, some at a time: for an export of any length.
pub fn stream(
    list: LongList,
    scope: &Scope,
    asked: &Asked,
) -> impl Stream<Item = Result<Vec<Member>, sqlx::Error>> + Send + use<> {
    /// More cost little less to look up together.
    const TOGETHER: usize = 500;
    let mut query = held(scope, asked, COLUMNS);
    query.push(ORDER);
    let members = list.rows::<Row>(query).map_ok(Member::from);
    members
        .try_ready_chunks(TOGETHER)
        .map_err(|interrupted| interrupted.1)
}

/// What is told of a member.
const COLUMNS: &str =
    "c.client_id, c.registered_at, c.visits, c.first_visit, c.last_visit, c.spent";
/// By name.
const ORDER: &str = " order by c.sort_name, c.client_id";

/// These columns of those whom a filter holds.
fn held(scope: &Scope, asked: &Asked, columns: &'static str) -> QueryBuilder<'static, Postgres> {
    let business = scope.business().0;
    let mut query = QueryBuilder::new("");
    let measures = measures::push(&mut query, business, asked);
    query
        .push("select ")
        .push(columns)
        .push(" from segment_client c");
    measures::join(&mut query, &measures);
    query.push(" where c.business_id = ").push_bind(business);
    if let Some(staff) = scope.staff() {
        query
            .push(
                " and exists (select from segment_booking o
                               where o.business_id = c.business_id and o.client_id = c.client_id and not o.deleted
                                 and o.staff_id = ",
            )
            .push_bind(staff.uuid())
            .push(")");
    }
    query.push(" and ");
    let mut place = 0;
    predicates::filter(&mut query, asked, &asked.filter, &mut place);
    query
}

#[derive(sqlx::FromRow)]
struct Row {
    client_id: Uuid,
    registered_at: jiff_sqlx::Timestamp,
    visits: i64,
    first_visit: Option<jiff_sqlx::Timestamp>,
    last_visit: Option<jiff_sqlx::Timestamp>,
    spent: Decimal,
}

impl From<Row> for Member {
    fn from(row: Row) -> Self {
        Self {
            client_id: Id::new(row.client_id),
            registered_at: row.registered_at.to_jiff(),
            visits: row.visits,
            first_visit: row.first_visit.map(jiff_sqlx::Timestamp::to_jiff),
            last_visit: row.last_visit.map(jiff_sqlx::Timestamp::to_jiff),
            spent: row.spent,
        }
    }
}
