//! Which bookings: the filter of history, which others ask with too.

use domain::{
    access::Right,
    booking::Status,
    id::Id,
    time::{Zone, local_date},
};
use jiff::{Timestamp, civil::Date};
use projections::history::{By, Filter, Sort};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{access::Caller, catalogue::Known, checks::Checks, problem::Problem, texts::Message};

/// More letters are no question.
pub(crate) const LONGEST_QUESTION: usize = 200;

/// Which bookings; what is absent bounds nothing.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingFilter)]
pub(crate) struct FilterFields {
    /// Starting on this local date or later.
    #[schema(value_type = Option<String>, format = Date)]
    pub(super) from: Option<String>,
    /// Starting on this local date or earlier.
    #[schema(value_type = Option<String>, format = Date)]
    pub(super) to: Option<String>,
    /// Any part of the client's name, phone or e-mail.
    pub(super) client: Option<String>,
    pub(crate) client_id: Option<Uuid>,
    pub(super) staff_id: Option<Uuid>,
    pub(super) service_id: Option<Uuid>,
    pub(super) desk_id: Option<Uuid>,
    #[serde(default)]
    #[schema(inline)]
    pub(super) status: Vec<StatusField>,
    pub(super) source: Option<String>,
    /// All of these words, each in name, phones, e-mail, fiscal code, a comment, the reference or the status.
    pub(super) q: Option<String>,
    /// `true`: deleted ones alone; `false`: none of them; absent: both.
    pub(super) deleted: Option<bool>,
    #[schema(example = "50.00")]
    pub(super) min_price: Option<String>,
    #[schema(example = "120.00")]
    pub(super) max_price: Option<String>,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusField {
    Requested,
    Confirmed,
    Completed,
    NoShow,
    Cancelled,
}

impl From<StatusField> for Status {
    fn from(status: StatusField) -> Self {
        match status {
            StatusField::Requested => Self::Requested,
            StatusField::Confirmed => Self::Confirmed,
            StatusField::Completed => Self::Completed,
            StatusField::NoShow => Self::NoShow,
            StatusField::Cancelled => Self::Cancelled,
        }
    }
}

impl FilterFields {
    /// The filter that it asks for, but for `client_id`: whoever they turned out to be, which the caller looks up.
    pub(crate) fn read(
        &self,
        checks: &mut Checks,
        caller: &Caller,
        known: &Known,
    ) -> Result<Filter, Problem> {
        if self.min_price.is_some() || self.max_price.is_some() {
            caller.needs(Right::SeeRevenue)?;
        }
        let zone = &known.settings()?.time_zone;
        let (from, to) = period(checks, zone, self.from.as_deref(), self.to.as_deref());
        let mut amount = |field, text: Option<&str>| {
            let amount = text.map(|text| {
                text.parse::<Decimal>()
                    .map_err(|_| Message::new("violation-not-money"))
            });
            amount.and_then(|read| checks.take(field, read))
        };
        let min_price = amount("min_price", self.min_price.as_deref());
        let max_price = amount("max_price", self.max_price.as_deref());
        if let (Some(least), Some(most)) = (min_price, max_price)
            && most < least
        {
            let below = Message::new("violation-too-little").with("least", least);
            checks.fault("max_price", below);
        }
        question(checks, "client", self.client.as_deref());
        question(checks, "q", self.q.as_deref());
        question(checks, "source", self.source.as_deref());
        Ok(Filter {
            from,
            to,
            client: self.client.clone(),
            client_id: None,
            staff_id: self.staff_id.map(Id::new),
            service_id: self.service_id.map(Id::new),
            desk_id: self.desk_id.map(Id::new),
            visit_id: None,
            statuses: self.status.iter().map(|status| (*status).into()).collect(),
            source: self.source.clone(),
            q: self.q.clone(),
            reference: None,
            deleted: self.deleted,
            gone: false,
            min_price,
            max_price,
        })
    }
}

/// In which order: `start`, `-price`. Absent: the latest first.
pub(super) fn sort(
    checks: &mut Checks,
    caller: &Caller,
    text: Option<&str>,
) -> Result<Sort, Problem> {
    let Some(text) = text else {
        return Ok(Sort::default());
    };
    let (word, descending) = match text.strip_prefix('-') {
        Some(word) => (word, true),
        None => (text, false),
    };
    let by = match word {
        "start" => By::Start,
        "created" => By::Created,
        "changed" => By::Changed,
        "price" => By::Price,
        "paid" => By::Paid,
        "client" => By::Client,
        "status" => By::Status,
        "source" => By::Source,
        "reference" => By::Reference,
        _ => {
            checks.fault("sort", Message::new("violation-form").with("what", text));
            By::default()
        }
    };
    if matches!(by, By::Price | By::Paid) {
        caller.needs(Right::SeeRevenue)?;
    }
    Ok(Sort { by, descending })
}

/// Somebody types it.
pub(crate) fn question(checks: &mut Checks, field: &str, text: Option<&str>) {
    let unwritten = |letter: char| letter.is_control() && !letter.is_whitespace();
    if text.is_some_and(|text| text.chars().any(unwritten)) {
        // Left out it would ask for something else: alone, for everything.
        checks.fault(field, Message::new("violation-control-characters"));
    }
    if text.is_some_and(|text| text.chars().count() > LONGEST_QUESTION) {
        let max = i64::try_from(LONGEST_QUESTION).unwrap_or(i64::MAX);
        checks.fault(
            field,
            Message::new("violation-too-long").with_number("max", max),
        );
    }
}

/// From the first instant of one local date to the last of another, either of which may be left open.
pub(crate) fn period(
    checks: &mut Checks,
    zone: &Zone,
    from: Option<&str>,
    to: Option<&str>,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let mut date = |field: &str, text: Option<&str>| -> Option<(Date, domain::time::Span)> {
        let date = local_date::parse(text?);
        let day = date.and_then(|date| Some((date, zone.days(date, date)?)));
        if day.is_none() {
            checks.fault(field, Message::new("violation-date"));
        }
        day
    };
    let (first, last) = (date("from", from), date("to", to));
    if let (Some((first, _)), Some((last, _))) = (first, last)
        && last < first
    {
        let after = Message::new("violation-end-not-after-start").with("from", first);
        checks.fault("to", after);
    }
    (
        first.map(|(_, day)| day.start()),
        last.map(|(_, day)| day.end()),
    )
}
