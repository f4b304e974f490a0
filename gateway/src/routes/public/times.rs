//! When a visitor can come.

use axum::extract::State;
use domain::{
    id::Id,
    planning::Wish,
    slots::Slot,
    time::{Zone, local_date},
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::visitor::Visitor;
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
/// The most services of a visit.
pub(super) const MOST_SERVICES: usize = 20;

/// What is wanted, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TimesQuery {
    /// The service; repeated for a visit, in the order of its services.
    service_id: Vec<Uuid>,
    /// By whom; absent: by anyone who does it. For a visit: once for all its services, or once for each.
    #[serde(default)]
    staff_id: Vec<Uuid>,
    /// The first local date of a start, by the business's clock.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last one, at most 62 days later.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    to: Date,
    /// The visitor's own IANA time zone: each start is told by that clock too. It changes nothing else.
    time_zone: Option<String>,
}

/// What is wanted, and after when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NextTimesQuery {
    /// The service; repeated for a visit.
    service_id: Vec<Uuid>,
    /// By whom.
    #[serde(default)]
    staff_id: Vec<Uuid>,
    /// No start before it; absent: now.
    #[param(value_type = Option<String>, format = DateTime)]
    after: Option<Timestamp>,
    /// How many: 5, at most 50.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
    /// The visitor's own IANA time zone.
    time_zone: Option<String>,
}

/// Starts that a visitor can have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicSlots {
    /// By start; each start once, however many could serve it (apart, where it takes them differently long).
    slots: Vec<PublicSlot>,
    /// The business's time zone, in which `local_start` is told.
    time_zone: String,
}

/// A start that a visitor can have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicSlot {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// Of a visit: when its last service ends.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// By the business's clock.
    #[schema(example = "2026-11-24T10:00")]
    local_start: String,
    /// By the visitor's clock, where `time_zone` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor_start: Option<String>,
    /// One of those who could serve it; of a visit, its first service.
    staff_id: Uuid,
    /// All who could.
    staff_ids: Vec<Uuid>,
    /// Of a visit: each service in its turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<PublicServed>,
    /// A session of a class: to be booked by this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    /// Seats that are left in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    seats_left: Option<u16>,
}

/// One service of a visit's slot.
#[derive(Debug, Serialize, ToSchema)]
struct PublicServed {
    service_id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    staff_id: Uuid,
}

/// All starts that a visitor can have between two dates. Those nearer or farther than the booking policy allows are none.
#[utoipa::path(get, path = "/public/{slug}/availability", tag = "public",
    params(("slug" = String, Path), TimesQuery), responses((status = 200, body = PublicSlots)))]
pub(super) async fn availability(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TimesQuery>,
) -> Result<Answer<PublicSlots>, Problem> {
    let asked = &ask.query;
    let days = asked
        .from
        .until(asked.to)
        .map_or(i32::MAX, |span| span.get_days());
    if days < 0 {
        let after = Message::new("violation-end-not-after-start").with("from", asked.from);
        return Err(Problem::field("to", after));
    }
    if days > MOST_DAYS {
        let most = Message::new("violation-too-many").with_number("max", MOST_DAYS);
        return Err(Problem::field("to", most));
    }
    let own = zone(asked.time_zone.as_deref())?;
    let wishes = wishes(&asked.service_id, &asked.staff_id)?;
    let known = app.catalogue_now(visitor.business).await?;
    let visit = wishes.len() > 1;
    let inquiry = app.inquire_for_visitor(visitor.business, &known, &wishes, visit)?;
    let slots = inquiry.slots(asked.from, asked.to).await?;
    let sessions = match &wishes[..] {
        [wish] => {
            let dates = (asked.from, asked.to);
            app.sessions_for_visitor(visitor.business, &known, wish, dates, None, usize::MAX)
                .await?
        }
        _ => vec![],
    };
    let house = &known.settings()?.time_zone;
    let told = told(&slots, &sessions, &wishes, house, own.as_ref());
    Ok(Answer::ok(told))
}

/// The first starts that a visitor can have after a moment, within 62 days.
#[utoipa::path(get, path = "/public/{slug}/availability/next", tag = "public",
    params(("slug" = String, Path), NextTimesQuery), responses((status = 200, body = PublicSlots)))]
