//! Staff members: what they do, when they work.

use std::collections::HashSet;

use axum::extract::State;
use domain::{
    contact::{Email, Phone},
    hours::{SlotGrid, WorkingHours},
    id::Id,
    sealed::Sealed,
    service::Service,
    staff::{Grid, Member, Staff, StaffCommand, StaffWanted},
    text::PersonName,
    time::Minutes,
};
use ledger::Guard;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::hours::{HoursView, HoursWanted, Keep, check};
use crate::{
    app::App,
    catalogue::Known,
    checks::{Checks, Patch, given, patch},
    command::{Answer, Ask, Asked, At, Call, Deciding, Loaded, Target, View},
    guarding::{Open, from_now_on, must_be_free, no_longer_open},
    page::{Page, PageQuery, page_of},
    problem::Problem,
    schema,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, join))
        .routes(routes!(show, change))
        .routes(routes!(retire))
        .routes(routes!(show_hours, set_hours, take_hours_away))
}

/// A staff member who joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStaff {
    name: String,
    /// Minutes from one start to the next. 1..=1,440.
    #[schema(minimum = 1, maximum = 1440)]
    slot_interval_min: i64,
    /// What the steps count from: the beginning of each interval of working hours, or the first round time in it.
    #[serde(default)]
    slot_grid: GridField,
    /// What they do.
    service_ids: Vec<Uuid>,
    #[schema(format = "email")]
    email: Option<String>,
    phone: Option<String>,
    /// Null: the hours of the house.
    #[schema(value_type = Option<schema::WorkingHours>)]
    working_hours: Option<WorkingHours>,
}

/// What is to change of a staff member; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 1440, nullable = false)]
    slot_interval_min: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    slot_grid: Option<GridField>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    service_ids: Option<Vec<Uuid>>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>, format = "email")]
    email: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    phone: Patch<String>,
}

/// What the steps between starts count from.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlotGrid)]
enum GridField {
    /// The beginning of each interval of working hours.
    #[default]
    Interval,
    /// The first round time in each interval.
    Clock,
}

/// A staff member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
struct StaffView {
    id: Uuid,
    /// Null: erased.
    name: Option<String>,
    slot_interval_min: u32,
    slot_grid: GridField,
    service_ids: Vec<Uuid>,
    email: Option<String>,
    phone: Option<String>,
    /// Null: the hours of the house.
    #[schema(value_type = Option<schema::WorkingHours>)]
    working_hours: Option<WorkingHours>,
    /// They no longer take bookings.
    retired: bool,
    version: i64,
}

impl View for StaffView {
    type Of = Staff;
    const HOME: &'static str = "/api/v1/staff";

    fn of(loaded: &Loaded<Staff>, id: Uuid) -> Option<Self> {
        let member = loaded.state.member.as_ref()?;
        Some(Self {
            id,
            name: member.name.value().map(ToString::to_string),
            slot_interval_min: member.grid.slot_interval_min.get(),
            slot_grid: member.grid.slot_grid.into(),
            service_ids: member.service_ids.iter().map(|id| id.uuid()).collect(),
            email: open_text(member.email.as_ref(), Email::as_str),
            phone: open_text(member.phone.as_ref(), Phone::as_str),
            working_hours: member.working_hours.clone(),
            retired: loaded.state.left,
            version: loaded.version.0,
        })
    }
}

/// What is sealed, if it is there and can be read.
pub(super) fn open_text<T>(
    sealed: Option<&Sealed<T>>,
    text: impl FnOnce(&T) -> &str,
) -> Option<String> {
    sealed
        .and_then(Sealed::value)
        .map(|value| text(value).to_owned())
}

impl View for HoursView {
    type Of = Staff;
    const HOME: &'static str = "/api/v1/staff";

    fn of(loaded: &Loaded<Staff>, _: Uuid) -> Option<Self> {
        let member = loaded.state.member.as_ref()?;
        Some(Self {
            working_hours: member.working_hours.clone(),
        })
    }
}

/// Lets somebody take bookings.
#[utoipa::path(post, path = "/staff", tag = "staff", request_body = NewStaff,
    responses((status = 201, body = StaffView)))]
