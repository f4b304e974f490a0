//! One batch: some businesses' next events into their read models, rows and checkpoints in one transaction.

use std::{collections::BTreeMap, panic::AssertUnwindSafe};

use futures::FutureExt;
use ledger::{BusinessId, Ledger, Position, ReadError, Recorded, Start};
use sqlx::{PgConnection, PgPool};
use tokio::time::Instant;
use vault::Vault;

use super::{
    decode::{Broken, Decoded, decode},
    fault,
    standing::{self, Members, Roster, Standing},
};
use crate::{ApplyError, Projected, ReadModel, Sums};

/// What a batch needs.
pub(crate) struct Feed {
    /// For questions of all businesses at once.
    pub(crate) pool: PgPool,
    /// For batches: one for each worker, so that who opens and reads for them is never short of one.
    pub(crate) work: PgPool,
    pub(crate) ledger: Ledger,
    pub(crate) vault: Vault,
    pub(crate) models: &'static [&'static ReadModel],
    /// This process's version: what another one parked is tried again.
    pub(crate) process: String,
}

/// Which read models a batch moves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    /// Those at the common position.
    Together,
    /// The furthest back of those that stand apart; of them one alone, if told.
    Apart(Option<usize>),
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Whose read models moved.
    pub(crate) moved: Vec<BusinessId>,
    /// Who has more to be taken in.
    pub(crate) more: Vec<BusinessId>,
    /// Who has read models that stand apart and can be moved up.
    pub(crate) apart: Vec<BusinessId>,
    /// Who is in other hands.
    pub(crate) elsewhere: Vec<BusinessId>,
}

impl Outcome {
    pub(crate) fn and(&mut self, other: Self) {
        self.moved.extend(other.moved);
        self.more.extend(other.more);
        self.apart.extend(other.apart);
        self.elsewhere.extend(other.elsewhere);
    }
}

/// Settings of connections on which read models take events in. They look rows up by their keys; left to itself the
/// planner, which met the tables empty, would go on reading them from end to end in plans that it has cached.
pub(crate) const BY_KEY: [(&str, &str); 4] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// Why a batch left nothing behind.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database is away, or not as it should be. No event is at fault: the same may succeed later.
    Outage(sqlx::Error),
    /// A read model could not take it in.
    Refused(String),
    /// The ledger could not be read there.
    Unreadable(ReadError),
}

impl From<sqlx::Error> for Failure {
    /// Of the projector's own statements: no event is at fault.
    fn from(error: sqlx::Error) -> Self {
        Self::Outage(error)
    }
}

/// One business's part in a batch.
struct Lane {
    standing: Standing,
    members: Members,
    from: Position,
    /// As far as it may go.
    to: Position,
    /// As far as it goes.
    reached: Position,
    broken: Option<Broken>,
}

impl Feed {
    /// Runs one batch with at most `limit` events of each business.
    pub(crate) async fn run(
        &self,
        businesses: &[BusinessId],
        side: Side,
        limit: usize,
    ) -> Result<Outcome, Failure> {
        let begun = Instant::now();
        let mut transaction = self.work.begin().await?;
        let db = &mut *transaction;
        let roster = Roster::hold(db, self.models).await?;
        let standings = standing::lease(db, businesses, self.models, &self.process).await?;
        let elsewhere = businesses
            .iter()
            .filter(|b| !standings.iter().any(|s| s.business == **b))
            .copied()
            .collect();
        let (mut lanes, mut idle) = lanes(standings, &roster, side);
        let groups = self.read(&mut lanes, limit).await?;
        for (members, events) in &groups {
            for model in members.iter() {
                self.apply(db, model, events).await?;
            }
        }
        match side {
            Side::Together => {
                let moved: Vec<_> = lanes
                    .iter()
                    .map(|lane| standing::Moved {
                        business: lane.standing.business,
                        from: lane.from,
                        to: lane.stop(),
                        at_end: lane.stop() >= lane.standing.head,
                    })
                    .filter(|moved| moved.from < moved.to)
                    .collect();
                self.park(db, &lanes).await?;
                standing::advance(db, &roster, &moved).await?;
            }
            Side::Apart(_) => {
                let stand: Vec<_> = lanes
                    .iter()
                    .filter(|lane| lane.reached > lane.from)
                    .map(|lane| (lane.standing.business, lane.members, lane.reached))
                    .collect();
                standing::set_apart(db, self.models, &stand, false).await?;
                self.park(db, &lanes).await?;
            }
        }
        transaction.commit().await?;
        let mut outcome = Outcome {
            moved: lanes.iter().map(|lane| lane.standing.business).collect(),
            elsewhere,
            ..Outcome::default()
        };
        match side {
            Side::Together => {
                for lane in &mut lanes {
                    lane.standing.common = lane.stop();
                    if lane.standing.common < lane.to {
                        outcome.more.push(lane.standing.business);
                    }
                }
                idle.extend(lanes.into_iter().map(|lane| lane.standing));
                outcome.apart = idle
                    .iter()
                    .filter(|standing| standing.furthest_back(roster.ours).is_some())
                    .map(|standing| standing.business)
                    .collect();
            }
            // Others may stand further on by now: to be looked at once more.
            Side::Apart(_) => outcome.apart.clone_from(&outcome.moved),
        }
        self.measure(&groups, begun);
        Ok(outcome)
    }

