//! What was taken and given back: when, how, for which services, by whose work.

use axum::{extract::State, response::Response};
use projections::reports::revenue::{self, Revenue, Takings};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Figures, Grouped, Question, Report, ReportQuery, Whole};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    routes::bookings::Names,
    sheet::{Column, Table},
};

/// What was taken and given back.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Takings)]
pub(super) struct TakingsView {
    /// For bookings and without; imported payments below zero are in it.
    #[schema(example = "1300.00")]
    taken: String,
    /// Given back.
    #[schema(example = "50.00")]
    refunded: String,
    /// Taken less refunded.
    #[schema(example = "1250.00")]
    revenue: String,
}

/// The revenue of a period, and where it came from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Revenue)]
struct RevenueView {
    #[serde(flatten)]
    takings: Grouped<TakingsView>,
    /// How it was paid; a refund counts where what it gives back was paid. The most first, as in the next two.
    by_method: Vec<MethodView>,
    /// By the service of the booking as it stands now, or of the sale.
    by_service: Vec<ThingView>,
    /// By the staff member of the booking as it stands now, or of the sale.
    by_staff: Vec<ThingView>,
}

/// What was paid in one way.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RevenueOfMethod)]
struct MethodView {
    /// Null: nothing says how.
    #[schema(example = "cash")]
    method: Option<String>,
    #[serde(flatten)]
    takings: TakingsView,
}

/// What came in for one service, or by the work of one staff member.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RevenueOfThing)]
struct ThingView {
    /// Null: for none.
    id: Option<Uuid>,
    /// Null also once it was erased.
    name: Option<String>,
    #[serde(flatten)]
    takings: TakingsView,
}

/// Money taken and given back: by day, week or month, by method, service and staff member.
#[utoipa::path(get, path = "/reports/revenue", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "What came in.", content(
        (RevenueView = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn revenue(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<RevenueView>(&ask).await?;
    let revenue = revenue::find(app.pool(), &question.asked).await?;
    question.answer(RevenueView::of(&question, revenue)).await
}

impl RevenueView {
    fn of(question: &Question, revenue: Revenue) -> Self {
        let names = Names::around(&question.known, Default::default());
        let by_method = revenue
            .by_method
            .into_iter()
            .map(|(method, takings)| MethodView {
                method,
                takings: takings.into(),
            });
        let by_service = revenue
            .by_service
            .into_iter()
            .map(|(service, takings)| ThingView {
                id: service.map(domain::id::Id::uuid),
                name: service.and_then(|id| names.service(id).name),
                takings: takings.into(),
            });
        let by_staff = revenue
            .by_staff
            .into_iter()
            .map(|(staff, takings)| ThingView {
                id: staff.map(domain::id::Id::uuid),
                name: staff.and_then(|id| names.staff(id).name),
                takings: takings.into(),
            });
        Self {
            takings: question.grouped(revenue.takings),
            by_method: by_method.collect(),
            by_service: by_service.collect(),
            by_staff: by_staff.collect(),
        }
    }
}

impl Report for RevenueView {
    const TABLE: &'static Table = TakingsView::TABLE;
}

impl Whole for RevenueView {
    fn rows(&self) -> Vec<Vec<String>> {
        self.takings.rows()
    }
}

impl Figures for TakingsView {
    const TABLE: &'static Table = &Table {
        name: "revenue",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("taken", Column::Amount),
            ("refunded", Column::Amount),
            ("revenue", Column::Amount),
        ],
    };

    fn cells(&self) -> Vec<String> {
        vec![
            self.taken.clone(),
            self.refunded.clone(),
            self.revenue.clone(),
        ]
    }
}

impl From<Takings> for TakingsView {
    fn from(takings: Takings) -> Self {
        Self {
            taken: takings.taken.to_string(),
            refunded: takings.refunded.to_string(),
            revenue: takings.net.to_string(),
        }
    }
}
