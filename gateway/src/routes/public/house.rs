//! The business as a visitor sees it: what it is, what it does, who does it.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{
    business::{ConsentText, Settings},
    id::Id,
    service::{Offer, Service, ServiceState},
    staff::Staff,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::visitor::Visitor;
use crate::{
    app::App,
    catalogue::Known,
    command::{Answer, Ask},
    page::{Page, PageQuery, page_of},
    problem::Problem,
    routes::{clients::ConsentField, policy::ConfirmationField},
    texts::Speech,
    visitors::Challenge,
};

/// A business as its visitors see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicBusiness {
    pub(crate) name: String,
    pub(crate) slug: String,
    /// An IANA time zone: all its hours are by this clock.
    #[schema(example = "Europe/Warsaw")]
    pub(crate) time_zone: String,
    /// ISO 4217.
    #[schema(example = "PLN")]
    pub(crate) currency: String,
    /// ISO 3166-1 alpha-2; settles national phone numbers.
    pub(crate) country: String,
    /// The languages it speaks to clients (BCP 47), the first one by default.
    pub(crate) languages: Vec<String>,
    pub(crate) address: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) logo: Option<String>,
    /// By role: `primary`, `accent`.
    pub(crate) colors: BTreeMap<String, String>,
    /// By place: `welcome`, `terms`.
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) policy: PublicPolicy,
    /// What a visitor is asked to agree to.
    pub(crate) consents: Vec<PublicConsent>,
}

/// The rules for booking, as far as a visitor needs them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicPolicy {
    /// Minutes that a start must lie ahead of now.
    pub(crate) min_notice_min: u32,
    /// How many days ahead a start may lie.
    pub(crate) horizon_days: u16,
    /// Minutes before the start after which one can no longer cancel or move.
    pub(crate) cancellation_window_min: u32,
    /// A booking is confirmed at once; else the house confirms it, or its visitor.
    pub(crate) auto_confirm: bool,
    /// Minutes for which a hold keeps the time.
    pub(crate) hold_min: u32,
    /// How a visitor shows that the booking is theirs. With `link` and `code` an e-mail address is needed.
    pub(crate) confirmation: ConfirmationField,
    /// Minutes within which they must.
    pub(crate) confirmation_timeout_min: u32,
    /// `none`, `proof_of_work` or `captcha`: what is asked before a booking is taken.
    pub(crate) challenge: &'static str,
}

/// What a visitor is asked to agree to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicConsent {
    pub(crate) consent: ConsentField,
    /// Of the wording; to be sent back with it.
    pub(crate) version: u32,
    /// Nobody books without it.
    pub(crate) required: bool,
    /// The words in the reader's language, else in the business's first one, else in any.
    pub(crate) text: String,
    /// The words, by language.
    pub(crate) texts: BTreeMap<String, String>,
}

/// A service that can be booked online.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicService {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// How long it usually takes.
    pub(crate) duration_min: u32,
    /// What it usually costs.
    #[schema(example = "120.00")]
    pub(crate) price: String,
    pub(crate) color: Option<String>,
    /// Who does it, and how long and for how much.
    pub(crate) staff: Vec<PublicOffer>,
}

/// A service done by somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicOffer {
    pub(crate) staff_id: Uuid,
    pub(crate) duration_min: u32,
    #[schema(example = "120.00")]
    pub(crate) price: String,
}

/// Somebody who can be booked online.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicStaff {
    pub(crate) id: Uuid,
    /// The name under which they work.
    pub(crate) name: String,
    /// What they do.
    pub(crate) service_ids: Vec<Uuid>,
}

/// The business.
#[utoipa::path(get, path = "/public/{slug}", tag = "public", params(("slug" = String, Path)),
    responses((status = 200, body = PublicBusiness)))]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    _ask: Ask,
) -> Result<Answer<PublicBusiness>, Problem> {
    let known = app.catalogue_now(visitor.business).await?;
    Ok(Answer::ok(of_business(&app, &known, visitor.speech)?))
}

/// The services that can be booked online, by name.
#[utoipa::path(get, path = "/public/{slug}/services", tag = "public",
    params(("slug" = String, Path), PageQuery), responses((status = 200, body = Page<PublicService>)))]
pub(super) async fn services(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<PublicService>>, Problem> {
    let known = app.catalogue_now(visitor.business).await?;
    known.settings()?;
    let services = all_services(&known).into_iter();
    let services = services.map(|service| ((service.name.clone(), service.id), service));
    Ok(Answer::ok(page_of(services, &ask.query, &ask.list())?))
}

/// Those who can be booked online, by name.
#[utoipa::path(get, path = "/public/{slug}/staff", tag = "public",
    params(("slug" = String, Path), PageQuery), responses((status = 200, body = Page<PublicStaff>)))]
