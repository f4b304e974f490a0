//! How events become clients: they are folded as the domain folds them.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use domain::client::Client;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    ApplyError, Projected,
    folding::{Contacts, fold},
    merged::Merged,
    rows::{self, Key, touched},
};

/// The last letter there is: who has no name any more stands after all who have.
const NAMELESS: &str = "\u{10ffff}";

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut clients = load(db, touched(batch, Projected::of_client)).await?;
    for projected in batch {
        if let Some((key, event)) = projected.of_client() {
            let standing = clients.entry(key).or_insert_with(|| Standing {
                client: Client::default(),
                created_at: projected.occurred_at,
                version: 0,
                position: 0,
            });
            standing.client.apply(event.clone());
            standing.version = projected.version.0;
            standing.position = projected.position.0;
        }
    }
    let (gone, clients): (BTreeMap<_, _>, BTreeMap<_, _>) = clients
        .into_iter()
        .partition(|(_, standing)| standing.client.known().is_err());
    if !gone.is_empty() {
        let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = gone.into_keys().unzip();
        sqlx::query(
            "delete from client c using unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
              where c.business_id = t.business_id and c.client_id = t.client_id",
        )
        .bind(businesses)
        .bind(ids)
        .execute(&mut *db)
        .await?;
    }
    Merged::take_in(db, "client_merged", &[], batch, []).await?;
    let rows: Vec<_> = clients.iter().filter_map(Row::of).collect();
    rows::store(
        db,
            "insert into client (business_id, client_id, name, sort_name, words, created_at, state, version, position)
             select business_id, client_id, name, sort_name, words, created_at, state, version, position
               from json_to_recordset($1::json)
                 as r (business_id uuid, client_id uuid, name text, sort_name text, words text, created_at timestamptz,
                       state jsonb, version bigint, position bigint)
                 on conflict (business_id, client_id) do update
                set (name, sort_name, words, state, version, position)
                  = (excluded.name, excluded.sort_name, excluded.words, excluded.state, excluded.version,
                     excluded.position)",
        &rows,
    )
    .await
}

/// A client, and how far their stream has been taken in.
struct Standing {
    client: Client,
    created_at: Timestamp,
    version: i64,
    position: i64,
}

async fn load(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Standing>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Json<Client>, jiff_sqlx::Timestamp)> = rows::load(
        db,
        "select c.business_id, c.client_id, c.state, c.created_at
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
           join client c using (business_id, client_id)",
        keys,
    )
    .await?;
    let rows = rows.into_iter().map(|(b, id, client, created_at)| {
        let standing = Standing {
            client: client.0,
            created_at: created_at.to_jiff(),
            version: 0,
            position: 0,
        };
        ((b, id), standing)
    });
    Ok(rows.collect())
}

#[derive(Serialize)]
struct Row<'a> {
    business_id: Uuid,
    client_id: Uuid,
    name: Option<&'a str>,
    sort_name: String,
    words: String,
    created_at: Timestamp,
    state: &'a Client,
    version: i64,
    position: i64,
}

impl<'a> Row<'a> {
    /// None for a stream that does not begin with `registered`.
    fn of((key, standing): (&Key, &'a Standing)) -> Option<Self> {
        let card = standing.client.card.as_ref()?;
        let name = card.name.value().map(|name| name.as_str());
        Some(Self {
            business_id: key.0,
            client_id: key.1,
            name,
            sort_name: name.map_or_else(|| NAMELESS.to_owned(), fold),
            words: Contacts::of_client(card, &standing.client.taken_in).words(),
            created_at: standing.created_at,
            state: &standing.client,
            version: standing.version,
            position: standing.position,
        })
    }
}
