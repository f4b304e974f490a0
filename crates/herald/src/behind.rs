//! How far the herald is behind.

use ledger::BusinessId;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// How far the herald is behind, of all businesses.
#[derive(Debug, Clone, PartialEq)]
pub struct Lag {
    /// Events recorded that are not published.
    pub events: i64,
    /// Businesses that have some.
    pub businesses: i64,
    /// The business whose oldest unpublished event is the oldest; none if nothing is unpublished.
    pub worst: Option<Worst>,
    /// Businesses of which the stream tells events that the ledger does not hold.
    pub forked: i64,
}

/// The business that is furthest behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    /// Which.
    pub business: BusinessId,
    /// Events of it that are not published.
    pub events: i64,
    /// How long ago the oldest of them was recorded.
    pub seconds: f64,
}

impl Lag {
    /// How long ago the oldest unpublished event was recorded; zero if there is none.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.worst.as_ref().map_or(0.0, |worst| worst.seconds)
    }
}

#[derive(FromRow)]
struct Row {
    events: i64,
    businesses: i64,
    forked: i64,
    business_id: Option<Uuid>,
    worst_events: Option<i64>,
    seconds: Option<f64>,
}

/// How far the herald is behind.
///
/// # Errors
/// When the database does not answer.
pub async fn lag(db: &PgPool) -> Result<Lag, sqlx::Error> {
    let row: Row = sqlx::query_as(
        "with behind as materialized (
             select h.business_id, h.position - coalesce(p.position, 0) as events, coalesce(p.position, 0) as position
               from ledger_head h left join herald_position p using (business_id)
              where h.position > coalesce(p.position, 0)),
         aged as materialized (
             select b.business_id, b.events, extract(epoch from clock_timestamp() - e.recorded_at)::float8 as seconds
               from behind b
               left join events e on e.business_id = b.business_id and e.position = b.position + 1)
         select coalesce((select sum(events) from behind), 0)::bigint as events,
                (select count(*) from behind) as businesses,
                (select count(*) from herald_position where forked_at is not null) as forked,
                w.business_id, w.events as worst_events, w.seconds
           from (values (1)) as one left join
                (select * from aged order by seconds desc nulls last, business_id limit 1) w on true",
    )
    .fetch_one(db)
    .await?;
    Ok(Lag {
        events: row.events,
        businesses: row.businesses,
        worst: row.business_id.map(|business| Worst {
            business: BusinessId(business),
            events: row.worst_events.unwrap_or_default(),
            seconds: row.seconds.unwrap_or_default(),
        }),
        forked: row.forked,
    })
}
