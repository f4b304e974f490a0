//! How bookings' events become rows. What was brought in without a client is nobody's, and left out.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    booking::{BookingEvent, Placement, Plan, Status},
    id::Id,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Facts, Payment};
use crate::{
    ApplyError, Projected,
    merged::Merged,
    projected::as_kept,
    rows::{self, Key, touched},
};

/// The bookings that a batch tells of.
pub(super) struct Bookings {
    rows: BTreeMap<Key, Row>,
    changed: BTreeSet<Key>,
}

/// A row of `segment_booking`.
#[derive(Debug, FromRow, Serialize)]
struct Row {
    business_id: Uuid,
    booking_id: Uuid,
    client_id: Uuid,
    visit_id: Option<Uuid>,
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    status: String,
    source: String,
    online: bool,
    deleted: bool,
    hour_unknown: bool,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    starts: Timestamp,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    created_at: Timestamp,
    #[serde(serialize_with = "instant")]
    cancelled_at: Option<jiff_sqlx::Timestamp>,
    moves: i32,
    paid: Decimal,
}

impl Bookings {
    pub(super) async fn load(
        db: &mut PgConnection,
        batch: &[Projected],
    ) -> Result<Self, sqlx::Error> {
        let rows: Vec<Row> = rows::load(
            db,
            "select b.business_id, b.booking_id, b.client_id, b.visit_id, b.service_id, b.staff_id, b.status, b.source,
                    b.online, b.deleted, b.hour_unknown, b.starts, b.created_at, b.cancelled_at, b.moves, b.paid
               from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
               join segment_booking b using (business_id, booking_id)",
            touched(batch, Projected::of_booking),
        )
        .await?;
        let rows = rows.into_iter();
        Ok(Self {
            rows: rows
                .map(|row| ((row.business_id, row.booking_id), row))
                .collect(),
            changed: BTreeSet::new(),
        })
    }

    /// The clients whose bookings changed.
    pub(super) fn changed(&self) -> impl Iterator<Item = Key> + '_ {
        let rows = self.changed.iter().filter_map(|key| self.rows.get(key));
        rows.map(|row| (row.business_id, row.client_id))
    }

    pub(super) fn take(
        &mut self,
        projected: &Projected,
        key: Key,
        event: &BookingEvent,
        merged: &Merged,
        facts: &mut Facts,
    ) {
        if let BookingEvent::Placed(placement) = event {
            if let Some(client) = placement.client_id {
                self.rows.entry(key).or_insert_with(|| {
                    let client = merged.now(key.0, client.uuid());
                    Row::placed(key, client, placement, projected)
                });
                self.changed.insert(key);
            }
            return;
        }
        // A history that does not begin with `placed` is not a booking's, here as in the domain.
        if let Some(row) = self.rows.get_mut(&key)
            && row.remember(projected, event, facts)
        {
            self.changed.insert(key);
        }
    }

    pub(super) async fn store(&self, db: &mut PgConnection) -> Result<(), ApplyError> {
        let rows = self.changed.iter().filter_map(|key| self.rows.get(key));
        let rows: Vec<_> = rows.collect();
        rows::store(
            db,
            "insert into segment_booking (business_id, booking_id, client_id, visit_id, service_id, staff_id, status,
                                          source, online, deleted, hour_unknown, starts, created_at, cancelled_at,
                                          moves, paid)
             select business_id, booking_id, client_id, visit_id, service_id, staff_id, status, source, online,
                    deleted, hour_unknown, starts, created_at, cancelled_at, moves, paid
               from json_to_recordset($1::json)
                 as r (business_id uuid, booking_id uuid, client_id uuid, visit_id uuid, service_id uuid,
                       staff_id uuid, status text, source text, online boolean, deleted boolean,
                       hour_unknown boolean, starts timestamptz, created_at timestamptz, cancelled_at timestamptz,
                       moves integer, paid numeric)
                 on conflict (business_id, booking_id) do update
                set (service_id, staff_id, status, deleted, hour_unknown, starts, cancelled_at, moves, paid)
                  = (excluded.service_id, excluded.staff_id, excluded.status, excluded.deleted,
                     excluded.hour_unknown, excluded.starts, excluded.cancelled_at, excluded.moves, excluded.paid)",
            &rows,
        )
        .await
    }
}

