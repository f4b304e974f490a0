//! How events become what filters ask.

mod bookings;
mod clients;
mod saved;

use std::collections::BTreeSet;

use domain::{event::AnyEvent, sealed::Sealed, text::FreeText};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use self::{bookings::Bookings, clients::Clients};
use super::totals;
use crate::{
    ApplyError, Projected,
    folding::fold,
    rows::{self, Key},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut clients = Clients::load(db, batch).await?;
    let mut bookings = Bookings::load(db, batch).await?;
    let mut facts = Facts::default();
    for projected in batch {
        match &projected.event {
            AnyEvent::Client(id, event) => {
                let key = (projected.business.0, id.uuid());
                clients.take(projected, key, event, &mut facts);
            }
            AnyEvent::Booking(id, event) => {
                let key = (projected.business.0, id.uuid());
                bookings.take(projected, key, event, &mut facts);
            }
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Segment(..) => {}
        }
    }
    let counted_anew: BTreeSet<Key> = clients
        .newly_known()
        .chain(bookings.changed())
        .chain(facts.sold)
        .collect();
    clients.store(db).await?;
    bookings.store(db).await?;
    store_payments(db, &facts.payments).await?;
    store_words(db, &facts.words).await?;
    totals::count(db, counted_anew).await?;
    saved::apply(db, batch).await
}

/// What events tell once and for all.
#[derive(Default)]
struct Facts {
    payments: Vec<Payment>,
    words: Vec<Words>,
    /// Who was sold something.
    sold: Vec<Key>,
}

impl Facts {
    /// What somebody wrote; nothing once it was erased.
    fn wrote(
        &mut self,
        projected: &Projected,
        client_id: Uuid,
        booking_id: Option<Uuid>,
        text: Option<&Sealed<FreeText>>,
    ) {
        let words = text.and_then(Sealed::value).map(|text| fold(text.as_str()));
        self.words.extend(words.map(|words| Words {
            business_id: projected.business.0,
            position: projected.position.0,
            client_id,
            booking_id,
            words,
        }));
    }
}

/// A row of `segment_payment`.
#[derive(Serialize)]
struct Payment {
    business_id: Uuid,
    position: i64,
    client_id: Uuid,
    at: Timestamp,
    amount: Decimal,
    receipt: Uuid,
    booking_id: Option<Uuid>,
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
}

/// A row of `segment_words`.
#[derive(Serialize)]
struct Words {
    business_id: Uuid,
    position: i64,
    client_id: Uuid,
    booking_id: Option<Uuid>,
    words: String,
}

async fn store_payments(db: &mut PgConnection, rows: &[Payment]) -> Result<(), ApplyError> {
    rows::store(
        db,
        "insert into segment_payment (business_id, position, client_id, at, amount, receipt, booking_id, service_id,
                                      staff_id)
         select business_id, position, client_id, at, amount, receipt, booking_id, service_id, staff_id
           from json_to_recordset($1::json)
             as r (business_id uuid, position bigint, client_id uuid, at timestamptz, amount numeric, receipt uuid,
                   booking_id uuid, service_id uuid, staff_id uuid)",
        rows,
    )
    .await
}

async fn store_words(db: &mut PgConnection, rows: &[Words]) -> Result<(), ApplyError> {
    rows::store(
        db,
        "insert into segment_words (business_id, position, client_id, booking_id, words)
         select business_id, position, client_id, booking_id, words
           from json_to_recordset($1::json)
             as r (business_id uuid, position bigint, client_id uuid, booking_id uuid, words text)",
        rows,
    )
    .await
}
