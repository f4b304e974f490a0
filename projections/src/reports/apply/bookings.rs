//! How bookings' events become rows.

use std::collections::BTreeMap;

use domain::{
    booking::{BookingEvent, Payment, Placement, Plan, Refund, Status},
    id::Id,
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
};

/// The bookings that a batch tells of: as they stood before it, and as they stand after.
pub(super) struct Bookings {
    before: BTreeMap<Key, Row>,
    rows: BTreeMap<Key, Row>,
}

/// Money that a booking's event tells of.
pub(super) enum Money<'a> {
    Paid(&'a Payment),
    GivenBack(&'a Refund),
}

/// A row of `report_booking`.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub(super) struct Row {
    pub(super) business_id: Uuid,
    pub(super) booking_id: Uuid,
    pub(super) visit_id: Option<Uuid>,
    pub(super) client_id: Option<Uuid>,
    pub(super) staff_id: Option<Uuid>,
    pub(super) service_id: Option<Uuid>,
    pub(super) desk_id: Option<Uuid>,
    session_id: Option<Uuid>,
    pub(super) status: String,
    pub(super) source: String,
    placed_by_kind: String,
    pub(super) deleted: bool,
    hour_unknown: bool,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    starts: Timestamp,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    ends: Timestamp,
    duration_min: i32,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    created_at: Timestamp,
    price: Decimal,
    paid: Decimal,
    payments: i32,
}

impl Bookings {
    pub(super) async fn load(
        db: &mut PgConnection,
        batch: &[Projected],
    ) -> Result<Self, sqlx::Error> {
        let rows: Vec<Row> = rows::load(
            db,
            "select b.business_id, b.booking_id, b.visit_id, b.client_id, b.staff_id, b.service_id, b.desk_id,
                    b.session_id, b.status, b.source, b.placed_by_kind, b.deleted, b.hour_unknown, b.starts, b.ends,
                    b.duration_min, b.created_at, b.price, b.paid, b.payments
               from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
               join report_booking b using (business_id, booking_id)",
            touched(batch, of_booking),
        )
        .await?;
        let rows: BTreeMap<Key, Row> = rows.into_iter().map(|row| (row.key(), row)).collect();
        Ok(Self {
            before: rows.clone(),
            rows,
        })
    }

    /// Takes a booking's event in, and gives the money that it tells of.
    pub(super) fn take<'a>(
        &mut self,
        projected: &Projected,
        key: Key,
        event: &'a BookingEvent,
    ) -> Option<Money<'a>> {
        if let BookingEvent::Placed(placement) = event {
            let placed = || Row::placed(key, placement, &projected.metadata.actor.kind);
            self.rows.entry(key).or_insert_with(placed);
            return None;
        }
        // A history that does not begin with `placed` is not a booking's, here as in the domain.
        self.rows.get_mut(&key)?.remember(event)
    }

    /// Whose they are.
    pub(super) fn clients(&self) -> impl Iterator<Item = Key> + '_ {
        self.rows.values().filter_map(Row::client)
    }

    /// What somebody booked who turned out to be another is that one's.
    pub(super) fn are_of(&mut self, merged: &Merged) {
        for row in self.rows.values_mut() {
            row.client_id = row.client_id.map(|id| merged.now(row.business_id, id));
        }
    }

    pub(super) fn get(&self, key: Key) -> Option<&Row> {
        self.rows.get(&key)
    }

    /// Those of whose earlier payments other things are true now.
    pub(super) fn paid_for_otherwise(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| {
            let before = self.before.get(&row.key());
            before.is_some_and(|before| {
                before.payments > 0 && before.of_payments() != row.of_payments()
            })
        })
    }

    /// The clients of those that are new, begin at another time, or stand otherwise.
    pub(super) fn came_otherwise(&self) -> impl Iterator<Item = Key> + '_ {
        let changed = self.rows.values().filter(|row| {
            let before = self.before.get(&row.key());
            before.is_none_or(|before| before.of_visits() != row.of_visits())
        });
        changed.filter_map(Row::client)
    }

    pub(super) async fn store(&self, db: &mut PgConnection) -> Result<(), ApplyError> {
        let changed = self
            .rows
            .iter()
            .filter(|(key, row)| self.before.get(*key) != Some(*row));
        let changed: Vec<_> = changed.map(|(_, row)| row).collect();
        rows::store(
            db,
            "insert into report_booking (business_id, booking_id, visit_id, client_id, staff_id, service_id, desk_id,
                                         session_id, status, source, placed_by_kind, deleted, hour_unknown, starts,
                                         ends, duration_min, created_at, price, paid, payments)
             select business_id, booking_id, visit_id, client_id, staff_id, service_id, desk_id, session_id, status,
                    source, placed_by_kind, deleted, hour_unknown, starts, ends, duration_min, created_at, price, paid,
                    payments
               from json_to_recordset($1::json)
                 as r (business_id uuid, booking_id uuid, visit_id uuid, client_id uuid, staff_id uuid,
                       service_id uuid, desk_id uuid, session_id uuid, status text, source text, placed_by_kind text,
                       deleted boolean, hour_unknown boolean, starts timestamptz, ends timestamptz,
                       duration_min integer, created_at timestamptz, price numeric, paid numeric, payments integer)
                 on conflict (business_id, booking_id) do update
                set (staff_id, service_id, desk_id, session_id, status, deleted, hour_unknown, starts, ends,
                     duration_min, price, paid, payments)
                  = (excluded.staff_id, excluded.service_id, excluded.desk_id, excluded.session_id, excluded.status,
                     excluded.deleted, excluded.hour_unknown, excluded.starts, excluded.ends, excluded.duration_min,
                     excluded.price, excluded.paid, excluded.payments)",
            &changed,
        )
        .await
    }
}

