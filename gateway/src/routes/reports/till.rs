//! The till: what was taken and given back, day by day and method by method.

use axum::{extract::State, response::Response};
use projections::reports::till::{self, Till};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Grouped, Report, ReportQuery, Whole, query::GroupField};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// What came into the till.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Till)]
struct TillView {
    #[serde(flatten)]
    till: SumView,
    /// By each method, in the order of their names.
    methods: Vec<MethodView>,
}

/// What came in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TillSum)]
struct SumView {
    /// For bookings and without.
    #[schema(example = "1300.00")]
    taken: String,
    /// Given back.
    #[schema(example = "50.00")]
    refunded: String,
    /// Taken less refunded.
    #[schema(example = "1250.00")]
    net: String,
    /// How many payments, sales and refunds that is.
    entries: i64,
}

/// What came in by one method.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TillMethod)]
struct MethodView {
    /// Null: of a refund of what nothing was paid for.
    #[schema(example = "cash")]
    method: Option<String>,
    #[serde(flatten)]
    sum: SumView,
}

/// The till, per day (or week, or month, by `group_by`) and method. Its file has a row for each day and method.
#[utoipa::path(get, path = "/reports/till", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "What came in.", content(
        (Grouped<TillView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn till(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<TillReport>(&ask).await?;
    let told = till::find(app.pool(), &question.asked).await?;
    question
        .answer(TillReport(question.grouped::<_, TillView>(told)))
        .await
}

/// Days on which nothing moved are among the groups, and have no row in the file.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
struct TillReport(Grouped<TillView>);

impl Report for TillReport {
    const TABLE: &'static Table = &Table {
        name: "till",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("method", Column::Text),
            ("taken", Column::Amount),
            ("refunded", Column::Amount),
            ("net", Column::Amount),
            ("entries", Column::Count),
        ],
    };
    const GROUPED_BY: Option<GroupField> = Some(GroupField::Day);
}

impl Whole for TillReport {
    fn rows(&self) -> Vec<Vec<String>> {
        let groups = self.0.groups.iter().flatten();
        let methods =
            groups.flat_map(|group| group.figures.methods.iter().map(move |m| (group, m)));
        methods
            .map(|(group, MethodView { method, sum })| {
                vec![
                    group.from.to_string(),
                    group.to.to_string(),
                    method.clone().unwrap_or_default(),
                    sum.taken.clone(),
                    sum.refunded.clone(),
                    sum.net.clone(),
                    sum.entries.to_string(),
                ]
            })
            .collect()
    }
}

impl From<Till> for TillView {
    fn from(till: Till) -> Self {
        let methods = till.methods.into_iter().map(|of| MethodView {
            method: of.method,
            sum: SumView::of(of.takings, of.entries),
        });
        Self {
            till: SumView::of(till.takings, till.entries),
            methods: methods.collect(),
        }
    }
}

impl SumView {
    fn of(takings: projections::reports::revenue::Takings, entries: i64) -> Self {
        Self {
            taken: takings.taken.to_string(),
            refunded: takings.refunded.to_string(),
            net: takings.net.to_string(),
            entries,
        }
    }
}
