//! What is asked of clients.

use std::{collections::BTreeMap, pin::Pin};

use domain::{client::Client, id::Id};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream as streams};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    Position, Scope, Version,
    folding::{
        Term, contains, digits, fold, holds,
        misspelt::{distance, hold_any, left_whole},
        seen, terms,
    },
    long_lists::LongList,
};

/// Which page of what was found.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// After whom; none: from the first.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u16,
    /// Whether to count them all, too.
    pub count: bool,
}

/// Where a page ended. Ids only: it stands in addresses, where names have no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last client of the page.
    pub client_id: Uuid,
    /// They were found among the misspelt.
    pub misspelt: bool,
}

/// A client as they stand now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub client_id: Id<Client>,
    /// How they stand: always with a card.
    pub client: Client,
    /// When they became known: of imported history in the other system.
    pub created_at: Timestamp,
    /// How many events their stream has.
    pub version: Version,
    /// Where their last event lies in the ledger.
    pub position: Position,
}

/// A page of clients.
#[derive(Debug, Clone)]
pub struct Found {
    /// The closest to what was asked first, then by name.
    pub items: Vec<Entry>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// How many there are in all, if asked.
    pub total: Option<i64>,
}

/// A page of the clients that hold all words of `q`, each in any part of name, phone, e-mail or fiscal code, the
/// closest first; of all clients by name where nothing is asked for.
///
/// Where nobody holds them, those who would but for a slip in the spelling: so it forgives, and never stands between
/// the name typed and its bearer.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    scope: &Scope,
    q: Option<&str>,
    page: Page,
) -> Result<Found, sqlx::Error> {
    // Whose are a staff member's, bookings tell; without them none are.
    let among = scope.staff().map(|_| vec![]);
    find_among(db, scope, among.as_deref(), q, page).await
}

/// The same, of these clients alone; none: of all.
///
/// # Errors
/// When the database does not answer.
pub async fn find_among(
    db: &PgPool,
    scope: &Scope,
    among: Option<&[Id<Client>]>,
    q: Option<&str>,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let asked = Asked {
        among: among.map(|clients| clients.iter().map(|id| id.uuid()).collect()),
        ..Asked::from(q.unwrap_or_default())
    };
    if page.after.is_some_and(|cursor| cursor.misspelt) {
        return misspelt(db, scope, &asked, page).await;
    }
    let found = as_spelt(db, scope, &asked, page).await?;
    if found.items.is_empty() && page.after.is_none() && !asked.terms.is_empty() {
        return misspelt(db, scope, &asked, page).await;
    }
    Ok(found)
}

/// One client.
///
/// # Errors
/// When the database does not answer.
pub async fn one(
    db: &PgPool,
    scope: &Scope,
    client: Id<Client>,
) -> Result<Option<Entry>, sqlx::Error> {
    Ok(some(db, scope, &[client.uuid()]).await?.pop())
}

/// Those who are reached by exactly this phone (E.164) or e-mail address, who was known first before the others.
///
/// # Errors
/// When the database does not answer.
pub async fn reached_by(
    db: &PgPool,
    scope: &Scope,
    contact: &str,
) -> Result<Vec<Entry>, sqlx::Error> {
    /// More than ever share one.
    const MOST: i64 = 20;
    let line = if contact.starts_with('+') {
        digits(contact)
    } else {
        fold(contact)
    };
    let mut query = select();
    query
        .push(" where c.business_id = ")
        .push_bind(scope.business().0)
        .push(" and c.words like ")
        .push_bind(contains(&line))
        .push(" and ")
        .push_bind(line)
        .push(" = any (string_to_array(c.words, E'\\n')) order by c.created_at, c.client_id limit ")
        .push_bind(MOST);
    let rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Who a client is now, and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// The client that was asked for, or who they turned out to be.
    pub client_id: Id<Client>,
    /// None: erased.
    pub name: Option<String>,
}

/// What some clients are called now, whoever they turned out to be. Who is not known is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn called(
    db: &PgPool,
    scope: &Scope,
    clients: &[Id<Client>],
) -> Result<BTreeMap<Id<Client>, Called>, sqlx::Error> {
    let ids: Vec<Uuid> = clients.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, Uuid, Option<String>)> = sqlx::query_as(
        "select t.id, c.client_id, c.name
           from unnest($2::uuid[]) as t (id)
           left join client_merged m on m.business_id = $1 and m.client_id = t.id
           join client c on c.business_id = $1 and c.client_id = coalesce(m.into_id, t.id)",
    )
    .bind(scope.business().0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(asked, now, name)| {
            let client_id = Id::new(now);
            (Id::new(asked), Called { client_id, name })
        })
        .collect())
}

