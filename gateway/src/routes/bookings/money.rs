//! What a booking costs, what is paid for it, what is given back.

use axum::extract::State;
use domain::{
    booking::{BookingCommand, Payment, Refund},
    id::Id,
    text::Label,
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::BookingView;
use crate::{
    app::App,
    checks::Checks,
    command::{Answer, At, Call},
    problem::Problem,
};

/// Another price.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceFields {
    #[schema(example = "100.00")]
    price: String,
    reason: Option<String>,
}

/// Money taken.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentFields {
    /// Above zero.
    #[schema(example = "120.00")]
    amount: String,
    /// How: `cash`, `card`.
    #[schema(example = "card")]
    method: String,
    /// When; absent: now.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Money given back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundFields {
    /// Of which payment; absent: of what was paid in all.
    payment_id: Option<Uuid>,
    /// Above zero, and no more than is left of what was paid.
    amount: String,
    reason: Option<String>,
}

type Shown = Result<Answer<BookingView>, Problem>;

/// Asks for more or less than was agreed at first.
#[utoipa::path(post, path = "/bookings/{id}/price", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = PriceFields, responses((status = 200, body = BookingView)))]
pub(super) async fn price(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<PriceFields>,
) -> Shown {
    let asked = &call.body;
    app.step(&call, id, |step| {
        let mut checks = Checks::default();
        let to = checks.price("price", &asked.price, step.held.plan.price.currency());
        checks.done()?;
        let reason = step.words("reason", asked.reason.as_deref())?;
        Ok(BookingCommand::ChangePrice {
            to: to.unwrap_or(step.held.plan.price),
            reason,
        })
    })
    .await
}

/// Takes money for a booking.
#[utoipa::path(post, path = "/bookings/{id}/payments", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = PaymentFields, responses((status = 200, body = BookingView)))]
pub(super) async fn pay(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<PaymentFields>,
) -> Shown {
    let (asked, payment_id) = (&call.body, Id::new(app.new_id()));
    app.step(&call, id, |step| {
        let mut checks = Checks::default();
        let amount = checks.amount("amount", &asked.amount, step.held.plan.price.currency());
        let method = checks.take("method", Label::parse(&asked.method));
        let at = asked.at.unwrap_or(step.now);
        checks.moment("at", at);
        match (amount, method) {
            (Some(amount), Some(method)) if checks.is_clean() => {
                Ok(BookingCommand::RecordPayment {
                    payment: Payment {
                        payment_id,
                        amount,
                        method,
                        at,
                        by: step.call.caller.actor().clone(),
                        note: None,
                    },
                    imported: false,
                })
            }
            (_, _) => Err(checks.into()),
        }
    })
    .await
}

/// Gives money back.
#[utoipa::path(post, path = "/bookings/{id}/refunds", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = RefundFields, responses((status = 200, body = BookingView)))]
pub(super) async fn refund(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<RefundFields>,
) -> Shown {
    let (asked, refund_id) = (&call.body, Id::new(app.new_id()));
    app.step(&call, id, |step| {
        let mut checks = Checks::default();
        let amount = checks.amount("amount", &asked.amount, step.held.plan.price.currency());
        let reason = step.words("reason", asked.reason.as_deref())?;
        match amount {
            Some(amount) if checks.is_clean() => Ok(BookingCommand::Refund(Refund {
                refund_id,
                payment_id: asked.payment_id.map(Id::new),
                amount,
                reason,
                at: step.now,
                by: step.call.caller.actor().clone(),
            })),
            Some(_) | None => Err(checks.into()),
        }
    })
    .await
}