    /// Reads each lane's next events, opens and decodes them; by the read models that they are for.
    async fn read(
        &self,
        lanes: &mut [Lane],
        limit: usize,
    ) -> Result<BTreeMap<Members, Vec<Projected>>, Failure> {
        let starts: Vec<Start> = lanes
            .iter()
            .filter(|lane| !lane.members.is_empty())
            .map(|lane| Start {
                business: lane.standing.business,
                after: lane.from,
            })
            .collect();
        if starts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut rows: BTreeMap<BusinessId, Vec<Recorded>> = BTreeMap::new();
        match self.ledger.read_many(&starts, limit).await {
            Ok(read) => {
                for recorded in read {
                    rows.entry(recorded.business).or_default().push(recorded);
                }
            }
            Err(ReadError::Database(error)) if !fault::is_of_a_row(&error) => {
                return Err(Failure::Outage(error));
            }
            // One event of one business: it is the one.
            Err(error) if limit == 1 && lanes.len() == 1 => {
                lanes[0].breaks_at_once(fault::told_of_read(&error));
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(Failure::Unreadable(error)),
        }
        let mut gapless = vec![];
        for lane in lanes.iter_mut().filter(|lane| !lane.members.is_empty()) {
            let read = rows.remove(&lane.standing.business).unwrap_or_default();
            gapless.extend(lane.without_gaps(read, limit));
        }
        let Decoded { good, mut broken } = decode(&self.vault, gapless).await?;
        let members: BTreeMap<BusinessId, usize> = lanes
            .iter()
            .enumerate()
            .map(|(place, lane)| (lane.standing.business, place))
            .collect();
        let mut groups: BTreeMap<Members, Vec<Projected>> = BTreeMap::new();
        for projected in good {
            let Some(lane) = members.get(&projected.business).map(|at| &mut lanes[*at]) else {
                continue;
            };
            lane.reached = projected.position;
            groups.entry(lane.members).or_default().push(projected);
        }
        for lane in lanes {
            if let Some(broken) = broken.remove(&lane.standing.business) {
                // Before any gap: what comes after a gap was not decoded.
                lane.broken = Some(broken);
            }
        }
        Ok(groups)
    }

    async fn apply(
        &self,
        db: &mut PgConnection,
        model: usize,
        events: &[Projected],
    ) -> Result<(), Failure> {
        let model = self.models[model];
        let applied = AssertUnwindSafe((model.apply)(db, events, Sums::Now))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(ApplyError::Misfit("it panicked".to_owned())));
        match applied {
            Ok(()) => Ok(()),
            Err(ApplyError::Store(error)) if fault::is_outage(&error) => {
                Err(Failure::Outage(error))
            }
            Err(error) => Err(Failure::Refused(format!(
                "{}: {}",
                model.name,
                fault::told_of_apply(&error)
            ))),
        }
    }

    /// Parks where nothing could be taken in. A lane that moved some way is met again at the event that stopped it.
    async fn park(&self, db: &mut PgConnection, lanes: &[Lane]) -> Result<(), sqlx::Error> {
        for lane in lanes.iter().filter(|lane| lane.reached == lane.from) {
            if let Some(broken) = &lane.broken {
                let stand = (lane.standing.business, lane.members, lane.from);
                standing::park(db, self.models, &self.process, stand, broken).await?;
            }
        }
        Ok(())
    }

    fn measure(&self, groups: &BTreeMap<Members, Vec<Projected>>, begun: Instant) {
        for (members, events) in groups {
            let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
            for model in members.iter() {
                metrics::counter!("projection_events_total", "read_model" => self.models[model].name)
                    .increment(count);
            }
        }
        metrics::histogram!("projection_batch_seconds").record(begun.elapsed());
    }
}

/// Whom a batch moves, and whom it leaves.
fn lanes(standings: Vec<Standing>, roster: &Roster, side: Side) -> (Vec<Lane>, Vec<Standing>) {
    let (mut lanes, mut idle) = (vec![], vec![]);
    for standing in standings {
        let way = match side {
            Side::Together => {
                let members = standing.together(roster.ours);
                Some((members, standing.common, standing.head))
            }
            Side::Apart(None) => standing.furthest_back(roster.ours),
            Side::Apart(Some(one)) => {
                standing.furthest_back(Members::NONE.with(one).and(roster.ours))
            }
        };
        match way {
            Some((members, from, to)) if from < to => lanes.push(Lane {
                standing,
                members,
                from,
                to,
                reached: from,
                broken: None,
            }),
            Some(_) | None => idle.push(standing),
        }
    }
    (lanes, idle)
}

impl Lane {
    /// Where it stands after the batch: nobody is left to stop for at a broken event once all are parked, nor where
    /// there was nobody from the start.
    fn stop(&self) -> Position {
        match &self.broken {
            _ if self.members.is_empty() => self.to,
            Some(broken) if self.reached == self.from => broken.position,
            Some(_) | None => self.reached,
        }
    }

    /// The rows up to the first gap, or up to where the lane ends.
    fn without_gaps(&mut self, read: Vec<Recorded>, limit: usize) -> Vec<Recorded> {
        let mut last = self.from;
        let mut rows = Vec::with_capacity(read.len());
        for recorded in read {
            if recorded.position.0 != last.0 + 1 || last >= self.to {
                break;
            }
            last = recorded.position;
            rows.push(recorded);
        }
        // All up to the head was committed before it was read: what is not there was taken away.
        if last < self.to && rows.len() < limit {
            self.broken = Some(Broken::missing(Position(last.0 + 1)));
        }
        rows
    }

    fn breaks_at_once(&mut self, error: String) {
        self.broken = Some(Broken {
            position: Position(self.from.0 + 1),
            event: None,
            error,
        });
    }
}
