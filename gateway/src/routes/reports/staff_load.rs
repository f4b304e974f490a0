//! How much of everybody's time was booked.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use projections::reports::{Load, Timesheet, Told, staff_load};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ReportQuery,
    parts::{TEN_YEARS, by_name, named},
    report::{Group, Report, Whole},
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    routes::bookings::{Named, Names},
    sheet::{Column, Table},
};

/// Everybody's load, and each one's.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StaffLoad)]
struct StaffLoadView {
    #[serde(flatten)]
    #[schema(no_recursion)]
    everybody: Group<LoadView>,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<LoadView>>>,
    /// Each who was there or was booked, by name.
    staff: Vec<TheirLoad>,
}

/// How much of one staff member's time was booked.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct TheirLoad {
    /// Null: what was booked with nobody named.
    staff: Option<Named>,
    #[serde(flatten)]
    whole: LoadView,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<LoadView>>>,
    #[serde(skip)]
    told: Vec<Group<LoadView>>,
}

/// How much time was there, and how much of it was booked.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Load)]
pub(super) struct LoadView {
    /// Minutes within working hours, less absences and closures.
    available_min: i64,
    /// Minutes booked, those that are booked twice counted once.
    booked_min: i64,
    /// Of the minutes booked, those outside of the available ones.
    outside_min: i64,
    /// Booked minutes within the available ones, by these. 0 to 1.
    load: f64,
}

impl From<&Load> for LoadView {
    fn from(load: &Load) -> Self {
        Self {
            available_min: load.available_min(),
            booked_min: load.booked_min(),
            outside_min: load.outside_min(),
            load: load.load(),
        }
    }
}

impl LoadView {
    pub(super) fn cells(&self) -> [String; 4] {
        [
            self.available_min.to_string(),
            self.booked_min.to_string(),
            self.outside_min.to_string(),
            self.load.to_string(),
        ]
    }
}

impl Report for StaffLoadView {
    const TABLE: &'static Table = &Table {
        name: "staff-load",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("staff_id", Column::Text),
            ("staff", Column::Text),
            ("available_min", Column::Count),
            ("booked_min", Column::Count),
            ("outside_min", Column::Count),
            ("load", Column::Share),
        ],
    };
    const MOST_DAYS: i32 = TEN_YEARS;
}

impl Whole for StaffLoadView {
    /// Of each staff member.
    fn rows(&self) -> Vec<Vec<String>> {
        let each = self.staff.iter().flat_map(|theirs| {
            let told = theirs.told.iter();
            told.map(|part| {
                let dates = [part.from.to_string(), part.to.to_string()];
                let cells = dates.into_iter().chain(named(theirs.staff.as_ref()));
                cells.chain(part.figures.cells()).collect()
            })
        });
        each.collect()
    }
}

/// Booked minutes by available ones, of everybody and of each. At most ten years.
#[utoipa::path(get, path = "/reports/staff-load", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "How much of everybody's time was booked.", content(
        (StaffLoadView = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn staff_load(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<StaffLoadView>(&ask).await?;
    let timesheet = Timesheet::of(&question.known.catalogue, question.asked.whole);
    let found = staff_load::find(app.pool(), &question.asked, &timesheet).await?;
    let names = Names::around(&question.known, BTreeMap::new());
    let views = |told: &Told<Load>| question.groups(told.groups.iter().map(LoadView::from));
    let mut staff: Vec<_> = found
        .each
        .iter()
        .map(|(id, told)| {
            let whole = LoadView::from(&told.whole);
            let groups = views(told);
            TheirLoad {
                staff: id.map(|id| names.staff(id)),
                whole,
                told: groups
                    .clone()
                    .unwrap_or_else(|| vec![question.whole(whole)]),
                groups,
            }
        })
        .collect();
    staff.sort_by(|a, b| by_name(a.staff.as_ref(), b.staff.as_ref()));
    let report = StaffLoadView {
        everybody: question.whole(LoadView::from(&found.everybody.whole)),
        groups: views(&found.everybody),
        staff,
    };
    question.answer(report).await
}
