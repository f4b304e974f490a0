//! The language in which a segment says whom it holds.
//!
//! A filter is written as JSON: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, or one condition, `{"field": "absent",
//! "days": 60}`. [`Filter::read`] reads it with all faults at their places; what it writes, it reads. Later versions
//! may add fields and parameters, and must go on reading what was written before: filters stand in events.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    period::{Begun, Period},
    reading::BadFilter,
};
use crate::{
    booking::Status,
    client::Consent,
    contact::Language,
    hours::DayInterval,
    id::Id,
    service::Service,
    staff::Staff,
    text::{FreeText, Origin, Tag},
    time::Weekday,
};

/// Whom a segment holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Those in all of these; everyone where there is none.
    All(Vec<Self>),
    /// Those in at least one of these.
    Any(Vec<Self>),
    /// Those who are not in this.
    Not(Box<Self>),
    /// Those of whom this is true.
    #[serde(untagged)]
    Is(Condition),
}

impl<'de> Deserialize<'de> for Filter {
    /// Reads what was once read by [`Filter::read`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        Self::read(&json).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(BadFilter::to_string).collect();
            D::Error::custom(faults.join("; "))
        })
    }
}

/// One thing that may be true of a client. Bookings that are deleted count nowhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "field", rename_all = "snake_case")]
pub enum Condition {
    /// They had, or will have, so many bookings of a kind.
    Bookings(Bookings),
    /// So many of their bookings stand cancelled.
    Cancellations(Tally),
    /// So many of their bookings were cancelled shortly before they would have begun.
    LateCancellations(LateCancellations),
    /// They missed so many bookings.
    NoShows(Tally),
    /// So often were their bookings given another start.
    Moves(Tally),
    /// So much of what they booked, they booked online.
    OnlineShare(OnlineShare),
    /// So long before they begin, on average, they make their bookings.
    LeadTime(LeadTime),
    /// They paid so much, less what was given back.
    Spent(Spent),
    /// Their average receipt came to so much.
    AverageReceipt(AverageReceipt),
    /// They come again, on average, after so many days.
    Frequency(Frequency),
    /// They should have been back by now.
    IntervalOverdue(IntervalOverdue),
    /// They came once, but not for so many days.
    Absent(Absent),
    /// They booked before, and not in this period.
    Lapsed(Lapsed),
    /// When they first came.
    FirstVisit(When),
    /// When they last came.
    LastVisit(When),
    /// They like one of these services.
    PreferredService(PreferredService),
    /// They like to be served by one of these.
    PreferredStaff(PreferredStaff),
    /// When they became known.
    Registered(When),
    /// Where they came from.
    Source(Sources),
    /// How they are marked.
    Tags(Tags),
    /// What they are written to in.
    Language(Languages),
    /// When their birthday is.
    Birthday(Birthday),
    /// What they agreed to.
    Consent(Consents),
    /// What was written about them.
    Text(Text),
}

/// A number or amount between two bounds, of which there is at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Range<T> {
    /// Not less.
    Least {
        /// Inclusive.
        at_least: T,
    },
    /// Not more.
    Most {
        /// Inclusive.
        at_most: T,
    },
    /// Neither less nor more.
    Within {
        /// Inclusive.
        at_least: T,
        /// Inclusive, not below `at_least`.
        at_most: T,
    },
}

impl<T: Copy + PartialOrd> Range<T> {
    /// The lower bound.
    pub const fn least(&self) -> Option<T> {
        match *self {
            Self::Least { at_least } | Self::Within { at_least, .. } => Some(at_least),
            Self::Most { .. } => None,
        }
    }

    /// The upper bound.
    pub const fn most(&self) -> Option<T> {
        match *self {
            Self::Most { at_most } | Self::Within { at_most, .. } => Some(at_most),
            Self::Least { .. } => None,
        }
    }
}

/// An amount of money in the business's currency, not below zero. In JSON a text: `"120.00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub(super) Decimal);

impl Amount {
    /// The bare number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// So many bookings of a kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bookings {
    /// How many; at least one where nothing is said.
    #[serde(flatten)]
    pub count: Range<u32>,
    /// Of which kind.
    #[serde(flatten)]
    pub kind: Kind,
    /// When they begin; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// Which bookings. What is empty or none bounds nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Kind {
    /// Of one of these services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_ids: Vec<Id<Service>>,
    /// By one of these staff members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub staff_ids: Vec<Id<Staff>>,
    /// That stand so; empty: any way but cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// That came from one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Origin>,
    /// That visitors made online, or that they did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// That begin on one of these days, by the local clock.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// That begin at these hours, by the local clock. (Of which the hour is not known: not.)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<DayInterval>,
}

/// So many of something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tally {
    /// How many; at least one where nothing is said.
    #[serde(flatten)]
    pub count: Range<u32>,
    /// Of bookings that begin then; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// So many cancellations shortly before the start.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LateCancellations {
    /// How many; at least one where nothing is said.
    #[serde(flatten)]
    pub count: Range<u32>,
    /// Less than so many hours before. 1..=720; 24 where nothing is said.
    pub hours_before: u16,
    /// Of bookings that begin then; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// So much of all bookings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnlineShare {
    /// How much. 0..=100.
    #[serde(flatten)]
    pub percent: PercentRange,
    /// Of bookings that begin then; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// A length of time, on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeadTime {
    /// How long.
    #[serde(flatten)]
    pub hours: HourRange,
    /// Of bookings that begin then; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// So much money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spent {
    /// How much.
    #[serde(flatten)]
    pub amount: SpentBound,
    /// For one of these services; empty: for anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_ids: Vec<Id<Service>>,
    /// For what one of these did; empty: for anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub staff_ids: Vec<Id<Staff>>,
    /// Paid, or given back, then; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// How much somebody spent: in money, or beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SpentBound {
    /// Between these.
    Amount(Range<Amount>),
    /// Among these most of all who spent anything.
    Top {
        /// 1..=100.
        top_percent: u8,
    },
}

