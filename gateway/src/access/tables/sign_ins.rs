//! What users sign in with, and the links by which they choose it.
//!
//! By which address they are found stands in none of these tables: it is a name that they claim in the append that says
//! so ([`EMAIL_NAME`](crate::access::EMAIL_NAME)), and so never behind their stream.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Instant, Tables, instant};
use crate::access::tokens::TokenHash;

/// A user, as sign-in sees one.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct SignInRow {
    pub(crate) business_id: Uuid,
    pub(crate) slug: String,
    pub(crate) user_id: Uuid,
    /// None: invited, and not come yet.
    pub(crate) password_hash: Option<String>,
    /// The secret of the second factor, sealed.
    pub(crate) totp: Option<Json<Value>>,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkKind {
    Invitation,
    Reset,
}

impl LinkKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }
}

/// A user of one business.
pub(crate) type UserKey = (BusinessId, Uuid);

impl Tables {
    /// Everybody who signs in with this address, one for each of their businesses.
    pub(crate) async fn sign_ins(
        &self,
        email_hash: &[u8; 32],
        slug: Option<&str>,
    ) -> Result<Vec<SignInRow>, sqlx::Error> {
        sqlx::query_as(
            "select u.business_id, b.slug, u.user_id, u.password_hash, u.totp
             from claimed_name n
             join sign_in u on u.business_id = n.business_id and u.user_id = n.owner_id
             join business_slug b on b.business_id = u.business_id
             where n.kind = 'user_email' and n.name = $1 and ($2::text is null or b.slug = $2)
             order by u.business_id
             limit 20",
        )
        .bind(hex::encode(email_hash))
        .bind(slug)
        .fetch_all(&self.pool)
        .await
    }

    /// One user.
    pub(crate) async fn sign_in(
        &self,
        (business, user): UserKey,
    ) -> Result<Option<SignInRow>, sqlx::Error> {
        sqlx::query_as(
            "select u.business_id, b.slug, u.user_id, u.password_hash, u.totp
             from sign_in u
             join business_slug b on b.business_id = u.business_id
             where u.business_id = $1 and u.user_id = $2",
        )
        .bind(business.0)
        .bind(user)
        .fetch_optional(&self.pool)
        .await
    }

    /// Who of a business has a password, and so has come.
    pub(crate) async fn with_password(
        &self,
        business: BusinessId,
    ) -> Result<HashSet<Uuid>, sqlx::Error> {
        let users: Vec<Uuid> = sqlx::query_scalar(
            "select user_id from sign_in where business_id = $1 and password_hash is not null",
        )
        .bind(business.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(users.into_iter().collect())
    }

    /// Makes room for what a user will sign in with; the same one twice is one.
    pub(crate) async fn let_sign_in(
        &self,
        (business, user): UserKey,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into sign_in (business_id, user_id, made_at) values ($1, $2, $3)
             on conflict (business_id, user_id) do nothing",
        )
        .bind(business.0)
        .bind(user)
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Sets a user's password. Links to another one are worth nothing from now on.
    pub(crate) async fn set_password(
        &self,
        (business, user): UserKey,
        password_hash: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with gone as (delete from one_time_link where business_id = $1 and user_id = $2)
             update sign_in set password_hash = $3 where business_id = $1 and user_id = $2",
        )
        .bind(business.0)
        .bind(user)
        .bind(password_hash)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Makes a link for these users; older ones of its kind are worth nothing from now on. It is good while they have
    /// the address that it is sent to.
    pub(crate) async fn make_link(
        &self,
        kind: LinkKind,
        token: &TokenHash,
        users: &[UserKey],
        sent_to: &[u8; 32],
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from one_time_link where expires_at < $1")
            .bind(now.to_sqlx())
            .execute(&self.pool)
            .await?;
        for (business, user) in users {
            sqlx::query(
                "insert into one_time_link (business_id, user_id, kind, token_hash, made_at, expires_at, sent_to)
                 values ($1, $2, $3, $4, $5, $6, $7)
                 on conflict (business_id, user_id, kind)
                 do update set token_hash = excluded.token_hash, made_at = excluded.made_at,
                               expires_at = excluded.expires_at, sent_to = excluded.sent_to",
            )
            .bind(business.0)
            .bind(user)
            .bind(kind.word())
            .bind(token.as_slice())
            .bind(now.to_sqlx())
            .bind(expires_at.to_sqlx())
            .bind(hex::encode(sent_to))
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }

    /// Until when the last link that was made for a user is good, unless it was used.
    pub(crate) async fn link_until(
        &self,
        kind: LinkKind,
        (business, user): UserKey,
    ) -> Result<Option<Timestamp>, sqlx::Error> {
        let until: Option<Instant> = sqlx::query_scalar(
            "select expires_at from one_time_link where business_id = $1 and user_id = $2 and kind = $3",
        )
        .bind(business.0)
        .bind(user)
        .bind(kind.word())
        .fetch_optional(&self.pool)
        .await?;
        Ok(instant(until))
    }

    /// Whose link this is, while it is good.
    pub(crate) async fn link(
        &self,
        kind: LinkKind,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Vec<UserKey>, sqlx::Error> {
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "select l.business_id, l.user_id from one_time_link l
             join claimed_name n on n.business_id = l.business_id and n.kind = 'user_email'
                                and n.name = l.sent_to and n.owner_id = l.user_id
             where l.kind = $1 and l.token_hash = $2 and l.expires_at > $3
             order by l.business_id",
        )
        .bind(kind.word())
        .bind(token.as_slice())
        .bind(now.to_sqlx())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(business, user)| (BusinessId(business), user))
            .collect())
    }

    /// Uses a link up: sets the password of all whose link it is, ends their sessions, and takes their links away, all
    /// at once. The hashes of the sessions ended; none: somebody was quicker, and nothing was done.
    pub(crate) async fn use_link(
        &self,
        kind: LinkKind,
        token: &TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<TokenHash>>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let users: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "delete from one_time_link l using claimed_name n
             where l.kind = $1 and l.token_hash = $2 and l.expires_at > $3
               and n.business_id = l.business_id and n.kind = 'user_email'
               and n.name = l.sent_to and n.owner_id = l.user_id
             returning l.business_id, l.user_id",
        )
        .bind(kind.word())
        .bind(token.as_slice())
        .bind(now.to_sqlx())
        .fetch_all(&mut *transaction)
        .await?;
        if users.is_empty() {
            return Ok(None);
        }
        let mut ended = vec![];
        for (business, user) in users {
            sqlx::query(
                "update sign_in set password_hash = $3 where business_id = $1 and user_id = $2",
            )
            .bind(business)
            .bind(user)
            .bind(password_hash)
            .execute(&mut *transaction)
            .await?;
            sqlx::query("delete from one_time_link where business_id = $1 and user_id = $2")
                .bind(business)
                .bind(user)
                .execute(&mut *transaction)
                .await?;
            let hashes: Vec<Vec<u8>> = sqlx::query_scalar(
                "delete from session where business_id = $1 and user_id = $2 returning token_hash",
            )
            .bind(business)
            .bind(user)
            .fetch_all(&mut *transaction)
            .await?;
            ended.extend(
                hashes
                    .into_iter()
                    .filter_map(|hash| TokenHash::try_from(hash).ok()),
            );
        }
        transaction.commit().await?;
        self.tell_all(&ended).await?;
        Ok(Some(ended))
    }
}
