//! A booking as the API shows it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    actor::{Actor, ActorKind, Role},
    booking::{Booking, Held},
    client::Client,
    desk::Desk,
    id::Id,
    service::Service,
    staff::Staff,
};
use jiff::Timestamp;
use ledger::{BusinessId, Version};
use projections::{clients::Called, reports::Message};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::messages::Messages;
use crate::{app::App, catalogue::Known, command::Done, problem::Problem};

/// A booking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BookingView {
    id: Uuid,
    /// What people call it by, over the phone.
    #[schema(example = "7K3M-92QX")]
    reference: String,
    /// The visit that it is part of.
    #[schema(required)]
    visit_id: Option<Uuid>,
    /// The session of a class that it is a seat in.
    #[schema(required)]
    session_id: Option<Uuid>,
    /// The series that it is one date of.
    #[schema(required)]
    series_id: Option<Uuid>,
    /// `requested`, `confirmed`, `completed`, `no_show` or `cancelled`.
    status: &'static str,
    /// Taken out of sight; nothing of it is lost.
    deleted: bool,
    /// When the client came.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    arrived_at: Option<Timestamp>,
    /// When the client went.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    left_at: Option<Timestamp>,
    /// When it begins; the first instant of its day while the hour is unknown.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// How long it takes.
    duration_min: u32,
    /// From another system, which told the day alone.
    hour_unknown: bool,
    /// From another system, where it overlapped another booking.
    overlaps: bool,
    #[schema(required)]
    service: Option<Named>,
    #[schema(required)]
    staff: Option<Named>,
    #[schema(required)]
    desk: Option<Named>,
    #[schema(required)]
    client: Option<Named>,
    /// What was agreed.
    #[schema(example = "120.00")]
    price: String,
    /// What was paid, less what was given back.
    paid: String,
    /// What is still to be paid.
    due: String,
    payments: Vec<PaymentView>,
    refunds: Vec<RefundView>,
    comments: Vec<CommentView>,
    /// Why it was cancelled; null also once the client's data was erased.
    #[schema(required)]
    cancel_reason: Option<String>,
    #[schema(required)]
    review: Option<ReviewView>,
    /// Where it came from, in the business's words.
    source: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Messages to the client about it, in the order in which they were due.
    notifications: Vec<NotificationView>,
    /// As in its `ETag`.
    version: i64,
}

/// A thing by its id and name. The name is null once it was erased.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Named {
    pub(crate) id: Uuid,
    #[schema(required)]
    pub(crate) name: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ActorView {
    /// `user`, `api_key`, `client`, `import` or `system`.
    kind: ActorKindView,
    #[schema(required)]
    id: Option<Uuid>,
    #[schema(required)]
    name: Option<String>,
    /// The role in which it was done.
    #[schema(required)]
    role: Option<RoleView>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ActorKindView {
    User,
    ApiKey,
    Client,
    Import,
    System,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RoleView {
    Owner,
    Admin,
    Manager,
    Staff,
}

/// Money taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct PaymentView {
    id: Uuid,
    amount: String,
    method: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorView,
}

/// Money given back.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RefundView {
    id: Uuid,
    /// Of which payment; null: of what was paid in all.
    #[schema(required)]
    payment_id: Option<Uuid>,
    amount: String,
    #[schema(required)]
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorView,
}

/// Something written on it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CommentView {
    id: Uuid,
    /// Null once it was erased.
    #[schema(required)]
    text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorView,
}

/// How the client said it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ReviewView {
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    #[schema(required)]
    text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A message about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct NotificationView {
    id: Uuid,
    /// `email`, `sms` or `telegram`.
    channel: String,
    /// `booking_confirmed`, `booking_changed`, `booking_cancelled`, `reminder`, `review_request`, `waitlist_offer` or
    /// `by_hand`.
    occasion: String,
    /// How far it came: `scheduled`, `sent`, `delivered`, `failed` or `suppressed`.
    outcome: String,
    /// Why it `failed` (`bad_address`, `blocked`, `refused`, `unreachable`) or was `suppressed` (`no_consent`,
    /// `no_address`, `outdated`, `stopped`, `limit`).
    #[schema(required)]
    why: Option<String>,
    /// When it came that far; while it is `scheduled`, when it is due.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it is, or was, to be sent.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    /// When the channel took it.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    sent_at: Option<Timestamp>,
}

impl From<&Message> for NotificationView {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.uuid(),
            channel: message.channel.clone(),
            occasion: message.occasion.clone(),
            outcome: message.outcome.clone(),
            why: message.why.clone(),
            at: message.at(),
            due_at: message.due_at,
            sent_at: message.sent_at,
        }
    }
}

/// What the ids in bookings are called.
pub(crate) struct Names<'a> {
    known: &'a Known,
    clients: BTreeMap<Id<Client>, Called>,
    actors: BTreeMap<Uuid, Option<String>>,
}

impl<'a> Names<'a> {
    /// Looks up what these bookings speak of. `after`: in the answer to a command.
    pub(crate) async fn of(
        app: &App,
        business: BusinessId,
        known: &'a Known,
        bookings: impl Iterator<Item = &Booking>,
        after: Option<&Done>,
    ) -> Result<Self, Problem> {
        let bookings: Vec<_> = bookings.collect();
        let clients = bookings
            .iter()
            .filter_map(|booking| booking.held().ok()?.client_id)
            .collect();
        let clients = app.client_names(business, &clients, after).await?;
        Self::around(known, clients)
            .with_actors_of(app, business, bookings.into_iter())
            .await
    }

    /// With clients' names from elsewhere, and nobody else's looked up.
    pub(crate) const fn around(known: &'a Known, clients: BTreeMap<Id<Client>, Called>) -> Self {
        Self {
            known,
            clients,
            actors: BTreeMap::new(),
        }
    }

