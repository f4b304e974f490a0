//! The rules for booking, and what visitors are asked to agree to.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{
    business::{Business, BusinessCommand, Confirmation, ConsentText, Policy},
    contact::Language,
    text::Description,
    time::Minutes,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::clients::ConsentField;
use crate::{
    app::App,
    checks::{Checks, Patch, given, patch},
    command::{Answer, Ask, Asked, Call, Loaded, Target, View},
    problem::Problem,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, set))
}

/// The rules for booking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookingPolicy)]
pub(super) struct PolicyView {
    /// Minutes that a start must lie ahead of now.
    min_notice_min: u32,
    /// How many days ahead a start may lie.
    horizon_days: u16,
    /// Minutes before the start after which a client can no longer cancel or move.
    cancellation_window_min: u32,
    /// A booking is confirmed at once; else it is requested first.
    auto_confirm: bool,
    /// How many bookings made online a client may have ahead of them; null: any number.
    most_ahead_per_client: Option<u16>,
    /// How many bookings made online a client may have on one local date; null: any number.
    most_a_day_per_client: Option<u16>,
    /// Minutes for which a visitor's hold keeps the time.
    hold_min: u32,
    /// How a visitor shows that the booking is theirs; until then it is requested, and holds its time.
    confirmation: ConfirmationField,
    /// Minutes after which a booking that its visitor has not confirmed is cancelled.
    confirmation_timeout_min: u32,
    /// What visitors are asked to agree to.
    consents: Vec<ConsentTextView>,
}

/// `none`, `link` (in an e-mail) or `code` (in an e-mail).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Confirmation)]
pub(crate) enum ConfirmationField {
    None,
    Link,
    Code,
}

/// What a visitor is asked to agree to, as it is worded now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentText)]
pub(crate) struct ConsentTextView {
    consent: ConsentField,
    /// Counted up whenever the wording changes.
    version: u32,
    /// Nobody books without it.
    required: bool,
    /// The words, by language (BCP 47).
    texts: BTreeMap<String, String>,
}

impl From<&ConsentText> for ConsentTextView {
    fn from(text: &ConsentText) -> Self {
        let texts = text.texts.iter();
        Self {
            consent: text.consent.into(),
            version: text.version,
            required: text.required,
            texts: texts
                .map(|(language, text)| (language.as_str().to_owned(), text.to_string()))
                .collect(),
        }
    }
}

impl View for PolicyView {
    type Of = Business;
    const HOME: &'static str = "/api/v1/settings/booking-policy";

    fn of(loaded: &Loaded<Business>, _: Uuid) -> Option<Self> {
        loaded.state.settings.as_ref()?;
        let policy = &loaded.state.policy;
        Some(Self {
            min_notice_min: policy.min_notice_min.get(),
            horizon_days: policy.horizon_days,
            cancellation_window_min: policy.cancellation_window_min.get(),
            auto_confirm: policy.auto_confirm,
            most_ahead_per_client: policy.most_ahead_per_client,
            most_a_day_per_client: policy.most_a_day_per_client,
            hold_min: policy.hold_min.get(),
            confirmation: policy.confirmation.into(),
            confirmation_timeout_min: policy.confirmation_timeout_min.get(),
            consents: policy.consents.iter().map(Into::into).collect(),
        })
    }
}

/// Rules for booking to be set; what is absent stays as it is. Staff are warned where the public side refuses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyWanted {
    /// Minutes that a start must lie ahead of now. 0..=10,080.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 0, maximum = 10080, nullable = false)]
    min_notice_min: Option<i64>,
    /// How many days ahead a start may lie. 1..=730.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 730, nullable = false)]
    horizon_days: Option<i64>,
    /// Minutes before the start after which a client can no longer cancel or move. 0..=43,200.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 0, maximum = 43200, nullable = false)]
    cancellation_window_min: Option<i64>,
    /// A booking is confirmed at once; else it is requested first.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    auto_confirm: Option<bool>,
    /// How many bookings made online a client may have ahead of them. 1..=50; null: any number.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 50)]
    most_ahead_per_client: Patch<i64>,
    /// How many bookings made online a client may have on one local date. 1..=20; null: any number.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 20)]
    most_a_day_per_client: Patch<i64>,
    /// Minutes for which a visitor's hold keeps the time. 1..=60.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 60, nullable = false)]
    hold_min: Option<i64>,
    /// `link` and `code` only where bookings are confirmed at once: either the client confirms, or the house.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    confirmation: Option<ConfirmationField>,
    /// Minutes after which a booking that its visitor has not confirmed is cancelled. 5..=1,440.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 5, maximum = 1440, nullable = false)]
    confirmation_timeout_min: Option<i64>,
    /// What visitors are asked to agree to: all of it, each once.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    consents: Option<Vec<ConsentTextFields>>,
}

/// What a visitor is to be asked to agree to. Its version is counted by the service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentTextFields {
    consent: ConsentField,
    /// Nobody books without it.
    #[serde(default)]
    required: bool,
    /// The words, by language (BCP 47), at least in one.
    #[schema(example = json!({"en": "We may write to you about offers."}))]
    texts: BTreeMap<String, String>,
}