async fn join(State(app): State<App>, call: Call<NewStaff>) -> Result<Answer<StaffView>, Problem> {
    let id = app.new_id();
    let done = app
        .send(&call, Target::new(id), |on| {
            call.body.asked(on, Id::new(id))
        })
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// All staff, those first who joined first; those who left too.
#[utoipa::path(get, path = "/staff", tag = "staff", params(PageQuery),
    responses((status = 200, body = Page<StaffView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<StaffView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let staff = known.catalogue.staff.iter().filter_map(|(id, member)| {
        let loaded = known.loaded(id.uuid(), member.clone());
        Some((id.uuid(), StaffView::of(&loaded, id.uuid())?))
    });
    Ok(Answer::ok(page_of(staff, &ask.query, &ask.list())?))
}

/// One staff member.
#[utoipa::path(get, path = "/staff/{id}", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 200, body = StaffView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<StaffView>, Problem> {
    app.show(ask.caller.business(), id, id).await
}

/// Changes a staff member.
#[utoipa::path(patch, path = "/staff/{id}", tag = "staff", params(("id" = Uuid, Path)),
    request_body = StaffChange, responses((status = 200, body = StaffView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<StaffChange>,
) -> Result<Answer<StaffView>, Problem> {
    let done = app
        .send(&call, Target::at(id), |on| call.body.asked(on, Id::new(id)))
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// Lets a staff member take no more bookings, for good.
#[utoipa::path(post, path = "/staff/{id}/retire", tag = "staff", params(("id" = Uuid, Path)),
    request_body = Option<Keep>, responses((status = 200, body = StaffView)))]
async fn retire(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Keep>,
) -> Result<Answer<StaffView>, Problem> {
    let leave = |on: &Deciding<Staff>| {
        let closed = if call.body.keep_bookings || on.state.left {
            vec![]
        } else {
            from_now_on(on.now)
        };
        Ok(Asked::of(StaffCommand::Leave).guarded(must_be_free(vec![id], closed)))
    };
    let done = app.send(&call, Target::at(id), leave).await?;
    app.answer(call.caller.business(), &done).await
}

/// When a staff member works.
#[utoipa::path(get, path = "/staff/{id}/working-hours", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 200, body = HoursView)))]
async fn show_hours(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<HoursView>, Problem> {
    app.show(ask.caller.business(), id, id).await
}

/// Sets when a staff member works.
#[utoipa::path(put, path = "/staff/{id}/working-hours", tag = "staff", params(("id" = Uuid, Path)),
    request_body = HoursWanted, responses((status = 200, body = HoursView)))]
async fn set_hours(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<HoursWanted>,
) -> Result<Answer<HoursView>, Problem> {
    let done = app
        .send(&call, Target::at(id), |on| {
            hours_asked(on, id, Some(call.body.hours()?), call.body.keep_bookings)
        })
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// Lets a staff member work in the hours of the house.
#[utoipa::path(delete, path = "/staff/{id}/working-hours", tag = "staff", params(("id" = Uuid, Path)),
    request_body = Option<Keep>, responses((status = 200, body = HoursView)))]
async fn take_hours_away(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Keep>,
) -> Result<Answer<HoursView>, Problem> {
    let done = app
        .send(&call, Target::at(id), |on| {
            hours_asked(on, id, None, call.body.keep_bookings)
        })
        .await?;
    app.answer(call.caller.business(), &done).await
}

fn hours_asked(
    on: &Deciding<Staff>,
    id: Uuid,
    to: Option<WorkingHours>,
    keep_bookings: bool,
) -> Result<Asked<Staff>, Problem> {
    on.state.working()?;
    let guards = if keep_bookings {
        vec![]
    } else {
        hours_guards(on, id, to.as_ref())?
    };
    Ok(Asked::of(StaffCommand::SetWorkingHours(to)).guarded(guards))
}

