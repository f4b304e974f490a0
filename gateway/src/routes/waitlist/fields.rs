//! What somebody wishes for, as it is asked.

use domain::{
    hours::DayInterval,
    id::Id,
    planning::{Audience, Why, Wish},
    service::Service,
    staff::Staff,
    text::FreeText,
    time::{Weekday, local_date},
    waitlist::{Made, Wishes},
};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::Caller,
    catalogue::Known,
    checks::{Checks, Patch, given, patch},
    problem::Problem,
    routes::clients::card::NewClient,
    schema,
    texts::Message,
    timekeeping::why_not,
};

/// Somebody who would come if time came free.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWaitlistRequest)]
pub(super) struct RequestFields {
    /// Who: a client who is known.
    client_id: Option<Uuid>,
    /// Who: a client who becomes known with the request.
    client: Option<NewClient>,
    /// For what: one service.
    service_id: Option<Uuid>,
    /// For what: several, one after another; instead of `service_id`.
    #[serde(default)]
    service_ids: Vec<Uuid>,
    /// By whom; absent: by anyone who does it.
    staff_id: Option<Uuid>,
    /// By one of these; instead of `staff_id`.
    #[serde(default)]
    staff_ids: Vec<Uuid>,
    /// The first local date; absent: today.
    #[schema(format = Date)]
    from: Option<String>,
    /// The last one; absent: whenever.
    #[schema(format = Date)]
    to: Option<String>,
    /// On these days of the week; absent: on any.
    #[serde(default)]
    #[schema(value_type = Vec<schema::Weekday>)]
    weekdays: Vec<Weekday>,
    /// Wholly within one of these local hours; absent: at any.
    #[serde(default)]
    #[schema(value_type = Vec<schema::DayInterval>)]
    hours: Vec<DayInterval>,
    comment: Option<String>,
    /// Where the request came from, in the business's words: `phone`. Absent: the door through which it came.
    source: Option<String>,
}

/// What is to change of a request; absent fields stay as they are.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitlistRequestChange)]
pub(super) struct RequestChange {
    /// All of them, one after another.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_items = 1)]
    service_ids: Option<Vec<Uuid>>,
    /// All of them; none: anyone.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    staff_ids: Option<Vec<Uuid>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, format = Date)]
    from: Option<String>,
    /// Null: whenever.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>, format = Date)]
    to: Patch<String>,
    /// All of them; none: any.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<schema::Weekday>>, nullable = false)]
    weekdays: Option<Vec<Weekday>>,
    /// All of them; none: any.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<schema::DayInterval>>, nullable = false)]
    hours: Option<Vec<DayInterval>>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    comment: Patch<String>,
}

impl RequestFields {
    /// Who waits.
    pub(super) const fn client(&self) -> (Option<Uuid>, Option<&NewClient>) {
        (self.client_id, self.client.as_ref())
    }

