//! How bookings' events become facts.

use std::collections::BTreeMap;

use domain::{booking::BookingEvent, client::Client, id::Id};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Facts;
use crate::{
    ApplyError, Projected,
    projected::as_kept,
    rows::{self, Key, touched},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut bookings = load(db, touched(batch, of_booking)).await?;
    for projected in batch {
        let Some((key, event)) = of_booking(projected) else {
            continue;
        };
        if let BookingEvent::Placed(placement) = event {
            // What was brought in without a client is on nobody's card.
            if let Some(client_id) = placement.client_id {
                let standing = || (client_id, Facts::placed(placement));
                bookings.entry(key).or_insert_with(standing);
            }
        } else if let Some((_, facts)) = bookings.get_mut(&key) {
            // A history that does not begin with `placed` is not a booking's, here as in the domain.
            facts.remember(event);
        }
    }
    let rows: Vec<_> = bookings.iter().map(Row::of).collect();
    rows::store(
        db,
        "insert into client_card_booking (business_id, booking_id, client_id, staff_id, service_id, starts, served, facts)
         select business_id, booking_id, client_id, staff_id, service_id, starts, served, facts
           from json_to_recordset($1::json)
             as r (business_id uuid, booking_id uuid, client_id uuid, staff_id uuid, service_id uuid,
                   starts timestamptz, served boolean, facts jsonb)
             on conflict (business_id, booking_id) do update
            set (staff_id, service_id, starts, served, facts)
              = (excluded.staff_id, excluded.service_id, excluded.starts, excluded.served, excluded.facts)",
        &rows,
    )
    .await
}

/// The booking of which an event tells what a card adds up.
fn of_booking(projected: &Projected) -> Option<(Key, &BookingEvent)> {
    use BookingEvent as E;
    projected.of_booking().filter(|(_, event)| match event {
        E::Placed(_)
        | E::Confirmed(_)
        | E::Rescheduled { .. }
        | E::ServiceChanged { .. }
        | E::PriceChanged { .. }
        | E::Completed(_)
        | E::MarkedNoShow(_)
        | E::Cancelled { .. }
        | E::StatusCorrected { .. }
        | E::PaymentRecorded(_)
        | E::PaymentRefunded(_)
        | E::Reviewed(_)
        | E::Deleted { .. }
        | E::Restored { .. } => true,
        E::Arrived(_) | E::Left(_) | E::PresenceCorrected { .. } | E::Commented(_) => false,
    })
}

type Standing = (Id<Client>, Facts);

async fn load(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Standing>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Uuid, Json<Facts>)> = rows::load(
        db,
        "select b.business_id, b.booking_id, b.client_id, b.facts
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
           join client_card_booking b using (business_id, booking_id)",
        keys,
    )
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(business, id, client, facts)| ((business, id), (Id::new(client), facts.0)))
        .collect())
}

#[derive(Serialize)]
struct Row<'a> {
    business_id: Uuid,
    booking_id: Uuid,
    client_id: Uuid,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    starts: Timestamp,
    served: bool,
    facts: &'a Facts,
}

impl<'a> Row<'a> {
    fn of((key, (client_id, facts)): (&Key, &'a Standing)) -> Self {
        Self {
            business_id: key.0,
            booking_id: key.1,
            client_id: client_id.uuid(),
            staff_id: facts.staff_id.map(Id::uuid),
            service_id: facts.service_id.map(Id::uuid),
            starts: as_kept(facts.start),
            served: facts.is_served(),
            facts,
        }
    }
}
