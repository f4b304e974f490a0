//! How many bookings and clients, what came in, what is still to come.

use axum::{extract::State, response::Response};
use projections::reports::{
    ByStatus,
    summary::{self, Summary},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Figures, Grouped, ReportQuery};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// What a period came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Summary)]
pub(super) struct SummaryView {
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
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ByStatusView {
    requested: i64,
    confirmed: i64,
    pub(super) completed: i64,
    no_show: i64,
    cancelled: i64,
}

impl From<ByStatus> for ByStatusView {
    fn from(by: ByStatus) -> Self {
        Self {
            requested: by.requested,
            confirmed: by.confirmed,
            completed: by.completed,
            no_show: by.no_show,
            cancelled: by.cancelled,
        }
    }
}

/// Bookings, clients and money of a period.
#[utoipa::path(get, path = "/reports/summary", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "What it came to.", content(
        (Grouped<SummaryView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn summary(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Grouped<SummaryView>>(&ask).await?;
    let told = summary::find(app.pool(), &question.asked).await?;
    question
        .answer(question.grouped::<_, SummaryView>(told))
        .await
}

impl Figures for SummaryView {
    const TABLE: &'static Table = &Table {
        name: "summary",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("bookings", Column::Count),
            ("requested", Column::Count),
            ("confirmed", Column::Count),
            ("completed", Column::Count),
            ("no_show", Column::Count),
            ("cancelled", Column::Count),
            ("clients", Column::Number),
            ("new_clients", Column::Number),
            ("returning_clients", Column::Number),
            ("revenue", Column::Amount),
            ("pending_amount", Column::Amount),
            ("average_receipt", Column::Rate),
            ("no_show_rate", Column::Share),
            ("cancellation_rate", Column::Share),
        ],
    };

    fn cells(&self) -> Vec<String> {
        let by = &self.by_status;
        vec![
            self.bookings.to_string(),
            by.requested.to_string(),
            by.confirmed.to_string(),
            by.completed.to_string(),
            by.no_show.to_string(),
            by.cancelled.to_string(),
            self.clients.to_string(),
            self.new_clients.to_string(),
            self.returning_clients.to_string(),
            self.revenue.clone(),
            self.pending_amount.clone(),
            self.average_receipt.clone(),
            self.no_show_rate.to_string(),
            self.cancellation_rate.to_string(),
        ]
    }
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        Self {
            bookings: summary.bookings,
            by_status: summary.by_status.into(),
            clients: summary.clients,
            new_clients: summary.new_clients,
            returning_clients: summary.returning_clients,
            revenue: summary.revenue.to_string(),
            pending_amount: summary.pending_amount.to_string(),
            average_receipt: summary.average_receipt.to_string(),
            no_show_rate: summary.no_show_rate,
            cancellation_rate: summary.cancellation_rate,
        }
    }
}
