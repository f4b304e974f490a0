//! The till: what was taken and given back, day by day and method by method.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::{id::Id, time::local_date};
use jiff::{Timestamp, civil::Date};
use projections::{
    Period, clients,
    till::{self, Cursor, Filter, Kind},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{bookings::Named, calendar};
use crate::{
    app::App,
    command::{Answer, Ask},
    page,
    problem::Problem,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find))
}

/// Of which dates, and which money.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PaymentsQuery {
    /// The first local date.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last one, inclusive; at most 365 days later.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    to: Date,
    /// How it was paid: `cash`.
    method: Option<String>,
    /// By this user or key.
    taken_by: Option<Uuid>,
    /// Payments on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total` number of payments.
    #[serde(default)]
    count: bool,
}

/// A page of the till, with the totals of all its pages.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct TillView {
    /// The oldest first.
    items: Vec<EntryView>,
    /// To be given as `after` for the next page; null on the last one.
    next: Option<String>,
    /// How many there are on all pages; only where `count=true` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Per day and method, of all pages.
    totals: Vec<TotalView>,
}

/// Money taken or given back.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct EntryView {
    /// Of the payment or refund.
    id: Uuid,
    /// `payment` for a booking, `sale` without one, `refund`.
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was taken or given back. Below zero only in imported history.
    #[schema(example = "120.00")]
    amount: String,
    method: Option<String>,
    /// Who took it.
    taken_by: Option<Named>,
    booking_id: Option<Uuid>,
    reference: Option<String>,
    client_id: Option<Uuid>,
    /// Of a refund: which payment; null: of what was paid in all.
    payment_id: Option<Uuid>,
    /// What was sold, or why it was given back.
    text: Option<String>,
}

/// What a day made by one method.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct TotalView {
    #[schema(value_type = String, format = Date)]
    date: Date,
    method: Option<String>,
    taken: String,
    refunded: String,
    /// Taken less refunded.
    total: String,
    payments: i64,
}

/// Payments, sales and refunds between two dates.
#[utoipa::path(get, path = "/payments", tag = "payments", params(PaymentsQuery),
    responses((status = 200, body = TillView)))]
async fn find(
    State(app): State<App>,
    ask: Ask<PaymentsQuery>,
) -> Result<Answer<TillView>, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    app.wait_for_named(&ask, &[&till::READ_MODEL, &clients::READ_MODEL])
        .await?;
    let known = app.catalogue(business).await?;
    let zone = &known.settings()?.time_zone;
    // Says what is wrong with the dates, if anything is.
    calendar::days(zone, asked.from, asked.to)?;
    let period = Period::new(zone, asked.from, asked.to)
        .ok_or_else(|| Problem::field("from", Message::new("violation-date")))?;
    let filter = Filter {
        period,
        method: asked.method.clone(),
        taken_by: asked.taken_by,
    };
    let after: Option<Cursor> = ask.list().place(asked.after.as_deref())?;
    let wanted = till::Page {
        after,
        limit: u16::try_from(page::limit(asked.limit)?).unwrap_or(u16::MAX),
        count: asked.count,
    };
    let found = till::find(app.pool(), &scope, &filter, wanted).await?;
    let totals = till::totals(app.pool(), &scope, &filter, zone).await?;
    let actors: BTreeSet<_> = found
        .items
        .iter()
        .filter_map(|entry| entry.taken_by)
        .collect();
    let names = app.actor_names(business, &actors).await?;
    let clients: Vec<_> = found.items.iter().filter_map(|e| e.client_id).collect();
    let clients = clients::now(app.pool(), &scope, &clients).await?;
    let items = found.items.into_iter().map(|entry| EntryView {
        id: entry.payment_id,
        kind: match entry.kind {
            Kind::Payment => "payment",
            Kind::Sale => "sale",
            Kind::Refund => "refund",
        },
        at: entry.at,
        amount: entry.amount.to_string(),
        method: entry.method,
        taken_by: entry.taken_by.map(|id| Named {
            id,
            name: names.get(&id).cloned().flatten(),
        }),
        booking_id: entry.booking_id.map(Id::uuid),
        reference: entry.reference,
        client_id: entry
            .client_id
            .map(|id| clients.get(&id).copied().unwrap_or(id).uuid()),
        payment_id: entry.refund_of,
        text: entry.text,
    });
    Ok(Answer::ok(TillView {
        items: items.collect(),
        next: found
            .next
            .map(|next| ask.list().cursor(&next))
            .transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
        totals: totals
            .into_iter()
            .map(|total| TotalView {
                date: total.date,
                method: total.method,
                taken: total.taken.to_string(),
                refunded: total.refunded.to_string(),
                total: total.total.to_string(),
                payments: total.entries,
            })
            .collect(),
    }))
}
