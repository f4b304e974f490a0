//! Which bookings to fold to see a stretch of time as it was.

use domain::{booking::Booking, id::Id, time::Span};
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{Position, Scope};

/// As of when the past is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As it was recorded by this position.
    Position(Position),
    /// As it had happened by some instant: imported history was recorded in another order than it happened, so every
    /// span that a booking ever stood on counts.
    Ever,
}

/// The bookings that stood in `span` then: candidates, whose streams are to be loaded and folded up to the moment
/// asked for. Deleted and cancelled ones are among them, and (for a staff member's scope) those of others.
///
/// # Errors
/// When the database does not answer.
pub async fn candidates(
    db: &PgPool,
    scope: &Scope,
    span: Span,
    when: When,
) -> Result<Vec<Id<Booking>>, sqlx::Error> {
    let position = match when {
        When::Position(position) => Some(position.0),
        When::Ever => None,
    };
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct booking_id from calendar_span
          where business_id = $1 and during && tstzrange($2, $3)
            and ($4::bigint is null
                 or (from_position <= $4 and (until_position is null or until_position > $4)))
          order by booking_id",
    )
    .bind(scope.business().0)
    .bind(span.start().to_sqlx())
    .bind(span.end().to_sqlx())
    .bind(position)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(Id::new).collect())
}
