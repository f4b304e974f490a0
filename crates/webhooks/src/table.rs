//! The tables `webhook` and `webhook_delivery` (migrations 0014, 0071): how far each webhook was told, and what was sent.

use std::time::Duration;

use jiff::Timestamp;
use ledger::{BusinessId, EventId, Position, Version};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::sender::Sent;

/// Whoever is at a webhook has it for this long after each message: longer than one may take.
const LEASE: &str = "interval '30 seconds'";
/// So many webhooks of one business are told at a time, in all processes together: slow ones of one house do not take
/// everybody's place.
const OF_ONE_BUSINESS: i64 = 4;

/// The tables. Cheap to clone.
#[derive(Clone)]
pub struct Table {
    db: PgPool,
}

/// A webhook that is being told, by us alone for a while.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Whose.
    pub business: BusinessId,
    /// Which.
    pub webhook: Uuid,
    /// Told up to here.
    pub position: Position,
    /// Attempts in a row that failed so far.
    pub attempts: u32,
    /// Which hold it is: another process that takes it after us has another one.
    holder: Uuid,
}

/// How a webhook stands, as its stream says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The version of the stream that says so.
    pub version: Version,
    /// `on`, or why it is off.
    pub word: &'static str,
}

/// Why something was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It happened.
    Event,
    /// Somebody wanted to see whether it gets through.
    Test,
    /// Somebody wanted it sent once more.
    Redelivery,
}

impl Kind {
    /// Its word in JSON and SQL.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Test => "test",
            Self::Redelivery => "redelivery",
        }
    }
}

/// One attempt to send something.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// Why.
    pub kind: Kind,
    /// Which event.
    pub event_id: EventId,
    /// Its place in the ledger.
    pub position: Position,
    /// Its type: `daybook.booking.placed`.
    pub event_type: String,
    /// The how manieth in a row.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub sent: Sent,
}

/// An attempt, as it was logged.
#[derive(Debug, Clone, FromRow)]
pub struct Delivery {
    /// Its id.
    pub delivery_id: Uuid,
    /// Why: a [`Kind`]'s word.
    pub kind: String,
    /// Which event.
    pub event_id: Uuid,
    /// Its place in the ledger.
    pub position: i64,
    /// Its type.
    pub event_type: String,
    /// The how manieth in a row.
    pub attempt: i32,
    at: jiff_sqlx::Timestamp,
    /// What was answered, if anything was.
    pub status: Option<i16>,
    /// Why it did not get through: a [`Fault`](crate::Fault)'s word. None: it did.
    pub fault: Option<String>,
    /// How long it took.
    pub took_ms: i32,
}

impl Delivery {
    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at.to_jiff()
    }
}

/// How far a webhook was told.
#[derive(Debug, Clone, FromRow)]
pub struct Health {
    /// Which.
    pub webhook_id: Uuid,
    /// Told up to here.
    pub position: Option<i64>,
    /// Events after that, its filter not looked at.
    pub behind: i64,
    /// Attempts in a row that failed.
    pub attempts: i32,
    failing_since: Option<jiff_sqlx::Timestamp>,
    next_at: Option<jiff_sqlx::Timestamp>,
}

impl Health {
    /// Since when nothing gets through; none: it does.
    #[must_use]
    pub fn failing_since(&self) -> Option<Timestamp> {
        self.failing_since.map(jiff_sqlx::Timestamp::to_jiff)
    }

    /// When it is tried again, if it is failing.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_at.map(jiff_sqlx::Timestamp::to_jiff)
    }
}

/// Of all webhooks together.
#[derive(Debug, Clone, Default, PartialEq, FromRow)]
pub struct Lag {
    /// Switched off because they failed or were gone.
    pub off: i64,
    /// On, and nothing gets through at the moment.
    pub failing: i64,
    /// On, with events after what they were told.
    pub behind: i64,
    /// How long ago the oldest event was recorded that one of those was not told; zero if there is none.
    pub seconds: f64,
}

/// Which part of a log.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Older than this one.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: usize,
    /// Only those that did (true) or did not get through.
    pub got_through: Option<bool>,
}

