//! Whether it is more or less than before, and which days and months are good ones.

use axum::{extract::State, response::Response};
use domain::{money::Money, time::Weekday};
use jiff::civil::Date;
use projections::{
    Period,
    reports::trends::{self, Compared, Season, Seasons, Trend, change_rate},
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Figures, Grouped, Report, ReportQuery, Whole};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// A period beside the one before it and the same a year before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Trend)]
struct TrendView {
    /// That start in it, whatever became of them.
    bookings: CountView,
    /// Who had one of these.
    clients: CountView,
    /// Paid in it less given back in it.
    revenue: AmountView,
    /// The period before it: of a day the day before, of a week or month the one before, else as many months or days.
    before: DatesView,
    /// Of days and weeks 52 weeks before, else the same dates a year before.
    year_before: DatesView,
}

/// Some dates in a row.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Dates)]
struct DatesView {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
}

/// A number beside what it was.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ComparedNumber)]
struct CountView {
    value: i64,
    before: i64,
    /// By how many it is more.
    change: i64,
    /// By which part of what was there before it is more; null where nothing was.
    change_rate: Option<f64>,
    year_before: i64,
    year_change: i64,
    year_change_rate: Option<f64>,
}

/// An amount beside what it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ComparedAmount)]
struct AmountView {
    #[schema(example = "1250.00")]
    value: String,
    #[schema(example = "1000.00")]
    before: String,
    /// By how much it is more.
    #[schema(example = "250.00")]
    change: String,
    /// By which part of what was there before it is more; null where nothing was.
    change_rate: Option<f64>,
    #[schema(example = "900.00")]
    year_before: String,
    #[schema(example = "350.00")]
    year_change: String,
    year_change_rate: Option<f64>,
}

/// Trends, and what is usual.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Trends)]
struct TrendsView {
    #[serde(flatten)]
    trends: Grouped<TrendView>,
    /// By the days of the period that have begun.
    seasons: SeasonsView,
}

/// What is usual on a day of the week, and in a month of the year.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Seasons)]
struct SeasonsView {
    /// Monday to Sunday: of one such day.
    weekdays: Vec<WeekdaySeason>,
    /// January to December: of one such month, or of what of it lies in the period.
    months: Vec<MonthSeason>,
}

/// What is usual on a day of the week.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct WeekdaySeason {
    #[schema(value_type = String, example = "mon")]
    weekday: Weekday,
    /// How many of them there were.
    days: i64,
    /// Bookings on one of them.
    bookings: f64,
    /// The revenue of one of them.
    #[schema(example = "1250.00")]
    revenue: String,
}

/// What is usual in a month of the year.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct MonthSeason {
    #[schema(minimum = 1, maximum = 12)]
    month: i8,
    /// How many of them there were.
    months: i64,
    /// Bookings in one of them.
    bookings: f64,
    /// The revenue of one of them.
    #[schema(example = "25000.00")]
    revenue: String,
}

/// Bookings, clients and revenue beside the period before and the same a year before; what is usual on which day of the
/// week and in which month. At most ten years.
#[utoipa::path(get, path = "/reports/trends", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "What came to more, what to less.", content(
        (TrendsView = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn trends(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<TrendsView>(&ask).await?;
    let told = trends::find(app.pool(), &question.asked).await?;
    let view = TrendsView {
        trends: question.grouped(told.trends),
        seasons: told.seasons.into(),
    };
    question.answer(view).await
}

impl Report for TrendsView {
    const TABLE: &'static Table = TrendView::TABLE;
    const MOST_DAYS: i32 = 3_660;
}

impl Whole for TrendsView {
    fn rows(&self) -> Vec<Vec<String>> {
        self.trends.rows()
    }
}

impl Figures for TrendView {
    const TABLE: &'static Table = &Table {
        name: "trends",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("bookings", Column::Count),
            ("bookings_before", Column::Number),
            ("bookings_change_rate", Column::Share),
            ("bookings_year_before", Column::Number),
            ("bookings_year_change_rate", Column::Share),
            ("clients", Column::Number),
            ("clients_before", Column::Number),
            ("clients_change_rate", Column::Share),
            ("clients_year_before", Column::Number),
            ("clients_year_change_rate", Column::Share),
            ("revenue", Column::Amount),
            ("revenue_before", Column::Rate),
            ("revenue_change_rate", Column::Share),
            ("revenue_year_before", Column::Rate),
            ("revenue_year_change_rate", Column::Share),
        ],
    };

    fn cells(&self) -> Vec<String> {
        let rate = |rate: Option<f64>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let mut cells = vec![];
        for count in [&self.bookings, &self.clients] {
            cells.extend([
                count.value.to_string(),
                count.before.to_string(),
                rate(count.change_rate),
                count.year_before.to_string(),
                rate(count.year_change_rate),
            ]);
        }
        let revenue = &self.revenue;
        cells.extend([
            revenue.value.clone(),
            revenue.before.clone(),
            rate(revenue.change_rate),
            revenue.year_before.clone(),
            rate(revenue.year_change_rate),
        ]);
        cells
    }
}

impl From<Trend> for TrendView {
    fn from(trend: Trend) -> Self {
        Self {
            bookings: trend.bookings.into(),
            clients: trend.clients.into(),
            revenue: trend.revenue.into(),
            before: trend.before.into(),
            year_before: trend.year_before.into(),
        }
    }
}

impl From<Period> for DatesView {
    fn from(period: Period) -> Self {
        Self {
            from: period.first,
            to: period.last,
        }
    }
}

impl From<Compared<i64>> for CountView {
    fn from(of: Compared<i64>) -> Self {
        let rate = |from: i64| change_rate(from.into(), of.value.into());
        Self {
            value: of.value,
            before: of.before,
            change: of.value - of.before,
            change_rate: rate(of.before),
            year_before: of.year_before,
            year_change: of.value - of.year_before,
            year_change_rate: rate(of.year_before),
        }
    }
}

impl From<Compared<Money>> for AmountView {
    fn from(of: Compared<Money>) -> Self {
        let value = of.value.amount();
        // Of one currency, and so of as many decimals.
        let change = |from: Money| -> Decimal { value - from.amount() };
        let rate = |from: Money| change_rate(from.amount(), value);
        Self {
            value: of.value.to_string(),
            before: of.before.to_string(),
            change: change(of.before).to_string(),
            change_rate: rate(of.before),
            year_before: of.year_before.to_string(),
            year_change: change(of.year_before).to_string(),
            year_change_rate: rate(of.year_before),
        }
    }
}

impl From<Seasons> for SeasonsView {
    fn from(seasons: Seasons) -> Self {
        let weekdays = seasons.weekdays.into_iter();
        let months = seasons.months.into_iter();
        Self {
            weekdays: weekdays
                .map(
                    |(
                        weekday,
                        Season {
                            of,
                            bookings,
                            revenue,
                        },
                    )| WeekdaySeason {
                        weekday,
                        days: of,
                        bookings,
                        revenue: revenue.to_string(),
                    },
                )
                .collect(),
            months: months
                .map(
                    |(
                        month,
                        Season {
                            of,
                            bookings,
                            revenue,
                        },
                    )| MonthSeason {
                        month,
                        months: of,
                        bookings,
                        revenue: revenue.to_string(),
                    },
                )
                .collect(),
        }
    }
}
