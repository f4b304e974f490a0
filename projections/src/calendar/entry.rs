//! A booking as the calendar shows it.

use domain::{
    booking::{Booking, Status},
    client::Client,
    desk::Desk,
    id::{Id, Visit},
    money::{Currency, Money},
    service::Service,
    session::Session,
    staff::Staff,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use sqlx::{FromRow, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::Version;

/// A booking as the calendar shows it. Staff, service and desk are named by whoever shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which.
    pub booking_id: Id<Booking>,
    /// Of its stream, for `If-Match`.
    pub version: Version,
    /// What people call it by.
    pub reference: String,
    /// The visit that it is part of.
    pub visit_id: Option<Id<Visit>>,
    /// The session of a class that it is a seat in.
    pub session_id: Option<Id<Session>>,
    /// For whom.
    pub client_id: Option<Id<Client>>,
    /// What they are called; none: erased, or nobody told.
    pub client_name: Option<String>,
    /// What is done.
    pub service_id: Option<Id<Service>>,
    /// By whom.
    pub staff_id: Option<Id<Staff>>,
    /// Where.
    pub desk_id: Option<Id<Desk>>,
    /// When it begins; the day's first instant while the hour is unknown.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Only the day is known.
    pub hour_unknown: bool,
    /// It overlapped in the system that it came from, and still stands where it did.
    pub overlaps: bool,
    /// Where it stands in its life.
    pub status: Status,
    /// Out of sight.
    pub deleted: bool,
    /// When the client came.
    pub arrived_at: Option<Timestamp>,
    /// When the client went.
    pub left_at: Option<Timestamp>,
    /// What it costs.
    pub price: Money,
    /// Where it came from, in the business's words.
    pub source: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// For `select` on `calendar_booking b left join calendar_client c`.
pub(super) const COLUMNS: &str = "b.booking_id, b.version, b.reference, b.visit_id, b.session_id, b.client_id, c.name as client_name,
    b.service_id, b.staff_id, b.desk_id, b.starts, b.ends, b.hour_unknown, b.overlapping, b.status, b.deleted,
    b.arrived_at, b.left_at, b.price, b.currency, b.source, b.created_at";

/// Where [`COLUMNS`] come from.
pub(super) const TABLES: &str = "calendar_booking b
    left join calendar_client c on c.business_id = b.business_id and c.client_id = b.client_id";

impl FromRow<'_, PgRow> for Entry {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let instant = |column| -> Result<Timestamp, sqlx::Error> {
            Ok(row.try_get::<jiff_sqlx::Timestamp, _>(column)?.to_jiff())
        };
        let maybe = |column| -> Result<Option<Timestamp>, sqlx::Error> {
            let at: Option<jiff_sqlx::Timestamp> = row.try_get(column)?;
            Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
        };
        let id = |column| row.try_get::<Option<Uuid>, _>(column);
        Ok(Self {
            booking_id: Id::new(row.try_get("booking_id")?),
            version: Version(row.try_get("version")?),
            reference: row.try_get("reference")?,
            visit_id: id("visit_id")?.map(Id::new),
            session_id: id("session_id")?.map(Id::new),
            client_id: id("client_id")?.map(Id::new),
            client_name: row.try_get("client_name")?,
            service_id: id("service_id")?.map(Id::new),
            staff_id: id("staff_id")?.map(Id::new),
            desk_id: id("desk_id")?.map(Id::new),
            start: instant("starts")?,
            end: instant("ends")?,
            hour_unknown: row.try_get("hour_unknown")?,
            overlaps: row.try_get("overlapping")?,
            status: status(row.try_get("status")?)?,
            deleted: row.try_get("deleted")?,
            arrived_at: maybe("arrived_at")?,
            left_at: maybe("left_at")?,
            price: money(row.try_get("price")?, row.try_get("currency")?)?,
            source: row.try_get("source")?,
            created_at: instant("created_at")?,
        })
    }
}

fn status(word: &str) -> Result<Status, sqlx::Error> {
    Status::ALL
        .into_iter()
        .find(|status| status.as_str() == word)
        .ok_or_else(|| sqlx::Error::Decode(format!("no status is called {word:?}").into()))
}

fn money(amount: Decimal, currency: &str) -> Result<Money, sqlx::Error> {
    let currency = Currency::from_code(currency)
        .ok_or_else(|| sqlx::Error::Decode(format!("no currency is called {currency:?}").into()))?;
    Money::new(amount, currency).map_err(|error| sqlx::Error::Decode(error.into()))
}
