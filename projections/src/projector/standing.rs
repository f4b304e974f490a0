//! Where each business's read models stand, in the tables of `ops/migrations/0020_projector.sql`.

use ledger::{BusinessId, Position};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::decode::Broken;
use crate::ReadModel;

/// Some of the read models, by their places in the list of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Members(u64);

impl Members {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn with(self, model: usize) -> Self {
        Self(self.0 | 1 << model)
    }

    pub(crate) fn without(self, model: usize) -> Self {
        Self(self.0 & !(1 << model))
    }

    pub(crate) fn has(self, model: usize) -> bool {
        self.0 & (1 << model) != 0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..64).filter(move |model| self.has(*model))
    }
}

/// Which read models this process feeds.
#[derive(Debug)]
pub(crate) struct Roster {
    pub(crate) ours: Members,
    /// Of a newer process, or of one that knows more of them. They are left where they are.
    foreign: Vec<String>,
}

impl Roster {
    /// To be the first statement of each transaction that moves read models: until its end their tables are not
    /// swapped for rebuilt ones, and no read model is added.
    pub(crate) async fn hold(
        db: &mut PgConnection,
        models: &[&'static ReadModel],
    ) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, i32)> =
            sqlx::query_as("select name, version from read_model order by name for share")
                .fetch_all(db)
                .await?;
        let mut roster = Self {
            ours: Members::NONE,
            foreign: vec![],
        };
        for (name, version) in rows {
            match models.iter().position(|model| model.name == name) {
                Some(model) if version <= models[model].version => {
                    roster.ours = roster.ours.with(model);
                }
                Some(_) | None => roster.foreign.push(name),
            }
        }
        Ok(roster)
    }
}

/// Where one business's read models stand.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) business: BusinessId,
    /// Where its ledger ends.
    pub(crate) head: Position,
    /// Where all stand that do not stand apart.
    pub(crate) common: Position,
    /// It has never been where its ledger ends.
    pub(crate) being_built: bool,
    pub(crate) apart: Vec<Apart>,
}

/// A read model that stands elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Apart {
    pub(crate) model: usize,
    pub(crate) at: Position,
    /// Not to be tried again by this process.
    pub(crate) parked: bool,
}

impl Standing {
    /// Who of `ours` stands at the common position.
    pub(crate) fn together(&self, ours: Members) -> Members {
        self.apart
            .iter()
            .fold(ours, |members, apart| members.without(apart.model))
    }

    /// Those furthest back of `ours` that can be moved up, where they stand, and how far they may go: to the next
    /// ones, to go on with them.
    pub(crate) fn furthest_back(&self, ours: Members) -> Option<(Members, Position, Position)> {
        let movable = || {
            self.apart
                .iter()
                .filter(|a| ours.has(a.model) && !a.parked && a.at < self.common)
        };
        let at = movable().map(|a| a.at).min()?;
        let next = movable().map(|a| a.at).filter(|other| *other > at).min();
        let members = movable()
            .filter(|a| a.at == at)
            .fold(Members::NONE, |members, a| members.with(a.model));
        Some((members, at, next.unwrap_or(self.common)))
    }
}

