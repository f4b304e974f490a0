//! The second factor: its secret (sealed), the codes for who has lost it.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tables, UserKey};

impl Tables {
    /// Keeps a secret that is not yet confirmed.
    pub(crate) async fn want_totp(
        &self,
        (business, user): UserKey,
        sealed: &Value,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("update sign_in set totp_wanted = $3 where business_id = $1 and user_id = $2")
            .bind(business.0)
            .bind(user)
            .bind(Json(sealed))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The secret that is not yet confirmed.
    pub(crate) async fn wanted_totp(
        &self,
        (business, user): UserKey,
    ) -> Result<Option<Value>, sqlx::Error> {
        let found: Option<Option<Json<Value>>> = sqlx::query_scalar(
            "select totp_wanted from sign_in where business_id = $1 and user_id = $2",
        )
        .bind(business.0)
        .bind(user)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.flatten().map(|json| json.0))
    }

    /// From now on a code is asked for; these stand in for it, once each.
    pub(crate) async fn confirm_totp(
        &self,
        (business, user): UserKey,
        step: i64,
        recovery: &[[u8; 32]],
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "update sign_in set totp = totp_wanted, totp_wanted = null, totp_step = $3
             where business_id = $1 and user_id = $2",
        )
        .bind(business.0)
        .bind(user)
        .bind(step)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("delete from recovery_code where business_id = $1 and user_id = $2")
            .bind(business.0)
            .bind(user)
            .execute(&mut *transaction)
            .await?;
        let hashes: Vec<Vec<u8>> = recovery.iter().map(|hash| hash.to_vec()).collect();
        sqlx::query(
            "insert into recovery_code (business_id, user_id, code_hash)
             select $1, $2, hash from unnest($3::bytea[]) as hash",
        )
        .bind(business.0)
        .bind(user)
        .bind(hashes)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// No code is asked for any more.
    pub(crate) async fn remove_totp(&self, (business, user): UserKey) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "update sign_in set totp = null, totp_wanted = null, totp_step = null
             where business_id = $1 and user_id = $2",
        )
        .bind(business.0)
        .bind(user)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("delete from recovery_code where business_id = $1 and user_id = $2")
            .bind(business.0)
            .bind(user)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Uses the code of a step up. False: it, or a later one, was used before.
    pub(crate) async fn use_step(
        &self,
        (business, user): UserKey,
        step: i64,
    ) -> Result<bool, sqlx::Error> {
        let used = sqlx::query(
            "update sign_in set totp_step = $3
             where business_id = $1 and user_id = $2 and (totp_step is null or totp_step < $3)",
        )
        .bind(business.0)
        .bind(user)
        .bind(step)
        .execute(&self.pool)
        .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Uses a recovery code up. False: it is none, or was used.
    pub(crate) async fn use_recovery_code(
        &self,
        (business, user): UserKey,
        hash: &[u8; 32],
    ) -> Result<bool, sqlx::Error> {
        let used = sqlx::query(
            "delete from recovery_code where business_id = $1 and user_id = $2 and code_hash = $3",
        )
        .bind(business.0)
        .bind(user)
        .bind(hash.as_slice())
        .execute(&self.pool)
        .await?;
        Ok(used.rows_affected() == 1)
    }

    /// How many recovery codes are left.
    pub(crate) async fn recovery_codes(
        &self,
        (business, user): UserKey,
    ) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(
            "select count(*) from recovery_code where business_id = $1 and user_id = $2",
        )
        .bind(business.0)
        .bind(user)
        .fetch_one(&self.pool)
        .await
    }
}
