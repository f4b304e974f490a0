//! The SQL of what the public side keeps beside the ledger: migration 0016.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use sqlx::PgPool;
use uuid::Uuid;

use super::token::Subject;

/// A booking that waits for its visitor's word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) business: BusinessId,
    pub(super) subject: Subject,
}

/// Begins to wait. Tried again, the last one counts: it is the one that is made.
pub(super) async fn wait_for(
    db: &PgPool,
    waiting: Waiting,
    due_at: Timestamp,
    email_hash: [u8; 32],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into unconfirmed_booking (business_id, subject_id, is_visit, due_at, email_hash, letters, tries)
         values ($1, $2, $3, $4, $5, 1, 0)
         on conflict (business_id, subject_id) do update set due_at = excluded.due_at",
    )
    .bind(waiting.business.0)
    .bind(waiting.subject.id())
    .bind(waiting.subject.is_visit())
    .bind(due_at.to_sqlx())
    .bind(email_hash.as_slice())
    .execute(db)
    .await?;
    Ok(())
}

/// It need not be waited for any more.
pub(super) async fn forget(db: &PgPool, waiting: Waiting) -> Result<(), sqlx::Error> {
    sqlx::query("delete from unconfirmed_booking where business_id = $1 and subject_id = $2")
        .bind(waiting.business.0)
        .bind(waiting.subject.id())
        .execute(db)
        .await?;
    Ok(())
}

/// Takes one try at the code of the last letter: which letter that was. None: there are no tries left.
pub(super) async fn try_code(
    db: &PgPool,
    waiting: Waiting,
    most: i16,
) -> Result<Option<i16>, sqlx::Error> {
    sqlx::query_scalar(
        "update unconfirmed_booking set tries = tries + 1
         where business_id = $1 and subject_id = $2 and tries < $3
         returning letters",
    )
    .bind(waiting.business.0)
    .bind(waiting.subject.id())
    .bind(most)
    .fetch_optional(db)
    .await
}

/// It waits, and one more letter may go to this address.
pub(super) async fn is_to(
    db: &PgPool,
    waiting: Waiting,
    email_hash: [u8; 32],
    most: i16,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from unconfirmed_booking
         where business_id = $1 and subject_id = $2 and email_hash = $3 and letters < $4)",
    )
    .bind(waiting.business.0)
    .bind(waiting.subject.id())
    .bind(email_hash.as_slice())
    .bind(most)
    .fetch_one(db)
    .await
}

/// One more letter to the same address: the how manieth. None: it waits no more, goes to another address, or has had
/// its letters.
pub(super) async fn write_again(
    db: &PgPool,
    waiting: Waiting,
    email_hash: [u8; 32],
    most: i16,
) -> Result<Option<i16>, sqlx::Error> {
    sqlx::query_scalar(
        "update unconfirmed_booking set letters = letters + 1, tries = 0
         where business_id = $1 and subject_id = $2 and email_hash = $3 and letters < $4
         returning letters",
    )
    .bind(waiting.business.0)
    .bind(waiting.subject.id())
    .bind(email_hash.as_slice())
    .bind(most)
    .fetch_optional(db)
    .await
}

/// Those that have waited long enough.
pub(super) async fn due(db: &PgPool, now: Timestamp) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, bool)> = sqlx::query_as(
        "select business_id, subject_id, is_visit from unconfirmed_booking
         where due_at <= $1 order by due_at limit 100",
    )
    .bind(now.to_sqlx())
    .fetch_all(db)
    .await?;
    let waiting = rows.into_iter().map(|(business, id, is_visit)| Waiting {
        business: BusinessId(business),
        subject: Subject::of(id, is_visit),
    });
    Ok(waiting.collect())
}

/// A challenge was solved. False: it was before.
pub(super) async fn solve(
    db: &PgPool,
    business: BusinessId,
    challenge: [u8; 32],
    expires_at: Timestamp,
) -> Result<bool, sqlx::Error> {
    let solved = sqlx::query(
        "insert into solved_challenge (business_id, challenge, expires_at) values ($1, $2, $3)
         on conflict (business_id, challenge) do nothing",
    )
    .bind(business.0)
    .bind(challenge.as_slice())
    .bind(expires_at.to_sqlx())
    .execute(db)
    .await?;
    Ok(solved.rows_affected() == 1)
}

/// Clears challenges away that nobody can use any more.
pub(super) async fn clear_challenges(db: &PgPool, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("delete from solved_challenge where expires_at < $1")
        .bind(now.to_sqlx())
        .execute(db)
        .await?;
    Ok(())
}