/// Of these clients, those who turned out to be somebody else, and who they are.
///
/// # Errors
/// When the database does not answer.
pub async fn now(
    db: &PgPool,
    scope: &Scope,
    clients: &[Id<Client>],
) -> Result<BTreeMap<Id<Client>, Id<Client>>, sqlx::Error> {
    let ids: Vec<Uuid> = clients.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select client_id, into_id from client_merged where business_id = $1 and client_id = any($2)",
    )
    .bind(scope.business().0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, into)| (Id::new(id), Id::new(into)))
        .collect())
}

/// All the clients that are found, of these alone (none: of all), one after the other, in one snapshot: for an export of
/// any length.
pub fn stream(
    list: LongList,
    db: PgPool,
    scope: Scope,
    among: Option<&[Id<Client>]>,
    q: &str,
) -> impl Stream<Item = Result<Entry, sqlx::Error>> + Send + use<> {
    let asked = Asked {
        among: among.map(|clients| clients.iter().map(|id| id.uuid()).collect()),
        ..Asked::from(q)
    };
    let mut query = select();
    narrow(&mut query, &scope, &asked);
    query.push(" order by ");
    order(&mut query, "c", &asked);
    let spelt = list.rows::<Row>(query).map_ok(Entry::from);
    let found = async move {
        let mut spelt = spelt.boxed().peekable();
        let nobody = Pin::new(&mut spelt).peek().await.is_none();
        if !nobody || asked.terms.is_empty() {
            return Ok(spelt.boxed());
        }
        // Never more than were looked at closely.
        let all = Page {
            after: None,
            limit: u16::MAX,
            count: false,
        };
        let found = misspelt(&db, &scope, &asked, all).await?;
        let entries = found.items.into_iter().map(Ok::<_, sqlx::Error>);
        Ok::<_, sqlx::Error>(streams::iter(entries).boxed())
    };
    streams::once(found).try_flatten()
}

/// What somebody typed, whole and taken apart.
struct Asked {
    whole: String,
    terms: Vec<Term>,
    /// None: all.
    among: Option<Vec<Uuid>>,
}

impl From<&str> for Asked {
    fn from(q: &str) -> Self {
        Self {
            whole: fold(q),
            terms: terms(q),
            among: None,
        }
    }
}

