//! What a webhook was sent, and what it is to be sent besides.

use axum::extract::State;
use domain::webhook::{Webhook, WebhookCommand};
use jiff::Timestamp;
use ledger::{BusinessId, Position};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use webhooks::{Delivery, Kind};

use super::may_hand_on;
use crate::{
    app::App,
    command::{Answer, Ask, Asked, At, Call, Deciding, Done, Target},
    page::{Page, limit},
    problem::Problem,
    telling::DeliveryId,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(redeliver))
        .routes(routes!(test))
}

/// One attempt to send something to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    id: Uuid,
    /// `event`, `test`, or `redelivery`.
    kind: String,
    /// Which event: the message's `webhook-id`, the same however often it is sent.
    event_id: Uuid,
    event_type: String,
    /// The event's place in the ledger.
    position: i64,
    /// The how manieth attempt in a row.
    attempt: i32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether it got through: it was answered with 2xx.
    delivered: bool,
    /// The HTTP status of the answer; null: nothing was answered.
    status: Option<i16>,
    /// Why it did not get through: `target` (the address is no longer allowed), `dns` (the name has no address),
    /// `private_address` (the name leads into a private network), `connect`, `timeout`, `broken` (no HTTP came back), or
    /// `status` (another one than 2xx). Null: it did.
    error: Option<String>,
    duration_ms: i32,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.delivery_id,
            at: delivery.at(),
            kind: delivery.kind,
            event_id: delivery.event_id,
            event_type: delivery.event_type,
            position: delivery.position,
            attempt: delivery.attempt,
            delivered: delivery.fault.is_none(),
            status: delivery.status,
            error: delivery.fault,
            duration_ms: delivery.took_ms,
        }
    }
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
    /// Only those that did (`true`) or did not get through.
    delivered: Option<bool>,
}

/// What a webhook was sent in the last 30 days, the newest first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = Uuid, Path), DeliveriesQuery), responses((status = 200, body = Page<DeliveryView>)))]
async fn list(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<DeliveriesQuery>,
) -> Result<Answer<Page<DeliveryView>>, Problem> {
    let (business, query) = (ask.caller.business(), &ask.query);
    app.must_have_webhook(business, id).await?;
    let limit = limit(query.limit)?;
    let page = webhooks::Page {
        before: ask.list().place(query.after.as_deref())?,
        // One more tells whether there are more.
        limit: limit + 1,
        got_through: query.delivered,
    };
    let table = app.teller().table();
    let mut found = table.deliveries(business, id, page).await?;
    let is_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| is_more);
    let next = last
        .map(|last| ask.list().cursor(&last.delivery_id))
        .transpose()?;
    let total = match query.count {
        true => Some(table.count(business, id, query.delivered).await?),
        false => None,
    };
    let items = found.into_iter().map(Into::into).collect();
    Ok(Answer::ok(Page { items, next, total }))
}

/// One delivery.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries/{delivery_id}", tag = "webhooks",
    params(("id" = Uuid, Path), ("delivery_id" = Uuid, Path)), responses((status = 200, body = DeliveryView)))]
async fn show(
    State(app): State<App>,
    At((id, delivery_id)): At<(Uuid, Uuid)>,
    ask: Ask,
) -> Result<Answer<DeliveryView>, Problem> {
    let business = ask.caller.business();
    let found = app.delivery(business, id, delivery_id).await?;
    Ok(Answer::ok(found.into()))
}

/// Sends a webhook the event of a delivery once more, now, whether it is on or off; the answer says what came of it.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery_id}/redeliver", tag = "webhooks",
    params(("id" = Uuid, Path), ("delivery_id" = Uuid, Path)), responses((status = 201, body = DeliveryView)))]
async fn redeliver(
    State(app): State<App>,
    At((id, of)): At<(Uuid, Uuid)>,
    call: Call,
) -> Result<Answer<DeliveryView>, Problem> {
    let business = call.caller.business();
    may_hand_on(&call.caller)?;
    let position = app.delivery(business, id, of).await?.position;
    let delivery_id = DeliveryId::new(app.new_id());
    let again = WebhookCommand::Redeliver {
        delivery_id,
        position,
    };
    let ask = |_: &Deciding<Webhook>| Ok(Asked::of(again.clone()).making(delivery_id.uuid()));
    let done = app.send(&call, Target::at(id), ask).await?;
    let (kind, position) = (Kind::Redelivery, Position(position));
    app.sent(business, id, &done, kind, position).await
}

/// Sends a webhook a `daybook.webhook.tested` of its own, now, whether it is on or off, whatever it hears; the answer
/// says what came of it.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)),
    responses((status = 201, body = DeliveryView)))]
async fn test(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<DeliveryView>, Problem> {
    let delivery_id = DeliveryId::new(app.new_id());
    let ask = |_: &Deciding<Webhook>| {
        Ok(Asked::of(WebhookCommand::Test(delivery_id)).making(delivery_id.uuid()))
    };
    let done = app.send(&call, Target::at(id), ask).await?;
    let business = call.caller.business();
    app.sent(business, id, &done, Kind::Test, done.position)
        .await
}

impl App {
    async fn must_have_webhook(&self, business: BusinessId, id: Uuid) -> Result<(), Problem> {
        let found = self.teller().table().of(business, Some(id)).await?;
        found.first().map(|_| ()).ok_or_else(Problem::not_found)
    }

    async fn delivery(
        &self,
        business: BusinessId,
        id: Uuid,
        delivery_id: Uuid,
    ) -> Result<Delivery, Problem> {
        let found = self.teller().table().delivery(business, id, delivery_id);
        found.await?.ok_or_else(Problem::not_found)
    }

    async fn sent(
        &self,
        business: BusinessId,
        id: Uuid,
        done: &Done,
        kind: Kind,
        position: Position,
    ) -> Result<Answer<DeliveryView>, Problem> {
        self.note_webhook(business, id).await?;
        let sent = self
            .send_as_asked(business, id, done, kind, position)
            .await?;
        let location = format!("/api/v1/webhooks/{id}/deliveries/{}", sent.delivery_id);
        let answer = Answer::to(done, sent.into()).location(location);
        Ok(match done.stream::<Webhook>() {
            Some((_, version)) => answer.version(version),
            None => answer,
        })
    }
}