/// So much on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AverageReceipt {
    /// How much.
    #[serde(flatten)]
    pub amount: Range<Amount>,
    /// Paid, or given back, then; none: ever.
    #[serde(flatten)]
    pub period: Option<Period>,
}

/// So many days, on average, from one visit to the next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frequency {
    /// How many.
    #[serde(flatten)]
    pub days: DayRange,
}

/// The usual interval since the last visit has passed, and nothing is booked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntervalOverdue {
    /// By at least so many days. 0..=36,500; 0 where nothing is said.
    pub by_days: u16,
}

/// The last visit was so many days ago, or longer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Absent {
    /// 1..=36,500.
    pub days: u16,
}

/// Some bookings before a period, none in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lapsed {
    /// The period.
    #[serde(flatten)]
    pub period: Begun,
}

/// In this period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct When {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
}

/// One of these services.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreferredService {
    /// At least one.
    pub service_ids: Vec<Id<Service>>,
    /// Who says so.
    pub by: By,
}

/// One of these staff members.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreferredStaff {
    /// At least one.
    pub staff_ids: Vec<Id<Staff>>,
    /// Who says so.
    pub by: By,
}

/// How it is known what somebody likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// They said so.
    Said,
    /// They came for it, or to them, most often.
    Visits,
    /// One or the other.
    #[default]
    Either,
}

/// One of these sources.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sources {
    /// At least one.
    pub sources: Vec<Origin>,
}

/// Tags that somebody has and has not. At least one is named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tags {
    /// One of these at least; empty: whatever.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Tag>,
    /// All of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Tag>,
    /// None of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub none_of: Vec<Tag>,
}

/// One of these languages. `en` stands for `en-GB` too.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Languages {
    /// At least one.
    pub languages: Vec<Language>,
}

/// Days of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Birthday {
    /// Today and so many days after it.
    Soon {
        /// 0..=366.
        within_days: u16,
    },
    /// In a month.
    In {
        /// Which.
        month: Month,
    },
}

/// A month of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Month {
    /// The one that it is.
    This,
    /// The one after it.
    Next,
    /// 1 January to 12 December.
    #[serde(untagged)]
    Number(u8),
}

/// Consents that somebody gave, or did not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Consents {
    /// At least one.
    pub consents: Vec<Consent>,
    /// They gave all of them; else: none of them.
    pub given: bool,
}

/// Words in notes and warnings about somebody, or in comments, reviews and reasons on their bookings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Text {
    /// All of them, wherever each stands, in any part of a word.
    pub words: FreeText,
}

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident of $number:ty: $least:literal, $most:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub(super) Range<$number>);

        impl $name {
            /// The bounds.
            #[must_use]
            pub const fn range(self) -> Range<$number> {
                self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                if let Some(least) = self.0.least() {
                    map.serialize_entry($least, &least)?;
                }
                if let Some(most) = self.0.most() {
                    map.serialize_entry($most, &most)?;
                }
                map.end()
            }
        }
    )+};
}
ranges! {
    /// Bounds in percent: `at_least_percent`, `at_most_percent`.
    PercentRange of u8: "at_least_percent", "at_most_percent";
    /// Bounds in hours: `at_least_hours`, `at_most_hours`.
    HourRange of u32: "at_least_hours", "at_most_hours";
    /// Bounds in days: `at_least_days`, `at_most_days`.
    DayRange of u32: "at_least_days", "at_most_days";
}

impl Filter {
    /// As the API writes it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Each condition in it, and where it stands below `filter`: `filter.all[2]`.
    #[must_use]
    pub fn conditions(&self) -> Vec<(String, &Condition)> {
        fn walk<'a>(filter: &'a Filter, path: String, found: &mut Vec<(String, &'a Condition)>) {
            match filter {
                Filter::All(parts) => {
                    for (n, part) in parts.iter().enumerate() {
                        walk(part, format!("{path}.all[{n}]"), found);
                    }
                }
                Filter::Any(parts) => {
                    for (n, part) in parts.iter().enumerate() {
                        walk(part, format!("{path}.any[{n}]"), found);
                    }
                }
                Filter::Not(part) => walk(part, format!("{path}.not"), found),
                Filter::Is(condition) => found.push((path, condition)),
            }
        }
        let mut found = vec![];
        walk(self, "filter".to_owned(), &mut found);
        found
    }

    /// Whether it lets through or holds back by what somebody paid.
    #[must_use]
    pub fn asks_for_money(&self) -> bool {
        self.conditions()
            .iter()
            .any(|(_, condition)| condition.asks_for_money())
    }
}

impl Condition {
    /// The services that it names.
    #[must_use]
    pub fn service_ids(&self) -> &[Id<Service>] {
        if let Self::Bookings(bookings) = self {
            &bookings.kind.service_ids
        } else if let Self::Spent(spent) = self {
            &spent.service_ids
        } else if let Self::PreferredService(preferred) = self {
            &preferred.service_ids
        } else {
            &[]
        }
    }

    /// The staff members that it names.
    #[must_use]
    pub fn staff_ids(&self) -> &[Id<Staff>] {
        if let Self::Bookings(bookings) = self {
            &bookings.kind.staff_ids
        } else if let Self::Spent(spent) = self {
            &spent.staff_ids
        } else if let Self::PreferredStaff(preferred) = self {
            &preferred.staff_ids
        } else {
            &[]
        }
    }

    const fn asks_for_money(&self) -> bool {
        matches!(self, Self::Spent(_) | Self::AverageReceipt(_))
    }
}
