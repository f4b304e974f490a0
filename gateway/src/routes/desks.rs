//! Desks: any place or equipment that serves.

mod holidays;

use axum::extract::State;
use domain::{
    desk::{Desk, DeskCommand, DeskWanted, MOST, Place},
    hours::WorkingHours,
    id::Id,
    staff::Staff,
    text::{Description, Label},
};
use ledger::{ClaimSet, Guard};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    hours::{Keep, check},
    staff::services,
};
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
    timetabling::claims_of_grown,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change))
        .routes(routes!(close))
        .routes(routes!(open))
        .routes(routes!(retire))
        .merge(holidays::routes())
}

/// A desk to be set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDesk {
    name: String,
    number: Option<String>,
    description: Option<String>,
    /// How many it serves at a time. 1..=500.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 500, default = 1)]
    capacity: i64,
    /// What is done at it. A service that no desk names needs none.
    #[serde(default)]
    service_ids: Vec<Uuid>,
    /// The staff member who alone works it; null: anybody.
    operator_id: Option<Uuid>,
    /// Null: whenever somebody works.
    #[schema(value_type = Option<schema::WorkingHours>)]
    working_hours: Option<WorkingHours>,
}

const fn one() -> i64 {
    1
}

/// What is to change of a desk; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeskChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    number: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 500, nullable = false)]
    capacity: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    service_ids: Option<Vec<Uuid>>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<Uuid>)]
    operator_id: Patch<Uuid>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<schema::WorkingHours>)]
    working_hours: Patch<WorkingHours>,
    /// Of shorter hours and of a smaller capacity: bookings that would no longer fit stay, and are to be moved. Else they
    /// are told with 409 `bookings_affected`.
    #[serde(default)]
    keep_bookings: bool,
}

/// A desk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Desk)]
struct DeskView {
    id: Uuid,
    name: String,
    number: Option<String>,
    description: Option<String>,
    capacity: u16,
    service_ids: Vec<Uuid>,
    operator_id: Option<Uuid>,
    #[schema(value_type = Option<schema::WorkingHours>)]
    working_hours: Option<WorkingHours>,
    /// Out of use until it is opened again.
    closed: bool,
    /// Taken away for good.
    retired: bool,
    version: i64,
}

impl View for DeskView {
    type Of = Desk;
    const HOME: &'static str = "/api/v1/desks";

    fn of(loaded: &Loaded<Desk>, id: Uuid) -> Option<Self> {
        let place = loaded.state.place.as_ref()?;
        Some(Self {
            id,
            name: place.name.to_string(),
            number: place.number.as_ref().map(ToString::to_string),
            description: place.description.as_ref().map(ToString::to_string),
            capacity: place.capacity,
            service_ids: place.service_ids.iter().map(|id| id.uuid()).collect(),
            operator_id: place.operator_id.map(Id::uuid),
            working_hours: place.working_hours.clone(),
            closed: loaded.state.closed,
            retired: loaded.state.retired,
            version: loaded.version.0,
        })
    }
}

/// Sets up a desk.
#[utoipa::path(post, path = "/desks", tag = "desks", request_body = NewDesk,
    responses((status = 201, body = DeskView)))]
async fn add(State(app): State<App>, call: Call<NewDesk>) -> Result<Answer<DeskView>, Problem> {
    let target = Target::new(app.new_id());
    let done = app.send(&call, target, |on| call.body.asked(on)).await?;
    app.answer(call.caller.business(), &done).await
}

/// All desks, the oldest first; those that were taken away too.
#[utoipa::path(get, path = "/desks", tag = "desks", params(PageQuery),
    responses((status = 200, body = Page<DeskView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<DeskView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let desks = known.catalogue.desks.iter().filter_map(|(id, desk)| {
        let loaded = known.loaded(id.uuid(), desk.clone());
        Some((id.uuid(), DeskView::of(&loaded, id.uuid())?))
    });
    Ok(Answer::ok(page_of(desks, &ask.query, &ask.list())?))
}

/// One desk.
#[utoipa::path(get, path = "/desks/{id}", tag = "desks", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeskView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<DeskView>, Problem> {
    app.show(ask.caller.business(), id, id).await
}

/// Changes a desk.
#[utoipa::path(patch, path = "/desks/{id}", tag = "desks", params(("id" = Uuid, Path)),
    request_body = DeskChange, responses((status = 200, body = DeskView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<DeskChange>,
) -> Result<Answer<DeskView>, Problem> {
    let business = call.caller.business();
    let known = app.catalogue_now(business).await?;
    let desk = known.catalogue.desks.get(&Id::new(id));
    let now = desk
        .and_then(|desk| desk.place.as_ref())
        .map(|it| it.capacity);
    let fewer = call.body.capacity.and_then(|to| u16::try_from(to).ok());
    let fewer = fewer.filter(|to| (1..now.unwrap_or(1)).contains(to) && !call.body.keep_bookings);
    if let Some(fewer) = fewer
        && let Err(refused) = app.must_fit(business, id, fewer).await
    {
        // What was done already under the same key is answered as it was then.
        let done = app.recalled(&call, refused).await?;
        return app.answer(business, &done).await;
    }
    let done = app
        .send(&call, Target::at(id), |on| call.body.asked(on, id))
        .await?;
    app.answer(business, &done).await
}

/// Takes a desk out of use until it is opened again.
#[utoipa::path(post, path = "/desks/{id}/close", tag = "desks", params(("id" = Uuid, Path)),
    request_body = Option<Keep>, responses((status = 200, body = DeskView)))]
