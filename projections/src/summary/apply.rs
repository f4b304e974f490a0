//! How events become what is counted.

use std::collections::BTreeMap;

use domain::{
    booking::{BookingEvent, Placement, Plan, Status},
    event::AnyEvent,
    id::Id,
    money::Money,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::{
    ApplyError, Projected,
    merged::Merged,
    projected::as_kept,
    rows::{self, Key, touched},
    till::sale,
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut bookings = load(db, touched(batch, Projected::of_booking)).await?;
    let mut payments = vec![];
    for projected in batch {
        match &projected.event {
            AnyEvent::Booking(id, event) => {
                let key = (projected.business.0, id.uuid());
                payments.extend(take(projected, key, event, &mut bookings));
            }
            AnyEvent::Client(id, event) => payments.extend(sale(event).map(|sale| Payment {
                client_id: Some(id.uuid()),
                staff_id: sale.staff_id.map(Id::uuid),
                service_id: sale.service_id.map(Id::uuid),
                ..Payment::new(projected, sale.at, sale.amount.amount())
            })),
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..) => {}
        }
    }
    let booked = bookings
        .values()
        .filter_map(|b| Some((b.business_id, b.client_id?)));
    let bought = payments
        .iter()
        .filter_map(|p| Some((p.business_id, p.client_id?)));
    let clients: Vec<Key> = booked.chain(bought).collect();
    let tables = ["summary_booking", "summary_payment"];
    let merged = Merged::take_in(db, "summary_merged", &tables, batch, clients).await?;
    let now = |business, client: Option<Uuid>| client.map(|id| merged.now(business, id));
    for booking in bookings.values_mut() {
        booking.client_id = now(booking.business_id, booking.client_id);
    }
    for payment in &mut payments {
        payment.client_id = now(payment.business_id, payment.client_id);
    }
    let bookings: Vec<_> = bookings.values().collect();
    store_bookings(db, &bookings).await?;
    store_payments(db, &payments).await
}

/// Takes a booking's event in, and gives the money that it tells of.
fn take(
    projected: &Projected,
    key: Key,
    event: &BookingEvent,
    bookings: &mut BTreeMap<Key, Booking>,
) -> Option<Payment> {
    if let BookingEvent::Placed(placement) = event {
        bookings
            .entry(key)
            .or_insert_with(|| Booking::placed(key, placement));
        return None;
    }
    // A history that does not begin with `placed` is not a booking's, here as in the domain.
    let booking = bookings.get_mut(&key)?;
    let (at, amount) = booking.remember(event)?;
    booking.paid += amount;
    Some(Payment {
        booking_id: Some(key.1),
        ..Payment::new(projected, at, amount)
    })
}

/// A row of `summary_booking`.
#[derive(Debug, FromRow, Serialize)]
struct Booking {
    business_id: Uuid,
    booking_id: Uuid,
    visit_id: Option<Uuid>,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    status: String,
    source: String,
    deleted: bool,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    starts: Timestamp,
    price: Decimal,
    paid: Decimal,
}

impl Booking {
    fn placed((business_id, booking_id): Key, placement: &Placement) -> Self {
        let mut booking = Self {
            business_id,
            booking_id,
            visit_id: placement.visit_id.map(Id::uuid),
            client_id: placement.client_id.map(Id::uuid),
            staff_id: None,
            service_id: None,
            desk_id: None,
            status: placement.status.as_str().to_owned(),
            source: placement.source.as_str().to_owned(),
            deleted: false,
            starts: placement.plan.start,
            price: Decimal::ZERO,
            paid: Decimal::ZERO,
        };
        booking.follow(&placement.plan);
        booking
    }

