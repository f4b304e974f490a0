//! How each event changes a booking's row.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    booking::{BookingEvent, Placement, Plan, Status},
    event::AnyEvent,
    id::Id,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::span::Spans;
use crate::{Projected, merged::Merged, projected::as_kept};

/// Business and booking.
pub(super) type Key = (Uuid, Uuid);

/// A booking where it stands.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub(super) struct Row {
    business_id: Uuid,
    booking_id: Uuid,
    version: i64,
    reference: String,
    visit_id: Option<Uuid>,
    session_id: Option<Uuid>,
    client_id: Option<Uuid>,
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    starts: Timestamp,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    ends: Timestamp,
    hour_unknown: bool,
    overlapping: bool,
    status: String,
    deleted: bool,
    arrived_at: Option<jiff_sqlx::Timestamp>,
    left_at: Option<jiff_sqlx::Timestamp>,
    price: Decimal,
    currency: String,
    source: String,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    created_at: Timestamp,
}

/// What a batch leaves.
pub(super) struct Folded {
    pub(super) rows: BTreeMap<Key, Row>,
    pub(super) spans: Spans,
}

/// The rows that a batch changes, but for those that it begins.
pub(super) async fn load(
    db: &mut PgConnection,
    batch: &[Projected],
) -> Result<BTreeMap<Key, Row>, sqlx::Error> {
    let mut begun = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    for projected in batch {
        if let AnyEvent::Booking(id, event) = &projected.event {
            let key = (projected.business.0, id.uuid());
            if matches!(event, BookingEvent::Placed(_)) && !wanted.contains(&key) {
                begun.insert(key);
            } else if !begun.contains(&key) {
                wanted.insert(key);
            }
        }
    }
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (businesses, bookings): (Vec<Uuid>, Vec<Uuid>) = wanted.into_iter().unzip();
    let rows: Vec<Row> = sqlx::query_as(
        "select b.* from unnest($1::uuid[], $2::uuid[]) as w (business, booking)
           join calendar_booking b on b.business_id = w.business and b.booking_id = w.booking",
    )
    .bind(businesses)
    .bind(bookings)
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.business_id, row.booking_id), row))
        .collect())
}

pub(super) fn fold(mut rows: BTreeMap<Key, Row>, batch: &[Projected]) -> Folded {
    let mut spans = Spans::default();
    for projected in batch {
        let AnyEvent::Booking(id, event) = &projected.event else {
            continue;
        };
        let key = (projected.business.0, id.uuid());
        let version = projected.version.0;
        let stood = rows.get(&key).map(Row::span);
        let row = match (rows.get_mut(&key), event) {
            (Some(row), event) => {
                row.remember(event);
                row.version = version;
                row
            }
            (None, BookingEvent::Placed(placement)) => {
                let row = Row::placed(key, version, placement);
                rows.entry(key).or_insert(row)
            }
            // A history that does not begin with `placed` is not a booking's, here as in the domain.
            (None, _) => continue,
        };
        if stood != Some(row.span()) {
            spans.moves(key, projected.position, stood.is_some(), row.span());
        }
    }
    Folded { rows, spans }
}

impl Row {
    fn placed((business_id, booking_id): Key, version: i64, placement: &Placement) -> Self {
        let mut row = Self {
            business_id,
            booking_id,
            version,
            reference: placement.reference.to_string(),
            visit_id: placement.visit_id.map(Id::uuid),
            session_id: None,
            client_id: placement.client_id.map(Id::uuid),
            service_id: None,
            staff_id: None,
            desk_id: None,
            starts: placement.plan.start,
            ends: placement.plan.start,
            hour_unknown: false,
            overlapping: placement.imported.as_ref().is_some_and(|i| i.overlaps),
            status: placement.status.as_str().to_owned(),
            deleted: false,
            arrived_at: None,
            left_at: None,
            price: Decimal::ZERO,
            currency: String::new(),
            source: placement.source.as_str().to_owned(),
            created_at: placement.at,
        };
        row.follow(&placement.plan);
        row
    }