async fn close(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Keep>,
) -> Result<Answer<DeskView>, Problem> {
    let close = |on: &Deciding<Desk>| {
        let closed = if call.body.keep_bookings || on.state.closed {
            vec![]
        } else {
            from_now_on(on.now)
        };
        Ok(Asked::of(DeskCommand::Close).guarded(must_be_free(vec![id], closed)))
    };
    let done = app.send(&call, Target::at(id), close).await?;
    app.answer(call.caller.business(), &done).await
}

/// Brings a desk back into use.
#[utoipa::path(post, path = "/desks/{id}/open", tag = "desks", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeskView)))]
async fn open(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<DeskView>, Problem> {
    let open = |_: &Deciding<Desk>| Ok(Asked::of(DeskCommand::Open));
    let done = app.send(&call, Target::at(id), open).await?;
    app.answer(call.caller.business(), &done).await
}

/// Takes a desk away for good.
#[utoipa::path(post, path = "/desks/{id}/retire", tag = "desks", params(("id" = Uuid, Path)),
    request_body = Option<Keep>, responses((status = 200, body = DeskView)))]
async fn retire(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<Keep>,
) -> Result<Answer<DeskView>, Problem> {
    let retire = |on: &Deciding<Desk>| {
        let closed = if call.body.keep_bookings || on.state.retired {
            vec![]
        } else {
            from_now_on(on.now)
        };
        Ok(Asked::of(DeskCommand::Retire).guarded(must_be_free(vec![id], closed)))
    };
    let done = app.send(&call, Target::at(id), retire).await?;
    app.answer(call.caller.business(), &done).await
}

impl NewDesk {
    fn asked(&self, on: &Deciding<Desk>) -> Result<Asked<Desk>, Problem> {
        on.known.settings()?;
        let mut checks = Checks::default();
        let name = checks.take("name", Label::parse(&self.name));
        let number = checks.maybe("number", self.number.as_deref(), Label::parse);
        let description = checks.maybe(
            "description",
            self.description.as_deref(),
            Description::parse,
        );
        let capacity = capacity(&mut checks, self.capacity);
        let service_ids = services(&mut checks, &self.service_ids, &on.known);
        let operator_id = self
            .operator_id
            .and_then(|id| operator(&mut checks, id, &on.known));
        if let Some(hours) = &self.working_hours {
            check(&mut checks, "working_hours", hours);
        }
        let (Some(name), true) = (name, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(Asked::of(DeskCommand::Add(Place {
            name,
            number,
            description,
            capacity,
            service_ids,
            operator_id,
            working_hours: self.working_hours.clone(),
        })))
    }
}

impl DeskChange {
    fn asked(&self, on: &Deciding<Desk>, id: Uuid) -> Result<Asked<Desk>, Problem> {
        on.state.standing()?;
        let mut checks = Checks::default();
        if let Some(Some(hours)) = &self.working_hours {
            check(&mut checks, "working_hours", hours);
        }
        let service_ids = self
            .service_ids
            .as_ref()
            .map(|ids| services(&mut checks, ids, &on.known));
        let operator_id = self
            .operator_id
            .map(|id| id.and_then(|id| operator(&mut checks, id, &on.known)));
        let wanted = DeskWanted {
            name: checks.maybe("name", self.name.as_deref(), Label::parse),
            number: checks.patch("number", &self.number, |text| Label::parse(text)),
            description: checks.patch("description", &self.description, |text| {
                Description::parse(text)
            }),
            capacity: self.capacity.map(|asked| capacity(&mut checks, asked)),
            service_ids,
            operator_id,
            working_hours: self.working_hours.clone(),
        };
        checks.done()?;
        let guards = match &self.working_hours {
            Some(after) if !self.keep_bookings => hours_guards(on, id, after.as_ref())?,
            Some(_) | None => vec![],
        };
        let claims = grown(on, id, &wanted);
        Ok(Asked::of(DeskCommand::Change(wanted))
            .guarded(guards)
            .claiming(claims))
    }
}

/// What a desk's sessions take of it once it has changed so: of more places all.
pub(super) fn grown(on: &Deciding<Desk>, id: Uuid, to: &DeskWanted) -> Vec<ClaimSet> {
    let to = to
        .capacity
        .map(|to| claims_of_grown(&on.known, Id::new(id), to, on.now));
    to.unwrap_or_default()
}

/// What must be free before a desk serves in these hours alone.
pub(super) fn hours_guards(
    on: &Deciding<Desk>,
    id: Uuid,
    to: Option<&WorkingHours>,
) -> Result<Vec<Guard>, Problem> {
    let zone = &on.known.settings()?.time_zone;
    let open = |hours: Option<_>| hours.map_or(Open::Always, Open::In);
    let before = open(on.state.standing()?.working_hours.as_ref());
    let closed = no_longer_open(before, open(to), zone, on.now);
    Ok(must_be_free(vec![id], closed))
}

fn capacity(checks: &mut Checks, asked: i64) -> u16 {
    let capacity = checks.within("capacity", asked, 1, u32::from(MOST));
    u16::try_from(capacity).unwrap_or(MOST)
}

fn operator(checks: &mut Checks, id: Uuid, known: &Known) -> Option<Id<Staff>> {
    let id = Id::new(id);
    let message = match known.catalogue.staff.get(&id) {
        Some(member) if !member.left => return Some(id),
        Some(_) => "violation-gone",
        None => "violation-not-found",
    };
    checks.fault("operator_id", Message::new(message));
    None
}
