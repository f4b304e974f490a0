//! History as a file, with the rows of the screen in their order.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use domain::{access::Right, id::Id, sealed::Sealed, text::FreeText};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use projections::history::{self, Entry};

use super::{AsFile, HistoryQuery, client_of};
use crate::{
    app::App,
    catalogue::Known,
    command::Ask,
    problem::Problem,
    routes::bookings::Names,
    sheet::{Column, Table, local},
};

static TABLE: Table = Table {
    name: "history",
    columns: &[
        ("reference", Column::Text),
        ("status", Column::Text),
        ("deleted", Column::Flag),
        ("start", Column::DateTime),
        ("end", Column::DateTime),
        ("duration_min", Column::Number),
        ("service", Column::Text),
        ("staff", Column::Text),
        ("desk", Column::Text),
        ("client", Column::Text),
        ("price", Column::Amount),
        ("paid", Column::Amount),
        ("due", Column::Amount),
        ("currency", Column::Text),
        ("source", Column::Text),
        ("created_at", Column::DateTime),
        ("cancel_reason", Column::Text),
        ("comments", Column::Text),
    ],
};

/// Every booking that the filters let through, as a file with one header row. Comments are among its columns; totals
/// stand in the spreadsheet alone. Cells that a spreadsheet would run as a formula are defused by a leading `'`.
#[utoipa::path(get, path = "/history/export", tag = "history", params(AsFile),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn export(
    State(app): State<App>,
    ask: Ask<HistoryQuery>,
) -> Result<Response, Problem> {
    ask.caller.needs(Right::SeeBookings)?;
    app.wait_for(&ask, &[&history::READ_MODEL]).await?;
    let known = app.catalogue_now(ask.caller.business()).await?;
    let (filter, sort) = ask.query.read(&app, &ask.caller, &known).await?;
    let list = app.long_list(&ask).await?;
    let scope = ask.caller.scope();
    let entries = history::stream(list, app.pool(), &scope, &filter, sort);
    let rows = entries
        .await
        .map_err(super::not_found)?
        .map_ok(move |entry| row(&entry, &known))
        .map_err(Problem::from);
    TABLE.file(ask.query.format.unwrap_or_default(), rows).await
}

/// A booking as the file shows it, column by column.
fn row(entry: &Entry, known: &Arc<Known>) -> Vec<String> {
    let Ok(held) = entry.booking.held() else {
        return vec![];
    };
    let names = Names::around(known, client_of(entry).into_iter().collect());
    let zone = known
        .settings()
        .ok()
        .map(|settings| settings.time_zone.clone());
    let local = |at: Timestamp| match &zone {
        Some(zone) => local(at, zone),
        None => at.to_string(),
    };
    let name = |named: Option<crate::routes::bookings::Named>| {
        named.and_then(|n| n.name).unwrap_or_default()
    };
    let text = |sealed: &Sealed<FreeText>| sealed.value().map(ToString::to_string);
    let plan = &held.plan;
    let comments: Vec<_> = held
        .comments
        .iter()
        .filter_map(|comment| text(&comment.text))
        .collect();
    vec![
        held.reference.to_string(),
        held.status.as_str().to_owned(),
        held.deleted.to_string(),
        local(plan.start),
        local(plan.end()),
        plan.timing.duration_min.get().to_string(),
        name(plan.service_id.map(|id| names.service(id))),
        name(plan.staff_id.map(|id| names.staff(id))),
        name(plan.desk_id.map(|id| names.desk(id))),
        name(held.client_id.map(|id: Id<_>| names.client(id))),
        plan.price.to_string(),
        held.paid().to_string(),
        held.due().to_string(),
        plan.price.currency().code().to_owned(),
        held.source.as_str().to_owned(),
        local(held.created_at),
        held.cancel_reason
            .as_ref()
            .and_then(text)
            .unwrap_or_default(),
        comments.join("\n"),
    ]
}