    /// Changes as the event says; gives the money that it tells of, below zero what was given back, and when.
    fn remember(&mut self, event: &BookingEvent) -> Option<(Timestamp, Decimal)> {
        use BookingEvent as E;
        match event {
            // Only the first one makes a booking.
            E::Placed(_) => {}
            E::Confirmed(_) => self.is(Status::Confirmed),
            E::Rescheduled { to, .. } | E::ServiceChanged { to, .. } => self.follow(to),
            E::PriceChanged { to, .. } => self.costs(*to),
            E::Completed(_) => self.is(Status::Completed),
            E::MarkedNoShow(_) => self.is(Status::NoShow),
            E::Cancelled { .. } => self.is(Status::Cancelled),
            E::StatusCorrected { to, .. } => self.is(*to),
            E::PaymentRecorded(payment) => return Some((payment.at, payment.amount.amount())),
            E::PaymentRefunded(refund) => return Some((refund.at, -refund.amount.amount())),
            E::Deleted { .. } => self.deleted = true,
            E::Restored { status, to, .. } => {
                self.deleted = false;
                self.is(*status);
                self.follow(to);
            }
            E::Arrived(_)
            | E::Left(_)
            | E::PresenceCorrected { .. }
            | E::Commented(_)
            | E::Reviewed(_) => {}
        }
        None
    }

    fn is(&mut self, status: Status) {
        status.as_str().clone_into(&mut self.status);
    }

    fn costs(&mut self, price: Money) {
        self.price = price.amount();
    }

    fn follow(&mut self, plan: &Plan) {
        self.staff_id = plan.staff_id.map(Id::uuid);
        self.service_id = plan.service_id.map(Id::uuid);
        self.desk_id = plan.desk_id.map(Id::uuid);
        self.starts = as_kept(plan.start);
        self.costs(plan.price);
    }
}

/// A row of `summary_payment`.
#[derive(Serialize)]
struct Payment {
    business_id: Uuid,
    position: i64,
    at: Timestamp,
    amount: Decimal,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
}

impl Payment {
    fn new(projected: &Projected, at: Timestamp, amount: Decimal) -> Self {
        Self {
            business_id: projected.business.0,
            position: projected.position.0,
            at: as_kept(at),
            amount,
            booking_id: None,
            client_id: None,
            staff_id: None,
            service_id: None,
        }
    }
}

async fn load(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Booking>, sqlx::Error> {
    let rows: Vec<Booking> = rows::load(
        db,
        "select b.business_id, b.booking_id, b.visit_id, b.client_id, b.staff_id, b.service_id, b.desk_id, b.status,
                b.source, b.deleted, b.starts, b.price, b.paid
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
           join summary_booking b using (business_id, booking_id)",
        keys,
    )
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| ((row.business_id, row.booking_id), row))
        .collect())
}

async fn store_bookings(db: &mut PgConnection, rows: &[&Booking]) -> Result<(), ApplyError> {
    rows::store(
        db,
        "insert into summary_booking (business_id, booking_id, visit_id, client_id, staff_id, service_id, desk_id, status,
                                      source, deleted, starts, price, paid)
         select business_id, booking_id, visit_id, client_id, staff_id, service_id, desk_id, status,
                source, deleted, starts, price, paid
           from json_to_recordset($1::json)
             as r (business_id uuid, booking_id uuid, visit_id uuid, client_id uuid, staff_id uuid, service_id uuid,
                   desk_id uuid, status text, source text, deleted boolean, starts timestamptz, price numeric,
                   paid numeric)
             on conflict (business_id, booking_id) do update
            set (staff_id, service_id, desk_id, status, deleted, starts, price, paid)
              = (excluded.staff_id, excluded.service_id, excluded.desk_id, excluded.status, excluded.deleted,
                 excluded.starts, excluded.price, excluded.paid)",
        rows,
    )
    .await
}

async fn store_payments(db: &mut PgConnection, rows: &[Payment]) -> Result<(), ApplyError> {
    rows::store(
        db,
        "insert into summary_payment (business_id, position, at, amount, booking_id, client_id, staff_id, service_id)
         select business_id, position, at, amount, booking_id, client_id, staff_id, service_id
           from json_to_recordset($1::json)
             as r (business_id uuid, position bigint, at timestamptz, amount numeric, booking_id uuid, client_id uuid,
                   staff_id uuid, service_id uuid)",
        rows,
    )
    .await
}
