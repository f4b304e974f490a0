//! What is still to be paid of what is booked.

use axum::{extract::State, response::Response};
use projections::reports::pending::{self, Pending};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Figures, Grouped, ReportQuery};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// What is not paid of the price of requested and confirmed bookings whose start lies in the period.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Pending)]
pub(super) struct PendingView {
    /// All of it.
    #[schema(example = "480.00")]
    pending_amount: String,
    /// Bookings of which something is not paid.
    bookings: i64,
    /// Of it, what is of bookings that should have begun by now.
    #[schema(example = "120.00")]
    overdue_amount: String,
    overdue_bookings: i64,
    /// Of it, what is of bookings that lie ahead.
    #[schema(example = "360.00")]
    upcoming_amount: String,
    upcoming_bookings: i64,
}

/// What is still to be paid of what is booked, and what of it is overdue.
#[utoipa::path(get, path = "/reports/pending", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "What is not paid.", content(
        (Grouped<PendingView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn pending(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Grouped<PendingView>>(&ask).await?;
    let told = pending::find(app.pool(), &question.asked).await?;
    question
        .answer(question.grouped::<_, PendingView>(told))
        .await
}

impl Figures for PendingView {
    const TABLE: &'static Table = &Table {
        name: "pending",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("pending_amount", Column::Amount),
            ("bookings", Column::Count),
            ("overdue_amount", Column::Amount),
            ("overdue_bookings", Column::Count),
            ("upcoming_amount", Column::Amount),
            ("upcoming_bookings", Column::Count),
        ],
    };

    fn cells(&self) -> Vec<String> {
        vec![
            self.pending_amount.clone(),
            self.bookings.to_string(),
            self.overdue_amount.clone(),
            self.overdue_bookings.to_string(),
            self.upcoming_amount.clone(),
            self.upcoming_bookings.to_string(),
        ]
    }
}

impl From<Pending> for PendingView {
    fn from(pending: Pending) -> Self {
        Self {
            pending_amount: pending.amount.to_string(),
            bookings: pending.bookings,
            overdue_amount: pending.overdue.to_string(),
            overdue_bookings: pending.overdue_bookings,
            upcoming_amount: pending.upcoming.to_string(),
            upcoming_bookings: pending.upcoming_bookings,
        }
    }
}
