//! Time that comes free is offered to those who wait, the oldest request first.
//!
//! A policy: from what the ledger tells (a booking cancelled, an absence over after all) to commands. It follows each
//! business's ledger by position, works out what time each event gave back, and asks the slot finder for those who
//! wait: the first slot of their wishes that needs some of that time is held for them for a while (`offered`, with
//! claims that run out). Who does not answer lets it pass (`offer_lapsed`), which gives it back, which offers it to the
//! next.
//!
//! Nothing here must be right for nobody to be promised a slot twice: claims and versions see to that. A crash, or
//! another process at the same work, costs a second look.

mod freed;
mod holding;
mod table;

use std::{collections::BTreeSet, time::Duration};

pub(crate) use self::holding::seat_stands;

use domain::waitlist::{Freed, State, WaitlistCommand};
use jiff::Timestamp;
use ledger::{BusinessId, Position, Recorded, Wakeup};
use projections::{
    Scope,
    waitlist::{self, Filter, Page},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    catalogue::Known,
    problem::{Code, Problem},
};

/// Events looked through at a time.
const EVENTS: usize = 200;
/// Requests looked through at a time.
const REQUESTS: u16 = 100;
/// Requests looked through for what one batch of events gave back.
const MOST_REQUESTS: usize = 1_000;
/// A busy ledger wakes us with each append; what came free can wait that long.
const GATHER: Duration = Duration::from_millis(200);
/// Days end seldom.
const ENDS: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// The streams whose events give time back.
const KINDS: [&str; 6] = [
    "booking", "waitlist", "session", "staff", "desk", "business",
];

impl App {
    /// Looks after the waitlists of all businesses until told to stop. Any number of processes may.
    pub async fn offer_freed_time(self, stop: CancellationToken) {
        let mut wakeups = self.ledger().subscribe();
        let mut ended = None;
        loop {
            let Some(Wakeup::Moved(..) | Wakeup::Look) =
                stop.run_until_cancelled(wakeups.next()).await
            else {
                return;
            };
            if stop.run_until_cancelled(sleep(GATHER)).await.is_none() {
                return;
            }
            let round = async {
                if ended.is_none_or(|last| ENDS <= self.now().duration_since(last)) {
                    self.expire_requests().await?;
                    ended = Some(self.now());
                }
                self.look_after_waitlists(&stop).await
            };
            if let Err(problem) = round.await {
                tracing::warn!(error = %problem, "the waitlists could not be looked after; tried again soon");
                // What is in the way is not got out of it by haste.
                if stop.run_until_cancelled(sleep(GATHER * 5)).await.is_none() {
                    return;
                }
            }
        }
    }

