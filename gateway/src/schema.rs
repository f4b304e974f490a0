//! What values of the domain look like in JSON, for the description of the API. Never made: the domain reads and
//! writes the JSON itself.

#![expect(dead_code, reason = "only the schemas of these are used")]

use utoipa::ToSchema;

/// When somebody works, or something is open, by the clock on the wall.
#[derive(ToSchema)]
pub(crate) struct WorkingHours {
    /// The hours of every week. Several intervals a day are a break between them; none is a day off.
    weekly: Vec<WeeklyInterval>,
    /// Dates on which the weekly hours do not count.
    overrides: Vec<DayOverride>,
}

/// One interval of each week.
#[derive(ToSchema)]
pub(crate) struct WeeklyInterval {
    weekday: Weekday,
    /// `HH:MM`.
    #[schema(pattern = r"^([01]\d|2[0-3]):[0-5]\d$", example = "09:00")]
    from: String,
    /// `HH:MM`; `24:00` ends the day.
    #[schema(pattern = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", example = "17:00")]
    to: String,
}

/// The hours of one date, in place of all weekly ones.
#[derive(ToSchema)]
pub(crate) struct DayOverride {
    /// A local date.
    #[schema(format = Date)]
    date: String,
    /// None: closed all day.
    intervals: Vec<DayInterval>,
}

/// One interval of a day.
#[derive(ToSchema)]
pub(crate) struct DayInterval {
    /// `HH:MM`.
    #[schema(pattern = r"^([01]\d|2[0-3]):[0-5]\d$", example = "09:00")]
    from: String,
    /// `HH:MM`; `24:00` ends the day.
    #[schema(pattern = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", example = "17:00")]
    to: String,
}

/// A day of the week.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}
