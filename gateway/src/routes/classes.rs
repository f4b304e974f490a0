//! Classes: what is held again and again for several at once, and by which timetable.

mod changing;

use std::collections::BTreeSet;

use axum::extract::State;
use domain::{
    class::{Class, ClassCommand, Offered, Timetable},
    desk::Desk,
    id::Id,
    recurrence::Rule,
    service::Service,
    staff::Staff,
    text::Label,
    time::{Minutes, Zone, local_date},
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use ledger::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::closures::LocalTimeText;
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, At, Call, Decision, Loaded, Outcome, View},
    page::{Page, PageQuery, page_of},
    problem::Problem,
    texts::Message,
    timetabling::{MOST_AT_ONCE, TakenDate, horizon, session_on},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show))
        .merge(changing::routes())
}

/// A class to be begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClass {
    /// What it is called; absent: as its service.
    name: Option<String>,
    service_id: Uuid,
    /// By whom its sessions are held.
    staff_id: Uuid,
    /// Where; absent: it needs no desk.
    desk_id: Option<Uuid>,
    /// How many seats a session has. 1..=400.
    #[schema(minimum = 1, maximum = 400)]
    capacity: i64,
    timetable: TimetableFields,
    /// Dates that are not free are left out. Else they are told with 409 `slot_taken`, and nothing is made.
    #[serde(default)]
    skip_taken: bool,
}

/// When sessions are, by the wall clock.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTimetable)]
pub(super) struct TimetableFields {
    /// RFC 5545: daily, weekly, monthly or yearly. Without `COUNT` and `UNTIL` it goes on until the class ends.
    #[schema(example = "FREQ=WEEKLY;BYDAY=TU,TH")]
    rrule: String,
    /// The first moment, by the local clock. (An instant is read off that clock.)
    #[schema(example = "2026-12-01T18:00")]
    start: String,
    #[schema(minimum = 1, maximum = 44_640)]
    duration_min: i64,
    /// But not on these local dates.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    exceptions: Vec<DateField>,
}

/// A local date.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct DateField(#[serde(with = "local_date")] Date);

/// A class.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Class)]
pub(super) struct ClassView {
    id: Uuid,
    /// Null: it is called as its service.
    name: Option<String>,
    service_id: Uuid,
    staff_id: Uuid,
    desk_id: Option<Uuid>,
    capacity: u16,
    timetable: TimetableView,
    /// Up to this moment by the local clock its dates are sessions; later ones become so in time.
    #[schema(value_type = Option<String>)]
    scheduled_through: Option<LocalTimeText>,
    /// Dates of the timetable that were left out, for the time was not free.
    #[schema(value_type = Vec<String>)]
    skipped: Vec<LocalTimeText>,
    /// It has ended.
    retired: bool,
    version: i64,
}

/// When sessions are, by the wall clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timetable)]
struct TimetableView {
    rrule: String,
    #[schema(value_type = String, example = "2026-12-01T18:00")]
    start: LocalTimeText,
    duration_min: u32,
    #[schema(value_type = Vec<String>)]
    exceptions: Vec<Date>,
}

impl View for ClassView {
    type Of = Class;
    const HOME: &'static str = "/api/v1/classes";

    fn of(loaded: &Loaded<Class>, id: Uuid) -> Option<Self> {
        let class = &loaded.state;
        let offered = class.offered.as_ref()?;
        let timetable = &offered.timetable;
        Some(Self {
            id,
            name: offered.name.as_ref().map(ToString::to_string),
            service_id: offered.service_id.uuid(),
            staff_id: offered.staff_id.uuid(),
            desk_id: offered.desk_id.map(Id::uuid),
            capacity: offered.capacity,
            timetable: TimetableView {
                rrule: timetable.rrule.to_string(),
                start: LocalTimeText(timetable.start),
                duration_min: timetable.duration_min.get(),
                exceptions: timetable.exceptions.iter().copied().collect(),
            },
            scheduled_through: class.through.map(LocalTimeText),
            skipped: class.skipped.iter().copied().map(LocalTimeText).collect(),
            retired: class.retired,
            version: loaded.version.0,
        })
    }
}

