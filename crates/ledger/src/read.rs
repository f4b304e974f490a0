//! Reading a ledger by position. Readers never skip: positions have no gap, and are visible in their order.

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::COLUMNS;
use crate::{BusinessId, Ledger, Position, Recorded};

/// Why a read did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database did not answer, or not with what was asked.
    #[error("the ledger could not be read")]
    Database(#[from] sqlx::Error),
    /// An event in an old format could not be brought up to date.
    #[error("the event at position {position} could not be brought up to date")]
    Upcast {
        /// Which event.
        position: Position,
        /// What was wrong with it.
        #[source]
        error: serde_json::Error,
    },
    /// A bulk read's bytes were not what PostgreSQL's binary COPY is made of.
    #[error("the ledger's bulk read was cut or garbled: {0}")]
    Garbled(&'static str),
}

/// From where to read a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Which business.
    pub business: BusinessId,
    /// The last position already known; [`Position::START`] for all.
    pub after: Position,
}

impl Ledger {
    /// The next events of a business, at most `limit`, in order.
    ///
    /// # Errors
    /// When the database does not answer or an upcaster fails.
    pub async fn read(
        &self,
        business: BusinessId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        self.read_many(&[Start { business, after }], limit).await
    }

    /// The next events of several businesses, at most `limit` of each, by business (in no particular order)
    /// and position.
    ///
    /// # Errors
    /// When the database does not answer or an upcaster fails.
    pub async fn read_many(
        &self,
        starts: &[Start],
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let businesses: Vec<Uuid> = starts.iter().map(|start| start.business.0).collect();
        let after: Vec<i64> = starts.iter().map(|start| start.after.0).collect();
        let rows: Vec<Recorded> = sqlx::query_as(&format!(
            "select e.* from unnest($1::uuid[], $2::bigint[]) with ordinality as s (business, after, ord)
             cross join lateral (
                 select {COLUMNS} from events
                 where business_id = s.business and position > s.after
                 order by position
                 limit $3
             ) e
             order by s.ord, e.position"
        ))
        .bind(businesses)
        .bind(after)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.pool())
        .await?;
        self.up_to_date(rows)
    }

    /// The next events of a business in streams of these kinds, at most `limit`, in order: for a state that
    /// few of a long ledger's events go into.
    ///
    /// # Errors
    /// When the database does not answer or an upcaster fails.
    pub async fn read_kinds(
        &self,
        business: BusinessId,
        kinds: &[&str],
        after: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        // Written out, so that an index over some kinds alone is known to do.
        let kinds: Vec<String> = kinds
            .iter()
            .map(|kind| format!("'{}'", kind.replace('\'', "''")))
            .collect();
        let rows: Vec<Recorded> = sqlx::query_as(&format!(
            "select {COLUMNS} from events
             where business_id = $1 and position > $2 and aggregate_type = any (array[{}]::text[])
             order by position
             limit $3",
            kinds.join(", ")
        ))
        .bind(business.0)
        .bind(after.0)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.pool())
        .await?;
        self.up_to_date(rows)
    }

    /// One event, as it was written: no upcaster touches it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn written_at(
        &self,
        business: BusinessId,
        position: Position,
    ) -> Result<Option<Box<RawValue>>, ReadError> {
        let payload: Option<sqlx::types::Json<Box<RawValue>>> = sqlx::query_scalar(
            "select payload from events where business_id = $1 and position = $2",
        )
        .bind(business.0)
        .bind(position.0)
        .fetch_optional(self.pool())
        .await?;
        Ok(payload.map(|payload| payload.0))
    }

    /// The last position of a business; [`Position::START`] where it has none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&self, business: BusinessId) -> Result<Position, ReadError> {
        let head: Option<i64> =
            sqlx::query_scalar("select position from ledger_head where business_id = $1")
                .bind(business.0)
                .fetch_optional(self.pool())
                .await?;
        Ok(Position(head.unwrap_or_default()))
    }

    /// The last position at which the catalogue of a business moved; [`Position::START`] if it never did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn catalogue_head(&self, business: BusinessId) -> Result<Position, ReadError> {
        let head: Option<i64> =
            sqlx::query_scalar("select catalogue from ledger_head where business_id = $1")
                .bind(business.0)
                .fetch_optional(self.pool())
                .await?;
        Ok(Position(head.unwrap_or_default()))
    }

    /// Every business with the last position of its ledger, by id. (SQL that wants to know who is behind
    /// joins `ledger_head (business_id, position)` itself.)
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn heads(&self) -> Result<Vec<(BusinessId, Position)>, ReadError> {
        let heads: Vec<(Uuid, i64)> =
            sqlx::query_as("select business_id, position from ledger_head order by business_id")
                .fetch_all(self.pool())
                .await?;
        Ok(heads
            .into_iter()
            .map(|(business, position)| (BusinessId(business), Position(position)))
            .collect())
    }

    /// Every business, by id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn businesses(&self) -> Result<Vec<BusinessId>, ReadError> {
        Ok(self.heads().await?.into_iter().map(|(id, _)| id).collect())
    }

    pub(crate) fn up_to_date(&self, rows: Vec<Recorded>) -> Result<Vec<Recorded>, ReadError> {
        let upcasters = self.upcasters();
        if upcasters.is_empty() {
            return Ok(rows);
        }
        rows.into_iter().map(|row| row.upcast(upcasters)).collect()
    }
}
