//! What every report has, and how it is told.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;
use projections::{
    Period, ReadModel,
    reports::{Asked, Told},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::query::GroupField;
use crate::{
    catalogue::Known,
    command::Answer,
    problem::Problem,
    sheet::{FileField, Table},
};

/// A report.
pub(super) trait Report {
    /// Its file. Columns of amounts that some may not see bear a name that `access/masking.rs` knows.
    const TABLE: &'static Table;
    /// What it reads besides the read model `reports`.
    const READS: &'static [&'static ReadModel] = &[];
    /// By what it is grouped where nothing is said; none: not at all.
    const GROUPED_BY: Option<GroupField> = None;
    /// The longest period that it is told of, in days.
    const MOST_DAYS: i32 = i32::MAX;
}

/// A report that is known as a whole before it is told.
pub(super) trait Whole: Report + Serialize {
    /// The rows of its file: of each group, or of the whole where there are none.
    fn rows(&self) -> Vec<Vec<String>>;
}

/// What is asked, and how it is to be told.
#[derive(Clone)]
pub(super) struct Question {
    /// Of the read model.
    pub(super) asked: Asked,
    /// What things are called.
    pub(super) known: Arc<Known>,
    /// Whether the reader sees who clients are.
    pub(super) names: bool,
    /// As which file; none: as JSON.
    pub(super) file: Option<FileField>,
}

impl Question {
    /// Tells a report in the form that was asked for.
    pub(super) async fn answer<R: Whole>(&self, report: R) -> Result<Response, Problem> {
        let Some(kind) = self.file else {
            return Ok(Answer::ok(report).into_response());
        };
        let rows = report.rows().into_iter().map(Ok);
        R::TABLE.file(kind, futures::stream::iter(rows)).await
    }

    /// A report of figures that the whole and its groups have alike.
    pub(super) fn grouped<F, T: From<F>>(&self, told: Told<F>) -> Grouped<T> {
        let groups = self.asked.groups.iter().zip(told.groups);
        let groups = groups.map(|(period, figures)| Group::new(*period, figures.into()));
        let grouped = !self.asked.groups.is_empty();
        Grouped {
            period: self.asked.whole,
            whole: told.whole.into(),
            groups: grouped.then(|| groups.collect()),
        }
    }
}

/// What a period, a day, a week or a month came to.
pub(super) trait Figures: Serialize {
    /// The file: the columns `from` and `to`, and one for each cell.
    const TABLE: &'static Table;
    /// See [`Report::GROUPED_BY`].
    const GROUPED_BY: Option<GroupField> = None;
    /// See [`Report::MOST_DAYS`].
    const MOST_DAYS: i32 = i32::MAX;

    /// As the file shows them, after the dates.
    fn cells(&self) -> Vec<String>;
}

/// What the whole period came to and, where it was asked, each day, week or month in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Report)]
pub(super) struct Grouped<T> {
    #[serde(skip)]
    period: Period,
    /// Of the whole.
    #[serde(flatten)]
    pub(super) whole: T,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<Vec<Group<T>>>,
}

impl<T: Figures> Report for Grouped<T> {
    const TABLE: &'static Table = T::TABLE;
    const GROUPED_BY: Option<GroupField> = T::GROUPED_BY;
    const MOST_DAYS: i32 = T::MOST_DAYS;
}

impl<T: Figures> Whole for Grouped<T> {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |from: Date, to: Date, figures: &T| {
            let mut row = vec![from.to_string(), to.to_string()];
            row.extend(figures.cells());
            row
        };
        match &self.groups {
            None => vec![row(self.period.first, self.period.last, &self.whole)],
            Some(groups) => groups
                .iter()
                .map(|g| row(g.from, g.to, &g.figures))
                .collect(),
        }
    }
}

/// What some dates came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReportGroup)]
pub(super) struct Group<T> {
    /// The first date.
    #[schema(value_type = String, format = Date)]
    pub(super) from: Date,
    /// The last one.
    #[schema(value_type = String, format = Date)]
    pub(super) to: Date,
    /// What they came to.
    #[serde(flatten)]
    pub(super) figures: T,
}

impl<T> Group<T> {
    pub(super) const fn new(period: Period, figures: T) -> Self {
        Self {
            from: period.first,
            to: period.last,
            figures,
        }
    }
}
