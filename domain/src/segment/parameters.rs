//! The parameters of one condition: taken one by one, so that in the end it is known which there are.

use std::{fmt::Display, str::FromStr};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    filter::{
        Absent, Amount, AverageReceipt, Birthday, Bookings, By, Condition, Consents, DayRange,
        Frequency, HourRange, IntervalOverdue, Kind, Languages, Lapsed, LateCancellations,
        LeadTime, Month, OnlineShare, PercentRange, PreferredService, PreferredStaff, Range,
        Sources, Spent, SpentBound, Tags, Tally, Text, When,
    },
    period::{Begun, Period},
    reading::{Faults, FilterFault, MOST_ITEMS},
};
use crate::{
    booking::Status,
    client::Consent,
    contact::Language,
    hours::DayInterval,
    id::Id,
    text::{FreeText, Origin, Tag, TextError},
    time::{LocalTime, Weekday, local_date},
};

/// The most days, bookings, … that may be asked for.
const MOST: u32 = 36_500;
/// The most characters of words that are looked for.
const LONGEST_WORDS: usize = 200;

/// What there is to ask about.
pub(super) const FIELDS: [&str; 24] = [
    "bookings",
    "cancellations",
    "late_cancellations",
    "no_shows",
    "moves",
    "online_share",
    "lead_time",
    "spent",
    "average_receipt",
    "frequency",
    "interval_overdue",
    "absent",
    "lapsed",
    "first_visit",
    "last_visit",
    "preferred_service",
    "preferred_staff",
    "registered",
    "source",
    "tags",
    "language",
    "birthday",
    "consent",
    "text",
];