    fn remember(&mut self, event: &BookingEvent) {
        match event {
            // Only the first one makes a booking.
            BookingEvent::Placed(_) => {}
            BookingEvent::Confirmed(_) => self.is(Status::Confirmed),
            BookingEvent::Rescheduled { to, imported, .. } => {
                self.follow(to);
                self.overlapping = imported.as_ref().is_some_and(|i| i.overlaps);
            }
            BookingEvent::ServiceChanged { to, .. } => {
                self.follow(to);
                self.overlapping = false;
            }
            BookingEvent::PriceChanged { to, .. } => {
                self.price = to.amount();
                to.currency().code().clone_into(&mut self.currency);
            }
            BookingEvent::Arrived(told) => self.arrived_at = Some(told.at.to_sqlx()),
            BookingEvent::Left(told) => self.left_at = Some(told.at.to_sqlx()),
            BookingEvent::Completed(_) => self.is(Status::Completed),
            BookingEvent::MarkedNoShow(_) => self.is(Status::NoShow),
            BookingEvent::Cancelled { .. } => self.is(Status::Cancelled),
            BookingEvent::StatusCorrected { from, to, .. } => {
                self.is(*to);
                if !from.holds_time() {
                    self.overlapping = false;
                }
            }
            BookingEvent::PresenceCorrected { to, .. } => {
                self.arrived_at = to.arrived_at.map(ToSqlx::to_sqlx);
                self.left_at = to.left_at.map(ToSqlx::to_sqlx);
            }
            BookingEvent::Commented(_)
            | BookingEvent::PaymentRecorded(_)
            | BookingEvent::PaymentRefunded(_)
            | BookingEvent::Reviewed(_) => {}
            BookingEvent::Deleted { .. } => self.deleted = true,
            BookingEvent::Restored { status, to, .. } => {
                self.deleted = false;
                self.is(*status);
                self.follow(to);
                self.overlapping = false;
            }
        }
    }

    /// Business and client.
    pub(super) fn client(&self) -> Option<Key> {
        Some((self.business_id, self.client_id?))
    }

    fn span(&self) -> (Timestamp, Timestamp) {
        (self.starts, self.ends)
    }

    fn is(&mut self, status: Status) {
        status.as_str().clone_into(&mut self.status);
    }

    fn follow(&mut self, plan: &Plan) {
        self.session_id = plan.session_id.map(Id::uuid);
        self.service_id = plan.service_id.map(Id::uuid);
        self.staff_id = plan.staff_id.map(Id::uuid);
        self.desk_id = plan.desk_id.map(Id::uuid);
        self.starts = as_kept(plan.start);
        self.ends = as_kept(plan.end());
        self.hour_unknown = plan.hour_unknown;
        self.price = plan.price.amount();
        plan.price.currency().code().clone_into(&mut self.currency);
    }
}

pub(super) async fn store(
    db: &mut PgConnection,
    rows: BTreeMap<Key, Row>,
    merged: &Merged,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = rows.into_values().collect();
    macro_rules! column {
        (|$row:ident| $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into calendar_booking (business_id, booking_id, version, reference, visit_id, client_id, service_id,
             staff_id, desk_id, starts, ends, hour_unknown, overlapping, status, deleted, arrived_at, left_at, price,
             currency, source, created_at, session_id)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[],
             $8::uuid[], $9::uuid[], $10::timestamptz[], $11::timestamptz[], $12::boolean[], $13::boolean[],
             $14::text[], $15::boolean[], $16::timestamptz[], $17::timestamptz[], $18::numeric[], $19::text[],
             $20::text[], $21::timestamptz[], $22::uuid[])
         on conflict (business_id, booking_id) do update set
             version = excluded.version, service_id = excluded.service_id, staff_id = excluded.staff_id,
             desk_id = excluded.desk_id, starts = excluded.starts, ends = excluded.ends,
             hour_unknown = excluded.hour_unknown, overlapping = excluded.overlapping, status = excluded.status,
             deleted = excluded.deleted, arrived_at = excluded.arrived_at, left_at = excluded.left_at,
             price = excluded.price, currency = excluded.currency, session_id = excluded.session_id",
    )
    .bind(column!(|r| r.business_id))
    .bind(column!(|r| r.booking_id))
    .bind(column!(|r| r.version))
    .bind(column!(|r| r.reference.as_str()))
    .bind(column!(|r| r.visit_id))
    .bind(column!(|r| r.client_id.map(|id| merged.now(r.business_id, id))))
    .bind(column!(|r| r.service_id))
    .bind(column!(|r| r.staff_id))
    .bind(column!(|r| r.desk_id))
    .bind(column!(|r| r.starts.to_sqlx()))
    .bind(column!(|r| r.ends.to_sqlx()))
    .bind(column!(|r| r.hour_unknown))
    .bind(column!(|r| r.overlapping))
    .bind(column!(|r| r.status.as_str()))
    .bind(column!(|r| r.deleted))
    .bind(column!(|r| r.arrived_at))
    .bind(column!(|r| r.left_at))
    .bind(column!(|r| r.price))
    .bind(column!(|r| r.currency.as_str()))
    .bind(column!(|r| r.source.as_str()))
    .bind(column!(|r| r.created_at.to_sqlx()))
    .bind(column!(|r| r.session_id))
    .execute(db)
    .await?;
    Ok(())
}
