//! What has been published, as the database knows it, and the right to publish: a lock of the session that writes it.
//!
//! Who loses the session has lost the lock, and cannot write what it would no longer be true to say.

use std::collections::{HashMap, HashSet};

use ledger::{BusinessId, EventId, Position};
use sqlx::{Connection as _, PgConnection, PgPool, postgres::PgConnectOptions};
use uuid::Uuid;

/// The lock of who publishes: `daybook` and `nats` in ASCII, cut to 64 bits.
const LOCK: i64 = 0x6461_7962_6e61_7473;

/// A session's settings. What it writes follows from the stream, which is asked after a crash of the database: nobody
/// need wait for the disk. A dead holder is to be noticed in less than a minute.
const SESSION: [(&str, &str); 4] = [
    ("synchronous_commit", "off"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// A session that may come to hold the lock.
pub(crate) struct Books {
    db: PgConnection,
}

/// The stream as it was when something was last said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// When NATS says that it was made.
    pub(crate) created: String,
    /// Its last message.
    pub(crate) sequence: u64,
    /// That message's id.
    pub(crate) message_id: Option<String>,
}

/// An event that is in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) business: BusinessId,
    pub(crate) position: Position,
    pub(crate) event_id: EventId,
    pub(crate) sequence: u64,
}

/// What is to be said anew of a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Correction {
    /// Everything up to here is in the stream.
    Stands(Published),
    /// Nothing of it is in the stream.
    Absent(BusinessId),
    /// The stream tells of events that the ledger does not hold. What was known stays.
    Forked(BusinessId),
}

impl Books {
    /// Opens a session of its own.
    pub(crate) async fn open(options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let options = options.clone().options(SESSION);
        Ok(Self {
            db: PgConnection::connect_with(&options).await?,
        })
    }