/// What must be free before they work in these hours alone.
pub(super) fn hours_guards(
    on: &Deciding<Staff>,
    id: Uuid,
    to: Option<&WorkingHours>,
) -> Result<Vec<Guard>, Problem> {
    let zone = &on.known.settings()?.time_zone;
    let house = on.known.catalogue.business.hours.as_ref();
    let before = on.state.working()?.working_hours.as_ref().or(house);
    let open = |hours| match hours {
        Some(hours) => Open::In(hours),
        None => Open::Never,
    };
    let closed = no_longer_open(open(before), open(to.or(house)), zone, on.now);
    Ok(must_be_free(vec![id], closed))
}

impl NewStaff {
    fn asked(&self, on: &Deciding<Staff>, id: Id<Staff>) -> Result<Asked<Staff>, Problem> {
        let country = on.known.settings()?.country;
        let mut checks = Checks::default();
        let name = checks.take("name", PersonName::parse(&self.name));
        let interval = checks.within("slot_interval_min", self.slot_interval_min, 1, 1_440);
        let service_ids = services(&mut checks, &self.service_ids, &on.known);
        let email = checks.maybe("email", self.email.as_deref(), Email::parse);
        let phone = self.phone.as_deref();
        let phone = phone.and_then(|text| checks.phone("phone", text, country));
        if let Some(hours) = &self.working_hours {
            check(&mut checks, "working_hours", hours);
        }
        let (Some(name), true) = (name, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(Asked::of(StaffCommand::Join(Member {
            name: Sealed::open(id, name),
            email: email.map(|email| Sealed::open(id, email)),
            phone: phone.map(|phone| Sealed::open(id, phone)),
            grid: Grid {
                slot_interval_min: Minutes::new(interval),
                slot_grid: self.slot_grid.into(),
            },
            service_ids,
            working_hours: self.working_hours.clone(),
        })))
    }
}

impl StaffChange {
    fn asked(&self, on: &Deciding<Staff>, id: Id<Staff>) -> Result<Asked<Staff>, Problem> {
        let country = on.known.settings()?.country;
        on.state.working()?;
        let mut checks = Checks::default();
        let name = checks.maybe("name", self.name.as_deref(), PersonName::parse);
        let interval = self
            .slot_interval_min
            .map(|asked| checks.within("slot_interval_min", asked, 1, 1_440));
        let email = checks.patch("email", &self.email, |text| Email::parse(text));
        let phone = checks.patch("phone", &self.phone, |text| {
            Phone::parse(text, Some(country))
        });
        let service_ids = self
            .service_ids
            .as_ref()
            .map(|ids| services(&mut checks, ids, &on.known));
        checks.done()?;
        Ok(Asked::of(StaffCommand::Change(StaffWanted {
            name: name.map(|name| Sealed::open(id, name)),
            email: email.map(|email| email.map(|email| Sealed::open(id, email))),
            phone: phone.map(|phone| phone.map(|phone| Sealed::open(id, phone))),
            slot_interval_min: interval.map(Minutes::new),
            slot_grid: self.slot_grid.map(Into::into),
            service_ids,
        })))
    }
}

/// Services of the business, each once.
pub(super) fn services(checks: &mut Checks, ids: &[Uuid], known: &Known) -> Vec<Id<Service>> {
    checks.at_most("service_ids", ids, 2_000);
    let mut seen = HashSet::new();
    let mut services = vec![];
    for (n, id) in ids.iter().enumerate() {
        let at = format!("service_ids[{n}]");
        let id = Id::<Service>::new(*id);
        if !known.catalogue.services.contains_key(&id) {
            checks.fault(at, Message::new("violation-not-found"));
        } else if !seen.insert(id) {
            checks.fault(at, Message::new("violation-twice"));
        } else {
            services.push(id);
        }
    }
    services
}

impl From<GridField> for SlotGrid {
    fn from(grid: GridField) -> Self {
        match grid {
            GridField::Interval => Self::Interval,
            GridField::Clock => Self::Clock,
        }
    }
}

impl From<SlotGrid> for GridField {
    fn from(grid: SlotGrid) -> Self {
        match grid {
            SlotGrid::Interval => Self::Interval,
            SlotGrid::Clock => Self::Clock,
        }
    }
}
