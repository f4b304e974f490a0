//! When the house is full and when it is empty.

use axum::{extract::State, response::Response};
use domain::time::Weekday;
use projections::reports::{
    Timesheet,
    peak_hours::{self, HourOfWeek},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ReportQuery,
    parts::TEN_YEARS,
    report::{Group, Report, Whole},
    staff_load::LoadView,
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// The hours of the week.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PeakHours)]
struct PeakHoursView {
    /// Those that were open or booked, from Monday on. An hour is that of the clock on the wall.
    hours: Vec<HourView>,
    /// In which most minutes are booked, the fullest first; at most five.
    peak: Vec<HourView>,
    /// In which the least of the available time is booked, the emptiest first; at most five.
    idle: Vec<HourView>,
    /// Bookings of which only the day is known. They are in none of the hours.
    hour_unknown: i64,
}

/// One hour of the week.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HourOfWeek)]
struct HourView {
    #[schema(value_type = String, example = "mon")]
    weekday: Weekday,
    /// When it begins, 0 to 23.
    hour: u8,
    /// Bookings that start in it.
    bookings: i64,
    /// Of all that start in some hour, so many. 0 to 1.
    share: f64,
    #[serde(flatten)]
    load: LoadView,
}

impl From<&HourOfWeek> for HourView {
    fn from(hour: &HourOfWeek) -> Self {
        Self {
            weekday: hour.weekday,
            hour: hour.hour,
            bookings: hour.bookings,
            share: hour.share,
            load: LoadView::from(&hour.load),
        }
    }
}

impl Report for Group<PeakHoursView> {
    const TABLE: &'static Table = &Table {
        name: "peak-hours",
        columns: &[
            ("weekday", Column::Text),
            ("hour", Column::Number),
            ("bookings", Column::Count),
            ("share", Column::Share),
            ("available_min", Column::Count),
            ("booked_min", Column::Count),
            ("outside_min", Column::Count),
            ("load", Column::Share),
        ],
    };
    const MOST_DAYS: i32 = TEN_YEARS;
}

impl Whole for Group<PeakHoursView> {
    /// Of each hour.
    fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.figures.hours.iter().map(|hour| {
            let cells = [
                word(hour.weekday).to_owned(),
                hour.hour.to_string(),
                hour.bookings.to_string(),
                hour.share.to_string(),
            ];
            cells.into_iter().chain(hour.load.cells()).collect()
        });
        rows.collect()
    }
}

/// As JSON writes it.
const fn word(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}

/// The hours of the week: what starts and what is booked in each, the fullest and the emptiest. It has no groups. At most
/// ten years.
#[utoipa::path(get, path = "/reports/peak-hours", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "The hours of the week.", content(
        (Group<PeakHoursView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn peak_hours(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Group<PeakHoursView>>(&ask).await?;
    let timesheet = Timesheet::of(&question.known.catalogue, question.asked.whole);
    let found = peak_hours::find(app.pool(), &question.asked, &timesheet).await?;
    let views = |hours: &[HourOfWeek]| hours.iter().map(HourView::from).collect();
    let report = question.whole(PeakHoursView {
        hours: views(&found.hours),
        peak: views(&found.peak),
        idle: views(&found.idle),
        hour_unknown: found.hour_unknown,
    });
    question.answer(report).await
}
