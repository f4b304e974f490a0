//! All that a business decides once for all bookings, in one document.

mod reports;

use axum::extract::State;
use domain::business::Business;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{policy::PolicyView, waitlist::RulesView};
use crate::{
    app::App,
    command::{Answer, Ask, Loaded, View},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(reports::show, reports::set))
}

/// All settings, each under the name that it has in addresses: `booking_policy` is set at `/settings/booking-policy`.
#[derive(Serialize, ToSchema)]
#[schema(as = Settings)]
struct SettingsView {
    booking_policy: PolicyView,
    waitlist: RulesView,
    reports: reports::RulesView,
}

impl View for SettingsView {
    type Of = Business;
    const HOME: &'static str = "/api/v1/settings";

    fn of(loaded: &Loaded<Business>, id: Uuid) -> Option<Self> {
        Some(Self {
            booking_policy: PolicyView::of(loaded, id)?,
            waitlist: RulesView::of(loaded, id)?,
            reports: reports::RulesView::of(loaded, id)?,
        })
    }
}

/// All settings. Each is set at its own address.
#[utoipa::path(get, path = "/settings", tag = "settings",
    responses((status = 200, body = SettingsView)))]
async fn show(State(app): State<App>, ask: Ask) -> Result<Answer<SettingsView>, Problem> {
    let business = ask.caller.business();
    app.show(business, business.0, business.0).await
}