impl Table {
    /// These tables.
    #[must_use]
    pub const fn new(db: PgPool) -> Self {
        Self { db }
    }

    /// Makes room for a webhook whose stream is about to be written.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make(&self, business: BusinessId, webhook: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into webhook (business_id, webhook_id) values ($1, $2) on conflict do nothing",
        )
        .bind(business.0)
        .bind(webhook)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Takes note of how a webhook's stream stands. One that was just set up begins with what happens after that;
    /// one that was changed or switched on is tried again at once, and has all its time again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note(
        &self,
        business: BusinessId,
        webhook: Uuid,
        standing: Standing,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with anew as (
                 select exists (
                     select from webhook w join events e
                         on e.business_id = w.business_id and e.aggregate_id = w.webhook_id::text
                      where w.business_id = $1 and w.webhook_id = $2
                        and e.sequence > w.version and e.sequence <= $3
                        and e.event_type in ('changed', 'switched_on')) as it_is)
             update webhook w
                set version = $3, standing = $4,
                    (attempts, failing_since, next_at) = (
                        select case when it_is then 0 else w.attempts end,
                               case when it_is then null else w.failing_since end,
                               case when it_is then '-infinity' else w.next_at end),
                    position = coalesce(w.position, (
                        select e.position from events e
                         where e.aggregate_id = $2::text and e.sequence = 1 and e.business_id = $1))
               from anew
              where business_id = $1 and webhook_id = $2 and version < $3",
        )
        .bind(business.0)
        .bind(webhook)
        .bind(standing.version.0)
        .bind(standing.word)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// How a webhook stood when it was last taken note of: `new`, `on`, or why it is off. None: there is no such one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(
        &self,
        business: BusinessId,
        webhook: Uuid,
    ) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar(
            "select standing from webhook where business_id = $1 and webhook_id = $2",
        )
        .bind(business.0)
        .bind(webhook)
        .fetch_optional(&self.db)
        .await
    }

    /// Forgets a webhook, and what it was sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget(&self, business: BusinessId, webhook: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with gone as (delete from webhook where business_id = $1 and webhook_id = $2)
             delete from webhook_delivery where business_id = $1 and webhook_id = $2",
        )
        .bind(business.0)
        .bind(webhook)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Those of which their streams know better: a process died between the two.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn out_of_date(&self) -> Result<Vec<(BusinessId, Uuid)>, sqlx::Error> {
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "select w.business_id, w.webhook_id from webhook w
              where w.version < (
                        select max(e.sequence) from events e
                         where e.aggregate_id = w.webhook_id::text and e.business_id = w.business_id)
                 or w.standing = 'new' and w.made_at < clock_timestamp() - interval '10 minutes'",
        )
        .fetch_all(&self.db)
        .await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(business, id)| (BusinessId(business), id))
            .collect())
    }

    /// Takes at most `most` webhooks that have something to be told, those first whose last turn is longest ago, and of
    /// each business only a few.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&self, most: usize) -> Result<Vec<Lease>, sqlx::Error> {
        let holder = Uuid::now_v7();
        let rows: Vec<(Uuid, Uuid, i64, i32)> = sqlx::query_as(&format!(
            "with waiting as (
                 select w.business_id, w.webhook_id,
                        row_number() over (partition by w.business_id order by w.served_at, w.next_at)
                        + (select count(*) from webhook b
                            where b.business_id = w.business_id and b.leased_until >= clock_timestamp()) as place
                   from webhook w join ledger_head h using (business_id)
                  where w.standing = 'on' and h.position > w.position
                    and w.next_at <= clock_timestamp() and w.leased_until < clock_timestamp()),
             due as (
                 select w.business_id, w.webhook_id
                   from webhook w join waiting using (business_id, webhook_id)
                  where waiting.place <= {OF_ONE_BUSINESS} and w.leased_until < clock_timestamp()
                  order by w.served_at, w.next_at
                  limit $2
                    for update of w skip locked)
             update webhook w
                set leased_by = $1, leased_until = clock_timestamp() + {LEASE}, served_at = clock_timestamp()
               from due where w.business_id = due.business_id and w.webhook_id = due.webhook_id
             returning w.business_id, w.webhook_id, w.position, w.attempts"
        ))
        .bind(holder)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.db)
        .await?;
        let leases = rows.into_iter();
        Ok(leases
            .map(|(business, webhook, position, attempts)| Lease {
                business: BusinessId(business),
                webhook,
                position: Position(position),
                attempts: u32::try_from(attempts).unwrap_or_default(),
                holder,
            })
            .collect())
    }

    /// It was told up to here, or there was nothing in between that it hears. The version of its stream by now; none: it
    /// is no longer ours.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn advance(
        &self,
        lease: &mut Lease,
        to: Position,
        told: Option<&Attempt>,
    ) -> Result<Option<Version>, sqlx::Error> {
        let mut transaction = self.db.begin().await?;
        if let Some(told) = told {
            log(&mut transaction, lease.business, lease.webhook, told).await?;
        }
        let version: Option<i64> = sqlx::query_scalar(&format!(
            "update webhook
                set position = greatest(position, $4), leased_until = clock_timestamp() + {LEASE},
                    (attempts, failing_since) = (
                        select case when $5 then 0 else attempts end, case when $5 then null else failing_since end)
              where business_id = $1 and webhook_id = $2 and leased_by = $3
             returning version"
        ))
        .bind(lease.business.0)
        .bind(lease.webhook)
        .bind(lease.holder)
        .bind(to.0)
        .bind(told.is_some())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        lease.position = to;
        if told.is_some() {
            lease.attempts = 0;
        }
        Ok(version.map(Version))
    }

    /// It could not be told; not to be tried again before `pause` is over. For how long nothing has got through by now;
    /// none: it is no longer ours.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn failed(
        &self,
        lease: &Lease,
        attempt: &Attempt,
        pause: Duration,
    ) -> Result<Option<Duration>, sqlx::Error> {
        let mut transaction = self.db.begin().await?;
        log(&mut transaction, lease.business, lease.webhook, attempt).await?;
        let seconds: Option<f64> = sqlx::query_scalar(
            "update webhook
                set attempts = $4, failing_since = coalesce(failing_since, clock_timestamp()),
                    next_at = clock_timestamp() + make_interval(secs => $5), leased_until = '-infinity'
              where business_id = $1 and webhook_id = $2 and leased_by = $3
             returning extract(epoch from clock_timestamp() - failing_since)::float8",
        )
        .bind(lease.business.0)
        .bind(lease.webhook)
        .bind(lease.holder)
        .bind(i32::try_from(attempt.number).unwrap_or(i32::MAX))
        .bind(pause.as_secs_f64())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    }

    /// Lets it go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release(&self, lease: &Lease) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update webhook set leased_until = '-infinity'
              where business_id = $1 and webhook_id = $2 and leased_by = $3",
        )
        .bind(lease.business.0)
        .bind(lease.webhook)
        .bind(lease.holder)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Logs what was sent because somebody asked for it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log(
        &self,
        business: BusinessId,
        webhook: Uuid,
        attempt: &Attempt,
    ) -> Result<(), sqlx::Error> {
        let mut connection = self.db.acquire().await?;
        log(&mut connection, business, webhook, attempt).await
    }

    /// The webhooks of a business, the oldest first: how far each was told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(
        &self,
        business: BusinessId,
        one: Option<Uuid>,
    ) -> Result<Vec<Health>, sqlx::Error> {
        sqlx::query_as(
            "select w.webhook_id, w.position, greatest(h.position - w.position, 0)::bigint as behind, w.attempts,
                    w.failing_since, case when w.attempts > 0 and w.standing = 'on' then w.next_at end as next_at
               from webhook w join ledger_head h using (business_id)
              where w.business_id = $1 and w.standing <> 'new' and ($2::uuid is null or w.webhook_id = $2)
              order by w.webhook_id",
        )
        .bind(business.0)
        .bind(one)
        .fetch_all(&self.db)
        .await
    }

    /// What a webhook was sent, the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliveries(
        &self,
        business: BusinessId,
        webhook: Uuid,
        page: Page,
    ) -> Result<Vec<Delivery>, sqlx::Error> {
        sqlx::query_as(
            "select delivery_id, kind, event_id, position, event_type, attempt, at, status, fault, took_ms
               from webhook_delivery
              where business_id = $1 and webhook_id = $2 and ($3::uuid is null or delivery_id < $3)
                and ($4::boolean is null or (fault is null) = $4)
              order by delivery_id desc
              limit $5",
        )
        .bind(business.0)
        .bind(webhook)
        .bind(page.before)
        .bind(page.got_through)
        .bind(i64::try_from(page.limit).unwrap_or(i64::MAX))
        .fetch_all(&self.db)
        .await
    }

    /// How many things a webhook was sent, or only of those that did (true) or did not get through.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(
        &self,
        business: BusinessId,
        webhook: Uuid,
        got_through: Option<bool>,
    ) -> Result<u64, sqlx::Error> {
        let count: i64 = sqlx::query_scalar(
            "select count(*) from webhook_delivery
              where business_id = $1 and webhook_id = $2 and ($3::boolean is null or (fault is null) = $3)",
        )
        .bind(business.0)
        .bind(webhook)
        .bind(got_through)
        .fetch_one(&self.db)
        .await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// One thing that was sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery(
        &self,
        business: BusinessId,
        webhook: Uuid,
        delivery: Uuid,
    ) -> Result<Option<Delivery>, sqlx::Error> {
        sqlx::query_as(
            "select delivery_id, kind, event_id, position, event_type, attempt, at, status, fault, took_ms
               from webhook_delivery where business_id = $1 and webhook_id = $2 and delivery_id = $3",
        )
        .bind(business.0)
        .bind(webhook)
        .bind(delivery)
        .fetch_optional(&self.db)
        .await
    }

    /// How all webhooks are, for figures and for whoever looks after the service.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lag(&self) -> Result<Lag, sqlx::Error> {
        sqlx::query_as(
            "select count(*) filter (where w.standing in ('failing', 'gone')) as off,
                    count(*) filter (where w.standing = 'on' and w.attempts > 0) as failing,
                    count(*) filter (where w.standing = 'on' and h.position > w.position) as behind,
                    coalesce(max(extract(epoch from clock_timestamp() - e.recorded_at)), 0)::float8 as seconds
               from webhook w join ledger_head h using (business_id)
               left join events e on w.standing = 'on' and e.business_id = w.business_id and e.position = w.position + 1",
        )
        .fetch_one(&self.db)
        .await
    }

    /// Forgets what was sent before the log's time is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self, kept: Duration) -> Result<u64, sqlx::Error> {
        let swept = sqlx::query(
            "delete from webhook_delivery where at < clock_timestamp() - make_interval(secs => $1)",
        )
        .bind(kept.as_secs_f64())
        .execute(&self.db)
        .await?;
        Ok(swept.rows_affected())
    }
}

async fn log(
    db: &mut sqlx::PgConnection,
    business: BusinessId,
    webhook: Uuid,
    attempt: &Attempt,
) -> Result<(), sqlx::Error> {
    let took = attempt.sent.took.as_millis();
    sqlx::query(
        "insert into webhook_delivery (business_id, webhook_id, delivery_id, kind, event_id, position, event_type,
                                       attempt, at, status, fault, took_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict do nothing",
    )
    .bind(business.0)
    .bind(webhook)
    .bind(attempt.id)
    .bind(attempt.kind.word())
    .bind(attempt.event_id.0)
    .bind(attempt.position.0)
    .bind(&attempt.event_type)
    .bind(i32::try_from(attempt.number).unwrap_or(i32::MAX))
    .bind(jiff_sqlx::ToSqlx::to_sqlx(attempt.at))
    .bind(attempt.sent.status.and_then(|status| i16::try_from(status).ok()))
    .bind(attempt.sent.fault.map(crate::sender::Fault::word))
    .bind(i32::try_from(took).unwrap_or(i32::MAX))
    .execute(db)
    .await?;
    Ok(())
}
