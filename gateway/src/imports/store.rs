//! Where imports lie (migration 0018): the sealed file, the mapping, how far a run has come, what became of each row.

use domain::actor::Actor;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use sqlx::{PgPool, types::Json};
use uuid::Uuid;
use vault::Vault;

use super::{
    KEPT,
    fields::Kind,
    judge::{Reason, Verdict},
    mapping::Mapping,
    undo::Fate,
};
use crate::problem::Problem;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportState)]
pub(crate) enum State {
    /// The mapping may be changed; nothing is written yet.
    Uploaded,
    /// Rows are being written.
    Running,
    /// All rows are done.
    Finished,
    /// It was stopped; `run` goes on from there.
    Cancelled,
    /// It broke off; `run` tries again from there.
    Failed,
    /// What was written is being taken back.
    Undoing,
    /// It was taken back, as far as it could be.
    Undone,
}

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    fn of_word(word: &str) -> Self {
        match word {
            "uploaded" => Self::Uploaded,
            "running" => Self::Running,
            "finished" => Self::Finished,
            "cancelled" => Self::Cancelled,
            "undoing" => Self::Undoing,
            "undone" => Self::Undone,
            _ => Self::Failed,
        }
    }

    /// Somebody works on it, or will at once.
    pub(crate) const fn is_at_work(self) -> bool {
        matches!(self, Self::Running | Self::Undoing)
    }
}

/// An import without its file.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) business: BusinessId,
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) file_name: Option<String>,
    pub(crate) mapping: Mapping,
    pub(crate) actor: Actor,
    pub(crate) made_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    pub(crate) figures: Figures,
    pub(crate) position: i64,
    pub(crate) cancel: bool,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub(crate) struct Figures {
    pub(crate) total: i32,
    pub(crate) done: i32,
    pub(crate) created: i32,
    pub(crate) updated: i32,
    pub(crate) skipped: i32,
    pub(crate) failed: i32,
    pub(crate) undone: i32,
    pub(crate) kept: i32,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Outcome {
    pub(crate) ordinal: i32,
    pub(crate) verdict: Verdict,
    pub(crate) thing: Option<Uuid>,
    pub(crate) before: Option<i64>,
    pub(crate) after: Option<i64>,
    pub(crate) reason: Option<Reason>,
    #[serde(default)]
    pub(crate) undone: Option<Fate>,
}

/// What is uploaded.
pub(crate) struct Upload<'u> {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) file_name: Option<&'u str>,
    pub(crate) file: &'u [u8],
    pub(crate) fingerprint: [u8; 32],
    pub(crate) mapping: &'u Mapping,
    pub(crate) total: usize,
    pub(crate) actor: &'u Actor,
}

/// Imports in their tables.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) pool: PgPool,
    pub(crate) vault: Vault,
}

#[derive(sqlx::FromRow)]
struct Row {
    business_id: Uuid,
    import_id: Uuid,
    kind: String,
    state: String,
    version: i64,
    wrapped_key: Vec<u8>,
    file_name: Option<Vec<u8>>,
    mapping: Json<Mapping>,
    actor: Json<Actor>,
    made_at: jiff_sqlx::Timestamp,
    started_at: Option<jiff_sqlx::Timestamp>,
    finished_at: Option<jiff_sqlx::Timestamp>,
    expires_at: jiff_sqlx::Timestamp,
    #[sqlx(flatten)]
    figures: Figures,
    position: i64,
    cancel: bool,
}

const COLUMNS: &str = "business_id, import_id, kind, state, version, wrapped_key, file_name, mapping, actor, made_at, started_at, \
     finished_at, expires_at, total, done, created, updated, skipped, failed, undone, kept, position, cancel";

impl Store {
    fn read(&self, row: Row) -> Import {
        let name = row.file_name.and_then(|sealed| {
            let key = self
                .vault
                .parcel(row.business_id, row.import_id, &row.wrapped_key)?;
            let name = key.open("name", &sealed)?;
            String::from_utf8(name.to_vec()).ok()
        });
        Import {
            business: BusinessId(row.business_id),
            id: row.import_id,
            kind: Kind::of_word(&row.kind),
            state: State::of_word(&row.state),
            version: row.version,
            file_name: name,
            mapping: row.mapping.0,
            actor: row.actor.0,
            made_at: row.made_at.to_jiff(),
            started_at: row.started_at.map(jiff_sqlx::Timestamp::to_jiff),
            finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            expires_at: row.expires_at.to_jiff(),
            figures: row.figures,
            position: row.position,
            cancel: row.cancel,
        }
    }

