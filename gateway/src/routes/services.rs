//! Services: what is done, how long it takes, what it costs.

use axum::extract::State;
use domain::{
    business::Settings,
    hours::Processing,
    id::Id,
    money::{Currency, Money},
    service::{
        LONGEST_BUFFER_MIN, LONGEST_MIN, Offer, PerStaff, Service, ServiceCommand, ServiceState,
        ServiceWanted, Timing,
    },
    staff::Staff,
    text::{Color, Description, Label, TextError},
    time::Minutes,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    app::App,
    catalogue::Known,
    checks::{Checks, Patch, given, patch},
    command::{Answer, Ask, Asked, At, Call, Deciding, Loaded, Target, View},
    page::{Page, PageQuery, page_of},
    problem::Problem,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, offer))
        .routes(routes!(show, change))
        .routes(routes!(retire))
}

/// A service to be offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewService {
    /// What it is called; at most 200 characters.
    name: String,
    /// How long it takes, in minutes. 1..=44,640.
    #[schema(minimum = 1, maximum = 44640)]
    duration_min: i64,
    /// What it costs, in the business's currency.
    #[schema(pattern = r"^\d+(\.\d+)?$", example = "120.00")]
    price: String,
    /// Minutes kept free before it. 0..=1,440.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1440)]
    buffer_before_min: i64,
    /// Minutes kept free after it. 0..=1,440.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1440)]
    buffer_after_min: i64,
    /// A time in its middle in which the client waits and the staff member is free.
    processing: Option<ProcessingFields>,
    /// Who does it faster, slower, cheaper or dearer.
    #[serde(default)]
    per_staff: Vec<PerStaffFields>,
    /// Who may book it: everyone, staff alone, nobody.
    #[serde(default)]
    state: StateField,
    /// Its colour in the calendar, such as `#3366cc`.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$")]
    color: Option<String>,
    /// What the booking page says of it.
    description: Option<String>,
}

/// What is to change of a service; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ServiceChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 44640, nullable = false)]
    duration_min: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(pattern = r"^\d+(\.\d+)?$", nullable = false)]
    price: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 0, maximum = 1440, nullable = false)]
    buffer_before_min: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 0, maximum = 1440, nullable = false)]
    buffer_after_min: Option<i64>,
    /// Null: none.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<ProcessingFields>)]
    processing: Patch<ProcessingFields>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    per_staff: Option<Vec<PerStaffFields>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    state: Option<StateField>,
    /// Null: none.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    color: Patch<String>,
    /// Null: none.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// A time in the middle of a service in which the client waits.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Processing)]
struct ProcessingFields {
    /// Minutes from the start to the beginning of the wait.
    #[schema(minimum = 0)]
    after_min: i64,
    /// Minutes of waiting.
    #[schema(minimum = 0)]
    for_min: i64,
}

/// How one staff member differs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PerStaff)]
struct PerStaffFields {
    /// Who.
    staff_id: Uuid,
    /// Their length in minutes; null: as the service's.
    #[schema(minimum = 1, maximum = 44640)]
    duration_min: Option<i64>,
    /// Their price; null: as the service's.
    #[schema(pattern = r"^\d+(\.\d+)?$")]
    price: Option<String>,
}

/// Who may book a service.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ServiceState)]
enum StateField {
    /// Everyone.
    #[default]
    Active,
    /// Staff alone.
    Internal,
    /// Nobody.
    Disabled,
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceView {
    id: Uuid,
    name: String,
    duration_min: u32,
    price: String,
    buffer_before_min: u32,
    buffer_after_min: u32,
    processing: Option<ProcessingFields>,
    per_staff: Vec<PerStaffFields>,
    state: StateField,
    color: Option<String>,
    description: Option<String>,
    /// It left the price list for good.
    retired: bool,
    /// As in the `ETag`.
    version: i64,
}

impl View for ServiceView {
    type Of = Service;
    const HOME: &'static str = "/api/v1/services";