async fn as_spelt(
    db: &PgPool,
    scope: &Scope,
    asked: &Asked,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let business = scope.business().0;
    let mut query = select();
    narrow(&mut query, scope, asked);
    if let Some(after) = page.after {
        query.push(" and (");
        order(&mut query, "c", asked);
        query.push(") > (select ");
        order(&mut query, "p", asked);
        query
            .push(" from client p where p.business_id = ")
            .push_bind(business)
            .push(" and p.client_id = ")
            .push_bind(after.client_id)
            .push(")");
    }
    query.push(" order by ");
    order(&mut query, "c", asked);
    // One more than wanted tells whether there is a next page.
    query.push(" limit ").push_bind(i64::from(page.limit) + 1);
    let mut rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        client_id: last.client_id,
        misspelt: false,
    });
    let total = match page.count {
        true => {
            let mut query = QueryBuilder::new("select count(*) from client c");
            narrow(&mut query, scope, asked);
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

/// The columns by which `alias` is sorted: how close the name is to what was asked for, the name, the id.
fn order(query: &mut QueryBuilder<'_, Postgres>, alias: &str, asked: &Asked) {
    if !asked.terms.is_empty() {
        let whole = contains(&asked.whole);
        let beginning = whole.trim_start_matches('%').to_owned();
        query
            .push(format!("case when {alias}.sort_name = "))
            .push_bind(asked.whole.clone())
            .push(format!(" then 0 when {alias}.sort_name like "))
            .push_bind(beginning.clone())
            .push(format!(" then 1 when {alias}.sort_name like "))
            .push_bind(format!("% {beginning}"))
            .push(format!(" then 2 when {alias}.sort_name like "))
            .push_bind(whole)
            .push(" then 3 else 4 end, ");
    }
    query.push(format!("{alias}.sort_name, {alias}.client_id"));
}

fn narrow(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, asked: &Asked) {
    query
        .push(" where c.business_id = ")
        .push_bind(scope.business().0);
    is_among(query, asked);
    for term in &asked.terms {
        query.push(" and (false");
        for pattern in term.patterns() {
            holds(query.push(" or "), scope, pattern);
        }
        query.push(")");
    }
}

fn is_among(query: &mut QueryBuilder<'_, Postgres>, asked: &Asked) {
    if let Some(among) = &asked.among {
        query
            .push(" and c.client_id = any(")
            .push_bind(among.clone())
            .push(")");
    }
}

/// So alike must trigrams be for a word to be looked at closely. Low: a name of four letters shares few when one of
/// them is wrong.
const ALIKE: &str = "0.2";
/// So many are looked at closely; of more, the most alike.
const CANDIDATES: i64 = 20_000;

async fn misspelt(
    db: &PgPool,
    scope: &Scope,
    asked: &Asked,
    page: Page,
) -> Result<Found, sqlx::Error> {
    let mut close: Vec<(usize, String, Uuid)> = candidates(db, scope, asked)
        .await?
        .into_iter()
        .filter_map(|(id, name, words)| {
            let words = seen(scope, &words);
            Some((distance(&asked.terms, words)?, name, id))
        })
        .collect();
    close.sort();
    let total = page
        .count
        .then(|| i64::try_from(close.len()).unwrap_or(i64::MAX));
    let ids: Vec<Uuid> = close.into_iter().map(|(_, _, id)| id).collect();
    let begin = page.after.map_or(0, |after| {
        let last = ids.iter().position(|id| *id == after.client_id);
        last.map_or(ids.len(), |last| last + 1)
    });
    let rest = &ids[begin..];
    let limit = usize::from(page.limit).min(rest.len());
    let (ids, later) = rest.split_at(limit);
    let next = ids.last().filter(|_| !later.is_empty()).map(|id| Cursor {
        client_id: *id,
        misspelt: true,
    });
    Ok(Found {
        items: some(db, scope, ids).await?,
        next,
        total,
    })
}

/// Id, name and words of those whose words look like what was asked for.
async fn candidates(
    db: &PgPool,
    scope: &Scope,
    asked: &Asked,
) -> Result<Vec<(Uuid, String, String)>, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "with alike as materialized (select c.client_id, c.sort_name, c.words from client c",
    );
    query
        .push(" where c.business_id = ")
        .push_bind(scope.business().0);
    is_among(&mut query, asked);
    let left = |term: &Term| match term {
        Term::Word { folded, .. } => left_whole(folded),
        Term::Number { .. } => None,
    };
    let all_left: Vec<_> = asked.terms.iter().map(left).collect();
    let is_any_left = all_left.iter().any(Option::is_some);
    for (term, left) in asked.terms.iter().zip(&all_left) {
        match (term, left) {
            (_, Some(left)) => hold_any(query.push(" and "), left),
            // Those who hold what is left of another word are few enough to be looked at closely.
            (Term::Word { .. }, None) if is_any_left => {}
            (Term::Word { .. } | Term::Number { .. }, None) => {
                query.push(" and (false");
                if let Term::Word { folded, .. } = term {
                    query
                        .push(" or ")
                        .push_bind(folded.clone())
                        .push(" <% c.words");
                }
                if !is_alike_where_held(term) {
                    for pattern in term.patterns() {
                        holds(query.push(" or "), scope, pattern);
                    }
                }
                query.push(")");
            }
        }
    }
    // How alike is told only where there are too many.
    query
        .push(") select client_id, sort_name, words from alike order by case when (select count(*) from alike) > ")
        .push_bind(CANDIDATES)
        .push(" then word_similarity(")
        .push_bind(asked.whole.clone())
        .push(", words) end desc, client_id limit ")
        .push_bind(CANDIDATES);
    let mut transaction = db.begin().await?;
    // Only so does the index know how alike is alike enough.
    sqlx::query("select set_config('pg_trgm.word_similarity_threshold', $1, true)")
        .bind(ALIKE)
        .execute(&mut *transaction)
        .await?;
    let found = query
        .build_query_as()
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(found)
}

/// Whether words that hold a term are alike enough for it anyway, so that nothing else need be asked. Of `n` letters all trigrams
/// but three stand in whatever holds them, and the three are no more than three quarters of them all.
fn is_alike_where_held(term: &Term) -> bool {
    match term {
        Term::Word { folded, .. } => {
            folded.len() >= 3 && folded.bytes().all(|b| b.is_ascii_alphanumeric())
        }
        Term::Number { .. } => false,
    }
}

/// These clients, in this order.
///
/// # Errors
/// When the database does not answer.
pub async fn some(db: &PgPool, scope: &Scope, clients: &[Uuid]) -> Result<Vec<Entry>, sqlx::Error> {
    let mut query = select();
    query
        .push(" join unnest(")
        .push_bind(clients)
        .push(") with ordinality as t (client_id, n) using (client_id) where c.business_id = ")
        .push_bind(scope.business().0)
        .push(" order by t.n");
    let rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

fn select<'a>() -> QueryBuilder<'a, Postgres> {
    QueryBuilder::new(
        "select client_id, c.state, c.created_at, c.version, c.position from client c",
    )
}

#[derive(sqlx::FromRow)]
struct Row {
    client_id: Uuid,
    state: Json<Client>,
    created_at: jiff_sqlx::Timestamp,
    version: i64,
    position: i64,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            client_id: Id::new(row.client_id),
            client: row.state.0,
            created_at: row.created_at.to_jiff(),
            version: Version(row.version),
            position: Position(row.position),
        }
    }
}
