//! Finding out whose fault it is: a batch that fails is run again business by business, then read model by read
//! model, then event by event. The culprit is parked, the others go on.

use std::cmp::max;

use ledger::{BusinessId, Position};

use super::{
    batch::{Failure, Feed, Outcome, Side},
    decode::Broken,
    fault,
    standing::{self, Members, Roster},
};

impl Feed {
    /// Takes in the next events of these businesses: of read models at the common position first, then of those
    /// that stand apart.
    ///
    /// # Errors
    /// When the database is away. What is wrong with an event ends in the table of parked ones.
    pub(crate) async fn take_in(
        &self,
        businesses: &[BusinessId],
        events: usize,
    ) -> Result<Outcome, sqlx::Error> {
        let mut outcome = self.each(businesses, Side::Together, events).await?;
        let apart = std::mem::take(&mut outcome.apart);
        if !apart.is_empty() {
            let moved_up = self.each(&apart, Side::Apart(None), events).await?;
            outcome.moved.extend(moved_up.moved);
            outcome.more.extend(moved_up.apart);
            outcome.more.extend(moved_up.more);
        }
        Ok(outcome)
    }

    async fn each(
        &self,
        businesses: &[BusinessId],
        side: Side,
        events: usize,
    ) -> Result<Outcome, sqlx::Error> {
        // A share for everyone, and not so little that a long ledger is read in sips.
        let limit = max(events / max(businesses.len(), 1), 16);
        match self.run(businesses, side, limit).await {
            Ok(outcome) => return Ok(outcome),
            Err(Failure::Outage(error)) => return Err(error),
            Err(Failure::Refused(_) | Failure::Unreadable(_)) => {}
        }
        let mut outcome = Outcome::default();
        for business in businesses {
            outcome.and(self.alone(*business, side, limit).await?);
        }
        Ok(outcome)
    }

    async fn alone(
        &self,
        business: BusinessId,
        side: Side,
        limit: usize,
    ) -> Result<Outcome, sqlx::Error> {
        match (self.run(&[business], side, limit).await, side) {
            (Ok(outcome), _) => Ok(outcome),
            (Err(Failure::Outage(error)), _) => Err(error),
            (Err(Failure::Refused(error)), Side::Together) => {
                tracing::warn!(business.id = %business, error, "A batch failed; its read models go on one by one");
                self.part(business).await
            }
            (Err(Failure::Unreadable(error)), Side::Together) => {
                tracing::warn!(
                    business.id = %business,
                    error = fault::told_of_read(&error),
                    "Events could not be read; they are read one by one",
                );
                self.one_by_one(business, side).await
            }
            (Err(Failure::Refused(_) | Failure::Unreadable(_)), Side::Apart(_)) => {
                let mut outcome = Outcome::default();
                for model in 0..self.models.len() {
                    let side = Side::Apart(Some(model));
                    outcome.and(self.by_itself(business, side, model, limit).await?);
                }
                Ok(outcome)
            }
        }
    }

    /// Lets the read models of a business go on each by itself, from where they stand to the head.
    async fn part(&self, business: BusinessId) -> Result<Outcome, sqlx::Error> {
        let mut transaction = self.work.begin().await?;
        let db = &mut *transaction;
        let roster = Roster::hold(db, self.models).await?;
        let standings = standing::lease(db, &[business], self.models, &self.process).await?;
        for standing in &standings {
            let members = standing.together(roster.ours);
            let moved = standing::Moved {
                business,
                from: standing.common,
                to: standing.head,
                at_end: true,
            };
            standing::advance(db, &roster, &[moved]).await?;
            let at = (business, members, standing.common);
            standing::set_apart(db, self.models, &[at], standing.being_built).await?;
        }
        transaction.commit().await?;
        Ok(Outcome {
            apart: vec![business],
            ..Outcome::default()
        })
    }

    /// One read model of one business: in ever smaller steps up to the event that it cannot take in.
    async fn by_itself(
        &self,
        business: BusinessId,
        side: Side,
        model: usize,
        limit: usize,
    ) -> Result<Outcome, sqlx::Error> {
        let mut limit = limit;
        loop {
            match self.run(&[business], side, limit).await {
                Ok(outcome) => return Ok(outcome),
                Err(Failure::Outage(error)) => return Err(error),
                Err(Failure::Refused(error)) if limit == 1 => {
                    self.park_alone(business, model, error).await?;
                    return Ok(Outcome::default());
                }
                Err(Failure::Refused(_) | Failure::Unreadable(_)) => limit = max(limit / 2, 1),
            }
        }
    }

    /// One event after the other, up to the one that cannot be read, at which `run` parks them.
    async fn one_by_one(&self, business: BusinessId, side: Side) -> Result<Outcome, sqlx::Error> {
        match self.run(&[business], side, 1).await {
            Ok(mut outcome) => {
                outcome.more.push(business);
                Ok(outcome)
            }
            Err(Failure::Outage(error)) => Err(error),
            Err(Failure::Refused(_) | Failure::Unreadable(_)) => self.part(business).await,
        }
    }

    /// Parks a read model that refused the one event after its position.
    async fn park_alone(
        &self,
        business: BusinessId,
        model: usize,
        error: String,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.work.begin().await?;
        let db = &mut *transaction;
        let roster = Roster::hold(db, self.models).await?;
        let standings = standing::lease(db, &[business], self.models, &self.process).await?;
        let one = Members::NONE.with(model).and(roster.ours);
        let found = standings.iter().find_map(|s| s.furthest_back(one));
        if let Some((members, at, _)) = found {
            let next = Position(at.0 + 1);
            let event: Option<uuid::Uuid> = sqlx::query_scalar(
                "select event_id from events where business_id = $1 and position = $2",
            )
            .bind(business.0)
            .bind(next.0)
            .fetch_optional(&mut *db)
            .await?;
            let broken = Broken {
                position: next,
                event: event.map(ledger::EventId),
                error,
            };
            let stand = (business, members, at);
            standing::park(db, self.models, &self.process, stand, &broken).await?;
        }
        transaction.commit().await
    }
}
