//! How everyone is reached, all at once: for who compares a list with those who are known.

use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::Scope;

/// How one client is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub client_id: Uuid,
    /// What they are called; none: erased.
    pub name: Option<String>,
    /// Their phones (E.164), the main one first.
    pub phones: Vec<String>,
    /// Their e-mail.
    pub email: Option<String>,
}

/// How the clients of a business are reached: of all, or of these alone.
///
/// # Errors
/// When the database does not answer.
pub async fn contacts(
    db: &PgPool,
    scope: &Scope,
    only: Option<&[Uuid]>,
) -> Result<Vec<Contact>, sqlx::Error> {
    type Row = (
        Uuid,
        Option<String>,
        Option<String>,
        Option<Json<Vec<Numbered>>>,
        Option<String>,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "select client_id, name, state->'card'->'phone'->'$open'->>'value',
                nullif(state->'card'->'phones'->'$open'->'value', 'null'::jsonb),
                state->'card'->'email'->'$open'->>'value'
           from client
          where business_id = $1 and ($2::uuid[] is null or client_id = any($2))
          order by client_id",
    )
    .bind(scope.business().0)
    .bind(only)
    .fetch_all(db)
    .await?;
    let contacts = rows
        .into_iter()
        .map(|(client_id, name, phone, more, email)| {
            let mut phones: Vec<String> = phone.into_iter().collect();
            for Numbered { number } in more.into_iter().flat_map(|more| more.0) {
                if !phones.contains(&number) {
                    phones.push(number);
                }
            }
            Contact {
                client_id,
                name,
                phones,
                email,
            }
        });
    Ok(contacts.collect())
}

#[derive(serde::Deserialize)]
struct Numbered {
    number: String,
}
