//! One business, in place.

use ledger::{BusinessId, Position};

use super::{
    OnProgress, Progress, Rebuild, RebuildError, Rebuilt,
    pouring::{Builder, Reader},
    settling::settle,
};
use crate::{
    ReadModel, Sums,
    projector::{Roster, register},
};

/// Events read at a time.
const SIP: usize = 4_000;

impl Rebuild {
    /// Builds these read models of one business anew, in place, in one transaction. Its live work waits meanwhile;
    /// readers see the old rows until the end.
    ///
    /// # Errors
    /// [`RebuildError`]; the rows are then as they were.
    pub async fn one(
        &self,
        business: BusinessId,
        models: &[&'static ReadModel],
        progress: OnProgress<'_>,
    ) -> Result<Rebuilt, RebuildError> {
        register(&self.pool, models).await?;
        let mut transaction = self.pool.begin().await?;
        let db = &mut *transaction;
        // Its own pace: between two reads nothing is said to the server for a while.
        sqlx::query("set local idle_in_transaction_session_timeout = 0")
            .execute(&mut *db)
            .await?;
        Roster::hold(db, models).await?;
        sqlx::query(
            "insert into projection_checkpoint (business_id, being_built) values ($1, true) on conflict do nothing",
        )
        .bind(business.0)
        .execute(&mut *db)
        .await?;
        sqlx::query("select from projection_checkpoint where business_id = $1 for update")
            .bind(business.0)
            .execute(&mut *db)
            .await?;
        let head = self.ledger.head(business).await?;
        if head == Position::START {
            return Err(RebuildError::NoSuchBusiness(business));
        }
        for table in models.iter().flat_map(|model| model.tables) {
            sqlx::query(&format!("delete from {table} where business_id = $1"))
                .bind(business.0)
                .execute(&mut *db)
                .await?;
        }
        let mut reader = Reader::default();
        let mut builders: Vec<Builder> = models.iter().copied().map(Builder::of).collect();
        let total = u64::try_from(head.0).unwrap_or_default();
        while let Some(after) = reader.after(business).filter(|after| *after < head) {
            let rows = self.ledger.read(business, after, SIP).await?;
            let rows: Vec<_> = rows
                .into_iter()
                .filter(|row| row.position <= head)
                .collect();
            let draught = if rows.is_empty() {
                reader.end_early([business])
            } else {
                reader.draw(&self.vault, rows).await?
            };
            for builder in &mut builders {
                builder.take_in(db, &draught, Sums::Now).await?;
            }
            let at = reader.reached.get(&business).copied().unwrap_or_default();
            progress(Progress {
                done: u64::try_from(at.0).unwrap_or_default(),
                total,
            });
        }
        // Where it broke all read models are parked; those before whom nothing broke have come to the head.
        reader.reached.insert(business, head);
        settle(db, &builders, &reader.reached, &self.process_version).await?;
        transaction.commit().await?;
        Ok(Rebuilt {
            read_models: models.iter().map(|model| model.name).collect(),
            businesses: 1,
            events: total,
            parked: builders
                .iter()
                .map(|builder| u64::try_from(builder.parked.len()).unwrap_or_default())
                .sum(),
        })
    }
}
