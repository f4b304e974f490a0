//! The tables `business_slug`, `sign_in`, `api_key` and `session`, and what belongs to them (migrations 0011_access and
//! 0012_people). What users and keys may do stands in the ledger; here are secrets.

mod second_factor;
mod sessions;
mod sign_ins;

pub(crate) use self::{
    sessions::SessionRow,
    sign_ins::{LinkKind, SignInRow, UserKey},
};

use domain::{
    access::{Right, Rights, key_rights},
    actor::Role,
    business::Business,
    id::Id,
    staff::Staff,
    text::{Label, Slug},
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use sqlx::PgPool;
use uuid::Uuid;

use super::{known::Known, tokens::TokenHash};

/// So many stand behind a key at most: who issued it, who issued that key, and so on.
pub(crate) const MOST_ISSUERS: usize = 8;

/// The gateway's own tables. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tables {
    pool: PgPool,
}

/// An API key, without its secret.
#[derive(Debug, Clone)]
pub(crate) struct ApiKeyRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) staff_id: Option<Id<Staff>>,
    pub(crate) scopes: Option<Rights>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// A new user's row.
pub(crate) struct NewSignIn {
    pub(crate) user_id: Uuid,
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
    pub(crate) scopes: Option<Rights>,
    /// The user or key on whom it hangs; none: the house issued it.
    pub(crate) issued_by: Option<Uuid>,
    /// Not to be good any more from the start: it was revoked before this row was written.
    pub(crate) is_revoked: bool,
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

fn rights(words: &[String]) -> Result<Rights, sqlx::Error> {
    let right = |word: &String| {
        let found = Right::ALL
            .iter()
            .copied()
            .find(|right| right.word() == word);
        found.ok_or_else(|| sqlx::Error::Decode(format!("there is no right {word:?}").into()))
    };
    words.iter().map(right).collect()
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
            "insert into sign_in (business_id, user_id, password_hash, made_at) values ($1, $2, $3, $4)",
        )
        .bind(business.uuid())
        .bind(owner.user_id)
        .bind(&owner.password_hash)
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
        for table in [
            "api_key",
            "session",
            "one_time_link",
            "recovery_code",
            "sign_in",
            "business_slug",
        ] {
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

    /// Revokes a key, and tells the other processes: it, and the keys that hang on it, are worth nothing.
    pub(crate) async fn revoke_key(
        &self,
        business: BusinessId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update api_key set revoked_at = coalesce(revoked_at, $3)
             where business_id = $1 and key_id = $2",
        )
        .bind(business.0)
        .bind(id)
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        self.tell_of(id).await
    }

    /// Calls a key something else.
    pub(crate) async fn rename_key(
        &self,
        business: BusinessId,
        id: Uuid,
        name: &Label,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("update api_key set name = $3 where business_id = $1 and key_id = $2")
            .bind(business.0)
            .bind(id)
            .bind(name.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
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
            Option<Vec<String>>,
            Instant,
            Option<Instant>,
            Option<Instant>,
            Option<Instant>,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "select key_id, name, role, staff_id, scopes, made_at, expires_at, revoked_at, last_used_at
             from api_key
             where business_id = $1 and ($2::uuid is null or key_id = $2)
             order by key_id",
        )
        .bind(business.0)
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(
                |(id, name, word, staff_id, scopes, made, expires, revoked, used)| {
                    Ok(ApiKeyRow {
                        id,
                        name,
                        role: role(&word)?,
                        staff_id: staff_id.map(Id::new),
                        scopes: scopes.as_deref().map(rights).transpose()?,
                        made_at: made.to_jiff(),
                        expires_at: instant(expires),
                        revoked_at: instant(revoked),
                        last_used_at: instant(used),
                    })
                },
            )
            .collect()
    }

    /// Whose key this is, and the user on whom it hangs at last, if there is one. None: it was revoked, or one of the
    /// keys was that it was issued by. It expires when the first of them does.
    pub(crate) async fn known_key(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<(Known, Option<Uuid>)>, sqlx::Error> {
        #[derive(sqlx::FromRow)]
        struct Row {
            business_id: Uuid,
            key_id: Uuid,
            role: String,
            staff_id: Option<Uuid>,
            scopes: Option<Vec<String>>,
            issued_by: Option<Uuid>,
            expires_at: Option<Instant>,
            revoked_at: Option<Instant>,
        }
        // The key, then whoever issued it as long as that is a key. Nobody issues more than so many in a row; from a
        // longer one the user at its end is missing, and it is nobody's.
        let line: Vec<Row> = sqlx::query_as(
            "with recursive line as (
                 select k.*, 0 as up from api_key k where k.key_hash = $1
                 union all
                 select k.*, l.up + 1
                   from line l join api_key k on k.business_id = l.business_id and k.key_id = l.issued_by
                  where l.up <= $2)
             select business_id, key_id, role, staff_id, scopes, issued_by, expires_at, revoked_at
               from line order by up",
        )
        .bind(hash.as_slice())
        .bind(i32::try_from(MOST_ISSUERS).unwrap_or(i32::MAX))
        .fetch_all(&self.pool)
        .await?;
        let (Some(key), Some(last)) = (line.first(), line.last()) else {
            return Ok(None);
        };
        if line.iter().any(|key| key.revoked_at.is_some()) {
            return Ok(None);
        }
        let role = role(&key.role)?;
        let scopes = key.scopes.as_deref().map(rights).transpose()?;
        let known = Known {
            business: BusinessId(key.business_id),
            id: key.key_id,
            is_key: true,
            role,
            rights: key_rights(role, scopes),
            staff_id: key.staff_id.map(Id::new),
            issuers: line.iter().filter_map(|key| key.issued_by).collect(),
            expires_at: line.iter().filter_map(|key| instant(key.expires_at)).min(),
        };
        Ok(Some((known, last.issued_by)))
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

    /// Tells every process to forget these tokens.
    async fn tell_all(&self, hashes: &[TokenHash]) -> Result<(), sqlx::Error> {
        let told: Vec<String> = hashes.iter().map(hex::encode).collect();
        self.notify(told).await
    }

    /// Tells every process to forget all tokens of a user or key, and those that hang on them.
    pub(crate) async fn tell_of(&self, id: Uuid) -> Result<(), sqlx::Error> {
        self.notify(vec![id.to_string()]).await
    }

    async fn notify(&self, told: Vec<String>) -> Result<(), sqlx::Error> {
        if told.is_empty() {
            return Ok(());
        }
        sqlx::query("select pg_notify($1, told) from unnest($2::text[]) as told")
            .bind(super::known::CHANNEL)
            .bind(told)
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
        "insert into api_key (business_id, key_id, key_hash, role, staff_id, name, made_at, expires_at, scopes,
                              issued_by, revoked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
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
    .bind(key.scopes.map(|scopes| scopes.iter().map(Right::word).collect::<Vec<_>>()))
    .bind(key.issued_by)
    .bind(key.is_revoked.then(|| now.to_sqlx()))
    .execute(connection)
    .await?;
    Ok(())
}
