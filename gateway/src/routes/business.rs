//! The business itself: its settings, its hours.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{
    business::{Business, BusinessCommand, Modules, SettingsWanted},
    contact::{Country, Email, Language, Phone},
    hours::WorkingHours,
    money::Currency,
    text::{Color, Description, Label},
    time::Zone,
};
use ledger::Guard;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::hours::{HoursWanted, Keep};
use crate::{
    app::App,
    checks::{Checks, Patch, given, patch},
    command::{Answer, Ask, Asked, Call, Deciding, Loaded, Target, View},
    guarding::{Open, must_be_free, no_longer_open},
    problem::Problem,
    schema,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show, change))
        .routes(routes!(set_hours, take_hours_away))
}

/// The business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Business)]
struct BusinessView {
    id: Uuid,
    name: String,
    /// Its name in addresses; it never changes.
    slug: String,
    /// An IANA time zone.
    #[schema(example = "Europe/Warsaw")]
    time_zone: String,
    /// ISO 4217.
    #[schema(example = "PLN")]
    currency: String,
    /// ISO 3166-1 alpha-2; settles national phone numbers.
    #[schema(example = "PL")]
    country: String,
    /// The languages it speaks to clients (BCP 47), the first one by default.
    languages: Vec<String>,
    address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    logo: Option<String>,
    /// By role: `primary`, `accent`.
    colors: BTreeMap<String, String>,
    /// By place: `welcome`, `terms`.
    texts: BTreeMap<String, String>,
    #[schema(value_type = ModulesSchema)]
    modules: Modules,
    /// The hours of the house, which bound everyone's; null: unbounded.
    #[schema(value_type = Option<schema::WorkingHours>)]
    hours: Option<WorkingHours>,
    version: i64,
}

/// Parts of Daybook that can be switched off; all are on at first.
#[derive(ToSchema)]
#[schema(as = Modules)]
#[expect(dead_code, reason = "only its schema is used")]
struct ModulesSchema {
    /// Segments and campaigns.
    marketing: bool,
    /// Classes with seats.
    classes: bool,
    waitlist: bool,
    /// Packages and points.
    loyalty: bool,
}

/// Modules to be switched on or off; those absent stay as they are.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ModulesChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    marketing: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    classes: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    waitlist: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    loyalty: Option<bool>,
}

impl ModulesChange {
    fn on(self, now: Modules) -> Modules {
        Modules {
            marketing: self.marketing.unwrap_or(now.marketing),
            classes: self.classes.unwrap_or(now.classes),
            waitlist: self.waitlist.unwrap_or(now.waitlist),
            loyalty: self.loyalty.unwrap_or(now.loyalty),
        }
    }
}

impl View for BusinessView {
    type Of = Business;
    const HOME: &'static str = "/api/v1/business";

    fn of(loaded: &Loaded<Business>, id: Uuid) -> Option<Self> {
        let settings = loaded.state.settings.as_ref()?;
        Some(Self {
            id,
            name: settings.name.to_string(),
            slug: settings.slug.as_str().to_owned(),
            time_zone: settings.time_zone.name().to_owned(),
            currency: settings.currency.code().to_owned(),
            country: settings.country.as_str().to_owned(),
            languages: settings
                .languages
                .iter()
                .map(|language| language.as_str().to_owned())
                .collect(),
            address: settings.address.as_ref().map(ToString::to_string),
            phone: settings.phone.as_ref().map(|p| p.as_str().to_owned()),
            email: settings.email.as_ref().map(|e| e.as_str().to_owned()),
            logo: settings.logo.as_ref().map(ToString::to_string),
            colors: settings
                .colors
                .iter()
                .map(|(role, color)| (role.to_string(), color.as_str().to_owned()))
                .collect(),
            texts: settings
                .texts
                .iter()
                .map(|(place, text)| (place.to_string(), text.to_string()))
                .collect(),
            modules: settings.modules,
            hours: loaded.state.hours.clone(),
            version: loaded.version.0,
        })
    }
}

/// What is to change of the business; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BusinessChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    time_zone: Option<String>,
    /// Only while nothing has a price.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    currency: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    country: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_items = 1)]
    languages: Option<Vec<String>>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    address: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    phone: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>, format = "email")]
    email: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    logo: Patch<String>,
    /// All of them.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    colors: Option<BTreeMap<String, String>>,
    /// All of them.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    texts: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    modules: Option<ModulesChange>,
}

/// The most colours, texts or languages.
const MOST: usize = 100;

