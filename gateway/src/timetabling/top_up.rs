//! Timetables without an end are made into sessions as far as a horizon, which moves on day by day.

use std::time::Duration;

use domain::{
    class::{Class, ClassCommand},
    id::Id,
};
use jiff::{ToSpan as _, civil::DateTime};
use ledger::BusinessId;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{MOST_AT_ONCE, horizon, not_served, seen_to, session_on};
use crate::{
    app::App,
    catalogue::Known,
    command::{Decision, Envelope, Outcome},
    problem::Problem,
};

/// How often it is looked. The horizon lies months ahead: nothing hangs on the hour.
const EVERY: Duration = Duration::from_secs(3_600);
/// A class is topped up once its sessions end so many days before the horizon.
const BEHIND_DAYS: i64 = 7;

impl App {
    /// Sets the sessions down that timetables have come to, until told to stop. Any number of processes may: what one
    /// has set down moves its class on, on which another decides again and finds nothing to do.
    pub async fn keep_timetables(self, stop: CancellationToken) {
        let mut looks = interval(EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(looks.tick()).await.is_some() {
            let businesses = match self.ledger().heads().await {
                Ok(heads) => heads,
                Err(error) => {
                    tracing::warn!(%error, "could not look for timetables; tried again in an hour");
                    continue;
                }
            };
            for (business, _) in businesses {
                if stop.is_cancelled() {
                    return;
                }
                if let Err(error) = self.top_up(business).await {
                    tracing::warn!(business.id = %business, %error, "could not top up timetables");
                }
            }
        }
    }

    /// Sets down what the timetables of a business have come to. How many sessions that were.
    ///
    /// # Errors
    /// What stands in the way; other classes are topped up all the same.
    pub async fn top_up(&self, business: BusinessId) -> Result<usize, Problem> {
        let known = self.catalogue_now(business).await?;
        if known.catalogue.settings().is_none() {
            return Ok(0);
        }
        let (mut made, mut failed) = (0, None);
        for id in known.catalogue.classes.keys() {
            // As many times as it takes: a timetable begun long ago may be far behind.
            loop {
                match self.top_up_class(business, *id).await {
                    Ok(0) => break,
                    Ok(sessions) => made += sessions,
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
        }
        failed.map_or(Ok(made), Err)
    }

    async fn top_up_class(&self, business: BusinessId, id: Id<Class>) -> Result<usize, Problem> {
        let known = self.catalogue_now(business).await?;
        if self.wanted(&known, id)?.is_none() {
            return Ok(0);
        }
        let call = Envelope::of_system(self, business);
        let call = &call;
        let done = self.execute(call, move |attempt| async move {
            let known = self.catalogue_for(call, &attempt).await?;
            let mut decision = Decision::new(Outcome::changed(id.uuid()));
            let Some((class, through, dates)) = self.wanted(&known, id)? else {
                return Ok(decision);
            };
            let wished: Vec<_> = dates
                .iter()
                .filter_map(|date| session_on(&known, id, class, *date))
                .collect();
            let settings: Vec<_> = wished.iter().map(|s| &s.setting).collect();
            let mut ground = self.ground(business, &known, &settings, &[]).await?;
            let (mut sessions, mut skipped) = (0, vec![]);
            for schedule in wished {
                // Nobody is there to be asked: what cannot be had is left out, and told.
                if ground.take(&schedule.setting).is_err() {
                    skipped.extend(schedule.timetabled);
                    continue;
                }
                sessions += 1;
                decision.schedule(self, &known, Id::new(self.new_id()), schedule)?;
            }
            let events = class.decide(ClassCommand::ScheduleSessions {
                through,
                sessions,
                skipped,
            })?;
            let version = known.versions.get(&id.uuid()).copied().unwrap_or_default();
            decision.write::<Class>(self, id.uuid(), version, &events)?;
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        });
        let done = done.await?;
        let is_session = |stream: &ledger::StreamId| {
            stream.kind == <domain::session::Session as cqrs_es::Aggregate>::TYPE
        };
        let sessions = done.versions.iter().filter(|(s, _)| is_session(s));
        Ok(sessions.count())
    }

    /// What is to be set down of a class now, and how far it then is. None: nothing.
    #[expect(clippy::type_complexity, reason = "told once, taken apart at once")]
    fn wanted<'a>(
        &self,
        known: &'a Known,
        id: Id<Class>,
    ) -> Result<Option<(&'a Class, DateTime, Vec<DateTime>)>, Problem> {
        let zone = &known.settings()?.time_zone;
        let Some(class) = known.catalogue.classes.get(&id) else {
            return Ok(None);
        };
        let Ok(offered) = class.standing() else {
            return Ok(None);
        };
        let now = zone.local(self.now());
        let until = horizon(class, zone, self.now());
        let from = class
            .through
            .map_or(now, |through| through.max(now).saturating_add(1.second()));
        if from.saturating_add(BEHIND_DAYS.days()) > until {
            return Ok(None);
        }
        // Until somebody is there again to hold it, its timetable waits: nothing of it is left out for good.
        let next = offered.timetable.dates(zone, from, until, 1);
        let next = next
            .first()
            .and_then(|date| session_on(known, id, class, *date));
        if next.is_some_and(|schedule| not_served(known, &schedule.setting).is_some()) {
            return Ok(None);
        }
        let mut dates = offered.timetable.dates(zone, from, until, MOST_AT_ONCE);
        let through = if dates.len() == MOST_AT_ONCE {
            dates.last().copied().unwrap_or(until)
        } else {
            until
        };
        let seen_to = seen_to(known, id);
        dates.retain(|date| !seen_to.contains(date));
        Ok((!dates.is_empty()).then_some((class, through, dates)))
    }
}
