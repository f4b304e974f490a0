//! Clearing away what has served its time. Events are never cleared away.

use uuid::Uuid;

use crate::{Ledger, ReadError};

/// Claims stay for this long after their end.
const CLAIMS_KEPT_DAYS: i32 = 35;
/// Command keys stay for this long.
const KEYS_KEPT_DAYS: i32 = 30;
/// At a time, so that no business's lock is held for long.
const CLAIMS_AT_A_TIME: i64 = 1_000;

/// How much a sweep cleared away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Claims that ended over 35 days ago, and holds that nobody used within a day.
    pub claims: u64,
    /// Command keys older than 30 days.
    pub keys: u64,
}

impl Ledger {
    /// Clears away what is past keeping. Once a day is plenty; any number of processes may.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self) -> Result<Swept, ReadError> {
        let mut swept = Swept::default();
        let businesses: Vec<Uuid> = sqlx::query_scalar(
            "select distinct business_id from claim
             where upper(during) < now() - make_interval(days => $1) or hold_until < now() - interval '1 day'",
        )
        .bind(CLAIMS_KEPT_DAYS)
        .fetch_all(self.pool())
        .await?;
        for business in businesses {
            loop {
                let claims = self.sweep_claims(business).await?;
                swept.claims += claims;
                if claims == 0 {
                    break;
                }
            }
        }
        swept.keys = sqlx::query(
            "delete from command_key where made_at < now() - make_interval(days => $1)",
        )
        .bind(KEYS_KEPT_DAYS)
        .execute(self.pool())
        .await?
        .rows_affected();
        Ok(swept)
    }

    /// Under the head row's lock, like everything that changes claims: no deadlocks.
    async fn sweep_claims(&self, business: Uuid) -> Result<u64, ReadError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query("select from ledger_head where business_id = $1 for update")
            .bind(business)
            .execute(&mut *transaction)
            .await?;
        let gone = sqlx::query(
            "delete from claim
             where business_id = $1 and (owner_id, ordinal) in (
                 select owner_id, ordinal from claim
                 where business_id = $1
                   and (upper(during) < now() - make_interval(days => $2)
                        or hold_until < now() - interval '1 day')
                 limit $3)",
        )
        .bind(business)
        .bind(CLAIMS_KEPT_DAYS)
        .bind(CLAIMS_AT_A_TIME)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(gone)
    }
}
