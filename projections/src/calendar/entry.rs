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
use sqlx::{Decode, FromRow, Postgres, Row as _, Type, postgres::PgRow};
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

/// For `select` on `calendar_booking b left join calendar_client c`, in the order in which an [`Entry`] is read.
pub(super) const COLUMNS: &str = "b.booking_id, b.version, b.reference, b.visit_id, b.session_id, b.client_id, c.name as client_name,
    b.service_id, b.staff_id, b.desk_id, b.starts, b.ends, b.hour_unknown, b.overlapping, b.status, b.deleted,
    b.arrived_at, b.left_at, b.price, b.currency, b.source, b.created_at";

/// A row, column by column: a month of a large house has tens of thousands, and to look each column up by its name
/// takes longer than to read it.
struct InOrder<'r> {
    row: &'r PgRow,
    at: usize,
}

impl<'r> InOrder<'r> {
    fn next<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> Result<T, sqlx::Error> {
        let value = self.row.try_get(self.at);
        self.at += 1;
        value
    }

    fn id<T>(&mut self) -> Result<Option<Id<T>>, sqlx::Error> {
        Ok(self.next::<Option<Uuid>>()?.map(Id::new))
    }

    fn instant(&mut self) -> Result<Timestamp, sqlx::Error> {
        Ok(self.next::<jiff_sqlx::Timestamp>()?.to_jiff())
    }

    fn maybe_instant(&mut self) -> Result<Option<Timestamp>, sqlx::Error> {
        let at: Option<jiff_sqlx::Timestamp> = self.next()?;
        Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
    }
}

impl FromRow<'_, PgRow> for Entry {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let mut told = InOrder { row, at: 0 };
        // As `COLUMNS` has them.
        Ok(Self {
            booking_id: Id::new(told.next()?),
            version: Version(told.next()?),
            reference: told.next()?,
            visit_id: told.id()?,
            session_id: told.id()?,
            client_id: told.id()?,
            client_name: told.next()?,
            service_id: told.id()?,
            staff_id: told.id()?,
            desk_id: told.id()?,
            start: told.instant()?,
            end: told.instant()?,
            hour_unknown: told.next()?,
            overlaps: told.next()?,
            status: status(told.next()?)?,
            deleted: told.next()?,
            arrived_at: told.maybe_instant()?,
            left_at: told.maybe_instant()?,
            price: money(told.next()?, told.next()?)?,
            source: told.next()?,
            created_at: told.instant()?,
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