    /// Keeps an upload. False: it was kept before, by the same request.
    pub(crate) async fn keep(
        &self,
        business: BusinessId,
        upload: &Upload<'_>,
        now: Timestamp,
    ) -> Result<bool, Problem> {
        let (key, wrapped) = self.vault.new_parcel(business.0, upload.id);
        let name = upload
            .file_name
            .map(|name| key.seal("name", name.as_bytes()));
        let expires = now.checked_add(KEPT).map_err(Problem::internal)?;
        let kept = sqlx::query(
            "insert into import (business_id, import_id, kind, state, wrapped_key, file_name, file, fingerprint, mapping, actor,
                                 made_at, expires_at, total)
             values ($1, $2, $3, 'uploaded', $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict do nothing",
        )
        .bind(business.0)
        .bind(upload.id)
        .bind(upload.kind.word())
        .bind(wrapped)
        .bind(name)
        .bind(key.seal("file", upload.file))
        .bind(upload.fingerprint.as_slice())
        .bind(Json(upload.mapping))
        .bind(Json(upload.actor))
        .bind(now.to_sqlx())
        .bind(expires.to_sqlx())
        .bind(i32::try_from(upload.total).unwrap_or(i32::MAX))
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected() == 1)
    }

    /// The fingerprint of the request that made an import, if it is there.
    pub(crate) async fn fingerprint(
        &self,
        business: BusinessId,
        id: Uuid,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let found = sqlx::query_scalar(
            "select fingerprint from import where business_id = $1 and import_id = $2",
        )
        .bind(business.0)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found)
    }

    /// An import.
    pub(crate) async fn one(&self, business: BusinessId, id: Uuid) -> Result<Import, Problem> {
        let row: Option<Row> = sqlx::query_as(&format!(
            "select {COLUMNS} from import where business_id = $1 and import_id = $2"
        ))
        .bind(business.0)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| self.read(row)).ok_or_else(Problem::not_found)
    }

    /// The latest imports before one, the latest first.
    pub(crate) async fn list(
        &self,
        business: BusinessId,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Import>, Problem> {
        let rows: Vec<Row> = sqlx::query_as(&format!(
            "select {COLUMNS} from import
              where business_id = $1 and ($2::uuid is null or import_id < $2)
              order by import_id desc limit $3"
        ))
        .bind(business.0)
        .bind(before)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| self.read(row)).collect())
    }

    /// How many there are.
    pub(crate) async fn count(&self, business: BusinessId) -> Result<u64, Problem> {
        let count: i64 = sqlx::query_scalar("select count(*) from import where business_id = $1")
            .bind(business.0)
            .fetch_one(&self.pool)
            .await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The file of an import.
    pub(crate) async fn file(&self, business: BusinessId, id: Uuid) -> Result<Vec<u8>, Problem> {
        let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "select wrapped_key, file from import where business_id = $1 and import_id = $2",
        )
        .bind(business.0)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        let (wrapped, sealed) = row.ok_or_else(Problem::not_found)?;
        let key = self.vault.parcel(business.0, id, &wrapped);
        let file = key.and_then(|key| key.open("file", &sealed));
        let file = file.ok_or_else(|| Problem::internal("an import's file does not open"))?;
        Ok(file.to_vec())
    }

    /// Takes another mapping, while nothing is written yet. False: the import moved on.
    pub(crate) async fn map(
        &self,
        import: &Import,
        mapping: &Mapping,
        total: usize,
    ) -> Result<bool, Problem> {
        let changed = sqlx::query(
            "update import set mapping = $4, total = $5, version = version + 1
              where business_id = $1 and import_id = $2 and version = $3 and state = 'uploaded'",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(import.version)
        .bind(Json(mapping))
        .bind(i32::try_from(total).unwrap_or(i32::MAX))
        .execute(&self.pool)
        .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Sets it to work, on somebody's behalf. False: it moved on.
    pub(crate) async fn set_to_work(
        &self,
        import: &Import,
        state: State,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, Problem> {
        let changed = sqlx::query(
            "update import
                set state = $4, actor = $5, cancel = false, leased_by = null, leased_until = null, version = version + 1,
                    started_at = case when $4 = 'running' then coalesce(started_at, $6) else started_at end,
                    finished_at = null
              where business_id = $1 and import_id = $2 and version = $3",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(import.version)
        .bind(state.word())
        .bind(Json(actor))
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Asks whoever works on it to stop.
    pub(crate) async fn cancel(&self, import: &Import) -> Result<(), Problem> {
        sqlx::query(
            "update import set cancel = true, version = version + 1
              where business_id = $1 and import_id = $2 and state = 'running'",
        )
        .bind(import.business.0)
        .bind(import.id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets it, its file with it, unless it is at work.
    pub(crate) async fn remove(&self, import: &Import) -> Result<bool, Problem> {
        let removed = sqlx::query(
            "delete from import
              where business_id = $1 and import_id = $2 and state not in ('running', 'undoing')",
        )
        .bind(import.business.0)
        .bind(import.id)
        .execute(&self.pool)
        .await?;
        Ok(removed.rows_affected() == 1)
    }

    /// Forgets those that were kept long enough.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<u64, Problem> {
        let swept = sqlx::query(
            "delete from import where expires_at <= $1 and state not in ('running', 'undoing')",
        )
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }

    /// Takes one that waits for work, for a while; no two of one business at a time.
    pub(crate) async fn lease(&self, worker: Uuid) -> Result<Option<Import>, Problem> {
        let mut transaction = self.pool.begin().await?;
        // One after the other: two who look at once would each see none of a business at work.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('daybook import lease', 0))")
            .execute(&mut *transaction)
            .await?;
        let row: Option<Row> = sqlx::query_as(&format!(
            "update import set leased_by = $1, leased_until = now() + interval '30 seconds'
              where (business_id, import_id) = (
                    select business_id, import_id from import i
                     where state in ('running', 'undoing') and (leased_until is null or leased_until < now())
                       and not exists (select from import o
                                        where o.business_id = i.business_id and o.import_id <> i.import_id
                                          and o.state in ('running', 'undoing') and o.leased_until >= now())
                     order by made_at limit 1
                       for update skip locked)
              returning {COLUMNS}"
        ))
        .bind(worker)
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(row.map(|row| self.read(row)))
    }

    /// Keeps the lease, and tells whether to go on. None: somebody else has it, or it is gone.
    pub(crate) async fn renew(
        &self,
        import: &Import,
        worker: Uuid,
    ) -> Result<Option<Import>, Problem> {
        let row: Option<Row> = sqlx::query_as(&format!(
            "update import set leased_until = now() + interval '30 seconds'
              where business_id = $1 and import_id = $2 and leased_by = $3
              returning {COLUMNS}"
        ))
        .bind(import.business.0)
        .bind(import.id)
        .bind(worker)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| self.read(row)))
    }

    /// Lets it go, in a state that it is to be in from now on.
    pub(crate) async fn release(
        &self,
        import: &Import,
        worker: Uuid,
        state: State,
        now: Timestamp,
    ) -> Result<(), Problem> {
        sqlx::query(
            "update import
                set state = $4, leased_by = null, leased_until = null, version = version + 1,
                    finished_at = case when $4 in ('running', 'undoing') then null else $5 end
              where business_id = $1 and import_id = $2 and leased_by = $3",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(worker)
        .bind(state.word())
        .bind(now.to_sqlx())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes what became of rows, once.
    pub(crate) async fn note(
        &self,
        import: &Import,
        outcomes: &[Outcome],
        position: Option<i64>,
    ) -> Result<(), Problem> {
        let mut transaction = self.pool.begin().await?;
        let ordinals: Vec<i32> = outcomes.iter().map(|row| row.ordinal).collect();
        let words: Vec<&str> = outcomes.iter().map(|row| row.verdict.word()).collect();
        let things: Vec<Option<Uuid>> = outcomes.iter().map(|row| row.thing).collect();
        let before: Vec<Option<i64>> = outcomes.iter().map(|row| row.before).collect();
        let after: Vec<Option<i64>> = outcomes.iter().map(|row| row.after).collect();
        let reasons: Vec<Option<Json<&Reason>>> = outcomes
            .iter()
            .map(|row| row.reason.as_ref().map(Json))
            .collect();
        // Whose lease ran out may come with what another has noted already: it is counted once.
        let noted: Vec<String> = sqlx::query_scalar(
            "insert into import_row (business_id, import_id, ordinal, outcome, thing_id, before, after, reason)
             select $1, $2, r.* from unnest($3::int[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[], $8::jsonb[]) as r
             on conflict do nothing returning outcome",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(ordinals)
        .bind(words)
        .bind(things)
        .bind(before)
        .bind(after)
        .bind(reasons)
        .fetch_all(&mut *transaction)
        .await?;
        // Added to, not counted again: a run of fifty thousand rows notes them in hundreds of steps.
        let of = |verdict: Verdict| {
            let count = noted.iter().filter(|word| *word == verdict.word()).count();
            i32::try_from(count).unwrap_or(i32::MAX)
        };
        sqlx::query(
            "update import set done = done + $3, created = created + $4, updated = updated + $5, skipped = skipped + $6,
                    failed = failed + $7, position = greatest(position, $8)
              where business_id = $1 and import_id = $2",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(i32::try_from(noted.len()).unwrap_or(i32::MAX))
        .bind(of(Verdict::Create))
        .bind(of(Verdict::Update))
        .bind(of(Verdict::Skip))
        .bind(of(Verdict::Error))
        .bind(position.unwrap_or_default())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What became of rows, by their place, from one on.
    pub(crate) async fn outcomes(
        &self,
        import: &Import,
        only: Option<Verdict>,
        from: i32,
        limit: i64,
    ) -> Result<Vec<Outcome>, Problem> {
        type Row = (
            i32,
            String,
            Option<Uuid>,
            Option<i64>,
            Option<i64>,
            Option<Json<Reason>>,
            Option<String>,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "select ordinal, outcome, thing_id, before, after, reason, undone from import_row
              where business_id = $1 and import_id = $2 and ordinal >= $3 and ($4::text is null or outcome = $4)
              order by ordinal limit $5",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(from)
        .bind(only.map(Verdict::word))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let outcome = |(ordinal, word, thing, before, after, reason, undone): Row| Outcome {
            ordinal,
            verdict: Verdict::of_word(&word),
            thing,
            before,
            after,
            reason: reason.map(|reason| reason.0),
            undone: undone.as_deref().map(Fate::of_word),
        };
        Ok(rows.into_iter().map(outcome).collect())
    }

    /// Of how many rows that is told.
    pub(crate) async fn count_outcomes(
        &self,
        import: &Import,
        only: Option<Verdict>,
    ) -> Result<i64, Problem> {
        let count = sqlx::query_scalar(
            "select count(*) from import_row
              where business_id = $1 and import_id = $2 and ($3::text is null or outcome = $3)",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(only.map(Verdict::word));
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// Things that an import made or changed and that were not taken back yet, the latest first: which, whether it made
    /// them, the version before its first row and after its last.
    pub(crate) async fn to_undo(
        &self,
        import: &Import,
        limit: i64,
    ) -> Result<Vec<ToUndo>, Problem> {
        let rows = sqlx::query_as(
            "select thing_id as thing, bool_or(outcome = 'create') as made, min(before) as before, max(after) as after
               from import_row
              where business_id = $1 and import_id = $2 and outcome in ('create', 'update') and undone is null
                and after is not null
              group by thing_id order by min(ordinal) desc limit $3",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Notes what became of taking things back.
    pub(crate) async fn note_undone(
        &self,
        import: &Import,
        undone: &[(Uuid, Fate)],
        position: Option<i64>,
    ) -> Result<(), Problem> {
        let words = undone.iter().map(|(thing, fate)| (*thing, fate.word()));
        let (things, words): (Vec<Uuid>, Vec<&str>) = words.unzip();
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "update import_row r set undone = u.word
               from unnest($3::uuid[], $4::text[]) as u (thing_id, word)
              where r.business_id = $1 and r.import_id = $2 and r.thing_id = u.thing_id and r.outcome in ('create', 'update')",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(things)
        .bind(words)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "update import i set position = greatest(position, $3), undone = c.undone, kept = c.kept
               from (select count(*) filter (where undone = 'done')::int as undone, count(*) filter (where undone <> 'done')::int as kept
                       from import_row where business_id = $1 and import_id = $2) c
              where business_id = $1 and import_id = $2",
        )
        .bind(import.business.0)
        .bind(import.id)
        .bind(position.unwrap_or_default())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Something to be taken back.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct ToUndo {
    pub(crate) thing: Uuid,
    pub(crate) made: bool,
    pub(crate) before: i64,
    pub(crate) after: i64,
}
