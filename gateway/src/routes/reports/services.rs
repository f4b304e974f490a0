//! What each service is asked for, and what it brings.

use std::{cmp::Reverse, collections::BTreeMap};

use axum::{extract::State, response::Response};
use projections::reports::services::{self, Figures, ServiceWorth};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Question, ReportQuery,
    parts::{by_name, named},
    report::{Group, Report, Whole},
    summary::ByStatusView,
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    routes::bookings::{Named, Names},
    sheet::{Column, Table},
};

/// The services, those that are booked most first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ServicesReport)]
struct ServicesView {
    services: Vec<ServiceView>,
}

/// What one service came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ServiceWorth)]
struct ServiceView {
    /// Null: bookings that name no service, and what was sold without one.
    service: Option<Named>,
    #[serde(flatten)]
    whole: FiguresView,
    /// Of all bookings, so many. 0 to 1.
    share: f64,
    /// Bookings in the period before, as `trends` has it.
    bookings_before: i64,
    /// What more there are, by those before: 0.1 is a tenth more, -1 none any more; null where there were none.
    bookings_change_rate: Option<f64>,
    /// Revenue in the period before.
    revenue_before: String,
    /// As of bookings; null where there was none, or less.
    revenue_change_rate: Option<f64>,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<FiguresView>>>,
    #[serde(skip)]
    dates: [String; 2],
}

/// What a service came to in some days.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ServiceFigures)]
struct FiguresView {
    bookings: i64,
    by_status: ByStatusView,
    /// Who had one of them.
    clients: i64,
    /// Minutes of all but the cancelled ones.
    booked_min: i64,
    revenue: String,
    /// By the hour booked; null without one.
    revenue_per_hour: Option<String>,
    /// Cancelled ones by all. 0 to 1.
    cancellation_rate: f64,
    /// No-shows by completed ones and no-shows. 0 to 1.
    no_show_rate: f64,
    /// Of the clients who came, those who came again, for anything, within `return_within_days` of the settings. 0 to 1.
    return_rate: f64,
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        Self {
            bookings: figures.bookings,
            by_status: figures.by_status.into(),
            clients: figures.clients,
            booked_min: figures.booked_min,
            revenue: figures.revenue.to_string(),
            revenue_per_hour: figures.revenue_per_hour.map(|money| money.to_string()),
            cancellation_rate: figures.cancellation_rate,
            no_show_rate: figures.no_show_rate,
            return_rate: figures.return_rate,
        }
    }
}

impl FiguresView {
    fn cells(&self) -> [String; 9] {
        [
            self.bookings.to_string(),
            self.by_status.completed.to_string(),
            self.clients.to_string(),
            self.booked_min.to_string(),
            self.revenue.clone(),
            self.revenue_per_hour.clone().unwrap_or_default(),
            self.cancellation_rate.to_string(),
            self.no_show_rate.to_string(),
            self.return_rate.to_string(),
        ]
    }
}

impl ServiceView {
    fn of(worth: &ServiceWorth, question: &Question, names: &Names<'_>) -> Self {
        let whole = question.asked.whole;
        let groups = worth.groups.iter().map(FiguresView::from);
        Self {
            service: worth.service_id.map(|id| names.service(id)),
            whole: FiguresView::from(&worth.whole),
            share: worth.share,
            bookings_before: worth.before.bookings,
            bookings_change_rate: worth.bookings_change_rate(),
            revenue_before: worth.before.revenue.to_string(),
            revenue_change_rate: worth.revenue_change_rate(),
            groups: question.groups(groups),
            dates: [whole.first.to_string(), whole.last.to_string()],
        }
    }
}

impl Report for Group<ServicesView> {
    const TABLE: &'static Table = &Table {
        name: "services",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("service_id", Column::Text),
            ("service", Column::Text),
            ("bookings", Column::Count),
            ("completed", Column::Count),
            ("clients", Column::Number),
            ("booked_min", Column::Count),
            ("revenue", Column::Amount),
            ("revenue_per_hour", Column::Rate),
            ("cancellation_rate", Column::Share),
            ("no_show_rate", Column::Share),
            ("return_rate", Column::Share),
            ("share", Column::Share),
            ("bookings_before", Column::Count),
            ("bookings_change_rate", Column::Share),
            ("revenue_before", Column::Rate),
            ("revenue_change_rate", Column::Share),
        ],
    };
}

impl Whole for Group<ServicesView> {
    /// Of each service; where there are groups, of each service in each of them, and nothing of before.
    fn rows(&self) -> Vec<Vec<String>> {
        let growth = |rate: Option<f64>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let each = self.figures.services.iter().flat_map(|view| {
            let row = |dates: [String; 2], figures: &FiguresView, rest: [String; 5]| {
                let named = named(view.service.as_ref());
                let cells = dates.into_iter().chain(named).chain(figures.cells());
                cells.chain(rest).collect::<Vec<_>>()
            };
            match &view.groups {
                None => vec![row(
                    view.dates.clone(),
                    &view.whole,
                    [
                        view.share.to_string(),
                        view.bookings_before.to_string(),
                        growth(view.bookings_change_rate),
                        view.revenue_before.clone(),
                        growth(view.revenue_change_rate),
                    ],
                )],
                Some(groups) => groups
                    .iter()
                    .map(|part| {
                        let dates = [part.from.to_string(), part.to.to_string()];
                        row(dates, &part.figures, Default::default())
                    })
                    .collect(),
            }
        });
        each.collect()
    }
}

/// How popular each service is, and what it is worth.
#[utoipa::path(get, path = "/reports/services", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "The services, those that are booked most first.", content(
        (Group<ServicesView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn services(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Group<ServicesView>>(&ask).await?;
    let within = question.known.catalogue.business.reports.return_within_days;
    let found = services::find(app.pool(), &question.asked, within).await?;
    let names = Names::around(&question.known, BTreeMap::new());
    let views = found
        .iter()
        .map(|worth| ServiceView::of(worth, &question, &names));
    let mut services: Vec<_> = views.collect();
    services.sort_by(|a, b| {
        let most = Reverse(a.whole.bookings).cmp(&Reverse(b.whole.bookings));
        most.then_with(|| by_name(a.service.as_ref(), b.service.as_ref()))
    });
    question
        .answer(question.whole(ServicesView { services }))
        .await
}