    /// With those who wrote on these bookings, and took money for them.
    pub(crate) async fn with_actors_of(
        mut self,
        app: &App,
        business: BusinessId,
        bookings: impl Iterator<Item = &Booking>,
    ) -> Result<Self, Problem> {
        let mut actors = BTreeSet::new();
        bookings
            .filter_map(|booking| booking.held().ok())
            .for_each(|held| actors.extend(actors_of(held)));
        self.actors = app.actor_names(business, &actors).await?;
        Ok(self)
    }

    pub(crate) fn service(&self, id: Id<Service>) -> Named {
        let offer = self
            .known
            .catalogue
            .services
            .get(&id)
            .and_then(|service| service.offer.as_ref());
        Named {
            id: id.uuid(),
            name: offer.map(|offer| offer.name.to_string()),
        }
    }

    pub(crate) fn staff(&self, id: Id<Staff>) -> Named {
        let member = self
            .known
            .catalogue
            .staff
            .get(&id)
            .and_then(|staff| staff.member.as_ref());
        Named {
            id: id.uuid(),
            name: member.and_then(|m| m.name.value()).map(ToString::to_string),
        }
    }

    pub(crate) fn desk(&self, id: Id<Desk>) -> Named {
        let place = self
            .known
            .catalogue
            .desks
            .get(&id)
            .and_then(|desk| desk.place.as_ref());
        Named {
            id: id.uuid(),
            name: place.map(|place| place.name.to_string()),
        }
    }

    /// A client, or who they turned out to be.
    pub(crate) fn client(&self, id: Id<Client>) -> Named {
        let called = self.clients.get(&id);
        Named {
            id: called.map_or(id, |called| called.client_id).uuid(),
            name: called.and_then(|called| called.name.clone()),
        }
    }

    fn actor(&self, actor: &Actor) -> ActorView {
        let kind = match actor.kind {
            ActorKind::User => ActorKindView::User,
            ActorKind::ApiKey => ActorKindView::ApiKey,
            ActorKind::Client => ActorKindView::Client,
            ActorKind::Import => ActorKindView::Import,
            ActorKind::System => ActorKindView::System,
        };
        let role = actor.role.map(|role| match role {
            Role::Owner => RoleView::Owner,
            Role::Admin => RoleView::Admin,
            Role::Manager => RoleView::Manager,
            Role::Staff => RoleView::Staff,
        });
        let name = actor
            .id
            .and_then(|id| self.actors.get(&id).cloned().flatten());
        ActorView {
            kind,
            id: actor.id,
            name,
            role,
        }
    }
}

/// Who wrote on a booking, took money for it, gave money back.
fn actors_of(held: &Held) -> impl Iterator<Item = Uuid> {
    let comments = held.comments.iter().map(|comment| &comment.by);
    let payments = held.payments.iter().map(|payment| &payment.by);
    let refunds = held.refunds.iter().map(|refund| &refund.by);
    comments
        .chain(payments)
        .chain(refunds)
        .filter_map(|actor| actor.id)
}

impl BookingView {
    /// Shows a booking, and what was told about it. It must be opened.
    pub(crate) fn of(
        id: Id<Booking>,
        version: Version,
        held: &Held,
        names: &Names<'_>,
        messages: &Messages,
    ) -> Self {
        let plan = &held.plan;
        let text = |sealed: &domain::sealed::Sealed<domain::text::FreeText>| {
            sealed.value().map(ToString::to_string)
        };
        Self {
            id: id.uuid(),
            reference: held.reference.to_string(),
            visit_id: held.visit_id.map(Id::uuid),
            session_id: plan.session_id.map(Id::uuid),
            series_id: held.series_id.map(Id::uuid),
            status: held.status.as_str(),
            deleted: held.deleted,
            arrived_at: held.arrived_at,
            left_at: held.left_at,
            start: plan.start,
            end: plan.end(),
            duration_min: plan.timing.duration_min.get(),
            hour_unknown: plan.hour_unknown,
            overlaps: held.overlaps(),
            service: plan.service_id.map(|id| names.service(id)),
            staff: plan.staff_id.map(|id| names.staff(id)),
            desk: plan.desk_id.map(|id| names.desk(id)),
            client: held.client_id.map(|id| names.client(id)),
            price: plan.price.to_string(),
            paid: held.paid().to_string(),
            due: held.due().to_string(),
            payments: held
                .payments
                .iter()
                .map(|payment| PaymentView {
                    id: payment.payment_id.uuid(),
                    amount: payment.amount.to_string(),
                    method: payment.method.to_string(),
                    at: payment.at,
                    actor: names.actor(&payment.by),
                })
                .collect(),
            refunds: held
                .refunds
                .iter()
                .map(|refund| RefundView {
                    id: refund.refund_id.uuid(),
                    payment_id: refund.payment_id.map(Id::uuid),
                    amount: refund.amount.to_string(),
                    reason: refund.reason.as_ref().and_then(text),
                    at: refund.at,
                    actor: names.actor(&refund.by),
                })
                .collect(),
            comments: held
                .comments
                .iter()
                .map(|comment| CommentView {
                    id: comment.comment_id.uuid(),
                    text: text(&comment.text),
                    at: comment.at,
                    actor: names.actor(&comment.by),
                })
                .collect(),
            cancel_reason: held.cancel_reason.as_ref().and_then(text),
            review: held.review.as_ref().map(|review| ReviewView {
                rating: review.rating,
                text: review.text.as_ref().and_then(text),
                at: review.at,
            }),
            source: held.source.as_str().to_owned(),
            created_at: held.created_at,
            notifications: messages.about(id).map(NotificationView::from).collect(),
            version: version.0,
        }
    }
}
