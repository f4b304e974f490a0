//! How events become what filters ask.

mod bookings;
mod clients;
mod saved;

use std::collections::BTreeSet;

use domain::{booking::BookingEvent, event::AnyEvent, sealed::Sealed, text::FreeText};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use self::{bookings::Bookings, clients::Clients};
use super::totals;
use crate::{
    ApplyError, Projected, Sums,
    folding::fold,
    merged::Merged,
    rows::{self, Key},
};

pub(super) async fn apply(
    db: &mut PgConnection,
    batch: &[Projected],
    sums: Sums,
) -> Result<(), ApplyError> {
    // First of all: what stands under somebody who turns out to be another is loaded as that one's.
    let tables = ["segment_booking", "segment_payment", "segment_words"];
    let merged = Merged::take_in(db, "segment_merged", &tables, batch, told_of(batch)).await?;
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
                bookings.take(projected, key, event, &merged, &mut facts);
            }
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => {}
        }
    }
    let counted_anew: BTreeSet<Key> = clients
        .newly_known()
        .chain(bookings.changed())
        .chain(
            facts
                .sold
                .iter()
                .map(|(business, id)| (*business, merged.now(*business, *id))),
        )
        .chain(merged.stay(batch))
        .collect();
    facts.are_of(&merged);
    clients.store(db).await?;
    bookings.store(db).await?;
    store_payments(db, &facts.payments).await?;
    store_words(db, &facts.words).await?;
    match sums {
        Sums::Now => totals::count(db, counted_anew).await?,
        // Whatever was not counted stands in none of the rows above.
        Sums::Later => {}
    }
    saved::apply(db, batch).await
}

/// The clients whom a batch names: their own events, and the bookings made for them.
fn told_of(batch: &[Projected]) -> impl Iterator<Item = Key> + '_ {
    batch
        .iter()
        .filter_map(|projected| match projected.of_booking() {
            Some((key, BookingEvent::Placed(placement))) => {
                Some((key.0, placement.client_id?.uuid()))
            }
            Some(_) => None,
            None => projected.of_client().map(|(key, _)| key),
        })
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
    /// What was told of somebody in the batch in which they turned out to be another is that one's.
    fn are_of(&mut self, merged: &Merged) {
        for payment in &mut self.payments {
            payment.client_id = merged.now(payment.business_id, payment.client_id);
        }
        for words in &mut self.words {
            words.client_id = merged.now(words.business_id, words.client_id);
        }
    }

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