pub(super) struct Parameters<'a> {
    members: &'a Map<String, Value>,
    path: &'a str,
    faults: &'a mut Faults,
    known: Vec<&'static str>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(
        members: &'a Map<String, Value>,
        path: &'a str,
        faults: &'a mut Faults,
    ) -> Self {
        Self {
            members,
            path,
            faults,
            known: vec!["field"],
        }
    }

    /// What is asked about.
    pub(super) fn field(&mut self) -> Option<&'static str> {
        let fault = match self.members.get("field").map(Value::as_str) {
            Some(Some(name)) => match FIELDS.iter().find(|field| **field == name) {
                Some(field) => return Some(field),
                None => unknown(&FIELDS),
            },
            Some(None) => FilterFault::WrongType("a text"),
            None => FilterFault::Missing,
        };
        self.tell("field", fault);
        None
    }

    /// What is asked of it. With faults told, whatever stands in for what was at fault.
    pub(super) fn condition(&mut self, field: &str) -> Option<Condition> {
        use Condition as C;
        Some(match field {
            "bookings" => C::Bookings(Bookings {
                count: self.count(),
                kind: self.kind(),
                period: self.period(),
            }),
            "cancellations" => C::Cancellations(self.tally()),
            "late_cancellations" => C::LateCancellations(LateCancellations {
                count: self.count(),
                hours_before: narrow(self.number("hours_before", 1, 720).unwrap_or(24)),
                period: self.period(),
            }),
            "no_shows" => C::NoShows(self.tally()),
            "moves" => C::Moves(self.tally()),
            "online_share" => C::OnlineShare(OnlineShare {
                percent: PercentRange(self.percents()),
                period: self.period(),
            }),
            "lead_time" => C::LeadTime(LeadTime {
                hours: HourRange(self.numbers("at_least_hours", "at_most_hours", MOST * 24)),
                period: self.period(),
            }),
            "spent" => C::Spent(Spent {
                amount: self.spent(),
                service_ids: self.ids("service_ids"),
                staff_ids: self.ids("staff_ids"),
                period: self.period(),
            }),
            "average_receipt" => C::AverageReceipt(AverageReceipt {
                amount: self.amounts(),
                period: self.period(),
            }),
            "frequency" => C::Frequency(Frequency {
                days: DayRange(self.numbers("at_least_days", "at_most_days", MOST)),
            }),
            "interval_overdue" => C::IntervalOverdue(IntervalOverdue {
                by_days: narrow(self.number("by_days", 0, MOST).unwrap_or(0)),
            }),
            "absent" => C::Absent(Absent {
                days: narrow(self.needed("days", 1, MOST)),
            }),
            "lapsed" => C::Lapsed(Lapsed {
                period: self.begun(),
            }),
            "first_visit" => C::FirstVisit(self.when()),
            "last_visit" => C::LastVisit(self.when()),
            "registered" => C::Registered(self.when()),
            "preferred_service" => C::PreferredService(PreferredService {
                service_ids: self.some("service_ids", uuid),
                by: self.by(),
            }),
            "preferred_staff" => C::PreferredStaff(PreferredStaff {
                staff_ids: self.some("staff_ids", uuid),
                by: self.by(),
            }),
            "source" => C::Source(Sources {
                sources: self.some("sources", text(Origin::parse)),
            }),
            "tags" => C::Tags(self.tags()),
            "language" => C::Language(Languages {
                languages: self.some("languages", language),
            }),
            "birthday" => C::Birthday(self.birthday()),
            "consent" => C::Consent(Consents {
                consents: self.some("consents", word(&CONSENTS)),
                given: self.boolean("given").unwrap_or(true),
            }),
            "text" => C::Text(Text {
                words: self.words()?,
            }),
            _ => return None,
        })
    }

    /// What was not taken is not known.
    pub(super) fn nothing_else(self) {
        for name in self.members.keys() {
            if !self.known.contains(&name.as_str()) {
                let place = format!("{}.{name}", self.path);
                self.faults.tell(place, unknown(&self.known[1..]));
            }
        }
    }

    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.members.get(name)
    }

    fn tell(&mut self, name: &str, fault: FilterFault) {
        self.faults.tell(format!("{}.{name}", self.path), fault);
    }

    /// A parameter; `None` also where it is at fault, which is told.
    fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, FilterFault>,
    ) -> Option<T> {
        let json = self.take(name)?;
        match read(json) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.tell(name, fault);
                None
            }
        }
    }

    fn number(&mut self, name: &'static str, least: u32, most: u32) -> Option<u32> {
        self.read(name, |json| {
            if !json.is_number() {
                return Err(FilterFault::WrongType("a whole number"));
            }
            let number = json.as_u64().and_then(|number| u32::try_from(number).ok());
            let number = number.filter(|number| (least..=most).contains(number));
            number.ok_or(FilterFault::OutOfRange { least, most })
        })
    }

    /// As [`number`](Self::number), and it must be there; in its place the least.
    fn needed(&mut self, name: &'static str, least: u32, most: u32) -> u32 {
        let number = self.number(name, least, most);
        if number.is_none() && !self.members.contains_key(name) {
            self.tell(name, FilterFault::Missing);
        }
        number.unwrap_or(least)
    }

    fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.read(name, |json| {
            json.as_bool()
                .ok_or(FilterFault::WrongType("true or false"))
        })
    }

    /// A lower and an upper bound; none where neither is given.
    fn bounds<T: Copy + PartialOrd + Display>(
        &mut self,
        least_name: &'static str,
        most_name: &'static str,
        read: impl Fn(&mut Self, &'static str) -> Option<T>,
    ) -> Option<Range<T>> {
        let (least, most) = (read(self, least_name), read(self, most_name));
        match (least, most) {
            (Some(at_least), Some(at_most)) => {
                if at_most < at_least {
                    let least = at_least.to_string();
                    self.tell(most_name, FilterFault::Below { least });
                }
                Some(Range::Within { at_least, at_most })
            }
            (Some(at_least), None) => Some(Range::Least { at_least }),
            (None, Some(at_most)) => Some(Range::Most { at_most }),
            (None, None) => None,
        }
    }

    /// At least one where nothing is said.
    fn count(&mut self) -> Range<u32> {
        let bounds = self.bounds("at_least", "at_most", |all, name| all.number(name, 0, MOST));
        bounds.unwrap_or(Range::Least { at_least: 1 })
    }

    fn numbers(&mut self, least: &'static str, most: &'static str, limit: u32) -> Range<u32> {
        let bounds = self.bounds(least, most, |all, name| all.number(name, 0, limit));
        self.one_at_least(bounds, least, most)
            .unwrap_or(Range::Least { at_least: 0 })
    }

    fn percents(&mut self) -> Range<u8> {
        let (least, most) = ("at_least_percent", "at_most_percent");
        let bounds = self.bounds(least, most, |all, name| all.percent(name, 0));
        self.one_at_least(bounds, least, most)
            .unwrap_or(Range::Least { at_least: 0 })
    }

    fn percent(&mut self, name: &'static str, least: u32) -> Option<u8> {
        let number = self.number(name, least, 100)?;
        u8::try_from(number).ok()
    }

    fn amounts(&mut self) -> Range<Amount> {
        let bounds = self.bounds("at_least", "at_most", Self::amount);
        self.one_at_least(bounds, "at_least", "at_most")
            .unwrap_or(Range::Least {
                at_least: Amount(Decimal::ZERO),
            })
    }

    fn one_at_least<T>(
        &mut self,
        bounds: Option<Range<T>>,
        least: &'static str,
        most: &'static str,
    ) -> Option<Range<T>> {
        let given = self.members.contains_key(least) || self.members.contains_key(most);
        if bounds.is_none() && !given {
            self.tell(least, FilterFault::Missing);
        }
        bounds
    }

    /// As money is written everywhere: `"120.00"`.
    fn amount(&mut self, name: &'static str) -> Option<Amount> {
        self.read(name, |json| {
            let text = json.as_str().ok_or(FilterFault::WrongType("a text"))?;
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && text.starts_with(|c: char| c.is_ascii_digit())
                && text.ends_with(|c: char| c.is_ascii_digit())
                && text.len() <= 15;
            let amount = Decimal::from_str_exact(text).ok();
            let amount = amount.filter(|amount| plain && amount.scale() <= 4);
            amount.map(Amount).ok_or(FilterFault::Amount)
        })
    }

    fn spent(&mut self) -> SpentBound {
        let top = self.percent("top_percent", 1);
        if !self.members.contains_key("top_percent") {
            return SpentBound::Amount(self.amounts());
        }
        for name in ["at_least", "at_most"] {
            if self.take(name).is_some() {
                let of = "top_percent, at_least / at_most".to_owned();
                self.tell(name, FilterFault::OneOf { of });
            }
        }
        SpentBound::Top {
            top_percent: top.unwrap_or(1),
        }
    }

    fn tally(&mut self) -> Tally {
        Tally {
            count: self.count(),
            period: self.period(),
        }
    }

    fn kind(&mut self) -> Kind {
        Kind {
            service_ids: self.ids("service_ids"),
            staff_ids: self.ids("staff_ids"),
            statuses: self.list("statuses", word(&STATUSES)).unwrap_or_default(),
            sources: self
                .list("sources", text(Origin::parse))
                .unwrap_or_default(),
            online: self.boolean("online"),
            weekdays: self.list("weekdays", word(&WEEKDAYS)).unwrap_or_default(),
            hours: self.hours(),
        }
    }

    fn hours(&mut self) -> Option<DayInterval> {
        let json = self.take("hours")?;
        let Some(members) = json.as_object() else {
            self.tell("hours", FilterFault::WrongType("an object"));
            return None;
        };
        let path = format!("{}.hours", self.path);
        let mut inner = Parameters {
            members,
            path: &path,
            faults: &mut *self.faults,
            known: vec!["field"],
        };
        let (from, to) = (inner.local_time("from"), inner.local_time("to"));
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            let from = from.to_string();
            inner.tell("to", FilterFault::NotAfter { from });
        }
        inner.nothing_else();
        Some(DayInterval {
            from: from?,
            to: to?,
        })
    }

    fn local_time(&mut self, name: &'static str) -> Option<LocalTime> {
        if !self.members.contains_key(name) {
            self.take(name);
            self.tell(name, FilterFault::Missing);
        }
        self.read(name, |json| {
            let time = json
                .as_str()
                .and_then(|text| LocalTime::from_str(text).ok());
            time.ok_or(FilterFault::WrongType("a time such as 09:30"))
        })
    }

    fn date(&mut self, name: &'static str) -> Option<Date> {
        self.read(name, |json| {
            let date = json.as_str().and_then(local_date::parse);
            let date = date.filter(|date| (1900..=2199).contains(&date.year()));
            date.ok_or(FilterFault::Date)
        })
    }

    /// A period: two dates, or one, or a number of days; none: ever.
    fn period(&mut self) -> Option<Period> {
        let of = "from / to, within_days, next_days";
        let from = self.date("from");
        let to = self.date("to");
        let last = self.number("within_days", 1, MOST).map(narrow);
        let next = self.number("next_days", 1, MOST).map(narrow);
        let there = |name| usize::from(self.members.contains_key(name));
        let dates = there("from").max(there("to"));
        if dates + there("within_days") + there("next_days") > 1 {
            let second = if there("next_days") == 1 {
                "next_days"
            } else {
                "within_days"
            };
            let of = of.to_owned();
            self.tell(second, FilterFault::OneOf { of });
        }
        let begun = match (from, to, last, next) {
            (Some(from), Some(to), ..) => {
                if to < from {
                    let least = from.to_string();
                    self.tell("to", FilterFault::Below { least });
                }
                Begun::Between { from, to }
            }
            (Some(from), None, ..) => Begun::Since { from },
            (None, Some(to), ..) => return Some(Period::Until { to }),
            (None, None, Some(within_days), _) => Begun::Last { within_days },
            (None, None, None, Some(next_days)) => Begun::Next { next_days },
            (None, None, None, None) => return None,
        };
        Some(Period::Begun(begun))
    }

    fn when(&mut self) -> When {
        let period = self.period();
        let given = PERIOD.iter().any(|name| self.members.contains_key(*name));
        if period.is_none() && !given {
            let of = PERIOD.join(", ");
            self.faults.tell(self.path, FilterFault::OneOf { of });
        }
        When {
            period: period.unwrap_or(Period::Begun(Begun::Last { within_days: 1 })),
        }
    }

    /// A period that begins somewhere.
    fn begun(&mut self) -> Begun {
        match self.when().period {
            Period::Begun(begun) => begun,
            Period::Until { .. } => {
                self.tell("from", FilterFault::Missing);
                Begun::Last { within_days: 1 }
            }
        }
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Value) -> Result<T, FilterFault>,
    ) -> Option<Vec<T>> {
        let json = self.take(name)?;
        let Some(items) = json.as_array() else {
            self.tell(name, FilterFault::WrongType("a list"));
            return None;
        };
        if items.is_empty() {
            self.tell(name, FilterFault::Empty);
        }
        if items.len() > MOST_ITEMS {
            self.tell(name, FilterFault::TooMany(MOST_ITEMS));
        }
        let mut all = vec![];
        for (n, item) in items.iter().take(MOST_ITEMS).enumerate() {
            match read(item) {
                Ok(item) => all.push(item),
                Err(fault) => self.tell(&format!("{name}[{n}]"), fault),
            }
        }
        Some(all)
    }

    /// A list that must be there.
    fn some<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Value) -> Result<T, FilterFault>,
    ) -> Vec<T> {
        if !self.members.contains_key(name) {
            self.tell(name, FilterFault::Missing);
        }
        self.list(name, read).unwrap_or_default()
    }

    fn ids<T>(&mut self, name: &'static str) -> Vec<Id<T>> {
        self.list(name, uuid).unwrap_or_default()
    }

    fn by(&mut self) -> By {
        let by = self.read(
            "by",
            word(&[
                ("said", By::Said),
                ("visits", By::Visits),
                ("either", By::Either),
            ]),
        );
        by.unwrap_or_default()
    }

    fn tags(&mut self) -> Tags {
        let mut tags = |name| self.list(name, text(Tag::parse)).unwrap_or_default();
        let (any_of, all_of, none_of) = (tags("any_of"), tags("all_of"), tags("none_of"));
        let names = ["any_of", "all_of", "none_of"];
        if !names.iter().any(|name| self.members.contains_key(*name)) {
            let of = names.join(", ");
            self.faults.tell(self.path, FilterFault::OneOf { of });
        }
        Tags {
            any_of,
            all_of,
            none_of,
        }
    }

    fn birthday(&mut self) -> Birthday {
        let soon = self.number("within_days", 0, 366).map(narrow);
        let month = self.read("month", |json| match (json.as_str(), json.as_u64()) {
            (Some("this"), _) => Ok(Month::This),
            (Some("next"), _) => Ok(Month::Next),
            (None, Some(n @ 1..=12)) => Ok(Month::Number(u8::try_from(n).unwrap_or(1))),
            _ => Err(FilterFault::WrongType("this, next, or 1 to 12")),
        });
        let there = |name| self.members.contains_key(name);
        if there("within_days") == there("month") {
            let of = "within_days, month".to_owned();
            self.faults.tell(self.path, FilterFault::OneOf { of });
        }
        match (soon, month) {
            (_, Some(month)) => Birthday::In { month },
            (soon, None) => Birthday::Soon {
                within_days: soon.unwrap_or_default(),
            },
        }
    }

    fn words(&mut self) -> Option<FreeText> {
        if !self.members.contains_key("words") {
            self.tell("words", FilterFault::Missing);
        }
        self.read("words", |json| {
            let words = json.as_str().ok_or(FilterFault::WrongType("a text"))?;
            if words.chars().count() > LONGEST_WORDS {
                return Err(TextError::TooLong { max: LONGEST_WORDS }.into());
            }
            Ok(FreeText::parse(words)?)
        })
    }
}

