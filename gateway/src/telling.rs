//! Webhooks are told what happens: each in the order of its business's ledger, one message after the other, until it
//! says that it got them.
//!
//! What a webhook is comes from its stream, how far it was told from the table; `crates/webhooks` signs, sends and
//! keeps that table. Any number of processes may be at it: each takes webhooks for a while (a lease), so that a message
//! is sent twice only if somebody died between sending it and taking note.

mod asked;
mod notice;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::{
    id::Id,
    webhook::{Off, Webhook, WebhookCommand},
};
use futures::FutureExt as _;
use herald::Message;
use jiff::Timestamp;
use ledger::{BusinessId, Recorded};
use metrics::{counter, gauge};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use webhooks::{
    Allowed, Attempt, Kind, Lease, Limits, Parcel, Secret, Sender, Standing, SystemLookup, Table,
    patience,
};

use crate::{
    app::App,
    command::{Asked, Envelope, Target},
    problem::Problem,
};

/// Webhooks that are told at a time, by one process.
const AT_ONCE: usize = 16;
/// Events read at a time.
const EVENTS: usize = 100;
/// After so many messages, or so long, others get their turn.
const TURN: usize = 500;
const TURN_LASTS: Duration = Duration::from_secs(15);
/// A busy ledger wakes us with each append.
const GATHER: Duration = Duration::from_millis(20);
/// What is in hand when the service stops may take this much longer.
const GRACE: Duration = Duration::from_secs(3);
/// How often streams and table are compared, the log is swept, figures are told.
const COMPARES_EVERY: Duration = Duration::from_secs(60);
const SWEEPS_EVERY: Duration = Duration::from_secs(60 * 60);
const FIGURES: Duration = Duration::from_secs(10);

/// How webhooks are told.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Where they may point, besides HTTPS on the public internet: nowhere by default.
    pub allowed: Allowed,
    /// How long one message may take.
    pub limits: Limits,
    /// The pause after the first attempt that failed; 5 s by default.
    pub first_pause: Duration,
    /// Whom nothing could be told for this long is switched off; 3 days by default.
    pub give_up_after: Duration,
    /// How long the log of what was sent is kept; 30 days by default.
    pub log_kept: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            allowed: Allowed::default(),
            limits: Limits::default(),
            first_pause: patience::FIRST_PAUSE,
            give_up_after: patience::GIVE_UP_AFTER,
            log_kept: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

/// What webhooks are told with.
pub(crate) struct Teller {
    table: Table,
    /// Made when it is first wanted: who has no webhooks needs no TLS.
    sender: OnceLock<Sender>,
}

impl Teller {
    pub(crate) const fn new(db: sqlx::PgPool) -> Self {
        Self {
            table: Table::new(db),
            sender: OnceLock::new(),
        }
    }

    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    fn sender(&self, settings: &WebhookSettings) -> Result<Sender, Problem> {
        if let Some(sender) = self.sender.get() {
            return Ok(sender.clone());
        }
        let made = Sender::new(settings.allowed, settings.limits, Arc::new(SystemLookup));
        let made = made.map_err(Problem::internal)?;
        Ok(self.sender.get_or_init(|| made).clone())
    }
}

impl App {
    /// Tells all webhooks what happens, until told to stop. Whatever breaks meanwhile is lived through.
    pub async fn tell_webhooks(self, stop: CancellationToken) {
        let figures = stop.run_until_cancelled(self.webhook_figures());
        tokio::join!(self.keep_telling(&stop), figures);
    }

