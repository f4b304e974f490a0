//! Up to where each business's ledger was looked through, and by whom now. Its table: `waitlist_offering` (migration
//! 0032).

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::{BusinessId, Position};
use sqlx::PgPool;
use uuid::Uuid;

/// The businesses in which somebody waits and something has moved since the last look, or an offer has run out.
pub(super) async fn behind(db: &PgPool, now: Timestamp) -> Result<Vec<BusinessId>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select w.business_id
         from (select business_id, min(offered_until) as due from waitlist_request
               where standing in ('waiting', 'offered') group by business_id) w
         join ledger_head h using (business_id)
         left join waitlist_offering o using (business_id)
         where h.position > coalesce(o.position, 0) or w.due <= $1",
    )
    .bind(now.to_sqlx())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(BusinessId).collect())
}

/// The businesses in which somebody may wait in vain: somewhere on Earth their last day is over.
pub(super) async fn with_days_over(
    db: &PgPool,
    now: Timestamp,
) -> Result<Vec<BusinessId>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct business_id from waitlist_request
         where standing = 'waiting' and last_day < (($1 + interval '14 hours') at time zone 'UTC')::date",
    )
    .bind(now.to_sqlx())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(BusinessId).collect())
}

/// Takes a business for half a minute. None: another is at it.
pub(super) async fn lease(
    db: &PgPool,
    business: BusinessId,
) -> Result<Option<Position>, sqlx::Error> {
    let position: Option<i64> = sqlx::query_scalar(
        "insert into waitlist_offering as o (business_id, position, leased_until)
         values ($1, 0, clock_timestamp() + interval '30 seconds')
         on conflict (business_id) do update set leased_until = excluded.leased_until
         where o.leased_until < clock_timestamp()
         returning position",
    )
    .bind(business.0)
    .fetch_optional(db)
    .await?;
    Ok(position.map(Position))
}

/// Lets it go, looked through up to `to`.
pub(super) async fn release(
    db: &PgPool,
    business: BusinessId,
    to: Position,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update waitlist_offering set position = greatest(position, $2), leased_until = '-infinity'
         where business_id = $1",
    )
    .bind(business.0)
    .bind(to.0)
    .execute(db)
    .await?;
    Ok(())
}
