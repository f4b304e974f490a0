//! How events come into the till.

use std::collections::BTreeMap;

use domain::{
    actor::{Actor, ActorKind},
    booking::{BookingEvent, Payment, Plan, Refund},
    client::{ClientEvent, Sale},
    event::AnyEvent,
    id::{self, Id},
    money::Money,
    sealed::Sealed,
    text::{FreeText, Label},
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::Kind;
use crate::{
    ApplyError, Projected,
    rows::{self, Key, touched},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut bookings = load(db, touched(batch, of_booking)).await?;
    let mut payments = vec![];
    for projected in batch {
        match &projected.event {
            AnyEvent::Booking(id, event) => {
                let key = (projected.business.0, id.uuid());
                let money = of_bookings(key, event, &mut bookings);
                payments.extend(money.map(|money| row(projected, money)));
            }
            AnyEvent::Client(id, event) => {
                let money = sale(event).map(|sale| Taken::sale(id.uuid(), sale));
                payments.extend(money.map(|money| row(projected, money)));
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
    let bookings: Vec<_> = bookings.values().collect();
    store_bookings(db, &bookings).await?;
    store_payments(db, &payments).await
}

/// What comes into the till of a booking's event, which changes the booking in passing.
fn of_bookings<'a>(
    key: Key,
    event: &'a BookingEvent,
    bookings: &mut BTreeMap<Key, Booking>,
) -> Option<Taken<'a>> {
    use BookingEvent as E;
    if let E::Placed(placement) = event {
        let booking = Booking {
            business_id: key.0,
            booking_id: key.1,
            client_id: placement.client_id.map(Id::uuid),
            staff_id: placement.plan.staff_id.map(Id::uuid),
            reference: placement.reference.to_string(),
            deleted: false,
            methods: Json(vec![]),
        };
        bookings.entry(key).or_insert(booking);
        return None;
    }
    // A history that does not begin with `placed` is not a booking's, here as in the domain.
    let booking = bookings.get_mut(&key)?;
    match event {
        E::Rescheduled { to, .. } | E::ServiceChanged { to, .. } => booking.follow(to),
        E::Restored { to, .. } => {
            booking.deleted = false;
            booking.follow(to);
        }
        E::Deleted { .. } => booking.deleted = true,
        E::PaymentRecorded(payment) => {
            let method = (payment.payment_id, payment.method.clone());
            booking.methods.push(method);
            return Some(Taken::payment(key.1, payment));
        }
        E::PaymentRefunded(refund) => {
            let method = booking.method_of(refund.payment_id);
            return Some(Taken::refund(key.1, refund, method));
        }
        E::Placed(_)
        | E::Confirmed(_)
        | E::PriceChanged { .. }
        | E::Arrived(_)
        | E::Left(_)
        | E::PresenceCorrected { .. }
        | E::Completed(_)
        | E::MarkedNoShow(_)
        | E::Cancelled { .. }
        | E::StatusCorrected { .. }
        | E::Commented(_)
        | E::Reviewed(_) => {}
    }
    None
}

/// What was sold without a booking.
pub(crate) fn sale(event: &ClientEvent) -> Option<&Sale> {
    use ClientEvent as E;
    match event {
        E::SoldWithoutBooking(sale) => Some(sale),
        E::Registered(_)
        | E::ContactChanged(_)
        | E::PreferencesChanged { .. }
        | E::Tagged { .. }
        | E::Untagged { .. }
        | E::Noted(_)
        | E::ConsentGiven { .. }
        | E::ConsentWithdrawn { .. }
        | E::Blocked { .. }
        | E::Unblocked {}
        | E::Retracted {}
        | E::TookIn(_)
        | E::Merged { .. } => None,
    }
}

/// The booking of which an event tells what the till keeps.
fn of_booking(projected: &Projected) -> Option<(Key, &BookingEvent)> {
    use BookingEvent as E;
    projected.of_booking().filter(|(_, event)| match event {
        E::Placed(_)
        | E::Rescheduled { .. }
        | E::ServiceChanged { .. }
        | E::PaymentRecorded(_)
        | E::PaymentRefunded(_)
        | E::Deleted { .. }
        | E::Restored { .. } => true,
        E::Confirmed(_)
        | E::PriceChanged { .. }
        | E::Arrived(_)
        | E::Left(_)
        | E::PresenceCorrected { .. }
        | E::Completed(_)
        | E::MarkedNoShow(_)
        | E::Cancelled { .. }
        | E::StatusCorrected { .. }
        | E::Commented(_)
        | E::Reviewed(_) => false,
    })
}

/// A row of `till_booking`.
#[derive(Debug, FromRow, Serialize)]
struct Booking {
    business_id: Uuid,
    booking_id: Uuid,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    reference: String,
    deleted: bool,
    methods: Json<Vec<Method>>,
}

/// Which payment was made how.
type Method = (Id<id::Payment>, Label);

impl Booking {
    fn follow(&mut self, plan: &Plan) {
        self.staff_id = plan.staff_id.map(Id::uuid);
    }

    /// How the payment that is given back was made; where none is named, the last one.
    fn method_of(&self, payment: Option<Id<id::Payment>>) -> Option<Label> {
        let mut newest_first = self.methods.iter().rev();
        let method = newest_first.find(|(id, _)| payment.is_none_or(|payment| payment == *id));
        method.map(|(_, label)| label.clone())
    }
}

/// Money, as an event tells it.
struct Taken<'a> {
    payment_id: Uuid,
    kind: Kind,
    at: Timestamp,
    amount: Money,
    method: Option<Label>,
    by: &'a Actor,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    refund_of: Option<Uuid>,
    text: Option<&'a Sealed<FreeText>>,
}

impl<'a> Taken<'a> {
    fn payment(booking_id: Uuid, payment: &'a Payment) -> Self {
        Self {
            payment_id: payment.payment_id.uuid(),
            kind: Kind::Payment,
            at: payment.at,
            amount: payment.amount,
            method: Some(payment.method.clone()),
            by: &payment.by,
            booking_id: Some(booking_id),
            client_id: None,
            staff_id: None,
            refund_of: None,
            text: None,
        }
    }

    fn refund(booking_id: Uuid, refund: &'a Refund, method: Option<Label>) -> Self {
        Self {
            payment_id: refund.refund_id.uuid(),
            kind: Kind::Refund,
            at: refund.at,
            amount: refund.amount,
            method,
            by: &refund.by,
            booking_id: Some(booking_id),
            client_id: None,
            staff_id: None,
            refund_of: refund.payment_id.map(Id::uuid),
            text: refund.reason.as_ref(),
        }
    }

    fn sale(client_id: Uuid, sale: &'a Sale) -> Self {
        Self {
            payment_id: sale.payment_id.uuid(),
            kind: Kind::Sale,
            at: sale.at,
            amount: sale.amount,
            method: Some(sale.method.clone()),
            by: &sale.by,
            booking_id: None,
            client_id: Some(client_id),
            staff_id: sale.staff_id.map(Id::uuid),
            refund_of: None,
            text: sale.text.as_ref(),
        }
    }
}

/// A row of `till_payment`.
#[derive(Serialize)]
struct PaymentRow<'a> {
    business_id: Uuid,
    position: i64,
    payment_id: Uuid,
    kind: Kind,
    at: Timestamp,
    amount: Decimal,
    currency: &'static str,
    method: Option<Label>,
    taken_by_kind: ActorKind,
    taken_by: Option<Uuid>,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    refund_of: Option<Uuid>,
    text: Option<&'a FreeText>,
    text_under: Option<Uuid>,
}