    /// Once through all businesses where something has moved or an offer has run out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_after_waitlists(&self, stop: &CancellationToken) -> Result<(), Problem> {
        let businesses = table::behind(self.pool(), self.now()).await?;
        for business in businesses {
            if stop.is_cancelled() {
                return Ok(());
            }
            if let Err(problem) = self.look_after_waitlist(business).await {
                tracing::warn!(business_id = %business, error = %problem, "a waitlist could not be looked after; tried again soon");
            }
        }
        Ok(())
    }

    /// One business: lapses what ran out, then offers what came free since the last look. Whether there is more to
    /// look through.
    ///
    /// # Errors
    /// When something is in the way; what was not done is done at the next look.
    pub async fn look_after_waitlist(&self, business: BusinessId) -> Result<bool, Problem> {
        let Some(from) = table::lease(self.pool(), business).await? else {
            return Ok(false);
        };
        let looked = self.look_through(business, from).await;
        let to = looked.as_ref().map_or(from, |(to, _)| *to);
        table::release(self.pool(), business, to).await?;
        looked.map(|(_, more)| more)
    }

    async fn look_through(
        &self,
        business: BusinessId,
        from: Position,
    ) -> Result<(Position, bool), Problem> {
        let scope = Scope::whole(business);
        self.built(business, &[&waitlist::READ_MODEL]).await?;
        for id in waitlist::due(self.pool(), &scope, self.now(), REQUESTS).await? {
            self.lapse(business, id, false).await?;
        }
        // Before the events: what is appended while they are read is left for the next look.
        let head = self.ledger().head(business).await?;
        let known = self.catalogue_now(business).await?;
        let wanted =
            known.settings()?.modules.waitlist && known.catalogue.business.waitlist.automatic;
        let since = waitlist::waiting_since(self.pool(), &scope).await?;
        let Some(since) = since.filter(|_| wanted) else {
            // What comes free while nobody waits, or nobody wants it offered, is not kept for later.
            return Ok((head, false));
        };
        let after = from.max(since);
        let events = self.ledger().read_kinds(business, &KINDS, after, EVENTS);
        let events = events.await?;
        let more = events.len() == EVENTS;
        let last = events.last().map_or(head, |event| event.position);
        let to = if more { last } else { last.max(head) };
        if events.iter().any(moves_catalogue) {
            self.let_go_of_what_is_gone(business, &known).await?;
        }
        let freed = self.freed_by(business, &known, &events).await?;
        if !freed.is_empty() {
            // Who asked before the time came free has a right to it.
            let read_models = [&waitlist::READ_MODEL];
            self.projected(business, &read_models, last).await?;
            self.offer_to_the_oldest(business, &known, &freed).await?;
        }
        Ok((to, more))
    }

    /// Goes through those who wait, the oldest first, and holds for each the first slot that they wish for.
    async fn offer_to_the_oldest(
        &self,
        business: BusinessId,
        known: &Known,
        freed: &[Freed],
    ) -> Result<(), Problem> {
        let scope = Scope::whole(business);
        let Some(offering) = self.offering(known, freed)? else {
            return Ok(());
        };
        let filter = Filter {
            states: vec![State::Waiting],
            dates: Some(offering.dates),
            ..Filter::default()
        };
        let mut page = Page {
            after: None,
            limit: REQUESTS,
            count: false,
        };
        let mut seen = 0;
        loop {
            let found = waitlist::find(self.pool(), &scope, &filter, page).await?;
            for entry in &found.items {
                let Ok(made) = entry.request.made() else {
                    continue;
                };
                let offer = self.offer_for(business, &offering, made).await?;
                if let Some(offer) = offer {
                    self.hold(business, entry.request_id, known, offer).await?;
                }
            }
            seen += found.items.len();
            page.after = found.next;
            if found.next.is_none() {
                return Ok(());
            }
            if seen >= MOST_REQUESTS {
                tracing::warn!(business_id = %business, seen, "more requests wait than are looked through; the youngest were not asked");
                return Ok(());
            }
        }
    }

    /// Offers that can no longer be had, because somebody fell ill or the house closes, end at once.
    async fn let_go_of_what_is_gone(
        &self,
        business: BusinessId,
        known: &Known,
    ) -> Result<(), Problem> {
        let filter = Filter {
            states: vec![State::Offered],
            ..Filter::default()
        };
        let page = Page {
            after: None,
            limit: u16::MAX,
            count: false,
        };
        let scope = Scope::whole(business);
        let found = waitlist::find(self.pool(), &scope, &filter, page).await?;
        for entry in found.items {
            let Some(offer) = entry.request.offered() else {
                continue;
            };
            let stands = self.still_stands(business, known, entry.request_id, offer);
            if !stands.await? {
                self.lapse(business, entry.request_id, true).await?;
            }
        }
        Ok(())
    }

    /// Ends the waiting of those whose last day is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expire_requests(&self) -> Result<(), Problem> {
        let now = self.now();
        for business in table::with_days_over(self.pool(), now).await? {
            let known = self.catalogue(business).await?;
            let today = known.settings()?.time_zone.date_of(now);
            let scope = Scope::whole(business);
            for id in waitlist::over(self.pool(), &scope, today, REQUESTS).await? {
                let expire = WaitlistCommand::Expire { at: now, today };
                self.ask_request(business, id, expire).await?;
            }
        }
        Ok(())
    }
}

/// Whether it may take away time that is offered.
fn moves_catalogue(event: &Recorded) -> bool {
    let kinds: BTreeSet<&str> = ["staff", "desk", "business", "session"].into();
    kinds.contains(&*event.stream.kind)
}

/// Whether something else had the request or the time first: then it is not offered, and that is all.
fn came_second(problem: &Problem) -> bool {
    matches!(
        problem.code(),
        Code::SlotTaken | Code::WrongState | Code::NotFound
    )
}

/// An instant from which on a slot may be offered.
fn earliest(known: &Known, now: Timestamp) -> Timestamp {
    let lead = known.catalogue.business.waitlist.lead_min.to_duration();
    now.saturating_add(lead).unwrap_or(now)
}
