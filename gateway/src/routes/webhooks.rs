//! Webhooks: addresses on the web that are told what happens.

mod deliveries;
mod fields;

use axum::extract::State;
use domain::{
    access::Right,
    id::Id,
    webhook::{Off, Webhook, WebhookCommand},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use webhooks::Health;

use self::fields::{NewWebhook, WebhookChange};
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, Asked, At, Call, Deciding, Loaded, Target, View},
    page::{Page, PageQuery, page_of},
    problem::{Code, Problem},
    texts::Message,
};

/// The most webhooks of a business.
const MOST: usize = 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, set_up))
        .routes(routes!(show, change, remove))
        .routes(routes!(rotate_secret))
        .merge(deliveries::routes())
}

/// A webhook, and how far it was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookView {
    id: Uuid,
    name: Option<String>,
    /// Where it is told; null: erased.
    url: Option<String>,
    /// What it is told; empty: everything.
    event_types: Vec<String>,
    /// Whether it is told at all.
    active: bool,
    /// `by_hand`, `failing` (nothing got through for days) or `gone` (it answered 410); null: it is on.
    off_because: Option<&'static str>,
    /// Until when messages are signed with the secret before the last, too.
    #[schema(value_type = Option<String>, format = DateTime)]
    old_secret_until: Option<Timestamp>,
    /// It was told everything up to here; null: not known yet.
    position: Option<i64>,
    /// How many events come after that, those that it does not hear among them.
    behind: i64,
    /// Attempts in a row that failed.
    failed_attempts: i32,
    /// Since when nothing gets through; null: it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When it is tried again, if the last attempt failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
}

/// A webhook with its new secret: shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookWithSecret {
    /// What messages are signed with, after Standard Webhooks: `whsec_…`.
    secret: String,
    #[serde(flatten)]
    webhook: WebhookView,
}

/// How long the secret so far stays good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// For so many hours messages are signed with both. 0..=168, 24 if nothing is said.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    overlap_hours: i64,
}

const fn a_day() -> i64 {
    24
}

impl View for WebhookView {
    type Of = Webhook;
    const HOME: &'static str = "/api/v1/webhooks";

    fn of(loaded: &Loaded<Webhook>, id: Uuid) -> Option<Self> {
        let Webhook {
            standing,
            secrets,
            off,
            removed: _,
        } = &loaded.state;
        let standing = standing.as_ref()?;
        let filters = standing.event_types.iter();
        Some(Self {
            id,
            name: standing.name.as_ref().map(ToString::to_string),
            url: standing.url.value().map(ToString::to_string),
            event_types: filters.map(ToString::to_string).collect(),
            active: off.is_none(),
            off_because: off.map(Off::word),
            old_secret_until: secrets.old_until,
            position: None,
            behind: 0,
            failed_attempts: 0,
            failing_since: None,
            next_attempt_at: None,
        })
    }
}

impl WebhookView {
    fn told(mut self, health: Option<&Health>) -> Self {
        if let Some(health) = health {
            self.position = health.position;
            self.behind = health.behind;
            self.failed_attempts = health.attempts;
            self.failing_since = health.failing_since();
            self.next_attempt_at = health.next_at();
        }
        self
    }
}

/// What a webhook is told is the ledger, with its amounts: who cannot read that has it sent nowhere either.
fn may_hand_on(caller: &Caller) -> Result<(), Problem> {
    caller.needs(Right::SeeLog)?;
    caller.needs(Right::SeeRevenue)
}

impl App {
    async fn with_health(
        &self,
        business: ledger::BusinessId,
        answer: Answer<WebhookView>,
    ) -> Result<Answer<WebhookView>, Problem> {
        let (answer, view) = answer.part();
        let health = self.teller().table().of(business, Some(view.id)).await?;
        Ok(answer.with(view.told(health.first())))
    }
}