const PERIOD: [&str; 4] = ["from", "to", "within_days", "next_days"];

const CONSENTS: [(&str, Consent); 4] = [
    ("data_processing", Consent::DataProcessing),
    ("reminders", Consent::Reminders),
    ("marketing", Consent::Marketing),
    ("photos", Consent::Photos),
];

const STATUSES: [(&str, Status); 5] = [
    ("requested", Status::Requested),
    ("confirmed", Status::Confirmed),
    ("completed", Status::Completed),
    ("no_show", Status::NoShow),
    ("cancelled", Status::Cancelled),
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

fn unknown(known: &[&str]) -> FilterFault {
    let there_is = known.join(", ");
    FilterFault::Unknown { there_is }
}

/// Every number that is read lies in a range that fits; so this cuts nothing off.
fn narrow(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn uuid<T>(json: &Value) -> Result<Id<T>, FilterFault> {
    let text = json.as_str().ok_or(FilterFault::WrongType("a text"))?;
    Uuid::parse_str(text)
        .map(Id::new)
        .map_err(|_| FilterFault::Id)
}

fn text<T>(
    parse: impl Fn(&str) -> Result<T, TextError>,
) -> impl Fn(&Value) -> Result<T, FilterFault> {
    move |json| {
        let text = json.as_str().ok_or(FilterFault::WrongType("a text"))?;
        Ok(parse(text)?)
    }
}

fn language(json: &Value) -> Result<Language, FilterFault> {
    let text = json.as_str().ok_or(FilterFault::WrongType("a text"))?;
    Ok(Language::parse(text)?)
}

/// One of a few words.
fn word<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Value) -> Result<T, FilterFault> {
    move |json| {
        let text = json.as_str().ok_or(FilterFault::WrongType("a text"))?;
        let found = words.iter().find(|(word, _)| *word == text);
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| unknown(&names))
    }
}
