//! What was told to a client about a booking.

use std::collections::BTreeMap;

use domain::{
    booking::Booking,
    id::Id,
    notification::{Notification, Reason},
};
use jiff::Timestamp;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::{Scope, projected::as_kept};

/// A message, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which.
    pub id: Id<Notification>,
    /// Over what.
    pub channel: String,
    /// What it was about.
    pub occasion: String,
    /// How far it came.
    pub outcome: String,
    /// When it is, or was, to be sent.
    pub due_at: Timestamp,
    /// When the channel took it; none: it never did.
    pub sent_at: Option<Timestamp>,
    /// When it ended as it did; none while it waits or is on its way.
    pub ended_at: Option<Timestamp>,
    /// Why it was given up, or not sent.
    pub why: Option<String>,
}

impl Message {
    /// As its stream tells it; none: it is not scheduled.
    #[must_use]
    pub fn of(id: Id<Notification>, notification: &Notification) -> Option<Self> {
        let notice = notification.notice.as_ref()?;
        Some(Self {
            id,
            channel: notice.channel.as_str().to_owned(),
            occasion: notice.occasion.as_str().to_owned(),
            outcome: notification.outcome.as_str().to_owned(),
            due_at: as_kept(notice.due_at),
            sent_at: notification.sent_at.map(as_kept),
            ended_at: notification.ended_at.map(as_kept),
            why: notification.why.map(Reason::as_str).map(str::to_owned),
        })
    }

    /// When it came as far as it did; while it waits, when it is due.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.ended_at.or(self.sent_at).unwrap_or(self.due_at)
    }
}

#[derive(FromRow)]
struct Row {
    booking_id: Uuid,
    notification_id: Uuid,
    channel: String,
    occasion: String,
    outcome: String,
    due_at: jiff_sqlx::Timestamp,
    sent_at: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    why: Option<String>,
}

/// What was told about each of these bookings, in the order in which it was due. Whoever may see a booking may see that.
///
/// # Errors
/// When the database does not answer.
pub async fn of_bookings(
    db: &PgPool,
    scope: &Scope,
    bookings: &[Id<Booking>],
) -> Result<BTreeMap<Id<Booking>, Vec<Message>>, sqlx::Error> {
    let ids: Vec<Uuid> = bookings.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select booking_id, notification_id, channel, occasion, outcome, due_at, sent_at, ended_at, why
           from report_notification
          where business_id = $1 and booking_id = any ($2)
          order by due_at, notification_id",
    )
    .bind(scope.business().0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    let mut found: BTreeMap<_, Vec<Message>> = BTreeMap::new();
    for row in rows {
        let of_booking = found.entry(Id::new(row.booking_id)).or_default();
        of_booking.push(Message {
            id: Id::new(row.notification_id),
            channel: row.channel,
            occasion: row.occasion,
            outcome: row.outcome,
            due_at: row.due_at.to_jiff(),
            sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            why: row.why,
        });
    }
    Ok(found)
}