    /// Takes the lock, if nobody holds it.
    pub(crate) async fn try_lock(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut self.db)
            .await
    }

    /// Ends the session, and with it the lock.
    pub(crate) async fn close(self) {
        // A server that is gone has let go of it already.
        let _ = self.db.close().await;
    }

    /// What is known of the stream; none if nothing was ever published.
    pub(crate) async fn known(&mut self) -> Result<Option<Known>, sqlx::Error> {
        let row: Option<(String, i64, Option<String>)> =
            sqlx::query_as("select created, sequence, message_id from herald_stream")
                .fetch_optional(&mut self.db)
                .await?;
        Ok(row.map(|(created, sequence, message_id)| Known {
            created,
            sequence: sequence.cast_unsigned(),
            message_id,
        }))
    }

    /// Up to where these businesses are published; those of which nothing is are not among the answers.
    pub(crate) async fn positions(
        &mut self,
        businesses: &[BusinessId],
    ) -> Result<HashMap<BusinessId, Position>, sqlx::Error> {
        let ids: Vec<Uuid> = businesses.iter().map(|business| business.0).collect();
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(
            "select business_id, position from herald_position where business_id = any ($1)",
        )
        .bind(ids)
        .fetch_all(&mut self.db)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(business, position)| (BusinessId(business), Position(position)))
            .collect())
    }

    /// Businesses with events that are not published.
    pub(crate) async fn behind(&mut self) -> Result<Vec<BusinessId>, sqlx::Error> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select h.business_id
               from ledger_head h left join herald_position p using (business_id)
              where h.position > coalesce(p.position, 0)",
        )
        .fetch_all(&mut self.db)
        .await?;
        Ok(ids.into_iter().map(BusinessId).collect())
    }

    /// Businesses whose last message stood after `sequence`.
    pub(crate) async fn published_after(
        &mut self,
        sequence: u64,
    ) -> Result<Vec<BusinessId>, sqlx::Error> {
        let ids: Vec<Uuid> =
            sqlx::query_scalar("select business_id from herald_position where sequence > $1")
                .bind(sequence.cast_signed())
                .fetch_all(&mut self.db)
                .await?;
        Ok(ids.into_iter().map(BusinessId).collect())
    }

    /// Every business that has recorded something.
    pub(crate) async fn businesses(&mut self) -> Result<Vec<BusinessId>, sqlx::Error> {
        let ids: Vec<Uuid> =
            sqlx::query_scalar("select business_id from ledger_head where position > 0")
                .fetch_all(&mut self.db)
                .await?;
        Ok(ids.into_iter().map(BusinessId).collect())
    }

    /// Which of these events the ledger holds, at those positions.
    pub(crate) async fn held(
        &mut self,
        published: &[Published],
    ) -> Result<HashSet<EventId>, sqlx::Error> {
        let (businesses, positions, ids) = columns(published);
        let held: Vec<Uuid> = sqlx::query_scalar(
            "select e.event_id
               from unnest($1::uuid[], $2::bigint[], $3::uuid[]) as s (business_id, position, event_id)
               join events e using (business_id, position)
              where e.event_id = s.event_id",
        )
        .bind(businesses)
        .bind(positions)
        .bind(ids)
        .fetch_all(&mut self.db)
        .await?;
        Ok(held.into_iter().map(EventId).collect())
    }

    /// Says that these events were published, the last of each business being what counts, and how the stream ends.
    pub(crate) async fn advance(
        &mut self,
        published: &[Published],
        known: &Known,
    ) -> Result<(), sqlx::Error> {
        let last: HashMap<BusinessId, &Published> = published
            .iter()
            .map(|published| (published.business, published))
            .collect();
        let (mut businesses, mut positions, mut sequences) = (vec![], vec![], vec![]);
        for (business, published) in last {
            businesses.push(business.0);
            positions.push(published.position.0);
            sequences.push(published.sequence.cast_signed());
        }
        // One statement, one trip: rows and stream move together or not at all.
        sqlx::query(
            "with moved as (
                 insert into herald_position as p (business_id, position, sequence)
                 select * from unnest($1::uuid[], $2::bigint[], $3::bigint[])
                     on conflict (business_id) do update
                    set position = excluded.position, sequence = excluded.sequence
                  where p.position < excluded.position)
             insert into herald_stream (id, created, sequence, message_id) values (1, $4, $5, $6)
                 on conflict (id) do update
                set created = excluded.created, sequence = excluded.sequence, message_id = excluded.message_id",
        )
        .bind(businesses)
        .bind(positions)
        .bind(sequences)
        .bind(&known.created)
        .bind(known.sequence.cast_signed())
        .bind(&known.message_id)
        .execute(&mut self.db)
        .await?;
        Ok(())
    }

    /// Says anew what is published, whatever was said before, and how the stream ends.
    pub(crate) async fn correct(
        &mut self,
        corrections: &[Correction],
        known: &Known,
    ) -> Result<(), sqlx::Error> {
        let (mut stand, mut absent, mut forked) = (vec![], vec![], vec![]);
        for correction in corrections {
            match correction {
                Correction::Stands(published) => stand.push(published.clone()),
                Correction::Absent(business) => absent.push(business.0),
                Correction::Forked(business) => forked.push(business.0),
            }
        }
        let sequences: Vec<i64> = stand.iter().map(|one| one.sequence.cast_signed()).collect();
        let (businesses, positions, _) = columns(&stand);
        let mut transaction = self.db.begin().await?;
        sqlx::query(
            "insert into herald_position (business_id, position, sequence)
             select * from unnest($1::uuid[], $2::bigint[], $3::bigint[])
                 on conflict (business_id) do update
                set position = excluded.position, sequence = excluded.sequence, forked_at = null",
        )
        .bind(businesses)
        .bind(positions)
        .bind(sequences)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("delete from herald_position where business_id = any ($1)")
            .bind(absent)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "insert into herald_position (business_id, position, sequence, forked_at)
             select id, 0, 0, clock_timestamp() from unnest($1::uuid[]) as s (id)
                 on conflict (business_id) do update
                set forked_at = coalesce(herald_position.forked_at, excluded.forked_at)",
        )
        .bind(forked)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "insert into herald_stream (id, created, sequence, message_id) values (1, $1, $2, $3)
                 on conflict (id) do update
                set created = excluded.created, sequence = excluded.sequence, message_id = excluded.message_id",
        )
        .bind(&known.created)
        .bind(known.sequence.cast_signed())
        .bind(&known.message_id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

fn columns(published: &[Published]) -> (Vec<Uuid>, Vec<i64>, Vec<Uuid>) {
    let mut columns = (vec![], vec![], vec![]);
    for one in published {
        columns.0.push(one.business.0);
        columns.1.push(one.position.0);
        columns.2.push(one.event_id.0);
    }
    columns
}

/// What a session of the pool is opened with.
pub(crate) fn options(pool: &PgPool) -> PgConnectOptions {
    pool.connect_options().as_ref().clone()
}