/// Begins a class, and sets its sessions down: those of a rule that ends for two years ahead, of one that does not for
/// half a year, the later ones as time goes on. All of them or none, unless `skip_taken`.
#[utoipa::path(post, path = "/classes", tag = "classes", request_body = NewClass,
    responses((status = 201, body = ClassView)))]
async fn add(State(app): State<App>, call: Call<NewClass>) -> Result<Answer<ClassView>, Problem> {
    let business = call.caller.business();
    let id: Id<Class> = Id::new(app.new_id());
    let (app, call) = (&app, &call);
    let done = app
        .execute(call, move |attempt| async move {
            let known = app.catalogue_for(call, &attempt).await?;
            let offered = call.body.offered(&known)?;
            let mut class = Class::default();
            let mut events = class.decide(ClassCommand::Timetable(Box::new(offered)))?;
            events
                .iter()
                .cloned()
                .for_each(|event| apply(&mut class, event));
            let zone = &known.settings()?.time_zone;
            let (now, until) = (zone.local(app.now()), horizon(&class, zone, app.now()));
            let timetable = &class.standing()?.timetable;
            let dates = timetable.dates(zone, now, until, MOST_AT_ONCE);
            let through = match dates.last() {
                Some(last) if dates.len() == MOST_AT_ONCE => *last,
                Some(_) => until,
                None => {
                    let told = Message::new("violation-no-date");
                    return Err(Problem::field("timetable.rrule", told));
                }
            };
            let wished: Vec<_> = dates
                .iter()
                .filter_map(|date| session_on(&known, id, &class, *date))
                .collect();
            let settings: Vec<_> = wished.iter().map(|s| &s.setting).collect();
            let mut ground = app.ground(business, &known, &settings, &[]).await?;
            let mut decision = Decision::new(Outcome::made(id.uuid()));
            let (mut taken, mut skipped): (Vec<TakenDate>, _) = (vec![], vec![]);
            let mut sessions = 0;
            for schedule in wished {
                match ground.take(&schedule.setting) {
                    Ok(()) => {
                        sessions += 1;
                        decision.schedule(app, &known, Id::new(app.new_id()), schedule)?;
                    }
                    Err(date) => {
                        skipped.extend(schedule.timetabled);
                        taken.push(date);
                    }
                }
            }
            if sessions == 0 || !(taken.is_empty() || call.body.skip_taken) {
                return Err(app.dates_taken(business, &known, &taken, &[]).await);
            }
            events.extend(class.decide(ClassCommand::ScheduleSessions {
                through,
                sessions,
                skipped,
            })?);
            decision.write::<Class>(app, id.uuid(), Version::NEW, &events)?;
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.answer(business, &done).await
}

/// All classes, the oldest first; those that have ended too.
#[utoipa::path(get, path = "/classes", tag = "classes", params(PageQuery),
    responses((status = 200, body = Page<ClassView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<ClassView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let classes = known.catalogue.classes.iter().filter_map(|(id, class)| {
        let loaded = known.loaded(id.uuid(), class.clone());
        Some((id.uuid(), ClassView::of(&loaded, id.uuid())?))
    });
    Ok(Answer::ok(page_of(classes, &ask.query, &ask.list())?))
}

/// One class.
#[utoipa::path(get, path = "/classes/{id}", tag = "classes", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClassView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<ClassView>, Problem> {
    app.show(ask.caller.business(), id, id).await
}

impl NewClass {
    fn offered(&self, known: &Known) -> Result<Offered, Problem> {
        let zone = &known.settings()?.time_zone;
        let mut checks = Checks::default();
        let name = checks.maybe("name", self.name.as_deref(), Label::parse);
        let service_id = service(&mut checks, self.service_id, known);
        let staff_id = staff(
            &mut checks,
            self.staff_id,
            Some(Id::new(self.service_id)),
            known,
        );
        let desk_id = self
            .desk_id
            .and_then(|id| desk(&mut checks, id, Id::new(self.service_id), known));
        let capacity = seats(&mut checks, self.capacity);
        let timetable = self.timetable.read(&mut checks, zone);
        let (Some(timetable), true) = (timetable, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(Offered {
            name,
            service_id,
            staff_id,
            desk_id,
            capacity,
            timetable,
        })
    }
}

impl TimetableFields {
    pub(super) fn read(&self, checks: &mut Checks, zone: &Zone) -> Option<Timetable> {
        let rule = checks.take("timetable.rrule", Rule::parse(&self.rrule));
        let start = local_moment(&self.start, zone);
        if start.is_none() {
            checks.fault("timetable.start", Message::new("violation-local-time"));
        }
        let duration = checks.within(
            "timetable.duration_min",
            self.duration_min,
            1,
            domain::service::LONGEST_MIN,
        );
        checks.at_most(
            "timetable.exceptions",
            &self.exceptions,
            domain::class::MOST_EXCEPTIONS,
        );
        Some(Timetable {
            rrule: rule?,
            start: start?,
            duration_min: Minutes::new(duration),
            exceptions: self.exceptions.iter().map(|d| d.0).collect::<BTreeSet<_>>(),
        })
    }
}

/// What clocks on the wall read, to the minute: as said, or at the instant said.
pub(super) fn local_moment(text: &str, zone: &Zone) -> Option<DateTime> {
    let instant = text.parse::<Timestamp>();
    let local = match instant {
        Ok(instant) => zone.local(instant),
        Err(_) if text.contains('T') => text.parse().ok()?,
        Err(_) => return None,
    };
    let whole = local.second() == 0 && local.subsec_nanosecond() == 0;
    (whole && (1900..=2199).contains(&local.year())).then_some(local)
}

pub(super) fn seats(checks: &mut Checks, asked: i64) -> u16 {
    let most = domain::session::MOST_SEATS;
    u16::try_from(checks.within("capacity", asked, 1, most.into())).unwrap_or(most)
}

fn service(checks: &mut Checks, id: Uuid, known: &Known) -> Id<Service> {
    let service = known.catalogue.services.get(&Id::new(id));
    match service.map(|service| service.standing()) {
        Some(Ok(_)) => {}
        Some(Err(_)) => checks.fault("service_id", Message::new("violation-not-bookable")),
        None => checks.fault("service_id", Message::new("violation-not-found")),
    }
    Id::new(id)
}

/// Somebody who is there, and does the service if there is one to be done anew.
pub(super) fn staff(
    checks: &mut Checks,
    id: Uuid,
    service: Option<Id<Service>>,
    known: &Known,
) -> Id<Staff> {
    let member = known.catalogue.staff.get(&Id::new(id));
    let message = match member.map(|member| member.working()) {
        Some(Ok(member)) if service.is_none_or(|id| member.service_ids.contains(&id)) => None,
        Some(Ok(_)) => Some("violation-does-not-do-it"),
        Some(Err(_)) => Some("violation-gone"),
        None => Some("violation-not-found"),
    };
    if let Some(message) = message {
        checks.fault("staff_id", Message::new(message));
    }
    Id::new(id)
}

/// A desk that is in use, and serves the service or any.
pub(super) fn desk(
    checks: &mut Checks,
    id: Uuid,
    service: Id<Service>,
    known: &Known,
) -> Option<Id<Desk>> {
    let desk = known.catalogue.desks.get(&Id::new(id));
    let message = match desk.map(|desk| (desk.standing(), desk.closed)) {
        Some((Ok(place), false))
            if place.service_ids.is_empty() || place.service_ids.contains(&service) =>
        {
            return Some(Id::new(id));
        }
        Some((Ok(_), false)) => "violation-desk-does-not-serve-it",
        Some(_) => "violation-gone",
        None => "violation-not-found",
    };
    checks.fault("desk_id", Message::new(message));
    None
}

fn apply(class: &mut Class, event: domain::class::ClassEvent) {
    cqrs_es::Aggregate::apply(class, event);
}
