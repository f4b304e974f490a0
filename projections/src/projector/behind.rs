//! Who is behind: the poll behind the wake-ups, and the figures of it.

use ledger::BusinessId;
use sqlx::PgPool;
use uuid::Uuid;

use super::batch::Feed;
use crate::ReadModel;

impl Feed {
    /// Businesses with events that a read model of this process has not taken in, and could. Cheap: 100,000
    /// businesses are compared in some tens of milliseconds.
    pub(crate) async fn behind(&self, most: i64) -> Result<Vec<BusinessId>, sqlx::Error> {
        let names: Vec<&str> = self.models.iter().map(|model| model.name).collect();
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "(select h.business_id
                from ledger_head h left join projection_checkpoint c using (business_id)
               where h.position > coalesce(c.position, 0)
               limit $3)
             union
             select a.business_id
               from projection_apart a join projection_checkpoint c using (business_id)
              where a.read_model = any ($1) and a.position < c.position and not projection_rests(a, $2)",
        )
        .bind(names)
        .bind(&self.process)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(BusinessId).collect())
    }
}

/// How far a read model is behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Lag {
    /// The read model's name.
    pub read_model: &'static str,
    /// Events recorded that it has not taken in, of all businesses; those that it is parked for count.
    pub positions: i64,
    /// How long ago the oldest of them was recorded, parked ones apart.
    pub seconds: f64,
    /// For how many businesses it is parked.
    pub parked: i64,
}

/// How far each read model is behind.
pub(crate) async fn lag(
    db: &PgPool,
    models: &[&'static ReadModel],
) -> Result<Vec<Lag>, sqlx::Error> {
    let names: Vec<&str> = models.iter().map(|model| model.name).collect();
    // Of read models at the common position one row per business tells for all.
    let rows: Vec<(String, i64, f64, i64)> = sqlx::query_as(
        "with common as materialized (
             select h.business_id, h.position as head, coalesce(c.position, 0) as position
               from ledger_head h left join projection_checkpoint c using (business_id)
              where h.position > coalesce(c.position, 0)),
         aged as materialized (
             select c.business_id, c.head - c.position as positions,
                    extract(epoch from clock_timestamp() - e.recorded_at)::float8 as seconds
               from common c
               left join events e on e.business_id = c.business_id and e.position = c.position + 1),
         apart as materialized (
             select a.business_id, a.read_model, h.position - a.position as positions, a.parked_at is not null as parked,
                    case when a.parked_at is null
                         then extract(epoch from clock_timestamp() - e.recorded_at)::float8 end as seconds
               from projection_apart a join ledger_head h using (business_id)
               left join events e on e.business_id = a.business_id and e.position = a.position + 1)
         select m.name,
                (coalesce((select sum(positions) from aged), 0)
                 - coalesce((select sum(g.positions) from aged g join apart a using (business_id)
                              where a.read_model = m.name), 0)
                 + coalesce((select sum(positions) from apart a where a.read_model = m.name), 0))::bigint,
                greatest((select max(seconds) from aged g
                           where not exists (select from apart a
                                              where a.business_id = g.business_id and a.read_model = m.name)),
                         (select max(seconds) from apart a where a.read_model = m.name), 0),
                (select count(*) from apart a where a.read_model = m.name and a.parked)
           from unnest($1::text[]) as m (name)",
    )
    .bind(names)
    .fetch_all(db)
    .await?;
    Ok(models
        .iter()
        .filter_map(|model| {
            let (_, positions, seconds, parked) =
                rows.iter().find(|(name, ..)| name == model.name)?;
            Some(Lag {
                read_model: model.name,
                positions: *positions,
                seconds: *seconds,
                parked: *parked,
            })
        })
        .collect())
}