/// Takes the lease of those of these businesses that no other worker has: until the end of the transaction no other
/// one moves their read models.
pub(crate) async fn lease(
    db: &mut PgConnection,
    businesses: &[BusinessId],
    models: &[&'static ReadModel],
    process: &str,
) -> Result<Vec<Standing>, sqlx::Error> {
    let wanted: Vec<Uuid> = businesses.iter().map(|business| business.0).collect();
    let mut rows: Vec<(Uuid, i64, bool, i64)> = sqlx::query_as(
        "select c.business_id, c.position, c.being_built, h.position
           from projection_checkpoint c join ledger_head h using (business_id)
          where c.business_id = any ($1)
          order by c.business_id
            for update of c skip locked",
    )
    .bind(&wanted)
    .fetch_all(&mut *db)
    .await?;
    if rows.len() < wanted.len() {
        let missing: Vec<Uuid> = wanted
            .into_iter()
            .filter(|business| !rows.iter().any(|(leased, ..)| leased == business))
            .collect();
        rows.extend(adopt(db, &missing).await?);
    }
    let leased: Vec<Uuid> = rows.iter().map(|(business, ..)| *business).collect();
    let apart: Vec<(Uuid, String, i64, bool)> = sqlx::query_as(
        "select a.business_id, a.read_model, a.position, projection_rests(a, $2)
           from projection_apart a where a.business_id = any ($1)",
    )
    .bind(leased)
    .bind(process)
    .fetch_all(db)
    .await?;
    let mut standings: Vec<Standing> = rows
        .into_iter()
        .map(|(business, common, being_built, head)| Standing {
            business: BusinessId(business),
            head: Position(head),
            common: Position(common),
            being_built,
            apart: vec![],
        })
        .collect();
    standings.sort_unstable_by_key(|standing| standing.business);
    for (business, name, at, parked) in apart {
        let Some(model) = models.iter().position(|model| model.name == name) else {
            continue;
        };
        if let Ok(place) = standings.binary_search_by_key(&business, |s| s.business.0) {
            let at = Position(at);
            standings[place].apart.push(Apart { model, at, parked });
        }
    }
    Ok(standings)
}

/// Begins to keep a checkpoint for those businesses that have none yet; the others are in other hands. Unless they come
/// to where the ledger ends before anybody sees it, their read models are being built from now on.
async fn adopt(
    db: &mut PgConnection,
    businesses: &[Uuid],
) -> Result<Vec<(Uuid, i64, bool, i64)>, sqlx::Error> {
    sqlx::query_as(
        "with new as (
             insert into projection_checkpoint (business_id, being_built)
             select h.business_id, true from ledger_head h where h.business_id = any ($1) order by h.business_id
             on conflict do nothing
             returning business_id, position, being_built)
         select n.business_id, n.position, n.being_built, h.position from new n join ledger_head h using (business_id)",
    )
    .bind(businesses)
    .fetch_all(db)
    .await
}

/// How far a batch has moved a common position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    pub(crate) business: BusinessId,
    pub(crate) from: Position,
    pub(crate) to: Position,
    /// There the ledger ends: what was being built is whole.
    pub(crate) at_end: bool,
}

/// Moves the common positions. What this process does not feed stays where it was.
pub(crate) async fn advance(
    db: &mut PgConnection,
    roster: &Roster,
    moved: &[Moved],
) -> Result<(), sqlx::Error> {
    if moved.is_empty() {
        return Ok(());
    }
    let businesses: Vec<Uuid> = moved.iter().map(|moved| moved.business.0).collect();
    let from: Vec<i64> = moved.iter().map(|moved| moved.from.0).collect();
    let to: Vec<i64> = moved.iter().map(|moved| moved.to.0).collect();
    let at_end: Vec<bool> = moved.iter().map(|moved| moved.at_end).collect();
    if !roster.foreign.is_empty() {
        sqlx::query(
            "insert into projection_apart (business_id, read_model, position, being_built)
             select m.business_id, f.name, m.position, c.being_built
               from unnest($1::uuid[], $2::bigint[]) as m (business_id, position)
               join projection_checkpoint c using (business_id)
              cross join unnest($3::text[]) as f (name)
                 on conflict do nothing",
        )
        .bind(&businesses)
        .bind(from)
        .bind(&roster.foreign)
        .execute(&mut *db)
        .await?;
    }
    sqlx::query(
        "update projection_checkpoint c set position = m.position, being_built = c.being_built and not m.at_end
           from unnest($1::uuid[], $2::bigint[], $3::boolean[]) as m (business_id, position, at_end)
          where c.business_id = m.business_id",
    )
    .bind(businesses)
    .bind(to)
    .bind(at_end)
    .execute(db)
    .await?;
    Ok(())
}