    async fn keep_telling(&self, stop: &CancellationToken) {
        let mut wakeups = self.ledger().subscribe();
        let mut at_work = JoinSet::new();
        let (mut compare_at, mut sweep_at) = (Instant::now(), Instant::now() + SWEEPS_EVERY);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(_) = at_work.join_next(), if !at_work.is_empty() => {}
                _ = wakeups.next() => {
                    sleep(GATHER).await;
                    while wakeups.next().now_or_never().is_some() {}
                }
            }
            let now = Instant::now();
            let round = async {
                if compare_at <= now {
                    compare_at = now + COMPARES_EVERY;
                    self.compare_webhooks().await?;
                }
                if sweep_at <= now {
                    sweep_at = now + SWEEPS_EVERY;
                    let kept = self.settings().webhooks.log_kept;
                    self.teller().table.sweep(kept).await?;
                }
                let most = AT_ONCE.saturating_sub(at_work.len());
                if most > 0 {
                    for lease in self.teller().table.take(most).await? {
                        at_work.spawn(self.clone().tell_one(lease, stop.clone()));
                    }
                }
                Ok::<_, Problem>(())
            };
            if let Err(problem) = round.await {
                tracing::warn!(error = %problem, "webhooks could not be looked after; tried again soon");
                let _ = stop.run_until_cancelled(sleep(GATHER * 50)).await;
            }
        }
        while at_work.join_next().await.is_some() {}
    }

    /// Tells one webhook what it was not told yet, and lets it go.
    async fn tell_one(self, mut lease: Lease, stop: CancellationToken) {
        let told = tokio::select! {
            told = self.tell_on(&mut lease, &stop) => told,
            () = over(&stop) => Ok(()),
        };
        let released = self.teller().table.release(&lease).await;
        if let Err(problem) = told.and(released.map_err(Problem::from)) {
            tracing::warn!(
                business_id = %lease.business, webhook_id = %lease.webhook, error = %problem,
                "a webhook could not be told; tried again soon"
            );
        }
    }

    async fn tell_on(&self, lease: &mut Lease, stop: &CancellationToken) -> Result<(), Problem> {
        let table = &self.teller().table;
        let business = lease.business;
        let (mut told, began) = (0, Instant::now());
        let is_over = |told| told >= TURN || began.elapsed() >= TURN_LASTS || stop.is_cancelled();
        while !is_over(told) {
            // Anew for each batch: it may have been changed meanwhile.
            let hook = self.load::<Webhook>(business, lease.webhook).await?;
            if hook.state.standing.is_none() || hook.state.off.is_some() {
                return self.note_webhook(business, lease.webhook).await;
            }
            let events = self.ledger().read(business, lease.position, EVENTS).await?;
            let Some(last) = events.last().map(|event| event.position) else {
                return Ok(());
            };
            let heard = events
                .iter()
                .filter(|event| hook.state.hears(&event.stream.kind, &event.event_type));
            for event in heard {
                let sending = Sending {
                    id: self.new_id(),
                    kind: Kind::Event,
                    number: lease.attempts.saturating_add(1),
                };
                let (business, webhook) = (lease.business, lease.webhook);
                let attempt = self
                    .send_event(business, webhook, &hook.state, event, sending)
                    .await?;
                if !attempt.sent.got_through() {
                    return self.not_told(lease, &attempt).await;
                }
                told += 1;
                let at = table.advance(lease, event.position, Some(&attempt)).await?;
                if at != Some(hook.version) || is_over(told) {
                    return Ok(());
                }
            }
            if lease.position < last && table.advance(lease, last, None).await?.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// It did not get through: for later, or never again.
    async fn not_told(&self, lease: &Lease, attempt: &Attempt) -> Result<(), Problem> {
        let settings = &self.settings().webhooks;
        let asked = attempt.sent.retry_after;
        let pause = patience::pause(settings.first_pause, attempt.number, asked);
        let failed = self.teller().table.failed(lease, attempt, pause).await?;
        let why = match failed {
            _ if attempt.sent.is_gone() => Off::Gone,
            Some(failing_for) if failing_for >= settings.give_up_after => Off::Failing,
            Some(_) | None => return Ok(()),
        };
        let (business, webhook) = (lease.business, lease.webhook);
        let call = Envelope::of_system(self, business);
        let off = |_: &_| Ok(Asked::of(WebhookCommand::SwitchOff(why)));
        self.send::<Webhook>(&call, Target::at(webhook), off)
            .await?;
        self.note_webhook(business, webhook).await
    }

    /// Sends an event to a webhook, and says what came of it.
    async fn send_event(
        &self,
        business: BusinessId,
        webhook: Uuid,
        hook: &Webhook,
        event: &Recorded,
        sending: Sending,
    ) -> Result<Attempt, Problem> {
        let message = Message::of(event).map_err(Problem::internal)?;
        let sender = self.teller().sender(&self.settings().webhooks)?;
        let good = hook.secrets.good(self.now()).into_iter();
        let secrets: Vec<_> = good
            .map(|number| self.webhook_secret(business, webhook, number))
            .collect();
        let parcel = Parcel {
            id: event.event_id.0.to_string(),
            body: message.structured().to_string().into_bytes(),
        };
        let url = hook.standing.as_ref().and_then(|it| it.url.value());
        let url = url.map(|url| url.as_str()).unwrap_or_default();
        let sent = sender.send(url, parcel, &secrets).await;
        let result = sent.fault.map_or("delivered", |fault| fault.word());
        counter!("webhook_messages_total", "kind" => sending.kind.word(), "result" => result)
            .increment(1);
        Ok(Attempt {
            id: sending.id,
            kind: sending.kind,
            event_id: event.event_id,
            position: event.position,
            event_type: message.ce_type(),
            number: sending.number,
            at: Timestamp::now(),
            sent,
        })
    }

    /// The secret of a webhook with this number. Never stored: it follows from the master key.
    pub(crate) fn webhook_secret(
        &self,
        business: BusinessId,
        webhook: Uuid,
        number: u32,
    ) -> Secret {
        let seed = format!("{webhook} {number}");
        let vault = self.vault();
        Secret::new(vault.keyed_hash(business.0, "webhook secret", seed.as_bytes()))
    }

    /// Brings the table up to date with a webhook's stream. If it was switched off because it failed, whoever looks
    /// after the business is told first: should the process die in between, the next one that finds the table behind
    /// tells them (again, perhaps).
    pub(crate) async fn note_webhook(
        &self,
        business: BusinessId,
        webhook: Uuid,
    ) -> Result<(), Problem> {
        let table = &self.teller().table;
        let hook = self.load::<Webhook>(business, webhook).await?;
        if hook.state.standing.is_none() {
            table.forget(business, webhook).await?;
            return Ok(());
        }
        if let Some(why @ (Off::Failing | Off::Gone)) = hook.state.off
            && table.standing(business, webhook).await?.as_deref() == Some("on")
        {
            tracing::warn!(business_id = %business, webhook_id = %webhook, why = why.word(), "a webhook was switched off");
            self.tell_of_webhook_off(business, webhook, why).await?;
        }
        let word = hook.state.off.map_or("on", Off::word);
        let standing = Standing {
            version: hook.version,
            word,
        };
        table.note(business, webhook, standing).await?;
        Ok(())
    }

    /// A process may have died between an append and its note.
    async fn compare_webhooks(&self) -> Result<(), Problem> {
        for (business, webhook) in self.teller().table.out_of_date().await? {
            self.note_webhook(business, webhook).await?;
        }
        Ok(())
    }

    async fn webhook_figures(&self) {
        loop {
            if let Ok(lag) = self.teller().table.lag().await {
                let number = |of: i64| f64::from(i32::try_from(of).unwrap_or(i32::MAX));
                gauge!("webhooks_lag_seconds").set(lag.seconds);
                gauge!("webhooks_behind").set(number(lag.behind));
                gauge!("webhooks_failing").set(number(lag.failing));
                gauge!("webhooks_off").set(number(lag.off));
            }
            sleep(FIGURES).await;
        }
    }
}

/// What is being sent, beside the event.
struct Sending {
    /// The delivery's id.
    id: Uuid,
    kind: Kind,
    /// The how manieth attempt in a row.
    number: u32,
}

/// When even what is in hand has to be left.
async fn over(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(GRACE).await;
}

/// The id of a delivery.
pub(crate) type DeliveryId = Id<domain::id::Delivery>;
