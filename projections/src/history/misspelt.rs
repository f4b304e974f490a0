//! Whom words would mean but for a slip in the spelling.

use std::collections::BTreeSet;

use sqlx::{PgPool, QueryBuilder};
use uuid::Uuid;

use crate::{
    Scope,
    folding::{
        Term,
        misspelt::{distance_of, hold_any, left_whole},
        seen,
    },
};

/// So alike must trigrams be for a word to be looked at closely. Low: a name of four letters shares few when one of
/// them is wrong.
const ALIKE: &str = "0.2";
/// So many are looked at closely; of more, the most alike.
const CANDIDATES: i64 = 20_000;

/// Whom a word would mean but for a slip in the spelling, among these clients or all. Numbers must be right: with
/// another digit it is somebody else's.
pub(super) async fn close(
    db: &PgPool,
    scope: &Scope,
    term: &Term,
    among: Option<&[Uuid]>,
) -> Result<BTreeSet<Uuid>, sqlx::Error> {
    let Term::Word { folded, .. } = term else {
        return Ok(BTreeSet::new());
    };
    let mut query = QueryBuilder::new(
        "with alike as materialized (select c.client_id, c.words from history_client c where c.business_id = ",
    );
    query.push_bind(scope.business().0).push(" and ");
    match left_whole(folded) {
        Some(left) => hold_any(&mut query, &left),
        None => {
            query.push_bind(folded.clone()).push(" <% c.words");
        }
    }
    if let Some(among) = among {
        query
            .push(" and c.client_id = any(")
            .push_bind(among)
            .push(")");
    }
    // How alike is told only where there are too many.
    query
        .push(") select client_id, words from alike order by case when (select count(*) from alike) > ")
        .push_bind(CANDIDATES)
        .push(" then word_similarity(")
        .push_bind(folded.clone())
        .push(", words) end desc, client_id limit ")
        .push_bind(CANDIDATES);
    let mut transaction = db.begin().await?;
    // Only so does the index know how alike is alike enough.
    sqlx::query("select set_config('pg_trgm.word_similarity_threshold', $1, true)")
        .bind(ALIKE)
        .execute(&mut *transaction)
        .await?;
    let found = query.build_query_as().persistent(false);
    let found: Vec<(Uuid, String)> = found.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let close = found.into_iter().filter(|(_, words)| {
        let words = seen(scope, words);
        distance_of(term, words).is_some()
    });
    Ok(close.map(|(id, _)| id).collect())
}
