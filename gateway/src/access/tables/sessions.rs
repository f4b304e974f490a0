//! Sessions: who is signed in, from where, since when.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use uuid::Uuid;

use super::{Instant, SignInRow, Tables, UserKey, instant};
use crate::access::tokens::TokenHash;

/// A session, without its token.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    /// What the browser calls itself.
    pub(crate) agent: Option<String>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// To the minute.
    pub(crate) used_at: Option<Timestamp>,
    /// By which it is known which one is in use.
    pub(crate) hash: TokenHash,
}

/// Whose a session is.
pub(crate) struct SessionOf {
    pub(crate) business: BusinessId,
    pub(crate) user: Uuid,
    pub(crate) expires_at: Timestamp,
}

impl Tables {
    /// Begins a session, and clears away those that are over.
    pub(crate) async fn begin_session(
        &self,
        user: &SignInRow,
        hash: &TokenHash,
        agent: Option<&str>,
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from session where expires_at < $1")
            .bind(now.to_sqlx())
            .execute(&self.pool)
            .await?;
        sqlx::query(
            "insert into session (business_id, token_hash, user_id, made_at, expires_at, agent, session_id)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(user.business_id)
        .bind(hash.as_slice())
        .bind(user.user_id)
        .bind(now.to_sqlx())
        .bind(expires_at.to_sqlx())
        .bind(agent)
        // Of its moment: lists are in the order of ids.
        .bind(Uuid::now_v7())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whose session this is.
    pub(crate) async fn session(&self, hash: &TokenHash) -> Result<Option<SessionOf>, sqlx::Error> {
        let row: Option<(Uuid, Uuid, Instant)> = sqlx::query_as(
            "select business_id, user_id, expires_at from session where token_hash = $1",
        )
        .bind(hash.as_slice())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(business, user, expires)| SessionOf {
            business: BusinessId(business),
            user,
            expires_at: expires.to_jiff(),
        }))
    }

    /// Notes that a session was used.
    pub(crate) async fn session_used(
        &self,
        business: BusinessId,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update session set used_at = $3
             where business_id = $1 and token_hash = $2
               and (used_at is null or used_at < $3 - interval '1 minute')",
        )
        .bind(business.0)
        .bind(hash.as_slice())
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The sessions of a user that are not over, the oldest first.
    pub(crate) async fn sessions(
        &self,
        business: BusinessId,
        user: Uuid,
        now: Timestamp,
    ) -> Result<Vec<SessionRow>, sqlx::Error> {
        type Row = (
            Uuid,
            Uuid,
            Option<String>,
            Instant,
            Instant,
            Option<Instant>,
            Vec<u8>,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "select session_id, user_id, agent, made_at, expires_at, used_at, token_hash
             from session
             where business_id = $1 and user_id = $2 and expires_at > $3
             order by made_at, session_id",
        )
        .bind(business.0)
        .bind(user)
        .bind(now.to_sqlx())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, user_id, agent, made, expires, used, hash)| {
                let no_hash = |_| sqlx::Error::Decode("a token's hash is no SHA-256".into());
                Ok(SessionRow {
                    id,
                    user_id,
                    agent,
                    made_at: made.to_jiff(),
                    expires_at: expires.to_jiff(),
                    used_at: instant(used),
                    hash: hash.try_into().map_err(no_hash)?,
                })
            })
            .collect()
    }

    /// Ends a session, and tells the other processes.
    pub(crate) async fn end_session(
        &self,
        business: BusinessId,
        hash: &TokenHash,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from session where business_id = $1 and token_hash = $2")
            .bind(business.0)
            .bind(hash.as_slice())
            .execute(&self.pool)
            .await?;
        self.tell_all(&[*hash]).await
    }

    /// Ends all sessions of a user, but for one; and tells the other processes. The hashes of those ended.
    pub(crate) async fn end_sessions(
        &self,
        (business, user): UserKey,
        but: Option<&TokenHash>,
    ) -> Result<Vec<TokenHash>, sqlx::Error> {
        let hashes: Vec<Vec<u8>> = sqlx::query_scalar(
            "delete from session
             where business_id = $1 and user_id = $2 and ($3::bytea is null or token_hash <> $3)
             returning token_hash",
        )
        .bind(business.0)
        .bind(user)
        .bind(but.map(<[u8; 32]>::as_slice))
        .fetch_all(&self.pool)
        .await?;
        let ended: Vec<TokenHash> = hashes
            .into_iter()
            .filter_map(|hash| hash.try_into().ok())
            .collect();
        self.tell_all(&ended).await?;
        Ok(ended)
    }
}