    fn of(loaded: &Loaded<Service>, id: Uuid) -> Option<Self> {
        let offer = loaded.state.offer.as_ref()?;
        Some(Self {
            id,
            name: offer.name.to_string(),
            duration_min: offer.timing.duration_min.get(),
            price: offer.price.to_string(),
            buffer_before_min: offer.timing.buffer_before_min.get(),
            buffer_after_min: offer.timing.buffer_after_min.get(),
            processing: offer.timing.processing.map(|p| ProcessingFields {
                after_min: p.after_min.get().into(),
                for_min: p.for_min.get().into(),
            }),
            per_staff: offer
                .per_staff
                .iter()
                .map(|per| PerStaffFields {
                    staff_id: per.staff_id.uuid(),
                    duration_min: per.duration_min.map(|minutes| minutes.get().into()),
                    price: per.price.map(|price| price.to_string()),
                })
                .collect(),
            state: offer.state.into(),
            color: offer.color.as_ref().map(|color| color.as_str().to_owned()),
            description: offer.description.as_ref().map(ToString::to_string),
            retired: loaded.state.withdrawn,
            version: loaded.version.0,
        })
    }
}

/// Puts a service on the price list.
#[utoipa::path(post, path = "/services", tag = "services", request_body = NewService,
    responses((status = 201, body = ServiceView)))]
async fn offer(
    State(app): State<App>,
    call: Call<NewService>,
) -> Result<Answer<ServiceView>, Problem> {
    let target = Target::new(app.new_id());
    let done = app.send(&call, target, |on| call.body.asked(on)).await?;
    app.answer(call.caller.business(), &done).await
}

