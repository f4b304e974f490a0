//! Who came back.

use axum::{extract::State, response::Response};
use projections::reports::returning::{self, Returning};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Figures, Grouped, ReportQuery};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// Who booked and who came, and who of them had before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Returning)]
pub(super) struct ReturningView {
    /// Who had a booking in it, whatever became of that.
    clients: i64,
    /// Of them, who had none before.
    new_clients: i64,
    /// Of them, who had one before.
    returning_clients: i64,
    /// The returning ones of them all. 0 to 1.
    returning_rate: f64,
    /// Who came: had a completed booking in it.
    visitors: i64,
    /// Of them, who had come before.
    returning_visitors: i64,
    /// The returning ones of them all. 0 to 1.
    visitor_return_rate: f64,
}

/// New and returning clients.
#[utoipa::path(get, path = "/reports/returning", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "Who came back.", content(
        (Grouped<ReturningView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn returning(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Grouped<ReturningView>>(&ask).await?;
    let told = returning::find(app.pool(), &question.asked).await?;
    question
        .answer(question.grouped::<_, ReturningView>(told))
        .await
}

impl Figures for ReturningView {
    const TABLE: &'static Table = &Table {
        name: "returning",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("clients", Column::Number),
            ("new_clients", Column::Number),
            ("returning_clients", Column::Number),
            ("returning_rate", Column::Share),
            ("visitors", Column::Number),
            ("returning_visitors", Column::Number),
            ("visitor_return_rate", Column::Share),
        ],
    };

    fn cells(&self) -> Vec<String> {
        vec![
            self.clients.to_string(),
            self.new_clients.to_string(),
            self.returning_clients.to_string(),
            self.returning_rate.to_string(),
            self.visitors.to_string(),
            self.returning_visitors.to_string(),
            self.visitor_return_rate.to_string(),
        ]
    }
}

impl From<Returning> for ReturningView {
    fn from(returning: Returning) -> Self {
        Self {
            clients: returning.clients,
            new_clients: returning.new_clients,
            returning_clients: returning.returning_clients,
            returning_rate: returning.returning_rate,
            visitors: returning.visitors,
            returning_visitors: returning.returning_visitors,
            visitor_return_rate: returning.visitor_return_rate,
        }
    }
}
