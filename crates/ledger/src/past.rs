//! The past: many streams in one read, and how far a ledger had come by an instant.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use crate::event::COLUMNS;
use crate::{BusinessId, Ledger, Position, ReadError, Recorded};

impl Ledger {
    /// The events of these streams of these kinds, up to a position if one is given, in the order of their positions.
    /// Streams that do not exist in this business are left out.
    ///
    /// # Errors
    /// When the database does not answer or an upcaster fails.
    pub async fn events_of_all(
        &self,
        business: BusinessId,
        kinds: &[&str],
        streams: &[Uuid],
        up_to: Option<Position>,
    ) -> Result<Vec<Recorded>, ReadError> {
        if streams.is_empty() {
            return Ok(vec![]);
        }
        // By stream, so that each is an index search of its own whatever the planner thinks of the business.
        let rows: Vec<Recorded> = sqlx::query_as(&format!(
            "select e.* from unnest($1::text[]) as s (id)
             cross join lateral (
                 select {COLUMNS} from events
                 where aggregate_id = s.id and business_id = $2 and aggregate_type = any ($3)
                   and ($4::bigint is null or position <= $4)
                 offset 0
             ) e
             order by e.position"
        ))
        .bind(streams.iter().map(Uuid::to_string).collect::<Vec<_>>())
        .bind(business.0)
        .bind(kinds)
        .bind(up_to.map(|position| position.0))
        .fetch_all(self.pool())
        .await?;
        self.up_to_date(rows)
    }

    /// The last position that was recorded by an instant; [`Position::START`] if none was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn position_at(
        &self,
        business: BusinessId,
        instant: Timestamp,
    ) -> Result<Position, ReadError> {
        let position: i64 = sqlx::query_scalar("select position_at($1, $2)")
            .bind(business.0)
            .bind(instant.to_sqlx())
            .fetch_one(self.pool())
            .await?;
        Ok(Position(position))
    }
}