pub(super) async fn staff(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<PublicStaff>>, Problem> {
    let known = app.catalogue_now(visitor.business).await?;
    known.settings()?;
    let staff = all_staff(&known).into_iter();
    let staff = staff.map(|member| ((member.name.clone(), member.id), member));
    Ok(Answer::ok(page_of(staff, &ask.query, &ask.list())?))
}

pub(crate) fn of_business(
    app: &App,
    known: &Known,
    speech: Speech,
) -> Result<PublicBusiness, Problem> {
    let settings = known.settings()?;
    let policy = &known.catalogue.business.policy;
    let text = |text: &dyn ToString| text.to_string();
    Ok(PublicBusiness {
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
        address: settings.address.as_ref().map(|address| text(address)),
        phone: settings.phone.as_ref().map(|p| p.as_str().to_owned()),
        email: settings.email.as_ref().map(|e| e.as_str().to_owned()),
        logo: settings.logo.as_ref().map(|logo| text(logo)),
        colors: settings
            .colors
            .iter()
            .map(|(role, color)| (text(role), color.as_str().to_owned()))
            .collect(),
        texts: settings
            .texts
            .iter()
            .map(|(place, words)| (text(place), text(words)))
            .collect(),
        policy: PublicPolicy {
            min_notice_min: policy.min_notice_min.get(),
            horizon_days: policy.horizon_days,
            cancellation_window_min: policy.cancellation_window_min.get(),
            auto_confirm: policy.auto_confirm,
            hold_min: policy.hold_min.get(),
            confirmation: policy.confirmation.into(),
            confirmation_timeout_min: policy.confirmation_timeout_min.get(),
            challenge: match app.settings().public.challenge {
                Challenge::None => "none",
                Challenge::ProofOfWork { .. } => "proof_of_work",
                Challenge::Captcha { .. } => "captcha",
            },
        },
        consents: policy
            .consents
            .iter()
            .map(|consent| of_consent(consent, settings, speech))
            .collect(),
    })
}

fn of_consent(text: &ConsentText, settings: &Settings, speech: Speech) -> PublicConsent {
    let in_language = |tag: &str| {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
        let mut texts = text.texts.iter();
        texts.find(|(language, _)| primary(language.as_str()) == primary(tag))
    };
    let told = in_language(speech.tag())
        .or_else(|| in_language(settings.languages.first()?.as_str()))
        .or_else(|| text.texts.iter().next());
    PublicConsent {
        consent: text.consent.into(),
        version: text.version,
        required: text.required,
        text: told.map(|(_, words)| words.to_string()).unwrap_or_default(),
        texts: text
            .texts
            .iter()
            .map(|(language, words)| (language.as_str().to_owned(), words.to_string()))
            .collect(),
    }
}

/// Services that visitors may book, with somebody who does them.
pub(crate) fn all_services(known: &Known) -> Vec<PublicService> {
    let mut services: Vec<_> = bookable(known)
        .map(|(id, offer)| PublicService {
            id: id.uuid(),
            name: offer.name.to_string(),
            description: offer.description.as_ref().map(ToString::to_string),
            duration_min: offer.timing.duration_min.get(),
            price: offer.price.to_string(),
            color: offer.color.as_ref().map(|c| c.as_str().to_owned()),
            staff: working(known)
                .filter(|(_, staff)| does(staff, id))
                .map(|(staff, _)| PublicOffer {
                    staff_id: staff.uuid(),
                    duration_min: offer.timing_of(staff).duration_min.get(),
                    price: offer.price_of(staff).to_string(),
                })
                .collect(),
        })
        .collect();
    services.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    services
}

/// Those who do something that visitors may book.
pub(crate) fn all_staff(known: &Known) -> Vec<PublicStaff> {
    let public: Vec<_> = bookable(known).map(|(id, _)| id).collect();
    let mut staff: Vec<_> = working(known)
        .filter_map(|(id, staff)| {
            let name = staff.member.as_ref()?.name.value()?.to_string();
            let does = public.iter().filter(|service| does(staff, **service));
            let service_ids: Vec<_> = does.map(|service| service.uuid()).collect();
            (!service_ids.is_empty()).then(|| PublicStaff {
                id: id.uuid(),
                name,
                service_ids,
            })
        })
        .collect();
    staff.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    staff
}

fn bookable(known: &Known) -> impl Iterator<Item = (Id<Service>, &Offer)> {
    let services = known.catalogue.services.iter();
    services.filter_map(|(id, service)| {
        let offer = service.standing().ok()?;
        (offer.state == ServiceState::Active).then_some((*id, offer))
    })
}

fn working(known: &Known) -> impl Iterator<Item = (Id<Staff>, &Staff)> {
    let staff = known.catalogue.staff.iter();
    staff
        .filter(|(_, staff)| staff.working().is_ok())
        .map(|(id, staff)| (*id, staff))
}

fn does(staff: &Staff, service: Id<Service>) -> bool {
    staff
        .working()
        .is_ok_and(|member| member.service_ids.contains(&service))
}
