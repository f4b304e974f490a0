//! Working hours as they are asked for and shown: of the house, a staff member, a desk.

use domain::hours::{DayOverride, WeeklyInterval, WorkingHours};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{checks::Checks, problem::Problem, schema};

/// The most intervals or overrides that hours may have.
const MOST: usize = 2_000;

/// Hours to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursWanted {
    /// The hours of every week.
    #[schema(value_type = Vec<schema::WeeklyInterval>)]
    weekly: Vec<WeeklyInterval>,
    /// Dates on which the weekly hours do not count; one with no interval is closed.
    #[serde(default)]
    #[schema(value_type = Vec<schema::DayOverride>)]
    overrides: Vec<DayOverride>,
    /// Bookings that would lie outside stay, and are to be moved. Else they are told with 409 `bookings_affected`.
    #[serde(default)]
    pub(crate) keep_bookings: bool,
}

impl HoursWanted {
    /// The hours, if somebody can have meant them.
    pub(crate) fn hours(&self) -> Result<WorkingHours, Problem> {
        let hours = WorkingHours {
            weekly: self.weekly.clone(),
            overrides: self.overrides.clone(),
        };
        let mut checks = Checks::default();
        check(&mut checks, "", &hours);
        checks.done()?;
        Ok(hours)
    }
}

/// Finds what nobody can have meant.
pub(crate) fn check(checks: &mut Checks, field: &str, hours: &WorkingHours) {
    checks.hours(field, hours);
    let at = |list: &str| {
        if field.is_empty() {
            list.to_owned()
        } else {
            format!("{field}.{list}")
        }
    };
    checks.at_most(&at("weekly"), &hours.weekly, MOST);
    checks.at_most(&at("overrides"), &hours.overrides, MOST);
}

/// What to do with the bookings in time that is to be closed.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    /// They stay, and are to be moved. Else they are told with 409 `bookings_affected`, and nothing is closed.
    #[serde(default)]
    pub(crate) keep_bookings: bool,
}

/// Hours as they stand. Null: none of their own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hours)]
pub(crate) struct HoursView {
    #[schema(value_type = Option<schema::WorkingHours>)]
    pub(crate) working_hours: Option<WorkingHours>,
}
