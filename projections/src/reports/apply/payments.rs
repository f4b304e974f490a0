//! How money becomes rows, and follows its booking.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    booking::{BookingEvent, Refund},
    client::Sale,
    id::Id,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::bookings::{Bookings, Money, Row as Booking};
use crate::{
    ApplyError, Projected,
    merged::Merged,
    projected::as_kept,
    rows::{self, Key},
};

/// The money that a batch tells of.
pub(super) struct Payments {
    new: Vec<Row>,
    /// What bookings of which something is given back were paid with, oldest first.
    methods: BTreeMap<Key, Vec<(Uuid, Option<String>)>>,
}

/// A row of `report_payment`.
#[derive(Debug, Serialize)]
struct Row {
    business_id: Uuid,
    position: i64,
    payment_id: Uuid,
    refund: bool,
    receipt: Uuid,
    alone: bool,
    at: Timestamp,
    amount: Decimal,
    method: Option<String>,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    status: Option<String>,
    source: Option<String>,
}

/// A booking, as it stands in the rows of its payments.
#[derive(Debug, Serialize)]
struct Standing<'a> {
    business_id: Uuid,
    booking_id: Uuid,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    status: &'a str,
    alone: bool,
}

impl Payments {
    /// Nothing yet, but how what may be given back was paid.
    pub(super) async fn load(
        db: &mut PgConnection,
        batch: &[Projected],
    ) -> Result<Self, sqlx::Error> {
        let given_back = batch.iter().filter_map(|projected| {
            let (key, event) = projected.of_booking()?;
            matches!(event, BookingEvent::PaymentRefunded(_)).then_some(key)
        });
        let given_back: BTreeSet<Key> = given_back.collect();
        let rows: Vec<(Uuid, Uuid, Uuid, Option<String>)> = rows::load(
            db,
            "select p.business_id, p.booking_id, p.payment_id, p.method
               from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
               join report_payment p using (business_id, booking_id)
              where not p.refund
              order by p.position",
            given_back.into_iter().unzip(),
        )
        .await?;
        let mut methods: BTreeMap<Key, Vec<_>> = BTreeMap::new();
        for (business, booking, payment, method) in rows {
            methods
                .entry((business, booking))
                .or_default()
                .push((payment, method));
        }
        Ok(Self {
            new: vec![],
            methods,
        })
    }

    pub(super) fn of_booking(&mut self, projected: &Projected, booking: Uuid, money: Money<'_>) {
        let key = (projected.business.0, booking);
        let row = match money {
            Money::Paid(payment) => {
                let method = Some(payment.method.as_str().to_owned());
                let id = payment.payment_id.uuid();
                self.methods
                    .entry(key)
                    .or_default()
                    .push((id, method.clone()));
                Row {
                    method,
                    ..Row::new(projected, id, payment.at, payment.amount.amount())
                }
            }
            Money::GivenBack(refund) => Row {
                refund: true,
                method: self.method_of(key, refund),
                ..Row::new(
                    projected,
                    refund.refund_id.uuid(),
                    refund.at,
                    -refund.amount.amount(),
                )
            },
        };
        self.new.push(Row {
            booking_id: Some(booking),
            ..row
        });
    }

    pub(super) fn of_sale(&mut self, projected: &Projected, client: Uuid, sale: &Sale) {
        let id = sale.payment_id.uuid();
        self.new.push(Row {
            method: Some(sale.method.as_str().to_owned()),
            client_id: Some(client),
            staff_id: sale.staff_id.map(Id::uuid),
            service_id: sale.service_id.map(Id::uuid),
            ..Row::new(projected, id, sale.at, sale.amount.amount())
        });
    }

    /// How what is given back was paid; where no payment is named, the last one.
    fn method_of(&self, key: Key, refund: &Refund) -> Option<String> {
        let mut newest_first = self.methods.get(&key)?.iter().rev();
        let named = refund.payment_id.map(Id::uuid);
        let (_, method) = newest_first.find(|(id, _)| named.is_none_or(|named| named == *id))?;
        method.clone()
    }

    /// Who bought something without a booking.
    pub(super) fn clients(&self) -> impl Iterator<Item = Key> + '_ {
        let rows = self.new.iter();
        rows.filter_map(|row| Some((row.business_id, row.client_id?)))
    }

    /// What somebody bought who turned out to be another is that one's.
    pub(super) fn are_of(&mut self, merged: &Merged) {
        for row in &mut self.new {
            row.client_id = row.client_id.map(|id| merged.now(row.business_id, id));
        }
    }

    /// Stores what is new, and has what was there before follow its booking.
    pub(super) async fn store(
        mut self,
        db: &mut PgConnection,
        bookings: &Bookings,
    ) -> Result<(), ApplyError> {
        for row in &mut self.new {
            let key = row.booking_id.map(|id| (row.business_id, id));
            if let Some(booking) = key.and_then(|key| bookings.get(key)) {
                row.follow(booking);
            }
        }
        let standing: Vec<_> = bookings.paid_for_otherwise().map(Standing::of).collect();
        rows::store(
            db,
            "update report_payment p
                set (staff_id, service_id, desk_id, status, alone)
                  = (r.staff_id, r.service_id, r.desk_id, r.status, r.alone)
               from json_to_recordset($1::json)
                 as r (business_id uuid, booking_id uuid, staff_id uuid, service_id uuid, desk_id uuid, status text,
                       alone boolean)
              where p.business_id = r.business_id and p.booking_id = r.booking_id",
            &standing,
        )
        .await?;
        rows::store(
            db,
            "insert into report_payment (business_id, position, payment_id, refund, receipt, alone, at, amount,
                                         method, booking_id, client_id, staff_id, service_id, desk_id, status, source)
             select business_id, position, payment_id, refund, receipt, alone, at, amount, method, booking_id, client_id,
                    staff_id, service_id, desk_id, status, source
               from json_to_recordset($1::json)
                 as r (business_id uuid, position bigint, payment_id uuid, refund boolean, receipt uuid, alone boolean,
                       at timestamptz, amount numeric, method text, booking_id uuid, client_id uuid, staff_id uuid,
                       service_id uuid, desk_id uuid, status text, source text)",
            &self.new,
        )
        .await
    }
}

impl Row {
    fn new(projected: &Projected, payment_id: Uuid, at: Timestamp, amount: Decimal) -> Self {
        Self {
            business_id: projected.business.0,
            position: projected.position.0,
            payment_id,
            refund: false,
            receipt: payment_id,
            alone: true,
            at: as_kept(at),
            amount,
            method: None,
            booking_id: None,
            client_id: None,
            staff_id: None,
            service_id: None,
            desk_id: None,
            status: None,
            source: None,
        }
    }

    /// As its booking stands. The bookings of a visit share one receipt.
    fn follow(&mut self, booking: &Booking) {
        self.receipt = booking.visit_id.unwrap_or(booking.booking_id);
        self.alone = booking.is_paid_once();
        self.client_id = booking.client_id;
        self.staff_id = booking.staff_id;
        self.service_id = booking.service_id;
        self.desk_id = booking.desk_id;
        self.status = Some(booking.status.clone());
        self.source = Some(booking.source.clone());
    }
}

impl<'a> Standing<'a> {
    fn of(booking: &'a Booking) -> Self {
        Self {
            business_id: booking.business_id,
            booking_id: booking.booking_id,
            staff_id: booking.staff_id,
            service_id: booking.service_id,
            desk_id: booking.desk_id,
            status: &booking.status,
            alone: booking.is_paid_once(),
        }
    }
}