/// The most languages of a consent.
const LANGUAGES: usize = 100;

impl PolicyWanted {
    fn policy(&self, now: &Policy) -> Result<Policy, Problem> {
        let mut checks = Checks::default();
        let mut number = |field: &str, asked: Option<i64>, stands: u32, least, most| {
            asked.map_or(stands, |asked| checks.within(field, asked, least, most))
        };
        let min_notice = number(
            "min_notice_min",
            self.min_notice_min,
            now.min_notice_min.get(),
            0,
            10_080,
        );
        let horizon = number(
            "horizon_days",
            self.horizon_days,
            now.horizon_days.into(),
            1,
            730,
        );
        let window = number(
            "cancellation_window_min",
            self.cancellation_window_min,
            now.cancellation_window_min.get(),
            0,
            43_200,
        );
        let hold = number("hold_min", self.hold_min, now.hold_min.get(), 1, 60);
        let timeout = number(
            "confirmation_timeout_min",
            self.confirmation_timeout_min,
            now.confirmation_timeout_min.get(),
            5,
            1_440,
        );
        let ahead = limit(
            &mut checks,
            "most_ahead_per_client",
            self.most_ahead_per_client,
            now.most_ahead_per_client,
            50,
        );
        let a_day = limit(
            &mut checks,
            "most_a_day_per_client",
            self.most_a_day_per_client,
            now.most_a_day_per_client,
            20,
        );
        let consents = match &self.consents {
            None => now.consents.clone(),
            Some(fields) => consents(&mut checks, fields),
        };
        checks.done()?;
        Ok(Policy {
            min_notice_min: Minutes::new(min_notice),
            horizon_days: u16::try_from(horizon).map_err(Problem::internal)?,
            cancellation_window_min: Minutes::new(window),
            auto_confirm: self.auto_confirm.unwrap_or(now.auto_confirm),
            most_ahead_per_client: ahead,
            most_a_day_per_client: a_day,
            hold_min: Minutes::new(hold),
            confirmation: self.confirmation.map_or(now.confirmation, Into::into),
            confirmation_timeout_min: Minutes::new(timeout),
            consents,
        })
    }
}

fn limit(
    checks: &mut Checks,
    field: &str,
    asked: Patch<i64>,
    stands: Option<u16>,
    most: u32,
) -> Option<u16> {
    match asked {
        None => stands,
        Some(asked) => asked.and_then(|asked| {
            let number = checks.within(field, asked, 1, most);
            u16::try_from(number).ok()
        }),
    }
}

fn consents(checks: &mut Checks, fields: &[ConsentTextFields]) -> Vec<ConsentText> {
    let mut all: Vec<ConsentText> = vec![];
    for (n, field) in fields.iter().enumerate() {
        let at = format!("consents[{n}]");
        let consent = field.consent.into();
        if all.iter().any(|text| text.consent == consent) {
            checks.fault(format!("{at}.consent"), Message::new("violation-twice"));
        }
        if field.texts.is_empty() {
            checks.fault(format!("{at}.texts"), Message::new("violation-empty"));
        }
        let words: Vec<_> = field.texts.iter().collect();
        checks.at_most(&format!("{at}.texts"), &words, LANGUAGES);
        let texts = words.into_iter().filter_map(|(language, text)| {
            let at = format!("{at}.texts.{language}");
            let language = checks.take(&at, Language::parse(language));
            let text = checks.take(&at, Description::parse(text));
            Some((language?, text?))
        });
        let texts = texts.collect();
        all.push(ConsentText {
            consent,
            version: 0,
            required: field.required,
            texts,
        });
    }
    all
}

impl From<ConfirmationField> for Confirmation {
    fn from(field: ConfirmationField) -> Self {
        match field {
            ConfirmationField::None => Self::None,
            ConfirmationField::Link => Self::Link,
            ConfirmationField::Code => Self::Code,
        }
    }
}

impl From<Confirmation> for ConfirmationField {
    fn from(confirmation: Confirmation) -> Self {
        match confirmation {
            Confirmation::None => Self::None,
            Confirmation::Link => Self::Link,
            Confirmation::Code => Self::Code,
        }
    }
}

/// The rules for booking.
#[utoipa::path(get, path = "/settings/booking-policy", tag = "settings",
    responses((status = 200, body = PolicyView)))]
async fn show(State(app): State<App>, ask: Ask) -> Result<Answer<PolicyView>, Problem> {
    let business = ask.caller.business();
    app.show(business, business.0, business.0).await
}

/// Sets the rules for booking; what is absent stays as it is.
#[utoipa::path(put, path = "/settings/booking-policy", tag = "settings", request_body = PolicyWanted,
    responses((status = 200, body = PolicyView)))]
async fn set(
    State(app): State<App>,
    call: Call<PolicyWanted>,
) -> Result<Answer<PolicyView>, Problem> {
    let business = call.caller.business();
    let done = app
        .send::<Business>(&call, Target::at(business.0), |on| {
            let policy = call.body.policy(&on.state.policy)?;
            Ok(Asked::of(BusinessCommand::SetPolicy(Box::new(policy))))
        })
        .await?;
    app.answer(business, &done).await
}