/// Sets read models at positions of their own, or, where those are the common ones, back with the others. Those that did
/// not stand apart before are being built if the others were.
pub(crate) async fn set_apart(
    db: &mut PgConnection,
    models: &[&'static ReadModel],
    stand: &[(BusinessId, Members, Position)],
    being_built: bool,
) -> Result<(), sqlx::Error> {
    if stand.is_empty() {
        return Ok(());
    }
    let (mut businesses, mut names, mut positions) = (vec![], vec![], vec![]);
    for (business, members, at) in stand {
        for model in members.iter() {
            businesses.push(business.0);
            names.push(models[model].name);
            positions.push(at.0);
        }
    }
    sqlx::query(
        "insert into projection_apart (business_id, read_model, position, being_built)
         select s.*, $4 from unnest($1::uuid[], $2::text[], $3::bigint[]) as s
             on conflict (business_id, read_model) do update
            set position = excluded.position, parked_at = null, parked_by = null, failed_position = null,
                failed_event = null, error = null",
    )
    .bind(&businesses)
    .bind(&names)
    .bind(positions)
    .bind(being_built)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "delete from projection_apart a
          using unnest($1::uuid[], $2::text[]) as s (business_id, read_model), projection_checkpoint c
          where a.business_id = s.business_id and a.read_model = s.read_model
            and c.business_id = a.business_id and c.position = a.position",
    )
    .bind(businesses)
    .bind(names)
    .execute(db)
    .await?;
    Ok(())
}

/// Stops read models before an event that they cannot take in, loudly. Who was being built goes on being so.
pub(crate) async fn park(
    db: &mut PgConnection,
    models: &[&'static ReadModel],
    process: &str,
    (business, members, at): (BusinessId, Members, Position),
    broken: &Broken,
) -> Result<(), sqlx::Error> {
    for model in members.iter() {
        let name = models[model].name;
        sqlx::query(
            "insert into projection_apart (business_id, read_model, position, parked_at, parked_by,
                                           failed_position, failed_event, error, being_built)
             values ($1, $2, $3, clock_timestamp(), $4, $5, $6, $7,
                     coalesce((select being_built from projection_checkpoint where business_id = $1), false))
                 on conflict (business_id, read_model) do update
                set position = excluded.position, parked_at = excluded.parked_at, parked_by = excluded.parked_by,
                    failed_position = excluded.failed_position, failed_event = excluded.failed_event,
                    error = excluded.error",
        )
        .bind(business.0)
        .bind(name)
        .bind(at.0)
        .bind(process)
        .bind(broken.position.0)
        .bind(broken.event.map(|event| event.0))
        .bind(&broken.error)
        .execute(&mut *db)
        .await?;
        metrics::counter!("projection_parked_total", "read_model" => name).increment(1);
        tracing::error!(
            business.id = %business,
            read_model = name,
            position = broken.position.0,
            event.id = broken.event.map(|event| event.to_string()),
            error = broken.error,
            "A read model cannot take in an event and is parked for this business; the others go on",
        );
    }
    Ok(())
}

/// A read model that is parked for a business.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Parked {
    /// The business.
    pub business_id: Uuid,
    /// The read model's name.
    pub read_model: String,
    /// Where it stands.
    pub position: i64,
    /// The position that it could not take in.
    pub failed_position: i64,
    /// The event there; none where there is no event.
    pub failed_event: Option<Uuid>,
    /// Why. Never a personal value.
    pub error: String,
    /// The version of the process that parked it.
    pub parked_by: String,
}

/// All read models that are parked, by business.
///
/// # Errors
/// When the database does not answer.
pub async fn parked(db: &PgPool) -> Result<Vec<Parked>, sqlx::Error> {
    sqlx::query_as(
        "select business_id, read_model, position, failed_position, failed_event, error, parked_by
           from projection_apart where parked_at is not null order by business_id, read_model",
    )
    .fetch_all(db)
    .await
}
