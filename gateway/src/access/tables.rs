//! The tables `business_slug`, `sign_in`, `api_key` and `session` (migration 0011_access).

use domain::{access::Rights, actor::Role, business::Business, id::Id, staff::Staff, text::Slug};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use sqlx::PgPool;
use uuid::Uuid;

use super::{known::Known, tokens::TokenHash};

/// The gateway's own tables. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tables {
    pool: PgPool,
}

/// A user, as sign-in sees one.
#[derive(sqlx::FromRow)]
pub(crate) struct SignInRow {
    pub(crate) business_id: Uuid,
    pub(crate) slug: String,
    pub(crate) user_id: Uuid,
    pub(crate) password_hash: String,
}

/// An API key, without its secret.
#[derive(Debug, Clone)]
pub(crate) struct ApiKeyRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) staff_id: Option<Id<Staff>>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// A new user's row.
pub(crate) struct NewSignIn {
    pub(crate) user_id: Uuid,
    pub(crate) email_hash: [u8; 32],
    pub(crate) password_hash: String,
}

/// A new key's row.
pub(crate) struct NewApiKey {
    pub(crate) id: Uuid,
    pub(crate) hash: TokenHash,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) staff_id: Option<Id<Staff>>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// The word for a role in JSON and SQL.
pub(crate) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Manager => "manager",
        Role::Staff => "staff",
    }
}

fn role(word: &str) -> Result<Role, sqlx::Error> {
    [Role::Owner, Role::Admin, Role::Manager, Role::Staff]
        .into_iter()
        .find(|role| role_word(*role) == word)
        .ok_or_else(|| sqlx::Error::Decode(format!("there is no role {word:?}").into()))
}

type Instant = jiff_sqlx::Timestamp;

fn instant(at: Option<Instant>) -> Option<Timestamp> {
    at.map(Instant::to_jiff)
}