impl BusinessChange {
    fn asked(&self, on: &Deciding<Business>) -> Result<Asked<Business>, Problem> {
        let settings = on.state.settings()?;
        let mut checks = Checks::default();
        let country = checks.maybe("country", self.country.as_deref(), Country::parse);
        // A phone in the same request is of the country that is to be.
        let of_country = country.unwrap_or(settings.country);
        let languages = self.languages.as_ref().map(|tags| {
            checks.at_most("languages", tags, MOST);
            let tags = tags.iter().enumerate();
            tags.filter_map(|(n, tag)| {
                checks.take(&format!("languages[{n}]"), Language::parse(tag))
            })
            .collect()
        });
        let colors = self.colors.as_ref().map(|colors| {
            named(&mut checks, "colors", colors, |text| {
                Color::parse(text).map_err(|_| Message::new("violation-color"))
            })
        });
        let texts = self.texts.as_ref().map(|texts| {
            named(&mut checks, "texts", texts, |text| {
                Description::parse(text).map_err(Message::from)
            })
        });
        let wanted = SettingsWanted {
            name: checks.maybe("name", self.name.as_deref(), Label::parse),
            time_zone: checks.maybe("time_zone", self.time_zone.as_deref(), |name| {
                Zone::named(name).map_err(|_| Message::new("violation-time-zone"))
            }),
            currency: checks.maybe("currency", self.currency.as_deref(), |code| {
                Currency::from_code(code).ok_or_else(|| Message::new("violation-currency"))
            }),
            country,
            languages,
            address: checks.patch("address", &self.address, |text| Description::parse(text)),
            phone: checks.patch("phone", &self.phone, |text| {
                Phone::parse(text, Some(of_country))
            }),
            email: checks.patch("email", &self.email, |text| Email::parse(text)),
            logo: checks.patch("logo", &self.logo, |text| Label::parse(text)),
            colors,
            texts,
            modules: self.modules.map(|change| change.on(settings.modules)),
        };
        checks.done()?;
        Ok(Asked::of(BusinessCommand::ChangeSettings {
            to: Box::new(wanted),
            priced: on.known.catalogue.is_priced(),
        }))
    }
}

fn named<T>(
    checks: &mut Checks,
    field: &str,
    entries: &BTreeMap<String, String>,
    read: impl Fn(&str) -> Result<T, Message>,
) -> BTreeMap<Label, T> {
    let all: Vec<_> = entries.iter().collect();
    checks.at_most(field, &all, MOST);
    all.into_iter()
        .filter_map(|(name, text)| {
            let at = format!("{field}.{name}");
            let label = checks.take(&at, Label::parse(name));
            let value = checks.take(&at, read(text));
            Some((label?, value?))
        })
        .collect()
}

/// The business.
#[utoipa::path(get, path = "/business", tag = "business", responses((status = 200, body = BusinessView)))]
async fn show(State(app): State<App>, ask: Ask) -> Result<Answer<BusinessView>, Problem> {
    let business = ask.caller.business();
    app.show(business, business.0, business.0).await
}

/// Changes the business's settings.
#[utoipa::path(patch, path = "/business", tag = "business", request_body = BusinessChange,
    responses((status = 200, body = BusinessView)))]
async fn change(
    State(app): State<App>,
    call: Call<BusinessChange>,
) -> Result<Answer<BusinessView>, Problem> {
    let business = call.caller.business();
    let done = app
        .send(&call, Target::at(business.0), |on| call.body.asked(on))
        .await?;
    app.answer(business, &done).await
}

/// Sets the hours of the whole house; they bound everyone's.
#[utoipa::path(put, path = "/business/hours", tag = "business", request_body = HoursWanted,
    responses((status = 200, body = BusinessView)))]
async fn set_hours(
    State(app): State<App>,
    call: Call<HoursWanted>,
) -> Result<Answer<BusinessView>, Problem> {
    let business = call.caller.business();
    let done = app
        .send(&call, Target::at(business.0), |on| {
            hours_asked(on, Some(call.body.hours()?), call.body.keep_bookings)
        })
        .await?;
    app.answer(business, &done).await
}

/// Lets everyone's own hours count alone.
#[utoipa::path(delete, path = "/business/hours", tag = "business", request_body = Option<Keep>,
    responses((status = 200, body = BusinessView)))]
async fn take_hours_away(
    State(app): State<App>,
    call: Call<Keep>,
) -> Result<Answer<BusinessView>, Problem> {
    let business = call.caller.business();
    let done = app
        .send(&call, Target::at(business.0), |on| {
            hours_asked(on, None, call.body.keep_bookings)
        })
        .await?;
    app.answer(business, &done).await
}

fn hours_asked(
    on: &Deciding<Business>,
    to: Option<WorkingHours>,
    keep_bookings: bool,
) -> Result<Asked<Business>, Problem> {
    let guards = if keep_bookings {
        vec![]
    } else {
        hours_guards(on, to.as_ref())?
    };
    Ok(Asked::of(BusinessCommand::SetHours(to)).guarded(guards))
}

/// What must be free before the house is open in these hours alone.
pub(super) fn hours_guards(
    on: &Deciding<Business>,
    to: Option<&WorkingHours>,
) -> Result<Vec<Guard>, Problem> {
    let zone = &on.state.settings()?.time_zone;
    let before = on.state.hours.as_ref().map_or(Open::Always, Open::In);
    let after = to.map_or(Open::Always, Open::In);
    Ok(must_be_free(
        vec![],
        no_longer_open(before, after, zone, on.now),
    ))
}