/// Sets a webhook up: from now on it is told what happens. Its secret is shown this once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = WebhookWithSecret)))]
async fn set_up(
    State(app): State<App>,
    call: Call<NewWebhook>,
) -> Result<Answer<WebhookWithSecret>, Problem> {
    let business = call.caller.business();
    may_hand_on(&call.caller)?;
    let table = app.teller().table();
    if !app.was_done(&call).await? && table.of(business, None).await?.len() >= MOST {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let most = Message::new("detail-webhooks-full").with_number("max", most);
        return Err(Problem::new(Code::Conflict).detail(most));
    }
    let id = Id::<Webhook>::new(app.new_id());
    let wanted = call.body.wanted(id, app.settings().webhooks.allowed)?;
    // Before its stream is there: whatever breaks in between, none is forgotten. If it comes to nothing (or was done
    // before, under another id), what stands here without a stream is cleared away later: an error does not say.
    table.make(business, id.uuid()).await?;
    let done = app
        .send::<Webhook>(&call, Target::new(id.uuid()), |_| {
            Ok(Asked::of(WebhookCommand::SetUp(wanted.clone())))
        })
        .await?;
    app.note_webhook(business, done.id()).await?;
    let secret = app.webhook_secret(business, done.id(), 0).reveal();
    let answer = app.answer::<WebhookView>(business, &done).await?;
    let (answer, webhook) = app.with_health(business, answer).await?.part();
    Ok(answer.with(WebhookWithSecret { secret, webhook }))
}

/// All webhooks, the oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(PageQuery),
    responses((status = 200, body = Page<WebhookView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<WebhookView>>, Problem> {
    let business = ask.caller.business();
    let mut views = vec![];
    for health in app.teller().table().of(business, None).await? {
        let id = health.webhook_id;
        let loaded = app.load::<Webhook>(business, id).await?;
        views.extend(WebhookView::of(&loaded, id).map(|view| (id, view.told(Some(&health)))));
    }
    Ok(Answer::ok(page_of(
        views.into_iter(),
        &ask.query,
        &ask.list(),
    )?))
}

/// One webhook.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    responses((status = 200, body = WebhookView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<WebhookView>, Problem> {
    let business = ask.caller.business();
    let answer = app.show::<WebhookView>(business, id, id).await?;
    app.with_health(business, answer).await
}

/// Changes a webhook, switches it off or on. Switched on again it is told everything from where it was left; changed,
/// it is tried again at once.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    request_body = WebhookChange, responses((status = 200, body = WebhookView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<WebhookChange>,
) -> Result<Answer<WebhookView>, Problem> {
    let business = call.caller.business();
    if call.body.leads_elsewhere() {
        may_hand_on(&call.caller)?;
    }
    let allowed = app.settings().webhooks.allowed;
    let done = app
        .send::<Webhook>(&call, Target::at(id), |_| {
            let wanted = call.body.command(Id::new(id), allowed)?;
            let asked = Asked::of(wanted);
            Ok(match call.body.active {
                Some(true) => asked.then(WebhookCommand::SwitchOn),
                Some(false) => asked.then(WebhookCommand::SwitchOff(Off::ByHand)),
                None => asked,
            })
        })
        .await?;
    app.note_webhook(business, id).await?;
    let answer = app.answer::<WebhookView>(business, &done).await?;
    app.with_health(business, answer).await
}

/// Takes a webhook away, and the log of what it was sent.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer, Problem> {
    let remove = |_: &Deciding<Webhook>| Ok(Asked::of(WebhookCommand::Remove));
    let done = app.send(&call, Target::at(id), remove).await?;
    app.note_webhook(call.caller.business(), id).await?;
    Ok(Answer::nothing(&done))
}

/// Gives a webhook a new secret, shown this once. For a while messages are signed with the one before, too; never with
/// three: another rotation within that time ends the one before that.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks", params(("id" = Uuid, Path)),
    request_body = Option<Rotation>, responses((status = 200, body = WebhookWithSecret)))]
async fn rotate_secret(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Rotation>,
) -> Result<Answer<WebhookWithSecret>, Problem> {
    let business = call.caller.business();
    let mut checks = Checks::default();
    let hours = checks.within("overlap_hours", call.body.overlap_hours, 0, 168);
    checks.done()?;
    let overlap = SignedDuration::from_hours(hours.into());
    let done = app
        .send::<Webhook>(&call, Target::at(id), |on| {
            let old_until = on.now.saturating_add(overlap).unwrap_or(on.now);
            Ok(Asked::of(WebhookCommand::RotateSecret { old_until }))
        })
        .await?;
    app.note_webhook(business, id).await?;
    let (_, version) = done.stream::<Webhook>().ok_or_else(Problem::not_found)?;
    let left = app.after::<Webhook>(business, &done, id, version).await?;
    let number = left.state.secrets.number;
    let secret = app.webhook_secret(business, id, number).reveal();
    let answer = app.answer::<WebhookView>(business, &done).await?;
    let (answer, webhook) = app.with_health(business, answer).await?.part();
    Ok(answer.with(WebhookWithSecret { secret, webhook }))
}
