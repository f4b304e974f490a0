//! Clients who may be one person: reached by the same phone or e-mail address, or of one name and birthday.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use super::find::{Entry, some};
use crate::Scope;

/// Clients who may be one person.
#[derive(Debug, Clone)]
pub struct Alike {
    /// What they have in common: `phone`, `email`, `name_and_birthday`.
    pub by: String,
    /// Who was known first before the others; the first twenty of them.
    pub clients: Vec<Entry>,
}

/// Where a page ended. Ids only, as in the list of clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    by: String,
    clients: Vec<Uuid>,
}

/// $2 and $3 after which group (null: from the first), $4 at most so many.
const PAGE: &str = concat!(
    include_str!("duplicates.sql"),
    "select by, ids from groups
      where $2::text is null or (by, ids) > ($2, $3::uuid[])
      order by by, ids
      limit $4"
);
const COUNT: &str = concat!(
    include_str!("duplicates.sql"),
    "select count(*) from groups"
);

/// How many groups of clients may be one person.
///
/// # Errors
/// When the database does not answer.
pub async fn count_duplicates(db: &PgPool, scope: &Scope) -> Result<i64, sqlx::Error> {
    let count = sqlx::query_scalar(COUNT).bind(scope.business().0);
    count.fetch_one(db).await
}

/// A page of clients who may be one person, and where the next one begins.
///
/// # Errors
/// When the database does not answer.
pub async fn duplicates(
    db: &PgPool,
    scope: &Scope,
    after: Option<&Place>,
    limit: u16,
) -> Result<(Vec<Alike>, Option<Place>), sqlx::Error> {
    // One more than wanted tells whether there is a next page.
    let mut groups: Vec<(String, Vec<Uuid>)> = sqlx::query_as(PAGE)
        .bind(scope.business().0)
        .bind(after.map(|place| place.by.as_str()))
        .bind(after.map(|place| place.clients.as_slice()))
        .bind(i64::from(limit) + 1)
        .fetch_all(db)
        .await?;
    let more = groups.len() > usize::from(limit);
    groups.truncate(usize::from(limit));
    let ids: Vec<Uuid> = groups.iter().flat_map(|(_, ids)| ids).copied().collect();
    let entries = some(db, scope, &ids).await?;
    let entries: BTreeMap<Uuid, Entry> = entries
        .into_iter()
        .map(|entry| (entry.client_id.uuid(), entry))
        .collect();
    let next = groups.last().filter(|_| more).map(|(by, clients)| Place {
        by: by.clone(),
        clients: clients.clone(),
    });
    let alike = groups.into_iter().map(|(by, ids)| Alike {
        by,
        clients: ids
            .iter()
            .filter_map(|id| entries.get(id).cloned())
            .collect(),
    });
    Ok((alike.collect(), next))
}
