//! What filters look like in JSON, for the description of the API. Never made: `domain::segment` reads and writes them.

#![expect(dead_code, reason = "only the schemas of these are used")]

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{routes::clients::ConsentField, schema};

/// Whom a segment holds: `all`, `any` or `not` of other filters, or one condition, told by its `field`. At most 8
/// levels deep, and of at most 50 conditions. An empty `all` holds everyone.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(no_recursion, example = json!({"all": [
    {"field": "bookings", "statuses": ["completed"], "within_days": 365, "at_least": 3},
    {"field": "absent", "days": 60},
    {"not": {"field": "tags", "any_of": ["vip"]}},
]}))]
pub(crate) enum SegmentFilter {
    /// Those in all of these.
    All { all: Vec<SegmentFilter> },
    /// Those in at least one of these.
    Any {
        #[schema(min_items = 1)]
        any: Vec<SegmentFilter>,
    },
    /// Those who are not in this.
    Not { not: Box<SegmentFilter> },
    /// Those of whom this is true.
    Is(SegmentCondition),
}

/// One thing that may be true of a client. Bookings that are deleted count nowhere.
#[derive(Serialize, ToSchema)]
#[serde(tag = "field", rename_all = "snake_case")]
pub(crate) enum SegmentCondition {
    /// They had, or will have, so many bookings of a kind; at least one where nothing is said.
    Bookings(SegmentBookings),
    /// So many of their bookings stand cancelled.
    Cancellations(SegmentTally),
    /// So many of their bookings were cancelled shortly before they would have begun.
    LateCancellations(SegmentLateCancellations),
    /// They missed so many bookings.
    NoShows(SegmentTally),
    /// So often were their bookings given another start.
    Moves(SegmentTally),
    /// So much of what they booked, they booked online.
    OnlineShare(SegmentOnlineShare),
    /// So long before they begin, on average, they make their bookings.
    LeadTime(SegmentLeadTime),
    /// They paid so much, less what was given back. Asks for the right to see revenue.
    Spent(SegmentSpent),
    /// Their average receipt came to so much. Asks for the right to see revenue.
    AverageReceipt(SegmentAverageReceipt),
    /// They come again, on average, after so many days.
    Frequency(SegmentFrequency),
    /// More time than they usually let pass has gone by since their last visit (three visits at least), and they have
    /// booked nothing.
    IntervalOverdue(SegmentIntervalOverdue),
    /// They came once, but not for so many days.
    Absent(SegmentAbsent),
    /// They booked before the period, and not in it. The period must begin somewhere.
    Lapsed(SegmentPeriod),
    /// When they first came.
    FirstVisit(SegmentPeriod),
    /// When they last came.
    LastVisit(SegmentPeriod),
    /// They like one of these services.
    PreferredService(SegmentPreferredService),
    /// They like to be served by one of these.
    PreferredStaff(SegmentPreferredStaff),
    /// When they became known.
    Registered(SegmentPeriod),
    /// Where they came from.
    Source(SegmentSource),
    /// How they are marked. At least one list is given.
    Tags(SegmentTags),
    /// What they are written to in.
    Language(SegmentLanguage),
    /// When their birthday is: in the next days, or in a month.
    Birthday(SegmentBirthday),
    /// What they agreed to.
    Consent(SegmentConsent),
    /// What was written about them, or on their bookings.
    Text(SegmentText),
}

/// How many; inclusive.
#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentCount {
    #[schema(minimum = 0, maximum = 36500)]
    at_least: Option<u32>,
    #[schema(minimum = 0, maximum = 36500)]
    at_most: Option<u32>,
}