pub(super) async fn next(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<NextTimesQuery>,
) -> Result<Answer<PublicSlots>, Problem> {
    /// Several who could serve one start are one answer: so many are looked at for each.
    const EACH: usize = 12;
    let asked = &ask.query;
    let limit = asked.limit.unwrap_or(5);
    if !(1..=50).contains(&limit) {
        let range = Message::new("violation-out-of-range")
            .with_number("least", 1)
            .with_number("most", 50);
        return Err(Problem::field("limit", range));
    }
    let own = zone(asked.time_zone.as_deref())?;
    let wishes = wishes(&asked.service_id, &asked.staff_id)?;
    let after = asked.after.unwrap_or_else(|| app.now());
    let mut checks = Checks::default();
    checks.moment("after", after);
    checks.done()?;
    let known = app.catalogue_now(visitor.business).await?;
    let visit = wishes.len() > 1;
    let inquiry = app.inquire_for_visitor(visitor.business, &known, &wishes, visit)?;
    let slots = inquiry.next_slots(after, limit * EACH).await?;
    let house = &known.settings()?.time_zone;
    let sessions = match &wishes[..] {
        [wish] => {
            let first = house.date_of(after);
            let dates = (first, first.saturating_add(i64::from(MOST_DAYS - 1).days()));
            let after = Some(after);
            app.sessions_for_visitor(visitor.business, &known, wish, dates, after, limit)
                .await?
        }
        _ => vec![],
    };
    let mut told = told(&slots, &sessions, &wishes, house, own.as_ref());
    told.slots.truncate(limit);
    Ok(Answer::ok(told))
}

/// The time by a clock, to the minute.
pub(super) fn local(zone: &Zone, at: Timestamp) -> String {
    zone.local(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn zone(name: Option<&str>) -> Result<Option<Zone>, Problem> {
    let mut checks = Checks::default();
    let zone = checks.maybe("time_zone", name, |name| {
        Zone::named(name).map_err(|_| Message::new("violation-time-zone"))
    });
    checks.done()?;
    Ok(zone)
}

fn told(
    slots: &[Slot],
    sessions: &[SlotView],
    wishes: &[Wish],
    house: &Zone,
    own: Option<&Zone>,
) -> PublicSlots {
    let mut merged: Vec<PublicSlot> = vec![];
    for slot in slots {
        let (start, end, staff_id) = (slot.start(), slot.end(), slot.staff_id().uuid());
        // They come by start: the same one is among the last few.
        let known = merged
            .iter_mut()
            .rev()
            .take_while(|known| known.start == start)
            .find(|known| known.end == end);
        if let Some(known) = known {
            known.staff_ids.push(staff_id);
            continue;
        }
        let services = if slot.services.len() > 1 {
            let served = slot.services.iter().zip(wishes);
            served
                .map(|(served, wish)| PublicServed {
                    service_id: wish.service_id.uuid(),
                    start: served.start,
                    end: served.end,
                    staff_id: served.staff_id.uuid(),
                })
                .collect()
        } else {
            vec![]
        };
        merged.push(PublicSlot {
            start,
            end,
            local_start: local(house, start),
            visitor_start: own.map(|own| local(own, start)),
            staff_id,
            staff_ids: vec![staff_id],
            services,
            session_id: None,
            seats_left: None,
        });
    }
    merged.extend(sessions.iter().map(|session| PublicSlot {
        start: session.start,
        end: session.end,
        local_start: local(house, session.start),
        visitor_start: own.map(|own| local(own, session.start)),
        staff_id: session.staff_id,
        staff_ids: vec![session.staff_id],
        services: vec![],
        session_id: session.session_id,
        seats_left: session.seats_left,
    }));
    merged.sort_by_key(|slot| slot.start);
    PublicSlots {
        slots: merged,
        time_zone: house.name().to_owned(),
    }
}

/// The services wished for, each with its staff member.
fn wishes(services: &[Uuid], staff: &[Uuid]) -> Result<Vec<Wish>, Problem> {
    let mut checks = Checks::default();
    if services.is_empty() {
        checks.fault("service_id", Message::new("violation-missing"));
    }
    checks.at_most("service_id", services, MOST_SERVICES);
    if staff.len() > 1 && staff.len() != services.len() {
        checks.fault("staff_id", Message::new("violation-one-for-each"));
    }
    checks.done()?;
    let wishes = services.iter().enumerate().map(|(number, service)| {
        let staff_id = if staff.len() == 1 {
            staff.first()
        } else {
            staff.get(number)
        };
        wish(*service, staff_id.copied())
    });
    Ok(wishes.collect())
}

/// A visitor's wish: length, price and desk are the house's to say.
pub(super) fn wish(service_id: Uuid, staff_id: Option<Uuid>) -> Wish {
    Wish {
        service_id: Id::new(service_id),
        staff_id: staff_id.map(Id::new),
        desk_id: None,
        duration_min: None,
        price: None,
    }
}
