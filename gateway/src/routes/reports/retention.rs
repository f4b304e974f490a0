//! Who of those who were new in a month came again in the months after it.

use axum::{extract::State, response::Response};
use jiff::civil::Date;
use projections::reports::retention::{self, Again, Cohort, Retention};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Report, ReportQuery, Whole};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// Cohorts, month by month, and what they have in common.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Retention)]
struct RetentionView {
    /// Clients of all cohorts.
    clients: i64,
    /// All cohorts together: of those for which that month has begun.
    months: Vec<AgainView>,
    cohorts: Vec<CohortView>,
}

/// Those who were new in one month: whose first booking of all starts in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Cohort)]
struct CohortView {
    /// The first date of the month that lies in the period.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last one.
    #[schema(value_type = String, format = Date)]
    to: Date,
    clients: i64,
    /// The months after it that have begun, at most twelve.
    months: Vec<AgainView>,
}

/// How many came again in a month: have a booking in it that was neither cancelled nor missed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CameAgain)]
struct AgainView {
    /// How many months after theirs.
    #[schema(minimum = 1, maximum = 12)]
    month: usize,
    /// Of so many.
    of: i64,
    clients: i64,
    /// 0 to 1.
    rate: f64,
}

/// Retention: new clients by month, and how many of them came again in each of the twelve months after it.
///
/// The months are those that the dates lie in. The file has a row for each.
#[utoipa::path(get, path = "/reports/retention", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "Who came again.", content(
        (RetentionView = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn retention(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<RetentionView>(&ask).await?;
    let retention = retention::find(app.pool(), &question.asked).await?;
    question.answer(RetentionView::from(retention)).await
}

impl Report for RetentionView {
    const TABLE: &'static Table = &Table {
        name: "retention",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("clients", Column::Number),
            ("month_1", Column::Number),
            ("month_2", Column::Number),
            ("month_3", Column::Number),
            ("month_4", Column::Number),
            ("month_5", Column::Number),
            ("month_6", Column::Number),
            ("month_7", Column::Number),
            ("month_8", Column::Number),
            ("month_9", Column::Number),
            ("month_10", Column::Number),
            ("month_11", Column::Number),
            ("month_12", Column::Number),
        ],
    };
    /// Ten years of cohorts.
    const MOST_DAYS: i32 = 3_660;
}

impl Whole for RetentionView {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |cohort: &CohortView| {
            let mut row = vec![
                cohort.from.to_string(),
                cohort.to.to_string(),
                cohort.clients.to_string(),
            ];
            let months = cohort.months.iter().map(|again| again.clients.to_string());
            row.extend(months);
            // What has not begun yet is not nought.
            row.resize(Self::TABLE.columns.len(), String::new());
            row
        };
        self.cohorts.iter().map(row).collect()
    }
}

impl From<Retention> for RetentionView {
    fn from(retention: Retention) -> Self {
        let cohorts: Vec<_> = retention
            .cohorts
            .into_iter()
            .map(CohortView::from)
            .collect();
        Self {
            clients: cohorts.iter().map(|cohort| cohort.clients).sum(),
            months: AgainView::all(retention.overall),
            cohorts,
        }
    }
}

impl From<Cohort> for CohortView {
    fn from(cohort: Cohort) -> Self {
        Self {
            from: cohort.period.first,
            to: cohort.period.last,
            clients: cohort.clients,
            months: AgainView::all(cohort.again),
        }
    }
}

impl AgainView {
    fn all(months: Vec<Again>) -> Vec<Self> {
        let months = (1..).zip(months);
        months
            .map(|(month, again)| Self {
                month,
                of: again.of,
                clients: again.clients,
                rate: again.rate,
            })
            .collect()
    }
}
