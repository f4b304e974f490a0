//! How events become history: bookings are folded as the domain folds them, clients to what they are found by.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use domain::{
    booking::{Booking, Held, Status},
    client::ClientEvent,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::{
    ApplyError, Projected,
    folding::{Contacts, fold},
    merged::Merged,
    rows::{self, Key, touched},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    take_bookings(db, batch).await?;
    take_clients(db, batch).await
}

async fn take_bookings(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut bookings = load_bookings(db, touched(batch, Projected::of_booking)).await?;
    for told in batch {
        if let Some((key, event)) = told.of_booking() {
            let standing = bookings.entry(key).or_default();
            standing.booking.apply(event.clone());
            standing.version = told.version.0;
            standing.position = told.position.0;
        }
    }
    let clients = bookings.iter().filter_map(|((business, _), standing)| {
        let client = standing.booking.held().ok()?.client_id?;
        Some((*business, client.uuid()))
    });
    let tables = ["history_booking"];
    let merged = Merged::take_in(db, "history_merged", &tables, batch, clients).await?;
    let rows: Vec<_> = bookings
        .iter()
        .filter_map(|booking| BookingRow::of(booking, &merged))
        .collect();
    rows::store(db, include_str!("store_bookings.sql"), &rows).await
}

/// A booking, and how far its stream has been taken in.
#[derive(Default)]
struct Standing {
    booking: Booking,
    version: i64,
    position: i64,
}

async fn load_bookings(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Standing>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Json<Booking>)> = rows::load(
        db,
        "select b.business_id, b.booking_id, b.state
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
           join history_booking b using (business_id, booking_id)",
        keys,
    )
    .await?;
    let standing = |Json(booking)| Standing {
        booking,
        ..Standing::default()
    };
    let rows = rows
        .into_iter()
        .map(|(b, id, state)| ((b, id), standing(state)));
    Ok(rows.collect())
}

/// A row of `history_booking`, but for what the database makes of it.
#[derive(Serialize)]
struct BookingRow<'a> {
    business_id: Uuid,
    booking_id: Uuid,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    visit_id: Option<Uuid>,
    status: Status,
    deleted: bool,
    source: &'a str,
    reference: &'a str,
    starts: Timestamp,
    created_at: Timestamp,
    price: Decimal,
    paid: Decimal,
    state: &'a Booking,
    version: i64,
    position: i64,
    words: String,
    /// Its comments as written, a line each: what word forms are made of.
    comments: Option<String>,
    /// The same, folded.
    comments_folded: Option<String>,
}

impl<'a> BookingRow<'a> {
    /// None for a stream that does not begin with `placed`: the domain remembers nothing of it either.
    fn of((key, standing): (&Key, &'a Standing), merged: &Merged) -> Option<Self> {
        let held = standing.booking.held().ok()?;
        let comments = comments(held);
        let comments_folded = comments.as_deref().map(fold_lines);
        Some(Self {
            business_id: key.0,
            booking_id: key.1,
            client_id: held.client_id.map(|id| merged.now(key.0, id.uuid())),
            staff_id: held.plan.staff_id.map(|id| id.uuid()),
            service_id: held.plan.service_id.map(|id| id.uuid()),
            desk_id: held.plan.desk_id.map(|id| id.uuid()),
            visit_id: held.visit_id.map(|id| id.uuid()),
            status: held.status,
            deleted: held.deleted,
            source: held.source.as_str(),
            reference: held.reference.as_str(),
            starts: held.plan.start,
            created_at: held.created_at,
            price: held.plan.price.amount(),
            paid: held.paid().amount(),
            state: &standing.booking,
            version: standing.version,
            position: standing.position,
            words: words(held.reference.as_str(), comments_folded.as_deref()),
            comments,
            comments_folded,
        })
    }
}

/// None where nothing is written on it, or none of it can be read any more.
fn comments(held: &Held) -> Option<String> {
    let written = held.comments.iter().filter_map(|c| c.text.value());
    let lines = written.map(|text| {
        text.as_str()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let lines: Vec<String> = lines.map(|line| line.nfc().collect()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn fold_lines(text: &str) -> String {
    text.lines().map(fold).collect::<Vec<_>>().join("\n")
}

/// The reference with and without its hyphen, and the comments.
fn words(reference: &str, comments_folded: Option<&str>) -> String {
    let reference = fold(reference);
    let plain = reference.replace('-', "");
    let lines = [plain.as_str(), &reference].into_iter();
    lines.chain(comments_folded).collect::<Vec<_>>().join("\n")
}

async fn take_clients(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut clients = load_clients(db, touched(batch, of_client)).await?;
    for told in batch {
        if let Some((key, event)) = of_client(told) {
            clients.entry(key).or_default().remember(event);
        }
    }
    let rows: Vec<_> = clients.iter().map(ClientRow::of).collect();
    rows::store(
        db,
        "insert into history_client (business_id, client_id, name, contacts, words)
             select business_id, client_id, name, contacts, words
               from json_to_recordset($1::json)
                 as r (business_id uuid, client_id uuid, name text, contacts jsonb, words text)
                 on conflict (business_id, client_id) do update
                set (name, contacts, words) = (excluded.name, excluded.contacts, excluded.words)",
        &rows,
    )
    .await
}

/// What changes by what a client is found.
fn of_client(told: &Projected) -> Option<(Key, &ClientEvent)> {
    told.of_client()
        .filter(|(_, event)| Contacts::concern(event))
}

async fn load_clients(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Contacts>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Json<Contacts>)> = rows::load(
        db,
        "select c.business_id, c.client_id, c.contacts
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
           join history_client c using (business_id, client_id)",
        keys,
    )
    .await?;
    let rows = rows
        .into_iter()
        .map(|(b, id, contacts)| ((b, id), contacts.0));
    Ok(rows.collect())
}

#[derive(Serialize)]
struct ClientRow<'a> {
    business_id: Uuid,
    client_id: Uuid,
    name: Option<&'a str>,
    contacts: &'a Contacts,
    words: String,
}

impl<'a> ClientRow<'a> {
    fn of((key, contacts): (&Key, &'a Contacts)) -> Self {
        Self {
            business_id: key.0,
            client_id: key.1,
            name: contacts.name.as_deref(),
            contacts,
            words: contacts.words(),
        }
    }
}
