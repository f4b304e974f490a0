//! Reports: what a period came to.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::{access::Right, id::Id, time::local_date};
use jiff::civil::Date;
use projections::{
    GroupBy, Period,
    summary::{self, Filter, Summary},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{calendar, history::StatusField};
use crate::{
    app::App,
    command::{Answer, Ask},
    problem::Problem,
    sheet::{Column, FileField, Table},
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(summary))
}

/// Of which dates, and which bookings.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SummaryQuery {
    /// The first local date.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last one, inclusive; where each day, week or month is told, at most 366 of them later.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    to: Date,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    client_id: Option<Uuid>,
    /// May be repeated.
    #[serde(default)]
    #[param(inline)]
    status: Vec<StatusField>,
    source: Option<String>,
    /// Each day, week or month by itself too.
    #[param(inline)]
    group_by: Option<GroupField>,
    /// `json` (the default), or a file: `csv`, `xlsx`. It has a row for each day, week or month that is asked for, else
    /// one for the whole.
    #[param(inline)]
    format: Option<FormatField>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormatField {
    #[default]
    Json,
    Csv,
    Xlsx,
}

/// The summary as a file.
static TABLE: Table = Table {
    name: "summary",
    columns: &[
        ("from", Column::Text),
        ("to", Column::Text),
        ("bookings", Column::Number),
        ("requested", Column::Number),
        ("confirmed", Column::Number),
        ("completed", Column::Number),
        ("no_show", Column::Number),
        ("cancelled", Column::Number),
        ("clients", Column::Number),
        ("new_clients", Column::Number),
        ("returning_clients", Column::Number),
        ("revenue", Column::Amount),
        ("pending_amount", Column::Amount),
        ("average_receipt", Column::Number),
        ("no_show_rate", Column::Number),
        ("cancellation_rate", Column::Number),
    ],
};

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum GroupField {
    Day,
    Week,
    Month,
}

impl GroupField {
    /// In how many days there are no more groups than can be told one by one.
    fn most_days(self) -> i32 {
        const MOST_GROUPS: i32 = 366;
        MOST_GROUPS
            * match self {
                Self::Day => 1,
                Self::Week => 7,
                Self::Month => 28,
            }
    }
}

/// What a period came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SummaryView {
    /// Whose start lies in it; deleted ones do not count.
    bookings: i64,
    by_status: ByStatusView,
    /// Who had a booking in it.
    clients: i64,
    /// Of them, who had none before.
    new_clients: i64,
    /// Of them, who had one before.
    returning_clients: i64,
    /// Paid in it less given back in it, with what was sold without a booking.
    #[schema(example = "1250.00")]
    revenue: String,
    /// The unpaid price of its confirmed and requested bookings.
    pending_amount: String,
    average_receipt: String,
    /// Of those completed or missed, how many were missed. 0 to 1.
    no_show_rate: f64,
    /// Of all, how many were cancelled. 0 to 1.
    cancellation_rate: f64,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<GroupView>>,
}

/// One day, week or month.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct GroupView {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    #[serde(flatten)]
    #[schema(no_recursion)]
    summary: SummaryView,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ByStatusView {
    requested: i64,
    confirmed: i64,
    completed: i64,
    no_show: i64,
    cancelled: i64,
}

/// Bookings, clients and money of a period.
#[utoipa::path(get, path = "/reports/summary", tag = "reports", params(SummaryQuery),
    responses((status = 200, description = "What it came to.", content(
        (SummaryView = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
async fn summary(State(app): State<App>, ask: Ask<SummaryQuery>) -> Result<Response, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    if asked
        .format
        .is_some_and(|format| !matches!(format, FormatField::Json))
    {
        ask.caller.needs(Right::Export)?;
    }
    app.wait_for(&ask, &[&summary::READ_MODEL]).await?;
    let known = app.catalogue(business).await?;
    let settings = known.settings()?;
    let most = asked.group_by.map_or(i32::MAX, GroupField::most_days);
    calendar::days_up_to(most, &settings.time_zone, asked.from, asked.to)?;
    let whole = Period::new(&settings.time_zone, asked.from, asked.to)
        .ok_or_else(|| Problem::field("from", Message::new("violation-date")))?;
    let mut periods = vec![whole];
    if let Some(by) = asked.group_by {
        periods.extend(whole.by(&settings.time_zone, by.into()));
    }
    let filter = Filter {
        staff_id: asked.staff_id.map(Id::new),
        service_id: asked.service_id.map(Id::new),
        desk_id: asked.desk_id.map(Id::new),
        client_id: app.client_id_now(business, asked.client_id).await?,
        statuses: asked.status.iter().map(|status| (*status).into()).collect(),
        source: asked.source.clone(),
    };
    let summaries =
        summary::of_periods(app.pool(), &scope, &filter, &periods, settings.currency).await?;
    let mut told = periods.into_iter().zip(summaries);
    let whole = told
        .next()
        .ok_or_else(|| Problem::internal("a period without its summary"))?;
    let kind = match asked.format.unwrap_or_default() {
        FormatField::Json => {
            let mut view = SummaryView::from(whole.1);
            if asked.group_by.is_some() {
                view.groups = Some(told.map(GroupView::from).collect());
            }
            return Ok(Answer::ok(view).into_response());
        }
        FormatField::Csv => FileField::Csv,
        FormatField::Xlsx => FileField::Xlsx,
    };
    let rows: Vec<_> = if asked.group_by.is_some() {
        told.map(row).collect()
    } else {
        vec![row(whole)]
    };
    let rows = rows.into_iter().map(Ok);
    TABLE.file(kind, futures::stream::iter(rows)).await
}

/// A period as the file shows it, column by column.
fn row((period, summary): (Period, Summary)) -> Vec<String> {
    let by = summary.by_status;
    vec![
        period.first.to_string(),
        period.last.to_string(),
        summary.bookings.to_string(),
        by.requested.to_string(),
        by.confirmed.to_string(),
        by.completed.to_string(),
        by.no_show.to_string(),
        by.cancelled.to_string(),
        summary.clients.to_string(),
        summary.new_clients.to_string(),
        summary.returning_clients.to_string(),
        summary.revenue.to_string(),
        summary.pending_amount.to_string(),
        summary.average_receipt.to_string(),
        summary.no_show_rate.to_string(),
        summary.cancellation_rate.to_string(),
    ]
}

impl From<(Period, Summary)> for GroupView {
    fn from((period, summary): (Period, Summary)) -> Self {
        Self {
            from: period.first,
            to: period.last,
            summary: summary.into(),
        }
    }
}

impl From<GroupField> for GroupBy {
    fn from(by: GroupField) -> Self {
        match by {
            GroupField::Day => Self::Day,
            GroupField::Week => Self::Week,
            GroupField::Month => Self::Month,
        }
    }
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        let by = summary.by_status;
        Self {
            bookings: summary.bookings,
            by_status: ByStatusView {
                requested: by.requested,
                confirmed: by.confirmed,
                completed: by.completed,
                no_show: by.no_show,
                cancelled: by.cancelled,
            },
            clients: summary.clients,
            new_clients: summary.new_clients,
            returning_clients: summary.returning_clients,
            revenue: summary.revenue.to_string(),
            pending_amount: summary.pending_amount.to_string(),
            average_receipt: summary.average_receipt.to_string(),
            no_show_rate: summary.no_show_rate,
            cancellation_rate: summary.cancellation_rate,
            groups: None,
        }
    }
}