/// When: between two local dates, both inclusive; on or after one; on or before one; from the beginning of the day so
/// many days ago up to now; or from now to the end of the day so many days ahead. None of them: ever.
#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentPeriod {
    #[schema(format = Date)]
    from: Option<String>,
    #[schema(format = Date)]
    to: Option<String>,
    #[schema(minimum = 1, maximum = 36500)]
    within_days: Option<u16>,
    #[schema(minimum = 1, maximum = 36500)]
    next_days: Option<u16>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentBookings {
    #[serde(flatten)]
    count: SegmentCount,
    /// Of one of these services.
    #[schema(min_items = 1, max_items = 100)]
    service_ids: Option<Vec<Uuid>>,
    /// By one of these staff members.
    #[schema(min_items = 1, max_items = 100)]
    staff_ids: Option<Vec<Uuid>>,
    /// Absent: any but cancelled.
    #[schema(min_items = 1)]
    statuses: Option<Vec<SegmentStatus>>,
    /// That came from one of these.
    #[schema(min_items = 1, max_items = 100)]
    sources: Option<Vec<String>>,
    /// That visitors made online, or that they did not.
    online: Option<bool>,
    /// That begin on one of these local days.
    #[schema(value_type = Option<Vec<schema::Weekday>>, min_items = 1)]
    weekdays: Option<Vec<String>>,
    /// That begin at these local hours.
    #[schema(value_type = Option<schema::DayInterval>)]
    hours: Option<String>,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SegmentStatus {
    Requested,
    Confirmed,
    Completed,
    NoShow,
    Cancelled,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentTally {
    #[serde(flatten)]
    count: SegmentCount,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentLateCancellations {
    #[serde(flatten)]
    count: SegmentCount,
    /// Less than so many hours before; absent: 24.
    #[schema(minimum = 1, maximum = 720)]
    hours_before: Option<u16>,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentOnlineShare {
    #[schema(minimum = 0, maximum = 100)]
    at_least_percent: Option<u8>,
    #[schema(minimum = 0, maximum = 100)]
    at_most_percent: Option<u8>,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentLeadTime {
    #[schema(minimum = 0)]
    at_least_hours: Option<u32>,
    #[schema(minimum = 0)]
    at_most_hours: Option<u32>,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentSpent {
    #[schema(example = "100.00")]
    at_least: Option<String>,
    #[schema(example = "500.00")]
    at_most: Option<String>,
    /// Instead: among so many percent of those who spent anything, those who spent most.
    #[schema(minimum = 1, maximum = 100)]
    top_percent: Option<u8>,
    /// For one of these services.
    #[schema(min_items = 1, max_items = 100)]
    service_ids: Option<Vec<Uuid>>,
    /// For what one of these did.
    #[schema(min_items = 1, max_items = 100)]
    staff_ids: Option<Vec<Uuid>>,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentAverageReceipt {
    #[schema(example = "50.00")]
    at_least: Option<String>,
    #[schema(example = "80.00")]
    at_most: Option<String>,
    #[serde(flatten)]
    period: SegmentPeriod,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentFrequency {
    #[schema(minimum = 0, maximum = 36500)]
    at_least_days: Option<u32>,
    #[schema(minimum = 0, maximum = 36500)]
    at_most_days: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentIntervalOverdue {
    /// By so many days or more; absent: at all.
    #[schema(minimum = 0, maximum = 36500)]
    by_days: Option<u16>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentAbsent {
    #[schema(minimum = 1, maximum = 36500)]
    days: u16,
}

/// How it is known: they said so, they came for it most often, or either.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SegmentBy {
    Said,
    Visits,
    Either,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentPreferredService {
    #[schema(min_items = 1, max_items = 100)]
    service_ids: Vec<Uuid>,
    /// Absent: `either`.
    by: Option<SegmentBy>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentPreferredStaff {
    #[schema(min_items = 1, max_items = 100)]
    staff_ids: Vec<Uuid>,
    /// Absent: `either`.
    by: Option<SegmentBy>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentSource {
    #[schema(min_items = 1, max_items = 100)]
    sources: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentTags {
    #[schema(min_items = 1, max_items = 100)]
    any_of: Option<Vec<String>>,
    #[schema(min_items = 1, max_items = 100)]
    all_of: Option<Vec<String>>,
    #[schema(min_items = 1, max_items = 100)]
    none_of: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentLanguage {
    /// `en` stands for `en-GB` too.
    #[schema(min_items = 1, max_items = 100)]
    languages: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentBirthday {
    /// Today and so many days after it.
    #[schema(minimum = 0, maximum = 366)]
    within_days: Option<u16>,
    /// `this`, `next`, or its number from 1 to 12.
    #[schema(inline)]
    month: Option<SegmentMonth>,
}

/// `this`, `next`, or its number.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SegmentMonth {
    Named(SegmentMonthName),
    Number(u8),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SegmentMonthName {
    This,
    Next,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentConsent {
    #[schema(min_items = 1)]
    consents: Vec<ConsentField>,
    /// They gave all of them (absent, or `true`), or none of them.
    given: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentText {
    /// All of these words, each in any part of a word of a note, warning, comment, review or reason; neither case nor
    /// accents matter.
    #[schema(min_length = 1, max_length = 200)]
    words: String,
}