impl Row {
    fn placed(
        (business_id, booking_id): Key,
        client_id: Uuid,
        placement: &Placement,
        projected: &Projected,
    ) -> Self {
        let mut row = Self {
            business_id,
            booking_id,
            client_id,
            visit_id: placement.visit_id.map(Id::uuid),
            service_id: None,
            staff_id: None,
            status: String::new(),
            source: placement.source.as_str().to_owned(),
            online: is_online(placement, projected),
            deleted: false,
            hour_unknown: false,
            starts: placement.plan.start,
            created_at: as_kept(placement.at),
            cancelled_at: None,
            moves: 0,
            paid: Decimal::ZERO,
        };
        row.is(placement.status);
        row.follow(&placement.plan);
        row
    }

    /// Changes as the event says; whether it did.
    fn remember(&mut self, projected: &Projected, event: &BookingEvent, facts: &mut Facts) -> bool {
        use BookingEvent as E;
        let (client, booking) = (self.client_id, Some(self.booking_id));
        match event {
            // Only the first one makes a booking.
            E::Placed(_)
            | E::Arrived(_)
            | E::Left(_)
            | E::PresenceCorrected { .. }
            | E::PriceChanged { .. } => return false,
            E::Confirmed(_) => self.is(Status::Confirmed),
            E::Rescheduled {
                from,
                to,
                moved_with,
                ..
            } => {
                // Who sits in a session that moves has moved nothing.
                if moved_with.is_none() && from.start != to.start {
                    self.moves = self.moves.saturating_add(1);
                }
                self.follow(to);
            }
            E::ServiceChanged { to, .. } => self.follow(to),
            E::Completed(_) => self.is(Status::Completed),
            E::MarkedNoShow(_) => self.is(Status::NoShow),
            E::Cancelled {
                at,
                reason,
                cancelled_with,
                ..
            } => {
                self.is(Status::Cancelled);
                let by_them = cancelled_with.is_none();
                self.cancelled_at = by_them.then(|| as_kept(*at).to_sqlx());
                facts.wrote(projected, client, booking, reason.as_ref());
            }
            E::StatusCorrected { to, .. } => self.is(*to),
            E::Commented(comment) => {
                facts.wrote(projected, client, booking, Some(&comment.text));
                return false;
            }
            E::Reviewed(review) => {
                facts.wrote(projected, client, booking, review.text.as_ref());
                return false;
            }
            E::PaymentRecorded(payment) => {
                self.pays(projected, payment.at, payment.amount.amount(), facts);
            }
            E::PaymentRefunded(refund) => {
                self.pays(projected, refund.at, -refund.amount.amount(), facts);
            }
            E::Deleted { .. } => self.deleted = true,
            E::Restored { status, from, to } => {
                if from.as_ref().is_some_and(|from| from.start != to.start) {
                    self.moves = self.moves.saturating_add(1);
                }
                self.deleted = false;
                self.is(*status);
                self.follow(to);
            }
        }
        true
    }

    /// When it was last cancelled is kept: what is deleted and restored, or opened and closed again, stands cancelled
    /// since then.
    fn is(&mut self, status: Status) {
        status.as_str().clone_into(&mut self.status);
    }

    fn follow(&mut self, plan: &Plan) {
        self.service_id = plan.service_id.map(Id::uuid);
        self.staff_id = plan.staff_id.map(Id::uuid);
        self.starts = as_kept(plan.start);
        self.hour_unknown = plan.hour_unknown;
    }

    fn pays(&mut self, projected: &Projected, at: Timestamp, amount: Decimal, facts: &mut Facts) {
        self.paid += amount;
        facts.payments.push(Payment {
            business_id: self.business_id,
            position: projected.position.0,
            client_id: self.client_id,
            at: as_kept(at),
            amount,
            receipt: self.visit_id.unwrap_or(self.booking_id),
            booking_id: Some(self.booking_id),
            service_id: None,
            staff_id: None,
        });
    }
}

/// Made by a visitor, or by somebody who says that it was made online: as the report on time saved has it.
fn is_online(placement: &Placement, projected: &Projected) -> bool {
    let said = ["public_page", "online"].contains(&placement.source.as_str());
    match projected.metadata.actor.kind.as_str() {
        "client" => true,
        "import" | "system" => false,
        _ => said || placement.online.is_some(),
    }
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn instant<S: Serializer>(
    at: &Option<jiff_sqlx::Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(jiff_sqlx::Timestamp::to_jiff).serialize(serializer)
}