impl Row {
    fn placed((business_id, booking_id): Key, placement: &Placement, by: &str) -> Self {
        let plan = &placement.plan;
        let mut row = Self {
            business_id,
            booking_id,
            visit_id: placement.visit_id.map(Id::uuid),
            client_id: placement.client_id.map(Id::uuid),
            staff_id: None,
            service_id: None,
            desk_id: None,
            session_id: None,
            status: placement.status.as_str().to_owned(),
            source: placement.source.as_str().to_owned(),
            placed_by_kind: by.to_owned(),
            deleted: false,
            hour_unknown: false,
            starts: plan.start,
            ends: plan.start,
            duration_min: 0,
            created_at: as_kept(placement.at),
            price: Decimal::ZERO,
            paid: Decimal::ZERO,
            payments: 0,
        };
        row.follow(plan);
        row
    }

    fn key(&self) -> Key {
        (self.business_id, self.booking_id)
    }

    fn client(&self) -> Option<Key> {
        Some((self.business_id, self.client_id?))
    }

    /// What stands in the rows of its payments, too. (Its client changes there where it changes here.)
    fn of_payments(&self) -> impl PartialEq + '_ {
        let (staff, service, desk) = (self.staff_id, self.service_id, self.desk_id);
        (
            staff,
            service,
            desk,
            &self.status,
            self.deleted,
            self.is_paid_once(),
        )
    }

    /// It has one payment, and shares its receipt with no other booking.
    pub(super) fn is_paid_once(&self) -> bool {
        self.visit_id.is_none() && self.payments == 1
    }

    /// What the first booking and the first visit of its client depend on.
    fn of_visits(&self) -> impl PartialEq + '_ {
        (self.starts, &self.status, self.deleted)
    }

    /// Changes as the event says; gives the money that it tells of.
    fn remember<'a>(&mut self, event: &'a BookingEvent) -> Option<Money<'a>> {
        use BookingEvent as E;
        match event {
            // Only the first one makes a booking.
            E::Placed(_) => {}
            E::Confirmed(_) => self.is(Status::Confirmed),
            E::Rescheduled { to, .. } | E::ServiceChanged { to, .. } => self.follow(to),
            E::PriceChanged { to, .. } => self.price = to.amount(),
            E::Completed(_) => self.is(Status::Completed),
            E::MarkedNoShow(_) => self.is(Status::NoShow),
            E::Cancelled { .. } => self.is(Status::Cancelled),
            E::StatusCorrected { to, .. } => self.is(*to),
            E::PaymentRecorded(payment) => {
                self.pays(payment.amount.amount());
                return Some(Money::Paid(payment));
            }
            E::PaymentRefunded(refund) => {
                self.pays(-refund.amount.amount());
                return Some(Money::GivenBack(refund));
            }
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

    fn pays(&mut self, amount: Decimal) {
        self.paid += amount;
        self.payments = self.payments.saturating_add(1);
    }

    fn follow(&mut self, plan: &Plan) {
        self.staff_id = plan.staff_id.map(Id::uuid);
        self.service_id = plan.service_id.map(Id::uuid);
        self.desk_id = plan.desk_id.map(Id::uuid);
        self.session_id = plan.session_id.map(Id::uuid);
        self.hour_unknown = plan.hour_unknown;
        self.starts = as_kept(plan.start);
        self.ends = as_kept(plan.end());
        self.duration_min = i32::try_from(plan.timing.duration_min.get()).unwrap_or(i32::MAX);
        self.price = plan.price.amount();
    }
}

/// The booking of which an event tells what reports count.
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
        | E::Deleted { .. }
        | E::Restored { .. } => true,
        E::Arrived(_)
        | E::Left(_)
        | E::PresenceCorrected { .. }
        | E::Commented(_)
        | E::Reviewed(_) => false,
    })
}