/// All services, the oldest first; those that were retired too.
#[utoipa::path(get, path = "/services", tag = "services", params(PageQuery),
    responses((status = 200, body = Page<ServiceView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<ServiceView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let services = known.catalogue.services.iter().filter_map(|(id, service)| {
        let loaded = known.loaded(id.uuid(), service.clone());
        Some((id.uuid(), ServiceView::of(&loaded, id.uuid())?))
    });
    Ok(Answer::ok(page_of(services, &ask.query, &ask.list())?))
}

/// One service.
#[utoipa::path(get, path = "/services/{id}", tag = "services", params(("id" = Uuid, Path)),
    responses((status = 200, body = ServiceView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<ServiceView>, Problem> {
    app.show(ask.caller.business(), id, id).await
}

/// Changes a service. Bookings keep what was agreed.
#[utoipa::path(patch, path = "/services/{id}", tag = "services", params(("id" = Uuid, Path)),
    request_body = ServiceChange, responses((status = 200, body = ServiceView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ServiceChange>,
) -> Result<Answer<ServiceView>, Problem> {
    let done = app
        .send(&call, Target::at(id), |on| call.body.asked(on))
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// Takes a service off the price list for good. Bookings of it stay.
#[utoipa::path(post, path = "/services/{id}/retire", tag = "services", params(("id" = Uuid, Path)),
    responses((status = 200, body = ServiceView)))]
async fn retire(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call,
) -> Result<Answer<ServiceView>, Problem> {
    let withdraw = |_: &Deciding<Service>| Ok(Asked::of(ServiceCommand::Withdraw));
    let done = app.send(&call, Target::at(id), withdraw).await?;
    app.answer(call.caller.business(), &done).await
}

impl NewService {
    fn asked(&self, on: &Deciding<Service>) -> Result<Asked<Service>, Problem> {
        let settings = on.known.settings()?;
        let mut checks = Checks::default();
        let duration = minutes(
            &mut checks,
            "duration_min",
            self.duration_min,
            1,
            LONGEST_MIN,
        );
        let before = buffer(&mut checks, "buffer_before_min", self.buffer_before_min);
        let after = buffer(&mut checks, "buffer_after_min", self.buffer_after_min);
        let processing = self
            .processing
            .and_then(|fields| processing(&mut checks, fields));
        let name = checks.take("name", Label::parse(&self.name));
        let price = checks.price("price", &self.price, settings.currency);
        let per_staff = per_staff(
            &mut checks,
            &self.per_staff,
            processing,
            settings,
            &on.known,
        );
        let color = checks.maybe("color", self.color.as_deref(), color);
        let description = checks.maybe(
            "description",
            self.description.as_deref(),
            Description::parse,
        );
        let (Some(name), Some(price), true) = (name, price, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(Asked::of(ServiceCommand::Offer(Offer {
            name,
            timing: Timing {
                duration_min: duration,
                buffer_before_min: before,
                buffer_after_min: after,
                processing,
            },
            price,
            per_staff,
            state: self.state.into(),
            color,
            description,
        })))
    }
}

impl ServiceChange {
    fn asked(&self, on: &Deciding<Service>) -> Result<Asked<Service>, Problem> {
        let settings = on.known.settings()?;
        // 404 or 409 before any 422: what is not there has no fields.
        let now = on.state.standing()?;
        let mut checks = Checks::default();
        let mut timing = now.timing;
        if let Some(asked) = self.duration_min {
            timing.duration_min = minutes(&mut checks, "duration_min", asked, 1, LONGEST_MIN);
        }
        if let Some(asked) = self.buffer_before_min {
            timing.buffer_before_min = buffer(&mut checks, "buffer_before_min", asked);
        }
        if let Some(asked) = self.buffer_after_min {
            timing.buffer_after_min = buffer(&mut checks, "buffer_after_min", asked);
        }
        if let Some(asked) = self.processing {
            timing.processing = asked.and_then(|fields| processing(&mut checks, fields));
        }
        let price = self.price.as_deref();
        let price = price.and_then(|text| checks.price("price", text, settings.currency));
        let per_staff = self
            .per_staff
            .as_ref()
            .map(|fields| per_staff(&mut checks, fields, timing.processing, settings, &on.known));
        let wanted = ServiceWanted {
            name: checks.maybe("name", self.name.as_deref(), Label::parse),
            timing: Some(timing),
            price,
            per_staff,
            state: self.state.map(Into::into),
            color: checks.patch("color", &self.color, |text| color(text)),
            description: checks.patch("description", &self.description, |text| {
                Description::parse(text)
            }),
        };
        checks.done()?;
        Ok(Asked::of(ServiceCommand::Change(wanted)))
    }
}

/// A length in minutes.
fn minutes(checks: &mut Checks, field: &str, asked: i64, least: u32, most: u32) -> Minutes {
    Minutes::new(checks.within(field, asked, least, most))
}

fn buffer(checks: &mut Checks, field: &str, asked: i64) -> Minutes {
    minutes(checks, field, asked, 0, LONGEST_BUFFER_MIN)
}

fn processing(checks: &mut Checks, fields: ProcessingFields) -> Option<Processing> {
    let after_min = minutes(
        checks,
        "processing.after_min",
        fields.after_min,
        0,
        LONGEST_MIN,
    );
    let for_min = minutes(checks, "processing.for_min", fields.for_min, 0, LONGEST_MIN);
    Some(Processing { after_min, for_min })
}

fn color(text: &str) -> Result<Color, Message> {
    Color::parse(text).map_err(|error| match error {
        TextError::Form(_) => Message::new("violation-color"),
        TextError::Empty | TextError::TooLong { .. } | TextError::Control => error.into(),
    })
}

fn per_staff(
    checks: &mut Checks,
    fields: &[PerStaffFields],
    processing: Option<Processing>,
    settings: &Settings,
    known: &Known,
) -> Vec<PerStaff> {
    checks.at_most("per_staff", fields, 500);
    let mut all: Vec<PerStaff> = vec![];
    for (n, fields) in fields.iter().enumerate() {
        let at = |field: &str| format!("per_staff[{n}].{field}");
        let staff_id = Id::<Staff>::new(fields.staff_id);
        if !known.catalogue.staff.contains_key(&staff_id) {
            checks.fault(at("staff_id"), Message::new("violation-not-found"));
        }
        if all.iter().any(|other| other.staff_id == staff_id) {
            checks.fault(at("staff_id"), Message::new("violation-twice"));
        }
        let duration_min = fields
            .duration_min
            .map(|asked| minutes(checks, &at("duration_min"), asked, 1, LONGEST_MIN));
        if let (Some(processing), Some(duration)) = (processing, duration_min)
            && !processing.fits(duration)
        {
            let outside = Message::new("violation-processing-outside");
            checks.fault(at("duration_min"), outside);
        }
        all.push(PerStaff {
            staff_id,
            duration_min,
            price: price_of(
                checks,
                &at("price"),
                fields.price.as_deref(),
                settings.currency,
            ),
        });
    }
    all
}

fn price_of(
    checks: &mut Checks,
    field: &str,
    text: Option<&str>,
    currency: Currency,
) -> Option<Money> {
    text.and_then(|text| checks.price(field, text, currency))
}

impl From<StateField> for ServiceState {
    fn from(state: StateField) -> Self {
        match state {
            StateField::Active => Self::Active,
            StateField::Internal => Self::Internal,
            StateField::Disabled => Self::Disabled,
        }
    }
}

impl From<ServiceState> for StateField {
    fn from(state: ServiceState) -> Self {
        match state {
            ServiceState::Active => Self::Active,
            ServiceState::Internal => Self::Internal,
            ServiceState::Disabled => Self::Disabled,
        }
    }
}
