//! How much time booking took the house, and how much visitors took off it.

use axum::{extract::State, response::Response};
use projections::reports::time_saved::{self, TimeSaved};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ReportQuery,
    report::{Group, Report, Whole},
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// Who made the bookings, and what that took.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TimeSaved)]
struct TimeSavedView {
    #[serde(flatten)]
    whole: MadeView,
    /// As the settings say.
    minutes_per_phone_booking: u32,
    /// As the settings say; null: not told.
    cost_per_hour: Option<String>,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<MadeView>>>,
}

/// Who made the bookings of some days, and what that took.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BookingsMade)]
struct MadeView {
    /// Made by visitors, on the booking page.
    online_bookings: i64,
    /// What they would have taken somebody of the house.
    saved_min: i64,
    /// What that would have cost; null: nobody told what an hour costs.
    saved_cost: Option<String>,
    /// Made by somebody of the house, or by a program of theirs.
    staff_bookings: i64,
    /// What they took.
    staff_min: i64,
    /// What that cost.
    staff_cost: Option<String>,
    /// Brought in from another system, where nobody knows who made them.
    other_bookings: i64,
}

impl From<&TimeSaved> for MadeView {
    fn from(made: &TimeSaved) -> Self {
        Self {
            online_bookings: made.online_bookings,
            saved_min: made.saved_min,
            saved_cost: made.saved_cost.map(|money| money.to_string()),
            staff_bookings: made.staff_bookings,
            staff_min: made.staff_min,
            staff_cost: made.staff_cost.map(|money| money.to_string()),
            other_bookings: made.other_bookings,
        }
    }
}

impl Report for Group<TimeSavedView> {
    const TABLE: &'static Table = &Table {
        name: "time-saved",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("online_bookings", Column::Count),
            ("saved_min", Column::Count),
            ("saved_cost", Column::Amount),
            ("staff_bookings", Column::Count),
            ("staff_min", Column::Count),
            ("staff_cost", Column::Amount),
            ("other_bookings", Column::Count),
        ],
    };
}

impl Whole for Group<TimeSavedView> {
    fn rows(&self) -> Vec<Vec<String>> {
        let whole = [Group {
            from: self.from,
            to: self.to,
            figures: self.figures.whole.clone(),
        }];
        let parts = self.figures.groups.as_deref().unwrap_or(&whole);
        let row = |part: &Group<MadeView>| {
            let made = &part.figures;
            vec![
                part.from.to_string(),
                part.to.to_string(),
                made.online_bookings.to_string(),
                made.saved_min.to_string(),
                made.saved_cost.clone().unwrap_or_default(),
                made.staff_bookings.to_string(),
                made.staff_min.to_string(),
                made.staff_cost.clone().unwrap_or_default(),
                made.other_bookings.to_string(),
            ]
        };
        parts.iter().map(row).collect()
    }
}

/// The time that online booking saved, the time that booking took, and what that costs.
#[utoipa::path(get, path = "/reports/time-saved", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "Who made the bookings, and what that took.", content(
        (Group<TimeSavedView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn time_saved(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Group<TimeSavedView>>(&ask).await?;
    let rules = question.known.catalogue.business.reports;
    let found = time_saved::find(app.pool(), &question.asked, &rules).await?;
    let report = question.whole(TimeSavedView {
        whole: MadeView::from(&found.whole),
        minutes_per_phone_booking: rules.minutes_per_phone_booking.get(),
        cost_per_hour: rules.cost_per_hour.map(|money| money.to_string()),
        groups: question.groups(found.groups.iter().map(MadeView::from)),
    });
    question.answer(report).await
}