    pub(super) fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What is wished for, and what was said.
    pub(super) fn read(
        &self,
        known: &Known,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(Wishes, Option<FreeText>), Problem> {
        let mut checks = Checks::default();
        let today = known.settings()?.time_zone.date_of(now);
        let wishes = Wishes {
            service_ids: one_or_several(
                &mut checks,
                "service_id",
                self.service_id,
                &self.service_ids,
            ),
            staff_ids: one_or_several(&mut checks, "staff_id", self.staff_id, &self.staff_ids),
            from: date(&mut checks, "from", self.from.as_deref()).unwrap_or(today),
            to: date(&mut checks, "to", self.to.as_deref()),
            weekdays: in_order(&self.weekdays),
            hours: self.hours.clone(),
        };
        let comment = checks.maybe("comment", self.comment.as_deref(), FreeText::parse);
        let wishes = looked_up(wishes, &mut checks, known, caller)?;
        checks.done()?;
        Ok((wishes, comment))
    }
}

/// A change of what was said: none, taken away, or other words.
type CommentChange = Option<Option<FreeText>>;

impl RequestChange {
    /// What is wished for instead, and what is said instead.
    pub(super) fn read(
        &self,
        known: &Known,
        caller: &Caller,
        made: &Made,
    ) -> Result<(Option<Wishes>, CommentChange), Problem> {
        let mut checks = Checks::default();
        let ids = |ids: &Option<Vec<Uuid>>| ids.clone().unwrap_or_default();
        let mut wishes = made.wishes.clone();
        if self.service_ids.is_some() {
            wishes.service_ids = ids(&self.service_ids).into_iter().map(Id::new).collect();
        }
        if self.staff_ids.is_some() {
            wishes.staff_ids = ids(&self.staff_ids).into_iter().map(Id::new).collect();
        }
        if let Some(from) = date(&mut checks, "from", self.from.as_deref()) {
            wishes.from = from;
        }
        if let Some(to) = &self.to {
            wishes.to = date(&mut checks, "to", to.as_deref());
        }
        if let Some(weekdays) = &self.weekdays {
            wishes.weekdays = in_order(weekdays);
        }
        if let Some(hours) = &self.hours {
            wishes.hours.clone_from(hours);
        }
        let comment = checks.patch("comment", &self.comment, |text: &String| {
            FreeText::parse(text)
        });
        // What was wished for before need not be had any more, as long as nobody asks for it anew.
        let wishes = if wishes == made.wishes {
            None
        } else {
            Some(looked_up(wishes, &mut checks, known, caller)?)
        };
        checks.done()?;
        Ok((wishes, comment))
    }
}

fn one_or_several<T>(
    checks: &mut Checks,
    field: &str,
    one: Option<Uuid>,
    several: &[Uuid],
) -> Vec<Id<T>> {
    if one.is_some() && !several.is_empty() {
        checks.fault(field, Message::new("violation-twice"));
    }
    one.iter().chain(several).copied().map(Id::new).collect()
}

fn date(checks: &mut Checks, field: &str, text: Option<&str>) -> Option<Date> {
    let text = text?;
    let date = local_date::parse(text).filter(|date| (1900..=2199).contains(&date.year()));
    if date.is_none() {
        checks.fault(field, Message::new("violation-date"));
    }
    date
}

fn in_order(weekdays: &[Weekday]) -> Vec<Weekday> {
    let mut weekdays = weekdays.to_vec();
    weekdays.sort_unstable();
    weekdays.dedup();
    weekdays
}

/// Wishes that the house can serve, whatever the time: each service is one that can be booked, each staff member does
/// one of them, each service is done by one of those named.
fn looked_up(
    mut wishes: Wishes,
    checks: &mut Checks,
    known: &Known,
    caller: &Caller,
) -> Result<Wishes, Problem> {
    if let Err(faults) = wishes.check() {
        for fault in faults {
            let fault = crate::problem::Violation::from(fault);
            checks.fault(fault.field, fault.message);
        }
    }
    if let Some(own) = caller.own() {
        // Who has bookings of their own takes requests for themselves.
        let others = wishes.staff_ids.iter().position(|id| *id != own);
        match others {
            Some(n) => checks.fault(
                format!("staff_ids[{n}]"),
                Message::new("violation-not-found"),
            ),
            None => wishes.staff_ids = vec![own],
        }
    }
    let asks = |service: Id<Service>, staff: Option<Id<Staff>>| {
        let wish = Wish {
            service_id: service,
            staff_id: staff,
            desk_id: None,
            duration_min: None,
            price: None,
        };
        let looked = known.catalogue.enquire(&[wish], Audience::Staff);
        looked.map(drop).map_err(|unwelcome| unwelcome.why)
    };
    let mut fault = |field: String, why: Why| {
        let message = why_not(why).ok_or_else(Problem::not_found)?;
        checks.fault(field, message);
        Ok::<_, Problem>(())
    };
    let services = wishes.service_ids.iter().take(Wishes::MOST_SERVICES);
    let services: Vec<_> = services.copied().enumerate().collect();
    let mut served = vec![];
    for (n, service) in services {
        match asks(service, None) {
            Ok(()) => served.push(service),
            Err(why) => fault(format!("service_ids[{n}]"), why)?,
        }
    }
    let staff = wishes.staff_ids.iter().take(Wishes::MOST).copied();
    for (n, member) in staff.clone().enumerate() {
        let answers: Vec<_> = served.iter().map(|s| asks(*s, Some(member))).collect();
        if let Some(Err(why)) = answers.last()
            && answers.iter().all(Result::is_err)
        {
            fault(format!("staff_ids[{n}]"), *why)?;
        }
    }
    if wishes.staff_ids.len() > 1 || served.len() > 1 {
        for service in &served {
            let mut staff = staff.clone().peekable();
            if staff.peek().is_some() && !staff.any(|s| asks(*service, Some(s)).is_ok()) {
                fault("staff_ids".to_owned(), Why::StaffDoesNotDoIt)?;
            }
        }
    }
    Ok(wishes)
}