impl Tables {
    pub(crate) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The business with this slug.
    pub(crate) async fn business_of(&self, slug: &str) -> Result<Option<BusinessId>, sqlx::Error> {
        let found: Option<Uuid> =
            sqlx::query_scalar("select business_id from business_slug where slug = $1")
                .bind(slug)
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.map(BusinessId))
    }

    /// Writes all secrets of a business about to be opened. False, and nothing written: the slug is taken.
    pub(crate) async fn reserve(
        &self,
        business: Id<Business>,
        slug: &Slug,
        owner: &NewSignIn,
        key: &NewApiKey,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let reserved = sqlx::query(
            "insert into business_slug (slug, business_id, made_at) values ($1, $2, $3)
             on conflict (slug) do nothing",
        )
        .bind(slug.as_str())
        .bind(business.uuid())
        .bind(now.to_sqlx())
        .execute(&mut *transaction)
        .await?;
        if reserved.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "insert into sign_in (business_id, user_id, email_hash, password_hash, role, made_at)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(business.uuid())
        .bind(owner.user_id)
        .bind(owner.email_hash.as_slice())
        .bind(&owner.password_hash)
        .bind(role_word(Role::Owner))
        .bind(now.to_sqlx())
        .execute(&mut *transaction)
        .await?;
        insert_key(&mut transaction, business.uuid(), key, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes back what [`reserve`](Self::reserve) wrote, or what a process left that died before it could open
    /// the business.
    pub(crate) async fn release(&self, business: BusinessId) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for table in ["api_key", "session", "sign_in", "business_slug"] {
            sqlx::query(&format!("delete from {table} where business_id = $1"))
                .bind(business.0)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// Adds a key; the same one twice is one.
    pub(crate) async fn add_key(
        &self,
        business: BusinessId,
        key: &NewApiKey,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        insert_key(&mut connection, business.0, key, now).await
    }

    /// Revokes a key, and tells the other processes. The hash by which it may be remembered; none: no such key.
    pub(crate) async fn revoke_key(
        &self,
        business: BusinessId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<TokenHash>, sqlx::Error> {
        let hash: Option<Vec<u8>> = sqlx::query_scalar(
            "update api_key set revoked_at = coalesce(revoked_at, $3)
             where business_id = $1 and key_id = $2
             returning key_hash",
        )
        .bind(business.0)
        .bind(id)
        .bind(now.to_sqlx())
        .fetch_optional(&self.pool)
        .await?;
        let hash: Option<TokenHash> = hash.and_then(|hash| hash.try_into().ok());
        if let Some(hash) = hash {
            self.tell(&hash).await?;
        }
        Ok(hash)
    }

    /// All keys of a business, the oldest first, revoked ones too.
    pub(crate) async fn keys(&self, business: BusinessId) -> Result<Vec<ApiKeyRow>, sqlx::Error> {
        self.select_keys(business, None).await
    }

    /// One key.
    pub(crate) async fn key(
        &self,
        business: BusinessId,
        id: Uuid,
    ) -> Result<Option<ApiKeyRow>, sqlx::Error> {
        Ok(self.select_keys(business, Some(id)).await?.pop())
    }

    async fn select_keys(
        &self,
        business: BusinessId,
        id: Option<Uuid>,
    ) -> Result<Vec<ApiKeyRow>, sqlx::Error> {
        type Row = (
            Uuid,
            String,
            String,
            Option<Uuid>,
            Instant,
            Option<Instant>,
            Option<Instant>,
            Option<Instant>,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "select key_id, name, role, staff_id, made_at, expires_at, revoked_at, last_used_at
             from api_key
             where business_id = $1 and ($2::uuid is null or key_id = $2)
             order by key_id",
        )
        .bind(business.0)
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, name, word, staff_id, made, expires, revoked, used)| {
                Ok(ApiKeyRow {
                    id,
                    name,
                    role: role(&word)?,
                    staff_id: staff_id.map(Id::new),
                    made_at: made.to_jiff(),
                    expires_at: instant(expires),
                    revoked_at: instant(revoked),
                    last_used_at: instant(used),
                })
            })
            .collect()
    }

    /// Whose key this is, unless it was revoked.
    pub(crate) async fn known_key(&self, hash: &TokenHash) -> Result<Option<Known>, sqlx::Error> {
        type Row = (Uuid, Uuid, String, Option<Uuid>, Option<Instant>);
        let row: Option<Row> = sqlx::query_as(
            "select business_id, key_id, role, staff_id, expires_at
             from api_key
             where key_hash = $1 and revoked_at is null",
        )
        .bind(hash.as_slice())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|(business, id, word, staff_id, expires)| {
            let role = role(&word)?;
            Ok(Known {
                business: BusinessId(business),
                id,
                is_key: true,
                role,
                rights: Rights::of(role),
                staff_id: staff_id.map(Id::new),
                expires_at: instant(expires),
            })
        })
        .transpose()
    }

    /// Whose session this is, unless they were disabled.
    pub(crate) async fn known_session(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<Known>, sqlx::Error> {
        let row: Option<(Uuid, Uuid, String, Instant)> = sqlx::query_as(
            "select s.business_id, s.user_id, u.role, s.expires_at
             from session s
             join sign_in u on u.business_id = s.business_id and u.user_id = s.user_id
             where s.token_hash = $1 and u.disabled_at is null",
        )
        .bind(hash.as_slice())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|(business, id, word, expires)| {
            let role = role(&word)?;
            Ok(Known {
                business: BusinessId(business),
                id,
                is_key: false,
                role,
                rights: Rights::of(role),
                staff_id: None,
                expires_at: Some(expires.to_jiff()),
            })
        })
        .transpose()
    }

    /// Notes that a key was used.
    pub(crate) async fn key_used(
        &self,
        business: BusinessId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update api_key set last_used_at = $3
             where business_id = $1 and key_id = $2
               and (last_used_at is null or last_used_at < $3 - interval '1 minute')",
        )
        .bind(business.0)
        .bind(id)
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Everybody who signs in with this address, one for each of their businesses.
    pub(crate) async fn sign_ins(
        &self,
        email_hash: &[u8; 32],
        slug: Option<&str>,
    ) -> Result<Vec<SignInRow>, sqlx::Error> {
        sqlx::query_as(
            "select u.business_id, b.slug, u.user_id, u.password_hash
             from sign_in u
             join business_slug b on b.business_id = u.business_id
             where u.email_hash = $1 and u.disabled_at is null and ($2::text is null or b.slug = $2)
             order by u.business_id
             limit 20",
        )
        .bind(email_hash.as_slice())
        .bind(slug)
        .fetch_all(&self.pool)
        .await
    }

    /// Begins a session, and clears away those that are over.
    pub(crate) async fn begin_session(
        &self,
        user: &SignInRow,
        hash: &TokenHash,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from session where expires_at < $1")
            .bind(now.to_sqlx())
            .execute(&self.pool)
            .await?;
        sqlx::query(
            "insert into session (business_id, token_hash, user_id, made_at, expires_at)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(user.business_id)
        .bind(hash.as_slice())
        .bind(user.user_id)
        .bind(now.to_sqlx())
        .bind(expires_at.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(())
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
        self.tell(hash).await
    }

    /// Tells every process to forget a token.
    async fn tell(&self, hash: &TokenHash) -> Result<(), sqlx::Error> {
        sqlx::query("select pg_notify($1, $2)")
            .bind(super::known::CHANNEL)
            .bind(hex::encode(hash))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

async fn insert_key(
    connection: &mut sqlx::PgConnection,
    business: Uuid,
    key: &NewApiKey,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into api_key (business_id, key_id, key_hash, role, staff_id, name, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (business_id, key_id) do nothing",
    )
    .bind(business)
    .bind(key.id)
    .bind(key.hash.as_slice())
    .bind(role_word(key.role))
    .bind(key.staff_id.map(Id::uuid))
    .bind(&key.name)
    .bind(now.to_sqlx())
    .bind(key.expires_at.map(|at| at.to_sqlx()))
    .execute(connection)
    .await?;
    Ok(())
}
