//! What each staff member came to.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use projections::reports::{
    Timesheet,
    staff::{self, Figures, StaffWorth},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Question, ReportQuery,
    parts::{TEN_YEARS, by_name, named},
    report::{Group, Report, Whole},
    staff_load::LoadView,
    summary::ByStatusView,
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    routes::bookings::{Named, Names},
    sheet::{Column, Table},
};

/// The staff members, by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StaffReport)]
struct StaffView {
    staff: Vec<MemberView>,
}

/// What one staff member came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StaffWorth)]
struct MemberView {
    /// Null: bookings that name nobody, and what nobody in particular sold.
    staff: Option<Named>,
    #[serde(flatten)]
    whole: FiguresView,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<FiguresView>>>,
    #[serde(skip)]
    told: Vec<Group<FiguresView>>,
}

/// What a staff member came to in some days.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StaffFigures)]
struct FiguresView {
    bookings: i64,
    by_status: ByStatusView,
    /// Who had one of them.
    clients: i64,
    revenue: String,
    /// By the hour that could be booked; null without one.
    revenue_per_hour: Option<String>,
    average_receipt: String,
    /// Of the clients who came, those who are booked with them again within `return_within_days` of the settings. 0 to 1.
    rebooking_rate: f64,
    /// No-shows by completed ones and no-shows. 0 to 1.
    no_show_rate: f64,
    /// Cancelled ones by all. 0 to 1.
    cancellation_rate: f64,
    #[serde(flatten)]
    load: LoadView,
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        Self {
            bookings: figures.bookings,
            by_status: figures.by_status.into(),
            clients: figures.clients,
            revenue: figures.revenue.to_string(),
            revenue_per_hour: figures.revenue_per_hour.map(|money| money.to_string()),
            average_receipt: figures.average_receipt.to_string(),
            rebooking_rate: figures.rebooking_rate,
            no_show_rate: figures.no_show_rate,
            cancellation_rate: figures.cancellation_rate,
            load: LoadView::from(&figures.load),
        }
    }
}

impl FiguresView {
    fn cells(&self) -> impl Iterator<Item = String> {
        [
            self.bookings.to_string(),
            self.by_status.completed.to_string(),
            self.clients.to_string(),
            self.revenue.clone(),
            self.revenue_per_hour.clone().unwrap_or_default(),
            self.average_receipt.clone(),
            self.rebooking_rate.to_string(),
            self.no_show_rate.to_string(),
            self.cancellation_rate.to_string(),
        ]
        .into_iter()
        .chain(self.load.cells())
    }
}

impl MemberView {
    fn of(worth: &StaffWorth, question: &Question, names: &Names<'_>) -> Self {
        let whole = FiguresView::from(&worth.whole);
        let groups = question.groups(worth.groups.iter().map(FiguresView::from));
        Self {
            staff: worth.staff_id.map(|id| names.staff(id)),
            told: groups
                .clone()
                .unwrap_or_else(|| vec![question.whole(whole.clone())]),
            whole,
            groups,
        }
    }
}

impl Report for Group<StaffView> {
    const TABLE: &'static Table = &Table {
        name: "staff",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("staff_id", Column::Text),
            ("staff", Column::Text),
            ("bookings", Column::Count),
            ("completed", Column::Count),
            ("clients", Column::Number),
            ("revenue", Column::Amount),
            ("revenue_per_hour", Column::Rate),
            ("average_receipt", Column::Rate),
            ("rebooking_rate", Column::Share),
            ("no_show_rate", Column::Share),
            ("cancellation_rate", Column::Share),
            ("available_min", Column::Count),
            ("booked_min", Column::Count),
            ("outside_min", Column::Count),
            ("load", Column::Share),
        ],
    };
    const MOST_DAYS: i32 = TEN_YEARS;
}

impl Whole for Group<StaffView> {
    /// Of each staff member, in each group if there are any.
    fn rows(&self) -> Vec<Vec<String>> {
        let each = self.figures.staff.iter().flat_map(|member| {
            let told = member.told.iter();
            told.map(|part| {
                let dates = [part.from.to_string(), part.to.to_string()];
                let cells = dates.into_iter().chain(named(member.staff.as_ref()));
                cells.chain(part.figures.cells()).collect()
            })
        });
        each.collect()
    }
}

/// What each staff member came to, and how their time was used. At most ten years.
#[utoipa::path(get, path = "/reports/staff", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "The staff members, by name.", content(
        (Group<StaffView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn staff(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Group<StaffView>>(&ask).await?;
    let within = question.known.catalogue.business.reports.return_within_days;
    let timesheet = Timesheet::of(&question.known.catalogue, question.asked.whole);
    let found = staff::find(app.pool(), &question.asked, &timesheet, within).await?;
    let names = Names::around(&question.known, BTreeMap::new());
    let views = found
        .iter()
        .map(|worth| MemberView::of(worth, &question, &names));
    let mut staff: Vec<_> = views.collect();
    staff.sort_by(|a, b| by_name(a.staff.as_ref(), b.staff.as_ref()));
    question.answer(question.whole(StaffView { staff })).await
}
