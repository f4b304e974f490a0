//! When something can be had.

use axum::extract::State;
use domain::{
    id::Id,
    planning::Wish,
    slots::Notice,
    time::{Minutes, local_date},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    app::App,
    checks::Checks,
    command::{Answer, Ask},
    problem::Problem,
    texts::Message,
    timekeeping::SlotView,
};

/// The most days from the first date to the last.
const MOST_DAYS: i32 = 62;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(availability))
        .routes(routes!(next))
}

/// What is wanted, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AvailabilityQuery {
    /// The service; repeated for a visit, in the order of its services.
    service_id: Vec<Uuid>,
    /// By whom; absent: by anyone who does it. For a visit: once for all its services, or once for each.
    #[serde(default)]
    staff_id: Vec<Uuid>,
    /// Where; as `staff_id`.
    #[serde(default)]
    desk_id: Vec<Uuid>,
    /// The first local date of a start.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last one, at most 62 days later.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    to: Date,
}

/// What is wanted, and after when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NextQuery {
    /// The service; repeated for a visit.
    service_id: Vec<Uuid>,
    /// By whom.
    #[serde(default)]
    staff_id: Vec<Uuid>,
    /// Where.
    #[serde(default)]
    desk_id: Vec<Uuid>,
    /// No start before it; absent: now.
    #[param(value_type = Option<String>, format = DateTime)]
    after: Option<Timestamp>,
    /// How many: 5, at most 50.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Starts that can be had.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Slots {
    /// By start, then staff member.
    slots: Vec<SlotView>,
}

/// All starts that can be had between two dates.
#[utoipa::path(get, path = "/availability", tag = "availability", params(AvailabilityQuery),
    responses((status = 200, body = Slots)))]
async fn availability(
    State(app): State<App>,
    ask: Ask<AvailabilityQuery>,
) -> Result<Answer<Slots>, Problem> {
    let business = ask.caller.business();
    let asked = &ask.query;
    let days = asked
        .from
        .until(asked.to)
        .map_or(i32::MAX, |span| span.get_days());
    if days < 0 {
        return Err(Problem::field(
            "to",
            Message::new("violation-end-not-after-start").with("from", asked.from),
        ));
    }
    if days > MOST_DAYS {
        return Err(Problem::field(
            "to",
            Message::new("violation-too-many").with_number("max", MOST_DAYS),
        ));
    }
    let known = app.catalogue_now(business).await?;
    let wishes = wishes(&asked.service_id, &asked.staff_id, &asked.desk_id)?;
    let inquiry = app.inquire(business, &known, &wishes, wishes.len() > 1)?;
    let taken = inquiry.taken(asked.from, asked.to).await?;
    let notice = Notice {
        now: app.now(),
        min: Minutes::ZERO,
    };
    let slots = inquiry.enquiry.slots(asked.from, asked.to, notice, &taken);
    let mut slots: Vec<_> = slots.iter().map(SlotView::from).collect();
    let days = known.settings()?.time_zone.days(asked.from, asked.to);
    if let ([wish], Some(days)) = (&wishes[..], days) {
        let from = days.start().max(app.now());
        let open = app.open_sessions(business, &known, wish, from, days.end(), usize::MAX);
        slots.extend(open.await?);
        slots.sort_by_key(|slot| (slot.start, slot.staff_id, slot.session_id));
    }
    Ok(Answer::ok(Slots { slots }))
}

/// The first starts that can be had after a moment, within 62 days.
#[utoipa::path(get, path = "/availability/next", tag = "availability", params(NextQuery),
    responses((status = 200, body = Slots)))]
async fn next(State(app): State<App>, ask: Ask<NextQuery>) -> Result<Answer<Slots>, Problem> {
    let business = ask.caller.business();
    let asked = &ask.query;
    let limit = asked.limit.unwrap_or(5);
    if !(1..=50).contains(&limit) {
        let range = Message::new("violation-out-of-range")
            .with_number("least", 1)
            .with_number("most", 50);
        return Err(Problem::field("limit", range));
    }
    let known = app.catalogue_now(business).await?;
    let wishes = wishes(&asked.service_id, &asked.staff_id, &asked.desk_id)?;
    let inquiry = app.inquire(business, &known, &wishes, wishes.len() > 1)?;
    let after = asked.after.unwrap_or_else(|| app.now());
    let mut slots = inquiry.next_free(after, limit).await?;
    if let [wish] = &wishes[..] {
        let from = after.max(app.now());
        let until = from
            .saturating_add(SignedDuration::from_hours(24 * 62))
            .unwrap_or(from);
        let open = app.open_sessions(business, &known, wish, from, until, limit);
        slots.extend(open.await?);
        slots.sort_by_key(|slot| (slot.start, slot.staff_id, slot.session_id));
        slots.truncate(limit);
    }
    Ok(Answer::ok(Slots { slots }))
}

/// The services wished for, each with its staff member and desk.
fn wishes(services: &[Uuid], staff: &[Uuid], desks: &[Uuid]) -> Result<Vec<Wish>, Problem> {
    let mut checks = Checks::default();
    if services.is_empty() {
        checks.fault("service_id", Message::new("violation-missing"));
    }
    checks.at_most("service_id", services, 20);
    for (field, ids) in [("staff_id", staff), ("desk_id", desks)] {
        if ids.len() > 1 && ids.len() != services.len() {
            checks.fault(field, Message::new("violation-one-for-each"));
        }
    }
    checks.done()?;
    let one_of = |ids: &[Uuid], number: usize| {
        ids.get(number)
            .or(ids.first().filter(|_| ids.len() == 1))
            .copied()
    };
    let wishes = services.iter().enumerate().map(|(number, service)| Wish {
        service_id: Id::new(*service),
        staff_id: one_of(staff, number).map(Id::new),
        desk_id: one_of(desks, number).map(Id::new),
        duration_min: None,
        price: None,
    });
    Ok(wishes.collect())
}