fn row<'a>(projected: &Projected, taken: Taken<'a>) -> PaymentRow<'a> {
    PaymentRow {
        business_id: projected.business.0,
        position: projected.position.0,
        payment_id: taken.payment_id,
        kind: taken.kind,
        at: taken.at,
        amount: taken.amount.amount(),
        currency: taken.amount.currency().code(),
        method: taken.method,
        taken_by_kind: taken.by.kind,
        taken_by: taken.by.id,
        booking_id: taken.booking_id,
        client_id: taken.client_id,
        staff_id: taken.staff_id,
        refund_of: taken.refund_of,
        text: taken.text.and_then(Sealed::value),
        text_under: taken.text.map(|text| text.key().uuid()),
    }
}

async fn load(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Booking>, sqlx::Error> {
    let rows: Vec<Booking> = rows::load(
        db,
        "select b.business_id, b.booking_id, b.client_id, b.staff_id, b.reference, b.deleted, b.methods
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
           join till_booking b using (business_id, booking_id)",
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
        "insert into till_booking (business_id, booking_id, client_id, staff_id, reference, deleted, methods)
         select business_id, booking_id, client_id, staff_id, reference, deleted, methods
           from json_to_recordset($1::json)
             as r (business_id uuid, booking_id uuid, client_id uuid, staff_id uuid, reference text, deleted boolean,
                   methods jsonb)
             on conflict (business_id, booking_id) do update
            set (staff_id, deleted, methods) = (excluded.staff_id, excluded.deleted, excluded.methods)",
        rows,
    )
    .await
}

async fn store_payments(db: &mut PgConnection, rows: &[PaymentRow<'_>]) -> Result<(), ApplyError> {
    rows::store(
        db,
        "insert into till_payment (business_id, position, payment_id, kind, at, amount, currency, method, taken_by_kind,
                                   taken_by, booking_id, client_id, staff_id, refund_of, text, text_under)
         select business_id, position, payment_id, kind, at, amount, currency, method, taken_by_kind,
                taken_by, booking_id, client_id, staff_id, refund_of, text, text_under
           from json_to_recordset($1::json)
             as r (business_id uuid, position bigint, payment_id uuid, kind text, at timestamptz, amount numeric,
                   currency text, method text, taken_by_kind text, taken_by uuid, booking_id uuid, client_id uuid,
                   staff_id uuid, refund_of uuid, text text, text_under uuid)",
        rows,
    )
    .await
}
